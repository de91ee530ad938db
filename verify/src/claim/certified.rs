//! Certificates of claims: made, and accepted by the checker.

use super::Claim;
use crate::error::{Error, Result};
use escapement_prove::{Certificate, Form, Scope, Shifted};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

/// The file beside a certificate of given weights.
pub const WEIGHTS: &str = "W0.npy";

/// A certificate that the checker accepted.
#[derive(Debug, Clone)]
pub struct Certified {
    /// The claims whose statements it proves, or a part of them.
    pub claims: Vec<&'static str>,
    /// The certificate.
    pub certificate: Certificate,
    /// The seconds that it took to make it, and to check it.
    pub seconds: [f64; 2],
}

impl Certified {
    /// Where its statement holds, with the activation: `sigmoid(z - 1), for every d ≥ 3`.
    pub fn scope(&self, of: &Shifted) -> String {
        format!("{}, {}", of.words(), self.certificate.scope)
    }
}

/// The certificates of these claims for an activation, as far as the claims have some of this scope.
///
/// # Errors
/// What cannot be proved, and a certificate that the checker does not accept, in one sentence.
pub fn certified(claims: &[&dyn Claim], of: &Shifted, scope: Scope<'_>) -> Result<Vec<Certified>> {
    let mut wanted: BTreeMap<Form, Vec<&'static str>> = BTreeMap::new();
    for claim in claims {
        for form in claim.certificates() {
            wanted.entry(*form).or_default().push(claim.id());
        }
    }
    let mut all = Vec::new();
    for (form, claims) in wanted {
        let start = Instant::now();
        let Some(certificate) = form.certificate(of, scope).transpose()? else { continue };
        let made = start.elapsed().as_secs_f64();
        require_accepted(&certificate)?;
        let checked = start.elapsed().as_secs_f64() - made;
        all.push(Certified { claims, certificate, seconds: [made, checked] });
    }
    Ok(all)
}

/// Lets the checker read the certificate, with its weights beside it.
fn require_accepted(certificate: &Certificate) -> Result<()> {
    let folder = tempfile::tempdir().map_err(|e| Error::io("make a folder for", Path::new("W0.npy"), e))?;
    if let Some(weights) = &certificate.weights {
        let path = folder.path().join(WEIGHTS);
        std::fs::write(&path, weights).map_err(|e| Error::io("write", &path, e))?;
    }
    let refuse = |why: String| Err(Error::Input(format!("{} is not accepted: {why}", certificate.name)));
    match escapement_check::check(certificate.text.as_bytes(), folder.path()) {
        Err(why) => refuse(why.to_string()),
        Ok(found) if found.statement != certificate.statement => refuse(found.statement),
        Ok(_) => Ok(()),
    }
}

//! Certificates of claims: made, and accepted by the checker.

use super::Claim;
use crate::error::{Error, Result};
use escapement_prove::{Certificate, Form, Shifted};
use std::collections::BTreeMap;
use std::time::Instant;

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

/// The certificates of these claims for an activation: for every d, or in one dimension with coefficients up
/// to `degrees`.
///
/// # Errors
/// What cannot be proved, and a certificate that the checker does not accept, in one sentence.
pub fn certified(
    claims: &[&dyn Claim],
    of: &Shifted,
    d: Option<usize>,
    degrees: usize,
) -> Result<Vec<Certified>> {
    let mut wanted: BTreeMap<Form, Vec<&'static str>> = BTreeMap::new();
    for claim in claims {
        for form in claim.certificates() {
            wanted.entry(*form).or_default().push(claim.id());
        }
    }
    let make = |(form, claims): (Form, Vec<&'static str>)| {
        let start = Instant::now();
        let certificate = form.certificate(of, d, degrees)?;
        let made = start.elapsed().as_secs_f64();
        let found = escapement_check::check(certificate.text.as_bytes(), ".".as_ref());
        let refuse = |why: String| Err(Error::Input(format!("{} is not accepted: {why}", certificate.name)));
        match found {
            Err(why) => return refuse(why.to_string()),
            Ok(found) if found.statement != certificate.statement => return refuse(found.statement),
            Ok(_) => {}
        }
        let checked = start.elapsed().as_secs_f64() - made;
        Ok(Certified { claims, certificate, seconds: [made, checked] })
    };
    wanted.into_iter().map(make).collect()
}

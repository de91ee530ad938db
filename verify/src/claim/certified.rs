//! Certificates of claims: made, and accepted by the checker.

use super::Claim;
use super::registry::Registry;
use crate::error::{Error, Result};
use escapement_prove::{Certificate, Form, Scope, Shifted};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tempfile::TempDir;

/// The file beside a certificate of given weights.
pub const WEIGHTS: &str = "W0.npy";

/// The folder of certificates beside a journal.
pub const FOLDER: &str = "certificates";

/// What the certificates of a folder prove, and what is wrong with others.
#[derive(Debug, Default)]
pub struct Found {
    /// The claims that a certificate serves, and what it proves.
    pub accepted: Vec<(Vec<&'static str>, Proved)>,
    /// A sentence about each file that is not accepted.
    pub rejected: Vec<String>,
}

/// A part of a statement that the checker has proved from a certificate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proved {
    /// Where it holds: `sigmoid(z - 1), for every d ≥ 3`.
    pub scope: String,
    /// What is proved, as the checker says it.
    pub statement: String,
    /// The certificate.
    pub file: String,
}

/// Lets the checker read every certificate of a folder; there may be no folder.
///
/// # Errors
/// A folder or a file that cannot be read.
pub fn read(folder: &Path, claims: &[&dyn Claim]) -> Result<Found> {
    let mut found = Found::default();
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(found) };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    for path in paths {
        let bytes = std::fs::read(&path).map_err(|e| Error::io("read", &path, e))?;
        let file = path.display().to_string();
        match escapement_check::check(&bytes, folder) {
            Err(why) => found.rejected.push(format!("{file} proves nothing, because {why}")),
            Ok(accepted) => {
                let (form, scope) = read_words(&accepted.statement);
                let serves = |c: &&&dyn Claim| c.certificates().contains(&form);
                let claims = claims.iter().filter(serves).map(|c| c.id()).collect();
                found.accepted.push((claims, Proved { scope, statement: accepted.statement, file }));
            }
        }
    }
    Ok(found)
}

/// The form and the scope of a certificate, from the words that the checker has made of its fields.
fn read_words(statement: &str) -> (Form, String) {
    let opening = statement.split("Then").next().unwrap_or_default();
    let sigma =
        opening.trim_start_matches("Let sigma(z) = ").split_inclusive(')').next().unwrap_or_default();
    let number = |name: &str| {
        let rest = opening.split(&format!("{name} = ")).nth(1)?;
        Some(rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default().to_owned())
    };
    let everywhere = statement.contains("every W0,");
    let (form, scope) = match (number(" m"), number(" d")) {
        (Some(m), Some(d)) => {
            let worst = statement.contains("max over f_k");
            (if worst { Form::Lemma2 } else { Form::Spectrum }, format!("at this W0, d = {d}, m = {m}"))
        }
        (_, at) => {
            let form = match at {
                _ if everywhere => Form::Identity,
                Some(_) => Form::Zonal,
                None => Form::EveryDimension,
            };
            let dimension = at.map_or("for every d ≥ 3".to_owned(), |d| format!("at d = {d}"));
            (form, format!("{dimension}{}", if everywhere { ", every m and W0" } else { "" }))
        }
    };
    (form, format!("{sigma}, {scope}"))
}

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

/// Certificates for whoever asks for them by name: those of the claims of these names, or of all claims.
///
/// # Errors
/// Unknown names, claims without a certificate, or with none of this scope; and those of [`certified`].
pub fn certify(
    registry: &Registry,
    names: &[String],
    of: &Shifted,
    scope: Scope<'_>,
) -> Result<Vec<Certified>> {
    let claims = registry.select(names)?;
    if let Some(claim) = claims.iter().find(|c| !names.is_empty() && c.certificates().is_empty()) {
        let able = registry.claims().filter(|c| !c.certificates().is_empty()).map(Claim::id);
        let able = able.collect::<Vec<_>>().join(", ");
        return Err(Error::Input(format!(
            "{} has no certificate: those that have one are {able}",
            claim.id()
        )));
    }
    let all = certified(&claims, of, scope)?;
    if all.is_empty() {
        let words = |c: &&dyn Claim| {
            let words: Vec<&str> = c.certificates().iter().map(|form| form.words()).collect();
            format!("{} has certificates {} only", c.id(), words.join(" or "))
        };
        let words = claims.iter().map(words).collect::<Vec<_>>().join("; ");
        return Err(Error::Input(words));
    }
    Ok(all)
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
///
/// # Errors
/// The checker does not accept it, or reads another statement.
pub fn require_accepted(certificate: &Certificate) -> Result<()> {
    let folder = certificate.weights.as_deref().map(beside).transpose()?;
    let path = folder.as_ref().map_or(Path::new("."), TempDir::path);
    let refuse = |why: String| Err(Error::Input(format!("{} is not accepted: {why}", certificate.name)));
    match escapement_check::check(certificate.text.as_bytes(), path) {
        Err(why) => refuse(why.to_string()),
        Ok(found) if found.statement != certificate.statement => refuse(found.statement),
        Ok(_) => Ok(()),
    }
}

/// A folder with this file of weights.
fn beside(weights: &[u8]) -> Result<TempDir> {
    let folder = TempDir::new().map_err(|e| Error::io("make a folder for", Path::new(WEIGHTS), e))?;
    let path = folder.path().join(WEIGHTS);
    std::fs::write(&path, weights).map_err(|e| Error::io("write", &path, e))?;
    Ok(folder)
}

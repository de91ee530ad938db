//! All claims, in one reviewable list.

use crate::claim::Claim;
use crate::error::{Error, Result};
use std::collections::BTreeSet;

/// A list of claims with unique names, in the order of reports.
pub struct Registry {
    claims: Vec<Box<dyn Claim>>,
}

impl Registry {
    /// A registry of these claims; a crate of your own may pass its own beside those of [`crate::papers::nbl22::claims`].
    ///
    /// # Errors
    /// [`Error::Duplicate`] if two claims, or two bounds of one claim, share a name.
    pub fn new(claims: Vec<Box<dyn Claim>>) -> Result<Self> {
        let mut seen = BTreeSet::new();
        for claim in &claims {
            if !seen.insert(claim.id().to_owned()) {
                return Err(Error::Duplicate { what: "the claim", name: claim.id().to_owned() });
            }
            let mut names = BTreeSet::new();
            for bound in claim.bounds() {
                if !names.insert(bound.name.clone()) {
                    return Err(Error::Duplicate { what: "the bound", name: format!("{}/{}", claim.id(), bound.name) });
                }
            }
        }
        Ok(Self { claims })
    }

    /// All claims.
    pub fn claims(&self) -> impl Iterator<Item = &dyn Claim> {
        self.claims.iter().map(AsRef::as_ref)
    }

    /// The claim with this name.
    ///
    /// # Errors
    /// [`Error::UnknownClaim`] with the nearest name, or with all of them.
    pub fn get(&self, id: &str) -> Result<&dyn Claim> {
        self.claims().find(|c| c.id() == id).ok_or_else(|| self.unknown(id))
    }

    /// The claims named, in registry order; all of them when none is named.
    ///
    /// # Errors
    /// [`Error::UnknownClaim`] for a name that is not there.
    pub fn select(&self, ids: &[String]) -> Result<Vec<&dyn Claim>> {
        for id in ids {
            self.get(id)?;
        }
        Ok(self.claims().filter(|c| ids.is_empty() || ids.iter().any(|id| id == c.id())).collect())
    }

    /// Names of the claims that rest on `id`, directly or not, in registry order.
    pub fn resting_on(&self, id: &str) -> Vec<&str> {
        let mut found: BTreeSet<&str> = BTreeSet::from([id]);
        loop {
            let more: Vec<&str> = self
                .claims()
                .filter(|c| !found.contains(c.id()) && c.uses().iter().any(|u| found.contains(u)))
                .map(|c| c.id())
                .collect();
            if more.is_empty() {
                break;
            }
            found.extend(more);
        }
        self.claims().map(Claim::id).filter(|c| *c != id && found.contains(c)).collect()
    }

    /// Which of the `refuted` claims `id` rests on, directly or not.
    pub fn shaken_by<'a>(&self, id: &str, refuted: &[&'a str]) -> Vec<&'a str> {
        refuted.iter().copied().filter(|r| self.resting_on(r).contains(&id)).collect()
    }

    fn unknown(&self, given: &str) -> Error {
        let lower = given.to_lowercase();
        let near = self
            .claims()
            .map(|c| (strsim::normalized_damerau_levenshtein(&lower, &c.id().to_lowercase()), c.id()))
            .filter(|(score, _)| *score >= 0.5)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let suggestion = match near {
            Some((_, id)) => format!("; did you mean '{id}'?"),
            None => format!("; the claims are {}", self.claims().map(Claim::id).collect::<Vec<_>>().join(", ")),
        };
        Error::UnknownClaim { given: given.to_owned(), suggestion }
    }
}

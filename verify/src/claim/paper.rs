//! A paper: where claims come from, and what they have in common.

use super::Claim;
use super::errata::{Erratum, ErratumId};
use super::parameter::Parameter;
use crate::oracle::Format;

/// A paper whose claims are put to the test; or anything that claims can be cited from.
#[derive(Debug, Clone, Copy)]
pub struct Paper {
    /// What its claims are named by: "nbl22". Letters, digits and hyphens.
    pub id: &'static str,
    /// How it is called in a sentence: "NBL22".
    pub short: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Its BibTeX entry; empty where there is none.
    pub bibtex: &'static str,
    /// Where the statements checked differ from those printed.
    pub errata: &'static [Erratum],
    /// The parameters of its cells beside d, m and n.
    pub letters: &'static [Parameter],
    /// The formats of reference values for its mathematics.
    pub oracles: &'static [&'static Format],
    /// A version of the code of its claims, for papers outside this package: the build script hashes only
    /// the sources here, so change it whenever a claim measures differently, or old records will be reused.
    pub revision: &'static str,
    /// Its claims, in the order of reports.
    pub claims: fn() -> Vec<Box<dyn Claim>>,
}

impl Paper {
    /// A paper with a name and a title: fill in the rest with struct update syntax.
    pub const fn new(id: &'static str, title: &'static str) -> Self {
        Self {
            id,
            short: id,
            title,
            bibtex: "",
            errata: &[],
            letters: &[],
            oracles: &[],
            revision: "",
            claims: Vec::new,
        }
    }

    /// The entry of its errata with this number.
    pub fn erratum(&self, id: ErratumId) -> Option<&'static Erratum> {
        self.errata.iter().find(|e| e.id == id)
    }
}

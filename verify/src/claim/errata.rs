//! Errata: where the statement checked differs from the statement printed. Every report carries those of its
//! papers.

use serde::Serialize;

/// The number of an entry in the errata of a paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
pub struct ErratumId(pub u8);

impl std::fmt::Display for ErratumId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "erratum {}", self.0)
    }
}

/// One entry: as printed, and as checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Erratum {
    /// Its number.
    pub id: ErratumId,
    /// Where in the paper.
    pub place: &'static str,
    /// What is printed.
    pub printed: &'static str,
    /// What is checked here, and why.
    pub checked: &'static str,
}

impl Erratum {
    /// The entry with this number.
    pub const fn new(id: u8, place: &'static str, printed: &'static str, checked: &'static str) -> Self {
        Self { id: ErratumId(id), place, printed, checked }
    }
}

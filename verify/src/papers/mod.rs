//! The papers, one folder each. This is the only room that knows all of them.

pub mod besww23;
pub mod bl20;
pub mod dls22;
pub mod klljw24;
pub mod nbl22;
pub mod sidebar;
pub mod t22;
pub mod yjzlw24;
pub mod zg24;

use crate::claim::{Paper, Registry};
use crate::error::Result;
use crate::oracle::Format;

/// All papers, in the order of reports: a new one is a folder here, and a line in this list.
pub static ALL: [&Paper; 8] = [
    &nbl22::PAPER,
    &dls22::PAPER,
    &t22::PAPER,
    &bl20::PAPER,
    &besww23::PAPER,
    &zg24::PAPER,
    &klljw24::PAPER,
    &yjzlw24::PAPER,
];

/// The claims of all papers.
///
/// # Errors
/// [`crate::Error::Duplicate`] if two share a name.
pub fn standard() -> Result<Registry> {
    Registry::new(ALL.iter().flat_map(|paper| (paper.claims)()).collect())
}

/// The formats of reference values: those of the papers of these claims, and of the papers here that have
/// none of these claims.
pub fn formats(registry: &Registry) -> Vec<&'static Format> {
    let mut papers = registry.papers();
    let others: Vec<_> = ALL.into_iter().filter(|own| !papers.iter().any(|p| p.id == own.id)).collect();
    papers.extend(others);
    papers.iter().flat_map(|paper| paper.oracles).copied().collect()
}

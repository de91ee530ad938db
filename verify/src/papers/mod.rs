//! The papers, one folder each. This is the only room that knows all of them.

pub mod nbl22;

use crate::claim::{Paper, Registry};
use crate::error::Result;

/// All papers, in the order of reports: a new one is a folder here, and a line in this list.
pub static ALL: [&Paper; 1] = [&nbl22::PAPER];

/// The claims of all papers.
///
/// # Errors
/// [`crate::Error::Duplicate`] if two share a name.
pub fn standard() -> Result<Registry> {
    Registry::new(ALL.iter().flat_map(|paper| (paper.claims)()).collect())
}

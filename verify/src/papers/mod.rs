//! The papers, one folder each. This is the only room that knows all of them.

pub mod nbl22;

use crate::claim::registry::Registry;
use crate::error::Result;

/// The claims that ship with this package.
///
/// # Errors
/// [`crate::Error::Duplicate`] if two share a name.
pub fn standard() -> Result<Registry> {
    Registry::new(nbl22::claims())
}

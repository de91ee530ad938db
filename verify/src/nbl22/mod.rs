//! The claims of NBL22, one file each; the module documentation of a file is the statement.

use crate::claim::Claim;

/// Every claim, in the order of reports.
pub fn claims() -> Vec<Box<dyn Claim>> {
    vec![]
}

//! Which sources this program was built from: what records are keyed by, and what a report says of its
//! origin.

use crate::claim::Claim;

/// Hash of the sources of the core and of this package, taken by the build script.
pub const SOURCE_HASH: &str = env!("ESCAPEMENT_SOURCE_HASH");

/// The commit that was checked out, "+" after it when tracked files differed from it; "unknown" without git.
pub const COMMIT: &str = env!("ESCAPEMENT_COMMIT");

/// The compiler, as it names itself.
pub const RUSTC: &str = env!("ESCAPEMENT_RUSTC");

/// Hash of the lock file.
pub const LOCK_HASH: &str = env!("ESCAPEMENT_LOCK_HASH");

/// The hash that a claim's records are keyed by: the sources that its measurements pass through, and the
/// revision of its paper if it has one.
pub fn source_of(claim: &dyn Claim) -> String {
    let paper = claim.card().paper;
    if paper.revision.is_empty() {
        SOURCE_HASH.to_owned()
    } else {
        format!("{SOURCE_HASH}+{}", paper.revision)
    }
}

//! Which sources this program was built from: what records are keyed by, and what a report says of its origin.

use crate::claim::Claim;

/// Fingerprint of what every record depends on: the core, what authors of claims write against, the runner, and the packages that measurements
/// use.
pub const SHARED_HASH: &str = env!("ESCAPEMENT_SHARED_HASH");

/// Fingerprint of all sources of the core and of this package, which checkpoints are marked with.
pub const SOURCE_HASH: &str = env!("ESCAPEMENT_SOURCE_HASH");

/// The commit that was checked out, "+" after it when tracked files differed from it; "unknown" without git.
pub const COMMIT: &str = env!("ESCAPEMENT_COMMIT");

/// The compiler, as it names itself.
pub const RUSTC: &str = env!("ESCAPEMENT_RUSTC");

/// Hash of the lock file.
pub const LOCK_HASH: &str = env!("ESCAPEMENT_LOCK_HASH");

/// The fingerprint of each paper that has a folder in this package.
const PACKS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/packs.rs"));

/// What the records of a claim are keyed by: the fingerprint of all that its measurements pass through. A paper outside this package has no
/// folder that the build script could read; its revision stands for its sources.
pub fn source_of(claim: &dyn Claim) -> String {
    let paper = claim.card().paper;
    match PACKS.iter().find(|(id, _)| *id == paper.id) {
        Some((_, hash)) if paper.revision.is_empty() => (*hash).to_owned(),
        _ if paper.revision.is_empty() => SHARED_HASH.to_owned(),
        _ => format!("{SHARED_HASH}+{}", paper.revision),
    }
}

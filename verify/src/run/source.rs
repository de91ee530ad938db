//! Which sources this program was built from: what records are keyed by, and what a report says of its origin.

/// Hash of the sources of the core and of this package, taken by the build script.
pub const SOURCE_HASH: &str = env!("ESCAPEMENT_SOURCE_HASH");

/// The commit that was checked out, "+" after it when tracked files differed from it; "unknown" without git.
pub const COMMIT: &str = env!("ESCAPEMENT_COMMIT");

/// The compiler, as it names itself.
pub const RUSTC: &str = env!("ESCAPEMENT_RUSTC");

/// Hash of the lock file.
pub const LOCK_HASH: &str = env!("ESCAPEMENT_LOCK_HASH");

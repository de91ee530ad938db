//! The exit codes of the process.

/// Exit code of a run in which every claim holds.
pub const HOLDS: u8 = 0;
/// Exit code of a run in which a claim is refuted as checked.
pub const REFUTED: u8 = 1;
/// Exit code of a usage or input error.
pub const BAD_INPUT: u8 = 2;
/// Exit code of a run in which a claim is inconclusive and none refuted.
pub const INCONCLUSIVE: u8 = 3;
/// Exit code of a run that Ctrl-C ended.
pub const INTERRUPTED: u8 = 130;
/// Exit code of a run that SIGTERM ended.
pub const TERMINATED: u8 = 143;

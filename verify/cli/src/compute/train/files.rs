//! The files of a run.

/// The displacement W.
pub const DISPLACEMENT: &str = "W.npy";
/// The weights W0.
pub const WEIGHTS: &str = "weights.npy";
/// The history, one line for each step.
pub const HISTORY: &str = "history.csv";
/// The settings of the run.
pub const SETTINGS: &str = "run.toml";
/// The result of the run, as --json prints it.
pub const SUMMARY: &str = "summary.json";
/// The state from which the run goes on.
pub const CHECKPOINT: &str = "checkpoint.bin";
/// All files of a run.
pub const FILES: [&str; 6] = [CHECKPOINT, DISPLACEMENT, WEIGHTS, HISTORY, SETTINGS, SUMMARY];

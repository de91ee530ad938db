//! The files of a run.

/// W.
pub const DISPLACEMENT: &str = "W.npy";
/// W0.
pub const WEIGHTS: &str = "weights.npy";
/// One line to a step.
pub const HISTORY: &str = "history.csv";
/// The settings.
pub const SETTINGS: &str = "run.toml";
/// What is printed at the end.
pub const SUMMARY: &str = "summary.json";
/// The state.
pub const CHECKPOINT: &str = "checkpoint.bin";
/// All of them.
pub const FILES: [&str; 6] = [CHECKPOINT, DISPLACEMENT, WEIGHTS, HISTORY, SETTINGS, SUMMARY];

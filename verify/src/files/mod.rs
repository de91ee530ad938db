//! Files and standard output: `.npy` arrays, targets and other TOML, results that appear whole or not at
//! all, and memory limits.
//!
//! Every failure is one sentence that names the file, the offending value and what is allowed.

pub mod atomic;
pub mod folder;
pub mod json_file;
pub mod kept_run;
pub mod lock;
pub mod memory;
pub mod toml_file;

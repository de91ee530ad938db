//! The terminal: what is said on standard error, progress, Ctrl-C, completions and manual pages.

pub mod bar;
mod choice;
pub mod completions;
pub mod exit;
mod host;
pub mod interrupt;
pub mod man;
mod output;
pub mod program;
pub mod progress;
pub mod solve;
pub mod threads;

pub use choice::choice;
pub use host::TerminalHost;
pub use output::{Output, begin, is_quiet, is_watched, note, painted, say};

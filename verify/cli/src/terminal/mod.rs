//! The terminal: what is said on standard error, progress, Ctrl-C, completions and manual pages.

mod choice;
pub mod completions;
pub mod exit;
mod host;
pub mod man;
pub mod program;
pub mod progress;
mod stop;
mod voice;
pub mod watch;

pub use choice::choice;
pub use host::Desk;
pub use progress::duration;
pub use stop::Stop;
pub use voice::{Voice, is_quiet, is_watched, note, painted};

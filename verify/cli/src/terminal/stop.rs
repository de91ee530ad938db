//! Ctrl-C: the first one asks, the second one ends the process.

use super::exit::INTERRUPTED;
use super::is_quiet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the user asked to stop.
#[derive(Debug)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Listens from now on.
    #[allow(clippy::new_without_default)] // a handler of the process is no default value
    pub fn new() -> Self {
        let asked = Arc::new(AtomicBool::new(false));
        let shared = asked.clone();
        // Only one handler can be set per process, and this is the only one of this command.
        let _ = ctrlc::set_handler(move || {
            if shared.swap(true, Ordering::SeqCst) {
                eprintln!("\nescapement: interrupted; the last checkpoint holds what there is");
                std::process::exit(i32::from(INTERRUPTED));
            }
            if !is_quiet() {
                eprintln!("\nescapement: note: stopping after the step in hand; Ctrl-C again ends at once");
            }
        });
        Self(asked)
    }

    /// Whether they did.
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

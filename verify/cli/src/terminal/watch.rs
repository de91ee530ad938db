//! A long solve under the user's eyes: progress on a terminal, and a Ctrl-C that keeps what there is.

use super::exit::INTERRUPTED;
use super::{is_quiet, is_watched};
use escapement::eigen::Progress;
use indicatif::{ProgressBar, ProgressStyle};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// No iteration is under way: an interrupt ends the process.
const IDLE: u8 = 0;
/// One is: an interrupt asks it to stop.
const ITERATING: u8 = 1;
/// It was asked.
const STOPPING: u8 = 2;

/// The line of one solve, on a terminal.
pub struct Solve {
    bar: ProgressBar,
    wanted: usize,
    tolerance: f64,
}

impl Solve {
    /// For a solve for `wanted` eigenpairs (0 where no iteration is expected) to a relative residual.
    pub fn new(wanted: usize, tolerance: f64) -> Self {
        let bar = if is_watched() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed}  {msg}") {
            bar.set_style(style);
        }
        Self { bar, wanted, tolerance }
    }

    /// One step of the iteration.
    pub fn show(&self, progress: Progress) {
        let Progress { products, converged, residual } = progress;
        let Self { wanted, tolerance, .. } = self;
        self.bar.set_message(format!(
            "{converged} of {wanted} eigenpairs; largest residual {residual:.1e} of {tolerance:.0e} allowed; \
             {products} products"
        ));
        self.bar.tick();
    }

    /// What is done after it.
    fn say(&self, words: &str) {
        self.bar.set_message(words.to_owned());
        self.bar.tick();
    }

    /// Clears the line.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Solve {
    fn drop(&mut self) {
        // Also where an error leaves early: nothing of the line stays.
        self.end();
    }
}

/// Watches one solve.
pub struct Watch {
    state: Arc<AtomicU8>,
    solve: Solve,
}

impl Watch {
    /// As [`Solve::new`].
    pub fn new(wanted: usize, tolerance: f64) -> Self {
        let state = Arc::new(AtomicU8::new(IDLE));
        let shared = state.clone();
        // Only one handler can be set per process, and one solve is watched in each.
        let _ = ctrlc::set_handler(move || {
            match shared.compare_exchange(ITERATING, STOPPING, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) if is_quiet() => {}
                Ok(_) => {
                    eprintln!(
                        "\nescapement: note: stopping after the step in hand; Ctrl-C again ends at once, \
                         without a result"
                    )
                }
                Err(_) => {
                    eprintln!("\nescapement: interrupted; nothing was written");
                    std::process::exit(i32::from(INTERRUPTED));
                }
            }
        });
        Self { state, solve: Solve::new(wanted, tolerance) }
    }

    /// One step of the iteration.
    pub fn step(&mut self, progress: Progress) -> ControlFlow<()> {
        self.solve.show(progress);
        match self.state.compare_exchange(IDLE, ITERATING, Ordering::SeqCst, Ordering::SeqCst) {
            Err(STOPPING) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }

    /// The solve is over, and something else begins: an interrupt ends the process again, also one that came
    /// too late for the solve.
    pub fn then(&self, words: &str) {
        if self.state.swap(IDLE, Ordering::SeqCst) == STOPPING {
            self.solve.end();
            eprintln!("escapement: interrupted; nothing was written");
            std::process::exit(i32::from(INTERRUPTED));
        }
        self.solve.say(words);
    }

    /// All is over: an interrupt ends the process.
    pub fn end(self) {
        self.state.store(IDLE, Ordering::SeqCst);
        self.solve.end();
    }
}

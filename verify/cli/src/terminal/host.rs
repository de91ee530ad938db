//! An experiment on the command line: Ctrl-C, progress, and pictures as SVG.

use super::bar::{Bar, Shape};
use super::{interrupt::Stop, note};
use crate::report::plot;
use escapement_verify::figure::{Host, Picture};
use escapement_verify::text::numbers::duration;

/// The command line around an execution.
pub struct TerminalHost {
    stop: Stop,
    bar: Bar,
}

impl TerminalHost {
    /// Listens for Ctrl-C from now on.
    #[allow(clippy::new_without_default)] // it sets the handler of the process
    pub fn new() -> Self {
        Self { stop: Stop::with_checkpoints(), bar: Bar::new(Shape::Work, 0) }
    }
}

impl Host for TerminalHost {
    fn stopped(&self) -> bool {
        self.stop.asked()
    }

    fn begin(&self, work: u64) {
        self.bar.set_length(work);
    }

    fn resume(&self, done: u64) {
        self.bar.resume(done);
    }

    fn progress(&self, done: u64, message: &dyn Fn() -> String) {
        self.bar.progress(done, message);
    }

    fn ended(&self, run: &str, number: usize, of: usize, left: f64) {
        if self.bar.is_hidden() {
            let rest = if number < of && left > 0.0 {
                format!(", about {} left", duration(left))
            } else {
                String::new()
            };
            note(format_args!("{run} ({number} of {of}) has ended{rest}"));
        }
    }

    fn end(&self) {
        self.bar.end();
    }

    fn draw(&self, picture: &Picture) -> Option<String> {
        plot::panels(picture)
    }
}

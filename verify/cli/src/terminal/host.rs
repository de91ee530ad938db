//! An experiment on the command line: Ctrl-C, progress, and pictures as SVG.

use super::{Stop, duration, is_watched, note};
use crate::report::plot;
use escapement_verify::figure::{Host, Picture};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The command line around an execution.
pub struct Desk {
    stop: Stop,
    bar: ProgressBar,
}

impl Desk {
    /// Listens for Ctrl-C from now on.
    #[allow(clippy::new_without_default)] // it sets the handler of the process
    pub fn new() -> Self {
        let bar = ProgressBar::hidden();
        if is_watched() {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        if let Ok(style) =
            ProgressStyle::with_template("{bar:24} {percent}%  {elapsed}, about {eta} left  {wide_msg}")
        {
            bar.set_style(style);
        }
        Self { stop: Stop::new(), bar }
    }
}

impl Host for Desk {
    fn stopped(&self) -> bool {
        self.stop.asked()
    }

    fn begin(&self, work: u64) {
        self.bar.set_length(work);
    }

    fn resume(&self, done: u64) {
        self.bar.set_position(done);
        self.bar.reset_eta();
    }

    fn progress(&self, done: u64, message: &str) {
        self.bar.set_position(done);
        self.bar.set_message(message.to_owned());
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
        self.bar.finish_and_clear();
    }

    fn draw(&self, picture: &Picture) -> Option<String> {
        plot::panels(picture)
    }
}

//! Progress on standard error: bars on a terminal, one line elsewhere.

use crate::cell::Cell;
use crate::runner::Observer;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;

/// One bar for the run.
pub(super) struct Bars {
    bar: ProgressBar,
    terminal: bool,
}

impl Bars {
    pub(super) fn new() -> Self {
        Self { bar: ProgressBar::hidden(), terminal: std::io::stderr().is_terminal() }
    }
}

impl Observer for Bars {
    fn begin(&self, cells: usize, reused: usize, seconds: f64) {
        let left = cells - reused;
        let kept = if reused > 0 { format!(", {reused} of them in the journal") } else { String::new() };
        let time = if left > 0 { format!(", about {}", duration(seconds)) } else { String::new() };
        eprintln!("escapement: note: {cells} cells{kept}{time}");
        if self.terminal && left > 0 {
            self.bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
            self.bar.set_length(left as u64);
            if let Ok(style) = ProgressStyle::with_template("{bar:32} {pos}/{len}  {elapsed}  {wide_msg}") {
                self.bar.set_style(style);
            }
        }
    }

    fn started(&self, cell: &Cell) {
        self.bar.set_message(cell.key());
    }

    fn finished(&self, cell: &Cell, _seconds: f64, failure: Option<&str>) {
        if let Some(why) = failure {
            self.bar.suspend(|| eprintln!("escapement: note: {cell} could not be measured: {why}"));
        }
        self.bar.inc(1);
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// Seconds in words.
pub(crate) fn duration(seconds: f64) -> String {
    if seconds < 90.0 {
        format!("{seconds:.1} s")
    } else if seconds < 5400.0 {
        format!("{:.0} min", seconds / 60.0)
    } else {
        format!("{:.1} h", seconds / 3600.0)
    }
}

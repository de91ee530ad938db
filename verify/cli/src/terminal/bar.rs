//! Lines of progress on standard error, drawn on a terminal and hidden elsewhere.

use super::is_watched;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// Least time between two messages: to write one takes longer than a small step.
const MESSAGE: Duration = Duration::from_millis(100);

/// The form of a line of progress.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// A bar with the number of steps, of which there may be fewer in the end.
    Steps,
    /// A bar with the part of the work that is done.
    Work,
    /// A spinner with a message: nobody knows how long it takes.
    Solve,
    /// A message in the width of the terminal.
    Line,
}

impl Shape {
    /// The style of the line.
    pub(super) fn style(self) -> ProgressStyle {
        // The templates are constants, and all of them are valid: a test reads each.
        ProgressStyle::with_template(self.template()).unwrap_or_else(|_| ProgressStyle::default_bar())
    }

    fn template(self) -> &'static str {
        match self {
            Self::Steps => "{bar:24} step {pos}/{len}  {elapsed}, at most {eta} left  {wide_msg}",
            Self::Work => "{bar:24} {percent}%  {elapsed}, about {eta} left  {wide_msg}",
            Self::Solve => "{spinner} {elapsed}  {msg}",
            Self::Line => "{wide_msg}",
        }
    }
}

/// A line of progress.
pub struct Bar {
    bar: ProgressBar,
    last_message: Cell<Option<Instant>>,
}

impl Bar {
    /// A line of this shape; `length` is how much work there is, where that is known.
    pub fn new(shape: Shape, length: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::hidden());
        if is_watched() {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        bar.set_style(shape.style());
        Self { bar, last_message: Cell::new(None) }
    }

    /// Whether the line is hidden.
    pub fn is_hidden(&self) -> bool {
        self.bar.is_hidden()
    }

    /// Sets how much work there is.
    pub fn set_length(&self, work: u64) {
        self.bar.set_length(work);
    }

    /// Sets how much work earlier processes did, which took no time in this one.
    pub fn resume(&self, done: u64) {
        self.bar.set_position(done);
        self.bar.reset_eta();
    }

    /// Sets how much work is done, and shows a message unless the last one was shown only just now.
    pub fn progress(&self, done: u64, message: impl FnOnce() -> String) {
        if self.last_message.get().is_none_or(|at| at.elapsed() > MESSAGE) {
            self.last_message.set(Some(Instant::now()));
            self.bar.set_position(done);
            self.bar.set_message(message());
        }
    }

    /// Shows a message at once.
    pub fn show_message(&self, message: String) {
        self.bar.set_message(message);
        self.bar.tick();
    }

    /// Clears the line.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        // Also where an error leaves early: nothing of the line stays.
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::Shape;
    use indicatif::ProgressStyle;

    #[test]
    fn every_template_is_valid() {
        for shape in [Shape::Steps, Shape::Work, Shape::Solve, Shape::Line] {
            assert!(ProgressStyle::with_template(shape.template()).is_ok(), "{shape:?}");
        }
    }
}

//! The program around an execution.

use super::Picture;

/// What an execution asks of the program around it, and tells it. Every method has a default that does
/// nothing.
pub trait Host {
    /// Whether the user asked to stop: the run in hand then writes a checkpoint, and no other begins.
    fn stopped(&self) -> bool {
        false
    }

    /// The execution begins: how much work all runs are together.
    fn begin(&self, _work: u64) {}

    /// A run begins, or goes on: how much work is done before it, in this execution or an earlier one.
    fn resume(&self, _done: u64) {}

    /// How much work is done, and what there is to say of the run in hand.
    fn progress(&self, _done: u64, _message: &dyn Fn() -> String) {}

    /// A run has ended: its name, how many there have been, of how many, and the seconds that the others are
    /// expected to take.
    fn ended(&self, _run: &str, _number: usize, _of: usize, _left: f64) {}

    /// The execution is over.
    fn end(&self) {}

    /// The text of an SVG file; `None` where there is nothing to draw, or nobody who draws.
    fn draw(&self, _picture: &Picture) -> Option<String> {
        None
    }
}

/// A host that watches nothing, stops nothing and draws nothing.
pub struct Unattended;

impl Host for Unattended {}

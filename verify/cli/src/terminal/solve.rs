//! A long solve with progress on a terminal, which Ctrl-C stops without losing what was found.

use super::bar::{Bar, Shape};
use super::interrupt::{Stop, end_without_output};
use escapement::eigen::Progress;
use std::ops::ControlFlow;

/// The line of one solve, on a terminal.
pub struct SolveBar {
    bar: Bar,
    wanted: usize,
    tolerance: f64,
}

impl SolveBar {
    /// The line of a solve for `wanted` eigenpairs (0 where no iteration is expected) to a relative
    /// residual.
    pub fn new(wanted: usize, tolerance: f64) -> Self {
        Self { bar: Bar::new(Shape::Solve, 0), wanted, tolerance }
    }

    /// One step of the iteration.
    pub fn show(&self, progress: Progress) {
        let Progress { products, converged, residual } = progress;
        let Self { wanted, tolerance, .. } = self;
        self.bar.show_message(format!(
            "{converged} of {wanted} eigenpairs; largest residual {residual:.1e} of {tolerance:.0e} \
             allowed; {products} products"
        ));
    }

    /// Clears the line.
    pub fn end(&self) {
        self.bar.end();
    }
}

/// Shows one solve, and stops it after Ctrl-C.
pub struct WatchedSolve {
    stop: Stop,
    line: SolveBar,
}

impl WatchedSolve {
    /// As [`SolveBar::new`].
    pub fn new(wanted: usize, tolerance: f64) -> Self {
        Self { stop: Stop::without_checkpoints(), line: SolveBar::new(wanted, tolerance) }
    }

    /// One step of the iteration.
    pub fn step(&mut self, progress: Progress) -> ControlFlow<()> {
        self.line.show(progress);
        self.stop.work();
        if self.stop.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// The solve is over, and something else begins: an interrupt ends the process again, also one that came
    /// too late for the solve.
    pub fn then(&self, words: &str) {
        if self.stop.idle() {
            self.line.end();
            end_without_output();
        }
        self.line.bar.show_message(words.to_owned());
    }

    /// Ends the line. From now on an interrupt ends the process.
    pub fn end(self) {
        self.stop.idle();
        self.line.end();
    }
}

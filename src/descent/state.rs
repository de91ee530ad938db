//! Where a descent stands: all that it needs to go on as if it had never stopped.

use faer::Mat;

use super::{DescentOptions, StepSize};

/// Steps before a look at the curvature that decided nothing is repeated; it doubles until the gradient has
/// been large again.
pub(super) const FIRST_WAIT: u64 = 10;

/// A point of a descent. Kept with its bits and handed back to [`super::descend`] with the same landscape
/// and options, it leads to the bits that an uninterrupted descent would have led to, whatever the thread
/// count.
#[derive(Debug, Clone, PartialEq)]
pub struct DescentState {
    /// W.
    pub w: Mat<f64>,
    /// Steps taken.
    pub step: u64,
    /// η of the next step; under backtracking, the first that it tries.
    pub step_size: f64,
    /// Evaluations of value and gradient behind the steps taken, refused steps included.
    pub evaluations: u64,
    /// L at the start, once it is known.
    pub start: Option<f64>,
    /// The least L so far, and the step that reached it.
    pub best: Option<(f64, u64)>,
    /// The step from which on the curvature may be looked at again.
    pub look_at: u64,
    /// Steps to wait after a look that decides nothing.
    pub wait: u64,
}

impl DescentState {
    /// The start of a descent from `w`.
    pub fn new(w: Mat<f64>, options: &DescentOptions) -> Self {
        let step_size = match options.step_size {
            StepSize::Fixed(eta) | StepSize::Backtracking { first: eta } => eta,
        };
        Self { w, step: 0, step_size, evaluations: 0, start: None, best: None, look_at: 0, wait: FIRST_WAIT }
    }
}

//! The state of a descent, from which it can be continued.

use faer::Mat;

use super::{DescentOptions, StepSize};

/// Steps before the least eigenvalue is computed again where it decided nothing. The number doubles each
/// time, until the gradient has been large again.
pub(super) const FIRST_WAIT: u64 = 10;

/// The state of a descent. If a stored state is passed to [`super::descend`] with the same landscape and
/// options, the descent continues with the same bits as without the interruption, whatever the thread count.
#[derive(Debug, Clone, PartialEq)]
pub struct DescentState {
    /// The point W.
    pub w: Mat<f64>,
    /// The number of steps so far.
    pub step: u64,
    /// The step size η of the next step; with backtracking, the first η that it tries.
    pub step_size: f64,
    /// The number of evaluations of value and gradient in all steps, including steps that were refused.
    pub evaluations: u64,
    /// L at the start; none before the first evaluation.
    pub start: Option<f64>,
    /// The least L so far, and the step at which it was reached.
    pub best: Option<(f64, u64)>,
    /// The first step at which the least eigenvalue may be computed again.
    pub look_at: u64,
    /// Steps to wait after the next least eigenvalue that decides nothing.
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

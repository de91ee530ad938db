//! How a descent steps, and when it stops.

use super::LeastOptions;
use crate::{Error, Result};

/// How long a step is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StepSize {
    /// η, always.
    Fixed(f64),
    /// The largest η for which L is η^{-1}-smooth along the step, as found by trial: with `Δ = −η(∇L + Ξ)`,
    /// the step is taken where `L(W + Δ) ≤ L(W) + ⟨∇L, Δ⟩ + ‖Δ‖²/2η`, and halved else; where L changes by no
    /// more than rounding, `⟨∇L(W + Δ) − ∇L(W), Δ⟩ ≤ ‖Δ‖²/η` is asked for instead. The next step first tries
    /// a tenth more. Without noise every step lowers L by `η‖∇L‖²/2` or more.
    Backtracking {
        /// The first η tried.
        first: f64,
    },
}

/// How a descent steps, and when it stops.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DescentOptions {
    /// The length of a step.
    pub step_size: StepSize,
    /// s: each step adds to the gradient a matrix Ξ of independent normal entries of variance s²/(md), so
    /// that `E‖Ξ‖_F² = s²`. Zero for gradient descent without noise.
    pub noise: f64,
    /// The seed of the noise: step t takes it from the stream "perturbed gradient descent", "noise t".
    pub seed: u64,
    /// ν: where `‖∇L‖_F ≤ ν`, the point is first-order stationary.
    pub gradient: f64,
    /// γ: a stationary point ends the descent where the least eigenvalue of the Hessian is certified to be
    /// −γ or more. `None`: any stationary point does.
    pub curvature: Option<f64>,
    /// Steps after which it stops all the same.
    pub max_steps: u64,
    /// Steps without a new least L (by more than 1e-12 of it) after which it has stagnated.
    pub patience: u64,
    /// It has diverged where L is above this many times 1 + L at the start.
    pub ceiling: f64,
    /// How the least eigenvalue is sought; its tolerance and gap give way to the question whether it is
    /// above −γ.
    pub least: LeastOptions,
}

impl Default for DescentOptions {
    /// Backtracking from η = 1, no noise, ν = 1e-4, no look at the curvature; 10 000 steps, patience for 2
    /// 000, a ceiling of 10⁶.
    fn default() -> Self {
        Self {
            step_size: StepSize::Backtracking { first: 1.0 },
            noise: 0.0,
            seed: 0,
            gradient: 1e-4,
            curvature: None,
            max_steps: 10_000,
            patience: 2_000,
            ceiling: 1e6,
            least: LeastOptions::default(),
        }
    }
}

impl DescentOptions {
    pub(super) fn check(&self) -> Result<()> {
        let (StepSize::Fixed(eta) | StepSize::Backtracking { first: eta }) = self.step_size;
        for (name, value, allowed) in [
            ("the step size η", eta, eta > 0.0),
            ("the noise s", self.noise, self.noise >= 0.0),
            ("the gradient ν", self.gradient, self.gradient >= 0.0),
            (
                "the curvature γ",
                self.curvature.unwrap_or(1.0),
                self.curvature.is_none_or(|gamma| gamma > 0.0),
            ),
            ("the ceiling", self.ceiling, self.ceiling > 0.0),
        ] {
            if !(allowed && value.is_finite()) {
                return Err(Error::domain(
                    name,
                    value,
                    "it must be finite and positive; ν and s may be zero",
                ));
            }
        }
        if self.patience == 0 {
            return Err(Error::domain("the patience", self.patience, "it must be at least one step"));
        }
        Ok(())
    }
}

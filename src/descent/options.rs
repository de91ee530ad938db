//! The options of a descent: its steps, and the conditions under which it ends.

use super::LeastOptions;
use crate::{Error, Result};

/// The length of the steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StepSize {
    /// The same η in each step.
    Fixed(f64),
    /// A step size η such that L is η^{-1}-smooth along the step, found by trial. With `Δ = −η(∇L + Ξ)`, the
    /// step is taken where `L(W + Δ) ≤ L(W) + ⟨∇L, Δ⟩ + ‖Δ‖²/2η`, and η is halved otherwise. Where L changes
    /// by no more than rounding, the condition is `⟨∇L(W + Δ) − ∇L(W), Δ⟩ ≤ ‖Δ‖²/η` instead. After a step
    /// that was taken at once, η grows by a tenth. Without noise every step lowers L by at least `η‖∇L‖²/2`.
    Backtracking {
        /// The η that the first step tries first.
        first: f64,
    },
}

/// The options of [`super::descend`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DescentOptions {
    /// The length of the steps.
    pub step_size: StepSize,
    /// The size s of the noise. Each step adds a matrix Ξ of independent normal entries of variance s²/(md)
    /// to the gradient, so that `E‖Ξ‖_F² = s²`. Zero stands for gradient descent without noise.
    pub noise: f64,
    /// The seed of the noise. Step t draws from the stream "perturbed gradient descent", "noise t".
    pub seed: u64,
    /// The tolerance ν. A point is first-order stationary where `‖∇L‖_F ≤ ν`.
    pub gradient: f64,
    /// The tolerance γ. A first-order stationary point ends the descent where the least eigenvalue of the
    /// Hessian is certified to be at least −γ. With `None`, any first-order stationary point ends it.
    pub curvature: Option<f64>,
    /// The largest number of steps.
    pub max_steps: u64,
    /// The number of steps without a new least L after which the descent has stagnated. A new least value
    /// must be lower by more than 1e-12 of it.
    pub patience: u64,
    /// The descent has diverged where L exceeds this number times 1 + |L| at the start.
    pub ceiling: f64,
    /// The options for the least eigenvalue. Its tolerance and gap are not used, since it ends as soon as
    /// the eigenvalue is known to lie above or below −γ.
    pub least: LeastOptions,
}

impl Default for DescentOptions {
    /// Backtracking from η = 1, no noise, ν = 1e-4, no condition on the Hessian, at most 10 000 steps, a
    /// patience of 2 000 steps, a ceiling of 10⁶.
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

//! The result of a run.

use crate::compute::{common, curvature::Curvature};
use escapement::descent::Outcome;
use escapement_verify::text::numbers::number;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The result of a run. Its fields are named as those of `evaluate`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Summary {
    /// See [`name`].
    pub outcome: String,
    pub steps: u64,
    /// Evaluations of value and gradient, those of refused steps included.
    pub evaluations: u64,
    pub d: usize,
    pub m: usize,
    pub n: usize,
    pub k: usize,
    pub n_k: usize,
    pub activation: String,
    pub model: String,
    pub loss_function: String,
    pub lambda: [f64; 4],
    pub regularizers: [f64; 4],
    /// L̂, the mean loss alone.
    pub mean_loss: f64,
    /// L_λ.
    pub loss: f64,
    pub gradient_norm: f64,
    /// ‖W‖_F.
    pub norm: f64,
    /// The mean loss against f* on fresh inputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_loss: Option<f64>,
    #[serde(flatten)]
    pub hessian: Option<Curvature>,
}

impl Summary {
    /// Whether the steps were spent, so that more of them go on.
    pub fn is_open(&self) -> bool {
        self.outcome == Outcome::Steps.name()
    }

    /// Whether the user stopped it.
    pub fn is_interrupted(&self) -> bool {
        self.outcome == Outcome::Interrupted.name()
    }

    /// Whether the loss left every bound.
    pub fn diverged(&self) -> bool {
        self.outcome == Outcome::Diverged.name()
    }

    /// The meaning of the outcome, and advice.
    pub fn words(&self) -> &'static str {
        match self.outcome.as_str() {
            "second-order-stationary" => {
                "the gradient norm is at most ν, and no eigenvalue of the Hessian lies below −γ"
            }
            "first-order-stationary" => "the gradient norm is at most ν",
            "steps-spent" => "the steps are spent; the same command with a larger --max-steps goes on",
            "diverged" => {
                "L_λ left every bound: W is the last point where it was finite; try a smaller --step, or \
                 backtracking"
            }
            "stagnated" => {
                "L_λ no longer falls, and the gradient norm is above ν or the curvature below −γ; try a \
                 larger --nu, --noise to leave a saddle, or more --patience"
            }
            _ => "interrupted; the same command goes on",
        }
    }

    /// The summary as text.
    pub fn readable(&self, dir: &Path) -> String {
        let test =
            self.test_loss.map_or(String::new(), |test| format!("\ntest loss         {}", number(test)));
        let hessian = self.hessian.as_ref().map_or(String::new(), |h| {
            let how = if h.hessian_exact {
                "from the full spectrum".to_owned()
            } else {
                format!("but for a probability of {:.0e}", h.hessian_failure_probability)
            };
            let below = number(h.hessian_min_eigenvalue - h.hessian_min_eigenvalue_bound);
            format!(
                "\nHessian           least eigenvalue {}, no lower than {below} ({how})",
                number(h.hessian_min_eigenvalue)
            )
        });
        format!(
            "Training the {} model for {} at d = {}, m = {}, n = {}, k = {} (n_k = {}), {} loss\n\n\
             {} after {} steps: {}\n\n{}\n\
             gradient norm     {}\n\
             ‖W‖_F             {}{test}{hessian}\n\
             Written: W and weights (.npy), history.csv, run.toml, summary.json and checkpoint.bin in {}",
            self.model,
            self.activation,
            self.d,
            self.m,
            self.n,
            self.k,
            self.n_k,
            self.loss_function,
            self.outcome,
            self.steps,
            self.words(),
            common::loss_table(self.mean_loss, self.lambda, self.regularizers, self.loss),
            number(self.gradient_norm),
            number(self.norm),
            dir.display()
        )
    }
}

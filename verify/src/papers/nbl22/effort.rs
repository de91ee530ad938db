//! What the work that several claims share is expected to take, in the flops of a [`Prediction`]: operation
//! counts, weighted by how fast a core does them beside scalar arithmetic.
//!
//! [`Prediction`]: crate::claim::Prediction
//!
//! The weights, and the coefficients in the claims' own predictions, were fitted to the processor time of
//! cells of the quick and the standard tier on one core of an Intel Xeon with AVX-512 (November 2026). What
//! a machine takes is learnt from its own runs.

use super::instance;
use crate::claim::Cell;
use crate::papers::nbl22::letters::Letters;
use escapement::covariance::HarmonicMap;
use escapement::eigen::subspace::SMALL;
use escapement::eigen::{self, Request, Route, RouteChoice};
use escapement::sphere::{FeatureLevels, Truncation, cumulative_dimension};
use faer::Par;
use std::sync::Arc;

/// One harmonic and its gradient, for one coordinate of one neuron.
const HARMONIC: f64 = 3.3;
/// A pair of entries of a Gram matrix of harmonics, for each row: half a product, as the matrix is
/// symmetric.
const GRAM: f64 = 0.014;
/// The series of Σ at the cosine of two neurons, for each degree.
const PAIR: f64 = 1.35;
/// σ with its first two derivatives at an input of a neuron: by an exponential, or by the mathematics
/// library.
const SIGMA: [f64; 2] = [7.0, 30.0];

/// The flops of an eigendecomposition of order n, with vectors.
pub(super) fn decomposition(n: f64) -> f64 {
    0.11 * n.powi(3) + 50.0 * n * n
}

/// The flops of a Gram matrix of `harmonics` functions over `order` rows.
pub(super) fn gram(order: f64, harmonics: f64) -> f64 {
    order * harmonics * (HARMONIC + GRAM * harmonics)
}

/// The flops of the kernel of Σ at every pair of p neurons, once.
pub(super) fn kernel(p: f64, degrees: f64) -> f64 {
    PAIR * degrees * p * p
}

/// The flops of σ and its derivatives at one input of one neuron.
pub(super) fn sigma(cell: &Cell) -> f64 {
    SIGMA[usize::from(!cell.activation.starts_with("sigmoid"))]
}

/// The levels of Σ at this tail. None where the cell itself will be refused.
fn levels(cell: &Cell, tail: f64) -> Option<Arc<FeatureLevels>> {
    instance::levels(cell.d(), instance::activation(cell).ok()?.as_ref(), Truncation::Tail(tail)).ok()
}

/// The number of degrees to this tail.
pub(super) fn degrees(cell: &Cell, tail: f64) -> f64 {
    levels(cell, tail).map_or(0.0, |l| l.levels.len() as f64)
}

/// Σ of a cell, cut at a tail: what solving for the top of it takes, and what its quadratic forms take.
pub(super) struct Sigma {
    p: f64,
    order: f64,
    wanted: f64,
    harmonics: f64,
    degrees: f64,
    route: Route,
    /// Bytes at the peak of that solve.
    bytes: f64,
}

impl Sigma {
    /// With the route that [`TopSpace::alone`](eigen::TopSpace::alone) takes to n_k eigenpairs. None where
    /// the cell cannot be measured: it then takes no time.
    pub(super) fn of(cell: &Cell, tail: f64) -> Option<Self> {
        let levels = levels(cell, tail)?;
        let wanted = cumulative_dimension(cell.d(), cell.k()).ok()? + 1;
        let request = Request::top(wanted);
        let plan = eigen::plan_for(
            cell.m() / 2,
            &levels,
            &request,
            RouteChoice::Auto,
            eigen::DEFAULT_MEMORY,
            Par::Seq,
        )
        .ok()?;
        let p = (cell.m() / 2) as f64;
        let (order, harmonics) = (p * cell.d() as f64, HarmonicMap::order_of(&levels));
        let route = match () {
            () if order.min(harmonics) > SMALL => plan.route,
            () if order < harmonics => Route::Dense,
            () => Route::Harmonic,
        };
        Some(Self {
            p,
            order,
            wanted: wanted as f64,
            harmonics,
            degrees: levels.levels.len() as f64,
            route,
            // The operator keeps its kernel matrices where they fit, in f32 and in f64 at the end.
            bytes: plan.bytes
                + if route == Route::Operator {
                    (16.0 * p * p).min(eigen::DEFAULT_MEMORY as f64)
                } else {
                    0.0
                },
        })
    }

    /// The top n_k + 1 eigenpairs.
    pub(super) fn top(&self) -> f64 {
        let (n, wanted) = (self.order, self.wanted);
        match self.route {
            Route::Dense => 1e6 + decomposition(n) + self.forms(1.0),
            // The harmonics are evaluated once more for the vectors.
            Route::Harmonic => 3e5 + self.projection() + n * self.harmonics * HARMONIC,
            Route::Operator => {
                // Some nine products for each pair, of three narrow ones each, and Rayleigh–Ritz; a bound on
                // the rest; the kernel matrices, in f32 twice and in f64.
                let products = (wanted + 6.0) * n * (1.5 * self.p + 1100.0);
                2e6 + products + self.forms(4.0)
            }
        }
    }

    /// The Gram matrix of all harmonics and its decomposition.
    pub(super) fn projection(&self) -> f64 {
        gram(self.order, self.harmonics) + decomposition(self.harmonics)
    }

    /// As many evaluations of the kernel of Σ at every pair of neurons.
    pub(super) fn forms(&self, count: f64) -> f64 {
        count * kernel(self.p, self.degrees)
    }
}

/// The flops that solving for the top n_k + 1 eigenpairs of a cell's Σ takes.
pub(super) fn top_space(cell: &Cell, tail: f64) -> f64 {
    Sigma::of(cell, tail).map_or(0.0, |s| s.top())
}

/// The bytes of a cell that solves for the top n_k + 1 eigenpairs of its Σ, and takes `bytes` for the rest.
pub(super) fn bytes_with_top_space(bytes: f64, cell: &Cell, tail: f64) -> f64 {
    Sigma::of(cell, tail).map_or(bytes, |s| bytes.max(s.bytes + 2e7))
}

/// The flops of one step of gradient descent on L_λ of a cell with n inputs: 6nmd flops and what is done at
/// each input of each neuron, σ itself where it is the network that is trained; products of the regularisers
/// with Σ.
pub(super) fn step(cell: &Cell, n: f64, network: bool) -> f64 {
    let (m, d) = (cell.m() as f64, cell.d() as f64);
    let each = if network { sigma(cell) } else { 1.7 };
    n * m * (each + 0.115 * d) + 0.009 * m * m * d
}

/// The flops of a trained model at fresh inputs.
pub(super) fn fresh(cell: &Cell, inputs: usize) -> f64 {
    36.0 * inputs as f64 * cell.m() as f64
}

/// The flops of kernel ridge regression on n inputs with a kernel of so many degrees, for as many ridges:
/// one pass over its series for all that is computed of it, and for each ridge a decomposition by Cholesky
/// and the quadratic forms of the test error.
pub(super) fn ridge_regression(n: f64, degrees: f64, ridges: usize) -> f64 {
    n * n * degrees * 1.15 + ridges as f64 * 0.007 * n.powi(3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::papers::nbl22::letters::{D, K, M};

    fn cell(m: usize, activation: &str) -> Cell {
        Cell::new("test", "").with(D, 6).with(M, m).with(K, 1).activation(activation)
    }

    #[test]
    fn the_levels_of_a_plan_are_made_once() {
        let [first, again, other] = [(100, 1e-9), (3200, 1e-9), (100, 1e-7)]
            .map(|(m, tail)| levels(&cell(m, "tanh:0.5"), tail).unwrap());
        assert!(Arc::ptr_eq(&first, &again) && !Arc::ptr_eq(&first, &other));
        assert!(degrees(&cell(100, "tanh:0.5"), 1e-9) > degrees(&cell(100, "tanh:0.5"), 1e-7));
    }

    #[test]
    fn what_cannot_be_measured_takes_no_time() {
        assert_eq!(top_space(&cell(100, "none:1"), 1e-9), 0.0);
        assert!(top_space(&cell(4, "tanh:0.5"), 1e-9) > 0.0);
    }
}

//! The least eigenvalue of a Hessian, as `evaluate` and `train` print it.

use escapement::descent::{LeastEigenvalue, LeastOptions};
use serde::{Deserialize, Serialize};

/// The distance to the lower bound at which the search ends, relative to the norm: ten times closer than by
/// default costs a third more products.
const GAP: f64 = 1e-3;

/// The options of the search for the least eigenvalue, in at most `products` products.
pub fn options(products: usize, seed: u64) -> LeastOptions {
    LeastOptions { gap: GAP, max_products: products, seed, ..LeastOptions::default() }
}

/// The least eigenvalue of the Hessian at a point.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Curvature {
    pub hessian_min_eigenvalue: f64,
    /// How far the least eigenvalue may lie below that.
    pub hessian_min_eigenvalue_bound: f64,
    pub hessian_min_eigenvalue_residual: f64,
    /// Whether the full spectrum was computed; otherwise the bound fails with `hessian_failure_probability`.
    pub hessian_exact: bool,
    pub hessian_failure_probability: f64,
    pub hessian_products: usize,
    /// A lower bound on the norm of the Hessian.
    pub hessian_norm: f64,
}

impl Curvature {
    /// The result of a search with these options.
    pub fn new(least: &LeastEigenvalue, options: &LeastOptions) -> Self {
        Self {
            hessian_min_eigenvalue: least.value,
            hessian_min_eigenvalue_bound: least.error(),
            hessian_min_eigenvalue_residual: least.residual,
            hessian_exact: least.exact,
            hessian_failure_probability: if least.exact { 0.0 } else { options.failure },
            hessian_products: least.products,
            hessian_norm: least.norm,
        }
    }
}

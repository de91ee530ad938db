//! Stationarity: how far a point is from being a second-order stationary one.
//!
//! A point W is (ν, γ)-second-order stationary (NBL22, Definition 2) where `‖∇L_λ(W)‖ ≤ ν` and `∇²L_λ(W) ⪰ −γI`. The gradient is that of
//! [`crate::objective::RegularizedLoss`]; [`least_eigenvalue`] bounds the least eigenvalue of its Hessian, or of any symmetric operator, from both sides.
//!
//! ```
//! use escapement::descent::{LeastOptions, least_eigenvalue};
//! use escapement::eigen::SymmetricOperator;
//! use faer::{MatMut, MatRef, Par};
//! struct Diagonal;
//! impl SymmetricOperator for Diagonal {
//!     fn order(&self) -> usize {
//!         2_000
//!     }
//!     fn apply(&self, v: MatRef<'_, f64>, mut out: MatMut<'_, f64>, _: Par) -> escapement::Result<()> {
//!         (0..2_000).for_each(|i| out[(i, 0)] = ((i as f64).sqrt() - 1.0) * v[(i, 0)]);
//!         Ok(())
//!     }
//! }
//! let least = least_eigenvalue(&Diagonal, &LeastOptions::default(), Par::Seq)?;
//! assert!(least.lower_bound <= -1.0 && -1.0 <= least.value + 1e-12);
//! assert!(least.products < 200);
//! # Ok::<(), escapement::Error>(())
//! ```

mod certificate;
mod least;

pub use least::{LeastEigenvalue, LeastOptions, least_eigenvalue};

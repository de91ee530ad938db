//! Gradient descent with or without noise, to points that are certified to be stationary.
//!
//! [`descend`] minimises any [`Landscape`], in particular L_λ as a [`LossLandscape`], with or without the
//! noise of NBL22's equation (21), and returns the reason why it ended. A point W is (ν, γ)-second-order
//! stationary (NBL22, Definition 2) where `‖∇L_λ(W)‖ ≤ ν` and `∇²L_λ(W) ⪰ −γI`. [`least_eigenvalue`] bounds
//! the least eigenvalue of a Hessian, or of any symmetric operator, from both sides: a small residual alone
//! never shows that an eigenvalue is the least. [`search`] reaches such points by quasi-Newton steps.
//!
//! ```
//! use escapement::descent::{DescentOptions, DescentState, Landscape, Outcome, StepSize, descend};
//! use escapement::eigen::SymmetricOperator;
//! use escapement::objective::regularized::Value;
//! use escapement::Result;
//! use faer::{Mat, MatMut, MatRef, Par};
//! use std::ops::ControlFlow;
//!
//! /// (x² − 1)²/4 + y²/2: a saddle between two valleys.
//! struct Saddle;
//! struct Curvature([f64; 2]);
//! impl SymmetricOperator for Curvature {
//!     fn order(&self) -> usize {
//!         2
//!     }
//!     fn apply(&self, v: MatRef<'_, f64>, mut out: MatMut<'_, f64>, _: Par) -> Result<()> {
//!         (0..v.ncols()).for_each(|j| (0..2).for_each(|i| out[(i, j)] = self.0[i] * v[(i, j)]));
//!         Ok(())
//!     }
//! }
//! impl Landscape for Saddle {
//!     fn shape(&self) -> (usize, usize) {
//!         (2, 1)
//!     }
//!     fn value_and_gradient(
//!         &mut self, w: MatRef<'_, f64>, mut gradient: MatMut<'_, f64>, _: Par,
//!     ) -> Result<Value> {
//!         let (x, y) = (w[(0, 0)], w[(1, 0)]);
//!         (gradient[(0, 0)], gradient[(1, 0)]) = (x * (x * x - 1.0), y);
//!         let objective = 0.25 * (x * x - 1.0).powi(2) + 0.5 * y * y;
//!         Ok(Value { loss: objective, regularizers: [0.0; 4], objective })
//!     }
//!     fn hessian(&self, w: MatRef<'_, f64>, _: Par) -> Result<Box<dyn SymmetricOperator + '_>> {
//!         Ok(Box::new(Curvature([3.0 * w[(0, 0)].powi(2) - 1.0, 1.0])))
//!     }
//! }
//!
//! // Without noise the descent stays at the saddle; with noise it ends at a certified minimum.
//! let defaults = DescentOptions::default();
//! let still = DescentOptions { curvature: Some(0.1), max_steps: 500, patience: 100, ..defaults };
//! let noisy = DescentOptions {
//!     noise: 1e-3,
//!     gradient: 1e-2,
//!     step_size: StepSize::Fixed(0.1),
//!     max_steps: 2_000,
//!     patience: 2_000,
//!     ..still
//! };
//! let mut run = |options: &DescentOptions| {
//!     let state = DescentState::new(Mat::zeros(2, 1), options);
//!     descend(&mut Saddle, state, options, &mut |_| ControlFlow::Continue(()), Par::Seq)
//! };
//! assert_eq!(run(&still)?.outcome, Outcome::Stagnated);
//! let end = run(&noisy)?;
//! assert_eq!(end.outcome, Outcome::SecondOrder);
//! assert!((end.state.w[(0, 0)].abs() - 1.0).abs() < 1e-2);
//! # Ok::<(), escapement::Error>(())
//! ```

mod certificate;
mod descend;
mod landscape;
mod least;
mod options;
pub mod quasi_newton;
mod search;
mod square;
mod state;
pub mod wide;

pub use descend::{Descended, Iterate, Outcome, descend};
pub use landscape::{Landscape, LossLandscape};
pub use least::{LeastEigenvalue, LeastOptions, least_eigenvalue};
pub use options::{DescentOptions, StepSize};
pub use search::search;
pub use square::SquareLandscape;
pub use state::DescentState;

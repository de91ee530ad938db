//! Losses, the regularisers R1..R4, and the regularised loss L_λ with its gradient and Hessian-vector
//! products.
//!
//! ```
//! use escapement::objective::Loss;
//! let loss = Loss::parse("pseudo-huber")?;
//! assert_eq!(loss.value(1.0, 1.0), 0.0);
//! assert!((loss.value(0.0, 2.0) - (5.0_f64.sqrt() - 1.0)).abs() < 1e-15);
//! # Ok::<(), escapement::Error>(())
//! ```

mod loss;
pub mod regularized;
pub mod regularizers;

pub use loss::Loss;
pub use regularized::{Hessian, RegularizedLoss};
pub use regularizers::{Regularizers, frobenius_sq, norm_2_4_pow4};

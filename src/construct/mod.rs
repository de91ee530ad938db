//! Targets, and displacements that express them: W_Q for the sparse part, W_L for the low-degree part, and
//! W* = W_L + S·W_Q with a random sign for each neuron. Means over these signs are exact.
//!
//! ```
//! use escapement::construct::{LowDegree, SparseTerm, Target, ZonalTerm, w_q};
//! use escapement::{activation, network::PairedNetwork, seed};
//! let (beta, eta) = (vec![1.0, 0.0, 0.0, 0.0], vec![0.0, 1.0, 0.0, 0.0]);
//! let low = LowDegree::Zonal(vec![ZonalTerm { degree: 1, coefficient: 2.0, eta }]);
//! let target = Target::new(4, 1, low, vec![SparseTerm { alpha: 0.5, beta }])?;
//! assert!((target.low_second_moment() - 1.0).abs() < 1e-15); // E (2 P_1)² = 4/B(4,1)
//! let rng = &mut seed::stream(1, "example", "weights");
//! let net = PairedNetwork::random(rng, 100, 4, activation::parse("sigmoid:1")?)?;
//! let built = w_q(&net, &target)?;
//! assert_eq!(built.groups, [100]);
//! # Ok::<(), escapement::Error>(())
//! ```

pub mod population;
mod saddle;
mod signed_hessian;
pub mod signed_loss;
pub mod signs;
mod target;
pub mod w_l;
mod w_q;

pub use crate::objective::{frobenius_sq, norm_2_4_pow4};
pub use population::Population;
pub use saddle::saddle_labels;
pub use signed_hessian::expected_hessian_form;
pub use signs::expected_regularizers;
pub use target::{LowDegree, SparseTerm, Target, ZonalTerm};
pub use w_l::w_l;
pub use w_q::{WQ, groups, w_q, w_q_from};

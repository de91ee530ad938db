//! Expansions of functions of a standard normal vector, and what one gradient step sees of them.
//!
//! A target f is a polynomial of few directions of x, `f(x) = g(<u_1, x>, …, <u_r, x>)`, where x is standard
//! normal in R^d. [`HermiteSeries`] is f in orthonormal coordinates of S*, the span of the directions;
//! [`MultiIndexModel`] has the directions as well. A neuron with the unit weight w and the activation σ sees
//! f through the gradient `g(w) = E[f(x) x σ'(w·x)]`, which is a finite sum over the Hermite coefficients of
//! σ and the tensors `C_k = E ∇^k f` ([`PopulationGradient`]). Averages over w on the sphere are rational
//! functions of d, evaluated from moments: d = 10⁶ costs what d = 5 does. [`average_gram`] is the average
//! over w for a sample of n inputs, and [`mean_gram`] its mean over samples.
//!
//! Where the covariance of the inputs has a spike, along which f lies, [`SpikedGradient`] has the gradient
//! and its second moments.
//!
//! All numbers are [`Ball`](crate::ball::Ball)s but those of [`average_gram`], which has one bound for its
//! matrix. In this module r is the dimension of S*, `latent` in code, and p the degree of f.
//!
//! ```
//! use escapement::activation;
//! use escapement::gaussian::{MultiIndexModel, PopulationGradient};
//! use faer::mat;
//! // f(x) = (t² − 1)/√2 with t = (3x_1 + 4x_2)/5, in R^3.
//! let half = 0.5_f64.sqrt();
//! let f = MultiIndexModel::new(mat![[0.6, 0.8, 0.0]].as_ref(), &[(vec![2], half), (vec![0], -half)])?;
//! let population = f.population(activation::parse("relu")?.as_ref())?;
//! // Orthogonal to the direction nothing is seen of f but the constant term c_2 of σ times f's mean.
//! let g = f.gradient(&population, &[0.8, -0.6, 0.0])?;
//! assert!(g.iter().all(|g| g.abs().upper() < 1e-15));
//! // The share of the energy that leaves the direction falls like 1/d.
//! let share = |d| population.energies(d).map(|e| (e.outside / e.total).value);
//! assert!((share(4000)? / share(2000)? - 0.5).abs() < 1e-3);
//! # Ok::<(), escapement::Error>(())
//! ```
//!
//! # Source
//! Damian, Lee and Soltanolkotabi, *Neural Networks can Learn Representations with Gradient Descent* (COLT
//! 2022), cited as DLS22: the gradient is that of Appendix A.1.4, and averages over the sphere follow from
//! Lemma 45 there. The exact averages over w of a sample and over samples were derived for this project.

mod arcsine;
mod gradient;
mod gram;
pub mod hermite;
pub mod invariants;
mod model;
pub mod normal;
mod polynomial;
mod series;
mod spectrum;
mod spike;
mod spiked;

pub(crate) use arcsine::arcsine;
pub use gradient::{Energies, MAX_TENSOR_POWER, PopulationGradient};
pub use gram::{AverageGram, MeanGram, average_gram, mean_gram, squared_moments, squared_norm_moment};
pub use model::MultiIndexModel;
pub use polynomial::{Exponents, Law, Polynomial};
pub(crate) use series::binomial;
pub use series::{HermiteSeries, MAX_DEGREE, MAX_TERMS};
pub use spectrum::{BallMatrix, symmetric_eigenvalues};
pub use spike::Spike;
pub use spiked::{SampleGradient, SpikedGradient};

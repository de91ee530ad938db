//! **escapement**: exact feature covariances, spectra and constructed solutions for a two-layer network, so
//! that the theorems of Nichani, Bai and Lee, *Identifying good directions to escape the NTK regime* (NeurIPS
//! 2022, "NBL22" throughout), can be checked with numbers.
//!
//! This crate is the mathematics. What is claimed of it, and the verdicts, are in the package
//! `escapement-verify`.
//!
//! # The setting
//! Inputs x are uniform on the sphere of radius √d in R^d. Neuron r of m has a frozen first-layer weight
//! `w_{0,r}` on the unit sphere, a frozen sign `a_r = ±1`, and moves by `w_r`. Neurons come in pairs,
//! `w_{0,p+r} = w_{0,r}` with `a_r = +1` and `a_{p+r} = −1`, so that the network
//! `f(x; W) = m^{-1/2} Σ_r a_r σ((w_{0,r} + w_r)·x)` vanishes at W = 0. Its first and second Taylor terms are
//! `f_L` and `f_Q`.
//!
//! # The letters
//! | letter | meaning |
//! |---|---|
//! | d, m, p = m/2, n | input dimension, width, distinct neurons, samples |
//! | k, R | the low degree; the number of sparse terms of degree k + 1 |
//! | W0, a | first-layer weights at initialisation `[p, d]`; output signs |
//! | W | displacement `[m, d]`: row r is that of neuron r, row p + r that of its twin |
//! | φ, Σ | features `a_r m^{-1/2} σ'(w_{0,r}·x) x`; their covariance E φφᵀ |
//! | A | the p-neuron matrix of Σ: `Σ = (1/m)[[A, −A], [−A, A]]` |
//! | P_j, B(d,j), n_k | Gegenbauer polynomial with P_j(1) = 1, dimension of degree j, `Σ_{j≤k} B(d,j)` |
//! | z, t | `w·x/√d`; the cosine of two weights |
//! | λ_j(g), A_j, C_j | Funk–Hecke coefficient of g; radial and tangential coefficients of `x ↦ σ'(w·x)x` |
//! | τ_j, κ_j | trace of the degree-j part of Σ; `κ_j = τ_j/B(d,j)`, its eigenvalue at infinite width |
//! | F0..F3, E, G | the scalar functions of t that make the blocks of Σ |
//! | Ψ | the harmonic square root, `Σ_{≤J} = ΨΨᵀ` |
//! | Π_{≤r}, Π_{>r} | projectors on the top r = n_k eigenvectors of Σ and on the rest |
//! | W_Q, W_L, S, W* | constructed displacements, random signs, `W* = W_L + S·W_Q` |
//! | R1..R4, L_λ | regularisers and the regularised loss |
//!
//! # The rooms
//! | room | what is in it |
//! |---|---|
//! | [`sphere`] | Gegenbauer polynomials, zonal quadrature and coefficients, harmonics, sampling |
//! | [`activation`] | σ, σ', σ'', σ''' and their suprema |
//! | [`network`] | the paired initialisation; f, f_L, f_Q |
//! | [`covariance`] | Σ: kernel profile, certificate, and its three forms |
//! | [`eigen`] | eigen-solvers on those forms, with residuals and completeness; the top space |
//! | [`objective`] | losses, R1..R4, and L_λ with gradient and Hessian-vector product |
//! | [`construct`] | targets, W_Q, W_L, W*; exact averages over S |
//! | [`kernel`] | kernel ridge regression with its exact test error |
//! | [`training`] | a step of descent in f32 or f64: the models with R3, both layers of a ReLU network |
//! | [`descent`] | gradient descent, plain and perturbed; certified stationary points |
//! | [`gaussian`] | Hermite polynomials and coefficients |
//! | [`ball`], [`rounding`] | numbers with error bounds and their arithmetic; roundings |
//! | [`operator`] | symmetric matrices known by their products |
//! | [`seed`], [`tolerance`], [`error`] | random streams, named tolerances, errors |
//!
//! Dependencies point one way, and a test reads the imports: the ground floor of the last three rows, then
//! `activation → sphere → gaussian → network → covariance → eigen → objective → construct → kernel, training,
//! descent`.
//!
//! # From weights to a constructed solution
//! ```
//! use escapement::construct::{self, LowDegree, SparseTerm, Target, ZonalTerm};
//! use escapement::covariance::Covariance;
//! use escapement::eigen::TopSpace;
//! use escapement::network::PairedNetwork;
//! use escapement::objective::Regularizers;
//! use escapement::sphere::{Truncation, cumulative_dimension, uniform_sphere};
//! use escapement::{activation, seed};
//! use faer::Par;
//!
//! let (d, p, k) = (4, 60, 1);
//! let sigma = activation::parse("sigmoid:1")?;
//! let net = PairedNetwork::random(&mut seed::stream(1, "front page", "weights"), p, d, sigma.clone())?;
//!
//! // Σ exactly, and its top n_k eigenvectors with a certified gap below them.
//! let cov = Covariance::new(net.weights(), sigma.as_ref(), Truncation::default())?;
//! let n_k = cumulative_dimension(d, k)?;
//! let (top, _) = TopSpace::of(&cov, n_k, Par::Seq)?;
//!
//! // f*(x) = 2 P_1(η·x̂) + (β·x)²/2, expressed by a displacement in good directions.
//! let axis = |i: usize| (0..d).map(|c| if c == i { 1.0 } else { 0.0 }).collect::<Vec<f64>>();
//! let low = LowDegree::Zonal(vec![ZonalTerm { degree: 1, coefficient: 2.0, eta: axis(0) }]);
//! let target = Target::new(d, k, low, vec![SparseTerm { alpha: 0.5, beta: axis(1) }])?;
//! let w_q = construct::w_q(&net, &target)?.w;
//! let w_l = construct::w_l(&cov, &top, &target, Par::Seq)?;
//!
//! // W_L lies in the top eigenspace: it costs no R1.
//! let x = uniform_sphere(&mut seed::stream(1, "example", "inputs"), 50, d, (d as f64).sqrt());
//! let regularizers = Regularizers { cov: &cov, top: &top, net: &net, x: x.as_ref() };
//! let [r1, r2, ..] = regularizers.all(w_l.as_ref(), Par::Seq)?;
//! assert!(r1.abs() < 1e-10 * r2 && (r2 - 1.0).abs() < 0.2);
//! assert!(construct::norm_2_4_pow4(w_q.as_ref()) > 0.0);
//! # Ok::<(), escapement::Error>(())
//! ```

pub mod activation;
pub mod ball;
pub mod construct;
pub mod covariance;
pub mod descent;
pub mod eigen;
pub mod error;
pub mod gaussian;
pub mod kernel;
pub mod network;
pub mod objective;
pub mod operator;
mod product;
mod real;
pub mod rounding;
pub mod seed;
pub mod sphere;
pub mod tolerance;
pub mod training;

pub use error::{Error, Result};

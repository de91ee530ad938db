//! **escapement** computes feature covariances, their spectra and constructed solutions of two-layer
//! networks exactly, with error bounds, so that theorems about such networks can be tested with numbers.
//!
//! This crate is the mathematics. The statements that are tested, and the verdicts on them, are in the
//! package `escapement-verify`; the program `escapement` is in `escapement-cli`.
//!
//! # The network
//! An input x is uniform on the sphere of radius √d in R^d. The network has m neurons. Neuron r has a
//! first-layer weight `w_{0,r}` on the unit sphere and an output sign `a_r = ±1`, both of which stay as they
//! are, and a displacement `w_r`, which training changes. With an activation σ, the network is
//! `f(x; W) = m^{-1/2} Σ_r a_r σ((w_{0,r} + w_r)·x)`.
//!
//! Neurons come in pairs. The *twin* of neuron r < p, p = m/2, is neuron p + r: it has the same first-layer
//! weight, `w_{0,p+r} = w_{0,r}`, and the opposite sign, `a_r = +1` and `a_{p+r} = −1`. Hence f vanishes at
//! W = 0. The first and second Taylor terms of f in W are called `f_L` and `f_Q`.
//!
//! # What Σ is
//! `f_L(x; W)` is the inner product of W with the *features* `φ(x)`, whose part on neuron r is
//! `a_r m^{-1/2} σ'(w_{0,r}·x) x`. The *feature covariance* is `Σ = E_x φφᵀ`, a positive semidefinite matrix
//! of order md. Its quadratic form is the mean square of f_L, `vec(W)ᵀ Σ vec(W) = E_x f_L(x; W)²`. The large
//! eigenvalues of Σ belong to displacements for which f_L is close to a polynomial of low degree in x.
//!
//! # What "exactly" means
//! No expectation over x is sampled. Each function `x ↦ σ'(w·x) x` is expanded in spherical harmonics, the
//! polynomials on the sphere ordered by their degree; the expectations of their products are known in closed
//! form. The series of Σ over the degrees is cut where a proved bound on the rest falls below a tolerance
//! that the caller chooses (1e-9 of the largest eigenvalue by default). What remains is this bound and the
//! rounding of f64, and functions report both: a computed number carries a bound on its distance from the
//! exact one, as a [`ball::Ball`] or in its documentation under *Accuracy*.
//!
//! # An example
//! The program below computes Σ for random weights, checks its spectrum, and constructs the displacement
//! whose linear term f_L expresses the low-degree part of a target function.
//!
//! ```
//! use escapement::construct::{self, LowDegree, SparseTerm, Target, ZonalTerm};
//! use escapement::covariance::Covariance;
//! use escapement::eigen::TopSpace;
//! use escapement::network::PairedNetwork;
//! use escapement::sphere::{Truncation, cumulative_dimension, uniform_sphere};
//! use escapement::{activation, seed};
//! use faer::Par;
//!
//! let (d, p, k) = (4, 60, 1);
//! let sigma = activation::parse("sigmoid:1")?; // σ(z) = 1/(1 + exp(1 − z))
//! let net = PairedNetwork::random(&mut seed::stream(1, "example", "weights"), p, d, sigma.clone())?;
//!
//! // Σ, and its top n_k eigenvectors: as many as there are harmonics of degree at most k.
//! let cov = Covariance::new(net.weights(), sigma.as_ref(), Truncation::default())?;
//! let n_k = cumulative_dimension(d, k)?;
//! let (top, _) = TopSpace::of(&cov, n_k, Par::Seq)?;
//! assert_eq!(top.rank(), 5);
//! assert!(top.gap() > 100.0 * cov.truncation_bound());
//!
//! // The target f*(x) = 2 P_1(η·x̂) + (β·x)²/2, P_1(t) = t, and W_L for its first term.
//! let axis = |i: usize| (0..d).map(|c| if c == i { 1.0 } else { 0.0 }).collect::<Vec<f64>>();
//! let low = LowDegree::Zonal(vec![ZonalTerm { degree: 1, coefficient: 2.0, eta: axis(0) }]);
//! let target = Target::new(d, k, low, vec![SparseTerm { alpha: 0.5, beta: axis(1) }])?;
//! let w_l = construct::w_l(&cov, &top, &target, Par::Seq)?;
//!
//! // f_L at W_L follows the first term of the target: E (2 P_1)² = 1, and the error is a tenth of that.
//! let x = uniform_sphere(&mut seed::stream(1, "example", "inputs"), 500, d, (d as f64).sqrt());
//! let f = net.f_linear(x.as_ref(), w_l.as_ref(), Par::Seq)?;
//! let wanted = target.f_k(x.as_ref())?;
//! let error = f.iter().zip(&wanted).map(|(f, y)| (f - y).powi(2)).sum::<f64>() / 500.0;
//! assert!(error < 0.1);
//! # Ok::<(), escapement::Error>(())
//! ```
//!
//! # The modules
//! | module | content |
//! |---|---|
//! | [`activation`] | activations σ with three derivatives and their suprema |
//! | [`sphere`] | spherical harmonics, Gegenbauer polynomials, quadrature, random points |
//! | [`gaussian`] | Hermite expansions of targets of a few directions, and the gradient a neuron sees |
//! | [`network`] | the paired network; f, f_L and f_Q at many inputs |
//! | [`covariance`] | Σ: its kernel, the bound on its truncation, and products with it |
//! | [`eigen`] | eigenvalues and eigenvectors of Σ, with residuals and tests of completeness |
//! | [`objective`] | losses, the regularisers R1..R4, the regularised loss with gradient and Hessian |
//! | [`construct`] | target functions, the displacements that express them, exact means over random signs |
//! | [`randomised`] | laws over random signs and other multipliers; terms of f of any order, and suprema |
//! | [`kernel`] | arc-cosine and tangent kernels; ridge regression with its exact test error |
//! | [`margin`] | margins of two-layer ReLU networks, in certified intervals |
//! | [`flow`] | gradient flow of two-layer ReLU networks, kinks included, at losses of any size |
//! | [`training`] | fast steps of descent in f32 or f64; both layers trained; one large step, a ridge head |
//! | [`descent`] | gradient descent to stationary points that are certified |
//! | [`ball`] | numbers with error bounds, and their arithmetic |
//! | [`operator`] | symmetric matrices that are known by their products with vectors |
//! | [`rounding`], [`tolerance`] | bounds on rounding; the named tolerances of the project |
//! | [`seed`] | random streams that are the same on every machine |
//! | [`error`] | the errors |
//!
//! The last five rows are used everywhere. Each other module uses only these and modules above it in the
//! table; a test reads the imports and fails where one points down.
//!
//! # Conventions
//! - **One neuron per row.** First-layer weights W0 are `[p, d]`, the distinct neurons; a displacement W is
//!   `[m, d]`, where row r is that of neuron r and row p + r that of its twin. Inputs are `[n, d]`, one per
//!   row.
//! - **A matrix that acts on neurons and coordinates at once** has order pd and is *component-major*: the
//!   entry of neuron r and coordinate i has the index i·p + r. Σ itself, of order md, is never formed: it is
//!   `(1/m)[[A, −A], [−A, A]]` with a matrix A of order pd, see [`covariance`].
//! - **Units.** Inputs have norm √d, first-layer weights have norm 1, so that `w·x` is of order 1; harmonics
//!   and expectations are taken under the uniform *probability* measure. Angles are in radians, memory is in
//!   bytes, and cost is in floating-point operations.
//! - **Eigenvalues** are listed in descending order. An eigenvector has no canonical sign and a multiple
//!   eigenvalue no canonical basis: compare projectors or angles between subspaces.
//! - **Threads.** Functions with an argument [`faer::Par`] use as many threads as it says. Random streams do
//!   not depend on it.
//!
//! # The letters
//! | letter | meaning |
//! |---|---|
//! | d, m, p = m/2, n | input dimension, width, number of distinct neurons, number of samples |
//! | k, R | the low degree of a target; the number of its sparse terms, each of degree k + 1 |
//! | W0, a, W | first-layer weights at the start, output signs, displacement |
//! | x̂, z, t | `x/√d`; `w·x̂`; the cosine of two weights |
//! | P_j | Gegenbauer polynomial of degree j with P_j(1) = 1 |
//! | B(d,j), n_k | number of harmonics of degree j; of degree at most k, `Σ_{j≤k} B(d,j)` |
//! | λ_j(g) | Funk–Hecke coefficient of g: the mean of `g(w·x)` against a harmonic of degree j |
//! | A_j, C_j | radial and tangential coefficients of `x ↦ σ'(w·x) x` |
//! | τ_j, κ_j | trace of the degree-j part of Σ; `κ_j = τ_j/B(d,j)`, its eigenvalue at infinite width |
//! | F0..F3, E, G | the functions of t from which the d × d blocks of Σ are made |
//! | Ψ | the harmonic square root of Σ cut at degree J: `Σ_{≤J} = ΨΨᵀ` |
//! | Π_{≤r}, Π_{>r} | orthogonal projectors on the top r = n_k eigenvectors of Σ, and on the rest |
//! | W_Q, W_L, S, W* | constructed displacements, a diagonal matrix of random signs, `W* = W_L + S·W_Q` |
//! | R1..R4, L_λ | regularisers, and the regularised loss |
//!
//! In [`gaussian`] and [`training::one_step`], where inputs are standard normal, some letters mean other
//! things:
//!
//! | letter | meaning there |
//! |---|---|
//! | S*, Π*, r, p | the span of a target's directions, its projector and dimension; its degree |
//! | He_k, c_k | Hermite polynomial with leading coefficient 1; `E σ(Z) He_k(Z)` of an activation |
//! | C_k, H, q_k, κ | `E ∇^k f`; C_2; the polynomial `C_k(z^{⊗k})/k!`; `1/(√r min abs λ(H))` |
//! | g(w), g_n(w), M_n | `E[f(x) x σ'(w·x)]`; the same of a sample; the average of `g_n g_nᵀ` over unit w |
//! | α, β, η, ς | mean and slope of the labels; the learning rate of the step; the size of the noise |
//!
//! # Errors
//! A function that can fail returns [`Result`], and [`Error`] says in one sentence which value was not
//! allowed and what is. Inputs are checked for their shape and for NaN. Functions panic only where their
//! documentation has a section *Panics*, for an index out of range or lengths that differ.
//!
//! # Source
//! The theorems that these computations were first made for are those of Nichani, Bai and Lee, *Identifying
//! good directions to escape the NTK regime and efficiently learn low-degree plus sparse polynomials*
//! (NeurIPS 2022), cited as NBL22.

pub mod activation;
pub mod ball;
pub mod construct;
pub mod covariance;
pub mod descent;
pub mod eigen;
pub mod error;
pub mod flow;
pub mod gaussian;
pub mod kernel;
pub mod margin;
pub mod network;
pub mod objective;
pub mod operator;
mod pool;
mod product;
pub mod randomised;
mod real;
pub mod rounding;
pub mod seed;
pub mod sphere;
pub mod tolerance;
pub mod training;

pub use error::{Error, Result};

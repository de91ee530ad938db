//! Steps of gradient descent: value and gradient of the training objective, in f32 or f64, in buffers that
//! are allocated once.
//!
//! The objective of a displacement W (`[m, d]`) on inputs X (`[n, d]`) with labels y is
//! `(1/n) Σ_i ℓ(y_i, f(x_i; W)) + λ3 R3`, where f is one of the models ([`Model`]) and
//! `R3 = (1/n)‖(I − U1U1ᵀ) f_L(X; W)‖²` for an orthonormal basis U1 (`[n, r]`). If U1 holds the top r left
//! singular vectors of the feature matrix Φ, this is `E_n f_L(x; ΠW)²` with the projector Π on all but the
//! top r right singular vectors of Φ.
//!
//! # What a step costs
//! A step takes two products, Z = XWᵀ and the gradient, of `2nmd` flops each. The rest is elementwise, and
//! is done while a tile of neurons is in cache. Twins share σ'(w_{0,r}·x) and σ''(w_{0,r}·x), which are
//! computed once for a problem. Let z and z' be the entries of Z for a neuron and for its twin, and
//! `S = σ' + σ''z` and `S' = σ' + σ''z'` their slopes. Then the quadratic model takes three stages:
//!
//! - forward: `f_L += m^{-1/2} σ'(z − z')` and `f_L + f_Q += ½ m^{-1/2} (z(σ' + S) − z'(σ' + S'))`, and S
//!   overwrites Z;
//! - between: `g_i = ∂(mean loss)/∂f_i` and `h = (2λ3/n)(I − U1U1ᵀ) f_L`, of length n;
//! - backward: row r of the gradient is `a_r m^{-1/2} Σ_i (g_i S_ir + h_i σ'_ir) x_i`.
//!
//! [`Problem::descend`] takes a tile from its slopes through the gradient and the step to its next slopes
//! while it is in cache. With two cores of a Xeon (2 MiB of second-level cache each) at d = 100, n = 1000, m
//! = 10 000, a step of the quadratic model, R3 and the value after it included, takes 1.03 times as long as
//! the two products alone in f32 and 1.24 times in f64, and 0.96 and 1.06 times without R3
//! (`cargo bench --bench training_step`).
//!
//! A step reads 2np numbers (σ' and σ'') from main memory, and reads and writes nm numbers (S).
//! [`Problem::value_and_gradient`], which returns the gradient, moves S twice, and reads np more numbers
//! (σ') where λ3 > 0. The network itself evaluates σ and σ' at nm points a step, in T, with vector
//! instructions for the built-in activations. The bits of the result do not depend on the thread count.
//!
//! ```
//! use escapement::objective::Loss;
//! use escapement::training::{Model, Problem};
//! use escapement::{activation, network::PairedNetwork, seed, sphere};
//! use faer::{Mat, Par};
//! let rng = &mut seed::stream(1, "example", "weights");
//! let net = PairedNetwork::random(rng, 50, 4, activation::parse("sigmoid:1")?)?;
//! let x = sphere::uniform_sphere(rng, 30, 4, 2.0);
//! let y: Vec<f64> = (0..30).map(|i| x[(i, 0)]).collect();
//!
//! let problem = Problem::<f32>::new(&net, x.as_ref(), &y, Loss::Square, Model::Quadratic, Par::Seq)?;
//! let mut space = problem.workspace();
//! let mut w = Mat::zeros(100, 4);
//! let before = problem.value(w.as_ref(), &mut space, Par::Seq)?;
//! let after = problem.descend(w.as_mut(), 1.0, &mut space, Par::Seq)?;
//! assert!(after.objective < before.objective);
//! # Ok::<(), escapement::Error>(())
//! ```

mod beyond;
pub mod decay;
mod fresh;
pub mod one_step;
mod problem;
pub mod relu;
mod sample;
mod step;
mod top;
mod update;
mod workspace;

pub use crate::network::Model;
pub use crate::real::Real;
pub use fresh::Fresh;
pub use problem::{Problem, Value};
pub use sample::{SampleBasis, sample_basis};
pub use step::Term;
pub use top::TopProjector;
pub use update::descend;
pub use workspace::Workspace;

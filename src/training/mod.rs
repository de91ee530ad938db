//! A step of gradient descent: value and gradient of the training objective, in f32 or f64, without
//! allocation.
//!
//! The objective of a displacement W (`[m, d]`) on inputs X (`[n, d]`) with labels y is
//! `(1/n) Σ_i ℓ(y_i, f(x_i; W)) + λ3 R3`, where f is one of the models ([`Model`]) and
//! `R3 = (1/n)‖(I − U1U1ᵀ) f_L(X; W)‖²` for an orthonormal basis U1 (`[n, r]`): with the top r left singular
//! vectors of the feature matrix this is `E_n f_L(x; ΠW)²`, Π the projector on all but its top r right
//! singular vectors.
//!
//! # What a step costs
//! Two products that cannot be avoided, Z = XWᵀ and the gradient, `2nmd` flops each. Everything else is
//! elementwise, and is done while a tile of neurons is in cache. Twins share σ'(w_{0,r}·x) and
//! σ''(w_{0,r}·x), which are computed once for a problem. With z and z' for the twins, `S = σ' + σ''z` and
//! `S' = σ' + σ''z'`:
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
//! Through main memory go 2np numbers (σ' and σ'') and nm (S), once in each direction.
//! [`Problem::value_and_gradient`], which leaves the gradient to be looked at, moves S twice, and np more
//! (σ') where λ3 > 0. The network itself evaluates σ and σ' at 2nm points a step, which costs more than all
//! the rest: twins move apart, so that the pairing halves w_{0,r}·x alone. The bits of the result do not
//! depend on the thread count.
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
mod fresh;
mod kernels;
mod passes;
mod problem;
pub mod relu;
mod sample;
mod tiles;
mod top;
mod update;
mod workspace;

pub use crate::network::Model;
pub use crate::real::Real;
pub use fresh::Fresh;
pub use passes::Term;
pub use problem::{Problem, Value};
pub use sample::{SampleBasis, sample_basis};
pub use top::TopProjector;
pub use update::descend;
pub use workspace::Workspace;

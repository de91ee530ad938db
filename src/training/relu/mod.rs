//! A two-layer ReLU network with both layers trained, by steps of full-batch gradient descent on the square
//! loss, in f32 or f64.
//!
//! The network is `f(x) = Σ_r a_r max(w_r·x + b_r, 0) + c`, and the loss is `(1/n) Σ_i (f(x_i) − y_i)²`.
//! This is the network of the sample-size experiment of NBL22. The paper says neither how the network starts
//! nor whether it has biases. Biases are necessary: without b the odd part of f is the linear function
//! `½ Σ_r a_r w_r·x`, and no cubic can be learnt. The start is the default of the common libraries, uniform
//! of variance 1/(3·fan-in), see [`ReluNetwork::random`].
//!
//! # What a step costs
//! With `x̃ = (x, 1)` and `w̃_r = (w_r, b_r)`, a step takes two products, `Z = X̃W̃ᵀ` and
//! `u_r = Σ_i g_i 1[z_ir > 0] x̃_i`, of `2nm(d + 1)` flops each, where `g_i = (2/n)(f(x_i) − y_i)`. The
//! whole gradient follows from u: `∂/∂w̃_r = a_r u_r`, and, because the ReLU is homogeneous,
//! `∂/∂a_r = Σ_i g_i max(z_ir, 0) = w̃_r·u_r`. The elementwise work is done while a tile of inputs is in
//! cache. At d = 50, m = 100, n = 15 000 a step takes 1.2 times as long as the two products in f32 and 1.15
//! times in f64, on two cores of a Xeon (`cargo bench --bench training_step -- relu`). The bits of the
//! result do not depend on the thread count.
//!
//! Products and loops are those of the engine behind the other models, with kernels of its own. Its tiles go
//! over inputs and not over neurons, because such a network has few neurons and is trained on many inputs:
//! in tiles of sixteen neurons the two products alone would take 1.24 times as long at these sizes, since X̃
//! is arranged for each tile anew.
//!
//! ```
//! use escapement::training::relu::{ReluNetwork, ReluProblem};
//! use escapement::{seed, sphere};
//! use faer::Par;
//! let rng = &mut seed::stream(1, "example", "inputs");
//! let x = sphere::uniform_sphere(rng, 200, 5, 5f64.sqrt());
//! let y: Vec<f64> = (0..200).map(|i| x[(i, 0)] * x[(i, 1)]).collect();
//! let problem = ReluProblem::<f32>::new(x.as_ref(), &y)?;
//! let mut net = ReluNetwork::random(rng, 5, 40)?;
//! let mut space = problem.workspace(&net);
//!
//! let before = problem.loss(&net, &mut space, Par::Seq)?;
//! for _ in 0..100 {
//!     problem.descend(&mut net, 0.05, &mut space, Par::Seq)?;
//! }
//! assert!(problem.loss(&net, &mut space, Par::Seq)? < before);
//! # Ok::<(), escapement::Error>(())
//! ```

mod network;
mod problem;

pub use network::ReluNetwork;
pub use problem::{ReluProblem, ReluWorkspace};

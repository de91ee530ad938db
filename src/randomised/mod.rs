//! Laws of the network under random multipliers of its displacement, by finite sums, and f^{(k)}, the term
//! of any order k.
//!
//! With `z_r = w_{0,r}·x` and `u_r = w_r·x`, the term of order k of f in W is
//! `f^{(k)}(x; W) = (1/k!) m^{-1/2} Σ_r a_r σ^{(k)}(z_r) u_r^k`, so that f_L is f^{(1)} and f_Q is f^{(2)}
//! ([`term`], [`term_gradient`]). A *multiplier* is a random number for each neuron, independent of the
//! others, by which its row of W is multiplied. It is made to have moments that silence the terms below
//! order k, and f at the product then follows f^{(k)}.
//!
//! | multiplier | order | mean of f |
//! |---|---|---|
//! | signs S ([`OverSigns`]) | 2 | `f^{(2)} + f^{(4)} + …` |
//! | [`Design`]: real ξ, and η for the second layer | any | `f^{(k)} + Σ_{j>k} E[ηξ^j] f^{(j)}` |
//! | [`Roots`] of unity: complex ξ | any | `f^{(k)} + f^{(2k)} + …` |
//!
//! A [`Multiplier`] is any of them, by name. Each law is exact because a neuron enters f alone. For signs, a
//! neuron has the even part `E_r = ½[σ(z_r + u_r) + σ(z_r − u_r)]`, which keeps its value, and the odd part
//! `O_r = ½[σ(z_r + u_r) − σ(z_r − u_r)]`, which takes the sign:
//! `f(x; SW) = m^{-1/2} Σ_r a_r E_r + m^{-1/2} Σ_r s_r a_r O_r`. Nothing is sampled, and no matrix of m × n
//! numbers is kept.
//!
//! What expresses also fits: [`QuadraticForms`] has the largest correlation of f_Q with given signs on a
//! ball, in closed form, and [`searched_maximiser`] that of f^{(k)} as far as a search finds it.
//!
//! Derived for this project, after the randomisation of Bai and Lee, *Beyond linearization: on quadratic and
//! higher-order approximation of wide neural networks* (ICLR 2020).
//!
//! ```
//! use escapement::{activation, network::PairedNetwork, objective::Loss, randomised, seed, sphere};
//! use faer::{Mat, Par};
//! let rng = &mut seed::stream(1, "example", "weights");
//! let net = PairedNetwork::random(rng, 500, 4, activation::parse("sine:-1")?)?;
//! let x = sphere::uniform_sphere(rng, 3, 4, 2.0);
//! // Rows of the natural length m^{-1/4}, at which f_Q does not depend on m.
//! let w = sphere::uniform_sphere(rng, net.m(), 4, (net.m() as f64).powf(-0.25));
//! let law = randomised::over_signs(&net, x.as_ref(), w.as_ref(), Par::Seq)?;
//! let bias = law.bias_bound(1.0);
//! assert!((law.mean()[0] - law.quadratic()[0]).abs() <= bias[0] && bias[0] < 0.01);
//! // The mean of |f − f_Q| is near that of a normal number with the variance of f.
//! let gap = law.losses(Loss::Absolute, law.quadratic(), Par::Seq)?[0];
//! let normal = (2.0 / std::f64::consts::PI * law.variance()[0]).sqrt();
//! assert!((gap.value / normal - 1.0).abs() < 0.01 && gap.error < 1e-5 * gap.value);
//! # Ok::<(), escapement::Error>(())
//! ```

mod multiplier;
mod objective;
mod program;
mod signed_sum;
mod signs;
mod supremum;
mod tensor;
mod term;

pub use multiplier::{Design, Law, Multiplier, Roots, least_noise};
pub use objective::{RandomisedSquare, mean_curvature_of_norm, mean_curvature_of_quadratic};
pub use program::{least_noise_on, least_square_on};
pub use signed_sum::SignedSum;
pub use signs::{OverSigns, bias_by_norm, bias_by_norm_of_third, over_signs, spread_by_norm};
pub use supremum::{QuadraticForms, Suprema};
pub use tensor::{SignedTensor, searched_maximiser};
pub use term::{term, term_gradient};

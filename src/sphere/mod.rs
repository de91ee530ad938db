//! The sphere S^{d−1}: polynomials, quadrature, expansions over degrees, harmonics and random points.
//!
//! | module | content |
//! |---|---|
//! | [`gegenbauer`] | `B(d,j)`, `n_k`, and the polynomials P_j with their derivatives |
//! | [`quadrature`] | expectations over one coordinate `z` of a uniform point |
//! | [`zonal`] | `ĝ_j`, `λ_j(g)`, and the levels `A_j, C_j, τ_j, κ_j` of Σ with a bound on its tail |
//! | [`table`] | the coefficients of an activation, each with a bound on its rounding |
//! | [`harmonics`] | an orthonormal basis `Y_{jl}` with spherical gradients, projection, least squares |
//! | [`points`] | checks on points of the sphere |
//! | [`sampling`] | uniform points |
//!
//! # Conventions
//! - `d ≥ 3`. Inputs x have norm √d, `x̂ = x/√d`; weights w are unit vectors; `z = w·x̂ ∈ [−1, 1]`, so σ' is
//!   taken at `√d z`.
//! - `P_j(1) = 1`. Under the density of z, ∝ `(1−z²)^{(d−3)/2}`, `E[P_i P_j] = δ_ij/B(d,j)`. The polynomials
//!   `p̂_j = √B(d,j) P_j` are orthonormal. Coefficients of a function g are computed on their scale, where
//!   they are bounded by `√E[g²]` at any d and j.
//! - `Y_{jl}` is orthonormal under the uniform *probability* measure: `Y_{00} = 1`,
//!   `Σ_l Y_{jl}(u)Y_{jl}(v) = B(d,j) P_j(u·v)`.
//!
//! # Example
//! The Funk–Hecke theorem says that averaging `g(w·x)` against a harmonic of degree j multiplies the
//! harmonic by a number `λ_j(g)`.
//!
//! ```
//! use escapement::sphere::{Gegenbauer, ZonalQuadrature, lambda};
//!
//! let (d, g) = (100, |z: f64| z.tanh());
//! let lambda = lambda(d, &g, 3)?;
//! assert_eq!(lambda[2], 0.0); // tanh is odd
//!
//! // The same by hand: λ_3 = E[tanh(√d z) P_3(z)].
//! let p = Gegenbauer::new(d)?;
//! let by_hand = ZonalQuadrature::new(d, 200)?.expect(|z| g(10.0 * z) * p.value(3, z));
//! assert!((lambda[3] - by_hand).abs() < 1e-15);
//! # Ok::<(), escapement::Error>(())
//! ```

pub mod cap;
mod double;
pub mod gegenbauer;
pub mod harmonics;
pub mod points;
pub mod quadrature;
pub mod sampling;
pub mod table;
pub mod zonal;

pub use cap::cap_probability;
pub use gegenbauer::sqrt_dimension;
pub use gegenbauer::{Gegenbauer, cumulative_dimension, dimension, log_dimension, require_dimension};
pub use harmonics::{Fit, HarmonicBasis};
pub use points::{unit_columns, unit_rows};
pub use quadrature::ZonalQuadrature;
pub use sampling::uniform_sphere;
pub use table::{ZonalCoefficients, ZonalRow, ZonalTable};
pub use zonal::{FeatureLevels, Level, Truncation, by_kappa, lambda, orthonormal_coefficients};

//! Assumption 3 of NBL22: the zonal coefficients that the constructions divide by do not vanish.
//!
//! > `λ_j(σ')² B(d,j)` for j ≤ k, and `λ_j(σ'')² B(d,j)` for j ≤ k − 1 with j ≡ k − 1 (mod 2), stay away from 0 as d grows.
//!
//! In the orthonormal scale the quantity is `ĝ_j²` with `ĝ_j = E[g(√d z) p̂_j(z)]`, and as d → ∞ it tends to its Hermite limit
//! `μ_j²/j!`, `μ_j = E[g(Z) He_j(Z)]`, with a difference of order 1/d. "Away from 0" is made decidable in two steps: the limit is at
//! least a thousandth of `E[g(Z)²] = Σ_j μ_j²/j!`, and at every d from 3 on the coefficient is at least a tenth of the limit. The limit
//! comes from the trapezoidal rule on the line, which shares nothing with the zonal quadrature.

use super::common;
use crate::bound::{Asymptotic, Bound, Neighbour, Parameter, Side};
use crate::cell::Cell;
use crate::claim::{Claim, Prediction, Tier};
use crate::error::Result;
use crate::record::Measurement;
use escapement::activation::{self, Activation};
use escapement::{sphere, tolerance};

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct Assumption3;

/// The part on σ'.
const FIRST: &str = "first";
/// The part on σ''.
const SECOND: &str = "second";
/// Largest k for which the assumption is checked.
const K: usize = 3;
/// The coefficient is at least this part of its limit.
const OF_LIMIT: f64 = 0.1;
/// The limit is at least this part of `E[g(Z)²]`.
const OF_NORM: f64 = 1e-3;

impl Claim for Assumption3 {
    fn id(&self) -> &str {
        "assumption-3"
    }
    fn title(&self) -> &str {
        "Zonal coefficients away from zero"
    }
    fn statement(&self) -> &str {
        "λ_j(σ')² B(d,j) for j ≤ k, and λ_j(σ'')² B(d,j) for j ≤ k − 1 with j ≡ k − 1 (mod 2), are Θ(1) in d."
    }
    fn reference(&self) -> &str {
        "NBL22, Assumption 3"
    }
    fn hypotheses(&self) -> &str {
        "None: it is an assumption on σ. Checked for the sigmoid shifted by 1 and tanh shifted by ½, up to k = 3; a cell carries the least k that asks for it."
    }
    fn method(&self) -> &str {
        "Exact zonal coefficients at d = 3 to 2000: local exponents in d, distance from the Hermite limit μ_j²/j!, and explicit floors."
    }
    fn refuted_by(&self) -> &str {
        "A coefficient below a tenth of its Hermite limit at some d, a limit below a thousandth of E[g(Z)²], or a local exponent in d that does not settle at 0."
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let mut cells = Vec::new();
        for &d in common::dimensions(tier) {
            for activation in ["sigmoid:1", "tanh:0.5"] {
                for j in 0..=K {
                    let cell = Cell { d, degree: j, activation: activation.into(), ..Cell::new(self.id(), "") };
                    cells.push(Cell { part: FIRST.into(), k: j.max(1), ..cell.clone() });
                    if j < K {
                        cells.push(Cell { part: SECOND.into(), k: j + 1, ..cell });
                    }
                }
            }
        }
        cells
    }

    fn predict(&self, _: &Cell) -> Prediction {
        Prediction { seconds: 1e-3, bytes: 1e5 }
    }

    fn measure(&self, cell: &Cell, _seed: u64) -> Result<Measurement> {
        let (d, j) = (cell.d, cell.degree);
        let second = cell.part == SECOND;
        let sigma = activation::parse(&cell.activation)?;
        let supremum = sigma.suprema()[if second { 2 } else { 1 }].value;
        let (value, error) = coefficient_squared(d, j, sigma.as_ref(), second, supremum)?;
        let g = |z: f64| derivative(sigma.as_ref(), second, z);
        let (mu, mu_error) = common::hermite_coefficient(g, j, supremum);
        let (limit, limit_error) = (mu * mu, common::square_error(mu, mu_error));
        let (norm, norm_error) = common::hermite_coefficient(|z| g(z) * g(z), 0, supremum * supremum);
        let mut out = Measurement::new()
            .quantity("value", value, error)
            .quantity("limit", limit, limit_error)
            .quantity("distance", (value - limit).abs(), error + limit_error)
            .quantity("floor", OF_LIMIT * limit, OF_LIMIT * limit_error)
            .quantity("floor.limit", OF_NORM * norm, OF_NORM * norm_error)
            .cost(3e4, 1e5, 0.0);
        // The unshifted sigmoid: σ' is even and σ'' odd, so every other coefficient is zero.
        if second == (j % 2 == 0) {
            let plain = activation::parse("sigmoid")?;
            let (value, error) = coefficient_squared(d, j, plain.as_ref(), second, supremum.max(1.0))?;
            let (mu, mu_error) = common::hermite_coefficient(|z| derivative(plain.as_ref(), second, z), j, 1.0);
            out.insert("value.unshifted", value, error);
            out.insert("limit.unshifted", mu * mu, common::square_error(mu, mu_error));
        }
        Ok(out)
    }

    fn bounds(&self) -> Vec<Bound> {
        let unshifted = "the sigmoid without a shift, whose coefficient vanishes by parity";
        let mut bounds = Vec::new();
        for (part, symbol) in [(FIRST, "σ'"), (SECOND, "σ''")] {
            let value = format!("λ_j({symbol})² B(d,j)");
            bounds.push(
                Bound::asymptotic(
                    format!("{part}-order"),
                    format!("{value} ≍ 1 in d"),
                    "value",
                    Asymptotic::both(Parameter::D, |_| 0.0),
                )
                .part(part),
            );
            bounds.push(
                Bound::inequality(
                    format!("{part}-floor"),
                    format!("{value} ≥ {OF_LIMIT} μ_j²/j! at every d ≥ 3"),
                    "value",
                    Side::Lower,
                    "floor",
                    Neighbour::lhs("value.unshifted", unshifted),
                )
                .part(part),
            );
            bounds.push(
                Bound::inequality(
                    format!("{part}-limit"),
                    format!("μ_j²/j! ≥ {OF_NORM} E[{symbol}(Z)²]"),
                    "limit",
                    Side::Lower,
                    "floor.limit",
                    Neighbour::lhs("limit.unshifted", unshifted),
                )
                .part(part),
            );
            bounds.push(
                Bound::asymptotic(
                    format!("{part}-convergence"),
                    format!("|{value} − μ_j²/j!| ≲ 1/d"),
                    "distance",
                    Asymptotic::upper(Parameter::D, |_| -1.0),
                )
                .part(part),
            );
        }
        bounds
    }
}

/// σ' or σ''.
fn derivative(sigma: &dyn Activation, second: bool, z: f64) -> f64 {
    if second { sigma.d2(z) } else { sigma.d1(z) }
}

/// `λ_j² B(d,j) = ĝ_j²` and its error: a coefficient is known to `(8 + j)·2⁻⁵²·√E[g²]`, and `√E[g²] ≤ sup |g|`.
fn coefficient_squared(d: usize, j: usize, sigma: &dyn Activation, second: bool, supremum: f64) -> Result<(f64, f64)> {
    let c = sphere::orthonormal_coefficients(d, &|z| derivative(sigma, second, z), j)?[j];
    let roundings = tolerance::ZONAL_ROUNDINGS + tolerance::ZONAL_ROUNDINGS_PER_DEGREE * j as f64;
    let error = roundings * f64::EPSILON * supremum;
    Ok((c * c, common::square_error(c, error)))
}

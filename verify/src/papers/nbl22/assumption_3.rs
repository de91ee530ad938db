//! Assumption 3 of NBL22: the zonal coefficients that the constructions divide by do not vanish.
//!
//! > `λ_j(σ')² B(d,j)` for j ≤ k, and `λ_j(σ'')² B(d,j)` for j ≤ k − 1 with j ≡ k − 1 (mod 2), stay away
//! > from
//! > 0 as d grows.
//!
//! In the orthonormal scale the quantity is `ĝ_j²` with `ĝ_j = E[g(√d z) p̂_j(z)]`, and as d → ∞ it tends to
//! its Hermite limit `μ_j²/j!`, `μ_j = E[g(Z) He_j(Z)]`, with a difference of order 1/d. "Away from 0" asks
//! for some positive constant, and none is chosen here: at every d from 3 on the value less its error is
//! positive, so is the limit less its error, and the values go to the limit like 1/d. The constants are
//! those that come out. The limit is by the trapezoidal rule on the line, which shares nothing with the
//! zonal quadrature.
//!
//! The part "named" has the answer of each activation that the program knows. An activation that does not
//! satisfy an assumption does not refute it: the answer that parity gives is asserted as it is, a failure
//! as a failure. σ' is even for the sigmoid, tanh, erf and the sine, so that λ_1(σ') = 0, and they fail at
//! every k ≥ 1. For softplus σ' − ½ is odd, so that λ_2(σ') = 0: it fails from k = 2 on. relu has no σ'' of
//! which the assumption could speak. A shift by ½ leaves none of the smooth ones a coefficient that vanishes
//! up to k = 3.

use super::hypotheses;
use super::instance::{self, ACTIVATIONS};
use crate::claim::{Bound, Card, Cell, Claim, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep};
use crate::error::Result;
use crate::papers::nbl22::letters::{D, K, Letters};
use escapement::activation::{self, Activation};
use escapement::ball::Ball;
use escapement::gaussian::hermite::hermite_coefficient;
use escapement::{sphere, tolerance};
use escapement_prove::Form;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct Assumption3;

/// The part on σ'.
const FIRST: &str = "first";
/// The part on σ''.
const SECOND: &str = "second";
/// The part that asks each activation of [`activation::NAMES`].
const NAMED: &str = "named";
/// Dimensions at which it does.
const AT: [usize; 3] = [3, 30, 300];
/// Half the distance over which the slope of relu's σ' is taken.
const STEP: f64 = 1.0 / 1_048_576.0;
/// Largest k for which the assumption is checked.
const LARGEST: usize = 3;

const CARD: Card = Card {
    statement: r"\lambda_j(\sigma')^2\, B(d,j) = \Theta(1) \quad (j \le k), \qquad \lambda_j(\sigma'')^2\,
        B(d,j) = \Theta(1) \quad (j \le k-1,\ j \equiv k-1 \ (2))",
    reference: "NBL22, Assumption 3",
    hypotheses: "None: it is an assumption on σ. Checked for the sigmoid shifted by 1 and tanh shifted by \
        ½, up to k = 3; a cell carries the least k that asks for it. For every named activation the answer \
        is shown, and refutes nothing.",
    method: "Exact zonal coefficients at d = 3 to 2000: local exponents in d, distance from the Hermite \
        limit μ_j²/j!, and certified lower limits on both: the value less its error. Of a named \
        activation, at d = 3, 30 and 300, the coefficient that parity kills is 0 within its error, and all \
        those of the activation shifted by ½ are positive, as is their limit.",
    refuted_by: "A coefficient at some d, or a Hermite limit, that is not certified to be positive; a local \
        exponent in d that does not settle at 0; a distance from the limit that falls slower than \
        1/d.",
    variables: &["d"],
    ..Card::new(&crate::papers::nbl22::PAPER, "assumption-3", "Zonal coefficients away from zero")
};

impl Claim for Assumption3 {
    fn card(&self) -> Card {
        CARD
    }

    fn certificates(&self) -> &'static [Form] {
        &[Form::EveryDimension, Form::Zonal]
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let mut cells = Vec::new();
        for &d in sweep::dimensions(tier) {
            for activation in ACTIVATIONS {
                for j in 0..=LARGEST {
                    let cell = Cell::new(self.id(), "").with(D, d).with_degree(j).activation(activation);
                    cells.push(cell.clone().part(FIRST).with(K, j.max(1)));
                    if j < LARGEST {
                        cells.push(cell.part(SECOND).with(K, j + 1));
                    }
                }
            }
        }
        for name in activation::NAMES {
            for k in 1..=LARGEST {
                cells.extend(AT.map(|d| Cell::new(self.id(), NAMED).with(D, d).with(K, k).activation(name)));
            }
        }
        cells
    }

    fn predict(&self, _: &Cell) -> Prediction {
        Prediction { flops: 2.2e5, bytes: 1e5 }
    }

    fn measure(&self, cell: &Cell, _seed: u64) -> Result<Measurement> {
        if cell.part == NAMED {
            return named(cell);
        }
        let (d, j) = (cell.d(), cell.degree());
        let second = cell.part == SECOND;
        let sigma = instance::activation(cell)?;
        let supremum = sigma.suprema()[if second { 2 } else { 1 }].value;
        let value = coefficient(d, j, sigma.as_ref(), second, supremum)?.powi(2);
        let g = |z: f64| derivative(sigma.as_ref(), second, z);
        let limit = hermite_coefficient(g, j, supremum).powi(2);
        let mut out = Measurement::new()
            .ball("value", value)
            .ball("limit", limit)
            .ball("distance", (value - limit).abs())
            .quantity("value.certified", value.lower(), 0.0)
            .quantity("limit.certified", limit.lower(), 0.0)
            .quantity("zero", 0.0, 0.0)
            .cost(3e4, 1e5, 0.0);
        // The unshifted sigmoid: σ' is even and σ'' odd, so every other coefficient is zero.
        if second == (j % 2 == 0) {
            let plain = activation::parse("sigmoid")?;
            let supremum = plain.suprema()[if second { 2 } else { 1 }].value;
            let value = coefficient(d, j, plain.as_ref(), second, supremum)?.powi(2);
            let limit = hermite_coefficient(|z| derivative(plain.as_ref(), second, z), j, supremum).powi(2);
            out.insert("value.unshifted", value.lower(), 0.0);
            out.insert("limit.unshifted", limit.lower(), 0.0);
        }
        Ok(hypotheses::dimension(out, cell))
    }

    fn bounds(&self) -> Vec<Bound> {
        let unshifted = "the sigmoid without a shift, whose coefficient vanishes by parity";
        let mut bounds: Vec<Bound> = activation::NAMES.into_iter().flat_map(answer).collect();
        for (part, symbol) in [(FIRST, "σ'"), (SECOND, "σ''")] {
            let value = format!("λ_j({symbol})² B(d,j)");
            bounds.push(
                Bound::asymptotic(
                    format!("{part}-order"),
                    format!("{value} ≍ 1 in d"),
                    "value",
                    Sweep::both(D, |_| 0.0),
                )
                .headline()
                .part(part),
            );
            bounds.push(
                Bound::inequality(
                    format!("{part}-floor"),
                    format!(
                        "{value} > 0 at every d ≥ 3, its error taken off; the implied constant is the least"
                    ),
                    "value.certified",
                    Side::Lower,
                    "zero",
                    Neighbour::lhs("value.unshifted", unshifted),
                )
                .strict()
                .part(part),
            );
            bounds.push(
                Bound::inequality(
                    format!("{part}-limit"),
                    format!(
                        "μ_j²/j! > 0 for {symbol}, its error taken off; the implied constant is the least"
                    ),
                    "limit.certified",
                    Side::Lower,
                    "zero",
                    Neighbour::lhs("limit.unshifted", unshifted),
                )
                .strict()
                .part(part),
            );
            bounds.push(
                Bound::asymptotic(
                    format!("{part}-convergence"),
                    format!("|{value} − μ_j²/j!| ≲ 1/d"),
                    "distance",
                    Sweep::upper(D, |_| -1.0),
                )
                .code_check()
                .part(part),
            );
        }
        bounds
    }
}

/// The degree of the coefficient of σ' that parity kills, where the assumption asks for it: 1 where σ' is
/// even, 2 where it is odd but for a constant.
fn killed(name: &str, k: usize) -> Option<usize> {
    match name {
        "sigmoid" | "tanh" | "erf" | "sine" => Some(1),
        "softplus" if k >= 2 => Some(2),
        _ => None,
    }
}

/// The least modulus, its error taken off, of the coefficients that the assumption asks for at k, and of
/// their limits.
fn least(d: usize, k: usize, sigma: &dyn Activation) -> Result<f64> {
    let mut least = f64::INFINITY;
    let first = (0..=k).map(|j| (false, j));
    let second = (0..k).filter(|j| (k - 1 - j).is_multiple_of(2)).map(|j| (true, j));
    for (second, j) in first.chain(second) {
        let supremum = sigma.suprema()[if second { 2 } else { 1 }].value;
        let limit = hermite_coefficient(|z| derivative(sigma, second, z), j, supremum);
        let found = coefficient(d, j, sigma, second, supremum)?;
        least = least.min(found.abs().lower()).min(limit.abs().lower());
    }
    Ok(least)
}

/// What decides the answer of a named activation.
fn named(cell: &Cell) -> Result<Measurement> {
    let (d, k, name) = (cell.d(), cell.k(), cell.activation.as_str());
    let plain = activation::parse(name)?;
    let mut out = Measurement::new().quantity("zero", 0.0, 0.0);
    if name == "relu" {
        let slope = |sigma: &dyn Activation| (sigma.d1(STEP) - sigma.d1(-STEP)).abs() / (2.0 * STEP);
        out.insert("slope", slope(plain.as_ref()), 0.0);
        out.insert("slope.softplus", slope(activation::parse("softplus")?.as_ref()), f64::EPSILON / STEP);
        out.insert("steep", 0.25 / STEP, 0.0);
    } else {
        let shifted = activation::parse(&format!("{name}:0.5"))?;
        out.insert("least", least(d, k, plain.as_ref())?, 0.0);
        out.insert("least.shifted", least(d, k, shifted.as_ref())?, 0.0);
        out.insert("least.sigmoid", least(d, k, activation::parse("sigmoid")?.as_ref())?, 0.0);
        if let Some(j) = killed(name, k) {
            let at = |sigma: &dyn Activation| coefficient(d, j, sigma, false, sigma.suprema()[1].value);
            out = out.ball("killed", at(plain.as_ref())?).ball("killed.shifted", at(shifted.as_ref())?);
        }
    }
    let out = out.hypothesis("a named activation", true, "the assumption is asked of it, not made");
    Ok(hypotheses::dimension(out, cell).cost(2e5, 1e5, 0.0))
}

/// The bounds that state the answer of a named activation, and that of its shift.
fn answer(name: &'static str) -> Vec<Bound> {
    let mut bounds = Vec::new();
    if name == "relu" {
        let statement =
            "relu fails at every k: it has no σ''. The slope of σ' through 0 exceeds 1/4h, h = 2⁻²⁰";
        let neighbour = Neighbour::lhs("slope.softplus", "softplus in its place, whose σ'' is at most ¼");
        let bound = Bound::inequality("named-relu", statement, "slope", Side::Lower, "steep", neighbour);
        bounds.push(bound.strict().among(|cell| cell.activation == "relu"));
    } else {
        let (parity, degree, from) = if name == "softplus" {
            ("σ' − ½ is odd", 2, "from k = 2 on")
        } else {
            ("σ' is even", 1, "at every k ≥ 1")
        };
        bounds.push(
            Bound::identity(
                format!("named-{name}"),
                format!("{name} without a shift fails {from}: {parity}, and λ_{degree}(σ') = 0"),
                "killed",
                "zero",
                Neighbour::lhs("killed.shifted", "the same, shifted by ½"),
            )
            .among(move |cell| cell.activation == name && killed(name, cell.k()).is_some()),
        );
        bounds.push(
            Bound::inequality(
                format!("shifted-{name}"),
                format!("{name} shifted by ½ satisfies it up to k = 3: at each d, and in the limit"),
                "least.shifted",
                Side::Lower,
                "zero",
                Neighbour::lhs("least", "the same without a shift"),
            )
            .strict()
            .among(move |cell| cell.activation == name),
        );
    }
    if name == "softplus" {
        bounds.push(
            Bound::inequality(
                "named-softplus-1",
                "softplus without a shift satisfies it at k = 1: at each d, and in the limit",
                "least",
                Side::Lower,
                "zero",
                Neighbour::lhs("least.sigmoid", "the sigmoid in its place"),
            )
            .strict()
            .among(move |cell| cell.activation == name && killed(name, cell.k()).is_none()),
        );
    }
    bounds.into_iter().map(|bound| bound.part(NAMED).code_check()).collect()
}

/// σ' or σ''.
fn derivative(sigma: &dyn Activation, second: bool, z: f64) -> f64 {
    if second { sigma.d2(z) } else { sigma.d1(z) }
}

/// `ĝ_j`, of which the square is `λ_j² B(d,j)`: known to `(8 + j)·2⁻⁵²·√E[g²]`, and `√E[g²] ≤ sup |g|`.
fn coefficient(d: usize, j: usize, sigma: &dyn Activation, second: bool, supremum: f64) -> Result<Ball> {
    let c = sphere::orthonormal_coefficients(d, &|z| derivative(sigma, second, z), j)?[j];
    let roundings = tolerance::ZONAL_ROUNDINGS + tolerance::ZONAL_ROUNDINGS_PER_DEGREE * j as f64;
    Ok(Ball::new(c, roundings * f64::EPSILON * supremum))
}

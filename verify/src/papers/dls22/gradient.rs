//! DLS22, Section 5.1, Lemmas 4, 13 and 20: the population gradient is a finite sum over Hermite
//! coefficients, and its leading term is Hw.
//!
//! > `g(w) = Uᵀ Σ_k c_k ∇q_k(z) + w Σ_k c_{k+2} q_k(z)`, `‖g(w) − c_2 Hw‖ = Õ(√r/d)`, and the part of the
//! > remainder in S* is `O(r/d^{3/2})`.
//!
//! The second route to g is an integral in the span of w and S*: f and a direction are written out in w·x
//! and r other normal coordinates, these are averaged out by their moments, and E[(w·x)^k σ'(w·x)] is
//! integrated by a composite Gauss rule.

use super::instance;
use super::letters::{D, DEGREE, LATENT};
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use escapement::activation::{self, Activation, Derivative};
use escapement::ball::Ball;
use escapement::gaussian::{HermiteSeries, Polynomial, PopulationGradient, hermite};
use escapement::rounding;
use escapement::sphere::{ZonalQuadrature, uniform_sphere};
use std::sync::Arc;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct Gradient;

/// The integral over w·x ends at ±14, in panels of half a unit with 20 nodes. Beyond, less than
/// `14^k e^{−98}` is left, 1e-34 for k ≤ 8. Singularities of σ' are at least 1.5 away, so that the rule errs
/// by less than 12^{−40} in each panel.
const REACH: f64 = 14.0;
const PANEL: f64 = 0.5;
const NODES: usize = 20;
/// The dimension at which the exact averages are followed in r.
const WIDE: usize = 1 << 20;

const CARD: Card = Card {
    statement: r"g(w) = U^{\top} \sum_{k \le p} c_k \nabla q_k(Uw) + w \sum_{k \le p} c_{k+2}\, q_k(Uw),
        \qquad \left\| g(w) - c_2 H w \right\| \lesssim \frac{\sqrt{r}}{d}, \qquad
        \left\| \Pi^* (g(w) - c_2 H w) \right\| \lesssim \frac{r}{d^{3/2}}",
    reference: "DLS22, equation (1), Lemmas 4, 13 and 20",
    hypotheses: "A polynomial of degree p on r directions with E f*² = 1; H = E∇²f* of rank r.",
    method: "The sum is compared with an integral in the span of w and S*, along a direction that is drawn, \
        for r ≤ 3, p ≤ 6 and six activations. The root mean square of the remainder over all w is an exact \
        rational function of d, which is followed to d = 2000, and in r at d = 2^20.",
    refuted_by: "A difference of the two routes beyond rounding; a remainder that falls slower than d^{−1}, \
        inside S* slower than d^{−3/2}, or that grows in r faster than √r and r.",
    variables: &["d", "r"],
    errata: &[ErratumId(2)],
    ..Card::new(&super::PAPER, "dls-gradient", "The population gradient and its leading term")
};

/// Target, r and p of the identity.
const TARGETS: [(&str, usize, usize); 7] = [
    ("he2", 1, 2),
    ("mix3", 1, 3),
    ("mix4", 1, 4),
    ("he6", 1, 6),
    ("saddle", 2, 2),
    ("deficient", 2, 4),
    ("woven", 3, 6),
];
const ACTIVATIONS: [&str; 6] = ["relu", "relu:0.5", "relu:-1", "tanh:0.5", "sigmoid:1", "softplus"];

impl Claim for Gradient {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let mut cells = Vec::new();
        let replicates = if tier == Tier::Quick { 1 } else { 4 };
        for (target, r, p) in TARGETS {
            for activation in ACTIVATIONS {
                for d in [4, 10] {
                    let cell = Cell::new(self.id(), format!("sum.{target}"));
                    let cell = cell.with(D, d).with(LATENT, r).with(DEGREE, p).activation(activation);
                    cells.extend((0..replicates).map(|i| cell.clone().replicate(i)));
                }
            }
        }
        for (target, r) in [("he2", 1), ("mix3", 1), ("mix4", 1), ("iso", 2), ("saddle", 2), ("iso-he4", 3)]
        {
            let cell =
                |d: &usize| Cell::new(self.id(), format!("dimension.{target}")).with(D, *d).with(LATENT, r);
            cells.extend(sweep::dimensions(tier).iter().map(cell));
        }
        let cell = |r: usize| Cell::new(self.id(), "directions.iso").with(D, WIDE).with(LATENT, r);
        cells.extend([2, 4, 8, 16, 28, 36, 48, 64].map(cell));
        let cell = |d: &usize| Cell::new(self.id(), "flat.he4").with(D, *d).with(LATENT, 1);
        cells.extend(sweep::dimensions(tier).iter().map(cell));
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let r = cell.whole(LATENT) as f64;
        let flops = match instance::measurement(cell) {
            "sum" => 1e6 + 2e5 * r.powi(4),
            _ => 2e5 + 60.0 * r.powi(4),
        };
        Prediction { flops, bytes: 1e5 + 200.0 * r.powi(3) }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match instance::measurement(cell) {
            "sum" => sum(cell, seed),
            _ => averages(cell),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        let part = |name: &'static str| move |cell: &Cell| instance::measurement(cell) == name;
        vec![
            Bound::identity(
                "finite-sum",
                "⟨g(w), e⟩ of the finite sum is the integral in span(w, S*), for a unit direction e",
                "sum",
                "integral",
                Neighbour::lhs("sum_cut", "the term with the factor w cut at k < p, as printed in (1)"),
            )
            .neighbour(Neighbour::lhs("sum_of_slope", "c_k of σ' in place of σ, as printed in (1)"))
            .headline()
            .among(part("sum")),
            Bound::asymptotic(
                "remainder-in-d",
                "(E‖g − c_2 Hw‖²)^{1/2} ≍ d^{−1}: not d^{−3/2}",
                "remainder",
                Sweep::both(D, |_| -1.0),
            )
            .headline()
            .among(part("dimension")),
            Bound::asymptotic(
                "remainder-inside-in-d",
                "(E‖Π*(g − c_2 Hw)‖²)^{1/2} ≍ d^{−3/2}",
                "remainder_inside",
                Sweep::both(D, |_| -1.5),
            )
            .among(part("dimension")),
            Bound::asymptotic(
                "remainder-in-r",
                "(E‖g − c_2 Hw‖²)^{1/2} ≍ √r where H is a multiple of the identity on S*",
                "remainder",
                Sweep::both(LATENT, |_| 0.5),
            )
            .headline()
            .among(part("directions")),
            Bound::asymptotic(
                "remainder-inside-in-r",
                "(E‖Π*(g − c_2 Hw)‖²)^{1/2} ≍ r where H is a multiple of the identity on S*",
                "remainder_inside",
                Sweep::both(LATENT, |_| 1.0),
            )
            .among(part("directions")),
            Bound::inequality(
                "remainder-constant",
                "d²E‖g − c_2 Hw‖² ≤ ((tr H)² + 2‖H‖_F²)/8π for a target of degree 2",
                "remainder_square",
                Side::Upper,
                "limit",
                Neighbour::rhs("limit_without_trace", "without (tr H)²"),
            )
            .code_check()
            .among(|cell| {
                ["he2", "iso"].contains(&instance::target_name(cell)) && cell.activation.is_empty()
            }),
            Bound::asymptotic(
                "no-leading-term",
                "where H = 0 (He_4) the gradient in S* itself falls like d^{−3/2}",
                "inside",
                Sweep::both(D, |_| -1.5),
            )
            .code_check()
            .among(part("flat")),
        ]
    }
}

/// Root mean squares over w.
fn averages(cell: &Cell) -> Result<Measurement> {
    let f = instance::target(cell)?;
    let relu = activation::parse("relu")?;
    let e = PopulationGradient::new(&f, relu.as_ref())?.energies(cell.d())?;
    let (squares, trace) = instance::curvature(&f);
    let (d, quarter) = (cell.d() as f64, instance::over_tau() * 0.25);
    let out = Measurement::new()
        .ball("remainder", e.remainder.sqrt())
        .ball("remainder_inside", e.remainder_inside.sqrt())
        .ball("remainder_square", e.remainder * d * d)
        .ball("limit", (trace + squares * 2.0) * quarter)
        .ball("limit_without_trace", squares * 2.0 * quarter)
        .ball("inside", e.inside.sqrt())
        .hypothesis("d ≥ r", cell.d() >= f.latent(), format!("{} against {}", cell.d(), f.latent()));
    instance::assumptions(out, &f)
}

/// The sum and the integral at a drawn w, along a drawn direction.
fn sum(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (f, d) = (instance::target(cell)?, cell.d());
    let (r, p) = (f.latent(), f.degree());
    let sigma: Arc<dyn Activation> = activation::parse(&cell.activation)?;
    let w = uniform_sphere(&mut cell.stream(seed, "weight"), 1, d, 1.0);
    let e = uniform_sphere(&mut cell.stream(seed, "direction"), 1, r + 1, 1.0);
    let z: Vec<Ball> = (0..r).map(|i| Ball::exact(w[(0, i)])).collect();
    let across = (1.0 - z.iter().map(|&z| z * z).sum::<Ball>()).sqrt();
    let e: Vec<f64> = e.row(0).iter().copied().collect();
    let c = hermite::coefficients(sigma.as_ref(), p + 3)?;
    // In the coordinates of S* and one along what w has outside.
    let along = |g: &PopulationGradient| {
        let (v, s) = g.at(&z);
        let inside: Ball = (0..r).map(|i| (v[i] + z[i] * s) * e[i]).sum();
        inside + across * s * e[r]
    };
    let exact = along(&PopulationGradient::from_coefficients(&f, &c));
    let slope = along(&PopulationGradient::from_coefficients(&f, &c[1..]));
    // w·e times c_{p+2} q_p, which the printed sum lacks.
    let w_e: Ball = (0..r).map(|i| z[i] * e[i]).sum::<Ball>() + across * e[r];
    let cut = exact - w_e * c[p + 2] * f.q(p).at(&z);
    let integral = integral(&f, sigma.as_ref(), &z, across, &e)?;
    let out = Measurement::new()
        .ball("sum", exact)
        .ball("sum_cut", cut)
        .ball("sum_of_slope", slope)
        .ball("integral", integral)
        .hypothesis("E f*² = 1", f.require_normalised().is_ok(), format!("{}", f.second_moment().value));
    Ok(out.cost(1e6, 1e5, 0.0))
}

/// `E[f(x) ⟨x, e⟩ σ'(w·x)]` in the coordinates of S* and of the rest of w, where w = (z, across).
fn integral(f: &HermiteSeries, sigma: &dyn Activation, z: &[Ball], across: Ball, e: &[f64]) -> Result<Ball> {
    let r = z.len();
    let w: Vec<Ball> = z.iter().copied().chain([across]).collect();
    // The reflection that takes the last coordinate to w: columns are an orthonormal basis, w the last one.
    let mut h = w.clone();
    h[r] = h[r] - 1.0;
    let square: Ball = h.iter().map(|&h| h * h).sum();
    let entry = |i: usize, j: usize| {
        let one = f64::from(u8::from(i == j));
        if j == r { w[i] } else { one - h[i] * h[j] * 2.0 / square }
    };
    let coordinate = |i: usize| Polynomial::linear(&(0..=r).map(|j| entry(i, j)).collect::<Vec<_>>());
    let x: Vec<Polynomial> = (0..=r).map(coordinate).collect();
    let along = x.iter().zip(e).fold(Polynomial::zero(r + 1), |sum, (x, &e)| sum.plus(&x.scaled(e)));
    let product = f.monomials().of(&x[..r]).times(&along);
    // The mean over all coordinates but w·x, by the moments (e − 1)!! of even order.
    let mut powers = vec![Ball::exact(0.0); product.degree() + 1];
    for (exponents, c) in product.terms().filter(|(e, _)| e[..r].iter().all(|e| e % 2 == 0)) {
        let odd = |&e: &u8| (1..e).step_by(2).map(f64::from).product::<f64>();
        let moment: f64 = exponents[..r].iter().map(odd).product();
        let at = usize::from(exponents[r]);
        powers[at] = powers[at] + c * moment;
    }
    let moments = moments(sigma, powers.len())?;
    Ok(powers.into_iter().zip(moments).map(|(c, moment)| c * moment).sum())
}

/// `E[u^k σ'(u)]` for k below `count`.
fn moments(sigma: &dyn Activation, count: usize) -> Result<Vec<Ball>> {
    let rule = ZonalQuadrature::shared(3, NODES)?;
    let mut ends: Vec<f64> =
        (0..=(2.0 * REACH / PANEL) as usize).map(|i| i as f64 * PANEL - REACH).collect();
    if let Some(lines) = sigma.piecewise_linear() {
        ends.extend(lines.kinks.iter().map(|kink| kink.at));
    }
    ends.sort_by(f64::total_cmp);
    ends.dedup();
    let (mut sums, mut moduli) = (vec![0.0; count], vec![0.0; count]);
    let mut terms = 0;
    for panel in ends.windows(2) {
        let (middle, half) = (0.5 * (panel[0] + panel[1]), 0.5 * (panel[1] - panel[0]));
        for (&t, &weight) in rule.nodes().iter().zip(rule.weights()) {
            let u = middle + half * t;
            let density = (-0.5 * u * u).exp() / std::f64::consts::TAU.sqrt();
            // The weights are those of a mean.
            let value = 2.0 * half * weight * density * sigma.at(Derivative::First, u);
            for k in 0..count {
                let term = value * u.powi(k as i32);
                sums[k] += term;
                moduli[k] += term.abs();
            }
            terms += 1;
        }
    }
    // Of each term: 8 roundings of σ', 8 of the weight, u² of the density by the rounding of u and as many
    // by that of u²/2, k of the power, and 8 of the products.
    let each = |k: usize| 24 + k + 2 * (REACH * REACH) as usize;
    Ok((0..count).map(|k| Ball::new(sums[k], rounding::sum(terms, each(k)) * moduli[k])).collect())
}

//! BESWW23, one gradient step: how much of the spike a neuron sees, and what a head can do with it.
//!
//! Derived for this project, for a unit weight w with the cosine t = d^{−1/2} to the spike and n = d inputs:
//!
//! > `E[f(z)σ'(w·x)x] = √(1+θ)A μ + B(w + θtμ)`, with finite sums A and B. Hence the signal-to-noise ratio
//! > `g_μ²/E‖ĝ_⊥‖²` of a sample is `≍ d^{kβ−(k−1)}`, which grows if and only if β > 1 − 1/k. The best polynomial
//! > of û·x has the risk `Σ_j α_j²(1 − ρ̂^{2j})`, where `ρ̂²/(1 − ρ̂²)` is 1 + θ times that ratio, and so grows
//! > from β > (k−1)/(k+1) on. The noise of ĝ, without any labels, gives `≍ d^{2β−1}`.

use super::instance::{Step, correlation, label, labels, risk_of_head, spike, target};
use super::letters::{BETA, D, DEGREE, EXPONENT, N};
use crate::claim::distribution::student_interval;
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::{Error, Result};
use escapement::activation::{self, Activation};
use escapement::ball::Ball;
use escapement::gaussian::{Spike, SpikedGradient, hermite};
use escapement::{rounding, tolerance};
use rand_distr::{ChiSquared, Distribution};
use std::f64::consts::TAU;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct OneStepAlignment;

/// Draws behind a mean square, and behind a mean risk.
const DRAWS: usize = 400;
const HEADS: usize = 40;
/// Activations with no vanishing Hermite coefficient, tanh(z − ½) and the sigmoid of z − 1.
const ACTIVATIONS: [&str; 2] = ["tanh:0.5", "sigmoid:1"];

const CARD: Card = Card {
    statement: r"g_\mu^2 / \mathbb{E} \|\hat g - \hat g_\mu \mu\|^2 \asymp d^{k\beta - (k-1)}, \qquad
        \hat\rho^2 / (1 - \hat\rho^2) \asymp d^{(k+1)\beta - (k-1)}",
    reference: "BESWW23, the condition β > 1 − 1/k of the abstract; formulas and constants derived for this project",
    hypotheses: "x ~ N(0, I + θμμᵀ) with θ = d^β, labels f(z) of the information exponent k, n = d, a unit weight \
        with the cosine d^{−1/2} to μ, and an activation all of whose Hermite coefficients differ from 0.",
    method: "Closed forms by one-dimensional integrals, d from 2¹⁰ to 2³⁰; a double integral of the same moments; 400 \
        samples of n = d inputs against the mean squares; 40 samples at each of eight d, where the \
        components outside the plane of μ and w, which are normal given the others, have a square that is \
        drawn as a multiple of χ².",
    refuted_by: "Another exponent; a formula that differs from its integral or from the mean over samples.",
    variables: &["d", "beta", "k", "p"],
    errata: &[ErratumId(1), ErratumId(3)],
    ..Card::new(&super::PAPER, "one-step-alignment", "One gradient step finds the spike")
};

impl Claim for OneStepAlignment {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let quick = tier == Tier::Quick;
        let cell = |part: &str, d: usize, beta: f64, k: usize| {
            Cell::new(self.id(), part).with(D, d).with(BETA, beta).with(EXPONENT, k).with(DEGREE, 3)
        };
        let mut cells = Vec::new();
        for (activation, d) in ACTIVATIONS.into_iter().zip([10, 100]) {
            for (k, beta) in (1..=3).flat_map(|k| [0.3, 0.4, 0.6, 0.75].map(|beta| (k, beta))) {
                let exact = (10..=30).step_by(2).map(|e| cell("exact", 1 << e, beta, k));
                cells.extend(exact.map(|cell| cell.activation(activation)));
                cells.push(cell("formula", d, beta, k).activation(activation));
            }
        }
        let replicates = if quick { 1 } else { 6 };
        for r in 0..replicates {
            for (k, d) in (1..=3).flat_map(|k| [16, 48].map(|d| (k, d))) {
                cells.push(cell("draws", d, 0.6, k).with(N, d).activation(ACTIVATIONS[0]).replicate(r));
            }
        }
        for r in 0..2 * replicates.max(2) {
            cells.extend(
                sweep::doublings(200, 8)
                    .map(|d| cell("head", d, 0.4, 1).with(N, d).activation(ACTIVATIONS[0]).replicate(r)),
            );
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (d, n) = (cell.d() as f64, cell.n() as f64);
        let flops = match cell.part.as_str() {
            "exact" => 1e6,
            "formula" => 4e6,
            "draws" => 20.0 * DRAWS as f64 * n * d,
            _ => 200.0 * HEADS as f64 * n,
        };
        Prediction { flops, bytes: 1e6 + 8.0 * n * d.min(100.0) }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        let sigma = activation::parse(&cell.activation)?;
        let (alpha, spike) = (target(cell.whole(EXPONENT), cell.whole(DEGREE)), spike(cell)?);
        let g = SpikedGradient::new(&alpha, sigma.as_ref(), spike, cosine(cell))?;
        let seen = (0..3).all(|j| !g_coefficient(sigma.as_ref(), j).contains(0.0));
        let out = Measurement::new().hypothesis("μ_j ≠ 0", seen, "the first Hermite coefficients of σ'");
        match cell.part.as_str() {
            "exact" => exact(out, cell, spike, &g, sigma.as_ref()),
            "formula" => Ok(formula(out, cosine(cell), spike, &alpha, &g, sigma.as_ref())),
            _ => samples(out, cell, seed, spike, &alpha, &g, sigma.as_ref()),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        vec![
            Bound::asymptotic(
                "snr",
                "g_μ²/E‖ĝ_⊥‖² is ≍ d^{kβ−(k−1)}: it grows if and only if β > 1 − 1/k",
                "snr",
                Sweep::both(D, |c| exponent(c, 0.0)),
            )
            .headline()
            .part("exact"),
            Bound::asymptotic(
                "usable",
                "ρ̂²/(1 − ρ̂²) of the mean gradient with its noise across is ≍ d^{(k+1)β−(k−1)}",
                "usable",
                Sweep::both(D, |c| exponent(c, 1.0)),
            )
            .headline()
            .part("exact"),
            Bound::asymptotic(
                "noise",
                "labels that are independent of the inputs give ρ̂²/(1 − ρ̂²) ≍ d^{2β−1}",
                "noise",
                Sweep::both(D, |c| 2.0 * c.real(BETA) - 1.0),
            )
            .part("exact")
            .among(|c| c.whole(EXPONENT) == 1),
            Bound::identity(
                "along",
                "g_μ is √(1+θ)A + (1+θ)tB",
                "along",
                "along_integral",
                Neighbour::lhs("linear", "B = 0"),
            )
            .code_check()
            .part("formula"),
            Bound::identity(
                "moments",
                "E F²(μ·x)² + E F²(e_⊥·x)² + E F² are the sums of one-dimensional integrals",
                "moments",
                "moments_integral",
                Neighbour::lhs("moments_isotropic", "(e_⊥·x)² taken as independent of F"),
            )
            .code_check()
            .part("formula"),
            Bound::identity(
                "polynomial",
                "the best polynomial of û·x has the risk Σ_j α_j²(1 − ρ̂^{2j})",
                "risk",
                "risk_integral",
                Neighbour::lhs("risk_linear", "ρ̂^j in place of ρ̂^{2j}"),
            )
            .code_check()
            .part("formula"),
            Bound::inequality(
                "mean-along",
                "E ĝ_μ² is g_μ² + (E F²(μ·x)² − g_μ²)/n: 400 samples within a Student interval of confidence 1 − 10⁻⁶",
                "miss_along",
                Side::Upper,
                "allowed_along",
                Neighbour::lhs("miss_along_mean", "the square of the mean alone"),
            )
            .code_check()
            .part("draws"),
            Bound::inequality(
                "mean-across",
                "E ‖ĝ_⊥‖² is g_⊥² + ((d−2)E F² + E F²(e_⊥·x)² − g_⊥²)/n, likewise",
                "miss_across",
                Side::Upper,
                "allowed_across",
                Neighbour::lhs("miss_across_mean", "the square of the mean alone"),
            )
            .code_check()
            .part("draws"),
            Bound::growth(
                "head",
                "k = 1: the mean over samples of 1 − ρ̂² is E‖ĝ_⊥‖²/((1+θ)E ĝ_μ²) with one constant along d",
                "aside",
                "aside_predicted",
                Sweep::uniform(D, Side::Both).tied(&[N]),
            )
            .headline()
            .part("head"),
            Bound::inequality(
                "labels",
                "k = 1 and β < ½: the labels align the step, ρ̂² ≥ ½ on average over samples",
                "aligned",
                Side::Lower,
                "half",
                Neighbour::lhs("aligned_shuffled", "labels that are independent of the inputs"),
            )
            .part("head"),
        ]
    }
}

/// The exponent of the signal-to-noise ratio times (1+θ)^`more`.
fn exponent(cell: &Cell, more: f64) -> f64 {
    let k = cell.whole(EXPONENT) as f64;
    (k + more) * cell.real(BETA) - (k - 1.0)
}

/// `E σ'(z) h_j(z)`.
fn g_coefficient(sigma: &dyn Activation, j: usize) -> Ball {
    hermite::hermite_coefficient(|z| sigma.d1(z), j, sigma.suprema()[1].value)
}

/// t = d^{−1/2}.
fn cosine(cell: &Cell) -> f64 {
    (cell.d() as f64).powf(-0.5)
}

/// Ratios of mean squares, at n = d.
fn exact(
    out: Measurement,
    cell: &Cell,
    spike: Spike,
    g: &SpikedGradient,
    sigma: &dyn Activation,
) -> Result<Measurement> {
    let (n, scale) = (cell.d(), spike.variance());
    let snr = g.along.powi(2) / g.of_sample(n)?.across;
    let constant = SpikedGradient::new(&[1.0], sigma, spike, cosine(cell))?.noise(n)?;
    Ok(out
        .ball("snr", snr)
        .ball("usable", scale * snr)
        .ball("noise", scale * constant.along / constant.across))
}

/// The same numbers by a double integral over z and e, by the trapezoidal rule with the step ⅛.
fn formula(
    out: Measurement,
    t: f64,
    spike: Spike,
    alpha: &[f64],
    g: &SpikedGradient,
    sigma: &dyn Activation,
) -> Measurement {
    let (root, across) = (spike.variance().sqrt().value, (1.0 - t * t).sqrt());
    let square = correlation(t * t, 1.0 - t * t, spike);
    let mut sums = vec![0.0; 2 + alpha.len()];
    let (mut moduli, steps) = (0.0, 96);
    for i in -steps..=steps {
        let z = 0.125 * f64::from(i);
        let label = label(alpha, z);
        for j in -steps..=steps {
            let e = 0.125 * f64::from(j);
            let weight = (-0.5 * (z * z + e * e)).exp() / (64.0 * TAU);
            let big = label * sigma.d1(t * root * z + across * e);
            let squares = big * big * (1.0 + e * e + root * root * z * z);
            sums[0] += weight * big * root * z;
            sums[1] += weight * squares;
            // û·x/‖û·x‖ for û = w.
            let seen = square.sqrt() * z + (1.0 - square).sqrt() * e;
            for (j, sum) in sums[2..].iter_mut().enumerate() {
                *sum += weight * label * hermite::normalised_hermite(seen, j);
            }
            moduli += weight * (squares + label.abs() * (1.0 + seen.abs().powi(3)));
        }
    }
    let slip = rounding::sum(193 * 193, 32) * moduli;
    let total: f64 = alpha.iter().map(|a| a * a).sum();
    let risk = total - sums[2..].iter().map(|s| s * s).sum::<f64>();
    let closed = risk_of_head(alpha, square);
    let linear = risk_of_head(alpha, square.sqrt());
    out.ball("along", g.along)
        .ball("linear", g.linear)
        .quantity("along_integral", sums[0], slip)
        .ball("moments", g.square_along + g.square_across + g.square)
        .ball("moments_isotropic", g.square_along + g.square + g.square)
        .quantity("moments_integral", sums[1], slip)
        .quantity("risk", closed, 16.0 * f64::EPSILON * total)
        .quantity("risk_linear", linear, 16.0 * f64::EPSILON * total)
        .quantity("risk_integral", risk, 4.0 * slip)
}

/// Gradients of samples of n inputs.
fn samples(
    out: Measurement,
    cell: &Cell,
    seed: u64,
    spike: Spike,
    alpha: &[f64],
    g: &SpikedGradient,
    sigma: &dyn Activation,
) -> Result<Measurement> {
    let (d, n, t, rng) = (cell.d(), cell.n(), cosine(cell), &mut cell.stream(seed, "inputs"));
    let columns = if cell.part == "head" { 2 } else { d };
    let seen = Spike::new(columns, spike.theta())?;
    let others = ChiSquared::new((d - 2).max(1) as f64).map_err(|e| Error::Input(e.to_string()))?;
    // With the labels, and with those of another sample.
    let mut step = |shuffled: bool| {
        let x = seen.inputs(rng, n);
        let labelled = if shuffled { seen.inputs(rng, n) } else { x.clone() };
        let mut step = Step::new(x.as_ref(), &labels(labelled.as_ref(), alpha, spike), sigma, t);
        if columns < d {
            step.across += step.variance * others.sample(rng);
        }
        step
    };
    let rounded = rounding::sum(n * d, 32);
    if cell.part == "head" {
        let mut of =
            |shuffled| -> Vec<f64> { (0..HEADS).map(|_| 1.0 - step(shuffled).correlation(spike)).collect() };
        let [own, shuffled] = [false, true].map(&mut of);
        let [(mean, half), (other, width)] =
            [&own, &shuffled].map(|v| student_interval(v, tolerance::FAILURE));
        let means = g.of_sample(n)?;
        let predicted = means.across / (means.along * spike.variance());
        return Ok(out
            .quantity("aside", mean, rounded)
            .ball("aside_predicted", predicted)
            .quantity("aligned", 1.0 - mean - half, rounded)
            .quantity("aligned_shuffled", 1.0 - other + width, rounded)
            .quantity("half", 0.5, 0.0));
    }
    let drawn: Vec<Step> = (0..DRAWS).map(|_| step(false)).collect();
    let means = g.of_sample(n)?;
    let along: Vec<f64> = drawn.iter().map(|step| step.along).collect();
    let across: Vec<f64> = drawn.iter().map(|step| step.across).collect();
    let sides = [(means.along, g.along, along, "along"), (means.across, g.across, across, "across")];
    Ok(sides.into_iter().fold(out, |out, (exact, mean, squares, name)| {
        let (found, interval) = student_interval(&squares, tolerance::FAILURE);
        out.ball(format!("miss_{name}"), (exact - found).abs())
            .ball(format!("miss_{name}_mean"), (mean.powi(2) - found).abs())
            .quantity(format!("allowed_{name}"), interval, rounded * found)
    }))
}

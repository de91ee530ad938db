//! YJZLW24, the kernel of a large bias: its closed form, and how near a network of finite width is to it.
//!
//! Derived for this project:
//!
//! > `H_ij = (x_i·x_j + 1) P(θ_ij)`, `P = (1/2π) ∫_0^{π−θ} exp(−B²/(2 sin²(s/2))) ds`. With m independent
//! > neurons `E ‖H_m − H‖_F² = Σ_ij (1 + x_i·x_j)² P_ij (1 − P_ij)/m`.

use super::instance;
use super::letters::{BIAS, D, M, N};
use crate::claim::distribution::student_interval;
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use escapement::ball::Ball;
use escapement::{rounding, tolerance};
use std::f64::consts::{PI, TAU};

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct BiasKernel;

/// Networks in a cell.
const NETWORKS: usize = 300;

const CARD: Card = Card {
    statement: r"H(x, x') = (x \cdot x' + 1)\, P(\theta), \qquad
        \mathbb{E} \|H_m - H\|_F^2 = \frac{1}{m} \sum_{ij} (1 + x_i \cdot x_j)^2 P_{ij} (1 - P_{ij})",
    reference: "YJZLW24, the bias-generalized NTK of the abstract; formulas derived for this project",
    hypotheses: "Unit inputs, standard normal weights, m independent neurons with the bias B.",
    method: "P against the series Σ_j c_j² ρ^j of Hermite coefficients, summed until its terms are below \
        rounding, at cosines up to 0.9 and B up to 4. 300 networks at each width: the mean square of the \
        Frobenius norm within a Student interval of confidence 1 − 10⁻⁶, and its growth in m from 64 on.",
    refuted_by: "A kernel and a series that differ; another variance; another exponent than −½.",
    variables: &["m", "B", "n", "d"],
    errata: &[ErratumId(1)],
    ..Card::new(&super::PAPER, "bias-kernel", "The tangent kernel of neurons with a large bias")
};

impl Claim for BiasKernel {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let mut cells = Vec::new();
        for bias in [0.0, 0.5, 1.0, 2.0, 3.0, 4.0] {
            // The angle of each pair of inputs is another cosine.
            cells.push(Cell::new(self.id(), "series").with(D, 4).with(N, 6).with(BIAS, bias));
        }
        let (count, replicates) = if tier == Tier::Quick { (5, 3) } else { (8, 6) };
        for bias in [0.0, 1.0, 2.0] {
            for m in sweep::doublings(64, count) {
                let cell = Cell::new(self.id(), "width").with(D, 5).with(N, 8).with(M, m).with(BIAS, bias);
                cells.extend((0..replicates).map(|r| cell.clone().replicate(r)));
            }
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (m, n, d) = (cell.m() as f64, cell.n() as f64, cell.d() as f64);
        let flops = NETWORKS as f64 * m * n * (2.0 * n + 2.0 * d + 40.0);
        Prediction { flops: 1e6 + flops, bytes: 1e6 + 16.0 * m * (n + d) }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        if cell.part == "series" { series(cell, seed) } else { width(cell, seed) }
    }

    fn bounds(&self) -> Vec<Bound> {
        vec![
            Bound::identity(
                "series",
                "the integral is the series Σ_j c_j² ρ^j",
                "kernel",
                "series",
                Neighbour::lhs("flat", "exp(−B²/2) in place of exp(−B²/(1 + sin t))"),
            )
            .neighbour(Neighbour::lhs("arc_cosine", "the arc-cosine kernel, B = 0"))
            .code_check()
            .part("series")
            .among(|cell| cell.real(BIAS) > 0.0),
            Bound::identity(
                "unbiased",
                "B = 0: P is (π − θ)/2π",
                "kernel",
                "arc_cosine",
                Neighbour::rhs("angle", "θ/2π"),
            )
            .code_check()
            .part("series")
            .among(|cell| cell.real(BIAS) == 0.0),
            Bound::inequality(
                "variance",
                "E ‖H_m − H‖_F² is the exact variance: the mean over 300 networks lies within a Student \
                 interval of confidence 1 − 10⁻⁶",
                "miss",
                Side::Upper,
                "allowed",
                Neighbour::lhs("miss_pairs", "2/m in place of 1/m, the variance of paired neurons"),
            )
            .code_check()
            .part("width"),
            Bound::growth(
                "error",
                "the root mean square of ‖H_m − H‖_F falls like (Σ_ij (1 + x_i·x_j)² P_ij (1 − P_ij)/m)^{1/2}",
                "error",
                "predicted",
                Sweep::both(M, |_| -0.5),
            )
            .headline()
            .part("width"),
        ]
    }
}

/// The sum of P over pairs of inputs, by both routes and by false ones.
fn series(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (x, neurons) = (instance::inputs(cell, seed), instance::neurons(cell)?);
    let [mut kernel, mut sum, mut flat, mut arc] = [Ball::exact(0.0); 4];
    let mut used = 0;
    for (i, j) in (0..x.nrows()).flat_map(|j| (0..j).map(move |i| (i, j))) {
        let rho = x.row(i) * x.row(j).transpose();
        if rho.abs() > 0.9 {
            continue;
        }
        used += 1;
        let theta = rho.acos();
        // The arc cosine has the slope 1/√(1 − ρ²) ≤ 2.3, and P that of at most 1/2π.
        let angle = |value: Ball| value + Ball::new(0.0, rounding::sum(cell.d(), 8));
        kernel = kernel + angle(neurons.both(theta)?);
        flat = flat + (PI - theta) / TAU * (-0.5 * neurons.bias().powi(2)).exp();
        arc = arc + angle(Ball::relative((PI - theta) / TAU, rounding::sum(1, 4)));
        let (mut power, mut total) = (1.0, Ball::exact(0.0));
        for coefficient in neurons.coefficients() {
            total = total + coefficient.powi(2) * power;
            power *= rho;
            // The coefficients beyond have squares that add up to Φ̄(B) at most.
            if power.abs() < f64::EPSILON * f64::EPSILON {
                break;
            }
        }
        sum = sum + total + Ball::new(0.0, power.abs());
    }
    let angles = arc - 0.5 * f64::from(used);
    Ok(Measurement::new()
        .ball("kernel", kernel)
        .ball("series", sum)
        .ball("flat", flat)
        .ball("arc_cosine", arc)
        .ball("angle", angles.abs())
        .hypothesis("pairs of inputs", used > 0, "with a cosine of at most 0.9"))
}

/// Squares of `‖H_m − H‖_F` over networks.
fn width(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (x, neurons) = (instance::inputs(cell, seed), instance::neurons(cell)?);
    let (n, m) = (cell.n(), cell.m());
    let (h, error) = neurons.kernel(x.as_ref())?;
    let variance = instance::variance(&neurons, x.as_ref())? / m as f64;
    let rng = &mut cell.stream(seed, "weights");
    let squares: Vec<f64> = (0..NETWORKS)
        .map(|_| {
            let w = instance::weights(rng, m, cell.d());
            let found = instance::kernel_at_width(w.as_ref(), x.as_ref(), neurons.bias());
            (found - &h).squared_norm_l2()
        })
        .collect();
    let (mean, interval) = student_interval(&squares, tolerance::FAILURE);
    // An input at the rim of a neuron may fall on either side by rounding; the kernel errs by its own.
    let each = 2.0 * error + rounding::sum(m + n * n, 16);
    Ok(Measurement::new()
        .quantity("error", mean.sqrt(), each)
        .quantity("predicted", variance.sqrt(), each)
        .quantity("miss", (mean - variance).abs(), each)
        .quantity("miss_pairs", (mean - 2.0 * variance).abs(), each)
        .quantity("allowed", interval, each)
        .hypothesis("unit inputs", true, "drawn on the sphere")
        .cost(NETWORKS as f64 * m as f64 * (n * n) as f64, 0.0, 0.0))
}

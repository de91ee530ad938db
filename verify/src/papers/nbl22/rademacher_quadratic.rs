//! NBL22: the Rademacher complexity of f_Q on displacements of small (2,4)-norm.
//!
//! > `Rad{f_Q: ‖W‖_{2,4}^4 ≤ B} ≤ ½√B · E max_r ‖M_r‖_op ≲ √(B d log(dm)/n)`, `M_r = n^{-1} Σ_i ε_i
//! > σ''(w_{0,r}·x_i) x_i x_iᵀ`.
//!
//! The supremum is in closed form: `n^{-1} Σ_i ε_i f_Q(x_i; W) = ½ m^{-1/2} Σ_r a_r w_rᵀ M_r w_r`, and over
//! the (2,4)-ball this is at most `½√(B/m) (Σ_r λ_max(a_r M_r)_+²)^{1/2}`, reached where w_r is along the
//! top eigenvector, `‖w_r‖² ∝ λ_max(a_r M_r)_+`. The second step is the matrix Khintchine inequality (Tropp,
//! An introduction to matrix concentration inequalities, theorem 4.1.1) for the block diagonal matrix of
//! both signs, of order md: `E max_r ‖M_r‖ ≤ √(2 v log(md))`,
//! `v = n^{-2} max_r ‖Σ_i σ''(w_{0,r}·x_i)² ‖x_i‖² x_i x_iᵀ‖`, given the sample.

use super::instance::{self, ACTIVATIONS};
use crate::claim::{
    Bound, Card, Cell, Claim, Hypothesis, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use crate::papers::nbl22::letters::{D, M, N};
use escapement::ball::Ball;
use escapement::construct::signs;
use escapement::randomised::{QuadraticForms, Suprema};

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct RademacherQuadratic;

/// Sign patterns and samples of which a cell takes the mean.
const DRAWS: usize = 16;
/// The radius: ‖W‖_{2,4}^4 ≤ B. Everything goes with √B.
const B: f64 = 1.0;

const CARD: Card = Card {
    statement: r"\operatorname{Rad} \left\{ f_Q : \|W\|_{2,4}^4 \le B \right\} \le \frac{\sqrt{B}}{2}\,
        \mathbb{E} \max_r \|M_r\|_{\mathrm{op}} \lesssim \sqrt{\frac{B\, d \log(dm)}{n}}, \qquad M_r =
        \frac{1}{n} \sum_i \epsilon_i\, \sigma''(w_{0,r} \cdot x_i)\, x_i x_i^{\top}",
    reference: "NBL22, proof of Theorem 4",
    hypotheses: "σ'' bounded; n ≥ d log(dm) for the second inequality. Cells with fewer inputs are marked \
        as outside.",
    method: "The supremum is in closed form, from the extreme eigenvalues of M_r for every neuron, and is \
        reached at a displacement that is evaluated. Its mean over all signs of few inputs is held to \
        ½√B times that of max_r ‖M_r‖, which is held to √(2 v log(md)); means over drawn signs and \
        samples are followed in n, in m and in d with n = d², against √(d log(dm)/n).",
    refuted_by: "A displacement of norm B that does better than the closed form; a mean over all signs \
        above a bound; a complexity that falls slower than n^{-1/2}, or grows with m by a power.",
    uses: &["assumption-2"],
    variables: &["n", "m", "d"],
    ..Card::new(&crate::papers::nbl22::PAPER, "rademacher-quadratic", "The complexity of the quadratic term")
};

impl Claim for RademacherQuadratic {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let mut cells = Vec::new();
        for activation in ACTIVATIONS {
            let cell = |part: &str, d, m, n, replicate| {
                Cell::new(self.id(), part)
                    .with(D, d)
                    .with(M, m)
                    .with(N, n)
                    .activation(activation)
                    .replicate(replicate)
            };
            for (d, m) in [(3, 16), (3, 64), (5, 32), (8, 32)] {
                cells.extend([2, 5, 8].map(|n| cell("signs", d, m, n, 0)));
            }
            let (sizes, count, replicates): (&[(usize, usize)], usize, usize) = match tier {
                Tier::Quick => (&[(3, 64), (6, 64)], 5, 2),
                Tier::Standard => (&[(3, 64), (6, 64), (10, 128), (20, 128)], 6, 3),
                Tier::Paper => (&[(3, 64), (10, 256), (30, 256)], 8, 5),
            };
            for &(d, m) in sizes {
                // From d log(dm) on, to a power of 2.
                let first = ((d as f64 * ((d * m) as f64).ln()).ceil() as usize).next_power_of_two();
                let ns = sweep::doublings(first, count);
                cells.extend(ns.flat_map(|n| (0..replicates).map(move |r| cell("samples", d, m, n, r))));
                let ms = sweep::doublings(16, count);
                cells.extend(ms.flat_map(|m| (0..replicates).map(move |r| cell("widths", d, m, 32 * d, r))));
            }
            let dimensions: &[usize] =
                if tier == Tier::Quick { &[6, 8, 11, 16, 24] } else { &[6, 8, 11, 16, 23, 32, 45] };
            cells.extend(
                dimensions
                    .iter()
                    .flat_map(|&d| (0..replicates).map(move |r| cell("dimensions", d, 4 * d, 2 * d * d, r))),
            );
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (d, p, n) = (cell.d() as f64, cell.m() as f64 / 2.0, cell.n() as f64);
        let patterns = if cell.part == "signs" { 0.5 * n.exp2() } else { DRAWS as f64 };
        Prediction { flops: 2e5 + patterns * extremes(d, p, n), bytes: 1e6 + 32.0 * n * (p + d) }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        if cell.part == "signs" { enumerated(cell, seed) } else { drawn(cell, seed) }
    }

    fn bounds(&self) -> Vec<Bound> {
        vec![
            Bound::identity(
                "supremum",
                "sup n^{-1} Σ_i ε_i f_Q(x_i; W) over ‖W‖_{2,4}^4 ≤ B is ½√(B/m)(Σ_r λ_max(a_r \
                 M_r)_+²)^{1/2}, reached",
                "reached",
                "closed_form",
                Neighbour::lhs("reached_even", "equal ‖w_r‖ in place of ‖w_r‖² ∝ λ_max(a_r M_r)_+"),
            )
            .code_check()
            .neighbour(Neighbour::rhs("closed_form_modulus", "‖M_r‖ in place of λ_max(a_r M_r)_+"))
            .part("signs"),
            Bound::inequality(
                "largest-norm",
                "E_ε sup ≤ ½√B · E_ε max_r ‖M_r‖, by enumeration of the signs",
                "complexity",
                Side::Upper,
                "largest_norm",
                Neighbour::rhs("largest_norm_quarter", "¼ in place of ½"),
            )
            .part("signs"),
            Bound::inequality(
                "khintchine",
                "E_ε max_r ‖M_r‖ ≤ √(2 v log(md)) given the sample, by enumeration of the signs",
                "norm",
                Side::Upper,
                "khintchine",
                Neighbour::rhs(
                    "khintchine_mean",
                    "n^{-1} tr/d in place of the largest eigenvalue in v, and \
                    no logarithm",
                ),
            )
            .code_check()
            .part("signs"),
            Bound::growth(
                "in-n",
                "the complexity is ≲ √(B d log(dm)/n): a fall with n^{-1/2}",
                "complexity",
                "scale",
                Sweep::both(N, |_| -0.5),
            )
            .headline()
            .part("samples"),
            Bound::growth(
                "in-m",
                "the complexity is ≲ √(B d log(dm)/n): free of m up to the logarithm",
                "complexity",
                "scale",
                Sweep::upper(M, |_| 0.0),
            )
            .part("widths"),
            Bound::growth(
                "in-d",
                "with n = 2d² and m = 4d, the complexity is ≲ √(B d log(dm)/n) with one constant: dimension \
                 enters by √d",
                "complexity",
                "scale",
                Sweep::uniform(D, Side::Upper).tied(&[N, M]),
            )
            .part("dimensions"),
            Bound::growth(
                "norm-in-n",
                "max_r ‖M_r‖ is ≲ √(d log(dm)/n): a fall with n^{-1/2}",
                "norm",
                "norm_scale",
                Sweep::both(N, |_| -0.5),
            )
            .part("samples"),
        ]
    }
}

/// The flops of [`QuadraticForms::suprema`]: n terms of M_r, of which narrow products take the most whatever
/// d is, and the decomposition, for each neuron.
pub(super) fn extremes(d: f64, p: f64, n: f64) -> f64 {
    p * (n * (320.0 + 5.7 * d) + 3.3 * d.powi(3))
}

/// A network and a sample of a cell.
fn sample(cell: &Cell, seed: u64, index: usize) -> Result<QuadraticForms> {
    let net = instance::network(cell, seed, "weights 0")?;
    let x = instance::inputs(cell, seed, &format!("inputs {index}"), cell.n());
    Ok(QuadraticForms::new(net, x)?)
}

fn start(cell: &Cell, patterns: usize) -> Measurement {
    let (n, least) = (cell.n() as f64, cell.d() as f64 * ((cell.d() * cell.m()) as f64).ln());
    let (d, p) = (cell.d() as f64, cell.m() as f64 / 2.0);
    Measurement::new()
        .hypothesis(
            Hypothesis::RANGE,
            cell.part == "signs" || n >= least,
            format!("n ≥ d log(dm): {n} against {least:.1}"),
        )
        .cost(patterns as f64 * p * (2.0 * n * d * d + 9.0 * d * d * d), 8.0 * n * (p + d), 0.0)
}

/// Means over all signs on one sample, and the supremum where it is reached.
fn enumerated(cell: &Cell, seed: u64) -> Result<Measurement> {
    let sample = sample(cell, seed, 0)?;
    // ε and −ε exchange twins: the last sign may stay.
    let patterns = 1_usize << (cell.n() - 1);
    let pattern = |code: usize| {
        (0..cell.n()).map(|i| if code >> i & 1 == 0 { 1.0 } else { -1.0 }).collect::<Vec<f64>>()
    };
    let (mut complexity, mut norm) = (0.0, 0.0);
    for code in 0..patterns {
        let extremes = sample.suprema(&pattern(code))?;
        complexity += B.sqrt() * extremes.supremum / patterns as f64;
        norm += extremes.norm / patterns as f64;
    }
    // Signs that do not agree: otherwise M_r may be semidefinite, and the modulus its largest eigenvalue.
    let epsilon = pattern(0b0101_0101 & (patterns - 1));
    let Suprema { supremum, modulus, .. } = sample.suprema(&epsilon)?;
    let reached = |power| -> Result<Ball> {
        let w = sample.maximiser(&epsilon, power)?;
        Ok(B.sqrt() * Ball::new(sample.value(&epsilon, w.as_ref())?, 2.0 * sample.rounding()))
    };
    let largest = |i: usize| -> Result<f64> {
        Ok(sample.variances()?.iter().map(|v| v[i]).fold(0.0, f64::max) / cell.n() as f64)
    };
    let [variance, mean] = [largest(0)?, largest(1)?];
    let (half, log) = (0.5 * B.sqrt(), ((cell.d() * cell.m()) as f64).ln());
    let error = sample.rounding();
    let norm = Ball::new(norm, error);
    Ok(start(cell, patterns)
        .quantity("closed_form", B.sqrt() * supremum, half * error)
        .quantity("closed_form_modulus", B.sqrt() * modulus, half * error)
        .ball("reached", reached(1)?)
        .ball("reached_even", reached(0)?)
        .quantity("complexity", complexity, half * error)
        .ball("largest_norm", half * norm)
        .ball("largest_norm_quarter", 0.5 * half * norm)
        .ball("norm", norm)
        .quantity("khintchine", (2.0 * variance * log).sqrt(), error)
        .quantity("khintchine_mean", mean.sqrt(), error))
}

/// Means over drawn signs, each on a sample of its own.
fn drawn(cell: &Cell, seed: u64) -> Result<Measurement> {
    let coins = &mut cell.stream(seed, "signs");
    let (mut complexity, mut norm, mut error) = (0.0, 0.0, 0.0_f64);
    for index in 0..DRAWS {
        let sample = sample(cell, seed, index)?;
        let extremes = sample.suprema(&signs::draw(coins, cell.n()))?;
        complexity += B.sqrt() * extremes.supremum / DRAWS as f64;
        norm += extremes.norm / DRAWS as f64;
        error = error.max(sample.rounding());
    }
    let scale = (cell.d() as f64 * ((cell.d() * cell.m()) as f64).ln() / cell.n() as f64).sqrt();
    let scale = Ball::relative(scale, 4.0 * f64::EPSILON);
    Ok(start(cell, DRAWS)
        .quantity("complexity", complexity, 0.5 * B.sqrt() * error)
        .quantity("norm", norm, error)
        .ball("scale", B.sqrt() * scale)
        .ball("norm_scale", scale))
}

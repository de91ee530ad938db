//! KLLJW24, functions of a hidden plane whose correlations fall with the distance of their planes, with and
//! without symmetry.
//!
//! Derived for this project:
//!
//! > For the fan F of 2k ReLU neurons, k even, and `M = UVᵀ` the correlation of F(Ux) and F(Vx) is at most
//! > `‖M‖^k`, because F has no Hermite degree below k. The same bound holds for `Σ_v F(U(AX)_v)` on any
//! > graph with the adjacency matrix A ≥ 0, and on frame averages over a group G with `Σ_g ‖UgVᵀ‖^k/√((1 −
//! > S_U)(1 − S_V))`, `S_U = Σ_{g≠1} ‖UgUᵀ‖^k`. For random planes `E c² ≍ 1/B(d, k) ≍ d^{−k}`.

use super::families::{Fan, near, norm, plane, product};
use super::letters::{D, NODES, ORDER};
use crate::claim::distribution::student_interval;
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use escapement::ball::Ball;
use escapement::tolerance;
use faer::{Mat, MatRef};
use rand::RngExt as _;
use std::f64::consts::FRAC_PI_2;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct SymmetricFan;

/// Pairs of planes in a cell, of which half are near each other; and pairs behind a mean square.
const PAIRS: usize = 24;
const DRAWS: usize = 4000;

const CARD: Card = Card {
    statement: r"|\mathrm{corr}(F(U x), F(V x))| \le \|U V^\top\|^k, \qquad
        \mathbb{E}\, c^2 \asymp d^{-k}",
    reference: "KLLJW24, graph networks and frame averages of the abstract; constants derived for this project",
    hypotheses: "Standard normal inputs, even k; a graph of non-negative weights; cyclic shifts with S < 1.",
    method: "Exact correlations by arc-cosine kernels, of random planes and of planes at distances from 10⁻³ to 1, \
        bare, on random graphs with loops, and averaged over cyclic shifts. The mean square over random \
        planes as an integral over singular values and angles, along d to 1024, and by draws.",
    refuted_by: "A correlation above its bound; a mean square that falls more slowly in d.",
    variables: &["d", "k", "n"],
    uses: &["csq-dimension"],
    errata: &[ErratumId(1), ErratumId(2)],
    ..Card::new(&super::PAPER, "symmetric-fan", "Hidden planes stay hidden under symmetry")
};

impl Claim for SymmetricFan {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let replicates = if tier == Tier::Quick { 1 } else { 6 };
        let mut cells = Vec::new();
        for k in [2, 4, 6] {
            let cell = |part: &str, d: usize| Cell::new(self.id(), part).with(D, d).with(ORDER, k);
            for r in 0..replicates {
                cells.extend([3, 5, 10, 30].map(|d| cell("bare", d).replicate(r)));
                cells.extend([4, 8].map(|n| cell("graph", 5).with(NODES, n).replicate(r)));
                cells.extend([4, 10, 30].map(|d| cell("pair", d).replicate(2 * r)));
                cells.extend([4, 10, 30].map(|d| cell("pair", d).replicate(2 * r + 1)));
            }
            if k > 2 {
                cells.extend((0..replicates).flat_map(|r| [64, 128].map(|d| cell("frame", d).replicate(r))));
            }
            cells.extend(sweep::doublings(8, 8).map(|d| cell("growth", d)));
            cells.extend((0..replicates).map(|r| cell("drawn", 6).replicate(r)));
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (d, n) = (cell.d() as f64, cell.n().max(1) as f64);
        let kernel = 300.0 * (2 * cell.whole(ORDER)).pow(2) as f64;
        let count = match cell.part.as_str() {
            "growth" | "drawn" => 5.0 * DRAWS as f64,
            "frame" => 3.0 * d * PAIRS as f64,
            _ => 2.0 * n * n * PAIRS as f64,
        };
        Prediction { flops: 1e4 + count * (kernel + 60.0 * d), bytes: 1e6 }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        let (fan, k) = (Fan::new(cell.whole(ORDER))?, cell.whole(ORDER) as i32);
        let rng = &mut cell.stream(seed, "planes");
        if cell.part == "growth" {
            let mean = fan.mean_square(cell.d())?;
            return Ok(Measurement::new().ball("square", mean).hypothesis("even k", true, "and S < 1"));
        }
        if cell.part == "drawn" {
            let draw = |_| -> Result<f64> {
                let (u, v) = (plane(rng, cell.d()), plane(rng, cell.d()));
                Ok(fan.correlation(product(u.as_ref(), v.as_ref(), 0))?.value.powi(2))
            };
            let squares = (0..DRAWS).map(draw).collect::<Result<Vec<f64>>>()?;
            let (mean, interval) = student_interval(&squares, tolerance::FAILURE);
            let [exact, other] = [fan.mean_square(cell.d())?, fan.mean_square(cell.d() + 2)?];
            return Ok(Measurement::new()
                .ball("miss", (exact - mean).abs())
                .ball("miss_other", (other - mean).abs())
                .quantity("interval", interval, 0.0)
                .hypothesis("even k", true, "and S < 1"));
        }
        // The pair whose correlation comes nearest to its bound, and to that of the false exponent.
        let (mut found, mut bound, mut steeper) = (Ball::exact(0.0), 1.0_f64, f64::INFINITY);
        let mut product_norm = 1.0;
        let mut inside = true;
        let single = cell.part == "pair";
        for pair in if single { cell.replicate..cell.replicate + 1 } else { 0..PAIRS } {
            let u = plane(rng, cell.d());
            // A single pair has any angle.
            let length = if single {
                (FRAC_PI_2 * rng.random::<f64>()).tan()
            } else {
                10.0_f64.powf(-3.0 * rng.random::<f64>())
            };
            let mut v = if pair % 2 == 0 { plane(rng, cell.d()) } else { near(rng, u.as_ref(), length) };
            if cell.part == "frame" {
                // An average over shifts does not tell a plane from its shift.
                v = Mat::from_fn(2, cell.d(), |a, c| v[(a, (c + 1) % cell.d())]);
            }
            let m = product(u.as_ref(), v.as_ref(), 0);
            let (c, rhs, below) = match cell.part.as_str() {
                "graph" => {
                    let n = cell.n();
                    let drawn: Vec<f64> = (0..n * n).map(|_| rng.random::<f64>()).collect();
                    let edge = |v: usize, w: usize| v == w || drawn[v.min(w) * n + v.max(w)] < 0.4;
                    let a = Mat::from_fn(n, n, |v, w| f64::from(u8::from(edge(v, w))));
                    let inner = |m| graph(&fan, a.as_ref(), m);
                    let c = inner(m)? / inner([[1.0, 0.0], [0.0, 1.0]])?;
                    (c, norm(m).powi(k), norm(m).powi(k + 2))
                }
                "frame" => {
                    let sum = |u: &Mat<f64>, v: &Mat<f64>, power: i32, from: usize| {
                        let at = |g: usize| norm(product(u.as_ref(), v.as_ref(), g)).powi(power);
                        (from..cell.d()).map(at).sum::<f64>()
                    };
                    let [su, sv] = [&u, &v].map(|u| sum(u, u, k, 1));
                    inside &= su < 1.0 && sv < 1.0;
                    let scale = ((1.0 - su) * (1.0 - sv)).max(0.0).sqrt();
                    (frame(&fan, &u, &v)?, sum(&u, &v, k, 0) / scale, norm(m).powi(k))
                }
                _ => (fan.correlation(m)?, norm(m).powi(k), norm(m).powi(k + 2)),
            };
            // Below this a correlation is rounding.
            if rhs > 1e-9 && c.abs().value / rhs > found.value / bound {
                (found, bound, product_norm) = (c.abs(), rhs, norm(m));
            }
            steeper = steeper.min(if rhs > 1e-9 { below / c.abs().value.max(1e-12) } else { steeper });
        }
        Ok(Measurement::new()
            .ball("correlation", found)
            .quantity("bound", bound, 4.0 * f64::EPSILON * bound)
            .quantity("norm", product_norm, 4.0 * f64::EPSILON)
            .quantity("steeper", steeper * found.value, 0.0)
            .hypothesis("even k", inside, "and S < 1"))
    }

    fn bounds(&self) -> Vec<Bound> {
        let below = |name: &str, statement: &str, part: &str| {
            let words = if part == "frame" {
                "‖UVᵀ‖^k, without the sum over shifts"
            } else {
                "the exponent k + 2"
            };
            let steeper = Neighbour::rhs("steeper", words);
            Bound::inequality(name, statement, "correlation", Side::Upper, "bound", steeper)
                .code_check()
                .part(part)
        };
        vec![
            below("bare", "|corr| ≤ ‖UVᵀ‖^k", "bare").headline(),
            below(
                "pair",
                "the same for one pair in a cell, of random planes or of planes at any angle",
                "pair",
            ),
            below("graph", "the same for sums over the nodes of a graph", "graph").headline(),
            below(
                "frame",
                "frame averages over shifts stay below Σ_g ‖UgVᵀ‖^k/√((1 − S_U)(1 − S_V))",
                "frame",
            ),
            Bound::asymptotic(
                "typical",
                "over random planes E c² ≍ d^{−k}",
                "square",
                Sweep::both(D, |c| -(c.whole(ORDER) as f64)),
            )
            .headline()
            .part("growth"),
            Bound::inequality(
                "drawn",
                "the integral is the mean over drawn planes: a Student interval at confidence 1 − 10⁻⁶",
                "miss",
                Side::Upper,
                "interval",
                Neighbour::lhs("miss_other", "the integral of d + 2 dimensions"),
            )
            .part("drawn"),
        ]
    }
}

/// The inner product of `Σ_v F(U(AX)_v)` and the same with V, for an adjacency matrix A and M = UVᵀ.
///
/// # Errors
/// As [`Fan::inner`].
pub fn graph(fan: &Fan, adjacency: MatRef<'_, f64>, m: [[f64; 2]; 2]) -> Result<Ball> {
    let common = adjacency * adjacency.transpose();
    let mut sum = Ball::exact(0.0);
    for (v, w) in (0..common.nrows()).flat_map(|v| (0..common.nrows()).map(move |w| (v, w))) {
        let sizes = (common[(v, v)] * common[(w, w)]).sqrt();
        sum = sum + fan.inner(m, (common[(v, w)] / sizes).min(1.0))? * sizes;
    }
    Ok(sum)
}

/// The correlation of the averages over cyclic shifts.
///
/// # Errors
/// As [`Fan::inner`].
pub fn frame(fan: &Fan, u: &Mat<f64>, v: &Mat<f64>) -> Result<Ball> {
    let sum = |u: &Mat<f64>, v: &Mat<f64>| -> Result<Ball> {
        (0..u.ncols()).map(|g| fan.inner(product(u.as_ref(), v.as_ref(), g), 1.0)).sum()
    };
    Ok(sum(u, v)? / (sum(u, u)? * sum(v, v)?).sqrt())
}

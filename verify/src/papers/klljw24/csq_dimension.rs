//! KLLJW24, how many functions a correlational query can tell apart, and what a query of squares sees.
//!
//! Derived for this project:
//!
//! > In a class of unit functions whose correlations are at most ε in modulus, a unit g has `#{f : ⟨f, g⟩ >
//! > τ} < (1 − ε)/(τ² − ε)` for τ² > ε. Over an orbit of rotations in the harmonics of degree k the mean of
//! > ⟨f, g⟩² is `1/B(d, k)` for a g there. The harmonic `f = Re((u_1 + iu_2)·x)^k`, normalised, has `E[f²
//! > (xxᵀ − I)] = k UᵀU`: the square of a label shows the plane at once.

use super::families::{harmonic, plane, product};
use super::letters::{D, EPSILON, ORDER, SIZE, TAU};
use crate::claim::distribution::student_interval;
use crate::claim::{Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Tier};
use crate::error::Result;
use escapement::ball::Ball;
use escapement::gaussian::{Law, Polynomial};
use escapement::{sphere, tolerance};
use faer::MatRef;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct CsqDimension;

/// Pairs of planes behind a mean.
const DRAWS: usize = 20_000;

const CARD: Card = Card {
    statement: r"|\{f : \langle f, g \rangle > \tau\}| < \frac{1 - \epsilon}{\tau^2 - \epsilon}, \qquad
        \mathbb{E} \langle f, g \rangle^2 = \frac{1}{B(d, k)}, \qquad
        \mathbb{E}[f^2 (x x^\top - I)] = k\, U^\top U",
    reference: "KLLJW24, correlational queries of the abstract; statement and constants derived for this project",
    hypotheses: "Unit functions with correlations of at most ε, τ² > ε; harmonics of standard normal inputs.",
    method: "The most members that one g finds in orthonormal and in equicorrelated classes: sums of s members, \
        for every s. The mean square correlation over 20 000 pairs of planes within a Student interval of \
        confidence 1 − 10⁻⁶. The query of squares by exact moments of polynomials.",
    refuted_by: "A query that finds more members; another mean; another matrix.",
    variables: &["tau", "eps", "d", "k"],
    errata: &[ErratumId(1), ErratumId(4)],
    ..Card::new(&super::PAPER, "csq-dimension", "What correlations hide and squares show")
};

impl Claim for CsqDimension {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let mut cells = Vec::new();
        for epsilon in [0.0, 0.05, 0.1, 0.2] {
            for tau in [0.25, 0.35, 0.5, 0.6, 0.8].into_iter().filter(|tau: &f64| tau * tau > epsilon) {
                let cell = Cell::new(self.id(), "removal").with(SIZE, 400);
                cells.push(cell.with(EPSILON, epsilon).with(TAU, tau));
            }
        }
        let replicates = if tier == Tier::Quick { 1 } else { 5 };
        for (d, k) in [3, 6, 12].into_iter().flat_map(|d| [2, 3, 4].map(|k| (d, k))) {
            let cell = Cell::new(self.id(), "mean").with(D, d).with(ORDER, k);
            cells.extend((0..replicates).map(|r| cell.clone().replicate(r)));
        }
        for (d, k) in [3, 4].into_iter().flat_map(|d| [2, 3, 4].map(|k| (d, k))) {
            cells.push(Cell::new(self.id(), "squares").with(D, d).with(ORDER, k));
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let d = cell.d() as f64;
        let flops = match cell.part.as_str() {
            "removal" => 1e4,
            "mean" => DRAWS as f64 * (60.0 * d + 200.0),
            _ => 1e6 * d.powi(4),
        };
        Prediction { flops: 1e4 + flops, bytes: 1e6 }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match cell.part.as_str() {
            "removal" => Ok(removal(cell)),
            "mean" => Ok(mean(cell, seed)),
            _ => squares(cell, seed),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        vec![
            Bound::inequality(
                "removal",
                "fewer than (1 − ε)/(τ² − ε) members have a correlation above τ with one g",
                "found",
                Side::Upper,
                "allowed",
                Neighbour::rhs("without", "twice 1/τ²: ε dropped"),
            )
            .neighbour(Neighbour::rhs("half", "half of it"))
            .code_check()
            .strict()
            .headline()
            .part("removal"),
            Bound::inequality(
                "mean",
                "the mean of ⟨f, g⟩² over rotations is 1/B(d, k): a Student interval at confidence 1 − 10⁻⁶",
                "miss",
                Side::Upper,
                "interval",
                Neighbour::lhs("miss_next", "the degree k + 1 in B"),
            )
            .headline()
            .part("mean"),
            Bound::identity(
                "squares",
                "E[f² (xxᵀ − I)] = k UᵀU",
                "query",
                "plane",
                Neighbour::rhs("single", "UᵀU"),
            )
            .code_check()
            .part("squares"),
        ]
    }
}

/// The members that the sum of s of them finds: each of the s has the correlation √((1 + (s−1)ε)/s) with it,
/// and all others less than that by (1 − ε)/√(s + s(s−1)ε).
fn removal(cell: &Cell) -> Measurement {
    let (size, epsilon, tau) = (cell.whole(SIZE), cell.real(EPSILON), cell.real(TAU));
    let found = (1..=size)
        .map(|s| {
            let (s, square) = (s as f64, s as f64 * (1.0 + (s as f64 - 1.0) * epsilon));
            let [inside, outside] = [(square / s) / square.sqrt(), s * epsilon / square.sqrt()];
            // Within rounding of τ a member counts as found.
            let counts = |c: f64| if c > tau * (1.0 - 4.0 * f64::EPSILON) { 1.0 } else { 0.0 };
            s * counts(inside - 8.0 * f64::EPSILON) + (size as f64 - s) * counts(outside)
        })
        .fold(0.0, f64::max);
    let allowed = (1.0 - epsilon) / (tau * tau - epsilon);
    Measurement::new()
        .quantity("found", found, 0.0)
        .quantity("allowed", allowed, 8.0 * f64::EPSILON * allowed / (tau * tau - epsilon))
        .quantity("without", 2.0 / (tau * tau), 0.0)
        .quantity("half", 0.5 * allowed, 0.0)
        .hypothesis("τ² > ε", tau * tau > epsilon, format!("τ² = {:.4}", tau * tau))
}

fn mean(cell: &Cell, seed: u64) -> Measurement {
    let (d, k) = (cell.d(), cell.whole(ORDER));
    let rng = &mut cell.stream(seed, "planes");
    let draw = |_| {
        let (u, v) = (plane(rng, d), plane(rng, d));
        harmonic(k, product(u.as_ref(), v.as_ref(), 0)).powi(2)
    };
    let squares: Vec<f64> = (0..DRAWS).map(draw).collect();
    let (mean, interval) = student_interval(&squares, tolerance::FAILURE);
    let miss = |k: usize| (mean - 1.0 / sphere::dimension(d, k)).abs();
    Measurement::new()
        .quantity("miss", miss(k), tolerance::MOVED)
        .quantity("miss_next", miss(k + 1), tolerance::MOVED)
        .quantity("interval", interval, 0.0)
        .hypothesis("τ² > ε", true, "a mean over rotations")
}

/// The query of squares and k UᵀU, each as the sum of its entries times those of a fixed matrix.
fn squares(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (d, k) = (cell.d(), cell.whole(ORDER));
    let u = plane(&mut cell.stream(seed, "plane"), d);
    let query = square_query(k, u.as_ref());
    let weight = |i: usize, j: usize| 1.0 / (1 + i + 2 * j) as f64;
    let [mut found, mut wanted] = [Ball::exact(0.0); 2];
    for (i, j) in (0..d).flat_map(|i| (0..d).map(move |j| (i, j))) {
        found = found + query[i][j] * weight(i, j);
        let gram = (0..2).map(|a| Ball::exact(u[(a, i)]) * u[(a, j)]).sum::<Ball>();
        // The rows are orthonormal to a few roundings, which degree 2k multiplies.
        wanted = wanted + (gram + Ball::new(0.0, 64.0 * (k * d) as f64 * f64::EPSILON)) * weight(i, j);
    }
    Ok(Measurement::new()
        .ball("query", found)
        .ball("plane", wanted * k as f64)
        .ball("single", wanted)
        .hypothesis("τ² > ε", true, "exact moments"))
}

/// `E[f² (xxᵀ − I)]` for `f = Re((u_1 + iu_2)·x)^k/√(2^{k−1} k!)`, by the moments of its polynomial.
pub fn square_query(k: usize, u: MatRef<'_, f64>) -> Vec<Vec<Ball>> {
    let d = u.ncols();
    let linear = |a: usize| Polynomial::linear(&(0..d).map(|c| Ball::exact(u[(a, c)])).collect::<Vec<_>>());
    let (s, t) = (linear(0), linear(1));
    let (mut re, mut im) = (Polynomial::constant(d, 1.0), Polynomial::zero(d));
    for _ in 0..k {
        (re, im) = (re.times(&s).plus(&im.times(&t).scaled(-1.0)), re.times(&t).plus(&im.times(&s)));
    }
    let norm: f64 = 2.0_f64.powi(k as i32 - 1) * (1..=k).map(|i| i as f64).product::<f64>();
    let square = re.times(&re).scaled(Ball::exact(1.0) / norm);
    let unit = |c: usize| {
        Polynomial::linear(&(0..d).map(|i| Ball::exact(f64::from(u8::from(i == c)))).collect::<Vec<_>>())
    };
    let entry = |i: usize, j: usize| {
        let moment = square.times(&unit(i)).times(&unit(j)).mean(Law::Normal);
        if i == j { moment - square.mean(Law::Normal) } else { moment }
    };
    (0..d).map(|i| (0..d).map(|j| entry(i, j)).collect()).collect()
}

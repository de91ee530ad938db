//! NBL22: what the NTK cannot learn from few samples.
//!
//! > For `d^k ≪ n ≪ d^{k+1}` the test error of kernel regression with the NTK is `‖P_{>k} f*‖²`.
//!
//! Kernel ridge regression with the exact infinite-width kernel, its test error exact degree by degree, at
//! the best of several ridges: the low degrees are learnt, the rest is not. That is a statement about d → ∞,
//! and no curve is flat yet at d = 40: at k = 1 the error in the middle, `n = d^{3/2}`, goes there like
//! `n^{-1/2}` or faster. What is checked is how the limit is approached: the part on low degrees vanishes,
//! the part beyond goes to `‖P_{>k} f*‖²`, and the slope in n falls.

use super::effort;
use super::instance;
use crate::claim::distribution::student_interval;
use crate::claim::{
    Bound, Card, Cell, Claim, Hypothesis, Measurement, Neighbour, Prediction, Side, Sweep, Tier,
};
use crate::error::Result;
use crate::papers::nbl22::letters::{D, K, Letters, N, R};
use escapement::ball::Ball;
use escapement::kernel::ridge::{KernelRidge, TestError, Zonals};
use escapement::rounding;
use escapement::sphere::{self, FeatureLevels, Truncation};
use escapement::tolerance;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct KernelPlateau;

/// Ridges λ tried, relative to κ_1; the best for the exact test error is taken, so that none could do
/// better.
const RIDGES: [f64; 4] = [0.0, 1e-3, 1e-2, 1e-1];
/// The activations whose kernels are looked at: four, because the plateau is said of every kernel alike, and
/// the limits on what two kernels have in common are those of one degree of freedom.
const KERNELS: [&str; 4] = ["sigmoid:1", "tanh:0.5", "erf:0.5", "sine:0.5"];
/// Numbers of sparse terms: two targets for each kernel.
const TARGETS: [usize; 2] = [1, 3];
/// Samples of which a cell takes the mean.
const SAMPLES: usize = 7;
/// The plateau is looked at in the middle, `n = d^{k+1/2}`, and at d^{k+1/2±W}.
const W: f64 = 0.15;
/// Fresh inputs for the estimate of the test error.
const FRESH: usize = 2000;

const CARD: Card = Card {
    statement: r"d^k \ll n \ll d^{k+1} \quad \Longrightarrow \quad \mathbb{E}\left( \hat{f}_n - f^*
        \right)^2 \to \|P_{>k} f^*\|^2 \quad \text{for kernel ridge regression } \hat{f}_n \text{ with the
        NTK}",
    reference: "NBL22, section 1 (after Ghorbani, Mei, Misiakiewicz and Montanari, Annals of Statistics \
        2021)",
    hypotheses: "d^k ≤ n ≤ d^{k+1}, κ_j > 0 for j ≤ k. Each cell says whether its n lies there.",
    method: "The exact kernel Σ_j τ_j P_j and the exact test error, degree by degree, at the best of four \
        ridges, none among them, a mean over 7 samples, for four kernels and two targets: along n = \
        d^{k+1/2} its part on degrees up to k, the distance of the rest from ‖P_{>k} f*‖², and the slope \
        in n about the middle must all fall with d, and the error must stay in proportion to ‖P_{>k} \
        f*‖². At fixed d the statement says nothing along n, because no curve is flat there: n is looked \
        at where it follows d. The exact error is compared with a mean over fresh inputs.",
    refuted_by: "Along n = d^{k+1/2}, a low-degree part of the error that does not fall, a rest that does \
        not approach ‖P_{>k} f*‖², a slope in n that does not fall, an error that grows beyond ‖P_{>k} f*‖² \
        or a rest that falls below it; an exact error outside the Student interval of the fresh inputs.",
    uses: &["assumption-3"],
    variables: &["d", "n"],
    ..Card::new(&crate::papers::nbl22::PAPER, "kernel-plateau", "The plateau of the kernel")
};

impl Claim for KernelPlateau {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let dimensions: &[usize] = match tier {
            Tier::Quick => &[8, 11, 16, 23, 32],
            Tier::Standard => &[10, 14, 20, 28, 40, 56],
            Tier::Paper => &[10, 14, 20, 28, 40, 56, 80, 100],
        };
        let replicates = if tier == Tier::Quick { 3 } else { 5 };
        let mut cells = Vec::new();
        for activation in KERNELS {
            let cell = |part: &str, d: usize, terms: usize, replicate| {
                Cell::new(self.id(), part)
                    .with(D, d)
                    .with(N, (d as f64).powf(1.5).round() as usize)
                    .with(K, 1)
                    .with(R, terms)
                    .activation(activation)
                    .replicate(replicate)
            };
            for terms in TARGETS {
                cells.extend(
                    dimensions
                        .iter()
                        .flat_map(|&d| (0..replicates).map(move |r| cell("dimension", d, terms, r))),
                );
            }
            cells.extend([8, 12].map(|d| cell("fresh", d, 1, 0)));
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let n = cell.n() as f64;
        let degrees = effort::degrees(cell, tolerance::FINE_TAIL);
        let fit = |n: f64| effort::ridge_regression(n, degrees, RIDGES.len());
        let flops = if cell.part == "fresh" {
            fit(n) + 1.2 * FRESH as f64 * n * degrees
        } else {
            let sizes = [-W, 0.0, W].map(|w| n * (cell.d() as f64).powf(w));
            SAMPLES as f64 * sizes.into_iter().map(fit).sum::<f64>()
        };
        Prediction { flops: 2e6 + flops, bytes: 1e6 + 64.0 * n * n }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        measure(cell, seed)
    }

    fn bounds(&self) -> Vec<Bound> {
        // The paper gives no rate. With the slack of 0.1, d^{-1/10} is refuted by what does not fall, and
        // supported by limits that exclude it.
        let vanishes = || Sweep::upper(D, |_| -0.1).tied(&[N]);
        let chosen =
            "four kernels and two targets: those of two kernels and one target left the limits too wide";
        let sides = "the two sides apart, because the error still falls to its limit at these d";
        vec![
            Bound::growth(
                "learnt",
                "along n = d^{k+1/2} the degrees up to k are learnt: their part of the error vanishes, ≲ \
                 d^{-1/10}",
                "low_error",
                "fall",
                vanishes(),
            )
            .headline()
            .part("dimension"),
            Bound::growth(
                "not-learnt",
                "along n = d^{k+1/2} the others are not: the distance of their part of the error from \
                 ‖P_{>k} f*‖², relative to it, vanishes, ≲ d^{-1/10}",
                "off",
                "fall",
                vanishes(),
            )
            .headline()
            .part("dimension"),
            Bound::growth(
                "flattening",
                "the slope of the test error in n, between d^{k+1/2−0.15} and d^{k+1/2+0.15}, vanishes, ≲ \
                 d^{-1/10}",
                "slope",
                "fall",
                vanishes(),
            )
            .part("dimension")
            .chosen(chosen),
            Bound::growth(
                "no-more",
                "along n = d^{k+1/2}, d following n, the test error is ≲ ‖P_{>k} f*‖²",
                "error",
                "plateau",
                Sweep::uniform(N, Side::Upper).tied(&[D]),
            )
            .part("dimension")
            .chosen(sides),
            Bound::growth(
                "no-less",
                "along n = d^{k+1/2}, d following n, the part of the error on degrees above k is ≳ ‖P_{>k} \
                 f*‖²",
                "rest",
                "plateau",
                Sweep::uniform(N, Side::Lower).tied(&[D]),
            )
            .part("dimension")
            .chosen(sides),
            Bound::inequality(
                "exact-error",
                "the exact test error is within the Student interval of 2000 fresh inputs at confidence 1 − \
                 10⁻⁶",
                "miss",
                Side::Upper,
                "limit",
                Neighbour::lhs("miss_apart", "E f*² + E f̂²: the correlation of the two left out"),
            )
            .code_check()
            .part("fresh"),
        ]
    }
}

/// The test error at the best ridge, in its parts.
struct Outcome {
    total: f64,
    low: f64,
    rounding: f64,
    best: TestError,
}

/// Fits one sample with every ridge: the least exact test error.
fn outcome(ridge: &KernelRidge<'_>, levels: &FeatureLevels, k: usize) -> Option<Outcome> {
    let fits = RIDGES.iter().filter_map(|share| ridge.fit(share * levels.levels[1].kappa));
    let best = fits.min_by(|a, b| a.total().total_cmp(&b.total()))?;
    let (n, degrees) = (best.coefficients.len(), levels.levels.len());
    // Sums over n² pairs, of series with some three roundings for each degree.
    let rounding = rounding::sum(n * n, 3 * degrees + 16) * best.moduli;
    Some(Outcome { total: best.total(), low: best.by_degree[..=k].iter().sum(), rounding, best })
}

fn measure(cell: &Cell, seed: u64) -> Result<Measurement> {
    let sigma = instance::activation(cell)?;
    let levels = instance::levels(cell.d(), sigma.as_ref(), Truncation::Tail(tolerance::FINE_TAIL))?;
    let target = Zonals::of(&instance::target(cell, seed)?)?;
    let (d, k) = (cell.d() as f64, cell.k());
    let moments: Vec<f64> = (0..=target.degree()).map(|j| target.second_moment(j)).collect();
    let plateau: f64 = moments[k + 1..].iter().sum();
    let least = levels.levels[..=k].iter().map(|level| level.kappa).fold(f64::INFINITY, f64::min);
    let middle = k as f64 + 0.5;
    let rng = &mut cell.stream(seed, "inputs");
    // Totals at the three sizes, the low part in the middle.
    let (mut totals, mut low, mut rounding, mut definite) = ([0.0; 3], 0.0, 0.0_f64, true);
    let samples = if cell.part == "fresh" { 0 } else { SAMPLES };
    let sizes = [middle - W, middle, middle + W].map(|exponent| d.powf(exponent).round() as usize);
    for _ in 0..samples {
        // The smaller samples are the first inputs of the largest, so that the slope has less scatter.
        let all = sphere::uniform_sphere(rng, sizes[2], cell.d(), d.sqrt());
        for (i, n) in sizes.into_iter().enumerate() {
            let x = all.as_ref().subrows(0, n);
            let Some(found) = outcome(&KernelRidge::new(&levels, x, &target)?, &levels, k) else {
                definite = false;
                continue;
            };
            totals[i] += found.total / samples as f64;
            rounding = rounding.max(found.rounding);
            if i == 1 {
                low += found.low / samples as f64;
            }
        }
    }
    let (n, most) = (cell.n() as f64, d.powi(k as i32 + 1));
    let out = Measurement::new()
        .hypothesis(Hypothesis::RANGE, n <= most, format!("d^k ≤ n ≤ d^{{k+1}}: {n} against {most}"))
        .hypothesis("κ_j > 0", least > 0.0, format!("j ≤ k: the least is {least:.3e}"))
        .hypothesis("a positive definite kernel matrix", definite, "Cholesky's decomposition exists")
        .cost((3 * SAMPLES * RIDGES.len()) as f64 * n.powi(3) / 3.0, 48.0 * n * n, 0.0);
    if cell.part == "fresh" {
        return fresh(cell, seed, &levels, &target, out);
    }
    let [before, error, after] = totals.map(|total| Ball::new(total, rounding));
    let low = Ball::new(low, rounding);
    let plateau = Ball::new(plateau, 64.0 * f64::EPSILON * moments.iter().sum::<f64>());
    let slope = -(after / before).ln() / (2.0 * W * Ball::exact(d).ln());
    Ok(out
        .ball("error", error)
        .ball("low_error", low)
        .ball("plateau", plateau)
        .ball("rest", error - low)
        .ball("off", ((error - low) / plateau - 1.0).abs())
        .ball("slope", slope.abs())
        .ball("fall", Ball::relative(d.powf(-0.1), 4.0 * f64::EPSILON)))
}

/// The exact test error beside its estimate.
fn fresh(
    cell: &Cell,
    seed: u64,
    levels: &FeatureLevels,
    target: &Zonals,
    out: Measurement,
) -> Result<Measurement> {
    let x = instance::inputs(cell, seed, "inputs", cell.n());
    let ridge = KernelRidge::new(levels, x.as_ref(), target)?;
    let Some(found) = outcome(&ridge, levels, cell.k()) else { return Ok(out) };
    let fresh = instance::inputs(cell, seed, "fresh inputs", FRESH);
    let (truth, guess) =
        (target.value(fresh.as_ref()), ridge.predict(&found.best.coefficients, fresh.as_ref())?);
    let squares: Vec<f64> = truth.iter().zip(&guess).map(|(t, g)| (t - g).powi(2)).collect();
    let (mean, half) = student_interval(&squares, tolerance::FAILURE);
    let total = Ball::new(found.total, found.rounding);
    // E f*² + E f̂²: from E(f* − f̂)² + 2E f*f̂.
    let both = |values: &[f64]| values.iter().map(|v| v * v).sum::<f64>() / FRESH as f64;
    let apart = both(&truth) + both(&guess);
    Ok(out
        .ball("miss", (mean / total - 1.0).abs())
        .ball("miss_apart", (apart / total - 1.0).abs())
        .quantity("limit", half / found.total, 1e-9))
}

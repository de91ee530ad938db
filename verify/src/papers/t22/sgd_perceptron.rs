//! T22, stochastic gradient descent near the initialisation: a perceptron inequality with nothing hidden.
//!
//! Derived for this project, for the logistic loss ℓ, one fresh example a step, `G² = max_t ‖∇p_t(W_t)‖²`,
//! ηG² < 2, and any W̄ with `z_t = p_t(W_t) + ⟨∇p_t(W_t), W̄ − W_t⟩`:
//!
//! > `Σ_{t<T} ℓ(p_t) ≤ (2 Σ ℓ(z_t) + ‖W̄ − W_0‖²/η)/(2 − ηG²)`, since ‖W_{t+1} − W̄‖² is expanded, ℓ is
//! > convex and ℓ'² ≤ ℓ. With M_T mistakes, `min_t Pr(p(W_t) ≤ 0) ≤ e/(e−1) (M_T + ln(1/δ))/T` with
//! > probability 1 − δ. With W̄ along a direction of margin ≈ γ the sum is of order ln²T/(ηγ²), so that an error of 0.1
//! > takes of the order of d² steps on the parity, up to logarithms.

use super::instance::{self, Examples};
use super::letters::{D, M};
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier,
};
use crate::error::Result;
use escapement::ball::Ball;
use escapement::flow::perceptron;
use escapement::margin::Gradients;
use escapement::rounding;
use escapement::seed::ChaCha20Rng;
use faer::{Mat, Par, Scale};

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct SgdPerceptron;

/// The step η.
const STEP: f64 = 0.5;
/// Examples of a run with its books, in units of d², and how much farther W̄ is for the control.
const BOOKED: usize = 32;
const FARTHER: f64 = 8.0;
/// Runs behind the probability, which may fail with the probability δ, their length in units of d², and how
/// often the error is taken on the way.
const RUNS: usize = 64;
const FAILING: f64 = 0.1;
const LENGTH: usize = 4;
const LOOKS: usize = 8;
/// The error that is waited for, on how many corners it is measured at most, the ratio of neighbouring
/// looks, the most steps in units of d², and the dimensions.
const ERROR: f64 = 0.1;
const CORNERS: usize = 512;
const RATIO: f64 = 1.06;
const PATIENCE: usize = 32;
const SIZES: [usize; 12] = [6, 7, 8, 9, 10, 11, 12, 14, 16, 18, 20, 24];

const CARD: Card = Card {
    statement: r"\sum_{t<T} \ell(p_t)
        \le \frac{2 \sum_{t<T} \ell(z_t) + \|\bar{W} - W_0\|^2/\eta}{2 - \eta G^2},
        \qquad T(\text{error} \le 0.1) \lesssim d^2",
    reference: "T22, stochastic gradient descent of the abstract; statement and constants derived for this \
        project",
    hypotheses: "Logistic loss, one fresh example a step, ηG² < 2 as monitored; the parity.",
    method: "The books of whole runs, η = ½, with W̄ along the direction of the margin at W_0, d from 4 to \
        8 and m = 512. The error on all corners against the mistakes, in 64 runs at d = 4 and 6. The first \
        step at which the error is 0.1, on all corners to d = 9 and on 512 fresh ones beyond, over looks 6 \
        percent apart, d from 6 to 24, with one constant for all widths. Other η are not \
        looked at, and m at two values.",
    refuted_by: "A run whose losses add up to more; more runs than δ with a larger error; steps that grow \
        faster than d².",
    variables: &["d", "m"],
    uses: &["lr-ntk-margin"],
    errata: &[ErratumId(1)],
    ..Card::new(&super::PAPER, "lr-sgd-perceptron", "Gradient descent as a perceptron")
};

impl Claim for SgdPerceptron {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let cell = |part: &str, d: usize, m: usize| Cell::new(self.id(), part).with(D, d).with(M, m);
        let quick = tier == Tier::Quick;
        let (widths, replicates): (&[usize], _) = if quick { (&[256], 4) } else { (&[256, 1024], 16) };
        let mut cells = Vec::new();
        for d in [4, 6, 8] {
            cells.extend((0..replicates / 4).map(|i| cell("books", d, 512).replicate(i)));
        }
        cells.extend([4, 6].map(|d| cell("mistakes", d, 128)));
        for (m, d) in widths.iter().flat_map(|m| SIZES.map(|d| (*m, d))) {
            cells.extend((0..replicates).map(|i| cell("steps", d, m).replicate(i)));
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (d, m) = (cell.d() as f64, cell.m() as f64);
        let corners = (1_u64 << cell.d().min(10)) as f64;
        let step = 8.0 * m * d;
        let flops = match cell.part.as_str() {
            "books" => 2.0 * BOOKED as f64 * d * d * step + 20.0 * corners * m * d,
            "mistakes" => RUNS as f64 * (LENGTH as f64 * d * d * step + LOOKS as f64 * corners * m),
            _ => 5.0 * d * d * step + 40.0 * CORNERS as f64 * m * 2.0,
        };
        Prediction { flops, bytes: 1e6 + 16.0 * corners.max(CORNERS as f64) * m }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match cell.part.as_str() {
            "books" => books(cell, seed),
            "mistakes" => mistakes(cell, seed),
            _ => steps(cell, seed),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        vec![
            Bound::inequality(
                "regret",
                "the losses of a run add up to at most (2 Σ ℓ(z_t) + ‖W̄ − W_0‖²/η)/(2 − ηG²)",
                "regret",
                Side::Upper,
                "allowed",
                Neighbour::rhs("free", "‖W̄ − W_0‖²/η dropped, with W̄ eight times as far"),
            )
            .trivially("zero")
            .headline()
            .chosen("W̄ at the distance 2/γ_m and 32d² examples, where the right side is about the least")
            .part("books"),
            Bound::probability(
                "mistakes",
                "min_t Pr(p(W_t) ≤ 0) ≤ e/(e−1) (M_T + ln 10)/T with probability 0.9",
                "successes",
                "trials",
                Side::Lower,
                1.0 - FAILING,
            )
            .part("mistakes"),
            Bound::inequality(
                "mistakes-of-the-median-run",
                "in the median run the least error is at most e/(e−1) (M_T + ln 10)/T",
                "median",
                Side::Upper,
                "median_bound",
                Neighbour::rhs("median_free", "M_T dropped"),
            )
            .part("mistakes"),
            Bound::growth(
                "steps",
                "T(error ≤ 0.1) ≲ d²",
                "steps",
                "square",
                Sweep::upper(D, |_| 2.0).supremum_over(&[M]),
            )
            .scatter("the steps are those of random runs")
            .headline()
            .part("steps"),
            Bound::inequality(
                "steps-constant",
                "T(error ≤ 0.1) ≤ 16 d²",
                "steps",
                Side::Upper,
                "sixteen_squares",
                Neighbour::rhs("linear", "40 d, which is more than 6 d² at d = 6"),
            )
            .chosen("the factors, from runs in which T was 2 to 6.5 d²")
            .part("steps"),
        ]
    }
}

/// With the hypothesis that ηG² < 2.
fn monitored(out: Measurement, square: f64) -> Measurement {
    let product = STEP * square;
    out.hypothesis("ηG² < 2", product < 2.0, format!("{product:.3}"))
}

/// The books of a run for W̄ = W_0 + 2U/γ_m, U the direction that certifies γ_m at W_0, and for the one that
/// is eight times as far.
fn books(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (d, m, count) = (cell.d(), cell.m(), BOOKED * cell.d() * cell.d());
    let cube = Examples::cube(d)?;
    let w = instance::weights(&mut cell.stream(seed, "weights"), m, d);
    let found = Gradients::new(w.as_ref(), cube.x.as_ref(), &cube.y, Par::Seq)?.margin()?;
    let radius = 2.0 / found.margin.upper();
    let stream = Examples::sample(&mut cell.stream(seed, "examples"), count, d)?;
    let run = |radius: f64| {
        let other = &w + Scale(radius) * &found.primal;
        perceptron(w.as_ref(), stream.x.as_ref(), &stream.y, STEP, other.as_ref())
    };
    let (near, far) = (run(radius)?, run(FARTHER * radius)?);
    // ℓ is Lipschitz, and the moduli of the terms of p_t and z_t add up to at most the length of the weights
    // times that of the gradient.
    let reach = near.weights.norm_l2() + w.norm_l2() + FARTHER * radius;
    let each = rounding::sum(m, 2 * d + 8) * reach * near.largest_square.sqrt();
    let error = 4.0 * count as f64 * (each + rounding::sum(count, 4));
    let divisor = 2.0 - STEP * near.largest_square;
    let bound = |square: f64| Ball::new(square, error) / divisor;
    Ok(monitored(Measurement::new(), near.largest_square)
        .quantity("regret", near.regret, error)
        .ball("allowed", bound(near.allowed))
        .ball("free", bound(far.allowed - (FARTHER * radius).powi(2) / STEP))
        .quantity("zero", count as f64 * std::f64::consts::LN_2, 0.0)
        .cost(12.0 * (count * m * (d + 1)) as f64, 16.0 * (cube.y.len() * m) as f64, 0.0))
}

/// A run in pieces that begin where the one before ended.
struct Run {
    w: Mat<f64>,
    mistakes: usize,
    largest_square: f64,
    done: usize,
}

impl Run {
    fn new(rng: &mut ChaCha20Rng, cell: &Cell) -> Self {
        let w = instance::weights(rng, cell.m(), cell.d());
        Self { w, mistakes: 0, largest_square: 0.0, done: 0 }
    }

    /// Goes on to the step `until` with the next examples of a stream.
    fn go(&mut self, until: usize, rng: &mut ChaCha20Rng) -> Result<()> {
        let examples = Examples::sample(rng, until - self.done, self.w.ncols() - 1)?;
        let start = self.w.as_ref();
        let piece = perceptron(start, examples.x.as_ref(), &examples.y, STEP, start)?;
        self.mistakes += piece.mistakes;
        self.largest_square = self.largest_square.max(piece.largest_square);
        (self.w, self.done) = (piece.weights, until);
        Ok(())
    }
}

/// The least error on all corners, over some steps of a run, against the mistakes of the whole run.
fn mistakes(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (weights, examples) = (&mut cell.stream(seed, "weights"), &mut cell.stream(seed, "examples"));
    let cube = Examples::cube(cell.d())?;
    let length = LENGTH * cell.d() * cell.d();
    let factor = 1.0 / (1.0 - (-1.0_f64).exp());
    let allowed = |mistakes: f64| factor * (mistakes - FAILING.ln()) / length as f64;
    let (mut runs, mut square) = (Vec::with_capacity(RUNS), 0.0_f64);
    for _ in 0..RUNS {
        let (mut run, mut least) = (Run::new(weights, cell), 1.0_f64);
        for look in 1..=LOOKS {
            run.go(length * look / LOOKS, examples)?;
            least = least.min(instance::error_rate(&run.w, &cube));
        }
        square = square.max(run.largest_square);
        runs.push([least, allowed(run.mistakes as f64)]);
    }
    let successes = runs.iter().filter(|[error, allowed]| error <= allowed).count();
    let median = |which: usize| {
        let mut all: Vec<f64> = runs.iter().map(|run| run[which]).collect();
        all.sort_by(f64::total_cmp);
        all[RUNS / 2]
    };
    Ok(monitored(Measurement::new(), square)
        .quantity("successes", successes as f64, 0.0)
        .quantity("trials", RUNS as f64, 0.0)
        .quantity("median", median(0), 0.0)
        .quantity("median_bound", median(1), 0.0)
        .quantity("median_free", allowed(0.0), 0.0))
}

/// The first of the looks at which the error is small.
fn steps(cell: &Cell, seed: u64) -> Result<Measurement> {
    let d = cell.d();
    let square = (d * d) as f64;
    let test = match 1_usize.checked_shl(d as u32) {
        Some(corners) if corners <= CORNERS => Examples::cube(d)?,
        _ => Examples::sample(&mut cell.stream(seed, "test"), CORNERS, d)?,
    };
    let examples = &mut cell.stream(seed, "examples");
    let mut run = Run::new(&mut cell.stream(seed, "weights"), cell);
    let (mut next, mut arrived) = (square, false);
    while !arrived && next <= PATIENCE as f64 * square {
        run.go(next as usize, examples)?;
        arrived = instance::error_rate(&run.w, &test) <= ERROR;
        next = (next * RATIO).max(next + 1.0);
    }
    let out = monitored(Measurement::new(), run.largest_square)
        .quantity("square", square, 0.0)
        .quantity("sixteen_squares", 16.0 * square, 0.0)
        .quantity("linear", 40.0 * d as f64, 0.0);
    Ok(match arrived {
        true => out.quantity("steps", run.done as f64, 0.0),
        false => out.at_least("steps", run.done as f64),
    })
}

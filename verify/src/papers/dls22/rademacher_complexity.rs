//! DLS22, Lemmas 48 and 49: the Rademacher complexity of two-layer ReLU networks.
//!
//! > For fixed W and b and ‖a‖ ≤ B_a it is at most `B_a √((‖W‖_F² + ‖b‖²)/n)` (Lemma 48). Where W is free
//! > with ‖w_j‖ ≤ B_w it is at most `2 B_a B_w √(md/n)` (Lemma 49).
//!
//! Given the inputs X the first one is `(B_a/n) E_ε‖Σ_i ε_i σ(Wx_i + b)‖`, by enumeration of the signs for
//! few inputs and by drawn signs for many. In the mean over X it is at most `B_a √(Σ_j E σ_j²/n)`, which is
//! smaller than the printed bound by about √2. Lemma 49 drops b (erratum 10), and is put to a search over
//! W, which can refute and not prove.

use super::letters::{D, M, N};
use super::rademacher;
use crate::claim::distribution::student_interval;
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::{Error, Result};
use escapement::ball::Ball;
use escapement::construct::signs::draw;
use escapement::sphere::uniform_sphere;
use escapement::{rounding, tolerance};
use faer::Mat;
use rand_distr::{Distribution, StandardNormal};

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct Rademacher;

/// Samples in a cell whose signs are enumerated, and in one whose signs are drawn.
const SAMPLES: [usize; 2] = [128, 16];
/// Sign patterns for a sample that is too large for all of them.
const SIGNS: usize = 16;
/// ‖a‖ ≤ B_a and ‖w_j‖ ≤ B_w: everything goes with them.
const B_A: f64 = 1.0;
const B_W: f64 = 1.0;
/// The bias of every neuron in the part that needs Lemma 49 to have one.
const LARGE: f64 = 8.0;
/// The deviation of the biases elsewhere, so that they matter beside the weights.
const SPREAD: f64 = 2.0;
/// Starts and steps of the search over a neuron's weights.
const STARTS: usize = 6;
const STEPS: usize = 20;

const CARD: Card = Card {
    statement: r"\operatorname{Rad}\left\{ a^{\top}\sigma(Wx + b) : \|a\| \le B_a \right\} \le
        B_a \sqrt{\frac{\|W\|_F^2 + \|b\|^2}{n}}, \qquad \operatorname{Rad}\left\{ \|a\| \le B_a,
        \|w_j\| \le B_w \right\} \le 2 B_a B_w \sqrt{\frac{md}{n}} + 2 B_a \sqrt{\frac{m}{n}} \max_j |b_j|",
    reference: "DLS22, Lemmas 48 and 49",
    hypotheses: "Standard normal inputs; unit rows of W; biases of deviation 2, and for Lemma 49 from −1 \
        to 1, or equal to 8.",
    method: "Given X the supremum over a is in closed form. Its mean over signs is enumerated for up to 12 \
        inputs, on 128 samples, whose mean has a Student interval at confidence 1 − 10⁻⁶; along n and m the \
        signs are drawn. Lemma 49 is put to a search over the weights of each neuron.",
    refuted_by: "A mean over samples above the bound; a complexity that falls slower than n^{−1/2} or grows \
        faster than √m; weights for which the second bound fails.",
    variables: &["n", "m", "d"],
    errata: &[ErratumId(10)],
    ..Card::new(&super::PAPER, "dls-rademacher", "The complexity of two-layer networks")
};

impl Claim for Rademacher {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let cell = |part: &str, d: usize, m: usize, n: usize| {
            Cell::new(self.id(), part).with(D, d).with(M, m).with(N, n)
        };
        let mut cells = Vec::new();
        for d in [3, 8] {
            cells.extend([1, 2, 4, 8, 12].map(|n| cell("signs", d, 16, n)));
        }
        let replicates = if tier == Tier::Quick { 6 } else { 16 };
        let mut drawn: Vec<Cell> = sweep::doublings(16, 6).map(|n| cell("samples", 8, 32, n)).collect();
        drawn.extend(sweep::doublings(8, 6).map(|m| cell("widths", 8, m, 32)));
        drawn.extend(sweep::doublings(8, 5).map(|n| cell("search", 4, 4, n)));
        drawn.extend(sweep::doublings(2, 5).map(|d| cell("search-dimensions", d, 4, 32)));
        drawn.push(cell("search-large", 3, 4, 8));
        drawn.push(cell("search-large", 3, 4, 32));
        cells.extend(drawn.iter().flat_map(|c| (0..replicates).map(|i| c.clone().replicate(i))));
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (d, m, n) = (cell.d() as f64, cell.m() as f64, cell.n() as f64);
        let features = n * m * (2.0 * d + 4.0);
        let flops = match cell.part.as_str() {
            "signs" => SAMPLES[0] as f64 * (features + 0.5 * n.exp2() * n * m),
            "samples" | "widths" => SAMPLES[1] as f64 * (features + SIGNS as f64 * n * m),
            _ => (SAMPLES[1] * STARTS * STEPS * 4) as f64 * features,
        };
        Prediction { flops: 1e5 + flops, bytes: 1e5 + 16.0 * n * (d + m) }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match cell.part.as_str() {
            "signs" => signs(cell, seed),
            "samples" | "widths" => samples(cell, seed),
            _ => searched(cell, seed),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        let search = |cell: &Cell| cell.part.starts_with("search");
        vec![
            Bound::inequality(
                "lemma-48",
                "E_X E_ε sup_a ≤ B_a √((‖W‖_F² + ‖b‖²)/n): a Student interval over 128 samples at \
                 confidence 1 − 10⁻⁶",
                "complexity_interval",
                Side::Upper,
                "printed",
                Neighbour::rhs("without_biases", "‖b‖² left out"),
            )
            .neighbour(Neighbour::rhs("over_n", "n in place of √n"))
            .headline()
            .part("signs"),
            Bound::inequality(
                "given-a-sample",
                "E_ε sup_a ≤ (B_a/n) √(Σ_i ‖σ(Wx_i + b)‖²) on each of 128 samples, by enumeration of the \
                 signs: the largest ratio is at most 1",
                "worst_ratio",
                Side::Upper,
                "one",
                Neighbour::lhs("worst_ratio_half", "half of the sum of squares"),
            )
            .code_check()
            .part("signs"),
            Bound::inequality(
                "sharp-form",
                "E_X E_ε sup_a ≤ B_a √(Σ_j E σ_j²/n), with E σ(w·x + b)² in closed form",
                "complexity_interval",
                Side::Upper,
                "sharp",
                Neighbour::rhs("sharp_half", "half of the sum of squares"),
            )
            .code_check()
            .part("signs"),
            Bound::growth(
                "in-n",
                "E_X E_ε sup_a ≍ B_a √(Σ_j E σ_j²/n) along n",
                "complexity",
                "sharp",
                Sweep::both(N, |_| -0.5),
            )
            .headline()
            .part("samples"),
            Bound::growth(
                "in-m",
                "E_X E_ε sup_a ≍ B_a √(Σ_j E σ_j²/n) along m, which is √m for unit rows",
                "complexity",
                "sharp",
                Sweep::both(M, |_| 0.5),
            )
            .part("widths"),
            Bound::inequality(
                "lemma-49",
                "E_ε sup_{a,W} ≤ 2B_aB_w √(md/n) + 2B_a √(m/n) max|b_j|, as far as a search finds W: the \
                 largest of its sums over 16 samples",
                "searched",
                Side::Upper,
                "with_biases",
                Neighbour::rhs("as_printed", "b left out, as printed"),
            )
            .neighbour(Neighbour::rhs("with_biases_over_n", "n in place of √n"))
            .among(search),
            Bound::inequality(
                "lemma-49-as-printed",
                "E_ε sup_{a,W} ≤ 2B_aB_w √(md/n), whatever b is",
                "searched",
                Side::Upper,
                "as_printed",
                Neighbour::rhs("with_biases_over_n", "n in place of √n"),
            )
            .printed(ErratumId(10))
            .among(search),
            Bound::growth(
                "lemma-49-in-n",
                "E_ε sup_{a,W}, as far as a search finds W, is ≲ √(md/n) along n",
                "searched",
                "with_biases",
                Sweep::upper(N, |_| -0.5),
            )
            .part("search"),
            Bound::growth(
                "lemma-49-in-d",
                "E_ε sup_{a,W}, as far as a search finds W, is ≲ √d along d: one constant",
                "searched",
                "as_printed",
                Sweep::upper(D, |_| 0.5),
            )
            .part("search-dimensions"),
        ]
    }
}

/// n standard normal inputs in R^d, `[n, d]`.
fn inputs(rng: &mut impl rand::Rng, n: usize, d: usize) -> Mat<f64> {
    let rows: Vec<f64> = (0..n * d).map(|_| StandardNormal.sample(rng)).collect();
    Mat::from_fn(n, d, |i, c| rows[i * d + c])
}

/// The first layer of a cell: unit rows, and biases of deviation 2.
struct Layer {
    weights: Mat<f64>,
    biases: Vec<f64>,
}

impl Layer {
    /// One for all numbers of samples, because the lemma fixes it.
    fn new(cell: &Cell, seed: u64) -> Self {
        let cell = &cell.clone().without(N);
        let weights = uniform_sphere(&mut cell.stream(seed, "weights"), cell.m(), cell.d(), B_W);
        let rng = &mut cell.stream(seed, "biases");
        let normal = |_| -> f64 { StandardNormal.sample(rng) };
        Self { weights, biases: (0..cell.m()).map(normal).map(|b: f64| SPREAD * b).collect() }
    }

    /// `σ(Wx_i + b)`, `[n, m]`.
    fn features(&self, x: &Mat<f64>) -> Mat<f64> {
        let z = x * self.weights.transpose();
        Mat::from_fn(x.nrows(), self.biases.len(), |i, j| (z[(i, j)] + self.biases[j]).max(0.0))
    }

    /// The bounds, in the mean over X.
    fn bounds(&self, cell: &Cell) -> Measurement {
        let (n, m) = (cell.n() as f64, cell.m());
        let relative = rounding::sum(m, 2 * cell.d() + 16);
        let mean = |j: usize| rademacher::mean_square(self.weights.row(j).norm_l2(), self.biases[j]);
        let squares: f64 = (0..m).map(mean).sum();
        let printed = rademacher::printed_bound(self.weights.as_ref(), &self.biases, cell.n(), B_A);
        let free = rademacher::printed_bound(self.weights.as_ref(), &vec![0.0; m], cell.n(), B_A);
        let ball = |value: f64| Ball::relative(value, relative);
        Measurement::new()
            .ball("printed", ball(printed))
            .ball("without_biases", ball(free))
            .ball("over_n", ball(printed / n.sqrt()))
            .ball("sharp", ball(B_A * (squares / n).sqrt()))
            .ball("sharp_half", ball(B_A * (0.5 * squares / n).sqrt()))
            .quantity("one", 1.0, 0.0)
            .hypothesis("fixed W and b", true, "drawn before the inputs")
    }
}

/// The mean over all signs on many small samples.
fn signs(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (layer, n) = (Layer::new(cell, seed), cell.n());
    let rng = &mut cell.stream(seed, "inputs");
    let (mut means, mut worst) = (Vec::with_capacity(SAMPLES[0]), 0.0_f64);
    for _ in 0..SAMPLES[0] {
        let x = inputs(rng, n, cell.d());
        let mean = rademacher::given_inputs(x.as_ref(), layer.weights.as_ref(), &layer.biases, B_A)
            .map_err(|why| Error::from(escapement::Error::domain("n", n, why)))?;
        let size = layer.features(&x).norm_l2() * B_A / n as f64;
        if size > 0.0 {
            worst = worst.max(mean / size);
        }
        means.push(mean);
    }
    let (mean, half) = student_interval(&means, tolerance::FAILURE);
    let relative = rounding::sum(n + cell.m(), 2 * cell.d() + 16);
    Ok(layer
        .bounds(cell)
        .quantity("complexity_interval", mean, half + relative * mean)
        .quantity("worst_ratio", worst, relative * worst)
        .quantity("worst_ratio_half", worst * std::f64::consts::SQRT_2, relative * worst)
        .cost((SAMPLES[0] << (n - 1)) as f64 * (n * cell.m()) as f64, 1e5, 0.0))
}

/// Means over samples, with drawn signs.
fn samples(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (layer, n) = (Layer::new(cell, seed), cell.n());
    let rng = &mut cell.stream(seed, "inputs");
    let coins = &mut cell.stream(seed, "signs");
    let mut sum = 0.0;
    for _ in 0..SAMPLES[1] {
        let features = layer.features(&inputs(rng, n, cell.d()));
        for _ in 0..SIGNS {
            let epsilon = draw(coins, n);
            sum += (features.transpose() * faer::ColRef::from_slice(&epsilon)).norm_l2();
        }
    }
    let mean = B_A * sum / (n * SAMPLES[1] * SIGNS) as f64;
    let relative = rounding::sum(n + cell.m() + SAMPLES[1] * SIGNS, 2 * cell.d() + 16);
    Ok(layer.bounds(cell).quantity("complexity", mean, relative * mean))
}

/// The mean over samples and signs of the largest sums that a search over W finds.
fn searched(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (d, m, n) = (cell.d(), cell.m(), cell.n());
    let rng = &mut cell.stream(seed, "inputs");
    let coins = &mut cell.stream(seed, "signs");
    let even = |j: usize| (2 * j + 1) as f64 / m as f64 - 1.0;
    let large = cell.part == "search-large";
    let biases: Vec<f64> = (0..m).map(|j| if large { LARGE } else { even(j) }).collect();
    let starts = uniform_sphere(&mut cell.stream(seed, "starts"), STARTS, d, B_W);
    let mut sum = 0.0;
    for _ in 0..SAMPLES[1] {
        let (x, epsilon) = (inputs(rng, n, d), draw(coins, n));
        let of = |b: f64| {
            let from = |j: usize| -> f64 {
                let w: Vec<f64> = starts.row(j).iter().copied().collect();
                ascend(&x, &epsilon, b, &w, 1.0).max(ascend(&x, &epsilon, b, &w, -1.0))
            };
            (0..STARTS).map(from).fold(0.0, f64::max)
        };
        // The best a is along the sums of the neurons, which are free of one another.
        sum += biases.iter().map(|&b| of(b).powi(2)).sum::<f64>().sqrt();
    }
    let mean = B_A * sum / (n * SAMPLES[1]) as f64;
    let (n, m_over_n) = (n as f64, (m as f64 / n as f64).sqrt());
    let printed = 2.0 * B_A * B_W * m_over_n * (d as f64).sqrt();
    let largest = biases.iter().fold(0.0_f64, |most, b| most.max(b.abs()));
    let whole = printed + 2.0 * B_A * m_over_n * largest;
    let relative = rounding::sum(m + cell.n() + SAMPLES[1], 2 * d + 16);
    Ok(Measurement::new()
        .quantity("searched", mean, relative * mean)
        .ball("as_printed", Ball::relative(printed, 8.0 * f64::EPSILON))
        .ball("with_biases", Ball::relative(whole, 8.0 * f64::EPSILON))
        .ball("with_biases_over_n", Ball::relative(whole / n.sqrt(), 8.0 * f64::EPSILON))
        .hypothesis("‖w_j‖ ≤ B_w", true, "the search stays in the ball"))
}

/// The largest `sign·Σ ε_i σ(w·x_i + b)` over ‖w‖ ≤ B_w that ascent from w finds: the sum is piecewise
/// linear in w.
fn ascend(x: &Mat<f64>, epsilon: &[f64], b: f64, w: &[f64], sign: f64) -> f64 {
    let (n, d) = (x.nrows(), x.ncols());
    let (mut w, mut best, mut step) = (w.to_vec(), f64::NEG_INFINITY, B_W);
    let evaluate = |w: &[f64]| {
        let (mut sum, mut slope) = (0.0, vec![0.0; d]);
        for i in 0..n {
            let z = b + (0..d).map(|c| w[c] * x[(i, c)]).sum::<f64>();
            if z > 0.0 {
                sum += sign * epsilon[i] * z;
                (0..d).for_each(|c| slope[c] += sign * epsilon[i] * x[(i, c)]);
            }
        }
        (sum, slope)
    };
    let mut trial = w.clone();
    let mut slope = vec![0.0; d];
    for _ in 0..STEPS {
        let (sum, at) = evaluate(&trial);
        if sum > best {
            (best, w, slope) = (sum, trial.clone(), at);
        } else {
            step *= 0.5;
        }
        let length = slope.iter().map(|s| s * s).sum::<f64>().sqrt();
        if length == 0.0 {
            break;
        }
        trial = w.iter().zip(&slope).map(|(w, s)| w + step * s / length).collect();
        let norm = trial.iter().map(|t| t * t).sum::<f64>().sqrt();
        if norm > B_W {
            trial.iter_mut().for_each(|t| *t *= B_W / norm);
        }
    }
    best
}

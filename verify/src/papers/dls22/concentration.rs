//! DLS22, Lemmas 10, 32 and 33, Corollary 34: sample averages are near their means, for all weights at once.
//!
//! > `‖β − C_1‖ ≲ √(dι^{p+1}/n)`, `sup_w ‖g_n(w) − g(w)‖ ≲ √(dι^{p+1}/n)`.
//!
//! The mean squares are exact: `n E‖β − C_1‖² = E[(f*² + ς²)‖x‖²] − ‖C_1‖²`, and with the exact centring
//! `n E‖g_n − g‖² = ½E[(f̂*² + ς²)‖x‖²] − E_w‖g‖²`. They are followed in d, and held to means over samples.
//! The supremum is searched for. A search gives a lower estimate, which can refute and not prove.

use super::instance::{self, Sample};
use super::letters::{D, N, NOISE};
use crate::claim::distribution::student_interval;
use crate::claim::{Bound, Card, Cell, Claim, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep};
use crate::error::Result;
use escapement::activation;
use escapement::ball::Ball;
use escapement::gaussian::{
    HermiteSeries, MultiIndexModel, PopulationGradient, average_gram, mean_gram, squared_norm_moment,
};
use escapement::sphere::uniform_sphere;
use escapement::{rounding, tolerance};
use faer::Par;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct Concentration;

/// Samples behind a Student interval.
const DRAWS: usize = 1000;
/// Weights that are drawn, from how many of the best the search ascends, and in how many steps.
const WEIGHTS: usize = 64;
const ASCENTS: usize = 6;
const STEPS: usize = 24;

const CARD: Card = Card {
    statement: r"\|\beta - C_1\| \lesssim \sqrt{\frac{d\, \iota^{p+1}}{n}}, \qquad
        \sup_{w} \| g_n(w) - g(w) \| \lesssim \sqrt{\frac{d\, \iota^{p+1}}{n}}",
    reference: "DLS22, Lemmas 10, 32 and 33, Corollary 34",
    hypotheses: "E f*² = 1, a polynomial of degree p; n ≥ d.",
    method: "The mean squares over samples are exact, followed in d to 2000, and held to Student intervals \
        over 1000 samples at confidence 1 − 10⁻⁶. The supremum over w is searched for, by 64 drawn weights \
        and ascents from the best, along n at d = 8 and along d at n = 2048: the search can refute, not \
        prove.",
    refuted_by: "A supremum that falls slower than n^{−1/2} or grows faster than √d; a mean square that \
        grows faster than d.",
    variables: &["n", "d"],
    uses: &["dls-gradient"],
    errata: &[crate::claim::ErratumId(15)],
    ..Card::new(&super::PAPER, "dls-concentration", "Sample gradients are near their means")
};

impl Claim for Concentration {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let cell = |part: &str, d: usize| Cell::new(self.id(), part).with(D, d).with(NOISE, 1.0);
        let mut cells = Vec::new();
        // Not of mix3: its squares have so heavy a tail that a Student interval of this confidence fails.
        for target in ["he1", "he2"] {
            for d in [3, 8] {
                cells.extend([16, 64].map(|n| cell(&format!("mean.{target}"), d).with(N, n)));
            }
        }
        for target in ["he2", "mix3", "mix4"] {
            let at = |d: &usize| cell(&format!("exact.{target}"), *d);
            cells.extend(sweep::dimensions(tier).iter().map(at));
        }
        let (along_n, along_d) = if tier == Tier::Quick { (24, 12) } else { (48, 24) };
        let targets: &[&str] = if tier == Tier::Quick { &["he2"] } else { &["he2", "mix3"] };
        for target in targets {
            let searched = sweep::doublings(128, 6 + usize::from(tier > Tier::Quick))
                .map(|n| (cell(&format!("samples.{target}"), 8).with(N, n), along_n));
            let dimensions: &[usize] =
                if tier == Tier::Quick { &[4, 8, 16, 32, 64] } else { &[4, 8, 16, 32, 64, 128] };
            let at = |d: &usize| (cell(&format!("dimensions.{target}"), *d).with(N, 2048), along_d);
            let repeated = searched.chain(dimensions.iter().map(at));
            cells.extend(repeated.flat_map(|(c, count)| (0..count).map(move |i| c.clone().replicate(i))));
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (d, n) = (cell.d() as f64, cell.n() as f64);
        let flops = match instance::measurement(cell) {
            "exact" => 1e5,
            "mean" => DRAWS as f64 * n * (n * (0.1 * d + 3.0) + 30.0 * d),
            _ => (WEIGHTS + ASCENTS * STEPS) as f64 * n * (3.0 * d + 4.0),
        };
        Prediction { flops: 1e5 + flops, bytes: 1e5 + 40.0 * n * d }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match instance::measurement(cell) {
            "exact" => exact(cell),
            "mean" => mean(cell, seed),
            _ => supremum(cell, seed),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        let part = |name: &'static str| move |cell: &Cell| instance::measurement(cell) == name;
        vec![
            Bound::growth(
                "supremum-in-n",
                "sup_w ‖g_n(w) − g(w)‖, as a search finds it, ≲ √(dv/2n) along n, v = E f̂*² + ς²",
                "supremum",
                "scale",
                Sweep::upper(N, |_| -0.5),
            )
            .chosen("n = 128 = 2d², where the sweep begins")
            .headline()
            .among(part("samples")),
            Bound::growth(
                "supremum-in-d",
                "sup_w ‖g_n(w) − g(w)‖, as a search finds it, ≲ √(dv/2n) along d",
                "supremum",
                "scale",
                Sweep::upper(D, |_| 0.5),
            )
            .headline()
            .among(part("dimensions")),
            Bound::asymptotic(
                "gradient-in-d",
                "n E‖g_n − g‖² ≍ d at a weight, over samples",
                "gradient",
                Sweep::both(D, |_| 1.0),
            )
            .among(part("exact")),
            Bound::asymptotic(
                "centring-in-d",
                "n E‖β − C_1‖² ≍ d, over samples",
                "centring",
                Sweep::both(D, |_| 1.0),
            )
            .among(part("exact")),
            Bound::inequality(
                "mean-of-gram",
                "E tr M_n = (1 − 1/n)E_w‖g‖² + E[(f̂*² + ς²)‖x‖²]/2n, so that n E‖g_n − g‖² is what is \
                 said: a Student interval over 1000 samples at confidence 1 − 10⁻⁶",
                "gram_miss",
                Side::Upper,
                "gram_limit",
                Neighbour::lhs("gram_miss_quiet", "ς² left out"),
            )
            .code_check()
            .neighbour(Neighbour::lhs("gram_miss_full", "1 in place of ½"))
            .among(part("mean")),
            Bound::inequality(
                "mean-of-centring",
                "n E‖β − C_1‖² = E[(f*² + ς²)‖x‖²] − ‖C_1‖²: a Student interval over 1000 samples at \
                 confidence 1 − 10⁻⁶",
                "centring_miss",
                Side::Upper,
                "centring_limit",
                Neighbour::lhs("centring_miss_quiet", "ς² left out"),
            )
            .code_check()
            .among(part("mean")),
        ]
    }
}

/// `n E‖β − C_1‖²` and `n E‖g_n − g‖²`.
fn scales(f: &HermiteSeries, d: usize, noise: f64) -> Result<[Ball; 2]> {
    let variance = Ball::exact(noise) * noise * d as f64;
    let first: Ball = f.gradient_mean().iter().map(|&c| c * c).sum();
    let centred = f.centred();
    let g = PopulationGradient::new(&centred, activation::parse("relu")?.as_ref())?.energies(d)?.total;
    let gradient = (squared_norm_moment(&centred, d) + variance) * 0.5 - g;
    Ok([squared_norm_moment(f, d) + variance - first, gradient])
}

fn exact(cell: &Cell) -> Result<Measurement> {
    let f = instance::target(cell)?;
    let [centring, gradient] = scales(&f, cell.d(), instance::noise(cell))?;
    let out = Measurement::new().ball("centring", centring).ball("gradient", gradient);
    normalised(out, &f)
}

fn normalised(out: Measurement, f: &HermiteSeries) -> Result<Measurement> {
    let second = f.second_moment().value;
    Ok(out.hypothesis("E f*² = 1", f.require_normalised().is_ok(), format!("{second}")))
}

/// Means over samples.
fn mean(cell: &Cell, seed: u64) -> Result<Measurement> {
    let f = instance::target(cell)?;
    let (d, n, noise) = (cell.d(), cell.n(), instance::noise(cell));
    let first = super::families::model(&f, d)?.gradient_mean();
    let (mut traces, mut squares) = (Vec::with_capacity(DRAWS), Vec::with_capacity(DRAWS));
    for draw in 0..DRAWS {
        let sample = Sample::nth(cell, seed, &f, draw)?;
        let gram = average_gram(sample.x.as_ref(), &sample.oracle, Par::Seq)?;
        traces.push((0..d).map(|i| gram.matrix[(i, i)]).sum::<f64>());
        let miss = |(b, c): (f64, &Ball)| (b - c.value).powi(2);
        squares.push(n as f64 * sample.beta()?.into_iter().zip(&first).map(miss).sum::<f64>());
    }
    let [centring, _] = scales(&f, d, noise)?;
    let [quiet, _] = scales(&f, d, 0.0)?;
    let gram = mean_gram(&f, d, n, noise)?.trace;
    let gram_quiet = mean_gram(&f, d, n, 0.0)?.trace;
    let centred = f.centred();
    let norm = squared_norm_moment(&centred, d) + Ball::exact(noise) * noise * d as f64;
    let gram_full = gram + norm * 0.5 / n as f64;
    // A mean of sums over pairs, all of whose roundings are far below the scatter.
    let relative = rounding::sum(n * n, 4 * d + 32);
    let (trace, trace_half) = student_interval(&traces, tolerance::FAILURE);
    let (square, square_half) = student_interval(&squares, tolerance::FAILURE);
    let miss = |mean: f64, exact: Ball| (Ball::relative(mean, relative) - exact).abs();
    let out = Measurement::new()
        .ball("gram_miss", miss(trace, gram))
        .ball("gram_miss_quiet", miss(trace, gram_quiet))
        .ball("gram_miss_full", miss(trace, gram_full))
        .quantity("gram_limit", trace_half, 1e-9 * trace_half)
        .ball("centring_miss", miss(square, centring))
        .ball("centring_miss_quiet", miss(square, quiet))
        .quantity("centring_limit", square_half, 1e-9 * square_half);
    normalised(out.cost((DRAWS * n * n * d) as f64, (24 * n * d) as f64, 0.0), &f)
}

/// The largest ‖g_n(w) − g(w)‖ that a search finds, with the labels as Algorithm 1 centres them.
fn supremum(cell: &Cell, seed: u64) -> Result<Measurement> {
    let f = instance::target(cell)?;
    let (d, n, noise) = (cell.d(), cell.n(), instance::noise(cell));
    let sample = Sample::new(cell, seed, &f)?;
    let search = Search::new(&sample, &f)?;
    let drawn = uniform_sphere(&mut cell.stream(seed, "weights"), WEIGHTS, d, 1.0);
    let mut found: Vec<(f64, Vec<f64>)> = (0..WEIGHTS)
        .map(|j| {
            let w: Vec<f64> = drawn.row(j).iter().copied().collect();
            Ok((search.miss(&w)?.0, w))
        })
        .collect::<Result<_>>()?;
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut largest = found[0].0;
    for (size, w) in found.into_iter().take(ASCENTS) {
        largest = largest.max(search.ascend(size, w)?);
    }
    let v = f.centred().second_moment() + Ball::exact(noise) * noise;
    let moduli = sample.x.as_ref().norm_l2() * search.labels.iter().map(|y| y * y).sum::<f64>().sqrt();
    let error = rounding::sum(n, 2 * d + 16) * moduli / n as f64;
    let out = Measurement::new()
        .quantity("supremum", largest, error)
        .ball("scale", (v * 0.5 * d as f64 / n as f64).sqrt())
        .hypothesis("n ≥ d", n >= d, format!("{n} against {d}"))
        .cost(((WEIGHTS + ASCENTS * STEPS) * n * d * 4) as f64, (24 * n * d) as f64, 0.0);
    normalised(out, &f)
}

/// The search for the weight at which the gradient of a sample is farthest from its mean.
struct Search<'a> {
    sample: &'a Sample,
    labels: Vec<f64>,
    model: MultiIndexModel,
    population: PopulationGradient,
}

impl<'a> Search<'a> {
    fn new(sample: &'a Sample, f: &HermiteSeries) -> Result<Self> {
        let model = super::families::model(&f.centred(), sample.x.ncols())?;
        let population = model.population(activation::parse("relu")?.as_ref())?;
        Ok(Self { sample, labels: sample.centred()?, model, population })
    }

    /// ‖g_n(w) − g(w)‖ and its direction.
    fn miss(&self, w: &[f64]) -> Result<(f64, Vec<f64>)> {
        let (x, n) = (&self.sample.x, self.labels.len());
        let z = x * faer::ColRef::from_slice(w);
        let on: Vec<f64> =
            (0..n).map(|i| if z[i] > 0.0 { self.labels[i] / n as f64 } else { 0.0 }).collect();
        let g = x.transpose() * faer::ColRef::from_slice(&on);
        let mean = self.model.gradient(&self.population, w)?;
        let miss: Vec<f64> = mean.iter().enumerate().map(|(c, mean)| g[c] - mean.value).collect();
        let size = miss.iter().map(|m| m * m).sum::<f64>().sqrt();
        Ok((size, miss.iter().map(|m| m / size.max(f64::MIN_POSITIVE)).collect()))
    }

    /// Steps w ← w + s Σ ŷ_i (u·x_i) x_i along the direction u of the miss, which turn on the samples that
    /// add to it; a step that does not enlarge the miss is halved.
    fn ascend(&self, mut size: f64, mut w: Vec<f64>) -> Result<f64> {
        let x = &self.sample.x;
        let mut step = 0.5;
        let mut u = self.miss(&w)?.1;
        for _ in 0..STEPS {
            let along = x * faer::ColRef::from_slice(&u);
            let pull: Vec<f64> = self.labels.iter().enumerate().map(|(i, y)| y * along[i]).collect();
            let pull = x.transpose() * faer::ColRef::from_slice(&pull);
            let length = pull.norm_l2().max(f64::MIN_POSITIVE);
            let moved: Vec<f64> = w.iter().enumerate().map(|(c, w)| w + step * pull[c] / length).collect();
            let norm = moved.iter().map(|m| m * m).sum::<f64>().sqrt();
            if norm == 0.0 {
                break;
            }
            let moved: Vec<f64> = moved.iter().map(|m| m / norm).collect();
            let (reached, direction) = self.miss(&moved)?;
            if reached > size {
                (size, w, u) = (reached, moved, direction);
            } else {
                step *= 0.5;
            }
        }
        Ok(size)
    }
}

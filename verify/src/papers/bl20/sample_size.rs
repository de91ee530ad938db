//! BL20, sample size: the quadratic model learns a polynomial of degree p of two coordinates from about
//! d^{p−1} inputs, and no kernel does with fewer than about d^p.
//!
//! Derived for this project, for `f* ∝ Re (x_1 + i x_2)^p`, `E f*² = 1`, a harmonic of degree p and a sum of
//! p powers of linear functions, or for a sum of such harmonics in R/p planes:
//!
//! > Let n* be the least number of inputs from which the minimiser of `E_n ½(f_Q − y)² + λ‖W‖_{2,4}⁸` has
//! > the relative test error ε. Then `n* ≲ R (1 + ln d) d^{p−1}/ε²`, because `2 Rad ≤ ε` as soon as n is at
//! > least `n_up = 16 (1 + ln d) (Σ_s |α_s|)² E h² v/ε²`, `v = d max(E σ''²z², E σ''²(d − z²)/(d − 1)) ≍ d`.
//! > The predictions of every kernel have a mean error over directions of at least `1 − n/B(d,p)`.

use super::instance::{self, ACTIVATIONS, CUBED};
use super::learner::{Draw, PLACES, Task, WIDTH, grid};
use super::letters::{ACCURACY, D, DEGREE, M, N, TERMS};
use super::series::Series;
use crate::claim::distribution::student_interval;
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier,
};
use crate::error::Result;
use escapement::ball::Ball;
use escapement::sphere::{dimension, orthonormal_coefficients};
use escapement::{rounding, tolerance};

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct SampleSize;

/// Draws at a number of inputs, those of them with σ = z²/2 for p = 3, and the inverse of the relative error.
const AT: usize = 40;
const EVEN: usize = 12;
const QUARTER: usize = 4;

const CARD: Card = Card {
    statement: r"n^* \lesssim R\, (1 + \ln d)\, d^{p-1}/\varepsilon^2, \qquad n_{\mathrm{kernel}} \ge
        (1 - \varepsilon)\, B(d,p) \asymp d^p",
    reference: "BL20, the dimension factor of the abstract; statement and constants derived for this project",
    hypotheses: "Inputs on the sphere of radius √d; f* = c Re (x_1 + i x_2)^p without noise, or a sum of \
        such harmonics in R/p planes; σ = z^p/p!, m = 64, λ = 0.4 p² ε/(16 R d^{p−2})²; descents that have \
        arrived.",
    method: "L-BFGS from noise minimises the objective of the quadratic model, of which the test error is \
        exact. The least n with the error ε, ¼ along d and R, is found on a grid of 8 percent, interpolated \
        there, averaged over draws by its logarithm, and followed in d, R and 1/ε. At ⅔B(d,p) inputs the \
        error stands beside that of kernel regression on the same samples. n_up and B(d,p) are exact \
        zonal sums.",
    refuted_by: "A larger power of d beside the logarithm, of R or of 1/ε; a kernel below its floor; a model \
        above ¼ where no kernel is below.",
    variables: &["d", "R", "accuracy"],
    uses: &["bl-operator-norm", "bl-expressivity", "bl-landscape"],
    errata: &[ErratumId(4), ErratumId(7), ErratumId(8)],
    ..Card::new(&super::PAPER, "bl-sample-size", "Fewer samples than any kernel by a power of the dimension")
};

impl Claim for SampleSize {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let quick = tier == Tier::Quick;
        let cell = |part: &str, d: usize, p: usize| Cell::new(self.id(), part).with(D, d).with(DEGREE, p);
        let model = |part: &str, (d, p): (usize, usize), planes: usize, accuracy: usize| {
            let cell = cell(part, d, p).with(M, WIDTH).activation(format!("monomial:{p}"));
            cell.with(TERMS, p * planes).with(ACCURACY, accuracy)
        };
        let mut cells = Vec::new();
        for activation in ACTIVATIONS {
            for d in [8, 11, 16, 23, 32, 45, 64, 91, 128, 181, 256, 362, 512, 724, 1024, 2048, 4096] {
                cells.extend([2, 3, 4].map(|p| cell("exact", d, p).activation(activation)));
            }
        }
        // What decides the growth takes more draws than the quick tier has time for.
        let sizes: (&str, [&[usize]; 2]) = if quick {
            ("least", [&[8, 13, 20, 32, 50], &[]])
        } else {
            ("sweep", [&[8, 11, 16, 23, 32, 45, 64, 91, 128, 181], &[5, 8, 12, 18, 26]])
        };
        let mut sweeps = Vec::new();
        for (p, ds) in [2, 3].into_iter().zip(sizes.1) {
            sweeps.extend(ds.iter().map(|&d| model(sizes.0, (d, p), 1, QUARTER)));
        }
        let d = if quick { 16 } else { 24 };
        sweeps.extend([1, 2, 3, 4, 6].map(|planes| model("terms", (d, 2), planes, QUARTER)));
        sweeps.extend([2, 4, 8, 16, 32].map(|accuracy| model("accuracy", (d, 2), 1, accuracy)));
        let count = if quick { 2 } else { 4 };
        cells.extend(sweeps.iter().flat_map(|cell| (0..count).map(move |r| cell.clone().replicate(r))));
        let at: &[(usize, usize)] =
            if quick { &[(12, 2), (11, 3)] } else { &[(12, 2), (24, 2), (11, 3), (15, 3)] };
        cells.extend(at.iter().map(|&(d, p)| {
            model("floor", (d, p), 1, QUARTER).with(N, (2.0 * dimension(d, p) / 3.0).floor() as usize)
        }));
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (d, m) = (cell.d() as f64, WIDTH as f64);
        let descent = |n: f64| 75.0 * m * (n * (8.0 + d / 18.0) + 40.0 * d);
        let (flops, n) = match cell.part.as_str() {
            "exact" => (1e6, 0.0),
            "floor" => (1.3 * AT as f64 * descent(cell.n() as f64), cell.n() as f64),
            _ => (3.5 * draws(cell) as f64 * descent(guess(cell)), 3.5 * guess(cell)),
        };
        Prediction { flops, bytes: 1e6 + 8.0 * (6.0 * m * n + 60.0 * m * d + 3.0 * n * n) }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match cell.part.as_str() {
            "exact" => exact(cell),
            "floor" => floor(cell, seed),
            _ => least(cell, seed),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        let growth = |name: &str, statement: &str, (lhs, rhs): (&str, &str), sweep: Sweep| {
            Bound::growth(name, statement, lhs, rhs, sweep)
        };
        let compared =
            |name: &str, statement: &str, (lhs, side, rhs): (&str, Side, &str), other: Neighbour| {
                Bound::inequality(name, statement, lhs, side, rhs, other)
            };
        let asymptotic = |name: &str, statement: &str, quantity: &str, gap: f64| {
            let sweep = Sweep::both(D, move |c| c.whole(DEGREE) as f64 - gap);
            Bound::asymptotic(name, statement, quantity, sweep).part("exact")
        };
        // One bound for each degree, because limits pooled over two sweeps have one degree of freedom.
        let in_d = |name: &str, statement: &str, p: usize| {
            growth(name, statement, ("least", "scale"), Sweep::uniform(D, Side::Upper))
                .headline()
                .part("sweep")
                .among(move |cell| cell.whole(DEGREE) == p)
        };
        vec![
            in_d("in-d", "n* ≲ (1 + ln d) d for p = 2: the ratio does not grow", 2)
                .chosen("λ, at which descents arrive, and d ≥ 8, because the ratio is 0.69 at d = 6"),
            in_d("in-d-cubic", "n* ≲ (1 + ln d) d² for p = 3: the ratio does not grow", 3)
                .chosen(
                    "a bound of its own, and the number of draws: limits pooled over two sweeps were too \
                     wide",
                ),
            compared(
                "range",
                "n* is at most (1 + ln d) d^{p−1}",
                ("least", Side::Upper, "scale"),
                Neighbour::rhs("scale_less", "(1 + ln d) d^{p−2}"),
            )
            .chosen("the factor 1, after a pilot with ratios of up to 0.9")
            .among(of_size),
            growth(
                "gain",
                "n*/(¾B(d,p)) falls, at least like d^{−1/4}",
                ("share", "share_scale"),
                Sweep::upper(D, |_| -0.25),
            )
            .chosen("the power −¼, after a pilot in which it fell like d^{−0.7} and d^{−0.5}")
            .among(of_size),
            compared(
                "beats",
                "n* < ¾B(d,p): the model has the error ¼ before any kernel can, from d = 11 on",
                ("least", Side::Upper, "kernel"),
                Neighbour::rhs("kernel_less", "¾B(d,p−1)"),
            )
            .strict()
            .chosen("d ≥ 11, after a pilot in which p = 3 needs 42 at d = 6, against 38")
            .headline()
            .among(|cell| of_size(cell) && cell.d() >= 11),
            growth(
                "in-terms",
                "n* ≲ R, for planes that are orthogonal",
                ("least", "terms"),
                Sweep::upper(TERMS, |_| 1.0),
            )
            .part("terms"),
            growth("in-error", "n* ≲ ε^{−2}", ("least", "inverse_square"), Sweep::upper(ACCURACY, |_| 2.0))
                .part("accuracy"),
            compared(
                "floor",
                "kernel regression with the kernel of infinite width, to degree p: its mean error is at least \
                 1 − n/B(d,p), to within half of a Student interval at confidence 1 − 10⁻⁶",
                ("kernel_high", Side::Lower, "floor"),
                Neighbour::lhs("model_high", "the quadratic model on the same samples"),
            )
            .neighbour(Neighbour::lhs("raw_high", "the raw power x_1^p, which is not of degree p alone"))
            .code_check()
            .part("floor"),
            compared(
                "reach",
                "the mean error of the model at ⅔B(d,p) inputs is at most ¼, half of that interval added",
                ("model_high", Side::Upper, "quarter"),
                Neighbour::lhs("kernel_low", "the kernel on the same samples, half of the interval taken off"),
            )
            .neighbour(Neighbour::lhs("even_low", "σ = z²/2 on the target of degree 3, likewise"))
            .chosen("⅔B(d,p): at ¾B(d,p) kernels are too close to ¼ for these draws to tell")
            .part("floor"),
            asymptotic("ceiling", "n_up ε²/(1 + ln d) = 16 E h² v is ≍ d^{p−1}", "ceiling", 1.0).headline(),
            asymptotic("kernels", "B(d,p) ≍ d^p", "dimension", 0.0)
                .code_check()
                .among(|cell| cell.activation == CUBED),
        ]
    }
}

/// `(1 + ln d) d^{p−1}`.
fn scale(cell: &Cell) -> f64 {
    let d = cell.d() as f64;
    (1.0 + d.ln()) * d.powi(cell.whole(DEGREE) as i32 - 1)
}

/// What is learnt in a cell.
fn task(cell: &Cell) -> Task {
    let p = cell.whole(DEGREE);
    Task { d: cell.d(), p, planes: cell.whole(TERMS) / p, error: 1.0 / cell.whole(ACCURACY) as f64 }
}

/// Whether n* is found along d in a cell.
fn of_size(cell: &Cell) -> bool {
    ["least", "sweep"].contains(&cell.part.as_str())
}

/// Draws of a mean of ln n*, which scatters less as d grows for p = 2.
fn draws(cell: &Cell) -> usize {
    match (cell.part.as_str(), cell.whole(DEGREE)) {
        ("sweep", 2) => (192 / cell.d()).max(3),
        ("sweep", _) => 40,
        ("least", _) => (96 / cell.d()).max(2),
        _ => 2,
    }
}

/// Where the search for n* starts.
fn guess(cell: &Cell) -> f64 {
    let Task { d, p, planes, .. } = task(cell);
    let one = 0.75 / (p - 1) as f64 * scale(cell);
    1.0 / (1.0 / (planes as f64 * one)).hypot(1.0 / dimension(d, p))
}

/// `16 E h² v`, and B(d,p). Halves of sums over ±z have no kink.
fn exact(cell: &Cell) -> Result<Measurement> {
    let (d, p, sigma) = (cell.d(), cell.whole(DEGREE), instance::activation(cell)?);
    let (dim, series) = (d as f64, Series::new(d, p, sigma.as_ref())?);
    let even = |z: f64| 0.5 * (sigma.d2(z).powi(2) + sigma.d2(-z).powi(2));
    let along = orthonormal_coefficients(d, &|z| even(z) * z * z, 0)?[0];
    let aside = orthonormal_coefficients(d, &|z| even(z) * (dim - z * z), 0)?[0] / (dim - 1.0);
    let v = Ball::relative(dim * along.max(aside), 8.0 * tolerance::ZONAL_ROUNDINGS * f64::EPSILON);
    Ok(Measurement::new()
        .ball("ceiling", 16.0 * series.square() * v)
        .quantity("dimension", dimension(d, p), rounding::sum(p, 8) * dimension(d, p))
        .hypothesis("s_j ≠ 0", series.share.value == 0.0, "in every degree of the power"))
}

/// n*, of which the logarithm is averaged over draws. Draws stay the same along R and 1/ε.
fn least(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (task, start) = (task(cell), guess(cell));
    let (d, p, along) = (task.d, task.p, cell.clone().without(TERMS).without(ACCURACY));
    let (mut sum, mut all, mut inside) = (0.0, true, true);
    for index in 0..draws(cell) {
        let rng = &mut along.stream(seed, &format!("draw {index}"));
        let found = Draw::new(rng, task, p, grid(start, PLACES))?.least(start)?;
        sum += found.n.unwrap_or(start).ln();
        all &= found.arrived;
        inside &= found.n.is_some();
    }
    let (least, dim) = ((sum / draws(cell) as f64).exp(), d as f64);
    let kernel = 0.75 * dimension(d, p);
    let close = rounding::sum(p, 8);
    Ok(Measurement::new()
        .quantity("least", least, close * least)
        .quantity("scale", scale(cell), close * scale(cell))
        .quantity("scale_less", scale(cell) / dim, close * scale(cell) / dim)
        .quantity("terms", cell.whole(TERMS) as f64, 0.0)
        .quantity("inverse_square", (task.error * task.error).recip(), 0.0)
        .quantity("share", least / kernel, close * least / kernel)
        .quantity("share_scale", dim.powf(-0.25), f64::EPSILON)
        .quantity("kernel", kernel, 0.0)
        .quantity("kernel_less", 0.75 * dimension(d, p - 1), 0.0)
        .hypothesis("arrived", all, "all descents")
        .hypothesis("bracket", inside, "n* within a factor 3.4 of where the search starts"))
}

/// Errors at ⅔B(d,p) inputs: means, less and more half of a Student interval.
fn floor(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (n, task) = (cell.n(), task(cell));
    let (mut errors, mut all) = ([const { Vec::new() }; 4], true);
    for index in 0..AT {
        let stream = || cell.stream(seed, &format!("draw {index}"));
        let draw = Draw::new(&mut stream(), task, task.p, n)?;
        let (fit, [kernel, raw]) = (draw.model(n)?, draw.kernel(n));
        all &= fit.arrived;
        [fit.error, kernel, raw].into_iter().zip(&mut errors).for_each(|(error, list)| list.push(error));
        if task.p == 3 && index < EVEN {
            errors[3].push(Draw::new(&mut stream(), task, 2, n)?.model(n)?.error);
        }
    }
    let mut out = Measurement::new()
        .quantity("floor", 1.0 - n as f64 / dimension(task.d, task.p), f64::EPSILON)
        .quantity("quarter", task.error, 0.0)
        .hypothesis("arrived", all, "all descents with σ = z^p/p!");
    for (name, errors) in
        ["model", "kernel", "raw", "even"].iter().zip(&errors).filter(|(_, e)| !e.is_empty())
    {
        let (mean, half) = student_interval(errors, tolerance::FAILURE);
        for (end, value) in [("low", mean - half), ("high", mean + half)] {
            // The ridge, a billionth, of kernels with conditions below a thousand.
            out.insert(format!("{name}_{end}"), value, 1e-6 * mean);
        }
    }
    Ok(out)
}

//! The tensors `n^{-1} Σ_i ε_i x_i^{⊗k}` of the claim on higher orders: injective norms by search, and norms
//! that are easy.

use super::letters::{D, N, ORDER};
use crate::claim::{Bound, Cell, Hypothesis, Measurement, Neighbour, Prediction, Side, Sweep, Tier};
use crate::error::Result;
use escapement::ball::Ball;
use escapement::construct::signs;
use escapement::randomised::SignedTensor;
use escapement::sphere::uniform_sphere;

/// Starts of a search, and its steps.
const STARTS: usize = 24;
const STEPS: usize = 80;

/// Draws of inputs and signs in a cell: operator norms, k = 2, come close to their constant.
fn draws(cell: &Cell) -> usize {
    match (cell.part.as_str(), cell.whole(ORDER)) {
        ("range", 2) => 32,
        ("below", _) => (256 / cell.d()).clamp(4, 32),
        _ => 4,
    }
}

/// `n = 16d^{k−1}` in the range of the constant, `n = d^{3/2}` below it, and `n = 4d²` for the easy norms.
pub fn plan(claim: &str, tier: Tier) -> Vec<Cell> {
    let quick = tier == Tier::Quick;
    let cell = |part: &str, k: usize, [d, n]: [usize; 2]| {
        Cell::new(claim, part).with(ORDER, k).with(D, d).with(N, n)
    };
    let sizes: [&[usize]; 3] = if quick {
        [&[8, 16, 32, 64], &[5, 8, 11, 16], &[4, 6, 8]]
    } else {
        [&[8, 16, 32, 64, 128], &[5, 8, 11, 16, 23, 32], &[4, 6, 8, 11, 16]]
    };
    let mut cells = Vec::new();
    for (k, sizes) in (2..).zip(sizes) {
        cells.extend(sizes.iter().map(|&d| cell("range", k, [d, 16 * d.pow(k as u32 - 1)])));
    }
    let below: &[usize] =
        if quick { &[8, 11, 16, 23, 32, 45] } else { &[8, 11, 16, 23, 32, 45, 64, 91, 128] };
    let easy: &[usize] = if quick { &[4, 6, 8, 11, 16] } else { &[4, 6, 8, 11, 16, 23] };
    for k in 3..=4 {
        cells.extend(below.iter().map(|&d| cell("below", k, [d, (d as f64).powf(1.5).round() as usize])));
        cells.extend(easy.iter().map(|&d| cell("easy", k, [d, 4 * d * d])));
    }
    cells
}

pub fn predict(cell: &Cell) -> Prediction {
    let (d, n, k) = (cell.d() as f64, cell.n() as f64, cell.whole(ORDER) as i32);
    let written = if cell.part == "easy" || d.powi(k - 1) <= n { 0.5 * n * d.powi(k) } else { 0.0 };
    let step = d.powi(k).min(2.0 * n * d);
    let search = if cell.part == "easy" { 0.0 } else { (STARTS * STEPS) as f64 * (0.12 * step + 20.0 * d) };
    Prediction {
        flops: 1e5 + draws(cell) as f64 * (written + search + 50.0 * n * d),
        bytes: 1e6 + 16.0 * d.powi(k) + 16.0 * n * d,
    }
}

pub fn measure(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (d, n, k) = (cell.d(), cell.n(), cell.whole(ORDER));
    let [mut norm, mut flattening, mut frobenius, mut error] = [0.0, 0.0, 0.0, 0.0_f64];
    let draws = draws(cell);
    for index in 0..draws {
        let rng = &mut cell.stream(seed, &format!("inputs {index}"));
        let x = uniform_sphere(rng, n, d, (d as f64).sqrt());
        let epsilon = signs::draw(rng, n);
        let tensor = SignedTensor::new(k, x.as_ref(), &epsilon)?;
        error = error.max(tensor.rounding());
        if cell.part == "easy" {
            flattening += tensor.flattening()? / draws as f64;
            continue;
        }
        frobenius += tensor.frobenius().powi(2) / draws as f64;
        // Half of the starts are inputs, along which the form has a term d^{k/2}/n.
        let random = uniform_sphere(rng, STARTS, d, 1.0);
        let starts =
            faer::Mat::from_fn(STARTS, d, |s, c| if s % 2 == 0 { x[(s / 2, c)] } else { random[(s, c)] });
        norm += tensor.search(1.0, starts.as_ref(), STEPS)?.0 / draws as f64;
    }
    let (dim, samples, order) = (d as f64, n as f64, k as f64);
    let exact = |value: f64| Ball::relative(value, 8.0 * f64::EPSILON);
    if cell.part == "easy" {
        let trace = dim.powf(0.5 * (order - 1.0));
        return Ok(Measurement::new()
            .quantity("flattening", samples.sqrt() * flattening, samples.sqrt() * dim * error)
            .ball("trace", exact(trace))
            .ball("trace_more", exact(2.5 * trace))
            .hypothesis("‖x‖ = √d", true, "drawn from the sphere"));
    }
    let constant = |k: usize| k as f64 * (1..k).map(|i| 2.0 * i as f64 - 1.0).product::<f64>().sqrt();
    let (scale, inverse) = ((dim / samples).sqrt(), dim.powf(order - 1.0) / samples);
    let (gain, floor) = (constant(k) * scale, dim.powf(0.5 * order) / samples);
    let size = (samples * frobenius).sqrt();
    let out = Measurement::new()
        .quantity("norm", norm, error)
        .ball("upper", exact(gain * (1.0 + inverse)))
        .ball("upper_below", exact(constant(k - 1) * scale * (1.0 + inverse)))
        .ball("floor", exact(floor))
        .ball("floor_four", exact(4.0 * floor))
        .ball("both", exact(gain + floor))
        .ball("gain", exact(gain))
        .quantity("frobenius", size, 2.0 * samples * error * error / size + samples.sqrt() * error)
        .ball("frobenius_power", exact(dim.powf(0.5 * order)));
    Ok(if cell.part == "range" {
        out.hypothesis(Hypothesis::RANGE, inverse <= 1.0, format!("n ≥ d^{k1}: {n}", k1 = k - 1))
    } else {
        out.hypothesis("n = d^{3/2}", true, "below the range of the constant")
    })
}

pub fn bounds() -> Vec<Bound> {
    vec![
        Bound::inequality(
            "constant",
            "what a search finds of the injective norm is at most k√((2k−3)!!)·√(d/n)·(1 + d^{k−1}/n)",
            "norm",
            Side::Upper,
            "upper",
            Neighbour::rhs("upper_below", "the constant of order k − 1"),
        )
        .headline()
        .part("range"),
        Bound::inequality(
            "floor",
            "at n = d^{3/2} the norm is at least d^{k/2}/n",
            "norm",
            Side::Lower,
            "floor",
            Neighbour::rhs("floor_four", "four times as much"),
        )
        .part("below"),
        Bound::inequality(
            "stops",
            "at n = d^{3/2}, below the range, the norm is at most k√((2k−3)!!)·√(d/n) + d^{k/2}/n: what order \
             k gains stops where the second term is the larger one",
            "norm",
            Side::Upper,
            "both",
            Neighbour::rhs("gain", "the first term alone, as if the gain went on"),
        )
        .chosen("its form, after a fit to √(d/n) + d^{k/2}/n without the constant decided nothing")
        .headline()
        .part("below"),
        Bound::inequality(
            "flattening",
            "the flattened tensor has √n‖·‖ ≥ d^{(k−1)/2}, because of the trace: no gain over order 2",
            "flattening",
            Side::Lower,
            "trace",
            Neighbour::rhs("trace_more", "2.5 times as much"),
        )
        .part("easy"),
        Bound::growth(
            "frobenius",
            "the Frobenius norm times √n is ≍ d^{k/2}",
            "frobenius",
            "frobenius_power",
            Sweep::both(D, |c| 0.5 * c.whole(ORDER) as f64).tied(&[N]),
        )
        .code_check()
        .part("below"),
    ]
}

//! What several claims share: sweeps, the width that two of them suppose, independent one-dimensional
//! expectations, error bounds of squares.

use crate::claim::Tier;
use crate::claim::cell::Cell;
use crate::claim::record::Measurement;
use crate::papers::nbl22::letters::Letters;

/// Dimensions for asymptotic statements, from 3 to 2000, roughly geometric: the ratio is small enough for
/// local exponents to mean something, and large enough for them to stand above rounding.
pub fn dimensions(tier: Tier) -> &'static [usize] {
    const QUICK: [usize; 16] = [3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256, 512, 1000, 2000];
    const FULL: [usize; 29] = [
        3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40, 50, 64, 80, 100, 128, 160, 200, 256, 320, 400, 512, 640,
        800, 1000, 1280, 1600, 2000,
    ];
    match tier {
        Tier::Quick => &QUICK,
        Tier::Standard | Tier::Paper => &FULL,
    }
}

/// `width, 2·width, …`: `count` widths of a sweep, each twice the one before.
pub fn doublings(width: usize, count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |i| width << i)
}

/// `count` even widths of a sweep from `width` on, each about √2 times the one before: more values for the
/// same span, where the limits on an exponent are those of few values.
pub fn half_octaves(width: usize, count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |i| 2 * (0.5 * width as f64 * 2.0_f64.powf(0.5 * i as f64)).round() as usize)
}

/// `d^{10k}`, the width that Lemma 2 and Theorem 2 ask for.
pub fn width_of_hypothesis(d: usize, k: usize) -> f64 {
    (d as f64).powi(10 * k as i32)
}

/// Records in the measurement whether m ≥ d^{10k}.
pub fn wide_enough(measurement: Measurement, cell: &Cell) -> Measurement {
    let least = width_of_hypothesis(cell.d(), cell.k());
    let met = cell.m() as f64 >= least;
    measurement.hypothesis("m ≥ d^{10k}", met, format!("m = {}, d^{{10k}} = {least:.6e}", cell.m()))
}

/// The width that the hypothesis asks for, where a machine reaches it.
pub fn literal(cell: &Cell) -> bool {
    cell.m() as f64 >= width_of_hypothesis(cell.d(), cell.k())
}

/// The error of `x²` when `x` is known to within `error`.
pub fn square_error(x: f64, error: f64) -> f64 {
    error * (2.0 * x.abs() + error)
}

/// `E[g(Z) He_j(Z)]/√j!` for a standard normal `Z`, with a bound on its error; `bound ≥ sup |g|`.
///
/// The trapezoidal rule with step 1/16 on |z| ≤ 12. For `g` analytic in the strip |Im z| < a, its
/// discretisation error is of order `exp(−2πa·16)` (and at best `exp(−2π²·256)`): below 1e-60 for a ≥ 1.5, as
/// sigmoid, tanh, erf and sine have it. The cut-off leaves less than `e^{−72}·12^{j+1}`. What remains is
/// rounding, at most 16 roundings for each term, taken on the sum of their moduli.
pub fn hermite_coefficient(g: impl Fn(f64) -> f64, j: usize, bound: f64) -> (f64, f64) {
    const STEPS: i32 = 16;
    const REACH: i32 = 12;
    let step = 1.0 / f64::from(STEPS);
    let norm = step / std::f64::consts::TAU.sqrt();
    let (mut sum, mut moduli) = (0.0, 0.0);
    for i in -STEPS * REACH..=STEPS * REACH {
        let z = f64::from(i) * step;
        let term = norm * (-0.5 * z * z).exp() * normalised_hermite(z, j);
        sum += g(z) * term;
        moduli += (g(z) * term).abs();
    }
    // 385 terms added in order: the sum itself costs at most 385 roundings of the moduli, the terms 16 + j
    // each.
    let rounding = (385.0 + 16.0 + j as f64) * 0.5 * f64::EPSILON * moduli;
    let discarded = bound * (-72.0_f64).exp() * 12.0_f64.powi(j as i32 + 1);
    (sum, rounding + discarded)
}

/// `He_j(z)/√j!` by the three-term recurrence `√(j+1) h_{j+1} = z h_j − √j h_{j−1}`.
fn normalised_hermite(z: f64, j: usize) -> f64 {
    let (mut below, mut at) = (0.0, 1.0);
    for i in 0..j {
        let next = (z * at - (i as f64).sqrt() * below) / ((i + 1) as f64).sqrt();
        (below, at) = (at, next);
    }
    at
}

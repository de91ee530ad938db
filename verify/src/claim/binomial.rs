//! Binomial tails, and the Clopper–Pearson limits that they give.
//!
//! The tail is summed, from the largest term outwards, so that nothing cancels; the term is that of Loader
//! (*Fast and Accurate Computation of Binomial Probabilities*, 2000), whose relative error is some ten
//! roundings at any n. Quantiles of the beta distribution in general-purpose crates come from the same
//! limits by another way, and were seen to lose digits from n = 10⁶ on, or not to return.

use super::distribution::PROBABILITY_CONFIDENCE;
use super::side::Side;

/// More trials than this are not looked at: the tail has some 10√n terms.
pub const MOST_TRIALS: u64 = 1_000_000_000_000;

/// `ln n! − (n + ½) ln n + n − ½ ln 2π`, to rounding: from its asymptotic series, or from a product.
fn stirling_error(n: f64) -> f64 {
    if n >= 16.0 {
        let square = n * n;
        let series =
            [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360_360.0];
        return series.iter().rev().fold(0.0, |sum, c| c + sum / square) / n;
    }
    let factorial: f64 = (2..=n as u32).map(f64::from).product();
    factorial.ln() - (n + 0.5) * n.ln() + n - 0.5 * std::f64::consts::TAU.ln()
}

/// `x ln(x/m) + m − x ≥ 0`, without cancellation where x is near m.
fn deviance(x: f64, m: f64) -> f64 {
    let v = (x - m) / (x + m);
    if v.abs() >= 0.1 {
        return x * (x / m).ln() + m - x;
    }
    // x ln(x/m) = 2x artanh v; the sum of the terms beyond the first is of the size of what is left.
    let square = v * v;
    let mut sum = (x - m) * v;
    let mut term = 2.0 * x * v;
    for j in 1.. {
        term *= square;
        let next = sum + term / f64::from(2 * j + 1);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

/// `P(X = x)` for X binomial with n trials of probability p in (0, 1).
pub fn binomial_term(x: u64, n: u64, p: f64) -> f64 {
    let (x, n, q) = (x as f64, n as f64, 1.0 - p);
    if x == 0.0 {
        return (n * (-p).ln_1p()).exp();
    }
    if x == n {
        return (n * p.ln()).exp();
    }
    let log = stirling_error(n) - stirling_error(x) - stirling_error(n - x);
    let log = log - deviance(x, n * p) - deviance(n - x, n * q);
    log.exp() * (n / (std::f64::consts::TAU * x * (n - x))).sqrt()
}

/// `P(X ≥ x)` for X binomial with n trials of probability p in (0, 1), to some 20 roundings.
pub fn binomial_upper_tail(x: u64, n: u64, p: f64) -> f64 {
    if x == 0 {
        1.0
    } else if x > n {
        0.0
    } else if x as f64 > n as f64 * p {
        tail(Side::Lower, x, n, p)
    } else {
        1.0 - tail(Side::Upper, x - 1, n, p)
    }
}

/// `P(X ≥ x)` or `P(X ≤ x)` for X binomial with n trials of probability p in (0, 1), where x is on that side
/// of the mean: else the sum is as right and longer.
fn tail(side: Side, x: u64, n: u64, p: f64) -> f64 {
    let (mut term, odds) = (binomial_term(x, n, p), p / (1.0 - p));
    let (mut k, mut sum) = (x, 0.0);
    loop {
        let before = sum;
        sum += term;
        if sum == before || k == if side == Side::Lower { n } else { 0 } {
            return sum;
        }
        if side == Side::Lower {
            term *= (n - k) as f64 / (k + 1) as f64 * odds;
            k += 1;
        } else {
            term *= k as f64 / (n - k + 1) as f64 / odds;
            k -= 1;
        }
    }
}

/// The p at which x of n lies in a tail of probability `wanted`, at most ½: `P(X ≥ x)` for the lower limit,
/// and `P(X ≤ x)` for the upper one.
fn limit(side: Side, x: u64, n: u64, wanted: f64) -> f64 {
    let (rate, lower) = (x as f64 / n as f64, side == Side::Lower);
    match (x, lower) {
        (0, true) => return 0.0,
        (0, false) => return -(wanted.ln() / n as f64).exp_m1(),
        (x, true) if x == n => return (wanted.ln() / n as f64).exp(),
        (x, false) if x == n => return 1.0,
        _ => {}
    }
    let (mut low, mut high) = if lower { (0.0, rate) } else { (rate, 1.0) };
    let mut p = 0.5 * (low + high);
    // Newton's method on the logarithm of the tail, kept between the limits by halving.
    for _ in 0..200 {
        let found = tail(side, x, n, p);
        if (found > wanted) == lower {
            high = p
        } else {
            low = p
        }
        let term = binomial_term(x, n, p) / found;
        let slope = if lower { x as f64 * term / p } else { -((n - x) as f64) * term / (1.0 - p) };
        let next = p - (found / wanted).ln() / slope;
        let next = if next > low && next < high { next } else { 0.5 * (low + high) };
        if (next - p).abs() <= f64::EPSILON * p {
            return next;
        }
        p = next;
    }
    p
}

/// Clopper–Pearson limits on the probability of an event seen `successes` times in `trials`, at
/// [`PROBABILITY_CONFIDENCE`]; 0 and 1 without trials, and with more than [`MOST_TRIALS`].
///
/// The relative error of the limits is below 1e-10 up to 10⁹ trials: a rounding of p moves ln P by up to √n
/// of them.
pub fn clopper_pearson(successes: u64, trials: u64) -> (f64, f64) {
    let tail = 0.5 * (1.0 - PROBABILITY_CONFIDENCE);
    if trials == 0 || trials > MOST_TRIALS {
        return (0.0, 1.0);
    }
    let x = successes.min(trials);
    (limit(Side::Lower, x, trials, tail), limit(Side::Upper, x, trials, tail))
}

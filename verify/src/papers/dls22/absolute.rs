//! The mean modulus of a polynomial of one standard normal variable: what an L1 loss measures.

use escapement::gaussian::HermiteSeries;
use escapement::gaussian::normal::{density, upper_tail};

/// `E|f(Z)|`.
///
/// # Panics
/// A polynomial of several variables.
pub fn mean_modulus(f: &HermiteSeries) -> f64 {
    excess_over(f, 0.0)
}

/// `E(|f(Z)| − ς)_+`, which is `E|f(Z) − ϵ| − ς` for ϵ = ±ς with equal probability: the excess of the zero
/// predictor under the L1 loss.
///
/// # Accuracy
/// About 1e-13 of √(E f²): roots are bisected to the last bit, and between roots the integral is exact.
///
/// # Panics
/// A polynomial of several variables.
pub fn excess_over(f: &HermiteSeries, noise: f64) -> f64 {
    assert_eq!(f.latent(), 1, "the polynomial has one variable");
    let mut coefficients = vec![0.0; f.degree() + 1];
    f.monomials().terms().for_each(|(exponents, c)| coefficients[usize::from(exponents[0])] = c.value);
    let less = |sign: f64| {
        let mut shifted: Vec<f64> = coefficients.iter().map(|c| sign * c).collect();
        shifted[0] -= noise;
        positive_part(&shifted)
    };
    less(1.0) + less(-1.0)
}

pub(super) fn value(coefficients: &[f64], z: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * z + c)
}

/// `E f(Z)_+`: the integral over the intervals between roots on which f is positive.
fn positive_part(coefficients: &[f64]) -> f64 {
    let mut ends = vec![f64::NEG_INFINITY];
    ends.extend(sign_changes(coefficients));
    ends.push(f64::INFINITY);
    let middle = |a: f64, b: f64| match (a.is_finite(), b.is_finite()) {
        (true, true) => 0.5 * (a + b),
        (true, false) => a + 1.0,
        (false, true) => b - 1.0,
        (false, false) => 0.0,
    };
    let positive = |pair: &&[f64]| value(coefficients, middle(pair[0], pair[1])) > 0.0;
    ends.windows(2).filter(positive).map(|pair| integral(coefficients, pair[0], pair[1])).sum()
}

/// `∫_a^b f φ`, from the moments `J_n = (n − 1) J_{n−2} + a^{n−1} φ(a) − b^{n−1} φ(b)`.
fn integral(coefficients: &[f64], a: f64, b: f64) -> f64 {
    let edge = |z: f64, power: i32| if z.is_finite() { z.powi(power) * density(z).value } else { 0.0 };
    let tail = |z: f64| upper_tail(z).value;
    // The tails on the side of the interval, so that no digits cancel far out.
    let mass = if a > 0.0 { tail(a) - tail(b) } else { tail(-b) - tail(-a) };
    let mut moments = vec![mass, edge(a, 0) - edge(b, 0)];
    for n in 2..coefficients.len() {
        let power = n as i32 - 1;
        moments.push((n - 1) as f64 * moments[n - 2] + edge(a, power) - edge(b, power));
    }
    coefficients.iter().zip(moments).map(|(c, moment)| c * moment).sum()
}

/// The points at which a polynomial changes its sign, ascending: one at most between neighbouring ones of
/// its derivative.
pub(super) fn sign_changes(coefficients: &[f64]) -> Vec<f64> {
    let degree = coefficients.iter().rposition(|&c| c != 0.0).unwrap_or(0);
    if degree == 0 {
        return vec![];
    }
    let derivative: Vec<f64> = (1..=degree).map(|k| k as f64 * coefficients[k]).collect();
    let largest = coefficients[..degree].iter().fold(0.0_f64, |m, c| m.max(c.abs()));
    let reach = 1.0 + largest / coefficients[degree].abs();
    let mut ends = vec![-reach];
    ends.extend(sign_changes(&derivative));
    ends.push(reach);
    ends.windows(2).filter_map(|pair| bisected(coefficients, pair[0], pair[1])).collect()
}

/// The sign change between two points, to the last bit, where there is one.
fn bisected(coefficients: &[f64], mut a: f64, mut b: f64) -> Option<f64> {
    let sign = value(coefficients, a) > 0.0;
    if sign == (value(coefficients, b) > 0.0) {
        return None;
    }
    loop {
        let middle = 0.5 * (a + b);
        if middle <= a || middle >= b {
            return Some(middle);
        }
        if (value(coefficients, middle) > 0.0) == sign {
            a = middle;
        } else {
            b = middle;
        }
    }
}

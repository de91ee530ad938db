//! Hermite polynomials and coefficients.

use super::line;
use escapement::activation::{self, Activation, Kink, NAMES, PiecewiseLinear};
use escapement::ball::Ball;
use escapement::gaussian::hermite::{
    coefficients, hermite, hermite_coefficient, normalised_hermite, require_second_coefficient,
};
use escapement::gaussian::normal::{density, upper_tail};
use std::sync::Arc;

/// `E[sin(Z) Z] = E[cos Z] = e^{−1/2}` and `E[cos(Z) He_2(Z)] = −e^{−1/2}`, by parts.
#[test]
fn hermite_coefficients_of_sine_and_cosine() {
    let root = (-0.5_f64).exp();
    let cases = [
        (f64::sin as fn(f64) -> f64, 1, root),
        (f64::cos, 0, root),
        (f64::cos, 2, -root / 2.0_f64.sqrt()),
        (f64::sin, 2, 0.0),
    ];
    for (g, j, exact) in cases {
        let Ball { value, error } = hermite_coefficient(g, j, 1.0);
        assert!((value - exact).abs() <= error, "degree {j}: {value} against {exact} ± {error}");
        assert!(error < 1e-12, "degree {j}: the bound {error} says nothing");
    }
}

/// `h_2 = (z² − 1)/√2` and `h_3 = (z³ − 3z)/√6`, to the roundings of three steps of the recurrence.
#[test]
fn hermite_polynomials_of_low_degree() {
    for z in [-3.7, -1.0, 0.0, 0.3, 2.5_f64] {
        let exact = [1.0, z, (z * z - 1.0) / 2.0_f64.sqrt(), (z.powi(3) - 3.0 * z) / 6.0_f64.sqrt()];
        for (j, exact) in exact.into_iter().enumerate() {
            let slip = 16.0 * f64::EPSILON * (1.0 + z.abs()).powi(j as i32);
            assert!((normalised_hermite(z, j) - exact).abs() <= slip, "degree {j} at {z}");
            let root = (1..=j).map(|i| i as f64).product::<f64>().sqrt();
            assert!((hermite(z, j).value - root * exact).abs() <= root * slip, "He_{j} at {z}");
        }
    }
}

fn parsed(name: &str) -> Arc<dyn Activation> {
    activation::parse(name).unwrap()
}

/// Every built-in activation at several shifts, against Gauss–Legendre quadrature of `σ(z) He_k(z) φ(z)`.
#[test]
fn coefficients_are_the_integrals() {
    for name in NAMES {
        for shift in [0.0, 0.7, -1.2, 2.5] {
            let sigma = parsed(&format!("{name}:{shift}"));
            let c = coefficients(sigma.as_ref(), 10).unwrap();
            for (k, c) in c.iter().enumerate() {
                let integral = line::normal(shift, |z| sigma.value(z) * hermite(z, k).value);
                let miss = (c.value - integral.value).abs();
                assert!(miss <= c.error + integral.slip(), "{name}:{shift}, k = {k}: {miss:e} of {c:?}");
                assert!(c.error <= 1e-13 * (1..=k).map(|i| i as f64).product::<f64>().sqrt(), "{c:?}");
            }
        }
    }
}

/// The k-th coefficient of σ' is the (k+1)-th of σ: a caller who takes σ' for σ gets other numbers.
#[test]
fn the_coefficients_are_those_of_the_activation_and_not_of_its_derivative() {
    let sigma = parsed("sigmoid:1");
    let c = coefficients(sigma.as_ref(), 7).unwrap();
    for k in 0..7 {
        let slope = line::normal(0.0, |z| sigma.d1(z) * hermite(z, k).value);
        assert!((c[k + 1].value - slope.value).abs() <= c[k + 1].error + slope.slip());
        assert!((c[k].value - slope.value).abs() > 1e-3, "σ' for σ is not noticed at k = {k}");
    }
}

/// Functions of one's own: |z − 1| with a closed form, z²/2 without bounded values, and two that lie.
#[derive(Debug)]
enum Own {
    Modulus,
    Square,
    HiddenKink,
    WrongDerivative,
    Growing,
}

impl Activation for Own {
    fn name(&self) -> String {
        format!("{self:?}")
    }
    fn value(&self, z: f64) -> f64 {
        match self {
            Self::Square => 0.5 * z * z,
            Self::Growing => z.powi(4),
            Self::WrongDerivative => z.sin(),
            _ => (z - 1.0).abs(),
        }
    }
    fn d1(&self, z: f64) -> f64 {
        match self {
            Self::Square => z,
            Self::Growing => 4.0 * z.powi(3),
            Self::WrongDerivative => -z.sin(),
            _ => (z - 1.0).signum(),
        }
    }
    fn d2(&self, z: f64) -> f64 {
        match self {
            Self::Square => 1.0,
            Self::Growing => 12.0 * z * z,
            Self::WrongDerivative => z.cos(),
            _ => 0.0,
        }
    }
    fn d3(&self, z: f64) -> f64 {
        match self {
            Self::Growing => 24.0 * z,
            Self::WrongDerivative => z.sin(),
            _ => 0.0,
        }
    }
    fn piecewise_linear(&self) -> Option<PiecewiseLinear> {
        let kinks = vec![Kink { at: 1.0, jump: 2.0 }];
        matches!(self, Self::Modulus).then_some(PiecewiseLinear { intercept: 1.0, slope: -1.0, kinks })
    }
}

#[test]
fn activations_of_ones_own() {
    for (k, c) in coefficients(&Own::Modulus, 8).unwrap().iter().enumerate() {
        let integral = line::normal(1.0, |z| (z - 1.0).abs() * hermite(z, k).value);
        assert!((c.value - integral.value).abs() <= c.error + integral.slip(), "k = {k}: {c:?}");
    }
    let square = coefficients(&Own::Square, 4).unwrap();
    for (c, exact) in square.iter().zip([0.5, 0.0, 1.0, 0.0, 0.0]) {
        assert!(c.contains(exact) && c.error < 1e-12, "{c:?} for {exact}");
    }
    for (own, words) in [
        (Own::HiddenKink, "do not belong to its values, or have jumps"),
        (Own::WrongDerivative, "do not belong to its values"),
        (Own::Growing, "neither it nor its derivatives are bounded"),
    ] {
        let error = coefficients(&own, 6).unwrap_err().to_string();
        assert!(error.contains(words), "{own:?}: {error}");
    }
    let error = coefficients(parsed("tanh").as_ref(), 19).unwrap_err().to_string();
    assert!(error.contains("k = 19") && error.contains("up to k = 18"), "{error}");
}

/// Odd activations have no second coefficient, and a shift gives them one.
#[test]
fn a_second_coefficient_that_vanishes_is_refused() {
    for name in ["tanh", "erf", "sine"] {
        let error = require_second_coefficient(parsed(name).as_ref()).unwrap_err().to_string();
        assert!(["c_2", "to within", name].iter().all(|word| error.contains(word)), "{error}");
        assert!(require_second_coefficient(parsed(&format!("{name}:0.5")).as_ref()).is_ok());
    }
    assert!(require_second_coefficient(parsed("relu").as_ref()).is_ok());
}

/// The ball of Φ contains what quadrature of the density gives, to the rounding of either, far into the
/// tail.
#[test]
fn tails_are_integrals_of_the_density() {
    for i in 0..=80 {
        let t = 0.25 * f64::from(i);
        let tail = upper_tail(t);
        let integral = line::normal(t, |z| if z > t { 1.0 } else { 0.0 });
        assert!((tail.value - integral.value).abs() <= tail.error + integral.slip(), "Φ(−{t}): {tail:?}");
        assert!(tail.error <= 1e-12 * tail.value, "Φ(−{t}): {tail:?}");
        assert!((tail + upper_tail(-t)).contains(1.0), "Φ(−{t}) + Φ({t})");
        // The density by squaring e^{−1/32}, which has i² roundings, and two more.
        let exact = (-1.0_f64 / 32.0).exp().powi(i * i) / std::f64::consts::TAU.sqrt();
        let slip = f64::EPSILON * f64::from(i * i + 2) * exact;
        let phi = density(t);
        assert!((phi.value - exact).abs() <= phi.error + slip && phi.error <= 1e-13 * phi.value, "φ({t})");
    }
}

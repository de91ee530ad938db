//! Caps: closed forms in low dimensions, quadrature over the angle, and the tail bound.

use escapement::Error;
use escapement::sphere::{ZonalQuadrature, cap_probability};
use std::f64::consts::{FRAC_2_PI, PI};

#[test]
fn caps_of_low_dimension() {
    for epsilon in [0.0, 1e-6, 0.01, 0.3, 0.77, 0.999, 1.0 - 1e-9] {
        // d = 2: an angle; d = 3: uniform; d = 5: density ¾(1 − t²).
        let rest = 1.0 - epsilon;
        let exact =
            [(2, FRAC_2_PI * f64::acos(epsilon)), (3, rest), (5, rest * rest * (2.0 + epsilon) / 2.0)];
        for (d, exact) in exact {
            let p = cap_probability(d, epsilon).unwrap();
            // The arc cosine near 1 has the rounding of its argument.
            let slip = 4.0 * f64::EPSILON * exact + if d == 2 { f64::EPSILON / rest.sqrt() } else { 0.0 };
            assert!((p.value - exact).abs() <= p.error + slip, "d = {d}, ε = {epsilon}: {p:?} for {exact}");
        }
    }
}

/// `∫ sin^{d−2} θ dθ` from 0 to `end`, by 200 Gauss–Legendre nodes on each of 64 panels. They are exact to
/// degree 399, and on a panel of half length π/256 the integrand is a trigonometric polynomial whose
/// frequency is at most 4094·π/256 = 50: its Chebyshev coefficients of degree 400 are below (50/400)^{400}.
fn caps(d: usize, end: f64) -> f64 {
    let rule = ZonalQuadrature::new(3, 200).unwrap();
    let panel = end / 64.0;
    let on = |i: usize| {
        let middle = panel * (i as f64 + 0.5);
        panel * rule.expect(|u| (middle + 0.5 * panel * u).sin().powi(d as i32 - 2))
    };
    (0..64).map(on).sum()
}

#[test]
fn caps_of_any_dimension() {
    for d in [4, 7, 20, 51, 1024, 4096] {
        let mut before = 1.0;
        for epsilon in [0.001, 0.02, 0.05, 0.2, 0.5, 0.9] {
            let p = cap_probability(d, epsilon).unwrap();
            let other = caps(d, f64::acos(epsilon)) / caps(d, 0.5 * PI);
            // The power has d roundings, and d times those of the sine and of the end, at most.
            let slip = 4.0 * f64::EPSILON * d as f64 * other + f64::MIN_POSITIVE;
            assert!((p.value - other).abs() <= p.error + slip, "d = {d}, ε = {epsilon}: {p:?}, {other}");
            assert!(p.error <= 1e-11 * p.value || p.value < 1e-300, "{p:?}");
            assert!(p.value <= 2.0 * (-0.5 * epsilon * epsilon * d as f64).exp() && p.value <= before);
            before = p.value;
        }
    }
    for (d, epsilon) in [(1, 0.5), (200_000, 0.5), (10, 1.0), (10, -0.1), (10, f64::NAN)] {
        assert!(matches!(cap_probability(d, epsilon), Err(Error::Domain { .. })), "{d}, {epsilon}");
    }
}

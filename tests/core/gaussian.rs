//! Hermite polynomials and coefficients.

use escapement::ball::Ball;
use escapement::gaussian::hermite::{hermite_coefficient, normalised_hermite};

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
        }
    }
}

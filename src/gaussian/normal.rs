//! The density and the upper tail of the standard normal distribution, with error bounds.

use crate::ball::Ball;
use std::f64::consts::FRAC_1_SQRT_2;

/// The density `φ(t) = e^{−t²/2}/√(2π)`.
///
/// # Accuracy
/// A few units in the last place, and t²/2 of them, because the rounding of t² is multiplied by the
/// exponential. The bound allows the library's exponential an error of one ulp.
pub fn density(t: f64) -> Ball {
    const INVERSE_ROOT: f64 = 0.398_942_280_401_432_7;
    let value = INVERSE_ROOT * libm::exp(-0.5 * t * t);
    covered(value, 0.5 * t * t + 4.0)
}

/// The probability `Φ(−t) = P(Z > t)` of a standard normal Z.
///
/// # Accuracy
/// A few units in the last place, and t² of them for t > 0, because the logarithm of the tail has the slope
/// −t − 1/t there at most. The bound allows the library's complementary error function an error of one ulp.
pub fn upper_tail(t: f64) -> Ball {
    let value = 0.5 * libm::erfc(t * FRAC_1_SQRT_2);
    covered(value, t.max(0.0).powi(2) + 4.0)
}

/// The ball of `ulps` units in the last place; what underflows is covered by the least normal number.
fn covered(value: f64, ulps: f64) -> Ball {
    Ball::new(value, (ulps * f64::EPSILON * value).next_up() + f64::MIN_POSITIVE)
}

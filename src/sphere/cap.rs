//! The share of the sphere that lies far from an equator.

use crate::ball::Ball;
use crate::{Error, Result};

/// The most terms of the series that are added.
const MAX_TERMS: usize = 10_000_000;

/// The probability `Pr(|v·w| > ε)` for a uniform unit vector v of R^d and a fixed one w: the regularised
/// incomplete beta function `I_{1−ε²}((d−1)/2, ½)`.
///
/// It is a series of positive terms in `1 − ε²`, or 1 less one in ε² where that is the shorter one. Each is
/// cut where a geometric series bounds the rest by an ulp of the sum.
///
/// ```
/// // In three dimensions v·w is uniform on [−1, 1] (Archimedes).
/// let p = escapement::sphere::cap_probability(3, 0.25)?;
/// assert!(p.contains(0.75) && p.error < 1e-14);
/// # Ok::<(), escapement::Error>(())
/// ```
///
/// # Errors
/// [`Error::Domain`] unless `2 ≤ d ≤ 10⁵` and `0 ≤ ε < 1`.
///
/// # Accuracy
/// Relative: about d roundings and one for each term of the series; the ball has the bound.
pub fn cap_probability(d: usize, epsilon: f64) -> Result<Ball> {
    if !(2..=100_000).contains(&d) {
        return Err(Error::domain("d", d, "the dimension is from 2 to 10^5"));
    }
    if !(0.0..1.0).contains(&epsilon) {
        return Err(Error::domain("epsilon", epsilon, "the cosine is at least 0 and below 1"));
    }
    let x = Ball::exact(epsilon) * epsilon;
    let y = (1.0 - Ball::exact(epsilon)) * (1.0 + Ball::exact(epsilon));
    let a = Ball::exact(0.5) * (d - 1) as f64;
    // Γ(a + ½)/Γ(a) from that of a = ½ or 1 upwards.
    let pi = Ball::relative(std::f64::consts::PI, f64::EPSILON);
    let root = pi.sqrt();
    let even = d.is_multiple_of(2);
    let (first, start) = if even { (1.0 / root, 2) } else { (root * 0.5, 3) };
    let gammas = (start..d).step_by(2).fold(first, |ratio, i| ratio * i as f64 / (i - 1) as f64);
    // y^a ε/B(a, ½), what both series are multiplied by.
    let power = y.powi((d as i32 - 1) / 2) * if even { y.sqrt() } else { Ball::exact(1.0) };
    let factor = power * epsilon * gammas / root;
    if (d as f64) * epsilon * epsilon < 1.0 {
        // I_x(½, a) = 2 x^½ y^a/B Σ_n (a+½)_n/(3/2)_n x^n
        let inner = series(|n| (a + 0.5 + n) / (1.5 + n) * x, x)?;
        return Ok(1.0 - factor * 2.0 * inner);
    }
    let outer = series(|n| (a + 0.5 + n) / (a + 1.0 + n) * y, y)?;
    Ok(factor * outer / a)
}

/// `1 + r_0 + r_0 r_1 + …` for positive ratios r_n that rise or fall to the limit.
fn series(ratio: impl Fn(f64) -> Ball, limit: Ball) -> Result<Ball> {
    let (mut sum, mut term) = (Ball::exact(1.0), Ball::exact(1.0));
    for n in 0..MAX_TERMS {
        let next = ratio(n as f64);
        term = term * next;
        sum = sum + term;
        let bound = next.upper().max(limit.upper());
        if bound < 1.0 {
            let rest = term.upper() * bound / (1.0 - bound) * (1.0 + 4.0 * f64::EPSILON);
            if rest <= f64::EPSILON * sum.value {
                return Ok(Ball::new(sum.value, (sum.error + rest).next_up()));
            }
        }
    }
    Err(Error::Numerical { what: "the series of a cap", why: format!("{MAX_TERMS} terms do not suffice") })
}

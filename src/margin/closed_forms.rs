//! Margins that are known in closed form, at infinite width.

use crate::ball::Ball;
use crate::kernel::arc_cosine::{Layers, tau};
use crate::{Error, Result};

/// The most dimensions of a parity: products of d + 1 numbers below are exact.
const MOST: usize = 1 << 24;

/// Two margins of the parity `y = sgn(x_1 x_2)` on the whole cube `{±1/√d}^d`: γ_2 at infinite width, and
/// Γ*, the largest normalised margin `√m min_i p_i/‖W‖²` of any network of any width, `1/(4√(2d))`.
///
/// The symmetries of the cube make equal weights the optimum, so that γ_2² is the eigenvalue of the kernel
/// on the character y, `λ_2 = E g(z) K(z/d)` with `g = (z² − d)/(d(d−1))`, where z is a sum of d signs. K
/// enters by its even part only, up to a constant: `(2t arcsin t − t²/(1 + √(1−t²)))/2π` for both layers.
/// Nothing cancels in this form beyond the change of sign of g.
///
/// ```
/// use escapement::kernel::arc_cosine::Layers;
/// use escapement::margin::parity;
/// let [kernel, global] = parity(4096, Layers::Both)?;
/// assert!((4096.0 * kernel.value - (1.5 / std::f64::consts::PI).sqrt()).abs() < 1e-3);
/// assert!((64.0 * global.value - 0.125_f64.sqrt() / 2.0).abs() < 1e-15);
/// # Ok::<(), escapement::Error>(())
/// ```
///
/// # Errors
/// A dimension below 2 or above 2^24.
///
/// # Accuracy
/// The error covers all rounding, about `√d·ε` relative. The binomials are products of ratios from the
/// middle outwards, normalised by their sum; logarithms would lose the digits of `ln 2^d`.
pub fn parity(d: usize, layers: Layers) -> Result<[Ball; 2]> {
    if !(2..=MOST).contains(&d) {
        return Err(Error::domain("the dimension", d, format!("it must lie in [2, {MOST}]")));
    }
    let size = d as f64;
    let even = |z: f64| {
        let t = Ball::exact(z) / size;
        let root = (Ball::exact((size - z) * (size + z))).sqrt() / size;
        // The library's arcsine errs by less than one ulp. Its slope is 1/√(1 − t²), and twice that at most
        // within the rounding of t; t = 1 is exact.
        let slope = if z == size { Ball::exact(0.0) } else { 2.0 * t.error / root };
        let angle = libm::asin(t.value);
        let inner = t * Ball::new(angle, (f64::EPSILON * angle + slope.upper()).next_up());
        let outer = inner - t * t / (1.0 + root);
        match layers {
            Layers::Both => outer + inner,
            Layers::Outer => outer,
            Layers::Inner => inner,
        }
    };
    // z = d − 2k runs over 0 or 1, then upwards; −z has the same weight and the same terms.
    let (mut weight, mut sum, mut mass) = (Ball::exact(1.0), Ball::exact(0.0), Ball::exact(0.0));
    for k in (0..=d / 2).rev() {
        let z = (d - 2 * k) as f64;
        let twice = if z == 0.0 { 0.5 } else { 1.0 };
        let term = (z * z - size) * even(z);
        sum = sum + twice * weight * term;
        mass = mass + twice * weight;
        weight = weight * k as f64 / (d - k + 1) as f64;
    }
    Ok([(sum / mass / (size * (size - 1.0)) / tau()).sqrt(), 1.0 / (32.0 * Ball::exact(size)).sqrt()])
}

/// Groups of inputs, each shrunk to its unit centre, of which half has either label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Groups {
    /// k orthonormal centres.
    Orthonormal,
    /// k/2 orthonormal axes with a centre at either end, and both ends have the same label.
    Antipodal,
}

impl Groups {
    /// Two margins of k groups. The first is γ_2 at infinite width, both layers: `√((1 − 1/2π)/k)` for
    /// orthonormal centres and `√((1 − 1/π)/k)` for antipodal ones. The second is Γ*, the largest normalised
    /// margin of any network of any width: `1/(2√(2k))` and `1/(4√k)`.
    ///
    /// # Errors
    /// A number of groups that does not give half of the groups, or of the axes, either label.
    pub fn margins(self, k: usize) -> Result<[Ball; 2]> {
        let (divisor, share) = if self == Self::Orthonormal { (2, 1.0) } else { (4, 2.0) };
        if k == 0 || !k.is_multiple_of(divisor) {
            let allowed = format!("half of the labels each needs a positive multiple of {divisor}");
            return Err(Error::domain("the number of groups", k, allowed));
        }
        let k = Ball::exact(k as f64);
        Ok([((1.0 - share / tau()) / k).sqrt(), 1.0 / (8.0 * share * k).sqrt()])
    }
}

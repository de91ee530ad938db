//! Margins that are known in closed form, at infinite width.

use super::Layers;
use super::kernel::tau;
use crate::ball::Ball;
use crate::{Error, Result};
use faer::Mat;

/// The most dimensions of a cube whose corners are listed.
const LISTED: usize = 20;
/// The most dimensions of a parity: below, d + 1 and their products are exact.
const COUNTED: usize = 1 << 24;

/// All corners of the cube `{±1/√d}^d`, in lexicographic order from −1 on, and the labels `sgn(x_1 x_2)`.
///
/// # Errors
/// A dimension below 2 or above 20.
pub fn parity_cube(d: usize) -> Result<(Mat<f64>, Vec<f64>)> {
    if !(2..=LISTED).contains(&d) {
        return Err(Error::domain("the dimension", d, format!("it must lie in [2, {LISTED}]")));
    }
    let side = 1.0 / (d as f64).sqrt();
    let x = Mat::from_fn(1 << d, d, |i, c| if i >> (d - 1 - c) & 1 == 1 { side } else { -side });
    let y = (0..1 << d).map(|i| (x[(i, 0)] * x[(i, 1)]).signum()).collect();
    Ok((x, y))
}

/// The margin γ_2 of the parity `y = sgn(x_1 x_2)` on the whole cube `{±1/√d}^d`.
///
/// The symmetries of the cube make equal weights the optimum, so that γ_2² is the eigenvalue of the kernel
/// on the character y, `λ_2 = E g(z) K(z/d)` with `g = (z² − d)/(d(d−1))`, where z is a sum of d signs. K
/// enters by its even part only, up to a constant: `(2t arcsin t − t²/(1 + √(1−t²)))/2π` for both layers.
/// Nothing cancels in this form beyond the change of sign of g.
///
/// ```
/// use escapement::margin::{Layers, parity};
/// let limit = (1.5 / std::f64::consts::PI).sqrt();
/// assert!((4096.0 * parity(4096, Layers::Both)?.value - limit).abs() < 1e-3);
/// # Ok::<(), escapement::Error>(())
/// ```
///
/// # Errors
/// A dimension below 2 or above 2^24.
///
/// # Accuracy
/// The error covers all rounding, about `√d·ε` relative. The binomials are products of ratios from the
/// middle outwards, normalised by their sum; logarithms would lose the digits of `ln 2^d`.
pub fn parity(d: usize, layers: Layers) -> Result<Ball> {
    if !(2..=COUNTED).contains(&d) {
        return Err(Error::domain("the dimension", d, format!("it must lie in [2, {COUNTED}]")));
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
    Ok((sum / mass / (size * (size - 1.0)) / tau()).sqrt())
}

/// The largest normalised margin `√m min_i p_i/‖W‖²` of any network of any width for the parity on the whole
/// cube, `Γ* = 1/(4√(2d))`, half of the margin over all directions.
///
/// # Errors
/// A dimension below 2.
pub fn parity_global(d: usize) -> Result<Ball> {
    if d < 2 {
        return Err(Error::domain("the dimension", d, "it must be at least 2"));
    }
    Ok(1.0 / (4.0 * (2.0 * Ball::exact(d as f64)).sqrt()))
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
    /// The margin γ_2 of k groups at infinite width, both layers: `√((1 − 1/2π)/k)` for orthonormal centres
    /// and `√((1 − 1/π)/k)` for antipodal ones.
    ///
    /// # Errors
    /// A number of groups that does not give half of the groups, or of the axes, either label.
    pub fn margin(self, k: usize) -> Result<Ball> {
        let share = if self == Self::Orthonormal { 1.0 } else { 2.0 };
        Ok(((1.0 - share / tau()) / self.count(k)?).sqrt())
    }

    /// The largest normalised margin Γ* of any network of any width: `1/(2√(2k))` for orthonormal centres
    /// and `1/(4√k)` for antipodal ones.
    ///
    /// # Errors
    /// As [`Groups::margin`].
    pub fn global(self, k: usize) -> Result<Ball> {
        let k = Ball::exact(self.count(k)?);
        Ok(match self {
            Self::Orthonormal => 1.0 / (2.0 * (2.0 * k).sqrt()),
            Self::Antipodal => 1.0 / (4.0 * k.sqrt()),
        })
    }

    fn count(self, k: usize) -> Result<f64> {
        let divisor = if self == Self::Orthonormal { 2 } else { 4 };
        if k == 0 || !k.is_multiple_of(divisor) {
            let allowed = format!("half of the labels each needs a positive multiple of {divisor}");
            return Err(Error::domain("the number of groups", k, allowed));
        }
        Ok(k as f64)
    }
}

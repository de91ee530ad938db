//! The mean of a loss over the random signs of W* = W_L + S·W_Q, to within an error bound.
//!
//! Since s_r² = 1, the quadratic model is affine in the signs:
//! `(f_L + f_Q)(x; W_L + SW_Q) = e_0(x) + Σ_r s_r c_r(x)`. A loss of `Y = e_0 − y + Σ_r s_r c_r` that is an
//! integral of `1 − cos(tY)` against a kernel k has the mean `∫_0^∞ (1 − φ(t)) k(t) dt`, with
//! `φ(t) = cos((e_0 − y)t) Π_r cos(c_r t)`: one dimension, whatever m is. The kernels are `2K_1(t)/(πt)` for
//! √(1+Y²) − 1, `1/(t sinh(πt/2))` for ln cosh Y and `2/(πt²)` for |Y|. Derived for this project.

use std::f64::consts::{FRAC_2_PI, FRAC_PI_2};

use crate::product::matmul;
use faer::{Accum, Mat, MatRef, Par};
use rayon::prelude::*;

use crate::ball::Ball;
use crate::network::{Model, PairedNetwork};
use crate::objective::Loss;
use crate::sphere::ZonalQuadrature;
use crate::tolerance::SMOOTHING;
use crate::{Error, Result};

/// Inputs whose coefficients are in memory at the same time.
const BLOCK: usize = 64;
/// The number of Gauss–Legendre nodes in a panel, and the smaller number with which the result is compared.
const ORDERS: [usize; 2] = [24, 18];
/// The number of standard deviations beyond which a sum of signs is neglected when panels are chosen:
/// e^{−8.5²/2} = 2e-16.
pub(crate) const SPREAD: f64 = 8.5;
/// The most radians of oscillation over which a mean is integrated, which takes about a second.
pub(crate) const MOST_RADIANS: f64 = 1e7;
/// The largest number of signs that [`enumerate`] accepts.
pub const MOST_ENUMERATED: usize = 24;

/// The quadratic model at n inputs as an affine function of the signs, `e_0 + Σ_r s_r c_r`.
#[derive(Debug, Clone)]
pub struct SignedModel {
    /// The constant e_0 at each input.
    pub constant: Vec<f64>,
    /// The slopes c_r, one column for each input and one row for each row of W_Q that is not zero:
    /// `[active, n]`.
    pub slopes: Mat<f64>,
    /// The row of W_Q that each row of `slopes` belongs to.
    pub rows: Vec<usize>,
}

/// The quadratic model at W_L + S·W_Q as an affine function of the signs:
/// `e_0(x) = f_L(x; W_L) + f_Q(x; W_L) + f_Q(x; W_Q)` and
/// `c_r(x) = a_r m^{-1/2} (x·w_{Q,r})[σ'(w_{0,r}·x) + σ''(w_{0,r}·x)(x·w_{L,r})]` at each row of `x`
/// (`[n, d]`). The result holds n times as many numbers as W_Q has rows that are not zero; pass inputs in
/// blocks where both are many.
///
/// # Errors
/// A shape that does not fit, an entry that is not finite, or no second derivative.
pub fn signed_model(
    net: &PairedNetwork,
    x: MatRef<'_, f64>,
    w_l: MatRef<'_, f64>,
    w_q: MatRef<'_, f64>,
    par: Par,
) -> Result<SignedModel> {
    let (low, high) = (net.predict(Model::Quadratic, x, w_l, par)?, net.f_quadratic(x, w_q, par)?);
    let constant = low.iter().zip(&high).map(|(low, high)| low + high).collect();
    let (p, d) = (net.p(), net.d());
    let rows: Vec<usize> = (0..net.m()).filter(|&r| (0..d).any(|i| w_q[(r, i)] != 0.0)).collect();
    let product = |entry: &dyn Fn(usize, usize) -> f64| {
        let gathered = Mat::from_fn(rows.len(), d, |a, i| entry(rows[a], i));
        let mut out = Mat::zeros(rows.len(), x.nrows());
        matmul(out.as_mut(), Accum::Replace, gathered.as_ref(), x.transpose(), 1.0, par);
        out
    };
    let mut slopes = product(&|r, i| net.weights()[(r % p, i)]);
    let (l, q) = (product(&|r, i| w_l[(r, i)]), product(&|r, i| w_q[(r, i)]));
    let scale = (net.m() as f64).sqrt().recip();
    let mut first = vec![0.0; rows.len()];
    for i in 0..x.nrows() {
        let (z, l, q) = (slopes.col_as_slice_mut(i), l.col_as_slice(i), q.col_as_slice(i));
        first.copy_from_slice(z);
        net.activation().apply_first_and_second(&mut first, z);
        for a in 0..rows.len() {
            z[a] = net.sign(rows[a]) * scale * q[a] * (first[a] + z[a] * l[a]);
        }
    }
    Ok(SignedModel { constant, slopes, rows })
}

/// `E_S ℓ(y, (f_L + f_Q)(x; W_L + SW_Q))` at each row of `x` (`[n, d]`), with one target value for each.
///
/// # Errors
/// As [`signed_model`] and [`expected_loss`]; a number of targets that is not n.
pub fn expected_losses(
    net: &PairedNetwork,
    loss: Loss,
    x: MatRef<'_, f64>,
    y: &[f64],
    w_l: MatRef<'_, f64>,
    w_q: MatRef<'_, f64>,
    par: Par,
) -> Result<Vec<Ball>> {
    if y.len() != x.nrows() {
        return Err(Error::shape("the target values", [y.len(), 1], format!("n = {}, 1", x.nrows())));
    }
    let mut out = Vec::with_capacity(y.len());
    for first in (0..y.len()).step_by(BLOCK) {
        let count = BLOCK.min(y.len() - first);
        let model = signed_model(net, x.subrows(first, count), w_l, w_q, par)?;
        let mean =
            |i: usize| expected_loss(loss, model.constant[i] - y[first + i], model.slopes.col_as_slice(i));
        let means: Result<Vec<Ball>> = match par {
            Par::Seq => (0..count).map(mean).collect(),
            _ => (0..count).into_par_iter().map(mean).collect(),
        };
        out.extend(means?);
    }
    Ok(out)
}

/// `E_S ℓ(b + Σ_r s_r c_r)` for independent fair signs, where ℓ is a function of the prediction minus the
/// target.
///
/// The square has the closed form `b² + Σ c_r²`. The means of the other losses are integrals of the
/// characteristic function φ, by Gauss–Legendre panels. The loss |Y| is first smoothed by a Gaussian of
/// width ε = 10⁻³ √(E Y²). Smoothing raises the mean by between 0 and `ε√(2/π) E e^{−Y²/(2ε²)}`, which is
/// another integral of φ. Half of this bound is subtracted, and half is added to the error.
///
/// # Errors
/// [`Error::NotFinite`] for a number that is not finite; [`Error::Domain`] for a model so large (above 10⁵)
/// that the integrand oscillates too often.
///
/// # Accuracy
/// The radius estimates the error and does not bound it: it adds up the difference of two orders of
/// quadrature, smoothing and rounding. It is about 1e-13 relative for the smooth losses, and for |Y| about
/// 1e-6 where Y has a density and 1e-3 at worst. Up to [`MOST_ENUMERATED`] signs, [`enumerate`] is exact.
pub fn expected_loss(loss: Loss, b: f64, c: &[f64]) -> Result<Ball> {
    if let Some(row) = std::iter::once(&b).chain(c).position(|v| !v.is_finite()) {
        let value = if row == 0 { b } else { c[row - 1] };
        return Err(Error::NotFinite { name: "the signed model", value, row, col: 0 });
    }
    let variance: f64 = c.iter().map(|c| c * c).sum();
    let square = b * b + variance;
    let rounding = (c.len() + 64) as f64 * f64::EPSILON;
    if loss == Loss::Square || square == 0.0 {
        return Ok(Ball { value: square, error: rounding * square });
    }
    // The largest factors come first, so that the product of cosines reaches zero soon.
    let unit = if loss == Loss::Absolute { square.sqrt() } else { 1.0 };
    let mut factors: Vec<f64> =
        std::iter::once(&b).chain(c).map(|c| c.abs() / unit).filter(|c| *c > 0.0).collect();
    factors.sort_by(|a, b| b.total_cmp(a));
    let frequency = (b.abs() + SPREAD * variance.sqrt()) / unit;
    // The integrals beyond these ends are below 1e-17 of their value.
    let end = match loss {
        Loss::PseudoHuber => 40.0,
        Loss::LogCosh => 26.0,
        _ => 9.0 / SMOOTHING,
    };
    if end * frequency > MOST_RADIANS {
        let allowed = format!(
            "below {:.0e} for the {} loss, or its mean over signs takes too long",
            MOST_RADIANS / end,
            loss.name()
        );
        return Err(Error::domain("the size of the signed model", format!("{frequency:e}"), allowed));
    }
    let [fine, coarse] = [0, 1].map(|order| -> Result<[f64; 2]> {
        let rule = ZonalQuadrature::shared(3, ORDERS[order])?;
        let (mut sum, mut near_zero) = (0.0, 0.0);
        panels(end, frequency, |middle, half| {
            for (node, weight) in rule.nodes().iter().zip(rule.weights()) {
                let t = middle + half * node;
                let defect = one_minus_product(&factors, t);
                // The rule has total weight 1 on an interval of length 2.
                let weight = 2.0 * half * weight;
                match loss {
                    Loss::PseudoHuber => sum += weight * defect * FRAC_2_PI * bessel_k1(t) / t,
                    Loss::LogCosh => sum += weight * defect / (t * (FRAC_PI_2 * t).sinh()),
                    _ => {
                        let damping = (-0.5 * (SMOOTHING * t).powi(2)).exp();
                        let smooth = defect * damping - (-0.5 * (SMOOTHING * t).powi(2)).exp_m1();
                        sum += weight * FRAC_2_PI * smooth / (t * t);
                        near_zero += weight * (1.0 - defect) * damping;
                    }
                }
            }
        });
        Ok([sum, near_zero])
    });
    let ([fine, near_zero], [coarse, _]) = (fine?, coarse?);
    let quadrature = (fine - coarse).abs();
    if loss != Loss::Absolute {
        return Ok(Ball { value: fine, error: quadrature + rounding * fine });
    }
    // E e^{−Y²/(2ε²)} = ε√(2/π) ∫_0^∞ e^{−ε²t²/2} φ(t) dt, and beyond the end the smoothed φ is 0.
    let root = FRAC_2_PI.sqrt();
    let bias = SMOOTHING * root * (SMOOTHING * root * near_zero).clamp(0.0, 1.0);
    let value = fine + FRAC_2_PI / end - 0.5 * bias;
    Ok(Ball { value: unit * value, error: unit * (quadrature + 0.5 * bias + rounding * value) })
}

/// `E_S ℓ(b + Σ_r s_r c_r)` as the sum over all 2^a values of the signs, exact to rounding, where a is the
/// number of coefficients.
///
/// # Errors
/// [`Error::Domain`] for more than [`MOST_ENUMERATED`] coefficients.
pub fn enumerate(loss: Loss, b: f64, c: &[f64]) -> Result<f64> {
    if c.len() > MOST_ENUMERATED {
        return Err(Error::domain(
            "the number of signs",
            c.len(),
            format!("at most {MOST_ENUMERATED} can be enumerated"),
        ));
    }
    let count = 1_u32 << c.len();
    let sum: f64 = (0..count)
        .map(|word| {
            let signed = c.iter().enumerate().map(|(r, c)| if word >> r & 1 == 1 { -c } else { *c });
            loss.value(0.0, b + signed.sum::<f64>())
        })
        .sum();
    Ok(sum / f64::from(count))
}

/// `1 − Π_r cos(c_r t)`. With the product P so far, each factor adds `2P sin²(c_r t/2)`, so that no digits
/// cancel while P > 0.
fn one_minus_product(factors: &[f64], t: f64) -> f64 {
    let mut defect = 0.0_f64;
    for c in factors {
        let product = 1.0 - defect;
        // Later factors are at most 1, so that the product stays below rounding.
        if product.abs() < f64::EPSILON {
            return 1.0;
        }
        let s = (0.5 * c * t).sin();
        defect += 2.0 * product * s * s;
    }
    defect
}

/// Callback: given the middle and the half-width of each of the panels that cover [0, end]. The panels halve
/// towards 0, where kernels have a logarithm, and are nowhere wider than 2 or than one radian for each Gauss
/// node at this frequency.
fn panels(end: f64, frequency: f64, mut visit: impl FnMut(f64, f64)) {
    let widest = (ORDERS[1] as f64 / frequency).min(2.0);
    let mut split = |from: f64, to: f64| {
        let count = ((to - from) / widest).ceil().max(1.0);
        let half = 0.5 * (to - from) / count;
        for i in 0..count as usize {
            visit(from + half * (2 * i + 1) as f64, half);
        }
    };
    let smallest = -26;
    split(0.0, 2.0_f64.powi(smallest));
    for j in smallest..0 {
        split(2.0_f64.powi(j), 2.0_f64.powi(j + 1));
    }
    split(1.0, end);
}

/// The modified Bessel function `K_1(t) = ∫_0^∞ e^{−t cosh u} cosh u du` for t > 0, by the trapezoidal rule.
/// The integrand decays doubly exponentially and is analytic in a strip of half-width π/2, so that the error
/// of the step h = 1/8 is about e^{−π²/h} ≈ 1e-34.
pub(crate) fn bessel_k1(t: f64) -> f64 {
    const STEP: f64 = 0.125;
    let mut sum = 0.5 * (-t).exp();
    let mut u = STEP;
    loop {
        let cosh = u.cosh();
        let term = (-t * cosh).exp() * cosh;
        sum += term;
        // Beyond the maximum at t·cosh u = 1, terms fall faster than geometrically.
        if t * cosh > 1.0 && term <= 1e-18 * sum {
            return STEP * sum;
        }
        u += STEP;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bessel_k1_reference_values() {
        // Abramowitz and Stegun, tables 9.8 and 9.11, and K_1(t) → 1/t.
        for (t, value) in [(0.1, 9.853844780870606), (1.0, 0.6019072301972346), (10.0, 1.864877345382558e-5)]
        {
            assert!((bessel_k1(t) / value - 1.0).abs() < 1e-14, "{t}: {}", bessel_k1(t));
        }
        assert!((bessel_k1(1e-8) * 1e-8 - 1.0).abs() < 1e-14);
    }

    #[test]
    fn kernels_give_the_losses_back() {
        // No signs at all: the mean is the loss.
        for b in [1e-6, 0.3, 2.0, -50.0] {
            for loss in [Loss::PseudoHuber, Loss::LogCosh] {
                let (found, exact) = (expected_loss(loss, b, &[]).unwrap(), loss.value(0.0, b));
                assert!(
                    (found.value - exact).abs() <= found.error.max(1e-13 * exact),
                    "{loss:?} at {b}: {found:?} for {exact}"
                );
            }
        }
    }
}

//! Hermite polynomials, and the coefficients of functions and activations in them.
//!
//! He_k is the polynomial with leading coefficient 1 that is orthogonal to all lower degrees under the
//! standard normal distribution, `E He_k(Z)² = k!`. The coefficients `c_k = E σ(Z) He_k(Z)` of an activation
//! are those of DLS22, so that `σ = Σ c_k He_k/k!`.

use super::normal::{density, upper_tail};
use crate::activation::{Activation, Derivative, PiecewiseLinear};
use crate::ball::Ball;
use crate::{Error, Result};

/// The largest k of a coefficient c_k: 18! is the last factorial that f64 holds to the unit.
pub const MAX_COEFFICIENT: usize = 18;

/// The step of the trapezoidal rule is 1/16, and it ends at ±12.
const STEPS: i32 = 16;
const REACH: i32 = 12;

/// The Hermite coefficient `E[g(Z) He_j(Z)]/√j!` for a standard normal `Z`, where `bound ≥ sup |g|`.
///
/// The coefficient is computed by the trapezoidal rule with step 1/16 on −12 ≤ z ≤ 12. For `g` analytic in
/// the strip |Im z| < a, the discretisation error is of order `exp(−2πa·16)`, and at best `exp(−2π²·256)`:
/// it is below 1e-60 for a ≥ 1.5, which holds for sigmoid, tanh, erf and sine, and is not part of the bound.
/// The cut-off leaves less than `bound·e^{−72}·12^{j+1}`. The rounding is at most 16 + j roundings of each
/// term and 385 of the sum, relative to the sum of the moduli of the terms.
pub fn hermite_coefficient(g: impl Fn(f64) -> f64, j: usize, bound: f64) -> Ball {
    let Ball { value, error } = trapezoid(g, j, STEPS);
    Ball::new(value, error + beyond(j, bound))
}

/// The coefficient of [`hermite_coefficient`], with the difference from the rule of twice the step in its
/// bound, for functions that are analytic in a narrower strip.
pub(super) fn expand(g: impl Fn(f64) -> f64, j: usize, bound: f64) -> Ball {
    let (fine, coarse) = (trapezoid(&g, j, STEPS), trapezoid(&g, j, STEPS / 2));
    Ball::new(fine.value, (fine.error + (fine.value - coarse.value).abs() + beyond(j, bound)).next_up())
}

/// A bound on `E[|z^i He_j(z)|/√j!; |z| > 12]` times `bound`, for the power i + j = `power`.
fn beyond(power: usize, bound: f64) -> f64 {
    bound * (-72.0_f64).exp() * 12.0_f64.powi(power as i32 + 1)
}

/// The trapezoidal rule with `steps` steps a unit, and its rounding.
fn trapezoid(g: impl Fn(f64) -> f64, j: usize, steps: i32) -> Ball {
    let step = 1.0 / f64::from(steps);
    let norm = step / std::f64::consts::TAU.sqrt();
    let (mut sum, mut moduli) = (0.0, 0.0);
    for i in -steps * REACH..=steps * REACH {
        let z = f64::from(i) * step;
        let term = norm * (-0.5 * z * z).exp() * normalised_hermite(z, j);
        sum += g(z) * term;
        moduli += (g(z) * term).abs();
    }
    // At most 385 terms added in order: the sum itself costs at most 385 roundings of the moduli, the terms
    // 16 + j each.
    Ball::new(sum, (385.0 + 16.0 + j as f64) * 0.5 * f64::EPSILON * moduli)
}

/// The normalised Hermite polynomial `h_j(z) = He_j(z)/√j!`, by the three-term recurrence
/// `√(j+1) h_{j+1} = z h_j − √j h_{j−1}`.
pub fn normalised_hermite(z: f64, j: usize) -> f64 {
    let (mut below, mut at) = (0.0, 1.0);
    for i in 0..j {
        let next = (z * at - (i as f64).sqrt() * below) / ((i + 1) as f64).sqrt();
        (below, at) = (at, next);
    }
    at
}

/// The Hermite polynomial He_k(z), by the recurrence `He_{k+1} = z He_k − k He_{k−1}`.
pub fn hermite(z: impl Into<Ball>, k: usize) -> Ball {
    let z = z.into();
    let (mut below, mut at) = (Ball::exact(0.0), Ball::exact(1.0));
    for i in 0..k {
        (below, at) = (at, z * at - below * i as f64);
    }
    at
}

/// The factorial k! for k ≤ 18, which is exact.
pub(crate) fn factorial(k: usize) -> f64 {
    (1..=k).map(|i| i as f64).product()
}

/// The coefficients `c_k = E[σ(Z) He_k(Z)]` of an activation, shift included, for k = 0 to `max`.
///
/// A piecewise linear activation has the closed form in φ, Φ and He_{k−2} at its kinks. Any other one is
/// integrated by parts up to three times, `c_k = E[σ'''(Z) He_{k−3}(Z)]`, so that fewer digits cancel, and
/// then by the trapezoidal rule of [`hermite_coefficient`]; its difference from the rule of twice the step
/// is added to the bound. The integral without integration by parts must agree.
///
/// ```
/// use escapement::{activation, gaussian::hermite};
/// let c = hermite::coefficients(activation::parse("relu")?.as_ref(), 4)?;
/// let root = std::f64::consts::TAU.sqrt(); // c_0 = c_2 = −c_4 = 1/√(2π), c_1 = ½, c_3 = 0
/// assert!([1.0 / root, 0.5, 1.0 / root, 0.0, -1.0 / root].iter().zip(&c).all(|(x, c)| c.contains(*x)));
/// # Ok::<(), escapement::Error>(())
/// ```
///
/// # Errors
/// [`Error::Domain`] for `max` above [`MAX_COEFFICIENT`]. [`Error::Unsupported`] for an activation that is
/// not piecewise linear and has no second derivative, whose derivatives are all unbounded, or whose
/// derivatives do not belong to its values.
///
/// # Accuracy
/// The closed form has a few units in the last place of the largest of its terms; the quadrature about
/// 5e-14·√k!, and its error is usually a hundred times smaller. The bound rests on what the activation says
/// of the suprema of its derivatives, and on the accuracy of σ and its derivatives to eight units in the
/// last place.
///
/// # Source
/// The closed form for a ReLU is `c_0 = bΦ(b) + φ(b)`, `c_1 = Φ(b)`, `c_k = φ(b) He_{k−2}(−b)` for σ(z + b).
pub fn coefficients(sigma: &dyn Activation, max: usize) -> Result<Vec<Ball>> {
    if max > MAX_COEFFICIENT {
        let allowed = format!("Hermite coefficients are computed up to k = {MAX_COEFFICIENT}");
        return Err(Error::domain("k", max, allowed));
    }
    if let Some(lines) = sigma.piecewise_linear() {
        return Ok((0..=max).map(|k| of_lines(&lines, k)).collect());
    }
    sigma.require_twice_differentiable()?;
    let suprema = sigma.suprema().map(|supremum| supremum.value);
    (0..=max).map(|k| smooth(sigma, k, suprema)).collect()
}

/// Refuses activations whose second coefficient vanishes: their first gradient step has no term `c_2 Hw`.
///
/// # Errors
/// [`Error::Unsupported`], where the ball of c_2 contains 0; and as [`coefficients`].
pub fn require_second_coefficient(sigma: &dyn Activation) -> Result<()> {
    let c = coefficients(sigma, 2)?[2];
    if !c.contains(0.0) {
        return Ok(());
    }
    let why = format!(
        "its Hermite coefficient c_2 = E σ(z)(z² − 1) vanishes ({:.1e} to within {:.1e}), so that no \
         gradient step of this kind can turn the weights towards the target (an odd activation needs a \
         shift)",
        c.value, c.error
    );
    Err(Error::Unsupported { activation: sigma.name(), why })
}

/// `c_k` of a piecewise linear function: its second derivative consists of a point mass at each kink.
fn of_lines(lines: &PiecewiseLinear, k: usize) -> Ball {
    let kink = |at: f64| match k {
        0 => density(at) - upper_tail(at) * at,
        1 => upper_tail(at),
        k => density(at) * hermite(at, k - 2),
    };
    let line = [lines.intercept, lines.slope].get(k).map_or(0.0, |&c| c);
    lines.kinks.iter().fold(Ball::exact(line), |sum, k| sum + kink(k.at) * k.jump)
}

/// `c_k` of a function with three derivatives.
fn smooth(sigma: &dyn Activation, k: usize, suprema: [f64; 4]) -> Result<Ball> {
    let unsupported = |why: &str| Error::Unsupported { activation: sigma.name(), why: why.into() };
    let by_parts = |parts: usize| -> Result<Ball> {
        let (order, j) = (Derivative::ALL[parts], k - parts);
        // Taylor at 0 bounds the derivative, up to the first one that is bounded itself.
        let bounded = (parts..4).find(|&i| suprema[i].is_finite());
        let bounded = bounded.ok_or_else(|| unsupported("neither it nor its derivatives are bounded"))?;
        let term = |i: usize| {
            let size = if i == bounded { suprema[i] } else { sigma.at(Derivative::ALL[i], 0.0).abs() };
            beyond(j + i - parts, size)
        };
        let cut: f64 = (parts..=bounded).map(term).sum();
        let rule = |steps| trapezoid(|z| sigma.at(order, z), j, steps);
        let (fine, coarse) = (rule(STEPS), rule(STEPS / 2));
        let error = fine.error + (fine.value - coarse.value).abs() + cut;
        Ok(Ball::new(fine.value, error.next_up()) * Ball::exact(factorial(j)).sqrt())
    };
    let c = by_parts(k.min(3))?;
    let direct = by_parts(0)?;
    let apart = (c - direct).abs();
    if !c.value.is_finite() || apart.value > apart.error {
        return Err(unsupported("its derivatives do not belong to its values, or have jumps"));
    }
    Ok(c)
}

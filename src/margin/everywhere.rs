//! A bound on the margin over neurons of all directions, in any dimension.

use super::{check_examples, length, weights};
use crate::ball::Ball;
use crate::product::each;
use crate::{Error, Result, rounding};
use faer::{Mat, MatRef, Par};

/// An upper bound on the margin G of [`super::Directions::margin`] over neurons of all directions, for
/// inputs `x` (`[n, d]`) with labels `y` (`[n]`), from weights q (`[n]`, not negative; their sum does not
/// count). No network of any width has a normalised margin `√m min_i p_i/‖W‖²` above half of it.
///
/// Any weights of the examples bound G by the largest `|Σ_i q_i y_i σ(v·x_i)|` of a unit vector v. The bound
/// is the least of three. One example alone gives `‖x_i‖`. Two with opposite labels and weights ½ give half
/// of the larger distance of one of them from the segment between 0 and the other, because `σ(a) − σ(b) ≤
/// σ(a) − σ(tb) ≤ |a − tb|` for t in [0, 1]. The q that are given allow `½‖Σ_i q_i y_i x_i‖ + ½ (Q
/// λ_max(Σ_i q_i x_i x_iᵀ/‖x_i‖))^{1/2}` with `Q = Σ_i q_i ‖x_i‖`, by `2σ(z) = z + |z|` and Cauchy–Schwarz.
///
/// # Errors
/// Shapes that do not fit, no inputs, labels other than ±1, numbers that are not finite, weights of another
/// number, negative, or all 0, and [`Error::Numerical`] where the singular values are not found.
///
/// # Accuracy
/// All rounding is included, that of the singular value by [`rounding::eigen`].
pub fn margin_bound(x: MatRef<'_, f64>, y: &[f64], q: &[f64], par: Par) -> Result<f64> {
    check_examples(x, y)?;
    let (n, d, q) = (x.nrows(), x.ncols(), weights(q, y.len())?);
    let norms: Vec<Ball> = (0..n).map(|i| length(x.row(i).as_mat())).collect();
    let dot = |i: usize, k: usize| (0..d).map(|c| x[(i, c)] * x[(k, c)]).sum::<f64>();
    let apart = |i: usize, k: usize| {
        let t = (dot(i, k) / dot(k, k).max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
        length(Mat::from_fn(1, d, |_, c| x[(i, c)] - t * x[(k, c)]).as_ref()).upper()
            + norms[i].upper().max(norms[k].upper()) * rounding::sum(0, 6)
    };
    let pair = |i: usize| {
        let others = (0..i).filter(|&k| y[k] != y[i]);
        let nearest = others.map(|k| 0.5 * apart(i, k).max(apart(k, i))).fold(f64::INFINITY, f64::min);
        nearest.min(norms[i].upper())
    };
    let simple = each(par, n, pair).into_iter().fold(f64::INFINITY, f64::min);
    let share = |i: usize| if norms[i].value > 0.0 { (q[i] / norms[i].value).sqrt() } else { 0.0 };
    let scaled = Mat::from_fn(n, d, |i, c| share(i) * x[(i, c)]);
    let failed = |e| Error::Numerical { what: "the bound on the margin", why: format!("{e:?}") };
    let largest = scaled.singular_values().map_err(failed)?.into_iter().fold(0.0, f64::max);
    crate::product::clear_registers();
    let reach: Ball = q.iter().zip(&norms).map(|(q, norm)| *q * *norm).sum();
    // The rows err by d/2 + 4 roundings, relative to √Q as a whole.
    let moved = reach.sqrt().upper() * rounding::sum(d, 4) + rounding::eigen(n.max(d), largest);
    let term = |i: usize, c: usize| Ball::exact(q[i]) * (y[i] * x[(i, c)]);
    let mean: Ball = (0..d).map(|c| (0..n).map(|i| term(i, c)).sum::<Ball>().powi(2)).sum();
    let sum: Ball = q.iter().copied().map(Ball::exact).sum();
    let weighted = (mean.sqrt() + reach.sqrt() * Ball::new(largest, moved)) / (2.0 * sum);
    Ok(simple.min(weighted.upper()).next_up())
}

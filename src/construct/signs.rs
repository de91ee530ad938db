//! W* = W_L + S·W_Q with independent random signs, one for each neuron, and exact means over the signs.
//!
//! S multiplies the rows of W_Q alone. For a symmetric form Q,
//! `E_S Q[W_L + SW_Q, W_L + SW_Q] = Q[W_L, W_L] + Σ_r Q_rr[w_r, w_r]` with w_r the rows of W_Q: only the
//! block diagonal of Q contributes to the part of W_Q. Derived for this project.

use crate::product::matmul;
use faer::{Accum, Mat, MatRef, Par};
use rand::Rng;

use crate::activation::Derivative;
use crate::network::{PairedNetwork, tiles::project};
use crate::objective::Regularizers;
use crate::{Error, Result};

/// Draws m independent fair signs, ±1.
pub fn draw(rng: &mut impl Rng, m: usize) -> Vec<f64> {
    let mut word = 0_u64;
    (0..m)
        .map(|r| {
            if r % 64 == 0 {
                word = rng.next_u64();
            }
            if word >> (r % 64) & 1 == 1 { -1.0 } else { 1.0 }
        })
        .collect()
}

/// `W_L + S·W_Q`: row r of `w_q` times `signs[r]`, added to row r of `w_l` (both `[m, d]`).
///
/// # Errors
/// Shapes that differ, or a number of signs that is not m.
pub fn apply(signs: &[f64], w_l: MatRef<'_, f64>, w_q: MatRef<'_, f64>) -> Result<Mat<f64>> {
    same_shape(w_l, w_q)?;
    if signs.len() != w_q.nrows() {
        return Err(Error::shape("the signs", [signs.len(), 1], format!("m = {}, 1", w_q.nrows())));
    }
    Ok(Mat::from_fn(w_q.nrows(), w_q.ncols(), |r, i| w_l[(r, i)] + signs[r] * w_q[(r, i)]))
}

fn same_shape(w_l: MatRef<'_, f64>, w_q: MatRef<'_, f64>) -> Result<()> {
    if (w_l.nrows(), w_l.ncols()) == (w_q.nrows(), w_q.ncols()) {
        return Ok(());
    }
    let expected = format!("{}, {}, that of W_Q", w_q.nrows(), w_q.ncols());
    Err(Error::shape("W_L", [w_l.nrows(), w_l.ncols()], expected))
}

/// `E_S R1(W_L + SW_Q)` for `w_l` and `w_q` of shape `[m, d]`. The part of W_Q is the difference of the
/// block-diagonal forms of Σ and Σ_{≤r}.
///
/// # Errors
/// A shape is not `[m, d]`.
pub fn expected_r1(
    of: Regularizers<'_>,
    w_l: MatRef<'_, f64>,
    w_q: MatRef<'_, f64>,
    par: Par,
) -> Result<f64> {
    let (all, low) = (of.cov.diagonal_forms(w_q)?, of.top.diagonal_forms(w_q)?);
    same_shape(w_l, w_q)?;
    // A product with Σ takes far longer than the rest, and is zero where W_L is.
    let zero = w_l.col_iter().all(|column| column.iter().all(|x| *x == 0.0));
    let alone = if zero { 0.0 } else { of.r1(w_l, par)? };
    Ok(alone + all.iter().zip(&low).map(|(a, b)| a - b).sum::<f64>())
}

/// `E_S R2(W_L + SW_Q)` for `w_l` and `w_q` of shape `[m, d]`.
///
/// # Errors
/// A shape is not `[m, d]`.
pub fn expected_r2(
    of: Regularizers<'_>,
    w_l: MatRef<'_, f64>,
    w_q: MatRef<'_, f64>,
    par: Par,
) -> Result<f64> {
    Ok(of.r2(w_l, par)? + of.top.diagonal_forms(w_q)?.iter().sum::<f64>())
}

/// `E_S R3(W_L + SW_Q)` for `w_l` and `w_q` of shape `[m, d]`, which is
/// `R3(W_L) + E_n Σ_r (φ_r(x)·w_r − Σ_i ⟨v_i, φ(x)⟩ v_{i,r}·w_r)²` with the rows w_r of W_Q.
///
/// The cost is `2n·pd·r + 2n·m·r` flops in products.
///
/// # Errors
/// A shape that does not fit, or an entry that is not finite.
pub fn expected_r3(
    of: Regularizers<'_>,
    w_l: MatRef<'_, f64>,
    w_q: MatRef<'_, f64>,
    par: Par,
) -> Result<f64> {
    // ⟨v_i, φ(x)⟩ is f_L at the displacement v_i = (q_i, −q_i)/√2.
    let coordinates =
        of.net.f_linear_of_columns(of.x, of.top.vectors(), par)? * faer::Scale(std::f64::consts::SQRT_2);
    let mean = mean_beyond(of, coordinates.as_ref(), of.top.neuron_overlaps(w_q)?.as_ref(), w_q, par)?;
    Ok(of.r3(w_l, par)? + mean)
}

/// The block-diagonal form of R3, `E_n Σ_r (φ_r(x)·w_r − Σ_i ⟨v_i, φ(x)⟩ v_{i,r}·w_r)²` with the rows w_r of
/// `w` (`[m, d]`), from `⟨v_i, φ(x)⟩` (`[n, r]`) and `v_{i,r}·w_r` (`[m, r]`).
///
/// # Errors
/// A shape that does not fit, or an entry that is not finite.
pub(super) fn mean_beyond(
    of: Regularizers<'_>,
    coordinates: MatRef<'_, f64>,
    overlaps: MatRef<'_, f64>,
    w: MatRef<'_, f64>,
    par: Par,
) -> Result<f64> {
    let squares = sum_of_squares(of.net, of.x, w, par, |inputs, rows, out| {
        let (c, o) =
            (coordinates.subrows(inputs.start, inputs.len()), overlaps.subrows(rows.start, rows.len()));
        matmul(out, Accum::Add, c, o.transpose(), -1.0, Par::Seq);
    })?;
    Ok(squares.iter().sum::<f64>() / squares.len().max(1) as f64)
}

/// `E_S R4(W_L + SW_Q) = (Σ_r E X_r)² + Σ_r Var X_r`, `X_r = ‖w_{L,r} + s_r w_{Q,r}‖⁴`: with
/// `a = ‖w_{L,r}‖² + ‖w_{Q,r}‖²` and `b = 2 w_{L,r}·w_{Q,r}`, `E X_r = a² + b²` and `Var X_r = 4a²b²`.
///
/// # Errors
/// The shapes differ.
pub fn expected_r4(w_l: MatRef<'_, f64>, w_q: MatRef<'_, f64>) -> Result<f64> {
    same_shape(w_l, w_q)?;
    let (mut mean, mut variance) = (0.0, 0.0);
    for r in 0..w_q.nrows() {
        let a = w_l.row(r).squared_norm_l2() + w_q.row(r).squared_norm_l2();
        let b = 2.0 * w_l.row(r) * w_q.row(r).transpose();
        mean += a * a + b * b;
        variance += 4.0 * a * a * b * b;
    }
    Ok(mean * mean + variance)
}

/// The means of `[R1, R2, R3, R4]` over the signs S at `W_L + S·W_Q`, for `w_l` and `w_q` of shape `[m, d]`.
/// No signs are sampled.
///
/// # Errors
/// A shape that does not fit, or an entry that is not finite.
///
/// # Accuracy
/// The relative difference from an enumeration of all 2^m signs is below 1e-10. R1 is too small by at most
/// `of.cov.truncation_bound()·(‖W_L‖_F² + ‖W_Q‖_F²)`.
pub fn expected_regularizers(
    of: Regularizers<'_>,
    w_l: MatRef<'_, f64>,
    w_q: MatRef<'_, f64>,
    par: Par,
) -> Result<[f64; 4]> {
    Ok([
        expected_r1(of, w_l, w_q, par)?,
        expected_r2(of, w_l, w_q, par)?,
        expected_r3(of, w_l, w_q, par)?,
        expected_r4(w_l, w_q)?,
    ])
}

/// `E_S f_L(x; W_L + SW_Q)² = f_L(x; W_L)² + Σ_r (φ_r(x)·w_r)²` at each row of `x` (`[n, d]`), with the rows
/// w_r of W_Q: n values.
///
/// # Errors
/// A shape that does not fit, or an entry that is not finite.
pub fn expected_linear_square(
    net: &PairedNetwork,
    x: MatRef<'_, f64>,
    w_l: MatRef<'_, f64>,
    w_q: MatRef<'_, f64>,
    par: Par,
) -> Result<Vec<f64>> {
    let linear = net.f_linear(x, w_l, par)?;
    let squares = sum_of_squares(net, x, w_q, par, |_, _, _| {})?;
    Ok(linear.iter().zip(&squares).map(|(l, s)| l * l + s).collect())
}

/// `Σ_{r<m} g_r(x)²` at each row of `x`, where `g_r = φ_r(x)·w_r` plus a correction. Callback: given the
/// inputs and the neurons of a tile as ranges, `correct` adds the correction to its last argument.
fn sum_of_squares(
    net: &PairedNetwork,
    x: MatRef<'_, f64>,
    w: MatRef<'_, f64>,
    par: Par,
    correct: impl Fn(std::ops::Range<usize>, std::ops::Range<usize>, faer::MatMut<'_, f64>) + Sync,
) -> Result<Vec<f64>> {
    net.check_inputs(x)?;
    net.check_displacement(w)?;
    let (p, root) = (net.p(), (net.m() as f64).sqrt());
    let out = net.sum_over_tiles(x, 1, par, |inputs, neurons, x, space, mut out| {
        let (start, count) = (neurons.start, neurons.len());
        for r in 0..count {
            net.activation().apply(Derivative::First, space.z.col_as_slice_mut(r));
        }
        for (first, a) in [(start, 1.0 / root), (p + start, -1.0 / root)] {
            project(space.u.as_mut().subcols_mut(0, count), x, w.subrows(first, count));
            for r in 0..count {
                let (z, u) = (space.z.col_as_slice(r), space.u.col_as_slice_mut(r));
                u.iter_mut().zip(z).for_each(|(u, z)| *u *= a * z);
            }
            correct(inputs.clone(), first..first + count, space.u.as_mut().subcols_mut(0, count));
            for r in 0..count {
                for (i, g) in space.u.col_as_slice(r).iter().enumerate() {
                    out[(i, 0)] += g * g;
                }
            }
        }
    });
    Ok(out.col_as_slice(0).to_vec())
}

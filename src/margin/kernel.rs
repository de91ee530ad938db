//! Margins of kernel machines, at infinite width or for any Gram matrix.

use super::{Margin, check_examples, check_memory, interior_point};
use crate::ball::Ball;
use crate::kernel::arc_cosine::Layers;
use crate::product::each;
use crate::{Error, Result, rounding};
use faer::{Mat, MatRef, Par};

/// The margin γ_2 of inputs `x` (`[n, d]`) with labels `y` (`[n]`) under the kernel of an infinitely wide
/// network. The primal vector is that of [`gram_margin`].
///
/// # Errors
/// Shapes that do not fit, no inputs, labels other than ±1, numbers that are not finite, and
/// [`Error::Memory`] where four matrices of order n exceed [`super::MEMORY`].
///
/// # Accuracy
/// As [`gram_margin`], with the errors of the kernel's entries, 4d + 30 roundings.
pub fn kernel_margin(layers: Layers, x: MatRef<'_, f64>, y: &[f64], par: Par) -> Result<Margin> {
    check_examples(x, y)?;
    let n = x.nrows();
    check_memory(format!("the kernel of n = {n} inputs"), 32.0 * (n as f64).powi(2))?;
    let kernel = layers.matrix(x, x, par)?;
    let gram = Mat::from_fn(n, n, |i, k| y[i] * y[k] * kernel[(i, k)]);
    gram_margin(gram.as_ref(), rounding::sum(4 * x.ncols(), 30), par)
}

/// `γ = max_{‖f‖ ≤ 1} min_i ⟨f, φ_i⟩ = min_q (q'Kq)^{1/2}` for a Gram matrix `K = ⟨φ_i, φ_k⟩` (`[n, n]`,
/// labels included, of which the lower triangle is read), singular or not. The entries given may miss those
/// of a Gram matrix by `relative·√(K_ii K_kk)`. The primal vector has the coefficients c of the unit
/// function `f = Σ_i c_i φ_i`, `[n, 1]`.
///
/// # Errors
/// A matrix that is not square, empty or not finite, and [`Error::Memory`] where
/// four matrices of order n exceed [`super::MEMORY`].
///
/// # Accuracy
/// The ends include the errors of the entries and all rounding.
pub fn gram_margin(gram: MatRef<'_, f64>, relative: f64, par: Par) -> Result<Margin> {
    let n = gram.nrows();
    if n == 0 || gram.ncols() != n {
        return Err(Error::shape("the Gram matrix", [n, gram.ncols()], "n, n, not 0"));
    }
    check_memory(format!("a Gram matrix of order n = {n}"), 32.0 * (n as f64).powi(2))?;
    crate::error::finite("the Gram matrix", gram)?;
    let gram = Mat::from_fn(n, n, |i, k| gram[(i.max(k), i.min(k))]);
    let dual = interior_point::quadratic(gram.as_ref(), par);
    let root = |i: usize| (relative * gram[(i, i)].abs()).next_up().sqrt().next_up();
    let roots: Vec<f64> = (0..n).map(root).collect();
    let entry = |i: usize, k: usize| Ball::new(gram[(k, i)], (roots[i] * roots[k]).next_up());
    let products = each(par, n, |i| (0..n).map(|k| entry(i, k) * dual[k]).sum::<Ball>());
    let norm = products.iter().zip(&dual).map(|(p, q)| *p * *q).sum::<Ball>().sqrt();
    Ok(Margin::new(&products, norm, norm, &Mat::from_fn(n, 1, |i, _| dual[i]), dual))
}

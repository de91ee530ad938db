//! The choice of the weight decay λ of a ridge head, by its errors on a sample that took no part in the fit.

use super::one_step::{Heads, blocks, layer};
use crate::activation::Derivative;
use crate::product::matmul;
use crate::{Error, Result};
use faer::{Accum, Mat, MatRef, Par};

/// The decays of the authors' script: 100 in geometric progression from 1e-10 to 1e15.
pub fn grid() -> Vec<f64> {
    (0..100).map(|i| 10.0_f64.powf(-10.0 + 25.0 * f64::from(i) / 99.0)).collect()
}

/// The mean square of `labels − Φa` on another sample (`[n, d]`, `[n]`), `Φ = σ(XWᵀ + 1bᵀ)`, for the head a
/// of each decay in `lambdas`. The first layer (`[m, d]`) is that of the heads.
///
/// All heads share one pass over the sample in blocks of rows.
///
/// # Errors
/// Shapes that do not fit, no samples, and a decay that is not positive and finite.
///
/// # Accuracy
/// A head of norm ‖a‖ leaves some m roundings of ‖a‖ times the norm of a row of Φ in each residual.
pub fn mean_squares(
    heads: &Heads<'_>,
    weights: MatRef<'_, f64>,
    x: MatRef<'_, f64>,
    labels: &[f64],
    lambdas: &[f64],
    par: Par,
) -> Result<Vec<f64>> {
    let (n, m, count) = (x.nrows(), weights.nrows(), lambdas.len());
    if n == 0 || labels.len() != n || x.ncols() != weights.ncols() {
        let expected = format!("{}, {}, not 0", labels.len(), weights.ncols());
        return Err(Error::shape("the inputs", [n, x.ncols()], expected));
    }
    if heads.biases().len() != m {
        let expected = format!("{}, d", heads.biases().len());
        return Err(Error::shape("the weights", [m, weights.ncols()], expected));
    }
    let mut all = Mat::<f64>::zeros(m, count);
    for (k, &lambda) in lambdas.iter().enumerate() {
        all.col_as_slice_mut(k).copy_from_slice(&heads.head(lambda)?);
    }
    let sum = blocks(n, par, (1, count), |mut out, first, rows| {
        let phi = layer(x.subrows(first, rows), weights, heads.biases(), heads.sigma(), Derivative::Value);
        let mut values = Mat::<f64>::zeros(rows, count);
        matmul(values.as_mut(), Accum::Replace, phi.as_ref(), all.as_ref(), 1.0, Par::Seq);
        for k in 0..count {
            let residuals = values.col_as_slice(k).iter().zip(&labels[first..first + rows]);
            out[(0, k)] += residuals.map(|(f, y)| (y - f).powi(2)).sum::<f64>();
        }
    });
    Ok((0..count).map(|k| sum[(0, k)] / n as f64).collect())
}

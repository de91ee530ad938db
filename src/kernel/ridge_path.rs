//! Kernel ridge regression with any kernel, for all decays λ from one eigendecomposition.
//!
//! On n inputs with the kernel matrix K and the labels y the predictor is `f(x) = Σ_i b_i K(x, x_i)` with
//! `(K/n + (λ/2) I) b = y/n`. This is the head of [`crate::training::one_step::Heads`] for features whose
//! inner products are K, so that the same λ means the same for both; the heads are solved here too, with ΦᵀΦ
//! and Φᵀŷ in place of K and y.

use crate::error::finite;
use crate::product::{clear_registers, matmul};
use crate::{Error, Result};
use faer::{Accum, Mat, MatRef, Par, Side};

/// The predictors for all decays.
#[derive(Debug, Clone)]
pub struct RidgePath {
    /// Eigenvectors of K/n, `[n, n]`, its eigenvalues, and y/n in the basis of the eigenvectors.
    vectors: Mat<f64>,
    eigenvalues: Vec<f64>,
    moments: Vec<f64>,
}

impl RidgePath {
    /// Decomposes K/n for the kernel matrix K (`[n, n]`, symmetric, of which the lower triangle is read) and
    /// the labels y (`[n]`), in about 9n³ flops.
    ///
    /// # Errors
    /// Shapes that do not fit, numbers that are not finite, and an eigendecomposition that fails.
    pub fn new(kernel: MatRef<'_, f64>, y: &[f64]) -> Result<Self> {
        let n = y.len();
        if n == 0 || kernel.nrows() != n || kernel.ncols() != n {
            let expected = format!("{n}, {n}, not 0");
            return Err(Error::shape("the kernel matrix", [kernel.nrows(), kernel.ncols()], expected));
        }
        finite("the kernel matrix", kernel)?;
        finite("the labels", MatRef::from_column_major_slice(y, n, 1))?;
        let what = "the eigendecomposition of the kernel matrix";
        Self::of_sums(what, kernel, MatRef::from_column_major_slice(y, n, 1), n)
    }

    /// The solutions of `(G/n + (λ/2) I) b = r/n` for any symmetric G, of which the lower triangle is read, and
    /// any right side r: sums over n samples. `what` names the decomposition in an error.
    ///
    /// # Errors
    /// An eigendecomposition that fails.
    pub(crate) fn of_sums(
        what: &'static str,
        gram: MatRef<'_, f64>,
        right: MatRef<'_, f64>,
        n: usize,
    ) -> Result<Self> {
        let order = gram.nrows();
        let scaled = Mat::from_fn(order, order, |i, j| gram[(i, j)] / n as f64);
        let pairs = scaled
            .self_adjoint_eigen(Side::Lower)
            .map_err(|e| Error::Numerical { what, why: format!("{e:?}") })?;
        let vectors = pairs.U().to_owned();
        let mut moments = Mat::<f64>::zeros(order, 1);
        matmul(moments.as_mut(), Accum::Replace, vectors.transpose(), right, 1.0 / n as f64, Par::Seq);
        clear_registers();
        Ok(Self {
            eigenvalues: pairs.S().column_vector().iter().copied().collect(),
            moments: moments.col_as_slice(0).to_vec(),
            vectors,
        })
    }

    /// The eigenvalues of the scaled matrix, ascending.
    pub fn eigenvalues(&self) -> &[f64] {
        &self.eigenvalues
    }

    /// b for the decay λ, `[n]`.
    ///
    /// # Errors
    /// [`Error::Domain`] for a λ that is not positive and finite.
    ///
    /// # Accuracy
    /// The backward error is that of the eigendecomposition, [`crate::rounding::eigen`].
    pub fn coefficients(&self, lambda: f64) -> Result<Vec<f64>> {
        Ok(self.all_coefficients(&[lambda])?.col_as_slice(0).to_vec())
    }

    /// The mean square of `labels − f` on another sample, for the predictor f of each decay: `cross` has the
    /// kernel of its inputs with those of the fit, `[n', n]`, and `labels` is `[n']`.
    ///
    /// # Errors
    /// Shapes that do not fit, no samples, and a decay that is not positive and finite.
    pub fn mean_squares(&self, cross: MatRef<'_, f64>, labels: &[f64], lambdas: &[f64]) -> Result<Vec<f64>> {
        let (rows, n) = (labels.len(), self.moments.len());
        if rows == 0 || cross.nrows() != rows || cross.ncols() != n {
            let expected = format!("{rows}, {n}, not 0");
            return Err(Error::shape("the kernel of two samples", [cross.nrows(), cross.ncols()], expected));
        }
        let all = self.all_coefficients(lambdas)?;
        let mut values = Mat::<f64>::zeros(rows, lambdas.len());
        matmul(values.as_mut(), Accum::Replace, cross, all.as_ref(), 1.0, Par::Seq);
        clear_registers();
        let mean = |k: usize| {
            let residuals = values.col_as_slice(k).iter().zip(labels).map(|(f, y)| (y - f).powi(2));
            residuals.sum::<f64>() / rows as f64
        };
        Ok((0..lambdas.len()).map(mean).collect())
    }

    /// b for several decays, one column each.
    fn all_coefficients(&self, lambdas: &[f64]) -> Result<Mat<f64>> {
        let allowed = |lambda: f64| lambda.is_finite() && lambda > 0.0;
        if let Some(&lambda) = lambdas.iter().find(|lambda| !allowed(**lambda)) {
            return Err(Error::domain("the decay λ", lambda, "it must be positive and finite"));
        }
        let n = self.moments.len();
        // Eigenvalues are not negative but for rounding.
        let scaled = Mat::from_fn(n, lambdas.len(), |i, k| {
            self.moments[i] / (self.eigenvalues[i].max(0.0) + 0.5 * lambdas[k])
        });
        let mut all = Mat::<f64>::zeros(n, lambdas.len());
        matmul(all.as_mut(), Accum::Replace, self.vectors.as_ref(), scaled.as_ref(), 1.0, Par::Seq);
        clear_registers();
        Ok(all)
    }
}

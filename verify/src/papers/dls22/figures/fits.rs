//! Ridge regressions whose decay is the best one on a sample that took no part in the fit.

use super::super::samples::{Data, Sample};
use escapement::activation::{self, Activation, Derivative};
use escapement::kernel::ridge_path::RidgePath;
use escapement::training::decay;
use escapement::training::one_step::{Heads, Start};
use escapement::{Error, Result};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Rows of which features or kernels are formed together.
const ROWS: usize = 1024;

/// What the regression with the best decay comes to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// The mean of (f − f*)² over the mean of f*² on the same fresh inputs.
    pub excess: f64,
    /// The decay λ.
    pub lambda: f64,
}

/// Some function of inputs, row by row.
type Features<'a> = dyn Fn(MatRef<'_, f64>) -> Result<Mat<f64>> + Sync + 'a;

/// The kernel of each row of a set of inputs with each of another.
pub(super) type Kernel = fn(MatRef<'_, f64>, MatRef<'_, f64>, Par) -> Result<Mat<f64>>;

/// The coefficients of the predictor with a decay.
type Coefficients<'a> = dyn Fn(f64) -> Result<Vec<f64>> + 'a;

/// What a regression is to learn of the labels of a sample.
pub(super) type Labels<'a> = dyn Fn(&Sample) -> Result<Vec<f64>> + 'a;

/// The mean squares of `labels − f` on some inputs, for the f of each decay.
type MeanSquares<'a> = dyn Fn(MatRef<'_, f64>, &[f64], &[f64]) -> Result<Vec<f64>> + 'a;

/// σ.
pub(super) fn relu() -> Result<Arc<dyn Activation>> {
    activation::parse("relu")
}

/// The fit with the decay of [`decay::grid`] that has the least mean square on the validation sample.
fn tuned(data: &Data, labels: &Labels<'_>, mean_squares: &MeanSquares<'_>) -> Result<Fit> {
    let (lambdas, held) = (decay::grid(), &data.validation);
    let errors = mean_squares(held.x.as_ref(), &labels(held)?, &lambdas)?;
    let best = (0..errors.len()).min_by(|&a, &b| errors[a].total_cmp(&errors[b])).unwrap_or(0);
    let unknown = || Error::domain("the target", "unknown", "the excess is that over a known one");
    let test = &data.truth.as_ref().ok_or_else(unknown)?.test;
    let found = mean_squares(test.x.as_ref(), &labels(test)?, &lambdas[best..=best])?;
    let power = test.y.iter().map(|y| y * y).sum::<f64>() / test.y.len() as f64;
    Ok(Fit { excess: found[0] / power, lambda: lambdas[best] })
}

/// A head on the features `σ(xWᵀ + 1bᵀ)`, fitted to what `labels` leaves of the labels.
pub(super) fn head(data: &Data, labels: &Labels<'_>, w: MatRef<'_, f64>, b: &[f64]) -> Result<Fit> {
    let (sigma, par) = (relu()?, Par::rayon(0));
    let heads = Heads::of(data.train.x.as_ref(), &labels(&data.train)?, w, b, sigma.as_ref(), par)?;
    tuned(data, labels, &|x, y, lambdas| decay::mean_squares(&heads, w, x, y, lambdas, par))
}

/// The labels as they came.
pub(super) fn as_they_came(sample: &Sample) -> Result<Vec<f64>> {
    Ok(sample.y.clone())
}

/// Kernel ridge regression, by the kernel matrix of two sets of inputs.
pub(super) fn kernel(data: &Data, matrix: Kernel) -> Result<Fit> {
    let x = data.train.x.as_ref();
    let path = RidgePath::new(matrix(x, x, Par::rayon(0))?.as_ref(), &data.train.y)?;
    linear(data, &|rows| matrix(rows, x, Par::Seq), &|lambda| path.coefficients(lambda))
}

/// Ridge regression with the tangent features of the network at its start. With fewer samples than features
/// it is the kernel regression with their inner products; otherwise the same path solves `(FᵀF/n + (λ/2) I) a
/// = Fᵀy/n`, which is that of the kernel matrix `FᵀF·k/n` and the labels `Fᵀy·k/n` of k features.
pub(super) fn tangent(data: &Data, start: &Start) -> Result<Fit> {
    let sigma = relu()?;
    let features = |x: MatRef<'_, f64>| Ok(tangent_features(x, start, sigma.as_ref()));
    let f = features(data.train.x.as_ref())?;
    let (n, count) = (f.nrows(), f.ncols());
    let y = MatRef::from_column_major_slice(&data.train.y, n, 1);
    if n <= count {
        let path = RidgePath::new(product(f.as_ref(), f.transpose(), 1.0).as_ref(), &data.train.y)?;
        let head = |lambda: f64| {
            let b = path.coefficients(lambda)?;
            let b = MatRef::from_column_major_slice(&b, n, 1);
            Ok(product(f.transpose(), b, 1.0).col_as_slice(0).to_vec())
        };
        return linear(data, &features, &head);
    }
    let scale = count as f64 / n as f64;
    let moments = product(f.transpose(), y, scale);
    let gram = product(f.transpose(), f.as_ref(), scale);
    drop(f);
    let path = RidgePath::new(gram.as_ref(), moments.col_as_slice(0))?;
    linear(data, &features, &|lambda| path.coefficients(lambda))
}

/// The derivatives of the output of a neuron in a, b and w at each row of x, for one neuron of each pair,
/// because those of its twin are the same or opposite: `[n, (m/2)(d + 2)]`.
fn tangent_features(x: MatRef<'_, f64>, start: &Start, sigma: &dyn Activation) -> Mat<f64> {
    let (n, d, half) = (x.nrows(), x.ncols(), start.weights.nrows() / 2);
    let weights = start.weights.as_ref().subrows(0, half);
    let mut z = Mat::from_fn(n, half, |_, j| start.biases[j]);
    matmul(z.as_mut(), Accum::Add, x, weights.transpose(), 1.0, Par::Seq);
    let mut all = Mat::zeros(n, half * (d + 2));
    for j in 0..half {
        let mut slopes = z.col_as_slice(j).to_vec();
        sigma.apply(Derivative::First, &mut slopes);
        sigma.apply(Derivative::Value, z.col_as_slice_mut(j));
        all.col_as_slice_mut(j).copy_from_slice(z.col_as_slice(j));
        all.col_as_slice_mut(half + j).copy_from_slice(&slopes);
        for c in 0..d {
            let column = all.col_as_slice_mut(half * (2 + c) + j);
            column.iter_mut().enumerate().for_each(|(i, entry)| *entry = slopes[i] * x[(i, c)]);
        }
    }
    all
}

fn product(a: MatRef<'_, f64>, b: MatRef<'_, f64>, scale: f64) -> Mat<f64> {
    let mut out = Mat::zeros(a.nrows(), b.ncols());
    matmul(out.as_mut(), Accum::Replace, a, b, scale, Par::rayon(0));
    out
}

/// The best of the predictors `F(x) c`, c the coefficients of a decay; F is formed for blocks of rows.
fn linear(data: &Data, features: &Features<'_>, coefficients: &Coefficients<'_>) -> Result<Fit> {
    tuned(data, &as_they_came, &|x, labels, lambdas| {
        let columns = lambdas.iter().map(|&lambda| coefficients(lambda)).collect::<Result<Vec<_>>>()?;
        let all = Mat::from_fn(columns[0].len(), lambdas.len(), |i, k| columns[k][i]);
        let starts: Vec<usize> = (0..labels.len()).step_by(ROWS).collect();
        let block = |first: usize| -> Result<Vec<f64>> {
            let count = ROWS.min(labels.len() - first);
            let rows = features(x.subrows(first, count))?;
            let mut values = Mat::<f64>::zeros(count, lambdas.len());
            matmul(values.as_mut(), Accum::Replace, rows.as_ref(), all.as_ref(), 1.0, Par::Seq);
            let square = |k: usize| {
                values.col_as_slice(k).iter().zip(&labels[first..]).map(|(f, y)| (y - f).powi(2)).sum()
            };
            Ok((0..lambdas.len()).map(square).collect())
        };
        let sums = starts.into_par_iter().map(block).collect::<Result<Vec<_>>>()?;
        Ok((0..lambdas.len())
            .map(|k| sums.iter().map(|s| s[k]).sum::<f64>() / labels.len() as f64)
            .collect())
    })
}

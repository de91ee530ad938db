//! Eigenvalues of small symmetric matrices of balls, with a bound that is proved.

use crate::ball::Ball;
use crate::product::clear_registers;
use crate::{Error, Result};
use faer::{Mat, Side};

/// A square matrix of balls, by rows.
pub type BallMatrix = Vec<Vec<Ball>>;

/// The eigenvalues of a symmetric matrix, ascending.
///
/// With the computed eigenvectors V and eigenvalues Λ of the matrix A of values, the eigenvalues of A differ
/// from Λ by at most `‖AV − VΛ‖ + 2‖VᵀV − I‖‖A‖`, because A is similar to Λ up to a matrix of this norm in
/// the basis that the polar factor of V is. The radii of A add their Frobenius norm, by Weyl's inequality.
///
/// # Errors
/// [`Error::Shape`] for a matrix that is not square, [`Error::Numerical`] where an entry is not finite, or
/// the eigensolver fails.
pub fn symmetric_eigenvalues(a: &[Vec<Ball>]) -> Result<Vec<Ball>> {
    let n = a.len();
    let failed =
        |why: &str| Error::Numerical { what: "the eigendecomposition of a tensor", why: why.into() };
    if let Some(row) = a.iter().find(|row| row.len() != n) {
        return Err(Error::shape("the symmetric matrix", [n, row.len()], format!("{n}, {n}")));
    }
    if a.iter().flatten().any(|entry| !(entry.value.is_finite() && entry.error.is_finite())) {
        return Err(failed("an entry overflows"));
    }
    if n == 0 {
        return Ok(vec![]); // faer 0.24 panics
    }
    let values = Mat::from_fn(n, n, |i, j| a[i][j].value);
    let pairs = values.self_adjoint_eigen(Side::Lower).map_err(|e| failed(&format!("{e:?}")))?;
    clear_registers();
    let (v, lambda) = (pairs.U(), pairs.S().column_vector());
    let norm = |entry: &dyn Fn(usize, usize) -> Ball| {
        let squares = (0..n).flat_map(|i| (0..n).map(move |j| entry(i, j).powi(2)));
        squares.sum::<Ball>().sqrt()
    };
    let exact = |i: usize, j: usize| Ball::exact(v[(i, j)]);
    let inner = |row: &dyn Fn(usize) -> Ball, j: usize| (0..n).map(|k| row(k) * exact(k, j)).sum::<Ball>();
    let residual =
        norm(&|i, j| inner(&|k| Ball::exact(values[(i.max(k), i.min(k))]), j) - exact(i, j) * lambda[j]);
    let defect = norm(&|i, j| inner(&|k| exact(k, i), j) - f64::from(u8::from(i == j)));
    let size = norm(&|i, j| Ball::exact(values[(i, j)]));
    let radii = norm(&|i, j| Ball::exact(a[i][j].error));
    let error = (residual + defect * size * 2.0 + radii).upper();
    Ok(lambda.iter().map(|&value| Ball::new(value, error)).collect())
}

//! The dense route: a full self-adjoint EVD of the matrix `A`, whose order pd is half that of Σ.

use super::{Completeness, EigenPairs, Plan, Request};
use crate::covariance::{Covariance, CovarianceOperator};
use crate::error::{Error, Result};
use crate::product::{clear_registers, matmul, tall_inner};
use crate::{rounding, seed, tolerance};
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Mat, MatRef, Par, diag::Diag, perm::swap_cols_idx, prelude::default};
use rand_distr::{Distribution, StandardNormal};

/// The number of columns up to which residuals are computed one by one.
const SKETCHED: usize = 512;
/// The number of random combinations of the rows of a residual, for more columns. The bounds are then about
/// twice the residuals.
const SKETCH: usize = 64;
/// The ratio of rows to columns from which a product is split along the rows.
const TALL: usize = 16;
/// The order from which an EVD takes less time with a second thread, as measured on two cores.
const PARALLEL_ORDER: usize = 1_000;
/// How many parts a large EVD is cut into. The number of parts changes the last bits, so it is the same on
/// all machines, however many threads share them.
const PARTS: usize = 4;

/// All eigenvalues of a symmetric matrix in descending order, and orthonormal eigenvectors as columns in the
/// same order.
///
/// Only the lower triangle of `a` is read. The absolute error is near `ε·‖a‖`, so that small eigenvalues of
/// a graded matrix have no digits.
///
/// # Errors
/// `a` is not square, holds a value that is not finite, or the EVD does not converge.
pub fn full_eigen(a: MatRef<'_, f64>, par: Par) -> Result<(Vec<f64>, Mat<f64>)> {
    let mut u = Mat::zeros(a.nrows(), a.nrows());
    let ascending = evd(a, Some(&mut u), par)?;
    let n = ascending.len();
    (0..n / 2).for_each(|i| swap_cols_idx(u.as_mut(), i, n - 1 - i));
    Ok((ascending.into_iter().rev().collect(), u))
}

/// All eigenvalues of a symmetric matrix in descending order, in three quarters of the time of
/// [`full_eigen`].
///
/// # Errors
/// As for [`full_eigen`].
pub fn full_eigenvalues(a: MatRef<'_, f64>, par: Par) -> Result<Vec<f64>> {
    Ok(evd(a, None, par)?.into_iter().rev().collect())
}

fn evd(a: MatRef<'_, f64>, u: Option<&mut Mat<f64>>, par: Par) -> Result<Vec<f64>> {
    let n = a.nrows();
    if a.ncols() != n {
        return Err(Error::shape("the matrix", [n, a.ncols()], "n, n"));
    }
    // faer answers a matrix with NaN with Ok and NaN inside.
    for col in 0..n {
        for row in col..n {
            let value = a[(row, col)];
            if !value.is_finite() {
                return Err(Error::NotFinite { name: "the matrix", value, row, col });
            }
        }
    }
    let par = if n < PARALLEL_ORDER || par == Par::Seq { Par::Seq } else { Par::rayon(PARTS) };
    let vectors = if u.is_some() { ComputeEigenvectors::Yes } else { ComputeEigenvectors::No };
    let mut s = Diag::zeros(n);
    let mut memory = MemBuffer::new(self_adjoint_evd_scratch::<f64>(n, vectors, par, default()));
    let u = u.map(|u| u.as_mut());
    self_adjoint_evd(a, s.as_mut(), u, par, MemStack::new(&mut memory), default()).map_err(|e| {
        Error::Numerical { what: "the self-adjoint eigendecomposition", why: format!("{e:?}") }
    })?;
    clear_registers();
    let values: Vec<f64> = s.column_vector().iter().copied().collect();
    let (least, largest) = (values.first(), values.last());
    tracing::debug!(order = n, least, largest, "a dense eigendecomposition");
    Ok(values)
}

/// The number of eigenvalues of the symmetric matrix `a` that exceed `shift`, by Sylvester's law on a
/// Bunch–Kaufman factorisation of `a − shift·I`.
///
/// The cost is n³/3 flops. The count checks an EVD by another algorithm.
pub fn inertia(a: MatRef<'_, f64>, shift: f64) -> usize {
    let n = a.nrows();
    let shifted = Mat::from_fn(n, n, |i, j| a[(i, j)] - if i == j { shift } else { 0.0 });
    let factors = shifted.lblt(faer::Side::Lower);
    let (diagonal, sub) = (factors.B_diag().column_vector(), factors.B_subdiag().column_vector());
    let (mut count, mut i) = (0, 0);
    while i < n {
        if i + 1 < n && sub[i] != 0.0 {
            // A 2 × 2 pivot of Bunch–Kaufman is indefinite when its determinant is negative.
            let (a, b, c) = (diagonal[i], sub[i], diagonal[i + 1]);
            count += if a * c < b * b {
                1
            } else if a + c > 0.0 {
                2
            } else {
                0
            };
            i += 2;
        } else {
            count += usize::from(diagonal[i] > 0.0);
            i += 1;
        }
    }
    count
}

pub(super) fn solve(cov: &Covariance, request: &Request, plan: Plan, par: Par) -> Result<EigenPairs> {
    let a = cov.assemble();
    let n = a.nrows();
    let scale = cov.scale();
    let wanted = request.top.unwrap_or(n);
    let (all, vectors) = if request.vectors {
        let (values, u) = full_eigen(a.as_ref(), par)?;
        (values, Some(u))
    } else {
        (full_eigenvalues(a.as_ref(), par)?, None)
    };
    let how = "full spectrum, held to the trace and Frobenius identities".into();
    let completeness = Completeness::of_full(&a, &all, scale, n, how);
    drop(a);
    let mut pairs = EigenPairs {
        d: cov.d(),
        p: cov.p(),
        eigenvalues: all[..wanted].iter().map(|l| scale * l).collect(),
        vectors: None,
        plan,
        residuals: Vec::new(),
        residual_max: rounding::eigen(n, all[0]) * scale,
        residual_failure: 0.0,
        orthonormality: 0.0,
        truncation_bound: cov.truncation_bound(),
        null_dimension: n,
        completeness,
        products: 0,
        stopped: false,
        next: None,
    };
    if let Some(mut u) = vectors {
        u.truncate(n, wanted);
        pairs.residuals = residuals(cov, u.as_ref(), &all, par).into_iter().map(|r| r * scale).collect();
        pairs.residual_max = largest(&pairs.residuals);
        pairs.residual_failure = if wanted > SKETCHED { tolerance::FAILURE } else { 0.0 };
        pairs.orthonormality = orthonormality(u.as_ref(), par);
        pairs.vectors = Some(u);
    }
    Ok(pairs)
}

/// The residuals `‖A·u_i − λ_i·u_i‖`, with products by the operator, which does not use the assembled
/// matrix.
///
/// For more than [`SKETCHED`] columns the results are upper bounds by [`sketched_norms`], at a fraction of
/// the cost.
fn residuals(cov: &Covariance, u: MatRef<'_, f64>, values: &[f64], par: Par) -> Vec<f64> {
    let (n, count) = (u.nrows(), u.ncols());
    let operator = cov.operator(0);
    if count <= SKETCHED {
        let mut au = Mat::zeros(n, count);
        operator.multiply(u, au.as_mut(), par);
        return residual_norms(au.as_ref(), u, values);
    }
    sketched_residuals(&operator, u, values, SKETCH, par)
}

/// Upper bounds by [`sketched_norms`] on the residuals `‖A·u_i − λ_i·u_i‖`, from exact products with `rows`
/// random vectors.
pub(super) fn sketched_residuals(
    operator: &CovarianceOperator<'_>,
    u: MatRef<'_, f64>,
    values: &[f64],
    rows: usize,
    par: Par,
) -> Vec<f64> {
    let n = u.nrows();
    let g = normal(n, rows, "residuals");
    let mut ag = Mat::zeros(n, rows);
    operator.multiply(g.as_ref(), ag.as_mut(), par);
    let sketch = |x: &Mat<f64>| tall_product(x.as_ref(), u, par);
    let (mut rest, gu) = (sketch(&ag), sketch(&g));
    for (i, (rest, gu)) in rest.col_iter_mut().zip(gu.col_iter()).enumerate() {
        rest.iter_mut().zip(gu.iter()).for_each(|(r, g)| *r -= values[i] * g);
    }
    sketched_norms(rest.as_ref())
}

/// `xᵀ·u`, split along the rows where these are many for each column.
fn tall_product(x: MatRef<'_, f64>, u: MatRef<'_, f64>, par: Par) -> Mat<f64> {
    if u.nrows() > TALL * u.ncols() {
        return tall_inner(x, u, par);
    }
    let mut out = Mat::zeros(x.ncols(), u.ncols());
    matmul(out.as_mut(), Accum::Replace, x.transpose(), u, 1.0, par);
    out
}

/// A matrix `[n, columns]` of standard normal numbers.
fn normal(n: usize, columns: usize, purpose: &str) -> Mat<f64> {
    let mut rng = seed::stream(0, "dense route", purpose);
    Mat::from_fn(n, columns, |_, _| StandardNormal.sample(&mut rng))
}

/// Upper bounds on the norms of the columns r_i of a matrix R, given `GR` (`[q, count]`) for a matrix G of
/// standard normal numbers. The probability that any of them fails is at most [`tolerance::FAILURE`]:
/// `‖Gr‖²/‖r‖²` is χ² with q degrees of freedom, and `P(χ² ≤ βq) ≤ (β e^{1−β})^{q/2}` (Chernoff).
fn sketched_norms(sketch: MatRef<'_, f64>) -> Vec<f64> {
    let (q, count) = (sketch.nrows() as f64, sketch.ncols() as f64);
    let exponent = 2.0 / q * (count / tolerance::FAILURE).ln();
    // ln β + 1 − β = −exponent, by a fixed point that contracts with the factor β.
    let beta = (0..100).fold(0.0_f64, |beta, _| (beta - 1.0 - exponent).exp());
    sketch.col_iter().map(|column| (column.squared_norm_l2() / (beta * q)).sqrt()).collect()
}

/// `‖a·u_i − λ_i·u_i‖` for each column of `u`, given `au`.
pub(super) fn residual_norms(au: MatRef<'_, f64>, u: MatRef<'_, f64>, values: &[f64]) -> Vec<f64> {
    let column = |c: usize| {
        let squares = au.col(c).iter().zip(u.col(c).iter()).map(|(a, u)| (a - values[c] * u).powi(2));
        squares.sum::<f64>().sqrt()
    };
    (0..u.ncols()).map(column).collect()
}

/// The largest of some norms; NaN where any of them is NaN.
pub(super) fn largest(norms: &[f64]) -> f64 {
    norms.iter().fold(0.0, |max, &x| if x > max || x.is_nan() { x } else { max })
}

/// `max|QᵀQ − I|`, of which only the lower triangle is formed. For more than [`SKETCHED`] columns the result
/// is an upper bound by [`sketched_norms`] on the largest norm of a column of `QᵀQ − I`.
pub(super) fn orthonormality(q: MatRef<'_, f64>, par: Par) -> f64 {
    let k = q.ncols();
    if q.nrows() > TALL * k {
        return defect(&tall_inner(q, q, par));
    }
    if k > SKETCHED {
        let g = normal(k, SKETCH, "orthonormality");
        let (mut qg, mut rest) = (Mat::zeros(q.nrows(), SKETCH), g.transpose().to_owned());
        matmul(qg.as_mut(), Accum::Replace, q, g.as_ref(), 1.0, par);
        matmul(rest.as_mut(), Accum::Add, qg.transpose(), q, -1.0, par);
        return largest(&sketched_norms(rest.as_ref()));
    }
    let mut gram = Mat::<f64>::zeros(k, k);
    let (lower, full) = (BlockStructure::TriangularLower, BlockStructure::Rectangular);
    triangular::matmul(gram.as_mut(), lower, Accum::Replace, q.transpose(), full, q, full, 1.0, par);
    clear_registers();
    defect(&gram)
}

/// `max|G − I|` over the lower triangle.
fn defect(gram: &Mat<f64>) -> f64 {
    let mut worst = 0.0_f64;
    for j in 0..gram.ncols() {
        for (i, g) in gram.col_as_slice(j).iter().enumerate().skip(j) {
            worst = worst.max((g - if i == j { 1.0 } else { 0.0 }).abs());
        }
    }
    worst
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sphere::{Truncation, uniform_sphere};

    /// An eigenvalue that is off by δ leaves a residual of δ: the sketch must not be below it, nor above it
    /// by more than its own factor (1/√β = 2.1) times what χ² of 64 degrees of freedom strays in 600 draws
    /// (less than √2).
    #[test]
    fn a_sketch_bounds_residuals() {
        let w = uniform_sphere(&mut seed::stream(9, "sketch", "weights"), 150, 4, 1.0);
        let sigma = crate::activation::parse("sigmoid:1").unwrap();
        let cov = Covariance::new(w.as_ref(), sigma.as_ref(), Truncation::default()).unwrap();
        let (mut values, u) = full_eigen(cov.assemble().as_ref(), Par::Seq).unwrap();
        let off = |i: usize| 1e-6 * (1 + i % 7) as f64 * if i.is_multiple_of(2) { 1.0 } else { -1.0 };
        values.iter_mut().enumerate().for_each(|(i, l)| *l += off(i));
        let bounds = residuals(&cov, u.as_ref(), &values, Par::Seq);
        assert_eq!(bounds.len(), 600);
        for (i, bound) in bounds.iter().enumerate() {
            let ratio = bound / off(i).abs();
            assert!((1.0..2.1 * std::f64::consts::SQRT_2).contains(&ratio), "column {i}: {ratio}");
        }
    }

    /// A column that leans on another, or is too long, by δ: `‖(QᵀQ − I)_i‖` is δ, or 2δ.
    #[test]
    fn a_sketch_bounds_orthonormality() {
        let q = uniform_sphere(&mut seed::stream(9, "sketch", "columns"), 600, 600, 1.0).qr().compute_Q();
        let delta = 1e-6;
        for (leans, expected) in [(true, delta), (false, 2.0 * delta)] {
            let mut off = q.clone();
            (0..600).for_each(|r| off[(r, 5)] += delta * q[(r, if leans { 9 } else { 5 })]);
            let ratio = orthonormality(off.as_ref(), Par::Seq) / expected;
            assert!((1.0..2.1 * std::f64::consts::SQRT_2).contains(&ratio), "{ratio}");
        }
        assert!(orthonormality(q.as_ref(), Par::Seq) < 1e-12);
    }
}

//! Eigenpairs of a symmetric matrix in whole numbers: those of f64, and corrections by residuals that are
//! exact.
//!
//! With the orthonormal basis U of all eigenvectors in f64 and the eigenvalues λ_j, a vector v with the
//! Rayleigh quotient D and the residual `r = Av − Dv` becomes `v + Σ_j u_j u_jᵀr/(D − λ_j)`, an eigenvector up
//! to squares of the correction. Where D − λ_j is too small for that, the correction makes v orthogonal to
//! the neighbouring vector instead, and such groups of neighbours are diagonalised once more, apart from the
//! rest, so that rounding is relative to their spread.

use super::matrix::{ENTRY_BITS, Matrix};
use crate::error::Result;
use escapement::eigen::full_eigen;
use faer::{Mat, Par};
use rayon::prelude::*;

/// Entries of the vectors of a certificate are whole multiples of 2^{-VECTOR_BITS}.
pub const VECTOR_BITS: u64 = 54;

/// What the vectors have beyond that on the way.
const SPARE: u64 = 2;

/// Corrections are repeated until they are below the last digit, at most so many times.
const ROUNDS: usize = 4;

/// Neighbours are closer than so many times the largest entry of the residual in the basis U.
const NEAR: f64 = 64.0;

/// The largest eigenvalues of a matrix A, with vectors.
#[derive(Debug, Clone)]
pub struct Eigenpairs {
    /// The columns v_i of V, in units of 2^{-VECTOR_BITS}.
    pub vectors: Vec<Vec<i64>>,
    /// D_1 ≥ D_2 ≥ …, in units of 2^{-ENTRY_BITS}.
    pub values: Vec<i128>,
    /// The next eigenvalue, to the precision of f64.
    pub next: Option<f64>,
    /// `‖VᵀV − I‖_F`.
    pub skew: f64,
    /// `‖AV − VD‖_F`.
    pub residual: f64,
    /// The columns of AV, in units of 2^{-ENTRY_BITS−VECTOR_BITS}.
    pub products: Vec<Vec<i128>>,
}

/// 2^{-bits}.
pub fn unit(bits: u64) -> f64 {
    2.0_f64.powi(-(bits as i32))
}

/// A multiple of 2^{-bits}, to the precision of f64.
pub fn float(x: i128, bits: u64) -> f64 {
    x as f64 * unit(bits)
}

/// Σ x_i y_i. The sum of some terms may wrap around, but the whole sum is below 2^127: it is an entry of V, of
/// VᵀV or of AV.
pub fn dot(x: &[i64], y: &[i64]) -> i128 {
    x.iter().zip(y).fold(0, |sum: i128, (x, y)| sum.wrapping_add(i128::from(*x) * i128::from(*y)))
}

/// The columns of AV.
fn multiply(a: &Matrix, vectors: &[Vec<i64>]) -> Vec<Vec<i128>> {
    vectors.par_iter().map(|v| a.rows().map(|row| dot(row, v)).collect()).collect()
}

/// VᵀV − I.
fn skew(vectors: &[Vec<i64>], bits: u64) -> Mat<f64> {
    let row = |i: usize| -> Vec<f64> {
        let one = |j: usize| if i == j { 1_i128 << (2 * bits) } else { 0 };
        (0..=i).map(|j| float(dot(&vectors[i], &vectors[j]) - one(j), 2 * bits)).collect()
    };
    let rows: Vec<_> = (0..vectors.len()).into_par_iter().map(row).collect();
    Mat::from_fn(vectors.len(), vectors.len(), |i, j| rows[i.max(j)][i.min(j)])
}

/// The column AV − VD for one vector, to the relative precision of f64, and its product with v.
fn residual(product: &[i128], v: &[i64], d: i128, bits: u64) -> (Vec<f64>, f64) {
    let of = |(product, v): (&i128, &i64)| float(product - i128::from(*v) * d, ENTRY_BITS + bits);
    let r: Vec<f64> = product.iter().zip(v).map(of).collect();
    let shift = r.iter().zip(v).map(|(r, v)| r * float(i128::from(*v), bits)).sum();
    (r, shift)
}

/// The `count` largest eigenvalues of A with their vectors.
///
/// # Errors
/// Those of the eigendecomposition in f64.
pub fn eigenpairs(a: &Matrix, count: usize) -> Result<Eigenpairs> {
    let n = a.n;
    let (all, basis) = full_eigen(a.to_f64().as_ref(), Par::rayon(0))?;
    let next = all.get(count).copied();
    let bits = VECTOR_BITS + SPARE;
    let scale = 2.0_f64.powi(bits as i32);
    let mut vectors: Vec<Vec<i64>> = (0..count)
        .map(|i| basis.col_as_slice(i).iter().map(|x| (x * scale).round() as i64).collect())
        .collect();
    let mut values: Vec<i128> =
        all[..count].iter().map(|x| (x * 2.0_f64.powi(ENTRY_BITS as i32)).round() as i128).collect();

    for _ in 0..ROUNDS {
        let products = multiply(a, &vectors);
        let mut rest = Mat::<f64>::zeros(n, count);
        for i in 0..count {
            let (r, shift) = residual(&products[i], &vectors[i], values[i], bits);
            for (row, (r, v)) in r.iter().zip(&vectors[i]).enumerate() {
                rest[(row, i)] = r - shift * float(i128::from(*v), bits);
            }
            values[i] += (shift / unit(ENTRY_BITS)).round() as i128;
        }
        let skew = skew(&vectors, bits);
        let mut steps = basis.transpose() * &rest;
        let largest = steps.col_iter().flat_map(|c| c.iter()).fold(0.0_f64, |max, x| max.max(x.abs()));
        let value = |i: usize| float(values[i], ENTRY_BITS);
        for i in 0..count {
            for j in 0..n {
                let gap = value(i) - all[j];
                let near = i == j || gap.abs() <= NEAR * largest;
                steps[(j, i)] = match (near, j < count) {
                    (true, true) => -0.5 * skew[(j, i)],
                    (true, false) => 0.0,
                    (false, _) => steps[(j, i)] / gap,
                };
            }
        }
        let change = &basis * &steps;
        let mut most = 0.0_f64;
        for (i, v) in vectors.iter_mut().enumerate() {
            for (x, change) in v.iter_mut().zip(change.col_as_slice(i)) {
                most = most.max(change.abs());
                *x += (change * scale).round() as i64;
            }
        }
        if most < unit(bits) {
            break;
        }
    }
    finish(a, vectors, values, next)
}

/// Rounds the vectors, and measures what is left.
fn finish(a: &Matrix, vectors: Vec<Vec<i64>>, values: Vec<i128>, next: Option<f64>) -> Result<Eigenpairs> {
    let round = |x: &i64| (x + (1 << (SPARE - 1))) >> SPARE;
    let vectors: Vec<Vec<i64>> = vectors.iter().map(|v| v.iter().map(round).collect()).collect();
    let products = multiply(a, &vectors);
    let (mut squares, mut pairs) = (0.0, Vec::with_capacity(values.len()));
    for ((v, product), d) in vectors.into_iter().zip(products).zip(values) {
        let (_, shift) = residual(&product, &v, d, VECTOR_BITS);
        let d = d + (shift / unit(ENTRY_BITS)).round() as i128;
        let (r, _) = residual(&product, &v, d, VECTOR_BITS);
        squares += r.iter().map(|r| r * r).sum::<f64>();
        pairs.push((d, v, product));
    }
    pairs.sort_by_key(|(d, ..)| std::cmp::Reverse(*d));
    let mut found = Eigenpairs {
        vectors: vec![],
        values: vec![],
        next,
        skew: 0.0,
        residual: squares.sqrt(),
        products: vec![],
    };
    for (d, v, product) in pairs {
        found.values.push(d);
        found.vectors.push(v);
        found.products.push(product);
    }
    found.skew = skew(&found.vectors, VECTOR_BITS).norm_l2();
    Ok(found)
}

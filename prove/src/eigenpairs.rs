//! Eigenpairs of a symmetric matrix in whole numbers: those of f64, and corrections by residuals that are
//! exact.
//!
//! With the orthonormal basis U of all eigenvectors in f64 and the eigenvalues λ_j, a vector v with the
//! Rayleigh quotient D and the residual `r = Av − Dv` becomes `v + Σ_j u_j u_jᵀr/(D − λ_j)`, an eigenvector
//! up to squares of the correction. Where D − λ_j is too small for that, v is made orthogonal to the
//! neighbour instead. Groups of neighbours are diagonalised apart from the rest beforehand, so that what
//! rounding leaves between them is small beside their distances, and not only beside the whole of A.

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

/// Eigenvalues closer than this part of the largest one are neighbours. An eigendecomposition in f64 mixes
/// others by less than 10⁻⁶, and a correction leaves the square of that.
const NEAR: f64 = 1e-9;

/// Eigenvalues closer than this part of the largest one are not told apart in f64.
const EQUAL: f64 = 1.0 / (1_u64 << 44) as f64;

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

/// Σ x_i y_i. The sum of some terms may wrap around, but the whole sum is below 2^127: it is an entry of V,
/// of VᵀV or of AV.
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

/// Vectors and values on the way.
struct Iterate {
    /// All eigenvectors in f64.
    basis: Mat<f64>,
    /// All eigenvalues in f64.
    all: Vec<f64>,
    vectors: Vec<Vec<i64>>,
    values: Vec<i128>,
    /// The group of neighbours of each value.
    groups: Vec<usize>,
}

/// The digits of the vectors on the way.
const BITS: u64 = VECTOR_BITS + SPARE;

/// The `count` largest eigenvalues of A with their vectors.
///
/// # Errors
/// Those of the eigendecomposition in f64.
pub fn eigenpairs(a: &Matrix, count: usize) -> Result<Eigenpairs> {
    let (all, basis) = full_eigen(a.to_f64().as_ref(), Par::rayon(0))?;
    let next = all.get(count).copied();
    let whole = |x: &f64| (x / unit(BITS)).round() as i64;
    let vectors = (0..count).map(|i| basis.col_as_slice(i).iter().map(whole).collect()).collect();
    let values = all[..count].iter().map(|x| (x / unit(ENTRY_BITS)).round() as i128).collect();
    let mut groups = vec![0; count];
    for i in 1..count {
        groups[i] = groups[i - 1] + usize::from(all[i - 1] - all[i] > NEAR * all[0]);
    }
    let mut iterate = Iterate { basis, all, vectors, values, groups };
    iterate.separate_neighbours(a)?;
    for _ in 0..ROUNDS {
        if iterate.correct(a) < unit(BITS) {
            break;
        }
    }
    Ok(finish(a, iterate, next))
}

impl Iterate {
    /// Diagonalises A in the span of each group of neighbours, less the mean of their eigenvalues.
    fn separate_neighbours(&mut self, a: &Matrix) -> Result<()> {
        let mut begin = 0;
        while begin < self.groups.len() {
            let end = begin + self.groups[begin..].iter().take_while(|g| **g == self.groups[begin]).count();
            if end - begin > 1 {
                self.separate(a, begin, end)?;
            }
            begin = end;
        }
        Ok(())
    }

    fn separate(&mut self, a: &Matrix, begin: usize, end: usize) -> Result<()> {
        let (n, size) = (a.n, end - begin);
        let mean = self.values[begin..end].iter().sum::<i128>() / size as i128;
        let vectors = &self.vectors[begin..end];
        let rest: Vec<_> = multiply(a, vectors)
            .iter()
            .zip(vectors)
            .map(|(product, v)| residual(product, v, mean, BITS).0)
            .collect();
        let rest = Mat::from_fn(n, size, |row, i| rest[i][row]);
        let span = Mat::from_fn(n, size, |row, i| float(i128::from(vectors[i][row]), BITS));
        let form = span.transpose() * &rest;
        let form = Mat::from_fn(size, size, |i, j| 0.5 * (form[(i, j)] + form[(j, i)]));
        let (shifts, turn) = full_eigen(form.as_ref(), Par::rayon(0))?;

        // The turn in whole units of 2^{-60}, so that the new vectors are right to the last digit.
        let turn_bits = 60;
        let turns: Vec<Vec<i64>> = (0..size)
            .map(|i| turn.col_as_slice(i).iter().map(|x| (x / unit(turn_bits)).round() as i64).collect())
            .collect();
        let rows: Vec<Vec<i64>> = (0..n).map(|row| vectors.iter().map(|v| v[row]).collect()).collect();
        let half = 1_i128 << (turn_bits - 1);
        let turned: Vec<Vec<i64>> = turns
            .par_iter()
            .map(|turn| rows.iter().map(|row| ((dot(row, turn) + half) >> turn_bits) as i64).collect())
            .collect();
        let basis = self.basis.subcols(begin, size) * &turn;
        self.basis.subcols_mut(begin, size).copy_from(&basis);
        for (i, (vector, shift)) in (begin..end).zip(turned.into_iter().zip(shifts)) {
            self.vectors[i] = vector;
            self.values[i] = mean + (shift / unit(ENTRY_BITS)).round() as i128;
            self.all[i] = float(mean, ENTRY_BITS) + shift;
        }
        Ok(())
    }

    /// Corrects every vector, and returns the largest change of an entry.
    fn correct(&mut self, a: &Matrix) -> f64 {
        let (n, count) = (a.n, self.values.len());
        let products = multiply(a, &self.vectors);
        let mut rest = Mat::<f64>::zeros(n, count);
        for i in 0..count {
            let (r, shift) = residual(&products[i], &self.vectors[i], self.values[i], BITS);
            for (row, (r, v)) in r.iter().zip(&self.vectors[i]).enumerate() {
                rest[(row, i)] = r - shift * float(i128::from(*v), BITS);
            }
            self.values[i] += (shift / unit(ENTRY_BITS)).round() as i128;
        }
        let skew = skew(&self.vectors, BITS);
        let mut steps = self.basis.transpose() * &rest;
        for i in 0..count {
            for j in 0..n {
                let gap = float(self.values[i], ENTRY_BITS) - self.all[j];
                steps[(j, i)] = match j < count && self.groups[i] == self.groups[j] {
                    true => -0.5 * skew[(j, i)],
                    // Of a vector that belongs in the file and one that does not: no certificate will do.
                    false if gap.abs() <= EQUAL * self.all[0] => 0.0,
                    false => steps[(j, i)] / gap,
                };
            }
        }
        let change = &self.basis * &steps;
        let mut most = 0.0_f64;
        for (i, v) in self.vectors.iter_mut().enumerate() {
            for (x, change) in v.iter_mut().zip(change.col_as_slice(i)) {
                most = most.max(change.abs());
                *x += (change / unit(BITS)).round() as i64;
            }
        }
        most
    }
}

/// Rounds to a multiple of 2^SPARE, and to an even one where two are as near: a bias would add up in
/// products.
fn round(x: i64) -> i64 {
    let (floor, rest, half) = (x >> SPARE, x & ((1 << SPARE) - 1), 1 << (SPARE - 1));
    floor + i64::from(rest > half || (rest == half && floor % 2 != 0))
}

/// Rounds the vectors, and measures what is left.
fn finish(a: &Matrix, iterate: Iterate, next: Option<f64>) -> Eigenpairs {
    let vectors: Vec<Vec<i64>> =
        iterate.vectors.iter().map(|v| v.iter().map(|x| round(*x)).collect()).collect();
    let products = multiply(a, &vectors);
    let (mut squares, mut pairs) = (0.0, Vec::with_capacity(vectors.len()));
    for ((v, product), d) in vectors.into_iter().zip(products).zip(iterate.values) {
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
    found
}

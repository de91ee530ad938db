//! The worst case of lemma 2: the greatest `vᵀSv/vᵀAv` over the span of the first n_k eigenvectors, where S
//! is the part of A in degrees above k, with a margin for what the checker cannot know.

use super::eigenpairs::{Eigenpairs, VECTOR_BITS, dot};
use super::fixed::Fixed;
use super::matrix::{ENTRY_BITS, Matrix};
use super::zonal::Enclosed;
use crate::error::{Error, Result};
use escapement::eigen::full_eigen;
use faer::{Mat, Par};
use num_bigint::BigInt;

/// The checker bisects [0, 2] fifty times: its ends are so near to the true ones.
const BISECTION: f64 = 1.0 / (1_u64 << 48) as f64;

/// After so many doublings of the distance from the quotient it is given up.
const DOUBLINGS: i32 = 50;

/// An interval around the greatest quotient on the span of the first `rank` vectors. The forms are known up
/// to `error` in each entry.
///
/// # Errors
/// Forms that are too close to singular for their errors.
pub fn greatest_quotient(pairs: &Eigenpairs, s: &Matrix, rank: usize, error: f64) -> Result<[Fixed; 2]> {
    let vectors = &pairs.vectors[..rank];
    let exact = |x: &[i128], v: &[i64]| {
        let sum: BigInt = x.iter().zip(v).map(|(x, v)| BigInt::from(*x) * *v).sum();
        Fixed::scaled(&sum, ENTRY_BITS + 2 * VECTOR_BITS)
    };
    let form = |products: &[Vec<i128>]| -> Vec<Vec<Fixed>> {
        products.iter().map(|x| vectors.iter().map(|v| exact(x, v)).collect()).collect()
    };
    let s_products: Vec<Vec<i128>> =
        vectors.iter().map(|v| s.rows().map(|row| dot(row, v)).collect()).collect();
    let (a, s) = (form(&pairs.products[..rank]), form(&s_products));

    // VᵀAV is diagonal up to rounding, and a quotient errs by the square of what its vector does.
    let scale: Vec<f64> = (0..rank).map(|i| a[i][i].to_f64().max(0.0).sqrt()).collect();
    let scaled = Mat::from_fn(rank, rank, |i, j| s[i][j].to_f64() / (scale[i] * scale[j]));
    let (_, basis) = full_eigen(scaled.as_ref(), Par::Seq)?;
    let vector: Vec<Fixed> = (0..rank).map(|i| Fixed::of(basis[(i, 0)] / scale[i])).collect();
    let quadratic = |form: &[Vec<Fixed>]| {
        let row =
            |row: &Vec<Fixed>| row.iter().zip(&vector).fold(Fixed::zero(), |sum, (x, v)| &sum + &(x * v));
        form.iter().zip(&vector).fold(Fixed::zero(), |sum, (x, v)| &sum + &(&row(x) * v))
    };
    let quotient = quadratic(&s).div(&quadratic(&a));

    let error = Fixed::of(error);
    let definite = |x: &Fixed| {
        let radius = &(&x.abs() + &Fixed::one()) * &error;
        let entry = |a: &Fixed, s: &Fixed| Enclosed { value: &(x * a) - s, error: radius.clone() };
        let row = |(a, s): (&Vec<Fixed>, &Vec<Fixed>)| a.iter().zip(s).map(|(a, s)| entry(a, s)).collect();
        positive(a.iter().zip(&s).map(row).collect())
    };
    // The first of growing distances at which the errors leave no doubt.
    let first = (error.to_f64() / scale[rank - 1].powi(2)).max(BISECTION / 4.0);
    let distances = || (0..DOUBLINGS).map(|i| first * 2.0_f64.powi(i));
    let above = distances().find(|&h| definite(&(&quotient + &Fixed::of(h))) == Some(true));
    let below = distances()
        .take_while(|&h| Fixed::of(h) < quotient)
        .find(|&h| definite(&(&quotient - &Fixed::of(h))) == Some(false));
    let Some(above) = above else {
        return Err(Error::Input(format!(
            "the worst case {:.3e} cannot be enclosed: eigenvalue {rank} of Σ is too small for its error",
            quotient.to_f64()
        )));
    };
    let low = below.map_or_else(Fixed::zero, |h| &quotient - &Fixed::of(2.0 * h + BISECTION));
    Ok([low, &quotient + &Fixed::of(2.0 * above + BISECTION)])
}

/// Whether a symmetric matrix is positive definite, by its pivots; nothing where their errors leave that
/// open.
fn positive(mut m: Vec<Vec<Enclosed>>) -> Option<bool> {
    for k in 0..m.len() {
        let pivot = m[k][k].clone();
        if &pivot.value - &pivot.error <= Fixed::zero() {
            return (&pivot.value + &pivot.error <= Fixed::zero()).then_some(false);
        }
        let inverse = pivot.under(&Fixed::one());
        for i in k + 1..m.len() {
            let factor = m[i][k].times(&inverse);
            for j in k + 1..=i {
                m[i][j] = m[i][j].minus(&factor.times(&m[j][k]));
            }
        }
    }
    Some(true)
}

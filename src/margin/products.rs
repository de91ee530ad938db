//! Products of matrices in an order that does not depend on the number of threads.

use crate::product::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;

/// Columns of a symmetric product that one task computes.
const COLUMNS: usize = 64;

/// The results of `task(0)`, …, `task(count − 1)`.
pub(super) fn each<T: Send>(par: Par, count: usize, task: impl Fn(usize) -> T + Sync) -> Vec<T> {
    match par {
        Par::Seq => (0..count).map(task).collect(),
        _ => (0..count).into_par_iter().map(&task).collect(),
    }
}

/// Adds `Σ aaᵀ` over the parts a (`[n, ·]`) to the lower triangle of `out` (at least `[n, n]`); some entries
/// beside the diagonal above it are written to as well.
pub(super) fn add_symmetric(mut out: MatMut<'_, f64>, parts: &[MatRef<'_, f64>], par: Par) {
    let n = parts.first().map_or(0, |a| a.nrows());
    let task = |(index, block): (usize, MatMut<'_, f64>)| {
        let first = index * COLUMNS;
        let mut below = block.subrows_mut(first, n - first);
        for a in parts {
            let rows = a.subrows(first, n - first);
            let own = rows.subrows(0, below.ncols()).transpose();
            matmul(below.as_mut(), Accum::Add, rows, own, 1.0, Par::Seq);
        }
    };
    match par {
        Par::Seq => (0..n.div_ceil(COLUMNS)).for_each(|index| {
            let first = index * COLUMNS;
            task((index, out.as_mut().subcols_mut(first, COLUMNS.min(n - first))));
        }),
        _ => out.subcols_mut(0, n).par_col_chunks_mut(COLUMNS).enumerate().for_each(task),
    }
}

/// `a·b` for a vector b.
pub(super) fn times(a: MatRef<'_, f64>, b: &[f64]) -> Vec<f64> {
    let mut out = Mat::<f64>::zeros(a.nrows(), 1);
    let b = MatRef::from_column_major_slice(b, b.len(), 1);
    matmul(out.as_mut(), Accum::Replace, a, b, 1.0, Par::Seq);
    out.col_as_slice(0).to_vec()
}

/// Copies the lower triangle of a square matrix to the upper one.
pub(super) fn mirror(a: &mut Mat<f64>) {
    for k in 0..a.ncols() {
        for i in 0..k {
            a[(i, k)] = a[(k, i)];
        }
    }
}

//! The inputs of a pass, and the two products of every model with them.

use std::ops::Range;

use faer::{Accum, Mat, MatMut, MatRef, Par};

use super::slice;
use crate::product::{matmul, vectorised};
use crate::real::Real;

/// X and Xᵀ, so that both products find contiguous columns.
#[derive(Debug, Clone)]
pub(crate) struct Inputs<T: Real> {
    /// X, `[n, d]`.
    x: Mat<T>,
    /// Xᵀ, `[d, n]`.
    xt: Mat<T>,
}

impl<T: Real> Inputs<T> {
    /// n inputs of dimension d; callback: given an input and a coordinate, its entry.
    pub fn new(n: usize, d: usize, entry: impl Fn(usize, usize) -> T) -> Self {
        let x = Mat::from_fn(n, d, entry);
        Self { xt: x.transpose().to_owned(), x }
    }

    /// The number n of inputs.
    pub fn n(&self) -> usize {
        self.x.nrows()
    }

    /// The dimension d.
    pub fn d(&self) -> usize {
        self.x.ncols()
    }

    /// Xᵀ, `[d, n]`.
    pub fn transposed(&self) -> MatRef<'_, T> {
        self.xt.as_ref()
    }

    /// `out ← X·w` at these inputs, for columns of weights (`[d, c]`).
    pub fn along(&self, rows: Range<usize>, w: MatRef<'_, T>, out: MatMut<'_, T>) {
        let x = self.x.as_ref().subrows(rows.start, rows.len());
        matmul(out, Accum::Replace, x, w, T::nearest(1.0), Par::Seq);
    }

    /// `out ← Xᵀ·by` or `out ← out + Xᵀ·by` with these inputs, for columns of factors of the inputs.
    pub fn against(&self, rows: Range<usize>, by: MatRef<'_, T>, (out, accum): (MatMut<'_, T>, Accum)) {
        let xt = self.xt.as_ref().subcols(rows.start, rows.len());
        matmul(out, accum, xt, by, T::nearest(1.0), Par::Seq);
    }

    /// `scaled ← Xᵀ diag(g)`, `[d, n]`: Xᵀ times `g∘slopes` is this matrix times the slopes.
    pub fn scale(&self, g: &[T], mut scaled: MatMut<'_, T>) {
        for (i, g) in g.iter().enumerate() {
            let (to, x) = (slice(scaled.as_mut().col_mut(i)), self.xt.col_as_slice(i));
            vectorised(|| to.iter_mut().zip(x).for_each(|(to, x)| *to = *g * *x));
        }
    }
}

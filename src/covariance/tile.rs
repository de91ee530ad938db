//! The kernel matrices of Σ on a tile of neuron pairs, in f32 or f64.

use super::Profile;
use crate::product::{matmul, vectorised};
use crate::real::Real;
use faer::{Accum, Mat, MatRef, Par};
use pulp::NullaryFnOnce;

/// F2, F3, E and G for all pairs of a range of neurons (the rows) and another range (the columns),
/// column-major.
#[derive(Debug, Clone)]
pub(super) struct Tile<T> {
    rows: usize,
    columns: usize,
    f2: Vec<T>,
    f3: Vec<T>,
    e: Vec<T>,
    g: Vec<T>,
}

impl<T: Real> Tile<T> {
    pub(super) fn empty() -> Self {
        Self { rows: 0, columns: 0, f2: Vec::new(), f3: Vec::new(), e: Vec::new(), g: Vec::new() }
    }

    fn resize(&mut self, rows: usize, columns: usize) {
        (self.rows, self.columns) = (rows, columns);
        for part in [&mut self.f2, &mut self.f3, &mut self.e, &mut self.g] {
            part.resize(rows * columns, T::nearest(0.0));
        }
    }

    /// The tile of the neurons `rows` and `columns` (`[·, d]`, unit rows); `cosines` is scratch.
    pub(super) fn evaluate(
        &mut self,
        profile: &Profile,
        rows: MatRef<'_, f64>,
        columns: MatRef<'_, f64>,
        cosines: &mut Mat<f64>,
    ) {
        self.resize(rows.nrows(), columns.nrows());
        if (cosines.nrows(), cosines.ncols()) != (self.rows, self.columns) {
            *cosines = Mat::zeros(self.rows, self.columns);
        }
        matmul(cosines.as_mut(), Accum::Replace, rows, columns.transpose(), 1.0, Par::Seq);
        let n = self.rows;
        let parts = self
            .f2
            .chunks_mut(n)
            .zip(self.f3.chunks_mut(n))
            .zip(self.e.chunks_mut(n).zip(self.g.chunks_mut(n)));
        for (s, ((f2, f3), (e, g))) in parts.enumerate() {
            profile.fill(cosines.col_as_slice(s), [f2, f3, e, g]);
        }
    }

    /// Makes this tile the transpose of `other`, since the four functions are symmetric in the two neurons.
    pub(super) fn copy_transposed(&mut self, other: &Self) {
        self.resize(other.columns, other.rows);
        let sides = [&other.f2, &other.f3, &other.e, &other.g];
        for (to, from) in [&mut self.f2, &mut self.f3, &mut self.e, &mut self.g].into_iter().zip(sides) {
            let from = MatRef::from_column_major_slice(from, other.rows, other.columns);
            faer::MatMut::from_column_major_slice_mut(to, self.rows, self.columns)
                .copy_from(from.transpose());
        }
    }

    pub(super) fn f2(&self) -> MatRef<'_, T> {
        MatRef::from_column_major_slice(&self.f2, self.rows, self.columns)
    }

    pub(super) fn g(&self) -> MatRef<'_, T> {
        MatRef::from_column_major_slice(&self.g, self.rows, self.columns)
    }

    /// The elementwise part of a product, in one pass: `t ← F3∘t + E∘1cᵀ`, and `rho ← rho + rowsum(E∘t)`
    /// with the old t.
    pub(super) fn weigh(&self, t: &mut [T], c: &[T], rho: &mut [T]) {
        vectorised(Weigh { tile: self, t, c, rho });
    }
}

/// The loop of [`Tile::weigh`].
struct Weigh<'a, T> {
    tile: &'a Tile<T>,
    t: &'a mut [T],
    c: &'a [T],
    rho: &'a mut [T],
}

impl<T: Real> NullaryFnOnce for Weigh<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { tile: Tile { rows, f3, e, .. }, t, c, rho } = self;
        for (((t, f3), e), &c) in t.chunks_mut(*rows).zip(f3.chunks(*rows)).zip(e.chunks(*rows)).zip(c) {
            for (((t, &f3), &e), rho) in t.iter_mut().zip(f3).zip(e).zip(rho.iter_mut()) {
                let x = *t;
                *rho += e * x;
                *t = f3 * x + e * c;
            }
        }
    }
}

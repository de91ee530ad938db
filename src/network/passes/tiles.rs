//! The division of matrices into the tiles of a pass.

use std::ops::Range;

use faer::{ColMut, ColRef, MatMut, Par};

use crate::real::Real;

/// Matrices that are cut into tiles together, each with the number of its columns in a tile (the last tile
/// may have fewer).
pub(crate) struct Tiled<'a, T: Real, const N: usize>(pub [(MatMut<'a, T>, usize); N]);

impl<T: Real, const N: usize> Tiled<'_, T, N> {
    /// Callback: given the number of a tile and the columns of each matrix that belong to it, `leaf` runs
    /// for each tile, in parallel unless `par` is [`Par::Seq`].
    pub fn for_each<F>(self, par: Par, tiles: Range<usize>, leaf: &F)
    where
        F: Fn(usize, [MatMut<'_, T>; N]) + Sync,
    {
        if tiles.len() == 1 {
            return leaf(tiles.start, self.0.map(|(part, _)| part));
        }
        let half = tiles.len() / 2;
        let middle = tiles.start + half;
        let mut rest = Vec::with_capacity(N);
        let first = self.0.map(|(part, width)| {
            let at = part.ncols().min(width * half);
            let (part, after) = part.split_at_col_mut(at);
            rest.push((after, width));
            (part, width)
        });
        // `rest` has exactly N elements.
        let Ok(rest) = <[(MatMut<'_, T>, usize); N]>::try_from(rest) else { return };
        let left = || Tiled(first).for_each(par, tiles.start..middle, leaf);
        let right = || Tiled(rest).for_each(par, middle..tiles.end, leaf);
        if par == Par::Seq {
            left();
            right();
        } else {
            rayon::join(left, right);
        }
    }
}

/// A column as a slice; the columns of the matrices here are contiguous.
pub(crate) fn slice<T>(column: ColMut<'_, T>) -> &mut [T] {
    column.try_as_col_major_mut().map_or(&mut [], ColMut::as_slice_mut)
}

/// The same of a column that is only read.
pub(super) fn column<T>(column: ColRef<'_, T>) -> &[T] {
    column.try_as_col_major().map_or(&[], ColRef::as_slice)
}

//! The forward and the backward pass over tiles of neurons and inputs: the forward pass multiplies X with
//! rows of W and ũ, the backward pass Xᵀ with factors of the inputs.

use std::ops::Range;

use faer::{Accum, ColMut, MatMut, MatRef, Par};
use rayon::prelude::*;

use super::RegularizedLoss;
use super::workspace::{Scratch, Workspace};
use crate::pool::Pool;
use crate::product::{matmul, vectorised};

/// The most pairs of twins in a tile. With [`ROWS`] the scratch of a tile is ¾ MiB.
const PAIRS: usize = 64;
/// The most inputs in a tile.
const ROWS: usize = 512;

/// A pair of twins at the inputs of a tile, in the forward pass.
pub(super) struct Pair<'a> {
    /// The pair, below p.
    pub index: usize,
    /// The inputs.
    pub rows: Range<usize>,
    /// `w_r·x_i` for the neuron and for its twin.
    pub upper: &'a [f64],
    pub lower: &'a [f64],
    /// The column of each twin in the kept matrix, to be written.
    pub out: [&'a mut [f64]; 2],
    /// Two sums over the neurons, `m^{1/2}` times functions of the inputs, to which the kernel adds.
    pub sum: &'a mut [f64],
    pub other: &'a mut [f64],
    /// Scratch.
    pub temp: &'a mut [f64],
}

/// A neuron at the inputs of a tile, in the backward pass.
pub(super) struct Column<'a> {
    /// The pair of the neuron, below p.
    pub pair: usize,
    /// The column of the neuron in the kept matrix.
    pub index: usize,
    /// The inputs.
    pub rows: Range<usize>,
    /// The factor of each input in the row of the result, up to the sign of the neuron, to be written.
    pub out: &'a mut [f64],
}

/// Runs `task` on each of the tasks; in parallel unless `par` is [`Par::Seq`].
pub(super) fn each<T: Send>(par: Par, tasks: Vec<T>, task: impl Fn(T) + Send + Sync) {
    match par {
        Par::Seq => tasks.into_iter().for_each(task),
        _ => tasks.into_par_iter().with_max_len(1).for_each(task),
    }
}

/// Cuts the columns of `a` into tiles of `width` columns.
pub(super) fn column_tiles(mut a: MatMut<'_, f64>, width: usize) -> Vec<MatMut<'_, f64>> {
    let mut tiles = Vec::with_capacity(a.ncols().div_ceil(width));
    while a.ncols() > 0 {
        let at = width.min(a.ncols());
        let (tile, rest) = a.split_at_col_mut(at);
        tiles.push(tile);
        a = rest;
    }
    tiles
}

/// A column as a slice; the columns of the matrices here are contiguous.
pub(super) fn slice(column: ColMut<'_, f64>) -> &mut [f64] {
    column.try_as_col_major_mut().map_or(&mut [], ColMut::as_slice_mut)
}

impl RegularizedLoss<'_> {
    /// Pairs of twins in a tile. There are at least sixteen tiles for the threads to share, unless tiles
    /// would have fewer than eight pairs.
    pub(super) fn pairs(&self) -> usize {
        self.of.net.p().div_ceil(16).next_multiple_of(8).min(PAIRS)
    }

    /// The number of tiles of neurons.
    pub(super) fn tiles(&self) -> usize {
        self.of.net.p().div_ceil(self.pairs())
    }

    /// Inputs in a tile.
    pub(super) fn rows(&self) -> usize {
        self.n().min(ROWS)
    }

    /// The first pair of a tile, and the number of its pairs.
    pub(super) fn tile(&self, tile: usize) -> (usize, usize) {
        let start = tile * self.pairs();
        (start, self.pairs().min(self.of.net.p() - start))
    }

    fn row_tiles(&self) -> impl Iterator<Item = Range<usize>> {
        let (n, rows) = (self.n(), self.rows());
        (0..n).step_by(rows).map(move |start| start..n.min(start + rows))
    }

    /// Multiplies X with the rows of `w` (`[m, d]`), and leaves `m^{-1/2}` times the sums over neurons in
    /// `space.f` and `space.h`. Callback: given a pair of twins at a tile of inputs, `kernel` adds to these
    /// sums. With `beyond`, f_L at the ũ of `space` is added to h.
    pub(super) fn forward(
        &self,
        w: MatRef<'_, f64>,
        beyond: bool,
        space: &mut Workspace,
        par: Par,
        kernel: impl Fn(Pair<'_>) + Sync,
    ) {
        let Workspace { kept, sums, u, pool, .. } = space;
        let (p, pairs) = (self.of.net.p(), self.pairs());
        let u = MatRef::from_column_major_slice(u, p, self.d());
        let kept = column_tiles(kept.as_mut(), 2 * pairs);
        let tasks = kept.into_iter().zip(column_tiles(sums.as_mut(), 2)).enumerate().collect();
        each(par, tasks, |(tile, (mut kept, mut sums))| {
            let (start, count) = self.tile(tile);
            let blocks = [w.subrows(start, count), w.subrows(p + start, count), u.subrows(start, count)];
            let blocks = &blocks[..if beyond { 3 } else { 2 }];
            pool.with(
                || Scratch::new(self),
                |scratch| {
                    for (b, block) in blocks.iter().enumerate() {
                        scratch.w.as_mut().subcols_mut(b * count, count).copy_from(block.transpose());
                    }
                    sums.fill(0.0);
                    for rows in self.row_tiles() {
                        let mut z = scratch.z.as_mut().submatrix_mut(0, 0, rows.len(), blocks.len() * count);
                        let (x, w) = (
                            self.x.as_ref().subrows(rows.start, rows.len()),
                            scratch.w.as_ref().subcols(0, blocks.len() * count),
                        );
                        matmul(z.as_mut(), Accum::Replace, x, w, 1.0, Par::Seq);
                        let (sum, linear) = sums.as_mut().two_cols_mut(0, 1);
                        let (sum, linear) =
                            (&mut slice(sum)[rows.clone()], &mut slice(linear)[rows.clone()]);
                        for r in 0..count {
                            let (upper, lower) = kept.as_mut().two_cols_mut(r, count + r);
                            let column =
                                |block: usize| &scratch.z.col_as_slice(block * count + r)[..rows.len()];
                            kernel(Pair {
                                index: start + r,
                                rows: rows.clone(),
                                upper: column(0),
                                lower: column(1),
                                out: [&mut slice(upper)[rows.clone()], &mut slice(lower)[rows.clone()]],
                                sum: &mut *sum,
                                other: &mut *linear,
                                temp: &mut scratch.temp[..rows.len()],
                            });
                            if beyond {
                                let (b, s) = (column(2), &self.first.col_as_slice(start + r)[rows.clone()]);
                                vectorised(|| {
                                    linear.iter_mut().zip(s).zip(b).for_each(|((sum, s), b)| *sum += s * b)
                                });
                            }
                        }
                    }
                },
            );
        });
        let root = (self.m() as f64).sqrt().recip();
        for (out, offset) in [(&mut space.f, 0), (&mut space.h, 1)] {
            out.fill(0.0);
            for tile in 0..self.tiles() {
                out.iter_mut()
                    .zip(space.sums.col_as_slice(2 * tile + offset))
                    .for_each(|(out, sum)| *out += root * sum);
            }
        }
    }

    /// Row r of `out` (`[m, d]`) becomes `a_r Xᵀ` times a column of factors, and row r of `linear`
    /// (`[p, d]`) becomes `Xᵀ(h∘σ'_r)` if h is given. Callback: given a neuron at a tile of inputs, `fill`
    /// writes the factors.
    pub(super) fn backward(
        &self,
        out: MatMut<'_, f64>,
        linear: MatMut<'_, f64>,
        h: Option<&[f64]>,
        pool: &Pool<Scratch>,
        par: Par,
        fill: impl Fn(Column<'_>) + Sync,
    ) {
        let (p, pairs) = (self.of.net.p(), self.pairs());
        let (upper, lower) = out.split_at_row_mut(p);
        let [upper, lower, linear] =
            [upper, lower, linear].map(|part| column_tiles(part.transpose_mut(), pairs));
        let tasks = upper.into_iter().zip(lower).zip(linear).enumerate().collect();
        each(par, tasks, |(tile, ((mut upper, mut lower), mut linear))| {
            let (start, count) = self.tile(tile);
            let width = if h.is_some() { 3 * count } else { 2 * count };
            pool.with(
                || Scratch::new(self),
                |scratch| {
                    for rows in self.row_tiles() {
                        for j in 0..2 * count {
                            let out = &mut scratch.z.col_as_slice_mut(j)[..rows.len()];
                            fill(Column {
                                pair: start + j % count,
                                index: 2 * start + j,
                                rows: rows.clone(),
                                out,
                            });
                        }
                        if let Some(h) = h {
                            for r in 0..count {
                                let out = &mut scratch.z.col_as_slice_mut(2 * count + r)[..rows.len()];
                                let (h, s) =
                                    (&h[rows.clone()], &self.first.col_as_slice(start + r)[rows.clone()]);
                                vectorised(|| {
                                    out.iter_mut().zip(h).zip(s).for_each(|((out, h), s)| *out = h * s)
                                });
                            }
                        }
                        let accum = if rows.start == 0 { Accum::Replace } else { Accum::Add };
                        let z = scratch.z.as_ref().submatrix(0, 0, rows.len(), width);
                        let xt = self.xt.as_ref().subcols(rows.start, rows.len());
                        matmul(scratch.w.as_mut().subcols_mut(0, width), accum, xt, z, 1.0, Par::Seq);
                    }
                    let part = |block: usize| scratch.w.as_ref().subcols(block * count, count);
                    upper.copy_from(part(0));
                    faer::zip!(lower.as_mut(), part(1)).for_each(|faer::unzip!(out, part)| *out = -*part);
                    if h.is_some() {
                        linear.copy_from(part(2));
                    }
                },
            );
        });
    }
}

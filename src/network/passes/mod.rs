//! One engine for values, slopes, curvatures and Hessian products of f_L, f_L + f_Q, f_Q and f at a fixed
//! sample of inputs, in f32 or f64.
//!
//! A pass goes over tiles of pairs of twins, and within a tile over blocks of inputs. The forward pass
//! multiplies X with the rows of a displacement W, and gives the products `z = w_r·x` of each pair to a
//! kernel, which adds to two sums over the neurons and leaves in place of z what the backward pass needs.
//! The kernel of a model ([`Passes::slopes`]) leaves the slopes; that of a Hessian product leaves z itself.
//! The backward pass makes factors of the inputs from these columns, and multiplies Xᵀ with them. Training
//! takes a tile through both passes while it is in cache; L_λ and its Hessian take all tiles through one
//! pass and then through the other, with a part of the sample at a time. A ReLU network with both layers
//! trained has no twins, few neurons and many inputs: it takes the same products ([`Inputs`]) with all
//! neurons at blocks of inputs, and has kernels of its own.
//!
//! The tiles and the order of summation do not depend on the thread count, so neither do the bits of the
//! result.

mod inputs;
pub(crate) mod kernels;
mod tiles;

pub(crate) use inputs::Inputs;
pub(crate) use tiles::{Tiled, slice};

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use faer::{Accum, ColMut, Mat, MatMut, MatRef, Par};

use super::{Model, PairedNetwork};
use crate::activation::{Activation, Derivative};
use crate::pool::Pool;
use crate::product::{columns, matmul};
use crate::real::Real;

/// The most pairs of twins in a tile. Between 32 and 128, the time of a step of training varies by 5 %.
const PAIRS: usize = 64;
/// The most inputs in a block. With [`PAIRS`] a block has half a MiB of slopes in f32. Each product packs X
/// again, so that half as many inputs cost 5 % in f32, and 10 to 20 % in f64.
const ROWS: usize = 1024;

/// A model at a sample of inputs: the numbers that do not depend on W, and the passes over tiles. It holds
/// `2np + 2nd` numbers of type T, and np fewer for f_L.
#[derive(Debug)]
pub(crate) struct Passes<T: Real> {
    sigma: Arc<dyn Activation>,
    pub model: Model,
    /// X.
    pub inputs: Inputs<T>,
    /// σ'(XW0ᵀ), `[n, p]`.
    pub first: Mat<T>,
    /// σ''(XW0ᵀ) for f_L + f_Q and f_Q, XW0ᵀ for the network, `[n, p]`; `[n, 0]` for f_L.
    pub second: Mat<T>,
}

/// A pair of twins at the inputs of a block.
pub(crate) struct Pair<'a, T> {
    /// The pair, below p.
    pub index: usize,
    /// The inputs.
    pub rows: Range<usize>,
    /// The columns of the neuron and of its twin: `w_r·x_i` before the forward pass, then what its kernel
    /// leaves, and then what that of the backward pass leaves.
    pub twins: [&'a mut [T]; 2],
}

/// Callback of a forward pass: given a pair, the two sums over neurons to which it may add, and one column
/// of scratch.
pub(crate) type Forward<'a, T> = &'a (dyn Fn(Pair<'_, T>, [&mut [T]; 2], &mut [T]) + Sync);
/// Callback of a backward pass: it turns what the forward pass left into the factors of the inputs.
pub(crate) type Backward<'a, T> = &'a (dyn Fn(Pair<'_, T>) + Sync);

/// The scratch of one task for a tile. It serves any number of inputs.
#[derive(Debug)]
pub(crate) struct Scratch<T: Real> {
    /// Rows of W for the neurons of a tile and then for their twins, as columns, or the gradient by them:
    /// `[d, 2·pairs]`.
    pub w: Mat<T>,
    /// A row of length d for each pair of a tile, `[d·pairs, 1]`.
    pub rows: Mat<T>,
    /// X times rows for the pairs of a tile, or the factors with which Xᵀ is multiplied: one block of
    /// inputs, allocated where it is needed.
    z: Mat<T>,
    /// One column.
    temp: Vec<T>,
}

impl<T: Real> Passes<T> {
    /// The passes of `model` at the rows of `x` (`[n, d]`), which the caller has checked. XW0ᵀ, σ' and σ''
    /// are computed in f64 and rounded once to T.
    pub fn new(net: &PairedNetwork, x: MatRef<'_, f64>, model: Model, par: Par) -> Self {
        let (n, d, p) = (x.nrows(), net.d(), net.p());
        let mut passes = Self {
            sigma: net.activation.clone(),
            model,
            inputs: Inputs::new(n, d, |i, c| T::nearest(x[(i, c)])),
            first: columns(n, p),
            second: columns(n, if model == Model::Linear { 0 } else { p }),
        };
        let (pairs, tiles) = (passes.pairs(), passes.tiles());
        let stored = [(passes.first.as_mut(), pairs), (passes.second.as_mut(), pairs)];
        Tiled(stored).for_each(par, 0..tiles, &|tile, [mut first, mut second]| {
            let mut z = Mat::zeros(n, first.ncols());
            let neurons = net.weights().subrows(tile * pairs, first.ncols());
            matmul(z.as_mut(), Accum::Replace, x, neurons.transpose(), 1.0, Par::Seq);
            let mut column = vec![0.0; n];
            let round = |from: &[f64], to: ColMut<'_, T>| {
                slice(to).iter_mut().zip(from).for_each(|(to, from)| *to = T::nearest(*from));
            };
            for r in 0..first.ncols() {
                let z = z.col_as_slice_mut(r);
                if model.expands_twice() {
                    net.activation().apply_first_and_second(z, &mut column);
                } else {
                    column.copy_from_slice(z);
                    net.activation().apply(Derivative::First, z);
                }
                round(z, first.as_mut().col_mut(r));
                if second.ncols() > 0 {
                    round(&column, second.as_mut().col_mut(r));
                }
            }
        });
        passes
    }

    /// The number n of inputs.
    pub fn n(&self) -> usize {
        self.inputs.n()
    }

    /// The input dimension d.
    pub fn d(&self) -> usize {
        self.inputs.d()
    }

    /// The number p of distinct neurons.
    pub fn p(&self) -> usize {
        self.first.ncols()
    }

    /// Pairs of twins in a tile. There are at least sixteen tiles for the threads to share, unless tiles
    /// would have fewer than eight pairs.
    pub fn pairs(&self) -> usize {
        self.p().div_ceil(16).next_multiple_of(8).min(PAIRS)
    }

    /// The number of tiles of neurons.
    pub fn tiles(&self) -> usize {
        self.p().div_ceil(self.pairs())
    }

    /// The first pair of a tile, and the number of its pairs.
    pub fn tile(&self, tile: usize) -> (usize, usize) {
        let start = tile * self.pairs();
        (start, self.pairs().min(self.p() - start))
    }

    /// The most inputs in a block.
    fn rows(&self) -> usize {
        self.n().min(ROWS)
    }

    fn blocks(&self) -> impl Iterator<Item = Range<usize>> {
        let (n, rows) = (self.n(), self.rows());
        (0..n).step_by(rows).map(move |start| start..n.min(start + rows))
    }

    /// A matrix `[n, m]` for what the forward pass leaves. The columns of a tile are its neurons and then
    /// their twins.
    pub fn kept(&self) -> Mat<T> {
        columns(self.n(), 2 * self.p())
    }

    /// A matrix `[n, 2·tiles]` for the sums over the neurons of each tile.
    pub fn sums(&self) -> Mat<T> {
        columns(self.n(), 2 * self.tiles())
    }

    /// The columns of a pair of twins in what the forward pass leaves.
    pub fn columns_of(&self, pair: usize) -> [usize; 2] {
        let (start, count) = self.tile(pair / self.pairs());
        [start + pair, start + pair + count]
    }

    /// The kernel of the model: it leaves the slopes, adds the terms of `m^{1/2} f` to `f`, and those of
    /// `m^{1/2} f_L` to `linear` where that is asked for.
    pub fn slopes(&self, pair: Pair<'_, T>, f: &mut [T], linear: Option<&mut [T]>, temp: &mut [T]) {
        let Pair { index, rows, twins } = pair;
        let first = &self.first.col_as_slice(index)[rows.clone()];
        if self.model == Model::Quadratic {
            let second = &self.second.col_as_slice(index)[rows];
            return kernels::quadratic([first, second], twins, f, linear);
        }
        if let Some(linear) = linear {
            kernels::add_linear(first, twins[0], twins[1], linear);
        }
        match self.model {
            Model::Linear | Model::Quadratic => kernels::linear(first, twins, f),
            Model::QuadraticTerm => {
                let [upper, lower] = twins;
                kernels::quadratic_term(&self.second.col_as_slice(index)[rows], upper, lower, f);
            }
            Model::Network => {
                let origin = &self.second.col_as_slice(index)[rows];
                kernels::network(self.sigma.as_ref(), origin, twins, f, temp);
            }
        }
    }

    /// The forward pass at the displacement `w` (`[m, d]`) over all tiles. Its kernel leaves `kept` and the
    /// sums over the neurons of each tile, two columns for each. Where `u` (`[p, d]`) is given, the terms of
    /// `m^{1/2} f_L` at this difference of twins are added to the second of them. Returns whether `w` is
    /// finite.
    pub fn forward(
        &self,
        w: MatRef<'_, T>,
        u: Option<MatRef<'_, T>>,
        [kept, sums]: [MatMut<'_, T>; 2],
        pool: &Pool<Scratch<T>>,
        kernel: Forward<'_, T>,
        par: Par,
    ) -> bool {
        let (finite, w) = (AtomicBool::new(true), w.transpose());
        let tiled = Tiled([(kept, 2 * self.pairs()), (sums, 2)]);
        tiled.for_each(par, 0..self.tiles(), &|tile, [kept, mut sums]| {
            let (start, count) = self.tile(tile);
            let twins = [w.subcols(start, count), w.subcols(self.p() + start, count)];
            pool.with(
                || Scratch::new(self),
                |scratch| {
                    if !self.forward_tile(tile, twins, [kept, sums.as_mut()], scratch, kernel) {
                        finite.store(false, Ordering::Relaxed);
                    }
                    if let Some(u) = u {
                        self.linear_tile(tile, u.subrows(start, count), sums.col_mut(1), scratch);
                    }
                },
            );
        });
        finite.into_inner()
    }

    /// The forward pass over one tile, from its columns of Wᵀ and those of the twins. Returns whether these
    /// columns are finite.
    pub fn forward_tile(
        &self,
        tile: usize,
        w: [MatRef<'_, T>; 2],
        [mut kept, mut sums]: [MatMut<'_, T>; 2],
        scratch: &mut Scratch<T>,
        kernel: Forward<'_, T>,
    ) -> bool {
        let (start, count) = self.tile(tile);
        for (half, w) in w.into_iter().enumerate() {
            scratch.w.as_mut().subcols_mut(half * count, count).copy_from(w);
        }
        let finite = kernels::finite((0..2 * count).map(|j| scratch.w.col_as_slice(j)));
        sums.fill(T::default());
        let (f, linear) = sums.two_cols_mut(0, 1);
        let (f, linear) = (slice(f), slice(linear));
        for rows in self.blocks() {
            let mut kept = kept.as_mut().subrows_mut(rows.start, rows.len());
            self.inputs.along(rows.clone(), scratch.w.as_ref().subcols(0, 2 * count), kept.as_mut());
            for r in 0..count {
                let (upper, lower) = kept.as_mut().two_cols_mut(r, count + r);
                let pair =
                    Pair { index: start + r, rows: rows.clone(), twins: [slice(upper), slice(lower)] };
                let sums = [&mut f[rows.clone()], &mut linear[rows.clone()]];
                kernel(pair, sums, &mut scratch.temp[..rows.len()]);
            }
        }
        finite
    }

    /// Adds the terms of a tile in `m^{1/2} f_L`, at the difference of twins in the rows of `u`
    /// (`[count, d]`), to the column `sum`.
    fn linear_tile(&self, tile: usize, u: MatRef<'_, T>, sum: ColMut<'_, T>, scratch: &mut Scratch<T>) {
        let ((start, count), sum) = (self.tile(tile), slice(sum));
        let (columns, z) = (scratch.rows.as_mut(), &mut scratch.z);
        let mut u_t = MatMut::from_column_major_slice_mut(slice(columns.col_mut(0)), self.d(), self.pairs())
            .subcols_mut(0, count);
        u_t.copy_from(u.transpose());
        self.claim(z);
        for rows in self.blocks() {
            let out = z.as_mut().submatrix_mut(0, 0, rows.len(), count);
            self.inputs.along(rows.clone(), u_t.as_ref(), out);
            for r in 0..count {
                let (z, first) = (z.col_as_slice(r), self.first.col_as_slice(start + r));
                kernels::add_product(&first[rows.clone()], z, &mut sum[rows.clone()]);
            }
        }
    }

    /// The backward pass over all tiles, from what the forward pass left in `kept`: row r of `out`
    /// (`[m, d]`) becomes `a_r Xᵀ` times the factors of neuron r. See [`Passes::backward_tile`].
    ///
    /// Where n numbers h are given with `t` (`[p, d]`), row r of t becomes `Xᵀ(h∘σ'_r)`, which is the
    /// gradient of `m^{1/2} Σ_i h_i f_L(x_i)` by the difference u. With [`Accum::Add`] both are added to
    /// what is there.
    pub fn backward(
        &self,
        (out, accum): (MatMut<'_, T>, Accum),
        (h, t): (Option<&[T]>, MatMut<'_, T>),
        kept: MatMut<'_, T>,
        by: Factors<'_, T>,
        pool: &Pool<Scratch<T>>,
        par: Par,
    ) {
        let pairs = self.pairs();
        let (upper, lower) = out.transpose_mut().split_at_col_mut(self.p());
        let tiled = Tiled([(upper, pairs), (lower, pairs), (t.transpose_mut(), pairs), (kept, 2 * pairs)]);
        tiled.for_each(par, 0..self.tiles(), &|tile, [mut upper, mut lower, t, kept]| {
            let count = upper.ncols();
            pool.with(
                || Scratch::new(self),
                |scratch| {
                    self.backward_tile(tile, kept, by, scratch);
                    give(upper.as_mut(), accum, scratch.w.as_ref().subcols(0, count));
                    give(lower.as_mut(), accum, scratch.w.as_ref().subcols(count, count));
                    if let Some(h) = h {
                        self.linear_backward_tile(tile, h, (t, accum), scratch);
                    }
                },
            );
        });
    }

    /// The backward pass over one tile: the columns of `scratch.w` become Xᵀ times the factors of its
    /// neurons and −Xᵀ times those of their twins. What the forward pass left is overwritten.
    pub fn backward_tile(
        &self,
        tile: usize,
        mut kept: MatMut<'_, T>,
        by: Factors<'_, T>,
        scratch: &mut Scratch<T>,
    ) {
        let ((start, count), one) = (self.tile(tile), T::nearest(1.0));
        let mut out = scratch.w.as_mut().subcols_mut(0, 2 * count);
        match by {
            Factors::Inputs(scaled) => {
                matmul(out.as_mut(), Accum::Replace, scaled, kept.as_ref(), one, Par::Seq);
            }
            Factors::Columns(kernel) => {
                for rows in self.blocks() {
                    let mut kept = kept.as_mut().subrows_mut(rows.start, rows.len());
                    for r in 0..count {
                        let (upper, lower) = kept.as_mut().two_cols_mut(r, count + r);
                        let twins = [slice(upper), slice(lower)];
                        kernel(Pair { index: start + r, rows: rows.clone(), twins });
                    }
                    let accum = accum(&rows);
                    self.inputs.against(rows, kept.as_ref(), (out.as_mut(), accum));
                }
            }
        }
        for j in count..2 * count {
            slice(out.as_mut().col_mut(j)).iter_mut().for_each(|twin| *twin = -*twin);
        }
    }

    /// `Xᵀ(h∘σ'_r)` for the pairs of a tile, to the columns of `t` (`[d, count]`).
    fn linear_backward_tile(
        &self,
        tile: usize,
        h: &[T],
        (t, into): (MatMut<'_, T>, Accum),
        scratch: &mut Scratch<T>,
    ) {
        let (start, count) = self.tile(tile);
        let (columns, z) = (scratch.rows.as_mut(), &mut scratch.z);
        let mut out = MatMut::from_column_major_slice_mut(slice(columns.col_mut(0)), self.d(), self.pairs())
            .subcols_mut(0, count);
        self.claim(z);
        for rows in self.blocks() {
            for r in 0..count {
                let first = &self.first.col_as_slice(start + r)[rows.clone()];
                kernels::product_of(&h[rows.clone()], first, &mut z.col_as_slice_mut(r)[..rows.len()]);
            }
            let (z, accum) = (z.as_ref().submatrix(0, 0, rows.len(), count), accum(&rows));
            self.inputs.against(rows, z, (out.as_mut(), accum));
        }
        give(t, into, out.as_ref());
    }

    /// Allocates the scratch for a block of inputs and the pairs of a tile, where it is not large enough.
    fn claim(&self, z: &mut Mat<T>) {
        if z.nrows() < self.rows() {
            *z = columns(self.rows(), self.pairs());
        }
    }

    /// `m^{-1/2}` times the total of the first sums of all tiles (f) and of the second (f_L), in f64.
    pub fn total(&self, sums: MatRef<'_, T>, f: &mut [f64], linear: &mut [f64]) {
        let scale = (2.0 * self.p() as f64).sqrt().recip();
        for (out, offset) in [(f, 0), (linear, 1)] {
            out.fill(0.0);
            for tile in 0..self.tiles() {
                let sums = sums.col(2 * tile + offset);
                out.iter_mut().zip(sums.iter()).for_each(|(out, sum)| *out += Into::<f64>::into(*sum));
            }
            out.iter_mut().for_each(|out| *out *= scale);
        }
    }
}

/// The factors of the inputs in a backward pass.
#[derive(Clone, Copy)]
pub(crate) enum Factors<'a, T> {
    /// Those that the forward pass left, for Xᵀ as it was scaled by [`Inputs::scale`].
    Inputs(MatRef<'a, T>),
    /// Those that a kernel makes of what the forward pass left.
    Columns(Backward<'a, T>),
}

/// `to ← from` or `to ← to + from`, as `accum` says.
fn give<T: Real>(mut to: MatMut<'_, T>, accum: Accum, from: MatRef<'_, T>) {
    match accum {
        Accum::Replace => to.copy_from(from),
        Accum::Add => to += from,
    }
}

/// The first inputs of a sample replace a product with Xᵀ, and the others add to it.
pub(crate) fn accum(rows: &Range<usize>) -> Accum {
    if rows.start == 0 { Accum::Replace } else { Accum::Add }
}

impl<T: Real> Scratch<T> {
    /// The scratch of a task of these passes.
    pub fn new(passes: &Passes<T>) -> Self {
        let (d, pairs) = (passes.d(), passes.pairs());
        Self {
            w: Mat::zeros(d, 2 * pairs),
            rows: columns(d * pairs, 1),
            z: Mat::new(),
            temp: vec![T::default(); ROWS],
        }
    }
}

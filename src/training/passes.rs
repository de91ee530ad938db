//! The two passes of a step over the tiles, and what lies between them.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use faer::{Accum, ColMut, ColRef, MatMut, MatRef, Par, unzip, zip};
use pulp::Arch;

use super::kernels::{self, Pair};
use super::problem::{Model, Problem, Value};
use super::real::Real;
use super::workspace::{Scratch, Workspace};
use crate::product::matmul;
use crate::{Error, Result, network};

impl<T: Real> Problem<T> {
    /// The objective at the displacement `w` (`[m, d]`, any strides). The predictions stay in `space`.
    ///
    /// # Errors
    /// A shape or workspace that does not fit; an entry that is not finite, also one that is too large for T.
    ///
    /// # Accuracy
    /// That of [`Problem::value_and_gradient`].
    pub fn value(&self, w: MatRef<'_, T>, space: &mut Workspace<T>, par: Par) -> Result<Value> {
        self.check(w.nrows(), w.ncols(), "the displacement")?;
        space.check(self)?;
        self.forward(w, space, par)?;
        Ok(self.between(space, par))
    }

    /// The objective at the displacement `w` (`[m, d]`, any strides), and its gradient by w (the same shape) in `gradient`. The
    /// predictions stay in `space`.
    ///
    /// # Errors
    /// A shape or workspace that does not fit; an entry that is not finite, also one that is too large for T.
    ///
    /// # Accuracy
    /// With u the unit roundoff of T, f_L and f are accurate to `(d + 140)u` times the sum of their absolute terms, a product
    /// x·w counted as Σ|x||w|: d for that, the rest for the at most 64 pairs of twins of a tile, which are summed in T; all else is summed in
    /// f64. An entry of the gradient is accurate to `(n + d)u` times the sum of its absolute terms, and what f and f_L hand on. Both are
    /// worst cases. The network's σ and σ' are evaluated in f64, also for f32.
    pub fn value_and_gradient(
        &self,
        w: MatRef<'_, T>,
        gradient: MatMut<'_, T>,
        space: &mut Workspace<T>,
        par: Par,
    ) -> Result<Value> {
        self.check(w.nrows(), w.ncols(), "the displacement")?;
        self.check(gradient.nrows(), gradient.ncols(), "the gradient")?;
        space.check(self)?;
        self.forward(w, space, par)?;
        let value = self.between(space, par);
        self.backward(gradient, space, par);
        Ok(value)
    }

    fn check(&self, rows: usize, cols: usize, name: &'static str) -> Result<()> {
        if (rows, cols) == (self.m(), self.d()) {
            return Ok(());
        }
        Err(Error::Shape { name, rows, cols, expected: format!("m = {}, d = {}", self.m(), self.d()) })
    }

    /// Fills the slopes, f_L and f.
    fn forward(&self, w: MatRef<'_, T>, space: &mut Workspace<T>, par: Par) -> Result<()> {
        let (pairs, finite, pool) = (self.pairs(), AtomicBool::new(true), &space.pool);
        let tiled = Tiled([(space.slopes.as_mut(), 2 * pairs), (space.partial.as_mut(), 2)]);
        tiled.for_each(par, 0..self.tiles(), &|tile, [slopes, partial]| {
            pool.with(self, |scratch| {
                if !self.gather(tile, w, scratch) {
                    finite.store(false, Ordering::Relaxed);
                }
                self.forward_tile(tile, slopes, partial, scratch);
            });
        });
        if !finite.into_inner() {
            network::finite("the displacement", faer::Mat::from_fn(self.m(), self.d(), |r, c| w[(r, c)].into()).as_ref())?;
        }
        let scale = (self.m() as f64).sqrt().recip();
        for (out, offset) in [(&mut space.f_linear, 0), (&mut space.f, 1)] {
            out.fill(0.0);
            for tile in 0..self.tiles() {
                let sums = space.partial.col_as_slice(2 * tile + offset);
                out.iter_mut().zip(sums).for_each(|(out, sum)| *out += Into::<f64>::into(*sum));
            }
            out.iter_mut().for_each(|out| *out *= scale);
        }
        Ok(())
    }

    /// Copies the displacement of a tile to scratch, a column to a neuron, then to a twin; says whether it is finite.
    fn gather(&self, tile: usize, w: MatRef<'_, T>, scratch: &mut Scratch<T>) -> bool {
        let ((start, count), w) = (self.tile(tile), w.transpose());
        scratch.w.as_mut().subcols_mut(0, count).copy_from(w.subcols(start, count));
        scratch.w.as_mut().subcols_mut(count, count).copy_from(w.subcols(self.net.p() + start, count));
        kernels::finite(Arch::new(), (0..2 * count).map(|j| scratch.w.col_as_slice(j)))
    }

    fn forward_tile(&self, tile: usize, mut slopes: MatMut<'_, T>, mut partial: MatMut<'_, T>, scratch: &mut Scratch<T>) {
        let ((start, count), arch) = (self.tile(tile), Arch::new());
        partial.fill(T::default());
        let (linear, f) = partial.two_cols_mut(0, 1);
        let (linear, f) = (slice(linear), slice(f));
        for rows in self.row_tiles() {
            let mut slopes = slopes.as_mut().subrows_mut(rows.start, rows.len());
            let w = scratch.w.as_ref().subcols(0, 2 * count);
            matmul(
                slopes.as_mut(),
                Accum::Replace,
                self.x.as_ref().subrows(rows.start, rows.len()),
                w,
                T::nearest(1.0),
                Par::Seq,
            );
            for r in 0..count {
                let (upper, lower) = slopes.as_mut().two_cols_mut(r, count + r);
                let second = if self.model == Model::Linear { &[] } else { &self.second.col_as_slice(start + r)[rows.clone()] };
                let pair = Pair {
                    first: &self.first.col_as_slice(start + r)[rows.clone()],
                    second,
                    upper: slice(upper),
                    lower: slice(lower),
                    linear: &mut linear[rows.clone()],
                    f: &mut f[rows.clone()],
                };
                match self.model {
                    Model::Linear => kernels::linear(arch, pair),
                    Model::Quadratic => kernels::quadratic(arch, pair),
                    Model::Network => {
                        kernels::network(arch, self.net.activation(), pair, &mut scratch.z, &mut scratch.value);
                    }
                }
            }
        }
    }

    /// The objective from f_L and f, and what the backward pass needs: g and h, times m^{-1/2}.
    fn between(&self, space: &mut Workspace<T>, par: Par) -> Value {
        let n = self.n() as f64;
        let scale = (self.m() as f64).sqrt().recip() / n;
        let mut loss = 0.0;
        for i in 0..self.n() {
            loss += self.loss.value(self.y[i], space.f[i]);
            space.g[i] = T::nearest(scale * self.loss.d1(self.y[i], space.f[i]));
        }
        loss /= n;
        let Some(beyond) = &self.beyond else {
            return Value { loss, r3: 0.0, objective: loss };
        };
        let inner = ColMut::from_slice_mut(&mut space.inner);
        beyond.project(ColRef::from_slice(&space.f_linear), ColMut::from_slice_mut(&mut space.beyond), inner, par);
        let r3 = space.beyond.iter().map(|f| f * f).sum::<f64>() / n;
        for (h, f) in space.h.iter_mut().zip(&space.beyond) {
            *h = T::nearest(scale * 2.0 * beyond.lambda * f);
        }
        Value { loss, r3, objective: loss + beyond.lambda * r3 }
    }

    /// The gradient from the slopes, g and h.
    fn backward(&self, gradient: MatMut<'_, T>, space: &mut Workspace<T>, par: Par) {
        let pairs = self.pairs();
        let regularised = self.beyond.as_ref().is_some_and(|b| b.lambda > 0.0);
        if !regularised {
            for i in 0..self.n() {
                let g = space.g[i];
                let to = space.scaled.col_as_slice_mut(i).iter_mut();
                to.zip(self.xt.col_as_slice(i)).for_each(|(to, x)| *to = g * *x);
            }
        }
        let space = &*space;
        let (upper, lower) = gradient.transpose_mut().split_at_col_mut(self.net.p());
        Tiled([(upper, pairs), (lower, pairs)]).for_each(par, 0..self.tiles(), &|tile, [mut upper, mut lower]| {
            let count = upper.ncols();
            let slopes = space.slopes.as_ref().subcols(2 * pairs * tile, 2 * count);
            space.pool.with(self, |scratch| {
                if regularised {
                    self.backward_tile(tile, slopes, space, scratch);
                } else {
                    let out = scratch.w.as_mut().subcols_mut(0, 2 * count);
                    matmul(out, Accum::Replace, space.scaled.as_ref(), slopes, T::nearest(1.0), Par::Seq);
                }
                upper.copy_from(scratch.w.as_ref().subcols(0, count));
                let twins = scratch.w.as_ref().subcols(count, count);
                zip!(&mut lower, &twins).for_each(|unzip!(out, twin)| *out = -*twin);
            });
        });
    }

    /// `Xᵀ(g·S + h·σ')` for the neurons of a tile and their twins, whose terms in σ' have opposite signs like those in S.
    fn backward_tile(&self, tile: usize, slopes: MatRef<'_, T>, space: &Workspace<T>, scratch: &mut Scratch<T>) {
        let ((start, count), arch) = (self.tile(tile), Arch::new());
        for rows in self.row_tiles() {
            let (g, h) = (&space.g[rows.clone()], &space.h[rows.clone()]);
            let mut t = scratch.tile.as_mut().submatrix_mut(0, 0, rows.len(), 2 * count);
            for j in 0..2 * count {
                let first = &self.first.col_as_slice(start + j % count)[rows.clone()];
                let slopes = slopes.col(j).try_as_col_major().map_or(&[][..], |s| &s.as_slice()[rows.clone()]);
                kernels::combine(arch, g, slopes, h, first, slice(t.as_mut().col_mut(j)));
            }
            let accum = if rows.start == 0 { Accum::Replace } else { Accum::Add };
            let out = scratch.w.as_mut().subcols_mut(0, 2 * count);
            matmul(out, accum, self.xt.as_ref().subcols(rows.start, rows.len()), t.as_ref(), T::nearest(1.0), Par::Seq);
        }
    }

    /// The first pair of a tile, and how many it has.
    fn tile(&self, tile: usize) -> (usize, usize) {
        let start = tile * self.pairs();
        (start, self.pairs().min(self.net.p() - start))
    }

    fn row_tiles(&self) -> impl Iterator<Item = Range<usize>> {
        let (n, rows) = (self.n(), self.rows());
        (0..n).step_by(rows).map(move |start| start..n.min(start + rows))
    }
}

/// A column of a matrix of ours, which is contiguous.
fn slice<T>(column: ColMut<'_, T>) -> &mut [T] {
    column.try_as_col_major_mut().map_or(&mut [], ColMut::as_slice_mut)
}

/// Two matrices that are cut into tiles together, each with the number of its columns in a tile (the last tile may have fewer).
pub(super) struct Tiled<'a, T: Real>(pub [(MatMut<'a, T>, usize); 2]);

impl<'a, T: Real> Tiled<'a, T> {
    /// Runs `leaf` on each of the tiles, given its number and its columns of either matrix; in parallel unless `par` is [`Par::Seq`].
    pub fn for_each(self, par: Par, tiles: Range<usize>, leaf: &(impl Fn(usize, [MatMut<'_, T>; 2]) + Sync)) {
        if tiles.len() == 1 {
            return leaf(tiles.start, self.0.map(|(part, _)| part));
        }
        let half = tiles.len() / 2;
        let middle = tiles.start + half;
        let [(a, rest), (b, other)] = self.0.map(|(part, width)| {
            let at = part.ncols().min(width * half);
            let (part, rest) = part.split_at_col_mut(at);
            ((part, width), (rest, width))
        });
        let left = || Tiled([a, b]).for_each(par, tiles.start..middle, leaf);
        let right = || Tiled([rest, other]).for_each(par, middle..tiles.end, leaf);
        if par == Par::Seq {
            left();
            right();
        } else {
            rayon::join(left, right);
        }
    }
}

//! A step: the forward and the backward pass over the tiles, and the objective between them.

use std::sync::atomic::{AtomicBool, Ordering};

use faer::{ColMut, ColRef, Mat, MatMut, MatRef, Par};

use super::beyond::{Unpenalised, project};
use super::problem::{Problem, Value};
use super::top::{self, total};
use super::update::descend;
use super::workspace::{Inputs, Workspace};
use crate::network::passes::{Factors, Pair, Scratch, Tiled, kernels, slice};
use crate::real::Real;
use crate::{Error, Result, network};

/// Callback: given f_L(X; W), adds ∂term/∂f_L to its second argument. Both slices have n entries.
pub type Term<'a> = &'a mut dyn FnMut(&[f64], &mut [f64]) -> Result<()>;

impl<T: Real> Problem<T> {
    /// The objective at the displacement `w` (`[m, d]`, any strides). The predictions stay in `space`.
    ///
    /// # Errors
    /// A shape or workspace that does not fit; an entry that is not finite; [`Error::Numerical`] where the
    /// objective overflows.
    ///
    /// # Accuracy
    /// That of [`Problem::value_and_gradient`].
    pub fn value(&self, w: MatRef<'_, T>, space: &mut Workspace<T>, par: Par) -> Result<Value> {
        self.forward(w, space, None, par)
    }

    /// The objective at the displacement `w` (`[m, d]`, any strides), and its gradient by w (the same shape)
    /// in `gradient`. The predictions stay in `space`.
    ///
    /// # Errors
    /// A shape or workspace that does not fit; an entry that is not finite; [`Error::Numerical`] where the
    /// objective overflows.
    ///
    /// # Accuracy
    /// Let u be the unit roundoff of T. The errors of f_L and f are at most `(d + 140)u` times the sum of
    /// their absolute terms, where a product x·w counts as Σ|x||w|: d of the roundings belong to these
    /// products, and the others to the at most 64 pairs of twins of a tile, which are summed in T. All other
    /// sums are in f64. The error of an entry of the gradient is at most `(n + d)u` times the sum of its
    /// absolute terms, plus the effect of the errors of f and f_L. Both bounds are for the worst case. The σ
    /// and σ' of the network are evaluated in T; their own errors come to these bounds, at most
    /// [`ACTIVATION_ROUNDINGS`](crate::tolerance::ACTIVATION_ROUNDINGS) times u for the built-in
    /// activations.
    pub fn value_and_gradient(
        &self,
        w: MatRef<'_, T>,
        gradient: MatMut<'_, T>,
        space: &mut Workspace<T>,
        par: Par,
    ) -> Result<Value> {
        self.check(gradient.nrows(), gradient.ncols(), "the gradient")?;
        let value = self.forward(w, space, None, par)?;
        self.backward(gradient, space, par);
        Ok(value)
    }

    /// As [`Problem::value_and_gradient`], with another term in the gradient that depends on f_L(X; W).
    /// Callback: given these n values, `term` adds the derivatives of the term by them to its second
    /// argument. The returned value does not include the term.
    ///
    /// # Errors
    /// As [`Problem::value_and_gradient`], and those of `term`.
    pub fn value_and_gradient_with(
        &self,
        w: MatRef<'_, T>,
        gradient: MatMut<'_, T>,
        space: &mut Workspace<T>,
        term: Term<'_>,
        par: Par,
    ) -> Result<Value> {
        self.check(gradient.nrows(), gradient.ncols(), "the gradient")?;
        let value = self.forward(w, space, Some(term), par)?;
        self.backward(gradient, space, par);
        Ok(value)
    }

    /// Takes a step of gradient descent, `w ← w − η·gradient`, and returns the objective at the new `w`. `w`
    /// (`[m, d]`, any strides) must be that of the last [`Problem::value`] or step in `space`. The bits are
    /// those of [`Problem::value_and_gradient`], the step, and [`Problem::value`] one after another, with
    /// the coordinates in the top eigenvectors as after [`Workspace::moved`].
    ///
    /// The gradient of a neuron needs its own slopes and the predictions, and its next slopes need only its
    /// own next weights. Hence a tile is taken through both passes while it is in cache: the slopes go
    /// through main memory once instead of twice, and no gradient is written.
    ///
    /// # Errors
    /// As [`Problem::value`]; the workspace holds no evaluation. After an error from the new point, `w` has
    /// moved and `space` holds no evaluation.
    pub fn descend(&self, w: MatMut<'_, T>, eta: f64, space: &mut Workspace<T>, par: Par) -> Result<Value> {
        self.check(w.nrows(), w.ncols(), "the displacement")?;
        space.check(self)?;
        if !std::mem::take(&mut space.evaluated) {
            return Err(Error::domain(
                "the workspace",
                "one without an evaluation",
                "a step begins where the last one was evaluated",
            ));
        }
        let (pairs, eta_t, finite, pool) =
            (self.passes.pairs(), T::nearest(eta), AtomicBool::new(true), &space.pool);
        let (mut w, factors) = (w.transpose_mut(), &space.factors);
        let (upper, lower) = w.as_mut().split_at_col_mut(self.net.p());
        let slopes = (space.slopes.as_mut(), 2 * pairs);
        let (top, partial) = ((space.top_partial.as_mut(), 1), (space.partial.as_mut(), 2));
        let tiled = Tiled([(upper, pairs), (lower, pairs), slopes, partial, top]);
        tiled.for_each(
            par,
            0..self.passes.tiles(),
            &|tile, [mut upper, mut lower, mut slopes, partial, top]| {
                let count = upper.ncols();
                pool.with(
                    || Scratch::new(&self.passes),
                    |scratch| {
                        self.backward_tile(tile, slopes.as_mut(), factors, top, scratch);
                        descend(upper.as_mut(), eta_t, scratch.w.as_ref().subcols(0, count), Par::Seq);
                        descend(lower.as_mut(), eta_t, scratch.w.as_ref().subcols(count, count), Par::Seq);
                        let w = [upper.as_ref(), lower.as_ref()];
                        if !self.passes.forward_tile(tile, w, [slopes, partial], scratch, &self.kernel()) {
                            finite.store(false, Ordering::Relaxed);
                        }
                    },
                );
            },
        );
        if !space.slope.is_empty() {
            space.slope = total(space.top_partial.as_ref());
        }
        space.moved(eta);
        self.collect(finite.into_inner(), w.as_ref(), space, None, par)
    }

    fn check(&self, rows: usize, cols: usize, name: &'static str) -> Result<()> {
        network::require_neurons(name, [rows, cols], [self.m(), self.d()])
    }

    /// Computes the slopes, f_L, f and the objective at the displacement `w`.
    fn forward(
        &self,
        w: MatRef<'_, T>,
        space: &mut Workspace<T>,
        term: Option<Term<'_>>,
        par: Par,
    ) -> Result<Value> {
        self.check(w.nrows(), w.ncols(), "the displacement")?;
        space.check(self)?;
        space.evaluated = false;
        let Workspace { slopes, partial, pool, .. } = &mut *space;
        let out = [slopes.as_mut(), partial.as_mut()];
        let finite = self.passes.forward(w, None, out, pool, &self.kernel(), par);
        self.collect(finite, w.transpose(), space, term, par)
    }

    /// The kernel of the forward pass.
    fn kernel(&self) -> impl Fn(Pair<'_, T>, [&mut [T]; 2], &mut [T]) + Sync {
        |pair, [f, linear], temp| self.passes.slopes(pair, f, Some(linear), temp)
    }

    /// Adds up f_L and f from the tiles, and computes the objective and the factors of the inputs, g and h
    /// times m^{-1/2}, for the backward pass. `w` is Wᵀ, which is read for an error message and for the
    /// coordinates in the top eigenvectors.
    fn collect(
        &self,
        finite: bool,
        w: MatRef<'_, T>,
        space: &mut Workspace<T>,
        term: Option<Term<'_>>,
        par: Par,
    ) -> Result<Value> {
        if !finite {
            network::finite(
                "the displacement",
                Mat::from_fn(self.m(), self.d(), |r, c| w[(c, r)].into()).as_ref(),
            )?;
        }
        let (n, scale) = (self.n() as f64, (self.m() as f64).sqrt().recip());
        self.passes.total(space.partial.as_ref(), &mut space.f, &mut space.f_linear);
        let (mut loss, mut r3, factors) = (0.0, 0.0, &mut space.factors);
        for i in 0..self.n() {
            loss += self.loss.value(self.y[i], space.f[i]) / n;
            factors.g[i] = T::nearest(scale / n * self.loss.d1(self.y[i], space.f[i]));
        }
        if let Some(beyond) = &self.beyond {
            match &beyond.space {
                Unpenalised::Sample(basis) => {
                    let out = ColMut::from_slice_mut(&mut space.beyond);
                    let inner = ColMut::from_slice_mut(&mut space.inner);
                    project(basis.as_ref(), ColRef::from_slice(&space.f_linear), out, inner, par);
                }
                Unpenalised::Top(top) => {
                    if !std::mem::take(&mut space.known) {
                        space.coordinates = top.coordinates(w, par);
                    }
                    top.beyond(&space.f_linear, &space.coordinates, &mut space.beyond, par);
                    if self.lambda() > 0.0 {
                        factors.top = top.against(&space.beyond, 2.0 * self.lambda() / n, par);
                    }
                }
            }
            for i in 0..self.n() {
                r3 += space.beyond[i].powi(2) / n;
                factors.h[i] = T::nearest(2.0 * self.lambda() * scale / n * space.beyond[i]);
            }
        }
        factors.plain = self.lambda() == 0.0 && term.is_none();
        if let Some(term) = term {
            let mut slopes = vec![0.0; self.n()];
            term(&space.f_linear, &mut slopes)?;
            for i in 0..self.n() {
                let before: f64 = if self.lambda() > 0.0 { factors.h[i].into() } else { 0.0 };
                factors.h[i] = T::nearest(before + scale * slopes[i]);
            }
        }
        if factors.plain {
            self.passes.inputs.scale(&factors.g, factors.scaled.as_mut());
        }
        let objective = loss + self.lambda() * r3;
        if !objective.is_finite() {
            let why = format!(
                "the objective is {objective} at a displacement whose largest entry is {:?}",
                w.norm_max()
            );
            return Err(Error::Numerical { what: "the evaluation of the objective", why });
        }
        space.evaluated = true;
        Ok(Value { loss, r3, objective })
    }

    /// Computes the gradient from the slopes, g and h, and overwrites the slopes.
    fn backward(&self, gradient: MatMut<'_, T>, space: &mut Workspace<T>, par: Par) {
        space.evaluated = false;
        let pairs = self.passes.pairs();
        let (upper, lower) = gradient.transpose_mut().split_at_col_mut(self.net.p());
        let (factors, pool) = (&space.factors, &space.pool);
        let tiled = Tiled([
            (upper, pairs),
            (lower, pairs),
            (space.slopes.as_mut(), 2 * pairs),
            (space.top_partial.as_mut(), 1),
        ]);
        tiled.for_each(par, 0..self.passes.tiles(), &|tile, [mut upper, mut lower, slopes, top]| {
            let count = upper.ncols();
            pool.with(
                || Scratch::new(&self.passes),
                |scratch| {
                    self.backward_tile(tile, slopes, factors, top, scratch);
                    upper.copy_from(scratch.w.as_ref().subcols(0, count));
                    lower.copy_from(scratch.w.as_ref().subcols(count, count));
                },
            );
        });
        if !space.slope.is_empty() {
            space.slope = total(space.top_partial.as_ref());
        }
    }

    /// Computes the gradient by the neurons of a tile and then by their twins, in `scratch.w`:
    /// `±Xᵀ(g·S + h·σ')`, minus the part of R3 in the top eigenvectors where the projector is that of Σ. The
    /// coordinates of the gradient in the top eigenvectors are written to `top`. The slopes are overwritten.
    fn backward_tile(
        &self,
        tile: usize,
        slopes: MatMut<'_, T>,
        factors: &Inputs<T>,
        top: MatMut<'_, T>,
        scratch: &mut Scratch<T>,
    ) {
        let (start, count) = self.passes.tile(tile);
        let combine = |Pair { index, rows, twins }: Pair<'_, T>| {
            let first = &self.passes.first.col_as_slice(index)[rows.clone()];
            for slopes in twins {
                kernels::combine(&factors.g[rows.clone()], &factors.h[rows.clone()], first, slopes);
            }
        };
        let by = if factors.plain {
            Factors::Inputs(factors.scaled.as_ref())
        } else {
            Factors::Columns(&combine)
        };
        self.passes.backward_tile(tile, slopes, by, scratch);
        if let Some(projector) = self.top().filter(|_| self.lambda() > 0.0) {
            let mut out = scratch.w.as_mut().subcols_mut(0, 2 * count);
            let mut difference = scratch.rows.as_mut().subrows_mut(0, self.d() * count);
            projector.combine(start, &factors.top, difference.as_mut());
            for (r, add) in slice(difference.as_mut().col_mut(0)).chunks_exact(self.d()).enumerate() {
                slice(out.as_mut().col_mut(r)).iter_mut().zip(add).for_each(|(to, add)| *to += *add);
                slice(out.as_mut().col_mut(count + r)).iter_mut().zip(add).for_each(|(to, add)| *to -= *add);
            }
            let (upper, lower) = (out.as_ref().subcols(0, count), out.as_ref().subcols(count, count));
            top::difference(upper, lower, slice(difference.as_mut().col_mut(0)));
            projector.add_coordinates(start, difference.as_ref(), top);
        }
    }
}

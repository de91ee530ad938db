//! f, f_L and f_Q at many inputs, in tiles. A neuron and its twin share σ'(w_{0,r}·x) and σ''(w_{0,r}·x).

use crate::product::matmul;
use faer::{Accum, Mat, MatRef, Par};

use super::passes::{kernels, slice};
use super::{Model, PairedNetwork, tiles::project};
use crate::activation::Derivative;
use crate::{Error, Result};

/// The first and only column.
fn column(a: Mat<f64>) -> Vec<f64> {
    a.col_as_slice(0).to_vec()
}

impl PairedNetwork {
    /// `f(x; W) = m^{-1/2} Σ_r a_r σ((w_{0,r} + w_r)·x)` at each row of `x` (`[n, d]`), for a displacement
    /// `w` (`[m, d]`): n values.
    ///
    /// # Errors
    /// A shape that does not fit, or an entry that is not finite.
    ///
    /// # Accuracy
    /// The absolute error is a few roundings of `m^{-1/2} Σ_r |σ|`; reference values are met to 1e-13.
    /// Source: NBL22 section 2.
    pub fn f(&self, x: MatRef<'_, f64>, w: MatRef<'_, f64>, par: Par) -> Result<Vec<f64>> {
        self.check_inputs(x)?;
        self.check_displacement(w)?;
        let (p, scale) = (self.p(), (self.m() as f64).sqrt().recip());
        let out = self.sum_over_tiles(x, 1, par, |_, neurons, x, space, mut out| {
            let (start, count, out) = (neurons.start, neurons.len(), slice(out.as_mut().col_mut(0)));
            project(space.u.as_mut().subcols_mut(0, count), x, w.subrows(start, count));
            project(space.v.as_mut().subcols_mut(0, count), x, w.subrows(p + start, count));
            for r in 0..count {
                let (z, u, v) =
                    (space.z.col_as_slice(r), space.u.col_as_slice_mut(r), space.v.col_as_slice_mut(r));
                for shift in [&mut *u, &mut *v] {
                    kernels::add_multiple(1.0, z, shift);
                    self.activation().apply(Derivative::Value, shift);
                }
                kernels::add_difference(scale, u, v, out);
            }
        });
        Ok(column(out))
    }

    /// f, f_L and f_Q at each row of `x` (`[n, d]`) for a displacement `w` (`[m, d]`), n values each, in one
    /// pass over the neurons.
    ///
    /// # Errors
    /// As [`PairedNetwork::f_quadratic`].
    ///
    /// # Accuracy
    /// That of [`PairedNetwork::f`], [`PairedNetwork::f_linear`] and [`PairedNetwork::f_quadratic`].
    pub fn expansion(&self, x: MatRef<'_, f64>, w: MatRef<'_, f64>, par: Par) -> Result<[Vec<f64>; 3]> {
        let out = self.expand(x, w, true, par)?;
        Ok([2, 0, 1].map(|c| out.col_as_slice(c).to_vec()))
    }

    /// f_L and f_Q in the columns of a matrix, and after them f or zeros.
    fn expand(&self, x: MatRef<'_, f64>, w: MatRef<'_, f64>, with_f: bool, par: Par) -> Result<Mat<f64>> {
        self.activation().require_twice_differentiable()?;
        self.check_inputs(x)?;
        self.check_displacement(w)?;
        let ([difference, sum], scale) = (self.halves(w), (self.m() as f64).sqrt().recip());
        Ok(self.sum_over_tiles(x, 3, par, |_, neurons, x, space, mut out| {
            let (start, count) = (neurons.start, neurons.len());
            project(space.u.as_mut().subcols_mut(0, count), x, difference.as_ref().subrows(start, count));
            project(space.v.as_mut().subcols_mut(0, count), x, sum.as_ref().subrows(start, count));
            let (mut second, mut twin) = (vec![0.0; x.nrows()], vec![0.0; x.nrows()]);
            let (mut low, mut f) = out.as_mut().split_at_col_mut(2);
            let (linear, quadratic) = low.as_mut().two_cols_mut(0, 1);
            let (linear, quadratic, f) = (slice(linear), slice(quadratic), slice(f.as_mut().col_mut(0)));
            for r in 0..count {
                let (z, u, v) =
                    (space.z.col_as_slice_mut(r), space.u.col_as_slice_mut(r), space.v.col_as_slice_mut(r));
                if with_f {
                    for (sign, shifted) in [(0.5, &mut second), (-0.5, &mut twin)] {
                        shifted.copy_from_slice(z);
                        kernels::add_multiple(0.5, v, shifted);
                        kernels::add_multiple(sign, u, shifted);
                        self.activation().apply(Derivative::Value, shifted);
                    }
                    kernels::add_difference(scale, &second, &twin, f);
                }
                self.activation().apply_first_and_second(z, &mut second);
                u.iter_mut().for_each(|u| *u *= scale);
                kernels::add_product(z, u, linear);
                v.iter_mut().zip(&second).for_each(|(v, second)| *v *= 0.5 * second);
                kernels::add_product(u, v, quadratic);
            }
        }))
    }

    /// The differences of the twins in a displacement, and their sums, `[p, d]` each.
    fn halves(&self, w: MatRef<'_, f64>) -> [Mat<f64>; 2] {
        let (upper, lower) = w.split_at_row(self.p());
        [upper - lower, upper + lower]
    }

    /// The values of `model` at each row of `x` (`[n, d]`), for a displacement `w` (`[m, d]`): n values.
    ///
    /// # Errors
    /// As [`PairedNetwork::f`] and [`PairedNetwork::f_quadratic`].
    pub fn predict(
        &self,
        model: Model,
        x: MatRef<'_, f64>,
        w: MatRef<'_, f64>,
        par: Par,
    ) -> Result<Vec<f64>> {
        match model {
            Model::Network => self.f(x, w, par),
            Model::Linear => self.f_linear(x, w, par),
            Model::QuadraticTerm => self.f_quadratic(x, w, par),
            Model::Quadratic => {
                let terms = self.expand(x, w, false, par)?;
                Ok(column((terms.col(0) + terms.col(1)).as_mat().to_owned()))
            }
        }
    }

    /// `f_L(x; W) = m^{-1/2} Σ_r a_r σ'(w_{0,r}·x)(x·w_r)` at each row of `x` (`[n, d]`), for a displacement
    /// `w` (`[m, d]`): n values.
    ///
    /// # Errors
    /// A shape that does not fit, or an entry that is not finite.
    ///
    /// # Accuracy
    /// The absolute error is a few roundings of the sum of the absolute terms. Source: NBL22 section 2 and
    /// equation (6), with a_r.
    pub fn f_linear(&self, x: MatRef<'_, f64>, w: MatRef<'_, f64>, par: Par) -> Result<Vec<f64>> {
        self.check_displacement(w)?;
        let (upper, lower) = w.split_at_row(self.p());
        let difference = upper - lower;
        self.f_linear_of_difference(x, difference.as_ref(), par)
    }

    /// f_L of a displacement W that is given by the difference of its two halves, `u_r = w_r − w_{p+r}`
    /// (`[p, d]`). No other part of W enters f_L: it is `m^{-1/2} Σ_{r<p} σ'(w_{0,r}·x)(x·u_r)` at each row
    /// of `x` (`[n, d]`).
    ///
    /// # Errors
    /// A shape that does not fit, or an entry that is not finite.
    pub fn f_linear_of_difference(
        &self,
        x: MatRef<'_, f64>,
        u: MatRef<'_, f64>,
        par: Par,
    ) -> Result<Vec<f64>> {
        self.check_inputs(x)?;
        if (u.nrows(), u.ncols()) != (self.p(), self.d()) {
            let expected = format!("p = {}, d = {}", self.p(), self.d());
            return Err(Error::shape("the difference", [u.nrows(), u.ncols()], expected));
        }
        super::finite("the difference", u)?;
        let scale = (self.m() as f64).sqrt().recip();
        let out = self.sum_over_tiles(x, 1, par, |_, neurons, x, space, mut out| {
            let (count, out) = (neurons.len(), slice(out.as_mut().col_mut(0)));
            project(space.u.as_mut().subcols_mut(0, count), x, u.subrows(neurons.start, count));
            for r in 0..count {
                let (z, u) = (space.z.col_as_slice_mut(r), space.u.col_as_slice_mut(r));
                self.activation().apply(Derivative::First, z);
                u.iter_mut().for_each(|u| *u *= scale);
                kernels::add_product(z, u, out);
            }
        });
        Ok(column(out))
    }

    /// f_L at each row of `x` (`[n, d]`) for c displacements at once, each given by the difference of its
    /// halves as a component-major column of `u` (`[pd, c]`). The result is `[n, c]`.
    ///
    /// The cost is `2n·pd·c` flops in products, and np evaluations of σ', which all columns share.
    ///
    /// # Errors
    /// A shape that does not fit, or an input that is not finite.
    pub fn f_linear_of_columns(&self, x: MatRef<'_, f64>, u: MatRef<'_, f64>, par: Par) -> Result<Mat<f64>> {
        self.check_inputs(x)?;
        let (p, d, columns) = (self.p(), self.d(), u.ncols());
        if u.nrows() != p * d {
            let expected = format!("pd = {}, any", p * d);
            return Err(Error::shape("the columns", [u.nrows(), columns], expected));
        }
        let scale = (self.m() as f64).sqrt().recip();
        Ok(self.sum_over_tiles(x, columns, par, |_, neurons, x, space, mut out| {
            let count = neurons.len();
            for r in 0..count {
                self.activation().apply(Derivative::First, space.z.col_as_slice_mut(r));
            }
            for i in 0..d {
                for r in 0..count {
                    let (z, v) = (space.z.col_as_slice(r), space.v.col_as_slice_mut(r));
                    v.iter_mut().zip(z).zip(x.col(i).iter()).for_each(|((v, z), x)| *v = z * x);
                }
                let component = u.subrows(i * p + neurons.start, count);
                matmul(
                    out.as_mut(),
                    Accum::Add,
                    space.v.as_ref().subcols(0, count),
                    component,
                    scale,
                    Par::Seq,
                );
            }
        }))
    }

    /// `f_Q(x; W) = ½ m^{-1/2} Σ_r a_r σ''(w_{0,r}·x)(x·w_r)²` at each row of `x` (`[n, d]`), for a
    /// displacement `w` (`[m, d]`): n values.
    ///
    /// It is evaluated as `½ m^{-1/2} Σ_{r<p} σ''(w_{0,r}·x)(x·(w_r − w_{p+r}))(x·(w_r + w_{p+r}))`, so
    /// that twins that move alike cancel exactly.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for an activation without a second derivative; a shape that does not fit; an
    /// entry that is not finite.
    ///
    /// # Accuracy
    /// The absolute error is a few roundings of the sum of the absolute terms. Source: NBL22 section 2.
    pub fn f_quadratic(&self, x: MatRef<'_, f64>, w: MatRef<'_, f64>, par: Par) -> Result<Vec<f64>> {
        let scale = 0.5 * (self.m() as f64).sqrt().recip();
        self.by_halves(x, w, (Derivative::Second, scale), par, |u, v| u * v)
    }

    /// The term of third order, `m^{-1/2} Σ_r a_r σ'''(w_{0,r}·x)(x·w_r)³/6`, at each row of `x` (`[n, d]`),
    /// for a displacement `w` (`[m, d]`): n values.
    ///
    /// Twins that move alike cancel exactly, because with the difference u and the sum v of their products
    /// with x the difference of their cubes is `u(u² + 3v²)/4`.
    ///
    /// # Errors
    /// As [`PairedNetwork::f_quadratic`].
    ///
    /// # Accuracy
    /// The absolute error is a few roundings of the sum of the absolute terms.
    pub fn f_cubic(&self, x: MatRef<'_, f64>, w: MatRef<'_, f64>, par: Par) -> Result<Vec<f64>> {
        let scale = (24.0 * (self.m() as f64).sqrt()).recip();
        self.by_halves(x, w, (Derivative::Third, scale), par, |u, v| u * (u * u + 3.0 * v * v))
    }

    /// `scale·Σ_{r<p} σ^{(k)}(w_{0,r}·x) term(u_r, v_r)` at each row of `x`, for the products u and v of x
    /// with the difference and the sum of twins.
    fn by_halves(
        &self,
        x: MatRef<'_, f64>,
        w: MatRef<'_, f64>,
        (order, scale): (Derivative, f64),
        par: Par,
        term: impl Fn(f64, f64) -> f64 + Sync,
    ) -> Result<Vec<f64>> {
        self.activation().require_twice_differentiable()?;
        self.check_inputs(x)?;
        self.check_displacement(w)?;
        let [difference, sum] = self.halves(w);
        let out = self.sum_over_tiles(x, 1, par, |_, neurons, x, space, mut out| {
            let (start, count, out) = (neurons.start, neurons.len(), slice(out.as_mut().col_mut(0)));
            project(space.u.as_mut().subcols_mut(0, count), x, difference.as_ref().subrows(start, count));
            project(space.v.as_mut().subcols_mut(0, count), x, sum.as_ref().subrows(start, count));
            for r in 0..count {
                let (z, u, v) =
                    (space.z.col_as_slice_mut(r), space.u.col_as_slice_mut(r), space.v.col_as_slice(r));
                self.activation().apply(order, z);
                u.iter_mut().zip(v).for_each(|(u, v)| *u = scale * term(*u, *v));
                kernels::add_product(z, u, out);
            }
        });
        Ok(column(out))
    }
}

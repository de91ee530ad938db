//! f, f_L and f_Q at many inputs, in tiles. A neuron and its twin share σ'(w_{0,r}·x) and σ''(w_{0,r}·x).

use crate::product::matmul;
use faer::{Accum, Mat, MatRef, Par};

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
            let (start, count) = (neurons.start, neurons.len());
            project(space.u.as_mut().subcols_mut(0, count), x, w.subrows(start, count));
            project(space.v.as_mut().subcols_mut(0, count), x, w.subrows(p + start, count));
            for r in 0..count {
                let (z, u, v) =
                    (space.z.col_as_slice(r), space.u.col_as_slice_mut(r), space.v.col_as_slice_mut(r));
                for i in 0..z.len() {
                    u[i] += z[i];
                    v[i] += z[i];
                }
                self.activation().apply(Derivative::Value, u);
                self.activation().apply(Derivative::Value, v);
                for i in 0..z.len() {
                    out[(i, 0)] += scale * (u[i] - v[i]);
                }
            }
        });
        Ok(column(out))
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
                let mut f = self.f_linear(x, w, par)?;
                f.iter_mut().zip(self.f_quadratic(x, w, par)?).for_each(|(f, q)| *f += q);
                Ok(f)
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
        let p = self.p();
        let difference = Mat::from_fn(p, self.d(), |r, i| w[(r, i)] - w[(p + r, i)]);
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
            let count = neurons.len();
            project(space.u.as_mut().subcols_mut(0, count), x, u.subrows(neurons.start, count));
            for r in 0..count {
                let (z, u) = (space.z.col_as_slice_mut(r), space.u.col_as_slice(r));
                self.activation().apply(Derivative::First, z);
                for i in 0..z.len() {
                    out[(i, 0)] += scale * z[i] * u[i];
                }
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
                    for (row, (v, z)) in v.iter_mut().zip(z).enumerate() {
                        *v = z * x[(row, i)];
                    }
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
        self.activation().require_twice_differentiable()?;
        self.check_inputs(x)?;
        self.check_displacement(w)?;
        let (p, d) = (self.p(), self.d());
        let difference = Mat::from_fn(p, d, |r, i| w[(r, i)] - w[(p + r, i)]);
        let sum = Mat::from_fn(p, d, |r, i| w[(r, i)] + w[(p + r, i)]);
        let scale = 0.5 * (self.m() as f64).sqrt().recip();
        let out = self.sum_over_tiles(x, 1, par, |_, neurons, x, space, mut out| {
            let (start, count) = (neurons.start, neurons.len());
            project(space.u.as_mut().subcols_mut(0, count), x, difference.as_ref().subrows(start, count));
            project(space.v.as_mut().subcols_mut(0, count), x, sum.as_ref().subrows(start, count));
            for r in 0..count {
                let (z, u, v) =
                    (space.z.col_as_slice_mut(r), space.u.col_as_slice(r), space.v.col_as_slice(r));
                self.activation().apply(Derivative::Second, z);
                for i in 0..z.len() {
                    out[(i, 0)] += scale * z[i] * u[i] * v[i];
                }
            }
        });
        Ok(column(out))
    }
}

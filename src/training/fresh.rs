//! An estimate of R1 on fresh inputs X': `(1/b)‖f_L(X'; Π_{>r}W)‖²`, with the projector on all but the top r
//! right singular vectors of the feature matrix Φ.

use faer::{Accum, ColMut, ColRef, Mat, MatMut, MatRef, Par};

use super::{problem::Problem, sample::SampleBasis, top::total};
use crate::activation::Derivative;
use crate::network::passes::{Tiled, kernels, slice};
use crate::product::{columns, matmul};
use crate::real::Real;
use crate::{Error, Result};

/// Pairs of twins in a tile.
const PAIRS: usize = 64;

/// A term of the objective on b fresh inputs X'. Let `Φ'` be their features, and `V = ΦᵀU1 S^{-1}` the top
/// right singular vectors of Φ. Then `f_L(X'; Π_{>r}W) = f_L(X'; W) − Φ'ΦᵀU1 S^{-2} U1ᵀ f_L(X; W)`.
#[derive(Debug)]
pub struct Fresh<'a, T: Real> {
    /// X', `[b, d]`, and its transpose.
    x: Mat<T>,
    xt: Mat<T>,
    /// σ'(X'W0ᵀ), `[b, p]`.
    first: Mat<T>,
    /// Φ'ΦᵀU1 S^{-2}, `[b, r]`.
    carried: Mat<f64>,
    /// U1.
    basis: MatRef<'a, f64>,
}

impl<'a, T: Real> Fresh<'a, T> {
    /// The term for the fresh inputs in the rows of `x` (`[b, d]`). `sample` holds the singular vectors of
    /// the features at the inputs of `problem`.
    ///
    /// The cost is `2b(n + d)p` flops in products and bp evaluations of σ'.
    ///
    /// # Errors
    /// No inputs, a shape that does not fit, or an entry that is not finite.
    pub fn new(problem: &Problem<T>, sample: &'a SampleBasis, x: MatRef<'_, f64>, par: Par) -> Result<Self> {
        let (net, n, basis) = (&problem.net, problem.n(), sample.basis.as_ref());
        net.check_inputs(x)?;
        let (b, d, p) = (x.nrows(), net.d(), net.p());
        if b == 0 || basis.nrows() != n {
            let expected = format!("at least one fresh input, and n = {n} rows of the singular vectors");
            return Err(Error::shape("the fresh inputs", [b, basis.nrows()], expected));
        }
        let mut first = columns::<T>(b, p);
        Tiled([(first.as_mut(), PAIRS)]).for_each(par, 0..p.div_ceil(PAIRS), &|tile, [mut first]| {
            let mut z = Mat::zeros(b, first.ncols());
            let neurons = net.weights().subrows(tile * PAIRS, first.ncols());
            matmul(z.as_mut(), Accum::Replace, x, neurons.transpose(), 1.0, Par::Seq);
            for r in 0..first.ncols() {
                let z = z.col_as_slice_mut(r);
                net.activation().apply(Derivative::First, z);
                slice(first.as_mut().col_mut(r)).iter_mut().zip(z).for_each(|(s, z)| *s = T::nearest(*z));
            }
        });
        let single = Mat::from_fn(b, d, |j, c| T::nearest(x[(j, c)]));
        let (mut slopes, mut inner, one) = (Mat::<T>::zeros(b, n), Mat::<T>::zeros(b, n), T::nearest(1.0));
        matmul(slopes.as_mut(), Accum::Replace, first.as_ref(), problem.passes.first.transpose(), one, par);
        matmul(
            inner.as_mut(),
            Accum::Replace,
            single.as_ref(),
            problem.passes.inputs.transposed(),
            one,
            par,
        );
        let mut kernel = Mat::<f64>::zeros(b, n);
        for i in 0..n {
            let terms = slopes.col_as_slice(i).iter().zip(inner.col_as_slice(i));
            let product = |(s, x): (&T, &T)| Into::<f64>::into(*s) * Into::<f64>::into(*x) / p as f64;
            kernel.col_as_slice_mut(i).iter_mut().zip(terms.map(product)).for_each(|(k, by)| *k = by);
        }
        let mut carried = Mat::<f64>::zeros(b, basis.ncols());
        matmul(carried.as_mut(), Accum::Replace, kernel.as_ref(), basis, 1.0, par);
        for (k, eigenvalue) in sample.eigenvalues[..basis.ncols()].iter().enumerate() {
            carried.col_as_slice_mut(k).iter_mut().for_each(|y| *y /= n as f64 * eigenvalue);
        }
        Ok(Self { xt: single.transpose().to_owned(), x: single, first, carried, basis })
    }

    /// `f_L(X'; Π_{>r}W)`, b values, from Wᵀ (`w`, `[d, m]`) and the n values f_L(X; W).
    ///
    /// # Accuracy
    /// The error is that of [`Problem::value_and_gradient`]. The bits do not depend on the thread count.
    pub fn beyond(&self, w: MatRef<'_, T>, f_linear: &[f64], par: Par) -> Vec<f64> {
        let (b, p) = (self.first.nrows(), self.first.ncols());
        let tiles = p.div_ceil(PAIRS);
        let mut sums = Mat::<T>::zeros(b, tiles);
        Tiled([(sums.as_mut(), 1)]).for_each(par, 0..tiles, &|tile, [out]| {
            let (start, count) = (tile * PAIRS, PAIRS.min(p - tile * PAIRS));
            let (upper, lower) = (w.subcols(start, count), w.subcols(p + start, count));
            let difference = upper - lower;
            let mut z = Mat::<T>::zeros(b, count);
            matmul(
                z.as_mut(),
                Accum::Replace,
                self.x.as_ref(),
                difference.as_ref(),
                T::nearest(1.0),
                Par::Seq,
            );
            let out = slice(out.col_mut(0));
            for r in 0..count {
                let (z, s) = (z.col_as_slice(r), self.first.col_as_slice(start + r));
                out.iter_mut().zip(z).zip(s).for_each(|((out, z), s)| *out += *s * *z);
            }
        });
        let scale = ((2 * p) as f64).sqrt().recip();
        let mut out = total(sums.as_ref());
        out.iter_mut().for_each(|out| *out *= scale);
        let mut inner = vec![0.0; self.basis.ncols()];
        product(&mut inner, Accum::Replace, self.basis.transpose(), f_linear, 1.0, par);
        product(&mut out, Accum::Add, self.carried.as_ref(), &inner, -1.0, par);
        out
    }

    /// The gradient of `Σ_j c_j f_L(x'_j; Π_{>r}W)` has two parts. This method adds the n coefficients of
    /// `∂f_L(x_i; W)` in the part that depends on f_L(X; W) to `out`.
    pub fn carry(&self, c: &[f64], out: &mut [f64], par: Par) {
        let mut inner = vec![0.0; self.basis.ncols()];
        product(&mut inner, Accum::Replace, self.carried.transpose(), c, 1.0, par);
        product(out, Accum::Add, self.basis, &inner, -1.0, par);
    }

    /// Adds the other part of this gradient, `Σ_j c_j ∂f_L(x'_j; W)`, to the transpose of a gradient
    /// (`[d, m]`).
    pub fn add_gradient(&self, c: &[f64], gradient: MatMut<'_, T>, par: Par) {
        let (b, p) = (self.first.nrows(), self.first.ncols());
        let scale = ((2 * p) as f64).sqrt().recip();
        let c: Vec<T> = c.iter().map(|c| T::nearest(scale * c)).collect();
        let (upper, lower) = gradient.split_at_col_mut(p);
        Tiled([(upper, PAIRS), (lower, PAIRS)]).for_each(par, 0..p.div_ceil(PAIRS), &|tile,
                                                                                      [
            mut upper,
            mut lower,
        ]| {
            let count = upper.ncols();
            let mut weighted = Mat::<T>::zeros(b, count);
            for r in 0..count {
                let first = self.first.col_as_slice(tile * PAIRS + r);
                kernels::product_of(&c, first, weighted.col_as_slice_mut(r));
            }
            let mut add = Mat::<T>::zeros(upper.nrows(), count);
            matmul(
                add.as_mut(),
                Accum::Replace,
                self.xt.as_ref(),
                weighted.as_ref(),
                T::nearest(1.0),
                Par::Seq,
            );
            upper += &add;
            lower -= &add;
        });
    }
}

/// `out ← α·a·v` or `out ← out + α·a·v`, as `accum` says.
fn product(out: &mut [f64], accum: Accum, a: MatRef<'_, f64>, v: &[f64], alpha: f64, par: Par) {
    let out = ColMut::from_slice_mut(out).as_mat_mut();
    matmul(out, accum, a, ColRef::from_slice(v).as_mat(), alpha, par);
}

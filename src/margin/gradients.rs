//! The gradients of the labelled outputs of a ReLU network of finite width, in products by blocks of
//! neurons.

use super::{Margin, check_examples, check_memory, check_weights, interior_point, length};
use crate::ball::Ball;
use crate::product::{each, matmul, symmetric, times};
use crate::{Error, Result, rounding};
use faer::{Accum, Mat, MatRef, Par};

/// Neurons whose terms are added before they meet those of others.
const BLOCK: usize = 128;
/// Blocks of neurons that are held at a time.
const GROUP: usize = 8;

/// A two-layer network `f(x; W) = m^{-1/2} Σ_j a_j σ(v_j·x)` of ReLU neurons on n labelled examples, and the
/// gradients `φ_i = ∇_W y_i f(x_i; W)` of both layers.
///
/// W is `[m, 1 + d]`, one neuron `(a_j, v_j)` per row, the output weight first, and so is each φ_i, with the
/// rows `y_i m^{-1/2} (σ(v_j·x_i), a_j σ'(v_j·x_i) x_i)`. Whether a neuron is active on an input is decided
/// by the exact sign of `v_j·x_i`, and σ'(0) is the same number θ in all entries, 0 unless
/// [`Gradients::with_tie`] says otherwise. Inputs may have any length.
///
/// No matrix of order n × m is formed: neurons are taken in blocks of 128, of which eight are held at a
/// time.
#[derive(Debug, Clone)]
pub struct Gradients<'a> {
    pub(super) w: MatRef<'a, f64>,
    pub(super) x: MatRef<'a, f64>,
    pub(super) y: &'a [f64],
    tie: f64,
    pub(super) par: Par,
    /// Upper bounds on the lengths of the inputs.
    pub(super) norms: Vec<f64>,
    /// √m.
    pub(super) root: f64,
    /// Bounds on ‖W‖/√m, on ‖a‖/√m and on the Frobenius norm of the v_j over √m.
    scale: [f64; 3],
}

impl<'a> Gradients<'a> {
    /// The gradients at the weights `w` (`[m, 1 + d]`) on the inputs `x` (`[n, d]`) with labels `y` (`[n]`).
    ///
    /// # Errors
    /// Shapes that do not fit, no inputs, no neurons, labels other than ±1, numbers that are not finite.
    pub fn new(w: MatRef<'a, f64>, x: MatRef<'a, f64>, y: &'a [f64], par: Par) -> Result<Self> {
        check_examples(x, y)?;
        check_weights("the weights", w, x.ncols())?;
        let root = (w.nrows() as f64).sqrt();
        let norm = |a: MatRef<'_, f64>| (length(a) / root).upper().next_up();
        let scale = [norm(w), norm(w.subcols(0, 1)), norm(w.subcols(1, x.ncols()))];
        let norms = (0..x.nrows()).map(|i| length(x.row(i).as_mat()).upper()).collect();
        Ok(Self { w, x, y, tie: 0.0, par, norms, root, scale })
    }

    /// The same gradients with σ'(0) = `tie`.
    ///
    /// # Errors
    /// A number outside [0, 1].
    pub fn with_tie(self, tie: f64) -> Result<Self> {
        if !(0.0..=1.0).contains(&tie) {
            return Err(Error::domain("the derivative at the kink", tie, "it must lie in [0, 1]"));
        }
        Ok(Self { tie, ..self })
    }

    /// The margins `p_i = y_i f(x_i; W)`, which are `⟨W, φ_i⟩/2`.
    pub fn margins(&self) -> Vec<Ball> {
        self.project(self.w).into_iter().map(|p| 0.5 * p).collect()
    }

    /// The gradient φ_i, `[m, 1 + d]`.
    ///
    /// # Errors
    /// An example that does not exist.
    pub fn gradient(&self, i: usize) -> Result<Mat<f64>> {
        let mut q = vec![0.0; self.y.len()];
        let missing = || Error::domain("the example", i, format!("there are {}", self.y.len()));
        *q.get_mut(i).ok_or_else(missing)? = 1.0;
        Ok(self.combine(&q).0)
    }

    /// The Gram matrix `K̃ = ⟨φ_i, φ_k⟩`, `[n, n]`, in about `2n²m` flops. Its bits do not depend on the
    /// number of threads.
    ///
    /// # Errors
    /// [`Error::Memory`] where four matrices of order n exceed [`super::MEMORY`].
    pub fn gram(&self) -> Result<Mat<f64>> {
        let n = self.y.len();
        check_memory(format!("the Gram matrix of n = {n} gradients"), 32.0 * (n as f64).powi(2))?;
        let (mut outer, mut inner) = (Mat::<f64>::zeros(n, n), Mat::<f64>::zeros(n, n));
        for first in (0..self.w.nrows()).step_by(BLOCK * GROUP) {
            let count = (self.w.nrows() - first).div_ceil(BLOCK).min(GROUP);
            let group = each(self.par, count, |index| self.block(first + index * BLOCK));
            for (sum, part) in [(&mut outer, 0), (&mut inner, 1)] {
                let parts: Vec<_> = group.iter().map(|block| block[part].as_ref()).collect();
                *sum += symmetric(&parts, n, self.par);
            }
        }
        let cosines = symmetric(&[self.x], n, self.par);
        let entry = |i, k| (outer[(i, k)] + cosines[(i, k)] * inner[(i, k)]) / self.w.nrows() as f64;
        Ok(Mat::from_fn(n, n, entry))
    }

    /// `γ_m(W) = max_{‖U‖ ≤ 1} min_i ⟨U, φ_i⟩ = min_q ‖Σ_i q_i φ_i‖`, the margin of the kernel machine
    /// without bias. The primal vector is U (`[m, 1 + d]`, of length 1).
    ///
    /// # Errors
    /// [`Error::Memory`] as [`Gradients::gram`].
    ///
    /// # Accuracy
    /// As [`Gradients::margin_at`], at weights q from an interior-point method on the Gram matrix.
    pub fn margin(&self) -> Result<Margin> {
        self.margin_at(&interior_point::quadratic(self.gram()?.as_ref(), self.par))
    }

    /// The interval `[min_i ⟨U, φ_i⟩/‖U‖, ‖U‖]`, U = `Σ_i q_i φ_i`, which contains γ_m(W) for any weights q
    /// (`[n]`, not negative; their sum does not count). It is made from the gradients, and not from their
    /// Gram matrix, in two passes of `4nm(1+d)` flops.
    ///
    /// # Errors
    /// Weights of another number, negative, or all 0.
    ///
    /// # Accuracy
    /// The ends include all rounding, of about `(d + m/128 + 270)·ε/2` times `‖W‖/√m`, times the longest
    /// input.
    pub fn margin_at(&self, q: &[f64]) -> Result<Margin> {
        let dual = super::weights(q, self.y.len())?;
        let (direction, error) = self.combine(&dual);
        let norm = length(direction.as_ref());
        let products = self.project(direction.as_ref());
        // With the exact U* = Σ q_i φ_i, ‖U*‖² = 2⟨U, U*⟩ − ‖U‖² + ‖U − U*‖².
        let inner: Ball = products.iter().zip(&dual).map(|(p, q)| *p * *q).sum();
        let square = 2.0 * inner - norm * norm + Ball::new(0.0, (error * error).next_up());
        Ok(Margin::new(&products, norm, Ball::exact(square.sqrt().upper()), &direction, dual))
    }

    /// The matrix U nearest to `Σ_i q_i φ_i`, `[m, 1 + d]`, and a bound on its distance for weights that are
    /// not negative.
    ///
    /// An entry errs by d + 2 roundings of `v_j·x_i`, one of its product with q_i, n of the sum and two of
    /// the quotient by √m, relative to `q_i ‖x_i‖ ‖v_j‖` or to `q_i |a_j| |x_i|`.
    pub(super) fn combine(&self, q: &[f64]) -> (Mat<f64>, f64) {
        let (n, d) = (self.y.len(), self.x.ncols());
        let weighted = Mat::from_fn(n, d, |i, c| q[i] * self.x[(i, c)]);
        let parts = each(self.par, self.w.nrows().div_ceil(BLOCK), |index| {
            let [values, slopes] = self.block(index * BLOCK);
            let mut part = Mat::<f64>::zeros(values.ncols(), d + 1);
            let rows = part.as_mut().subcols_mut(1, d);
            matmul(rows, Accum::Replace, slopes.transpose(), weighted.as_ref(), 1.0, Par::Seq);
            part.col_as_slice_mut(0).copy_from_slice(&times(values.transpose(), q));
            part
        });
        let sum = Mat::from_fn(self.w.nrows(), d + 1, |j, c| parts[j / BLOCK][(j % BLOCK, c)] / self.root);
        let weight: Ball = q.iter().zip(&self.norms).map(|(q, norm)| Ball::exact(*q) * *norm).sum();
        (sum, (weight * self.scale[0] * rounding::sum(n, d + 6)).upper())
    }

    /// `⟨U, φ_i⟩` for each example, for any U (`[m, 1 + d]`).
    ///
    /// A term errs by d + 2 roundings of `v_j·x_i` or of `u_j·x_i`, and by two products; a block adds its
    /// terms, and the blocks are added in order. By Cauchy–Schwarz the moduli of all terms add up to at most
    /// `‖x_i‖ (‖α‖ ‖V‖ + ‖a‖ ‖u‖)/√m`, U = (α, u) and W = (a, V).
    pub(super) fn project(&self, direction: MatRef<'_, f64>) -> Vec<Ball> {
        let (n, d, count) = (self.y.len(), self.x.ncols(), self.w.nrows().div_ceil(BLOCK));
        let parts = each(self.par, count, |index| {
            let [values, slopes] = self.block(index * BLOCK);
            let own = direction.subrows(index * BLOCK, values.ncols());
            let mut along = Mat::<f64>::zeros(n, own.nrows());
            matmul(along.as_mut(), Accum::Replace, self.x, own.subcols(1, d).transpose(), 1.0, Par::Seq);
            let mut sum = vec![0.0; n];
            for j in 0..own.nrows() {
                let (value, slope) = (values.col_as_slice(j), slopes.col_as_slice(j));
                for (i, along) in along.col_as_slice(j).iter().enumerate() {
                    sum[i] += own[(j, 0)] * value[i] + slope[i] * along;
                }
            }
            sum
        });
        let lengths = [length(direction.subcols(0, 1)), length(direction.subcols(1, d))];
        let bound = lengths[0] * self.scale[2] + lengths[1] * self.scale[1];
        let relative = (bound * rounding::sum(2 * BLOCK.min(self.w.nrows()) + count, d + 8)).upper();
        let error = |i: usize| (relative * self.norms[i]).next_up();
        let sum = |i: usize| parts.iter().map(|part| part[i]).sum::<f64>() / self.root;
        (0..n).map(|i| Ball::new(sum(i), error(i))).collect()
    }

    /// Of at most 128 neurons, from `first` on: `y_i σ(v_j·x_i)` and `y_i a_j σ'(v_j·x_i)`, `[n, ·]`.
    fn block(&self, first: usize) -> [Mat<f64>; 2] {
        let (n, d) = (self.y.len(), self.x.ncols());
        let own = self.w.subrows(first, BLOCK.min(self.w.nrows() - first));
        let [mut values, mut slopes] = [(); 2].map(|()| Mat::<f64>::zeros(n, own.nrows()));
        let v = own.subcols(1, d);
        matmul(values.as_mut(), Accum::Replace, self.x, v.transpose(), 1.0, Par::Seq);
        for j in 0..own.nrows() {
            let doubt = length(v.row(j).as_mat()).upper() * rounding::sum(d, 4);
            let (value, slope) = (values.col_as_slice_mut(j), slopes.col_as_slice_mut(j));
            for i in 0..n {
                let z = value[i];
                let certain = z.abs() > doubt * self.norms[i];
                let sign = if certain { z } else { rounding::sign(v.row(j).iter(), self.x.row(i).iter()) };
                let active = if sign == 0.0 { self.tie } else { f64::from(sign > 0.0) };
                value[i] = self.y[i] * z.max(0.0);
                slope[i] = self.y[i] * own[(j, 0)] * active;
            }
        }
        [values, slopes]
    }
}

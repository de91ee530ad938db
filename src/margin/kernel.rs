//! Margins of kernel machines, at infinite width or for any Gram matrix.

use super::products::{each, mirror};
use super::{Margin, between, check_examples, check_memory, interior_point, proposed, total};
use crate::ball::Ball;
use crate::kernel::arc_cosine::{features_matrix, first_layer_tangent_matrix};
use crate::{Error, Result, rounding};
use faer::{Mat, MatRef, Par};
use std::f64::consts::TAU;

/// Terms of an inner product that are added before they meet the others.
const STRIP: usize = 64;

/// The layers whose gradients make the kernel of an infinitely wide network with standard normal weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layers {
    /// Both: `K = κ_a + κ_v`.
    Both,
    /// The output weights: `κ_a = E σ(v·x) σ(v·x')`.
    Outer,
    /// The first layer: `κ_v = x·x' E σ'(v·x) σ'(v·x')`, E a² = 1.
    Inner,
}

impl Layers {
    /// The kernel of two unit inputs with inner product t, `κ_a = (√(1−t²) + t(π − arccos t))/2π` and
    /// `κ_v = t(π − arccos t)/2π`.
    ///
    /// ```
    /// use escapement::margin::Layers;
    /// assert!((Layers::Both.kernel(1.0)?.value - 1.0).abs() < 1e-15);
    /// # Ok::<(), escapement::Error>(())
    /// ```
    ///
    /// # Errors
    /// A number t outside [−1, 1].
    pub fn kernel(self, t: f64) -> Result<Ball> {
        if !(-1.0..=1.0).contains(&t) {
            return Err(Error::domain("the inner product", t, "that of unit inputs lies in [-1, 1]"));
        }
        // The library's arc cosine errs by less than one ulp; π − arccos t is arccos(−t).
        let inner = t * Ball::relative(libm::acos(-t), f64::EPSILON);
        let outer = ((1.0 - Ball::exact(t)) * (1.0 + Ball::exact(t))).sqrt() + inner;
        let sum = match self {
            Self::Both => outer + inner,
            Self::Outer => outer,
            Self::Inner => inner,
        };
        Ok(sum / tau())
    }

    /// The Gram matrix of the labelled inputs, `y_i y_k K(x_i, x_k)` with K homogeneous of degree 1 in either
    /// input, `[n, n]`.
    fn gram(self, x: MatRef<'_, f64>, y: &[f64], par: Par) -> Result<Mat<f64>> {
        let mut gram = match self {
            Self::Outer => features_matrix(x, x, par)?,
            Self::Inner => first_layer_tangent_matrix(x, x, par)?,
            Self::Both => features_matrix(x, x, par)? + first_layer_tangent_matrix(x, x, par)?,
        };
        for k in 0..y.len() {
            for i in k..y.len() {
                gram[(i, k)] *= y[i] * y[k];
            }
        }
        mirror(&mut gram);
        Ok(gram)
    }
}

/// 2π with the rounding of its f64.
pub(super) fn tau() -> Ball {
    Ball::new(TAU, 2.5e-16)
}

/// The margin γ_2 of inputs `x` (`[n, d]`) with labels `y` (`[n]`) under the kernel of an infinitely wide
/// network. The primal vector is that of [`gram_margin`].
///
/// # Errors
/// Shapes that do not fit, no inputs, labels other than ±1, numbers that are not finite, and
/// [`Error::Memory`] where three matrices of order n exceed [`super::MEMORY`].
///
/// # Accuracy
/// As [`gram_margin`]: an entry of the kernel errs by at most 3d + 30 roundings. The cosine of two inputs
/// errs by 2d + 6, and the kernel of either layer by half of that and about 5, because its derivative is at
/// most ½ where the cosine is used; beyond a cosine of 0.95 the angle is that of the points and errs less.
pub fn kernel_margin(layers: Layers, x: MatRef<'_, f64>, y: &[f64], par: Par) -> Result<Margin> {
    check_examples(x, y)?;
    let n = x.nrows();
    check_memory(format!("the kernel of n = {n} inputs"), 24.0 * (n as f64).powi(2))?;
    gram_margin(layers.gram(x, y, par)?.as_ref(), rounding::sum(3 * x.ncols(), 30), par)
}

/// `γ = max_{‖f‖ ≤ 1} min_i ⟨f, φ_i⟩ = min_q (q'Kq)^{1/2}` for a Gram matrix `K = ⟨φ_i, φ_k⟩` (`[n, n]`,
/// labels included, of which the lower triangle is read), singular or not. The entries given may miss those
/// of a Gram matrix by `relative·√(K_ii K_kk)`. The primal vector has the coefficients c of the unit
/// function `f = Σ_i c_i φ_i`, `[n, 1]`.
///
/// # Errors
/// A matrix that is not square, empty, not finite, or has a negative diagonal, and [`Error::Memory`] where
/// three matrices of order n exceed [`super::MEMORY`].
///
/// # Accuracy
/// The ends include the errors of the entries and all rounding.
pub fn gram_margin(gram: MatRef<'_, f64>, relative: f64, par: Par) -> Result<Margin> {
    let symmetric = checked(gram)?;
    let q = interior_point::quadratic(&symmetric);
    certificate(&symmetric, relative, &proposed(&q), par)
}

/// The interval `[min_i (Kq)_i/‖q‖_K, ‖q‖_K]`, which contains the margin of [`gram_margin`] for any weights
/// q (`[n]`, not negative; their sum does not count).
///
/// # Errors
/// As [`gram_margin`], and weights of another number, negative, or all 0.
pub fn gram_margin_at(gram: MatRef<'_, f64>, relative: f64, q: &[f64], par: Par) -> Result<Margin> {
    certificate(&checked(gram)?, relative, q, par)
}

/// The lower triangle of a Gram matrix, on both sides.
fn checked(gram: MatRef<'_, f64>) -> Result<Mat<f64>> {
    let n = gram.nrows();
    if n == 0 || gram.ncols() != n {
        return Err(Error::shape("the Gram matrix", [n, gram.ncols()], "n, n, not 0"));
    }
    check_memory(format!("a Gram matrix of order n = {n}"), 24.0 * (n as f64).powi(2))?;
    crate::error::finite("the Gram matrix", gram)?;
    if let Some(i) = (0..n).find(|&i| gram[(i, i)] < 0.0) {
        let name = format!("entry {i} of the diagonal of the Gram matrix");
        return Err(Error::domain(name, gram[(i, i)], "the square of a length is not negative"));
    }
    let mut symmetric = gram.to_owned();
    mirror(&mut symmetric);
    Ok(symmetric)
}

/// The interval of some weights. A sum over n terms is taken by strips of 64.
fn certificate(gram: &Mat<f64>, relative: f64, q: &[f64], par: Par) -> Result<Margin> {
    let n = gram.nrows();
    let dual = super::weights(q, n)?;
    let lengths: Vec<f64> = (0..n).map(|i| gram[(i, i)].sqrt().next_up()).collect();
    let sum = |i: usize| {
        let strips = gram.col_as_slice(i).chunks(STRIP).zip(dual.chunks(STRIP));
        strips.map(|(k, q)| k.iter().zip(q).map(|(k, q)| k * q).sum::<f64>()).sum::<f64>()
    };
    let sums = each(par, n, sum);
    // The moduli of the entries are at most the products of the lengths, up to their errors.
    let reach = total(dual.iter().zip(&lengths).map(|(q, length)| q * length)).upper();
    let share = (rounding::sum(STRIP.min(n) + n.div_ceil(STRIP), 3) * (1.0 + relative) + relative).next_up();
    let product = |i: usize| Ball::new(sums[i], (share * lengths[i]).next_up() * reach);
    let norm = (0..n).map(|i| dual[i] * product(i)).sum::<Ball>().sqrt();
    let least = (0..n).map(|i| product(i).lower()).fold(f64::INFINITY, f64::min);
    let upper = (Ball::exact(norm.upper()) / total(dual.iter().copied())).upper();
    let (lower, scale) = match norm.upper() > 0.0 && least > 0.0 {
        true => ((Ball::exact(least) / Ball::exact(norm.upper())).lower(), 1.0 / norm.upper()),
        false => (0.0, 0.0),
    };
    let primal = Mat::from_fn(n, 1, |i, _| scale * dual[i]);
    Ok(Margin { margin: between(lower, upper), primal, dual })
}

//! The largest correlation of f_Q with signs on a ball of the (2,4)-norm, in closed form.

use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Mat, MatRef, Par};

use crate::activation::Derivative;
use crate::construct::norm_2_4_pow4;
use crate::network::{PairedNetwork, check_labels};
use crate::product::clear_registers;
use crate::{Error, Result, eigen, rounding};

/// A network at n inputs, of which linear functionals of f_Q are maximised over balls.
///
/// For factors ε_i the functional is `n^{-1} Σ_i ε_i f_Q(x_i; W) = ½ m^{-1/2} Σ_r a_r w_rᵀ M_r w_r` with
/// `M_r = n^{-1} Σ_i ε_i σ''(w_{0,r}·x_i) x_i x_iᵀ`. By the inequality of Cauchy and Schwarz it is on
/// `‖W‖_{2,4} ≤ B` at most `½ B² (m^{-1} Σ_r λ_max(a_r M_r)_+²)^{1/2}`, and it reaches this where w_r is
/// along the top eigenvector and `‖w_r‖² ∝ λ_max(a_r M_r)_+`. With random signs ε the mean of the supremum
/// is the Rademacher complexity of the ball.
///
/// ```
/// use escapement::randomised::QuadraticForms;
/// use escapement::{activation, network::PairedNetwork, seed, sphere};
/// let rng = &mut seed::stream(1, "example", "weights");
/// let net = PairedNetwork::random(rng, 4, 3, activation::parse("tanh:0.5")?)?;
/// let forms = QuadraticForms::new(net, sphere::uniform_sphere(rng, 5, 3, 3.0_f64.sqrt()))?;
/// let epsilon = [1.0, -1.0, 1.0, 1.0, -1.0];
/// let reached = forms.value(&epsilon, forms.maximiser(&epsilon, 1)?.as_ref())?;
/// assert!((reached / forms.suprema(&epsilon)?.supremum - 1.0).abs() < 1e-13);
/// assert!(forms.value(&epsilon, forms.maximiser(&epsilon, 0)?.as_ref())? < reached);
/// # Ok::<(), escapement::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct QuadraticForms {
    net: PairedNetwork,
    x: Mat<f64>,
    /// σ''(w_{0,r}·x_i), `[n, p]`.
    second: Mat<f64>,
}

/// What the matrices M_r of all neurons say for one list of factors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Suprema {
    /// The supremum on `‖W‖_{2,4} ≤ 1`, `½ (m^{-1} Σ_r λ_max(a_r M_r)_+²)^{1/2}`. It goes with B².
    pub supremum: f64,
    /// The same with ‖M_r‖ in place of λ_max(a_r M_r)_+, which is never less.
    pub modulus: f64,
    /// The same with the Frobenius norms of M_r, which never are less either.
    pub frobenius: f64,
    /// `max_r ‖M_r‖`.
    pub norm: f64,
}

impl QuadraticForms {
    /// The inputs `x` (`[n, d]`) under this network.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for an activation without a second derivative; no inputs, inputs of another
    /// dimension, or an entry that is not finite.
    pub fn new(net: PairedNetwork, x: Mat<f64>) -> Result<Self> {
        net.activation().require_twice_differentiable()?;
        net.check_inputs(x.as_ref())?;
        if x.nrows() == 0 {
            return Err(Error::shape("the inputs", [0, x.ncols()], format!("n ≥ 1, {}", net.d())));
        }
        let mut second = &x * net.weights().transpose();
        clear_registers();
        for r in 0..net.p() {
            net.activation().apply(Derivative::Second, second.col_as_slice_mut(r));
        }
        Ok(Self { net, x, second })
    }

    /// `n^{-1} Σ_i weight_i σ''(w_{0,r}·x_i) x_i x_iᵀ`, its lower triangle.
    fn sum(&self, r: usize, weight: impl Fn(usize) -> f64) -> Mat<f64> {
        let (n, d) = (self.x.nrows(), self.x.ncols());
        let factors: Vec<f64> = (0..n).map(|i| weight(i) * self.second[(i, r)] / n as f64).collect();
        let scaled = Mat::from_fn(n, d, |i, c| factors[i] * self.x[(i, c)]);
        let (lower, whole) = (BlockStructure::TriangularLower, BlockStructure::Rectangular);
        let mut out = Mat::zeros(d, d);
        let (a, b) = (scaled.transpose(), self.x.as_ref());
        triangular::matmul(out.as_mut(), lower, Accum::Replace, a, whole, b, whole, 1.0, Par::Seq);
        clear_registers();
        out
    }

    /// M_r for these factors, of which the lower triangle is filled.
    fn matrix(&self, r: usize, epsilon: &[f64]) -> Result<Mat<f64>> {
        check_labels(epsilon, self.x.nrows())?;
        if r >= self.net.p() {
            let allowed = format!("there are p = {} distinct neurons, from 0 on", self.net.p());
            return Err(Error::domain("the neuron r", r, allowed));
        }
        Ok(self.sum(r, |i| epsilon[i]))
    }

    /// The largest and the least eigenvalue of M_r for n factors, r < p. The twin of neuron r has the same
    /// matrix and the other sign.
    ///
    /// # Errors
    /// A number of factors that is not n, a factor that is not finite, [`Error::Domain`] for r ≥ p, and a
    /// decomposition that does not converge.
    ///
    /// # Accuracy
    /// [`QuadraticForms::rounding`] for factors of modulus at most 1. The cost is `nd²` flops in a product,
    /// and `4d³/3` in the decomposition.
    pub fn extremes(&self, r: usize, epsilon: &[f64]) -> Result<[f64; 2]> {
        let values = eigen::full_eigenvalues(self.matrix(r, epsilon)?.as_ref(), Par::Seq)?;
        Ok([values[0], values[values.len() - 1]])
    }

    /// The supremum for n factors, and what it is compared with.
    ///
    /// # Errors
    /// As [`QuadraticForms::extremes`].
    ///
    /// # Accuracy
    /// As [`QuadraticForms::extremes`], half of that for suprema.
    pub fn suprema(&self, epsilon: &[f64]) -> Result<Suprema> {
        let (mut squares, mut moduli, mut frobenius, mut norm) = (0.0, 0.0, 0.0, 0.0_f64);
        for r in 0..self.net.p() {
            let values = eigen::full_eigenvalues(self.matrix(r, epsilon)?.as_ref(), Par::Seq)?;
            let (most, least) = (values[0].max(0.0), (-values[values.len() - 1]).max(0.0));
            squares += most * most + least * least;
            frobenius += 2.0 * values.iter().map(|value| value * value).sum::<f64>();
            moduli += 2.0 * most.max(least).powi(2);
            norm = norm.max(most.max(least));
        }
        let of = |sum: f64| 0.5 * (sum / self.net.m() as f64).sqrt();
        Ok(Suprema { supremum: of(squares), modulus: of(moduli), frobenius: of(frobenius), norm })
    }

    /// The displacement with `‖W‖_{2,4} = 1` and w_r along the top eigenvector of a_r M_r, `‖w_r‖² ∝
    /// λ_max(a_r M_r)_+^power`: the maximiser for the power 1.
    ///
    /// # Errors
    /// As [`QuadraticForms::extremes`], and [`Error::Numerical`] where no a_r M_r has a positive eigenvalue.
    pub fn maximiser(&self, epsilon: &[f64], power: i32) -> Result<Mat<f64>> {
        let (p, d) = (self.net.p(), self.net.d());
        let mut w = Mat::zeros(2 * p, d);
        for r in 0..p {
            let (values, vectors) = eigen::full_eigen(self.matrix(r, epsilon)?.as_ref(), Par::Seq)?;
            for (row, value, column) in [(r, values[0], 0), (p + r, -values[d - 1], d - 1)] {
                let length = value.max(0.0).powi(power).sqrt();
                (0..d).for_each(|c| w[(row, c)] = length * vectors[(c, column)]);
            }
        }
        let size = norm_2_4_pow4(w.as_ref());
        if size > 0.0 {
            return Ok(w * faer::Scale(size.powf(-0.25)));
        }
        let why = "all its matrices vanish, and every displacement is a maximiser".to_string();
        Err(Error::Numerical { what: "the maximiser of the functional of f_Q", why })
    }

    /// `n^{-1} Σ_i ε_i f_Q(x_i; W)` at a displacement `w` (`[m, d]`).
    ///
    /// # Errors
    /// A number of factors that is not n, a shape that does not fit, or an entry that is not finite.
    pub fn value(&self, epsilon: &[f64], w: MatRef<'_, f64>) -> Result<f64> {
        check_labels(epsilon, self.x.nrows())?;
        let f = self.net.f_quadratic(self.x.as_ref(), w, Par::Seq)?;
        Ok(f.iter().zip(epsilon).map(|(f, e)| f * e).sum::<f64>() / f.len() as f64)
    }

    /// The largest eigenvalue `v_r` of `n^{-1} Σ_i σ''(w_{0,r}·x_i)² ‖x_i‖² x_i x_iᵀ`, n times the variance
    /// of M_r under random signs, for each r < p, and beside it the mean eigenvalue.
    ///
    /// # Errors
    /// A decomposition that does not converge.
    pub fn variances(&self) -> Result<Vec<[f64; 2]>> {
        let d = self.x.ncols();
        let one = |r: usize| -> Result<[f64; 2]> {
            let a = self.sum(r, |i| self.second[(i, r)] * self.x.row(i).squared_norm_l2());
            let trace: f64 = (0..d).map(|c| a[(c, c)]).sum();
            Ok([eigen::full_eigenvalues(a.as_ref(), Par::Seq)?[0], trace / d as f64])
        };
        (0..self.net.p()).map(one).collect()
    }

    /// A bound on the errors of M_r, of its eigenvalues and of sums over them, for factors of modulus at
    /// most 1: roundings relative to `sup|σ''| max_i ‖x_i‖²`, where the supremum is that on the sample if
    /// σ'' is not bounded. The part of the decomposition is statistical, as [`rounding::eigen`] says.
    pub fn rounding(&self) -> f64 {
        let (n, d) = (self.x.nrows(), self.x.ncols());
        let bound = self.net.activation().suprema()[2].value;
        let bound = if bound.is_finite() { bound } else { self.second.norm_max() };
        let length = self.x.row_iter().map(|x| x.squared_norm_l2()).fold(0.0, f64::max);
        (rounding::sum(n + self.net.m(), 2 * d + 16) + rounding::eigen(d, 1.0)) * bound * length
    }
}

//! One large gradient step on the first layer, and then ridge regression on the output layer.
//!
//! This is Algorithm 1 of DLS22 for the network `f(x) = aᵀσ(Wx + b)`, whose loss is the mean square without
//! ½. The labels are centred by `α = n⁻¹Σ y_i` and `β = n⁻¹Σ y_i x_i` ([`FirstStep`]). As the paired network
//! begins with f = 0 and the decay of the step, 1/η, removes the old weights, row j of the new ones is
//! `2η a_j g_n(w_j)`, `g_n(w) = n⁻¹ Σ ŷ_i x_i σ'(w·x_i + b)`. The head is the limit of gradient descent with
//! weight decay λ on the same sample ([`Heads`]): `(ΦᵀΦ/n + (λ/2) I) a = Φᵀŷ/n`, `Φ = σ(XW¹ᵀ + 1bᵀ)`.
//!
//! *As printed*, the step is made with b = 0, and all biases are redrawn after it. *As run* in the authors'
//! script, the biases are drawn before the step, in pairs, used in it and kept, and the decay of the head
//! is λ where the algorithm has λ/2.
//!
//! Sums over samples are taken in blocks of rows, so that no n × m matrix is formed, and in a fixed order,
//! so that the bits do not depend on the number of threads.
//!
//! ```
//! use escapement::training::one_step::{FirstStep, Heads, Start, StepSize, standard_normal};
//! use escapement::{activation, seed};
//! use faer::{Mat, Par};
//! use rand_distr::{Distribution, StandardNormal};
//! let rng = &mut seed::stream(1, "example", "inputs");
//! let x = Mat::from_fn(2000, 5, |_, _| StandardNormal.sample(rng));
//! let y: Vec<f64> = (0..2000).map(|i| (x[(i, 0)] * x[(i, 0)] - 1.0) / 2.0_f64.sqrt()).collect();
//!
//! let relu = activation::parse("relu")?;
//! let start = Start::as_printed(rng, 64, 5)?;
//! let step = FirstStep::new(x.as_ref(), &y, &start, relu.as_ref(), StepSize::UnitRows, Par::Seq)?;
//! let biases = standard_normal(rng, 64);
//! let heads = Heads::new(x.as_ref(), &step, &biases, relu.as_ref(), Par::Seq)?;
//! let f = heads.predictor(&step, 1e-3)?;
//! let error = f.predict(x.as_ref(), Par::Seq)?.iter().zip(&y).map(|(f, y)| (f - y).powi(2)).sum::<f64>();
//! assert!(error / 2000.0 < 0.1); // of a mean square of 1
//! # Ok::<(), escapement::Error>(())
//! ```

use crate::activation::{Activation, Derivative};
use crate::kernel::ridge_path::RidgePath;
use crate::network::finite;
use crate::product::{clear_registers, matmul};
use crate::{Error, Result};
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

/// Samples in a block of rows.
const ROWS: usize = 512;
/// Sums of blocks that are kept apart: the order of the additions is the same at any number of threads.
const SUMS: usize = 16;

/// The network before the step.
#[derive(Debug, Clone)]
pub struct Start {
    /// First-layer weights, one neuron per row, `[m, d]`; row j + m/2 repeats row j.
    pub weights: Mat<f64>,
    /// Output weights ±1, `[m]`; those of a pair are opposite.
    pub signs: Vec<f64>,
    /// The biases that the step sees, `[m]`; those of a pair are equal.
    pub biases: Vec<f64>,
}

/// n independent standard normal numbers.
pub fn standard_normal(rng: &mut impl Rng, n: usize) -> Vec<f64> {
    (0..n).map(|_| StandardNormal.sample(rng)).collect()
}

impl Start {
    /// Paired weights `w_j ~ N(0, I/d)` and signs, without biases.
    ///
    /// # Errors
    /// [`Error::Width`] for m odd or 0, [`Error::Domain`] for d = 0.
    pub fn as_printed(rng: &mut impl Rng, m: usize, d: usize) -> Result<Self> {
        if m == 0 || m % 2 == 1 {
            return Err(Error::Width(m));
        }
        if d == 0 {
            return Err(Error::domain("d", d, "inputs have at least one coordinate"));
        }
        let (half, root) = (m / 2, (d as f64).sqrt());
        let rows = standard_normal(rng, half * d);
        let signs: Vec<f64> = (0..half).map(|_| if rng.next_u32() & 1 == 0 { 1.0 } else { -1.0 }).collect();
        Ok(Self {
            weights: Mat::from_fn(m, d, |j, c| rows[j % half * d + c] / root),
            signs: (0..m).map(|j| if j < half { signs[j] } else { -signs[j - half] }).collect(),
            biases: vec![0.0; m],
        })
    }

    /// The same with paired biases `b_j ~ N(0, 1)`, which the step sees and the features keep.
    ///
    /// # Errors
    /// As [`Start::as_printed`].
    pub fn as_run(rng: &mut impl Rng, m: usize, d: usize) -> Result<Self> {
        let mut start = Self::as_printed(rng, m, d)?;
        let biases = standard_normal(rng, m / 2);
        start.biases = (0..m).map(|j| biases[j % biases.len()]).collect();
        Ok(start)
    }

    /// # Errors
    /// Rows that are no pairs, and numbers that are not finite.
    fn check(&self, d: usize) -> Result<()> {
        let (m, columns) = (self.weights.nrows(), self.weights.ncols());
        if m == 0 || m % 2 == 1 {
            return Err(Error::Width(m));
        }
        if columns != d || self.signs.len() != m || self.biases.len() != m {
            let expected = format!("m, {d}, beside m signs and m biases");
            return Err(Error::shape("the weights", [m, columns], expected));
        }
        finite("the weights", self.weights.as_ref())?;
        let half = m / 2;
        let pair = |j: usize| {
            self.weights.row(j) == self.weights.row(j + half)
                && self.signs[j] == -self.signs[j + half]
                && self.biases[j] == self.biases[j + half]
        };
        match (0..half).find(|&j| !(pair(j) && self.signs[j].is_finite() && self.biases[j].is_finite())) {
            None => Ok(()),
            Some(j) => Err(Error::domain(
                "the network",
                format!("neurons {j} and {}", j + half),
                "neuron j + m/2 must repeat neuron j, with the opposite sign, so that f begins at 0",
            )),
        }
    }
}

/// The learning rate η of the step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StepSize {
    /// This η.
    Fixed(f64),
    /// `2η = (mean_j ‖g_n(w_j)‖²)^{-1/2}`, so that the rows of the new weights have mean square norm 1.
    UnitRows,
}

/// The centred labels, and the first layer after the step.
#[derive(Debug, Clone)]
pub struct FirstStep {
    /// `α = n⁻¹Σ y_i`.
    pub alpha: f64,
    /// `β = n⁻¹Σ y_i x_i`, `[d]`, from the labels as they came.
    pub beta: Vec<f64>,
    /// `ŷ_i = y_i − α − β·x_i`, `[n]`.
    pub labels: Vec<f64>,
    /// W¹, `[m, d]`.
    pub weights: Mat<f64>,
    /// η.
    pub eta: f64,
}

impl FirstStep {
    /// Centres the labels y (`[n]`) of the inputs x (`[n, d]`) and makes the step.
    ///
    /// # Errors
    /// Shapes that do not fit, fewer than two samples, numbers that are not finite, a start that is not
    /// paired, an η that is not positive, a gradient that vanishes where its norm gives η.
    ///
    /// # Accuracy
    /// Sums over n samples have at most n roundings of the sum of the moduli.
    pub fn new(
        x: MatRef<'_, f64>,
        y: &[f64],
        start: &Start,
        sigma: &dyn Activation,
        size: StepSize,
        par: Par,
    ) -> Result<Self> {
        if x.nrows() < 2 {
            return Err(Error::domain("n", x.nrows(), "at least 2 samples are needed"));
        }
        Self::make(x, y, true, start, sigma, size, par)
    }

    /// Makes the step with the labels as they came: α and β are 0, and one sample is enough.
    ///
    /// # Errors
    /// As [`FirstStep::new`].
    pub fn uncentred(
        x: MatRef<'_, f64>,
        y: &[f64],
        start: &Start,
        sigma: &dyn Activation,
        size: StepSize,
        par: Par,
    ) -> Result<Self> {
        Self::make(x, y, false, start, sigma, size, par)
    }

    /// The step, where `centred` with the labels less α + β·x.
    fn make(
        x: MatRef<'_, f64>,
        y: &[f64],
        centred: bool,
        start: &Start,
        sigma: &dyn Activation,
        size: StepSize,
        par: Par,
    ) -> Result<Self> {
        let (n, d) = (x.nrows(), x.ncols());
        if n == 0 || y.len() != n {
            return Err(Error::shape("the labels", [y.len(), 1], format!("{n}, 1, not 0")));
        }
        finite("the inputs", x)?;
        finite("the labels", MatRef::from_column_major_slice(y, n, 1))?;
        start.check(d)?;
        let (alpha, beta, labels) = if centred { centre(x, y)? } else { (0.0, vec![0.0; d], y.to_vec()) };
        let half = start.weights.nrows() / 2;
        let rows = start.weights.as_ref().subrows(0, half);
        // Twins have the same g_n, and opposite rows after the step.
        let sum = blocks(n, par, (half, d), |out, first, count| {
            let x = x.subrows(first, count);
            let slopes = layer(x, rows, &start.biases[..half], sigma, Derivative::First);
            let weighted = Mat::from_fn(count, d, |i, c| labels[first + i] / n as f64 * x[(i, c)]);
            matmul(out, Accum::Add, slopes.transpose(), weighted.as_ref(), 1.0, Par::Seq);
        });
        let eta = match size {
            StepSize::Fixed(eta) => eta,
            StepSize::UnitRows => 0.5 / (sum.squared_norm_l2() / half as f64).sqrt(),
        };
        if !(eta.is_finite() && eta > 0.0) {
            let allowed = "it must be positive and finite: the gradient may vanish on this sample";
            return Err(Error::domain("the step η", eta, allowed));
        }
        let weights = Mat::from_fn(2 * half, d, |j, c| 2.0 * eta * start.signs[j] * sum[(j % half, c)]);
        finite("the weights after the step", weights.as_ref())?;
        Ok(Self { alpha, beta, labels, weights, eta })
    }

    /// The labels y (`[n]`) of other inputs x (`[n, d]`) less α + β·x.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn centred(&self, x: MatRef<'_, f64>, y: &[f64]) -> Result<Vec<f64>> {
        if x.ncols() != self.beta.len() || x.nrows() != y.len() {
            let expected = format!("{}, {}", y.len(), self.beta.len());
            return Err(Error::shape("the inputs", [x.nrows(), x.ncols()], expected));
        }
        Ok((0..y.len()).map(|i| y[i] - affine(self.alpha, &self.beta, x, i)).collect())
    }
}

/// α and β of the labels y (`[n]`) of the inputs x (`[n, d]`), and `ŷ_i = y_i − α − β·x_i`.
///
/// # Errors
/// Another number of labels than of inputs.
pub fn centre(x: MatRef<'_, f64>, y: &[f64]) -> Result<(f64, Vec<f64>, Vec<f64>)> {
    let (n, d) = (x.nrows(), x.ncols());
    if y.len() != n {
        return Err(Error::shape("the labels", [y.len(), 1], format!("{n}, 1")));
    }
    let alpha = y.iter().sum::<f64>() / n as f64;
    let beta: Vec<f64> = (0..d).map(|c| (0..n).map(|i| y[i] * x[(i, c)]).sum::<f64>() / n as f64).collect();
    let labels = (0..n).map(|i| y[i] - affine(alpha, &beta, x, i)).collect();
    Ok((alpha, beta, labels))
}

/// `α + β·x_i`.
fn affine(alpha: f64, beta: &[f64], x: MatRef<'_, f64>, i: usize) -> f64 {
    alpha + beta.iter().enumerate().map(|(c, beta)| beta * x[(i, c)]).sum::<f64>()
}

/// `σ(xWᵀ + 1bᵀ)` or a derivative, `[n, m]`.
pub(super) fn layer(
    x: MatRef<'_, f64>,
    weights: MatRef<'_, f64>,
    biases: &[f64],
    sigma: &dyn Activation,
    order: Derivative,
) -> Mat<f64> {
    let mut z = Mat::from_fn(x.nrows(), biases.len(), |_, j| biases[j]);
    matmul(z.as_mut(), Accum::Add, x, weights.transpose(), 1.0, Par::Seq);
    (0..biases.len()).for_each(|j| sigma.apply(order, z.col_as_slice_mut(j)));
    z
}

/// Adds the lower triangle of ΦᵀΦ.
fn lower_gram(out: MatMut<'_, f64>, phi: MatRef<'_, f64>) {
    use BlockStructure::{Rectangular, TriangularLower};
    let (left, right) = (phi.transpose(), phi);
    triangular::matmul(
        out,
        TriangularLower,
        Accum::Add,
        left,
        Rectangular,
        right,
        Rectangular,
        1.0,
        Par::Seq,
    );
    clear_registers();
}

/// The sum of what `add` adds for blocks of rows, by their first row and their number.
pub(super) fn blocks(
    n: usize,
    par: Par,
    (rows, cols): (usize, usize),
    add: impl Fn(MatMut<'_, f64>, usize, usize) + Sync,
) -> Mat<f64> {
    let sum = |part: usize| {
        let mut out = Mat::<f64>::zeros(rows, cols);
        let sums = SUMS.min(n);
        let (first, last) = (part * n / sums, (part + 1) * n / sums);
        for row in (first..last).step_by(ROWS) {
            add(out.as_mut(), row, ROWS.min(last - row));
        }
        out
    };
    let parts: Vec<Mat<f64>> = match par {
        Par::Seq => (0..SUMS.min(n)).map(sum).collect(),
        _ => (0..SUMS.min(n)).into_par_iter().map(sum).collect(),
    };
    parts.into_iter().fold(Mat::zeros(rows, cols), |sum, part| sum + part)
}

/// The output layers for all decays λ, from one eigendecomposition of ΦᵀΦ/n.
#[derive(Debug, Clone)]
pub struct Heads<'a> {
    sigma: &'a dyn Activation,
    biases: Vec<f64>,
    /// The solutions for ΦᵀΦ and Φᵀŷ.
    path: RidgePath,
}

impl<'a> Heads<'a> {
    /// Takes ΦᵀΦ and Φᵀŷ on the sample of the step, for its weights and these biases (`[m]`).
    ///
    /// # Errors
    /// Shapes that do not fit, numbers that are not finite, and an eigendecomposition that fails.
    pub fn new(
        x: MatRef<'_, f64>,
        step: &FirstStep,
        biases: &[f64],
        sigma: &'a dyn Activation,
        par: Par,
    ) -> Result<Self> {
        Self::of(x, &step.labels, step.weights.as_ref(), biases, sigma, par)
    }

    /// The same for any first layer (`[m, d]`) and labels (`[n]`): for a second task on frozen features, or
    /// for features that no step has touched.
    ///
    /// # Errors
    /// As [`Heads::new`].
    pub fn of(
        x: MatRef<'_, f64>,
        labels: &[f64],
        weights: MatRef<'_, f64>,
        biases: &[f64],
        sigma: &'a dyn Activation,
        par: Par,
    ) -> Result<Self> {
        let (n, m) = (x.nrows(), weights.nrows());
        if n == 0 || m == 0 || labels.len() != n {
            return Err(Error::shape("the inputs", [n, x.ncols()], format!("{}, d, not 0", labels.len())));
        }
        if weights.ncols() != x.ncols() || biases.len() != m {
            let expected = format!("{}, {}", biases.len(), x.ncols());
            return Err(Error::shape("the weights", [m, weights.ncols()], expected));
        }
        finite("the inputs", x)?;
        finite("the labels", MatRef::from_column_major_slice(labels, n, 1))?;
        finite("the weights", weights)?;
        finite("the biases", MatRef::from_column_major_slice(biases, m, 1))?;
        // The last column is Φᵀŷ.
        let sum = blocks(n, par, (m, m + 1), |mut out, first, count| {
            let phi = layer(x.subrows(first, count), weights, biases, sigma, Derivative::Value);
            let labels = MatRef::from_column_major_slice(&labels[first..first + count], count, 1);
            matmul(out.as_mut().subcols_mut(m, 1), Accum::Add, phi.transpose(), labels, 1.0, Par::Seq);
            lower_gram(out.subcols_mut(0, m), phi.as_ref());
        });
        let gram = sum.as_ref().subcols(0, m);
        finite("the Gram matrix of the features", gram)?;
        let what = "the eigendecomposition of the features";
        let path = RidgePath::of_sums(what, gram, sum.as_ref().subcols(m, 1), n)?;
        Ok(Self { sigma, biases: biases.to_vec(), path })
    }

    /// σ.
    pub fn sigma(&self) -> &'a dyn Activation {
        self.sigma
    }

    /// b, `[m]`.
    pub fn biases(&self) -> &[f64] {
        &self.biases
    }

    /// The eigenvalues of ΦᵀΦ/n, ascending.
    pub fn eigenvalues(&self) -> &[f64] {
        self.path.eigenvalues()
    }

    /// The head a for the decay λ, `[m]`: the solution of `(ΦᵀΦ/n + (λ/2) I) a = Φᵀŷ/n`.
    ///
    /// # Errors
    /// [`Error::Domain`] for a λ that is not positive and finite.
    ///
    /// # Accuracy
    /// The backward error is that of the eigendecomposition, [`crate::rounding::eigen`].
    pub fn head(&self, lambda: f64) -> Result<Vec<f64>> {
        self.path.coefficients(lambda)
    }

    /// The predictor with the head for the decay λ.
    ///
    /// # Errors
    /// As [`Heads::head`].
    pub fn predictor(&self, step: &FirstStep, lambda: f64) -> Result<Predictor<'a>> {
        Ok(Predictor {
            sigma: self.sigma,
            alpha: step.alpha,
            beta: step.beta.clone(),
            weights: step.weights.clone(),
            biases: self.biases.clone(),
            head: self.head(lambda)?,
        })
    }
}

/// `f(x) = α + β·x + aᵀσ(Wx + b)`.
#[derive(Debug, Clone)]
pub struct Predictor<'a> {
    /// σ.
    pub sigma: &'a dyn Activation,
    /// α.
    pub alpha: f64,
    /// β, `[d]`.
    pub beta: Vec<f64>,
    /// W, `[m, d]`.
    pub weights: Mat<f64>,
    /// b, `[m]`.
    pub biases: Vec<f64>,
    /// a, `[m]`.
    pub head: Vec<f64>,
}

impl Predictor<'_> {
    /// The values at the rows of x (`[n, d]`).
    ///
    /// # Errors
    /// Shapes that do not fit, and inputs that are not finite.
    pub fn predict(&self, x: MatRef<'_, f64>, par: Par) -> Result<Vec<f64>> {
        let (n, m, d) = (x.nrows(), self.weights.nrows(), self.weights.ncols());
        if x.ncols() != d || self.beta.len() != d || self.biases.len() != m || self.head.len() != m {
            return Err(Error::shape("the inputs", [n, x.ncols()], format!("n, {d}")));
        }
        finite("the inputs", x)?;
        let head = MatRef::from_column_major_slice(&self.head, m, 1);
        let block = |first: usize| {
            let count = ROWS.min(n - first);
            let phi = layer(
                x.subrows(first, count),
                self.weights.as_ref(),
                &self.biases,
                self.sigma,
                Derivative::Value,
            );
            let mut out = Mat::from_fn(count, 1, |i, _| affine(self.alpha, &self.beta, x, first + i));
            matmul(out.as_mut(), Accum::Add, phi.as_ref(), head, 1.0, Par::Seq);
            out.col(0).iter().copied().collect::<Vec<f64>>()
        };
        let starts: Vec<usize> = (0..n).step_by(ROWS).collect();
        Ok(match par {
            Par::Seq => starts.into_iter().flat_map(block).collect(),
            _ => starts.into_par_iter().map(block).collect::<Vec<_>>().concat(),
        })
    }
}

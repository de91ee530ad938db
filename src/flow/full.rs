//! The gradient flow of a two-layer ReLU network, both layers trained.

use super::accuracy::{self, Accuracy};
use super::extrapolation::{self, Method};
use super::loss::{Levels, Loss, log_add};
use super::neuron::Kinks;
use crate::Result;
use crate::margin::Gradients;
use crate::product::matmul;
use faer::linalg::solvers::Solve;
use faer::{Accum, Mat, MatRef, Par};
use rayon::prelude::*;
use std::ops::ControlFlow;

/// The gradient flow `Ẇ = −∇L` of `f(x) = m^{-1/2} Σ_j a_j ReLU(v_j·x)` on n inputs with labels ±1, in the
/// time τ with `dW/dτ = Σ_i c_i ∇(y_i f(x_i))`, `dt = n dτ/|ℓ'(u)|`. For the exponential loss dτ = L dt.
#[derive(Debug, Clone)]
pub struct Flow<'a> {
    x: MatRef<'a, f64>,
    y: &'a [f64],
    loss: Loss,
    kinks: Kinks,
    par: Par,
}

/// Where a flow is.
#[derive(Debug, Clone)]
pub struct Point {
    /// τ.
    pub tau: f64,
    /// ln t; −∞ at the beginning. It is of second order in the steps only.
    pub log_time: f64,
    /// The weights, `[m, 1 + d]`, the output weight of a neuron first.
    pub weights: Mat<f64>,
    /// The margins `y_i f(x_i)`, `[n]`.
    pub margins: Vec<f64>,
    /// What the loss makes of them.
    pub levels: Levels,
    /// The sum of the lengths of the steps: the length of the path to within the errors of the steps.
    pub path: f64,
}

impl Point {
    /// `‖W‖²`.
    pub fn square(&self) -> f64 {
        self.weights.squared_norm_l2()
    }

    /// The normalised smoothed margin `√m u/‖W‖²`.
    pub fn smoothed_margin(&self) -> f64 {
        (self.weights.nrows() as f64).sqrt() * self.levels.smoothed / self.square()
    }

    /// The normalised margin `√m min_i p_i/‖W‖²`, at most ½.
    pub fn margin(&self) -> f64 {
        let least = self.margins.iter().copied().fold(f64::INFINITY, f64::min);
        (self.weights.nrows() as f64).sqrt() * least / self.square()
    }
}

/// What a run came to.
#[derive(Debug, Clone)]
pub struct Run {
    /// Where it ended.
    pub end: Point,
    /// The largest change of `a_j² − ‖v_j‖²`, which the flow conserves, relative to `‖W‖²/m`.
    pub drift: f64,
    /// Steps, those that were refused among them.
    pub steps: usize,
}

impl<'a> Flow<'a> {
    /// The flow for the inputs x (`[n, d]`) and labels y (`[n]`).
    ///
    /// # Errors
    /// Shapes that do not fit, numbers that are not finite, and labels other than ±1.
    pub fn new(x: MatRef<'a, f64>, y: &'a [f64], loss: Loss, par: Par) -> Result<Self> {
        crate::margin::check_examples(x, y)?;
        Ok(Self { x, y, loss, kinks: Kinks::new(x), par })
    }

    /// The point at the weights `[m, 1 + d]`.
    ///
    /// # Errors
    /// Another number of columns, no neuron, and numbers that are not finite.
    pub fn point(&self, weights: MatRef<'_, f64>) -> Result<Point> {
        crate::margin::check_weights("the weights", weights, self.x.ncols())?;
        let margins = self.margins(&rows(weights));
        let levels = self.loss.levels(&margins);
        let weights = weights.to_owned();
        Ok(Point { tau: 0.0, log_time: f64::NEG_INFINITY, weights, margins, levels, path: 0.0 })
    }

    /// Follows the flow from `start` to the time τ = `until`, which may be infinite, or to where `on` breaks it
    /// off, which hears of every step.
    ///
    /// # Errors
    /// A tolerance that is not allowed, and [`crate::Error::Numerical`] where steps are spent or vanish.
    ///
    /// # Accuracy
    /// Each step errs by the tolerance of `accuracy`, relative to ‖W‖. Where a neuron meets a kink inside a
    /// step, the order falls and steps become shorter.
    pub fn run(
        &self,
        start: Point,
        until: f64,
        accuracy: Accuracy,
        on: &mut dyn FnMut(&Point) -> ControlFlow<()>,
    ) -> Result<Run> {
        accuracy.check()?;
        let (m, width) = (start.weights.nrows(), start.weights.ncols());
        let mut state = rows(start.weights.as_ref());
        let conserved: Vec<f64> = state.chunks(width).map(conserved).collect();
        let (mut here, mut steps, mut drift) = (start, 0, 0.0_f64);
        let columns = extrapolation::columns(accuracy);
        // The rate of the weights c is ‖W‖²/m at most.
        let mut h = 0.1 * m as f64 / here.square().max(f64::MIN_POSITIVE);
        while on(&here).is_continue() && here.tau < until {
            let rate = self.rate(&state)?;
            let attempt = |h| extrapolation::step(self, (&state, &rate), h, columns);
            let step =
                accuracy::advance(&state, h.min(until - here.tau), columns, accuracy, &mut steps, attempt)?;
            let (next, taken) = (step.state, step.length);
            let moved: f64 = next.iter().zip(&state).map(|(a, b)| (a - b).powi(2)).sum();
            (state, h) = (next, step.next);
            let margins = self.margins(&state);
            let levels = self.loss.levels(&margins);
            let log_time = log_add(here.log_time, self.log_duration(&here.levels, &levels, taken));
            let weights = Mat::from_fn(m, width, |j, c| state[j * width + c]);
            let tau = if here.tau + taken < until { here.tau + taken } else { until };
            let path = here.path + moved.sqrt();
            here = Point { tau, log_time, weights, margins, levels, path };
            let size = here.square() / m as f64;
            let change =
                state.chunks(width).zip(&conserved).map(|(w, before)| (self::conserved(w) - before).abs());
            drift = change.fold(drift, |most, change| most.max(change / size));
        }
        Ok(Run { end: here, drift, steps })
    }

    /// ln of the time t that passes while τ goes on by h, if ln dt/dτ is linear in between.
    fn log_duration(&self, from: &Levels, to: &Levels, h: f64) -> f64 {
        let rate = |levels: &Levels| (self.y.len() as f64).ln() - levels.log_slope;
        let (low, high) = (rate(from).min(rate(to)), rate(from).max(rate(to)));
        let apart = high - low;
        // The mean of e^s over [low, high].
        let mean = if apart < 1e-8 { 0.5 * apart } else { (apart.exp_m1() / apart).ln() };
        let mean = if mean.is_finite() { mean } else { apart - apart.ln() };
        h.ln() + low + mean
    }

    /// `V x_i` for all neurons and inputs, `[n, m]`.
    fn products(&self, state: &[f64]) -> Mat<f64> {
        let width = 1 + self.x.ncols();
        let weights = MatRef::from_row_major_slice(state, state.len() / width, width);
        let mut z = Mat::<f64>::zeros(self.x.nrows(), weights.nrows());
        let v = weights.subcols(1, width - 1);
        matmul(z.as_mut(), Accum::Replace, self.x, v.transpose(), 1.0, self.par);
        z
    }

    fn margins(&self, state: &[f64]) -> Vec<f64> {
        let (z, width) = (self.products(state), 1 + self.x.ncols());
        let root = (z.ncols() as f64).sqrt();
        let margin = |i: usize| {
            let f: f64 = (0..z.ncols()).map(|j| state[j * width] * z[(i, j)].max(0.0)).sum();
            self.y[i] * f / root
        };
        (0..self.y.len()).map(margin).collect()
    }
}

/// The linearly implicit Euler method: the weights c are those at the end of a substep, to first order, and
/// every neuron follows them exactly.
impl Method for Flow<'_> {
    /// What the loss makes of the margins, and the Gram matrix of their gradients.
    type Rate = (Levels, Mat<f64>);

    fn rate(&self, state: &[f64]) -> Result<Self::Rate> {
        let width = 1 + self.x.ncols();
        let weights = MatRef::from_row_major_slice(state, state.len() / width, width);
        let gram = Gradients::new(weights, self.x, self.y, self.par)?.gram()?;
        Ok((self.loss.levels(&self.margins(state)), gram))
    }

    fn substep(&self, state: &[f64], (levels, gram): &Self::Rate, h: f64) -> Result<Vec<f64>> {
        let width = 1 + self.x.ncols();
        let c = implicit(levels, gram, h);
        let root = ((state.len() / width) as f64).sqrt();
        let pulls: Vec<f64> = c.iter().zip(self.y).map(|(c, y)| c * y / root).collect();
        let gains = self.kinks.gains(&pulls);
        let mut next = state.to_vec();
        let advance = |neuron: &mut [f64]| self.kinks.advance(neuron, &gains, h);
        match self.par {
            Par::Seq => next.chunks_mut(width).try_for_each(advance)?,
            _ => next.par_chunks_mut(width).try_for_each(advance)?,
        }
        Ok(next)
    }
}

/// The weights c after a linearly implicit step of the margins, `(I + h F K) c' = c`, where −F is the
/// derivative of c in the margins, and K c their velocity.
fn implicit(levels: &Levels, k: &Mat<f64>, h: f64) -> Vec<f64> {
    let n = levels.weights.len();
    let fall = Mat::from_fn(n, n, |i, l| levels.fall(i, l));
    let product = fall * k;
    let matrix = Mat::from_fn(n, n, |i, l| h * product[(i, l)] + f64::from(u8::from(i == l)));
    let right = Mat::from_fn(n, 1, |i, _| levels.weights[i]);
    matrix.partial_piv_lu().solve(right).col_as_slice(0).to_vec()
}

/// The rows of a matrix, one after another.
fn rows(weights: MatRef<'_, f64>) -> Vec<f64> {
    weights.row_iter().flat_map(|row| row.iter().copied().collect::<Vec<f64>>()).collect()
}

/// `a² − ‖v‖²`.
fn conserved(neuron: &[f64]) -> f64 {
    neuron[0].powi(2) - neuron[1..].iter().map(|v| v * v).sum::<f64>()
}

//! What the two theorems on learning measure: Algorithm 1 on the samples of a cell, and the errors
//! δ = f − f* of predictors at fresh inputs.
//!
//! A predictor is `α + β·x + aᵀσ(Wx + b)`, σ a ReLU. Its head a is fitted to one sample for every decay of a
//! grid, the decay is chosen on a second one, and the errors are means over a third. What fresh inputs leave
//! open of them is seen between replicates; one mean alone has a Student interval.

use super::families;
use super::instance;
use super::samples::{Noise, Sample, inputs};
use crate::claim::distribution::student_interval;
use crate::claim::{Cell, Measurement};
use crate::error::Result;
use escapement::activation;
use escapement::ball::Ball;
use escapement::gaussian::HermiteSeries;
use escapement::kernel::ridge_path::RidgePath;
use escapement::training::decay;
use escapement::training::one_step::{
    FirstStep, Heads, Predictor, Start, StepSize, centre, standard_normal,
};
use escapement::{rounding, tolerance};
use faer::{ColRef, Mat, MatRef, Par};

/// Inputs for the choice of the decay, and fresh ones for the errors.
const HELD_OUT: usize = 2048;
const FRESH: usize = 4096;

/// The decays that are tried: half powers of ten from 1e-8 to 100.
fn decays() -> Vec<f64> {
    (-16..=4).map(|i| 10.0_f64.powf(0.5 * f64::from(i))).collect()
}

/// The random streams of a cell that have this name.
#[derive(Clone, Copy)]
pub struct Streams<'a> {
    /// The cell.
    pub cell: &'a Cell,
    /// The root seed.
    pub seed: u64,
    /// What the purposes begin with.
    pub name: &'a str,
}

impl Streams<'_> {
    fn of(self, purpose: &str) -> escapement::seed::ChaCha20Rng {
        self.cell.stream(self.seed, &format!("{} {purpose}", self.name))
    }
}

/// Samples of one target.
pub struct Task {
    /// For the fit.
    pub fit: Sample,
    held_out: Sample,
    fresh: Sample,
}

impl Task {
    /// Draws n inputs for the fit and those of the other samples. The labels have the noise ±ς, and f* at
    /// the fresh inputs has none. A larger n begins with the same inputs and noise, and another target has
    /// the same ones.
    ///
    /// # Errors
    /// The dimension is below r.
    pub fn draw(f: &HermiteSeries, n: usize, noise: f64, streams: Streams<'_>) -> Result<Self> {
        let model = families::model(f, streams.cell.d())?;
        let draw = |purpose: &str, n: usize| -> Result<Sample> {
            let x = inputs(&mut streams.of(purpose), n, model.d());
            let y = model.values(x.as_ref())?;
            Ok(Sample { x, y })
        };
        let (mut fit, mut held_out) = (draw("inputs", n)?, draw("held out", HELD_OUT)?);
        Noise::Signs(noise).add(&mut fit.y, &mut streams.of("noise"));
        Noise::Signs(noise).add(&mut held_out.y, &mut streams.of("noise held out"));
        Ok(Self { fit, held_out, fresh: draw("fresh", FRESH)? })
    }

    /// The errors of f = 0.
    pub fn zero(&self) -> Errors {
        self.errors_of(&[0.0; FRESH], 0.0)
    }

    /// The errors of ridge regression with a kernel between the rows of two matrices, its decay chosen as
    /// those of the heads are.
    ///
    /// # Errors
    /// As `kernel` and [`RidgePath::new`].
    pub fn kernel(
        &self,
        kernel: impl Fn(MatRef<'_, f64>, MatRef<'_, f64>, Par) -> escapement::Result<Mat<f64>>,
    ) -> Result<Errors> {
        let (x, lambdas) = (self.fit.x.as_ref(), decays());
        let path = RidgePath::new(kernel(x, x, Par::Seq)?.as_ref(), &self.fit.y)?;
        let cross = kernel(self.held_out.x.as_ref(), x, Par::Seq)?;
        let best = least(&path.mean_squares(cross.as_ref(), &self.held_out.y, &lambdas)?);
        let b = path.coefficients(lambdas[best])?;
        let f = kernel(self.fresh.x.as_ref(), x, Par::Seq)? * ColRef::from_slice(&b);
        // Either kernel is at most the product of the norms of (x, 1) and (x', 1).
        let size = |x: &Mat<f64>| (x.squared_norm_l2() + x.nrows() as f64).sqrt();
        let moduli = size(&self.fit.x) * size(&self.fresh.x) / (FRESH as f64).sqrt() * norm(&b);
        let relative = rounding::sum(b.len(), x.ncols() + 16);
        Ok(self.errors_of(&f.iter().copied().collect::<Vec<_>>(), relative * moduli))
    }

    /// The errors of the values f at the fresh inputs, which are rounded by this in the mean square.
    fn errors_of(&self, f: &[f64], rounding: f64) -> Errors {
        let truth = &self.fresh.y;
        let of_truth = rounding::sum(0, 64) * norm(truth) / (FRESH as f64).sqrt();
        let moduli = f.iter().zip(truth).map(|(f, y)| (f - y).abs()).collect();
        Errors { moduli, rounding: rounding + of_truth }
    }
}

/// The place of the least number.
fn least(values: &[f64]) -> usize {
    (0..values.len()).min_by(|&i, &j| values[i].total_cmp(&values[j])).unwrap_or(0)
}

fn norm(v: &[f64]) -> f64 {
    v.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// A run of Algorithm 1 on the n inputs of a cell, up to the head.
pub struct Run {
    /// Its samples.
    pub task: Task,
    /// What it has after its step.
    pub learnt: Features,
    /// The same with the weights before the step.
    pub untrained: Features,
}

impl Run {
    /// Draws the samples, with the noise of the cell, and makes the step with m neurons.
    ///
    /// # Errors
    /// As [`Task::draw`], [`Start::as_printed`] and [`FirstStep::new`].
    pub fn new(f: &HermiteSeries, n: usize, streams: Streams<'_>) -> Result<Self> {
        let (cell, relu) = (streams.cell, activation::parse("relu")?);
        let task = Task::draw(f, n, instance::noise(cell), streams)?;
        let start = Start::as_printed(&mut streams.of("start"), cell.m(), cell.d())?;
        let (x, y, size) = (task.fit.x.as_ref(), &task.fit.y, StepSize::UnitRows);
        let FirstStep { alpha, beta, weights, .. } =
            FirstStep::new(x, y, &start, relu.as_ref(), size, Par::Seq)?;
        let biases = standard_normal(&mut streams.of("biases"), cell.m());
        let learnt = Features { alpha, beta, weights, biases };
        let untrained = Features { weights: start.weights, ..learnt.clone() };
        Ok(Self { task, learnt, untrained })
    }
}

/// A predictor without its head.
#[derive(Clone)]
pub struct Features {
    /// α.
    pub alpha: f64,
    /// β, `[d]`.
    pub beta: Vec<f64>,
    /// W, `[m, d]`.
    pub weights: Mat<f64>,
    /// b, `[m]`.
    pub biases: Vec<f64>,
}

impl Features {
    /// With the α and β of another sample.
    ///
    /// # Errors
    /// As [`centre`].
    pub fn centred(self, sample: &Sample) -> Result<Self> {
        let (alpha, beta, _) = centre(sample.x.as_ref(), &sample.y)?;
        Ok(Self { alpha, beta, ..self })
    }

    /// Without α and β.
    pub fn frozen(self) -> Self {
        Self { alpha: 0.0, beta: vec![0.0; self.beta.len()], ..self }
    }

    /// With other biases, which the step has not seen.
    pub fn rebiased(self, streams: Streams<'_>) -> Self {
        let biases = standard_normal(&mut streams.of("biases"), self.biases.len());
        Self { biases, ..self }
    }

    /// With the rows projected to the first r coordinates.
    pub fn projected(self, latent: usize) -> Self {
        let w = &self.weights;
        let weights = Mat::from_fn(w.nrows(), w.ncols(), |j, c| if c < latent { w[(j, c)] } else { 0.0 });
        Self { weights, ..self }
    }

    /// The errors with the head of a task.
    ///
    /// # Errors
    /// As [`Heads::of`].
    pub fn errors(&self, task: &Task) -> Result<Errors> {
        let relu = activation::parse("relu")?;
        let predictor = |weights: &Mat<f64>, biases: &[f64], head: Vec<f64>| Predictor {
            sigma: relu.as_ref(),
            alpha: self.alpha,
            beta: self.beta.clone(),
            weights: weights.clone(),
            biases: biases.to_vec(),
            head,
        };
        // What α + β·x leaves of the labels.
        let affine = predictor(&Mat::zeros(1, self.beta.len()), &[0.0], vec![0.0]);
        let labels = |sample: &Sample| -> Result<Vec<f64>> {
            let f = affine.predict(sample.x.as_ref(), Par::Seq)?;
            Ok(sample.y.iter().zip(f).map(|(y, f)| y - f).collect())
        };
        let (w, lambdas) = (self.weights.as_ref(), decays());
        let Task { fit, held_out, fresh } = task;
        let heads = Heads::of(fit.x.as_ref(), &labels(fit)?, w, &self.biases, relu.as_ref(), Par::Seq)?;
        let tried =
            decay::mean_squares(&heads, w, held_out.x.as_ref(), &labels(held_out)?, &lambdas, Par::Seq)?;
        let head = heads.head(lambdas[least(&tried)])?;
        // In the mean square |f| is at most |α| + ‖β‖‖x‖ + ‖a‖(‖W‖‖x‖ + ‖b‖).
        let size = fresh.x.norm_l2() / (FRESH as f64).sqrt();
        let moduli = self.alpha.abs()
            + norm(&self.beta) * size
            + norm(&head) * (w.norm_l2() * size + norm(&self.biases));
        let relative = rounding::sum(w.nrows() + 2 * w.ncols(), 8);
        let f = predictor(&self.weights, &self.biases, head).predict(fresh.x.as_ref(), Par::Seq)?;
        Ok(task.errors_of(&f, relative * moduli))
    }
}

/// The moduli |δ| at fresh inputs, of one run or of several.
#[derive(Default)]
pub struct Errors {
    moduli: Vec<f64>,
    /// A bound on the rounding of δ, as a mean square.
    rounding: f64,
}

impl Errors {
    /// Together with those of another run.
    pub fn add(&mut self, other: Self) {
        self.moduli.extend(other.moduli);
        self.rounding = self.rounding.max(other.rounding);
    }

    /// A mean over the inputs, with the rounding of what is averaged.
    fn mean(&self, of: impl Fn(f64) -> f64, rounding: f64) -> Ball {
        let count = self.moduli.len();
        let mean = self.moduli.iter().map(|m| of(*m)).sum::<f64>() / count.max(1) as f64;
        Ball::new(mean, rounding + rounding::sum(count, 4) * mean)
    }

    /// E|δ|.
    pub fn absolute(&self) -> Ball {
        self.mean(|m| m, self.rounding)
    }

    /// E|δ| with half of its Student interval at confidence 1 − 10⁻⁶, given the predictors.
    pub fn interval(&self) -> Ball {
        let mean = self.absolute();
        Ball { error: mean.error + student_interval(&self.moduli, tolerance::FAILURE).1, ..mean }
    }

    /// E δ².
    pub fn square(&self) -> Ball {
        let size = norm(&self.moduli) / (self.moduli.len().max(1) as f64).sqrt();
        self.mean(|m| m * m, self.rounding * (2.0 * size + self.rounding))
    }

    /// E(|δ| − ς)_+, which is E|f − y| − ς.
    pub fn excess(&self, noise: f64) -> Ball {
        self.mean(|m| (m - noise).max(0.0), self.rounding)
    }
}

/// E|δ| of several predictors with its intervals, over so many runs, as the quantities `absolute_…` of these
/// names.
///
/// # Errors
/// Those of a run.
pub fn compared<const K: usize>(
    names: [&str; K],
    runs: usize,
    run: impl Fn(usize) -> Result<[Errors; K]>,
) -> Result<Measurement> {
    let mut all: [Errors; K] = std::array::from_fn(|_| Errors::default());
    for index in 0..runs {
        all.iter_mut().zip(run(index)?).for_each(|(all, found)| all.add(found));
    }
    let ball = |out: Measurement, i: usize| out.ball(format!("absolute_{}", names[i]), all[i].interval());
    Ok((0..K).fold(Measurement::new(), ball))
}

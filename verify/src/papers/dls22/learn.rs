//! Algorithm 1 on a sample, beside untrained features and the zero predictor.

pub use super::samples::{Data, Noise, Sample, Sizes, Truth};

use escapement::activation::Activation;
use escapement::gaussian::hermite;
use escapement::training::decay;
use escapement::training::one_step::{FirstStep, Heads, Predictor, Start, StepSize, standard_normal};
use escapement::{Error, Result, seed};
use faer::{Mat, MatRef, Par};
use serde::Serialize;
use std::ops::ControlFlow;

/// How many stages [`learn`] announces.
pub const STAGES: usize = 7;

/// The settings of Algorithm 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// The width, even.
    pub m: usize,
    /// As in the authors' script: biases that are drawn before the step, and used in it, and the decay λ in
    /// the normal equations where the printed algorithm has λ/2.
    pub as_run: bool,
    /// The decay of all heads; without it each kind of features has that of [`decay::grid`] with the least
    /// error on the validation sample.
    pub lambda: Option<f64>,
    /// The root seed of what is drawn.
    pub seed: u64,
}

impl Settings {
    /// # Errors
    /// [`Error::Width`], a decay that is not positive and finite, and, as printed, an activation whose c_2
    /// vanishes. As run each neuron has a bias of its own, which shifts the activation.
    pub fn check(&self, sigma: &dyn Activation) -> Result<()> {
        if self.m == 0 || self.m % 2 == 1 {
            return Err(Error::Width(self.m));
        }
        if let Some(lambda) = self.lambda.filter(|lambda| !(lambda.is_finite() && *lambda > 0.0)) {
            return Err(Error::domain("the decay λ", lambda, "it must be positive and finite"));
        }
        if self.as_run { Ok(()) } else { hermite::require_second_coefficient(sigma) }
    }
}

/// A mean over a sample.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Its standard error; 0 for a single sample.
    pub standard_error: f64,
}

impl Estimate {
    fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let n = values.clone().count() as f64;
        let mean = values.clone().sum::<f64>() / n;
        let squares: f64 = values.map(|x| (x - mean).powi(2)).sum();
        Self { mean, standard_error: if n > 1.0 { (squares / (n - 1.0) / n).sqrt() } else { 0.0 } }
    }
}

/// The errors of one predictor.
#[derive(Debug, Clone, Serialize)]
pub struct Errors {
    /// The decay of its head, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lambda: Option<f64>,
    /// m‖a‖².
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<f64>,
    /// The mean of (f − y)² on the training sample.
    pub train: f64,
    /// The mean of (f − y)² on the validation sample, from which λ was chosen.
    pub validation: f64,
    /// The mean of |δ|: δ = f − f* on fresh inputs, or f − y on the validation sample if f* is not known.
    pub absolute: Estimate,
    /// The mean of δ².
    pub square: Estimate,
    /// E|f − y| − E|ϵ| over the noise, on fresh inputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excess: Option<Estimate>,
}

/// The numbers of a run.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// The dimension.
    pub d: usize,
    /// The samples of the step and the head.
    pub n: usize,
    /// The width.
    pub m: usize,
    /// The activation, with its shift.
    pub activation: String,
    /// See [`Settings::as_run`].
    pub as_run: bool,
    /// The root seed.
    pub seed: u64,
    /// ς, where the target is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<f64>,
    /// How many samples chose the decay.
    pub validation_samples: usize,
    /// On how many fresh inputs the errors were taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_samples: Option<usize>,
    /// n/d².
    pub samples_per_square: f64,
    /// α.
    pub alpha: f64,
    /// ‖β‖.
    pub beta_norm: f64,
    /// η, with which the rows of W¹ have the mean square norm 1.
    pub eta: f64,
    /// The share of the row energy of W¹ that lies outside S*.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outside_share: Option<f64>,
    /// Algorithm 1.
    pub learnt: Errors,
    /// The same biases, α and β with the untrained weights W⁰.
    pub untrained: Errors,
    /// f = 0.
    pub zero: Errors,
}

/// What a run leaves.
#[derive(Debug, Clone)]
pub struct Learnt {
    /// The numbers.
    pub summary: Summary,
    /// W¹, `[m, d]`.
    pub weights: Mat<f64>,
    /// b, `[m]`.
    pub biases: Vec<f64>,
    /// a, `[m]`.
    pub head: Vec<f64>,
    /// α and then β, `[1 + d]`.
    pub alpha_beta: Vec<f64>,
    /// What to say of the run.
    pub remarks: Vec<String>,
}

/// The bytes that a run takes: `samples` inputs of all kinds, and sixteen parts of the step and of the Gram
/// matrix.
pub fn bytes(samples: f64, d: f64, m: f64) -> f64 {
    8.0 * (samples * (d + 6.0) + 20.0 * m * (m + 1.0) + 12.0 * m * d)
}

/// Runs Algorithm 1. `on` hears of each of [`STAGES`] before it begins, and may stop the run: then there is
/// no result.
///
/// # Errors
/// Those of [`Settings::check`], [`FirstStep::new`] and [`Heads::of`].
pub fn learn(
    data: &Data,
    sigma: &dyn Activation,
    settings: &Settings,
    par: Par,
    on: &mut dyn FnMut(usize, &'static str) -> ControlFlow<()>,
) -> Result<Option<Learnt>> {
    settings.check(sigma)?;
    let (n, d, m) = (data.train.x.nrows(), data.train.x.ncols(), settings.m);
    let key = format!("learn d={d} m={m}");
    let stream = |purpose| seed::stream(settings.seed, &key, purpose);
    let (start, biases) = if settings.as_run {
        let start = Start::as_run(&mut stream("start"), m, d)?;
        (start.clone(), start.biases)
    } else {
        (Start::as_printed(&mut stream("start"), m, d)?, standard_normal(&mut stream("biases"), m))
    };
    if on(0, "one gradient step").is_break() {
        return Ok(None);
    }
    let x = data.train.x.as_ref();
    let step = FirstStep::new(x, &data.train.y, &start, sigma, StepSize::UnitRows, par)?;
    let fit = Fit { data, sigma, settings, step: &step, biases: &biases, par };
    let Some(learnt) = fit.features(step.weights.as_ref(), 1, LEARNT, on)? else {
        return Ok(None);
    };
    let Some(untrained) = fit.features(start.weights.as_ref(), 4, UNTRAINED, on)? else {
        return Ok(None);
    };
    let truth = data.truth.as_ref();
    let summary = Summary {
        d,
        n,
        m,
        activation: sigma.name(),
        as_run: settings.as_run,
        seed: settings.seed,
        noise: truth.map(|truth| truth.noise.size()),
        validation_samples: data.validation.y.len(),
        test_samples: truth.map(|truth| truth.test.y.len()),
        samples_per_square: n as f64 / (d as f64).powi(2),
        alpha: step.alpha,
        beta_norm: step.beta.iter().map(|b| b * b).sum::<f64>().sqrt(),
        eta: step.eta,
        outside_share: truth.map(|truth| outside(step.weights.as_ref(), truth.frame.as_ref())),
        learnt: learnt.errors,
        untrained: untrained.errors,
        zero: zero(data),
    };
    let remarks = learnt.remark.into_iter().collect();
    let alpha_beta = std::iter::once(step.alpha).chain(step.beta.iter().copied()).collect();
    let Predictor { weights, biases, head, .. } = learnt.predictor;
    Ok(Some(Learnt { summary, weights, biases, head, alpha_beta, remarks }))
}

/// The stages of a kind of features.
const LEARNT: [&str; 3] = ["the features after the step", "their decay", "the errors"];
const UNTRAINED: [&str; 3] = ["untrained features", "the decay of untrained features", "their errors"];

/// What all features share.
struct Fit<'a> {
    data: &'a Data,
    sigma: &'a dyn Activation,
    settings: &'a Settings,
    step: &'a FirstStep,
    biases: &'a [f64],
    par: Par,
}

/// The predictor with the best head on some features.
struct Fitted<'a> {
    predictor: Predictor<'a>,
    errors: Errors,
    /// A remark where the largest decay is the best one.
    remark: Option<String>,
}

impl<'a> Fit<'a> {
    /// Fits a head to the features of these weights; `None` where `on` stopped it.
    fn features(
        &self,
        weights: MatRef<'_, f64>,
        stage: usize,
        words: [&'static str; 3],
        on: &mut dyn FnMut(usize, &'static str) -> ControlFlow<()>,
    ) -> Result<Option<Fitted<'a>>> {
        let Self { data, sigma, settings, step, biases, par } = *self;
        if on(stage, words[0]).is_break() {
            return Ok(None);
        }
        let heads = Heads::of(data.train.x.as_ref(), &step.labels, weights, biases, sigma, par)?;
        if on(stage + 1, words[1]).is_break() {
            return Ok(None);
        }
        // The heads are those of the decay λ/2 of the printed algorithm.
        let factor = if settings.as_run { 2.0 } else { 1.0 };
        let lambdas = settings.lambda.map_or_else(decay::grid, |lambda| vec![lambda]);
        let taken: Vec<f64> = lambdas.iter().map(|lambda| factor * lambda).collect();
        let held = data.validation.x.as_ref();
        let labels = step.centred(held, &data.validation.y)?;
        let errors = decay::mean_squares(&heads, weights, held, &labels, &taken, par)?;
        let best = (0..errors.len()).min_by(|&a, &b| errors[a].total_cmp(&errors[b])).unwrap_or(0);
        let useless = errors.len() > 1 && best + 1 == errors.len();
        let remark = useless.then(|| {
            let lambda = lambdas[best];
            format!("the largest decay, {lambda:.0e}, is the best one: the features do not help")
        });
        let predictor = Predictor {
            sigma,
            alpha: step.alpha,
            beta: step.beta.clone(),
            weights: weights.to_owned(),
            biases: biases.to_vec(),
            head: heads.head(taken[best])?,
        };
        if on(stage + 2, words[2]).is_break() {
            return Ok(None);
        }
        let square = |sample: &Sample| -> Result<f64> {
            let f = predictor.predict(sample.x.as_ref(), par)?;
            Ok(mean_square(f.iter().zip(&sample.y).map(|(f, y)| f - y)))
        };
        let at = data.truth.as_ref().map_or(&data.validation, |truth| &truth.test);
        let f = predictor.predict(at.x.as_ref(), par)?;
        let delta: Vec<f64> = f.iter().zip(&at.y).map(|(f, y)| f - y).collect();
        let norm = predictor.head.iter().map(|a| a * a).sum::<f64>() * settings.m as f64;
        let errors = Errors {
            lambda: Some(lambdas[best]),
            head: Some(norm),
            train: square(&data.train)?,
            validation: errors[best],
            ..errors_of(&delta, data)
        };
        Ok(Some(Fitted { predictor, errors, remark }))
    }
}

fn mean_square(residuals: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = residuals.fold((0.0, 0.0), |(count, sum), r| (count + 1.0, sum + r * r));
    sum / count
}

/// The errors δ where they are judged; the rest is left open.
fn errors_of(delta: &[f64], data: &Data) -> Errors {
    let noise = data.truth.as_ref().map(|truth| truth.noise);
    Errors {
        lambda: None,
        head: None,
        train: 0.0,
        validation: 0.0,
        absolute: Estimate::of(delta.iter().map(|d| d.abs())),
        square: Estimate::of(delta.iter().map(|d| d * d)),
        excess: noise.map(|noise| Estimate::of(delta.iter().map(|&d| noise.excess(d)))),
    }
}

/// The errors of f = 0.
fn zero(data: &Data) -> Errors {
    let at = data.truth.as_ref().map_or(&data.validation, |truth| &truth.test);
    Errors {
        train: mean_square(data.train.y.iter().copied()),
        validation: mean_square(data.validation.y.iter().copied()),
        ..errors_of(&at.y, data)
    }
}

/// `‖W(I − Π*)‖²/‖W‖²`.
fn outside(weights: MatRef<'_, f64>, frame: MatRef<'_, f64>) -> f64 {
    let dot =
        |j: usize, q: usize| (0..weights.ncols()).map(|c| weights[(j, c)] * frame[(q, c)]).sum::<f64>();
    let rest = |j: usize| -> f64 {
        let inner: Vec<f64> = (0..frame.nrows()).map(|q| dot(j, q)).collect();
        let entry = |c: usize| {
            weights[(j, c)] - inner.iter().enumerate().map(|(q, z)| z * frame[(q, c)]).sum::<f64>()
        };
        (0..weights.ncols()).map(|c| entry(c).powi(2)).sum()
    };
    (0..weights.nrows()).map(rest).sum::<f64>() / weights.squared_norm_l2()
}

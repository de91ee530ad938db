//! One gradient step of DLS22: what it sees of a target, and what it learns.

use crate::activation::Chosen;
use crate::arrays::{Matrix, Vector, matrix, vector};
use crate::covariance::fits;
use crate::interrupt::{apart, beside};
use crate::values::{error, real, size, warn, whole};
use escapement::gaussian::MultiIndexModel;
use escapement_verify::papers::dls22::analysis::{analyse, deficient};
use escapement_verify::papers::dls22::learn::{
    Data, Noise, STAGES, Settings, Sizes, bytes, learn as algorithm,
};
use escapement_verify::papers::dls22::target_file::TargetFile;
use faer::Par;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::ops::ControlFlow;

/// The target of a JSON text, in the dimension that is asked for.
fn model(text: &str, d: Option<&Bound<'_, PyAny>>, any_norm: bool) -> PyResult<MultiIndexModel> {
    let d = d.map(|d| size("d", d)).transpose()?;
    let file = TargetFile::from_json(text).map_err(|why| error(format!("the target: {why}")))?;
    let model = file.model(d, |_| Err("the directions are an array, not a path".into())).map_err(error)?;
    if !any_norm {
        let normalised = model.series().require_normalised();
        normalised.map_err(|e| error(format!("{e}, or give any_norm=True")))?;
    }
    Ok(model)
}

/// What one gradient step sees of a target, as JSON.
#[pyfunction]
pub fn gaussian(
    py: Python<'_>,
    target: &str,
    activation: &Bound<'_, PyAny>,
    d: Option<&Bound<'_, PyAny>>,
    w: Option<&Bound<'_, PyAny>>,
    any_norm: bool,
) -> PyResult<String> {
    let chosen = Chosen::of(Some(activation))?;
    let model = model(target, d, any_norm)?;
    let w = w.map(|w| Matrix::of("the weights w", w, "one unit vector per row,")).transpose()?;
    let w = w.as_ref().map(Matrix::view);
    let (analysis, remarks) =
        beside(py, "gaussian", None, |_| chosen.result(analyse(&model, chosen.core.as_ref(), w)))?;
    remarks.iter().try_for_each(|words| warn(py, 2, words))?;
    serde_json::to_string(&analysis).map_err(error)
}

/// The settings of `learn`, in the order of the Python function.
type Shared<'py> =
    (Bound<'py, PyAny>, Bound<'py, PyAny>, bool, Option<Bound<'py, PyAny>>, Bound<'py, PyAny>);

/// Algorithm 1 on a target (a JSON text, d, any_norm, n, noise, validation and test) or on a sample.
#[pyfunction]
pub fn learn<'py>(
    py: Python<'py>,
    target: Option<Target<'py>>,
    sample: Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)>,
    settings: Shared<'py>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let (activation, m, as_run, lambda, seed) = settings;
    let chosen = Chosen::of(Some(&activation))?;
    let lambda = lambda.map(|lambda| real("lam", &lambda)).transpose()?;
    let settings = Settings { m: size("m", &m)?, as_run, lambda, seed: whole("seed", &seed)? };
    chosen.result(settings.check(chosen.core.as_ref()))?;
    let mut remarks = Vec::new();
    let data = match (target, sample) {
        (Some(target), _) => drawn(&target, &settings, &mut remarks)?,
        (None, Some((x, y))) => {
            let x = Matrix::of("the inputs", &x, "n × d, one input per row,")?;
            let y = Vector::of("the labels", &y, "(n,)")?;
            let (n, d) = (x.view().nrows() as f64, x.view().ncols() as f64);
            fits("learning", bytes(2.0 * n, d, settings.m as f64), "choose a smaller m")?;
            Data::split(x.view(), y.view(), settings.seed).map_err(error)?
        }
        (None, None) => return Err(error("a target is needed, or inputs x with labels y")),
    };
    let theirs = chosen.clone();
    let held_out = data.held_out.clone();
    let found = apart(py, "learn", progress, move |line| {
        let mut on = |stage: usize, words: &'static str| {
            line.say(stage as f64, STAGES as f64, || words.to_owned());
            if line.stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let found = algorithm(&data, theirs.core.as_ref(), &settings, Par::rayon(0), &mut on);
        // Where it was stopped, the interrupt is raised in place of this.
        theirs.result(found)?.ok_or_else(|| error("the run was stopped"))
    })?;
    remarks.iter().chain(&found.remarks).try_for_each(|words| warn(py, 2, words))?;
    let out = PyDict::new(py);
    out.set_item("summary", serde_json::to_string(&found.summary).map_err(error)?)?;
    out.set_item("W1", matrix(py, found.weights.as_ref()))?;
    for (name, values) in [("b", found.biases), ("a", found.head)] {
        out.set_item(name, vector(py, values))?;
    }
    out.set_item("beta", vector(py, found.alpha_beta[1..].to_vec()))?;
    out.set_item("held_out", held_out)?;
    Ok(out)
}

/// A target with its d, whether any norm is taken, n, the noise, and the sizes of the other samples.
type Target<'py> = (
    String,
    Option<Bound<'py, PyAny>>,
    bool,
    Bound<'py, PyAny>,
    Bound<'py, PyAny>,
    Bound<'py, PyAny>,
    Bound<'py, PyAny>,
);

/// The samples of a target.
fn drawn(target: &Target<'_>, settings: &Settings, remarks: &mut Vec<String>) -> PyResult<Data> {
    let (text, d, any_norm, n, noise, validation, test) = target;
    let model = model(text, d.as_ref(), *any_norm)?;
    let (n, validation, test) = (size("n", n)?, size("validation", validation)?, size("test", test)?);
    let (rank, latent) = (model.series().rank().map_err(error)?, model.series().latent());
    remarks.extend(deficient(rank, latent));
    let sizes = Sizes { n, validation, test };
    sizes.check().map_err(error)?;
    let samples = [n, validation, test].iter().map(|&n| n as f64).sum();
    fits("learning", bytes(samples, model.d() as f64, settings.m as f64), "choose a smaller n or m")?;
    let noise = real("noise", noise)?;
    let noise = if settings.as_run { Noise::Normal(noise) } else { Noise::Signs(noise) };
    Data::draw(&model, sizes, noise, settings.seed).map_err(error)
}

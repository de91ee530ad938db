//! Margins of a ReLU network on the caller's data, and its gradient flow.

use crate::arrays::{Matrix, Vector, matrix, vector};
use crate::covariance::fits;
use crate::interrupt::beside;
use crate::values::{choice, error, real, size, warn, whole};
use escapement::flow::{Accuracy, Loss};
use escapement_verify::papers::t22::analysis::{self, Settings, analyse};
use faer::Par;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::ops::ControlFlow;

/// The loss, until, the tolerance and the steps of the flows.
type Of<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>);

/// The margins of the network with these weights, or with m that are drawn (m, paired, seed), on inputs with
/// labels; `wanted` are transport, norms only and flow.
#[pyfunction]
pub fn margin<'py>(
    py: Python<'py>,
    examples: (Bound<'py, PyAny>, Bound<'py, PyAny>),
    weights: Option<Bound<'py, PyAny>>,
    drawn: (Bound<'py, PyAny>, bool, Bound<'py, PyAny>),
    wanted: (bool, bool, bool),
    of: Of<'py>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let losses = [("exp", Loss::Exponential), ("logistic", Loss::Logistic)];
    let settings = Settings {
        transport: wanted.0,
        norms_only: wanted.1,
        flow: wanted.2,
        loss: choice("loss", &of.0, &losses)?,
        until: real("until", &of.1)?,
        accuracy: Accuracy { tolerance: real("tolerance", &of.2)?, steps: size("steps", &of.3)? },
    };
    settings.check().map_err(error)?;
    let x = Matrix::of("the inputs", &examples.0, "n × d, one input per row,")?;
    let y = Vector::of("the labels", &examples.1, "(n,)")?;
    analysis::check_examples(x.view(), y.view()).map_err(error)?;
    let (n, d) = (x.view().nrows(), x.view().ncols());
    let shape = "m × (1 + d), the output weight of a neuron first,";
    let given = weights.map(|w| Matrix::of("the weights", &w, shape)).transpose()?;
    let m = given.as_ref().map_or_else(|| size("m", &drawn.0), |given| Ok(given.view().nrows()))?;
    fits("the margin", settings.bytes(n, m, d), "take fewer inputs, or fewer neurons")?;
    let own = match &given {
        Some(_) => None,
        None => Some(analysis::weights(m, d, drawn.1, whole("seed", &drawn.2)?).map_err(error)?),
    };
    let w = match (&given, &own) {
        (Some(given), _) => given.view(),
        (None, Some(own)) => own.as_ref(),
        (None, None) => return Err(error("weights are needed, or a number m of neurons")),
    };
    let (x, y) = (x.view(), y.view());
    let found = beside(py, "margin", progress, |line| {
        let mut on = |done: f64, of: f64, words: &dyn Fn() -> String| {
            line.say(done, of, words);
            if line.stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let found = analyse(x, y, w, &settings, Par::rayon(0), &mut on).map_err(error)?;
        // Where it was stopped, the interrupt is raised in place of this.
        found.ok_or_else(|| error("the run was stopped"))
    })?;
    found.remarks.iter().try_for_each(|words| warn(py, 2, words))?;
    let out = PyDict::new(py);
    out.set_item("summary", serde_json::to_string(&found.summary).map_err(error)?)?;
    out.set_item("q", vector(py, found.dual))?;
    out.set_item("W", found.weights.map(|w| matrix(py, w.as_ref())))?;
    Ok(out)
}

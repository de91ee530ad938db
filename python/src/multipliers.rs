//! A network of the caller's under random multipliers of a displacement.

use crate::activation::Chosen;
use crate::arrays::{Matrix, Vector, vector};
use crate::covariance::transposed;
use crate::interrupt::beside;
use crate::values::{choice, error, text};
use escapement::network::PairedNetwork;
use escapement::objective::Loss;
use escapement::{sphere, tolerance};
use escapement_verify::papers::bl20::analysis::Question;
use faer::Par;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The name of the multiplier, and nodes and coefficients of a design of one's own.
type Multipliers<'py> = (Bound<'py, PyAny>, Option<Bound<'py, PyAny>>, Option<Bound<'py, PyAny>>);

/// The law of f at (weights, inputs, displacement) under a multiplier; `scored` are labels and the loss.
#[pyfunction]
pub fn randomised<'py>(
    py: Python<'py>,
    arrays: (Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>),
    activation: &Bound<'py, PyAny>,
    multiplier: Multipliers<'py>,
    scored: (Option<Bound<'py, PyAny>>, Bound<'py, PyAny>),
) -> PyResult<Bound<'py, PyDict>> {
    let chosen = Chosen::of(Some(activation))?;
    let losses = Loss::ALL.map(|loss| (loss.name(), loss));
    let loss = choice("loss", &scored.1, &losses)?;
    let list = |name, given: &Option<Bound<'py, PyAny>>| {
        given.as_ref().map(|given| Vector::of(name, given, "(l,)")).transpose()
    };
    let (nodes, coefficients) =
        (list("the nodes", &multiplier.1)?, list("the coefficients", &multiplier.2)?);
    let own = [nodes.as_ref().map(Vector::view), coefficients.as_ref().map(Vector::view)];
    let multiplier = Question::multiplier(&text("multiplier", &multiplier.0)?, own).map_err(error)?;
    let w0 = Matrix::of("the weights", &arrays.0, "p × d, one neuron per row,")?;
    let x = Matrix::of("the inputs", &arrays.1, "n × d, one input per row,")?;
    let w = Matrix::of("the displacement", &arrays.2, "2p × d, one neuron per row and then the twins,")?;
    let y = scored.0.map(|y| Vector::of("the labels", &y, "(n,)")).transpose()?;
    let (w0, x, w) = (w0.view(), x.view(), w.view());
    let question = Question { multiplier, labels: y.as_ref().map(|y| (y.view(), loss)) };
    let found = beside(py, "randomised", None, |_| {
        let unit = sphere::unit_rows("the weights", w0, tolerance::UNIT_NORM_F32);
        let (unit, _) = unit.map_err(|e| error(transposed(w0, e)))?;
        let net = PairedNetwork::new(unit.as_ref(), chosen.core.clone(), tolerance::UNIT_NORM_F64);
        chosen.result(question.answer(&net.map_err(error)?, x, w, Par::rayon(0)))
    })?;
    let out = PyDict::new(py);
    out.set_item("order", found.order)?;
    for (name, list) in
        [("f", found.f), ("mean", found.mean), ("variance", found.variance), ("term", found.term)]
    {
        out.set_item(name, vector(py, list))?;
    }
    out.set_item("loss", found.losses.map(|l| (l.randomised, l.randomised_error)))?;
    out.set_item("quadratic_loss", found.losses.map(|l| l.quadratic))?;
    out.set_item("network_loss", found.losses.map(|l| l.network))?;
    Ok(out)
}

//! Activations by name, and of one's own as Python callables.

use crate::arrays::Vector;
use crate::values::{error, refused, size, text};
use escapement::activation::{self, Activation as Core, Derivative};
use numpy::PyArray1;
use pyo3::prelude::*;
use std::sync::{Arc, Mutex, PoisonError};

/// An activation σ: R → R with its derivatives.
///
/// Activation("tanh:0.5") is tanh(z − 0.5). The names are sigmoid, tanh, erf, sine, softplus and relu, each
/// with an optional shift. Activation.of makes one of callables. Calling an activation evaluates it:
/// sigma(z) has the shape of z, and sigma(z, 1) is the first derivative there.
#[pyclass(frozen, module = "escapement")]
pub struct Activation {
    chosen: Chosen,
}

#[pymethods]
impl Activation {
    #[new]
    fn new(name: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self { chosen: Chosen::named(&text("name", name)?)? })
    }

    /// An activation of one's own: the function and its first two or three derivatives, each a callable that
    /// takes an array of shape (n,) and returns one of the same shape.
    ///
    /// The derivatives are compared with differences of the function before, at some points of [−4, 4].
    /// Without the third derivative everything works but the gradient of the quadratic models' regularisers
    /// that needs it.
    #[staticmethod]
    #[pyo3(signature = (value, first, second, third=None, *, name=None),
        text_signature = "(value, first, second, third=None, *, name='own')")]
    fn of(
        py: Python<'_>,
        value: Bound<'_, PyAny>,
        first: Bound<'_, PyAny>,
        second: Bound<'_, PyAny>,
        third: Option<Bound<'_, PyAny>>,
        name: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let name = name.map_or(Ok("own".to_owned()), |name| text("name", name))?;
        for (which, given) in [("value", Some(&value)), ("first", Some(&first)), ("second", Some(&second))]
            .into_iter()
            .chain([("third", third.as_ref())])
        {
            if let Some(given) = given.filter(|given| !given.is_callable()) {
                return Err(refused(which, given, "a callable on arrays is needed"));
            }
        }
        let functions =
            [Some(value.unbind()), Some(first.unbind()), Some(second.unbind()), third.map(Bound::unbind)];
        let own = Arc::new(Own { name, functions, raised: Mutex::default() });
        own.check(py)?;
        Ok(Self { chosen: Chosen { core: own.clone(), own: Some(own) } })
    }

    /// The name, with the shift.
    #[getter]
    fn name(&self) -> String {
        self.chosen.core.name()
    }

    /// σ(z), or the derivative of that order from 0 to 3, in the shape of z.
    #[pyo3(signature = (z, order=None))]
    fn __call__<'py>(
        &self,
        z: &Bound<'py, PyAny>,
        order: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = z.py();
        let order = order.map_or(Ok(0), |order| size("order", order))?;
        let Some(which) = Derivative::ALL.get(order) else {
            return Err(error(escapement::Error::domain("order", order, "the derivatives go from 0 to 3")));
        };
        let numpy = py.import("numpy")?;
        let shape = numpy.call_method1("shape", (z,))?;
        let flat = numpy.call_method1("ravel", (z,))?;
        let mut values = Vector::of("the points", &flat, "an array").map(|v| v.view().to_vec())?;
        self.chosen.core.apply(*which, &mut values);
        self.chosen.raised()?;
        PyArray1::from_vec(py, values).call_method1("reshape", (shape,))
    }

    fn __repr__(&self) -> String {
        format!("Activation({:?})", self.chosen.core.name())
    }
}

/// The activation of those who name none.
const DEFAULT: &str = "sigmoid:1";

/// An activation that a caller gave, with what its callables may have raised.
#[derive(Clone)]
pub struct Chosen {
    pub core: Arc<dyn Core>,
    own: Option<Arc<Own>>,
}

impl Chosen {
    fn named(name: &str) -> PyResult<Self> {
        Ok(Self { core: activation::parse(name).map_err(error)?, own: None })
    }

    /// From its name, or an [`Activation`].
    ///
    /// # Errors
    /// `ValueError`: neither, or an unknown name.
    pub fn of(given: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let Some(given) = given else { return Self::named(DEFAULT) };
        if let Ok(name) = given.extract::<String>() {
            return Self::named(&name);
        }
        let object = given.cast::<Activation>();
        let allowed = "a name as 'sigmoid:1' is needed, or an escapement.Activation";
        object.map(|object| object.get().chosen.clone()).map_err(|_| refused("activation", given, allowed))
    }

    /// # Errors
    /// What a callable has raised since this was last asked.
    pub fn raised(&self) -> PyResult<()> {
        let taken = self
            .own
            .as_ref()
            .and_then(|own| own.raised.lock().unwrap_or_else(PoisonError::into_inner).take());
        taken.map_or(Ok(()), Err)
    }

    /// The result of work that evaluated the activation.
    ///
    /// # Errors
    /// What a callable raised, else that of the work.
    pub fn result<T, E: std::fmt::Display>(&self, result: Result<T, E>) -> PyResult<T> {
        self.raised()?;
        result.map_err(error)
    }
}

/// Callables on arrays as an activation.
struct Own {
    name: String,
    functions: [Option<Py<PyAny>>; 4],
    /// The first exception; its value is NaN, which the core refuses.
    raised: Mutex<Option<PyErr>>,
}

impl std::fmt::Debug for Own {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

/// The step of the differences that derivatives are compared with: truncation and rounding leave 1e-10 or
/// so.
const STEP: f64 = 1e-5;
/// The difference that is allowed, relative to the largest value met: far above that of the differences, and
/// far below that of a wrong formula.
const ALLOWED: f64 = 1e-4;

impl Own {
    fn call(&self, py: Python<'_>, order: Derivative, z: &mut [f64]) -> PyResult<()> {
        let (place, what) = match order {
            Derivative::Value => (0, "value"),
            Derivative::First => (1, "first derivative"),
            Derivative::Second => (2, "second derivative"),
            Derivative::Third => (3, "third derivative"),
        };
        let name = format!("the values of the {what} of {}", self.name);
        let Some(function) = &self.functions[place] else {
            return Err(error(format!(
                "the activation {} has no third derivative, which is needed here",
                self.name
            )));
        };
        let found = function.call1(py, (PyArray1::from_slice(py, z),))?;
        let found = Vector::of(&name, found.bind(py), &format!("({},)", z.len()))?;
        let found = found.view();
        if found.len() != z.len() {
            return Err(error(format!(
                "{name} have the shape ({},), but ({},) is needed",
                found.len(),
                z.len()
            )));
        }
        if let Some((at, value)) = z.iter().zip(found).find(|(_, value)| !value.is_finite()) {
            return Err(error(format!(
                "the {what} of {} is {value} at z = {at}: it must be finite",
                self.name
            )));
        }
        z.copy_from_slice(found);
        Ok(())
    }

    /// Compares each derivative with differences of the function before.
    fn check(&self, py: Python<'_>) -> PyResult<()> {
        const WORDS: [&str; 4] =
            ["the value", "the first derivative", "the second derivative", "the third derivative"];
        // No point where a function of one's own is likely to have a corner.
        let points: Vec<f64> = (0..24).map(|i| -3.97 + 0.3457 * f64::from(i)).collect();
        for (i, pair) in Derivative::ALL.windows(2).enumerate() {
            if self.functions[i + 1].is_none() {
                break;
            }
            let at = |order: Derivative, shift: f64| {
                let mut z: Vec<f64> = points.iter().map(|z| z + shift).collect();
                let called = self.call(py, order, &mut z);
                called.map(|()| z)
            };
            let (low, high, given) = (at(pair[0], -STEP)?, at(pair[0], STEP)?, at(pair[1], 0.0)?);
            let scale = low.iter().chain(&given).fold(f64::MIN_POSITIVE, |most, x| most.max(x.abs()));
            for (k, z) in points.iter().enumerate() {
                let difference = (high[k] - low[k]) / (2.0 * STEP);
                if (difference - given[k]).abs() > ALLOWED * scale {
                    return Err(error(format!(
                        "{} of {} is {:.6} at z = {z:.4}, but differences of {} give {difference:.6} there",
                        WORDS[i + 1],
                        self.name,
                        given[k],
                        WORDS[i]
                    )));
                }
            }
        }
        Ok(())
    }

    fn one(&self, order: Derivative, z: f64) -> f64 {
        let mut one = [z];
        self.apply(order, &mut one);
        one[0]
    }
}

impl Core for Own {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn value(&self, z: f64) -> f64 {
        self.one(Derivative::Value, z)
    }

    fn d1(&self, z: f64) -> f64 {
        self.one(Derivative::First, z)
    }

    fn d2(&self, z: f64) -> f64 {
        self.one(Derivative::Second, z)
    }

    fn d3(&self, z: f64) -> f64 {
        self.one(Derivative::Third, z)
    }

    fn apply(&self, order: Derivative, z: &mut [f64]) {
        let called = Python::attach(|py| self.call(py, order, z));
        if let Err(e) = called {
            z.fill(f64::NAN);
            self.raised.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(e);
        }
    }

    fn apply_value_and_first(&self, value: &mut [f64], first: &mut [f64]) {
        first.copy_from_slice(value);
        self.apply(Derivative::Value, value);
        self.apply(Derivative::First, first);
    }
}

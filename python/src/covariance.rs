//! Zonal coefficients, the covariance and its spectrum, the tangent kernel.

use crate::activation::Chosen;
use crate::arrays::{Matrix, columns, matrix, vector};
use crate::interrupt::{apart, beside};
use crate::values::{choice, error, positive, refused, size, warn, whole};
use escapement::covariance::Covariance as Core;
use escapement::eigen::{self, EigenPairs, Request, Route, RouteChoice};
use escapement::kernel::tangent::{self, InfiniteWidth, WeightLaw};
use escapement::sphere::{self, FeatureLevels, Truncation, ZonalTable};
use escapement::{Error, tolerance};
use escapement_verify::files::memory;
use faer::{Mat, Par};
use numpy::{PyArray1, PyArray2, PyArray3, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::f64::consts::FRAC_1_SQRT_2;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Eigenvalues, and eigenvectors as columns.
type Pairs<'py> = (Bound<'py, PyArray1<f64>>, Bound<'py, PyArray2<f64>>);

/// The levels of Σ as arrays over the degrees, as far as they are within the range of f64.
fn levels<'py>(py: Python<'py>, levels: &FeatureLevels) -> PyResult<Bound<'py, PyDict>> {
    let finite = |l: &&sphere::Level| [l.dimension, l.kappa, l.tau, l.a, l.c].iter().all(|x| x.is_finite());
    let of = |f: &dyn Fn(&sphere::Level) -> f64| {
        vector(py, levels.levels.iter().take_while(finite).map(f).collect())
    };
    let all = PyDict::new(py);
    let degrees: Vec<i64> = (0..levels.levels.iter().take_while(finite).count() as i64).collect();
    all.set_item("degree", PyArray1::from_vec(py, degrees))?;
    all.set_item("dimension", of(&|l| l.dimension))?;
    all.set_item("kappa", of(&|l| l.kappa))?;
    all.set_item("tau", of(&|l| l.tau))?;
    all.set_item("A", of(&|l| l.a))?;
    all.set_item("C", of(&|l| l.c))?;
    Ok(all)
}

/// Zonal coefficients of an activation at dimension d, for the degrees 0 to `degrees`.
#[pyfunction]
pub fn zonal<'py>(
    py: Python<'py>,
    d: &Bound<'py, PyAny>,
    activation: &Bound<'py, PyAny>,
    degrees: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyDict>> {
    let chosen = Chosen::of(Some(activation))?;
    let (d, degrees) = (size("d", d)?, size("degrees", degrees)?);
    let table =
        beside(py, "zonal", None, |_| chosen.result(ZonalTable::new(d, chosen.core.as_ref(), degrees)))?;
    let out = PyDict::new(py);
    let rows = &table.rows;
    out.set_item("degree", PyArray1::from_vec(py, (0..rows.len() as i64).collect()))?;
    out.set_item("dimension", vector(py, rows.iter().map(|r| r.dimension).collect()))?;
    let errors = PyDict::new(py);
    for (i, name) in ["lambda_sigma1", "lambda_sigma2", "A", "C", "tau", "kappa"].iter().enumerate() {
        out.set_item(name, vector(py, rows.iter().map(|r| r.values.all()[i]).collect()))?;
        errors.set_item(name, vector(py, rows.iter().map(|r| r.error.all()[i]).collect()))?;
    }
    out.set_item("error", errors)?;
    out.set_item("trace", table.trace)?;
    out.set_item("tail", table.tail)?;
    Ok(out)
}

/// Σ of a network that a caller gave.
pub struct Given {
    /// With the series cut at the fine tail.
    pub core: Arc<Core>,
    /// The series cut at the tail that is enough for the harmonic route, where nobody asked for another.
    coarse: Option<FeatureLevels>,
    /// By how much a row of the weights missed unit norm.
    deviation: f64,
}

impl Given {
    /// For weights of shape (p, d) that are unit to the rounding of float32; `level` is the frame that is
    /// warned.
    ///
    /// # Errors
    /// `ValueError` for weights, an activation or a tail that are not allowed.
    pub fn new(
        weights: &Bound<'_, PyAny>,
        chosen: &Chosen,
        tail: Option<f64>,
        level: i32,
    ) -> PyResult<Self> {
        let py = weights.py();
        let matrix = Matrix::of("the weights", weights, "p × d, one neuron per row,")?;
        let given = matrix.view();
        let found = beside(py, "Σ", None, |_| {
            let sigma = chosen.core.as_ref();
            sigma.require_twice_differentiable().map_err(error)?;
            let (unit, deviation) = sphere::unit_rows("the weights", given, tolerance::UNIT_NORM_F32)
                .map_err(|e| error(transposed(given, e)))?;
            let levels = |tail| FeatureLevels::new(given.ncols(), sigma, Truncation::Tail(tail));
            let first = chosen.result(levels(tail.unwrap_or(tolerance::TAIL)))?;
            let (fine, coarse) = match tail {
                Some(_) => (first, None),
                None => match levels(tolerance::FINE_TAIL) {
                    // Rounding does not let the certificate reach it.
                    Err(Error::Certificate { .. }) => (first.clone(), Some(first)),
                    fine => (chosen.result(fine)?, Some(first)),
                },
            };
            let core = Arc::new(Core::from_levels(unit, fine).map_err(error)?);
            Ok(Self { core, coarse, deviation })
        })?;
        // As the command line says it: a norm of unit rows is itself only right to a few roundings.
        if found.deviation > 16.0 * f64::EPSILON {
            let words = format!(
                "the rows of the weights miss unit norm by up to {:.1e} and were renormalised in float64",
                found.deviation
            );
            warn(py, level, &words)?;
        }
        Ok(found)
    }
}

/// The error of weights that are not unit vectors, with a hint where their columns are.
pub fn transposed(w: faer::MatRef<'_, f64>, e: Error) -> String {
    if matches!(e, Error::NotUnit { .. }) && sphere::unit_columns(w) {
        return format!(
            "{e}; the {} columns are unit vectors, so they look transposed: give W.T, one neuron per row",
            w.ncols()
        );
    }
    e.to_string()
}

/// The feature covariance Σ = E φφᵀ of a network of width m = 2p, exact but for a bounded rest of its
/// series.
///
/// weights has the shape (p, d): the p distinct neurons, one unit vector per row. They are read where they
/// lie if they are contiguous float64, C or Fortran order, and kept renormalised; changing the array later
/// changes nothing here. Each neuron has a twin with the same weights and the opposite sign. activation is a
/// name as "sigmoid:1" or an Activation; tail is how much of the series may be left out, relative to the
/// largest eigenvalue.
#[pyclass(frozen, module = "escapement")]
pub struct Covariance {
    given: Given,
    name: String,
}

#[pymethods]
impl Covariance {
    #[new]
    #[pyo3(signature = (weights, activation=None, *, tail=None),
        text_signature = "(weights, activation='sigmoid:1', *, tail=None)")]
    fn new(
        weights: &Bound<'_, PyAny>,
        activation: Option<&Bound<'_, PyAny>>,
        tail: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let chosen = Chosen::of(activation)?;
        let tail = tail.map(|tail| positive("tail", tail)).transpose()?;
        Ok(Self { given: Given::new(weights, &chosen, tail, 1)?, name: chosen.core.name() })
    }

    /// The input dimension.
    #[getter]
    fn d(&self) -> usize {
        self.given.core.d()
    }

    /// The number of distinct neurons.
    #[getter]
    fn p(&self) -> usize {
        self.given.core.p()
    }

    /// The width, 2p.
    #[getter]
    fn m(&self) -> usize {
        self.given.core.m()
    }

    /// The trace of Σ.
    #[getter]
    fn trace(&self) -> f64 {
        self.given.core.trace()
    }

    /// A bound on the part of Σ that the series leaves out, in norm and in trace.
    #[getter]
    fn truncation_bound(&self) -> f64 {
        self.given.core.truncation_bound()
    }

    /// By how much a row of the weights missed unit norm before it was renormalised.
    #[getter]
    fn deviation(&self) -> f64 {
        self.given.deviation
    }

    /// The name of the activation.
    #[getter]
    fn activation(&self) -> &str {
        &self.name
    }

    /// The levels of Σ at infinite width: a dictionary of arrays over the degrees 0 to J, with the names
    /// degree, dimension (how many harmonics), kappa (the eigenvalue), tau (the trace), A and C (see
    /// `zonal`).
    #[getter]
    fn levels<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        levels(py, self.given.core.levels())
    }

    fn __repr__(&self) -> String {
        format!("Covariance(d={}, m={}, activation={:?})", self.d(), self.m(), self.name)
    }

    /// The block of Σ of the neurons r and s, shape (d, d): a_r a_s E[σ'(w_r·x) σ'(w_s·x) xxᵀ]/m.
    ///
    /// r and s count from 0 to m − 1: the p neurons, then their twins.
    fn block<'py>(
        &self,
        py: Python<'py>,
        r: &Bound<'py, PyAny>,
        s: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let (p, m) = (self.p(), self.m());
        let place = |name, given| {
            let place = size(name, given)?;
            if place < m {
                Ok(place)
            } else {
                Err(refused(name, given, &format!("neurons count from 0 to m − 1 = {}", m - 1)))
            }
        };
        let (r, s) = (place("r", r)?, place("s", s)?);
        let sign = if (r < p) == (s < p) { 1.0 } else { -1.0 };
        let block = self.given.core.block(r % p, s % p);
        Ok(matrix(py, Mat::from_fn(block.nrows(), block.ncols(), |i, j| sign * block[(i, j)]).as_ref()))
    }

    /// The largest eigenvalues of Σ, or all pd that the pairing does not make zero, as a Spectrum.
    ///
    /// top is how many; with vectors their eigenvectors are kept. route is auto, dense, harmonic or
    /// operator. tolerance is the residual that the operator route may leave, relative to the largest
    /// eigenvalue (1e-12 by default, and 1e-8 above pd = 100 000); memory is how many bytes may be used.
    /// progress is True for a bar, False for none, None for a bar where somebody watches, or a function of
    /// (done, of, words).
    #[pyo3(signature = (top=None, *, vectors=false, route=None, tolerance=None, memory=None, progress=None),
        text_signature = "($self, top=None, *, vectors=False, route='auto', tolerance=None, memory=None, progress=None)")]
    #[allow(clippy::too_many_arguments)] // keywords of a Python function
    fn spectrum(
        &self,
        py: Python<'_>,
        top: Option<&Bound<'_, PyAny>>,
        vectors: bool,
        route: Option<&Bound<'_, PyAny>>,
        tolerance: Option<&Bound<'_, PyAny>>,
        memory: Option<&Bound<'_, PyAny>>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Spectrum> {
        let top = match top {
            Some(given) => {
                let n = size("top", given)?;
                if n == 0 || n > self.given.core.order() {
                    let core = &self.given.core;
                    let allowed = format!(
                        "from 1 to pd = {} eigenvalues are not zero by construction (p = {}, d = {})",
                        core.order(),
                        core.p(),
                        core.d()
                    );
                    return Err(refused("top", given, &allowed));
                }
                Some(n)
            }
            None => None,
        };
        let choice = match route {
            Some(route) => choice(
                "route",
                route,
                &[
                    ("auto", RouteChoice::Auto),
                    ("dense", RouteChoice::Only(Route::Dense)),
                    ("harmonic", RouteChoice::Only(Route::Harmonic)),
                    ("operator", RouteChoice::Only(Route::Operator)),
                ],
            )?,
            None => RouteChoice::Auto,
        };
        let tolerance = tolerance.map(|t| positive("tolerance", t)).transpose()?;
        let memory = memory.map(|bytes| whole("memory", bytes)).transpose()?;
        Ok(Spectrum::new(py, self.solve(py, top, vectors, choice, tolerance, memory, progress)?))
    }

    /// All eigenvalues that the pairing does not make zero, and their eigenvectors, by a full
    /// eigendecomposition.
    ///
    /// Returns (values, vectors): values of shape (pd,), descending; vectors of shape (pd, pd), whose column
    /// q gives the eigenvector (q, −q)/√2 of Σ. Row i·p + r of it belongs to coordinate i of neuron r.
    fn eigh<'py>(&self, py: Python<'py>) -> PyResult<Pairs<'py>> {
        let found = self.solve(py, None, true, RouteChoice::Only(Route::Dense), None, None, None)?;
        let (values, _) = found.shown();
        let none = Mat::new();
        let vectors = found.vectors.as_ref().unwrap_or(&none);
        Ok((vector(py, values), columns(py, vectors)))
    }
}

impl Covariance {
    #[allow(clippy::too_many_arguments)] // those of `spectrum`
    fn solve(
        &self,
        py: Python<'_>,
        top: Option<usize>,
        vectors: bool,
        choice: RouteChoice,
        tolerance: Option<f64>,
        memory: Option<u64>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<EigenPairs> {
        let Given { core, coarse, .. } = &self.given;
        let (core, coarse) = (core.clone(), coarse.clone());
        let order = core.order();
        let tolerance = tolerance.unwrap_or_else(|| tolerance::residual(order));
        let (request, memory) = (Request { top, vectors, tolerance }, memory.unwrap_or_else(memory::total));
        apart(py, "spectrum", progress, move |line| {
            // As the command line chooses, to the same bits: more degrees cost the harmonic route most.
            let par = Par::rayon(0);
            let cut = match coarse {
                Some(coarse) => {
                    let plan =
                        eigen::plan_for(core.p(), &coarse, &request, choice, memory, par).map_err(error)?;
                    let harmonic = plan.route == Route::Harmonic;
                    harmonic.then(|| core.with_levels(coarse)).transpose().map_err(error)?
                }
                None => None,
            };
            let cov = cut.as_ref().unwrap_or(&core);
            let wanted = top.unwrap_or(order) as f64;
            eigen::solve_observed(cov, &request, choice, memory, par, &mut |at| {
                let words = || format!("largest residual {:.1e}", at.residual);
                line.say(at.converged as f64, wanted, words);
                if line.stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
            .map_err(error)
        })
    }
}

/// Eigenvalues of Σ, with the evidence for them.
#[pyclass(frozen, module = "escapement")]
pub struct Spectrum {
    pairs: EigenPairs,
    eigenvalues: Py<PyArray1<f64>>,
    below: Option<(usize, f64)>,
}

impl Spectrum {
    fn new(py: Python<'_>, pairs: EigenPairs) -> Self {
        let (values, below) = pairs.shown();
        Self { eigenvalues: vector(py, values).unbind(), below, pairs }
    }

    /// The number of eigenvalues, and the largest, as they are shown.
    fn summary(&self) -> (usize, f64) {
        let first = self.pairs.eigenvalues.first().copied().unwrap_or(0.0);
        (self.pairs.eigenvalues.len(), if first > self.pairs.bound(0) { first } else { 0.0 })
    }

    fn words_below(&self) -> Option<String> {
        self.below.map(|(count, bound)| format!("{count} below {bound:.1e}"))
    }
}

#[pymethods]
impl Spectrum {
    /// The eigenvalues in descending order, shape (N,); zero stands for those below their own bound.
    #[getter]
    fn eigenvalues<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.eigenvalues.bind(py).clone()
    }

    /// How many eigenvalues are below their own bound, and the largest of those bounds; None where all have
    /// digits.
    #[getter]
    fn below_bound(&self) -> Option<(usize, f64)> {
        self.below
    }

    /// The residuals ‖Σv − λv‖ of the pairs, shape (N,), where vectors were computed; else shape (0,). Where
    /// residual_failure is not zero they are upper bounds, at most eight times the residuals.
    #[getter]
    fn residuals<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        vector(py, self.pairs.residuals.clone())
    }

    /// The probability that one of the residuals is below the one that it bounds; zero where they were
    /// computed.
    #[getter]
    fn residual_failure(&self) -> f64 {
        self.pairs.residual_failure
    }

    /// The largest residual.
    #[getter]
    fn residual_max(&self) -> f64 {
        self.pairs.residual_max
    }

    /// A bound on the rounding of an eigenvalue.
    #[getter]
    fn rounding_bound(&self) -> f64 {
        self.pairs.rounding_bound()
    }

    /// A bound on the amount by which each eigenvalue is too small because the series of Σ is cut.
    #[getter]
    fn truncation_bound(&self) -> f64 {
        self.pairs.truncation_bound
    }

    /// The number of eigenvalues that the pairing makes zero, which are not listed.
    #[getter]
    fn null_dimension(&self) -> usize {
        self.pairs.null_dimension
    }

    /// How many of the leading eigenvalues are certified to be the largest.
    #[getter]
    fn certified(&self) -> usize {
        self.pairs.completeness.certified
    }

    /// The argument behind `certified`.
    #[getter]
    fn how(&self) -> &str {
        &self.pairs.completeness.how
    }

    /// The route that was taken: dense, harmonic or operator.
    #[getter]
    fn route(&self) -> &'static str {
        self.pairs.plan.route.name()
    }

    /// Eigenvectors of Σ, shape (N, m, d): neuron r, then its twin p + r. The array is made anew at each
    /// access.
    #[getter]
    fn vectors<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray3<f64>>> {
        let Some(q) = &self.pairs.vectors else {
            return Err(error("the eigenvectors were not computed: ask for them with vectors=True"));
        };
        let (p, d, n) = (self.pairs.p, self.pairs.d, q.ncols());
        let mut all = Vec::with_capacity(n * 2 * p * d);
        for c in 0..n {
            let column = q.col_as_slice(c);
            for r in 0..2 * p {
                let sign = if r < p { FRAC_1_SQRT_2 } else { -FRAC_1_SQRT_2 };
                all.extend((0..d).map(|i| sign * column[i * p + r % p]));
            }
        }
        vector(py, all).reshape([n, 2 * p, d])
    }

    fn __len__(&self) -> usize {
        self.pairs.eigenvalues.len()
    }

    fn __repr__(&self) -> String {
        let (count, first) = self.summary();
        let below = self.words_below().map_or(String::new(), |words| format!(", {words}"));
        format!("Spectrum({count} eigenvalues, largest {first:.6e}{below}, {} route)", self.route())
    }

    fn _repr_html_(&self) -> String {
        let (count, first) = self.summary();
        let below = self.words_below().map_or(String::new(), |words| format!(", {words}"));
        let row = |name: &str, value: String| format!("<tr><td>{name}</td><td>{value}</td></tr>");
        let rows = [
            row(
                "eigenvalues",
                format!("{count}{below}, and {} zeros from the pairing", self.null_dimension()),
            ),
            row("largest", format!("{first:.6e}")),
            row("rounding", format!("at most {:.1e}", self.rounding_bound())),
            row(
                "largest residual",
                format!(
                    "{}{:.1e}",
                    if self.residual_failure() > 0.0 { "at most " } else { "" },
                    self.residual_max()
                ),
            ),
            row("series cut at", format!("{:.1e}", self.truncation_bound())),
            row("certified", format!("{} of {count}: {}", self.certified(), escaped(self.how()))),
            row("route", self.route().to_owned()),
        ];
        format!(
            "<table><caption>Spectrum of Σ at d = {}, m = {}</caption>{}</table>",
            self.pairs.d,
            2 * self.pairs.p,
            rows.concat()
        )
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The tangent kernel on inputs: at the width of the weights, and in the limit.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // keywords of a Python function
pub fn kernel<'py>(
    py: Python<'py>,
    inputs: &Bound<'py, PyAny>,
    weights: Option<&Bound<'py, PyAny>>,
    activation: &Bound<'py, PyAny>,
    infinite: bool,
    gaussian_weights: bool,
    degrees: &Bound<'py, PyAny>,
    tail: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let chosen = Chosen::of(Some(activation))?;
    let (degrees, tail) = (size("degrees", degrees)?, tail.map(|tail| positive("tail", tail)).transpose()?);
    let x = Matrix::of("the inputs", inputs, "n × d, one input per row,")?;
    let w = weights.map(|w| Matrix::of("the weights", w, "p × d, one neuron per row,")).transpose()?;
    let (x, w) = (x.view(), w.as_ref().map(Matrix::view));
    let law = if gaussian_weights { WeightLaw::Gaussian } else { WeightLaw::Sphere };
    let found = beside(py, "kernel", None, |_| {
        let sigma = chosen.core.as_ref();
        sigma.require_twice_differentiable().map_err(error)?;
        sphere::require_dimension(x.ncols()).map_err(error)?;
        let (n, p) = (x.nrows() as f64, w.map_or(0, |w| w.nrows()) as f64);
        fits("the kernel", 8.0 * (3.0 * n * n + p * n), "take fewer inputs")?;
        let finite = match w {
            None => None,
            Some(w) => {
                let unit = match law {
                    WeightLaw::Sphere => Some(
                        sphere::unit_rows("the weights", w, tolerance::UNIT_NORM_F32)
                            .map_err(|e| error(transposed(w, e)))?
                            .0,
                    ),
                    WeightLaw::Gaussian => None,
                };
                let w = unit.as_ref().map_or(w, Mat::as_ref);
                Some(chosen.result(tangent::at_width(w, sigma, x, Par::rayon(0)))?)
            }
        };
        let to = |tail: f64| InfiniteWidth::new(x.ncols(), sigma, law, tail);
        let limit = chosen.result(match tail {
            Some(tail) => to(tail),
            None => to(tolerance::FINE_TAIL).or_else(|_| to(tolerance::TAIL)),
        })?;
        let wanted = infinite || finite.is_none();
        let kernel = wanted.then(|| limit.kernel(x)).transpose().map_err(error)?;
        Ok((finite, kernel, limit))
    })?;
    let (finite, infinite, limit) = found;
    let out = PyDict::new(py);
    for (name, kernel) in [("finite", finite), ("infinite", infinite)] {
        out.set_item(name, kernel.as_ref().map(|(k, _)| matrix(py, k.as_ref())))?;
        out.set_item(format!("{name}_error"), kernel.as_ref().map(|(_, error)| *error))?;
    }
    let listed = 0..degrees.min(limit.max_degree() + 1);
    let kappa: Vec<_> = listed.clone().map(|j| limit.eigenvalue(j)).collect();
    out.set_item("kappa", vector(py, kappa.iter().map(|k| k.value).collect()))?;
    out.set_item("kappa_error", vector(py, kappa.iter().map(|k| k.error).collect()))?;
    out.set_item("multiplicity", vector(py, listed.map(|j| limit.multiplicity(j)).collect()))?;
    out.set_item("trace", limit.trace())?;
    Ok(out)
}

/// Refuses what needs more memory than there is.
pub fn fits(what: &str, needed: f64, advice: &str) -> PyResult<()> {
    let allowed = memory::total() as f64;
    if needed <= allowed {
        return Ok(());
    }
    Err(error(Error::Memory { what: what.into(), needed, allowed, advice: format!(": {advice}") }))
}

//! Constructed solutions, the regularised loss, and descents on it.

use crate::activation::Chosen;
use crate::arrays::{Matrix, Vector, matrix, vector};
use crate::covariance::{Given, fits};
use crate::interrupt::{apart, beside};
use crate::values::{choice, error, positive, real, refused, size, warn, whole};
use escapement::construct::{self as constructions, LowDegree, SparseTerm, Target, ZonalTerm};
use escapement::covariance::Covariance;
use escapement::descent::{
    DescentOptions, DescentState, Iterate, LeastEigenvalue, LeastOptions, LossLandscape, StepSize, descend,
    least_eigenvalue,
};
use escapement::eigen::{self, Request, RouteChoice, TopSpace};
use escapement::network::{Model, PairedNetwork};
use escapement::objective::regularized::Value;
use escapement::objective::{Loss, RegularizedLoss, Regularizers};
use escapement::{Error, seed, sphere, tolerance};
use escapement_verify::files::memory;
use faer::{Mat, MatRef, Par};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::ops::ControlFlow;
use std::sync::Arc;

/// A network with the top space of its Σ.
struct Stage {
    cov: Arc<Covariance>,
    top: TopSpace,
    net: PairedNetwork,
    residual_max: f64,
}

impl Stage {
    /// Solves for the top n_k eigenvectors of Σ.
    ///
    /// # Errors
    /// Weights that are not allowed, n_k above the rank of Σ, and a solve that fails or was interrupted.
    fn new(
        py: Python<'_>,
        what: &str,
        weights: &Bound<'_, PyAny>,
        chosen: &Chosen,
        k: usize,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let cov = Given::new(weights, chosen, None, 2)?.core;
        let (p, d, order) = (cov.p(), cov.d(), cov.order());
        let rank = sphere::cumulative_dimension(d, k).map_err(error)?;
        if rank > order {
            let least = 2 * rank.div_ceil(d);
            let why = format!(
                "n_k = {rank} at k = {k} exceeds the rank pd = {order} of Σ (p = {p}, d = {d}): at least \
                 m = {least} is needed"
            );
            return Err(error(Error::Projector { rank, why }));
        }
        let request = Request::top((rank + 1).min(order));
        let theirs = cov.clone();
        let (top, residual_max) = apart(py, &format!("{what}: top space of Σ"), progress, move |line| {
            let wanted = request.top.unwrap_or(order) as f64;
            let par = Par::rayon(0);
            let memory = memory::total();
            let pairs =
                eigen::solve_observed(&theirs, &request, RouteChoice::Auto, memory, par, &mut |at| {
                    line.say(at.converged as f64, wanted, || {
                        format!("largest residual {:.1e}", at.residual)
                    });
                    if line.stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                });
            let pairs = pairs.map_err(error)?;
            Ok((TopSpace::new(&pairs, rank).map_err(error)?, pairs.residual_max))
        })?;
        let net = PairedNetwork::new(cov.weights(), chosen.core.clone(), tolerance::UNIT_NORM_F64);
        Ok(Self { net: chosen.result(net)?, cov, top, residual_max })
    }

    fn regularizers<'a>(&'a self, x: MatRef<'a, f64>) -> Regularizers<'a> {
        Regularizers { cov: &self.cov, top: &self.top, net: &self.net, x }
    }
}

/// The inputs; those off the sphere are spoken of, and used as they are.
fn inputs<'py>(given: &Bound<'py, PyAny>) -> PyResult<Matrix<'py>> {
    let x = Matrix::of("the inputs", given, "n × d, one input per row,")?;
    let view = x.view();
    let (n, radius) = (view.nrows(), (view.ncols() as f64).sqrt());
    let deviation = |row: usize| (view.row(row).norm_l2() / radius - 1.0).abs();
    let off = (0..n).filter(|&row| deviation(row) > tolerance::UNIT_NORM_F32).count();
    if off > 0 {
        let worst = (0..n).max_by(|&a, &b| deviation(a).total_cmp(&deviation(b))).unwrap_or(0);
        let words = format!(
            "{off} of the {n} inputs are off the sphere of radius √d = {radius:.6} (row {worst} has norm \
             {:.6}) and are used as they are",
            view.row(worst).norm_l2()
        );
        warn(given.py(), 2, &words)?;
    }
    Ok(x)
}

/// A displacement or direction of m × d; `name` is what messages call it. It is copied to columns, because
/// the last bits of sums over it depend on how it lies, and are to be those of the command line.
fn displacement(name: &'static str, given: &Bound<'_, PyAny>, cov: &Covariance) -> PyResult<Mat<f64>> {
    let w = Matrix::of(name, given, "m × d, a row for each neuron and then one for each twin,")?;
    let (view, m, d) = (w.view(), cov.m(), cov.d());
    if (view.nrows(), view.ncols()) != (m, d) {
        let words = format!("m, d = {m}, {d}: a row for each of the p neurons, then one for each twin");
        return Err(error(Error::Shape { name, rows: view.nrows(), cols: view.ncols(), expected: words }));
    }
    Ok(view.to_owned())
}

/// The terms of a target, as pairs and triples.
fn terms<'py, const N: usize>(
    name: &'static str,
    given: &Bound<'py, PyAny>,
    shape: &str,
) -> PyResult<Vec<[Bound<'py, PyAny>; N]>> {
    let refuse = || refused(name, given, shape);
    let mut all = Vec::new();
    for term in given.try_iter().map_err(|_| refuse())? {
        let parts: Vec<Bound<'py, PyAny>> =
            term?.try_iter().and_then(Iterator::collect::<PyResult<_>>).map_err(|_| refuse())?;
        all.push(<[_; N]>::try_from(parts).map_err(|_| refuse())?);
    }
    Ok(all)
}

/// W_Q, W_L and W* = W_L + S·W_Q for a target, on inputs.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // keywords of a Python function
pub fn construct<'py>(
    py: Python<'py>,
    weights: &Bound<'py, PyAny>,
    inputs_given: &Bound<'py, PyAny>,
    k: &Bound<'py, PyAny>,
    sparse: &Bound<'py, PyAny>,
    low_degree: &Bound<'py, PyAny>,
    activation: &Bound<'py, PyAny>,
    seed: &Bound<'py, PyAny>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let chosen = Chosen::of(Some(activation))?;
    let (k, seed) = (size("k", k)?, whole("seed", seed)?);
    let sparse = terms("sparse", sparse, "pairs (α, β) are needed, for terms α(β·x)^(k+1)")?
        .into_iter()
        .map(|[alpha, beta]| {
            let beta = Vector::of("the vectors β", &beta, "(d,)")?.view().to_vec();
            Ok(SparseTerm { alpha: real("α", &alpha)?, beta })
        });
    let allowed = "triples (degree, c, η) are needed, for terms c·P_degree(η·x/√d)";
    let low = terms("low_degree", low_degree, allowed)?.into_iter().map(|[degree, coefficient, eta]| {
        let eta = Vector::of("the vectors η", &eta, "(d,)")?.view().to_vec();
        Ok(ZonalTerm { degree: size("degree", &degree)?, coefficient: real("c", &coefficient)?, eta })
    });
    let (sparse, low) = (sparse.collect::<PyResult<Vec<_>>>()?, low.collect::<PyResult<Vec<_>>>()?);
    let x = inputs(inputs_given)?;
    let target = Target::new(x.view().ncols(), k, LowDegree::Zonal(low), sparse).map_err(error)?;
    let stage = Stage::new(py, "construct", weights, &chosen, k, progress)?;
    let x = x.view();
    struct Found {
        matrices: [Mat<f64>; 3],
        signs: Vec<f64>,
        expected: [f64; 4],
        drawn: [f64; 4],
        values: [Vec<f64>; 4],
    }
    let found = beside(py, "construct", progress, |_| {
        let run = || -> escapement::Result<Found> {
            let par = Par::rayon(0);
            let (d, m) = (stage.cov.d(), stage.cov.m());
            let w_q = constructions::w_q(&stage.net, &target)?;
            let w_l = constructions::w_l(&stage.cov, &stage.top, &target, par)?;
            let regularizers = stage.regularizers(x);
            let expected =
                constructions::expected_regularizers(regularizers, w_l.as_ref(), w_q.w.as_ref(), par)?;
            let signs =
                constructions::signs::draw(&mut seed::stream(seed, &format!("d={d} m={m}"), "signs"), m);
            let w_star = constructions::signs::apply(&signs, w_l.as_ref(), w_q.w.as_ref())?;
            Ok(Found {
                expected,
                drawn: regularizers.all(w_star.as_ref(), par)?,
                values: [
                    stage.net.f_quadratic(x, w_q.w.as_ref(), par)?,
                    target.f_sp(x)?,
                    stage.net.f_linear(x, w_l.as_ref(), par)?,
                    target.f_k(x)?,
                ],
                matrices: [w_q.w, w_l, w_star],
                signs,
            })
        };
        chosen.result(run())
    })?;
    let out = PyDict::new(py);
    for (name, w) in ["W_Q", "W_L", "W_star"].iter().zip(&found.matrices) {
        out.set_item(name, matrix(py, w.as_ref()))?;
    }
    out.set_item("signs", vector(py, found.signs))?;
    out.set_item("expected_regularizers", vector(py, found.expected.to_vec()))?;
    out.set_item("drawn_regularizers", vector(py, found.drawn.to_vec()))?;
    for (name, values) in ["f_q", "f_sp", "f_l", "f_k"].iter().zip(found.values) {
        out.set_item(name, vector(py, values))?;
    }
    out.set_item("gap", stage.top.gap())?;
    out.set_item("residual_max", stage.residual_max)?;
    Ok(out)
}

/// The objective that is evaluated or descended on.
struct Question {
    chosen: Chosen,
    k: usize,
    lambda: [f64; 4],
    loss: Loss,
    model: Model,
    products: usize,
    seed: u64,
}

/// The arguments that `evaluate` and `train` share, in the order of the Python function.
type Shared<'py> = (
    Bound<'py, PyAny>,
    Bound<'py, PyAny>,
    Bound<'py, PyAny>,
    Bound<'py, PyAny>,
    Bound<'py, PyAny>,
    Bound<'py, PyAny>,
    Bound<'py, PyAny>,
);

impl Question {
    fn of((activation, k, lambda, loss, model, products, seed): &Shared<'_>) -> PyResult<Self> {
        const MODELS: [(&str, Model); 4] = [
            ("network", Model::Network),
            ("quadratic", Model::Quadratic),
            ("quadratic-term", Model::QuadraticTerm),
            ("linear", Model::Linear),
        ];
        let refuse = || refused("lam", lambda, "four finite numbers are needed, zero or above: λ1 to λ4");
        let given: Vec<f64> = lambda.extract().or_else(|_| {
            Vector::of("lam", lambda, "(4,)").map(|v| v.view().to_vec()).map_err(|_| refuse())
        })?;
        let lam = <[f64; 4]>::try_from(given).map_err(|_| refuse())?;
        if lam.iter().any(|l| !(*l >= 0.0 && l.is_finite())) {
            return Err(refuse());
        }
        Ok(Self {
            chosen: Chosen::of(Some(activation))?,
            k: size("k", k)?,
            lambda: lam,
            loss: Loss::parse(&crate::values::text("loss", loss)?).map_err(error)?,
            model: choice("model", model, &MODELS)?,
            products: size("products", products)?,
            seed: whole("seed", seed)?,
        })
    }

    /// The options of the search for the least eigenvalue, as the command line has them.
    fn least(&self) -> LeastOptions {
        LeastOptions { gap: 1e-3, max_products: self.products, seed: self.seed, ..LeastOptions::default() }
    }
}

/// Labels, one for each input.
fn labels<'py>(given: &Bound<'py, PyAny>, n: usize) -> PyResult<Vector<'py>> {
    let y = Vector::of("the labels", given, "(n,), one label per input,")?;
    let found = y.view().len();
    if found != n {
        return Err(error(format!(
            "there are {found} labels for {n} inputs, but one label per input is needed"
        )));
    }
    Ok(y)
}

/// The least eigenvalue of the Hessian and the evidence for it.
fn curvature(out: &Bound<'_, PyDict>, least: &LeastEigenvalue) -> PyResult<()> {
    out.set_item("hessian_min_eigenvalue", least.value)?;
    out.set_item("hessian_min_eigenvalue_bound", least.error())?;
    out.set_item("hessian_min_eigenvalue_residual", least.residual)?;
    out.set_item("hessian_exact", least.exact)?;
    out.set_item("hessian_norm", least.norm)
}

/// The arguments of a function on a network with data: weights, inputs, labels.
type Data<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>);

/// f, f_L, f_Q, L_λ with its gradient, the Hessian times a direction and its least eigenvalue.
#[pyfunction]
pub fn evaluate<'py>(
    py: Python<'py>,
    data: Data<'py>,
    at: &Bound<'py, PyAny>,
    question: Shared<'py>,
    direction: Option<&Bound<'py, PyAny>>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let q = Question::of(&question)?;
    if !q.loss.is_smooth() {
        let allowed = "the Hessian needs pseudo-huber, log-cosh or square";
        return Err(error(Error::domain("loss", q.loss.name(), allowed)));
    }
    if q.products == 0 {
        return Err(error(Error::domain("products", 0, "at least one product is needed")));
    }
    let (weights, x, y) = data;
    let x = inputs(&x)?;
    let y = labels(&y, x.view().nrows())?;
    let stage = Stage::new(py, "evaluate", &weights, &q.chosen, q.k, progress)?;
    let w = displacement("the displacement", at, &stage.cov)?;
    let v = direction.map(|v| displacement("the direction", v, &stage.cov)).transpose()?;
    let (x, y, w, v) = (x.view(), y.view(), w.as_ref(), v.as_ref().map(Mat::as_ref));
    let options = q.least();
    struct Found {
        functions: [Vec<f64>; 4],
        value: Value,
        gradient: Mat<f64>,
        product: Option<Mat<f64>>,
        least: LeastEigenvalue,
    }
    let found = beside(py, "evaluate", progress, |line| {
        let (n, m, order) = (x.nrows() as f64, stage.cov.m() as f64, (stage.cov.m() * stage.cov.d()) as f64);
        let products = (options.max_products as f64).min(order);
        let kept = if order <= options.dense as f64 { 2.0 * order } else { 1.0 + products };
        fits("the Hessian", 8.0 * (6.0 * n * m + order * kept), "take fewer inputs or products")?;
        let run = || -> escapement::Result<Found> {
            let par = Par::rayon(0);
            let net = &stage.net;
            let [f, f_l, f_q] = net.expansion(x, w, par)?;
            let of = stage.regularizers(x);
            let objective = RegularizedLoss::new(of, y, q.loss, q.lambda, q.model, memory::total(), par)?;
            let mut gradient = Mat::zeros(net.m(), net.d());
            let mut space = objective.workspace();
            let value = objective.value_and_gradient(w, gradient.as_mut(), &mut space, par)?;
            let prediction = space.f().to_vec();
            drop(space);
            let numbers = [value.objective, value.loss, gradient.norm_l2()];
            let finite = numbers.iter().chain(&value.regularizers).all(|x| x.is_finite())
                && [&f, &f_l, &f_q].iter().all(|f| f.iter().all(|x| x.is_finite()));
            if !finite {
                let most = [w, x].iter().map(|a| a.norm_max()).fold(0.0, f64::max);
                let why = format!("entries of the inputs and the displacement reach {most:.1e}");
                return Err(Error::Numerical {
                    what: "L_λ and its terms",
                    why: format!("they overflow: {why}"),
                });
            }
            line.say(0.0, 1.0, || "the least eigenvalue of the Hessian".into());
            let hessian = objective.hessian(w, par)?;
            let product = v
                .map(|v| {
                    let mut product = Mat::zeros(v.nrows(), v.ncols());
                    hessian.multiply(v, product.as_mut(), par).map(|()| product)
                })
                .transpose()?;
            let least = least_eigenvalue(&hessian, &options, par)?;
            Ok(Found { functions: [f, f_l, f_q, prediction], value, gradient, product, least })
        };
        q.chosen.result(run())
    })?;
    if !found.least.exact
        && found.least.products == options.max_products
        && found.least.residual > options.tolerance * found.least.norm
    {
        let words = format!(
            "the least eigenvalue took all {} products and has a residual of {:.1e}: allow more products",
            options.max_products, found.least.residual
        );
        warn(py, 2, &words)?;
    }
    let out = PyDict::new(py);
    for (name, values) in ["f", "f_l", "f_q", "prediction"].iter().zip(found.functions) {
        out.set_item(name, vector(py, values))?;
    }
    out.set_item("regularizers", vector(py, found.value.regularizers.to_vec()))?;
    out.set_item("mean_loss", found.value.loss)?;
    out.set_item("loss", found.value.objective)?;
    out.set_item("gradient", matrix(py, found.gradient.as_ref()))?;
    out.set_item("hvp", found.product.as_ref().map(|product| matrix(py, product.as_ref())))?;
    curvature(&out, &found.least)?;
    Ok(out)
}

/// The arguments of a descent: start, max_steps, step, noise, gradient, curvature.
type Descent<'py> = (
    Option<Bound<'py, PyAny>>,
    Bound<'py, PyAny>,
    Option<Bound<'py, PyAny>>,
    Bound<'py, PyAny>,
    Bound<'py, PyAny>,
    Option<Bound<'py, PyAny>>,
);

/// Gradient descent on L_λ from a displacement, plain or with noise, to a stationary point.
#[pyfunction]
pub fn train<'py>(
    py: Python<'py>,
    data: Data<'py>,
    question: Shared<'py>,
    descent: Descent<'py>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let q = Question::of(&question)?;
    let (start, max_steps, step, noise, gradient, gamma) = descent;
    let step = step.map(|eta| positive("step", &eta)).transpose()?;
    let max_steps = whole("max_steps", &max_steps)?;
    let options = DescentOptions {
        step_size: step.map_or(StepSize::Backtracking { first: 1.0 }, StepSize::Fixed),
        noise: real("noise", &noise)?,
        seed: q.seed,
        gradient: real("gradient", &gradient)?,
        curvature: gamma.map(|gamma| positive("curvature", &gamma)).transpose()?,
        max_steps,
        least: LeastOptions { max_products: q.products.max(1), seed: q.seed, ..LeastOptions::default() },
        ..DescentOptions::default()
    };
    let (weights, x, y) = data;
    let x = inputs(&x)?;
    let y = labels(&y, x.view().nrows())?;
    let stage = Stage::new(py, "train", &weights, &q.chosen, q.k, progress)?;
    let w = match &start {
        Some(start) => displacement("the start", start, &stage.cov)?,
        None => Mat::zeros(stage.cov.m(), stage.cov.d()),
    };
    let (x, y) = (x.view(), y.view());
    let mut steps: Vec<i64> = Vec::new();
    let mut history: [Vec<f64>; 2] = Default::default();
    let (kept, rows) = (&mut steps, &mut history);
    let (found, least) = beside(py, "train", progress, |line| {
        let (n, m, order) = (x.nrows() as f64, stage.cov.m() as f64, (stage.cov.m() * stage.cov.d()) as f64);
        fits("training", 8.0 * (6.0 * n * m + 6.0 * order), "take a smaller n or m")?;
        let run = || {
            let par = Par::rayon(0);
            let of = stage.regularizers(x);
            let objective = RegularizedLoss::new(of, y, q.loss, q.lambda, q.model, memory::total(), par)?;
            let state = DescentState::new(w, &options);
            let mut watch = |point: &Iterate<'_>| {
                kept.push(point.state.step as i64);
                rows[0].push(point.value.objective);
                rows[1].push(point.gradient_norm);
                let words = || {
                    format!("L_λ {:.6}, gradient norm {:.2e}", point.value.objective, point.gradient_norm)
                };
                line.say(point.state.step as f64, max_steps as f64, words);
                if line.stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            let found = descend(&mut LossLandscape::new(&objective), state, &options, &mut watch, par)?;
            // As the command line does at the end.
            let wanted = !line.stopped() && q.loss.is_smooth() && q.products > 0;
            let least = if wanted {
                let hessian = objective.hessian(found.state.w.as_ref(), par)?;
                Some(least_eigenvalue(&hessian, &q.least(), par)?)
            } else {
                None
            };
            Ok::<_, Error>((found, least))
        };
        q.chosen.result(run())
    })?;
    let out = PyDict::new(py);
    out.set_item("outcome", found.outcome.name())?;
    out.set_item("W", matrix(py, found.state.w.as_ref()))?;
    out.set_item("steps", found.state.step)?;
    out.set_item("loss", found.value.objective)?;
    out.set_item("mean_loss", found.value.loss)?;
    out.set_item("regularizers", vector(py, found.value.regularizers.to_vec()))?;
    out.set_item("gradient_norm", found.gradient_norm)?;
    out.set_item("history_step", numpy::PyArray1::from_vec(py, steps))?;
    for (name, values) in ["history_loss", "history_gradient_norm"].iter().zip(history) {
        out.set_item(name, vector(py, values))?;
    }
    if let Some(least) = &least {
        curvature(&out, least)?;
    }
    Ok(out)
}

//! `escapement evaluate`: the network, its expansion, and L_λ with gradient and Hessian at weights, inputs
//! and a displacement from files.

use super::common::{self, NetworkArgs, Neurons, Notes, TopRequest};
use super::curvature::{self, Curvature};
use crate::files::{array, stdout};
use crate::terminal::{interrupt, solve::WatchedSolve};
use anyhow::{Result, ensure};
use clap::Parser;
use escapement::covariance::Covariance;
use escapement::descent::{LeastEigenvalue, LeastOptions, least_eigenvalue};
use escapement::eigen::{self, TopSpace};
use escapement::network::{Model, PairedNetwork};
use escapement::objective::{Loss, RegularizedLoss, Regularizers, regularized};
use escapement::{Error, activation::Activation, tolerance};
use escapement_verify::{files::atomic::Outputs, text::numbers::number};
use faer::{Mat, MatRef, Par};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::{process::ExitCode, sync::Arc};

/// The files that `--out` writes, the last one only with `--direction`.
const FILES: [&str; 4] = ["gradient.npy", "least_vector.npy", "summary.json", "hvp.npy"];

/// Evaluates the network and the regularised loss L_λ at weights and a displacement from files.
///
/// The network f and the first terms f_L (linear) and f_Q (quadratic) of its Taylor expansion are evaluated
/// at each input; of L_λ the value, the gradient and the least eigenvalue of the Hessian are computed.
#[derive(Debug, Parser)]
#[command(
    allow_negative_numbers = true,
    mut_arg("weights", |arg| arg.required(true).help("Weights from a .npy file: p × d, one distinct neuron \
        per row")),
    after_help = "Example:\n  escapement evaluate --weights W0.npy --inputs X.npy --labels y.npy \
        --displacement W.npy --direction V.npy \\\n    --activation sigmoid:1 --k 1 --lambda \
        0.3,0.2,0.5,0.01 --loss pseudo-huber --model network --json\n\nArrays are .npy, float64 or float32, \
        C or Fortran order: W0.npy p × d (the distinct neurons), X.npy n × d, y.npy n, W.npy and V.npy m × \
        d\n(m = 2p: neuron r, then its twin p + r of opposite sign)."
)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    /// Inputs from a .npy file: n × d, one input per row
    #[arg(long, value_name = "FILE")]
    inputs: PathBuf,
    /// Labels from a .npy file: n numbers
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,
    /// The displacement W from a .npy file: m × d, one neuron per row, then the twins
    #[arg(long, value_name = "FILE")]
    displacement: PathBuf,
    /// A direction V, m × d: the Hessian times V is computed as well
    #[arg(long, value_name = "FILE")]
    direction: Option<PathBuf>,
    /// The low degree k: R1, R2 and R3 treat the top n_k eigenvectors of Σ, those of degrees up to k, apart
    #[arg(long, default_value_t = 1)]
    k: usize,
    /// The weights λ1,λ2,λ3,λ4 of the regularisers R1 to R4 in L_λ
    #[arg(long, default_value = "0,0,0,0", value_name = "NUMBERS", allow_hyphen_values = true)]
    lambda: String,
    /// The loss: pseudo-huber, log-cosh or square
    #[arg(long, default_value = "pseudo-huber")]
    loss: String,
    /// Which function is fitted to the labels: network (f), quadratic (f_L + f_Q), quadratic-term (f_Q) or
    /// linear (f_L)
    #[arg(long, default_value = "network")]
    model: String,
    /// Hessian-vector products that the least eigenvalue may take, above order 600
    #[arg(long, default_value_t = LeastOptions::default().max_products, value_name = "N")]
    products: usize,
    /// Write gradient.npy, hvp.npy (the Hessian times V), least_vector.npy and summary.json into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print one JSON object instead of a summary
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Output {
    d: usize,
    m: usize,
    n: usize,
    k: usize,
    n_k: usize,
    activation: String,
    model: &'static str,
    loss_function: &'static str,
    lambda: [f64; 4],
    /// At most this times ‖W‖_F² is missing from R1.
    truncation_bound: f64,
    f: Vec<f64>,
    f_l: Vec<f64>,
    f_q: Vec<f64>,
    /// The values of the model at the inputs.
    prediction: Vec<f64>,
    regularizers: [f64; 4],
    /// L̂, the mean loss alone.
    mean_loss: f64,
    /// L_λ.
    loss: f64,
    gradient_norm: f64,
    #[serde(flatten)]
    hessian: Curvature,
    #[serde(skip_serializing_if = "Option::is_none")]
    hvp_norm: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vhv: Option<f64>,
}

/// Runs the command.
///
/// # Errors
/// Bad input, sizes that do not fit, outputs that cannot be written; nothing is left behind then.
pub fn run(args: &Args) -> Result<ExitCode> {
    let mut notes = Notes::default();
    let problem = Problem::read(args, &mut notes)?;
    let Some(found) = problem.evaluate(args, &mut notes)? else {
        return Ok(interrupt::nothing_written());
    };
    let Evaluation { output, gradient, least, product } = found;
    let json = stdout::to_json(&output)?;
    if let Some(dir) = &args.out {
        let vector = MatRef::from_column_major_slice(least.vector.col_as_slice(0), output.m, output.d);
        write(dir, gradient.as_ref(), vector, product.as_ref().map(Mat::as_ref), &json)?;
    }
    notes.print();
    stdout::print(&if args.json { json } else { readable(&output, &least, args.out.as_deref()) })?;
    Ok(ExitCode::SUCCESS)
}

/// What the options and the files ask for. All of it has been checked, and fits in memory.
struct Problem {
    memory: u64,
    /// Bytes that the Hessian and the search for its least eigenvalue take.
    needed: f64,
    activation: Arc<dyn Activation>,
    model: (&'static str, Model),
    loss: Loss,
    lambda: [f64; 4],
    neurons: Neurons,
    top: TopRequest,
    x: Mat<f64>,
    y: Vec<f64>,
    w: Mat<f64>,
    /// The direction V.
    v: Option<Mat<f64>>,
    options: LeastOptions,
}

/// The values of the network and of L_λ, with the gradient and the least eigenvector.
struct Evaluation {
    output: Output,
    gradient: Mat<f64>,
    least: LeastEigenvalue,
    /// The Hessian times V.
    product: Option<Mat<f64>>,
}

impl Problem {
    fn read(args: &Args, notes: &mut Notes) -> Result<Self> {
        let memory = args.network.memory()?;
        let activation = args.network.activation()?;
        let (lambda, model) = (common::lambda(&args.lambda)?, common::model(&args.model)?);
        let loss = Loss::parse(&args.loss)?;
        ensure!(
            loss.is_smooth(),
            Error::domain("--loss", loss.name(), "the Hessian needs pseudo-huber, log-cosh or square")
        );
        ensure!(args.products > 0, Error::domain("--products", 0, "at least one product is needed"));
        if let Some(dir) = &args.out {
            Outputs::check_folder(dir, &FILES[..if args.direction.is_some() { 4 } else { 3 }])?;
        }
        let neurons = args.network.neurons(memory, notes)?;
        let (p, d) = (neurons.p, neurons.d);
        let x = common::read_inputs(&args.inputs, d, None, notes)?;
        let n = x.nrows();
        let y = array::read_vector(&args.labels)?;
        ensure!(
            y.len() == n,
            "{} holds {} labels, but {} holds {n} inputs: one label per input",
            args.labels.display(),
            y.len(),
            args.inputs.display()
        );
        let w = common::read_displacement(&args.displacement, p, d)?;
        let v = args.direction.as_deref().map(|path| common::read_displacement(path, p, d)).transpose()?;
        let top = args.network.top_request(args.k, p, d, activation.as_ref(), memory)?;
        let options = curvature::options(args.products, args.network.seed);
        let needed = bytes_needed(n, 2 * p, 2 * p * d, &options);
        common::fits("the Hessian", needed, memory, "take fewer inputs or --products")?;
        Ok(Self { memory, needed, activation, model, loss, lambda, neurons, top, x, y, w, v, options })
    }

    /// Solves for the top space of Σ and evaluates L_λ; `None` where Ctrl-C stopped the solve.
    fn evaluate(self, args: &Args, notes: &mut Notes) -> Result<Option<Evaluation>> {
        let Self { memory, activation, model, loss, lambda, neurons, top, x, y, w, v, options, .. } = self;
        let (par, d, w) = (Par::rayon(0), neurons.d, w.as_ref());
        let weights = neurons.weights();
        let net = PairedNetwork::new(weights.as_ref(), activation, tolerance::UNIT_NORM_F64)?;
        let TopRequest { rank, tolerance: residual, levels } = top;
        let cov = Covariance::from_levels(weights, levels)?;
        let mut watch = WatchedSolve::new(rank, residual);
        let pairs =
            eigen::solve_top(&cov, rank, residual, memory, par, &mut |progress| watch.step(progress))?;
        if pairs.stopped {
            watch.end();
            return Ok(None);
        }
        watch.then("the network and L_λ");
        let top = TopSpace::new(&pairs, rank)?;
        let of = Regularizers { cov: &cov, top: &top, net: &net, x: x.as_ref() };
        let [f, f_l, f_q] = net.expansion(of.x, w, par)?;
        let left = memory.saturating_sub(self.needed as u64);
        let objective = RegularizedLoss::new(of, &y, loss, lambda, model.1, left, par)?;
        let mut gradient = Mat::zeros(net.m(), d);
        let mut space = objective.workspace();
        let value = objective.value_and_gradient(w, gradient.as_mut(), &mut space, par)?;
        let prediction = space.f().to_vec();
        let entries =
            |path: &Path, largest: f64| format!("entries of {} reach {largest:.1e}", path.display());
        let finite = |values: &[&[f64]]| values.iter().all(|values| values.iter().all(|x| x.is_finite()));
        let (size, inputs) = (w.norm_max(), x.norm_max());
        let labels = y.iter().fold(0.0, |most: f64, y| most.max(y.abs()));
        let guilty = if !finite(&[&f, &f_l, &f_q, &value.regularizers]) {
            let (path, most) =
                if inputs > size { (&args.inputs, inputs) } else { (&args.displacement, size) };
            Some(entries(path, most))
        } else if !value.loss.is_finite() {
            Some(if prediction.iter().all(|f| f.abs() <= labels) {
                entries(&args.labels, labels)
            } else {
                entries(&args.displacement, size)
            })
        } else if !finite(&[&[value.objective, gradient.norm_l2()]]) {
            Some(format!("--lambda is {}", args.lambda))
        } else {
            None
        };
        ensure!(
            guilty.is_none(),
            "L_λ and its terms overflow: {}, and products and powers leave the range of f64",
            guilty.unwrap_or_default()
        );
        drop(space);
        watch.then("the least eigenvalue of the Hessian");
        let hessian = objective.hessian(w, par)?;
        let direction = v.as_ref().zip(args.direction.as_deref());
        let (product, form) = direction.map(|(v, _)| along(&hessian, v, par)).transpose()?.unzip();
        if let (Some((v, path)), Some(form)) = (direction, form) {
            ensure!(
                f64::is_finite(form),
                "the Hessian along V overflows: {}, and products leave the range of f64",
                entries(path, v.norm_max())
            );
        }
        let least = least_eigenvalue(&hessian, &options, par)?;
        watch.end();
        note_unconverged(&least, &options, notes);
        let output = Output {
            d,
            m: net.m(),
            n: y.len(),
            k: args.k,
            n_k: rank,
            activation: net.activation().name(),
            model: model.0,
            loss_function: loss.name(),
            lambda,
            truncation_bound: pairs.truncation_bound,
            f,
            f_l,
            f_q,
            prediction,
            regularizers: value.regularizers,
            mean_loss: value.loss,
            loss: value.objective,
            gradient_norm: gradient.norm_l2(),
            hessian: Curvature::new(&least, &options),
            hvp_norm: product.as_ref().map(Mat::norm_l2),
            vhv: form,
        };
        Ok(Some(Evaluation { output, gradient, least, product }))
    }
}

/// Adds a remark where the search for the least eigenvalue spent its products before it converged.
fn note_unconverged(least: &LeastEigenvalue, options: &LeastOptions, notes: &mut Notes) {
    let products = options.max_products;
    if !least.exact && least.products == products && least.residual > options.tolerance * least.norm {
        notes.add(format_args!(
            "the least eigenvalue took all {products} products and has a residual of {:.1e}: allow more \
             with --products",
            least.residual
        ));
    }
}

/// The bytes that the Hessian and the search for its least eigenvalue take.
fn bytes_needed(n: usize, m: usize, order: usize, options: &LeastOptions) -> f64 {
    let kept = 6.0 * n as f64 * m as f64;
    let products = options.max_products.min(order) as f64;
    let columns = if order <= options.dense { 2.0 * order as f64 } else { 1.0 + products };
    8.0 * (kept + order as f64 * columns)
}

/// The Hessian times V, and `Vᵀ∇²L_λ V`.
fn along(hessian: &regularized::Hessian<'_>, v: &Mat<f64>, par: Par) -> Result<(Mat<f64>, f64)> {
    let mut product = Mat::zeros(v.nrows(), v.ncols());
    hessian.multiply(v.as_ref(), product.as_mut(), par)?;
    let form = v.col_iter().zip(product.col_iter()).map(|(v, hv)| v.transpose() * hv).sum();
    Ok((product, form))
}

/// All outputs of `--out`, or none of them.
fn write(
    dir: &Path,
    gradient: MatRef<'_, f64>,
    vector: MatRef<'_, f64>,
    hvp: Option<MatRef<'_, f64>>,
    json: &str,
) -> Result<()> {
    let mut outputs = Outputs::new();
    outputs.folder(dir)?;
    outputs.stage(&dir.join(FILES[0]), |out| array::write_matrix(out, gradient))?;
    outputs.stage(&dir.join(FILES[1]), |out| array::write_matrix(out, vector))?;
    outputs.stage(&dir.join(FILES[2]), |out| writeln!(out, "{json}"))?;
    if let Some(hvp) = hvp {
        outputs.stage(&dir.join(FILES[3]), |out| array::write_matrix(out, hvp))?;
    }
    outputs.commit()
}

fn readable(o: &Output, least: &LeastEigenvalue, out: Option<&Path>) -> String {
    let rms = |a: &[f64]| number((a.iter().map(|x| x * x).sum::<f64>() / a.len() as f64).sqrt());
    let functions: Vec<Vec<String>> =
        [("f", &o.f), ("f_L", &o.f_l), ("f_Q", &o.f_q), ("the model", &o.prediction)]
            .iter()
            .map(|(name, values)| vec![(*name).to_string(), rms(values)])
            .collect();
    let along = match (o.hvp_norm, o.vhv) {
        (Some(norm), Some(form)) => {
            format!("\nalong V           ‖HV‖_F = {}, ⟨V, HV⟩ = {}", number(norm), number(form))
        }
        _ => String::new(),
    };
    let how = if least.exact {
        "from the full spectrum".to_string()
    } else {
        format!(
            "but for a probability of {:.0e}; residual {:.1e}, {} products",
            o.hessian.hessian_failure_probability, least.residual, least.products
        )
    };
    let written = out.map_or(String::new(), |dir| {
        let hvp = if o.vhv.is_some() { ", hvp" } else { "" };
        format!("\nWritten: gradient, least_vector{hvp} (.npy) and summary.json in {}", dir.display())
    });
    format!(
        "L_λ of the {} model for {} at d = {}, m = {}, n = {}, k = {} (n_k = {}), {} loss\n\n{}\n{}\n\
         gradient norm     {}\n\
         Hessian           least eigenvalue {}, no lower than {} ({how})\n\
         norm of it        at least {}{along}{written}",
        o.model,
        o.activation,
        o.d,
        o.m,
        o.n,
        o.k,
        o.n_k,
        o.loss_function,
        common::table(&["at the inputs", "r.m.s."], &functions),
        common::loss_table(o.mean_loss, o.lambda, o.regularizers, o.loss),
        number(o.gradient_norm),
        number(o.hessian.hessian_min_eigenvalue),
        number(least.lower_bound),
        number(o.hessian.hessian_norm),
    )
}

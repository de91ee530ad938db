//! `escapement construct`: W_Q, W_L and W* = W_L + S·W_Q for a target, with every norm and regulariser.

use super::common::{self, NetworkArgs, Neurons, Notes, TopRequest};
use crate::files::{array, stdout, target};
use anyhow::{Result, ensure};
use clap::Parser;
use escapement::activation::Activation;
use escapement::construct::{self, Target};
use escapement::covariance::Covariance;
use escapement::eigen::{self, Request, RouteChoice, TopSpace};
use escapement::network::PairedNetwork;
use escapement::objective::Regularizers;
use escapement::{Error, seed, sphere, tolerance};
use escapement_verify::{files::atomic::Outputs, text::numbers::number};
use faer::{Mat, Par};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::{process::ExitCode, sync::Arc};

/// The files that `--out` writes.
const OUT: [&str; 7] = ["W_Q.npy", "W_L.npy", "W_star.npy", "W0.npy", "X.npy", "signs.npy", "summary.json"];

/// Constructs the displacements of the weights that express a target function.
///
/// W_Q expresses the sparse part of the target through the quadratic term f_Q, and W_L its low-degree part
/// through the linear term f_L. W* = W_L + S·W_Q joins them; the diagonal matrix S has random signs.
#[derive(Debug, Parser)]
#[command(
    allow_negative_numbers = true,
    after_help = "Examples:\n  escapement construct\n  escapement construct --weights W0.npy --target \
        target.toml --activation sigmoid:1 --inputs X.npy --out results --json\n\ntarget.toml:\n  k = 1\n  \
        [[sparse]]                # alpha (beta·x)^(k+1), |alpha| ≤ 1, beta a unit vector\n  alpha = 0.8\n  \
        beta = [1.0, 0.0, 0.0]\n  [[low_degree]]            # coefficient · P_degree(eta·x/√d), degree ≤ k, \
        eta a unit vector\n  degree = 1\n  coefficient = 1.7\n  eta = [0.0, 1.0, 0.0]\n\nWithout --target: \
        k = 1, f*(x) = x_2 + x_1²."
)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    /// The target, as TOML (see below)
    #[arg(long, value_name = "FILE")]
    pub target: Option<PathBuf>,
    /// Inputs from a .npy file: n × d, one input per row, of norm √d [default: drawn]
    #[arg(long, value_name = "FILE")]
    pub inputs: Option<PathBuf>,
    /// How many inputs are drawn where none are given [default: 100]
    #[arg(long)]
    pub n: Option<usize>,
    /// Write W_Q.npy, W_L.npy, W_star.npy, signs.npy, W0.npy, X.npy and summary.json into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print one JSON object instead of a summary
    #[arg(long)]
    pub json: bool,
}

#[derive(Serialize)]
struct Output {
    d: usize,
    m: usize,
    n: usize,
    k: usize,
    #[serde(rename = "R")]
    terms: usize,
    activation: String,
    seed: u64,
    n_k: usize,
    /// The eigenvalue λ_{n_k}; the gap λ_{n_k} − λ_{n_k+1} follows, and what bounds the error of both.
    lambda_n_k: f64,
    gap: f64,
    truncation_bound: f64,
    residual_max: f64,
    route: &'static str,
    low_degree_second_moment: f64,
    groups: Vec<usize>,
    w_q_norm_2_4_pow4: f64,
    /// The mean of `w_q_norm_2_4_pow4` over the initialisation.
    w_q_norm_2_4_pow4_mean: f64,
    w_q_frobenius_sq: f64,
    w_l_norm_2_4_pow4: f64,
    w_l_frobenius_sq: f64,
    w_star_frobenius_sq: f64,
    /// E over S of [R1, R2, R3, R4] at W_L + S·W_Q, R3 on the inputs.
    expected_regularizers: [f64; 4],
    /// The regularisers at the W* whose signs were drawn.
    drawn_regularizers: [f64; 4],
    f_q: Vec<f64>,
    f_sp: Vec<f64>,
    f_l: Vec<f64>,
    f_k: Vec<f64>,
}

/// Runs the command.
///
/// # Errors
/// Bad input, a construction that does not exist at these sizes, and outputs that cannot be written; nothing
/// is left behind then.
pub fn run(args: &Args) -> Result<ExitCode> {
    let mut notes = Notes::default();
    let construction = Problem::read(args, &mut notes)?.construct(args.network.seed)?;
    let json = stdout::to_json(&construction.output)?;
    if let Some(dir) = &args.out {
        construction.write(dir, &json)?;
    }
    notes.print();
    let text = if args.json { json } else { readable(&construction.output, args.out.as_deref()) };
    stdout::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// What the options and the files ask for. All of it has been checked, and fits in memory.
struct Problem {
    memory: u64,
    activation: Arc<dyn Activation>,
    neurons: Neurons,
    target: Target,
    top: TopRequest,
    inputs: Mat<f64>,
}

/// The construction.
struct Construction {
    output: Output,
    /// W_Q, W_L, W*, W0 and the inputs, in the order of [`OUT`].
    matrices: [Mat<f64>; 5],
    signs: Vec<f64>,
}

impl Problem {
    fn read(args: &Args, notes: &mut Notes) -> Result<Self> {
        let memory = args.network.memory()?;
        let activation = args.network.activation()?;
        if let Some(dir) = &args.out {
            Outputs::check_folder(dir, &OUT)?;
        }
        let file = args.target.as_deref().map(target::read).transpose()?;
        let neurons = args.network.neurons(memory, notes)?;
        let (p, d, key) = (neurons.p, neurons.d, neurons.key());
        let target = file.map_or_else(|| target::default_target(d), |file| file.target(d))?;
        let given =
            args.inputs.as_deref().map(|path| common::read_inputs(path, d, args.n, notes)).transpose()?;
        let n = args.n.unwrap_or(100);
        if given.is_none() {
            ensure!(n > 0, Error::domain("--n", n, "at least one input is needed"));
            common::fits("drawing the inputs", 8.0 * n as f64 * d as f64, memory, "choose a smaller n")?;
        }
        let top = args.network.top_request(target.k(), p, d, activation.as_ref(), memory)?;
        let seed = args.network.seed;
        let inputs = given.unwrap_or_else(|| {
            notes.add(format_args!(
                "no --inputs: R3 and the function values are on n = {n} inputs drawn from seed {seed}"
            ));
            sphere::uniform_sphere(&mut seed::stream(seed, &key, "inputs"), n, d, (d as f64).sqrt())
        });
        Ok(Self { memory, activation, neurons, target, top, inputs })
    }

    fn construct(self, seed: u64) -> Result<Construction> {
        let Self { memory, activation, neurons, target, top, inputs } = self;
        let (par, d, key, x) = (Par::rayon(0), neurons.d, neurons.key(), inputs.as_ref());
        let weights = neurons.weights();
        let net = PairedNetwork::new(weights.as_ref(), activation, tolerance::UNIT_NORM_F64)?;
        let w_q = construct::w_q(&net, &target)?;
        let TopRequest { rank, tolerance: residual, levels } = top;
        let request = Request { tolerance: residual, ..Request::top((rank + 1).min(net.p() * d)) };
        let cov = Covariance::from_levels(weights, levels)?;
        let pairs = eigen::solve(&cov, &request, RouteChoice::Auto, memory, par)?;
        let top = TopSpace::new(&pairs, rank)?;
        let w_l = construct::w_l(&cov, &top, &target, par)?;
        let regularizers = Regularizers { cov: &cov, top: &top, net: &net, x };
        let expected = construct::expected_regularizers(regularizers, w_l.as_ref(), w_q.w.as_ref(), par)?;
        let signs = construct::signs::draw(&mut seed::stream(seed, &key, "signs"), net.m());
        let w_star = construct::signs::apply(&signs, w_l.as_ref(), w_q.w.as_ref())?;
        let output = Output {
            d,
            m: net.m(),
            n: inputs.nrows(),
            k: target.k(),
            terms: target.sparse().len(),
            activation: net.activation().name(),
            seed,
            n_k: rank,
            lambda_n_k: top.eigenvalues()[rank - 1],
            gap: top.gap(),
            truncation_bound: pairs.truncation_bound,
            residual_max: pairs.residual_max,
            route: pairs.plan.route.name(),
            low_degree_second_moment: target.low_second_moment(),
            w_q_norm_2_4_pow4: construct::norm_2_4_pow4(w_q.w.as_ref()),
            w_q_norm_2_4_pow4_mean: w_q.population.norm_2_4_pow4(net.m(), &w_q.groups),
            w_q_frobenius_sq: construct::frobenius_sq(w_q.w.as_ref()),
            w_l_norm_2_4_pow4: construct::norm_2_4_pow4(w_l.as_ref()),
            w_l_frobenius_sq: construct::frobenius_sq(w_l.as_ref()),
            w_star_frobenius_sq: construct::frobenius_sq(w_star.as_ref()),
            groups: w_q.groups,
            expected_regularizers: expected,
            drawn_regularizers: regularizers.all(w_star.as_ref(), par)?,
            f_q: net.f_quadratic(x, w_q.w.as_ref(), par)?,
            f_sp: target.f_sp(x)?,
            f_l: net.f_linear(x, w_l.as_ref(), par)?,
            f_k: target.f_k(x)?,
        };
        let weights = cov.weights().to_owned();
        Ok(Construction { output, matrices: [w_q.w, w_l, w_star, weights, inputs], signs })
    }
}

impl Construction {
    /// Writes all outputs of `--out`, or none of them.
    fn write(&self, dir: &Path, json: &str) -> Result<()> {
        let mut outputs = Outputs::new();
        outputs.folder(dir)?;
        for (name, m) in OUT.iter().zip(&self.matrices) {
            outputs.stage(&dir.join(name), |out| array::write_matrix(out, m.as_ref()))?;
        }
        let signs = self.signs.iter().copied();
        outputs.stage(&dir.join(OUT[5]), |out| array::write(out, &[self.signs.len()], signs))?;
        outputs.stage(&dir.join(OUT[6]), |out| writeln!(out, "{json}"))?;
        outputs.commit()
    }
}

fn readable(o: &Output, out: Option<&Path>) -> String {
    let n = number;
    let rms = |a: &[f64], b: &[f64]| {
        (a.iter().zip(b).map(|(x, y)| (x - y).powi(2)).sum::<f64>() / a.len() as f64).sqrt()
    };
    let zero = vec![0.0; o.n];
    let regularizers: Vec<Vec<String>> = (0..4)
        .map(|i| vec![format!("R{}", i + 1), n(o.expected_regularizers[i]), n(o.drawn_regularizers[i])])
        .collect();
    let functions = [("f_Q(W_Q) for f_sp", &o.f_q, &o.f_sp), ("f_L(W_L) for f_k", &o.f_l, &o.f_k)]
        .iter()
        .map(|(name, ours, theirs)| vec![(*name).to_string(), n(rms(ours, theirs)), n(rms(theirs, &zero))])
        .collect::<Vec<_>>();
    let norms = [
        ("‖W_Q‖_{2,4}^4", o.w_q_norm_2_4_pow4),
        ("its mean over W0", o.w_q_norm_2_4_pow4_mean),
        ("‖W_Q‖_F²", o.w_q_frobenius_sq),
        ("‖W_L‖_{2,4}^4", o.w_l_norm_2_4_pow4),
        ("‖W_L‖_F²", o.w_l_frobenius_sq),
        ("‖W*‖_F²", o.w_star_frobenius_sq),
        ("E f_k²", o.low_degree_second_moment),
    ];
    let norms = norms.iter().map(|(name, value)| vec![(*name).to_string(), n(*value)]).collect::<Vec<_>>();
    let written = out.map_or(String::new(), |dir| {
        format!("\nWritten: W_Q, W_L, W_star, signs, W0 and X (.npy) and summary.json in {}", dir.display())
    });
    format!(
        "W_Q, W_L and W* = W_L + S·W_Q for {} at d = {}, m = {}, k = {}, R = {}; n_k = {}, n = {}\n\n\
         {}\n{}\n{}\n\
         W_L lies in the span of the top {} eigenvectors of Σ, whose least eigenvalue is {:.4e}, {:.4e} \
         above the next one ({} route).{written}",
        o.activation,
        o.d,
        o.m,
        o.k,
        o.terms,
        o.n_k,
        o.n,
        common::table(&["norm", "value"], &norms),
        common::table(&["regulariser", "mean over S", "drawn S"], &regularizers),
        common::table(&["at the inputs", "r.m.s. error", "r.m.s. of the target"], &functions),
        o.n_k,
        o.lambda_n_k,
        o.gap,
        o.route,
    )
}

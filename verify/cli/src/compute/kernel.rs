//! `escapement kernel`: the tangent kernel of the first layer on anybody's inputs, at finite and at infinite
//! width.

use super::common::{self, NetworkArgs, Notes};
use crate::files::{array, stdout};
use anyhow::{Result, anyhow, ensure};
use clap::Parser;
use escapement::activation::Activation;
use escapement::kernel::tangent::{self, InfiniteWidth, WeightLaw};
use escapement::{seed, tolerance};
use escapement_verify::files::atomic::Outputs;
use escapement_verify::text::numbers::{multiplicity, number};
use faer::{Mat, MatRef, Par};
use rand_distr::{Distribution, StandardNormal};
use serde::Serialize;
use std::{path::PathBuf, process::ExitCode};

/// The file of the kernel at finite width.
const FINITE: &str = "K.npy";
/// The file of the kernel at infinite width.
const INFINITE: &str = "K_infinite.npy";
const SUMMARY: &str = "summary.json";

/// The largest degree that is shown when nobody says.
const DEGREES: usize = 5;

/// Computes the tangent kernel K(x, x') of the first layer on inputs from a file.
///
/// K(x, x') = (1/m) Σ_r σ'(w_r·x) σ'(w_r·x') x·x' for a network of width m, and its limit for m → ∞ on the
/// sphere of radius √d, each with a bound on the error of its entries; and the eigenvalues κ_j of the limit
/// on the harmonics of degree j, for weights that are uniform on the unit sphere, or Gaussian with variance
/// 1/d.
#[derive(Debug, Parser)]
#[command(
    allow_negative_numbers = true,
    after_help = "Examples:\n  escapement kernel --inputs X.npy --infinite\n  escapement kernel --inputs \
        X.npy --weights W0.npy --out kernels\n  escapement kernel --inputs X.npy --m 1000 --infinite \
        --gaussian-weights --activation erf --json\n\nWithout --weights and --m only the limit is computed. \
        With --gaussian-weights rows of W0.npy may have any norm."
)]
pub struct Args {
    /// Inputs from a file: n × d, one input per row; for the limit their norms are √d
    #[arg(long, value_name = "FILE")]
    inputs: PathBuf,
    #[command(flatten)]
    network: NetworkArgs,
    /// The limit of infinite width, too
    #[arg(long)]
    infinite: bool,
    /// Weights with independent Gaussian entries of variance 1/d, in place of uniform unit vectors
    #[arg(long)]
    gaussian_weights: bool,
    /// The largest degree whose eigenvalue κ_j is shown
    #[arg(long, value_name = "N", default_value_t = DEGREES)]
    degrees: usize,
    /// Write K.npy, K_infinite.npy and summary.json into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print one JSON object instead of a summary
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Output {
    n: usize,
    d: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    m: Option<usize>,
    activation: String,
    weights: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    finite: Option<OfKernel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    infinite: Option<OfKernel>,
    /// The largest difference of an entry between the two.
    #[serde(skip_serializing_if = "Option::is_none")]
    largest_difference: Option<f64>,
    /// K(x, x) at infinite width.
    trace: f64,
    levels: Vec<OfLevel>,
}

#[derive(Serialize)]
struct OfKernel {
    /// A bound on the error of each entry.
    error: f64,
    /// Row by row.
    kernel: Vec<Vec<f64>>,
}

impl OfKernel {
    fn new((kernel, error): &(Mat<f64>, f64)) -> Self {
        let row = |i: usize| (0..kernel.ncols()).map(|j| kernel[(i, j)]).collect();
        Self { error: *error, kernel: (0..kernel.nrows()).map(row).collect() }
    }
}

#[derive(Serialize)]
struct OfLevel {
    degree: usize,
    multiplicity: f64,
    kappa: f64,
    kappa_error: f64,
}

/// Runs the command.
///
/// # Errors
/// Bad input, sizes that do not fit, outputs that cannot be written; nothing is left behind then.
pub fn run(args: &Args) -> Result<ExitCode> {
    let memory = args.network.memory()?;
    let activation = args.network.activation()?;
    if let Some(dir) = &args.out {
        Outputs::check_folder(dir, &[FINITE, INFINITE, SUMMARY])?;
    }
    let mut notes = Notes::default();
    let x = common::read_inputs(&args.inputs, args.network.d, None, &mut notes)?;
    let (n, d) = (x.nrows(), x.ncols());
    escapement::sphere::require_dimension(d)?;
    let law = if args.gaussian_weights { WeightLaw::Gaussian } else { WeightLaw::Sphere };
    if let Some(m) = args.network.m {
        ensure!(m >= 2 && m.is_multiple_of(2), escapement::Error::Width(m));
    }
    let finite_wanted = args.network.weights.is_some() || args.network.m.is_some();
    let p = args.network.m.map_or(0.0, |m| 0.5 * m as f64);
    let (rows, inputs) = (n as f64, 8.0 * (n * d) as f64);
    common::fits(
        "the kernel",
        8.0 * (3.0 * rows * rows + p * (d as f64 + rows)) + inputs,
        memory,
        "take fewer inputs",
    )?;
    let finite =
        finite_wanted.then(|| finite(args, law, activation.as_ref(), &x, &mut notes)).transpose()?;
    let to = |tail: f64| InfiniteWidth::new(d, activation.as_ref(), law, tail);
    let limit = match args.network.tail {
        Some(tail) => to(tail)?,
        // Where rounding lets the certificate reach it.
        None => to(tolerance::FINE_TAIL).or_else(|_| to(tolerance::TAIL))?,
    };
    let infinite = (args.infinite || !finite_wanted)
        .then(|| limit.kernel(x.as_ref()).map_err(|e| anyhow!("{}: {e}", args.inputs.display())))
        .transpose()?;
    let levels = (0..=limit.max_degree().min(args.degrees)).map(|j| {
        let kappa = limit.eigenvalue(j);
        let multiplicity = limit.multiplicity(j);
        // A value within its error of zero has no digits.
        let value = if kappa.value > kappa.error { kappa.value } else { 0.0 };
        OfLevel { degree: j, multiplicity, kappa: value, kappa_error: kappa.error }
    });
    let difference = match (&finite, &infinite) {
        (Some((_, (a, _))), Some((b, _))) => Some((a - b).norm_max()),
        _ => None,
    };
    let output = Output {
        n,
        d,
        m: finite.as_ref().map(|(m, _)| *m),
        activation: activation.name(),
        weights: if args.gaussian_weights { "gaussian" } else { "sphere" },
        finite: finite.as_ref().map(|(_, kernel)| OfKernel::new(kernel)),
        infinite: infinite.as_ref().map(OfKernel::new),
        largest_difference: difference,
        trace: limit.trace(),
        levels: levels.filter(|l| l.multiplicity.is_finite()).collect(),
    };
    let json = stdout::to_json(&output)?;
    if let Some(dir) = &args.out {
        let mut outputs = Outputs::new();
        outputs.folder(dir)?;
        let kernels =
            [(FINITE, finite.as_ref().map(|(_, k)| &k.0)), (INFINITE, infinite.as_ref().map(|k| &k.0))];
        for (name, kernel) in kernels {
            if let Some(kernel) = kernel {
                outputs.stage(&dir.join(name), |out| array::write_matrix(out, kernel.as_ref()))?;
            }
        }
        outputs.stage(&dir.join(SUMMARY), |out| writeln!(out, "{json}"))?;
        outputs.commit()?;
    }
    notes.print();
    stdout::print(&if args.json { json } else { readable(&output, args) })?;
    Ok(ExitCode::SUCCESS)
}

/// The width, and the kernel of the weights that are given or drawn, with a bound on its errors.
fn finite(
    args: &Args,
    law: WeightLaw,
    activation: &dyn Activation,
    x: &Mat<f64>,
    notes: &mut Notes,
) -> Result<(usize, (Mat<f64>, f64))> {
    let d = x.ncols();
    let memory = args.network.memory()?;
    let weights = match (law, &args.network.weights) {
        (WeightLaw::Sphere, _) => {
            let network = NetworkArgs { d: Some(d), ..args.network.clone() };
            network.neurons(memory, notes)?.weights()
        }
        (WeightLaw::Gaussian, Some(path)) => {
            let weights = array::read_matrix(path)?.values;
            ensure!(
                weights.ncols() == d,
                "{} holds neurons with {} entries, but the inputs have d = {d}",
                path.display(),
                weights.ncols()
            );
            weights
        }
        (WeightLaw::Gaussian, None) => {
            let p = args.network.m.unwrap_or(2) / 2;
            let key = format!("d={d} m={}", 2 * p);
            let rng = &mut seed::stream(args.network.seed, &key, "gaussian weights");
            let scale = 1.0 / (d as f64).sqrt();
            // Row by row, so that a wider network begins with the same neurons.
            let drawn: Vec<f64> = std::iter::repeat_with(|| {
                let z: f64 = StandardNormal.sample(rng);
                scale * z
            })
            .take(p * d)
            .collect();
            MatRef::from_row_major_slice(&drawn, p, d).to_owned()
        }
    };
    let kernel = tangent::at_width(weights.as_ref(), activation, x.as_ref(), Par::rayon(0))?;
    Ok((2 * weights.nrows(), kernel))
}

fn readable(o: &Output, args: &Args) -> String {
    let rows: Vec<Vec<String>> = o
        .levels
        .iter()
        .map(|l| {
            let kappa = if l.kappa > 0.0 { number(l.kappa) } else { format!("<{:.1e}", l.kappa_error) };
            vec![l.degree.to_string(), multiplicity(l.multiplicity), kappa, format!("{:.1e}", l.kappa_error)]
        })
        .collect();
    let law = if args.gaussian_weights { "Gaussian weights" } else { "weights on the sphere" };
    let mut text = format!(
        "Tangent kernel of {} on {} inputs at d = {}, {law}\n\n{}\nK_∞(x, x)         {}\n",
        o.activation,
        o.n,
        o.d,
        common::table(&["degree", "number", "κ_j", "error"], &rows),
        number(o.trace),
    );
    let extent = |k: &OfKernel| {
        let all = || k.kernel.iter().flatten().copied();
        let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
        format!("entries from {} to {}, each to {:.1e}", number(low), number(high), k.error)
    };
    if let (Some(m), Some(k)) = (o.m, &o.finite) {
        text += &format!("K at m = {m:<8} {}\n", extent(k));
    }
    if let Some(k) = &o.infinite {
        text += &format!("K_∞               {}\n", extent(k));
    }
    if let Some(difference) = o.largest_difference {
        text += &format!("K − K_∞           at most {}\n", number(difference));
    }
    if let Some(dir) = &args.out {
        text += &format!("Written: {SUMMARY} and the kernels (.npy) in {}\n", dir.display());
    }
    text
}

//! `escapement randomised`: the law of a network under random multipliers of its displacement.

use super::common::{self, NetworkArgs, Notes, fits};
use crate::files::{array, stdout};
use anyhow::{Result, bail, ensure};
use clap::Parser;
use escapement::network::PairedNetwork;
use escapement::objective::Loss;
use escapement::{activation, seed, sphere, tolerance};
use escapement_verify::papers::bl20::analysis::{Found, Question, drawn};
use escapement_verify::text::numbers::number;
use faer::Par;
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;

/// Mean and variance of f at random multiples of a displacement, exactly, beside the term that they leave.
///
/// A network is f(x; W) = m^{-1/2} Σ_r a_r σ((w_{0,r} + w_r)·x). Each row w_r is multiplied by a random
/// number that silences the terms of f below an order k: signs (k = 2), a real design with random output
/// weights, or complex roots of unity. The mean of f then follows f^{(k)}, the k-th term of its Taylor
/// expansion in W. With labels the mean loss over all signs is computed too. Nothing is sampled.
#[derive(Debug, Parser)]
#[command(
    allow_negative_numbers = true,
    mut_arg("d", |arg| arg.help("The input dimension d, at least 3 [default: 10, or that of the files]")),
    mut_arg("tail", |arg| arg.hide(true)),
    after_help = "Examples:\n  escapement randomised --m 4096 --activation sine:-1.2\n  escapement randomised \
        --multiplier design:4 --activation sine:-1.2 --json\n  escapement randomised --weights W0.npy \
        --inputs X.npy --displacement W.npy --labels y.npy --loss absolute\n\nArrays are .npy: W0.npy p × d \
        (the distinct neurons), X.npy n × d, W.npy m × d (m = 2p: neuron r, then its twin p + r of opposite \
        sign), y.npy n."
)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    /// Inputs from a .npy file: n × d, one input per row [default: drawn on the sphere of radius √d]
    #[arg(long, value_name = "FILE")]
    inputs: Option<PathBuf>,
    /// How many inputs are drawn
    #[arg(long, default_value_t = 32, conflicts_with = "inputs")]
    n: usize,
    /// The displacement W from a .npy file: m × d [default: one direction, drawn, for
    /// every neuron with a = 1 and none of the others, with Σ_r ‖w_r‖^{2k} = 1]
    #[arg(long, value_name = "FILE")]
    displacement: Option<PathBuf>,
    /// The multiplier: signs, design:K, design:K:EPSILON for odd K, or roots:K
    #[arg(long, default_value = "signs", value_name = "NAME")]
    multiplier: String,
    /// Nodes of a design of one's own, as 1,-1,0.5,-0.5
    #[arg(long, value_delimiter = ',', value_name = "LIST", requires = "coefficients")]
    nodes: Option<Vec<f64>>,
    /// The coefficients of these nodes, whose moments of order 1 to K are 0, …, 0, 1
    #[arg(long, value_delimiter = ',', value_name = "LIST", requires = "nodes")]
    coefficients: Option<Vec<f64>>,
    /// Labels from a .npy file: n numbers
    #[arg(long, value_name = "FILE", requires = "inputs")]
    labels: Option<PathBuf>,
    /// The loss: pseudo-huber, log-cosh, absolute or square (u², without ½)
    #[arg(long, default_value = "pseudo-huber", requires = "labels")]
    loss: String,
    /// Print one JSON object instead of a summary
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Output<'a> {
    d: usize,
    m: usize,
    n: usize,
    activation: &'a str,
    multiplier: &'a str,
    #[serde(flatten)]
    found: &'a Found,
}

/// Runs the command.
///
/// # Errors
/// Bad input, and sizes that do not fit.
pub fn run(args: &Args) -> Result<ExitCode> {
    let mut notes = Notes::default();
    let sigma = activation::parse(&args.network.activation)?;
    if let Some(tail) = args.network.tail {
        bail!("--tail {tail} is not allowed: laws over multipliers need no series");
    }
    let own = [args.nodes.as_deref(), args.coefficients.as_deref()];
    let multiplier = Question::multiplier(&args.multiplier, own)?;
    let loss = Loss::parse(&args.loss)?;
    let (order, name, memory) = (multiplier.order(), sigma.name(), args.network.memory()?);
    let neurons = args.network.neurons(memory, &mut notes)?;
    let (d, m) = (neurons.d, 2 * neurons.p);
    ensure!(args.n > 0, "--n 0 is not allowed: at least one input is needed");
    let n = args.n as f64;
    fits("the law", 8.0 * d as f64 * (1.5 * m as f64 + n), memory, "choose a smaller m or n")?;
    let x = match &args.inputs {
        Some(path) => common::read_inputs(path, d, None, &mut notes)?,
        None => {
            let rng = &mut seed::stream(args.network.seed, &neurons.key(), "inputs");
            sphere::uniform_sphere(rng, args.n, d, (d as f64).sqrt())
        }
    };
    let labels = args.labels.as_ref().map(|path| array::read_vector(path)).transpose()?;
    let w = match &args.displacement {
        Some(path) => common::read_displacement(path, neurons.p, d)?,
        None => drawn(m, d, order, args.network.seed),
    };
    let net = PairedNetwork::new(neurons.weights().as_ref(), sigma, tolerance::UNIT_NORM_F64)?;
    let question = Question { multiplier, labels: labels.as_deref().map(|y| (y, loss)) };
    let found = question.answer(&net, x.as_ref(), w.as_ref(), Par::rayon(0))?;
    notes.print();
    let output =
        Output { d, m, n: x.nrows(), activation: &name, multiplier: &args.multiplier, found: &found };
    stdout::print(&if args.json { stdout::to_json(&output)? } else { readable(&output) })?;
    Ok(ExitCode::SUCCESS)
}

fn readable(Output { d, m, n, activation, multiplier, found }: &Output<'_>) -> String {
    let size = |values: &mut dyn Iterator<Item = f64>| number((values.sum::<f64>() / *n as f64).sqrt());
    let square = |list: &[f64]| size(&mut list.iter().map(|v| v * v));
    let (k, bias) = (found.order, found.mean.iter().zip(&found.term));
    let row = |name: &str, value: String, about: &str| vec![name.into(), value, about.into()];
    let term = format!("f^({k})");
    let rows = [
        row("f", square(&found.f), "without multipliers"),
        row("E f", square(&found.mean), "the mean over the multipliers"),
        row(&term, square(&found.term), "the term that is left"),
        row(
            &format!("E f - {term}"),
            size(&mut bias.map(|(mean, term)| (mean - term).powi(2))),
            "the bias of the multipliers",
        ),
        row("(Var f)^(1/2)", size(&mut found.variance.iter().copied()), "their spread"),
    ];
    let mut text = format!(
        "{activation} with m = {m} neurons under {multiplier} at n = {n} inputs, d = {d}\n\nRoot mean squares \
         over the inputs:\n{}",
        aligned(&rows)
    );
    if let Some(losses) = &found.losses {
        let error = format!("at most {:.0e} off", losses.randomised_error);
        let rows = [
            row("E f", number(losses.randomised), &format!("the mean over all signs, {error}")),
            row(&term, number(losses.quadratic), ""),
            row("f", number(losses.network), "without signs"),
        ];
        text += &format!("\nMean {} loss over the inputs, of\n{}", losses.loss, aligned(&rows));
    }
    text
}

/// Names, numbers and words.
fn aligned(rows: &[Vec<String>]) -> String {
    let width = |c: usize| rows.iter().map(|row| row[c].chars().count()).max().unwrap_or(0);
    let [name, value] = [width(0), width(1)];
    let line = |row: &Vec<String>| {
        format!("  {:<name$}  {:>value$}  {}", row[0], row[1], row[2]).trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

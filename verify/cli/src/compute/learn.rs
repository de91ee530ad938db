//! `escapement learn`: Algorithm 1 of DLS22 on a target or on somebody's own sample.

use super::common::{self, Notes};
use crate::files::multi_index::{EXAMPLE, TargetArgs};
use crate::files::{array, stdout};
use crate::terminal::bar::{Bar, Shape};
use anyhow::{Result, bail};
use clap::{ArgGroup, Parser};
use escapement::activation::{self, Activation};
use escapement_verify::files::atomic::Outputs;
use escapement_verify::papers::dls22::analysis::deficient;
use escapement_verify::papers::dls22::learn::{
    Data, Errors, Estimate, Learnt, Noise, STAGES, Settings, Sizes, Summary, bytes, learn,
};
use escapement_verify::text::numbers::{number, significant};
use faer::Par;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::{process::ExitCode, sync::Arc};

/// The files that `--out` writes, the last one only for a sample of one's own.
const FILES: [&str; 6] = ["W1.npy", "b.npy", "a.npy", "alpha_beta.npy", "summary.json", "held_out.npy"];

/// Learns features in one large gradient step on the first layer, and fits a ridge head to them.
///
/// This is Algorithm 1 of DLS22 for f(x) = α + β·x + aᵀσ(W¹x + b). α and β are the means of y and of yx, and
/// ŷ is y less α + β·x. Row j of W¹ is 2η a_j g_n(w_j), where g_n(w) is the mean of ŷ x σ'(w·x) and η gives
/// the rows the mean square norm 1. The biases b are redrawn after the step. The head a solves
/// (ΦᵀΦ/n + (λ/2) I) a = Φᵀŷ/n on the same sample; λ is the best of 100 from 1e-10 to 1e15 on a validation
/// sample.
#[derive(Debug, Parser)]
#[command(
    allow_negative_numbers = true,
    group = ArgGroup::new("data").required(true).args(["target", "x"]),
    after_help = format!("Examples:\n  escapement learn --target target.toml --n 4096 --m 256 --noise \
        1\n  escapement learn --x X.npy --y y.npy --m 256 --out features --json\n\n{EXAMPLE}\n\nWith \
        --target the errors δ = f − f* are taken on fresh inputs. With --x a tenth of the sample, drawn \
        from the seed, is held out:\nit chooses λ, and the errors are those there. --out writes W1.npy (m × \
        d), b.npy and a.npy (m), alpha_beta.npy (α, then β),\nsummary.json and, with --x, held_out.npy (the \
        rows held out, counted from 0).")
)]
pub struct Args {
    /// The target: a name with --d, or a TOML file (see below)
    #[arg(long, value_name = "TARGET")]
    target: Option<PathBuf>,
    #[command(flatten)]
    of: TargetArgs,
    /// Inputs from a file instead: n × d, one input per row; standard normal inputs are what is understood
    #[arg(long, value_name = "FILE", requires = "y", conflicts_with_all = ["d", "any_norm"])]
    x: Option<PathBuf>,
    /// Their labels from a file: n numbers
    #[arg(long, value_name = "FILE", requires = "x")]
    y: Option<PathBuf>,
    /// How many samples are drawn for the step and the head
    #[arg(long, default_value_t = 4096, conflicts_with = "x")]
    n: usize,
    /// The width m, even: neurons begin in pairs of opposite sign
    #[arg(long, default_value_t = 256)]
    m: usize,
    /// The size ς of the noise ±ς of the labels; with --as-run its standard deviation, and it is normal
    #[arg(long, value_name = "NUMBER", default_value_t = 0.0, conflicts_with = "x")]
    noise: f64,
    /// As in the authors' script: paired biases that are drawn before the step, used in it and kept (so that
    /// untrained neurons are equal in pairs), normal noise, and λ where the algorithm has λ/2
    #[arg(long)]
    as_run: bool,
    /// The decay λ of all heads [default: the best one on the validation sample]
    #[arg(long, value_name = "NUMBER")]
    lambda: Option<f64>,
    /// The activation, with an optional shift: relu:0.5 is relu(z − 0.5)
    #[arg(long, default_value = "relu")]
    activation: String,
    /// How many samples choose λ
    #[arg(long, value_name = "N", default_value_t = 10_000, conflicts_with = "x")]
    validation: usize,
    /// How many fresh inputs the errors are taken on
    #[arg(long, value_name = "N", default_value_t = 10_000, conflicts_with = "x")]
    test: usize,
    /// How much memory may be used, as 4GiB [default: all that the machine has]
    #[arg(long, allow_hyphen_values = true)]
    memory: Option<String>,
    /// The root seed of everything that is drawn
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write the features and the head into this folder, see below
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print one JSON object instead of a summary
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// Bad input, sizes that do not fit, outputs that cannot be written; nothing is left behind then.
pub fn run(args: &Args) -> Result<ExitCode> {
    let memory = common::memory(args.memory.as_deref())?;
    let sigma: Arc<dyn Activation> = activation::parse(&args.activation)?;
    let settings = Settings { m: args.m, as_run: args.as_run, lambda: args.lambda, seed: args.seed };
    settings.check(sigma.as_ref())?;
    if let Some(dir) = &args.out {
        Outputs::check_folder(dir, &FILES[..if args.x.is_some() { 6 } else { 5 }])?;
    }
    let mut notes = Notes::default();
    let bar = Bar::new(Shape::Steps, STAGES as u64);
    bar.show_message("the samples".into());
    let data = data(args, memory, &mut notes)?;
    let mut on = |stage: usize, words: &'static str| {
        bar.resume(stage as u64);
        bar.show_message(words.into());
        ControlFlow::Continue(())
    };
    let found = learn(&data, sigma.as_ref(), &settings, Par::rayon(0), &mut on)?;
    bar.end();
    let Some(found) = found else { bail!("the run was stopped") };
    found.remarks.iter().for_each(|words| notes.add(words));
    let json = stdout::to_json(&found.summary)?;
    if let Some(dir) = &args.out {
        write(dir, &found, data.held_out.as_deref(), &json)?;
    }
    notes.print();
    stdout::print(&if args.json { json } else { readable(&found.summary, args.out.as_deref()) })?;
    Ok(ExitCode::SUCCESS)
}

/// The samples that the options ask for.
fn data(args: &Args, memory: u64, notes: &mut Notes) -> Result<Data> {
    let fits = |samples: f64, d: usize, advice: &str| {
        common::fits("learning", bytes(samples, d as f64, args.m as f64), memory, advice)
    };
    if let (Some(x), Some(y)) = (&args.x, &args.y) {
        let (inputs, labels) = (array::read_matrix(x)?.values, array::read_vector(y)?);
        let (n, d) = (inputs.nrows(), inputs.ncols());
        if labels.len() != n {
            bail!(
                "{} holds {} labels, but {} holds {n} inputs: one label per input",
                y.display(),
                labels.len(),
                x.display()
            );
        }
        fits(2.0 * n as f64, d, "choose a smaller m, or take fewer inputs")?;
        let data = Data::split(inputs.as_ref(), &labels, args.seed)?;
        let held = data.validation.y.len();
        notes.add(format_args!(
            "{held} of the {n} inputs in {} are held out: they choose λ, and the errors are those on them",
            x.display()
        ));
        return Ok(data);
    }
    let Some(path) = &args.target else { bail!("a target is needed, or inputs with labels") };
    let model = args.of.read(path)?;
    let (rank, latent) = (model.series().rank()?, model.series().latent());
    deficient(rank, latent).iter().for_each(|words| notes.add(words));
    let sizes = Sizes { n: args.n, validation: args.validation, test: args.test };
    sizes.check()?;
    let samples = [args.n, args.validation, args.test].iter().map(|&n| n as f64).sum();
    fits(samples, model.d(), "choose a smaller n or m")?;
    let noise = if args.as_run { Noise::Normal(args.noise) } else { Noise::Signs(args.noise) };
    Ok(Data::draw(&model, sizes, noise, args.seed)?)
}

/// All outputs of `--out`, or none of them.
fn write(dir: &Path, found: &Learnt, held_out: Option<&[usize]>, json: &str) -> Result<()> {
    let mut outputs = Outputs::new();
    outputs.folder(dir)?;
    outputs.stage(&dir.join(FILES[0]), |out| array::write_matrix(out, found.weights.as_ref()))?;
    for (name, vector) in FILES[1..].iter().zip([&found.biases, &found.head, &found.alpha_beta]) {
        outputs.stage(&dir.join(name), |out| array::write(out, &[vector.len()], vector.iter().copied()))?;
    }
    outputs.stage(&dir.join(FILES[4]), |out| writeln!(out, "{json}"))?;
    if let Some(rows) = held_out {
        let numbers = rows.iter().map(|&row| row as f64);
        outputs.stage(&dir.join(FILES[5]), |out| array::write(out, &[rows.len()], numbers))?;
    }
    outputs.commit()
}

fn readable(s: &Summary, out: Option<&Path>) -> String {
    let how = if s.as_run { "as run" } else { "as printed" };
    let noise = s.noise.map_or(String::new(), |noise| format!(", ς = {}", number(noise)));
    let mut numbers = vec![
        ("α", number(s.alpha)),
        ("‖β‖", number(s.beta_norm)),
        ("n/d²", number(s.samples_per_square)),
        ("η", number(s.eta)),
    ];
    numbers.extend(s.outside_share.map(|share| ("share of ‖W¹‖² outside S*", number(share))));
    let numbers: Vec<Vec<String>> =
        numbers.into_iter().map(|(name, value)| vec![name.to_string(), value]).collect();
    let errors = if s.test_samples.is_some() {
        let mean = |e: Estimate| format!("{} ± {:.1e}", significant(e.mean, 4), e.standard_error);
        let row = |name: &str, e: &Errors| {
            let excess = e.excess.map_or("–".into(), mean);
            vec![name.to_string(), mean(e.absolute), mean(e.square), excess]
        };
        let rows = [row("one step", &s.learnt), row("untrained", &s.untrained), row("f = 0", &s.zero)];
        common::table(&["δ = f − f*", "E|δ|", "E δ²", "E|f − y| − E|ϵ|"], &rows)
    } else {
        let mean = |e: Estimate| format!("{} ± {:.1e}", significant(e.mean, 4), e.standard_error);
        let row = |name: &str, e: &Errors| vec![name.to_string(), mean(e.absolute), mean(e.square)];
        let rows = [row("one step", &s.learnt), row("untrained", &s.untrained), row("f = 0", &s.zero)];
        common::table(&["held out", "E|f − y|", "E(f − y)²"], &rows)
    };
    let fit = |name: &str, e: &Errors| {
        let number = |x: Option<f64>| x.map_or("–".into(), |x| significant(x, 4));
        let errors = [e.train, e.validation].map(|x| significant(x, 4));
        [name.to_string(), number(e.lambda), number(e.head)].into_iter().chain(errors).collect()
    };
    let fits: Vec<Vec<String>> =
        vec![fit("one step", &s.learnt), fit("untrained", &s.untrained), fit("f = 0", &s.zero)];
    let fresh = s.test_samples.map_or(String::new(), |n| {
        format!("\nThe errors δ are on {n} fresh inputs, each ± its standard error.")
    });
    let written = out
        .map_or(String::new(), |dir| format!("\nWritten: {} in {}", FILES[..5].join(", "), dir.display()));
    format!(
        "Algorithm 1 of DLS22 {how} for {} at d = {}, m = {}, n = {}{noise}\n\n{}\n{}\n{errors}\n\
         (f − y)² is a mean on the training sample and on the {} inputs that chose λ. Untrained features \
         have the\nsame α, β and biases.{fresh}{written}",
        s.activation,
        s.d,
        s.m,
        s.n,
        common::table(&["", "value"], &numbers),
        common::table(&["", "λ", "m‖a‖²", "(f − y)²: train", "validation"], &fits),
        s.validation_samples,
    )
}

//! `escapement experiment`: the figures of papers, with tables and verdicts.

mod besww23;
mod bl20;
mod dls22;
mod figure_1;
mod figure_2;
mod noise;
mod r1;
mod taylor;
mod training;

use crate::terminal::exit::{INCONCLUSIVE, REFUTED};
use crate::terminal::{self, TerminalHost, choice, interrupt};
use crate::{files::stdout, report::tables};
use anyhow::Result;
use clap::{Parser, Subcommand};
use escapement_verify::figure::{Execution, Experiment, execute};
use escapement_verify::{Tier, judge::Verdict};
use std::{path::PathBuf, process::ExitCode};

/// Makes the figures of NBL22 and DLS22 again from a seed, and some of other papers, as CSV and SVG, and
/// gives verdicts on what is read off them.
///
/// The exit code is 0 when all that a paper reads off holds, 1 when some of it is refuted, 3 when some of
/// it is inconclusive, 2 for bad input, 130 after Ctrl-C and 143 after SIGTERM.
#[derive(Debug, Parser)]
#[command(
    after_help = "Examples:\n  escapement experiment figure-1\n  escapement experiment figure-1 --tier \
        paper --seeds 1 --out figure-1\n\nThe folder holds NAME.csv, NAME.svg, verdict.json, settings.json \
        and a checkpoint for each run. The same command again goes on to the same bytes\nas if it had never \
        been stopped; --seeds and --steps may be raised. Ctrl-C writes a checkpoint and the outputs as far \
        as the runs went."
)]
pub struct Args {
    #[command(subcommand)]
    which: Which,
}

#[derive(Debug, Subcommand)]
enum Which {
    /// Figure 1: R3, train and test loss of the quadratic model f_L + f_Q for six values of λ3
    #[command(name = "figure-1")]
    Figure1(figure_1::Args),
    /// Figure 2: the least number of samples with which a two-layer ReLU network learns, against d
    #[command(name = "figure-2")]
    Figure2(figure_2::Args),
    /// Ask whether the noise of perturbed gradient descent regularises R1
    Noise(noise::Args),
    /// Compare training with and without the regulariser R1 in the objective
    R1(r1::Args),
    /// Train f_L, f_L + f_Q and the network from one initialisation, side by side
    Taylor(taylor::Args),
    /// DLS22, Figure 1: Algorithm 1 beside random features and tangent kernels, against n
    #[command(name = "dls22-figure-1", visible_alias = "dls22/figure-1")]
    Dls22Figure1(dls22::Figure1Args),
    /// DLS22, Figure 2: a head on features that another target has taught, against N
    #[command(name = "dls22-figure-2", visible_alias = "dls22/figure-2")]
    Dls22Figure2(dls22::Figure2Args),
    /// BL20: the least number of samples of the quadratic model, of its limit and of every kernel, against d
    #[command(name = "bl20-sample-size", visible_alias = "bl20/sample-size")]
    Bl20SampleSize(bl20::SampleSizeArgs),
    /// BESWW23: kernel ridge regression, one gradient step and principal components against the spike
    #[command(name = "besww23-thresholds", visible_alias = "besww23/thresholds")]
    Besww23Thresholds(besww23::ThresholdsArgs),
}

/// The options of all experiments.
#[derive(Debug, clap::Args)]
struct Common {
    /// How large the experiment is: quick (a minute), standard (half an hour), paper (the size of the paper,
    /// hours)
    #[arg(long, default_value_t = Tier::Quick, value_parser = choice::<Tier>())]
    tier: Tier,
    /// The first seed: all that is drawn for a seed depends on it alone
    #[arg(long, default_value_t = 0, value_name = "N")]
    seed: u64,
    /// How many seeds, from the first on [default: that of the tier]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    seeds: Option<u64>,
    /// How many steps [default: that of the tier]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    steps: Option<u64>,
    /// The folder of the experiment, made where it is missing [default: results/ID]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Start anew, even where the folder holds an experiment
    #[arg(long)]
    fresh: bool,
    /// Print the verdict as one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// Bad input, a folder that cannot be written or holds something else.
pub fn run(args: &Args) -> Result<ExitCode> {
    match &args.which {
        Which::Figure1(args) => figure_1::run(args),
        Which::Figure2(args) => figure_2::run(args),
        Which::Noise(args) => noise::run(args),
        Which::R1(args) => r1::run(args),
        Which::Taylor(args) => taylor::run(args),
        Which::Dls22Figure1(args) => dls22::figure_1(args),
        Which::Dls22Figure2(args) => dls22::figure_2(args),
        Which::Bl20SampleSize(args) => bl20::sample_size(args),
        Which::Besww23Thresholds(args) => besww23::thresholds(args),
    }
}

/// Executes an experiment, prints what came out and gives the exit code.
fn execute_and_print<E: Experiment>(mut experiment: E, common: &Common) -> Result<ExitCode> {
    let out = common.out.clone().unwrap_or_else(|| PathBuf::from("results").join(experiment.id()));
    let Execution { report, interrupted, notes } =
        execute(&mut experiment, &out, common.fresh, &TerminalHost::new())?;
    for words in notes {
        terminal::note(words);
    }
    if common.json {
        stdout::print_json_to(&mut std::io::stdout(), &report.verdict)?;
    } else {
        stdout::print(&format!("{}Written to {}", tables::of_verdict(&report.verdict), out.display()))?;
    }
    Ok(match report.verdict.verdict {
        _ if interrupted => ExitCode::from(interrupt::code()),
        Verdict::Refuted | Verdict::Broken => ExitCode::from(REFUTED),
        Verdict::Inconclusive | Verdict::Drifts => ExitCode::from(INCONCLUSIVE),
        _ => ExitCode::SUCCESS,
    })
}

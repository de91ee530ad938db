//! `escapement train`: gradient descent on L_λ to a certified stationary point, with a history, checkpoints
//! and a resume to the same bits.

mod checkpoint;
mod data;
mod files;
mod history;
mod run;
mod settings;
mod summary;
mod values;

use super::common::Notes;
use crate::files::stdout;
use crate::terminal::interrupt::{self, Stop};
use anyhow::Result;
use checkpoint::Checkpoint;
use clap::Parser;
use data::Data;
use escapement::descent::DescentState;
use escapement_verify::{files::folder::Folder, run::source::SOURCE_HASH};
use run::Run;
use settings::Settings;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use summary::Summary;

/// Exit code of a run that diverged.
const DIVERGED: u8 = 1;

/// Runs gradient descent on the regularised loss L_λ, plain or perturbed, to a certified stationary point.
///
/// Writes history.csv (one line to a step), W.npy, weights.npy, run.toml, summary.json and checkpoint.bin
/// into --out. The same command again goes on from the checkpoint to the same bytes as a run that was never
/// stopped; Ctrl-C writes one first.
///
/// The exit code is 0 where the descent ended stationary, stagnated or with its steps spent, 1 where it
/// diverged, 2 for bad input, 130 after Ctrl-C and 143 after SIGTERM.
#[derive(Debug, Parser)]
#[command(
    allow_negative_numbers = true,
    after_help = "Examples:\n  escapement train\n  escapement train --d 10 --m 200 --n 100 --target \
        target.toml --out run\n  escapement train --config run.toml --noise 0.01 --gamma 0.001 --seed 3 \
        --out run3\n\nrun.toml has the long names of the flags as its keys; flags override it, and paths in \
        it start from its folder:\n  model = \"network\"\n  d = 10\n  m = 200\n  n = 100\n  target = \
        \"target.toml\"\n  lambda = [0.01, 0.0, 0.01, 1e-6]\n  step = \"backtracking\"     # or a number\n  \
        nu = 1e-3\n\nhistory.csv: step, loss (the mean loss), r1 to r4, objective (L_λ), gradient_norm, \
        step_size (of the next step; under backtracking the first\nthat it tries), norm (‖W‖_F), test_loss \
        (at steps 0 to 8, 10, 12, 14, 16, 20, ... and the last).\n\nThe same command again goes on from \
        checkpoint.bin, to the same bytes as a run that was never stopped; Ctrl-C writes one first. A \
        larger --max-steps\ngoes on from a run whose steps are spent; other settings are refused, and \
        --fresh starts anew.\nThe exit code is 0 where a run ended stationary, stagnated or with its steps \
        spent, 1 where it diverged, 2 for bad input, 130 after Ctrl-C and 143 after SIGTERM."
)]
pub struct Args {
    /// The settings from a TOML file; flags override it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder of the run, made where it is missing
    #[arg(long, value_name = "DIR", default_value = "train")]
    out: PathBuf,
    /// Start anew, even where the folder holds a run
    #[arg(long)]
    fresh: bool,
    /// Print one JSON object instead of a summary
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: Settings,
}

/// Runs the command.
///
/// # Errors
/// Bad input, sizes that do not fit, a folder that cannot be written or holds something else; nothing is
/// left behind then.
pub fn run(args: &Args) -> Result<ExitCode> {
    let file = args.config.as_deref().map(Settings::read).transpose()?.unwrap_or_default();
    let settings = args.settings.over(&file)?.resolved()?;
    let read = [&settings.weights, &settings.inputs, &settings.labels, &settings.target, &settings.start];
    Folder::check(&args.out, &files::FILES, &read)?;
    let mut notes = Notes::default();
    let data = Data::new(settings, &mut notes)?;
    let stop = Stop::with_checkpoints();
    let folder = Folder::open(&args.out)?;
    folder.warning().iter().for_each(|words| notes.add(words));
    let digests = data.digests();
    let earlier = earlier(args.fresh, &folder)?;
    if let Some((checkpoint, _)) = &earlier {
        checkpoint::require_same(checkpoint, folder.path(), &data.settings, &digests)?;
        if let Some(summary) = &checkpoint.state.summary
            && !(summary.is_open() && data.settings.max_steps > Some(summary.steps))
        {
            notes.add(format_args!("this run has ended: --fresh starts it anew"));
            notes.print();
            return print(summary, folder.path(), args.json);
        }
    }
    let Some(problem) = data.solve(|| stop.asked())? else {
        return Ok(interrupt::nothing_written());
    };
    let top = problem.top_digest();
    let mut fresh = checkpoint::begin(&problem.data.settings, digests, top)?;
    let resumes = earlier.is_some();
    let (checkpoint, state) = match earlier {
        Some((old, state)) => {
            if old.source != SOURCE_HASH {
                notes.add(
                    "the checkpoint is of another version of this program: the run goes on, but maybe \
                        not to the same bits",
                );
            } else if old.state.top != fresh.state.top {
                notes.add(
                    "Σ was solved to other bits than before (another machine or number of threads): \
                    the run goes on, but not to the same bits",
                );
            }
            notes.add(format_args!("this run went on from step {}", state.step));
            fresh.state.history = old.state.history;
            (fresh, state)
        }
        None => (fresh, DescentState::new(problem.data.start.clone(), &problem.data.settings.options())),
    };
    let summary = Run::new(folder, checkpoint, resumes).descend(&problem, state, &stop)?;
    if summary.is_interrupted() {
        notes.add(format_args!(
            "interrupted after step {}: what there is is kept, and the same command goes on",
            summary.steps
        ));
    }
    notes.print();
    print(&summary, &args.out, args.json)
}

/// The run that the folder holds, if any.
fn earlier(fresh: bool, folder: &Folder) -> Result<Option<(Checkpoint, DescentState)>> {
    let path = folder.join(files::CHECKPOINT);
    if fresh {
        return Ok(None);
    }
    if path.exists() {
        return checkpoint::read(&path).map(Some);
    }
    folder.require_free(&files::FILES, files::CHECKPOINT)?;
    Ok(None)
}

fn print(summary: &Summary, dir: &Path, json: bool) -> Result<ExitCode> {
    stdout::print(&if json { stdout::to_json(summary)? } else { summary.readable(dir) })?;
    Ok(match summary {
        s if s.is_interrupted() => ExitCode::from(interrupt::code()),
        s if s.diverged() => ExitCode::from(DIVERGED),
        _ => ExitCode::SUCCESS,
    })
}

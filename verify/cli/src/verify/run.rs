//! From the arguments that `verify` and `report` share to verdicts.

use crate::report::command;
use crate::terminal::exit::{self, INCONCLUSIVE, REFUTED};
use crate::terminal::{choice, interrupt, note, program, progress};
use anyhow::{Result, ensure};
use escapement_verify::claim::{Claim, Tier};
use escapement_verify::judge::{ClaimVerdict, Verdict, judge};
use escapement_verify::run::journal::{Journal, Records};
use escapement_verify::run::runner::{self, Options};
use escapement_verify::{run::plan::Plan, run::timings::Timings};
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Where records are kept when nobody says otherwise.
pub(super) const JOURNAL: &str = "results/journal.jsonl";

/// Which records are meant.
#[derive(Debug, Clone, clap::Args)]
pub struct Scope {
    /// How much to measure: quick (a minute), standard (a quarter of an hour), paper (hours)
    #[arg(long, default_value_t = Tier::Quick, value_parser = choice::<Tier>())]
    pub tier: Tier,
    /// The root seed of every random stream
    #[arg(long, default_value_t = 2206, allow_negative_numbers = true)]
    pub seed: u64,
    /// The journal: the file where records are kept, and where the next run finds them
    #[arg(long, default_value = JOURNAL)]
    pub journal: PathBuf,
}

impl Scope {
    /// The records that the journal holds; none where there is no journal, and nobody has named one.
    ///
    /// # Errors
    /// A journal that somebody has named and that does not exist, and what [`Records::read`] refuses.
    pub(super) fn records(&self) -> Result<Records> {
        ensure!(
            self.journal.exists() || self.journal == Path::new(JOURNAL),
            "there is no journal {}: name one that exists, or leave --journal out",
            self.journal.display()
        );
        Ok(Records::read(&self.journal)?)
    }
}

/// What is measured, and where its records are kept.
#[derive(Debug, Clone, clap::Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub(super) scope: Scope,
    /// The number of cells measured at once; 0 for one on each core
    #[arg(long, default_value_t = 0, allow_negative_numbers = true, value_parser = jobs)]
    pub(super) jobs: usize,
    /// Empty the journal first
    #[arg(long)]
    pub(super) fresh: bool,
}

/// More threads than any machine has a use for.
const MOST_JOBS: usize = 1024;

pub(super) fn jobs(text: &str) -> std::result::Result<usize, &'static str> {
    let jobs = text.parse().ok().filter(|&jobs| jobs <= MOST_JOBS);
    jobs.ok_or("the number of cells measured at once is a whole number up to 1024, 0 for all cores")
}

/// Runs a plan against the journal; `again` says how to go on after Ctrl-C. A journal that is new is
/// `announced`: whoever meant another one finds out before hours of work.
///
/// # Errors
/// Bad input, and a journal that cannot be used.
pub(super) fn outcome(
    args: &RunArgs,
    plan: &Plan<'_>,
    again: String,
    announced: bool,
) -> Result<runner::Outcome> {
    let new = !args.scope.journal.exists();
    let journal = Journal::open(&args.scope.journal, args.fresh)?;
    if new && announced {
        note(format_args!("there is no journal {} yet: it is begun", args.scope.journal.display()));
    }
    for warning in journal.warnings() {
        note(warning);
    }
    let journal = Arc::new(Mutex::new(journal));
    let over = interrupt::of_journal(&journal, again);
    let stop = AtomicBool::new(false);
    let options = Options { jobs: args.jobs, memory: runner::available_memory(), stop: &stop };
    let outcome = runner::run(plan, Some(&journal), &options, &progress::Bars::new());
    over.store(true, Ordering::SeqCst);
    Ok(outcome?)
}

/// The sentence that says how `verify` goes on after Ctrl-C.
pub(super) fn again(args: &RunArgs) -> String {
    // With --fresh it would begin by emptying the journal.
    let changed = if args.fresh { " without --fresh" } else { "" };
    format!("the same command{changed} resumes there")
}

/// The verdicts on `claims`, and the exit code.
///
/// # Errors
/// As [`outcome`].
pub(super) fn verdicts(args: &RunArgs, claims: &[&dyn Claim]) -> Result<(Vec<ClaimVerdict>, u8)> {
    let plan =
        Plan::new(claims, args.scope.tier, args.scope.seed)?.timed_by(&Timings::read(&args.scope.journal));
    let outcome = outcome(args, &plan, again(args), true)?;
    let verdicts: Vec<ClaimVerdict> = claims.par_iter().map(|c| of_claim(*c, args, &outcome)).collect();
    let code = exit_code(verdicts.iter().map(|v| v.verdict));
    Ok((verdicts, code))
}

/// The exit code of a run with these verdicts.
pub(super) fn exit_code(verdicts: impl Iterator<Item = Verdict>) -> u8 {
    match verdicts.max() {
        Some(Verdict::Refuted | Verdict::Broken) => REFUTED,
        Some(Verdict::Inconclusive | Verdict::Drifts) => INCONCLUSIVE,
        _ => exit::HOLDS,
    }
}

fn of_claim(claim: &dyn Claim, args: &RunArgs, outcome: &runner::Outcome) -> ClaimVerdict {
    let records: Vec<_> = outcome.records.iter().filter(|r| r.cell.claim == claim.id()).cloned().collect();
    let failures: Vec<_> = outcome.failures.iter().filter(|f| f.cell.claim == claim.id()).cloned().collect();
    let mut verdict = judge(claim, args.scope.tier, args.scope.seed, &records, &failures);
    let program = program::name();
    for worst in verdict.bounds.iter_mut().filter_map(|b| b.worst.as_mut()) {
        worst.command = command::under(&program, &worst.command);
    }
    verdict
}

//! `verify`: measure claims and give verdicts.

use super::{RunArgs, certify, print, print_json, run};
use crate::report::tables;
use crate::terminal::{exit::HOLDS, is_quiet, painted, program};
use anyhow::{Result, bail, ensure};
use escapement::error::human_bytes;
use escapement_verify::claim::{Claim, Tier, certified, record::Failure, registry::Registry};
use escapement_verify::run::plan::{Plan, Step};
use escapement_verify::text::{numbers::duration, plural::count};
use escapement_verify::{run::runner, run::shard::Shard, run::source::source_of, run::timings::Timings};
use serde::Serialize;
use std::fmt::Write as _;
use std::{io::Write, path::Path};

/// The options of `verify`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  escapement verify\n  escapement verify lemma-1 --tier standard --json\n  \
        escapement verify --seeds 5\n  escapement verify --power\n  escapement verify --tier paper \
        --plan\n  escapement verify --tier standard --shard 2/8 --journal part-2.jsonl"
)]
pub struct Args {
    /// The claims; all of them when none is given
    #[arg(value_name = "CLAIM")]
    claims: Vec<String>,
    /// Only the claims of this paper
    #[arg(long, value_name = "PAPER", conflicts_with = "claims")]
    paper: Option<String>,
    #[command(flatten)]
    run: RunArgs,
    /// Print the cells with the predicted time and memory of each, and measure nothing
    #[arg(long)]
    plan: bool,
    /// Print one JSON array, one object per claim
    #[arg(long)]
    json: bool,
    /// Show the exponent of every sweep of a bound, not only that of the sweep nearest to violating it
    #[arg(long)]
    details: bool,
    /// Print what would have been noticed: of each check, and of each variable that a statement names, the
    /// smallest violation that would have been refuted
    #[arg(long, conflicts_with_all = ["plan", "json", "details"])]
    power: bool,
    /// Prove what can be proved of the claims, write the certificates beside the journal, and show them
    #[arg(long, conflicts_with_all = ["plan", "power", "cell", "shard", "seeds"])]
    certified: bool,
    /// Measure with N root seeds, from --seed on, and print the verdicts side by side, the worst of each
    /// claim first
    #[arg(long, value_name = "N", default_value_t = 1,
        value_parser = clap::value_parser!(u64).range(1..=100),
        conflicts_with_all = ["plan", "details", "power", "cell", "shard"])]
    seeds: u64,
    /// Measure this one cell, without the journal, and print its record with every quantity: a cell of
    /// --plan, or one with other values of its parameters, which decides no verdict
    #[arg(long, value_name = "KEY", conflicts_with = "plan")]
    cell: Option<String>,
    /// Measure the I-th of N shares of the cells, and give no verdicts. The shares are the same on every
    /// machine
    #[arg(long, value_name = "I/N", conflicts_with = "cell", allow_hyphen_values = true)]
    shard: Option<Shard>,
}

#[derive(Serialize)]
struct PlannedCell<'a> {
    key: String,
    cell: &'a escapement_verify::Cell,
    flops: f64,
    seconds: f64,
    bytes: f64,
}

impl<'a> PlannedCell<'a> {
    fn of(step: &'a Step<'_>) -> Self {
        let Step { cell, prediction, seconds, .. } = step;
        let (flops, bytes) = (prediction.flops, prediction.bytes);
        Self { key: cell.key(), cell, flops, seconds: *seconds, bytes }
    }
}

pub(super) fn run(args: &Args, registry: &Registry, out: &mut dyn Write) -> Result<u8> {
    let claims = match &args.paper {
        Some(paper) => registry.of_papers(std::slice::from_ref(paper))?,
        None => registry.select(&args.claims)?,
    };
    if args.plan || args.cell.is_some() || args.shard.is_some() {
        let mut plan = Plan::new(&claims, args.run.scope.tier, args.run.scope.seed)?
            .timed_by(&Timings::read(&args.run.scope.journal));
        if let Some(shard) = args.shard {
            plan = plan.share(shard);
        }
        return match &args.cell {
            _ if !args.plan
                && let Some(shard) = args.shard =>
            {
                share(args, shard, &plan, out)
            }
            Some(key) => one_cell(key, &plan, &claims, registry, out),
            None if args.json => {
                let cells: Vec<_> = plan.steps.iter().map(PlannedCell::of).collect();
                print_json(out, &cells).map(|()| HOLDS)
            }
            None => print(out, &plan_table(&plan, args.run.jobs)).map(|()| HOLDS),
        };
    }
    if args.seeds > 1 {
        return over_seeds(args, &claims, out);
    }
    let (mut verdicts, code) = run::verdicts(&args.run, &claims)?;
    if args.certified {
        let folder = args.run.scope.journal.with_file_name(certified::FOLDER);
        certify::add_proofs(&claims, &mut verdicts, &folder)?;
    }
    if args.json {
        print_json(out, &verdicts)?;
    } else if args.power {
        print(out, &tables::power_table(&verdicts))?;
    } else {
        print(out, &painted(&tables::summary(&verdicts, registry, args.details)))?;
    }
    Ok(code)
}

/// Measures and judges with several seeds; the exit code is the worst.
fn over_seeds(args: &Args, claims: &[&dyn Claim], out: &mut dyn Write) -> Result<u8> {
    let first = args.run.scope.seed;
    let mut all = Vec::new();
    let mut verdicts = Vec::new();
    for seed in first..first.saturating_add(args.seeds) {
        let mut with_seed = args.run.clone();
        with_seed.scope.seed = seed;
        // The journal is emptied once.
        with_seed.fresh &= seed == first;
        let (found, _) = run::verdicts(&with_seed, claims)?;
        verdicts.extend(found.iter().map(|v| v.verdict));
        all.push(found);
    }
    if args.json {
        print_json(out, &all)?;
    } else {
        print(out, &tables::seed_table(&all))?;
    }
    Ok(run::exit_code(verdicts.into_iter()))
}

fn plan_table(plan: &Plan<'_>, jobs: usize) -> String {
    let mut text = String::new();
    for s in &plan.steps {
        let time = duration(s.seconds);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{time:>8}  {:>8}  {}", human_bytes(s.prediction.bytes), s.cell);
    }
    let jobs = if jobs == 0 { std::thread::available_parallelism().map_or(1, usize::from) } else { jobs };
    let total = duration(plan.seconds(jobs));
    let _ = writeln!(
        text,
        "{} of the {} tier: about {total} on {}, up to {} in a cell",
        count(plan.steps.len(), "cell"),
        plan.tier,
        count(jobs, "core"),
        human_bytes(plan.bytes())
    );
    text
}

#[derive(Serialize)]
struct Share<'a> {
    shard: String,
    tier: Tier,
    seed: u64,
    journal: &'a Path,
    reused: usize,
    cells: Vec<String>,
    failed: &'a [Failure],
}

/// Measures a share, and says which cells the journal now holds of it.
fn share(args: &Args, shard: Shard, plan: &Plan<'_>, out: &mut dyn Write) -> Result<u8> {
    let outcome = run::outcome(&args.run, plan, run::again(&args.run), true)?;
    let cells: Vec<String> = outcome.records.iter().map(|r| r.cell.key()).collect();
    let (journal, failed) = (args.run.scope.journal.as_path(), outcome.failures.as_slice());
    if args.json {
        let (tier, seed, reused) = (plan.tier, plan.seed, outcome.reused);
        print_json(out, &Share { shard: shard.to_string(), tier, seed, journal, reused, cells, failed })?;
        return Ok(HOLDS);
    }
    if is_quiet() {
        return Ok(HOLDS);
    }
    let mut text: String = cells.iter().map(|key| format!("{key}\n")).collect();
    let kept =
        if outcome.reused > 0 { format!(", {} of them from before", outcome.reused) } else { String::new() };
    let _ = writeln!(
        text,
        "share {shard} of the {} tier: {} of {} in {}{kept}; {} merge joins the shares",
        plan.tier,
        cells.len(),
        count(plan.steps.len(), "cell"),
        journal.display(),
        program::name()
    );
    print(out, &text)?;
    Ok(HOLDS)
}

/// Measures one cell: of the plan, or another one that has the part and the parameters of a planned one.
fn one_cell(
    key: &str,
    plan: &Plan<'_>,
    claims: &[&dyn Claim],
    registry: &Registry,
    out: &mut dyn Write,
) -> Result<u8> {
    let Some(step) = plan.steps.iter().find(|s| s.cell.key() == key) else {
        let everything = Plan::new(&registry.select(&[])?, plan.tier, plan.seed)?;
        if let Some(step) = everything.steps.iter().find(|s| s.cell.key() == key) {
            let claim = step.claim.id();
            bail!(
                "the cell '{key}' belongs to the claim {claim}, which is not among those named: give verify \
                 {claim} --cell"
            );
        }
        if let Some(step) = beyond(key, claims)? {
            return record_of(&step, plan.seed, out);
        }
        ensure!(!plan.steps.is_empty(), "there are no cells in the {} tier", plan.tier);
        let near = |s: &&Step<'_>| (1e6 * strsim::normalized_damerau_levenshtein(key, &s.cell.key())) as u64;
        let near = plan.steps.iter().max_by_key(near).map(|s| s.cell.key()).unwrap_or_default();
        bail!("unknown cell '{key}' in the {} tier; did you mean '{near}'? (--plan lists all)", plan.tier);
    };
    record_of(step, plan.seed, out)
}

/// The cell of this key as one of these claims could have planned it.
fn beyond<'a>(key: &str, claims: &[&'a dyn Claim]) -> Result<Option<Step<'a>>> {
    for claim in claims {
        for tier in [Tier::Quick, Tier::Standard, Tier::Paper] {
            let Some(cell) = claim.plan(tier).iter().find_map(|cell| cell.alike(key)) else { continue };
            cell.check(claim.card().paper.letters)?;
            let prediction = claim.predict(&cell);
            return Ok(Some(Step { claim: *claim, cell, prediction, seconds: 0.0 }));
        }
    }
    Ok(None)
}

/// Measures a cell without the journal, and prints its record.
fn record_of(step: &Step<'_>, seed: u64, out: &mut dyn Write) -> Result<u8> {
    let record = runner::measure(step, seed, &source_of(step.claim), runner::available_memory())?;
    print_json(out, &record)?;
    Ok(HOLDS)
}

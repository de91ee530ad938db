//! `report`: a page and tables of every bound, as files.

use super::journal_report::{self, Measured, Wanted};
use super::run::{self, JOURNAL, RunArgs};
use super::{Scope, print};
use crate::report::{model::Report, page, plot, tables};
use crate::terminal::{choice, exit::HOLDS, note, program};
use anyhow::{Result, ensure};
use escapement_verify::claim::{Tier, registry::Registry};
use escapement_verify::run::plan::{Plan, Step};
use escapement_verify::{files::atomic::Outputs, run::journal::Records, run::source::source_of};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Writes index.html, report.md, bounds.csv, bounds.tex, verdicts.tex and report.json from the journal.
///
/// index.html is a self-contained page. Each claim has its verdict, its formula, a plot of measured values
/// against the bound with the fitted exponent, its negative control, and the command that reproduces it. The
/// report shows what the journal holds and says what is missing; nothing is measured, unless there is no
/// journal or --measure is given. The exit code is 0 once the report is written, whatever it says.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Nothing is measured, unless there is no journal or --measure is given. The exit code \
        is 0 once the report is written.\n\nExamples:\n  escapement report\n  escapement report --journal \
        results/journal.jsonl --tier standard --out report\n  escapement report lemma-1 --measure"
)]
pub struct Args {
    /// The claims; all of them when none is given
    #[arg(value_name = "CLAIM")]
    claims: Vec<String>,
    /// The folder of the report, made if it is not there
    #[arg(long, value_name = "DIR", default_value = "report")]
    out: PathBuf,
    /// The journal with the records; where that of the default is not there the quick tier is measured into
    /// it first
    #[arg(long, value_name = "FILE", default_value = JOURNAL)]
    journal: PathBuf,
    /// The tier whose cells are shown; without this option the tier that the journal seems to hold
    #[arg(long, value_parser = choice::<Tier>())]
    tier: Option<Tier>,
    /// The root seed
    #[arg(long, default_value_t = 2206, allow_negative_numbers = true)]
    seed: u64,
    /// Measure what is missing first
    #[arg(long)]
    measure: bool,
    /// The number of cells measured at once; 0 for one on each core
    #[arg(long, default_value_t = 0, allow_negative_numbers = true, value_parser = run::jobs)]
    jobs: usize,
    /// Figures for the page: the folder of an experiment, or one that holds several [default: those in
    /// results/]
    #[arg(long, value_name = "DIR")]
    experiments: Vec<PathBuf>,
    /// Draw every bound in a picture of its own too: plots/CLAIM.BOUND.svg
    #[arg(long)]
    plots: bool,
    /// Show the report in the browser when it is written
    #[arg(long)]
    open: bool,
}

/// The files of a report; the first one is what --open shows.
const FILES: [&str; 6] =
    ["index.html", "report.md", "bounds.csv", "bounds.tex", "verdicts.tex", "report.json"];

/// The folder of the pictures.
const PLOTS: &str = "plots";

/// The pictures of all bounds that have one, with the names of their files.
fn plots(report: &Report) -> impl Iterator<Item = (String, String)> {
    let bounds = report.claims.iter().flat_map(|c| c.bounds.iter().map(move |b| (c, b)));
    bounds.filter_map(|(claim, bound)| {
        let svg = plot::panels(&plot::bound::picture(claim, bound)?)?;
        Some((format!("{}.{}.svg", claim.id, bound.verdict.name), svg))
    })
}

pub(super) fn run(args: &Args, registry: &Registry, out: &mut dyn Write) -> Result<u8> {
    // Before hours of work, not after.
    Outputs::check_folder(&args.out, &FILES)?;
    let experiments = if args.experiments.is_empty() {
        // Where `experiment` writes when nobody says otherwise; there may be none.
        page::collect(&page::folders(Path::new("results")))?
    } else {
        page::collect(&args.experiments)?
    };
    let report = report(args, registry)?;
    report.notes.iter().for_each(note);
    let mut outputs = Outputs::new();
    outputs.folder(&args.out)?;
    let paths = FILES.map(|name| args.out.join(name));
    let [index, markdown, csv, latex, macros, json] = &paths;
    // One after another, so that no two of them are in memory; the records, which may be many, never are.
    outputs.stage(index, |w| w.write_all(page::html(&report, &experiments).as_bytes()))?;
    outputs.stage(markdown, |w| w.write_all(tables::markdown(&report).as_bytes()))?;
    let rows = tables::csv(&report)?;
    outputs.stage(csv, |w| w.write_all(&rows))?;
    drop(rows);
    outputs.stage(latex, |w| w.write_all(tables::latex(&report).as_bytes()))?;
    outputs.stage(macros, |w| w.write_all(tables::macros(&report).as_bytes()))?;
    outputs.stage(json, |w| report.write_json(w))?;
    let mut paths = paths.to_vec();
    if args.plots {
        for (name, svg) in plots(&report) {
            let path = args.out.join(PLOTS).join(name);
            outputs.stage(&path, |w| w.write_all(svg.as_bytes()))?;
            paths.push(path);
        }
    }
    outputs.commit()?;
    print(out, &paths.iter().map(|path| format!("{}\n", path.display())).collect::<String>())?;
    if args.open
        && let Err(e) = open::that_detached(&paths[0])
    {
        note(format_args!("{} could not be opened: {e}", paths[0].display()));
    }
    Ok(HOLDS)
}

/// Measures where it was asked for, or where there is nothing to report; then the data of the report.
fn report(args: &Args, registry: &Registry) -> Result<Report> {
    let mut wanted = Wanted { claims: registry.select(&args.claims)?, tier: args.tier, seed: args.seed };
    let program = program::name();
    let command = |tier| {
        let (journal, out) = (args.journal.display().to_string(), args.out.display().to_string());
        let (tier, seed) = (format!("{tier}"), args.seed.to_string());
        let options = ["--journal", &journal, "--tier", &tier, "--seed", &seed, "--out", &out];
        let figures: Vec<String> = args.experiments.iter().map(|e| e.display().to_string()).collect();
        let figures = figures.iter().flat_map(|e| ["--experiments", e.as_str()]);
        shell_words::join(
            [program.as_str(), "report"]
                .into_iter()
                .chain(args.claims.iter().map(String::as_str))
                .chain(options)
                .chain(figures),
        )
    };
    let before = Records::read(&args.journal)?;
    let nothing = !args.journal.exists();
    ensure!(
        !nothing || args.measure || args.journal == Path::new(JOURNAL),
        "there is no journal {}: name one that exists, or measure it with --measure",
        args.journal.display()
    );
    if !nothing && !args.measure {
        let measured = Measured::default();
        return journal_report::report(&args.journal, &before, registry, &wanted, &measured, command);
    }
    let tier = wanted.tier(&before)?;
    if nothing {
        let journal = args.journal.display();
        note(format_args!("there is no journal {journal}: the {tier} tier is measured first"));
    }
    wanted.tier = Some(tier);
    let plan = Plan::new(&wanted.claims, tier, args.seed)?;
    let lacks = |s: &&Step<'_>| before.get(&s.cell, args.seed, &source_of(s.claim)).is_none();
    let cells = plan.steps.iter().filter(lacks).map(|s| s.cell.clone()).collect();
    let again = format!("{} --measure resumes there", command(tier));
    let scope = Scope { tier, seed: args.seed, journal: args.journal.clone() };
    let outcome = run::outcome(&RunArgs { scope, jobs: args.jobs, fresh: false }, &plan, again, false)?;
    let (records, measured) =
        (Records::read(&args.journal)?, Measured { cells, failures: outcome.failures });
    journal_report::report(&args.journal, &records, registry, &wanted, &measured, command)
}

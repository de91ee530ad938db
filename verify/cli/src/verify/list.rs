//! `list`: the claims, with the verdicts that the journal holds.

use super::{Scope, print, print_json};
use crate::terminal::{exit::HOLDS, note, program};
use anyhow::Result;
use escapement_verify::claim::{Claim, errata::ErratumId, registry::Registry};
use escapement_verify::judge::{Verdict, judge};
use escapement_verify::run::journal::RecordsByCell;
use escapement_verify::text::plural::{are, count};
use escapement_verify::{run::plan::Plan, run::source::source_of};
use serde::Serialize;
use std::io::Write;

/// Lists the claims with their references, and with their verdicts where the journal holds every cell of the
/// tier. Nothing is measured.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  escapement list\n  escapement list --tier standard --json")]
pub struct Args {
    #[command(flatten)]
    scope: Scope,
    /// Only the claims of this paper
    #[arg(long, value_name = "PAPER")]
    paper: Option<String>,
    /// Print one JSON array
    #[arg(long)]
    json: bool,
}

/// The records that the journal holds of a claim, and the verdict on them.
#[derive(Serialize)]
pub(super) struct JournalStatus {
    /// None while cells are missing.
    pub(super) verdict: Option<Verdict>,
    cells: usize,
    measured: usize,
    /// Whether its records were made by other sources than those of this program.
    pub(super) earlier: bool,
}

impl JournalStatus {
    pub(super) fn of(claim: &dyn Claim, scope: &Scope, held: &RecordsByCell<'_>) -> Result<Self> {
        let plan = Plan::new(&[claim], scope.tier, scope.seed)?;
        let (source, found) = held.of(claim, &plan);
        let earlier = source.is_some_and(|source| source != source_of(claim));
        let found: Vec<_> = found.into_iter().cloned().collect();
        let (cells, measured) = (plan.steps.len(), found.len());
        let verdict = (cells == measured).then(|| judge(claim, scope.tier, scope.seed, &found, &[]).verdict);
        Ok(Self { verdict, cells, measured, earlier })
    }

    fn words(&self) -> String {
        match self.verdict {
            Some(verdict) if self.earlier => format!("{verdict} (earlier)"),
            Some(verdict) => verdict.to_string(),
            None if self.measured == 0 => "-".into(),
            None => format!("{} of {}", self.measured, self.cells),
        }
    }
}

#[derive(Serialize)]
struct Row<'a> {
    claim: String,
    title: &'static str,
    reference: &'static str,
    statement: String,
    #[serde(flatten)]
    status: &'a JournalStatus,
    uses: &'static [&'static str],
    errata: &'static [ErratumId],
    bounds: Vec<String>,
}

pub(super) fn run(args: &Args, registry: &Registry, out: &mut dyn Write) -> Result<u8> {
    let records = args.scope.records()?;
    let held = RecordsByCell::new(records.iter(), args.scope.seed);
    let listed = registry.of_papers(args.paper.as_slice())?;
    let statuses =
        listed.iter().map(|&c| JournalStatus::of(c, &args.scope, &held)).collect::<Result<Vec<_>>>()?;
    let claims = || listed.iter().copied().zip(&statuses);
    if args.json {
        let rows: Vec<Row<'_>> = claims().map(|(c, status)| row(c, status)).collect();
        print_json(out, &rows)?;
        return Ok(HOLDS);
    }
    let longest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0);
    let width = longest(&mut listed.iter().map(|&c| registry.name_of(c).chars().count()));
    let words = longest(&mut statuses.iter().map(|s| s.words().chars().count()));
    let refuted: Vec<&str> =
        claims().filter(|(_, s)| s.verdict.is_some_and(Verdict::fails)).map(|(c, _)| c.id()).collect();
    let line = |(c, s): (&dyn Claim, &JournalStatus)| {
        let shaken_by = registry.shaken_by(c.id(), &refuted);
        let shaken = if shaken_by.is_empty() {
            String::new()
        } else {
            format!(", rests on what is refuted: {}", shaken_by.join(", "))
        };
        let (name, card) = (registry.name_of(c), c.card());
        format!("{name:<width$}  {:<words$}  {} ({}){shaken}\n", s.words(), card.title, card.reference)
    };
    print(out, &claims().map(line).collect::<String>())?;
    note_earlier(&statuses);
    let Scope { tier, seed, journal } = &args.scope;
    if !journal.exists() {
        note(format_args!("there is no journal {}: nothing is measured yet", journal.display()));
    } else if statuses.iter().any(|s| s.verdict.is_none()) {
        let (journal, tier, seed) = (journal.display().to_string(), tier.to_string(), seed.to_string());
        let command = shell_words::join(["verify", "--journal", &journal, "--tier", &tier, "--seed", &seed]);
        note(format_args!(
            "{journal} lacks cells of the {tier} tier; {} {command} measures them",
            program::name()
        ));
    }
    Ok(HOLDS)
}

/// Adds a remark on claims whose records were made by other sources.
pub(super) fn note_earlier(statuses: &[JournalStatus]) {
    let earlier = statuses.iter().filter(|s| s.earlier).count();
    if earlier > 0 {
        let (claims, are) = (count(earlier, "claim"), are(earlier));
        note(format_args!("{claims} {are} shown by records of other sources than this program's"));
    }
}

fn row<'a>(c: &'a dyn Claim, status: &'a JournalStatus) -> Row<'a> {
    let card = c.card();
    Row {
        claim: card.name(),
        title: card.title,
        reference: card.reference,
        statement: card.plain_statement(),
        status,
        uses: card.uses,
        errata: card.errata,
        bounds: c.bounds().into_iter().map(|b| b.name).collect(),
    }
}

//! `diff`: what moved between two journals or reports.

use super::journal_report::{self, Measured, Wanted};
use super::{print, print_json};
use crate::files::unreadable;
use crate::report::diff::{compare, words};
use crate::report::earlier::{self, Earlier};
use crate::report::model::{Report, SCHEMA};
use crate::terminal::choice;
use crate::terminal::exit::HOLDS;
use anyhow::{Result, anyhow, bail, ensure};
use escapement_verify::claim::{Tier, registry::Registry};
use escapement_verify::{error::Error, run::journal::Records};
use serde::Deserialize;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The text of --help behind the options.
const DETAILS: &str = "\
The command shows
  verdicts that changed;
  constants that differ by more than their two error bounds together. Constants are compared only where both
    sides have the same cells and the same seed: on other cells a constant is another number;
  exponents that changed. On the same cells with the same seed an exponent has changed when one measured
    value lies outside the limits of the other. On other cells or with another seed it has changed when the
    two differ by more than the root of the sum of the squares of their limits;
  onsets that changed;
  claims, bounds and groups of cells that came or went, and numbers of cells;
  in a group of their own the claims and bounds for which the later side gives no verdict any more.
A report.json of the schema escapement-report/1 had other words for verdicts and other exponents: the words
are shown side by side, the constants are compared, and what cannot be compared is said.
Without --tier the tier of a journal is the one whose cells are nearest to those that the journal holds.

The exit code is 0 once the comparison is written, whatever it says, and 2 for bad input.

Examples:
  escapement diff old.jsonl results/journal.jsonl
  escapement diff old/report.json new/report.json --json";

/// Compares two journals, or two report.json, or one of each.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  escapement diff old.jsonl results/journal.jsonl\n  escapement diff \
    old/report.json new/report.json --json", after_long_help = DETAILS)]
pub struct Args {
    /// The earlier journal or report.json
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The later journal or report.json
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// The tier whose cells are compared, for journals; without this option the tier that each seems to hold
    #[arg(long, value_parser = choice::<Tier>())]
    tier: Option<Tier>,
    /// The root seed whose records are compared, for journals
    #[arg(long, default_value_t = 2206, allow_negative_numbers = true)]
    seed: u64,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, registry: &Registry, out: &mut dyn Write) -> Result<u8> {
    let (old, new) = (read(&args.old, args, registry)?, read(&args.new, args, registry)?);
    let [old_name, new_name] = [&args.old, &args.new].map(|path| path.display().to_string());
    let diff = match (&old, &new) {
        (Side::Present(old), Side::Present(new)) => compare(&old_name, old, &new_name, new),
        (old, new) => earlier::compare(&old_name, &old.earlier(), &new_name, &new.earlier()),
    };
    if args.json {
        print_json(out, &diff)?;
    } else {
        print(out, &words(&diff))?;
    }
    Ok(HOLDS)
}

/// The beginning of every report.
#[derive(Deserialize)]
struct Head {
    schema: String,
}

/// One of the two that are compared.
enum Side {
    Present(Box<Report>),
    Earlier(Earlier),
}

impl Side {
    fn earlier(&self) -> Earlier {
        match self {
            Self::Present(report) => report.as_ref().into(),
            Self::Earlier(earlier) => earlier.clone(),
        }
    }
}

/// A report, or the report on a journal.
fn read(path: &Path, args: &Args, registry: &Registry) -> Result<Side> {
    let name = path.display();
    let meta = std::fs::metadata(path).map_err(unreadable(path))?;
    ensure!(meta.is_file(), "{name} is not a regular file: a journal or a report.json is needed");
    let bytes = std::fs::read(path).map_err(unreadable(path))?;
    if let Ok(Head { schema }) = serde_json::from_slice(&bytes) {
        let misnamed = |e| anyhow!("{name} says it has the schema {schema}, and has not: {e}");
        return match schema.as_str() {
            SCHEMA => Ok(Side::Present(serde_json::from_slice(&bytes).map_err(misnamed)?)),
            earlier::SCHEMA => Ok(Side::Earlier(serde_json::from_slice(&bytes).map_err(misnamed)?)),
            _ => bail!(
                "{name} has the schema '{schema}' where {SCHEMA} and {} are read: make the report again \
                 from its journal",
                earlier::SCHEMA
            ),
        };
    }
    let records = Records::read(path).map_err(|e| match e {
        Error::JournalForeign { .. } => anyhow!("{name} is neither a journal nor a report.json"),
        other => other.into(),
    })?;
    let wanted = Wanted { claims: registry.select(&[])?, tier: args.tier, seed: args.seed };
    let report =
        journal_report::report(path, &records, registry, &wanted, &Measured::default(), |_| String::new())?;
    Ok(Side::Present(Box::new(report)))
}

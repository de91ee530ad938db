//! `merge`: several journals become one.

use super::print;
use crate::terminal::{exit::HOLDS, note};
use anyhow::Result;
use escapement_verify::run::journal::merge::{Standing, merge};
use escapement_verify::{claim::registry::Registry, text::plural::count};
use std::{io::Write, path::PathBuf};

/// The options of `merge`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  escapement verify --shard 1/2 --journal a.jsonl\n  escapement verify --shard \
        2/2 --journal b.jsonl\n  escapement merge a.jsonl b.jsonl --out results/journal.jsonl"
)]
pub struct Args {
    /// The journals
    #[arg(value_name = "JOURNAL", required = true)]
    journals: Vec<PathBuf>,
    /// The joined journal
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run(args: &Args, registry: &Registry, out: &mut dyn Write) -> Result<u8> {
    let merged = merge(&args.journals, &args.out, registry)?;
    for warning in &merged.warnings {
        note(warning);
    }
    for (source, records) in &merged.foreign {
        let (records, they) = match *records {
            1 => ("1 record is".to_owned(), "it is kept, and does"),
            n => (format!("{n} records are"), "they are kept, and do"),
        };
        note(format_args!("{records} of other sources ({source}): {they} not pass as fresh"));
    }
    let mut text = format!(
        "{} from {} in {}",
        count(merged.records, "record"),
        count(merged.journals, "journal"),
        args.out.display()
    );
    if let Some(Standing { tier, seed, found, cells }) = merged.standing {
        text += &format!(
            ": {found} of the {} that their claims have in the {tier} tier, at seed {seed}",
            count(cells, "cell")
        );
    }
    print(out, &(text + "\n"))?;
    Ok(HOLDS)
}

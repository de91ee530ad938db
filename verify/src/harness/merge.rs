//! `merge`: several journals become one.

use super::{HOLDS, note, print};
use crate::journal::merge::{Standing, merge};
use crate::registry::Registry;
use anyhow::Result;
use std::io::Write;
use std::path::PathBuf;

/// What `merge` is told.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  escapement verify --shard 1/2 --journal a.jsonl\n  escapement verify --shard 2/2 --journal b.jsonl\n  escapement merge a.jsonl b.jsonl --out results/journal.jsonl"
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
        note(format_args!("{records} records are of other sources ({source}): they are kept, and do not pass as fresh"));
    }
    let mut text = format!("{} records from {} journals in {}", merged.records, merged.journals, args.out.display());
    if let Some(Standing { tier, seed, found, cells }) = merged.standing {
        text += &format!(": {found} of the {cells} cells that their claims have in the {tier} tier, at seed {seed}");
    }
    print(out, &(text + "\n"))?;
    Ok(HOLDS)
}

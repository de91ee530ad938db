//! `merge`: several journals become one.

use super::{HOLDS, print};
use crate::journal::merge::merge;
use crate::registry::Registry;
use anyhow::Result;
use std::io::Write;
use std::path::PathBuf;

/// Joins journals, as those of the shares that verify --shard measures, into one.
///
/// A record that is in several of them is kept once; two that differ are an error that names cell and journals, and nothing is
/// written. The joined journal is in the order that a finished run of verify leaves. Journals of other sources are joined too, and
/// their records never pass as fresh. If FILE is a journal already, it is joined with the others.
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
        eprintln!("escapement: note: {warning}");
    }
    for (source, records) in &merged.foreign {
        eprintln!("escapement: note: {records} records are of other sources ({source}): they are kept, and do not pass as fresh");
    }
    let mut text = format!("{} records from {} journals in {}", merged.records, merged.journals, args.out.display());
    if let Some((tier, seed, found, all)) = merged.standing {
        text += &format!(": {found} of the {all} cells that their claims have in the {tier} tier, at seed {seed}");
    }
    print(out, &(text + "\n"))?;
    Ok(HOLDS)
}

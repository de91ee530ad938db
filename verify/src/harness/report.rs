//! `report`: tables of every bound, as files.

use super::{RunArgs, print, run};
use crate::io::atomic::Outputs;
use crate::registry::Registry;
use crate::report::tables;
use anyhow::Result;
use std::io::Write;
use std::path::PathBuf;

/// Writes report.md and bounds.csv, measuring what the journal does not hold. Exit codes are those of verify.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  escapement report --out report --tier standard")]
pub struct Args {
    /// The claims; all of them when none is given
    #[arg(value_name = "CLAIM")]
    claims: Vec<String>,
    /// The folder, made if it is not there
    #[arg(long, value_name = "DIR", default_value = "report")]
    out: PathBuf,
    #[command(flatten)]
    run: RunArgs,
}

pub(super) fn run(args: &Args, registry: &Registry, out: &mut dyn Write) -> Result<u8> {
    const FILES: [&str; 2] = ["report.md", "bounds.csv"];
    // Before hours of work, not after.
    Outputs::check_folder(&args.out, &FILES)?;
    let (verdicts, code) = run::verdicts(&args.run, registry, &args.claims)?;
    let text = tables::markdown(&verdicts, registry);
    let rows = tables::csv(&verdicts)?;
    let [page, table] = FILES.map(|name| args.out.join(name));
    let mut outputs = Outputs::new();
    outputs.folder(&args.out)?;
    outputs.stage(&page, |w| w.write_all(text.as_bytes()))?;
    outputs.stage(&table, |w| w.write_all(&rows))?;
    outputs.commit()?;
    print(out, &format!("{}\n{}\n", page.display(), table.display()))?;
    Ok(code)
}

//! The commands `verify`, `list`, `explain`, `graph`, `report`, `diff` and `merge`, for any registry of claims.
//!
//! The binary `escapement` runs them on [`crate::registry::standard`]. A crate with claims of its own gets the same command
//! line from a `main` of three lines:
//!
//! ```no_run
//! use clap::Parser;
//! use escapement_verify::{Registry, harness};
//!
//! #[derive(Parser)]
//! struct Line {
//!     #[command(subcommand)]
//!     command: harness::Command,
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     let registry = Registry::new(escapement_verify::nbl22::claims() /* and yours */).unwrap();
//!     harness::exit(Line::parse().command.run(&registry, &mut std::io::stdout()))
//! }
//! ```
//!
//! Beside the subcommand, a flattened [`Voice`] adds `--quiet`, `-v` and colours.

mod diff;
mod explain;
mod graph;
mod list;
mod material;
mod merge;
mod program;
mod progress;
mod report;
mod run;
mod stop;
mod verify;
mod voice;

pub(crate) use progress::duration;
pub use run::{RunArgs, Scope};
pub use stop::Stop;
pub use voice::{Voice, is_quiet, is_watched, note};

use crate::io::atomic::reason;
use crate::registry::Registry;
use anyhow::{Result, anyhow};
use std::io::Write;
use std::process::ExitCode;

/// Exit code of a run in which every claim holds.
pub const HOLDS: u8 = 0;
/// Exit code of a run in which a claim is refuted as checked.
pub const REFUTED: u8 = 1;
/// Exit code of a usage or input error.
pub const BAD_INPUT: u8 = 2;
/// Exit code of a run in which a claim is inconclusive and none refuted.
pub const INCONCLUSIVE: u8 = 3;
/// Exit code of a run that was interrupted.
pub const INTERRUPTED: u8 = 130;

/// The commands of the pipeline.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Measure claims and give verdicts
    ///
    /// The verdicts carry their evidence. Exit code 0 when all hold, 1 when any is refuted as checked, 3 when any is inconclusive, 2 for bad
    /// input. With --shard one share of the cells is measured and no verdict is given: n machines measure a share each, and merge
    /// joins their journals.
    Verify(verify::Args),
    /// List the claims
    ///
    /// With their references, and with their verdicts where the journal holds every cell of the tier. Nothing is measured.
    List(list::Args),
    /// Explain a claim: statement, hypotheses, method, what would refute it
    Explain(explain::Args),
    /// Draw which claim rests on which
    Graph(graph::Args),
    /// Write what the journal holds to a folder, as one page and as tables of every bound
    Report(report::Args),
    /// Join journals, as those of shares measured on several machines
    ///
    /// A record that is in several of them is kept once; two that differ are an error that names cell and journals, and nothing is
    /// written. The joined journal is in the order that a finished run of verify leaves. Journals of other sources are joined too, and
    /// their records never pass as fresh. If FILE is a journal already, it is joined with the others.
    Merge(merge::Args),
    /// Compare two journals or reports
    Diff(diff::Args),
}

impl Command {
    /// Runs the command on `registry`, results going to `out`; the value is the exit code.
    ///
    /// # Errors
    /// Bad input and files that cannot be read or written, in one sentence; the exit code is then [`BAD_INPUT`].
    pub fn run(&self, registry: &Registry, out: &mut dyn Write) -> Result<u8> {
        match self {
            Self::Verify(args) => verify::run(args, registry, out),
            Self::List(args) => list::run(args, registry, out),
            Self::Explain(args) => explain::run(args, registry, out),
            Self::Graph(args) => graph::run(args, registry, out),
            Self::Report(args) => report::run(args, registry, out),
            Self::Merge(args) => merge::run(args, registry, out),
            Self::Diff(args) => diff::run(args, registry, out),
        }
    }
}

/// The process's exit code, after printing the error if there is one.
pub fn exit(result: Result<u8>) -> ExitCode {
    match result {
        Ok(code) => ExitCode::from(code),
        Err(e) => {
            eprintln!("escapement: {e}");
            ExitCode::from(BAD_INPUT)
        }
    }
}

/// Writes a result. A reader that has left, as `head` does, is no error.
fn print(out: &mut dyn Write, text: &str) -> Result<()> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(anyhow!("standard output cannot be written: {}", reason(&e))),
        _ => Ok(()),
    }
}

/// Writes one JSON value and a line end.
fn print_json(out: &mut dyn Write, value: &impl serde::Serialize) -> Result<()> {
    print(out, &(serde_json::to_string_pretty(value)? + "\n"))
}

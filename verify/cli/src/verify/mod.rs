//! The commands on claims: `verify`, `certify`, `list`, `explain`, `graph`, `report`, `plot`, `diff`,
//! `merge` and `experiment`, for any registry of claims.

mod certify;
mod diff;
pub mod experiment;
mod explain;
mod graph;
mod journal_report;
mod judge;
mod list;
mod measure;
mod merge;
mod oracle;
mod plot;
mod report;
mod run;

pub use run::{RunArgs, Scope};

use crate::files::stdout::{print_json_to as print_json, print_to as print};
use crate::terminal::exit::BAD_INPUT;
use crate::terminal::say;
use anyhow::Result;
use escapement_verify::claim::registry::Registry;
use std::{io::Write, process::ExitCode};

/// The commands of the pipeline.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Measure claims and give verdicts
    ///
    /// A claim is a statement of a paper. It is measured on cells, each of which is one choice of sizes;
    /// what was measured on a cell is a record, and the journal is the file of all records. A verdict is
    /// read off the records and is printed with its evidence.
    ///
    /// The exit code is 0 when all claims hold, 1 when a claim is refuted as checked, 3 when a claim is
    /// inconclusive, 2 for bad input. With --shard one share of the cells is measured and no verdict is
    /// given: n machines measure a share each, and merge joins their journals.
    Verify(measure::Args),
    /// Judge a claim about a table of anybody's numbers
    Judge(judge::Args),
    /// Make certificates, from which an independent checker proves statements
    Certify(certify::Args),
    /// List the claims
    ///
    /// Each claim is listed with its reference, and with its verdict where the journal holds every cell of
    /// the tier. Nothing is measured.
    List(list::Args),
    /// Explain a claim: statement, hypotheses, method, what would refute it
    Explain(explain::Args),
    /// Draw which claim rests on which
    Graph(graph::Args),
    /// Write what the journal holds to a folder, as one page and as tables of every bound
    Report(report::Args),
    /// Draw what a claim records against a parameter or another quantity
    Plot(plot::Args),
    /// Join journals, as those of shares measured on several machines
    ///
    /// A record that is in several of the journals is kept once. Two records of one cell that differ are an
    /// error that names the cell and the journals, and nothing is written. The joined journal is in the
    /// order that a finished run of verify leaves. Journals of other sources are joined too, and their
    /// records never pass as fresh. If FILE is a journal already, it is joined with the others.
    Merge(merge::Args),
    /// Compare two journals or reports
    Diff(diff::Args),
    /// Compare a file of reference values with what this program computes
    ///
    /// The file holds inputs, and values that somebody else computed from these inputs. The program computes
    /// them too, and says of each value whether the two agree. docs/oracles.md describes the formats.
    ///
    /// The exit code is 0 when all values agree, 1 when one does not, 2 for bad input.
    Oracle(oracle::Args),
}

impl Command {
    /// Runs the command on `registry`, results going to `out`; the value is the exit code.
    ///
    /// # Errors
    /// Bad input and files that cannot be read or written, in one sentence; the exit code is then
    /// [`BAD_INPUT`].
    pub fn run(&self, registry: &Registry, out: &mut dyn Write) -> Result<u8> {
        match self {
            Self::Verify(args) => measure::run(args, registry, out),
            Self::Judge(args) => judge::run(args, out),
            Self::Certify(args) => certify::run(args, registry, out),
            Self::List(args) => list::run(args, registry, out),
            Self::Explain(args) => explain::run(args, registry, out),
            Self::Graph(args) => graph::run(args, registry, out),
            Self::Report(args) => report::run(args, registry, out),
            Self::Plot(args) => plot::run(args, registry, out),
            Self::Merge(args) => merge::run(args, registry, out),
            Self::Diff(args) => diff::run(args, registry, out),
            Self::Oracle(args) => oracle::run(args, registry, out),
        }
    }
}

/// The process's exit code, after printing the error if there is one.
pub fn exit(result: Result<u8>) -> ExitCode {
    match result {
        Ok(code) => ExitCode::from(code),
        Err(e) => {
            say(e);
            ExitCode::from(BAD_INPUT)
        }
    }
}

//! Tables of verdicts: for the terminal, and of a report as Markdown, CSV and LaTeX.

mod latex;
mod macros;
mod markdown;
mod rows;
mod terminal;
mod tex;

pub use latex::latex;
pub use macros::macros;
pub use markdown::markdown;
pub use rows::csv;
pub use terminal::{by_seed as seed_table, of_verdict, powers as power_table, proof, summary};

use super::model::{BoundReport, ClaimReport, Report};
use escapement_verify::judge::Powers;
use escapement_verify::text::{numbers::with_error, plural::count};

/// The smallest violation that would have been refuted, for each variable of the statement.
fn powers(all: &[Powers]) -> String {
    all.iter().map(Powers::words).collect::<Vec<_>>().join(", ")
}

/// The implied constant with its error bound; empty where there is none.
fn constant(bound: &BoundReport) -> String {
    bound.verdict.implied_constant.map_or_else(String::new, |c| with_error(c, bound.constant_error))
}

/// The verdict on a bound, and on how many cells it says nothing: "scales, vacuous on 8 of 24 cells".
fn verdict(bound: &BoundReport) -> String {
    let vacuous = bound.verdict.vacuous.filter(|v| v.cells > 0);
    let vacuous = vacuous.map(|v| format!(", vacuous on {} of {}", v.cells, count(v.of, "cell")));
    format!("{}{}", bound.verdict.word(), vacuous.unwrap_or_default())
}

/// "1 holds, 14 scales, 3 inconclusive".
fn tally(report: &Report) -> String {
    report.counts.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect::<Vec<_>>().join(", ")
}

/// Where the records of a claim come from, and how many of its cells have one: "reused, 18 of 18 cells".
fn records(claim: &ClaimReport) -> String {
    let (have, planned) = (claim.cells.recorded, claim.cells.planned);
    match claim.freshness {
        Some(f) => format!("{f}, {have} of {}", count(planned, "cell")),
        None => format!("none of {}", count(planned, "cell")),
    }
}

//! Tables of verdicts: for the terminal, and of a report as Markdown, CSV and LaTeX.

mod latex;
mod markdown;
mod rows;
mod terminal;
mod tex;

pub use latex::latex;
pub use markdown::markdown;
pub use rows::csv;
pub use terminal::{of_verdict, summary};

use super::model::{BoundReport, ClaimReport, Report};
use escapement_verify::text::plural::count;

/// A number in four digits.
fn number(x: f64) -> String {
    // Not the zero with a sign.
    let x = if x == 0.0 { 0.0 } else { x };
    if x == 0.0 || (1e-3..1e5).contains(&x.abs()) { format!("{x:.4}") } else { format!("{x:.3e}") }
}

/// An exponent in three decimals.
pub(super) fn digits(x: f64) -> String {
    let text = format!("{x:.3}");
    if text == "-0.000" { "0.000".to_owned() } else { text }
}

/// A number with its error bound, in as few digits.
fn with_error(x: f64, error: Option<f64>) -> String {
    match error {
        Some(0.0) => format!("{} ± 0", number(x)),
        Some(e) => format!("{} ± {e:.1e}", number(x)),
        None => number(x),
    }
}

/// The implied constant with its error bound; empty where there is none.
fn constant(bound: &BoundReport) -> String {
    bound.verdict.implied_constant.map_or_else(String::new, |c| with_error(c, bound.constant_error))
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

//! What all pictures of a bound share: the abscissa, the groups behind, the cell that refutes.

use crate::report::model::{BoundReport, ClaimReport};
use escapement_verify::judge::Verdict;
use escapement_verify::judge::series::{Point, Series};

/// Points above which a mark stands for all cells at one abscissa, with a bar from the least to the largest.
pub(super) const CROWD: usize = 40;

/// Groups of cells that are drawn behind the deciding one; more are a thicket.
pub(super) const BEHIND: usize = 12;

/// The lines of controls, each dashed in its own way.
pub(super) const DASHES: [&str; 4] = ["control", "control second", "control third", "control fourth"];

/// The cell of a bound that refutes it, or comes nearest to that.
pub(super) fn worst(bound: &BoundReport, claim: &ClaimReport) -> Option<usize> {
    bound.verdict.worst.as_ref().and_then(|w| claim.records.iter().position(|r| r.key == w.cell))
}

/// The points of the cell that refutes a bound; none where nothing does.
pub(super) fn refuting<'a>(
    series: &'a Series,
    bound: &BoundReport,
    claim: &ClaimReport,
) -> impl Iterator<Item = &'a Point> {
    let cell = worst(bound, claim).filter(|_| bound.verdict.verdict == Verdict::Refuted);
    series.points.iter().filter(move |p| Some(p.cell) == cell)
}

/// The other groups that decide, as many as are drawn.
pub(super) fn behind<'a>(bound: &'a BoundReport, series: &Series) -> impl Iterator<Item = &'a Series> {
    bound.series.iter().filter(move |s| s.decides && s.group != series.group).take(BEHIND)
}

/// What stands under the abscissa.
pub(super) fn abscissa(series: &Series) -> String {
    if series.parameter.is_empty() { "cell".into() } else { series.parameter.clone() }
}

/// Whether the abscissas are whole numbers.
pub(super) fn counts(series: &Series) -> bool {
    series.points.iter().all(|p| p.x.fract() == 0.0)
}

/// Whether the abscissas ask for a logarithmic axis: values of a parameter over a range, not a count of
/// cells.
pub(super) fn log_x(series: &Series) -> bool {
    let x = || series.points.iter().map(|p| p.x);
    let (low, high) = (x().fold(f64::INFINITY, f64::min), x().fold(0.0, f64::max));
    !series.parameter.is_empty() && low > 0.0 && high >= 3.0 * low
}

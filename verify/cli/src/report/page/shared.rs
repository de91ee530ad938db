//! What several parts of the page share: tables and boxes that scroll, and of the pictures of a bound the
//! axes, the groups behind, the cell that refutes.

use crate::report::model::{BoundReport, ClaimReport};
use crate::report::plot::small::{Small, Trace};
use escapement_verify::judge::Verdict;
use escapement_verify::judge::series::{Point, Series};
use maud::{Markup, html};

/// An entry of a list in two columns: a name, and what is to be said of it.
pub(super) fn fact(name: &str, content: &Markup) -> Markup {
    html! { div { dt { (name) } dd { (content) } } }
}

/// A box that scrolls sideways where its content is wider than the page. It can be reached by the keyboard.
pub(super) fn scroll(label: &str, content: &Markup) -> Markup {
    html! { div class="scroll" tabindex="0" role="region" aria-label=(label) { (content) } }
}

/// A table with its caption, in a box that scrolls.
pub(super) fn table(
    label: &str,
    class: Option<&str>,
    caption: &str,
    columns: &[&str],
    rows: Markup,
) -> Markup {
    let table = html! { table class=[class] { caption { (caption) } (head(columns)) tbody { (rows) } } };
    scroll(label, &table)
}

/// The head of a table.
pub(super) fn head(columns: &[&str]) -> Markup {
    html! { thead { tr { @for column in columns { th scope="col" { (column) } } } } }
}

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
pub(super) fn other_groups<'a>(bound: &'a BoundReport, series: &Series) -> impl Iterator<Item = &'a Series> {
    bound.series.iter().filter(move |s| s.decides && s.group != series.group).take(BEHIND)
}

/// The name of the abscissa.
pub(super) fn abscissa(series: &Series) -> String {
    if series.parameter.is_empty() { "cell".into() } else { series.parameter.clone() }
}

/// The picture of a series. Its abscissa has ticks at whole numbers alone where all abscissas are whole, and
/// is logarithmic for the values of a parameter over a range.
pub(super) fn small(series: &Series, y_label: &str, log_y: bool, ends: bool, traces: Vec<Trace>) -> Small {
    let x = || series.points.iter().map(|p| p.x);
    let (low, high) = (x().fold(f64::INFINITY, f64::min), x().fold(0.0, f64::max));
    Small {
        x_label: abscissa(series),
        y_label: y_label.into(),
        log_x: !series.parameter.is_empty() && low > 0.0 && high >= 3.0 * low,
        counts: x().all(|x| x.fract() == 0.0),
        log_y,
        ends,
        traces,
    }
}

/// The values at one abscissa.
pub(super) struct Spread {
    pub x: f64,
    pub mean: f64,
    pub least: f64,
    pub largest: f64,
    pub points: usize,
}

/// Mean (geometric on a logarithmic axis), least and largest value at each abscissa, from left to right. On
/// a logarithmic axis what is not positive is left out.
pub(super) fn spreads(points: &[Point], value: impl Fn(&Point) -> Option<f64>, log: bool) -> Vec<Spread> {
    let mut all: Vec<(f64, f64)> =
        points.iter().filter_map(|p| Some((p.x, value(p)?))).filter(|(_, v)| !log || *v > 0.0).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let spread = |group: &[(f64, f64)]| {
        let count = group.len() as f64;
        let values = || group.iter().map(|g| g.1);
        let (least, largest) =
            values().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        let mean = if log {
            (values().map(f64::ln).sum::<f64>() / count).exp()
        } else {
            values().sum::<f64>() / count
        };
        Spread { x: group[0].0, mean, least, largest, points: group.len() }
    };
    all.chunk_by(|a, b| a.0 == b.0).map(spread).collect()
}

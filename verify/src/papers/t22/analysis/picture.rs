//! The picture of an analysis.

use super::{FlowFound, FlowRow, NormRow, NormsFound, Summary};
use crate::figure::{Curve, Panel, Picture, Style};

/// The most points of a curve, and the least of the beginning of a flow.
const POINTS: usize = 600;
const NEAR: usize = 4;

type Points = Vec<(f64, f64)>;

fn curve(name: &str, color: usize, style: Style, points: Points) -> Curve {
    let points = points.into_iter().map(|(x, y)| (x, y, 0.0)).collect();
    Curve { name: name.to_owned(), points, color, style }
}

fn panel(title: &str, x_label: &str, y_label: &str, curves: Vec<Curve>) -> Panel {
    let [title, x_label, y_label] = [title, x_label, y_label].map(str::to_owned);
    Panel { title, x_label, y_label, log_x: false, log_y: false, curves }
}

/// A level from the first abscissa to the last.
fn level(name: &str, color: usize, points: &[(f64, f64)], y: f64) -> Curve {
    let ends = [points.first(), points.last()].into_iter().flatten();
    curve(name, color, Style::Dashed, ends.map(|&(x, _)| (x, y)).collect())
}

/// Every so many of the rows, and the last.
fn thinned<T>(rows: &[T]) -> impl Iterator<Item = &T> {
    let (every, last) = (rows.len().div_ceil(POINTS).max(1), rows.len().saturating_sub(1));
    rows.iter().enumerate().filter(move |(i, _)| i % every == 0 || *i == last).map(|(_, row)| row)
}

/// The picture of what was found: u against the displacement, its beginning above what is certified, Γ̃
/// against time below what no network exceeds, and the sandwich of the norms; without a flow the certified
/// margin against the radius.
pub fn picture(summary: &Summary) -> Picture {
    let mut panels = summary.flow.as_ref().map_or_else(Vec::new, |flow| of_flow(summary, flow));
    panels.extend(summary.norms_only.as_ref().map(|norms| of_norms(summary.m, norms)));
    panels.retain(|panel| panel.curves.iter().any(|curve| curve.points.len() > 1));
    if panels.is_empty() {
        let points: Points = summary.radii.iter().map(|row| (row.radius, row.margin)).collect();
        let half = level("half of the margin", 6, &points, 0.5 * summary.margin.upper);
        let curves = vec![curve("certified margin", 1, Style::Line, points), half];
        panels.push(panel("certified margin within R", "R", "κ(R)", curves));
    }
    let title = format!("n = {}, d = {}, m = {}", summary.n, summary.d, summary.m);
    Picture { title, panels }
}

fn of_flow(summary: &Summary, flow: &FlowFound) -> Vec<Panel> {
    let near = |(i, row): &(usize, &FlowRow)| *i < NEAR || row.displacement <= 4.0 * summary.half_radius;
    let u = |row: &FlowRow| (row.displacement, row.u);
    let begin: Points = flow.rows.iter().enumerate().take_while(near).map(|(_, row)| u(row)).collect();
    let reach = begin.iter().map(|point| point.0).fold(0.0, f64::max);
    // The certified bound of the rows, at all radii.
    let (start, mut most) = (flow.rows[0].u, 0.0_f64);
    let inside = summary.radii.iter().take_while(|row| row.radius <= reach);
    let mut certified: Points = inside
        .map(|row| {
            most = most.max(row.margin * row.radius);
            (row.radius, start + most)
        })
        .collect();
    certified.push((reach, start + most));
    let curves = vec![
        curve("u", 0, Style::Line, begin),
        curve("u is at least (certified)", 1, Style::Dashed, certified),
    ];
    let first = panel("the beginning", "‖W − W₀‖", "smoothed margin u", curves);
    let whole = curve("u", 0, Style::Line, thinned(&flow.rows).map(u).collect());
    let second = panel("the whole path", "‖W − W₀‖", "smoothed margin u", vec![whole]);
    let positive = thinned(&flow.rows).filter(|row| row.u > 0.0);
    let smoothed: Points = positive.filter_map(|row| Some((row.log_time?, row.smoothed))).collect();
    let most = level("no network has more", 5, &smoothed, flow.most);
    let curves = vec![curve("√m u/‖W‖²", 2, Style::Line, smoothed), most];
    vec![first, second, panel("normalised margin", "ln t", "√m u/‖W‖²", curves)]
}

fn of_norms(m: usize, norms: &NormsFound) -> Panel {
    let time = |row: &NormRow| row.tau / (m as f64).sqrt();
    // Before the first unit of this time little is known.
    let late = || thinned(&norms.rows).filter(|row| time(row) >= 1.0);
    let lower: Points = late().map(|row| (time(row), row.lower)).collect();
    let upper = late().filter_map(|row| Some((time(row), row.upper?))).collect();
    let global = level("G", 6, &lower, norms.global.lower);
    let curves = vec![
        curve("what the weights attain", 0, Style::Line, lower),
        curve("what the examples allow", 3, Style::Line, upper),
        global,
    ];
    panel("norms only", "τ/√m", "margin over the directions", curves)
}

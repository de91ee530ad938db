//! A bound as a picture that stands alone, for papers and slides.

use crate::report::model::{BoundReport, ClaimReport};
use escapement_verify::figure::{Curve, Panel, Picture, Style};
use escapement_verify::judge::series::{Point, Series};

/// The most groups that are drawn; the legend is read with so many.
const GROUPS: usize = 6;

/// Measured values beside the right side of a bound, and their ratio with the controls of the first group;
/// nothing for an identity, and where no parameter varies.
pub fn picture(claim: &ClaimReport, bound: &BoundReport) -> Option<Picture> {
    let drawn = |s: &&Series| s.decides && !s.parameter.is_empty() && s.points.len() > 1;
    let series: Vec<&Series> = bound.series.iter().filter(drawn).take(GROUPS).collect();
    let first = series.first().filter(|_| bound.verdict.kind != "identity")?;
    let (mut values, mut ratios) = (Vec::new(), Vec::new());
    for (color, series) in series.iter().enumerate() {
        let name = if series.group.is_empty() { "measured".to_owned() } else { series.group.clone() };
        let curve = |style, name: &str, value: &dyn Fn(&Point) -> Option<f64>| Curve {
            name: name.to_owned(),
            points: averaged(&series.points, value),
            color,
            style,
        };
        values.push(curve(Style::Line, &name, &|p| Some(p.lhs)));
        values.push(curve(Style::Dashed, "right side, without its constant", &|p| Some(p.rhs)));
        ratios.push(curve(Style::Line, &name, &Point::ratio));
    }
    for (number, control) in first.controls.iter().enumerate() {
        ratios.push(Curve {
            name: if number == 0 { "control".into() } else { format!("control {}", number + 1) },
            points: averaged(&control.points, &Point::ratio),
            color: GROUPS,
            style: Style::Dashed,
        });
    }
    let panel = |y_label: &str, curves: Vec<Curve>| {
        let points = || curves.iter().flat_map(|curve| &curve.points);
        Panel {
            title: String::new(),
            x_label: first.parameter.clone(),
            y_label: y_label.to_owned(),
            log_x: points().all(|p| p.0 > 0.0),
            log_y: points().all(|p| p.1 > 0.0),
            curves,
        }
    };
    Some(Picture {
        title: format!("{}: {} ({})", claim.id, bound.verdict.name, bound.verdict.word()),
        panels: vec![panel("value", values), panel("measured / right side", ratios)],
    })
}

/// Mean and standard deviation at each abscissa, from left to right.
fn averaged(points: &[Point], value: &dyn Fn(&Point) -> Option<f64>) -> Vec<(f64, f64, f64)> {
    let mut all: Vec<(f64, f64)> = points.iter().filter_map(|p| Some((p.x, value(p)?))).collect();
    all.retain(|(_, y)| y.is_finite());
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let spread = |group: &[(f64, f64)]| {
        let count = group.len() as f64;
        let mean = group.iter().map(|g| g.1).sum::<f64>() / count;
        let square = group.iter().map(|g| (g.1 - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
        (group[0].0, mean, square.sqrt())
    };
    all.chunk_by(|a, b| a.0 == b.0).map(spread).collect()
}

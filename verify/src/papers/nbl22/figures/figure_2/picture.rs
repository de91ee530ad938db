//! The figure: the least n against d on logarithmic axes, mean over seeds with one standard deviation,
//! beside 6d² and d³.

use super::{Case, LEVEL, Outcome, Settings, State, Variant};
use crate::figure::{Curve, Panel, Picture, Style, limits, seeds};
use crate::text::Choice;

/// The figure of what the cases came to; no panel where none has come to a least n. Where a seed has none, a
/// mean would be of others than the rest: that dimension is left out.
pub(super) fn draw(settings: &Settings, cases: &[(Case, Option<&State>)]) -> Picture {
    let least = |d: usize, of: &dyn Fn(&Case) -> bool| -> Option<(f64, f64, f64)> {
        let outcomes =
            cases.iter().filter(|(case, _)| case.d == d && of(case)).filter_map(|(_, state)| *state);
        let mut values = Vec::new();
        for outcome in outcomes.map(|state| state.outcome(settings.steps)) {
            match outcome {
                Outcome::Least(multiple, _) => values.push((multiple * d * d) as f64),
                Outcome::None(_) => return None,
                Outcome::Open => {}
            }
        }
        limits(&values).map(|l| (d as f64, l.mean, l.deviation))
    };
    let mut curves = Vec::new();
    for (color, normalisation) in settings.normalisations.iter().enumerate() {
        let at = |&d: &usize| least(d, &|case| case.normalisation == *normalisation);
        let points = settings.dimensions.iter().filter_map(at).collect::<Vec<_>>();
        let name = format!("{} normalisation", normalisation.name());
        curves.push(Curve { name, points, color, style: Style::Line });
    }
    if curves.iter().all(|curve| curve.points.is_empty()) {
        return Picture::default();
    }
    let line = |name: &str, color: usize, f: fn(f64) -> f64| {
        let points = settings.dimensions.iter().map(|&d| (d as f64, f(d as f64), 0.0)).collect();
        Curve { name: name.into(), points, color, style: Style::Dashed }
    };
    curves.push(line("6d²", 6, |d| 6.0 * d * d));
    curves.push(line("d³", 5, |d| d * d * d));
    let how = match settings.variant {
        Variant::AsRun => "x from N(0, I)",
        Variant::AsPrinted => "x on the sphere",
    };
    let seeds = seeds::words(settings.seeds);
    let title = format!("{how}, width {}, {} steps, {seeds}", settings.sizes().m, settings.steps);
    let (x_label, y_label) = ("d".into(), format!("least n with test loss < {LEVEL}"));
    let panels = vec![Panel { title, x_label, y_label, log_x: true, log_y: true, curves }];
    Picture { title: "Figure 2: samples that a ReLU network needs".into(), panels }
}

//! The figure: R3, train and test loss against log_d(t + 1), means over seeds with one standard deviation.

use super::other_execution::OtherExecution;
use super::{LAMBDAS, Projector, Row, Settings, State, Variant};
use crate::figure::{Curve, Picture, Style, averaged, seeds};
use crate::papers::nbl22::figures::{against_log_d, log_d};

/// The figure of `states`, which belong to the seeds and λ3 of `grid`, with those of another execution
/// dashed; without curves where there is nothing yet.
pub(super) fn draw(
    settings: &Settings,
    grid: &[(u64, f64)],
    states: &[Option<State>],
    other: Option<&OtherExecution>,
) -> Picture {
    let sizes = settings.sizes();
    let panel = |name: &str, of: fn(&Row) -> f64| {
        let curve = |color: usize, lambda: f64, grid: &[(u64, f64)], states: &[Option<State>]| {
            let runs = grid.iter().zip(states).filter(|((_, l), _)| *l == lambda);
            let points =
                averaged(runs.filter_map(|(_, state)| state.as_ref()), log_d(sizes.d), |row| Some(of(row)));
            Curve { name: format!("λ3 = {lambda}"), points, color, style: Style::Line }
        };
        let mut curves = Vec::new();
        for (color, lambda) in LAMBDAS.into_iter().enumerate() {
            curves.push(curve(color, lambda, grid, states));
            curves.extend(other.map(|other| {
                let mut dashed = curve(color, lambda, &other.grid, &other.states);
                // Without bands: two of them on one another show nothing.
                dashed.points.iter_mut().for_each(|point| point.2 = 0.0);
                Curve { style: Style::Dashed, name: format!("the same, {}", other.name), ..dashed }
            }));
        }
        against_log_d(name, curves)
    };
    let how = match settings.variant {
        Variant::AsRun => "as run",
        Variant::AsPrinted => "as printed",
    };
    let projector = match settings.projector {
        Projector::Sample => "projector from the sample",
        Projector::Exact => "projector from Σ",
    };
    let seeds = seeds::words(settings.seeds);
    let title =
        format!("Figure 1, {how}: d = {}, n = {}, m = {}, {projector}, {seeds}", sizes.d, sizes.n, sizes.m);
    let all = [
        panel("R3", |row| row.r3),
        panel("train loss", |row| row.train_loss),
        panel("test loss", |row| row.test_loss),
    ];
    Picture { title, panels: all.into() }
}

//! The figure: R1, train and test loss against log_d(t + 1), means over seeds with one standard deviation.

use super::{LAMBDA_3, LAMBDAS, OTHER_LAMBDA_3, Weights, how};
use crate::figure::{Curve, Picture, Style, averaged, seeds};
use crate::papers::nbl22::figures::figure_1::{Row, Settings, State};
use crate::papers::nbl22::figures::{against_log_d, log_d};

/// The figure of `states`, which belong to the seeds and weights of `grid`; `None` where there is nothing
/// yet.
pub(super) fn draw(settings: &Settings, grid: &[(u64, Weights)], states: &[Option<State>]) -> Picture {
    let d = settings.sizes().d;
    let panel = |name: &str, of: fn(&Row) -> Option<f64>| {
        let mut curves = Vec::new();
        let others = LAMBDAS
            .map(|r1| Weights { r1, r3: LAMBDA_3 })
            .into_iter()
            .chain([Weights { r1: 0.0, r3: OTHER_LAMBDA_3 }]);
        for (color, weights) in others.enumerate() {
            let runs = grid.iter().zip(states).filter(|((_, w), _)| *w == weights);
            let points = averaged(runs.filter_map(|(_, state)| state.as_ref()), log_d(d), of);
            let other = weights.r3 != LAMBDA_3;
            let name = if other {
                format!("λ1 = 0, λ3 = {}", weights.r3)
            } else {
                format!("λ1 = {}", weights.r1)
            };
            curves.push(Curve {
                name,
                points,
                color,
                style: if other { Style::Dashed } else { Style::Line },
            });
        }
        against_log_d(name, curves)
    };
    let sizes = settings.sizes();
    let seeds = seeds::words(settings.seeds);
    let title = format!(
        "R1, {}, at λ3 = {LAMBDA_3}: d = {}, n = {}, m = {}, {seeds}",
        how(settings),
        sizes.d,
        sizes.n,
        sizes.m
    );
    let all = [
        panel("R1", |row| row.r1),
        panel("train loss", |row| Some(row.train_loss)),
        panel("test loss", |row| Some(row.test_loss)),
    ];
    Picture { title, panels: all.into() }
}

//! The figure: train loss, R1 and test loss against log_d(t + 1), means over seeds with one standard
//! deviation; dashed, the centres of the pairs.

use super::{LAMBDA_3, Row, Setting, State, settings_of_a_seed};
use crate::figure::{Curve, Picture, Style, averaged, seeds};
use crate::papers::nbl22::figures::figure_1::Settings;
use crate::papers::nbl22::figures::{against_log_d, log_d};

/// The figure of `states`, which belong to the seeds and settings of `grid`.
pub(super) fn draw(settings: &Settings, grid: &[(u64, Setting)], states: &[Option<State>]) -> Picture {
    let sizes = settings.sizes();
    let panel = |name: &str, of: fn(&Row) -> [f64; 2]| {
        let mut curves = Vec::new();
        for (color, setting) in settings_of_a_seed().enumerate() {
            let runs = || {
                let of_it = grid.iter().zip(states).filter(|((_, other), _)| *other == setting);
                of_it.filter_map(|(_, state)| state.as_ref())
            };
            let Setting { noise, lambda_3 } = setting;
            let name =
                if lambda_3 == LAMBDA_3 { format!("s = {noise}") } else { format!("λ3 = {lambda_3}") };
            let points = averaged(runs(), log_d(sizes.d), |row| Some(of(row)[0]));
            curves.push(Curve { name: name.clone(), points, color, style: Style::Line });
            if noise > 0.0 {
                // Without bands: two of them on one another show nothing.
                let mut points = averaged(runs(), log_d(sizes.d), |row| Some(of(row)[1]));
                points.iter_mut().for_each(|point| point.2 = 0.0);
                curves.push(Curve { name: format!("{name}, centre"), points, color, style: Style::Dashed });
            }
        }
        against_log_d(name, curves)
    };
    let title = format!(
        "Noise s in the step, λ3 = {LAMBDA_3} unless given, R1 exact: d = {}, n = {}, m = {}, {}",
        sizes.d,
        sizes.n,
        sizes.m,
        seeds::words(settings.seeds)
    );
    let all = [
        panel("R1", |row| [row.mean.r1, row.centre.r1]),
        panel("train loss", |row| [row.mean.train_loss, row.centre.train_loss]),
        panel("test loss", |row| [row.mean.test_loss, row.centre.test_loss]),
    ];
    Picture { title, panels: all.into() }
}

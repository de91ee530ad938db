//! The figure: losses of the three models side by side, and how far the two expansions are from the network.

use super::{MODELS, Point, Settings, State};
use crate::figure::{Curve, Panel, Picture, Style, averaged};
use escapement::training::Model;

/// Draws it; empty curves where nothing is recorded yet.
pub(super) fn draw(settings: &Settings, states: &[Option<State>]) -> Picture {
    let sizes = settings.sizes();
    let panel = |title: &str, log_y: bool, of: &dyn Fn(&Point) -> f64, skip_network: bool| Panel {
        title: title.to_owned(),
        x_label: "log10(t + 1)".to_owned(),
        y_label: String::new(),
        log_x: false,
        log_y,
        curves: (0..MODELS.len())
            .filter(|&i| !(skip_network && MODELS[i] == Model::Network))
            .map(|i| {
                let at = |step: u64| ((step + 1) as f64).log10();
                let points = averaged(states.iter().flatten(), at, |row| Some(of(&row.points[i])));
                Curve { name: name(MODELS[i]).to_owned(), points, color: i, style: Style::Line }
            })
            .collect(),
    };
    let train = panel("train loss", true, &|p| p.train_loss, false);
    let test = panel("test loss", false, &|p| p.test_loss, false);
    let function = panel("distance of f from the network", true, &|p| p.function_distance, true);
    let weights = panel("distance of W from the network", true, &|p| p.weight_distance, true);
    let title = format!("Training, expanded: d = {}, n = {}, m = {}", sizes.d, sizes.n, sizes.m);
    Picture { title, panels: vec![train, test, function, weights] }
}

/// What a model is called.
fn name(model: Model) -> &'static str {
    match model {
        Model::Linear => "f_L",
        Model::Network => "network",
        _ => "f_L + f_Q",
    }
}

//! The figures of NBL22, and the experiments beside them.

pub mod figure_1;
pub mod figure_2;
pub mod noise;
pub mod r1;
pub mod taylor;

use super::letters::{D, K, M, N, R};
use crate::claim::{Cell, Failure};
use crate::figure::{AtStep, Curve, Panel, Recorded};
use anyhow::Result;
use serde::Serialize;
use serde_json::{Map, Value};

/// The activation of the paper's experiments, sigmoid(z − 1).
const ACTIVATION: &str = "sigmoid:1";

/// A cell of an experiment at k = R = 1 with this d, m and n.
fn cell(experiment: &str, part: &str, [d, m, n]: [usize; 3]) -> Cell {
    Cell::new(experiment, part).with(D, d).with(M, m).with(N, n).with(K, 1).with(R, 1).activation(ACTIVATION)
}

/// Why the run of `seed` in `cell` cannot be judged yet: it has not taken all of its `steps`.
fn unfinished<A: AtStep>(cell: Cell, seed: u64, state: Option<&Recorded<A>>, steps: u64) -> Option<Failure> {
    let step = Recorded::reached(state);
    let reached = state.map(|_| format!("it is at step {step} of {steps}"));
    (step < steps).then(|| Failure::open(cell.replicate(seed as usize), reached))
}

/// The settings of `experiment` by name: `named`, then the fields of its sizes.
fn settings(
    experiment: &str,
    named: impl IntoIterator<Item = (&'static str, Value)>,
    sizes: impl Serialize,
) -> Result<Map<String, Value>> {
    let mut all = Map::from_iter([("experiment".to_owned(), experiment.into())]);
    all.extend(named.into_iter().map(|(name, value)| (name.to_owned(), value)));
    if let Value::Object(sizes) = serde_json::to_value(sizes)? {
        all.extend(sizes);
    }
    Ok(all)
}

/// log_d(t + 1), against which the figures of NBL22 are drawn.
fn log_d(d: usize) -> impl Fn(u64) -> f64 {
    move |step| (step as f64 + 1.0).ln() / (d as f64).ln()
}

/// A panel with `curves` of the quantity `name` against [`log_d`].
fn against_log_d(name: &str, curves: Vec<Curve>) -> Panel {
    let (title, y_label) = (name.to_owned(), name.to_owned());
    Panel { title, x_label: "log_d(t + 1)".into(), y_label, log_x: false, log_y: false, curves }
}

//! What is to be said of how well the expansions follow the network.
//!
//! Every number is a mean over seeds with Student's limits; a single seed has none, and speaks for itself
//! alone.

use super::{Point, Row, Settings, State};
use crate::claim::{Bound, Cell, Measurement, Neighbour, Record, Side};
use crate::figure::{Sheet, limits};
use crate::judge::ClaimVerdict;
use crate::papers::nbl22::figures;
use crate::run::source::SOURCE_HASH;

const CLAIM: &str = "taylor";

/// The claims of the experiment, judged on `states`, one to a seed.
pub(super) fn judge(settings: &Settings, states: &[Option<State>]) -> ClaimVerdict {
    let sheet = Sheet {
        claim: CLAIM,
        title: "training, expanded around its start".to_owned(),
        reference: "NBL22, experiments on the expansion of training",
        tier: settings.tier,
        seed: settings.seed,
        command: command(settings),
    };
    let unfinished = settings.all_seeds().zip(states).filter_map(|(seed, state)| {
        figures::unfinished(cell(settings), seed, state.as_ref(), settings.steps)
    });
    sheet.judge(&claims(), &[record(settings, states)], unfinished)
}

/// What to type for the same runs.
fn command(settings: &Settings) -> String {
    let Settings { tier, seed, seeds, steps, eta, dataset } = settings;
    let data = if dataset.is_some() { " --inputs … --labels …" } else { "" };
    format!(
        "escapement experiment taylor{data} --tier {tier} --seed {seed} --seeds {seeds} --steps {steps} \
         --eta {eta} --fresh"
    )
}

fn cell(settings: &Settings) -> Cell {
    let sizes = settings.sizes();
    figures::cell(CLAIM, "compared", [sizes.d, sizes.m, sizes.n])
}

/// One record: the two expansions against each other.
fn record(settings: &Settings, states: &[Option<State>]) -> Record {
    let mut m = Measurement::new().quantity("one", 1.0, 0.0).quantity("zero", 0.0, 0.0);
    let mut put = |name: &str, of: &dyn Fn(&[Row]) -> Option<f64>| {
        let values: Vec<f64> =
            states.iter().flatten().filter_map(|state| of(&state.rows)).filter(|v| v.is_finite()).collect();
        if let Some(found) = limits(&values) {
            m.insert(name, found.mean, found.half);
        }
    };
    type Of = fn(&Point) -> f64;
    let distances: [(&str, Of); 2] =
        [("function", |p| p.function_distance), ("weights", |p| p.weight_distance)];
    for (name, of) in distances {
        // Over the record, whose steps are as many to each doubling.
        let size = |rows: &[Row], model: usize| {
            rows.iter().map(|row| of(&row.points[model]).powi(2)).sum::<f64>().sqrt()
        };
        put(&format!("{name}: quadratic over linear"), &|rows| Some(size(rows, 1) / size(rows, 0)));
        put(&format!("{name}: linear over quadratic"), &|rows| Some(size(rows, 0) / size(rows, 1)));
    }
    for (name, model) in [("quadratic", 1), ("linear", 0)] {
        let gap = |row: &Row| (row.points[model].test_loss - row.points[2].test_loss).abs();
        put(&format!("test loss: {name}"), &|rows| rows.last().map(gap));
    }
    Record { source: SOURCE_HASH.to_owned(), seed: settings.seed, cell: cell(settings), measurement: m }
}

fn claims() -> Vec<Bound> {
    let nearer = |name: &str, statement: &str| {
        Bound::inequality(
            name,
            statement,
            format!("{name}: quadratic over linear"),
            Side::Upper,
            "one",
            Neighbour::lhs(format!("{name}: linear over quadratic"), "the two expansions exchanged"),
        )
        .strict()
    };
    vec![
        nearer(
            "function",
            "over the record, f_L + f_Q is nearer to the network on the inputs of the test \
            than f_L is",
        ),
        nearer(
            "weights",
            "over the record, the W of f_L + f_Q is nearer to that of the network than the W \
            of f_L is",
        ),
        Bound::inequality(
            "test-loss",
            "at the end, the test loss of f_L + f_Q is nearer to that of the network than the test loss of \
             f_L is",
            "test loss: quadratic",
            Side::Upper,
            "test loss: linear",
            Neighbour::rhs("zero", "a test loss of f_L that is that of the network"),
        )
        .strict(),
    ]
}

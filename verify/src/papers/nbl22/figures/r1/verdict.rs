//! What is to be said of the conjecture that R1 need not be in the objective.
//!
//! Losses are taken relative to E f*². Differences are between runs of one seed, and means of them over
//! seeds have Student's limits; a single seed has none, and speaks for itself alone.

use super::{LAMBDA_3, LAMBDAS, OTHER_LAMBDA_3, Weights, how};
use crate::claim::{Bound, Cell, Measurement, Neighbour, Record, Side};
use crate::figure::{Sheet, limits};
use crate::judge::ClaimVerdict;
use crate::papers::nbl22::figures;
use crate::papers::nbl22::figures::figure_1::verdict::{HALF_A_DIGIT, HELD_DOWN};
use crate::papers::nbl22::figures::figure_1::{Row, Settings, State};

/// The conjecture, judged on `states`, which belong to the seeds and weights of `grid`.
pub(super) fn judge(settings: &Settings, grid: &[(u64, Weights)], states: &[Option<State>]) -> ClaimVerdict {
    let sheet = Sheet {
        claim: "r1",
        title: "whether R1 in the objective changes the test loss".to_owned(),
        reference: "NBL22, experiments on R1",
        tier: settings.tier,
        seed: settings.seed,
        command: settings.command("r1"),
    };
    let unfinished = grid.iter().zip(states).filter_map(|((seed, weights), state)| {
        figures::unfinished(cell(settings, &part(*weights)), *seed, state.as_ref(), settings.steps)
    });
    sheet.judge(&bounds(settings), &records(settings, grid, states), unfinished)
}

fn part(weights: Weights) -> String {
    let other = if weights.r3 == LAMBDA_3 { String::new() } else { format!("-lambda3:{:?}", weights.r3) };
    format!("lambda1:{:?}{other}", weights.r1)
}

fn cell(settings: &Settings, part: &str) -> Cell {
    let sizes = settings.sizes();
    figures::cell("r1", part, [sizes.d, sizes.m, sizes.n])
}

/// A cell for each λ1.
fn records(settings: &Settings, grid: &[(u64, Weights)], states: &[Option<State>]) -> Vec<Record> {
    let scale = settings.mean_square();
    let last = |weights: Weights, seed: u64| -> Option<Row> {
        let runs = grid.iter().zip(states).find(|(run, _)| **run == (seed, weights));
        runs.and_then(|(_, state)| state.as_ref()?.rows.last().copied())
    };
    let base = Weights { r1: 0.0, r3: LAMBDA_3 };
    // Over seeds, something of the last rows of two runs.
    let paired = |weights: Weights, f: &dyn Fn(Row, Row) -> Option<f64>| {
        limits(
            &settings
                .all_seeds()
                .filter_map(|seed| f(last(weights, seed)?, last(base, seed)?))
                .collect::<Vec<f64>>(),
        )
    };
    let change = |with: Row, without: Row| Some((with.test_loss - without.test_loss) / scale);
    let share = |with: Row, without: Row| Some(with.r1? / without.r1.filter(|r1| *r1 > 0.0)?);
    let mut all = Vec::new();
    for lambda in LAMBDAS {
        let weights = Weights { r1: lambda, r3: LAMBDA_3 };
        let mut m = Measurement::new()
            .quantity("half a digit", HALF_A_DIGIT, 0.0)
            .quantity("minus half a digit", -HALF_A_DIGIT, 0.0)
            .quantity("held down", HELD_DOWN, 0.0);
        let mut put = |name: &str, found: Option<crate::figure::Limits>| {
            if let Some(found) = found {
                m.insert(name, found.mean, found.half);
            }
        };
        put("train loss", paired(weights, &|with, _| Some(with.train_loss / scale)));
        put("test loss", paired(weights, &|with, _| Some(with.test_loss / scale)));
        put("change", paired(weights, &change));
        put("change by λ3", paired(Weights { r1: 0.0, r3: OTHER_LAMBDA_3 }, &change));
        put("R1 with over without", paired(weights, &share));
        put("R1 with the least over without", paired(Weights { r1: LAMBDAS[1], r3: LAMBDA_3 }, &share));
        put("E f*²", limits(&[1.0]));
        all.push(Record {
            source: crate::run::source::SOURCE_HASH.to_owned(),
            seed: settings.seed,
            cell: cell(settings, &part(weights)),
            measurement: m,
        });
    }
    all
}

fn bounds(settings: &Settings) -> Vec<Bound> {
    let is = |lambda: f64| {
        let part = part(Weights { r1: lambda, r3: LAMBDA_3 });
        move |cell: &Cell| cell.part == part
    };
    let raised = format!("λ3 raised from {LAMBDA_3} to {OTHER_LAMBDA_3} in place of λ1");
    let how = how(settings);
    let mut bounds = vec![
        Bound::inequality(
            "train-loss",
            "with every λ1 the train loss comes near zero: below 0.05 of E f*²",
            "train loss",
            Side::Upper,
            "half a digit",
            Neighbour::lhs("E f*²", "the loss of the zero function"),
        )
        .strict(),
        Bound::inequality(
            "r1-held-down",
            format!("with λ1 = 1, R1 ({how}) ends below half of what it is without"),
            "R1 with over without",
            Side::Upper,
            "held down",
            Neighbour::lhs("R1 with the least over without", "λ1 = 0.01 in place of 1"),
        )
        .strict()
        .among(is(1.0)),
    ];
    for lambda in &LAMBDAS[1..] {
        bounds.push(
            Bound::inequality(
                format!("no-gain-at-{lambda:?}"),
                format!(
                    "with λ1 = {lambda} (R1 {how}) the test loss is not visibly lower than without: by less \
                     than 0.05 of E f*²"
                ),
                "change",
                Side::Lower,
                "minus half a digit",
                Neighbour::lhs("change by λ3", raised.clone()),
            )
            .strict()
            .among(is(*lambda)),
        );
        bounds.push(
            Bound::inequality(
                format!("no-loss-at-{lambda:?}"),
                format!("nor visibly higher, with λ1 = {lambda}: by less than 0.05 of E f*²"),
                "change",
                Side::Upper,
                "half a digit",
                Neighbour::lhs("test loss", "the test loss itself in place of its change"),
            )
            .strict()
            .among(is(*lambda)),
        );
    }
    bounds
}

//! What is to be said of the claims that the paper draws from the figure.
//!
//! Losses are taken relative to E f*², and are means over seeds with Student's limits; a single seed has
//! none, and speaks for itself alone.

use super::{LAMBDAS, Row, Settings, State};
use crate::claim::{Bound, Cell, Measurement, Neighbour, Record, Side, Tier};
use crate::figure::{Sheet, limits};
use crate::judge::ClaimVerdict;
use crate::papers::nbl22::figures;
use crate::run::source::SOURCE_HASH;

/// The experiment, as its cells name it.
const CLAIM: &str = "figure-1";
/// The paper quotes test losses to one decimal, as 0.6 and 0.2: a number is near one of these, or near zero,
/// where it rounds to it, and two losses differ visibly where they lie farther apart than this.
pub const HALF_A_DIGIT: f64 = 0.05;
/// The test loss at which the runs with small λ3 level off, as the text has it.
pub const SMALL_LEVEL: f64 = 0.6;
/// And those with large λ3.
pub const LARGE_LEVEL: f64 = 0.2;
/// R3 has been growing where it ends within a tenth of its largest value.
pub const STILL_LARGEST: f64 = 0.9;
/// R3 is held down where it is less than half of what it is without.
pub const HELD_DOWN: f64 = 0.5;

/// The claims of the figure, judged on `states`, which belong to the seeds and λ3 of `grid`.
pub(super) fn judge(settings: &Settings, grid: &[(u64, f64)], states: &[Option<State>]) -> ClaimVerdict {
    let sheet = Sheet {
        claim: CLAIM,
        title: "what λ3 R3 does to training".to_owned(),
        reference: "NBL22, Figure 1",
        tier: settings.tier,
        seed: settings.seed,
        command: settings.command(CLAIM),
    };
    let unfinished = grid.iter().zip(states).filter_map(|((seed, lambda), state)| {
        figures::unfinished(cell(settings, &part(*lambda)), *seed, state.as_ref(), settings.steps)
    });
    sheet.judge(&bounds_of(settings), &records(settings, grid, states), unfinished)
}

fn part(lambda: f64) -> String {
    format!("lambda3:{lambda:?}")
}

fn cell(settings: &Settings, part: &str) -> Cell {
    let sizes = settings.sizes();
    figures::cell(CLAIM, part, [sizes.d, sizes.m, sizes.n])
}

/// A cell for each λ3, and one in which they are compared.
fn records(settings: &Settings, grid: &[(u64, f64)], states: &[Option<State>]) -> Vec<Record> {
    let scale = settings.mean_square();
    // Of all seeds that have rows for this λ3, something of their rows: by seed, so that λ3 can be paired.
    let of = |lambda: f64, f: &dyn Fn(&[Row]) -> Option<f64>| -> Vec<(u64, f64)> {
        let runs = grid.iter().zip(states).filter(|((_, l), _)| *l == lambda);
        runs.filter_map(|((seed, _), state)| Some((*seed, f(&state.as_ref()?.rows)?))).collect()
    };
    let record = |part: &str, measurement: Measurement| Record {
        source: SOURCE_HASH.to_owned(),
        seed: settings.seed,
        cell: cell(settings, part),
        measurement,
    };
    let put = |measurement: &mut Measurement, name: &str, values: &[f64]| {
        if let Some(found) = limits(values) {
            measurement.insert(name, found.mean, found.half);
        }
    };
    let last = |f: fn(&Row) -> f64| move |rows: &[Row]| rows.last().map(f);
    let mut all = Vec::new();
    for lambda in LAMBDAS {
        let mut m = Measurement::new()
            .quantity("half a digit", HALF_A_DIGIT, 0.0)
            .quantity("still largest", STILL_LARGEST, 0.0)
            .quantity("above the small level", SMALL_LEVEL + HALF_A_DIGIT, 0.0)
            .quantity("below the small level", SMALL_LEVEL - HALF_A_DIGIT, 0.0)
            .quantity("above the large level", LARGE_LEVEL + HALF_A_DIGIT, 0.0)
            .quantity("below the large level", LARGE_LEVEL - HALF_A_DIGIT, 0.0);
        let values = |f: &dyn Fn(&[Row]) -> Option<f64>| {
            of(lambda, f).into_iter().map(|(_, v)| v).collect::<Vec<f64>>()
        };
        put(&mut m, "train loss", &values(&|rows| Some(rows.last()?.train_loss / scale)));
        put(&mut m, "train loss at the start", &values(&|rows| Some(rows.first()?.train_loss / scale)));
        put(&mut m, "test loss", &values(&|rows| Some(rows.last()?.test_loss / scale)));
        put(
            &mut m,
            "change of the test loss",
            &values(&|rows| Some((half_way(rows)?.test_loss - rows.last()?.test_loss).abs() / scale)),
        );
        put(
            &mut m,
            "change since the start",
            &values(&|rows| Some((rows.first()?.test_loss - rows.last()?.test_loss).abs() / scale)),
        );
        all.push(record(&part(lambda), m));
    }
    let [none, least, .., most] = LAMBDAS;
    let paired = |a: &[(u64, f64)], b: &[(u64, f64)], f: &dyn Fn(f64, f64) -> f64| -> Vec<f64> {
        a.iter()
            .filter_map(|(seed, x)| b.iter().find(|(other, _)| other == seed).map(|(_, y)| f(*x, *y)))
            .collect()
    };
    let mut m = Measurement::new()
        .quantity("half a digit", HALF_A_DIGIT, 0.0)
        .quantity("still largest", STILL_LARGEST, 0.0)
        .quantity("held down", HELD_DOWN, 0.0);
    let test = |lambda| of(lambda, &last(|row| row.test_loss));
    let r3 = |lambda| of(lambda, &last(|row| row.r3));
    for (lambda, name) in [(most, "gain"), (least, "gain of the least")] {
        put(&mut m, name, &paired(&test(none), &test(lambda), &|without, with| (without - with) / scale));
    }
    for (lambda, name) in [(most, "R3 with over without"), (least, "R3 with the least over without")] {
        put(
            &mut m,
            name,
            &paired(&r3(lambda), &r3(none), &|with, without| with / without.max(f64::MIN_POSITIVE)),
        );
    }
    for (lambda, name) in [(none, "R3 over its largest"), (most, "R3 over its largest, held down")] {
        let share = |rows: &[Row]| {
            let largest = rows.iter().map(|row| row.r3).fold(0.0, f64::max);
            rows.last().filter(|_| largest > 0.0).map(|row| row.r3 / largest)
        };
        put(&mut m, name, &of(lambda, &share).into_iter().map(|(_, v)| v).collect::<Vec<f64>>());
    }
    all.push(record("compared", m));
    all
}

/// The last row of the first half of a run.
fn half_way(rows: &[Row]) -> Option<&Row> {
    let half = rows.last()?.step / 2;
    rows.iter().rev().find(|row| row.step <= half)
}

fn bounds_of(settings: &Settings) -> Vec<Bound> {
    let is = |lambda: f64| {
        let part = part(lambda);
        move |cell: &Cell| cell.part == part
    };
    let [none, .., most] = LAMBDAS;
    let mut bounds = vec![
        Bound::inequality(
            "train-loss",
            "with every λ3 the train loss comes near zero: below 0.05 of E f*²",
            "train loss",
            Side::Upper,
            "half a digit",
            Neighbour::lhs("train loss at the start", "the train loss before the first step"),
        )
        .strict()
        .among(|cell| cell.part != "compared"),
        Bound::inequality(
            "plateau",
            "with every λ3 the test loss levels off: over the second half of the steps it changes by less \
             than 0.05 of E f*²",
            "change of the test loss",
            Side::Upper,
            "half a digit",
            Neighbour::lhs("change since the start", "its change over all steps"),
        )
        .strict()
        .among(|cell| cell.part != "compared"),
        Bound::inequality(
            "test-loss",
            "the test loss at the end is lower with λ3 = 0.1 than with λ3 = 0, by more than 0.05 of E f*²",
            "gain",
            Side::Lower,
            "half a digit",
            Neighbour::lhs("gain of the least", "λ3 = 1e-5 in place of 0.1"),
        )
        .strict()
        .part("compared"),
        Bound::inequality(
            "r3-grows",
            "without the regulariser R3 grows: it ends above nine tenths of its largest value",
            "R3 over its largest",
            Side::Lower,
            "still largest",
            Neighbour::lhs("R3 over its largest, held down", "λ3 = 0.1 in place of 0"),
        )
        .strict()
        .part("compared"),
        Bound::inequality(
            "r3-held-down",
            "with λ3 = 0.1 R3 ends below half of what it is without",
            "R3 with over without",
            Side::Upper,
            "held down",
            Neighbour::lhs("R3 with the least over without", "λ3 = 1e-5 in place of 0.1"),
        )
        .strict()
        .part("compared"),
    ];
    if settings.tier != Tier::Paper {
        // The levels are those of the paper's size.
        return bounds;
    }
    for (name, lambda, level, side, limit, false_limit) in [
        (
            "small-level-above",
            none,
            SMALL_LEVEL,
            Side::Upper,
            "above the small level",
            "above the large level",
        ),
        ("small-level-below", none, SMALL_LEVEL, Side::Lower, "below the small level", "half a digit"),
        ("large-level-above", most, LARGE_LEVEL, Side::Upper, "above the large level", "half a digit"),
        (
            "large-level-below",
            most,
            LARGE_LEVEL,
            Side::Lower,
            "below the large level",
            "below the small level",
        ),
    ] {
        let sign = if side == Side::Upper { "no higher than" } else { "no lower than" };
        bounds.push(
            Bound::inequality(
                name,
                format!("with λ3 = {lambda} the test loss levels off near {level}, {sign} rounds to it"),
                "test loss",
                side,
                limit,
                Neighbour::rhs(false_limit, "the limit of another level"),
            )
            .strict()
            .among(is(lambda)),
        );
    }
    bounds
}

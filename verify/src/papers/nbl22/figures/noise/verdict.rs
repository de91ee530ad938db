//! What is to be said of the conjecture that noise regularises R1, and of the heuristic behind it.
//!
//! Losses are taken relative to E f*². Ratios and differences are between runs of one seed, and means of
//! them over seeds have Student's limits; a single seed has none, and speaks for itself alone.

use super::equal_loss::r1_at_equal_loss;
use super::{LAMBDA_3, NOISES, Point, Row, Setting, Signs, State, settings_of_a_seed};
use crate::claim::{Bound, Cell, Measurement, Neighbour, Record, Side};
use crate::figure::{Sheet, limits};
use crate::judge::ClaimVerdict;
use crate::papers::nbl22::figures;
use crate::papers::nbl22::figures::figure_1::verdict::{HALF_A_DIGIT, HELD_DOWN};
use crate::papers::nbl22::figures::figure_1::{Precision, Settings};
use crate::run::source::SOURCE_HASH;

/// What was chosen after seeing data.
const CHOSEN: &str = "at least five seeds, because with three the limits on what is beyond the second order \
                      were as wide as its mean; the values of s, and λ3 = 0: with s = 1, 0.3 and 0.1, tried \
                      first at the quick tier, f_L + f_Q was not the network to half a digit; and with λ3 = \
                      0.01, tried first too, R3 lowered R1 for as long as a run went on, and the one with \
                      noise took longer to come to the same loss";

/// The same for the comparison after equal steps.
const CHOSEN_STEPS: &str = "to compare after equal steps too: at equal train loss, tried first, it was \
                            open, because the centre of a pair ends at a loss at which R1 without noise is \
                            still rising; the values of s and λ3 as in the other bounds";

pub(super) const CLAIM: &str = "noise";

/// Something of the rows of a run, and of those of the one without noise.
type OfTwo<'a> = dyn Fn(&[Row], &[Row]) -> Option<f64> + 'a;

/// The conjecture, judged on `states`, which belong to the seeds and settings of `grid`.
pub(super) fn judge(settings: &Settings, grid: &[(u64, Setting)], states: &[Option<State>]) -> ClaimVerdict {
    let sheet = Sheet {
        claim: CLAIM,
        title: "whether noise in the step regularises R1".to_owned(),
        reference: "NBL22, conjecture on R1",
        tier: settings.tier,
        seed: settings.seed,
        command: command(settings),
    };
    let unfinished = grid.iter().zip(states).filter_map(|((seed, setting), state)| {
        figures::unfinished(cell(settings, &part(*setting)), *seed, state.as_ref(), settings.steps)
    });
    let records = settings_of_a_seed().map(|setting| record(settings, setting, grid, states));
    sheet.judge(&bounds(), &records.collect::<Vec<_>>(), unfinished)
}

/// What to type for the same runs.
fn command(settings: &Settings) -> String {
    let double = if settings.precision == Precision::F64 { " --precision f64" } else { "" };
    let Settings { tier, seed, seeds, steps, .. } = settings;
    format!(
        "escapement experiment noise{double} --tier {tier} --seed {seed} --seeds {seeds} \
         --steps {steps} --fresh"
    )
}

fn part(Setting { noise, lambda_3 }: Setting) -> String {
    let other = if lambda_3 == LAMBDA_3 { String::new() } else { format!("-lambda3:{lambda_3:?}") };
    format!("noise:{noise:?}{other}")
}

fn cell(settings: &Settings, part: &str) -> Cell {
    let sizes = settings.sizes();
    figures::cell(CLAIM, part, [sizes.d, sizes.m, sizes.n])
}

/// What the runs of a setting say, each beside that of its seed without noise.
fn record(settings: &Settings, of: Setting, grid: &[(u64, Setting)], states: &[Option<State>]) -> Record {
    let scale = settings.mean_square();
    let base = Setting { noise: 0.0, lambda_3: LAMBDA_3 };
    let rows = |setting: Setting, seed: u64| -> Option<&[Row]> {
        let at = grid.iter().position(|run| *run == (seed, setting))?;
        Some(&states[at].as_ref()?.rows)
    };
    let mut m = Measurement::new()
        .quantity("half a digit", HALF_A_DIGIT, 0.0)
        .quantity("held down", HELD_DOWN, 0.0)
        .quantity("one", 1.0, 0.0)
        .quantity("E f*²", 1.0, 0.0);
    let mut put = |name: &str, f: &OfTwo<'_>| {
        let of_seed = |seed| f(rows(of, seed)?, rows(base, seed)?);
        let found = limits(&settings.all_seeds().filter_map(of_seed).collect::<Vec<f64>>());
        if let Some(found) = found {
            m.insert(name, found.mean, found.half);
        }
        found
    };
    put("train loss", &|with, _| Some(with.last()?.mean.train_loss / scale));
    put("test loss", &|with, _| Some(with.last()?.mean.test_loss / scale));
    put("change of the test loss", &|with, without| {
        Some((with.last()?.mean.test_loss - without.last()?.mean.test_loss) / scale)
    });
    let signs = |f: fn(Signs) -> f64| {
        move |with: &[Row], _: &[Row]| {
            with.last().and_then(|row| Some((f(row.signs?) - row.mean.test_loss) / scale))
        }
    };
    put("rise by signs", &signs(|signs| signs.beyond));
    put("rise by signs on all of W", &signs(|signs| signs.all));
    let remainder = put("remainder", &|with, _| Some(with.last()?.signs?.remainder / scale));
    if of.noise > 0.0 {
        let points = |rows: &[Row], f: fn(&Row) -> Point| rows.iter().map(f).collect::<Vec<Point>>();
        let share = |f: fn(&Row) -> Point| {
            move |with: &[Row], without: &[Row]| {
                let [with, without] = r1_at_equal_loss(&points(with, f), &points(without, f))?;
                Some(with / without)
            }
        };
        put("R1 over that without noise", &share(|row| row.mean));
        put("R1 of the centre over that without noise", &share(|row| row.centre));
        put("R1 of the centre over that without noise, after equal steps", &|with, without| {
            Some(with.last()?.centre.r1 / without.last().map(|row| row.mean.r1).filter(|r1| *r1 > 0.0)?)
        });
        put("share of what diffusion adds that the path takes back", &|with, without| {
            let (with, without) = (with.last()?, without.last()?.mean.r1);
            let added = Some(with.mean.r1 - with.centre.r1).filter(|added| *added > 0.0)?;
            Some((without - with.centre.r1) / added)
        });
        put("R1 over that without noise, had it diffused alone", &|with, without| {
            let [_, alone] =
                r1_at_equal_loss(&points(with, |row| row.mean), &points(without, |row| row.mean))?;
            Some(1.0 + with.last()?.free / alone)
        });
    }
    if let Some(found) = remainder {
        m = m.hypothesis(
            "f_L + f_Q is the network to half a digit",
            found.mean + found.half < HALF_A_DIGIT,
            format!("E (f − f_L − f_Q)² is {:.4} of E f*²", found.mean),
        );
    }
    let source = SOURCE_HASH.to_owned();
    Record { source, seed: settings.seed, cell: cell(settings, &part(of)), measurement: m }
}

fn bounds() -> Vec<Bound> {
    let mut bounds = vec![
        Bound::inequality(
            "train-loss",
            "with every noise the train loss comes near zero: below 0.05 of E f*²",
            "train loss",
            Side::Upper,
            "half a digit",
            Neighbour::lhs("E f*²", "the loss of the zero function"),
        )
        .strict(),
    ];
    for noise in NOISES {
        let part = part(Setting { noise, lambda_3: LAMBDA_3 });
        let one = |name: &str, statement: String, lhs: &str, rhs: &str| {
            Bound::inequality(
                format!("{name}-at-{noise:?}"),
                statement,
                lhs,
                Side::Upper,
                rhs,
                Neighbour::lhs(
                    "R1 over that without noise, had it diffused alone",
                    "the R1 without noise and all that diffusion adds to it",
                ),
            )
            .strict()
            .part(&part)
        };
        bounds.push(one(
            "r1",
            format!(
                "noise s = {noise} lowers R1: at equal train loss it is smaller with the noise than without"
            ),
            "R1 over that without noise",
            "one",
        ).chosen(CHOSEN));
        bounds.push(one(
            "r1-of-the-path",
            format!(
                "apart from what it adds by diffusion, noise s = {noise} lowers R1: at equal train loss R1 \
                 of the centre of two runs with opposite noise is smaller than without noise"
            ),
            "R1 of the centre over that without noise",
            "one",
        ).chosen(CHOSEN));
        bounds.push(one(
            "r1-after-equal-steps",
            format!(
                "the same after equal steps, where the run without noise and the centre, s = {noise}, both \
                 fit the data"
            ),
            "R1 of the centre over that without noise, after equal steps",
            "one",
        ).chosen(CHOSEN_STEPS));
        bounds.push(
            one(
                "r1-held-down",
                format!(
                    "and by as much as matters: R1 of the centre, s = {noise}, is below half of what it is \
                 without"
                ),
                "R1 of the centre over that without noise",
                "held down",
            )
            .chosen(CHOSEN),
        );
    }
    bounds.push(
        Bound::inequality(
            "signs",
            "P_{≤k}Ŵ + P_{>k}Ŵ·S generalises like Ŵ: over random signs S its mean test loss is above that \
             of Ŵ by less than 0.05 of E f*²",
            "rise by signs",
            Side::Upper,
            "half a digit",
            Neighbour::lhs("rise by signs on all of W", "S on all of Ŵ"),
        )
        .strict(),
    );
    bounds
}

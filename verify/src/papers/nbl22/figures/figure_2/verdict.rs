//! What is to be said of the claim that the paper draws from the figure: the least n grows like d², not like
//! d³.

use super::{Case, LEVEL, MOST, Normalisation, Outcome, Settings, Sizes, State, Variant};
use crate::claim::{Bound, Cell, Failure, Measurement, Record, Sweep, Tier};
use crate::figure::Sheet;
use crate::judge::ClaimVerdict;
use crate::papers::nbl22::figures::figure_1::Precision;
use crate::papers::nbl22::letters::{D, K, M, R};
use crate::run::source::SOURCE_HASH;
use crate::text::Choice;

const CLAIM: &str = "figure-2";

/// The claims of the figure, judged on what each case came to. A case without a least n keeps its own
/// normalisation undecided, and no other.
pub(super) fn judge(settings: &Settings, cases: &[(Case, Option<&State>)]) -> ClaimVerdict {
    let records: Vec<Record> =
        cases.iter().filter_map(|(case, state)| record(settings, *case, (*state)?)).collect();
    let unfinished = cases.iter().filter_map(|(case, state)| unfinished(settings, *case, *state));
    let sheet = Sheet {
        claim: CLAIM,
        title: "how many samples a ReLU network needs".to_owned(),
        reference: "NBL22, Figure 2",
        tier: settings.tier,
        seed: settings.seed,
        command: command(settings),
    };
    sheet.judge_apart(&bounds_of(settings), &records, unfinished)
}

/// What to type for the same runs.
fn command(settings: &Settings) -> String {
    let printed = if settings.variant == Variant::AsPrinted { " --as-printed" } else { "" };
    let double = if settings.precision == Precision::F64 { " --precision f64" } else { "" };
    let list = |items: Vec<String>| items.join(",");
    let d = list(settings.dimensions.iter().map(usize::to_string).collect());
    let normalisations = list(settings.normalisations.iter().map(|n| n.name().to_owned()).collect());
    let Settings { tier, seed, seeds, steps, .. } = settings;
    format!(
        "escapement experiment figure-2{printed}{double} --tier {tier} --d {d} --normalisation \
         {normalisations} --seed {seed} --seeds {seeds} --steps {steps} --fresh"
    )
}

fn cell(settings: &Settings, case: Case) -> Cell {
    Cell::new(CLAIM, case.normalisation.name())
        .with(D, case.d)
        .with(M, settings.sizes().m)
        .with(K, 2)
        .with(R, 1)
        .activation("relu")
        .replicate(case.seed as usize)
}

/// The least n of a case.
fn record(settings: &Settings, case: Case, state: &State) -> Option<Record> {
    let Outcome::Least(multiple, loss) = state.outcome(settings.steps) else { return None };
    let square = (case.d * case.d) as f64;
    let variance = case.scales(settings.variant).dense_variance();
    let steps =
        state.trials.iter().map(|trial| trial.multiple as f64 * square * settings.steps as f64).sum::<f64>();
    let (d, m) = (case.d as f64, settings.sizes().m as f64);
    // What the text gives: the number of inputs of the test is not in it, and the level may be met without
    // the dense part where its variance is below it, which is a caveat and no hypothesis.
    let [sizes, as_printed] = [settings.sizes(), Sizes::of(Tier::Paper)].map(|sizes| (sizes.m, sizes.eta));
    let measurement = Measurement::new()
        .quantity("least n", multiple as f64 * square, 0.0)
        .quantity("test loss", loss, 0.0)
        .quantity("d²", square, 0.0)
        .quantity("variance of the dense part", variance, 0.0)
        .hypothesis(
            "the printed set-up",
            sizes == as_printed && settings.steps == Sizes::of(Tier::Paper).steps,
            format!("width {}, η = {}, {} steps", settings.sizes().m, settings.sizes().eta, settings.steps),
        )
        .cost(4.0 * steps * m * (d + 1.0), 4.0 * multiple as f64 * square * (d + 2.0), 0.0);
    Some(Record {
        source: SOURCE_HASH.to_owned(),
        seed: settings.seed,
        cell: cell(settings, case),
        measurement,
    })
}

/// What keeps a case from being judged.
fn unfinished(settings: &Settings, case: Case, state: Option<&State>) -> Option<Failure> {
    let cell = cell(settings, case);
    let Some(state) = state else { return Some(Failure::open(cell, None)) };
    match state.outcome(settings.steps) {
        Outcome::Least(..) => None,
        Outcome::None(loss) => {
            let why = format!("no n up to {MOST}d² is enough: the test loss there is {loss:.3}");
            Some(Failure::new(cell, why))
        }
        Outcome::Open => {
            let (trials, step, all) = (state.trials.len(), state.step, settings.steps);
            Some(Failure::open(cell, Some(format!("it is at n = {trials}d², step {step} of {all}"))))
        }
    }
}

fn bounds_of(settings: &Settings) -> Vec<Bound> {
    let of = |normalisation: &Normalisation| {
        let name = normalisation.name();
        let statement = format!(
            "the least n in {{1, …, {MOST}}}·d² with test loss below {LEVEL} grows no faster than d² \
             ({name} normalisation)"
        );
        Bound::growth(format!("least-n-{name}"), statement, "least n", "d²", Sweep::upper(D, |_| 2.0))
            .part(name)
    };
    settings.normalisations.iter().map(of).collect()
}

//! From records to verdicts: each bound by its own judge, then power, failures and missing cells. And to the
//! series that a verdict was read off.

use super::verdict::{AsPrinted, BoundVerdict, ClaimVerdict, Finding, Tightness, Verdict, Worst};
use super::{asymptotic, comparison, growth, probability};
use crate::claim::bound::{Bound, Kind};
use crate::claim::cell::Cell;
use crate::claim::record::{Failure, Record};
use crate::claim::{Claim, Tier};
use crate::judge::series::Series;
use crate::text::plural::{are, count};
use escapement::ball::Ball;

/// Judges a claim on the records and failures of its plan.
pub fn judge(
    claim: &dyn Claim,
    tier: Tier,
    seed: u64,
    records: &[Record],
    failures: &[Failure],
) -> ClaimVerdict {
    judge_partial(claim, tier, seed, records, failures, &[])
}

/// Judges a claim of whose plan the cells in `missing` were not measured: what they could have decided is
/// *inconclusive*, unless one of the others refutes it already: an identity or an inequality by itself.
pub fn judge_partial(
    claim: &dyn Claim,
    tier: Tier,
    seed: u64,
    records: &[Record],
    failures: &[Failure],
    missing: &[Cell],
) -> ClaimVerdict {
    let judge_one = |bound: &Bound| {
        let mut found = judge_bound(claim.id(), bound, tier, seed, records, failures);
        let absent = missing.iter().filter(|c| bound.selects(c)).count();
        if absent > 0 && !refuted_by_a_cell(bound, found.verdict) {
            let failed = failures.iter().filter(|f| bound.selects(&f.cell)).count();
            found.verdict = Verdict::Inconclusive;
            let all = count(found.cells + failed + absent, "cell");
            found.why = Some(format!("{absent} of its {all} {} missing", are(absent)));
        }
        found
    };
    let bounds: Vec<BoundVerdict> = claim.bounds().iter().map(judge_one).collect();
    let counted = bounds.iter().filter(|b| b.printed.is_none()).map(|b| b.verdict).max();
    let as_printed = bounds
        .iter()
        .filter_map(|b| b.printed.map(|erratum| AsPrinted { verdict: b.verdict, erratum }))
        .max_by_key(|p| p.verdict);
    let failed =
        if failures.is_empty() && missing.is_empty() { Verdict::Exact } else { Verdict::Inconclusive };
    let card = claim.card();
    ClaimVerdict {
        claim: claim.id().to_owned(),
        title: card.title.to_owned(),
        reference: card.reference.to_owned(),
        // A claim that asserts nothing is not supported by it.
        verdict: counted.unwrap_or(Verdict::Inconclusive).max(failed),
        bounds,
        as_printed,
        failures: failures.to_vec(),
        tier,
        seed,
    }
}

/// The series of a bound; [`super::series::Point::cell`] counts in `records`, which may hold those of other
/// claims and parts too. Records that lack one of the two sides are passed over.
pub fn series(claim: &str, bound: &Bound, records: &[Record]) -> Vec<Series> {
    let (lhs, rhs) = match &bound.kind {
        Kind::Identity { lhs, rhs, .. }
        | Kind::Inequality { lhs, rhs, .. }
        | Kind::Growth { lhs, rhs, .. } => (lhs, rhs),
        Kind::Asymptotic { quantity, .. } => (quantity, quantity),
        Kind::Probability { successes, trials, .. } => (successes, trials),
    };
    let speaks = |r: &Record| {
        r.cell.claim == claim && bound.selects(&r.cell) && r.get(lhs).is_some() && r.get(rhs).is_some()
    };
    let chosen: Vec<usize> = (0..records.len()).filter(|&i| speaks(&records[i])).collect();
    let those: Vec<&Record> = chosen.iter().map(|&i| &records[i]).collect();
    let mut all = match &bound.kind {
        Kind::Identity { neighbours, .. } => comparison::series(lhs, rhs, neighbours, |_| true, &those),
        Kind::Inequality { neighbours, .. } => {
            comparison::series(lhs, rhs, neighbours, Record::in_range, &those)
        }
        Kind::Growth { sweep, .. } => growth::series(lhs, rhs, sweep, &those),
        Kind::Asymptotic { sweep, .. } => asymptotic::series(lhs, sweep, &those),
        Kind::Probability { side, probability, .. } => {
            probability::series(lhs, rhs, *side, *probability, &those)
        }
    };
    for series in &mut all {
        let points = series.points.iter_mut().chain(series.controls.iter_mut().flat_map(|c| &mut c.points));
        points.for_each(|p| p.cell = chosen[p.cell]);
    }
    all
}

/// Whether no further cell can change it: an identity or an inequality that fails on one cell is refuted,
/// while a sweep or a frequency of which cells are missing is another sweep.
fn refuted_by_a_cell(bound: &Bound, verdict: Verdict) -> bool {
    verdict == Verdict::Refuted && matches!(bound.kind, Kind::Identity { .. } | Kind::Inequality { .. })
}

/// What to type to measure a cell again, by itself and without the journal.
pub fn rerun_command(cell: &Cell, tier: Tier, seed: u64) -> String {
    format!("escapement verify {} --tier {tier} --seed {seed} --cell {cell}", cell.claim)
}

/// Judges one bound.
pub fn judge_bound(
    claim: &str,
    bound: &Bound,
    tier: Tier,
    seed: u64,
    records: &[Record],
    failures: &[Failure],
) -> BoundVerdict {
    let records: Vec<&Record> =
        records.iter().filter(|r| r.cell.claim == claim && bound.selects(&r.cell)).collect();
    let mut found = if records.is_empty() {
        Finding::inconclusive(format!("no cell of the {tier} tier was measured for it"))
    } else {
        match &bound.kind {
            Kind::Identity { lhs, rhs, neighbours } => comparison::identity(lhs, rhs, neighbours, &records),
            Kind::Inequality { lhs, rhs, side, strict, neighbours } => {
                comparison::inequality(lhs, rhs, *side, *strict, neighbours, &records)
            }
            Kind::Growth { lhs, rhs, sweep } => growth::judge(lhs, rhs, sweep, &records),
            Kind::Asymptotic { quantity, sweep } => asymptotic::judge(quantity, sweep, &records),
            Kind::Probability { successes, trials, side, probability } => {
                probability::judge(successes, trials, *side, *probability, &records)
            }
        }
    };
    if found.verdict < Verdict::Inconclusive && found.control.verdict != Verdict::Refuted {
        // No power, no support.
        found.verdict = Verdict::Inconclusive;
        found.why = Some(format!(
            "the control came out {} where it must be refuted ({}): the check could not have failed",
            found.control.verdict, found.control.description
        ));
    }
    let mut missing = failures.iter().filter(|f| f.cell.claim == claim && bound.selects(&f.cell));
    if let (Some(first), true) = (missing.next(), found.verdict != Verdict::Refuted) {
        found.verdict = Verdict::Inconclusive;
        let others = missing.count();
        let others = if others == 0 { String::new() } else { format!(" (and {others} more)") };
        found.why = Some(format!("the cell {}{others} could not be measured: {}", first.cell, first.message));
    }
    let worst = found.worst.and_then(|(i, lhs, rhs)| {
        let r = records.get(i)?;
        let command = rerun_command(&r.cell, tier, seed);
        Some(Worst { cell: r.cell.key(), lhs, rhs, inside_hypotheses: r.inside_hypotheses(), command })
    });
    BoundVerdict {
        name: bound.name.clone(),
        kind: bound.kind.name().to_owned(),
        statement: bound.statement.clone(),
        verdict: found.verdict,
        implied_constant: found.implied_constant.filter(|c| c.is_finite()),
        tightness: Tightness {
            constant: found.tightness.constant.filter(|c| c.is_finite()),
            ..found.tightness
        },
        onset: found.exponents.iter().filter_map(|e| e.onset).max(),
        exponents: found.exponents,
        margin: found.margin.filter(|m| m.is_finite()),
        control: found.control,
        cells: records.len(),
        cells_inside_hypotheses: records.iter().filter(|r| r.inside_hypotheses()).count(),
        worst,
        why: found.why,
        printed: bound.printed,
    }
}

/// The two quantities of every record, or the sentence that says which is missing where.
pub(crate) fn pairs(lhs: &str, rhs: &str, records: &[&Record]) -> Result<Vec<(Ball, Ball)>, String> {
    records
        .iter()
        .map(|r| {
            let get = |name: &str| {
                r.get(name).ok_or_else(|| format!("the cell {} lacks the quantity '{name}'", r.cell))
            };
            Ok((get(lhs)?, get(rhs)?))
        })
        .collect()
}

/// The fields of a cell that apply, in words: "d=10 k=1 R=3 tanh:0.5".
pub(crate) fn label(cell: &Cell) -> String {
    let mut words = Vec::new();
    if !cell.part.is_empty() {
        words.push(cell.part.clone());
    }
    words.extend(cell.values().map(|(symbol, value)| format!("{symbol}={value}")));
    if !cell.activation.is_empty() {
        words.push(cell.activation.clone());
    }
    words.join(" ")
}

//! From records to verdicts: each bound by the judge of its kind, then power, failures and missing cells.

use super::finding::Finding;
use super::sides::Sides;
use super::verdict::{AsPrinted, BoundVerdict, ClaimVerdict, Tightness, Verdict, Worst};
use super::{asymptotic, growth, identity, inequality, power, probability};
use crate::claim::{Bound, Cell, Check, Claim, Failure, Kind, Record, Tier};
use crate::judge::series::Series;
use crate::text::plural::{are, count};

/// The verdict on a bound, and what it was read off.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The verdict.
    pub verdict: BoundVerdict,
    /// The points, group by group; [`super::series::Point::cell`] counts in the records that were given,
    /// which may hold those of other claims and parts too. Records that lack a side are passed over.
    pub series: Vec<Series>,
    /// A bound on the distance of the implied constant from the exact one. None without a constant, and for
    /// a probability, whose constant is a frequency with statistical limits.
    pub constant_error: Option<f64>,
}

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
    judge_bounds(claim, tier, seed, records, failures, missing).0
}

/// As [`judge_partial`], together with what the verdict of each bound was read off, in the order of
/// [`ClaimVerdict::bounds`].
pub fn judge_bounds(
    claim: &dyn Claim,
    tier: Tier,
    seed: u64,
    records: &[Record],
    failures: &[Failure],
    missing: &[Cell],
) -> (ClaimVerdict, Vec<Judged>) {
    let judge_one = |bound: &Bound| {
        let mut judged = judge_bound(claim.id(), bound, tier, seed, records, failures);
        let found = &mut judged.verdict;
        let absent = missing.iter().filter(|c| bound.selects(c)).count();
        if absent == 0 && found.verdict == Verdict::NotMeasured {
            found.why = Some(not_measured(claim, bound, tier));
        }
        if absent > 0 && !refuted_by_a_cell(bound, found.verdict) {
            let failed = failures.iter().filter(|f| bound.selects(&f.cell)).count();
            found.verdict = Verdict::Inconclusive;
            found.bracketed = None;
            let all = count(found.cells + failed + absent, "cell");
            found.why = Some(format!("{absent} of its {all} {} missing", are(absent)));
        }
        judged
    };
    let of_claim = claim.bounds();
    let mut judged: Vec<Judged> = of_claim.iter().map(judge_one).collect();
    for (bound, Judged { verdict, .. }) in of_claim.iter().zip(&mut judged) {
        if verdict.counts() && verdict.verdict != Verdict::NotMeasured {
            verdict.power = power::of_bound(claim, bound, tier, seed, records);
        }
    }
    let bounds: Vec<BoundVerdict> = judged.iter().map(|j| j.verdict.clone()).collect();
    let as_printed = bounds
        .iter()
        .filter_map(|b| b.printed.map(|erratum| AsPrinted { verdict: b.verdict, erratum }))
        .max_by_key(|p| p.verdict);
    let (mut verdict, bracketed) = of_bounds(&bounds);
    if !(failures.is_empty() && missing.is_empty()) {
        verdict = verdict.max(Verdict::Inconclusive);
    }
    let card = claim.card();
    let verdict = ClaimVerdict {
        claim: claim.id().to_owned(),
        title: card.title.to_owned(),
        reference: card.reference.to_owned(),
        verdict,
        bracketed: bracketed.filter(|_| verdict == Verdict::Outside),
        power: power::of_claim(&card, &of_claim, &bounds),
        bounds,
        as_printed,
        failures: failures.to_vec(),
        tier,
        seed,
    };
    (verdict, judged)
}

/// The verdict on the claim with these bounds, and the word in brackets where it is *outside*.
///
/// A code check supports nothing, and makes the claim *broken* where it is. What was not measured is left
/// out, and so is what lies outside the hypotheses where something lies inside. A claim that asserts nothing
/// is not supported by it.
pub(crate) fn of_bounds(bounds: &[BoundVerdict]) -> (Verdict, Option<Verdict>) {
    if bounds.iter().any(|b| b.verdict == Verdict::Broken) {
        return (Verdict::Broken, None);
    }
    let counted = || bounds.iter().filter(|b| b.counts());
    let aside = |v: Verdict| matches!(v, Verdict::NotMeasured | Verdict::Outside);
    if let Some(worst) = counted().map(|b| b.verdict).filter(|v| !aside(*v)).max() {
        return (worst, None);
    }
    let outside = counted().filter(|b| b.verdict == Verdict::Outside).filter_map(|b| b.bracketed).max();
    match (outside, counted().next()) {
        (Some(inner), _) => (Verdict::Outside, Some(inner)),
        (None, Some(_)) => (Verdict::NotMeasured, None),
        (None, None) => (Verdict::Inconclusive, None),
    }
}

/// Whether no further cell can change it: an identity or an inequality that fails on one cell is refuted,
/// while a sweep or a frequency of which cells are missing is another sweep.
fn refuted_by_a_cell(bound: &Bound, verdict: Verdict) -> bool {
    verdict.fails() && matches!(bound.kind, Kind::Identity { .. } | Kind::Inequality { .. })
}

/// Which tier has cells for a bound that has none in this one.
fn not_measured(claim: &dyn Claim, bound: &Bound, tier: Tier) -> String {
    let has = |other: &Tier| claim.plan(*other).iter().any(|cell| bound.selects(cell));
    match [Tier::Quick, Tier::Standard, Tier::Paper].iter().find(|other| **other > tier && has(other)) {
        Some(other) => format!(
            "the {tier} tier has no cells for it: escapement verify {} --tier {other} measures it",
            claim.id()
        ),
        None => format!("the {tier} tier has no cells for it, and neither has a larger one"),
    }
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
) -> Judged {
    let speaks = |r: &Record| r.cell.claim == claim && bound.selects(&r.cell);
    let selected: Vec<(usize, &Record)> = records.iter().enumerate().filter(|(_, r)| speaks(r)).collect();
    let (sides, lacking) = Sides::of(&bound.kind, &selected);
    let failed: Vec<&Failure> =
        failures.iter().filter(|f| f.cell.claim == claim && bound.selects(&f.cell)).collect();
    // The paper answers for the cells inside its hypotheses; a theorem about a computed number, for all.
    let in_range = || sides.iter().map(|s| s.record).filter(|r| r.in_range());
    let inside = in_range().filter(|r| r.inside_hypotheses()).count();
    let inside_only = bound.check == Check::Paper && inside > 0;
    let decides = |r: &Record| r.in_range() && (!inside_only || r.inside_hypotheses());
    let slack = bound.slack.value();
    let mut found = match &bound.kind {
        Kind::Identity { neighbours, .. } => identity::judge(neighbours, &decides, &sides),
        Kind::Inequality { side, strict, neighbours, .. } => {
            inequality::judge(bound.check, *side, *strict, neighbours, &decides, &sides)
        }
        Kind::Growth { sweep, .. } => growth::judge(sweep, slack, &sides),
        Kind::Asymptotic { sweep, .. } => asymptotic::judge(sweep, slack, &sides),
        Kind::Probability { side, probability, .. } => {
            probability::judge(*side, *probability, &decides, &sides)
        }
    };
    if let Some(why) = lacking {
        found = Finding::inconclusive(why, found.series);
    }
    if let Some(why) = undermined(&found, &failed) {
        found.verdict = Verdict::Inconclusive;
        found.why = Some(why);
    }
    let (word, bracketed) = match found.verdict {
        _ if selected.is_empty() && failed.is_empty() => (Verdict::NotMeasured, None),
        Verdict::Refuted if bound.check == Check::Code => (Verdict::Broken, None),
        inner if bound.check == Check::Paper && inside == 0 && !sides.is_empty() => {
            (Verdict::Outside, Some(inner))
        }
        inner => (inner, None),
    };
    let worst = found.worst.and_then(|(i, lhs, rhs)| {
        let r = records.get(i)?;
        let command = rerun_command(&r.cell, tier, seed);
        Some(Worst { cell: r.cell.key(), lhs, rhs, inside_hypotheses: r.inside_hypotheses(), command })
    });
    let swept = matches!(bound.kind, Kind::Growth { .. } | Kind::Asymptotic { .. });
    let verdict = BoundVerdict {
        name: bound.name.clone(),
        kind: bound.kind.name().to_owned(),
        statement: bound.statement.clone(),
        check: bound.check,
        verdict: word,
        bracketed,
        slack: swept.then_some(slack),
        slack_reason: swept.then(|| bound.slack.reason().to_owned()),
        chosen: bound.chosen.clone(),
        implied_constant: found.constant.filter(|c| c.is_finite()),
        tightness: Tightness {
            constant: found.tightness.constant.filter(|c| c.is_finite()),
            ..found.tightness
        },
        onset: found.exponents.iter().filter_map(|e| e.onset).max(),
        exponents: found.exponents,
        pooled: found.pooled,
        margin: found.margin.filter(|m| m.is_finite()),
        control: found.control,
        power: Vec::new(),
        cells: selected.len(),
        cells_inside_hypotheses: selected.iter().filter(|(_, r)| r.inside_hypotheses()).count(),
        worst,
        why: found.why,
        printed: bound.printed,
    };
    Judged { verdict, series: found.series, constant_error: found.constant_error }
}

/// Why a finding does not count: a cell failed that might have refuted it, or the check had no power.
fn undermined(found: &Finding, failed: &[&Failure]) -> Option<String> {
    if let (Some((first, others)), true) = (failed.split_first(), found.verdict != Verdict::Refuted) {
        let others = if others.is_empty() { String::new() } else { format!(" (and {} more)", others.len()) };
        return Some(format!("the cell {}{others} could not be measured: {}", first.cell, first.message));
    }
    let control = &found.control;
    (found.verdict < Verdict::Inconclusive && control.verdict != Verdict::Refuted).then(|| {
        format!(
            "the control came out {} where it must be refuted ({}): the check could not have failed",
            control.verdict, control.description
        )
    })
}

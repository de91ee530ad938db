//! The verdict on a claim: those on its bounds, then power, failures and missing cells.

use super::bound_verdict::{Judged, judge_bound};
use super::evidence::{AsPrinted, BoundVerdict, ClaimVerdict};
use super::power;
use super::verdict::Verdict;
use crate::claim::{Bound, Cell, Claim, Failure, Kind, Record, Tier};
use crate::text::plural::{are, count};
use rayon::prelude::*;

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
    of_claim.par_iter().zip(&mut judged).for_each(|(bound, Judged { verdict, .. })| {
        if verdict.counts() && verdict.verdict != Verdict::NotMeasured {
            verdict.power = power::of_bound(claim, bound, tier, seed, records);
        }
    });
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
        proved: Vec::new(),
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

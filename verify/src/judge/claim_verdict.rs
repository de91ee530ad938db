//! From records to verdicts: each bound by the judge of its kind, then power, failures and missing cells.

use super::finding::Finding;
use super::sides::Sides;
use super::verdict::{AsPrinted, BoundVerdict, ClaimVerdict, Tightness, Verdict, Worst};
use super::{asymptotic, growth, identity, inequality, probability};
use crate::claim::{Bound, Cell, Claim, Failure, Kind, Record, Tier};
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
        if absent > 0 && !refuted_by_a_cell(bound, found.verdict) {
            let failed = failures.iter().filter(|f| bound.selects(&f.cell)).count();
            found.verdict = Verdict::Inconclusive;
            let all = count(found.cells + failed + absent, "cell");
            found.why = Some(format!("{absent} of its {all} {} missing", are(absent)));
        }
        judged
    };
    let judged: Vec<Judged> = claim.bounds().iter().map(judge_one).collect();
    let bounds: Vec<BoundVerdict> = judged.iter().map(|j| j.verdict.clone()).collect();
    let counted = bounds.iter().filter(|b| b.printed.is_none()).map(|b| b.verdict).max();
    let as_printed = bounds
        .iter()
        .filter_map(|b| b.printed.map(|erratum| AsPrinted { verdict: b.verdict, erratum }))
        .max_by_key(|p| p.verdict);
    let failed =
        if failures.is_empty() && missing.is_empty() { Verdict::Exact } else { Verdict::Inconclusive };
    let card = claim.card();
    let verdict = ClaimVerdict {
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
    };
    (verdict, judged)
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
) -> Judged {
    let speaks = |r: &Record| r.cell.claim == claim && bound.selects(&r.cell);
    let selected: Vec<(usize, &Record)> = records.iter().enumerate().filter(|(_, r)| speaks(r)).collect();
    let (sides, lacking) = Sides::of(&bound.kind, &selected);
    let mut found = match &bound.kind {
        Kind::Identity { neighbours, .. } => identity::judge(neighbours, &sides),
        Kind::Inequality { side, strict, neighbours, .. } => {
            inequality::judge(*side, *strict, neighbours, &sides)
        }
        Kind::Growth { sweep, .. } => growth::judge(sweep, &sides),
        Kind::Asymptotic { sweep, .. } => asymptotic::judge(sweep, &sides),
        Kind::Probability { side, probability, .. } => probability::judge(*side, *probability, &sides),
    };
    let unmeasured = selected.is_empty().then(|| format!("no cell of the {tier} tier was measured for it"));
    if let Some(why) = unmeasured.or(lacking) {
        found = Finding::inconclusive(why, found.series);
    }
    let failed: Vec<&Failure> =
        failures.iter().filter(|f| f.cell.claim == claim && bound.selects(&f.cell)).collect();
    if let Some(why) = undermined(&found, &failed) {
        found.verdict = Verdict::Inconclusive;
        found.why = Some(why);
    }
    let worst = found.worst.and_then(|(i, lhs, rhs)| {
        let r = records.get(i)?;
        let command = rerun_command(&r.cell, tier, seed);
        Some(Worst { cell: r.cell.key(), lhs, rhs, inside_hypotheses: r.inside_hypotheses(), command })
    });
    let verdict = BoundVerdict {
        name: bound.name.clone(),
        kind: bound.kind.name().to_owned(),
        statement: bound.statement.clone(),
        verdict: found.verdict,
        implied_constant: found.constant.filter(|c| c.is_finite()),
        tightness: Tightness {
            constant: found.tightness.constant.filter(|c| c.is_finite()),
            ..found.tightness
        },
        onset: found.exponents.iter().filter_map(|e| e.onset).max(),
        exponents: found.exponents,
        margin: found.margin.filter(|m| m.is_finite()),
        control: found.control,
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

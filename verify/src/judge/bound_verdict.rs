//! From records to the verdict on one bound, by the judge of its kind.

use super::evidence::{BoundVerdict, Tightness, Vacuous, Worst};
use super::finding::Finding;
use super::sides::Sides;
use super::verdict::Verdict;
use super::{asymptotic, growth, identity, inequality, probability};
use crate::claim::{Bound, Cell, Check, Failure, Kind, Record, Side, Tier};
use crate::judge::series::Series;
use std::collections::BTreeMap;

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
        headline: bound.headline,
        verdict: word,
        bracketed,
        slack: swept.then_some(slack),
        slack_reason: swept.then(|| bound.slack.reason().to_owned()),
        chosen: bound.chosen.clone(),
        vacuous: vacuous(bound, &sides),
        shows_vacuous: bound.shows_vacuous,
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

/// On how many cells in range the bound says no more than its trivial value; none where no cell has one.
fn vacuous(bound: &Bound, sides: &[Sides]) -> Option<Vacuous> {
    let trivial = bound.trivial.as_ref()?;
    let upper = bound.kind.side() != Side::Lower;
    let in_range = || sides.iter().filter(|s| s.record.in_range());
    // The constant of a growth is whatever its sweep needs, that of an inequality is in its right side.
    let group = |s: &Sides| match &bound.kind {
        Kind::Growth { sweep, .. } | Kind::Asymptotic { sweep, .. } => Some(sweep.group(s.cell())),
        _ => None,
    };
    let mut constants: BTreeMap<Cell, f64> = BTreeMap::new();
    for s in in_range() {
        let Some(group) = group(s) else { continue };
        let ratio = s.lhs.value / s.rhs.value;
        let held = constants.entry(group).or_insert(ratio);
        *held = if upper { held.max(ratio) } else { held.min(ratio) };
    }
    let mut found = Vacuous { cells: 0, of: 0 };
    for s in in_range() {
        let Some(known) = s.record.get(trivial) else { continue };
        let constant = group(s).and_then(|g| constants.get(&g).copied()).unwrap_or(1.0);
        let said = constant * s.rhs.value;
        found.of += 1;
        found.cells += usize::from(if upper { said >= known.value } else { said <= known.value });
    }
    (found.of > 0).then_some(found)
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

//! The power of a check as a number: the smallest violation that would have been refuted, found by planting
//! it in the records and judging again.
//!
//! The recorded left side of a paper check is multiplied, on every cell, by a power of the swept parameter
//! (growths and asymptotic statements) or by one factor (identities and inequalities); for a probability the
//! frequency is moved. The smallest violation that turns the verdict *refuted* is the power of the check. A
//! quantity may be the left side of several checks, and is seen by the sharpest; a claim is as strong as the
//! quantity that is seen worst.

use super::bound_verdict::judge_bound;
use super::evidence::BoundVerdict;
use super::violation::{MOST, Power, Powers, Violation};
use crate::claim::{Bound, Card, Claim, Kind, Record, Side, Sweep, Tier, Value};
use escapement::ball::Ball;
use std::collections::BTreeMap;

/// Fewest values of a variable along which a power is planted in an inequality.
const FEWEST: usize = 3;

/// To how much of a power the smallest one is found.
const STEP: f64 = 0.01;

/// A factor is planted as 1 + 10^t, from less than rounding to a million, and t is found to within a step.
const FACTORS: (f64, f64, f64) = (-16.0, 6.0, 0.02);

/// The left side of a bound.
pub(super) fn quantity(bound: &Bound) -> &str {
    match &bound.kind {
        Kind::Identity { lhs, .. } | Kind::Inequality { lhs, .. } | Kind::Growth { lhs, .. } => lhs,
        Kind::Asymptotic { quantity, .. } => quantity,
        Kind::Probability { successes, .. } => successes,
    }
}

/// What `bound` would have refuted on these records: one power or frequency, or a factor, and beside a
/// factor a power of each variable of the statement that runs through several values.
pub(super) fn of_bound(
    claim: &dyn Claim,
    bound: &Bound,
    tier: Tier,
    seed: u64,
    records: &[Record],
) -> Vec<Power> {
    let (variables, claim) = (claim.card().variables, claim.id());
    let own: Vec<&Record> =
        records.iter().filter(|r| r.cell.claim == claim && bound.selects(&r.cell)).collect();
    let slim: Vec<Record> = own.iter().map(|r| only_sides(r, bound)).collect();
    let mut planted = slim.clone();
    let mut fails = |violated: &dyn Fn(&Record, Ball) -> Ball| {
        for (planted, record) in planted.iter_mut().zip(&slim) {
            if let (Some(planted), Some(measured)) =
                (planted.measurement.quantities.get_mut(quantity(bound)), record.get(quantity(bound)))
            {
                *planted = violated(record, measured);
            }
        }
        let found = judge_bound(claim, bound, tier, seed, &planted, &[]).verdict;
        found.bracketed.unwrap_or(found.verdict).fails()
    };
    let mut refutes = |factor: &dyn Fn(&Record) -> f64| fails(&|r, measured| times(measured, factor(r)));
    match &bound.kind {
        Kind::Growth { sweep, .. } | Kind::Asymptotic { sweep, .. } => {
            let from = first(sweep, &slim);
            let least = directions(sweep.side)
                .iter()
                .map(|sign| bisect(0.0, MOST, STEP, |e| refutes(&|r| power_of(sweep, from, r, sign * e))));
            let least = least.collect::<Option<Vec<f64>>>().map(|all| all.into_iter().fold(0.0, f64::max));
            vec![Power { variable: sweep.symbol().to_owned(), planted: Violation::Power, least }]
        }
        Kind::Identity { .. } | Kind::Inequality { .. } => {
            let (low, high, step) = FACTORS;
            let side = bound.kind.side();
            let factor = |t: f64| 1.0 + 10f64.powf(t);
            let towards = |t: f64| if side == Side::Lower { factor(t).recip() } else { factor(t) };
            let least = bisect(low, high, step, |t| refutes(&|_| towards(t))).map(factor);
            let factor = Power { variable: String::new(), planted: Violation::Factor, least };
            let mut along = |variable: &&str| {
                let at = |r: &Record| r.cell.value(variable).map_or(f64::NAN, Value::real);
                let mut values: Vec<f64> = slim.iter().map(at).filter(|x| *x > 0.0).collect();
                values.sort_by(f64::total_cmp);
                values.dedup();
                let first = values.first().copied().filter(|_| values.len() >= FEWEST)?;
                let sign = if side == Side::Lower { -1.0 } else { 1.0 };
                let least = bisect(0.0, MOST, STEP, |e| {
                    refutes(&|r| {
                        Some((at(r) / first).powf(sign * e)).filter(|f| f.is_finite()).unwrap_or(1.0)
                    })
                });
                Some(Power { variable: (*variable).to_owned(), planted: Violation::Power, least })
            };
            [vec![factor], variables.iter().filter_map(&mut along).collect()].concat()
        }
        Kind::Probability { trials, side, probability, .. } => {
            let p = *probability;
            let end = if *side == Side::Lower { 0.0 } else { 1.0 };
            let at = |t: f64| p + t * (end - p);
            let with = |t: f64| {
                let count = |r: &Record| (at(t) * r.get(trials).map_or(0.0, |n| n.value)).round();
                fails(&|r, measured| Ball { value: count(r), ..measured })
            };
            let least = bisect(0.0, 1.0, STEP, with).map(at);
            vec![Power { variable: String::new(), planted: Violation::Frequency, least }]
        }
    }
}

/// The claim's power for each variable that its card names, from that of its bounds.
pub(super) fn of_claim(card: &Card, bounds: &[Bound], verdicts: &[BoundVerdict]) -> Vec<Powers> {
    let looked = |variable: &str| {
        let mut seen: BTreeMap<&str, (&str, Option<f64>)> = BTreeMap::new();
        let names = |v: &BoundVerdict| v.power.iter().any(|p| p.variable == variable);
        let swept = |v: &BoundVerdict| v.slack.is_some() && names(v);
        // An inequality says how a variable enters where no sweep does.
        let any_swept = verdicts.iter().any(|v| v.counts() && swept(v));
        let looks = |v: &BoundVerdict| v.counts() && if any_swept { swept(v) } else { names(v) };
        for (bound, verdict) in bounds.iter().zip(verdicts).filter(|(_, v)| looks(v)) {
            for power in verdict.power.iter().filter(|p| p.variable == variable) {
                let held = seen.entry(quantity(bound)).or_insert((&bound.name, power.least));
                if power.least.is_some_and(|new| held.1.is_none_or(|old| new < old)) {
                    *held = (&bound.name, power.least);
                }
            }
        }
        let weaker = |a: &Option<f64>, b: &Option<f64>| {
            a.unwrap_or(f64::INFINITY).total_cmp(&b.unwrap_or(f64::INFINITY))
        };
        seen.into_values().max_by(|a, b| weaker(&a.1, &b.1))
    };
    let one = |variable: &&str| {
        let worst = looked(variable);
        Powers {
            variable: (*variable).to_owned(),
            bound: worst.map(|(bound, _)| bound.to_owned()),
            least: worst.and_then(|(_, least)| least),
        }
    };
    card.variables.iter().map(one).collect()
}

/// Signs of the exponents that violate a bound.
fn directions(side: Side) -> &'static [f64] {
    match side {
        Side::Upper => &[1.0],
        Side::Lower => &[-1.0],
        Side::Both => &[1.0, -1.0],
    }
}

/// The least value over which a sweep runs.
pub(super) fn first(sweep: &Sweep, all: &[Record]) -> f64 {
    all.iter().map(|r| sweep.at(&r.cell).real()).fold(f64::INFINITY, f64::min)
}

/// `(x/first)^exponent` at the value x of a record.
pub(super) fn power_of(sweep: &Sweep, first: f64, record: &Record, exponent: f64) -> f64 {
    (sweep.at(&record.cell).real() / first).powf(exponent)
}

/// The least violation that is refuted, where the largest is and refutation is monotone.
fn bisect(low: f64, high: f64, step: f64, mut refuted: impl FnMut(f64) -> bool) -> Option<f64> {
    if !refuted(high) {
        return None;
    }
    let (mut low, mut high) = (low, high);
    while high - low > step {
        let middle = 0.5 * (low + high);
        if refuted(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

/// The record with the two sides of a bound alone.
pub(super) fn only_sides(record: &Record, bound: &Bound) -> Record {
    let mut out = record.clone();
    let wanted = |name: &str| match &bound.kind {
        Kind::Identity { lhs, rhs, .. }
        | Kind::Inequality { lhs, rhs, .. }
        | Kind::Growth { lhs, rhs, .. } => name == lhs || name == rhs,
        Kind::Asymptotic { quantity, .. } => name == quantity,
        Kind::Probability { successes, trials, .. } => name == successes || name == trials,
    };
    out.measurement.quantities.retain(|name, _| wanted(name));
    out
}

pub(super) fn scaled(record: &Record, quantity: &str, factor: f64) -> Record {
    let mut out = record.clone();
    if let Some(q) = out.measurement.quantities.get_mut(quantity) {
        *q = times(*q, factor);
    }
    out
}

/// A quantity and its error times a factor.
fn times(q: Ball, factor: f64) -> Ball {
    Ball { value: q.value * factor, error: q.error * factor }
}

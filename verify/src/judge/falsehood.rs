//! Planted falsehoods: what a judge makes of records that were falsified one quantity at a time.
//!
//! Of every paper check that counts, the recorded left side is falsified in all the ways in which a wrong
//! theorem, a wrong program or a careless author would have changed it, and all paper checks on that
//! quantity are judged again. What comes out is the score of a claim. A falsehood below the stated power, as
//! an extra half power of a bound that is loose by a whole one, leaves the statement true, and goes
//! unnoticed by right.

use super::bound_verdict::judge_bound;
use super::power::{first, only_sides, power_of, quantity, scaled};
use super::verdict::Verdict;
use crate::claim::{Bound, Cell, Check, Claim, Kind, Record, Side, Sweep, Tier};
use escapement::ball::Ball;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What became of a falsehood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// A paper check on the quantity refutes it.
    Refuted,
    /// None refutes it, and one has no verdict any more.
    Undecided,
    /// All say what they said before.
    Unnoticed,
}

/// One falsehood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Falsehood {
    /// The bound whose left side was falsified.
    pub bound: String,
    /// How.
    pub planted: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// How many falsehoods of a claim had which outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// Refuted.
    pub refuted: usize,
    /// Undecided.
    pub undecided: usize,
    /// Unnoticed.
    pub unnoticed: usize,
}

impl Score {
    /// The score of these falsehoods.
    pub fn of(falsehoods: &[Falsehood]) -> Self {
        let count = |outcome| falsehoods.iter().filter(|f| f.outcome == outcome).count();
        Self {
            refuted: count(Outcome::Refuted),
            undecided: count(Outcome::Undecided),
            unnoticed: count(Outcome::Unnoticed),
        }
    }
}

/// Plants every falsehood in the records of a claim, one at a time.
pub fn plant(claim: &dyn Claim, tier: Tier, seed: u64, records: &[Record]) -> Vec<Falsehood> {
    let bounds: Vec<Bound> =
        claim.bounds().into_iter().filter(|b| b.check == Check::Paper && b.printed.is_none()).collect();
    let word = |bound: &Bound, records: &[Record]| {
        let found = judge_bound(claim.id(), bound, tier, seed, records, &[]).verdict;
        found.bracketed.unwrap_or(found.verdict)
    };
    let mut out = Vec::new();
    for bound in &bounds {
        let slim: Vec<Record> = records
            .iter()
            .filter(|r| r.cell.claim == claim.id() && bound.selects(&r.cell))
            .map(|r| only_sides(r, bound))
            .collect();
        // What is not supported to begin with cannot lose its support.
        if slim.is_empty() || !word(bound, &slim).supports() {
            continue;
        }
        for (planted, falsified) in falsified(bound, &slim) {
            let on_it = bounds.iter().filter(|b| quantity(b) == quantity(bound) && b.part == bound.part);
            let verdicts: Vec<Verdict> = on_it
                .map(|b| {
                    if std::ptr::eq(b, bound) {
                        word(b, &falsified)
                    } else {
                        word(b, &transferred(records, &falsified, quantity(bound)))
                    }
                })
                .collect();
            let outcome = if verdicts.iter().any(|v| v.fails()) {
                Outcome::Refuted
            } else if verdicts.iter().any(|v| !v.supports()) {
                Outcome::Undecided
            } else {
                Outcome::Unnoticed
            };
            out.push(Falsehood { bound: bound.name.clone(), planted, outcome });
        }
    }
    out
}

/// All records, with the falsified quantity where it was falsified.
fn transferred(records: &[Record], falsified: &[Record], quantity: &str) -> Vec<Record> {
    let by_cell: BTreeMap<&Cell, &Record> = falsified.iter().map(|r| (&r.cell, r)).collect();
    let one = |r: &Record| {
        let mut out = r.clone();
        if let Some(q) = by_cell.get(&r.cell).and_then(|f| f.get(quantity)) {
            out.measurement.quantities.insert(quantity.to_owned(), q);
        }
        out
    };
    records.iter().map(one).collect()
}

/// The records of a bound, falsified in every way that its kind knows.
fn falsified(bound: &Bound, slim: &[Record]) -> Vec<(String, Vec<Record>)> {
    let times = |factor: &dyn Fn(&Record) -> f64| -> Vec<Record> {
        slim.iter().map(|r| scaled(r, quantity(bound), factor(r))).collect()
    };
    match &bound.kind {
        Kind::Growth { sweep, .. } | Kind::Asymptotic { sweep, .. } => {
            let (mut out, from) = (Vec::new(), first(sweep, slim));
            let signs: &[f64] = match sweep.side {
                Side::Upper => &[1.0],
                Side::Lower => &[-1.0],
                Side::Both => &[1.0, -1.0],
            };
            for sign in signs {
                for power in [0.5, 0.25] {
                    let name = format!("times {}^{}", sweep.symbol(), sign * power);
                    out.push((name, times(&|r| power_of(sweep, from, r, sign * power))));
                }
                let name = format!("times {}^{sign} over the upper half", sweep.symbol());
                out.push((name, times(&|r| upper_half(sweep, slim, r).powf(*sign))));
            }
            if let Kind::Growth { rhs, .. } = &bound.kind {
                let first =
                    slim.first().and_then(|r| Some(r.get(quantity(bound))?.value / r.get(rhs)?.value));
                let constant = first.unwrap_or(1.0);
                out.push((
                    "the right side in place of the measurement".to_owned(),
                    replaced(bound, slim, |r| r.get(rhs).map(|ball| constant * ball)),
                ));
                out.extend(copies(bound, slim));
            }
            out
        }
        Kind::Identity { .. } | Kind::Inequality { .. } | Kind::Probability { .. } => Vec::new(),
    }
}

/// The records with another left side where there is one.
fn replaced(bound: &Bound, slim: &[Record], value: impl Fn(&Record) -> Option<Ball>) -> Vec<Record> {
    let one = |r: &Record| {
        let mut out = r.clone();
        if let Some(ball) = value(r) {
            out.measurement.quantities.insert(quantity(bound).to_owned(), ball);
        }
        out
    };
    slim.iter().map(one).collect()
}

/// Every repetition a copy of the first one, where there are several and they differ.
fn copies(bound: &Bound, slim: &[Record]) -> Option<(String, Vec<Record>)> {
    let mut firsts: BTreeMap<Cell, Ball> = BTreeMap::new();
    let key = |r: &Record| r.cell.clone().replicate(0);
    for r in slim {
        if let Some(q) = r.get(quantity(bound)) {
            firsts.entry(key(r)).or_insert(q);
        }
    }
    let first = |r: &Record| firsts.get(&key(r)).copied();
    let differ = slim.iter().any(|r| r.get(quantity(bound)) != first(r));
    differ.then(|| ("every repetition a copy of the first".to_owned(), replaced(bound, slim, first)))
}

/// `max(1, x/x_middle)`, x_middle the geometric mean of the ends.
fn upper_half(sweep: &Sweep, all: &[Record], record: &Record) -> f64 {
    let values = || all.iter().map(|r| sweep.at(&r.cell).real());
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
    (sweep.at(&record.cell).real() / (low * high).sqrt()).max(1.0)
}

//! Probability bounds: an event holds at least, or at most, with probability p, by Clopper–Pearson limits.

use super::finding::{Finding, implied_constant};
use super::sides::Sides;
use crate::claim::distribution::clopper_pearson;
use crate::claim::{Cell, Record, Side};
use crate::judge::series::{Planted, Point, Series, along};
use crate::judge::{Control, Tightness, Verdict};
use escapement::ball::Ball;
use std::collections::BTreeMap;

/// How often the event was seen in one group of cells.
struct Count<'a> {
    /// The first record of the group.
    first: Sides<'a>,
    successes: f64,
    trials: f64,
}

/// Judges each group of cells that differ in the replicate only; the worst decides.
pub(super) fn judge(side: Side, p: f64, decides: &dyn Fn(&Record) -> bool, sides: &[Sides<'_>]) -> Finding {
    let counts = counts(decides, sides);
    let series = counts.as_ref().map_or_else(|_| Vec::new(), |counts| series(side, p, counts));
    if side == Side::Both || !(0.0..=1.0).contains(&p) {
        let why = format!("a probability of {p} needs a side, at least or at most, and a p in [0, 1]");
        return Finding::inconclusive(why, series);
    }
    let counts = match counts {
        Ok(counts) => counts,
        Err(why) => return Finding::inconclusive(why, series),
    };
    let margin = |c: &Count<'_>| decide(side, p, c.successes, c.trials).1;
    let Some(worst) = counts.iter().reduce(|a, b| if margin(b) < margin(a) { b } else { a }) else {
        return Finding::inconclusive("no cell lies in the allowed range", series);
    };
    let mut verdict = Verdict::Holds;
    let mut control = Verdict::Refuted;
    for c in &counts {
        verdict = verdict.max(decide(side, p, c.successes, c.trials).0);
        control = control.min(decide(side, p, planted(side, p, c.trials), c.trials).0);
    }
    let &Count { first, successes, trials } = worst;
    let (lower, upper) = clopper_pearson(successes as u64, trials as u64);
    let words = if side == Side::Lower { "at least" } else { "at most" };
    let seen = format!(
        "{successes} of {trials} on {} (limits {lower:.4} to {upper:.4}), claimed {words} {}",
        first.cell(),
        (p * 1e4).round() / 1e4
    );
    Finding {
        verdict,
        constant: implied_constant(side, counts.iter().map(|c| rate(c.successes, c.trials).value)),
        constant_error: None,
        tightness: Tightness { text: format!("worst: {seen}"), ..Tightness::default() },
        exponents: Vec::new(),
        pooled: Vec::new(),
        control: Control::new(control_words(side, p), control),
        margin: Some(margin(worst)),
        worst: Some((first.index, rate(successes, trials), Ball { value: p, error: 0.0 })),
        why: (verdict >= Verdict::Inconclusive).then_some(seen),
        series,
    }
}

/// One point for each group, along the parameter in which the groups differ most.
fn series(side: Side, p: f64, counts: &[Count<'_>]) -> Vec<Series> {
    let cells: Vec<&Cell> = counts.iter().map(|c| c.first.cell()).collect();
    let (parameter, along) = along(&cells);
    let point = |x: f64, successes: f64, count: &Count<'_>| {
        let sides =
            Sides { lhs: rate(successes, count.trials), rhs: Ball { value: p, error: 0.0 }, ..count.first };
        Point { limits: Some(clopper_pearson(successes as u64, count.trials as u64)), ..sides.point(x) }
    };
    let one = |(group, members): (String, Vec<(f64, usize)>)| {
        let members = || members.iter().map(|&(x, i)| (x, &counts[i]));
        let false_ones = members().map(|(x, c)| point(x, planted(side, p, c.trials), c)).collect();
        Series {
            group,
            parameter: parameter.clone(),
            claimed: None,
            decides: true,
            points: members().map(|(x, c)| point(x, c.successes, c)).collect(),
            fit: None,
            controls: vec![Planted { description: control_words(side, p), points: false_ones }],
        }
    };
    along.into_iter().filter(|(_, members)| !members.is_empty()).map(one).collect()
}

/// The groups of cells in the allowed range that differ in the replicate only.
fn counts<'a>(decides: &dyn Fn(&Record) -> bool, sides: &[Sides<'a>]) -> Result<Vec<Count<'a>>, String> {
    let mut groups: BTreeMap<Cell, Count<'a>> = BTreeMap::new();
    for &first in sides.iter().filter(|s| decides(s.record)) {
        let (s, t) = (first.lhs.value, first.rhs.value);
        if !(s.fract() == 0.0 && t.fract() == 0.0 && s >= 0.0 && s <= t) {
            return Err(format!("{s} of {t} on {} is not a count", first.cell()));
        }
        let cell = first.cell().clone().replicate(0);
        let group = groups.entry(cell).or_insert(Count { first, successes: 0.0, trials: 0.0 });
        group.successes += s;
        group.trials += t;
    }
    Ok(groups.into_values().collect())
}

fn rate(successes: f64, trials: f64) -> Ball {
    Ball { value: successes / trials.max(1.0), error: 0.0 }
}

/// Successes planted among the trials: as far on the wrong side of p as the end of the unit interval lies,
/// halved.
fn planted(side: Side, p: f64, trials: f64) -> f64 {
    if side == Side::Lower { (trials * p / 2.0).floor() } else { (trials * (1.0 + p) / 2.0).ceil() }
}

fn control_words(side: Side, p: f64) -> String {
    let planted = if side == Side::Lower { p / 2.0 } else { (1.0 + p) / 2.0 };
    format!("the same trials with the event at probability {planted:.4}")
}

/// The verdict, and how far the limit is on the safe side of p.
fn decide(side: Side, p: f64, successes: f64, trials: f64) -> (Verdict, f64) {
    let (lower, upper) = clopper_pearson(successes as u64, trials as u64);
    let (margin, refuted) =
        if side == Side::Lower { (lower - p, upper < p) } else { (p - upper, lower > p) };
    let verdict = if refuted {
        Verdict::Refuted
    } else if margin >= 0.0 {
        Verdict::Holds
    } else {
        Verdict::Inconclusive
    };
    (verdict, margin)
}

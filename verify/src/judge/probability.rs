//! Probability bounds: an event holds at least, or at most, with probability p, by Clopper–Pearson limits.

use crate::claim::bound::Side;
use crate::claim::cell::Cell;
use crate::claim::record::Record;
use crate::judge::series::{Planted, Point, Series, along};
use crate::judge::statistics::clopper_pearson;
use crate::judge::{Control, Finding, Tightness, Verdict, pairs};
use escapement::ball::Ball;
use std::collections::BTreeMap;

/// Judges each group of cells that differ in the replicate only; the worst decides.
pub fn judge(successes: &str, trials: &str, side: Side, p: f64, records: &[&Record]) -> Finding {
    if side == Side::Both || !(0.0..=1.0).contains(&p) {
        return Finding::inconclusive(format!(
            "a probability of {p} needs a side, at least or at most, and a p in [0, 1]"
        ));
    }
    let pairs = match pairs(successes, trials, records) {
        Ok(pairs) => pairs,
        Err(why) => return Finding::inconclusive(why),
    };
    let groups = match counts(&pairs, records) {
        Ok(groups) => groups,
        Err(why) => return Finding::inconclusive(why),
    };
    if groups.is_empty() {
        return Finding::inconclusive("no cell lies in the allowed range");
    }
    let mut verdict = Verdict::Holds;
    let mut control = Verdict::Refuted;
    let mut worst = (0, f64::INFINITY, (0.0, 0.0));
    let mut constant: Option<f64> = None;
    for &(s, t, i) in groups.values() {
        let (found, margin) = decide(side, p, s, t);
        control = control.min(decide(side, p, planted(side, p, t), t).0);
        verdict = verdict.max(found);
        if margin < worst.1 {
            worst = (i, margin, (s, t));
        }
        let rate = s / t.max(1.0);
        constant =
            Some(constant.map_or(rate, |c| if side == Side::Lower { c.min(rate) } else { c.max(rate) }));
    }
    let (s, t) = worst.2;
    let (lower, upper) = clopper_pearson(s as u64, t as u64);
    let words = if side == Side::Lower { "at least" } else { "at most" };
    let seen = format!(
        "{s} of {t} on {} (limits {lower:.4} to {upper:.4}), claimed {words} {}",
        records[worst.0].cell,
        (p * 1e4).round() / 1e4
    );
    Finding {
        verdict,
        implied_constant: constant,
        tightness: Tightness { text: format!("worst: {seen}"), exponent: None, constant: None },
        exponents: Vec::new(),
        control: Control::new(control_words(side, p), control),
        margin: Some(worst.1),
        worst: Some((worst.0, Ball { value: s / t.max(1.0), error: 0.0 }, Ball { value: p, error: 0.0 })),
        why: (verdict >= Verdict::Inconclusive).then_some(seen),
    }
}

/// The groups that [`judge`] looks at, one point each, along the parameter in which they differ most.
pub fn series(successes: &str, trials: &str, side: Side, p: f64, records: &[&Record]) -> Vec<Series> {
    let groups = pairs(successes, trials, records).and_then(|pairs| counts(&pairs, records));
    let groups: Vec<(f64, f64, usize)> = groups.map(|g| g.into_values().collect()).unwrap_or_default();
    let cells: Vec<&Cell> = groups.iter().map(|g| &records[g.2].cell).collect();
    let (parameter, along) = along(&cells);
    let claimed = Ball { value: p, error: 0.0 };
    let point = |x: f64, s: f64, t: f64, i: usize| {
        let rate = Ball { value: s / t.max(1.0), error: 0.0 };
        Point { limits: Some(clopper_pearson(s as u64, t as u64)), ..Point::new(i, x, rate, claimed) }
    };
    let one = |(group, members): (String, Vec<(f64, usize)>)| {
        let of = |false_one: bool| {
            let at = |&(x, g): &(f64, usize)| {
                let (s, t, i) = groups[g];
                point(x, if false_one { planted(side, p, t) } else { s }, t, i)
            };
            members.iter().map(at).collect::<Vec<_>>()
        };
        let controls = vec![Planted { description: control_words(side, p), points: of(true) }];
        Series {
            group,
            parameter: parameter.clone(),
            claimed: None,
            decides: true,
            points: of(false),
            fit: None,
            controls,
        }
    };
    along.into_iter().filter(|(_, members)| !members.is_empty()).map(one).collect()
}

/// Successes, trials and the first record of each group of cells in the allowed range that differ in the
/// replicate only.
fn counts(pairs: &[(Ball, Ball)], records: &[&Record]) -> Result<BTreeMap<Cell, (f64, f64, usize)>, String> {
    let mut groups: BTreeMap<Cell, (f64, f64, usize)> = BTreeMap::new();
    for (i, (r, &(s, t))) in records.iter().zip(pairs).enumerate() {
        if !r.in_range() {
            continue;
        }
        let counts = s.value.fract() == 0.0 && t.value.fract() == 0.0 && s.value >= 0.0 && s.value <= t.value;
        if !counts {
            return Err(format!("{} of {} on {} is not a count", s.value, t.value, r.cell));
        }
        let group = groups.entry(r.cell.clone().replicate(0)).or_insert((0.0, 0.0, i));
        group.0 += s.value;
        group.1 += t.value;
    }
    Ok(groups)
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
    let (margin, refuted) = if side == Side::Lower { (lower - p, upper < p) } else { (p - upper, lower > p) };
    let verdict = if refuted {
        Verdict::Refuted
    } else if margin >= 0.0 {
        Verdict::Holds
    } else {
        Verdict::Inconclusive
    };
    (verdict, margin)
}

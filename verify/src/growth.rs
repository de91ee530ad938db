//! Growth bounds: `lhs/rhs` must not grow along the sweep of one parameter.
//!
//! In each group of cells the logarithm of the ratio is fitted against the logarithm of the parameter
//! ([`crate::statistics::Line`]), and the limits on the slope decide: below ¼ the bound *scales*, above it is *refuted*.
//! The control is the same fit with the left side multiplied by a power of the parameter that puts the slope at ½.

use crate::bound::{Growth, Side};
use crate::cell::Cell;
use crate::record::{Quantity, Record};
use crate::statistics::{Line, Point};
use crate::verdict::{Control, ExponentEvidence, Finding, PLANTED, SLACK, Tightness, Verdict, label, pairs};
use std::collections::BTreeMap;

/// Fewest values of the swept parameter that can decide.
pub const FEWEST_VALUES: usize = 5;

/// Least ratio of the largest to the smallest value of the swept parameter.
pub const LEAST_SPAN: f64 = 4.0;

/// One usable cell of a group.
#[derive(Clone, Copy)]
struct Ratio {
    index: usize,
    lhs: Quantity,
    rhs: Quantity,
    /// ln(lhs/rhs) and a bound on its error.
    log: f64,
    error: f64,
}

/// What one fit said.
struct Sweep {
    evidence: ExponentEvidence,
    /// +1 for an upper bound, −1 for a lower one.
    sign: f64,
    control: Verdict,
    /// Largest `sign·ln ratio`.
    worst: Ratio,
    /// Largest minus smallest ln ratio.
    spread: f64,
    why: Option<String>,
}

/// Judges `lhs ≲ rhs` (or ≳, or ≍) along `growth.sweep`.
pub fn judge(lhs: &str, rhs: &str, growth: &Growth, records: &[&Record]) -> Finding {
    let pairs = match pairs(lhs, rhs, records) {
        Ok(pairs) => pairs,
        Err(why) => return Finding::inconclusive(why),
    };
    let mut groups: BTreeMap<Cell, Vec<usize>> = BTreeMap::new();
    for (i, r) in records.iter().enumerate() {
        groups.entry(group_of(&r.cell, growth)).or_default().push(i);
    }
    let signs: &[f64] = match growth.side {
        Side::Upper => &[1.0],
        Side::Lower => &[-1.0],
        Side::Both if growth.supremum_over.is_empty() => &[0.0],
        Side::Both => &[1.0, -1.0],
    };
    let mut sweeps = Vec::new();
    for (group, members) in &groups {
        let (inside, outside): (Vec<usize>, Vec<usize>) = members.iter().partition(|&&i| records[i].in_range());
        for &sign in signs {
            // A group with cells on both sides of the allowed range is fitted inside, and as a whole for the report.
            for (chosen, decides) in [(&inside, true), (members, false)] {
                if chosen.is_empty() || (!decides && outside.is_empty()) {
                    continue;
                }
                let ratios = match ratios(chosen, &pairs, records) {
                    Ok(ratios) => ratios,
                    Err(why) => return Finding::inconclusive(why),
                };
                if !decides && ratios.is_empty() {
                    continue;
                }
                match sweep(growth, sign, group, &ratios, chosen.len(), records, decides) {
                    Ok(s) => sweeps.push(s),
                    Err(_) if !decides => {}
                    Err(why) => return Finding::inconclusive(why),
                }
            }
        }
    }
    conclude(growth, sweeps)
}

/// The cell with everything cleared that does not separate groups.
fn group_of(cell: &Cell, growth: &Growth) -> Cell {
    let mut group = Cell { replicate: 0, ..cell.clone() };
    for p in [growth.sweep].iter().chain(&growth.supremum_over).chain(&growth.tied) {
        p.clear(&mut group);
    }
    group
}

/// The logarithms, without the cells whose left side vanishes to within its certificate.
fn ratios(chosen: &[usize], pairs: &[(Quantity, Quantity)], records: &[&Record]) -> Result<Vec<Ratio>, String> {
    let mut out = Vec::with_capacity(chosen.len());
    for &index in chosen {
        let (lhs, rhs) = pairs[index];
        if rhs.value <= rhs.error {
            return Err(format!(
                "the right side is {} ± {} on {}: it must be positive",
                rhs.value, rhs.error, records[index].cell
            ));
        }
        if lhs.value < -lhs.error {
            return Err(format!("the left side is {} on {}: a growth needs positive values", lhs.value, records[index].cell));
        }
        if lhs.value > lhs.error {
            let log_error = |q: Quantity| -(-q.error / q.value).ln_1p();
            let log = lhs.value.ln() - rhs.value.ln();
            out.push(Ratio { index, lhs, rhs, log, error: log_error(lhs) + log_error(rhs) });
        }
    }
    Ok(out)
}

/// One point per value and replicate: the extreme ratio over the parameters of the supremum.
fn extremes(growth: &Growth, sign: f64, ratios: &[Ratio], records: &[&Record]) -> Vec<Ratio> {
    if growth.supremum_over.is_empty() {
        return ratios.to_vec();
    }
    let mut best: BTreeMap<(usize, usize), Ratio> = BTreeMap::new();
    for r in ratios {
        let cell = &records[r.index].cell;
        let held = best.entry((growth.sweep.of(cell), cell.replicate)).or_insert(*r);
        // What bounds the supremum of one bounds the other: keep the larger error.
        let error = held.error.max(r.error);
        if sign * r.log > sign * held.log {
            *held = *r;
        }
        held.error = error;
    }
    best.into_values().collect()
}

/// What the limits on the slope of ln(lhs/rhs) say.
fn decide(sign: f64, lower: f64, upper: f64) -> Verdict {
    // Sign 0 asks for both sides.
    let (grows, may_grow) = match sign {
        s if s > 0.0 => (lower > SLACK, upper >= SLACK),
        s if s < 0.0 => (upper < -SLACK, lower <= -SLACK),
        _ => (lower > SLACK || upper < -SLACK, upper >= SLACK || lower <= -SLACK),
    };
    if grows {
        Verdict::Refuted
    } else if may_grow {
        Verdict::Inconclusive
    } else {
        Verdict::Scales
    }
}

fn sweep(
    growth: &Growth,
    sign: f64,
    group: &Cell,
    ratios: &[Ratio],
    planned: usize,
    records: &[&Record],
    decides: bool,
) -> Result<Sweep, String> {
    let value = |r: &Ratio| growth.sweep.of(&records[r.index].cell);
    let name = growth.sweep.name();
    let chosen = extremes(growth, sign, ratios, records);
    let group_label = label(group);
    let here = if group_label.is_empty() { String::new() } else { format!(" at {group_label}") };
    let mut values: Vec<usize> = chosen.iter().map(value).collect();
    values.sort_unstable();
    values.dedup();
    let vanishing = planned - ratios.len();
    let note = if vanishing > 0 {
        format!(" ({vanishing} cells left out, where the left side vanishes to within its certificate)")
    } else {
        String::new()
    };
    if values.len() < FEWEST_VALUES {
        return Err(format!("only {} values of {name}{here}{note}: at least {FEWEST_VALUES} are needed", values.len()));
    }
    let (first, last) = (values[0], values[values.len() - 1]);
    if first == 0 || (last as f64) < LEAST_SPAN * first as f64 {
        return Err(format!("{name} runs from {first} to {last}{here}{note}: it must span a factor {LEAST_SPAN}"));
    }
    let point = |r: &Ratio| Point { x: (value(r) as f64).ln(), y: r.log, error: r.error };
    let points: Vec<Point> = chosen.iter().map(point).collect();
    let line = Line::fit(&points).ok_or("too few points")?;
    let (lower, upper) = line.limits();
    let verdict = decide(sign, lower, upper);

    // The same records with the left side multiplied by a power of the parameter that puts the slope at ±½.
    let plant = |target: f64| {
        let tilt = |p: &Point| Point { y: p.y + (target - line.slope) * p.x, ..*p };
        let planted = Line::fit(&points.iter().map(tilt).collect::<Vec<_>>());
        planted.map_or(Verdict::Inconclusive, |l| decide(sign, l.limits().0, l.limits().1))
    };
    let control = match sign {
        s if s != 0.0 => plant(s * PLANTED),
        _ => match (plant(PLANTED), plant(-PLANTED)) {
            (Verdict::Refuted, Verdict::Refuted) => Verdict::Refuted,
            (a, b) => a.min(b),
        },
    };
    let claimed = (growth.claimed)(&records[chosen[0].index].cell);
    let side = match (growth.side, sign) {
        (Side::Both, s) if s > 0.0 => " (largest ratio)",
        (Side::Both, s) if s < 0.0 => " (smallest ratio)",
        _ => "",
    };
    let direction = if sign < 0.0 { -1.0 } else { 1.0 };
    let worst =
        chosen.iter().copied().reduce(|a, b| if direction * b.log > direction * a.log { b } else { a }).ok_or("no point")?;
    let logs = chosen.iter().map(|r| r.log);
    let spread = logs.clone().fold(f64::NEG_INFINITY, f64::max) - logs.fold(f64::INFINITY, f64::min);
    let evidence = ExponentEvidence {
        parameter: name.to_owned(),
        claimed,
        measured: claimed + line.slope,
        lower: claimed + lower,
        upper: claimed + upper,
        group: format!("{group_label}{side}"),
        values: values.len(),
        points: points.len(),
        lack_of_fit_p: line.lack_of_fit_p,
        exact: line.exact(),
        onset: None,
        decides,
        verdict,
    };
    let why = match verdict {
        Verdict::Refuted => Some(format!(
            "lhs/rhs goes like {name}^{:.3} (limits {lower:.3} to {upper:.3}){here}, beyond the slack of {SLACK}",
            line.slope
        )),
        Verdict::Inconclusive => Some(format!(
            "the limits {lower:.3} to {upper:.3} on the slope of lhs/rhs in {name}{here} contain the slack of {SLACK}: more cells are needed"
        )),
        _ => None,
    };
    Ok(Sweep { evidence, sign, control, worst, spread, why })
}

fn conclude(growth: &Growth, sweeps: Vec<Sweep>) -> Finding {
    let name = growth.sweep.name();
    let deciding: Vec<&Sweep> = sweeps.iter().filter(|s| s.evidence.decides).collect();
    let Some(first) = deciding.first() else {
        let mut found = Finding::inconclusive("no cell lies in the allowed range: growth outside it is reported only");
        found.exponents = sweeps.into_iter().map(|s| s.evidence).collect();
        return found;
    };
    let gravest = deciding.iter().copied().fold(*first, |a, b| if b.evidence.verdict > a.evidence.verdict { b } else { a });
    let powerless = deciding.iter().find(|s| s.control != Verdict::Refuted);
    let lower_side = growth.side == Side::Lower;
    let direction = if lower_side { -1.0 } else { 1.0 };
    let mut worst = first.worst;
    for s in deciding.iter().filter(|s| lower_side || s.sign >= 0.0) {
        if direction * s.worst.log > direction * worst.log {
            worst = s.worst;
        }
    }
    // The cell that refutes is the one with the extreme ratio in the sweep that does.
    let shown = if gravest.evidence.verdict == Verdict::Refuted { gravest.worst } else { worst };
    // How far the limit is on the safe side of the claim, and of the slack.
    let reach = |s: &&Sweep| {
        let e = &s.evidence;
        let (above, below) = (e.upper - e.claimed, e.claimed - e.lower);
        match s.sign {
            s if s > 0.0 => above,
            s if s < 0.0 => below,
            _ => above.max(below),
        }
    };
    let reach = deciding.iter().map(reach).fold(f64::NEG_INFINITY, f64::max);
    let gap = |s: &&Sweep| {
        let slope = s.evidence.measured - s.evidence.claimed;
        match s.sign {
            s if s > 0.0 => -slope,
            s if s < 0.0 => slope,
            _ => -slope.abs(),
        }
    };
    let gap = deciding.iter().map(gap).fold(f64::INFINITY, f64::min);
    // Sharpened by δ, the slope grows by δ; the data refute it once the lower limit passes the slack.
    let until = deciding
        .iter()
        .map(|s| {
            let e = &s.evidence;
            SLACK - if s.sign < 0.0 { e.claimed - e.upper } else { e.lower - e.claimed }
        })
        .fold(f64::INFINITY, f64::min);
    let text = match growth.side {
        Side::Both => format!("two-sided: the measured exponent of {name} is within {:.3} of the claimed one", gap.abs()),
        _ if -reach > SLACK => format!(
            "loose: the exponent of {name} could be sharper by {gap:.3}; sharpened by more than {until:.3} it would be refuted"
        ),
        _ => format!(
            "tight within the slack: the exponent of {name} is off by {:.3}; sharpened by more than {until:.3} it would be refuted",
            gap.abs()
        ),
    };
    let planted = match growth.side {
        Side::Upper => format!("lhs times a power of {name} that makes lhs/rhs grow like {name}^½"),
        Side::Lower => format!("lhs times a power of {name} that makes lhs/rhs fall like {name}^-½"),
        Side::Both => format!("lhs times a power of {name} that makes lhs/rhs go like {name}^½, and like {name}^-½"),
    };
    let control = match powerless {
        Some(s) => Control { description: format!("{planted}: not refuted at {}", s.evidence.group), verdict: s.control },
        None => Control {
            description: format!("{planted}: refuted in {} of {} sweeps", deciding.len(), deciding.len()),
            verdict: Verdict::Refuted,
        },
    };
    Finding {
        verdict: gravest.evidence.verdict,
        implied_constant: Some(worst.log.exp()),
        tightness: Tightness {
            text,
            exponent: Some(gap),
            constant: Some(deciding.iter().map(|s| s.spread).fold(0.0, f64::max).exp()),
        },
        control,
        margin: Some(SLACK - reach),
        worst: Some((shown.index, shown.lhs, shown.rhs)),
        why: gravest.why.clone(),
        exponents: sweeps.into_iter().map(|s| s.evidence).collect(),
    }
}

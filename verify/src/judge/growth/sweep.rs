//! One sweep: the cells of a group, the line through their ratios, and the violation planted in them.

use crate::claim::bound::Side;
use crate::claim::cell::Cell;
use crate::claim::parameter::Value;
use crate::claim::record::Record;
use crate::claim::sweep::Sweep;
use crate::judge::outlier::{self, Noticed};
use crate::judge::series::{Fit, Point as SeriesPoint, Series, planted};
use crate::judge::statistics::{Line, Point};
use crate::judge::{ExponentEvidence, PLANTED, SLACK, Verdict, label};
use crate::text::plural::count;
use escapement::ball::Ball;
use std::collections::{BTreeMap, BTreeSet};

use super::{FEWEST_VALUES, LEAST_SPAN};

/// One usable cell of a group.
#[derive(Clone, Copy)]
pub(super) struct Ratio {
    pub index: usize,
    pub lhs: Ball,
    pub rhs: Ball,
    /// ln(lhs/rhs) and a bound on its error.
    pub log: f64,
    error: f64,
}

/// Cells to fit together, before it is known whether they can be.
pub(super) struct Candidate {
    group: Cell,
    /// +1 for an upper bound, −1 for a lower one, 0 for both at once.
    sign: f64,
    members: Vec<usize>,
    pub decides: bool,
}

/// What one fit said.
pub(super) struct Swept {
    pub evidence: ExponentEvidence,
    /// As in [`Candidate`].
    pub sign: f64,
    pub control: Verdict,
    /// The other control: one record made false.
    pub one_false: Noticed,
    /// Largest `sign·ln ratio`.
    pub worst: Ratio,
    /// The record that stands apart from the others.
    pub apart: Option<Ratio>,
    /// Largest minus smallest ln ratio.
    pub spread: f64,
    pub why: Option<String>,
    /// The ratios that were fitted, one per value and replicate, and the line through them.
    chosen: Vec<Ratio>,
    line: Line,
}

/// The candidates, group by group: with cells on both sides of the allowed range, those inside and then all
/// of them, for the report.
pub(super) fn candidates(growth: &Sweep, records: &[&Record]) -> Vec<Candidate> {
    let mut groups: BTreeMap<Cell, Vec<usize>> = BTreeMap::new();
    for (i, r) in records.iter().enumerate() {
        groups.entry(growth.group(&r.cell)).or_default().push(i);
    }
    let signs: &[f64] = match growth.side {
        Side::Upper => &[1.0],
        Side::Lower => &[-1.0],
        Side::Both if growth.supremum_over.is_empty() => &[0.0],
        Side::Both => &[1.0, -1.0],
    };
    let mut out = Vec::new();
    for (group, members) in groups {
        let inside: Vec<usize> = members.iter().copied().filter(|&i| records[i].in_range()).collect();
        let outside = members.len() > inside.len();
        for &sign in signs {
            if !inside.is_empty() {
                out.push(Candidate { group: group.clone(), sign, members: inside.clone(), decides: true });
            }
            if outside {
                out.push(Candidate { group: group.clone(), sign, members: members.clone(), decides: false });
            }
        }
    }
    out
}

impl Candidate {
    /// Fits it; `None` for a group that is reported only and has no ratio.
    pub(super) fn fit(
        &self,
        growth: &Sweep,
        pairs: &[(Ball, Ball)],
        records: &[&Record],
    ) -> Result<Option<Swept>, String> {
        let ratios = ratios(&self.members, pairs, records)?;
        if !self.decides && ratios.is_empty() {
            return Ok(None);
        }
        match sweep(growth, self, &ratios, records) {
            Err(_) if !self.decides => Ok(None),
            other => other.map(Some),
        }
    }

    /// All its cells, with the line where there is one.
    pub(super) fn series(&self, growth: &Sweep, pairs: &[(Ball, Ball)], records: &[&Record]) -> Series {
        let x = |i: usize| growth.at(&records[i].cell).real();
        let fitted = self.fit(growth, pairs, records).ok().flatten();
        let chosen: Option<BTreeSet<usize>> =
            fitted.as_ref().map(|sweep| sweep.chosen.iter().map(|r| r.index).collect());
        let decides = |i: usize| self.decides && chosen.as_ref().is_none_or(|those| those.contains(&i));
        let point = |&i: &usize| SeriesPoint {
            decides: decides(i),
            ..SeriesPoint::new(i, x(i), pairs[i].0, pairs[i].1)
        };
        let mut points: Vec<SeriesPoint> = self.members.iter().map(point).collect();
        points.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.cell.cmp(&b.cell)));
        let name = growth.symbol();
        let judged: Vec<&SeriesPoint> = points.iter().filter(|p| p.decides).collect();
        let control = |(target, slope): (f64, f64)| {
            planted(
                format!("lhs times a power of {name}: lhs/rhs goes like {name}^{target}"),
                &judged,
                target - slope,
            )
        };
        let slope = fitted.as_ref().filter(|_| self.decides).map(|sweep| sweep.line.slope);
        let controls = slope
            .iter()
            .flat_map(|&s| targets(self.sign).iter().map(move |&t| (t, s)))
            .map(control)
            .collect();
        let fit = fitted.as_ref().map(|sweep| {
            let logs = sweep.chosen.iter().map(|r| x(r.index).ln());
            let center = (logs.sum::<f64>() / sweep.chosen.len() as f64).exp();
            let (lower, upper) = sweep.line.limits();
            Fit { slope: sweep.line.slope, intercept: sweep.line.intercept, lower, upper, center }
        });
        Series {
            group: format!("{}{}", label(&self.group), side_name(growth, self.sign)),
            parameter: name.to_owned(),
            claimed: self.members.first().map(|&i| (growth.claimed)(&records[i].cell)),
            decides: self.decides,
            points,
            fit,
            controls,
        }
    }
}

/// Slopes of ln(lhs/rhs) that must come out refuted.
fn targets(sign: f64) -> &'static [f64] {
    match sign {
        s if s > 0.0 => &[PLANTED],
        s if s < 0.0 => &[-PLANTED],
        _ => &[PLANTED, -PLANTED],
    }
}

fn side_name(growth: &Sweep, sign: f64) -> &'static str {
    match (growth.side, sign) {
        (Side::Both, s) if s > 0.0 => " (largest ratio)",
        (Side::Both, s) if s < 0.0 => " (smallest ratio)",
        _ => "",
    }
}

/// The logarithms, without the cells whose left side vanishes to within its certificate.
fn ratios(chosen: &[usize], pairs: &[(Ball, Ball)], records: &[&Record]) -> Result<Vec<Ratio>, String> {
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
            return Err(format!(
                "the left side is {} on {}: a growth needs positive values",
                lhs.value, records[index].cell
            ));
        }
        if lhs.value > lhs.error {
            let log = lhs.value.ln() - rhs.value.ln();
            out.push(Ratio { index, lhs, rhs, log, error: lhs.log_error() + rhs.log_error() });
        }
    }
    Ok(out)
}

/// One point per value and replicate: the extreme ratio over the parameters of the supremum.
fn extremes(growth: &Sweep, sign: f64, ratios: &[Ratio], records: &[&Record]) -> Vec<Ratio> {
    if growth.supremum_over.is_empty() {
        return ratios.to_vec();
    }
    let mut best: BTreeMap<(Value, usize), Ratio> = BTreeMap::new();
    for r in ratios {
        let cell = &records[r.index].cell;
        let held = best.entry((growth.at(cell), cell.replicate)).or_insert(*r);
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
    growth: &Sweep,
    candidate: &Candidate,
    ratios: &[Ratio],
    records: &[&Record],
) -> Result<Swept, String> {
    let &Candidate { ref group, sign, decides, .. } = candidate;
    let value = |r: &Ratio| growth.at(&records[r.index].cell);
    let name = growth.symbol();
    let chosen = extremes(growth, sign, ratios, records);
    let group_label = label(group);
    let here = if group_label.is_empty() { String::new() } else { format!(" at {group_label}") };
    let mut values: Vec<Value> = chosen.iter().map(value).collect();
    values.sort_unstable();
    values.dedup();
    let vanishing = candidate.members.len() - ratios.len();
    let note = if vanishing > 0 {
        format!(" ({vanishing} cells left out, where the left side vanishes to within its certificate)")
    } else {
        String::new()
    };
    if values.len() < FEWEST_VALUES {
        return Err(format!(
            "only {} values of {name}{here}{note}: at least {FEWEST_VALUES} are needed",
            values.len()
        ));
    }
    let (first, last) = (values[0], values[values.len() - 1]);
    if last.real() < LEAST_SPAN * first.real() {
        return Err(format!(
            "{name} runs from {first} to {last}{here}{note}: it must span a factor {LEAST_SPAN}"
        ));
    }
    let point = |r: &Ratio| Point { x: value(r).real().ln(), y: r.log, error: r.error };
    let points: Vec<Point> = chosen.iter().map(point).collect();
    let line = Line::fit(&points).ok_or("too few points")?;
    let (lower, upper) = line.limits();
    let by_slope = decide(sign, lower, upper);
    let binds = match sign {
        s if s > 0.0 => Side::Upper,
        s if s < 0.0 => Side::Lower,
        _ => Side::Both,
    };
    let found = outlier::in_a_line(binds, &points);
    let verdict = if found.apart.is_some() { Verdict::Refuted } else { by_slope };

    // The same records with the left side multiplied by a power of the parameter that puts the slope at ±½.
    let plant = |target: f64| {
        let tilt = |p: &Point| Point { y: p.y + (target - line.slope) * p.x, ..*p };
        let planted = Line::fit(&points.iter().map(tilt).collect::<Vec<_>>());
        planted.map_or(Verdict::Inconclusive, |l| decide(sign, l.limits().0, l.limits().1))
    };
    let control = targets(sign).iter().map(|&target| plant(target)).min().unwrap_or(Verdict::Inconclusive);
    let claimed = (growth.claimed)(&records[chosen[0].index].cell);
    let direction = if sign < 0.0 { -1.0 } else { 1.0 };
    let extreme = |a: Ratio, b: Ratio| if direction * b.log > direction * a.log { b } else { a };
    let worst = chosen.iter().copied().reduce(extreme).ok_or("no point")?;
    let logs = chosen.iter().map(|r| r.log);
    let spread = logs.clone().fold(f64::NEG_INFINITY, f64::max) - logs.fold(f64::INFINITY, f64::min);
    let evidence = ExponentEvidence {
        parameter: name.to_owned(),
        claimed,
        measured: claimed + line.slope,
        lower: claimed + lower,
        upper: claimed + upper,
        group: format!("{group_label}{}", side_name(growth, sign)),
        values: values.len(),
        points: points.len(),
        lack_of_fit_p: line.lack_of_fit_p,
        exact: line.exact(),
        onset: None,
        decides,
        verdict,
    };
    let why = match (found.apart, by_slope) {
        (Some((place, factor)), _) => Some(format!(
            "{} stands apart: its ratio is {factor:.3} times what the other {} of the sweep{here} say; \
             either the record is false or the ratio follows no power of {name}",
            records[chosen[place].index].cell,
            count(chosen.len() - 1, "point")
        )),
        (None, Verdict::Refuted) => Some(format!(
            "lhs/rhs goes like {name}^{:.3} (limits {lower:.3} to {upper:.3}){here}, beyond the slack of \
             {SLACK}",
            line.slope
        )),
        (None, Verdict::Inconclusive) => Some(format!(
            "the limits {lower:.3} to {upper:.3} on the slope of lhs/rhs in {name}{here} contain the slack \
             of {SLACK}: more cells are needed"
        )),
        _ => None,
    };
    Ok(Swept {
        evidence,
        sign,
        control,
        one_false: found.noticed,
        worst,
        apart: found.apart.map(|(place, _)| chosen[place]),
        spread,
        why,
        chosen,
        line,
    })
}

//! One sweep: the cells of a group, the line through their ratios, and the violation planted in them.

use super::{FEWEST_VALUES, LEAST_SPAN};
use crate::claim::{Cell, Side, Sweep, Value};
use crate::judge::finding::planted_exponents;
use crate::judge::line::{Line, Point};
use crate::judge::outlier::{self, Noticed};
use crate::judge::series::{Fit, Point as SeriesPoint, Series, label, planted};
use crate::judge::sides::Sides;
use crate::judge::{ExponentEvidence, SLACK, Verdict};
use crate::text::plural::count;
use std::collections::{BTreeMap, BTreeSet};

/// One usable cell of a group.
#[derive(Clone, Copy)]
pub(super) struct Ratio<'a> {
    pub sides: Sides<'a>,
    /// ln(lhs/rhs) and a bound on its error.
    pub log: f64,
    error: f64,
}

/// Cells to fit together, before it is known whether they can be.
pub(super) struct Candidate<'a> {
    group: String,
    /// Which ratios are fitted, where both extremes are.
    ratios: &'static str,
    /// On which side the slope is judged: of a two-sided bound with a supremum, the largest ratios are
    /// judged from above and the smallest from below.
    binds: Side,
    members: Vec<Sides<'a>>,
    decides: bool,
}

/// What one fit said.
pub(super) struct Fitted<'a> {
    pub evidence: ExponentEvidence,
    /// As in [`Candidate`].
    pub binds: Side,
    pub control: Verdict,
    /// The other control: one record made false.
    pub one_false: Noticed,
    /// The ratio farthest towards the side that binds.
    pub worst: Ratio<'a>,
    /// The record that stands apart from the others.
    pub apart: Option<Ratio<'a>>,
    /// Largest minus smallest ln ratio.
    pub spread: f64,
    pub why: Option<String>,
    /// The ratios that were fitted, one per value and replicate, and the line through them.
    chosen: Vec<Ratio<'a>>,
    line: Line,
}

/// The candidates, group by group: with cells on both sides of the allowed range, those inside and then all
/// of them, for the report.
pub(super) fn candidates<'a>(growth: &Sweep, groups: BTreeMap<Cell, Vec<Sides<'a>>>) -> Vec<Candidate<'a>> {
    let binding: &[Side] = match growth.side {
        Side::Both if !growth.supremum_over.is_empty() => &[Side::Upper, Side::Lower],
        ref side => std::slice::from_ref(side),
    };
    let mut out = Vec::new();
    for (group, members) in groups {
        let inside: Vec<Sides<'a>> = members.iter().copied().filter(|s| s.record.in_range()).collect();
        let outside = members.len() > inside.len();
        for &binds in binding {
            let ratios = match (growth.side, binds) {
                (Side::Both, Side::Upper) => " (largest ratio)",
                (Side::Both, Side::Lower) => " (smallest ratio)",
                _ => "",
            };
            let candidate = |members: &[Sides<'a>], decides| Candidate {
                group: label(&group),
                ratios,
                binds,
                members: members.to_vec(),
                decides,
            };
            if !inside.is_empty() {
                out.push(candidate(&inside, true));
            }
            if outside {
                out.push(candidate(&members, false));
            }
        }
    }
    out
}

impl<'a> Candidate<'a> {
    /// Fits it; `None` for a group that is reported only and cannot be fitted.
    pub(super) fn fit(&self, growth: &Sweep) -> Result<Option<Fitted<'a>>, String> {
        let ratios = self.logarithms()?;
        match self.fit_ratios(growth, &ratios) {
            Err(_) if !self.decides => Ok(None),
            other => other.map(Some),
        }
    }

    /// All its cells, with the line where there is one.
    pub(super) fn series(&self, growth: &Sweep, fitted: Option<&Fitted<'_>>) -> Series {
        let name = growth.symbol();
        let chosen: Option<BTreeSet<usize>> =
            fitted.map(|f| f.chosen.iter().map(|r| r.sides.index).collect());
        let point = |s: &Sides<'_>| SeriesPoint {
            decides: self.decides && chosen.as_ref().is_none_or(|those| those.contains(&s.index)),
            ..s.point(growth.at(s.cell()).real())
        };
        let mut points: Vec<SeriesPoint> = self.members.iter().map(point).collect();
        points.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.cell.cmp(&b.cell)));
        let judged: Vec<&SeriesPoint> = points.iter().filter(|p| p.decides).collect();
        let control = |target: &f64| {
            let words = format!("lhs times a power of {name}: lhs/rhs goes like {name}^{target}");
            let slope = fitted.filter(|_| self.decides)?.line.slope;
            Some(planted(words, &judged, target - slope))
        };
        let controls = planted_exponents(self.binds).iter().filter_map(control).collect();
        let fit = fitted.map(|f| {
            let logs = f.chosen.iter().map(|r| growth.at(r.sides.cell()).real().ln());
            let center = (logs.sum::<f64>() / f.chosen.len() as f64).exp();
            let (lower, upper) = f.line.limits();
            Fit { slope: f.line.slope, intercept: f.line.intercept, lower, upper, center }
        });
        Series {
            group: self.label(),
            parameter: name.to_owned(),
            claimed: self.members.first().map(|s| (growth.claimed)(s.cell())),
            decides: self.decides,
            points,
            fit,
            controls,
        }
    }

    /// The logarithms, without the cells whose left side vanishes to within its certificate.
    fn logarithms(&self) -> Result<Vec<Ratio<'a>>, String> {
        let mut out = Vec::with_capacity(self.members.len());
        for &sides in &self.members {
            let Sides { lhs, rhs, .. } = sides;
            if rhs.value <= rhs.error {
                return Err(format!(
                    "the right side is {} ± {} on {}: it must be positive",
                    rhs.value,
                    rhs.error,
                    sides.cell()
                ));
            }
            if lhs.value < -lhs.error {
                return Err(format!(
                    "the left side is {} on {}: a growth needs positive values",
                    lhs.value,
                    sides.cell()
                ));
            }
            if lhs.value > lhs.error {
                let log = lhs.value.ln() - rhs.value.ln();
                out.push(Ratio { sides, log, error: lhs.log_error() + rhs.log_error() });
            }
        }
        Ok(out)
    }

    fn fit_ratios(&self, growth: &Sweep, ratios: &[Ratio<'a>]) -> Result<Fitted<'a>, String> {
        let binds = self.binds;
        let here = self.here();
        let chosen = extremes(growth, binds, ratios);
        let values = self.values(growth, &chosen, ratios.len())?;
        let value = |r: &Ratio<'_>| growth.at(r.sides.cell()).real();
        let points: Vec<Point> =
            chosen.iter().map(|r| Point { x: value(r).ln(), y: r.log, error: r.error }).collect();
        let line = Line::fit(&points).ok_or("too few points")?;
        let (lower, upper) = line.limits();
        let by_slope = decide(binds, lower, upper);
        let found = outlier::in_a_line(binds, &points);
        let verdict = if found.apart.is_some() { Verdict::Refuted } else { by_slope };
        // The same records with the left side multiplied by a power of the parameter: the slope becomes ±½.
        let plant = |target: &f64| {
            let tilt = |p: &Point| Point { y: p.y + (target - line.slope) * p.x, ..*p };
            let planted = Line::fit(&points.iter().map(tilt).collect::<Vec<_>>());
            planted.map_or(Verdict::Inconclusive, |l| decide(binds, l.limits().0, l.limits().1))
        };
        let control = planted_exponents(binds).iter().map(plant).min().unwrap_or(Verdict::Inconclusive);
        let claimed = (growth.claimed)(chosen[0].sides.cell());
        let direction = if binds == Side::Lower { -1.0 } else { 1.0 };
        let extreme = |a: Ratio<'a>, b: Ratio<'a>| if direction * b.log > direction * a.log { b } else { a };
        let worst = chosen.iter().copied().reduce(extreme).ok_or("no point")?;
        let logs = chosen.iter().map(|r| r.log);
        let spread = logs.clone().fold(f64::NEG_INFINITY, f64::max) - logs.fold(f64::INFINITY, f64::min);
        let evidence = ExponentEvidence {
            parameter: growth.symbol().to_owned(),
            claimed,
            measured: claimed + line.slope,
            lower: claimed + lower,
            upper: claimed + upper,
            group: self.label(),
            values,
            points: points.len(),
            lack_of_fit_p: line.lack_of_fit_p,
            exact: line.exact(),
            onset: None,
            decides: self.decides,
            verdict,
        };
        let name = growth.symbol();
        let why = match (found.apart, by_slope) {
            (Some((place, factor)), _) => Some(format!(
                "{} stands apart: its ratio is {factor:.3} times what the other {} of the sweep{here} say; \
                 either the record is false or the ratio follows no power of {name}",
                chosen[place].sides.cell(),
                count(chosen.len() - 1, "point")
            )),
            (None, Verdict::Refuted) => Some(format!(
                "lhs/rhs goes like {name}^{:.3} (limits {lower:.3} to {upper:.3}){here}, beyond the slack \
                 of {SLACK}",
                line.slope
            )),
            (None, Verdict::Inconclusive) => Some(format!(
                "the limits {lower:.3} to {upper:.3} on the slope of lhs/rhs in {name}{here} contain the \
                 slack of {SLACK}: more cells are needed"
            )),
            _ => None,
        };
        let apart = found.apart.map(|(place, _)| chosen[place]);
        let one_false = found.noticed;
        Ok(Fitted { evidence, binds, control, one_false, worst, apart, spread, why, chosen, line })
    }

    fn label(&self) -> String {
        format!("{}{}", self.group, self.ratios)
    }

    /// " at k=1 R=3", for sentences.
    fn here(&self) -> String {
        if self.group.is_empty() { String::new() } else { format!(" at {}", self.group) }
    }

    /// How many values of the parameter there are, where they are enough to decide and span enough; `usable`
    /// is the number of cells whose left side does not vanish.
    fn values(&self, growth: &Sweep, chosen: &[Ratio<'_>], usable: usize) -> Result<usize, String> {
        let (name, here) = (growth.symbol(), self.here());
        let values: BTreeSet<Value> = chosen.iter().map(|r| growth.at(r.sides.cell())).collect();
        let note = match self.members.len() - usable {
            0 => String::new(),
            vanishing => format!(
                " ({vanishing} cells left out, where the left side vanishes to within its certificate)"
            ),
        };
        match (values.first(), values.last()) {
            (Some(first), Some(last)) if values.len() >= FEWEST_VALUES => {
                if last.real() < LEAST_SPAN * first.real() {
                    return Err(format!(
                        "{name} runs from {first} to {last}{here}{note}: it must span a factor {LEAST_SPAN}"
                    ));
                }
                Ok(values.len())
            }
            _ => Err(format!(
                "only {} values of {name}{here}{note}: at least {FEWEST_VALUES} are needed",
                values.len()
            )),
        }
    }
}

/// One point per value and replicate: the extreme ratio over the parameters of the supremum.
fn extremes<'a>(growth: &Sweep, binds: Side, ratios: &[Ratio<'a>]) -> Vec<Ratio<'a>> {
    if growth.supremum_over.is_empty() {
        return ratios.to_vec();
    }
    let direction = if binds == Side::Lower { -1.0 } else { 1.0 };
    let mut best: BTreeMap<(Value, usize), Ratio<'a>> = BTreeMap::new();
    for r in ratios {
        let cell = r.sides.cell();
        let held = best.entry((growth.at(cell), cell.replicate)).or_insert(*r);
        // What bounds the supremum of one bounds the other: keep the larger error.
        let error = held.error.max(r.error);
        if direction * r.log > direction * held.log {
            *held = *r;
        }
        held.error = error;
    }
    best.into_values().collect()
}

/// What the limits on the slope of ln(lhs/rhs) say.
fn decide(binds: Side, lower: f64, upper: f64) -> Verdict {
    let (grows, may_grow) = match binds {
        Side::Upper => (lower > SLACK, upper >= SLACK),
        Side::Lower => (upper < -SLACK, lower <= -SLACK),
        Side::Both => (lower > SLACK || upper < -SLACK, upper >= SLACK || lower <= -SLACK),
    };
    if grows {
        Verdict::Refuted
    } else if may_grow {
        Verdict::Inconclusive
    } else {
        Verdict::Scales
    }
}

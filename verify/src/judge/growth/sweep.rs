//! One sweep: the cells of a group, and the lines through their logarithms.

use super::copies::copies;
use super::{FEWEST_VALUES, LEAST_SPAN};
use crate::claim::{Cell, Side, Sweep, Value};
use crate::judge::finding::planted_exponents;
use crate::judge::line::{EXACT_SCATTER, Line, Point, Scatter};
use crate::judge::outlier::{self, Found};
use crate::judge::pooled::Slope;
use crate::judge::series::{Fit, Point as SeriesPoint, Series, label, planted};
use crate::judge::sides::Sides;
use crate::judge::{ExponentEvidence, Verdict};
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

/// The lines through ln lhs, ln rhs and ln(lhs/rhs).
pub(super) struct Lines {
    lhs: Line,
    rhs: Line,
    pub ratio: Line,
    points: usize,
    values: usize,
    /// The first value of the parameter.
    pub from: Value,
}

/// Fewest values of the parameter in the end of a sweep that is looked at by itself.
const FEWEST_IN_A_TAIL: usize = 3;

/// What one sweep says.
pub(super) struct Fitted<'a> {
    /// The exponent that is claimed of the right side.
    claimed: f64,
    /// As in [`Candidate`].
    pub binds: Side,
    pub decides: bool,
    group: String,
    /// Over all values, over the upper half of them, over the upper half of those, and so on to the last
    /// [`FEWEST_IN_A_TAIL`].
    pub tails: Vec<Lines>,
    /// A record that stands apart from the others, and how many would have been seen to.
    pub found: Found,
    /// The ratios that were fitted, one per value and replicate.
    pub chosen: Vec<Ratio<'a>>,
    /// Why it supports nothing, whatever the limits are.
    pub defect: Option<String>,
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
    pub(super) fn fit(&self, growth: &Sweep, slack: f64) -> Result<Option<Fitted<'a>>, String> {
        match self.lines(growth, slack) {
            Err(_) if !self.decides => Ok(None),
            other => other.map(Some),
        }
    }

    /// All its cells, with the line where there is one.
    pub(super) fn series(&self, growth: &Sweep, fitted: Option<(&Fitted<'_>, usize)>) -> Series {
        let name = growth.symbol();
        let chosen: Option<BTreeSet<usize>> =
            fitted.map(|(f, tail)| f.judged(growth, tail).map(|r| r.sides.index).collect());
        let point = |s: &Sides<'_>| SeriesPoint {
            decides: self.decides && chosen.as_ref().is_none_or(|those| those.contains(&s.index)),
            ..s.point(growth.at(s.cell()).real())
        };
        let mut points: Vec<SeriesPoint> = self.members.iter().map(point).collect();
        points.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.cell.cmp(&b.cell)));
        let judged: Vec<&SeriesPoint> = points.iter().filter(|p| p.decides).collect();
        let control = |target: &f64| {
            let words = format!("lhs times a power of {name}: lhs/rhs goes like {name}^{target}");
            let (fitted, tail) = fitted.filter(|_| self.decides)?;
            Some(planted(words, &judged, target - fitted.lines(tail).ratio.slope))
        };
        let controls = planted_exponents(self.binds).iter().filter_map(control).collect();
        let fit = fitted.map(|(f, tail)| {
            let line = &f.lines(tail).ratio;
            let logs: Vec<f64> =
                f.judged(growth, tail).map(|r| growth.at(r.sides.cell()).real().ln()).collect();
            let center = (logs.iter().sum::<f64>() / logs.len() as f64).exp();
            let (lower, upper) = line.limits();
            Fit { slope: line.slope, intercept: line.intercept, lower, upper, center }
        });
        let claimed = fitted.map(|(f, _)| f.claimed);
        let claimed = claimed.or_else(|| growth.claims(self.members.first()?.cell()));
        let parameter = name.to_owned();
        Series { group: self.label(), parameter, claimed, decides: self.decides, points, fit, controls }
    }

    /// The logarithms of the cells whose left side does not vanish to within its error, and a sentence about
    /// one that does where the statement cannot do without it.
    fn logarithms(&self, growth: &Sweep) -> Result<(Vec<Ratio<'a>>, Option<String>), String> {
        let mut out = Vec::with_capacity(self.members.len());
        let mut vanishing = Vec::new();
        for &sides in &self.members {
            let Sides { lhs, rhs, .. } = sides;
            let cell = sides.cell();
            if rhs.value <= rhs.error {
                let (r, e) = (rhs.value, rhs.error);
                return Err(format!("the right side is {r} ± {e} on {cell}: it must be positive"));
            }
            if lhs.value < -lhs.error {
                return Err(format!(
                    "the left side is {} on {cell}: a growth needs positive values",
                    lhs.value
                ));
            }
            if lhs.value > lhs.error {
                let log = lhs.value.ln() - rhs.value.ln();
                out.push(Ratio { sides, log, error: lhs.log_error() + rhs.log_error() });
            } else {
                vanishing.push(sides);
            }
        }
        let last = vanishing.into_iter().max_by_key(|s| growth.at(s.cell()));
        let matters = |s: &Sides<'_>| {
            self.binds != Side::Upper || out.iter().all(|r| growth.at(r.sides.cell()) <= growth.at(s.cell()))
        };
        let why = last.filter(matters).map(|s| {
            let Sides { lhs, .. } = s;
            format!(
                "the left side is {} ± {} on {}, where its logarithm says nothing",
                lhs.value,
                lhs.error,
                s.cell()
            )
        });
        Ok((out, why))
    }

    fn lines(&self, growth: &Sweep, slack: f64) -> Result<Fitted<'a>, String> {
        let (mut ratios, vanishing) = self.logarithms(growth)?;
        let copies = copies(&self.members);
        let copied: BTreeSet<usize> = copies.places.iter().map(|&place| self.members[place].index).collect();
        ratios.retain(|r| !copied.contains(&r.sides.index));
        let chosen = extremes(growth, self.binds, &ratios);
        let values = self.values(growth, &chosen, ratios.len() + copied.len())?;
        let mut tails = vec![Lines::through(growth, &chosen, Scatter::OfClusters).ok_or("too few points")?];
        let mut length = values.len();
        while length > FEWEST_IN_A_TAIL {
            length = length.div_ceil(2).max(FEWEST_IN_A_TAIL);
            let from = values[values.len() - length];
            let end: Vec<Ratio<'a>> =
                chosen.iter().copied().filter(|r| growth.at(r.sides.cell()) >= from).collect();
            tails.push(Lines::through(growth, &end, Scatter::OfPoints).ok_or("too few points")?);
        }
        let claimed = growth.claims(chosen[0].sides.cell()).unwrap_or(tails[0].rhs.slope);
        let points: Vec<Point> = chosen.iter().map(|r| r.point(growth)).collect();
        let found = outlier::in_a_line(self.binds, &points);
        let defect = vanishing
            .or_else(|| self.censored(growth))
            .or_else(|| copies.words())
            .or_else(|| constant(&chosen).then(|| self.constant_words()))
            .or_else(|| self.of_the_right_side(growth, claimed, &tails[0].rhs, slack));
        Ok(Fitted {
            claimed,
            binds: self.binds,
            decides: self.decides,
            group: self.label(),
            tails,
            found,
            chosen,
            defect,
        })
    }

    /// A left side that is known from below only leaves an upper bound open, and a lower one where it is not
    /// the last.
    fn censored(&self, growth: &Sweep) -> Option<String> {
        let last = self.members.iter().map(|s| growth.at(s.cell())).max()?;
        let open = |s: &&Sides<'_>| self.binds != Side::Lower || growth.at(s.cell()) < last;
        let s = self.members.iter().filter(|s| s.censored).find(open)?;
        Some(format!("the left side is known to be at least {} on {}, and no more", s.lhs.value, s.cell()))
    }

    fn constant_words(&self) -> String {
        format!(
            "lhs/rhs is one number to rounding on every cell{}: that is an identity, and no growth was \
             measured",
            self.here()
        )
    }

    /// A right side with another exponent than the claimed one is not the right side of the claim.
    fn of_the_right_side(&self, growth: &Sweep, claimed: f64, rhs: &Line, slack: f64) -> Option<String> {
        growth.claims(self.members[0].cell())?;
        let (measured, name) = (rhs.slope, growth.symbol());
        (rhs.estimate().shifted(-claimed).excluding(Side::Both) > slack).then(|| {
            format!(
                "the right side goes like {name}^{measured:.3}{} and not like the claimed \
                 {name}^{claimed:.3}: the bound is not the claim",
                self.here()
            )
        })
    }

    fn label(&self) -> String {
        format!("{}{}", self.group, self.ratios)
    }

    /// " at k=1 R=3", for sentences.
    fn here(&self) -> String {
        at(&self.group)
    }

    /// The values of the parameter, where they are enough to decide and span enough; `usable` is the number
    /// of cells whose left side does not vanish.
    fn values(&self, growth: &Sweep, chosen: &[Ratio<'_>], usable: usize) -> Result<Vec<Value>, String> {
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
                Ok(values.into_iter().collect())
            }
            _ => Err(format!(
                "only {} values of {name}{here}{note}: at least {FEWEST_VALUES} are needed",
                values.len()
            )),
        }
    }
}

impl Ratio<'_> {
    fn point(&self, growth: &Sweep) -> Point {
        Point { x: growth.at(self.sides.cell()).real().ln(), y: self.log, error: self.error }
    }
}

impl Lines {
    fn through(growth: &Sweep, chosen: &[Ratio<'_>], scatter: Scatter) -> Option<Self> {
        let fit = |of: &dyn Fn(&Ratio<'_>) -> (f64, f64)| {
            let point = |r: &Ratio<'_>| {
                let (y, error) = of(r);
                Point { y, error, ..r.point(growth) }
            };
            Line::fit(&chosen.iter().map(point).collect::<Vec<_>>(), scatter)
        };
        let values: BTreeSet<Value> = chosen.iter().map(|r| growth.at(r.sides.cell())).collect();
        Some(Self {
            lhs: fit(&|r| (r.sides.lhs.value.ln(), r.sides.lhs.log_error()))?,
            rhs: fit(&|r| (r.sides.rhs.value.ln(), r.sides.rhs.log_error()))?,
            ratio: fit(&|r| (r.log, r.error))?,
            points: chosen.len(),
            values: values.len(),
            from: *values.first()?,
        })
    }
}

impl<'a> Fitted<'a> {
    /// The lines over the end of the sweep that is judged: all of it at 0, the upper half at 1, and so on.
    pub(super) fn lines(&self, tail: usize) -> &Lines {
        &self.tails[tail.min(self.tails.len() - 1)]
    }

    /// The points by which it is judged.
    pub(super) fn judged<'b>(
        &'b self,
        growth: &'b Sweep,
        tail: usize,
    ) -> impl Iterator<Item = &'b Ratio<'a>> {
        let from = self.lines(tail).from;
        self.chosen.iter().filter(move |r| growth.at(r.sides.cell()) >= from)
    }

    /// The record that stands apart.
    pub(super) fn apart(&self) -> Option<Ratio<'a>> {
        self.found.apart.map(|(place, _)| self.chosen[place])
    }

    /// The ratio farthest towards `side`.
    pub(super) fn extreme(&self, side: Side) -> Ratio<'a> {
        let direction = if side == Side::Lower { -1.0 } else { 1.0 };
        let first = self.chosen[0];
        self.chosen
            .iter()
            .copied()
            .fold(first, |a, b| if direction * b.log > direction * a.log { b } else { a })
    }

    /// Largest minus smallest ln ratio.
    pub(super) fn spread(&self) -> f64 {
        self.extreme(Side::Upper).log - self.extreme(Side::Lower).log
    }

    pub(super) fn evidence(&self, growth: &Sweep, slack: f64, tail: usize) -> ExponentEvidence {
        let lines = self.lines(tail);
        let ratio = lines.ratio.estimate();
        let verdict =
            if self.found.apart.is_some() { Verdict::Refuted } else { ratio.verdict(self.binds, slack) };
        let supported = verdict == Verdict::Scales && self.defect.is_some();
        ExponentEvidence {
            parameter: growth.symbol().to_owned(),
            claimed: self.claimed,
            lhs: lines.lhs.estimate(),
            rhs: lines.rhs.estimate(),
            ratio,
            upper_half: Some(self.lines(1).ratio.estimate()),
            from: (tail > 0).then_some(lines.from),
            group: self.group.clone(),
            values: lines.values,
            points: lines.points,
            lack_of_fit_p: lines.ratio.lack_of_fit_p,
            exact: lines.ratio.exact(),
            onset: None,
            decides: self.decides,
            verdict: if supported { Verdict::Inconclusive } else { verdict },
        }
    }

    /// The slope of lhs/rhs, with its value in place of the measured one where there is a `target`.
    pub(super) fn slope(&self, tail: usize, target: Option<f64>) -> Slope {
        let slope = self.lines(tail).ratio.of_sweep();
        Slope { value: target.unwrap_or(slope.value), ..slope }
    }

    /// " at k=1 R=3", for sentences.
    pub(super) fn here(&self) -> String {
        at(&self.group)
    }
}

fn at(group: &str) -> String {
    if group.is_empty() { String::new() } else { format!(" at {group}") }
}

/// Whether all ratios are one number to rounding.
fn constant(chosen: &[Ratio<'_>]) -> bool {
    let logs = || chosen.iter().map(|r| r.log);
    let (low, high) = (logs().fold(f64::INFINITY, f64::min), logs().fold(f64::NEG_INFINITY, f64::max));
    high - low <= EXACT_SCATTER * high.abs().max(low.abs()).max(1.0)
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

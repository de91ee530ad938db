//! Asymptotic bounds: an exact quantity over a long range of a parameter, judged by its local exponent.
//!
//! The local exponent is the difference of logarithms between neighbouring values of the parameter. A
//! least-squares line would measure the model error of a pure power, so there is none: what counts is the
//! *onset*, the first value from which the local exponent stays within the slack of the claim to the end.
//! Being near the claim at the end is not enough, because exp(c ln²d) passes through every exponent: the
//! local exponent must also approach the claim over the last octave, or its changes from octave to octave
//! must shrink, towards a limit within the slack. A record that stands apart from its neighbours refutes
//! ([`crate::judge::outlier`]): it is no onset.

use super::finding::{Finding, gravest, implied_constant, planted_exponents};
use super::sides::{Sides, groups};
use crate::claim::{Cell, Side, Sweep, Value};
use crate::judge::line::{EXACT_SCATTER, Point as Logarithm};
use crate::judge::outlier::{self, Found, Noticed};
use crate::judge::series::{Fit, Point, Series, constant_error, label, planted};
use crate::judge::{Control, Estimate, ExponentEvidence, Tightness, Verdict};
use crate::text::plural::count;
use escapement::ball::Ball;

/// Fewest local exponents from the onset on.
pub(super) const FEWEST_AFTER_ONSET: usize = 3;

/// A local exponent between two neighbouring values.
#[derive(Clone, Copy)]
struct Local {
    from: Value,
    /// ln of the geometric mean of the two values.
    middle: f64,
    slope: f64,
    error: f64,
}

impl Local {
    fn estimate(&self) -> Estimate {
        let Self { slope: value, error, .. } = *self;
        Estimate { value, lower: value - error, upper: value + error }
    }
}

/// The cells of a group by increasing parameter, with the claimed power of it for the right side.
struct Group<'a> {
    label: String,
    claimed: f64,
    members: Vec<Sides<'a>>,
}

impl<'a> Group<'a> {
    fn new(sweep: &Sweep, cell: &Cell, mut members: Vec<Sides<'a>>) -> Self {
        members.sort_by_key(|s| sweep.at(s.cell()));
        // One constant along the sweep is the exponent 0.
        let claimed = sweep.claims(members[0].cell()).unwrap_or(0.0);
        for s in &mut members {
            s.rhs = Ball { value: sweep.at(s.cell()).real().powf(claimed), error: 0.0 };
        }
        Self { label: label(cell), claimed, members }
    }
}

/// What the cells of one group say.
struct Reading<'a> {
    evidence: ExponentEvidence,
    local: Vec<Local>,
    /// Index of the local exponent from which all are within the slack.
    onset: Option<usize>,
    /// The record that stands apart, or else the last one.
    shown: Sides<'a>,
    apart: bool,
    noticed: Noticed,
    /// How far the limits end before the slack.
    margin: f64,
    why: Option<String>,
}

impl Reading<'_> {
    fn last(&self) -> Local {
        self.local[self.local.len() - 1]
    }
}

/// Judges the statement in every group of cells that differ in the swept parameter only.
pub(super) fn judge(sweep: &Sweep, slack: f64, sides: &[Sides<'_>]) -> Finding {
    let groups = match groups(sweep, sides) {
        Ok(groups) => groups,
        Err(why) => return Finding::inconclusive(why, Vec::new()),
    };
    let mut series = Vec::new();
    let mut readings = Vec::new();
    for (cell, members) in groups {
        let group = Group::new(sweep, &cell, members);
        let reading = read(sweep, slack, &group);
        series.push(in_points(sweep, &group, reading.as_ref().ok()));
        readings.push(reading);
    }
    match readings.into_iter().collect::<Result<Vec<_>, _>>() {
        Ok(readings) => conclude(sweep, slack, &readings, series),
        Err(why) => Finding::inconclusive(why, series),
    }
}

/// Reads the local exponents of a group, or says why there are none.
fn read<'a>(sweep: &Sweep, slack: f64, group: &Group<'a>) -> Result<Reading<'a>, String> {
    let Group { label, claimed, members } = group;
    let (side, name, claimed) = (sweep.side, sweep.symbol(), *claimed);
    let local = local_exponents(sweep, members)?;
    let Decision { verdict: by_slope, onset, .. } = decide(side, slack, claimed, &local);
    let Found { apart, noticed } = look_for_an_outlier(sweep, members);
    let itself = local.iter().all(|l| (l.slope - claimed).abs() <= EXACT_SCATTER);
    let verdict = match apart {
        Some(_) => Verdict::Refuted,
        None if itself && by_slope == Verdict::Scales => Verdict::Inconclusive,
        None => by_slope,
    };
    let at = if label.is_empty() { "" } else { " at " };
    let ends = format!(
        "the local exponent in {name}{at}{label} ends at {:.3}, claimed {claimed:.3}",
        local[local.len() - 1].slope
    );
    let why = match (apart, verdict) {
        (Some((place, factor)), _) => Some(format!(
            "{} stands apart: it is {factor:.3} times what its neighbours among the {} say; either the \
             record is false or the quantity follows no power of {name}",
            members[place].cell(),
            count(members.len(), "value")
        )),
        (None, Verdict::Refuted) => {
            Some(format!("{ends}: farther than {slack} on the last {FEWEST_AFTER_ONSET} steps, and to stay"))
        }
        (None, Verdict::Drifts) => {
            Some(format!("{ends}: it is within {slack}, and drifts away without a limit that is"))
        }
        (None, Verdict::Inconclusive) if itself => Some(format!(
            "the quantity{at}{label} is a constant times {name}^{claimed:.3} to rounding: that is an \
             identity, and no growth was measured"
        )),
        (None, Verdict::Inconclusive) => Some(format!(
            "{ends}, with fewer than {FEWEST_AFTER_ONSET} steps from an onset on, or without a limit \
             in sight"
        )),
        _ => None,
    };
    let (lower, upper) = limits(&local, onset);
    let last = local[local.len() - 1].estimate();
    let lhs = Estimate { lower: lower.min(last.lower), upper: upper.max(last.upper), ..last };
    let ratio = lhs.shifted(-claimed);
    let evidence = ExponentEvidence {
        parameter: name.to_owned(),
        claimed,
        lhs,
        rhs: Estimate::exact(claimed),
        ratio,
        upper_half: None,
        from: None,
        group: label.clone(),
        values: members.len(),
        points: members.len(),
        lack_of_fit_p: None,
        exact: true,
        onset: onset.map(|i| local[i].from),
        decides: true,
        verdict,
    };
    let margin = slack - ratio.beyond(side);
    let shown = members[apart.map_or(members.len() - 1, |(place, _)| place)];
    Ok(Reading { evidence, local, onset, shown, apart: apart.is_some(), noticed, margin, why })
}

fn conclude(sweep: &Sweep, slack: f64, readings: &[Reading<'_>], series: Vec<Series>) -> Finding {
    let all: Vec<&Reading<'_>> = readings.iter().collect();
    let Some(decisive) = gravest(&all, |r| r.evidence.verdict) else {
        return Finding::inconclusive("no cell has the quantity", series);
    };
    // The record that stands apart, in the last group that has one; or the end of the group that is nearest
    // to the slack.
    let nearest = readings.iter().reduce(|a, b| if b.margin < a.margin { b } else { a });
    let shown = readings.iter().rev().find(|r| r.apart).or(nearest);
    let sharper = readings.iter().map(|r| r.evidence.sharper(sweep.side)).fold(f64::INFINITY, f64::min);
    let deciding = series.iter().flat_map(|s| &s.points).filter(|p| p.decides);
    let constant = implied_constant(sweep.side, deciding.map(|p| p.lhs / p.rhs));
    Finding {
        verdict: decisive.evidence.verdict,
        constant,
        constant_error: constant_error(sweep.side, constant, &series),
        tightness: tightness(sweep, slack, readings, sharper),
        control: control(sweep, slack, readings),
        margin: Some(readings.iter().map(|r| r.margin).fold(f64::INFINITY, f64::min)),
        worst: shown.map(|r| (r.shown.index, r.shown.lhs, r.shown.rhs)),
        why: decisive.why.clone(),
        exponents: readings.iter().map(|r| r.evidence.clone()).collect(),
        pooled: Vec::new(),
        series,
    }
}

fn tightness(sweep: &Sweep, slack: f64, readings: &[Reading<'_>], sharper: f64) -> Tightness {
    let name = sweep.symbol();
    let text = match (sweep.side, readings.iter().filter_map(|r| r.evidence.onset).max()) {
        (_, None) => "no onset on these cells".to_owned(),
        (Side::Both, Some(at)) => format!(
            "two-sided: the last local exponent is within {:.3} of the claim; onset at {name} = {at}",
            sharper.abs()
        ),
        (_, Some(at)) if sharper > slack => {
            format!("loose: the exponent could be sharper by {sharper:.3}; onset at {name} = {at}")
        }
        (_, Some(at)) => format!(
            "tight within the slack: the exponent is off by {:.3}; onset at {name} = {at}",
            sharper.abs()
        ),
    };
    Tightness { text, exponent: Some(sharper), constant: None }
}

/// The planted violation, in every group and on each side that binds.
fn control(sweep: &Sweep, slack: f64, readings: &[Reading<'_>]) -> Control {
    let name = sweep.symbol();
    let planted =
        format!("the quantity times a power of {name} that puts its last local exponent ½ beyond the claim");
    let mut control = Control::new(planted, Verdict::Refuted);
    let mut one_false = Noticed::default();
    for reading in readings {
        let claimed = reading.evidence.claimed;
        one_false += reading.noticed;
        for target in planted_exponents(sweep.side) {
            let shift = claimed + target - reading.last().slope;
            let planted: Vec<Local> =
                reading.local.iter().map(|l| Local { slope: l.slope + shift, ..*l }).collect();
            let came_out = decide(sweep.side, slack, claimed, &planted).verdict;
            if came_out != Verdict::Refuted {
                control.verdict = came_out;
                control.description =
                    format!("{}: not refuted at {}", control.description, reading.evidence.group);
            }
        }
    }
    Control { one_false: Some(one_false), ..control }
}

/// The points of a group. The fit is the line through its last two points, whose slope is the last local
/// exponent; what decides are the values from the onset on, or the last two where there is none.
fn in_points(sweep: &Sweep, group: &Group<'_>, reading: Option<&Reading<'_>>) -> Series {
    let name = sweep.symbol();
    let from = reading.map(|r| r.onset.map_or(r.last(), |i| r.local[i]).from);
    let point = |s: &Sides<'_>| {
        let x = sweep.at(s.cell());
        Point { decides: from.is_none_or(|from| x >= from), ..s.point(x.real()) }
    };
    let points: Vec<Point> = group.members.iter().map(point).collect();
    let fit = reading.zip(points.last()).map(|(r, at)| {
        let e = &r.evidence;
        let slope = e.ratio.value;
        let intercept = (at.lhs / at.rhs).ln() - slope * at.x.ln();
        Fit { slope, intercept, lower: e.ratio.lower, upper: e.ratio.upper, center: at.x }
    });
    let tilted = |target: &f64| {
        let words = format!(
            "the quantity times a power of {name} that puts its last local exponent {target} from the claim"
        );
        fit.map(|fit| planted(words, &points.iter().collect::<Vec<_>>(), target - fit.slope))
    };
    let controls = planted_exponents(sweep.side).iter().filter_map(tilted).collect();
    Series {
        group: group.label.clone(),
        parameter: name.to_owned(),
        claimed: Some(group.claimed),
        decides: true,
        points,
        fit,
        controls,
    }
}

/// Looks for a record that stands apart from its neighbours.
fn look_for_an_outlier(sweep: &Sweep, members: &[Sides<'_>]) -> Found {
    let point = |s: &Sides<'_>| Logarithm {
        x: sweep.at(s.cell()).real().ln(),
        y: s.lhs.value.ln(),
        error: s.lhs.log_error(),
    };
    outlier::in_a_sequence(sweep.side, &members.iter().map(point).collect::<Vec<_>>())
}

/// The least and the largest local exponent from the onset on, or of the last few where there is none.
fn limits(local: &[Local], onset: Option<usize>) -> (f64, f64) {
    let tail = &local[onset.unwrap_or(local.len() - FEWEST_AFTER_ONSET)..];
    let lower = tail.iter().map(|l| l.slope - l.error).fold(f64::INFINITY, f64::min);
    (lower, tail.iter().map(|l| l.slope + l.error).fold(f64::NEG_INFINITY, f64::max))
}

/// At least [`FEWEST_AFTER_ONSET`] local exponents.
fn local_exponents(sweep: &Sweep, members: &[Sides<'_>]) -> Result<Vec<Local>, String> {
    let name = sweep.symbol();
    let mut out = Vec::new();
    for w in members.windows(2) {
        let (x, y) = (sweep.at(w[0].cell()), sweep.at(w[1].cell()));
        if x == y {
            return Err(format!("{name} = {x} appears twice, on {} and {}", w[0].cell(), w[1].cell()));
        }
        for s in w {
            let Ball { value, error } = s.lhs;
            if value <= error {
                let cell = s.cell();
                return Err(format!("the quantity is {value} ± {error} on {cell}: it must be positive"));
            }
        }
        let (p, q) = (w[0].lhs, w[1].lhs);
        let run = (y.real() / x.real()).ln();
        out.push(Local {
            from: x,
            middle: 0.5 * (x.real() * y.real()).ln(),
            slope: (q.value / p.value).ln() / run,
            error: (p.log_error() + q.log_error()) / run,
        });
    }
    if out.len() < FEWEST_AFTER_ONSET {
        return Err(format!(
            "only {} values of {name}, e.g. {}: at least {} are needed",
            members.len(),
            members[0].cell(),
            FEWEST_AFTER_ONSET + 1
        ));
    }
    Ok(out)
}

/// What the local exponents say.
struct Decision {
    verdict: Verdict,
    /// Index of the first local exponent from which all are within the slack.
    onset: Option<usize>,
}

/// The verdict from local exponents.
fn decide(side: Side, slack: f64, claimed: f64, local: &[Local]) -> Decision {
    let off = |l: &Local| l.estimate().shifted(-claimed);
    let after = local.iter().rev().take_while(|l| off(l).beyond(side) <= slack).count();
    let last = || local.iter().rev().take(FEWEST_AFTER_ONSET);
    let trend = Trend::of(local, slack);
    let limit = trend.limit.is_some_and(|limit| Estimate::exact(limit - claimed).beyond(side) <= slack);
    if after >= FEWEST_AFTER_ONSET {
        let verdict = if limit || trend.leaves(side) {
            Verdict::Scales
        } else if off(&local[local.len() - 1]).excluding(side) > 0.0 {
            Verdict::Drifts
        } else {
            Verdict::Inconclusive
        };
        Decision { verdict, onset: Some(local.len() - after) }
    } else if last().all(|l| off(l).excluding(side) > slack) && !limit && !trend.crosses(claimed) {
        Decision { verdict: Verdict::Refuted, onset: None }
    } else {
        Decision { verdict: Verdict::Inconclusive, onset: None }
    }
}

/// By how much the change over an octave must be less than the one before, for there to be a limit: those of
/// exp(c ln²d) are equal, those of a logarithm beside a power fall by 0.8 about d = 1000, and those of a
/// correction in 1/d by ½.
const SHRINKING: f64 = 0.95;

/// A change over an octave by less than this share of the slack is none: it would take a hundred octaves to
/// leave the slack.
const STILL: f64 = 0.01;

/// Where the local exponents go.
///
/// They are compared at the end, an octave before and two octaves before (at neighbouring values where these
/// are farther apart, and at thirds of a shorter sweep): with changes Δ_1 and then Δ_2, the limit of a
/// geometric sequence is `e + Δ_2²/(Δ_1 − Δ_2)`, which is that of Richardson's extrapolation with the order
/// measured.
struct Trend {
    /// The last local exponent.
    end: f64,
    /// The change over the last octave; 0 where it does not stand above the errors.
    change: f64,
    /// The limit, if one is in sight.
    limit: Option<f64>,
}

impl Trend {
    fn of(local: &[Local], slack: f64) -> Self {
        let end = local[local.len() - 1];
        let gap = end.middle - local[local.len() - 2].middle;
        let step = std::f64::consts::LN_2.max(gap).min((end.middle - local[0].middle) / 3.0);
        let [e, before, first] = [0.0, step, 2.0 * step].map(|back| interpolated(local, end.middle - back));
        let (old, new) = (before.slope - first.slope, e.slope - before.slope);
        let noise = 2.0 * e.error.max(before.error).max(first.error) + EXACT_SCATTER;
        if new.abs() <= noise.max(STILL * slack) {
            return Self { end: e.slope, change: 0.0, limit: Some(e.slope) };
        }
        let shrinks = new.abs() <= SHRINKING * old.abs();
        Self { end: e.slope, change: new, limit: shrinks.then(|| e.slope + new * new / (old - new)) }
    }

    /// Whether the local exponents move towards the claim, and end beyond it or nowhere: far from their
    /// limit the extrapolation overshoots, and refutes nothing.
    fn crosses(&self, claimed: f64) -> bool {
        let off = self.end - claimed;
        self.change * off < 0.0 && self.limit.is_none_or(|limit| (limit - claimed) * off < 0.0)
    }

    /// Whether the local exponents move away from the side that violates a bound.
    fn leaves(&self, side: Side) -> bool {
        match side {
            Side::Upper => self.change <= 0.0,
            Side::Lower => self.change >= 0.0,
            Side::Both => false,
        }
    }
}

/// The local exponent at `x`, between those whose middles lie on either side.
fn interpolated(local: &[Local], x: f64) -> Local {
    let after = local.iter().position(|l| l.middle >= x).unwrap_or(local.len() - 1);
    let (a, b) = (local[after.saturating_sub(1)], local[after]);
    if b.middle <= a.middle {
        return b;
    }
    let t = ((x - a.middle) / (b.middle - a.middle)).clamp(0.0, 1.0);
    Local { slope: a.slope + t * (b.slope - a.slope), error: a.error.max(b.error), ..b }
}

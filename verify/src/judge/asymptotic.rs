//! Asymptotic bounds: an exact quantity over a long range of a parameter, judged by its local exponent.
//!
//! The local exponent is the difference of logarithms between neighbouring values of the parameter. A
//! least-squares line would measure the model error of a pure power, so there is none: what counts is the
//! *onset*, the first value from which the local exponent stays within ¼ of the claim to the end. A record
//! that stands apart from its neighbours refutes ([`crate::judge::outlier`]): it is no onset.

use crate::claim::bound::Side;
use crate::claim::cell::Cell;
use crate::claim::parameter::Value;
use crate::claim::record::Record;
use crate::claim::sweep::Sweep;
use crate::judge::outlier::{self, Found, Noticed};
use crate::judge::series::{Fit, Point, Series, planted};
use crate::judge::statistics::Point as Logarithm;
use crate::judge::{Control, ExponentEvidence, Finding, PLANTED, SLACK, Tightness, Verdict, label, pairs};
use crate::text::plural::count;
use escapement::ball::Ball;
use std::collections::BTreeMap;

/// Fewest local exponents from the onset on.
pub const FEWEST_AFTER_ONSET: usize = 3;

/// A local exponent between two neighbouring values.
#[derive(Clone, Copy)]
struct Local {
    from: Value,
    slope: f64,
    error: f64,
}

/// Judges the statement in every group of cells that differ in the swept parameter only.
pub fn judge(quantity: &str, asymptotic: &Sweep, records: &[&Record]) -> Finding {
    let values = match pairs(quantity, quantity, records) {
        Ok(pairs) => pairs.into_iter().map(|p| p.0).collect::<Vec<_>>(),
        Err(why) => return Finding::inconclusive(why),
    };
    if let Err(why) = asymptotic.speaks_of(records.iter().map(|r| &r.cell)) {
        return Finding::inconclusive(why);
    }
    let name = asymptotic.symbol();
    let mut exponents = Vec::new();
    let mut verdict = Verdict::Exact;
    let mut why = None;
    let planted =
        format!("the quantity times a power of {name} that puts its last local exponent ½ beyond the claim");
    let mut control = Control::new(planted, Verdict::Refuted);
    let mut one_false = Noticed::default();
    let (mut margin, mut sharper) = (f64::INFINITY, f64::INFINITY);
    let mut worst = (0, f64::INFINITY);
    let mut constant: Option<f64> = None;
    for (group, members) in groups(asymptotic, records) {
        let here = label(&group);
        let local = match local_exponents(&members, &values, asymptotic, records) {
            Ok(local) => local,
            Err(why) => return Finding::inconclusive(why),
        };
        let claimed = (asymptotic.claimed)(&records[members[0]].cell);
        let (by_slope, onset) = decide(asymptotic.side, claimed, &local);
        let Found { apart, noticed } = stands_apart(&members, &values, asymptotic, records);
        one_false += noticed;
        let found = if apart.is_some() { Verdict::Refuted } else { by_slope };
        let last = local[local.len() - 1];
        let (lower, upper) = limits(&local, onset);
        // The planted violation, on each side that binds.
        for target in targets(asymptotic.side) {
            let shift = claimed + target - last.slope;
            let planted: Vec<Local> = local.iter().map(|l| Local { slope: l.slope + shift, ..*l }).collect();
            let came_out = decide(asymptotic.side, claimed, &planted).0;
            if came_out != Verdict::Refuted {
                control.verdict = came_out;
                control.description = format!("{}: not refuted at {here}", control.description);
            }
        }
        let here_margin = match asymptotic.side {
            Side::Upper => claimed + SLACK - upper,
            Side::Lower => lower - (claimed - SLACK),
            Side::Both => (claimed + SLACK - upper).min(lower - (claimed - SLACK)),
        };
        margin = margin.min(here_margin);
        sharper = sharper.min(match asymptotic.side {
            Side::Upper => claimed - last.slope,
            Side::Lower => last.slope - claimed,
            Side::Both => -(last.slope - claimed).abs(),
        });
        // The constant is that of the range where the statement holds.
        let from = onset.map_or(last.from, |i| local[i].from);
        for &i in &members {
            let x = asymptotic.at(&records[i].cell);
            if x >= from {
                let c = values[i].value / x.real().powf(claimed);
                let lowers = asymptotic.side == Side::Lower;
                constant = Some(constant.map_or(c, |old| if lowers { old.min(c) } else { old.max(c) }));
            }
        }
        if let Some((place, _)) = apart {
            worst = (members[place], f64::NEG_INFINITY);
        } else if here_margin < worst.1 {
            worst = (members[members.len() - 1], here_margin);
        }
        if found > verdict {
            verdict = found;
            let limits = format!(
                "the local exponent in {name}{}{here} ends at {:.3}",
                if here.is_empty() { "" } else { " at " },
                last.slope
            );
            why = match (apart, found) {
                (Some((place, factor)), _) => Some(format!(
                    "{} stands apart: it is {factor:.3} times what its neighbours among the {} say; either \
                     the record is false or the quantity follows no power of {name}",
                    records[members[place]].cell,
                    count(members.len(), "value")
                )),
                (None, Verdict::Refuted) => Some(format!(
                    "{limits}, farther than {SLACK} from the claimed {claimed:.3} on the last \
                     {FEWEST_AFTER_ONSET} steps"
                )),
                (None, Verdict::Inconclusive) => Some(format!(
                    "{limits}, claimed {claimed:.3}, with fewer than {FEWEST_AFTER_ONSET} steps from an \
                     onset on"
                )),
                _ => None,
            };
        }
        exponents.push(ExponentEvidence {
            parameter: name.to_owned(),
            claimed,
            measured: last.slope,
            lower,
            upper,
            group: here,
            values: members.len(),
            points: members.len(),
            lack_of_fit_p: None,
            exact: true,
            onset: onset.map(|i| local[i].from),
            decides: true,
            verdict: found,
        });
    }
    let onset = exponents.iter().filter_map(|e| e.onset).max();
    let text = match (asymptotic.side, onset) {
        (_, None) => "no onset on these cells".to_owned(),
        (Side::Both, Some(at)) => {
            format!(
                "two-sided: the last local exponent is within {:.3} of the claim; onset at {name} = {at}",
                sharper.abs()
            )
        }
        (_, Some(at)) if sharper > SLACK => {
            format!("loose: the exponent could be sharper by {sharper:.3}; onset at {name} = {at}")
        }
        (_, Some(at)) => format!(
            "tight within the slack: the exponent is off by {:.3}; onset at {name} = {at}",
            sharper.abs()
        ),
    };
    let rhs = |i: usize| {
        let cell = &records[i].cell;
        Ball { value: asymptotic.at(cell).real().powf((asymptotic.claimed)(cell)), error: 0.0 }
    };
    Finding {
        verdict,
        implied_constant: constant,
        tightness: Tightness { text, exponent: Some(sharper), constant: None },
        exponents,
        control: Control { one_false: Some(one_false), ..control },
        margin: Some(margin),
        worst: Some((worst.0, values[worst.0], rhs(worst.0))),
        why,
    }
}

/// The groups that [`judge`] looks at. The fit of each is the line through its last two points, whose slope
/// is the last local exponent.
pub fn series(quantity: &str, asymptotic: &Sweep, records: &[&Record]) -> Vec<Series> {
    let Ok(pairs) = pairs(quantity, quantity, records) else { return Vec::new() };
    if asymptotic.speaks_of(records.iter().map(|r| &r.cell)).is_err() {
        return Vec::new();
    }
    let values: Vec<Ball> = pairs.into_iter().map(|p| p.0).collect();
    let name = asymptotic.symbol();
    let one = |(group, members): (Cell, Vec<usize>)| {
        let claimed = (asymptotic.claimed)(&records[members[0]].cell);
        let x = |i: usize| asymptotic.at(&records[i].cell).real();
        let local = local_exponents(&members, &values, asymptotic, records).ok();
        let onset = local
            .as_ref()
            .and_then(|local| decide(asymptotic.side, claimed, local).1.map(|i| (i, local[i].from)));
        // As for the implied constant: from the onset on, or the last two where there is none.
        let from = onset.map(|(_, from)| from).or_else(|| local.as_ref().and_then(|l| Some(l.last()?.from)));
        let point = |&i: &usize| {
            let rhs = Ball { value: x(i).powf(claimed), error: 0.0 };
            let decides = from.is_none_or(|from| x(i) >= from.real());
            Point { decides, ..Point::new(i, x(i), values[i], rhs) }
        };
        let points: Vec<Point> = members.iter().map(point).collect();
        let last = local.as_ref().and_then(|local| Some((local, local.last()?, points.last()?)));
        let fit = last.map(|(local, end, at)| {
            let slope = end.slope - claimed;
            let (lower, upper) = limits(local, onset.map(|o| o.0));
            let intercept = (at.lhs / at.rhs).ln() - slope * at.x.ln();
            Fit { slope, intercept, lower: lower - claimed, upper: upper - claimed, center: at.x }
        });
        let tilted = |(target, fit): (&f64, Fit)| {
            let words = format!(
                "the quantity times a power of {name} that puts its last local exponent {target} from the \
                 claim"
            );
            planted(words, &points.iter().collect::<Vec<_>>(), target - fit.slope)
        };
        let controls = fit
            .iter()
            .flat_map(|fit| targets(asymptotic.side).iter().map(move |t| (t, *fit)))
            .map(tilted)
            .collect();
        Series {
            group: label(&group),
            parameter: name.to_owned(),
            claimed: Some(claimed),
            decides: true,
            points,
            fit,
            controls,
        }
    };
    groups(asymptotic, records).into_iter().map(one).collect()
}

/// Cells that differ in the swept parameter and the replicate only, by that parameter.
fn groups(asymptotic: &Sweep, records: &[&Record]) -> BTreeMap<Cell, Vec<usize>> {
    let mut groups: BTreeMap<Cell, Vec<usize>> = BTreeMap::new();
    for (i, r) in records.iter().enumerate() {
        groups.entry(asymptotic.group(&r.cell)).or_default().push(i);
    }
    groups.values_mut().for_each(|members| members.sort_by_key(|&i| asymptotic.at(&records[i].cell)));
    groups
}

/// Looks for a record that stands apart from its neighbours.
fn stands_apart(members: &[usize], values: &[Ball], a: &Sweep, records: &[&Record]) -> Found {
    let point = |&i: &usize| Logarithm {
        x: a.at(&records[i].cell).real().ln(),
        y: values[i].value.ln(),
        error: values[i].log_error(),
    };
    outlier::in_a_sequence(a.side, &members.iter().map(point).collect::<Vec<_>>())
}

/// Exponents off the claim that must come out refuted.
fn targets(side: Side) -> &'static [f64] {
    match side {
        Side::Upper => &[PLANTED],
        Side::Lower => &[-PLANTED],
        Side::Both => &[PLANTED, -PLANTED],
    }
}

/// The least and the largest local exponent from the onset on, or of the last few where there is none.
fn limits(local: &[Local], onset: Option<usize>) -> (f64, f64) {
    let tail = &local[onset.unwrap_or(local.len() - FEWEST_AFTER_ONSET)..];
    let lower = tail.iter().map(|l| l.slope - l.error).fold(f64::INFINITY, f64::min);
    (lower, tail.iter().map(|l| l.slope + l.error).fold(f64::NEG_INFINITY, f64::max))
}

fn local_exponents(
    members: &[usize],
    values: &[Ball],
    a: &Sweep,
    records: &[&Record],
) -> Result<Vec<Local>, String> {
    let name = a.symbol();
    let mut out = Vec::new();
    for w in members.windows(2) {
        let (x, y) = (a.at(&records[w[0]].cell), a.at(&records[w[1]].cell));
        if x == y {
            return Err(format!(
                "{name} = {x} appears twice, on {} and {}",
                records[w[0]].cell, records[w[1]].cell
            ));
        }
        let (p, q) = (values[w[0]], values[w[1]]);
        for (v, i) in [(p, w[0]), (q, w[1])] {
            if v.value <= v.error {
                return Err(format!(
                    "the quantity is {} ± {} on {}: it must be positive",
                    v.value, v.error, records[i].cell
                ));
            }
        }
        let run = (y.real() / x.real()).ln();
        out.push(Local {
            from: x,
            slope: (q.value / p.value).ln() / run,
            error: (p.log_error() + q.log_error()) / run,
        });
    }
    if out.len() < FEWEST_AFTER_ONSET {
        let many = members.len();
        return Err(format!(
            "only {many} values of {name}, e.g. {}: at least {} are needed",
            records[members[0]].cell,
            FEWEST_AFTER_ONSET + 1
        ));
    }
    Ok(out)
}

/// The verdict, and the index of the first local exponent from which all are within the slack.
fn decide(side: Side, claimed: f64, local: &[Local]) -> (Verdict, Option<usize>) {
    let above = |l: &Local| l.slope - claimed;
    // Surely within, and surely beyond.
    let within = |l: &&Local| match side {
        Side::Upper => above(l) + l.error <= SLACK,
        Side::Lower => above(l) - l.error >= -SLACK,
        Side::Both => above(l).abs() + l.error <= SLACK,
    };
    let beyond = |l: &Local| match side {
        Side::Upper => above(l) - l.error > SLACK,
        Side::Lower => above(l) + l.error < -SLACK,
        Side::Both => above(l).abs() - l.error > SLACK,
    };
    let after = local.iter().rev().take_while(within).count();
    if after >= FEWEST_AFTER_ONSET {
        (Verdict::Scales, Some(local.len() - after))
    } else if local.iter().rev().take(FEWEST_AFTER_ONSET).all(beyond) {
        (Verdict::Refuted, None)
    } else {
        (Verdict::Inconclusive, None)
    }
}

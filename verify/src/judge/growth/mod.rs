//! Growth bounds: `lhs/rhs` must not grow along the sweep of one parameter.
//!
//! In each group of cells the logarithm of the ratio is fitted against the logarithm of the parameter
//! ([`crate::judge::statistics::Line`]), and the limits on the slope decide: below ¼ the bound *scales*,
//! above it is *refuted*. So it is by a record that stands apart from the others of its sweep
//! ([`crate::judge::outlier`]). The control is the same fit with the left side multiplied by a power of the
//! parameter that puts the slope at ½.

mod sweep;

use crate::claim::bound::Side;
use crate::claim::record::Record;
use crate::claim::sweep::Sweep;
use crate::judge::outlier::Noticed;
use crate::judge::series::Series;
use crate::judge::{Control, Finding, SLACK, Tightness, Verdict, pairs};
use sweep::{Swept, candidates};

/// Fewest values of the swept parameter that can decide.
pub const FEWEST_VALUES: usize = 5;

/// Least ratio of the largest to the smallest value of the swept parameter.
pub const LEAST_SPAN: f64 = 4.0;

/// Judges `lhs ≲ rhs` (or ≳, or ≍) along `growth.sweep`.
pub fn judge(lhs: &str, rhs: &str, growth: &Sweep, records: &[&Record]) -> Finding {
    let pairs = match pairs(lhs, rhs, records) {
        Ok(pairs) => pairs,
        Err(why) => return Finding::inconclusive(why),
    };
    if let Err(why) = growth.speaks_of(records.iter().map(|r| &r.cell)) {
        return Finding::inconclusive(why);
    }
    let mut sweeps = Vec::new();
    for candidate in candidates(growth, records) {
        match candidate.fit(growth, &pairs, records) {
            Ok(sweep) => sweeps.extend(sweep),
            Err(why) => return Finding::inconclusive(why),
        }
    }
    conclude(growth, sweeps)
}

/// The groups that [`judge`] fits, with all their cells; records that lack a side have no series.
pub fn series(lhs: &str, rhs: &str, growth: &Sweep, records: &[&Record]) -> Vec<Series> {
    let Ok(pairs) = pairs(lhs, rhs, records) else { return Vec::new() };
    if growth.speaks_of(records.iter().map(|r| &r.cell)).is_err() {
        return Vec::new();
    }
    candidates(growth, records).iter().map(|c| c.series(growth, &pairs, records)).collect()
}

fn conclude(growth: &Sweep, sweeps: Vec<Swept>) -> Finding {
    let name = growth.symbol();
    let deciding: Vec<&Swept> = sweeps.iter().filter(|s| s.evidence.decides).collect();
    let Some(first) = deciding.first() else {
        let mut found =
            Finding::inconclusive("no cell lies in the allowed range: growth outside it is reported only");
        found.exponents = sweeps.into_iter().map(|s| s.evidence).collect();
        return found;
    };
    let gravest = deciding
        .iter()
        .copied()
        .fold(*first, |a, b| if b.evidence.verdict > a.evidence.verdict { b } else { a });
    let powerless = deciding.iter().find(|s| s.control != Verdict::Refuted);
    let lower_side = growth.side == Side::Lower;
    let direction = if lower_side { -1.0 } else { 1.0 };
    let mut worst = first.worst;
    for s in deciding.iter().filter(|s| lower_side || s.sign >= 0.0) {
        if direction * s.worst.log > direction * worst.log {
            worst = s.worst;
        }
    }
    // The cell that refutes is the one that stands apart, or the one with the extreme ratio in the sweep that
    // does.
    let shown = if gravest.evidence.verdict == Verdict::Refuted {
        gravest.apart.unwrap_or(gravest.worst)
    } else {
        worst
    };
    // How far the limit is on the safe side of the claim, and of the slack.
    let reach = |s: &&Swept| {
        let e = &s.evidence;
        let (above, below) = (e.upper - e.claimed, e.claimed - e.lower);
        match s.sign {
            s if s > 0.0 => above,
            s if s < 0.0 => below,
            _ => above.max(below),
        }
    };
    let reach = deciding.iter().map(reach).fold(f64::NEG_INFINITY, f64::max);
    let gap = |s: &&Swept| {
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
        _ if gravest.apart.is_some() => format!("contradicted by one record of a sweep of {name}"),
        _ if gravest.evidence.verdict == Verdict::Refuted => {
            format!("false here: the measured exponent of {name} misses the claimed one by {:.3}", gap.abs())
        }
        _ if gravest.evidence.verdict == Verdict::Inconclusive => {
            format!("undecided: the measured exponent of {name} is {:.3} from the claimed one", gap.abs())
        }
        Side::Both => format!(
            "two-sided: the measured exponent of {name} is within {:.3} of the claimed one",
            gap.abs()
        ),
        _ if -reach > SLACK => format!(
            "loose: the exponent of {name} could be sharper by {gap:.3}; sharpened by more than {until:.3} \
             it would be refuted"
        ),
        _ if gap.abs() > SLACK => {
            format!("the limits on the exponent of {name} reach the slack; it could be sharper by {gap:.3}")
        }
        _ => format!(
            "tight within the slack: the exponent of {name} is off by {:.3}; sharpened by more than \
             {until:.3} it would be refuted",
            gap.abs()
        ),
    };
    let planted = match growth.side {
        Side::Upper => format!("lhs times a power of {name} that makes lhs/rhs grow like {name}^½"),
        Side::Lower => format!("lhs times a power of {name} that makes lhs/rhs fall like {name}^-½"),
        Side::Both => {
            format!("lhs times a power of {name} that makes lhs/rhs go like {name}^½, and like {name}^-½")
        }
    };
    let mut one_false = Noticed::default();
    deciding.iter().for_each(|s| one_false += s.one_false);
    let (description, verdict) = match powerless {
        Some(s) => (format!("{planted}: not refuted at {}", s.evidence.group), s.control),
        None => (
            format!("{planted}: refuted in {} of {} sweeps", deciding.len(), deciding.len()),
            Verdict::Refuted,
        ),
    };
    let control = Control { one_false: Some(one_false), ..Control::new(description, verdict) };
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

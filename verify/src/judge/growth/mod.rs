//! Growth bounds: `lhs/rhs` must not grow along the sweep of one parameter.
//!
//! In each group of cells the logarithm of the ratio is fitted against the logarithm of the parameter
//! ([`crate::judge::line::Line`]), and the limits on the slope decide: below ¼ the bound *scales*,
//! above it is *refuted*. So it is by a record that stands apart from the others of its sweep
//! ([`crate::judge::outlier`]). The control is the same fit with the left side multiplied by a power of the
//! parameter that puts the slope at ½.

mod sweep;

use super::finding::{Finding, gravest};
use super::sides::{Sides, groups};
use crate::claim::{Side, Sweep};
use crate::judge::outlier::Noticed;
use crate::judge::series::{Series, constant_error};
use crate::judge::{Control, SLACK, Tightness, Verdict};
use sweep::{Fitted, candidates};

/// Fewest values of the swept parameter that can decide.
const FEWEST_VALUES: usize = 5;

/// Least ratio of the largest to the smallest value of the swept parameter.
const LEAST_SPAN: f64 = 4.0;

/// Judges `lhs ≲ rhs` (or ≳, or ≍) along the sweep.
pub(super) fn judge(growth: &Sweep, sides: &[Sides<'_>]) -> Finding {
    let groups = match groups(growth, sides) {
        Ok(groups) => groups,
        Err(why) => return Finding::inconclusive(why, Vec::new()),
    };
    let mut series = Vec::new();
    let mut fits = Vec::new();
    for candidate in candidates(growth, groups) {
        let fitted = candidate.fit(growth);
        series.push(candidate.series(growth, fitted.as_ref().ok().and_then(Option::as_ref)));
        fits.push(fitted);
    }
    match fits.into_iter().collect::<Result<Vec<_>, _>>() {
        Ok(fits) => conclude(growth, &fits.into_iter().flatten().collect::<Vec<_>>(), series),
        Err(why) => Finding::inconclusive(why, series),
    }
}

fn conclude(growth: &Sweep, sweeps: &[Fitted<'_>], series: Vec<Series>) -> Finding {
    let exponents = sweeps.iter().map(|s| s.evidence.clone()).collect();
    let deciding: Vec<&Fitted<'_>> = sweeps.iter().filter(|s| s.evidence.decides).collect();
    let Some(decisive) = gravest(&deciding, |s| s.evidence.verdict) else {
        let why = "no cell lies in the allowed range: growth outside it is reported only";
        return Finding { exponents, ..Finding::inconclusive(why, series) };
    };
    let lower_side = growth.side == Side::Lower;
    let direction = if lower_side { -1.0 } else { 1.0 };
    let mut worst = deciding[0].worst;
    for s in deciding.iter().filter(|s| lower_side || s.binds != Side::Lower) {
        if direction * s.worst.log > direction * worst.log {
            worst = s.worst;
        }
    }
    // The cell that refutes is the one that stands apart, or the one with the extreme ratio in the sweep
    // that does.
    let refuted = decisive.evidence.verdict == Verdict::Refuted;
    let shown = if refuted { decisive.apart.unwrap_or(decisive.worst) } else { worst }.sides;
    let reach = deciding.iter().map(|s| s.evidence.beyond(s.binds)).fold(f64::NEG_INFINITY, f64::max);
    let spread = deciding.iter().map(|s| s.spread).fold(0.0, f64::max);
    let sharper = deciding.iter().map(|s| s.evidence.sharper(s.binds)).fold(f64::INFINITY, f64::min);
    let constant = Some(worst.log.exp());
    Finding {
        verdict: decisive.evidence.verdict,
        constant,
        constant_error: constant_error(growth.side, constant, &series),
        tightness: Tightness {
            text: tightness(growth, decisive, &deciding, sharper, reach),
            exponent: Some(sharper),
            constant: Some(spread.exp()),
        },
        control: control(growth, &deciding),
        margin: Some(SLACK - reach),
        worst: Some((shown.index, shown.lhs, shown.rhs)),
        why: decisive.why.clone(),
        exponents,
        series,
    }
}

/// How much sharper the exponent could be, in words; `reach` is how far the limits lie beyond the claim.
fn tightness(
    growth: &Sweep,
    decisive: &Fitted<'_>,
    deciding: &[&Fitted<'_>],
    sharper: f64,
    reach: f64,
) -> String {
    let (name, off) = (growth.symbol(), sharper.abs());
    // Sharpened by δ, the slope grows by δ; the data refute it once the lower limit passes the slack.
    let until = |s: &&Fitted<'_>| {
        let e = &s.evidence;
        SLACK - if s.binds == Side::Lower { e.claimed - e.upper } else { e.lower - e.claimed }
    };
    let until = deciding.iter().map(until).fold(f64::INFINITY, f64::min);
    match growth.side {
        _ if decisive.apart.is_some() => format!("contradicted by one record of a sweep of {name}"),
        _ if decisive.evidence.verdict == Verdict::Refuted => {
            format!("false here: the measured exponent of {name} misses the claimed one by {off:.3}")
        }
        _ if decisive.evidence.verdict == Verdict::Inconclusive => {
            format!("undecided: the measured exponent of {name} is {off:.3} from the claimed one")
        }
        Side::Both => {
            format!("two-sided: the measured exponent of {name} is within {off:.3} of the claimed one")
        }
        _ if -reach > SLACK => format!(
            "loose: the exponent of {name} could be sharper by {sharper:.3}; sharpened by more than \
             {until:.3} it would be refuted"
        ),
        _ if off > SLACK => format!(
            "the limits on the exponent of {name} reach the slack; it could be sharper by {sharper:.3}"
        ),
        _ => format!(
            "tight within the slack: the exponent of {name} is off by {off:.3}; sharpened by more than \
             {until:.3} it would be refuted"
        ),
    }
}

/// What came out of the planted powers, and of records made false one at a time.
fn control(growth: &Sweep, deciding: &[&Fitted<'_>]) -> Control {
    let name = growth.symbol();
    let planted = match growth.side {
        Side::Upper => format!("lhs times a power of {name} that makes lhs/rhs grow like {name}^½"),
        Side::Lower => format!("lhs times a power of {name} that makes lhs/rhs fall like {name}^-½"),
        Side::Both => {
            format!("lhs times a power of {name} that makes lhs/rhs go like {name}^½, and like {name}^-½")
        }
    };
    let (description, verdict) = match deciding.iter().find(|s| s.control != Verdict::Refuted) {
        Some(s) => (format!("{planted}: not refuted at {}", s.evidence.group), s.control),
        None => {
            let sweeps = deciding.len();
            (format!("{planted}: refuted in {sweeps} of {sweeps} sweeps"), Verdict::Refuted)
        }
    };
    let mut one_false = Noticed::default();
    deciding.iter().for_each(|s| one_false += s.one_false);
    Control { one_false: Some(one_false), ..Control::new(description, verdict) }
}

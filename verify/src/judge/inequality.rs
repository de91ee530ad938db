//! Inequalities with explicit constants: decided cell by cell, by the certificates of the two sides.

use super::finding::{Finding, implied_constant};
use super::sides::Sides;
use crate::claim::{Check, Neighbour, Record, Side};
use crate::judge::neighbours::{control, largest, one_false, series};
use crate::judge::series::constant_error;
use crate::judge::{Control, Tightness, Verdict};
use escapement::ball::Ball;

/// How the two sides are compared.
#[derive(Clone, Copy)]
struct Comparison {
    side: Side,
    strict: bool,
}

impl Comparison {
    fn sign(self) -> &'static str {
        match (self.side, self.strict) {
            (Side::Upper, false) => "≤",
            (Side::Upper, true) => "<",
            (Side::Lower, false) => "≥",
            (Side::Lower, true) => ">",
            (Side::Both, _) => "=",
        }
    }

    /// By how much lhs exceeds rhs, in the direction that violates.
    fn surplus(self, l: Ball, r: Ball) -> f64 {
        match self.side {
            Side::Upper => l.value - r.value,
            Side::Lower => r.value - l.value,
            Side::Both => (l.value - r.value).abs(),
        }
    }

    /// Whether the surplus lies beyond the certificate of the difference.
    fn violated(self, l: Ball, r: Ball) -> bool {
        let (surplus, certificate) = (self.surplus(l, r), l.error + r.error);
        if self.strict { surplus >= certificate } else { surplus > certificate }
    }

    /// Whether the intervals of the two sides contain both answers, or a left side that is known from below
    /// only leaves them open. Two exact numbers are never open.
    fn open(self, sides: &Sides<'_>) -> bool {
        let (l, r) = (sides.lhs, sides.rhs);
        let (surplus, certificate) = (self.surplus(l, r), l.error + r.error);
        let overlap = if self.strict { surplus >= -certificate } else { surplus > -certificate };
        let unknown = sides.censored && self.side != Side::Lower;
        !self.violated(l, r) && (overlap || unknown)
    }
}

/// `lhs ≤ rhs` (or ≥) on every cell of the allowed range, up to the certificates. Where every rhs is 0 the
/// statement is one of sign, and the implied constant is the extreme of lhs itself.
pub(super) fn judge(
    check: Check,
    side: Side,
    strict: bool,
    neighbours: &[Neighbour],
    decides: &dyn Fn(&Record) -> bool,
    sides: &[Sides<'_>],
) -> Finding {
    let series = series(neighbours, decides, sides);
    let sides: Vec<Sides<'_>> = sides.iter().copied().filter(|s| decides(s.record)).collect();
    if sides.is_empty() {
        return Finding::inconclusive("no cell lies in the allowed range", series);
    }
    let compare = Comparison { side, strict };
    let sign = sides.iter().all(|s| s.rhs.value == 0.0);
    let scale = |r: Ball| if sign { 1.0 } else { r.value.abs().max(f64::MIN_POSITIVE) };
    let broken = sides.iter().filter(|s| compare.violated(s.lhs, s.rhs)).count();
    // Where the inequality is violated, the worst is a cell that violates it beyond its certificate.
    let scaled = |&Sides { lhs, rhs, .. }: &Sides<'_>| {
        let counts = broken == 0 || compare.violated(lhs, rhs);
        if counts { compare.surplus(lhs, rhs) / scale(rhs) } else { f64::NEG_INFINITY }
    };
    let (worst, surplus_ratio) = largest(sides.iter().map(scaled));
    let ratios = sides.iter().filter(|s| sign || s.rhs.value > 0.0).map(|s| s.lhs.value / scale(s.rhs));
    let constant = implied_constant(side, ratios);
    let Sides { index, lhs, rhs, .. } = sides[worst];
    let (cell, cells) = (sides[worst].cell(), sides.len());
    // What is a theorem about the number computed cannot be open: there the errors are those of the program.
    let open: Vec<&Sides<'_>> = sides.iter().filter(|s| check == Check::Paper && compare.open(s)).collect();
    let (verdict, why) = if broken > 0 {
        let (l, comparison, r) = (lhs.value, compare.sign(), rhs.value);
        let why = format!("{l} {comparison} {r} fails on {broken} of {cells} cells, worst on {cell}");
        (Verdict::Refuted, Some(why))
    } else if let Some(first) = open.first() {
        let Sides { lhs, rhs, .. } = first;
        let why = format!(
            "{} ± {:.1e} {} {} ± {:.1e} is open: both answers lie within the errors on {} of {cells} cells, \
             e.g. {}",
            lhs.value,
            lhs.error,
            compare.sign(),
            rhs.value,
            rhs.error,
            open.len(),
            first.cell()
        );
        (Verdict::Inconclusive, Some(why))
    } else {
        (Verdict::Holds, None)
    };
    let violated = |l, r| compare.violated(l, r);
    Finding {
        verdict,
        constant,
        constant_error: constant_error(side, constant, &series),
        tightness: tightness(side, sign, constant, broken > 0),
        exponents: Vec::new(),
        pooled: Vec::new(),
        control: Control {
            one_false: (!sign).then(|| one_false(&sides, side, violated)),
            ..control(neighbours, &sides, violated, Verdict::Holds)
        },
        margin: Some(-surplus_ratio),
        worst: Some((index, lhs, rhs)),
        why,
        series,
    }
}

/// By which factor the right side could be sharper; for a statement of sign, how near lhs comes to 0.
fn tightness(side: Side, sign: bool, constant: Option<f64>, broken: bool) -> Tightness {
    let sharper = constant.filter(|_| !sign).and_then(|c| match side {
        Side::Lower => Some(c),
        Side::Upper | Side::Both => (c > 0.0).then(|| 1.0 / c),
    });
    let text = match sharper {
        None if sign => format!("the left side comes as close to 0 as {:.3e}", constant.unwrap_or(0.0)),
        Some(c) if (0.99..=1.01).contains(&c) && broken => "missed by less than one percent".to_owned(),
        Some(c) if (0.99..=1.01).contains(&c) => "tight: attained to within one percent".to_owned(),
        Some(c) if c > 1.0 => format!("the right side could be {c:.3} times sharper on these cells"),
        Some(c) if broken => format!("violated by a factor {:.3}", 1.0 / c),
        Some(c) => format!("open within the errors: a value is {:.3} times the right side", 1.0 / c),
        None => "the left side vanishes, or the right side is not positive".to_owned(),
    };
    Tightness { text, exponent: None, constant: sharper }
}

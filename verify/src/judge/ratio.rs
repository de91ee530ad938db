//! How near a single record comes to violating a bound, as one number: what is watched while a run goes on.
//! The verdict is made from all records together, by the judges, and never from this.

use crate::claim::{Bound, Kind, Record, Side};
use escapement::ball::Ball;

/// A ratio that a record has in a bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// - identity: `|lhs − rhs|` over its certificate;
    /// - inequality: `lhs/rhs`, or `rhs/lhs` where the right side is a lower bound;
    /// - growth: the same, in which the constant of the bound is not known.
    pub value: f64,
    /// Whether the value violates the bound: above 1 in an identity or an inequality, beyond the errors of
    /// both sides.
    pub violated: bool,
}

/// The ratio of `record` in `bound`; none where the bound does not speak of the cell, where a quantity is
/// missing or a denominator not positive, and for the kinds of which one record says nothing (asymptotics
/// and probabilities).
pub fn ratio(bound: &Bound, record: &Record) -> Option<Ratio> {
    if !bound.selects(&record.cell) || !record.in_range() {
        return None;
    }
    let sides = |lhs: &str, rhs: &str| Some((record.get(lhs)?, record.get(rhs)?));
    let found = match &bound.kind {
        Kind::Identity { lhs, rhs, .. } => {
            let (l, r) = sides(lhs, rhs)?;
            let (difference, certificate) = ((l.value - r.value).abs(), l.error + r.error);
            Ratio { value: l.excess(r), violated: difference > certificate }
        }
        Kind::Inequality { lhs, rhs, side, .. } => {
            let (small, large) = ordered(sides(lhs, rhs)?, *side);
            let violated = small.value - small.error > large.value + large.error;
            Ratio { value: quotient(small, large)?, violated }
        }
        Kind::Growth { lhs, rhs, sweep } => {
            let (small, large) = ordered(sides(lhs, rhs)?, sweep.side);
            Ratio { value: quotient(small, large)?, violated: false }
        }
        Kind::Asymptotic { .. } | Kind::Probability { .. } => return None,
    };
    (!found.value.is_nan()).then_some(found)
}

/// The side that is to be the smaller one, first.
fn ordered((lhs, rhs): (Ball, Ball), side: Side) -> (Ball, Ball) {
    if side == Side::Lower { (rhs, lhs) } else { (lhs, rhs) }
}

fn quotient(small: Ball, large: Ball) -> Option<f64> {
    (large.value > 0.0).then(|| small.value / large.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::bound::Neighbour;
    use crate::claim::cell::Cell;
    use crate::claim::parameter::Parameter;
    use crate::claim::record::Measurement;
    use crate::claim::sweep::Sweep;

    fn record(lhs: (f64, f64), rhs: (f64, f64)) -> Record {
        let cell = Cell::new("made-up", "part").with(Parameter::M, 10);
        let measurement = Measurement::new().quantity("lhs", lhs.0, lhs.1).quantity("rhs", rhs.0, rhs.1);
        Record { source: String::new(), seed: 0, cell, measurement }
    }

    #[test]
    fn above_one_is_a_violation_of_what_has_explicit_constants() {
        let neighbour = || Neighbour::rhs("false", "");
        let below = |side| Bound::inequality("below", "", "lhs", side, "rhs", neighbour());
        let same = Bound::identity("same", "", "lhs", "rhs", neighbour());
        let growth = Bound::growth("rate", "", "lhs", "rhs", Sweep::lower(Parameter::M, |_| 0.0));
        let of = |bound: &Bound, lhs, rhs| ratio(bound, &record(lhs, rhs)).map(|r| (r.value, r.violated));
        assert_eq!(of(&below(Side::Upper), (3.0, 0.0), (2.0, 0.0)), Some((1.5, true)));
        assert_eq!(of(&below(Side::Lower), (3.0, 0.0), (1.5, 0.0)), Some((0.5, false)));
        assert_eq!(of(&below(Side::Upper), (3.0, 1.0), (2.0, 0.5)), Some((1.5, false)), "within the errors");
        assert_eq!(of(&same, (1.0, 0.25), (1.5, 0.0)), Some((2.0, true)));
        assert_eq!(of(&same, (1.0, 0.0), (1.0, 0.0)), Some((0.0, false)));
        assert_eq!(of(&growth, (2.0, 0.0), (8.0, 0.0)), Some((4.0, false)));
        assert_eq!(of(&below(Side::Upper), (1.0, 0.0), (0.0, 0.0)), None);
        assert_eq!(of(&below(Side::Upper).part("another"), (1.0, 0.0), (2.0, 0.0)), None);
    }
}

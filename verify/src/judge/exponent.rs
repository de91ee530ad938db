//! Exponents, claimed and measured, and which of several comes nearest to violating its claim.

use super::verdict::Verdict;
use crate::claim::{Side, Value};
use escapement::tolerance::FINITE_SIZE;
use serde::{Deserialize, Serialize};

/// A slope with its limits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// The slope.
    pub value: f64,
    /// Lower limit on it.
    pub lower: f64,
    /// Upper limit on it.
    pub upper: f64,
}

impl Estimate {
    /// The slope that is known without error.
    pub fn exact(value: f64) -> Self {
        Self { value, lower: value, upper: value }
    }

    /// With `shift` added to the slope.
    #[must_use]
    pub fn shifted(self, shift: f64) -> Self {
        Self { value: self.value + shift, lower: self.lower + shift, upper: self.upper + shift }
    }

    /// How far its limits reach beyond 0 on the side on which a bound binds; negative where they end before.
    pub fn beyond(self, side: Side) -> f64 {
        match side {
            Side::Upper => self.upper,
            Side::Lower => -self.lower,
            Side::Both => self.upper.max(-self.lower),
        }
    }

    /// By how much its limits leave out 0 on the side that violates a bound; negative where they contain 0
    /// or lie on the allowed side.
    pub fn excluding(self, side: Side) -> f64 {
        match side {
            Side::Upper => self.lower,
            Side::Lower => -self.upper,
            Side::Both => self.lower.max(-self.upper),
        }
    }

    /// What the slope of ln(lhs/rhs) says of a bound on this side.
    pub fn verdict(self, side: Side, slack: f64) -> Verdict {
        let (beyond, excluding) = (self.beyond(side), self.excluding(side));
        if excluding > slack {
            Verdict::Refuted
        } else if excluding > FINITE_SIZE {
            Verdict::Drifts
        } else if beyond <= slack {
            Verdict::Scales
        } else {
            Verdict::Inconclusive
        }
    }
}

/// One exponent, claimed and measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExponentEvidence {
    /// The swept parameter.
    pub parameter: String,
    /// The exponent that the statement claims of the right side; where it claims one constant along the
    /// sweep and no power, the one that the right side was measured to have.
    pub claimed: f64,
    /// The measured exponent of the left side; for an asymptotic statement the last local exponent.
    pub lhs: Estimate,
    /// That of the right side.
    pub rhs: Estimate,
    /// That of lhs/rhs.
    pub ratio: Estimate,
    /// That of lhs/rhs over the upper half of the sweep.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub upper_half: Option<Estimate>,
    /// The value of the parameter from which on the exponents were measured, where the whole sweep bends.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from: Option<Value>,
    /// The cells it was measured on, e.g. "k=1 R=3 tanh:0.5".
    pub group: String,
    /// How many values of the parameter.
    pub values: usize,
    /// How many points.
    pub points: usize,
    /// Probability of so large a departure from a line, where one can be given.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lack_of_fit_p: Option<f64>,
    /// The points lie on a line to rounding: the limits are not statistical.
    pub exact: bool,
    /// First value of the parameter from which an asymptotic statement holds to the end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub onset: Option<Value>,
    /// False for a sweep outside the allowed set, which is reported and decides nothing.
    pub decides: bool,
    /// What this sweep alone says.
    pub verdict: Verdict,
}

impl ExponentEvidence {
    /// How far the limits on lhs/rhs reach beyond the claim, on the side on which that binds; negative where
    /// they end before it, and −∞ for an exponent that decides nothing.
    pub fn beyond(&self, side: Side) -> f64 {
        if self.decides { self.ratio.beyond(side) } else { f64::NEG_INFINITY }
    }

    /// By how much lhs/rhs is sharper than claimed; negative where it is less sharp.
    pub(super) fn sharper(&self, side: Side) -> f64 {
        match side {
            Side::Upper => -self.ratio.value,
            Side::Lower => self.ratio.value,
            Side::Both => -self.ratio.value.abs(),
        }
    }

    /// Of some exponents the one that comes nearest to violating the claim, or violates it most. One that
    /// lies far on the allowed side says that the claim is loose, and is not news.
    pub fn nearest<'a>(side: Side, exponents: impl IntoIterator<Item = &'a Self>) -> Option<&'a Self> {
        exponents.into_iter().max_by(|a, b| a.beyond(side).total_cmp(&b.beyond(side)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exponent(group: &str, lower: f64, upper: f64, decides: bool) -> ExponentEvidence {
        let ratio = Estimate { value: 0.5 * (lower + upper), lower, upper };
        ExponentEvidence {
            parameter: "m".to_owned(),
            claimed: 1.0,
            lhs: ratio.shifted(1.0),
            rhs: Estimate::exact(1.0),
            ratio,
            upper_half: None,
            from: None,
            group: group.to_owned(),
            values: 5,
            points: 10,
            lack_of_fit_p: None,
            exact: false,
            onset: None,
            decides,
            verdict: Verdict::Scales,
        }
    }

    #[test]
    fn the_nearest_exponent_is_the_one_on_the_side_that_binds() {
        let all = [
            exponent("far below", -2.0, -1.5, true),
            exponent("just above", -0.05, 0.125, true),
            exponent("far above", 0.5, 0.75, true),
            exponent("outside", -9.0, 9.0, false),
        ];
        let of = |side: Side, from: &[ExponentEvidence]| {
            ExponentEvidence::nearest(side, from).map(|e| e.group.clone()).unwrap_or_default()
        };
        assert_eq!(of(Side::Upper, &all), "far above");
        assert_eq!(of(Side::Lower, &all), "far below");
        assert_eq!(of(Side::Both, &all), "far below");
        // What is far on the allowed side is not the nearest, though it reaches farther from the claim.
        assert_eq!(of(Side::Upper, &all[..2]), "just above");
        assert_eq!(of(Side::Lower, &all[1..]), "just above");
        assert_eq!((all[0].beyond(Side::Upper), all[0].beyond(Side::Lower)), (-1.5, 2.0));
        assert!(ExponentEvidence::nearest(Side::Both, &[]).is_none());
    }

    #[test]
    fn limits_decide_on_the_side_that_binds() {
        use Verdict::{Drifts, Inconclusive, Refuted, Scales};
        let verdicts = |lower: f64, upper: f64| {
            let slope = Estimate { value: 0.5 * (lower + upper), lower, upper };
            [Side::Upper, Side::Lower, Side::Both].map(|side| slope.verdict(side, 0.1))
        };
        assert_eq!(verdicts(-0.05, 0.05), [Scales; 3]);
        assert_eq!(verdicts(-0.05, 0.15), [Inconclusive, Scales, Inconclusive]);
        assert_eq!(verdicts(0.01, 0.08), [Scales; 3]);
        assert_eq!(verdicts(0.03, 0.15), [Drifts, Scales, Drifts]);
        assert_eq!(verdicts(0.11, 0.15), [Refuted, Scales, Refuted]);
        assert_eq!(verdicts(-0.15, -0.11), [Scales, Refuted, Refuted]);
        assert_eq!(verdicts(-0.15, 0.15), [Inconclusive; 3]);
    }
}

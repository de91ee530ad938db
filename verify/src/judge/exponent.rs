//! Exponents, claimed and measured, and which of several comes nearest to violating its claim.

use super::verdict::Verdict;
use crate::claim::{Side, Value};
use serde::{Deserialize, Serialize};

/// One exponent, claimed and measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExponentEvidence {
    /// The swept parameter.
    pub parameter: String,
    /// The exponent that the statement claims.
    pub claimed: f64,
    /// The claimed exponent plus the slope of ln(lhs/rhs); for an asymptotic statement the last local
    /// exponent.
    pub measured: f64,
    /// Lower limit on it.
    pub lower: f64,
    /// Upper limit on it.
    pub upper: f64,
    /// The cells it was measured on, e.g. "k=1 R=3 tanh:0.5".
    pub group: String,
    /// How many values of the parameter.
    pub values: usize,
    /// How many points.
    pub points: usize,
    /// p-value of the lack-of-fit test, where there are replicates.
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
    /// How far its limits reach beyond the claimed exponent, on the side on which that binds; negative where
    /// they end before it, and −∞ for an exponent that decides nothing.
    pub fn beyond(&self, side: Side) -> f64 {
        let (above, below) = (self.upper - self.claimed, self.claimed - self.lower);
        match side {
            _ if !self.decides => f64::NEG_INFINITY,
            Side::Upper => above,
            Side::Lower => below,
            Side::Both => above.max(below),
        }
    }

    /// By how much the measured exponent is sharper than the claimed one; negative where it is less sharp.
    pub(super) fn sharper(&self, side: Side) -> f64 {
        let beyond = self.measured - self.claimed;
        match side {
            Side::Upper => -beyond,
            Side::Lower => beyond,
            Side::Both => -beyond.abs(),
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
        let (parameter, group) = ("m".to_owned(), group.to_owned());
        let (claimed, measured, verdict) = (1.0, 0.5 * (lower + upper), Verdict::Scales);
        let (values, points, lack_of_fit_p, exact, onset) = (5, 10, None, false, None);
        ExponentEvidence {
            parameter,
            claimed,
            measured,
            lower,
            upper,
            group,
            values,
            points,
            lack_of_fit_p,
            exact,
            onset,
            decides,
            verdict,
        }
    }

    #[test]
    fn the_nearest_exponent_is_the_one_on_the_side_that_binds() {
        let all = [
            exponent("far below", -1.0, -0.5, true),
            exponent("just above", 0.95, 1.125, true),
            exponent("far above", 1.5, 1.75, true),
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
}

//! On which side a bound binds, and which of its exponents comes nearest to violating it there.

use crate::bound::{Kind, Side};
use crate::verdict::ExponentEvidence;
use serde::{Deserialize, Serialize};

/// On which side a bound binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The left side is at most the right side, or grows at most like it.
    Upper,
    /// At least.
    Lower,
    /// Both: an identity, a growth with limits on either side.
    Both,
}

impl From<Side> for Direction {
    fn from(side: Side) -> Self {
        match side {
            Side::Upper => Self::Upper,
            Side::Lower => Self::Lower,
            Side::Both => Self::Both,
        }
    }
}

impl From<&Kind> for Direction {
    fn from(kind: &Kind) -> Self {
        match kind {
            Kind::Identity { .. } => Self::Both,
            Kind::Inequality { side, .. } | Kind::Probability { side, .. } => (*side).into(),
            Kind::Growth { growth, .. } => growth.side.into(),
            Kind::Asymptotic { asymptotic, .. } => asymptotic.side.into(),
        }
    }
}

impl Direction {
    /// In words, of a bound.
    pub fn words(self) -> &'static str {
        match self {
            Self::Upper => "upper bound",
            Self::Lower => "lower bound",
            Self::Both => "on both sides",
        }
    }

    /// How far the limits of an exponent reach beyond the claimed one, on the side on which that binds; negative where they end before it, and
    /// −∞ for an exponent that decides nothing.
    pub fn beyond(self, e: &ExponentEvidence) -> f64 {
        match self {
            _ if !e.decides => f64::NEG_INFINITY,
            Self::Upper => e.upper - e.claimed,
            Self::Lower => e.claimed - e.lower,
            Self::Both => e.reach(),
        }
    }

    /// Of some exponents the one that comes nearest to violating the claim, or violates it most. One that lies far on the allowed side says that the
    /// claim is loose, and is not news.
    pub fn nearest<'a>(self, exponents: impl IntoIterator<Item = &'a ExponentEvidence>) -> Option<&'a ExponentEvidence> {
        exponents.into_iter().max_by(|a, b| self.beyond(a).total_cmp(&self.beyond(b)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Verdict;

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
        let of = |d: Direction, from: &[ExponentEvidence]| d.nearest(from).map(|e| e.group.clone()).unwrap_or_default();
        assert_eq!(of(Direction::Upper, &all), "far above");
        assert_eq!(of(Direction::Lower, &all), "far below");
        assert_eq!(of(Direction::Both, &all), "far below");
        // What is far on the allowed side is not the nearest, though it reaches farther from the claim.
        assert_eq!(of(Direction::Upper, &all[..2]), "just above");
        assert_eq!(of(Direction::Lower, &all[1..]), "just above");
        assert_eq!((Direction::Upper.beyond(&all[0]), Direction::Lower.beyond(&all[0])), (-1.5, 2.0));
        assert!(Direction::Both.nearest(&[]).is_none());
    }
}

//! What the judge of one kind of bound finds, and what several of them have in common.

use super::evidence::{Control, PLANTED, Tightness};
use super::pooled::Pooled;
use super::verdict::Verdict;
use crate::claim::Side;
use crate::judge::ExponentEvidence;
use crate::judge::series::Series;
use escapement::ball::Ball;

/// What the judge of one kind of bound found; [`super::judge_bound`] adds names, power and failures.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    /// The verdict, before power is asked for.
    pub verdict: Verdict,
    /// Largest lhs/rhs (smallest for a lower bound), or lhs itself where every rhs is 0.
    pub constant: Option<f64>,
    /// A bound on the distance of the constant from the exact one.
    pub constant_error: Option<f64>,
    /// How tight it is.
    pub tightness: Tightness,
    /// Exponents, if any.
    pub exponents: Vec<ExponentEvidence>,
    /// The sweeps of a growth together.
    pub pooled: Vec<Pooled>,
    /// The control.
    pub control: Control,
    /// As [`super::BoundVerdict::margin`].
    pub margin: Option<f64>,
    /// Index of the worst record, with the two sides there.
    pub worst: Option<(usize, Ball, Ball)>,
    /// Why, for *refuted* and *inconclusive*.
    pub why: Option<String>,
    /// The points that all of this was read off.
    pub series: Vec<Series>,
}

impl Finding {
    /// *Inconclusive*, with the reason.
    pub fn inconclusive(why: impl Into<String>, series: Vec<Series>) -> Self {
        Self {
            verdict: Verdict::Inconclusive,
            constant: None,
            constant_error: None,
            tightness: Tightness::default(),
            exponents: Vec::new(),
            pooled: Vec::new(),
            control: Control::new("not reached", Verdict::Inconclusive),
            margin: None,
            worst: None,
            why: Some(why.into()),
            series,
        }
    }
}

/// The constant that these ratios imply: the smallest of a lower bound, and else the largest.
pub(super) fn implied_constant(side: Side, ratios: impl Iterator<Item = f64>) -> Option<f64> {
    ratios.reduce(if side == Side::Lower { f64::min } else { f64::max })
}

/// The first of those with the gravest verdict.
pub(super) fn gravest<'a, T>(all: &[&'a T], verdict: impl Fn(&T) -> Verdict) -> Option<&'a T> {
    all.iter().copied().reduce(|a, b| if verdict(b) > verdict(a) { b } else { a })
}

/// Exponents off the claim that must come out refuted, one for each direction that violates it.
pub(super) fn planted_exponents(side: Side) -> &'static [f64] {
    match side {
        Side::Upper => &[PLANTED],
        Side::Lower => &[-PLANTED],
        Side::Both => &[PLANTED, -PLANTED],
    }
}

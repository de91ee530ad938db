//! A record that stands apart from the others of its sweep: far from what they say of its cell, and farther
//! than their own scatter explains.
//!
//! A growth is a statement about all cells of a sweep at once, and one record that contradicts the others (a
//! false one, or a cell on which the statement breaks) only widens the limits on the slope; an asymptotic
//! statement takes it for a later onset. Neither is support, so such a record is looked for by itself, and
//! refutes. Identities and inequalities need none of this: they are decided cell by cell.
//!
//! - In a sweep with a line through it: the externally studentised residual of each point against the line
//!   through all others, with Bonferroni's correction for looking at every point (Cook and Weisberg,
//!   *Residuals and Influence in Regression*, 1982, § 2.2.2). The point must also lie beyond all others, on
//!   the side that violates the bound: a ratio that falls and then levels off leaves every line, and
//!   contradicts no ≲. For the same reason the first value of the parameter is judged by its own replicates,
//!   or not at all.
//! - In a sequence of exact values: the distance from the chord between the neighbours, against the same
//!   distances of the neighbours once the record is left out: a smooth sequence bends, but it does not bend
//!   at one value only.

use crate::claim::Side;
use crate::claim::distribution::student_tail;
use crate::judge::line::{Point, predict};
use serde::{Deserialize, Serialize};

/// Least factor between a record that stands apart and what the others say of it: half an order of
/// magnitude.
///
/// Of the true records of both tiers that are improbable at [`LEVEL`], the farthest is a factor 1.9 from its
/// line (one wide network beyond a gap in m); the smallest mistake that must be found is a factor [`FALSE`].
pub const APART: f64 = 3.162_277_660_168_379_5;

/// Probability with which some point of a line is so far off: a thousand lines are judged in a run, and
/// fewer than one run in a hundred should have one. Upwards the scatter of a logarithm counts as Gaussian.
/// Downwards its tail is exponential, at the rate `e^{−t/σ}` or faster: a mean of ν squares has the rate
/// ν/2, and `σ² = ψ'(ν/2) ≥ 4/ν²`.
pub const LEVEL: f64 = 1e-5;

/// By how much a kink at one value must exceed those of its neighbours, once it is left out. The chord
/// between a record's neighbours is twice as long as the others', and the kinks of a smooth sequence grow
/// with the square of the length: 4.
pub const SHARPNESS: f64 = 4.0;

/// How many neighbours on either side a kink is compared with.
const NEIGHBOURS: usize = 3;

/// The factor of the control: a record made false.
pub const FALSE: f64 = 10.0;

/// How many records would have been refuted, had their ratio been false by a factor ten towards the side
/// that violates the bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noticed {
    /// How many would have been.
    pub noticed: usize,
    /// Of how many that decide.
    pub of: usize,
}

impl std::ops::AddAssign for Noticed {
    fn add_assign(&mut self, other: Self) {
        self.noticed += other.noticed;
        self.of += other.of;
    }
}

impl std::fmt::Display for Noticed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "one ratio times {FALSE}: refuted on {} of {} cells", self.noticed, self.of)
    }
}

/// The factor of the control: towards the side that violates the bound.
pub(crate) fn false_factor(side: Side) -> f64 {
    if side == Side::Lower { 1.0 / FALSE } else { FALSE }
}

/// What the others say of a point.
#[derive(Debug, Clone, Copy)]
struct Said {
    /// Its logarithm minus the one that the others predict.
    departure: f64,
    /// Bound on the error of the departure.
    error: f64,
    /// How far it is above the largest of the others, and below the smallest.
    beyond: [f64; 2],
    /// What the departure is compared with.
    scale: Scale,
}

#[derive(Debug, Clone, Copy)]
enum Scale {
    /// The standard error of the prediction of a new point, its degrees of freedom, and the number of points
    /// looked at.
    Scatter { standard_error: f64, freedom: f64, looks: f64 },
    /// The largest departure of its neighbours, once the point is left out.
    Bend(f64),
}

impl Said {
    /// Whether a point whose logarithm is larger by `shift` stands apart on the side that violates the
    /// bound.
    fn apart(&self, side: Side, shift: f64) -> bool {
        let departure = self.departure + shift;
        let (up, beyond) = (departure > 0.0, [self.beyond[0] + shift, self.beyond[1] - shift]);
        let size = departure.abs().min(beyond[usize::from(!up)]) - self.error;
        if size < APART.ln() || side == if up { Side::Lower } else { Side::Upper } {
            return false;
        }
        let size = departure.abs() - self.error;
        match self.scale {
            Scale::Scatter { standard_error: 0.0, .. } => true,
            Scale::Scatter { standard_error, freedom, looks } => {
                let gaussian = 2.0 * student_tail(size / standard_error, freedom);
                let chance = if up { gaussian } else { gaussian.max((-size / standard_error).exp()) };
                looks * chance < LEVEL
            }
            Scale::Bend(bend) => size > SHARPNESS * bend,
        }
    }
}

/// What was found in a sweep.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    /// The place of the point that stands apart, and the factor between it and what the others say.
    pub apart: Option<(usize, f64)>,
    /// The control.
    pub noticed: Noticed,
}

fn look(side: Side, said: impl Iterator<Item = (usize, Said)>, of: usize) -> Found {
    let mut found = Found { apart: None, noticed: Noticed { noticed: 0, of } };
    for (place, s) in said {
        found.noticed.noticed += usize::from(s.apart(side, false_factor(side).ln()));
        if s.apart(side, 0.0) && found.apart.is_none_or(|(_, factor)| s.departure.abs() > factor.ln().abs())
        {
            found.apart = Some((place, s.departure.exp()));
        }
    }
    found
}

/// Looks for a point far from the line through the others; `points` are logarithms.
pub(crate) fn in_a_line(side: Side, points: &[Point]) -> Found {
    let looks = points.len() as f64;
    let first = points.iter().map(|p| p.x).fold(f64::INFINITY, f64::min);
    let said = (0..points.len()).filter_map(|place| {
        let p = points[place];
        let others = || points.iter().enumerate().filter(move |&(i, _)| i != place).map(|(_, p)| *p);
        if p.x == first && others().all(|other| other.x != first) {
            return None;
        }
        let at = predict(others, p.x)?;
        let largest = others().map(|p| p.y + p.error).fold(f64::NEG_INFINITY, f64::max);
        let smallest = others().map(|p| p.y - p.error).fold(f64::INFINITY, f64::min);
        let scale = Scale::Scatter { standard_error: at.standard_error, freedom: at.freedom, looks };
        Some((
            place,
            Said {
                departure: p.y - at.value,
                error: p.error + at.error,
                beyond: [p.y - largest, smallest - p.y],
                scale,
            },
        ))
    });
    look(side, said, points.len())
}

/// Looks for a kink at one value of a sequence of exact values; `points` are logarithms, by increasing x.
/// The first one is passed over: there a statement that holds from an onset on says nothing.
pub(crate) fn in_a_sequence(side: Side, points: &[Point]) -> Found {
    let said = (1..points.len()).filter_map(|place| {
        let mut others = points.to_vec();
        others.remove(place);
        let (departure, error) = from_chord(points, place)?;
        let near = place.saturating_sub(NEIGHBOURS).max(1)..(place + NEIGHBOURS).min(others.len() - 1);
        let bend = near.filter_map(|i| from_chord(&others, i)).map(|d| d.0.abs() + d.1).reduce(f64::max)?;
        Some((place, Said { departure, error, beyond: [f64::INFINITY; 2], scale: Scale::Bend(bend) }))
    });
    look(side, said, points.len())
}

/// How far a point is above the straight line through its neighbours, or the last one above that through the
/// two before; and the error of it.
fn from_chord(points: &[Point], place: usize) -> Option<(f64, f64)> {
    let before = place.checked_sub(1)?;
    let (a, b) =
        if place + 1 < points.len() { (before, place + 1) } else { (before.checked_sub(1)?, before) };
    let (a, b, p) = (points[a], points[b], points[place]);
    let t = (p.x - a.x) / (b.x - a.x);
    Some((p.y - a.y - t * (b.y - a.y), p.error + (1.0 - t).abs() * a.error + t.abs() * b.error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(y: impl Fn(f64) -> f64) -> Vec<Point> {
        (0..12).map(|i| Point { x: f64::from(i) * 0.5, y: y(f64::from(i) * 0.5), error: 1e-12 }).collect()
    }

    /// A scatter of ±0.3 without a pattern that a line would follow.
    fn rough(x: f64) -> f64 {
        0.3 * (7.0 * x * x).sin()
    }

    #[test]
    fn one_false_record_in_a_line_stands_apart_and_no_true_one_does() {
        let honest = points(|x| rough(x) - 0.1 * x);
        let found = in_a_line(Side::Upper, &honest);
        assert!(found.apart.is_none());
        // The first value has no replicates.
        assert_eq!(found.noticed, Noticed { noticed: 11, of: 12 });
        for place in 1..12 {
            let mut false_one = honest.clone();
            false_one[place].y += 10f64.ln();
            let (where_, factor) = in_a_line(Side::Upper, &false_one).apart.unwrap();
            assert_eq!(where_, place);
            assert!((5.0..20.0).contains(&factor), "{factor}");
            assert!(in_a_line(Side::Lower, &false_one).apart.is_none());
            // Too small is what a bound from below minds, and there the scatter counts for more.
            false_one[place].y -= 10f64.ln() + 100f64.ln();
            assert!(in_a_line(Side::Upper, &false_one).apart.is_none());
            assert_eq!(in_a_line(Side::Lower, &false_one).apart.unwrap().0, place);
        }
        let broad = points(|x| 1.4 * rough(x));
        let noticed = |side| in_a_line(side, &broad).noticed.noticed;
        assert!(
            noticed(Side::Upper) > noticed(Side::Lower),
            "{} {}",
            noticed(Side::Upper),
            noticed(Side::Lower)
        );
        // A factor 3 is below what is called far, a scatter of e² hides a factor ten, and an error of the
        // record excuses it.
        let mut slight = honest.clone();
        slight[4].y += 2.5f64.ln() - rough(2.0);
        assert!(in_a_line(Side::Upper, &slight).apart.is_none());
        let wild = points(|x| 2.0 / 0.3 * rough(x));
        assert_eq!(in_a_line(Side::Upper, &wild).noticed.noticed, 0);
        let mut excused = honest;
        excused[4] = Point { y: excused[4].y + 10f64.ln(), error: 2.0, ..excused[4] };
        assert!(in_a_line(Side::Upper, &excused).apart.is_none());
    }

    /// As E_S R4 behaves: an eighth power in which W_L falls with m, and one wide network beyond a gap.
    #[test]
    fn a_ratio_that_falls_and_levels_off_is_true() {
        let widths = [160, 226, 320, 452, 640, 905, 1280, 1810, 2560];
        for height in [0.2, 0.5, 1.0, 3.0] {
            let ratio = |m: f64, i: usize| 8.0 * (height * 160.0 / m).ln_1p() + 0.02 * (i as f64).sin();
            let point = |(i, &m): (usize, &i32)| Point {
                x: f64::from(m).ln(),
                y: ratio(f64::from(m), i),
                error: 0.0,
            };
            let falling: Vec<Point> =
                widths.iter().cycle().take(27).chain(&[59_050]).enumerate().map(point).collect();
            assert!(in_a_line(Side::Upper, &falling).apart.is_none(), "{height}");
            let mirrored: Vec<Point> = falling.iter().map(|p| Point { y: -p.y, ..*p }).collect();
            assert!(in_a_line(Side::Lower, &mirrored).apart.is_none(), "{height}");
        }
        // A first value without replicates may be as large as it likes; one of three replicates may not.
        let mut flat = points(rough);
        flat[0].y += 10f64.ln();
        assert!(in_a_line(Side::Upper, &flat).apart.is_none());
        flat.extend([0.0, 0.1].map(|y| Point { y, ..flat[0] }));
        assert_eq!(in_a_line(Side::Upper, &flat).apart.unwrap().0, 0);
    }

    #[test]
    fn one_false_record_in_a_bent_sequence_stands_apart_and_no_true_one_does() {
        // An early bend by one power of e, as before an onset; with three it hides what is false there.
        let bent = |depth: f64| points(move |x| -depth * (-2.0 * x).exp());
        let honest = bent(1.0);
        let found = in_a_sequence(Side::Upper, &honest);
        assert!(found.apart.is_none());
        assert_eq!(found.noticed, Noticed { noticed: 11, of: 12 });
        assert_eq!(in_a_sequence(Side::Upper, &bent(3.0)).noticed, Noticed { noticed: 8, of: 12 });
        for place in 1..12 {
            let mut false_one = honest.clone();
            false_one[place].y += 10f64.ln();
            assert_eq!(in_a_sequence(Side::Upper, &false_one).apart.unwrap().0, place);
        }
        // A jump that stays is no false record: two neighbours share it.
        let jump = points(|x| if x < 2.75 { 0.0 } else { 10f64.ln() });
        assert!(in_a_sequence(Side::Upper, &jump).apart.is_none());
        assert!(in_a_sequence(Side::Upper, &honest[..2]).apart.is_none());
    }

    #[test]
    fn points_on_a_line_to_rounding_have_no_scatter_to_hide_in() {
        let mut straight = points(|x| 0.1 * x);
        assert!(in_a_line(Side::Both, &straight).apart.is_none());
        straight[3].y += 10f64.ln();
        assert_eq!(in_a_line(Side::Both, &straight).apart.unwrap().0, 3);
    }
}

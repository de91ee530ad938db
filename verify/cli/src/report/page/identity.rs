//! The picture of an identity: how far its two sides are apart, in units of what the certificate
//! allows. The sides themselves lie on one another, and show nothing.

use super::shared::{CROWD, DASHES, Spread, abscissa, other_groups, refuting, small, spreads};
use crate::report::model::{BoundReport, ClaimReport, Freshness};
use crate::report::plot::small::{Dot, Small, Trace};
use escapement::ball::Ball;
use escapement_verify::judge::series::{Planted, Point, Series};
use escapement_verify::text::numbers::{bound as error, short};
use escapement_verify::text::plural::count;

/// The name of the ordinate.
pub(super) const AXIS: &str = "|measured − right side| / certificate";

/// The name of the level 1.
const EQUAL: &str = "equal within its certificate";

/// The distance of the two sides of a point, as [`Ball::excess`].
pub(super) fn excess(p: &Point) -> f64 {
    let side = |value: f64, error: f64| Ball { value, error };
    side(p.lhs, p.lhs_error).excess(side(p.rhs, p.rhs_error))
}

/// Whether some point of the series, or of its controls, lies at this end of the axis.
pub(super) fn reaches(series: &Series, end: f64) -> bool {
    let controls = series.controls.iter().flat_map(|c| &c.points);
    series.points.iter().chain(controls).any(|p| excess(p) == end)
}

/// The picture of a series, with its controls and the other groups behind it.
pub(super) fn picture(series: &Series, bound: &BoundReport, claim: &ClaimReport) -> Small {
    let mut traces = vec![Trace::Level("unit", 1.0, EQUAL.into())];
    let line = |points: &[Point]| excesses(points).iter().map(|s| (s.x, s.largest)).collect();
    traces.extend(other_groups(bound, series).map(|other| Trace::Line("other", line(&other.points))));
    traces.extend(series.controls.iter().zip(DASHES).map(|(c, class)| Trace::Line(class, line(&c.points))));
    for control in &series.controls {
        traces.push(Trace::Dots("planted", planted(control, series)));
    }
    traces.push(Trace::Dots("measured", measured(series, claim)));
    traces.push(Trace::Rings("worst", refuting(series, bound, claim).map(|p| (p.x, excess(p))).collect()));
    small(series, AXIS, true, true, traces)
}

/// The excesses at each abscissa, from left to right.
fn excesses(points: &[Point]) -> Vec<Spread> {
    spreads(points, |p| Some(excess(p)), false)
}

/// A mark at the largest excess of an abscissa, which is what decides, with `from` behind its words.
fn dot(s: &Spread, name: &str, from: &str) -> Dot {
    let (least, largest, points) = (short(s.least), short(s.largest), count(s.points, "point"));
    let note =
        format!("{name} = {}: from {least} to {largest} times the certificate over {points}{from}", s.x);
    Dot { x: s.x, y: s.largest, bar: Some((s.least, s.largest)), note, hollow: false }
}

/// The marks of what was measured, one for each cell or, in a crowd, one for each abscissa.
fn measured(series: &Series, claim: &ClaimReport) -> Vec<Dot> {
    let name = abscissa(series);
    if series.points.len() > CROWD {
        let from = format!("; {}", claim.freshness.map_or("", Freshness::name));
        return excesses(&series.points).iter().map(|s| dot(s, &name, &from)).collect();
    }
    let dot = |p: &Point| {
        let from = claim.records.get(p.cell).map_or("", |r| r.freshness.name());
        Dot {
            x: p.x,
            y: excess(p),
            bar: None,
            note: format!("{}; {from}", cell_in_words(p, &name)),
            hollow: !p.decides,
        }
    };
    series.points.iter().map(dot).collect()
}

/// The marks of a control.
fn planted(control: &Planted, series: &Series) -> Vec<Dot> {
    let name = format!("control ({}), {}", control.description, abscissa(series));
    if control.points.len() > CROWD {
        return excesses(&control.points).iter().map(|s| dot(s, &name, "")).collect();
    }
    let dot =
        |p: &Point| Dot { x: p.x, y: excess(p), bar: None, note: cell_in_words(p, &name), hollow: false };
    control.points.iter().map(dot).collect()
}

/// A cell in words.
fn cell_in_words(p: &Point, name: &str) -> String {
    let (difference, certificate) = ((p.lhs - p.rhs).abs(), p.lhs_error + p.rhs_error);
    let excess = short(excess(p));
    format!(
        "{name} = {}: {excess} times the certificate, |{} − {}| = {} where {} is allowed",
        p.x,
        short(p.lhs),
        short(p.rhs),
        short(difference),
        error(certificate)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(x: f64, lhs: (f64, f64), rhs: (f64, f64)) -> Point {
        let quantity = |(value, error): (f64, f64)| Ball { value, error };
        Point::new(0, x, quantity(lhs), quantity(rhs))
    }

    #[test]
    fn an_excess_is_in_units_of_both_error_bounds() {
        assert_eq!(excess(&point(1.0, (2.0, 0.25), (3.0, 0.25))), 2.0);
        assert_eq!(excess(&point(1.0, (3.0, 0.0), (3.0, 0.0))), 0.0);
        assert_eq!(excess(&point(1.0, (2.0, 0.0), (3.0, 0.0))), f64::INFINITY);
        let p = point(8.0, (2.0, 0.0), (3.0, 0.0));
        assert_eq!(
            cell_in_words(&p, "m"),
            "m = 8: ∞ times the certificate, |2.000 − 3.000| = 1.000 where 0 is allowed"
        );
    }

    #[test]
    fn the_largest_at_an_abscissa_stands_for_it() {
        let points = [(2.0, 3.0), (1.0, 1.0), (2.0, 1.0), (2.0, 6.0)];
        let points = points.map(|(x, lhs)| point(x, (lhs, 0.5), (1.0, 0.5)));
        let found: Vec<_> = excesses(&points).iter().map(|s| (s.x, s.least, s.largest, s.points)).collect();
        assert_eq!(found, [(1.0, 0.0, 0.0, 1), (2.0, 0.0, 5.0, 3)]);
    }
}

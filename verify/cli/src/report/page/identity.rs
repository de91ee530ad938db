//! The picture of an identity: how far its two sides are apart, in units of what the certificate allows. The
//! sides themselves lie on one another, and show nothing.

use super::shared::{CROWD, DASHES, abscissa, behind, counts, log_x, refuting};
use crate::report::model::{BoundReport, ClaimReport, Freshness};
use crate::report::plot::small::{Dot, Small, Trace};
use escapement_verify::claim::record::Quantity;
use escapement_verify::judge::series::{Planted, Point, Series};
use escapement_verify::text::{
    numbers::{bound as error, short},
    plural::count,
};

/// What the axis shows.
pub(super) const AXIS: &str = "|measured − right side| / certificate";

/// What the level 1 means.
const EQUAL: &str = "equal within its certificate";

/// The distance of the two sides of a point, as [`Quantity::excess`].
pub(super) fn excess(p: &Point) -> f64 {
    let side = |value: f64, error: f64| Quantity { value, error };
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
    for other in behind(bound, series) {
        traces.push(Trace::Line("other", largest(&other.points).iter().map(|l| (l.x, l.largest)).collect()));
    }
    for (control, class) in series.controls.iter().zip(DASHES) {
        traces.push(Trace::Line(class, largest(&control.points).iter().map(|l| (l.x, l.largest)).collect()));
    }
    for control in &series.controls {
        traces.push(Trace::Dots("planted", planted(control, series)));
    }
    traces.push(Trace::Dots("measured", measured(series, claim)));
    traces.push(Trace::Rings("worst", refuting(series, bound, claim).map(|p| (p.x, excess(p))).collect()));
    let counts = counts(series);
    Small {
        x_label: abscissa(series),
        y_label: AXIS.into(),
        log_x: log_x(series),
        counts,
        log_y: true,
        ends: true,
        traces,
    }
}

/// The points at one abscissa.
struct Spread {
    x: f64,
    least: f64,
    largest: f64,
    points: usize,
}

impl Spread {
    /// A mark at the largest, which is what decides.
    fn dot(&self, note: String) -> Dot {
        Dot { x: self.x, y: self.largest, bar: Some((self.least, self.largest)), note, hollow: false }
    }

    /// In words.
    fn words(&self, name: &str) -> String {
        let (x, points) = (self.x, count(self.points, "point"));
        format!(
            "{name} = {x}: from {} to {} times the certificate over {points}",
            short(self.least),
            short(self.largest)
        )
    }
}

/// Least and largest excess at each abscissa, from left to right.
fn largest(points: &[Point]) -> Vec<Spread> {
    let mut all: Vec<(f64, f64)> = points.iter().map(|p| (p.x, excess(p))).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let spread = |group: &[(f64, f64)]| {
        let (least, largest) = (group[0], group[group.len() - 1]);
        Spread { x: least.0, least: least.1, largest: largest.1, points: group.len() }
    };
    all.chunk_by(|a, b| a.0 == b.0).map(spread).collect()
}

/// The marks of what was measured, one for each cell or, in a crowd, one for each abscissa.
fn measured(series: &Series, claim: &ClaimReport) -> Vec<Dot> {
    let name = abscissa(series);
    if series.points.len() > CROWD {
        let from = claim.freshness.map_or("", Freshness::name);
        return largest(&series.points)
            .iter()
            .map(|s| s.dot(format!("{}; {from}", s.words(&name))))
            .collect();
    }
    let dot = |p: &Point| {
        let from = claim.records.get(p.cell).map_or("", |r| r.freshness.name());
        Dot {
            x: p.x,
            y: excess(p),
            bar: None,
            note: format!("{}; {from}", sides(p, &name)),
            hollow: !p.decides,
        }
    };
    series.points.iter().map(dot).collect()
}

/// The marks of a control.
fn planted(control: &Planted, series: &Series) -> Vec<Dot> {
    let name = format!("control ({}), {}", control.description, abscissa(series));
    if control.points.len() > CROWD {
        return largest(&control.points).iter().map(|s| s.dot(s.words(&name))).collect();
    }
    let dot = |p: &Point| Dot { x: p.x, y: excess(p), bar: None, note: sides(p, &name), hollow: false };
    control.points.iter().map(dot).collect()
}

/// A cell in words.
fn sides(p: &Point, name: &str) -> String {
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
        let quantity = |(value, error): (f64, f64)| Quantity { value, error };
        Point::new(0, x, quantity(lhs), quantity(rhs))
    }

    #[test]
    fn an_excess_is_in_units_of_both_error_bounds() {
        assert_eq!(excess(&point(1.0, (2.0, 0.25), (3.0, 0.25))), 2.0);
        assert_eq!(excess(&point(1.0, (3.0, 0.0), (3.0, 0.0))), 0.0);
        assert_eq!(excess(&point(1.0, (2.0, 0.0), (3.0, 0.0))), f64::INFINITY);
        let p = point(8.0, (2.0, 0.0), (3.0, 0.0));
        assert_eq!(
            sides(&p, "m"),
            "m = 8: ∞ times the certificate, |2.000 − 3.000| = 1.000 where 0 is allowed"
        );
    }

    #[test]
    fn the_largest_at_an_abscissa_stands_for_it() {
        let points =
            [(2.0, 3.0), (1.0, 1.0), (2.0, 1.0), (2.0, 6.0)].map(|(x, lhs)| point(x, (lhs, 0.5), (1.0, 0.5)));
        let found: Vec<_> = largest(&points).iter().map(|s| (s.x, s.least, s.largest, s.points)).collect();
        assert_eq!(found, [(1.0, 0.0, 0.0, 1), (2.0, 0.0, 5.0, 3)]);
    }
}

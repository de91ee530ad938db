//! What identities and inequalities share: their false neighbours, and series along the parameter that
//! varies most.

use super::sides::Sides;
use crate::claim::{Neighbour, Place, Record, Side};
use crate::judge::outlier::{Noticed, false_factor};
use crate::judge::series::{Planted, Point, Series, along};
use crate::judge::{Control, Tally, Verdict};
use escapement::ball::Ball;

/// The cells along the parameter that varies most; those for which `decides` is false do not count.
pub(super) fn series(
    neighbours: &[Neighbour],
    decides: impl Fn(&Record) -> bool,
    sides: &[Sides<'_>],
) -> Vec<Series> {
    let cells: Vec<_> = sides.iter().map(Sides::cell).collect();
    let (parameter, groups) = along(&cells);
    let one = |(group, members): (String, Vec<(f64, usize)>)| {
        let members: Vec<(f64, &Sides<'_>)> = members.into_iter().map(|(x, i)| (x, &sides[i])).collect();
        let stand_in = |n: &Neighbour| {
            let with = |&(x, s): &(f64, &Sides<'_>)| {
                let (l, r) = replaced(n, s).filter(|_| decides(s.record))?;
                Some(Point::new(s.index, x, l, r))
            };
            Planted { description: n.description.clone(), points: members.iter().filter_map(with).collect() }
        };
        let controls = neighbours.iter().map(stand_in).filter(|c| !c.points.is_empty()).collect();
        let point = |&(x, s): &(f64, &Sides<'_>)| Point { decides: decides(s.record), ..s.point(x) };
        let points: Vec<Point> = members.iter().map(point).collect();
        let decides = points.iter().any(|p| p.decides);
        Series { group, parameter: parameter.clone(), claimed: None, decides, points, fit: None, controls }
    };
    groups.into_iter().map(one).collect()
}

/// The two sides with the neighbour's quantity in its place, where the record has that quantity.
fn replaced(neighbour: &Neighbour, sides: &Sides<'_>) -> Option<(Ball, Ball)> {
    let quantity = sides.record.get(&neighbour.quantity)?;
    Some(if neighbour.place == Place::Lhs { (quantity, sides.rhs) } else { (sides.lhs, quantity) })
}

/// Index and value of the largest; `(0, −∞)` of nothing.
pub(super) fn largest(values: impl Iterator<Item = f64>) -> (usize, f64) {
    values.enumerate().fold((0, f64::NEG_INFINITY), |best, (i, v)| if v > best.1 { (i, v) } else { best })
}

/// Every neighbour must be refuted on at least one of the cells; `otherwise` is what it came out as if not.
pub(super) fn control(
    neighbours: &[Neighbour],
    sides: &[Sides<'_>],
    violated: impl Fn(Ball, Ball) -> bool,
    otherwise: Verdict,
) -> Control {
    let tally = |n: &Neighbour| {
        let spoken: Vec<_> = sides.iter().filter_map(|s| replaced(n, s)).collect();
        let refuted = spoken.iter().filter(|&&(l, r)| violated(l, r)).count();
        Tally { description: n.description.clone(), refuted, of: spoken.len() }
    };
    let tallies: Vec<Tally> = neighbours.iter().map(tally).collect();
    if tallies.is_empty() {
        return Control::new("no false neighbour was given", Verdict::Inconclusive);
    }
    let verdict = if tallies.iter().any(|t| t.of == 0) {
        Verdict::Inconclusive
    } else if tallies.iter().any(|t| t.refuted == 0) {
        otherwise
    } else {
        Verdict::Refuted
    };
    let words = |t: &Tally| format!("{}: refuted on {} of {} cells", t.description, t.refuted, t.of);
    let description = tallies.iter().map(words).collect::<Vec<_>>().join("; ");
    Control { neighbours: tallies, ..Control::new(description, verdict) }
}

/// On how many cells the statement would be violated, were the left side false by a factor ten.
pub(super) fn one_false(sides: &[Sides<'_>], side: Side, violated: impl Fn(Ball, Ball) -> bool) -> Noticed {
    let factor = false_factor(side);
    let seen =
        |s: &&Sides<'_>| violated(Ball { value: s.lhs.value * factor, error: s.lhs.error * factor }, s.rhs);
    Noticed { noticed: sides.iter().filter(seen).count(), of: sides.len() }
}

//! Identities and inequalities: decided cell by cell, by the certificates of the two sides and nothing else.

use crate::claim::bound::{Neighbour, Place, Side};
use crate::claim::record::Record;
use crate::judge::outlier::{Noticed, false_factor};
use crate::judge::series::{Planted, Point, Series, along};
use crate::judge::{Control, Finding, Tally, Tightness, Verdict, pairs};
use escapement::ball::Ball;

/// `|lhs − rhs| ≤ lhs.error + rhs.error` on every cell.
pub fn identity(lhs: &str, rhs: &str, neighbours: &[Neighbour], records: &[&Record]) -> Finding {
    let pairs = match pairs(lhs, rhs, records) {
        Ok(pairs) => pairs,
        Err(why) => return Finding::inconclusive(why),
    };
    let excess = |&(l, r): &(Ball, Ball)| l.excess(r);
    let violated = |l: Ball, r: Ball| (l.value - r.value).abs() > l.error + r.error;
    let (worst, margin) = largest(pairs.iter().map(excess));
    let broken = pairs.iter().filter(|p| violated(p.0, p.1)).count();
    let relative = |&(l, r): &(Ball, Ball)| {
        let scale = l.value.abs().max(r.value.abs());
        if scale == 0.0 { 0.0 } else { (l.value - r.value).abs() / scale }
    };
    let relative = pairs.iter().map(relative).fold(0.0, f64::max);
    let (l, r) = pairs[worst];
    let why = (broken > 0).then(|| {
        format!(
            "{} ≠ {} beyond the certificate {:.3e} on {broken} of {} cells, worst on {}",
            l.value,
            r.value,
            l.error + r.error,
            pairs.len(),
            records[worst].cell
        )
    });
    Finding {
        verdict: if broken > 0 { Verdict::Refuted } else { Verdict::Exact },
        implied_constant: None,
        tightness: Tightness {
            text: format!("largest relative difference {relative:.1e}"),
            exponent: None,
            constant: None,
        },
        exponents: Vec::new(),
        control: Control {
            one_false: one_false(&pairs, Side::Both, violated),
            ..control(neighbours, &pairs, records, violated, Verdict::Exact)
        },
        margin: Some(margin),
        worst: Some((worst, l, r)),
        why,
    }
}

/// `lhs ≤ rhs` (or ≥) on every cell of the allowed range, up to the certificates. Where every rhs is 0 the
/// statement is one of sign, and the implied constant is the extreme of lhs itself.
pub fn inequality(
    lhs: &str,
    rhs: &str,
    side: Side,
    strict: bool,
    neighbours: &[Neighbour],
    records: &[&Record],
) -> Finding {
    let all = match pairs(lhs, rhs, records) {
        Ok(pairs) => pairs,
        Err(why) => return Finding::inconclusive(why),
    };
    let kept: Vec<usize> = (0..records.len()).filter(|&i| records[i].in_range()).collect();
    if kept.is_empty() {
        return Finding::inconclusive("no cell lies in the allowed range");
    }
    let (pairs, records): (Vec<_>, Vec<&Record>) = kept.iter().map(|&i| (all[i], records[i])).unzip();
    // The surplus of lhs over rhs in the direction that violates, and the certificate of the difference.
    let surplus = |l: Ball, r: Ball| match side {
        Side::Upper => l.value - r.value,
        Side::Lower => r.value - l.value,
        Side::Both => (l.value - r.value).abs(),
    };
    let violated = |l: Ball, r: Ball| {
        let (surplus, certificate) = (surplus(l, r), l.error + r.error);
        if strict { surplus >= certificate } else { surplus > certificate }
    };
    // A strict inequality whose sides cannot be told apart is open.
    let open = |l: Ball, r: Ball| strict && !violated(l, r) && surplus(l, r) >= -(l.error + r.error);
    let sign = pairs.iter().all(|(_, r)| r.value == 0.0);
    let scale = |r: Ball| if sign { 1.0 } else { r.value.abs().max(f64::MIN_POSITIVE) };
    let scaled = |&(l, r): &(Ball, Ball)| surplus(l, r) / scale(r);
    let broken = pairs.iter().filter(|p| violated(p.0, p.1)).count();
    // Where the inequality is violated, the worst is a cell that violates it beyond its certificate.
    let counts = |p: &(Ball, Ball)| broken == 0 || violated(p.0, p.1);
    let (worst, surplus_ratio) =
        largest(pairs.iter().map(|p| if counts(p) { scaled(p) } else { f64::NEG_INFINITY }));
    let ratios = pairs.iter().filter(|(_, r)| sign || r.value > 0.0).map(|&(l, r)| l.value / scale(r));
    let constant = match side {
        Side::Lower => ratios.fold(None, |a: Option<f64>, b| Some(a.map_or(b, |a| a.min(b)))),
        Side::Upper | Side::Both => ratios.fold(None, |a: Option<f64>, b| Some(a.map_or(b, |a| a.max(b)))),
    };
    let sharper = constant.filter(|_| !sign).and_then(|c| match side {
        Side::Lower => Some(c),
        Side::Upper | Side::Both => (c > 0.0).then(|| 1.0 / c),
    });
    let text = match sharper {
        None if sign => format!("the left side comes as close to 0 as {:.3e}", constant.unwrap_or(0.0)),
        Some(c) if (0.99..=1.01).contains(&c) && broken > 0 => "missed by less than one percent".to_owned(),
        Some(c) if (0.99..=1.01).contains(&c) => "tight: attained to within one percent".to_owned(),
        Some(c) if c > 1.0 => format!("the right side could be {c:.3} times sharper on these cells"),
        Some(c) => format!("violated by a factor {:.3}", 1.0 / c),
        None => "the left side vanishes, or the right side is not positive".to_owned(),
    };
    let (l, r) = pairs[worst];
    let undecided = pairs.iter().filter(|p| open(p.0, p.1)).count();
    let (verdict, why) = if broken > 0 {
        let sign = match (side, strict) {
            (Side::Upper, false) => "≤",
            (Side::Upper, true) => "<",
            (Side::Lower, false) => "≥",
            (Side::Lower, true) => ">",
            (Side::Both, _) => "=",
        };
        let cell = &records[worst].cell;
        let n = pairs.len();
        (
            Verdict::Refuted,
            Some(format!("{} {sign} {} fails on {broken} of {n} cells, worst on {cell}", l.value, r.value)),
        )
    } else if undecided > 0 {
        let cell = &records[worst].cell;
        (
            Verdict::Inconclusive,
            Some(format!("the sides are equal within their certificates on {undecided} cells, e.g. {cell}")),
        )
    } else {
        (Verdict::Holds, None)
    };
    Finding {
        verdict,
        implied_constant: constant,
        tightness: Tightness { text, exponent: None, constant: sharper },
        exponents: Vec::new(),
        control: Control {
            one_false: if sign { None } else { one_false(&pairs, side, violated) },
            ..control(neighbours, &pairs, &records, violated, Verdict::Holds)
        },
        margin: Some(-surplus_ratio),
        worst: Some((kept[worst], l, r)),
        why,
    }
}

/// The cells along the parameter that varies most; those for which `decides` is false do not count.
pub fn series(
    lhs: &str,
    rhs: &str,
    neighbours: &[Neighbour],
    decides: impl Fn(&Record) -> bool,
    records: &[&Record],
) -> Vec<Series> {
    let Ok(pairs) = pairs(lhs, rhs, records) else { return Vec::new() };
    let cells: Vec<_> = records.iter().map(|r| &r.cell).collect();
    let (parameter, groups) = along(&cells);
    let point = |&(x, i): &(f64, usize)| Point {
        decides: decides(records[i]),
        ..Point::new(i, x, pairs[i].0, pairs[i].1)
    };
    let one = |(group, members): (String, Vec<(f64, usize)>)| {
        let stand_in = |n: &Neighbour| {
            let with = |p: Point| {
                let q = records[p.cell].get(&n.quantity)?;
                let (l, r) = sides(n, q, pairs[p.cell]);
                p.decides.then(|| Point::new(p.cell, p.x, l, r))
            };
            let points = members.iter().map(point).filter_map(with).collect();
            Planted { description: n.description.clone(), points }
        };
        let controls = neighbours.iter().map(stand_in).filter(|c| !c.points.is_empty()).collect();
        let points: Vec<Point> = members.iter().map(point).collect();
        let decides = points.iter().any(|p| p.decides);
        Series { group, parameter: parameter.clone(), claimed: None, decides, points, fit: None, controls }
    };
    groups.into_iter().map(one).collect()
}

/// The two sides with the neighbour's quantity in its place.
fn sides(neighbour: &Neighbour, quantity: Ball, (l, r): (Ball, Ball)) -> (Ball, Ball) {
    if neighbour.place == Place::Lhs { (quantity, r) } else { (l, quantity) }
}

/// Index and value of the largest; `(0, −∞)` of nothing.
fn largest(values: impl Iterator<Item = f64>) -> (usize, f64) {
    values.enumerate().fold((0, f64::NEG_INFINITY), |best, (i, v)| if v > best.1 { (i, v) } else { best })
}

/// Every neighbour must be refuted on at least one of the cells; `otherwise` is what it came out as if not.
fn control(
    neighbours: &[Neighbour],
    pairs: &[(Ball, Ball)],
    records: &[&Record],
    violated: impl Fn(Ball, Ball) -> bool,
    otherwise: Verdict,
) -> Control {
    let tally = |n: &Neighbour| {
        let spoken: Vec<_> = pairs
            .iter()
            .zip(records)
            .filter_map(|(&pair, r)| Some(sides(n, r.get(&n.quantity)?, pair)))
            .collect();
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
fn one_false(pairs: &[(Ball, Ball)], side: Side, violated: impl Fn(Ball, Ball) -> bool) -> Option<Noticed> {
    let factor = false_factor(side);
    let seen =
        |&&(l, r): &&(Ball, Ball)| violated(Ball { value: l.value * factor, error: l.error * factor }, r);
    Some(Noticed { noticed: pairs.iter().filter(seen).count(), of: pairs.len() })
}

//! Identities: decided cell by cell, by the certificates of the two sides and nothing else.

use super::finding::Finding;
use super::sides::Sides;
use crate::claim::{Neighbour, Record, Side};
use crate::judge::neighbours::{control, largest, one_false, series};
use crate::judge::{Control, Tightness, Verdict};
use escapement::ball::Ball;

/// `|lhs − rhs| ≤ lhs.error + rhs.error` on every cell.
pub(super) fn judge(
    neighbours: &[Neighbour],
    decides: &dyn Fn(&Record) -> bool,
    sides: &[Sides<'_>],
) -> Finding {
    let series = series(neighbours, decides, sides);
    let sides: Vec<Sides<'_>> = sides.iter().copied().filter(|s| decides(s.record)).collect();
    if sides.is_empty() {
        return Finding::inconclusive("no cell has both sides", series);
    }
    let violated = |l: Ball, r: Ball| (l.value - r.value).abs() > l.error + r.error;
    let (worst, margin) = largest(sides.iter().map(|s| s.lhs.excess(s.rhs)));
    let broken = sides.iter().filter(|s| violated(s.lhs, s.rhs)).count();
    let relative = |s: &Sides<'_>| {
        let scale = s.lhs.value.abs().max(s.rhs.value.abs());
        if scale == 0.0 { 0.0 } else { (s.lhs.value - s.rhs.value).abs() / scale }
    };
    let relative = sides.iter().map(relative).fold(0.0, f64::max);
    let Sides { index, lhs, rhs, .. } = sides[worst];
    let why = (broken > 0).then(|| {
        format!(
            "{} ≠ {} beyond the certificate {:.3e} on {broken} of {} cells, worst on {}",
            lhs.value,
            rhs.value,
            lhs.error + rhs.error,
            sides.len(),
            sides[worst].cell()
        )
    });
    Finding {
        verdict: if broken > 0 { Verdict::Refuted } else { Verdict::Exact },
        constant: None,
        constant_error: None,
        tightness: Tightness {
            text: format!("largest relative difference {relative:.1e}"),
            ..Tightness::default()
        },
        exponents: Vec::new(),
        pooled: Vec::new(),
        control: Control {
            one_false: Some(one_false(&sides, Side::Both, violated)),
            ..control(neighbours, &sides, violated, Verdict::Exact)
        },
        margin: Some(margin),
        worst: Some((index, lhs, rhs)),
        why,
        series,
    }
}

//! The records that speak of a bound, as its judge sees them: the two sides, and where they were measured.

use crate::claim::{Cell, Kind, Record, Sweep};
use crate::judge::series::Point;
use escapement::ball::Ball;
use std::collections::BTreeMap;

/// The two sides of a bound in one record.
#[derive(Clone, Copy)]
pub(super) struct Sides<'a> {
    /// Index of the record among all that were given to the judge.
    pub index: usize,
    /// The record.
    pub record: &'a Record,
    /// The left side; the quantity itself of an asymptotic statement, the successes of a probability.
    pub lhs: Ball,
    /// The right side; the trials of a probability.
    pub rhs: Ball,
    /// The left side is known from below only.
    pub censored: bool,
}

impl<'a> Sides<'a> {
    /// The sides of every record that has both, and a sentence about the first record that lacks one.
    pub fn of(kind: &Kind, records: &[(usize, &'a Record)]) -> (Vec<Self>, Option<String>) {
        let (lhs, rhs) = names(kind);
        let mut lacking = None;
        let mut sides = Vec::with_capacity(records.len());
        for &(index, record) in records {
            match (record.get(lhs), record.get(rhs)) {
                (Some(l), Some(r)) => {
                    let censored = record.measurement.at_least.contains(lhs);
                    sides.push(Self { index, record, lhs: l, rhs: r, censored });
                }
                (found, _) => {
                    let name = if found.is_none() { lhs } else { rhs };
                    lacking.get_or_insert_with(|| {
                        format!("the cell {} lacks the quantity '{name}'", record.cell)
                    });
                }
            }
        }
        (sides, lacking)
    }

    /// Where they were measured.
    pub fn cell(&self) -> &'a Cell {
        &self.record.cell
    }

    /// Their point in a series, at the abscissa `x`.
    pub fn point(&self, x: f64) -> Point {
        Point::new(self.index, x, self.lhs, self.rhs)
    }
}

/// The names of the two quantities that a bound compares.
fn names(kind: &Kind) -> (&str, &str) {
    match kind {
        Kind::Identity { lhs, rhs, .. }
        | Kind::Inequality { lhs, rhs, .. }
        | Kind::Growth { lhs, rhs, .. } => (lhs, rhs),
        Kind::Asymptotic { quantity, .. } => (quantity, quantity),
        Kind::Probability { successes, trials, .. } => (successes, trials),
    }
}

/// The groups of a sweep, in the order of the records; or the sentence about a cell that has no value to
/// sweep over.
pub(super) fn groups<'a>(
    sweep: &Sweep,
    sides: &[Sides<'a>],
) -> Result<BTreeMap<Cell, Vec<Sides<'a>>>, String> {
    sweep.speaks_of(sides.iter().map(Sides::cell))?;
    let mut groups: BTreeMap<Cell, Vec<Sides<'a>>> = BTreeMap::new();
    for s in sides {
        groups.entry(sweep.group(s.cell())).or_default().push(*s);
    }
    Ok(groups)
}

//! Repetitions that are copies: they add nothing, neither to a pass nor to a refutation.

use crate::claim::Cell;
use crate::judge::sides::Sides;
use statrs::distribution::{DiscreteCDF, Poisson};
use std::collections::{BTreeMap, BTreeSet};

/// Numbers of more significant digits than these do not agree by chance.
const DIGITS_OF_CHANCE: usize = 6;

/// Below this probability, numbers of few digits agree too often for chance.
const TOO_OFTEN: f64 = 1e-3;

/// The copies among the records of a sweep.
pub(super) struct Copies<'a> {
    /// The places of those that are left out; the first of each kind stays.
    pub places: BTreeSet<usize>,
    /// Two that are the same.
    pub first: Option<(Sides<'a>, Sides<'a>)>,
}

impl Copies<'_> {
    /// The sentence about them, if there are any.
    pub fn words(&self) -> Option<String> {
        let (a, b) = self.first?;
        let (first, second, value) = (a.cell(), b.cell(), a.lhs.value);
        Some(format!("{first} and {second} have the same left side {value}: one is a copy"))
    }
}

/// Finds the repetitions of one cell with one left side. Whole numbers, which counts are, may well agree;
/// numbers of at most six significant digits may, where their digits and their scatter explain how often
/// they do.
pub(super) fn copies<'a>(members: &[Sides<'a>]) -> Copies<'a> {
    let mut cells: BTreeMap<Cell, BTreeMap<u64, Vec<usize>>> = BTreeMap::new();
    for (place, s) in members.iter().enumerate().filter(|(_, s)| s.lhs.value.fract() != 0.0) {
        let cell = s.cell().clone().replicate(0);
        cells.entry(cell).or_default().entry(s.lhs.value.to_bits()).or_default().push(place);
    }
    let rounded_are_copies = agree_too_often(cells.values());
    let (mut places, mut first) = (BTreeSet::new(), None);
    for (bits, same) in cells.values().flatten().filter(|(_, same)| same.len() > 1) {
        if digits(f64::from_bits(*bits)).0 <= DIGITS_OF_CHANCE && !rounded_are_copies {
            continue;
        }
        places.extend(&same[1..]);
        first.get_or_insert((members[same[0]], members[same[1]]));
    }
    Copies { places, first }
}

/// The number of significant decimal digits, and the exponent of the last one.
fn digits(x: f64) -> (usize, i32) {
    let text = format!("{x:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let count = mantissa.bytes().filter(u8::is_ascii_digit).count();
    (count, exponent.parse::<i32>().unwrap_or(0) - (count as i32 - 1))
}

/// Whether numbers of few digits agree more often than numbers of their scatter do that are rounded to their
/// digits. Of two normal numbers of deviation s that are rounded to r the probability is r/(2s√π).
fn agree_too_often<'b>(cells: impl Iterator<Item = &'b BTreeMap<u64, Vec<usize>>> + Clone) -> bool {
    let (mut squares, mut degrees) = (0.0, 0_usize);
    for cell in cells.clone() {
        let values: Vec<f64> = cell.keys().map(|bits| f64::from_bits(*bits)).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        squares += values.iter().map(|x| (x / mean - 1.0).powi(2)).sum::<f64>();
        degrees += values.len() - 1;
    }
    // Without any scatter, all repetitions agree: another clause says so.
    if degrees == 0 || squares == 0.0 {
        return false;
    }
    let scatter = (squares / degrees as f64).sqrt();
    let (mut expected, mut found) = (0.0, 0_usize);
    for cell in cells {
        let count: usize = cell.values().map(Vec::len).sum();
        let pairs = |n: usize| n * (n - 1) / 2;
        found += cell.values().map(|same| pairs(same.len())).sum::<usize>();
        let last = cell.keys().map(|bits| digits(f64::from_bits(*bits)).1).min().unwrap_or(0);
        let size = cell.keys().map(|bits| f64::from_bits(*bits).abs()).fold(0.0, f64::max);
        let resolution = 10.0_f64.powi(last) / size;
        let chance = (resolution / (2.0 * scatter * std::f64::consts::PI.sqrt())).min(1.0);
        expected += pairs(count) as f64 * chance;
    }
    let at_least = |found: usize| Poisson::new(expected).map_or(1.0, |law| law.sf(found as u64 - 1));
    found > 0 && at_least(found) < TOO_OFTEN
}

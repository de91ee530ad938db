//! Series: what a judge looked at, group by group, for pictures and tables.
//!
//! A growth, an asymptotic statement and a probability give the groups they were judged in. Identities and
//! inequalities are judged cell by cell: theirs run along the parameter that varies most.

use crate::claim::{Cell, Parameter, Side, Value};
use escapement::ball::Ball;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One cell of a series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Index of the cell among the records; of the first one where a point stands for several.
    pub cell: usize,
    /// The value of the parameter.
    pub x: f64,
    /// The left side.
    pub lhs: f64,
    /// `|lhs − exact| ≤ lhs_error`.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub lhs_error: f64,
    /// The right side.
    pub rhs: f64,
    /// `|rhs − exact| ≤ rhs_error`.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub rhs_error: f64,
    /// Confidence limits on the left side, where it is a frequency.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub limits: Option<(f64, f64)>,
    /// Whether the verdict was decided on it: false for a cell outside the allowed range, and for one whose
    /// ratio is not the extreme one that a supremum asks for.
    #[serde(skip_serializing_if = "is_true", default = "yes")]
    pub decides: bool,
}

impl Point {
    /// The point of a cell that decides, without limits.
    pub fn new(cell: usize, x: f64, lhs: Ball, rhs: Ball) -> Self {
        let (lhs_error, rhs_error) = (lhs.error, rhs.error);
        Self { cell, x, lhs: lhs.value, lhs_error, rhs: rhs.value, rhs_error, limits: None, decides: true }
    }

    /// `lhs/rhs`; none where the right side is 0.
    pub fn ratio(&self) -> Option<f64> {
        (self.rhs != 0.0).then(|| self.lhs / self.rhs)
    }

    /// A bound on the distance of [`Self::ratio`] from the exact one; none where the right side may be 0.
    pub fn ratio_error(&self) -> Option<f64> {
        let least = self.rhs.abs() - self.rhs_error;
        (least > 0.0).then(|| (self.lhs_error + (self.lhs / self.rhs).abs() * self.rhs_error) / least)
    }
}

/// A power of the parameter through the ratios of a series: `lhs/rhs ≈ e^intercept · x^slope`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fit {
    /// Slope of ln(lhs/rhs) in ln x: measured minus claimed exponent.
    pub slope: f64,
    /// ln(lhs/rhs) on the line at x = 1.
    pub intercept: f64,
    /// Lower limit on the slope.
    pub lower: f64,
    /// Upper limit on it.
    pub upper: f64,
    /// The x about which a line with another slope turns: the geometric mean of a growth, the last value of
    /// an asymptotic statement.
    pub center: f64,
}

impl Fit {
    /// The ratio on the line.
    pub fn at(&self, x: f64) -> f64 {
        (self.intercept + self.slope * x.ln()).exp()
    }

    /// The least and the largest ratio on lines through the centre whose slopes lie within the limits.
    pub fn band(&self, x: f64) -> (f64, f64) {
        let turned = |slope: f64| self.at(self.center) * (x / self.center).powf(slope);
        let (a, b) = (turned(self.lower), turned(self.upper));
        (a.min(b), a.max(b))
    }
}

/// The negative control on the cells of a series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planted {
    /// What is false about it.
    pub description: String,
    /// The points, with the false side in place of the true one. A growth and an asymptotic statement have
    /// the left side multiplied by a power of the parameter that is 1 at the first point.
    pub points: Vec<Point>,
}

/// One group of cells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// The cells, e.g. "k=1 R=3 tanh:0.5": as in [`crate::judge::ExponentEvidence::group`] where there is an
    /// exponent.
    pub group: String,
    /// The parameter on the abscissa; empty where none varies: then x counts the cells from 1.
    pub parameter: String,
    /// The exponent that the right side carries, where one is claimed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub claimed: Option<f64>,
    /// False for a sweep outside the allowed set, which is reported and decides nothing.
    pub decides: bool,
    /// The cells, by x.
    pub points: Vec<Point>,
    /// The line through the points that decide, if there are enough.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fit: Option<Fit>,
    /// The controls.
    pub controls: Vec<Planted>,
}

/// A group of cells: its label, and the abscissa and index of each.
type Group = (String, Vec<(f64, usize)>);

/// The parameters that are likelier to be an abscissa than others, the likeliest first.
const LIKELY: [Parameter; 3] = [Parameter::M, Parameter::D, Parameter::N];

/// The symbols of the parameters that these cells have, the likelier ones first.
fn axes(cells: &[&Cell]) -> Vec<String> {
    let mut symbols: Vec<String> = LIKELY.map(|p| p.symbol().to_owned()).to_vec();
    for (symbol, _) in cells.iter().flat_map(|cell| cell.values()) {
        if !symbols.iter().any(|known| known == symbol) {
            symbols.push(symbol.to_owned());
        }
    }
    symbols
}

/// Cells along the parameter with the most values: its symbol, and the groups of cells equal in all but it,
/// the replicate and what follows from it, with abscissa and index. Where nothing varies but words, one
/// group, counted from 1.
pub(crate) fn along(cells: &[&Cell]) -> (String, Vec<Group>) {
    let axes = axes(cells);
    let value = |axis: usize, cell: &Cell| cell.value(&axes[axis]);
    let count = |axis: usize| cells.iter().map(|c| value(axis, c)).collect::<BTreeSet<_>>().len();
    let counts: Vec<usize> = (0..axes.len()).map(count).collect();
    let most = counts.iter().copied().max().unwrap_or(0);
    let axis = counts.iter().position(|&c| c == most).filter(|_| most > 1);
    let Some(axis) = axis else {
        return (
            String::new(),
            vec![(String::new(), (0..cells.len()).map(|i| (i as f64 + 1.0, i)).collect())],
        );
    };
    let mut keys: Vec<Cell> =
        cells.iter().map(|&c| c.clone().replicate(0).without_symbol(&axes[axis])).collect();
    for other in (0..axes.len()).filter(|&a| a != axis && counts[a] > 1) {
        // A parameter that follows the abscissa (m tied to d, say) must not separate groups.
        let without: Vec<Cell> = keys.iter().map(|key| key.clone().without_symbol(&axes[other])).collect();
        let mut seen: BTreeMap<(&Cell, Option<Value>), Option<Value>> = BTreeMap::new();
        let follows = without.iter().zip(cells).all(|(key, &cell)| {
            let v = value(other, cell);
            *seen.entry((key, value(axis, cell))).or_insert(v) == v
        });
        if follows {
            keys = without;
        }
    }
    let mut groups: BTreeMap<Cell, Vec<(f64, usize)>> = BTreeMap::new();
    for (i, (key, &cell)) in keys.into_iter().zip(cells).enumerate() {
        // A cell to which the parameter does not apply stands at its beginning.
        groups.entry(key).or_default().push((value(axis, cell).map_or(0.0, Value::real), i));
    }
    let sorted = |(key, mut members): (Cell, Vec<(f64, usize)>)| {
        members.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        (label(&key), members)
    };
    (axes[axis].clone(), groups.into_iter().map(sorted).collect())
}

/// Points with the left side multiplied by `(x/first)^tilt`.
pub(crate) fn planted(description: String, points: &[&Point], tilt: f64) -> Planted {
    let first = points.iter().map(|p| p.x).fold(f64::INFINITY, f64::min);
    let tilted = |p: &&Point| {
        let factor = (p.x / first).powf(tilt);
        Point { lhs: p.lhs * factor, lhs_error: p.lhs_error * factor, ..(*p).clone() }
    };
    Planted { description, points: points.iter().map(tilted).collect() }
}

/// A bound on the distance of a constant from the exact one, given the series that it is the extreme ratio
/// of: every ratio lies within its own error, and so does their extreme. None where a right side may be 0.
pub(crate) fn constant_error(side: Side, constant: Option<f64>, series: &[Series]) -> Option<f64> {
    let points = || series.iter().filter(|s| s.decides).flat_map(|s| &s.points).filter(|p| p.decides);
    // Where every right side is 0 the constant is the extreme of the left side itself, and else that of the
    // ratios whose right side is positive.
    let sign = points().all(|p| p.rhs == 0.0);
    let (mut low, mut high) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    let direction = if side == Side::Lower { -1.0 } else { 1.0 };
    for p in points().filter(|p| sign || p.rhs > 0.0) {
        let (ratio, error) = if sign { (p.lhs, p.lhs_error) } else { (p.ratio()?, p.ratio_error()?) };
        low = low.max(direction * ratio - error);
        high = high.max(direction * ratio + error);
    }
    let constant = direction * constant?;
    let distance = (high - constant).max(constant - low);
    distance.is_finite().then(|| distance.max(0.0))
}

/// The fields of a cell that apply, in words: "d=10 k=1 R=3 tanh:0.5".
pub(crate) fn label(cell: &Cell) -> String {
    let mut words = Vec::new();
    if !cell.part.is_empty() {
        words.push(cell.part.clone());
    }
    words.extend(cell.values().map(|(symbol, value)| format!("{symbol}={value}")));
    if !cell.activation.is_empty() {
        words.push(cell.activation.clone());
    }
    words.join(" ")
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
fn is_zero(x: &f64) -> bool {
    *x == 0.0
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_true(x: &bool) -> bool {
    *x
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(cells: &[Cell]) -> (String, Vec<(String, Vec<f64>)>) {
        let (name, groups) = along(&cells.iter().collect::<Vec<_>>());
        (name, groups.into_iter().map(|(g, members)| (g, members.iter().map(|p| p.0).collect())).collect())
    }

    #[test]
    fn cells_run_along_the_parameter_that_varies_most() {
        let cell = |d: usize, m: usize, activation: &str| {
            Cell::new("c", "").with(Parameter::D, d).with(Parameter::M, m).activation(activation)
        };
        // m follows d: one group for each activation.
        let tied: Vec<Cell> = ["a", "b"].iter().flat_map(|a| [5, 3, 4].map(|d| cell(d, d * d, a))).collect();
        let groups = ["a", "b"].map(|a| (a.to_owned(), vec![9.0, 16.0, 25.0])).to_vec();
        assert_eq!(shape(&tied), ("m".to_owned(), groups));
        // d does not follow m: it separates.
        let crossed: Vec<Cell> =
            [3, 4].iter().flat_map(|&d| [10, 20, 30].map(|m| cell(d, m, "a"))).collect();
        let groups = [3, 4].map(|d| (format!("d={d} a"), vec![10.0, 20.0, 30.0])).to_vec();
        assert_eq!(shape(&crossed), ("m".to_owned(), groups));
        // Only words vary, or nothing: counted.
        assert_eq!(
            shape(&[cell(3, 0, "a"), cell(3, 0, "b")]),
            (String::new(), vec![(String::new(), vec![1.0, 2.0])])
        );
    }

    #[test]
    fn a_ratio_lies_within_its_error() {
        let (lhs, rhs) = (Ball { value: 3.0, error: 0.1 }, Ball { value: -2.0, error: 0.5 });
        let point = Point::new(0, 1.0, lhs, rhs);
        let (ratio, error) = (point.ratio().unwrap(), point.ratio_error().unwrap());
        for (l, r) in [(2.9, -1.5), (2.9, -2.5), (3.1, -1.5), (3.1, -2.5)] {
            assert!((l / r - ratio).abs() <= error * (1.0 + 1e-15), "{l}/{r}");
        }
        assert!(Point::new(0, 1.0, lhs, Ball { value: 0.5, error: 0.5 }).ratio_error().is_none());
        assert!(Point::new(0, 1.0, lhs, Ball { value: 0.0, error: 0.0 }).ratio().is_none());
    }
}

//! Hypotheses on the width that several claims state.

use crate::claim::{Cell, Measurement};
use crate::papers::nbl22::letters::Letters;

/// `d^{10k}`, the width that Lemma 2 and Theorem 2 ask for.
pub fn width_of_hypothesis(d: usize, k: usize) -> f64 {
    (d as f64).powi(10 * k as i32)
}

/// Records in the measurement whether m ≥ d^{10k}.
pub fn wide_enough(measurement: Measurement, cell: &Cell) -> Measurement {
    let least = width_of_hypothesis(cell.d(), cell.k());
    let met = cell.m() as f64 >= least;
    measurement.hypothesis("m ≥ d^{10k}", met, format!("m = {}, d^{{10k}} = {least:.6e}", cell.m()))
}

/// The width that the hypothesis asks for, where a machine reaches it.
pub fn literal(cell: &Cell) -> bool {
    cell.m() as f64 >= width_of_hypothesis(cell.d(), cell.k())
}

/// Records that d ≥ 3, where harmonics have all their degrees: what a statement at infinite width asks for,
/// beside "d above a constant", of which the onset tells.
pub fn dimension(measurement: Measurement, cell: &Cell) -> Measurement {
    measurement.hypothesis("d ≥ 3", cell.d() >= 3, format!("d = {}", cell.d()))
}

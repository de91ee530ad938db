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

/// Records whether d^k ≤ n ≤ d^{k+1}, with `detail` on n.
pub fn samples_in_range(measurement: Measurement, cell: &Cell, detail: String) -> Measurement {
    let (n, least) = (cell.n() as f64, (cell.d() as f64).powi(cell.k() as i32));
    measurement.hypothesis("d^k ≤ n ≤ d^{k+1}", least <= n && n <= least * cell.d() as f64, detail)
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

//! The kernel, the targets and the spikes of the cells.

use super::letters::{BETA, DEGREE};
use crate::claim::Cell;
use crate::error::Result;
use escapement::gaussian::Spike;
use escapement::kernel::spiked::SpikedKernel;

/// The exponential of the inner product up to a degree, `c_l = 1/l!`, on R^d with the spike θ.
///
/// # Errors
/// A spike that is not allowed.
pub fn kernel(degree: usize, d: usize, theta: f64) -> Result<SpikedKernel> {
    let c: Vec<f64> = (0..=degree).map(|l| factorial(l).recip()).collect();
    Ok(SpikedKernel::new(Spike::new(d, theta)?, &c)?)
}

/// l!.
pub fn factorial(l: usize) -> f64 {
    (1..=l).map(|i| i as f64).product()
}

/// `β − (1 − 1/q)` at the cell: above 0 where the degree q can be learnt.
pub fn above(cell: &Cell, q: usize) -> f64 {
    cell.real(BETA) - (1.0 - 1.0 / q as f64)
}

/// `1 − (1−β)p`, the exponent of `nλ_p`.
pub fn exponent(cell: &Cell) -> f64 {
    let p = cell.whole(DEGREE);
    p as f64 * above(cell, p)
}

/// The coefficients of `f* = (h_1 + h_p)/√2`.
pub fn target(p: usize) -> Vec<f64> {
    (0..=p).map(|j| if j == 1 || j == p { 0.5_f64.sqrt() } else { 0.0 }).collect()
}

//! Extrapolation of a method of order one: k columns give order k, also where the equation is stiff.
//!
//! A step of length h is made with 1, 2, …, k substeps of the linearly implicit Euler method, and the results
//! are extrapolated to substeps of length 0. The last two columns of the tableau differ by what the step
//! errs (Deuflhard, Hairer and Zugck's scheme, here with a fixed k).

use super::accuracy::Accuracy;
use crate::Result;

/// The number of columns: one more for each two digits.
pub(super) fn columns(accuracy: Accuracy) -> usize {
    2 + (-0.5 * accuracy.tolerance.log10()) as usize
}

/// A method of order one: what a substep takes from the state where it begins, and the substep.
pub(super) trait Method {
    /// What does not depend on the length of the substep.
    type Rate;

    /// # Errors
    /// A state that is out of range.
    fn rate(&self, state: &[f64]) -> Result<Self::Rate>;

    /// The state after a substep of length `h`.
    ///
    /// # Errors
    /// A substep that is too long to be followed.
    fn substep(&self, state: &[f64], rate: &Self::Rate, h: f64) -> Result<Vec<f64>>;
}

/// The state after a step of length `h`, and how far the last two columns are apart. `rate` is that of the
/// state.
///
/// # Errors
/// What the method refuses.
pub(super) fn step<M: Method>(
    method: &M,
    (state, rate): (&[f64], &M::Rate),
    h: f64,
    columns: usize,
) -> Result<(Vec<f64>, Vec<f64>)> {
    let mut row: Vec<Vec<f64>> = Vec::new();
    let mut apart = vec![f64::INFINITY; state.len()];
    for count in 1..=columns {
        let mut next = method.substep(state, rate, h / count as f64)?;
        for _ in 1..count {
            next = method.substep(&next, &method.rate(&next)?, h / count as f64)?;
        }
        // The row of the tableau below `row`, by Aitken and Neville.
        let mut below = vec![next];
        for (column, above) in row.iter().enumerate() {
            let ratio = count as f64 / (count - column - 1) as f64 - 1.0;
            let here = &below[column];
            let extrapolated = here.iter().zip(above).map(|(here, above)| here + (here - above) / ratio);
            below.push(extrapolated.collect());
        }
        if let [.., before, last] = below.as_slice() {
            apart = last.iter().zip(before).map(|(a, b)| a - b).collect();
        }
        row = below;
    }
    Ok((row.pop().unwrap_or_default(), apart))
}

//! Extrapolation of a method of order one: k columns give order k, also where the equation is stiff.
//!
//! A step of length h is made with 1, 2, …, k substeps of the linearly implicit Euler method, and the results
//! are extrapolated to substeps of length 0. The last two columns of the tableau differ by what the step
//! errs, which controls its length (Deuflhard, Hairer and Zugck's scheme, here with a fixed k).

use crate::{Error, Result};

/// How a flow is integrated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Accuracy {
    /// The error of a step that is allowed, relative to the length of the state.
    pub tolerance: f64,
    /// The most steps of a run, accepted or not.
    pub steps: usize,
}

impl Default for Accuracy {
    /// Errors of 10⁻⁶ a step, and 200 000 steps.
    fn default() -> Self {
        Self { tolerance: 1e-6, steps: 200_000 }
    }
}

impl Accuracy {
    /// Refuses a tolerance with which no flow is followed.
    ///
    /// # Errors
    /// A tolerance outside [10⁻¹³, 0.1], because rounding or nothing at all would be measured.
    pub fn check(self) -> Result<()> {
        if (1e-13..=0.1).contains(&self.tolerance) {
            return Ok(());
        }
        Err(Error::domain("the tolerance", self.tolerance, "it is from 1e-13 to 0.1"))
    }

    /// The order: one more column for each two digits.
    fn columns(self) -> usize {
        2 + (-0.5 * self.tolerance.log10()) as usize
    }
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

/// The state after a step of length `h`, and its error. `rate` is that of the state.
fn step<M: Method>(
    method: &M,
    (state, rate): (&[f64], &M::Rate),
    h: f64,
    columns: usize,
) -> Result<(Vec<f64>, f64)> {
    let mut row: Vec<Vec<f64>> = Vec::new();
    let mut error = f64::INFINITY;
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
            let length = |pairs: &mut dyn Iterator<Item = f64>| pairs.map(|x| x * x).sum::<f64>().sqrt();
            let size = length(&mut last.iter().copied()).max(length(&mut state.iter().copied()));
            error = length(&mut last.iter().zip(before).map(|(a, b)| a - b)) / size.max(f64::MIN_POSITIVE);
        }
        row = below;
    }
    Ok((row.pop().unwrap_or_default(), error))
}

/// The next step from `state`: its new value and length, and a proposal for the length after. `h` is the
/// length to begin with; `spent` counts attempts.
///
/// # Errors
/// A state out of range, what the substeps refuse at every length, and [`Error::Numerical`] where the steps are spent or vanish.
pub(super) fn advance<M: Method>(
    method: &M,
    state: &[f64],
    mut h: f64,
    accuracy: Accuracy,
    spent: &mut usize,
) -> Result<(Vec<f64>, f64, f64)> {
    let (columns, rate) = (accuracy.columns(), method.rate(state)?);
    let failed = |why: String| Error::Numerical { what: "the flow", why };
    loop {
        if *spent >= accuracy.steps {
            return Err(failed(format!("{} steps do not suffice", accuracy.steps)));
        }
        *spent += 1;
        let factor = match step(method, (state, &rate), h, columns) {
            Ok((next, error)) if error.is_finite() => {
                let factor = (0.25 * accuracy.tolerance / error.max(f64::MIN_POSITIVE))
                    .powf(1.0 / columns as f64)
                    .clamp(0.1, 4.0);
                if error <= accuracy.tolerance {
                    return Ok((next, h, h * factor));
                }
                factor.min(0.7)
            }
            Err(why) if h < 1e-300 => return Err(why),
            _ => 0.1,
        };
        h *= factor;
        if h < 1e-300 {
            return Err(failed("its steps vanish".into()));
        }
    }
}

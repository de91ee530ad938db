//! The lengths of the steps of a flow.

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
}

/// An accepted step.
pub(super) struct Step {
    /// The state at its end.
    pub state: Vec<f64>,
    /// Its length.
    pub length: f64,
    /// A proposal for the length of the next one.
    pub next: f64,
}

/// The next step from `state`. `attempt` makes the state after a step of a length, and the difference to a
/// result of another order, whose error is of the order `order` in the length. `h` is the length to begin
/// with; `spent` counts attempts.
///
/// # Errors
/// What attempts refuse at every length, and [`Error::Numerical`] where the steps are spent or vanish.
pub(super) fn advance(
    state: &[f64],
    mut h: f64,
    order: usize,
    accuracy: Accuracy,
    spent: &mut usize,
    mut attempt: impl FnMut(f64) -> Result<(Vec<f64>, Vec<f64>)>,
) -> Result<Step> {
    let failed = |why: String| Error::Numerical { what: "the flow", why };
    let length = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
    loop {
        if *spent >= accuracy.steps {
            return Err(failed(format!("{} steps do not suffice", accuracy.steps)));
        }
        *spent += 1;
        let attempt = attempt(h).map(|(next, apart)| {
            let error = length(&apart) / length(&next).max(length(state)).max(f64::MIN_POSITIVE);
            (next, error)
        });
        let factor = match attempt {
            Ok((next, error)) if error.is_finite() => {
                let factor = (0.25 * accuracy.tolerance / error.max(f64::MIN_POSITIVE))
                    .powf(1.0 / order as f64)
                    .clamp(0.1, 4.0);
                if error <= accuracy.tolerance {
                    return Ok(Step { state: next, length: h, next: h * factor });
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

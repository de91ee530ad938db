//! One run: its steps, and what is recorded of them.

use super::bits::Bits;
use super::training::{Descent, Test};
pub use crate::figure::due;
use crate::figure::{AtStep, Checkpoints, Position, Recorded};
use anyhow::Result;
use serde::{Deserialize, Serialize};

/// What is recorded of one step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Steps taken before.
    pub step: u64,
    /// R1, where it is looked at.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub r1: Option<f64>,
    /// R3.
    pub r3: f64,
    /// The mean loss on the inputs that are trained on.
    pub train_loss: f64,
    /// The mean loss on those that are not.
    pub test_loss: f64,
}

impl AtStep for Row {
    fn step(&self) -> u64 {
        self.step
    }
}

/// Where a run is.
pub type State = Recorded<Row>;

/// What one evaluation says.
pub struct Evaluated {
    /// R1, where it was looked at.
    pub r1: Option<f64>,
    /// R3; only looked at where something is recorded.
    pub r3: f64,
    /// The mean loss.
    pub loss: f64,
}

/// Leaves the gradient at a displacement in it; is told the step, and whether it is recorded.
pub type Evaluate<'a, T> = &'a mut dyn FnMut(&mut Descent<T>, u64, bool) -> Result<Evaluated>;

/// Takes `descent` through `steps` steps of length `eta`, from where it was left or from the start, until
/// `checkpoints` breaks it off.
///
/// # Errors
/// Those of `evaluate`, and a checkpoint that cannot be written or does not fit.
pub fn advance<T: Bits>(
    mut descent: Descent<T>,
    test: &mut Test<T>,
    (steps, eta): (u64, f64),
    from: Option<Position<State>>,
    checkpoints: &mut Checkpoints<'_, State>,
    evaluate: Evaluate<'_, T>,
) -> Result<Position<State>> {
    let mut state = State::default();
    if let Some(Position { state: left, bits }) = from {
        descent.set_bits(&bits)?;
        state = left.resumed();
    }
    loop {
        let (last, due) = (state.step == steps, due(state.step));
        let Evaluated { r1, r3, loss } = evaluate(&mut descent, state.step, due || last)?;
        if last || due {
            let test_loss = test.loss(descent.w())?;
            state.rows.push(Row { step: state.step, r1, r3, train_loss: loss, test_loss });
        }
        if last {
            break;
        }
        descent.step(eta);
        state.step += 1;
        let message = || {
            state
                .rows
                .last()
                .map_or_else(String::new, |row| format!("train {loss:.4}, test {:.4}", row.test_loss))
        };
        let position = || Position { state: state.clone(), bits: descent.bits() };
        if checkpoints.tick(state.step, message, position)?.is_break() {
            break;
        }
    }
    Ok(Position { bits: descent.bits(), state })
}

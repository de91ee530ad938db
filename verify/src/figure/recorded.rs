//! A run of so many steps: where it is, what was recorded on the way, and what that is over seeds.

use super::{limits, schedule};
use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Something is recorded at steps of at most four leading bits: eight to a doubling.
const LEADING: u32 = 4;

/// Whether `step` is one at which something is recorded in any case; at the last step it is too.
pub fn due(step: u64) -> bool {
    schedule::due(step, LEADING)
}

/// What is recorded of one step.
pub trait AtStep {
    /// Steps taken before.
    fn step(&self) -> u64;
}

/// Where a run is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recorded<R> {
    /// Steps taken.
    pub step: u64,
    /// What was recorded.
    pub rows: Vec<R>,
}

impl<R> Default for Recorded<R> {
    fn default() -> Self {
        Self { step: 0, rows: Vec::new() }
    }
}

impl<R: AtStep> Recorded<R> {
    /// The step of the last row; 0 for a run that has not begun.
    pub fn reached(state: Option<&Self>) -> u64 {
        state.and_then(|state| state.rows.last()).map_or(0, R::step)
    }

    /// How much of the run is done: the last step is to be evaluated too.
    pub fn done(state: Option<&Self>) -> u64 {
        state.map_or(0, |state| {
            state.step + u64::from(state.rows.last().is_some_and(|row| row.step() == state.step))
        })
    }

    /// As a run goes on from it: the row of the step in hand is made again, or was that of an end that is
    /// none.
    pub fn resumed(mut self) -> Self {
        self.rows.retain(|row| row.step() < self.step);
        self
    }

    /// Refuses the run of that name if it has taken more than `steps` steps, which is what is asked for.
    ///
    /// # Errors
    /// It has, in one sentence.
    pub fn accept(&self, run: &str, steps: u64) -> Result<()> {
        let step = self.step;
        ensure!(
            step <= steps,
            "the run {run} has taken {step} steps and {steps} are asked for: give at least that, or --fresh \
             to start anew"
        );
        Ok(())
    }
}

/// Against `at` a step, the mean and standard deviation of a quantity over the runs that have got there.
pub fn averaged<'a, R: AtStep + 'a>(
    runs: impl Iterator<Item = &'a Recorded<R>>,
    at: impl Fn(u64) -> f64,
    of: impl Fn(&R) -> Option<f64>,
) -> Vec<(f64, f64, f64)> {
    let mut values: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for row in runs.flat_map(|state| &state.rows) {
        values.entry(row.step()).or_default().extend(of(row));
    }
    values.iter().filter_map(|(&step, v)| limits(v).map(|l| (at(step), l.mean, l.deviation))).collect()
}

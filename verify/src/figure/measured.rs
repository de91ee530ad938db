//! Experiments whose runs are lists of sizes: one measurement after another, none of which needs the others.

use super::{Checkpoints, Experiment, Position, Report};
use crate::claim::{Cell, Failure};
use anyhow::{Result, ensure};
use faer::Par;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Where a run is: what was measured at each size that it has come to, in the order of its list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured<T> {
    /// Sizes, and what was measured there.
    pub rows: Vec<(usize, T)>,
}

impl<T> Measured<T> {
    /// What was measured at this size.
    pub fn at(&self, size: usize) -> Option<&T> {
        self.rows.iter().find(|row| row.0 == size).map(|row| &row.1)
    }
}

/// An experiment whose runs are lists of sizes.
pub trait Series {
    /// Its name, as files and cells have it.
    const ID: &'static str;

    /// What is measured at a size.
    type Value: Serialize + DeserializeOwned + Clone;

    /// As [`Experiment::settings`]: not how long the lists are.
    ///
    /// # Errors
    /// A setting that cannot be written down.
    fn shared(&self) -> Result<Map<String, Value>>;

    /// As [`Experiment::runs`].
    fn names(&self) -> Vec<String>;

    /// The sizes of a run.
    fn sizes(&self, run: usize) -> Vec<usize>;

    /// About how many operations the measurement at a size takes.
    fn operations(&self, run: usize, size: usize) -> f64;

    /// The measurement at a size.
    ///
    /// # Errors
    /// What the kernels refuse.
    fn measure(&self, run: usize, size: usize) -> Result<Self::Value>;

    /// The outputs; the runs that have not ended are `open`.
    fn outputs(&self, states: &[Option<Measured<Self::Value>>], open: Vec<Failure>) -> Report;
}

impl<S: Series> Experiment for S {
    type State = Measured<S::Value>;

    fn id(&self) -> &str {
        S::ID
    }

    fn settings(&self) -> Result<Map<String, Value>> {
        self.shared()
    }

    fn runs(&self) -> Vec<String> {
        self.names()
    }

    fn work(&self, run: usize, state: Option<&Self::State>) -> (u64, u64) {
        let cost = |size: usize| (self.operations(run, size) / 1e6).ceil() as u64;
        let costs: Vec<u64> = self.sizes(run).into_iter().map(cost).collect();
        (costs.iter().sum(), costs.iter().take(state.map_or(0, |state| state.rows.len())).sum())
    }

    fn accept(&self, run: usize, state: &Self::State) -> Result<()> {
        let (asked, done) = (self.sizes(run).len(), state.rows.len());
        ensure!(
            done <= asked,
            "the run {} has measured {done} sizes and {asked} are asked for: give at least that, or --fresh \
             to start anew",
            self.names()[run]
        );
        Ok(())
    }

    fn advance(
        &mut self,
        run: usize,
        from: Option<Position<Self::State>>,
        checkpoints: &mut Checkpoints<'_, Self::State>,
    ) -> Result<Position<Self::State>> {
        // The last bits of a factorisation depend on the parallelism of the process.
        faer::set_global_parallelism(Par::Seq);
        let sizes = self.sizes(run);
        let mut state = from.map_or(Measured { rows: Vec::new() }, |position| position.state);
        while let Some(&size) = sizes.get(state.rows.len()) {
            state.rows.push((size, self.measure(run, size)?));
            let position = || Position { state: state.clone(), bits: Vec::new() };
            let done = self.work(run, Some(&state)).1;
            if checkpoints.tick(done, || format!("size {size}"), position)?.is_break() {
                break;
            }
        }
        Ok(Position { state, bits: Vec::new() })
    }

    fn report(&self, states: &[Option<Self::State>]) -> Result<Report> {
        let open = |(run, name): (usize, String)| {
            let (all, state) = (self.sizes(run).len(), states[run].as_ref());
            let done = state.map_or(0, |state| state.rows.len());
            let reached = state.map(|_| format!("it has measured {done} of {all} sizes"));
            (done < all).then(|| Failure::open(Cell::new(S::ID, name), reached))
        };
        Ok(self.outputs(states, self.names().into_iter().enumerate().filter_map(open).collect()))
    }
}

//! Experiments: curves to look at, and verdicts on what a paper reads off them.
//!
//! An experiment is a list of *runs* (one to a seed and a setting), each with a checkpoint of its own. They
//! are executed one after another, on all cores; one that is stopped goes on to the same bytes. The table,
//! the picture and the verdict are pure functions of what the runs have recorded. The experiments themselves
//! live with the papers whose figures they are.

mod host;
mod measured;
mod picture;
mod recorded;
mod runs;
pub mod schedule;
pub mod seeds;
mod settings;
mod sheet;

pub use host::{Host, Unattended};
pub use measured::{Measured, Series};
pub use picture::{Curve, Panel, Picture, Style};
pub use recorded::{AtStep, Recorded, averaged, due};
pub use runs::{Checkpoints, Execution, Position, execute};
pub use seeds::{Limits, limits};
pub use settings::named;
pub use sheet::Sheet;

use crate::judge::ClaimVerdict;
use anyhow::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// An experiment, as far as it is to be executed.
pub trait Experiment {
    /// What a run has recorded, and where it is; the bits of what it trains are kept beside it.
    type State: Serialize + DeserializeOwned + Clone;

    /// Its name, which is that of its files too.
    fn id(&self) -> &str;

    /// All that another command must share to go on with its runs: not how many runs there are, nor how long
    /// they are.
    ///
    /// # Errors
    /// A setting that cannot be written down.
    fn settings(&self) -> Result<Map<String, Value>>;

    /// The names of its runs, in the order in which they are executed; each names a file.
    fn runs(&self) -> Vec<String>;

    /// How much work a run is, in units that are the same for all of them, and how much of it is done in
    /// `state`.
    fn work(&self, run: usize, state: Option<&Self::State>) -> (u64, u64);

    /// Refuses a state from which the run cannot go on.
    ///
    /// # Errors
    /// Why, in one sentence.
    fn accept(&self, _run: usize, _state: &Self::State) -> Result<()> {
        Ok(())
    }

    /// Goes on with a run, from its start or from where it was left, to its end or to where `checkpoints`
    /// breaks it off.
    ///
    /// # Errors
    /// What the kernels refuse, and a checkpoint that cannot be written.
    fn advance(
        &mut self,
        run: usize,
        from: Option<Position<Self::State>>,
        checkpoints: &mut Checkpoints<'_, Self::State>,
    ) -> Result<Position<Self::State>>;

    /// What the runs came to; `None` for one that has not begun. Runs that have not ended are shown as far
    /// as they went.
    ///
    /// # Errors
    /// A number that is not finite.
    fn report(&self, states: &[Option<Self::State>]) -> Result<Report>;
}

/// The outputs of an experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The table: one row to a recorded step, or to a run.
    pub csv: String,
    /// The figure, which may have nothing to draw yet.
    pub picture: Picture,
    /// What is to be said of the claims that the paper draws.
    pub verdict: ClaimVerdict,
}

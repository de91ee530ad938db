//! The cells of a run, in canonical order, with what they are expected to take.

use crate::claim::{Cell, Claim, Prediction, Tier};
use crate::error::{Error, Result};
use crate::run::journal::Key;
use crate::run::rates::{NOMINAL, Rates};
use crate::run::shard::Shard;
use crate::run::source::source_of;
use crate::run::timings::Timings;
use std::collections::BTreeSet;

/// One cell of a plan.
pub struct Step<'a> {
    /// The claim that measures it.
    pub claim: &'a dyn Claim,
    /// The cell.
    pub cell: Cell,
    /// What it is expected to take.
    pub prediction: Prediction,
    /// The seconds that this is expected to be, at the rates that are known.
    pub seconds: f64,
}

/// Every cell of a run, in the order of the registry and of each claim's plan.
pub struct Plan<'a> {
    /// The cells; of a share, its own.
    pub steps: Vec<Step<'a>>,
    /// What a journal is put in order by: the keys of all cells, also of those that fall to other shares.
    pub order: Vec<Key>,
    /// The tier.
    pub tier: Tier,
    /// The root seed.
    pub seed: u64,
}

impl<'a> Plan<'a> {
    /// The plan of these claims.
    ///
    /// # Errors
    /// [`Error::CellName`] for a cell that cannot be named or bears another claim's name,
    /// [`Error::Duplicate`] for one that appears twice.
    pub fn new(claims: &[&'a dyn Claim], tier: Tier, seed: u64) -> Result<Self> {
        let (mut steps, mut order) = (Vec::new(), Vec::new());
        let mut seen = BTreeSet::new();
        for &claim in claims {
            for cell in claim.plan(tier) {
                cell.check(claim.card().paper.letters)?;
                if cell.claim != claim.id() {
                    let allowed = "a cell bears the name of the claim that plans it".to_owned();
                    let (claim, what) = (claim.id().to_owned(), "claim".to_owned());
                    return Err(Error::CellName { claim, what, value: cell.claim, allowed });
                }
                if !seen.insert(cell.key()) {
                    return Err(Error::Duplicate { what: "the cell", name: cell.key() });
                }
                let prediction = claim.predict(&cell);
                order.push((cell.clone(), seed, source_of(claim)));
                let seconds = NOMINAL * prediction.flops;
                steps.push(Step { claim, cell, prediction, seconds });
            }
        }
        Ok(Self { steps, order, tier, seed })
    }

    /// With the times that this machine is expected to take, by what it took for the cells that `timings`
    /// knows. Which cells are measured, and how they are shared out, does not depend on it.
    #[must_use]
    pub fn timed_by(mut self, timings: &Timings) -> Self {
        let rates = Rates::learnt(timings, self.steps.iter().map(|s| (&s.cell, s.prediction.flops)));
        for step in &mut self.steps {
            step.seconds = rates.seconds(&step.cell, step.prediction.flops);
        }
        self
    }

    /// The share of the cells that falls to `shard`, in the same order.
    #[must_use]
    pub fn share(mut self, shard: Shard) -> Self {
        let flops: Vec<f64> = self.steps.iter().map(|s| s.prediction.flops).collect();
        let mut takes = shard.takes(&flops).into_iter();
        self.steps.retain(|_| takes.next().unwrap_or(false));
        self
    }

    /// Seconds on `jobs` cores: the total shared out, and no less than the longest cell.
    pub fn seconds(&self, jobs: usize) -> f64 {
        let total: f64 = self.steps.iter().map(|s| s.seconds).sum();
        let longest = self.steps.iter().map(|s| s.seconds).fold(0.0, f64::max);
        longest.max(total / jobs.max(1) as f64)
    }

    /// Bytes of the hungriest cell.
    pub fn bytes(&self) -> f64 {
        self.steps.iter().map(|s| s.prediction.bytes).fold(0.0, f64::max)
    }
}

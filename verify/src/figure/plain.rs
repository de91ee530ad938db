//! Settings of experiments.

use super::seeds;
use crate::claim::Tier;
use anyhow::Result;
use serde::Serialize;
use serde_json::{Map, Value};

/// The settings of an experiment that has no others than its tier and its seeds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Plain {
    /// How large it is.
    pub tier: Tier,
    /// The first seed.
    pub seed: u64,
    /// How many seeds, from the first on.
    #[serde(skip)]
    pub seeds: u64,
}

impl Plain {
    /// The seeds.
    pub fn all_seeds(&self) -> impl Iterator<Item = u64> + use<> {
        seeds::from(self.seed, self.seeds)
    }

    /// A run to a seed.
    pub fn names(&self) -> Vec<String> {
        self.all_seeds().map(|seed| format!("seed-{seed}")).collect()
    }

    /// What to type for the same runs.
    pub fn command(&self, experiment: &str) -> String {
        let Self { tier, seed, seeds } = self;
        format!("escapement experiment {experiment} --tier {tier} --seed {seed} --seeds {seeds} --fresh")
    }
}

/// All that another command must share, by name: the experiment, and what is written of its settings.
///
/// # Errors
/// A setting that cannot be written down.
pub fn named(experiment: &str, settings: &impl Serialize) -> Result<Map<String, Value>> {
    let mut all = Map::from_iter([("experiment".to_owned(), experiment.into())]);
    if let Value::Object(settings) = serde_json::to_value(settings)? {
        all.extend(settings);
    }
    Ok(all)
}

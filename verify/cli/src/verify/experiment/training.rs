//! What the experiments with f_L + f_Q on the data of figure 1 are told.

use super::Common;
use crate::terminal::choice;
use escapement_verify::papers::nbl22::figures::figure_1::{Precision, Projector, Settings, Sizes, Variant};
use escapement_verify::text::Choice;

/// Flags of figure-1 and r1.
#[derive(Debug, clap::Args)]
pub struct Training {
    /// As in the authors' notebooks: inputs from N(0, I), target ((β·x)² − 1 + β·x)/√3, n_k = d (the
    /// default)
    #[arg(long, conflicts_with = "as_printed")]
    as_run: bool,
    /// As in the text: inputs on the sphere, target x_1 − 1 + (β·x)², n_k = d + 1
    #[arg(long)]
    as_printed: bool,
    /// Where the projector in the regularisers comes from: the sample, as the authors had it, or Σ itself
    /// (then n_k = d + 1)
    #[arg(long, default_value = Projector::ALL[0].name(), value_parser = choice::<Projector>())]
    projector: Projector,
    /// The type of the numbers that are trained
    #[arg(long, default_value = Precision::ALL[0].name(), value_parser = choice::<Precision>())]
    precision: Precision,
    #[command(flatten)]
    pub common: Common,
}

impl Training {
    /// The settings that they mean.
    pub fn settings(&self) -> Settings {
        let (common, sizes) = (&self.common, Sizes::of(self.common.tier));
        Settings {
            variant: if self.as_printed { Variant::AsPrinted } else { Variant::AsRun },
            projector: self.projector,
            precision: self.precision,
            tier: common.tier,
            seed: common.seed,
            seeds: common.seeds.unwrap_or(sizes.seeds),
            steps: common.steps.unwrap_or(sizes.steps),
        }
    }
}

//! `escapement experiment besww23/thresholds`.

use super::{Common, execute_and_print};
use anyhow::{Result, bail};
use escapement_verify::papers::besww23::thresholds::{Settings, Thresholds};
use std::process::ExitCode;

/// Compares kernel ridge regression, one gradient step and principal components on inputs with a spike of the
/// size d^β along the only direction that labels depend on, for n = d samples.
///
/// Writes besww23-thresholds.csv (seed, k, beta, method, risk): k is the information exponent of the target
/// (h_k + h_3)/√2, which has E f*² = 1, and the risk is E (f − f*)², exact for the sample. A step and a principal
/// component have the risk of the best polynomial of their direction.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  escapement experiment besww23/thresholds\n  escapement experiment \
        besww23/thresholds --tier standard --out thresholds")]
pub struct ThresholdsArgs {
    /// The dimension, which is the number of samples too [default: that of the tier]
    #[arg(long, value_name = "D")]
    d: Option<usize>,
    #[command(flatten)]
    common: Common,
}

pub(super) fn thresholds(ThresholdsArgs { d, common }: &ThresholdsArgs) -> Result<ExitCode> {
    if let Some(steps) = common.steps {
        bail!("--steps {steps} is not allowed: the experiment has one gradient step");
    }
    let of = Settings::of(common.tier);
    let (d, seeds) = (d.unwrap_or(of.d), common.seeds.unwrap_or(of.seeds));
    execute_and_print(Thresholds::new(Settings { d, seeds, seed: common.seed, ..of })?, common)
}

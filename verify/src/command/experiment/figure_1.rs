//! `escapement experiment figure-1`.

use super::{Common, conduct};
use anyhow::Result;
use escapement_verify::experiment::figure_1::{Figure1, Precision, Projector, Settings, Sizes, Variant};
use std::process::ExitCode;

/// R3, train and test loss of f_L + f_Q under gradient descent, for six values of λ3.
///
/// Writes figure-1.csv (step, seed, lambda3, r3, train_loss, test_loss; eight rows to a doubling of the steps, and the last step).
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  escapement experiment figure-1\n  escapement experiment figure-1 --as-printed\n  escapement experiment figure-1 --tier paper --seeds 1 --out figure-1"
)]
pub struct Args {
    /// As in the authors' notebooks: inputs from N(0, I), target ((β·x)² − 1 + β·x)/√3, n_k = d (the default)
    #[arg(long, conflicts_with = "as_printed")]
    as_run: bool,
    /// As in the text: inputs on the sphere, target x_1 − 1 + (β·x)², n_k = d + 1
    #[arg(long)]
    as_printed: bool,
    /// Where the projector in R3 comes from
    #[arg(long, value_enum, default_value_t = Projector::Sample)]
    projector: Projector,
    /// The type of the numbers that are trained
    #[arg(long, value_enum, default_value_t = Precision::F32)]
    precision: Precision,
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let (common, sizes) = (&args.common, Sizes::of(args.common.tier));
    let settings = Settings {
        variant: if args.as_printed { Variant::AsPrinted } else { Variant::AsRun },
        projector: args.projector,
        precision: args.precision,
        tier: common.tier,
        seed: common.seed,
        seeds: common.seeds.unwrap_or(sizes.seeds),
        steps: common.steps.unwrap_or(sizes.steps),
    };
    match args.precision {
        Precision::F32 => conduct(Figure1::<f32>::new(settings), common),
        Precision::F64 => conduct(Figure1::<f64>::new(settings), common),
    }
}

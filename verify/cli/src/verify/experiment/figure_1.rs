//! `escapement experiment figure-1`.

use super::{execute_and_print, training::Training};
use anyhow::Result;
use escapement_verify::papers::nbl22::figures::figure_1::{Bits, Figure1, Precision, Settings};
use std::{path::PathBuf, process::ExitCode};

/// Draws R3, train and test loss of f_L + f_Q under gradient descent, for six values of λ3.
///
/// Writes figure-1.csv (step, seed, lambda3, r3, train_loss, test_loss; eight rows to a doubling of the
/// steps, and the last step).
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  escapement experiment figure-1\n  escapement experiment figure-1 \
        --as-printed\n  escapement experiment figure-1 --projector exact --out exact --beside \
        results/figure-1\n  escapement experiment figure-1 --tier paper --seeds 1 --out figure-1")]
pub struct Args {
    #[command(flatten)]
    training: Training,
    /// The folder of another execution of the same tier, whose curves are drawn dashed in the same picture
    #[arg(long, value_name = "DIR")]
    beside: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let (settings, common) = (args.training.settings(), &args.training.common);
    match settings.precision {
        Precision::F32 => execute_and_print(experiment::<f32>(args, settings)?, common),
        Precision::F64 => execute_and_print(experiment::<f64>(args, settings)?, common),
    }
}

fn experiment<T: Bits>(args: &Args, settings: Settings) -> Result<Figure1<T>> {
    let experiment = Figure1::new(settings);
    match &args.beside {
        Some(folder) => experiment.beside(folder),
        None => Ok(experiment),
    }
}

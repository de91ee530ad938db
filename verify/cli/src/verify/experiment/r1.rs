//! `escapement experiment r1`.

use super::{execute_and_print, training::Training};
use anyhow::Result;
use escapement_verify::papers::{nbl22::figures::figure_1::Precision, nbl22::figures::r1::R1};
use std::process::ExitCode;

/// Compares the test loss with and without R1 in the objective, for four values of λ1 at λ3 = 0.01.
///
/// Data and training are those of figure-1. With --projector sample R1 is estimated on 100 fresh inputs in
/// each step, as the authors did; with
/// --projector exact it is exact. All λ1 of a seed see the same data. A run without R1 and with λ3 = 1 shows
/// what a change looks like. Writes r1.csv (step, seed, lambda1, lambda3, r1, r3, train_loss, test_loss).
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  escapement experiment r1\n  escapement experiment r1 --projector exact --out \
        r1-exact\n  escapement experiment r1 --tier standard --seeds 10"
)]
pub struct Args {
    #[command(flatten)]
    training: Training,
}

pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let (settings, common) = (args.training.settings(), &args.training.common);
    match settings.precision {
        Precision::F32 => execute_and_print(R1::<f32>::new(settings), common),
        Precision::F64 => execute_and_print(R1::<f64>::new(settings), common),
    }
}

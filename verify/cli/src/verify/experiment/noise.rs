//! `escapement experiment noise`.

use super::{Common, execute_and_print};
use crate::terminal::choice;
use anyhow::Result;
use escapement_verify::papers::nbl22::figures::figure_1::Precision;
use escapement_verify::papers::nbl22::figures::noise::{self, Noise};
use escapement_verify::text::Choice;
use std::process::ExitCode;

/// Asks whether the noise of perturbed gradient descent regularises R1, as NBL22 conjectures.
///
/// Each s has two runs with opposite noise, W ← W − η(∇L_λ(W) ± Ξ), the entries of Ξ from N(0, s²/(md)):
/// in their centre, what the noise adds by diffusion cancels. R1 is exact, and is compared at equal train
/// loss, and after equal steps, with that of the run of the same seed without noise, all with λ3 = 0. At
/// the end of each run the test loss of P_{≤k}W + P_{>k}W·S is averaged over all signs S, exactly. Sizes
/// and data are those of figure-1 as printed, with the projector of Σ. Writes noise.csv (a row to a
/// recorded step).
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  escapement experiment noise\n  escapement experiment noise --tier standard \
        --seeds 3 --out noise"
)]
pub struct Args {
    /// The type of the numbers that are trained
    #[arg(long, default_value = Precision::ALL[0].name(), value_parser = choice::<Precision>())]
    precision: Precision,
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(Args { precision, common }: &Args) -> Result<ExitCode> {
    let settings = noise::settings(common.tier, *precision, common.seed, common.seeds, common.steps);
    match precision {
        Precision::F32 => execute_and_print(Noise::<f32>::new(settings), common),
        Precision::F64 => execute_and_print(Noise::<f64>::new(settings), common),
    }
}

//! `escapement experiment figure-2`.

use super::{Common, execute_and_print};
use crate::terminal::choice;
use anyhow::{Result, bail};
use escapement_verify::papers::nbl22::figures::figure_1::{Precision, Variant};
use escapement_verify::papers::nbl22::figures::figure_2::{Figure2, Normalisation, Settings};
use escapement_verify::text::Choice;
use std::{collections::BTreeSet, process::ExitCode};

/// Finds the least n with which a two-layer ReLU network learns a dense quadratic plus a sparse cubic, for
/// several d.
///
/// Writes figure-2.csv (d, seed, normalisation, n_min, test_loss; n_min is empty where no n up to 20d² is
/// enough).
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  escapement experiment figure-2\n  escapement experiment figure-2 --d \
        5,7,10,14,20 --normalisation centred\n  escapement experiment figure-2 --tier standard --seeds 3 \
        --out figure-2")]
pub struct Args {
    /// Inputs from N(0, I), under which the printed constants are norms (the default)
    #[arg(long, conflicts_with = "as_printed")]
    as_run: bool,
    /// Inputs on the sphere of radius √d, as in the paper's setting
    #[arg(long)]
    as_printed: bool,
    /// How the two parts of the target are scaled
    #[arg(long, value_delimiter = ',', value_name = "LIST", default_value = "printed,corrected")]
    #[arg(value_parser = choice::<Normalisation>())]
    normalisation: Vec<Normalisation>,
    /// The dimensions [default: those of the tier]
    #[arg(long, value_delimiter = ',', value_name = "LIST")]
    d: Vec<usize>,
    /// The type of the numbers that are trained
    #[arg(long, default_value = Precision::ALL[0].name(), value_parser = choice::<Precision>())]
    precision: Precision,
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let (common, of_tier) = (&args.common, Settings::of(args.common.tier));
    let settings = Settings {
        variant: if args.as_printed { Variant::AsPrinted } else { Variant::AsRun },
        precision: args.precision,
        dimensions: if args.d.is_empty() { of_tier.dimensions } else { ascending(&args.d) },
        normalisations: ascending(&args.normalisation),
        seed: common.seed,
        seeds: common.seeds.unwrap_or(of_tier.seeds),
        steps: common.steps.unwrap_or(of_tier.steps),
        tier: common.tier,
    };
    if let Some(d) = settings.dimensions.iter().find(|d| !(3..=1000).contains(*d)) {
        bail!("d = {d} is not allowed: d must be from 3 to 1000");
    }
    match args.precision {
        Precision::F32 => execute_and_print(Figure2::<f32>::new(settings), common),
        Precision::F64 => execute_and_print(Figure2::<f64>::new(settings), common),
    }
}

/// The list in ascending order, without repetitions.
fn ascending<T: Ord + Copy>(list: &[T]) -> Vec<T> {
    list.iter().copied().collect::<BTreeSet<T>>().into_iter().collect()
}

//! `escapement experiment bl20/sample-size`.

use super::{Common, execute_and_print};
use anyhow::{Result, bail};
use escapement_verify::papers::bl20::figures::sample_size::{SampleSize, Settings};
use std::process::ExitCode;

/// Finds the least n with which the quadratic model of BL20 learns Re (x_1 + i x_2)^p without noise, p = 2
/// and 3, against d, beside its limit at infinite width and ¾B(d,p), which every kernel needs.
///
/// Writes bl20-sample-size.csv (p, d, seed, method, n_min, kernel_floor, gap): n_min is interpolated on a
/// grid of 8 percent and empty where the search found none, gap bounds what the convex program of infinite
/// width is above its minimum, relative to it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  escapement experiment bl20/sample-size\n  escapement experiment \
        bl20/sample-size --tier standard --out sizes")]
pub struct SampleSizeArgs {
    /// The largest d for p = 2 and for p = 3, which may be raised [default: those of the tier]
    #[arg(long, value_delimiter = ',', value_name = "D,D")]
    most: Vec<usize>,
    /// Orthonormal frames of directions of neurons, for p = 3 at infinite width [default: that of the tier]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1000))]
    frames: Option<u64>,
    #[command(flatten)]
    common: Common,
}

pub(super) fn sample_size(SampleSizeArgs { most, frames, common }: &SampleSizeArgs) -> Result<ExitCode> {
    if let Some(steps) = common.steps {
        bail!("--steps {steps} is not allowed: the experiment searches numbers of samples and has no steps");
    }
    let of_tier = Settings::of(common.tier);
    let most = match most[..] {
        [] => of_tier.most,
        [even, odd] if (8..=256).contains(&even) && (5..=64).contains(&odd) => [even, odd],
        _ => {
            let given = most.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
            bail!(
                "--most {given} is not allowed: give two, from 8 to 256 for p = 2 and from 5 to 64 for p = 3"
            )
        }
    };
    let settings = Settings {
        seed: common.seed,
        seeds: common.seeds.unwrap_or(of_tier.seeds),
        frames: frames.map_or(of_tier.frames, |frames| frames as usize),
        most,
        ..of_tier
    };
    execute_and_print(SampleSize(settings), common)
}

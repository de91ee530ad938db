//! `escapement experiment dls22/figure-1` and `dls22/figure-2`.

use super::{Common, execute_and_print};
use anyhow::{Result, bail};
use escapement_verify::papers::dls22::figures::Settings;
use escapement_verify::papers::dls22::figures::figure_1::{self, Figure1};
use escapement_verify::papers::dls22::figures::figure_2::{self, Figure2};
use std::collections::BTreeSet;
use std::process::ExitCode;

/// Compares Algorithm 1 of DLS22 with random features and tangent kernels, of its width and of infinite
/// width, for n samples of a target of degree 4.
///
/// Writes dls22-figure-1.csv (method, m, seed, n, log_d_n, excess, lambda, published): excess is E (f − f*)²
/// over E f*², published what can be read off the paper's plot. Rows with n = 0 are fits without noise to
/// all held-out inputs, which show what features can express.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  escapement experiment dls22/figure-1\n  escapement experiment \
        dls22/figure-1 --as-printed --out printed\n  escapement experiment dls22/figure-1 --tier paper --m \
        100 --out figure-1")]
pub struct Figure1Args {
    #[command(flatten)]
    how: How,
    /// The widths, even [default: those of the tier]
    #[arg(long, value_delimiter = ',', value_name = "LIST")]
    m: Vec<usize>,
    /// The largest n of the kernels of infinite width, which may be raised [default: that of the tier]
    #[arg(long, value_name = "N")]
    kernels: Option<usize>,
    #[command(flatten)]
    common: Common,
}

/// Fits a head on frozen features after the step on another target, for n source and N target samples.
///
/// Writes dls22-figure-2.csv (seed, n, target_samples, excess, lambda, published): excess is E (f − g*)² over
/// E g*², published what can be read off the paper's plot.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  escapement experiment dls22/figure-2\n  escapement experiment \
        dls22/figure-2 --tier paper --m 100 --out figure-2")]
pub struct Figure2Args {
    #[command(flatten)]
    how: How,
    /// The width, even, which the paper does not state [default: that of the tier]
    #[arg(long, value_name = "M")]
    m: Option<usize>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Args)]
struct How {
    /// As the published curves were made: without α and β, biases kept (the default)
    #[arg(long, conflicts_with = "as_printed")]
    as_plotted: bool,
    /// Algorithm 1 to the letter: α and β taken off, biases redrawn
    #[arg(long)]
    as_printed: bool,
    /// Biases drawn after a step without them, each for itself, and not in pairs that the step sees; part of
    /// --as-printed
    #[arg(long)]
    redrawn: bool,
}

impl How {
    fn settings<S>(&self, common: &Common, seeds: u64, sizes: S) -> Result<Settings<S>> {
        if let Some(steps) = common.steps {
            bail!("--steps {steps} is not allowed: the experiment has numbers of samples and no steps");
        }
        Ok(Settings {
            centred: self.as_printed,
            redrawn: self.as_printed || self.redrawn,
            tier: common.tier,
            seed: common.seed,
            seeds: common.seeds.unwrap_or(seeds),
            sizes,
        })
    }
}

pub(super) fn figure_1(Figure1Args { how, m, kernels, common }: &Figure1Args) -> Result<ExitCode> {
    let mut sizes = figure_1::Sizes::of(common.tier);
    sizes.kernels = kernels.unwrap_or(sizes.kernels);
    if !m.is_empty() {
        sizes.widths = m.iter().copied().collect::<BTreeSet<usize>>().into_iter().collect();
    }
    let settings = how.settings(common, sizes.seeds, sizes)?;
    execute_and_print(Figure1::new(settings)?, common)
}

pub(super) fn figure_2(Figure2Args { how, m, common }: &Figure2Args) -> Result<ExitCode> {
    let sizes = figure_2::Sizes::of(common.tier);
    let sizes = figure_2::Sizes { m: m.unwrap_or(sizes.m), ..sizes };
    execute_and_print(Figure2::new(how.settings(common, sizes.seeds, sizes)?)?, common)
}

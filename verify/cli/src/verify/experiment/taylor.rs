//! `escapement experiment taylor`.

use super::{Common, execute_and_print};
use crate::compute::common::{Notes, read_inputs};
use crate::files::array;
use anyhow::{Result, bail};
use escapement_verify::papers::nbl22::figures::taylor::{Dataset, Labelled, Settings, Sizes, Taylor};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Trains f_L, f_L + f_Q and the network from one initialisation, side by side.
///
/// Writes taylor.csv (step, seed, model, train_loss, test_loss, norm, weight_distance, function_distance;
/// eight steps to a doubling, and the last one): norm is ‖W‖_F, the distances are those from the network, of
/// W in the same norm and of f in the mean square over the test.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  escapement experiment taylor\n  escapement experiment taylor --tier standard \
        --out taylor\n  escapement experiment taylor --inputs X.npy --labels y.npy --eta 0.5 --steps 5000 \
        --out mine\n\nX.npy is n × d, one input to a row, best on the sphere of radius √d; y.npy has n \
        numbers. Without --test-inputs and --test-labels one sample in five\nis held out, others for each \
        seed. The width is that of the tier."
)]
pub struct Args {
    /// Inputs of your own, n × d
    #[arg(long, value_name = "FILE", requires = "labels")]
    inputs: Option<PathBuf>,
    /// The labels of --inputs, one number per input
    #[arg(long, value_name = "FILE", requires = "inputs")]
    labels: Option<PathBuf>,
    /// Inputs to test on [default: one in five of --inputs]
    #[arg(long, value_name = "FILE", requires = "test_labels", requires = "inputs")]
    test_inputs: Option<PathBuf>,
    /// The labels of --test-inputs
    #[arg(long, value_name = "FILE", requires = "test_inputs")]
    test_labels: Option<PathBuf>,
    /// The step size η
    #[arg(long, default_value_t = 1.0, value_name = "ETA")]
    eta: f64,
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(args: &Args) -> Result<ExitCode> {
    let (common, sizes) = (&args.common, Sizes::of(args.common.tier));
    let mut notes = Notes::default();
    let dataset = match (&args.inputs, &args.labels) {
        (Some(inputs), Some(labels)) => {
            let samples = labelled(inputs, labels, None, &mut notes)?;
            let d = Some(samples.x.ncols());
            let test = match (&args.test_inputs, &args.test_labels) {
                (Some(inputs), Some(labels)) => Some(labelled(inputs, labels, d, &mut notes)?),
                _ => None,
            };
            Some(Dataset { samples, test })
        }
        _ => None,
    };
    let settings = Settings {
        tier: common.tier,
        seed: common.seed,
        seeds: common.seeds.unwrap_or(sizes.seeds),
        steps: common.steps.unwrap_or(sizes.steps),
        eta: args.eta,
        dataset,
    };
    let code = execute_and_print(Taylor::new(settings)?, common)?;
    notes.print();
    Ok(code)
}

fn labelled(inputs: &Path, labels: &Path, d: Option<usize>, notes: &mut Notes) -> Result<Labelled> {
    let (x, y) = (read_inputs(inputs, d, None, notes)?, array::read_vector(labels)?);
    if x.nrows() != y.len() {
        bail!(
            "{} holds {} inputs and {} holds {} labels: as many are needed",
            inputs.display(),
            x.nrows(),
            labels.display(),
            y.len()
        );
    }
    Ok(Labelled { x, y })
}

//! What `train` keeps of a run, so that the run goes on to the same bits: see [`KeptRun`]. The bytes are
//! those of W, row by row.

use super::{settings::Settings, summary::Summary};
use anyhow::{Result, ensure};
use escapement::descent::DescentState;
use escapement_verify::files::kept_run::{self, KeptRun};
use escapement_verify::run::source::SOURCE_HASH;
use faer::Mat;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The name of the run in its file.
const RUN: &str = "train";
/// Settings that may change from one part of a run to the next, and names of files, whose content is what
/// counts.
const FREE: [&str; 7] = ["max-steps", "checkpoint-every", "weights", "inputs", "labels", "target", "start"];

/// The state of a run: that of the descent but for W, and what the run depends on beside its settings.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    digests: BTreeMap<String, String>,
    /// A hash of the top space of Σ.
    pub top: String,
    /// The length and the hash of the lines of the history that are of steps before this one.
    pub history: (u64, String),
    shape: (usize, usize),
    step: u64,
    step_size: f64,
    evaluations: u64,
    start: Option<f64>,
    best: Option<(f64, u64)>,
    look_at: u64,
    wait: u64,
    /// The result, where the run has ended.
    pub summary: Option<Summary>,
}

/// A run of `train`.
pub type Checkpoint = KeptRun<State>;

/// The run before its first step, with the hashes `digests` of its data and `top` of the top space of Σ.
///
/// # Errors
/// As [`Settings::map`].
pub fn begin(settings: &Settings, digests: BTreeMap<String, String>, top: String) -> Result<Checkpoint> {
    let state = State { digests, top, ..State::default() };
    Ok(KeptRun::new(SOURCE_HASH, RUN, settings.map()?, state, Vec::new()))
}

/// The bytes of the file once the descent has got to `at`.
///
/// # Errors
/// A number that is not finite.
pub fn bytes(checkpoint: &mut Checkpoint, at: &DescentState) -> Result<Vec<u8>> {
    let DescentState { w, step, step_size, evaluations, start, best, look_at, wait } = at;
    checkpoint.state = State {
        shape: (w.nrows(), w.ncols()),
        step: *step,
        step_size: *step_size,
        evaluations: *evaluations,
        start: *start,
        best: *best,
        look_at: *look_at,
        wait: *wait,
        ..std::mem::take(&mut checkpoint.state)
    };
    let entries = (0..w.nrows()).flat_map(|i| (0..w.ncols()).map(move |j| w[(i, j)]));
    checkpoint.payload = entries.flat_map(f64::to_le_bytes).collect();
    let bytes = checkpoint.bytes();
    checkpoint.payload = Vec::new();
    bytes
}

/// The run in the file at `path`, and the state of its descent.
///
/// # Errors
/// As [`KeptRun::read`].
pub fn read(path: &Path) -> Result<(Checkpoint, DescentState)> {
    let found = Checkpoint::read(path, RUN)?;
    let State { shape: (rows, cols), step, step_size, evaluations, start, best, look_at, wait, .. } =
        found.state;
    let data = &found.payload;
    let whole = rows.checked_mul(cols).and_then(|n| n.checked_mul(8)) == Some(data.len());
    ensure!(whole, kept_run::damaged(path, "W is not whole"));
    let entry = |at: usize| f64::from_le_bytes(std::array::from_fn(|byte| data[8 * at + byte]));
    let w = Mat::from_fn(rows, cols, |i, j| entry(i * cols + j));
    Ok((found, DescentState { w, step, step_size, evaluations, start, best, look_at, wait }))
}

/// Refuses to go on with the run in `folder` under other settings or on other data.
///
/// # Errors
/// The differences, in one sentence.
pub fn require_same(
    checkpoint: &Checkpoint,
    folder: &Path,
    settings: &Settings,
    digests: &BTreeMap<String, String>,
) -> Result<()> {
    let before = &checkpoint.state.digests;
    let mut differences = kept_run::differences(&checkpoint.settings, &settings.map()?, &FREE);
    if differences.is_empty() {
        // Data follow from settings: they differ by themselves only where files do.
        let names: BTreeSet<&String> = before.keys().chain(digests.keys()).collect();
        let changed = names.into_iter().filter(|name| before.get(*name) != digests.get(*name));
        differences = changed.map(|name| format!("{name} changed")).collect();
    }
    kept_run::require_none(folder, &differences)?;
    let (steps, taken) = (settings.max_steps.unwrap_or(u64::MAX), checkpoint.state.step);
    let allowed = format!(
        "the run in {} has taken {taken} steps: give at least that, or --fresh to start anew",
        folder.display()
    );
    ensure!(steps >= taken, escapement::Error::domain("max-steps", steps, allowed));
    Ok(())
}

//! The state of a run as a file: a line of JSON, the bits of W (row by row, little endian), and a BLAKE3 hash
//! of both.

use super::settings::Settings;
use super::summary::Summary;
use anyhow::{Result, bail, ensure};
use escapement::descent::DescentState;
use escapement_verify::files::checkpoint;
use faer::Mat;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// How every checkpoint begins.
const BEGINNING: &[u8] = b"{\"checkpoint\":\"escapement train 1\"";
/// Settings that may change from one part of a run to the next, and names of files, whose content is what
/// counts.
const FREE: [&str; 7] = ["max-steps", "checkpoint-every", "weights", "inputs", "labels", "target", "start"];

/// A run on its way: whatever it takes to go on to the same bits.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Checkpoint {
    checkpoint: String,
    /// The version of the program: a hash of its sources.
    pub source: String,
    settings: Map<String, Value>,
    digests: BTreeMap<String, String>,
    /// A hash of the top space of Σ.
    pub top: String,
    /// Bytes of the history that are of steps before this one.
    pub history_length: u64,
    /// Their hash.
    pub history_hash: String,
    rows: usize,
    cols: usize,
    step: u64,
    step_size: f64,
    evaluations: u64,
    start: Option<f64>,
    best: Option<(f64, u64)>,
    look_at: u64,
    wait: u64,
    /// What came out, where the run has ended.
    pub summary: Option<Summary>,
}

impl Checkpoint {
    /// Before the first step.
    ///
    /// # Errors
    /// As [`Settings::map`].
    pub fn new(settings: &Settings, digests: BTreeMap<String, String>, top: String) -> Result<Self> {
        Ok(Self {
            checkpoint: "escapement train 1".to_owned(),
            source: escapement_verify::run::source::SOURCE_HASH.to_owned(),
            settings: settings.map()?,
            digests,
            top,
            history_length: 0,
            history_hash: String::new(),
            rows: 0,
            cols: 0,
            step: 0,
            step_size: 0.0,
            evaluations: 0,
            start: None,
            best: None,
            look_at: 0,
            wait: 0,
            summary: None,
        })
    }

    /// Its bytes, at `state`.
    ///
    /// # Errors
    /// A number that is not finite.
    pub fn bytes(&mut self, state: &DescentState) -> Result<Vec<u8>> {
        let DescentState { w, step, step_size, evaluations, start, best, look_at, wait } = state;
        (self.rows, self.cols, self.step, self.step_size) = (w.nrows(), w.ncols(), *step, *step_size);
        (self.evaluations, self.start, self.best, self.look_at, self.wait) =
            (*evaluations, *start, *best, *look_at, *wait);
        checkpoint::seal(self, |bytes| {
            (0..w.nrows()).for_each(|i| (0..w.ncols()).for_each(|j| bytes.extend(w[(i, j)].to_le_bytes())));
        })
    }

    /// That of a file, with the state.
    ///
    /// # Errors
    /// A file that cannot be read, is something else, or was changed.
    pub fn read(path: &Path) -> Result<(Self, DescentState)> {
        let (found, data) = checkpoint::unseal::<Self>(path, BEGINNING)?;
        let (rows, cols) = (found.rows, found.cols);
        let whole = rows.checked_mul(cols).and_then(|n| n.checked_mul(8)) == Some(data.len());
        ensure!(whole, checkpoint::damaged(path, "W is not whole"));
        let entry = |at: usize| f64::from_le_bytes(std::array::from_fn(|byte| data[8 * at + byte]));
        let w = Mat::from_fn(rows, cols, |i, j| entry(i * cols + j));
        let Self { step, step_size, evaluations, start, best, look_at, wait, .. } = found;
        Ok((found, DescentState { w, step, step_size, evaluations, start, best, look_at, wait }))
    }

    /// Refuses a run of other settings or data.
    ///
    /// # Errors
    /// What differs, in one sentence.
    pub fn require_same(
        &self,
        path: &Path,
        settings: &Settings,
        digests: &BTreeMap<String, String>,
    ) -> Result<()> {
        let (there, here) = (&self.settings, settings.map()?);
        let text = |value: Option<&Value>| match value {
            None | Some(Value::Null) => "not given".to_owned(),
            Some(value) => value.to_string(),
        };
        let keys: BTreeSet<&String> =
            there.keys().chain(here.keys()).filter(|key| !FREE.contains(&key.as_str())).collect();
        let mut differences: Vec<String> = keys
            .into_iter()
            .map(|key| (key, text(there.get(key)), text(here.get(key))))
            .filter(|(_, a, b)| a != b)
            .map(|(key, a, b)| format!("{key} was {a} and is {b}"))
            .collect();
        if differences.is_empty() {
            // Data follow from settings: they differ by themselves only where files do.
            let names: BTreeSet<&String> = self.digests.keys().chain(digests.keys()).collect();
            let changed = names.into_iter().filter(|name| self.digests.get(*name) != digests.get(*name));
            differences = changed.map(|name| format!("{name} changed")).collect();
        }
        if !differences.is_empty() {
            bail!(
                "the run in {} is another one: {}; give the same, another --out, or --fresh to start anew",
                path.display(),
                differences.join(", ")
            );
        }
        let steps = settings.max_steps.unwrap_or(u64::MAX);
        let allowed = format!(
            "the run in {} has taken {} steps: give at least that, or --fresh to start anew",
            path.display(),
            self.step
        );
        ensure!(steps >= self.step, escapement::Error::domain("max-steps", steps, allowed));
        Ok(())
    }
}

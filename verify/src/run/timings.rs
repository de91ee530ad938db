//! The sidecar of a journal, read: wall time, threads and host of the cells. It is no evidence, so what
//! cannot be read is passed over.

use crate::claim::Cell;
use crate::run::journal::beside;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What the sidecar says of a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    /// Wall time.
    pub seconds: f64,
    /// Cells measured at once.
    pub threads: usize,
    /// The machine.
    pub host: String,
}

/// One line, as the journal writes it.
#[derive(Deserialize)]
struct Line {
    cell: Cell,
    seed: u64,
    source: String,
    seconds: f64,
    threads: usize,
    host: String,
}

/// The timings beside a journal, by cell, seed and sources; of a cell that was measured twice, the later.
#[derive(Debug, Default)]
pub struct Timings(BTreeMap<(Cell, u64, String), Timing>);

impl Timings {
    /// Reads the sidecar of the journal at `path`; none where there is none.
    pub fn read(path: &Path) -> Self {
        let resolved = path.canonicalize();
        let bytes =
            std::fs::read(beside(resolved.as_deref().unwrap_or(path), "meta.jsonl")).unwrap_or_default();
        let lines =
            bytes.split(|&b| b == b'\n').filter_map(|line| serde_json::from_slice::<Line>(line).ok());
        let sound = lines.filter(|line| line.seconds.is_finite() && line.seconds >= 0.0);
        let keyed = |l: Line| {
            ((l.cell, l.seed, l.source), Timing { seconds: l.seconds, threads: l.threads, host: l.host })
        };
        Self(sound.map(keyed).collect())
    }

    /// All of them, with their cells.
    pub fn iter(&self) -> impl Iterator<Item = (&Cell, &Timing)> {
        self.0.iter().map(|(key, timing)| (&key.0, timing))
    }

    /// The timing of a cell.
    pub fn get(&self, cell: &Cell, seed: u64, source: &str) -> Option<&Timing> {
        self.0.get(&(cell.clone(), seed, source.to_owned()))
    }
}

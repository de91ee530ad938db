//! A run that can go on, as a file: a line of JSON, then bytes, then a BLAKE3 hash of both.

use super::atomic::{reason, write_file};
use anyhow::{Result, anyhow, ensure};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use std::{collections::BTreeSet, path::Path};

/// The name and version of the format.
const FORMAT: &str = "escapement run 2";
/// How every file of this format begins, and how files of every version do.
const BEGINNING: &[u8] = b"{\"checkpoint\":\"escapement run 2\"";
const ANY_VERSION: &[u8] = b"{\"checkpoint\":\"escapement ";

/// A run that can go on: `train` keeps one in its folder, an experiment one for each of its runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptRun<S> {
    checkpoint: String,
    /// The hash of the sources of the program that wrote the file.
    pub source: String,
    /// The name of the run.
    pub run: String,
    /// The settings that another command must share to go on with the run.
    pub settings: Map<String, Value>,
    /// Where the run is, and what it has recorded.
    pub state: S,
    /// The bytes of what the run trains.
    #[serde(skip)]
    pub payload: Vec<u8>,
}

impl<S> KeptRun<S> {
    /// The run of this name at `state`, computed by the sources with the hash `source`.
    pub fn new(source: &str, run: &str, settings: Map<String, Value>, state: S, payload: Vec<u8>) -> Self {
        let (checkpoint, source, run) = (FORMAT.to_owned(), source.to_owned(), run.to_owned());
        Self { checkpoint, source, run, settings, state, payload }
    }
}

impl<S: Serialize> KeptRun<S> {
    /// The bytes of the file.
    ///
    /// # Errors
    /// A number in the state that is not finite.
    pub fn bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec(self)?;
        bytes.push(b'\n');
        bytes.extend(&self.payload);
        let hash = blake3::hash(&bytes);
        bytes.extend(hash.as_bytes());
        Ok(bytes)
    }

    /// Replaces the file at `path`, as a whole or not at all.
    ///
    /// # Errors
    /// As [`Self::bytes`], and a file that cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let bytes = self.bytes()?;
        write_file(path, |out| out.write_all(&bytes))
    }
}

impl<S: DeserializeOwned> KeptRun<S> {
    /// The run of the name `run` from the file at `path`.
    ///
    /// # Errors
    /// A file that cannot be read, is something else, was changed, or holds another run.
    pub fn read(path: &Path, run: &str) -> Result<Self> {
        let name = path.display();
        let regular = std::fs::metadata(path).is_ok_and(|meta| meta.is_file());
        ensure!(regular || !path.exists(), "{name} cannot be read: it is not a regular file");
        let mut bytes = std::fs::read(path).map_err(|e| anyhow!("{name} cannot be read: {}", reason(&e)))?;
        let ours = bytes.starts_with(BEGINNING) || bytes.len() < BEGINNING.len();
        ensure!(
            ours || !bytes.starts_with(ANY_VERSION),
            "{name} is a checkpoint in the format of another version of this program, which cannot be read: \
             give another --out, or --fresh to start anew"
        );
        ensure!(
            ours,
            "{name} is not a checkpoint of this program: give another --out, or --fresh to replace it"
        );
        let (content, hash) =
            bytes.split_last_chunk::<32>().ok_or_else(|| damaged(path, "it is too short"))?;
        ensure!(blake3::hash(content).as_bytes() == hash, damaged(path, "it does not match its checksum"));
        let line =
            content.iter().position(|&b| b == b'\n').ok_or_else(|| damaged(path, "it has no first line"))?;
        let mut kept: Self =
            serde_json::from_slice(&content[..line]).map_err(|e| damaged(path, &e.to_string()))?;
        ensure!(kept.run == run, damaged(path, "it is of another run"));
        bytes.truncate(content.len());
        bytes.drain(..=line);
        kept.payload = bytes;
        Ok(kept)
    }
}

/// The error of a checkpoint that does not hold what it should.
pub fn damaged(path: &Path, why: &str) -> anyhow::Error {
    anyhow!("{} is damaged ({why}): put back a copy, or start anew with --fresh", path.display())
}

/// How the settings of two runs differ, one phrase for each key that is not `free` to change.
pub fn differences(there: &Map<String, Value>, here: &Map<String, Value>, free: &[&str]) -> Vec<String> {
    let show = |value: Option<&Value>| match value {
        None | Some(Value::Null) => "not given".to_owned(),
        Some(value) => value.to_string(),
    };
    let keys: BTreeSet<&String> = there.keys().chain(here.keys()).collect();
    keys.into_iter()
        .filter(|key| !free.contains(&key.as_str()))
        .map(|key| (key, show(there.get(key)), show(here.get(key))))
        .filter(|(_, was, is)| was != is)
        .map(|(key, was, is)| format!("{key} was {was} and is {is}"))
        .collect()
}

/// Refuses to go on in `folder` with a run that differs from the one it holds.
///
/// # Errors
/// There are `differences`, in one sentence.
pub fn require_none(folder: &Path, differences: &[String]) -> Result<()> {
    ensure!(
        differences.is_empty(),
        "{} holds another run: {}; give the same, another --out, or --fresh to start anew",
        folder.display(),
        differences.join(", ")
    );
    Ok(())
}

//! Checkpoints: a line of JSON, then bytes, then a BLAKE3 hash of both.

use super::atomic::reason;
use anyhow::{Result, anyhow, ensure};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::Path;

/// The bytes of a checkpoint: `header`, whose first field says what it is, and `payload`.
///
/// # Errors
/// A number in the header that is not finite.
pub fn seal(header: &impl Serialize, payload: impl FnOnce(&mut Vec<u8>)) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(header)?;
    bytes.push(b'\n');
    payload(&mut bytes);
    let hash = blake3::hash(&bytes);
    bytes.extend(hash.as_bytes());
    Ok(bytes)
}

/// The header and payload of the file at `path`, which begins with `beginning`.
///
/// # Errors
/// A file that cannot be read, is something else, or was changed.
pub fn unseal<T: DeserializeOwned>(path: &Path, beginning: &[u8]) -> Result<(T, Vec<u8>)> {
    let name = path.display();
    let mut bytes = std::fs::read(path).map_err(|e| anyhow!("{name} cannot be read: {}", reason(&e)))?;
    ensure!(
        bytes.starts_with(beginning) || bytes.len() < beginning.len(),
        "{name} is not a checkpoint of this program: give another --out, or --fresh to replace it"
    );
    let (content, hash) = bytes.split_last_chunk::<32>().ok_or_else(|| damaged(path, "it is too short"))?;
    ensure!(blake3::hash(content).as_bytes() == hash, damaged(path, "it does not match its checksum"));
    let line =
        content.iter().position(|&b| b == b'\n').ok_or_else(|| damaged(path, "it has no first line"))?;
    let header = serde_json::from_slice(&content[..line]).map_err(|e| damaged(path, &e.to_string()))?;
    let length = content.len();
    bytes.truncate(length);
    bytes.drain(..=line);
    Ok((header, bytes))
}

/// The error of a checkpoint that does not hold what it should.
pub fn damaged(path: &Path, why: &str) -> anyhow::Error {
    anyhow!("{} is damaged ({why}): put back a copy, or start anew with --fresh", path.display())
}

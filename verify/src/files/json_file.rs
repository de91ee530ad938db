//! JSON files, read whole and never without a limit.

use super::atomic::reason;
use crate::error::{Error, Result};
use serde_json::Value;
use std::io::Read;
use std::path::Path;

/// The longest file that is read.
const LENGTH_LIMIT: u64 = 1 << 26;

/// The value that a JSON file holds.
///
/// # Errors
/// A file that is missing, not a regular file, longer than 64 MiB or not JSON: NaN is not JSON, nor is a
/// number beyond the range of f64. The sentence names the file, and the line at fault.
pub fn read(path: &Path) -> Result<Value> {
    let name = path.display();
    let fail = |e: std::io::Error| Error::Input(format!("{name} cannot be read: {}", reason(&e)));
    let allowed =
        || Error::Input(format!("{name} is not read: a regular JSON file of at most 64 MiB is needed"));
    // A device or a pipe may have no end: it is not opened.
    let meta = std::fs::metadata(path).map_err(fail)?;
    if !meta.is_file() {
        return Err(allowed());
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path).map_err(fail)?.take(LENGTH_LIMIT + 1).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > LENGTH_LIMIT {
        return Err(allowed());
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::Input(format!("{name} is empty, and a JSON file is needed")));
    }
    serde_json::from_slice(&bytes).map_err(|e| Error::Input(format!("{name} is not JSON: {e}")))
}

//! TOML files, and errors that say where in the file.

use anyhow::{Result, anyhow, ensure};
use serde::de::DeserializeOwned;
use std::path::Path;

/// The longest file that is read: a target of a million terms would fit, and a file of data given by mistake
/// does not.
const LENGTH_LIMIT: u64 = 1 << 28;

/// The text of a TOML file that should be `what`, as in "a target".
///
/// # Errors
/// A file that is missing, no regular file, too long, or no text.
pub fn read(path: &Path, what: &str) -> Result<String> {
    let name = path.display();
    let fail = |e: std::io::Error| anyhow!("{name} cannot be read: {}", super::atomic::reason(&e));
    let meta = std::fs::metadata(path).map_err(fail)?;
    ensure!(
        meta.is_file() && meta.len() < LENGTH_LIMIT,
        "{name} is not {what}: a regular TOML file below 256 MiB is needed"
    );
    let bytes = std::fs::read(path).map_err(fail)?;
    String::from_utf8(bytes).map_err(|_| anyhow!("{name} is not a TOML file: it is not text in UTF-8"))
}

/// The value that `text` holds.
///
/// # Errors
/// What is wrong with it, and in which line; the message continues a sentence that begins with the file's
/// name.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|e| {
        let why = e.message().replace('\n', ", ");
        match e.span() {
            Some(span) if span.start > 0 || span.end < text.trim_end().len() => {
                let before = text.get(..span.start).unwrap_or_default();
                let number = before.matches('\n').count() + 1;
                let line = text.lines().nth(number - 1).unwrap_or_default().trim();
                let line: String = if line.chars().count() > 60 {
                    line.chars().take(57).chain("...".chars()).collect()
                } else {
                    line.into()
                };
                format!(", line {number} ({line}): {why}")
            }
            _ => format!(": {why}"),
        }
    })
}

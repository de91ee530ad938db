//! Standard output: JSON without a single null, and readers that leave early.

use anyhow::{Result, anyhow};
use escapement_verify::files::atomic::reason;
use serde::Serialize;
use std::io::{self, Write};

/// Prints `text`, with a line end where it lacks one. A reader that has left, as `head` does, is no error.
///
/// # Errors
/// Standard output that cannot be written to, as on a full disk.
pub fn print(text: &str) -> Result<()> {
    print_to(&mut io::stdout().lock(), text)
}

/// As [`print()`], to `out` in place of standard output.
///
/// # Errors
/// As [`print()`].
pub fn print_to(out: &mut dyn Write, text: &str) -> Result<()> {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    match out
        .write_all(text.as_bytes())
        .and_then(|()| out.write_all(end.as_bytes()))
        .and_then(|()| out.flush())
    {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(anyhow!(unwritable(&e))),
        _ => Ok(()),
    }
}

/// Says that standard output cannot be written, and why.
pub(crate) fn unwritable(e: &io::Error) -> String {
    format!("standard output cannot be written: {}", reason(e))
}

/// Prints one JSON value to `out`, a line for each of its parts.
///
/// # Errors
/// As [`print()`].
pub fn print_json_to(out: &mut dyn Write, value: &impl Serialize) -> Result<()> {
    print_to(out, &serde_json::to_string_pretty(value)?)
}

/// The JSON text of `value` in one line. Optional fields are to be left out, not null.
///
/// # Errors
/// A number that is not finite: JSON has none, and a null in its place would be taken for data.
pub fn to_json(value: &impl Serialize) -> Result<String> {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, NoNull);
    value
        .serialize(&mut serializer)
        .map_err(|_| anyhow!("a result is not a finite number, and is not printed: choose smaller sizes"))?;
    Ok(String::from_utf8(bytes)?)
}

/// Compact JSON in which null is an error: serde_json writes NaN and the infinities as null.
struct NoNull;

impl serde_json::ser::Formatter for NoNull {
    fn write_null<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::InvalidData, "null"))
    }
}

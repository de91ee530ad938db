//! The lines of a journal and of its sidecar.

use crate::claim::{Cell, Record};
use serde::Serialize;

/// One line of the sidecar.
#[derive(Serialize)]
pub(super) struct Meta<'a> {
    pub cell: &'a Cell,
    pub seed: u64,
    pub source: &'a str,
    pub seconds: f64,
    pub threads: usize,
    pub host: &'a str,
}

/// What comes between a record and its checksum, in place of the record's last brace.
const CHECK: &[u8] = b",\"check\":\"";

pub(super) fn to_line(value: &impl Serialize) -> Vec<u8> {
    // Plain structs of strings and finite numbers: serialising them cannot fail.
    let mut line = serde_json::to_vec(value).unwrap_or_default();
    line.push(b'\n');
    line
}

/// The line of a record, with its checksum as the last field.
pub(super) fn sealed(record: &Record) -> Vec<u8> {
    let line = to_line(record);
    let open = line.strip_suffix(b"}\n").unwrap_or(&line);
    [open, CHECK, checksum(open).as_bytes(), b"\"}\n"].concat()
}

/// 64 bits of BLAKE3, in hexadecimal digits.
fn checksum(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex()[..16].to_owned()
}

/// The record of a line, or what is wrong with it.
pub(super) fn parse(line: &[u8]) -> Result<Record, String> {
    let at = line.windows(CHECK.len()).rposition(|w| w == CHECK).ok_or("it does not end in a checksum")?;
    let (record, check) = (&line[..at], &line[at + CHECK.len()..]);
    if check.ends_with(b"\r") {
        return Err(
            "its lines end in CRLF, as git makes them where core.autocrlf is set, and a journal's end in \
            LF alone"
                .into(),
        );
    }
    if check != [checksum(record).as_bytes(), b"\"}"].concat() {
        return Err("it does not match its checksum, so something in it was changed".into());
    }
    let record: Record = serde_json::from_slice(&[record, b"}"].concat()).map_err(|e| {
        let text = e.to_string();
        // The line number of a one-line document is always 1.
        text.replace(" at line 1 column ", ", column ")
    })?;
    record.measurement.check(&record.cell).map_err(|e| e.to_string())?;
    Ok(record)
}

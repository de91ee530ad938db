//! Small arrays as text: one row a line, numbers between commas, semicolons or white space, as `np.savetxt`
//! and spreadsheets write them. A line that begins with `#` is a remark.

use super::Entries;
use anyhow::{Context, Result, bail, ensure};
use std::io::Read;

/// The longest text that is read. Larger arrays belong into a `.npy` file, which has no rounding either.
const LONGEST: u64 = 64 << 20;

/// Whether a file that begins with these bytes can be text: UTF-8 that may be cut at the end, without
/// control characters.
pub fn is_text(begin: &[u8]) -> bool {
    let valid = match std::str::from_utf8(begin) {
        Ok(_) => begin.len(),
        Err(e) if e.error_len().is_none() => e.valid_up_to(),
        Err(_) => return false,
    };
    begin[..valid].iter().all(|b| !b.is_ascii_control() || b.is_ascii_whitespace())
}

/// Reads a table of numbers; a first line without any number is taken for headings.
///
/// # Errors
/// A text that is too long, a field that is no number, rows of different lengths, or no row at all.
pub fn read(file: &mut dyn Read, length: u64, name: &str) -> Result<Entries> {
    ensure!(
        length <= LONGEST,
        "{name} is a text of {length} bytes, and at most {LONGEST} are read: save the array with np.save, \
         and give the .npy file"
    );
    let mut text = String::new();
    file.take(LONGEST)
        .read_to_string(&mut text)
        .with_context(|| format!("{name} cannot be read as text"))?;
    let (mut data, mut rows, mut cols) = (Vec::new(), 0, 0);
    let (mut first, mut numbered) = (true, false);
    for (i, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default();
        ensure!(
            !(line.contains(',') && line.contains(';')),
            "{name}, line {}: it has commas and semicolons, but one of them is to stand between the \
             numbers, and a decimal point within them",
            i + 1
        );
        let fields = fields(line);
        if fields.is_empty() {
            continue;
        }
        let headings = std::mem::take(&mut first) && fields.iter().all(|f| f.parse::<f64>().is_err());
        if headings {
            continue;
        }
        // Such as pandas writes above columns without names.
        if rows == 0 {
            numbered = fields.len() >= 3 && fields.iter().enumerate().all(|(j, f)| *f == j.to_string());
        }
        ensure!(
            !(numbered && rows > 0 && fields.iter().any(|f| f.contains(['.', 'e', 'E']))),
            "{name}: its first line holds the numbers 0 to {} and looks like the names of columns, not like \
             data: save it without them, as with header=False",
            cols - 1
        );
        for (j, field) in fields.iter().enumerate() {
            match field.parse() {
                Ok(x) => data.push(x),
                Err(_) => bail!(
                    "{name}, line {}: field {} is '{}', which is not a number",
                    i + 1,
                    j + 1,
                    field.escape_debug()
                ),
            }
        }
        if rows == 0 {
            cols = fields.len();
        }
        ensure!(
            fields.len() == cols,
            "{name}, line {}: it has {} numbers, but the first row has {cols}",
            i + 1,
            fields.len()
        );
        rows += 1;
    }
    ensure!(rows > 0, "{name} holds no number: one row a line, numbers between commas or blanks");
    Ok(Entries { shape: vec![rows, cols], fortran: false, single: false, data })
}

/// The fields of a line: between commas or semicolons, of which the last may be followed by nothing, or
/// between blanks. Quotes around a field do not count.
fn fields(line: &str) -> Vec<&str> {
    if !line.contains([',', ';']) {
        return line.split_whitespace().collect();
    }
    let line = line.trim_end().strip_suffix([',', ';']).unwrap_or(line);
    line.split([',', ';']).map(|field| field.trim().trim_matches('"').trim()).collect()
}

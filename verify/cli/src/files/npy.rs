//! NumPy's `.npy` arrays, in and out.
//!
//! Read: float64 or float32, little or big endian, C or Fortran order. Written: float64, little endian, C
//! order. The header is checked here, against the length of the file, before anything of the size that it
//! declares is allocated; the elements are then decoded by the npyz crate.

use anyhow::{Context, Result, anyhow, bail, ensure};
use faer::{Mat, MatRef};
use npyz::WriterBuilder;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::{fs::File, path::Path};

/// The longest header that is read. NumPy itself pads a plain header to a multiple of 64 bytes, most often
/// 128, and refuses those above 10 000.
const HEADER_LIMIT: u64 = 10_000;

/// A matrix that was read, and the precision it came in.
#[derive(Debug, Clone)]
pub struct Array {
    /// The entries, `[rows, cols]` as in the file.
    pub values: Mat<f64>,
    /// Whether the file held float32, so that a rounding of 2⁻²⁴ is to be expected in its entries.
    pub single: bool,
}

/// Reads a matrix (rank 2) of finite numbers.
///
/// # Errors
/// A file that is missing, truncated, longer than its header says, of another rank or element type, empty,
/// or that holds NaN or an infinity.
pub fn read_matrix(path: &Path) -> Result<Array> {
    let (shape, fortran, single, data) = read(path)?;
    let [rows, cols] = shape[..] else {
        bail!(
            "{} holds an array of shape {}, but a matrix is needed: rank 2, one vector per row",
            path.display(),
            tuple(&shape)
        );
    };
    let values = if fortran {
        Mat::from_fn(rows, cols, |i, j| data[j * rows + i])
    } else {
        Mat::from_fn(rows, cols, |i, j| data[i * cols + j])
    };
    for i in 0..rows {
        for j in 0..cols {
            ensure!(
                values[(i, j)].is_finite(),
                "{} holds {} at row {i}, column {j} (counted from 0): every entry must be finite",
                path.display(),
                values[(i, j)]
            );
        }
    }
    Ok(Array { values, single })
}

/// Reads a vector of finite numbers, as labels are given: rank 1, or a matrix of one column.
///
/// # Errors
/// As [`read_matrix`], with that shape.
pub fn read_vector(path: &Path) -> Result<Vec<f64>> {
    let (shape, _, _, data) = read(path)?;
    ensure!(
        matches!(shape[..], [_] | [_, 1]),
        "{} holds an array of shape {}, but a vector is needed: rank 1, or one column",
        path.display(),
        tuple(&shape)
    );
    if let Some(i) = data.iter().position(|v| !v.is_finite()) {
        bail!(
            "{} holds {} at position {i} (counted from 0): every entry must be finite",
            path.display(),
            data[i]
        );
    }
    Ok(data)
}

/// Writes an array of float64 in C order: `values` in that order, as many as `shape` says.
///
/// # Errors
/// Those of the writer; a value that is not finite, or a number of values that is not the product of `shape`
/// ([`std::io::ErrorKind::InvalidData`]).
pub fn write(
    out: &mut dyn Write,
    shape: &[usize],
    values: impl IntoIterator<Item = f64>,
) -> std::io::Result<()> {
    let invalid = |why: String| std::io::Error::new(std::io::ErrorKind::InvalidData, why);
    let shape64: Vec<u64> = shape.iter().map(|&n| n as u64).collect();
    let mut writer =
        npyz::WriteOptions::<f64>::new().default_dtype().shape(&shape64).writer(out).begin_nd()?;
    let mut count = 0_usize;
    for v in values {
        if !v.is_finite() {
            return Err(invalid(format!("entry {count} is {v}, and only finite numbers are written")));
        }
        writer.push(&v)?;
        count += 1;
    }
    if count != shape.iter().product::<usize>() {
        return Err(invalid(format!("{count} values do not fill an array of shape {}", tuple(shape))));
    }
    writer.finish()
}

/// Writes a matrix as float64 in C order, `[rows, cols]`.
///
/// # Errors
/// As [`write()`].
pub fn write_matrix(out: &mut dyn Write, m: MatRef<'_, f64>) -> std::io::Result<()> {
    let entries = (0..m.nrows()).flat_map(|i| (0..m.ncols()).map(move |j| m[(i, j)]));
    write(out, &[m.nrows(), m.ncols()], entries)
}

/// Shape, Fortran order, single precision, and the elements in the order of the file.
fn read(path: &Path) -> Result<(Vec<usize>, bool, bool, Vec<f64>)> {
    let name = path.display();
    let unreadable = || format!("{name} cannot be read");
    let meta = std::fs::metadata(path).map_err(super::unreadable(path))?;
    ensure!(meta.is_file(), "{name} is not a regular file: a .npy file is needed");
    let mut file = BufReader::with_capacity(1 << 16, File::open(path).map_err(super::unreadable(path))?);
    let header = Header::read(&mut file, meta.len())
        .map_err(|why| anyhow!("{name} is not a readable .npy file: {why}"))?;
    let (single, width) = match header.dtype.as_str() {
        "<f8" | ">f8" => (false, 8_u64),
        "<f4" | ">f4" => (true, 4_u64),
        other => {
            bail!("{name} holds elements of type {}, but float64 or float32 is needed", dtype_name(other))
        }
    };
    ensure!(
        !header.shape.contains(&0),
        "{name} holds an empty array of shape {}: at least one entry along every axis is needed",
        tuple(&header.shape)
    );
    // Checked before anything of this size is allocated: a damaged header may declare any shape.
    let wanted = header.shape.iter().try_fold(width, |acc, &n| acc.checked_mul(n));
    let got = meta.len() - header.length;
    let declared =
        || format!("{name} declares the shape {} of {}", tuple(&header.shape), dtype_name(&header.dtype));
    match wanted {
        None => bail!("{}, which is larger than any file: its header is damaged", declared()),
        Some(w) if got < w => {
            bail!("{}, {w} bytes, but only {got} follow: the file is truncated", declared())
        }
        Some(w) if got > w => {
            bail!("{}, {w} bytes, but {got} follow: {} bytes do not belong to it", declared(), got - w)
        }
        Some(_) => {}
    }
    let shape = header
        .shape
        .iter()
        .map(|&n| usize::try_from(n))
        .collect::<Result<Vec<_>, _>>()
        .with_context(unreadable)?;
    file.seek(SeekFrom::Start(0)).with_context(unreadable)?;
    let npy = npyz::NpyFile::new(file).with_context(unreadable)?;
    let data: Vec<f64> = if single {
        npy.data::<f32>()?
            .map(|v| v.map(f64::from))
            .collect::<std::io::Result<_>>()
            .with_context(unreadable)?
    } else {
        npy.data::<f64>()?.collect::<std::io::Result<_>>().with_context(unreadable)?
    };
    Ok((shape, header.fortran, single, data))
}

/// What NumPy calls the element type of this code, for messages.
fn dtype_name(code: &str) -> String {
    let mut chars = code.chars();
    let first = chars.next().unwrap_or(' ');
    let (big, rest) = if "<>|=".contains(first) { (first == '>', chars.as_str()) } else { (false, code) };
    let (kind, bytes) = rest.split_at(rest.chars().next().map_or(0, char::len_utf8));
    let bits = bytes.parse::<u32>().ok().and_then(|b| b.checked_mul(8));
    let name = match (kind, bits) {
        ("f", Some(b)) => format!("float{b}"),
        ("i", Some(b)) => format!("int{b}"),
        ("u", Some(b)) => format!("uint{b}"),
        ("c", Some(b)) => format!("complex{b}"),
        ("b", _) => "bool".into(),
        ("O", _) => "object".into(),
        ("U" | "S" | "a", _) => "text".into(),
        _ => return format!("'{}'", code.escape_debug()),
    };
    if big { format!("big-endian {name}") } else { name }
}

/// A shape as NumPy prints it: `(3, 4)`.
fn tuple<T: std::fmt::Display>(shape: &[T]) -> String {
    match shape {
        [one] => format!("({one},)"),
        _ => format!("({})", shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// The header of a `.npy` file, read strictly.
struct Header {
    dtype: String,
    fortran: bool,
    shape: Vec<u64>,
    /// Bytes before the first element.
    length: u64,
}

impl Header {
    /// Reads the header of a file of `file_length` bytes.
    fn read(file: &mut impl Read, file_length: u64) -> Result<Self, String> {
        let short = |_| format!("it is {file_length} bytes long, too short for its header");
        let mut magic = [0_u8; 8];
        if file_length == 0 {
            return Err("it is empty".into());
        }
        file.read_exact(&mut magic).map_err(short)?;
        if &magic[..6] != b"\x93NUMPY" {
            return Err("it does not begin with the six bytes \\x93NUMPY".into());
        }
        let (before, text_length) = match (magic[6], magic[7]) {
            (1, 0) => {
                let mut n = [0; 2];
                file.read_exact(&mut n).map_err(short)?;
                (10, u64::from(u16::from_le_bytes(n)))
            }
            (2 | 3, 0) => {
                let mut n = [0; 4];
                file.read_exact(&mut n).map_err(short)?;
                (12, u64::from(u32::from_le_bytes(n)))
            }
            (major, minor) => {
                return Err(format!(
                    "its format version is {major}.{minor}, and 1.0, 2.0 and 3.0 are known"
                ));
            }
        };
        if text_length > HEADER_LIMIT {
            return Err(format!(
                "its header claims {text_length} bytes, and at most {HEADER_LIMIT} are read"
            ));
        }
        let mut text = vec![0; text_length as usize];
        file.read_exact(&mut text).map_err(short)?;
        let text = String::from_utf8(text).map_err(|_| "its header is not text".to_string())?;
        let (dtype, fortran, shape) = Scanner { rest: &text }.dictionary()?;
        Ok(Self { dtype, fortran, shape, length: before + text_length })
    }
}

/// The little of Python's syntax that a plain header uses: a dictionary of a string, a bool and a tuple.
struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    fn dictionary(mut self) -> Result<(String, bool, Vec<u64>), String> {
        let (mut dtype, mut fortran, mut shape) = (None, None, None);
        self.expect("{")?;
        while !self.eat("}") {
            let key = self.string()?;
            self.expect(":")?;
            match key {
                "descr" if self.peek("[") => {
                    return Err("it holds structured records, but float64 or float32 is needed".into());
                }
                "descr" => dtype = Some(self.string()?.to_string()),
                "fortran_order" if self.eat("True") => fortran = Some(true),
                "fortran_order" if self.eat("False") => fortran = Some(false),
                "shape" => shape = Some(self.tuple()?),
                other => {
                    return Err(format!("its header has an unexpected entry '{}'", other.escape_debug()));
                }
            }
            if !self.eat(",") && !self.peek("}") {
                return Err("its header is not a dictionary of descr, fortran_order and shape".into());
            }
        }
        if !self.rest.trim().is_empty() {
            return Err("its header goes on after the dictionary".into());
        }
        match (dtype, fortran, shape) {
            (Some(d), Some(f), Some(s)) => Ok((d, f, s)),
            _ => Err("its header lacks one of descr, fortran_order and shape".into()),
        }
    }

    fn peek(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start();
        self.rest.starts_with(token)
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.peek(token);
        if found {
            self.rest = &self.rest[token.len()..];
        }
        found
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        if self.eat(token) { Ok(()) } else { Err(format!("its header lacks a '{token}'")) }
    }

    fn string(&mut self) -> Result<&'a str, String> {
        let quote = if self.eat("'") {
            '\''
        } else if self.eat("\"") {
            '"'
        } else {
            return Err("its header lacks a quoted string".into());
        };
        let end = self.rest.find(quote).ok_or("its header has an unfinished string")?;
        let (text, after) = self.rest.split_at(end);
        self.rest = &after[1..];
        Ok(text)
    }

    fn tuple(&mut self) -> Result<Vec<u64>, String> {
        self.expect("(")?;
        let mut shape = Vec::new();
        while !self.eat(")") {
            self.peek("");
            let digits = self.rest.len() - self.rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, after) = self.rest.split_at(digits);
            shape.push(number.parse().map_err(|_| match digits {
                0 => "its shape is not a tuple of whole numbers",
                _ => "its shape has an axis longer than any file",
            })?);
            self.rest = after;
            if !self.eat(",") && !self.peek(")") {
                return Err("its shape is not a tuple of whole numbers".into());
            }
        }
        Ok(shape)
    }
}

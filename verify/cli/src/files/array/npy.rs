//! NumPy's `.npy` arrays, in and out.
//!
//! Read: float64 or float32 and, for labels, whole numbers and truth values; in any byte order, C or Fortran
//! order. Written: float64, little endian, C order. The header is checked here, against the length of the
//! file, before anything of the size that it declares is allocated; the elements are then decoded by the
//! npyz crate.

use super::{Elements, Entries};
use anyhow::{Result, anyhow, bail, ensure};
use faer::MatRef;
use npyz::WriterBuilder;
use std::io::{BufReader, Read, Write};

/// The longest header that is read. NumPy itself pads a plain header to a multiple of 64 bytes, most often
/// 128, and refuses those above 10 000.
const HEADER_LIMIT: u64 = 10_000;

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

/// Reads an array from a stream of `length` bytes that holds nothing else; `name` is for messages.
///
/// # Errors
/// A header that is damaged or of another type than `elements` allow, a length that does not fit it, an
/// empty array, or a whole number that float64 does not hold.
pub fn read(stream: &mut dyn Read, length: u64, name: &str, elements: Elements) -> Result<Entries> {
    let header =
        Header::read(stream, length).map_err(|why| anyhow!("{name} is not a readable .npy file: {why}"))?;
    let Some(element) = Element::parse(&header.dtype).filter(|e| e.allowed(elements)) else {
        let (given, needed) = (
            dtype_name(&header.dtype),
            match elements {
                Elements::Floats => "float64 or float32",
                Elements::Numbers => "float64, float32, whole numbers or bool",
            },
        );
        bail!("{name} holds elements of type {given}, but {needed} is needed{}", remedy(&header.dtype));
    };
    ensure!(
        !header.shape.contains(&0),
        "{name} holds an empty array of shape {}: at least one entry along every axis is needed",
        tuple(&header.shape)
    );
    // Checked before anything of this size is allocated: a damaged header may declare any shape.
    let wanted = header.shape.iter().try_fold(element.width, |acc, &n| acc.checked_mul(n));
    let got = length - header.length;
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
    let unreadable =
        |e: &dyn std::fmt::Display| anyhow!("{name} cannot be read: {}", e.to_string().replace('\n', " "));
    let shape = header
        .shape
        .iter()
        .map(|&n| usize::try_from(n))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| unreadable(&e))?;
    // The elements are decoded by npyz, behind a header in the one form that it knows.
    let count = header.shape.iter().product();
    let plain = element.header(count);
    let file = npyz::NpyFile::new(plain.as_slice().chain(BufReader::with_capacity(1 << 16, stream)))
        .map_err(|e| unreadable(&e))?;
    let data = element.decode(file).map_err(|e| unreadable(&e))?;
    if element.kind != Kind::Float {
        let limit = 2.0_f64.powi(53);
        if let Some(i) = data.iter().position(|v| v.abs() >= limit) {
            bail!(
                "{name} holds a whole number near {:.5e} at position {i} (counted from 0): whole numbers must \
                 be below 2^53 in size, where float64 is exact",
                data[i]
            );
        }
    }
    Ok(Entries { shape, fortran: header.fortran, single: element.single(), data })
}

/// What the numbers of an array are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Float,
    Signed,
    Unsigned,
    Bool,
}

/// A type of elements that is read, as NumPy's descriptor names it.
#[derive(Debug, Clone, Copy)]
struct Element {
    kind: Kind,
    /// Bytes of an element.
    width: u64,
    big_endian: bool,
}

impl Element {
    /// The type of this descriptor, in any of the spellings that NumPy reads: with or without the order of
    /// the bytes (`<`, `>`, `=` and `|`, of which the last two mean the machine's own), as `f8`, as the
    /// letter `d`, or as the name `float64`.
    fn parse(code: &str) -> Option<Self> {
        let native = cfg!(target_endian = "big");
        let (big_endian, rest) = match code.strip_prefix(['<', '>', '=', '|']) {
            Some(rest) => (if code.starts_with(['<', '>']) { code.starts_with('>') } else { native }, rest),
            None => (native, code),
        };
        let (kind, width) = match rest.strip_prefix("()").unwrap_or(rest) {
            "f8" | "d" => (Kind::Float, 8),
            "f4" | "f" => (Kind::Float, 4),
            "i8" | "q" => (Kind::Signed, 8),
            "i4" | "i" => (Kind::Signed, 4),
            "i2" | "h" => (Kind::Signed, 2),
            "i1" | "b" => (Kind::Signed, 1),
            "u8" | "Q" => (Kind::Unsigned, 8),
            "u4" | "I" => (Kind::Unsigned, 4),
            "u2" | "H" => (Kind::Unsigned, 2),
            "u1" | "B" => (Kind::Unsigned, 1),
            "b1" | "?" => (Kind::Bool, 1),
            // Names stand alone.
            name if name == code => match name {
                "float64" | "float" | "double" => (Kind::Float, 8),
                "float32" | "single" => (Kind::Float, 4),
                "int64" | "int" => (Kind::Signed, 8),
                "int32" => (Kind::Signed, 4),
                "int16" => (Kind::Signed, 2),
                "int8" => (Kind::Signed, 1),
                "uint64" => (Kind::Unsigned, 8),
                "uint32" => (Kind::Unsigned, 4),
                "uint16" => (Kind::Unsigned, 2),
                "uint8" => (Kind::Unsigned, 1),
                "bool" => (Kind::Bool, 1),
                _ => return None,
            },
            _ => return None,
        };
        Some(Self { kind, width, big_endian })
    }

    fn allowed(&self, elements: Elements) -> bool {
        elements == Elements::Numbers || self.kind == Kind::Float
    }

    /// Whether the elements have the precision of float32.
    fn single(&self) -> bool {
        self.kind == Kind::Float && self.width == 4
    }

    /// A header of version 1.0 for a vector of `count` elements.
    fn header(&self, count: u64) -> Vec<u8> {
        let letter = match self.kind {
            Kind::Float => 'f',
            Kind::Signed => 'i',
            Kind::Unsigned => 'u',
            Kind::Bool => 'b',
        };
        let order = match (self.width, self.big_endian) {
            (1, _) => '|',
            (_, true) => '>',
            (_, false) => '<',
        };
        let text = format!(
            "{{'descr': '{order}{letter}{}', 'fortran_order': False, 'shape': ({count},), }}\n",
            self.width
        );
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes
    }

    /// The elements of `file`, as float64.
    fn decode(&self, file: npyz::NpyFile<impl Read>) -> std::io::Result<Vec<f64>> {
        fn all<T: npyz::Deserialize>(
            file: npyz::NpyFile<impl Read>,
            value: impl Fn(T) -> f64,
        ) -> std::io::Result<Vec<f64>> {
            file.data::<T>().map_err(std::io::Error::other)?.map(|x| x.map(&value)).collect()
        }
        match (self.kind, self.width) {
            (Kind::Float, 4) => all(file, |x: f32| x.into()),
            (Kind::Float, _) => all(file, |x: f64| x),
            (Kind::Signed, 1) => all(file, |x: i8| x.into()),
            (Kind::Signed, 2) => all(file, |x: i16| x.into()),
            (Kind::Signed, 4) => all(file, |x: i32| x.into()),
            (Kind::Signed, _) => all(file, |x: i64| x as f64),
            (Kind::Unsigned, 1) => all(file, |x: u8| x.into()),
            (Kind::Unsigned, 2) => all(file, |x: u16| x.into()),
            (Kind::Unsigned, 4) => all(file, |x: u32| x.into()),
            (Kind::Unsigned, _) => all(file, |x: u64| x as f64),
            (Kind::Bool, _) => all(file, |x: bool| f64::from(u8::from(x))),
        }
    }
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
        ("V", _) if bytes == "2" => "void of 2 bytes (bfloat16?)".into(),
        ("V", _) => format!("void of {} bytes", bytes.escape_debug()),
        _ => return format!("'{}'", code.escape_debug()),
    };
    if big { format!("big-endian {name}") } else { name }
}

/// How elements of this type become such that are read; empty where it takes more than a conversion.
fn remedy(code: &str) -> &'static str {
    match code.trim_start_matches(['<', '>', '=', '|']).chars().next() {
        Some('f' | 'i' | 'u' | 'b' | 'g' | 'e') => ": convert them, as with a.astype(np.float64)",
        Some('V') => ": convert them, as with a.view(ml_dtypes.bfloat16).astype(np.float32)",
        _ => "",
    }
}

/// A shape as NumPy prints it: `(3, 4)`.
pub fn tuple<T: std::fmt::Display>(shape: &[T]) -> String {
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
    fn read(file: &mut dyn Read, file_length: u64) -> Result<Self, String> {
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
        let python2 = magic[6] < 3;
        let (dtype, fortran, shape) = Scanner { rest: &text, python2 }.dictionary()?;
        Ok(Self { dtype, fortran, shape, length: before + text_length })
    }
}

/// The little of Python's syntax that a plain header uses: a dictionary of a string, a bool and a tuple.
struct Scanner<'a> {
    rest: &'a str,
    /// Whether Python 2 may have written it, whose long integers end in an L.
    python2: bool,
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
                "fortran_order" => {
                    return Err(format!(
                        "its fortran_order is {}, which is neither True nor False",
                        self.shown()
                    ));
                }
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

    /// The value that comes next, for messages.
    fn shown(&mut self) -> String {
        self.peek("");
        let close = match self.rest.chars().next() {
            Some('[') => self.rest.find(']').map(|i| i + 1),
            Some('(') => self.rest.find(')').map(|i| i + 1),
            _ => self.rest.find([',', '}']),
        };
        let end = close.unwrap_or(self.rest.len());
        let value: String = self.rest[..end].trim().chars().take(40).collect();
        format!("'{}'", value.escape_debug())
    }

    fn string(&mut self) -> Result<&'a str, String> {
        // Python 2 marks text by a u.
        if self.peek("u'") || self.peek("u\"") {
            self.eat("u");
        }
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
        if !self.peek("(") {
            return Err(format!("its shape is {}, which is not a tuple", self.shown()));
        }
        let shown = self.shown();
        self.expect("(")?;
        let (mut shape, mut commas) = (Vec::new(), 0);
        while !self.eat(")") {
            self.peek("");
            let digits = self.rest.len() - self.rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, after) = self.rest.split_at(digits);
            shape.push(number.parse().map_err(|_| match digits {
                0 => "its shape is not a tuple of whole numbers",
                _ => "its shape has an axis longer than any file",
            })?);
            self.rest = if self.python2 { after.strip_prefix('L').unwrap_or(after) } else { after };
            if self.eat(",") {
                commas += 1;
            } else if !self.peek(")") {
                return Err("its shape is not a tuple of whole numbers".into());
            }
        }
        // In Python (50) is a number, and (50,) a tuple.
        if shape.len() == 1 && commas == 0 {
            return Err(format!("its shape is {shown}, which is not a tuple"));
        }
        Ok(shape)
    }
}

//! Arrays of numbers from files, as people have them: NumPy's `.npy`, one array of an `.npz` archive
//! (`file.npz:name`), or text in columns. Written are `.npy` files.

mod archive;
mod npy;
mod text;

pub use npy::{write, write_matrix};

use anyhow::{Result, bail, ensure};
use faer::Mat;
use std::{fs::File, io::Read, path::Path};

/// A matrix that was read, and the precision it came in.
#[derive(Debug, Clone)]
pub struct Array {
    /// The entries, `[rows, cols]` as in the file.
    pub values: Mat<f64>,
    /// Whether the file held float32, so that a rounding of 2⁻²⁴ is to be expected in its entries.
    pub single: bool,
}

/// The entries of an array in the order of the file.
struct Entries {
    shape: Vec<usize>,
    /// Whether the first index runs fastest.
    fortran: bool,
    single: bool,
    data: Vec<f64>,
}

/// Which types of elements are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Elements {
    /// float64 and float32.
    Floats,
    /// Whole numbers and truth values as well, where float64 holds them exactly.
    Numbers,
}

/// Reads a matrix (rank 2) of finite numbers.
///
/// # Errors
/// A file that is missing, truncated, longer than its header says, of another rank or element type, empty,
/// or that holds NaN or an infinity.
pub fn read_matrix(path: &Path) -> Result<Array> {
    let Entries { shape, fortran, single, data } = read(path, Elements::Floats)?;
    let [rows, cols] = shape[..] else {
        bail!(
            "{} holds an array of shape {}, but a matrix is needed: rank 2, one vector per row",
            path.display(),
            npy::tuple(&shape)
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

/// Reads a vector of finite numbers, as labels are given: rank 1, or a matrix of one column. Whole numbers
/// and truth values are numbers, too.
///
/// # Errors
/// As [`read_matrix`], with that shape; a whole number beyond 2⁵³ that float64 does not hold.
pub fn read_vector(path: &Path) -> Result<Vec<f64>> {
    let Entries { shape, data, .. } = read(path, Elements::Numbers)?;
    ensure!(
        matches!(shape[..], [_] | [_, 1]),
        "{} holds an array of shape {}, but a vector is needed: rank 1, or one column",
        path.display(),
        npy::tuple(&shape)
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

/// Reads an array from a file of any of the formats.
fn read(path: &Path, elements: Elements) -> Result<Entries> {
    let name = path.display().to_string();
    if let Some((archive, member)) = archive::split(path) {
        return archive::read(&archive, &member, &name, elements);
    }
    let meta = std::fs::metadata(path).map_err(super::unreadable(path))?;
    ensure!(meta.is_file(), "{name} is not a regular file: write the array to a .npy file, and give that");
    let mut file = File::open(path).map_err(super::unreadable(path))?;
    let mut begin = Vec::new();
    file.by_ref().take(BEGIN).read_to_end(&mut begin).map_err(super::unreadable(path))?;
    match Format::of(&begin, path) {
        Format::Npy => npy::read(&mut begin.chain(file), meta.len(), &name, elements),
        Format::Text => text::read(&mut begin.chain(file), meta.len(), &name),
        Format::Archive => Err(archive::needs_a_name(path)),
        Format::Other(what) => {
            bail!("{name} is {what}: save the array with np.save, and give the .npy file")
        }
    }
}

/// How many bytes tell the format of a file.
const BEGIN: u64 = 512;

enum Format {
    Npy,
    Text,
    Archive,
    /// A format that is known and not read.
    Other(&'static str),
}

impl Format {
    /// The format of a file that begins with these bytes. A file whose name ends in `.npy` is never text.
    fn of(begin: &[u8], path: &Path) -> Self {
        let named_npy = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npy"));
        match begin {
            [b'P', b'K', 3 | 5, 4 | 6, ..] => Self::Archive,
            [0x1f, 0x8b, ..] => Self::Other("compressed by gzip"),
            [0x89, b'H', b'D', b'F', ..] => Self::Other("an HDF5 file"),
            [0x80, 2..=5, ..] => Self::Other("a pickle of Python"),
            [0xfd, b'7', b'z', b'X', ..] => Self::Other("compressed by xz"),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Other("compressed by zstd"),
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..] => Self::Other("compressed by bzip2"),
            [b'P', b'A', b'R', b'1', ..] => Self::Other("a Parquet file"),
            [b'M', b'A', b'T', b'L', b'A', b'B', b' ', ..] => Self::Other("a MATLAB file"),
            [_, _, _, _, 0, 0, 0, 0, b'{', ..] => Self::Other("a safetensors file"),
            [0x93, ..] | [] => Self::Npy,
            _ if named_npy || !text::is_text(begin) => Self::Npy,
            _ => Self::Text,
        }
    }
}

//! The errors of the core, one variant per kind of bad input.
//!
//! Each message is one sentence that names the offending value and says what is allowed.

use faer::MatRef;
use std::borrow::Cow;

/// The result of every fallible function of the core.
pub type Result<T> = std::result::Result<T, Error>;

/// An error of the core: bad input, or a question that has no answer at these sizes.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input dimension is below 3, or so large that f64 does not count it.
    #[error("the dimension d = {0} is not allowed: d must be at least 3 and at most 2^53 − 2")]
    Dimension(usize),
    /// The width is zero or odd.
    #[error("the width m = {0} is not allowed: neurons come in pairs, so m must be even and at least 2")]
    Width(usize),
    /// A parameter lies outside its domain.
    #[error("{name} = {value} is not allowed: {allowed}")]
    Domain {
        /// The parameter, as the user knows it.
        name: Cow<'static, str>,
        /// The value that was given.
        value: String,
        /// What would have been accepted.
        allowed: String,
    },
    /// An array has the wrong shape.
    #[error("{name} has shape [{rows}, {cols}], but [{expected}] is needed")]
    Shape {
        /// The array, as the user knows it.
        name: &'static str,
        /// Rows given.
        rows: usize,
        /// Columns given.
        cols: usize,
        /// The shape needed, in words or numbers.
        expected: String,
    },
    /// An array holds NaN or an infinity.
    #[error("{name} holds {value} at row {row}, column {col}: every entry must be finite")]
    NotFinite {
        /// The array.
        name: &'static str,
        /// The entry.
        value: f64,
        /// Its row.
        row: usize,
        /// Its column.
        col: usize,
    },
    /// An operator that must be symmetric is not.
    #[error(
        "the operator is not symmetric: entries of its projection that should agree differ by {defect:.1e}, \
         and {allowed:.1e} is allowed beside the largest, {scale:.1e}"
    )]
    NotSymmetric {
        /// The largest difference met first.
        defect: f64,
        /// The largest entry of the projection.
        scale: f64,
        /// The largest difference that rounding may explain.
        allowed: f64,
    },
    /// A row that must be a unit vector is not.
    #[error("row {row} of {name} has norm {norm}: rows must be unit vectors to within {tolerance:e}")]
    NotUnit {
        /// The array.
        name: &'static str,
        /// The row.
        row: usize,
        /// Its Euclidean norm.
        norm: f64,
        /// The deviation from 1 that is allowed.
        tolerance: f64,
    },
    /// No activation has this name.
    #[error(
        "unknown activation '{given}'{suggestion}; the activations are sigmoid, tanh, erf, sine, softplus \
         and relu, each with an optional shift as in sigmoid:1"
    )]
    UnknownActivation {
        /// What was asked for.
        given: String,
        /// ` (did you mean 'tanh'?)`, or empty.
        suggestion: String,
    },
    /// The activation lacks a derivative that is needed.
    #[error("the activation {activation} is not allowed here: {why}")]
    Unsupported {
        /// The activation.
        activation: String,
        /// The derivative that the activation lacks.
        why: String,
    },
    /// A coefficient by which a construction divides is zero to within rounding.
    #[error(
        "{coefficient} = {value:e} vanishes for {activation} at d = {d}, to within rounding {allowance:e}: \
         {consequence}"
    )]
    Vanishing {
        /// The coefficient, e.g. `s_0 = λ_0(σ'')`.
        coefficient: String,
        /// Its computed value.
        value: f64,
        /// The rounding allowance below which it counts as zero.
        allowance: f64,
        /// The activation.
        activation: String,
        /// The dimension.
        d: usize,
        /// What cannot be constructed, since it divides by the coefficient.
        consequence: String,
    },
    /// The series of Σ cannot be cut at the tail that was asked for, within the degrees allowed.
    #[error(
        "the tail of {activation} at d = {d} is {tail:e} at degree {degree}, above the {wanted:e} asked \
         for: allow more degrees or a looser tail"
    )]
    Certificate {
        /// The activation.
        activation: String,
        /// The dimension.
        d: usize,
        /// The tail that was reached.
        tail: f64,
        /// The degree at which it was reached.
        degree: usize,
        /// The tail that was asked for.
        wanted: f64,
    },
    /// A computation would not fit in memory.
    #[error(
        "{what} needs {}, more than the {} allowed{advice}",
        human_bytes(*needed),
        human_bytes(*allowed)
    )]
    Memory {
        /// What was asked for.
        what: String,
        /// Bytes needed.
        needed: f64,
        /// Bytes allowed.
        allowed: f64,
        /// `: the harmonic route would need 12 MiB`, or empty.
        advice: String,
    },
    /// A spectral projector is not defined.
    #[error("the projector on the top {rank} eigenvectors is not defined: {why}")]
    Projector {
        /// The rank asked for.
        rank: usize,
        /// The reason: the rank is too large, or there is no gap below it.
        why: String,
    },
    /// An iteration stopped before it converged.
    #[error(
        "{solver} stopped after {products} products with residual {residual:e}, above {wanted:e}: allow \
         more products or a looser tolerance"
    )]
    NoConvergence {
        /// The solver.
        solver: &'static str,
        /// The operator products that were spent.
        products: usize,
        /// The largest residual that is left.
        residual: f64,
        /// The residual that was asked for.
        wanted: f64,
    },
    /// A library routine failed where it should not.
    #[error("{what} failed: {why}")]
    Numerical {
        /// The routine.
        what: &'static str,
        /// The reason that the routine gave.
        why: String,
    },
}

impl Error {
    /// An [`Error::Shape`] for the array `name` of shape `[rows, cols]`, with the shape that is needed.
    pub(crate) fn shape(name: &'static str, [rows, cols]: [usize; 2], expected: impl Into<String>) -> Self {
        Self::Shape { name, rows, cols, expected: expected.into() }
    }

    /// An [`Error::Domain`] for the parameter `name`, with the value that was given and what is allowed.
    pub fn domain(
        name: impl Into<Cow<'static, str>>,
        value: impl ToString,
        allowed: impl Into<String>,
    ) -> Self {
        let value = value.to_string();
        // Numbers near the ends of their range have hundreds of digits.
        let value = match value.parse::<f64>() {
            Ok(number) if value.len() > 24 => format!("{number:e}"),
            _ => value,
        };
        Self::Domain { name: name.into(), value, allowed: allowed.into() }
    }
}

/// Refuses a matrix that holds NaN or an infinity; the error calls it `name`.
pub(crate) fn finite(name: &'static str, a: MatRef<'_, f64>) -> Result<()> {
    // By whole columns first, because 0·x is NaN where x is not finite, and a loop that does not end early
    // uses vector instructions.
    let along = if a.row_stride() == 1 { a } else { a.transpose() };
    let finite = |col: &[f64]| col.iter().fold(true, |finite, x| finite & (x * 0.0 == 0.0));
    if along.col_iter().all(|col| col.try_as_col_major().is_some_and(|col| finite(col.as_slice()))) {
        return Ok(());
    }
    for col in 0..a.ncols() {
        for row in 0..a.nrows() {
            let value = a[(row, col)];
            if !value.is_finite() {
                return Err(Error::NotFinite { name, value, row, col });
            }
        }
    }
    Ok(())
}

/// A number of bytes in the largest unit that leaves at least one, with two digits below ten: `1.5 GiB`,
/// `12 MiB`. Numbers beyond PiB are written in powers of ten.
///
/// ```
/// use escapement::error::human_bytes;
/// assert_eq!([900.0, 1.5 * 1024.0, 1e30].map(human_bytes), ["900 B", "1.5 KiB", "1.0e30 bytes"]);
/// ```
pub fn human_bytes(bytes: f64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes.is_infinite() {
        return "more than 1e308 bytes".into();
    }
    let mut value = bytes;
    for unit in UNITS {
        if value < 1024.0 {
            return if value < 10.0 && unit != "B" {
                format!("{value:.1} {unit}")
            } else {
                format!("{value:.0} {unit}")
            };
        }
        value /= 1024.0;
    }
    format!("{bytes:.1e} bytes")
}

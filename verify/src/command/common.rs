//! What the commands share: weights, activations, memory, and words on standard error.

use anyhow::{Result, anyhow, bail, ensure};
use escapement::activation::{self, Activation};
use escapement::covariance::Covariance;
use escapement::sphere::Truncation;
use escapement::{Error, seed, sphere, tolerance};
use escapement_verify::io::{memory, npy};
use faer::Mat;
use std::path::Path;
use std::sync::Arc;

/// Remarks for the user that are no result. They wait until the command has succeeded, so that a failure is one sentence,
/// and go to standard error, so that JSON stays alone on standard output.
#[derive(Debug, Default)]
pub struct Notes(Vec<String>);

impl Notes {
    /// Keeps one remark.
    pub fn add(&mut self, words: impl std::fmt::Display) {
        self.0.push(words.to_string());
    }

    /// Prints all of them, one per line.
    pub fn print(&self) {
        for words in &self.0 {
            eprintln!("escapement: note: {words}");
        }
    }
}

/// An activation by name that has the two derivatives that Σ and the constructions need.
pub fn smooth_activation(name: &str) -> Result<Arc<dyn Activation>> {
    let activation = activation::parse(name)?;
    activation.require_twice_differentiable()?;
    Ok(activation)
}

/// The weights of a paired network: read from `path`, or drawn for the given sizes.
#[derive(Debug, Clone, Copy)]
pub struct WeightSource<'a> {
    /// A .npy file of the p distinct neurons, `[p, d]`.
    pub path: Option<&'a Path>,
    /// The dimension asked for.
    pub d: Option<usize>,
    /// The width asked for.
    pub m: Option<usize>,
    /// The dimension drawn where none is asked for.
    pub default_d: usize,
    /// The width drawn where none is asked for.
    pub default_m: usize,
    /// The root seed.
    pub seed: u64,
    /// What may be allocated, in bytes.
    pub memory: u64,
}

impl WeightSource<'_> {
    /// The p distinct neurons, `[p, d]`, unit rows.
    ///
    /// # Errors
    /// Sizes that are not allowed or do not fit in memory, a file that cannot be read or does not hold unit vectors, and
    /// sizes asked for that are not the file's.
    pub fn weights(&self, notes: &mut Notes) -> Result<Mat<f64>> {
        if let Some(d) = self.d {
            ensure!(d >= 3, Error::Dimension(d));
        }
        if let Some(m) = self.m {
            ensure!(m > 0 && m % 2 == 0, Error::Width(m));
        }
        let Some(path) = self.path else { return self.draw() };
        let array = npy::read_matrix(path)?;
        let (p, d) = (array.values.nrows(), array.values.ncols());
        if let Some(wanted) = self.d.filter(|&wanted| wanted != d) {
            bail!("--d {wanted} does not fit {}, whose rows have {d} entries: leave --d out, or give {d}", path.display());
        }
        if let Some(wanted) = self.m.filter(|&wanted| wanted != 2 * p) {
            bail!(
                "--m {wanted} does not fit {}, which holds {p} distinct neurons: leave --m out, or give {}",
                path.display(),
                2 * p
            );
        }
        let allowed = if array.single { tolerance::UNIT_NORM_F32 } else { tolerance::UNIT_NORM_F64 };
        let (weights, worst) =
            sphere::unit_rows("the weights", array.values.as_ref(), allowed).map_err(|e| anyhow!("{}: {e}", path.display()))?;
        // A norm of unit rows is itself only right to a few roundings: nothing to speak of.
        if array.single || worst > 16.0 * f64::EPSILON {
            let kind = if array.single { "float32" } else { "float64" };
            notes.add(format_args!(
                "the rows of {} ({kind}) miss unit norm by up to {worst:.1e} and were renormalised in float64",
                path.display()
            ));
        }
        Ok(weights)
    }

    fn draw(&self) -> Result<Mat<f64>> {
        let (d, m) = (self.d.unwrap_or(self.default_d), self.m.unwrap_or(self.default_m));
        let p = m / 2;
        fits("the weights alone", 8.0 * p as f64 * d as f64, self.memory)?;
        let mut stream = seed::stream(self.seed, &format!("d={d} m={m}"), "weights");
        Ok(sphere::uniform_sphere(&mut stream, p, d, 1.0))
    }
}

/// Refuses what needs more than `memory` bytes.
pub fn fits(what: &str, bytes: f64, memory: u64) -> Result<()> {
    let gib = |b: f64| b / (1_u64 << 30) as f64;
    let (needed_gib, allowed_gib) = (gib(bytes), gib(memory as f64));
    let advice = ": no route works without them, so choose a smaller d or m".to_string();
    ensure!(bytes <= memory as f64, Error::Memory { what: what.into(), needed_gib, allowed_gib, advice });
    Ok(())
}

/// The memory limit: as given, or all that the machine has.
pub fn memory_limit(given: Option<&str>) -> Result<u64> {
    match given {
        Some(text) => memory::parse_size(text).map_err(|why| anyhow!("--memory '{text}' is not allowed: {why}")),
        None => Ok(memory::total()),
    }
}

/// Right-aligned columns under their headings.
pub fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let width = |c: usize| {
        rows.iter()
            .filter_map(|r| r.get(c))
            .map(|cell| cell.chars().count())
            .chain([headings[c].chars().count()])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let text: String = cells.zip(&widths).map(|(cell, &w)| format!("  {cell:>w$}")).collect();
        text.trim_end().to_string() + "\n"
    };
    let head = line(&mut headings.iter().copied());
    rows.iter().fold(head, |text, row| text + &line(&mut row.iter().map(String::as_str)))
}

/// A number for a table: seven digits, scientific outside [1e-3, 1e6).
pub fn number(x: f64) -> String {
    if x == 0.0 {
        "0".into()
    } else if (1e-3..1e6).contains(&x.abs()) {
        let digits = 6 - x.abs().log10().floor().clamp(-3.0, 6.0) as i32;
        format!("{x:.*}", usize::try_from(digits).unwrap_or(0))
    } else {
        format!("{x:.6e}")
    }
}

/// A multiplicity: whole numbers as such, beyond that in scientific notation.
pub fn count(x: f64) -> String {
    if x < 1e9 { format!("{x:.0}") } else { format!("{x:.3e}") }
}

/// The same Σ to [`tolerance::FINE_TAIL`], where rounding lets the certificate reach it; else as it is.
pub fn finely_truncated(cov: Covariance, activation: &dyn Activation) -> Result<Covariance> {
    match Covariance::new(cov.weights(), activation, Truncation::Tail(tolerance::FINE_TAIL)) {
        Err(Error::Certificate { .. }) => Ok(cov),
        fine => Ok(fine?),
    }
}

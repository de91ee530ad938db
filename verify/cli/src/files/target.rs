//! `target.toml`: the target f* = f_k + f_sp, as text.
//!
//! ```toml
//! k = 1
//!
//! [[sparse]]            # α (β·x)^(k+1), |α| ≤ 1, ‖β‖ = 1
//! alpha = 0.8
//! beta = [1.0, 0.0, 0.0]
//!
//! [[low_degree]]        # coefficient · P_degree(η·x/√d), degree ≤ k, ‖η‖ = 1
//! degree = 1
//! coefficient = 1.7
//! eta = [0.0, 1.0, 0.0]
//! ```

use anyhow::{Result, anyhow};
use escapement::construct::{self, SparseTerm, Target, ZonalTerm};
use escapement_verify::files::toml_file;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The file as it was read: shapes and types are right, and every number is finite. Whether the numbers make
/// a target is for the core to say, which knows d.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetFile {
    /// The degree k.
    pub k: usize,
    /// The sparse terms.
    #[serde(default)]
    pub sparse: Vec<Sparse>,
    /// The zonal terms of the low-degree part.
    #[serde(default)]
    pub low_degree: Vec<LowDegree>,
    /// The file.
    #[serde(skip)]
    path: PathBuf,
}

impl TargetFile {
    /// The dimension of the vectors in its terms; none where it has no term.
    pub fn dimension(&self) -> Option<usize> {
        let vectors = self.sparse.iter().map(|t| &t.beta).chain(self.low_degree.iter().map(|t| &t.eta));
        vectors.map(Vec::len).next()
    }

    /// The target that it describes.
    ///
    /// # Errors
    /// As [`Target::new`], after the name of the file.
    pub fn target(self, d: usize) -> Result<Target> {
        let low = self.low_degree.into_iter();
        let low = low.map(|t| ZonalTerm { degree: t.degree, coefficient: t.coefficient, eta: t.eta });
        let sparse = self.sparse.into_iter().map(|t| SparseTerm { alpha: t.alpha, beta: t.beta });
        Target::new(d, self.k, construct::LowDegree::Zonal(low.collect()), sparse.collect())
            .map_err(|e| anyhow!("{}: {e}", self.path.display()))
    }
}

/// The target of those who give no file: k = 1, f_k(x) = x_2 (so that E f_k² = 1), f_sp(x) = x_1².
///
/// # Errors
/// As [`Target::new`].
pub fn default_target(d: usize) -> Result<Target> {
    let axis = |i: usize| (0..d).map(|c| f64::from(u8::from(c == i))).collect::<Vec<f64>>();
    let low = ZonalTerm { degree: 1, coefficient: (d as f64).sqrt(), eta: axis(1) };
    let sparse = SparseTerm { alpha: 1.0, beta: axis(0) };
    Ok(Target::new(d, 1, construct::LowDegree::Zonal(vec![low]), vec![sparse])?)
}

/// One term α (β·x)^{k+1}.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sparse {
    /// α.
    pub alpha: f64,
    /// β, `[d]`.
    pub beta: Vec<f64>,
}

/// One term coefficient · P_degree(η·x̂).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LowDegree {
    /// The degree, at most k.
    pub degree: usize,
    /// Its coefficient.
    pub coefficient: f64,
    /// η, `[d]`.
    pub eta: Vec<f64>,
}

/// Reads a target.
///
/// # Errors
/// A file that is missing or not TOML, an unknown key, a value of the wrong type, or one that is not finite;
/// the sentence names the file, the line, the key and what is allowed.
pub fn read(path: &Path) -> Result<TargetFile> {
    let text = toml_file::read(path, "a target")?;
    let target = parse(&text).map_err(|why| anyhow!("{}{why}", path.display()))?;
    Ok(TargetFile { path: path.to_owned(), ..target })
}

/// As [`read`], from the text itself; the message continues a sentence that begins with the file's name.
fn parse(text: &str) -> Result<TargetFile, String> {
    let target: TargetFile = toml_file::parse(text)?;
    for (i, s) in target.sparse.iter().enumerate() {
        finite(std::slice::from_ref(&s.alpha), &format!("alpha of sparse term {}", i + 1))?;
        finite(&s.beta, &format!("beta of sparse term {}", i + 1))?;
    }
    for (i, l) in target.low_degree.iter().enumerate() {
        finite(std::slice::from_ref(&l.coefficient), &format!("coefficient of low_degree term {}", i + 1))?;
        finite(&l.eta, &format!("eta of low_degree term {}", i + 1))?;
    }
    Ok(target)
}

fn finite(values: &[f64], name: &str) -> Result<(), String> {
    match values.iter().find(|v| !v.is_finite()) {
        Some(v) => Err(format!(": {name} holds {v}, and every number must be finite")),
        None => Ok(()),
    }
}

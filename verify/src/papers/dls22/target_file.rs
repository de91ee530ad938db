//! A target f* on R^d as somebody writes it: a name, or directions and the terms of a polynomial.
//!
//! ```toml
//! d = 10
//! directions = [[1, 0, 0, 0, 0, 0, 0, 0, 0, 0], [0, 0.6, 0.8, 0, 0, 0, 0, 0, 0, 0]]    # r × d
//! basis = "hermite"      # or "monomial": He_k(t_i) or t_i^k of t_i = <u_i, x>
//! terms = [{ exponents = [2, 0], coefficient = 0.5 }, { exponents = [0, 2], coefficient = 0.5 }]
//! ```

use super::targets;
use crate::files::toml_file;
use escapement::gaussian::{Exponents, HermiteSeries, MultiIndexModel};
use faer::Mat;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The most numbers that the directions may have: more would not fit beside their bounds.
const MOST_NUMBERS: usize = 20_000_000;

/// The file as it was read: types are right, and no more.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetFile {
    /// The dimension of the inputs; that of the directions where it is left out.
    d: Option<usize>,
    /// The name of a target, see [`targets::any`].
    name: Option<String>,
    /// The directions, where there is no name.
    directions: Option<Directions>,
    /// The terms of the polynomial in the directions.
    terms: Option<Vec<Term>>,
    /// What the exponents of a term are.
    basis: Option<Basis>,
}

/// The directions u_i, one per row.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged, expecting = "the directions are rows of numbers, or the path of an array")]
enum Directions {
    Rows(Vec<Vec<f64>>),
    File(PathBuf),
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Term {
    /// One for each direction.
    exponents: Exponents,
    coefficient: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Basis {
    Monomial,
    Hermite,
}

impl TargetFile {
    /// From the text of a TOML file.
    ///
    /// # Errors
    /// What is wrong and where; the message continues a sentence that begins with the name of the file.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        toml_file::parse(text)
    }

    /// From a JSON object of the same keys.
    ///
    /// # Errors
    /// What is wrong, in a sentence.
    pub fn from_json(text: &str) -> Result<Self, String> {
        // The place in the line means nothing to those who gave an object.
        serde_json::from_str(text)
            .map_err(|e| e.to_string().split(" at line").next().unwrap_or("").to_owned())
    }

    /// The target of this name, in any dimension.
    pub fn named(name: &str) -> Self {
        Self { d: None, name: Some(name.to_owned()), directions: None, terms: None, basis: None }
    }

    /// The target. In place of the dimension of the file `d` is taken where it is given; directions that are
    /// shorter go on with zeros. `read` reads an array of directions.
    ///
    /// # Errors
    /// A target that is not one, in a sentence: two ways to give it or none, no dimension, an unknown name,
    /// directions that are not independent, a term that does not fit or is not finite, a degree that is too
    /// high.
    pub fn model(
        &self,
        d: Option<usize>,
        read: impl FnOnce(&Path) -> Result<Mat<f64>, String>,
    ) -> Result<MultiIndexModel, String> {
        match (&self.name, &self.directions, &self.terms) {
            (Some(name), None, None) if self.basis.is_none() => {
                let series = targets::any(name)?;
                let r = series.latent();
                let d = d.or(self.d).ok_or_else(|| format!("the target '{name}' needs the dimension d"))?;
                if d < r {
                    return Err(format!("d = {d} is not allowed: '{name}' has r = {r} directions"));
                }
                limited(r, d)?;
                let axes = Mat::from_fn(r, d, |i, j| f64::from(u8::from(i == j)));
                MultiIndexModel::from_series(axes.as_ref(), &series).map_err(|e| e.to_string())
            }
            (None, Some(directions), Some(terms)) => {
                let rows = match directions {
                    Directions::Rows(rows) => matrix(rows)?,
                    Directions::File(path) => read(path)?,
                };
                let rows = self.continued(rows, d)?;
                self.of_terms(&rows, terms)
            }
            _ => Err("a target has either a name, or directions and terms (with their basis)".into()),
        }
    }

    /// The directions in the dimension that is asked for.
    fn continued(&self, rows: Mat<f64>, d: Option<usize>) -> Result<Mat<f64>, String> {
        let (r, columns) = (rows.nrows(), rows.ncols());
        if let Some(d) = self.d.filter(|&d| d != columns) {
            return Err(format!("the directions have {columns} entries, but d = {d}"));
        }
        match d {
            Some(d) if d < columns => {
                Err(format!("d = {d} is not allowed: the directions have {columns} entries"))
            }
            Some(d) => {
                limited(r, d)?;
                Ok(Mat::from_fn(r, d, |i, j| if j < columns { rows[(i, j)] } else { 0.0 }))
            }
            None => Ok(rows),
        }
    }

    fn of_terms(&self, rows: &Mat<f64>, terms: &[Term]) -> Result<MultiIndexModel, String> {
        let Some(basis) = self.basis else {
            return Err("the terms need a basis, \"monomial\" or \"hermite\"".into());
        };
        let terms: Vec<_> = terms.iter().map(|t| (t.exponents.clone(), t.coefficient)).collect();
        match basis {
            Basis::Monomial => MultiIndexModel::new(rows.as_ref(), &terms),
            Basis::Hermite => HermiteSeries::from_hermite(rows.nrows(), &terms)
                .and_then(|series| MultiIndexModel::from_series(rows.as_ref(), &series)),
        }
        .map_err(|e| e.to_string())
    }
}

fn limited(r: usize, d: usize) -> Result<(), String> {
    if r.saturating_mul(d) <= MOST_NUMBERS {
        return Ok(());
    }
    Err(format!("d = {d} is not allowed: {r} directions may have {MOST_NUMBERS} entries together"))
}

/// Rows of one length as a matrix.
fn matrix(rows: &[Vec<f64>]) -> Result<Mat<f64>, String> {
    let d = rows.first().map_or(0, Vec::len);
    if d == 0 {
        return Err("at least one direction is needed, with an entry for each coordinate of x".into());
    }
    match rows.iter().position(|row| row.len() != d) {
        Some(i) => Err(format!("direction {} has {} entries, and the first one {d}", i + 1, rows[i].len())),
        None => Ok(Mat::from_fn(rows.len(), d, |i, j| rows[i][j])),
    }
}

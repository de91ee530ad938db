//! Reference values under `tests/data`, made without any formula of this project, and how closely they must
//! be met.

use faer::Mat;
use serde_json::Value;
use std::path::Path;

/// Agreement with the oracles, relative to the largest entry: they are f64 results of quadrature and
/// differentiation.
pub const ORACLE: f64 = 1e-10;

/// The folder of the workspace, whichever of its packages is tested.
pub fn root() -> &'static Path {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    above.into_iter().find(|folder| folder.join("tests/data").is_dir()).unwrap()
}

/// A JSON file of `tests/data`.
pub fn json(name: &str) -> Value {
    let path = root().join("tests/data").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A list of numbers.
pub fn vector(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

/// A row-major list of rows.
pub fn matrix(value: &Value) -> Mat<f64> {
    let rows: Vec<Vec<f64>> = value.as_array().unwrap().iter().map(vector).collect();
    Mat::from_fn(rows.len(), rows[0].len(), |i, j| rows[i][j])
}

/// The activation of an entry, as `name:shift`.
pub fn activation(entry: &Value) -> String {
    format!("{}:{}", entry["activation"].as_str().unwrap(), entry["shift"].as_f64().unwrap())
}

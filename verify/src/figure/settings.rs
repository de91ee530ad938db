//! Settings of experiments.

use anyhow::Result;
use serde::Serialize;
use serde_json::{Map, Value};

/// All that another command must share, by name: the experiment, and what is written of its settings.
///
/// # Errors
/// A setting that cannot be written down.
pub fn named(experiment: &str, settings: &impl Serialize) -> Result<Map<String, Value>> {
    let mut all = Map::from_iter([("experiment".to_owned(), experiment.into())]);
    if let Value::Object(settings) = serde_json::to_value(settings)? {
        all.extend(settings);
    }
    Ok(all)
}

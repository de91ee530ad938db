//! Another execution of the experiment, shown in the same picture.

use super::run::{Row, State};
use super::settings::Settings;
use crate::files::atomic::reason;
use anyhow::{Result, anyhow, ensure};
use serde_json::{Map, Value};
use std::path::Path;

/// What the folder of another execution holds.
#[derive(Debug, Clone)]
pub struct OtherExecution {
    /// What is different about it.
    pub name: String,
    /// Seed and λ3 of its runs.
    pub grid: Vec<(u64, f64)>,
    /// What they recorded.
    pub states: Vec<Option<State>>,
}

impl OtherExecution {
    /// Reads `figure-1.csv` and `settings.json` of `folder`, which must be of the tier and variant of
    /// `settings`.
    ///
    /// # Errors
    /// A file that cannot be read, or is of something else, in one sentence.
    pub fn read(folder: &Path, settings: &Settings) -> Result<Self> {
        let text = |name: &str| {
            let path = folder.join(name);
            std::fs::read_to_string(&path)
                .map_err(|e| anyhow!("{} cannot be read: {}", path.display(), reason(&e)))
        };
        let there: Map<String, Value> = serde_json::from_str(&text("settings.json")?)
            .map_err(|e| anyhow!("{}/settings.json: {e}", folder.display()))?;
        let here = settings.map("figure-1")?;
        for key in ["experiment", "tier", "variant"] {
            let show = |all: &Map<String, Value>| {
                all.get(key).map_or_else(|| "not given".to_owned(), Value::to_string)
            };
            ensure!(
                there.get(key) == here.get(key),
                "{} cannot be shown beside: its {key} is {}, and here it is {}",
                folder.display(),
                show(&there),
                show(&here)
            );
        }
        let of = |key: &str| there.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let name = format!("projector {}, {}", of("projector"), of("precision"));
        let mut found = Self { name, grid: Vec::new(), states: Vec::new() };
        let table = text("figure-1.csv")?;
        for (number, line) in table.lines().enumerate().skip(1) {
            let wrong = || {
                anyhow!(
                    "{}/figure-1.csv: line {} is no row of this experiment",
                    folder.display(),
                    number + 1
                )
            };
            let fields: Vec<&str> = line.split(',').collect();
            let [step, seed, lambda, r3, train_loss, test_loss] = fields[..] else { return Err(wrong()) };
            let real = |text: &str| text.parse::<f64>().map_err(|_| wrong());
            let row = Row {
                step: step.parse().map_err(|_| wrong())?,
                r1: None,
                r3: real(r3)?,
                train_loss: real(train_loss)?,
                test_loss: real(test_loss)?,
            };
            found.add((seed.parse().map_err(|_| wrong())?, real(lambda)?), row);
        }
        Ok(found)
    }

    fn add(&mut self, run: (u64, f64), row: Row) {
        let at = self.grid.iter().position(|other| *other == run).unwrap_or_else(|| {
            self.grid.push(run);
            self.states.push(None);
            self.grid.len() - 1
        });
        let state = self.states[at].get_or_insert_with(State::default);
        state.step = row.step;
        state.rows.push(row);
    }
}

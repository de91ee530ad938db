//! Settings that are a word or a number.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::str::FromStr;

/// How long a step is.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "Value", into = "Value")]
pub enum Step {
    /// The step is found by backtracking.
    Backtracking,
    /// All steps have this length η.
    Fixed(f64),
}

/// When a checkpoint is due.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "Value", into = "Value")]
pub enum Every {
    /// After so many steps.
    Steps(u64),
    /// After so many seconds.
    Seconds(f64),
}

impl FromStr for Step {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("step = '{text}' is not allowed: it is backtracking, or a number above 0");
        match text.trim() {
            "backtracking" => Ok(Self::Backtracking),
            number => number
                .parse()
                .ok()
                .filter(|eta: &f64| *eta > 0.0 && eta.is_finite())
                .map(Self::Fixed)
                .ok_or_else(wrong),
        }
    }
}

impl FromStr for Every {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let found = match text.trim().strip_suffix('s') {
            Some(seconds) => {
                seconds.trim().parse().ok().filter(|s: &f64| *s > 0.0 && s.is_finite()).map(Self::Seconds)
            }
            None => text.trim().parse().ok().filter(|steps| *steps > 0).map(Self::Steps),
        };
        found.ok_or_else(|| {
            format!(
                "checkpoint-every = '{text}' is not allowed: it is a number of steps, or of seconds as in \
                 60s"
            )
        })
    }
}

/// A text or a number of a TOML file, as the flag would have it.
fn plain(value: Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl TryFrom<Value> for Step {
    type Error = String;
    fn try_from(value: Value) -> Result<Self, String> {
        plain(value).parse()
    }
}

impl TryFrom<Value> for Every {
    type Error = String;
    fn try_from(value: Value) -> Result<Self, String> {
        plain(value).parse()
    }
}

impl From<Step> for Value {
    fn from(step: Step) -> Self {
        match step {
            Step::Backtracking => "backtracking".into(),
            Step::Fixed(eta) => eta.into(),
        }
    }
}

impl From<Every> for Value {
    fn from(every: Every) -> Self {
        match every {
            Every::Steps(steps) => steps.into(),
            Every::Seconds(seconds) => format!("{seconds:?}s").into(),
        }
    }
}

//! The smallest violations that a check, and a claim, would have refuted.

use crate::text::numbers::short;
use serde::{Deserialize, Serialize};

/// The largest power that is planted.
pub const MOST: f64 = 4.0;

/// What is planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Violation {
    /// A power of the variable.
    Power,
    /// A factor, on all cells.
    Factor,
    /// Another frequency of the event.
    Frequency,
}

/// What one check would have refuted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Power {
    /// The variable of the power; empty for a factor and a frequency.
    pub variable: String,
    /// What was planted.
    pub planted: Violation,
    /// The smallest that is refuted; none where none of those planted is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub least: Option<f64>,
}

impl Power {
    /// The violation in words: "an extra m^0.12".
    pub fn words(&self) -> String {
        let variable = &self.variable;
        match (self.planted, self.least) {
            (Violation::Power, Some(least)) => format!("an extra {variable}^{least:.2}"),
            (Violation::Power, None) => format!("not even an extra {variable}^{MOST}"),
            // Refuted as it stands.
            (Violation::Factor, Some(least)) if least <= 1.0 => "any factor".to_owned(),
            (Violation::Factor, Some(least)) if least < 1.001 => format!("a factor 1 + {:.0e}", least - 1.0),
            (Violation::Factor, Some(least)) => format!("a factor {}", short(least)),
            (Violation::Factor, None) => "no factor".to_owned(),
            (Violation::Frequency, Some(least)) => format!("a frequency of {least:.3}"),
            (Violation::Frequency, None) => "no frequency".to_owned(),
        }
    }
}

/// What a claim would have refuted, of one variable that its statement names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Powers {
    /// The variable.
    pub variable: String,
    /// The bound whose quantity is seen worst; none where no check looks at the variable.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bound: Option<String>,
    /// The smallest extra power of that quantity that is refuted; none where even [`MOST`] is not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub least: Option<f64>,
}

impl Powers {
    /// The power as it is printed: "m^0.12", "d not looked at".
    pub fn words(&self) -> String {
        match (&self.bound, self.least) {
            (None, _) => format!("{} not looked at", self.variable),
            (_, None) => format!("{} none up to {MOST}", self.variable),
            (_, Some(least)) => format!("{}^{least:.2}", self.variable),
        }
    }
}

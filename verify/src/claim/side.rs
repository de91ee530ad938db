//! The side on which a bound binds.

use serde::{Deserialize, Serialize};

/// On which side a bound binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// `lhs ≤ rhs`, `lhs ≲ rhs`.
    Upper,
    /// `lhs ≥ rhs`, `lhs ≳ rhs`.
    Lower,
    /// `lhs ≍ rhs`.
    Both,
}

impl Side {
    /// In words, of a bound.
    pub fn words(self) -> &'static str {
        match self {
            Self::Upper => "upper bound",
            Self::Lower => "lower bound",
            Self::Both => "on both sides",
        }
    }
}

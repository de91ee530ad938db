//! The parameters of cells: what a claim can be measured at, and swept over.

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

/// Which numbers a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Whole numbers from 0 on.
    Whole,
    /// Finite real numbers.
    Real,
}

/// A named parameter. A paper declares the parameters of its cells in
/// [`crate::claim::paper::Paper::letters`]; d, m and n are everybody's.
///
/// ```
/// use escapement_verify::Parameter;
/// const MARGIN: Parameter = Parameter::real("gamma", "margin");
/// assert_eq!(MARGIN.symbol(), "gamma");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Parameter {
    symbol: &'static str,
    name: &'static str,
    kind: Kind,
}

impl Parameter {
    /// Input dimension d.
    pub const D: Self = Self::whole("d", "input dimension");
    /// Width m.
    pub const M: Self = Self::whole("m", "width");
    /// Samples n.
    pub const N: Self = Self::whole("n", "samples");

    /// The parameters that every paper has.
    pub const HOUSE: [Self; 3] = [Self::D, Self::M, Self::N];

    /// A parameter that takes whole numbers. The symbol is part of the names of cells: letters and digits.
    pub const fn whole(symbol: &'static str, name: &'static str) -> Self {
        Self { symbol, name, kind: Kind::Whole }
    }

    /// A parameter that takes real numbers.
    pub const fn real(symbol: &'static str, name: &'static str) -> Self {
        Self { symbol, name, kind: Kind::Real }
    }

    /// The symbol, as it stands in formulas, keys and tables.
    pub fn symbol(self) -> &'static str {
        self.symbol
    }

    /// What the symbol stands for, in a few words.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// Which numbers the parameter takes.
    pub fn kind(self) -> Kind {
        self.kind
    }
}

/// The value of a parameter. Values are ordered as numbers; −0 and 0 are the same value.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A whole number.
    Whole(u64),
    /// A real number, finite in every cell that is planned.
    Real(f64),
}

impl Value {
    /// The value as a real number.
    pub fn real(self) -> f64 {
        match self {
            Self::Whole(value) => value as f64,
            Self::Real(value) => value,
        }
    }

    /// Which kind of number it is.
    pub fn kind(self) -> Kind {
        match self {
            Self::Whole(_) => Kind::Whole,
            Self::Real(_) => Kind::Real,
        }
    }

    /// The order of numbers, then of kinds, and the bits of equal ones: a total order that `Eq` and `Hash`
    /// agree with.
    fn key(self) -> (u64, u64) {
        match self {
            Self::Whole(value) => (0, value),
            Self::Real(value) => (1, (value + 0.0).to_bits()),
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Whole(a), Self::Whole(b)) => a.cmp(b),
            _ => (self.real() + 0.0).total_cmp(&(other.real() + 0.0)).then(self.key().cmp(&other.key())),
        }
    }
}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::Whole(value as u64)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(value) => write!(f, "{value}"),
            // The shortest text that is read back to the same bits.
            Self::Real(value) => write!(f, "{:?}", value + 0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_ordered_as_numbers() {
        let [half, zero, minus_zero, one, two] = [0.5, 0.0, -0.0, 1.0, 2.0].map(Value::from);
        let [none, single, pair] = [0usize, 1, 2].map(Value::from);
        assert!(zero < half && half < one && half < single && single < two && none < half && one < pair);
        assert_eq!(zero, minus_zero);
        assert!(single != one && single < one, "a whole and a real one are two names");
        assert_eq!(
            [single, half, minus_zero, Value::from(1e-10)].map(|v| v.to_string()),
            ["1", "0.5", "0.0", "1e-10"]
        );
    }

    #[test]
    fn a_value_survives_json() {
        for value in [Value::from(7usize), Value::from(0.1), Value::from(3.0), Value::from(1e300)] {
            let text = serde_json::to_string(&value).unwrap();
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value, "{text}");
        }
    }
}

//! A cell: one point of a claim's plan, with its name and its random streams.

use super::parameter::{Parameter, Value};
use crate::error::{Error, Result};
use escapement::seed::{self, ChaCha20Rng};
use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::cmp::Ordering;

/// One point at which a claim is measured: values of named parameters, of which those that do not apply are
/// absent. Zero is a value.
///
/// ```
/// use escapement_verify::{Cell, Parameter};
/// let cell = Cell::new("made-up", "fit").with(Parameter::M, 400).with(Parameter::D, 10);
/// let cell = cell.activation("tanh:0.5");
/// assert_eq!(cell.key(), "made-up/fit,d=10,m=400,activation=tanh:0.5,replicate=0");
/// assert_eq!((cell.d(), cell.get(Parameter::N)), (10, None));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
pub struct Cell {
    /// The claim's identifier.
    pub claim: String,
    /// Which of the claim's measurements this is; empty when it has only one.
    pub part: String,
    /// The values of the parameters that apply.
    values: Values,
    /// The activation's canonical name; empty where there is none.
    pub activation: String,
    /// Which of several independent repetitions this is, from 0.
    pub replicate: usize,
}

impl Cell {
    /// The cell of `claim` and `part` to which no parameter applies yet.
    pub fn new(claim: impl Into<String>, part: impl Into<String>) -> Self {
        Self { claim: claim.into(), part: part.into(), ..Self::default() }
    }

    /// With this value of a parameter, in place of one that it had. A whole number given for a real
    /// parameter is that real number.
    #[must_use]
    pub fn with(mut self, parameter: Parameter, value: impl Into<Value>) -> Self {
        let value = match (parameter.kind(), value.into()) {
            (super::parameter::Kind::Real, Value::Whole(value)) => Value::Real(value as f64),
            (_, value) => value,
        };
        self.values.set(Cow::Borrowed(parameter.symbol()), value);
        self
    }

    /// Without a value of this parameter: it does not apply.
    #[must_use]
    pub fn without(self, parameter: Parameter) -> Self {
        self.without_symbol(parameter.symbol())
    }

    /// As a cell of this claim.
    #[must_use]
    pub fn of_claim(mut self, claim: impl Into<String>) -> Self {
        self.claim = claim.into();
        self
    }

    /// As this part of the claim.
    #[must_use]
    pub fn part(mut self, part: impl Into<String>) -> Self {
        self.part = part.into();
        self
    }

    /// With this activation.
    #[must_use]
    pub fn activation(mut self, name: impl Into<String>) -> Self {
        self.activation = name.into();
        self
    }

    /// As this repetition.
    #[must_use]
    pub fn replicate(mut self, replicate: usize) -> Self {
        self.replicate = replicate;
        self
    }

    /// The value of a parameter; none where it does not apply.
    pub fn get(&self, parameter: Parameter) -> Option<Value> {
        self.values.get(parameter.symbol())
    }

    /// The value of the parameter with this symbol; none where it does not apply.
    pub fn value(&self, symbol: &str) -> Option<Value> {
        self.values.get(symbol)
    }

    /// Without a value of the parameter with this symbol.
    #[must_use]
    pub fn without_symbol(mut self, symbol: &str) -> Self {
        self.values.0.retain(|(s, _)| s != symbol);
        self
    }

    /// The value of a whole parameter; 0 where it does not apply.
    pub fn whole(&self, parameter: Parameter) -> usize {
        match self.get(parameter) {
            Some(Value::Whole(value)) => usize::try_from(value).unwrap_or(usize::MAX),
            _ => 0,
        }
    }

    /// The value of any parameter as a real number; NaN where it does not apply.
    pub fn real(&self, parameter: Parameter) -> f64 {
        self.get(parameter).map_or(f64::NAN, Value::real)
    }

    /// Input dimension d; 0 where it does not apply.
    pub fn d(&self) -> usize {
        self.whole(Parameter::D)
    }

    /// Width m; 0 where it does not apply.
    pub fn m(&self) -> usize {
        self.whole(Parameter::M)
    }

    /// Samples n; 0 where they do not apply.
    pub fn n(&self) -> usize {
        self.whole(Parameter::N)
    }

    /// Symbols and values of the parameters that apply: d, m and n first, then shorter symbols before longer
    /// ones, in alphabetical order.
    pub fn values(&self) -> impl Iterator<Item = (&str, Value)> {
        self.values.0.iter().map(|(symbol, value)| (symbol.as_ref(), *value))
    }

    /// The canonical name: what the journal and the random streams are keyed by. Parameters that do not
    /// apply are left out.
    pub fn key(&self) -> String {
        let mut key = self.claim.clone();
        if !self.part.is_empty() {
            key.push('/');
            key.push_str(&self.part);
        }
        for (symbol, value) in self.values() {
            key.push_str(&format!(",{symbol}={value}"));
        }
        if !self.activation.is_empty() {
            key.push_str(&format!(",activation={}", self.activation));
        }
        key.push_str(&format!(",replicate={}", self.replicate));
        key
    }

    /// The cell whose [`Cell::key`] is `key`, if it differs from this one in values, activation and
    /// replicate alone: it has the claim, the part and the parameters of this one.
    ///
    /// ```
    /// use escapement_verify::{Cell, Parameter};
    /// let cell = Cell::new("made-up", "fit").with(Parameter::M, 400);
    /// let other = cell.alike("made-up/fit,m=7,replicate=2").unwrap();
    /// assert_eq!((other.m(), other.replicate), (7, 2));
    /// assert!(cell.alike("made-up/fit,n=7,replicate=2").is_none());
    /// ```
    pub fn alike(&self, key: &str) -> Option<Self> {
        let mut other = self.clone();
        let mut fields = key.split(',');
        let name = fields.next()?;
        let fields: Vec<(&str, &str)> = fields.map(|field| field.split_once('=')).collect::<Option<_>>()?;
        let field = |symbol: &str| fields.iter().find(|f| f.0 == symbol).map(|f| f.1);
        for (symbol, value) in &mut other.values.0 {
            let text = field(symbol)?;
            *value = match value {
                Value::Whole(_) => Value::Whole(text.parse().ok()?),
                Value::Real(_) => Value::Real(text.parse().ok()?),
            };
        }
        if !other.activation.is_empty() {
            other.activation = field("activation")?.to_owned();
        }
        other.replicate = field("replicate")?.parse().ok()?;
        // Another claim or part, a field too many, or a number in another spelling.
        let own = name
            == if self.part.is_empty() {
                self.claim.clone()
            } else {
                format!("{}/{}", self.claim, self.part)
            };
        (own && other.key() == key).then_some(other)
    }

    /// The random stream for `purpose` ("weights", "inputs", "signs"): ChaCha20 keyed by a hash of root
    /// seed, cell and purpose.
    pub fn stream(&self, root_seed: u64, purpose: &str) -> ChaCha20Rng {
        seed::stream(root_seed, &self.key(), purpose)
    }

    /// Refuses names that would make [`Cell::key`] ambiguous or awkward in a shell, values that `letters`
    /// (and d, m, n) do not declare, and values that are not finite.
    ///
    /// # Errors
    /// [`Error::CellName`] when the part or the activation holds anything but letters, digits and
    /// `: . _ + -`, or when a value is not of the kind that its parameter takes.
    pub fn check(&self, letters: &[Parameter]) -> Result<()> {
        let refuse = |what: &str, value: &dyn ToString, allowed: &str| {
            let (what, value, allowed) = (what.to_owned(), value.to_string(), allowed.to_owned());
            Err(Error::CellName { claim: self.claim.clone(), what, value, allowed })
        };
        for (what, value) in [("part", &self.part), ("activation", &self.activation)] {
            if !value.chars().all(|c| c.is_ascii_alphanumeric() || ":._+-".contains(c)) {
                return refuse(what, value, "letters, digits and the signs : . _ + - are");
            }
        }
        for (symbol, value) in self.values() {
            let Some(parameter) = Parameter::HOUSE.iter().chain(letters).find(|p| p.symbol() == symbol)
            else {
                let known: Vec<&str> = Parameter::HOUSE.iter().chain(letters).map(|p| p.symbol()).collect();
                return refuse(
                    "parameter",
                    &symbol,
                    &format!("the parameters that its paper declares are {}", known.join(", ")),
                );
            };
            if parameter.kind() != value.kind() {
                return refuse(symbol, &value, "the parameter takes whole numbers");
            }
            if !value.real().is_finite() {
                return refuse(symbol, &value, "a finite number is");
            }
        }
        Ok(())
    }
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.key())
    }
}

/// Values by symbol, in the order of [`order`]: in JSON an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
struct Values(Vec<(Cow<'static, str>, Value)>);

impl Values {
    fn get(&self, symbol: &str) -> Option<Value> {
        self.0.iter().find(|(s, _)| s == symbol).map(|(_, value)| *value)
    }

    fn set(&mut self, symbol: Cow<'static, str>, value: Value) {
        match self.0.binary_search_by(|(s, _)| order(s, &symbol)) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (symbol, value)),
        }
    }
}

/// The order of symbols in a key: those of the house first, then shorter ones before longer ones,
/// alphabetically whatever their case.
fn order(a: &str, b: &str) -> Ordering {
    let place = |symbol: &str| {
        let house =
            Parameter::HOUSE.iter().position(|p| p.symbol() == symbol).unwrap_or(Parameter::HOUSE.len());
        (house, symbol.chars().count(), symbol.to_lowercase())
    };
    place(a).cmp(&place(b)).then_with(|| a.cmp(b))
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (symbol, value) in &self.0 {
            map.serialize_entry(symbol, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Map;
        impl<'de> Visitor<'de> for Map {
            type Value = Values;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of numbers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Values, A::Error> {
                let mut values = Values::default();
                while let Some((symbol, value)) = map.next_entry::<String, Value>()? {
                    values.set(Cow::Owned(symbol), value);
                }
                Ok(values)
            }
        }
        deserializer.deserialize_map(Map)
    }
}

/// A cell as it is written, now and before parameters had names: then six numbers had fields of their own, 0
/// where they did not apply.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    claim: String,
    part: String,
    #[serde(default)]
    values: Values,
    #[serde(default)]
    d: u64,
    #[serde(default)]
    m: u64,
    #[serde(default)]
    n: u64,
    #[serde(default)]
    k: u64,
    #[serde(default)]
    terms: u64,
    #[serde(default)]
    degree: u64,
    activation: String,
    replicate: usize,
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let Written { claim, part, mut values, d, m, n, k, terms, degree, activation, replicate } =
            Written::deserialize(deserializer)?;
        for (symbol, value) in [("d", d), ("m", m), ("n", n), ("k", k), ("R", terms), ("degree", degree)] {
            if value != 0 {
                values.set(Cow::Borrowed(symbol), Value::Whole(value));
            }
        }
        Ok(Self { claim, part, values, activation, replicate })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const K: Parameter = Parameter::whole("k", "low degree");
    const R: Parameter = Parameter::whole("R", "terms");
    const DEGREE: Parameter = Parameter::whole("degree", "degree");
    const RIDGE: Parameter = Parameter::real("ridge", "ridge");

    #[test]
    fn a_key_does_not_depend_on_the_order_in_which_a_cell_was_made() {
        let one = Cell::new("c", "p")
            .with(DEGREE, 2)
            .with(R, 3)
            .with(K, 1)
            .with(Parameter::N, 4)
            .with(Parameter::D, 5)
            .with(RIDGE, 0.5);
        let other =
            Cell::new("c", "p").with(RIDGE, 1).with(Parameter::D, 5).with(K, 1).with(R, 3).with(DEGREE, 2);
        let other = other.with(Parameter::N, 4).with(RIDGE, 0.5);
        assert_eq!(one, other);
        assert_eq!(one.key(), "c/p,d=5,n=4,k=1,R=3,ridge=0.5,degree=2,replicate=0");
        assert_eq!(one.without(RIDGE).without(DEGREE).key(), "c/p,d=5,n=4,k=1,R=3,replicate=0");
    }

    #[test]
    fn zero_is_a_value() {
        let cell = Cell::new("c", "").with(K, 0);
        assert_eq!(
            (cell.key().as_str(), cell.get(K), cell.get(R)),
            ("c,k=0,replicate=0", Some(Value::Whole(0)), None)
        );
        assert!(cell.real(R).is_nan() && cell.real(K) == 0.0);
        let read: Cell = serde_json::from_str(&serde_json::to_string(&cell).unwrap()).unwrap();
        assert_eq!(read, cell);
    }

    #[test]
    fn a_cell_of_before_is_read() {
        let before = r#"{"claim":"c","part":"p","d":5,"m":0,"n":4,"k":1,"terms":3,"degree":0,
            "activation":"a","replicate":2}"#;
        let read: Cell = serde_json::from_str(before).unwrap();
        assert_eq!(read.key(), "c/p,d=5,n=4,k=1,R=3,activation=a,replicate=2");
        assert!(serde_json::from_str::<Cell>(&before.replace("degree", "dagree")).is_err());
    }

    #[test]
    fn values_must_be_declared_and_of_their_kind() {
        let refused = |cell: Cell| cell.check(&[K, RIDGE]).unwrap_err().to_string();
        assert!(
            Cell::new("c", "").with(K, 0).with(RIDGE, 2).with(Parameter::D, 3).check(&[K, RIDGE]).is_ok()
        );
        assert!(
            refused(Cell::new("c", "").with(R, 1)).contains("'R'")
                && refused(Cell::new("c", "").with(K, 0.5)).contains("0.5")
        );
        assert!(refused(Cell::new("c", "").with(RIDGE, f64::NAN)).contains("finite"));
        assert!(refused(Cell::new("c", "a b")).contains("'a b'"));
    }
}

//! An entry of a list of reference values, read field by field.

use super::Sheet;
use crate::error::{Error, Result};
use faer::Mat;
use serde_json::Value;

/// The largest whole number that a field may hold: no size that can be computed with lies above it.
const WHOLE_LIMIT: u64 = 1_000_000_000;

/// A JSON object, and where in the file it stands.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    place: String,
    value: &'a Value,
}

impl<'a> Entry<'a> {
    /// The entry `index` of a list, counted from 0.
    ///
    /// # Errors
    /// A value that is no object.
    pub(super) fn new(list: &str, index: usize, value: &'a Value) -> Result<Self> {
        Self::at(format!("list {list}, entry {index}"), value)
    }

    fn at(place: String, value: &'a Value) -> Result<Self> {
        if value.is_object() {
            Ok(Self { place, value })
        } else {
            Err(Error::Input(format!("{place} is not an object, and every entry must be one")))
        }
    }

    /// Bad input in a field; the sentence says what is allowed.
    pub fn wrong(&self, field: &str, why: impl std::fmt::Display) -> Error {
        Error::Input(format!("{}, field '{field}': {why}", self.place))
    }

    /// What the core computed from this entry.
    ///
    /// # Errors
    /// What the core refused, with the place of the entry before it.
    pub fn core<T>(&self, result: escapement::Result<T>) -> Result<T> {
        result.map_err(|e| Error::Input(format!("{}: {e}", self.place)))
    }

    fn field(&self, name: &str) -> Result<&'a Value> {
        self.value.get(name).ok_or_else(|| self.wrong(name, "it is missing, and it is needed"))
    }

    /// Whether there is a field of this name, other than null.
    pub fn has(&self, name: &str) -> bool {
        self.value.get(name).is_some_and(|value| !value.is_null())
    }

    /// A finite number, or a string with a decimal number.
    ///
    /// # Errors
    /// A field that is missing or holds something else.
    pub fn number(&self, name: &str) -> Result<f64> {
        self.finite(name, self.field(name)?)
    }

    fn finite(&self, name: &str, value: &Value) -> Result<f64> {
        let number = match value {
            Value::String(text) => text.parse().ok(),
            value => value.as_f64(),
        };
        number.filter(|x| x.is_finite()).ok_or_else(|| {
            let given = abridged(value);
            self.wrong(
                name,
                format!("{given} is not allowed, only a finite number or a string that holds one"),
            )
        })
    }

    /// Compares the number in a field with a computed one, which may differ by `tolerance` times the reference.
    ///
    /// # Errors
    /// As [`Entry::number`], and a computed value that is not finite.
    pub fn compare(&self, sheet: &mut Sheet, name: &str, computed: f64, tolerance: f64) -> Result<()> {
        let reference = self.number(name)?;
        sheet.number(name, reference, computed, tolerance * reference.abs())
    }

    /// A whole number.
    ///
    /// # Errors
    /// A field that is missing or holds something else, or a number above 10⁹.
    pub fn whole(&self, name: &str) -> Result<usize> {
        let value = self.field(name)?;
        let whole = value.as_u64().filter(|&n| n <= WHOLE_LIMIT).and_then(|n| usize::try_from(n).ok());
        whole.ok_or_else(|| {
            let given = abridged(value);
            self.wrong(name, format!("{given} is not allowed, only a whole number from 0 to 10^9"))
        })
    }

    /// A string.
    ///
    /// # Errors
    /// A field that is missing or holds something else.
    pub fn text(&self, name: &str) -> Result<&'a str> {
        let value = self.field(name)?;
        value
            .as_str()
            .ok_or_else(|| self.wrong(name, format!("{} is not allowed, only a string", abridged(value))))
    }

    fn array(&self, name: &str) -> Result<&'a [Value]> {
        let value = self.field(name)?;
        match value.as_array() {
            Some(array) => Ok(array),
            None => Err(self.wrong(name, format!("{} is not allowed, only an array", abridged(value)))),
        }
    }

    /// The length of an array.
    ///
    /// # Errors
    /// A field that is missing, no array, or empty.
    pub fn length(&self, name: &str) -> Result<usize> {
        match self.array(name)?.len() {
            0 => Err(self.wrong(name, "it is empty, and at least one element is needed")),
            length => Ok(length),
        }
    }

    /// How many numbers each row of a matrix has, by its first.
    ///
    /// # Errors
    /// A field that is missing, no array of arrays, or empty.
    pub fn columns(&self, name: &str) -> Result<usize> {
        let first = self.array(name)?.first().and_then(Value::as_array);
        let columns = first.map(Vec::len).filter(|&columns| columns > 0);
        columns.ok_or_else(|| self.wrong(name, "it has no numbers in its first row, and a matrix is needed"))
    }

    /// A list of `length` numbers.
    ///
    /// # Errors
    /// A field that is missing or has another shape, and an element that is no finite number.
    pub fn vector(&self, name: &str, length: usize) -> Result<Vec<f64>> {
        self.numbers(name, self.array(name)?, length)
    }

    fn numbers(&self, name: &str, array: &[Value], length: usize) -> Result<Vec<f64>> {
        if array.len() != length {
            return Err(
                self.wrong(name, format!("it has {} numbers where {length} are needed", array.len()))
            );
        }
        let number = |(i, x)| self.finite(&format!("{name}[{i}]"), x);
        array.iter().enumerate().map(number).collect()
    }

    /// A list of `rows` lists of `cols` numbers.
    ///
    /// # Errors
    /// As [`Entry::vector`].
    pub fn matrix(&self, name: &str, rows: usize, cols: usize) -> Result<Mat<f64>> {
        let array = self.array(name)?;
        if array.len() != rows {
            return Err(self.wrong(name, format!("it has {} rows where {rows} are needed", array.len())));
        }
        let row = |(i, row): (usize, &Value)| {
            let name = format!("{name}[{i}]");
            let numbers = row.as_array().ok_or_else(|| {
                self.wrong(&name, format!("{} is not allowed, only a row of numbers", abridged(row)))
            })?;
            self.numbers(&name, numbers, cols)
        };
        let values = array.iter().enumerate().map(row).collect::<Result<Vec<_>>>()?;
        Ok(Mat::from_fn(rows, cols, |i, j| values[i][j]))
    }

    /// A polynomial: a list of monomials `[exponents, coefficient]` in this many variables.
    ///
    /// # Errors
    /// A field that is missing or has another shape, an exponent that is no whole number up to 255, a
    /// coefficient that is no finite number.
    pub fn monomials(&self, name: &str, variables: usize) -> Result<Vec<(Vec<u8>, f64)>> {
        let monomial = |(i, value): (usize, &Value)| {
            let name = format!("{name}[{i}]");
            let pair = value.as_array().map(Vec::as_slice);
            let Some([Value::Array(exponents), coefficient]) = pair else {
                let given = abridged(value);
                return Err(
                    self.wrong(&name, format!("{given} is not allowed, only [exponents, coefficient]"))
                );
            };
            let whole = |e: &Value| e.as_u64().and_then(|e| u8::try_from(e).ok());
            let exponents: Option<Vec<u8>> = exponents.iter().map(whole).collect();
            let exponents = exponents.filter(|e| e.len() == variables).ok_or_else(|| {
                self.wrong(&name, format!("it needs {variables} exponents, whole numbers from 0 to 255"))
            })?;
            Ok((exponents, self.finite(&name, coefficient)?))
        };
        self.array(name)?.iter().enumerate().map(monomial).collect()
    }

    /// An object.
    ///
    /// # Errors
    /// A field that is missing or holds something else.
    pub fn part(&self, name: &str) -> Result<Self> {
        Self::at(format!("{}, {name}", self.place), self.field(name)?)
    }

    /// The objects of an array.
    ///
    /// # Errors
    /// A field that is missing or empty, or holds something else.
    pub fn parts(&self, name: &str) -> Result<Vec<Self>> {
        self.length(name)?;
        let part = |(i, value)| Self::at(format!("{}, {name}[{i}]", self.place), value);
        self.array(name)?.iter().enumerate().map(part).collect()
    }

    /// True or false.
    ///
    /// # Errors
    /// A field that is missing or holds something else.
    pub fn flag(&self, name: &str) -> Result<bool> {
        let value = self.field(name)?;
        let wrong = || self.wrong(name, format!("{} is not allowed, only true or false", abridged(value)));
        value.as_bool().ok_or_else(wrong)
    }

    /// The numbers of an object, with their names.
    ///
    /// # Errors
    /// A field that is missing or holds something else, or a number that is not finite.
    pub fn named_numbers(&self, name: &str) -> Result<Vec<(&'a str, f64)>> {
        let part = self.part(name)?;
        let keys = part.value.as_object().into_iter().flat_map(|object| object.keys());
        keys.map(|key| Ok((key.as_str(), part.number(key)?))).collect()
    }

    /// The objects of an object, with their names.
    ///
    /// # Errors
    /// As [`Entry::parts`].
    pub fn named_parts(&self, name: &str) -> Result<Vec<(&'a str, Self)>> {
        let value = self.field(name)?;
        let object = value.as_object().filter(|object| !object.is_empty()).ok_or_else(|| {
            self.wrong(name, format!("{} is not allowed, only an object with parts", abridged(value)))
        })?;
        let part = |(key, value): (&'a String, &'a Value)| {
            Ok((key.as_str(), Self::at(format!("{}, {name}, {key}", self.place), value)?))
        };
        object.iter().map(part).collect()
    }
}

/// A value in a message, of bounded length.
fn abridged(value: &Value) -> String {
    match value {
        Value::Array(array) => format!("an array of {}", array.len()),
        Value::Object(_) => "an object".into(),
        value => {
            let text = value.to_string();
            match text.char_indices().nth(40) {
                Some((end, _)) => format!("{}...", &text[..end]),
                None => text,
            }
        }
    }
}

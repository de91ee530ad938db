//! Settings with a few values, on the command line.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use escapement_verify::text::Choice;

/// Reads a value by its name; the help of a command lists all of them.
pub fn choice<T: Choice + Send + Sync>() -> impl TypedValueParser<Value = T> {
    let shown = |value: &T| PossibleValue::new(value.name()).help(value.about());
    // Every name that the parser lets through is that of a value, so that the first is never the answer to
    // another name.
    PossibleValuesParser::new(T::ALL.iter().map(shown)).map(|name| T::named(&name).unwrap_or(T::ALL[0]))
}

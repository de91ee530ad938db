//! Plain values that a caller gives, errors and remarks.

use escapement::Error;
use pyo3::exceptions::{PyUserWarning, PyValueError};
use pyo3::prelude::*;
use std::ffi::CString;

/// An error of the library as a `ValueError` with its sentence.
pub fn error(e: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(e.to_string())
}

/// The refusal of a value.
pub fn refused(name: &'static str, given: &Bound<'_, PyAny>, allowed: &str) -> PyErr {
    let shown = given.repr().map_or_else(|_| "this".to_owned(), |text| text.to_string());
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = if shown.chars().count() > 60 {
        shown.chars().take(57).chain("...".chars()).collect()
    } else {
        shown
    };
    error(Error::domain(name, short, allowed.to_owned()))
}

/// A whole number, zero or above.
pub fn whole(name: &'static str, given: &Bound<'_, PyAny>) -> PyResult<u64> {
    given.extract().map_err(|_| refused(name, given, "a whole number is needed, from 0 to 2^64 − 1"))
}

/// The same as a size.
pub fn size(name: &'static str, given: &Bound<'_, PyAny>) -> PyResult<usize> {
    Ok(usize::try_from(whole(name, given)?).unwrap_or(usize::MAX))
}

/// A finite number.
pub fn real(name: &'static str, given: &Bound<'_, PyAny>) -> PyResult<f64> {
    let refuse = || refused(name, given, "a finite number is needed");
    given.extract().ok().filter(|x: &f64| x.is_finite()).ok_or_else(refuse)
}

/// A finite number above zero.
pub fn positive(name: &'static str, given: &Bound<'_, PyAny>) -> PyResult<f64> {
    let refuse = || refused(name, given, "a finite number above zero is needed");
    given.extract().ok().filter(|x: &f64| x.is_finite() && *x > 0.0).ok_or_else(refuse)
}

/// One of some words, with what it stands for.
pub fn choice<T: Copy>(name: &'static str, given: &Bound<'_, PyAny>, words: &[(&str, T)]) -> PyResult<T> {
    let text: Option<String> = given.extract().ok();
    let found = words.iter().find(|(word, _)| text.as_deref() == Some(*word));
    found.map(|(_, value)| *value).ok_or_else(|| {
        let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let (last, others) = all.split_last().unwrap_or((&"", &[]));
        refused(name, given, &format!("it is one of {} and {last}", others.join(", ")))
    })
}

/// Text.
pub fn text(name: &'static str, given: &Bound<'_, PyAny>) -> PyResult<String> {
    given.extract().map_err(|_| refused(name, given, "text is needed"))
}

/// A remark that is no error, as a `UserWarning`; `level` frames above this function is who is told.
pub fn warn(py: Python<'_>, level: i32, words: &str) -> PyResult<()> {
    let words = CString::new(words.replace('\0', " ")).unwrap_or_default();
    PyErr::warn(py, &py.get_type::<PyUserWarning>(), &words, level)
}

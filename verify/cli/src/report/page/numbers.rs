//! Numbers as they are written on the page, each with its error bound on hover.

use crate::report::tables;
use maud::{Markup, html};

/// Four significant digits.
pub(super) fn short(x: f64) -> String {
    digits(x, 4)
}

fn digits(x: f64, count: usize) -> String {
    if x == 0.0 {
        return "0".into();
    }
    let power = x.abs().log10().floor() as i32;
    if (-3..5).contains(&power) {
        let places = usize::try_from(count as i32 - 1 - power).unwrap_or(0);
        return minus(&format!("{x:.places$}"));
    }
    minus(&format!("{x:.*e}", count - 1))
}

/// A number with true minus signs.
pub(super) fn minus(number: &str) -> String {
    number.replace('-', "−")
}

/// An exponent, in three decimals with a true minus.
pub(super) fn exponent(x: f64) -> String {
    minus(&tables::digits(x))
}

/// A bound on an error: two digits, rounded up.
pub(super) fn error(e: f64) -> String {
    if e == 0.0 {
        return "0".into();
    }
    let power = e.abs().log10().floor();
    let unit = 10f64.powf(power - 1.0);
    let up = (e / unit - 1e-9).ceil() * unit;
    minus(&if up.is_finite() && up > 0.0 { format!("{up:.1e}") } else { format!("{e:.1e}") })
}

/// A value with its error bound in words.
pub(super) fn words(x: f64, e: f64) -> String {
    format!("{} ± {}", short(x), error(e))
}

/// A value whose error bound shows on hover; without one, where none is known.
pub(super) fn hover(x: f64, e: Option<f64>, from: &str) -> Markup {
    let bound = e.map_or_else(|| "no error bound: a statistic".to_owned(), |e| format!("± {}", error(e)));
    let title = if from.is_empty() { bound } else { format!("{bound}; {from}") };
    html! { span class="number" title=(title) { (short(x)) } }
}

/// A count, as a power of ten where it is long.
pub(super) fn large(x: f64) -> String {
    if x < 1e5 { format!("{x:.0}") } else { format!("{x:.2e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_four_digits_and_errors_are_rounded_up() {
        assert_eq!(
            [0.0, 1.0, 0.012_345_6, 12_345.6, 1.5e-9].map(short),
            ["0", "1.000", "0.01235", "12346", "1.500e−9"]
        );
        assert_eq!([0.0, 1.01e-15, 2e-3, 0.99].map(error), ["0", "1.1e−15", "2.0e−3", "9.9e−1"]);
    }
}

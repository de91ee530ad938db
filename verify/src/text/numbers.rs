//! Numbers as they are written.
//!
//! | writer | rule | where it is used |
//! |---|---|---|
//! | [`significant`], [`number`] | significant digits (7), scientific outside [1e-3, 1e6) | commands |
//! | [`multiplicity`] | whole below 10⁹, then four digits | dimensions of spaces |
//! | [`four_decimals`], [`with_error`] | four decimals, else scientific | tables of verdicts |
//! | [`exponent`], [`signed_exponent`] | three decimals, no sign before a zero | exponents |
//! | [`short`], [`with_bound`] | four digits, scientific outside [1e-3, 1e5), a true minus | the page |
//! | [`bound`] | two digits, rounded up, a true minus | error bounds on the page |
//! | [`large`] | whole below 10⁵, then three digits | counts on the page |
//! | [`tick`] | plain where that is short, else a power of ten | axes |
//! | [`tenth`] | one decimal, no sign before a zero | pixels |
//! | [`fractions_shortened`] | decimal fractions in a text at four significant digits | texts from files |
//! | [`duration`], [`elapsed`] | seconds, minutes, hours | predictions, what was measured |

/// A number for a table: seven digits, scientific outside [1e-3, 1e6).
pub fn number(x: f64) -> String {
    significant(x, 7)
}

/// The same with fewer digits; scientific also where not all digits before the point are among them.
pub fn significant(x: f64, digits: usize) -> String {
    let after_first = digits.saturating_sub(1);
    let decimals = after_first as i32 - x.abs().log10().floor().clamp(-9.0, 9.0) as i32;
    match usize::try_from(decimals) {
        _ if x == 0.0 => "0".into(),
        Ok(decimals) if (1e-3..1e6).contains(&x.abs()) => format!("{x:.decimals$}"),
        _ => format!("{x:.after_first$e}"),
    }
}

/// The dimension of a space: whole numbers as such, beyond 10⁹ in scientific notation.
pub fn multiplicity(x: f64) -> String {
    if x < 1e9 { format!("{x:.0}") } else { format!("{x:.3e}") }
}

/// A number in four decimals, scientific outside [1e-3, 1e5).
pub fn four_decimals(x: f64) -> String {
    // Not the zero with a sign.
    let x = if x == 0.0 { 0.0 } else { x };
    if x == 0.0 || (1e-3..1e5).contains(&x.abs()) { format!("{x:.4}") } else { format!("{x:.3e}") }
}

/// A number with its error bound, in as few digits.
pub fn with_error(x: f64, error: Option<f64>) -> String {
    match error {
        Some(0.0) => format!("{} ± 0", four_decimals(x)),
        Some(e) => format!("{} ± {e:.1e}", four_decimals(x)),
        None => four_decimals(x),
    }
}

/// An exponent in three decimals.
pub fn exponent(x: f64) -> String {
    let text = format!("{x:.3}");
    if text == "-0.000" { "0.000".to_owned() } else { text }
}

/// The same with a true minus.
pub fn signed_exponent(x: f64) -> String {
    minus(&exponent(x))
}

/// Four significant digits, scientific outside [1e-3, 1e5), with true minus signs; ∞ as such.
pub fn short(x: f64) -> String {
    if x == 0.0 {
        return "0".into();
    }
    if x == f64::INFINITY {
        return "∞".into();
    }
    let power = x.abs().log10().floor() as i32;
    if (-3..5).contains(&power) {
        let places = usize::try_from(3 - power).unwrap_or(0);
        return minus(&format!("{x:.places$}"));
    }
    minus(&format!("{x:.3e}"))
}

/// A number with true minus signs.
pub fn minus(number: &str) -> String {
    number.replace('-', "−")
}

/// A bound on an error: two digits, rounded up.
pub fn bound(e: f64) -> String {
    if e == 0.0 {
        return "0".into();
    }
    let power = e.abs().log10().floor();
    let unit = 10f64.powf(power - 1.0);
    let up = (e / unit - 1e-9).ceil() * unit;
    minus(&if up.is_finite() && up > 0.0 { format!("{up:.1e}") } else { format!("{e:.1e}") })
}

/// A value with the bound on its error.
pub fn with_bound(x: f64, e: f64) -> String {
    format!("{} ± {}", short(x), bound(e))
}

/// A count, as a power of ten where it is long.
pub fn large(x: f64) -> String {
    if x < 1e5 { format!("{x:.0}") } else { format!("{x:.2e}") }
}

/// A number on an axis: plain where that is short, as a power of ten otherwise.
pub fn tick(v: f64) -> String {
    if v == 0.0 {
        return "0".into();
    }
    let power = v.abs().log10().floor() as i32;
    if (-2..5).contains(&power) {
        return minus(&format!("{v}"));
    }
    let (mantissa, raised) = (v / 10f64.powi(power), superscript(power));
    if (mantissa - 1.0).abs() < 1e-9 {
        format!("10{raised}")
    } else {
        format!("{}·10{raised}", (1e6 * mantissa).round() / 1e6)
    }
}

fn superscript(power: i32) -> String {
    let letter = |c: char| {
        c.to_digit(10).map_or('⁻', |d| ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][d as usize])
    };
    power.to_string().chars().map(letter).collect()
}

/// A whole number as an index.
pub fn subscript(number: usize) -> String {
    number.to_string().chars().filter_map(|c| char::from_u32('₀' as u32 + c.to_digit(10)?)).collect()
}

/// A pixel to a tenth.
pub fn tenth(v: f64) -> f64 {
    let rounded = (10.0 * v).round() / 10.0;
    // No "-0".
    if rounded == 0.0 { 0.0 } else { rounded }
}

/// Seconds that something is expected to take.
pub fn duration(seconds: f64) -> String {
    if seconds < 90.0 {
        format!("{seconds:.1} s")
    } else if seconds < 5400.0 {
        format!("{:.0} min", seconds / 60.0)
    } else {
        format!("{:.1} h", seconds / 3600.0)
    }
}

/// Seconds that something took.
pub fn elapsed(seconds: f64) -> String {
    match seconds {
        s if s < 0.1 => format!("{:.1} ms", 1e3 * s),
        s if s < 120.0 => format!("{s:.1} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

/// The text with every decimal fraction in it at four significant digits at most; whole numbers and short
/// fractions stay as they are.
pub fn fractions_shortened(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, number) = rest.split_at(start);
        let end = number.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(number.len());
        let word = number[..end].trim_end_matches('.');
        out += before;
        let digits = word.trim_start_matches(['0', '.']).bytes().filter(u8::is_ascii_digit).count();
        match word.parse::<f64>() {
            Ok(x) if word.contains('.') && digits > 4 => {
                let before_point = word.find('.').map_or(0, |p| word[..p].trim_start_matches('0').len());
                let zeros = if before_point == 0 { word.len() - 2 - digits.min(word.len() - 2) } else { 0 };
                let places = (4 + zeros).saturating_sub(before_point);
                out += &format!("{x:.places$}");
            }
            _ => out += word,
        }
        rest = &number[word.len()..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_four_digits_and_errors_are_rounded_up() {
        assert_eq!(
            [0.0, 1.0, 0.012_345_6, 12_345.6, 1.5e-9, f64::INFINITY].map(short),
            ["0", "1.000", "0.01235", "12346", "1.500e−9", "∞"]
        );
        assert_eq!([0.0, 1.01e-15, 2e-3, 0.99].map(bound), ["0", "1.1e−15", "2.0e−3", "9.9e−1"]);
    }

    #[test]
    fn ticks_are_written_shortly() {
        let written = [0.0, 0.05, -200.0, 1e5, 2e-7, 1e-12].map(tick);
        assert_eq!(written, ["0", "0.05", "−200", "10⁵", "2·10⁻⁷", "10⁻¹²"]);
    }

    #[test]
    fn fractions_keep_four_digits() {
        let text = "0.123456 of 12345 at 1.5, 12.34567e-9; v1.2.3, 0.000123456. End 65536.123.";
        let short = "0.1235 of 12345 at 1.5, 12.35e-9; v1.2.3, 0.0001235. End 65536.";
        assert_eq!(fractions_shortened(text), short);
        assert_eq!(fractions_shortened("none"), "none");
    }
}

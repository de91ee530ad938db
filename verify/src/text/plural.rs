//! Numbers of things in words.

/// "1 record", "2 records"; of a noun whose plural has an s.
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// The verb after so many things.
pub fn are(number: usize) -> &'static str {
    if number == 1 { "is" } else { "are" }
}

#[cfg(test)]
mod tests {
    #[test]
    fn one_is_no_plural() {
        assert_eq!([0, 1, 2].map(|n| super::count(n, "record")), ["0 records", "1 record", "2 records"]);
    }
}

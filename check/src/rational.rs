//! Exact fractions, as the fields of a certificate spell them.
//!
//! Nothing is computed with fractions here beyond comparison: a certificate's few rational fields enter the
//! proofs either through whole numbers (the polynomial of *Z*) or through balls.

use num_bigint::{BigInt, Sign};

/// A fraction with a positive denominator, not necessarily reduced.
#[derive(Debug, Clone)]
pub struct Rational {
    /// The numerator.
    pub num: BigInt,
    /// The denominator, positive.
    pub den: BigInt,
}

/// The digits of a whole number: not empty, at most `most` of them, no superfluous leading zero.
fn plain(digits: &str, most: usize, radix: u32) -> bool {
    let lower = |c: char| c.is_digit(radix) && !c.is_ascii_uppercase();
    (1..=most).contains(&digits.len())
        && digits.chars().all(lower)
        && (digits == "0" || !digits.starts_with('0'))
}

/// A whole number in lower-case hexadecimal digits of at most `bits` bits, `-0` excluded.
pub fn whole(text: &str, bits: usize) -> Option<BigInt> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let good = plain(digits, bits.div_ceil(4), 16) && text != "-0";
    if good { BigInt::parse_bytes(text.as_bytes(), 16) } else { None }
}

impl Rational {
    /// `whole` or `whole/whole` in hexadecimal digits, each of at most `bits` bits.
    pub fn hexadecimal(text: &str, bits: usize) -> Option<Self> {
        let (num, den) = text.split_once('/').unwrap_or((text, "1"));
        let (num, den) = (whole(num, bits)?, whole(den, bits)?);
        (den.sign() == Sign::Plus).then_some(Self { num, den })
    }

    /// `-?digits(.digits)?` in decimal digits, at most 400 of them, negative zero excluded.
    pub fn decimal(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (before, after) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let points = unsigned.len() - before.len() - after.len();
        let fraction = after.chars().all(|c| c.is_ascii_digit()) && after.is_empty() == (points == 0);
        if !plain(before, 400, 10) || !fraction || before.len() + after.len() > 400 {
            return None;
        }
        let num = BigInt::parse_bytes(format!("{before}{after}").as_bytes(), 10)?;
        let negative = unsigned.len() < text.len();
        if negative && num.sign() == Sign::NoSign {
            return None;
        }
        let den = BigInt::from(10).pow(u32::try_from(after.len()).ok()?);
        Some(Self { num: if negative { -num } else { num }, den })
    }

    /// Whether the fraction is at most `other`.
    pub fn at_most(&self, other: &Self) -> bool {
        &self.num * &other.den <= &other.num * &self.den
    }

    /// The fraction in decimal digits, reduced: `3` or `-1/2`.
    pub fn words(&self) -> String {
        let (mut a, mut b) = (BigInt::from(self.num.magnitude().clone()), self.den.clone());
        while b.sign() != Sign::NoSign {
            (a, b) = (b.clone(), a % b);
        }
        let (num, den) = (&self.num / &a, &self.den / &a);
        if den == BigInt::from(1) { num.to_string() } else { format!("{num}/{den}") }
    }
}

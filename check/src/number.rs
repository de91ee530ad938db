//! Numbers: fractions as a file has them, and intervals with ends in units of 2^-192.
//!
//! Every operation on intervals has the inclusion property: whatever numbers are chosen from the operands,
//! the exact result is in the interval that is returned. Lower ends are rounded down and upper ends up.

use num_bigint::BigInt;
use std::ops::{Add, Mul, Sub};

/// A unit is 2^-`BITS`.
pub const BITS: u64 = 192;

/// A fraction with a positive denominator, not necessarily reduced.
#[derive(Debug, Clone)]
pub struct Rational {
    /// The numerator.
    pub num: BigInt,
    /// The denominator.
    pub den: BigInt,
}

/// The numbers from `low` to `high` units.
#[derive(Debug, Clone)]
pub struct Interval {
    /// The lower end.
    pub low: BigInt,
    /// The upper end.
    pub high: BigInt,
}

/// `⌊n/d⌋` for positive d.
pub fn floor(n: &BigInt, d: &BigInt) -> BigInt {
    if *n < BigInt::ZERO { (n + 1) / d - 1 } else { n / d }
}

impl Interval {
    /// A whole number.
    pub fn whole(n: impl Into<BigInt>) -> Self {
        let low = n.into() << BITS;
        Self { high: low.clone(), low }
    }

    /// The number n·2^-bits.
    pub fn dyadic(n: impl Into<BigInt>, bits: u64) -> Self {
        Self::whole(n).scale(1, BigInt::from(1) << bits)
    }

    /// 1/π, from 48 hexadecimal digits of it.
    pub fn inverse_of_pi() -> Self {
        let digits = b"517cc1b727220a94fe13abe8fa9a6ee06db14acc9e21c820";
        let low = BigInt::parse_bytes(digits, 16).unwrap_or_default();
        Self { high: &low + 1, low }
    }

    /// x·n/d for whole n and d, d positive.
    pub fn scale(&self, n: impl Into<BigInt>, d: impl Into<BigInt>) -> Self {
        let (n, d) = (n.into(), d.into());
        let mut ends = [&self.low * &n, &self.high * &n];
        ends.sort();
        Self { low: floor(&ends[0], &d), high: -floor(&-&ends[1], &d) }
    }

    /// |x|.
    pub fn abs(&self) -> Self {
        let high = self.high.clone().max(-&self.low);
        Self { low: self.low.clone().max(-&self.high).max(BigInt::ZERO), high }
    }

    /// The numbers that are not negative, for a quantity known to be so.
    pub fn not_negative(&self) -> Self {
        Self { low: self.low.clone().max(BigInt::ZERO), high: self.high.clone().max(BigInt::ZERO) }
    }

    /// x + e for every |e| at most `error`.
    pub fn widen(&self, error: &Self) -> Self {
        let error = error.abs().high;
        Self { low: &self.low - &error, high: &self.high + error }
    }

    /// x², which is not negative.
    pub fn square(&self) -> Self {
        &self.abs() * &self.abs()
    }

    /// √x, for the numbers x ≥ 0.
    pub fn root(&self) -> Self {
        let Self { low, high } = self.not_negative();
        Self { low: (low << BITS).sqrt(), high: (high << BITS).sqrt() + 1 }
    }

    /// 1/x, if every x is positive.
    pub fn inverse(&self) -> Option<Self> {
        let one = BigInt::from(1) << (2 * BITS);
        (self.low > BigInt::ZERO).then(|| Self { low: &one / &self.high, high: one / &self.low + 1 })
    }
}

impl Add for &Interval {
    type Output = Interval;
    fn add(self, other: &Interval) -> Interval {
        Interval { low: &self.low + &other.low, high: &self.high + &other.high }
    }
}

impl Sub for &Interval {
    type Output = Interval;
    fn sub(self, other: &Interval) -> Interval {
        Interval { low: &self.low - &other.high, high: &self.high - &other.low }
    }
}

impl Mul for &Interval {
    type Output = Interval;
    fn mul(self, b: &Interval) -> Interval {
        let mut ends = [&self.low * &b.low, &self.low * &b.high, &self.high * &b.low, &self.high * &b.high];
        ends.sort();
        let [low, _, _, high] = ends;
        Interval { low: low >> BITS, high: -(-high >> BITS) }
    }
}

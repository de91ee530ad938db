//! Numbers with a bound on their error: a ball is a whole midpoint and a whole radius, in units of 2^-192.
//!
//! Every operation has the inclusion property: whatever numbers are chosen from the operands, the exact
//! result lies in the ball that is returned. Midpoints are rounded down, by less than one unit, and each
//! operation adds that unit to the radius, which is itself rounded up. Midpoints have no greatest size.

use super::rational::Rational;
use num_bigint::{BigInt, Sign};
use std::ops::{Add, Mul, Sub};

/// A unit is 2^-`BITS`.
pub const BITS: u64 = 192;

/// Every number within `rad` units of `mid` units.
#[derive(Debug, Clone)]
pub struct Ball {
    mid: BigInt,
    rad: BigInt,
}

/// `⌊n/d⌋` for positive d.
pub fn floor(n: &BigInt, d: &BigInt) -> BigInt {
    let q = n / d;
    if n.sign() == Sign::Minus && &q * d != *n { q - 1 } else { q }
}

/// `⌈n/d⌉` for positive d.
pub fn ceiling(n: &BigInt, d: &BigInt) -> BigInt {
    -floor(&-n, d)
}

/// `⌈√n⌉`, and 0 for negative n.
pub fn root_up(n: &BigInt) -> BigInt {
    if n.sign() != Sign::Plus { BigInt::ZERO } else { (n - 1u32).sqrt() + 1u32 }
}

/// The modulus.
pub fn modulus(n: &BigInt) -> BigInt {
    BigInt::from(n.magnitude().clone())
}

/// `⌈n/2^bits⌉`.
pub fn shift_up(n: &BigInt, bits: u64) -> BigInt {
    -(-n >> bits)
}

impl Ball {
    /// A whole number, exactly.
    pub fn whole(n: impl Into<BigInt>) -> Self {
        Self { mid: n.into() << BITS, rad: BigInt::ZERO }
    }

    /// A whole number of units, exactly.
    pub fn units(n: BigInt) -> Self {
        Self { mid: n, rad: BigInt::ZERO }
    }

    /// The fraction n/d of whole numbers, d positive.
    pub fn ratio(n: &BigInt, d: &BigInt) -> Self {
        Self::units(n << BITS).over(d.clone())
    }

    /// The least ball whose lower end is `low` that contains every number up to `high`, both in units.
    pub fn between(low: &BigInt, high: &BigInt) -> Self {
        let rad = shift_up(&(high - low), 1);
        Self { mid: low + &rad, rad }
    }

    /// The lower end in units.
    pub fn lower(&self) -> BigInt {
        &self.mid - &self.rad
    }

    /// The upper end in units.
    pub fn upper(&self) -> BigInt {
        &self.mid + &self.rad
    }

    /// The midpoint in units.
    pub fn mid(&self) -> &BigInt {
        &self.mid
    }

    /// The radius in units.
    pub fn rad(&self) -> &BigInt {
        &self.rad
    }

    /// The greatest modulus in the ball, in units.
    pub fn size(&self) -> BigInt {
        modulus(&self.mid) + &self.rad
    }

    /// The ball of all |x|.
    pub fn abs(&self) -> Self {
        let low = modulus(&self.mid) - &self.rad;
        Self::between(&low.max(BigInt::ZERO), &self.size())
    }

    /// The ball with a radius that is greater by the modulus of `error`.
    pub fn widen(&self, error: &Self) -> Self {
        Self { mid: self.mid.clone(), rad: &self.rad + error.size() }
    }

    /// The ball of x·n/d for whole n and d, d positive.
    pub fn scale(&self, n: &BigInt, d: &BigInt) -> Self {
        let rad = ceiling(&(&self.rad * modulus(n)), d) + 1u32;
        Self { mid: floor(&(&self.mid * n), d), rad }
    }

    /// The ball of n·x for whole n.
    pub fn times(&self, n: impl Into<BigInt>) -> Self {
        let n = n.into();
        Self { mid: &self.mid * &n, rad: &self.rad * modulus(&n) }
    }

    /// The ball of x/d for whole d > 0.
    pub fn over(&self, d: impl Into<BigInt>) -> Self {
        self.scale(&BigInt::from(1), &d.into())
    }

    /// The ball of (a x − b y)/d for whole a, b ≥ 0 and d > 0.
    pub fn combine([a, b, d]: [u64; 3], x: &Self, y: &Self) -> Self {
        let (mid, rad) = (&x.mid * a - &y.mid * b, &x.rad * a + &y.rad * b);
        Self { mid, rad }.over(d)
    }

    /// The ball of x², which is not negative.
    pub fn square(&self) -> Self {
        let a = self.abs();
        let (low, high) = (a.lower(), a.upper());
        Self::between(&((&low * &low) >> BITS), &shift_up(&(&high * &high), BITS))
    }

    /// The ball of √x, for the numbers x ≥ 0 of the ball.
    pub fn root(&self) -> Self {
        let low = self.lower().max(BigInt::ZERO) << BITS;
        Self::between(&low.sqrt(), &root_up(&(self.upper() << BITS)))
    }

    /// The ball of 1/x, if every number of the ball is positive.
    pub fn inverse(&self) -> Option<Self> {
        let (low, high, one) = (self.lower(), self.upper(), BigInt::from(1) << (2 * BITS));
        (low.sign() == Sign::Plus).then(|| Self::between(&floor(&one, &high), &ceiling(&one, &low)))
    }

    /// The numbers of a ball that are not negative, for a quantity known to be so.
    pub fn not_negative(&self) -> Self {
        let low = self.lower().max(BigInt::ZERO);
        Self::between(&low, &self.upper().max(BigInt::ZERO))
    }

    /// π = 16 arctan(1/5) − 4 arctan(1/239), by Machin: 60 terms of each alternating series, each rounded
    /// down by less than one unit; the remainder 16/(121·5^121) is below one unit.
    pub fn pi() -> Self {
        let mut mid = BigInt::ZERO;
        for (factor, x) in [(16, 5u32), (-4, 239)] {
            for t in 0..60u32 {
                let term = (BigInt::from(factor) << BITS) / (BigInt::from(x).pow(2 * t + 1) * (2 * t + 1));
                mid += if t % 2 == 0 { term } else { -term };
            }
        }
        Self { mid, rad: BigInt::from(122) }
    }
}

impl From<&Rational> for Ball {
    fn from(x: &Rational) -> Self {
        Self::ratio(&x.num, &x.den)
    }
}

impl Add for &Ball {
    type Output = Ball;
    fn add(self, other: &Ball) -> Ball {
        Ball { mid: &self.mid + &other.mid, rad: &self.rad + &other.rad }
    }
}

impl Sub for &Ball {
    type Output = Ball;
    fn sub(self, other: &Ball) -> Ball {
        Ball { mid: &self.mid - &other.mid, rad: &self.rad + &other.rad }
    }
}

impl Mul for &Ball {
    type Output = Ball;
    /// `|xy − x₀y₀| ≤ |x₀|r + |y₀|s + rs`, and one unit for the rounding of x₀y₀.
    fn mul(self, other: &Ball) -> Ball {
        let cross = self.size() * &other.rad + modulus(&other.mid) * &self.rad;
        Ball { mid: (&self.mid * &other.mid) >> BITS, rad: shift_up(&cross, BITS) + 1u32 }
    }
}

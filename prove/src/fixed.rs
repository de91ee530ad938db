//! Numbers with a fixed number of binary digits behind the point, for values that need more digits than f64
//! has. They carry no bounds on their errors: what is proved is proved by the checker.

use num_bigint::BigInt;
use std::ops::{Add, Mul, Neg, Sub};
use std::sync::LazyLock;

/// The binary digits behind the point. Polynomials have errors near 2⁻¹⁰⁰, and what is lost here in sums of
/// thousands of terms and by twenty squarings stays far below.
pub const BITS: u64 = 256;

/// A number, as a multiple of 2^{-BITS}.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fixed(BigInt);

impl Fixed {
    pub fn zero() -> Self {
        Self(BigInt::ZERO)
    }

    pub fn one() -> Self {
        Self::whole(1)
    }

    pub fn whole(n: i64) -> Self {
        Self(BigInt::from(n) << BITS)
    }

    /// `num/den`.
    pub fn ratio(num: &BigInt, den: &BigInt) -> Self {
        Self((num << BITS) / den)
    }

    /// `num · 2^{-bits}`.
    pub fn scaled(num: &BigInt, bits: u64) -> Self {
        Self(if bits <= BITS { num << (BITS - bits) } else { num >> (bits - BITS) })
    }

    /// The f64 itself, to 2^{-BITS}.
    pub fn of(x: f64) -> Self {
        let (bits, exponent) = (x.to_bits(), (x.to_bits() >> 52 & 0x7ff) as i64);
        let fraction = (bits & ((1 << 52) - 1)) as i64 | if exponent > 0 { 1 << 52 } else { 0 };
        let shift = exponent.max(1) - 1075 + BITS as i64;
        let size = BigInt::from(if x < 0.0 { -fraction } else { fraction });
        Self(if shift >= 0 { size << shift as u64 } else { size >> (-shift) as u64 })
    }

    /// To the precision of f64, for sizes that f64 has.
    pub fn to_f64(&self) -> f64 {
        let bits = self.0.bits();
        let drop = bits.saturating_sub(64);
        let head = (&self.0 >> drop).to_string().parse::<f64>().unwrap_or(f64::NAN);
        head * 2.0_f64.powi(drop as i32) * 2.0_f64.powi(-(BITS as i32))
    }

    /// The nearest multiple of 2^{-bits}, as a whole number.
    pub fn rounded(&self, bits: u64) -> BigInt {
        let half: BigInt = BigInt::from(1) << (BITS - bits - 1);
        (&self.0 + half) >> (BITS - bits)
    }

    /// The whole multiple of 10^{-digits} at or below.
    pub fn floor(&self, digits: u32) -> BigInt {
        (&self.0 * BigInt::from(10).pow(digits)) >> BITS
    }

    pub fn abs(&self) -> Self {
        Self(self.0.magnitude().clone().into())
    }

    pub fn is_negative(&self) -> bool {
        self.0 < BigInt::ZERO
    }

    /// Times a whole number.
    pub fn times(&self, n: &BigInt) -> Self {
        Self(&self.0 * n)
    }

    /// Divided by a whole number.
    pub fn over(&self, n: &BigInt) -> Self {
        Self(&self.0 / n)
    }

    pub fn half(&self) -> Self {
        Self(&self.0 >> 1)
    }

    pub fn div(&self, other: &Self) -> Self {
        Self((&self.0 << BITS) / &other.0)
    }

    /// The square root; of a negative number that of 0.
    pub fn sqrt(&self) -> Self {
        if self.is_negative() { Self::zero() } else { Self((&self.0 << BITS).sqrt()) }
    }

    /// `e^{-a}` of a ≥ 0.
    pub fn exp_of_minus(a: &Self) -> Self {
        // Below the last digit.
        if a.0.bits() > BITS + 9 {
            return Self::zero();
        }
        let halvings = (a.0.bits() + 10).saturating_sub(BITS);
        let small = Self(&a.0 >> halvings);
        let (mut sum, mut term, mut n) = (Self::one(), Self::one(), 1);
        while term.0 != BigInt::ZERO {
            term = -&(&term * &small).over(&BigInt::from(n));
            // A negative number is rounded down, and would never vanish.
            if term.0 == BigInt::from(-1) {
                break;
            }
            sum = &sum + &term;
            n += 1;
        }
        (0..halvings).for_each(|_| sum = &sum * &sum);
        sum
    }

    /// π, by Machin's formula.
    pub fn pi() -> &'static Self {
        static PI: LazyLock<Fixed> = LazyLock::new(|| {
            let arctan = |n: i64| {
                let (mut term, mut sum, mut k) = (Fixed::one().over(&BigInt::from(n)), Fixed::zero(), 0_i64);
                while term.0 != BigInt::ZERO {
                    let part = term.over(&BigInt::from(2 * k + 1));
                    sum = if k % 2 == 0 { &sum + &part } else { &sum - &part };
                    term = term.over(&BigInt::from(n * n));
                    k += 1;
                }
                sum
            };
            (&arctan(5).times(&BigInt::from(4)) - &arctan(239)).times(&BigInt::from(4))
        });
        &PI
    }

    /// cos(π/n) of n ≥ 1.
    pub fn cos_of_pi_over(n: usize) -> Self {
        let angle = Self::pi().over(&BigInt::from(n));
        let square = &angle * &angle;
        let (mut sum, mut term, mut k) = (Self::one(), Self::one(), 1_i64);
        while term.0 != BigInt::ZERO {
            term = (&term * &square).over(&BigInt::from(2 * k * (2 * k - 1)));
            sum = if k % 2 == 1 { &sum - &term } else { &sum + &term };
            k += 1;
        }
        sum
    }
}

impl Add for &Fixed {
    type Output = Fixed;
    fn add(self, other: Self) -> Fixed {
        Fixed(&self.0 + &other.0)
    }
}

impl Sub for &Fixed {
    type Output = Fixed;
    fn sub(self, other: Self) -> Fixed {
        Fixed(&self.0 - &other.0)
    }
}

impl Mul for &Fixed {
    type Output = Fixed;
    fn mul(self, other: Self) -> Fixed {
        Fixed((&self.0 * &other.0) >> BITS)
    }
}

impl Neg for &Fixed {
    type Output = Fixed;
    fn neg(self) -> Fixed {
        Fixed(-&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Digits from tables, to more places than f64 has.
    #[test]
    fn constants_and_functions_have_their_digits() {
        let begins = |x: &Fixed, digits: &str| {
            let (whole, places) = (x.floor(40).to_string(), digits.replace('.', ""));
            assert!(whole.starts_with(places.trim_start_matches('0')), "{whole} {digits}");
        };
        begins(Fixed::pi(), "3.1415926535897932384626433832795028841971");
        begins(&Fixed::whole(2).sqrt(), "1.4142135623730950488016887242096980785696");
        begins(&Fixed::exp_of_minus(&Fixed::one()), "0.3678794411714423215955237701614608674458");
        begins(&Fixed::exp_of_minus(&Fixed::whole(30)), "0.0000000000000935762296884017460491583222");
        begins(&Fixed::cos_of_pi_over(5), "0.8090169943749474241022934171828190588601");
        assert_eq!(Fixed::exp_of_minus(&Fixed::whole(4000)), Fixed::zero());
        assert_eq!(Fixed::cos_of_pi_over(1), Fixed::whole(-1));
        for x in [0.3, -1.75, 1e-30, 12345.678, -0.0] {
            assert!((Fixed::of(x).to_f64() - x).abs() <= 1e-16 * x.abs(), "{x}");
        }
    }
}

//! A number with a bound on its error, and arithmetic that keeps the bound true.
//!
//! A [`Ball`] stands for every number within `error` of `value`. All arithmetic here has the *inclusion
//! property*: whatever exact numbers are chosen from the operands, the exact result of the operation on them
//! lies in the ball that is returned. By induction, the ball of an expression contains the exact value of
//! the expression, whatever its length, if the balls it began with contained theirs.
//!
//! Each operation bounds three quantities, and rounds every bound upwards: the first-order effect of the
//! radii, the product of the radii, and the rounding of the operation itself. The rounding of a sum or a
//! difference is computed exactly, by Knuth's two-sum. Every other operation is correctly rounded, and its
//! rounding is at most half an ulp of the value, bounded by `|value|·ε/2` or by half the least subnormal
//! number. Hence a sum of exact numbers that needs no rounding stays exact, and the radius of a product
//! exceeds the best possible one by at most half an ulp.
//!
//! Where no finite bound exists (a divisor that may be zero, a logarithm of a number that may not be
//! positive, an overflow, NaN), the radius is infinite. Such a ball contains every number, and so does every
//! ball computed from it.
//!
//! ```
//! use escapement::ball::Ball;
//! let third = Ball::exact(1.0) / 3.0;
//! let one = third + third + third;
//! assert!(one.contains(1.0) && one.error < 1e-15);
//! assert!((Ball::exact(1.0) / Ball::new(0.0, 1e-20)).error.is_infinite());
//! ```

use std::iter::Sum;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A computed number and a bound on its distance from the exact one. The bound covers rounding and
/// truncation, and never the scatter of a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct Ball {
    /// The computed value.
    pub value: f64,
    /// `|value − exact| ≤ error`; not negative.
    pub error: f64,
}

impl Ball {
    /// The ball [value ± error].
    pub const fn new(value: f64, error: f64) -> Self {
        Self { value, error }
    }

    /// A number that is known exactly.
    pub const fn exact(value: f64) -> Self {
        Self { value, error: 0.0 }
    }

    /// The ball of a number that is known to within the `relative` error, times its modulus.
    pub fn relative(value: f64, relative: f64) -> Self {
        checked(value, mul_up(value.abs(), relative))
    }

    /// The least ball in f64 with this centre that contains both ends, in either order.
    pub fn hull(self, other: Self) -> Self {
        if self.lower().is_nan() || other.lower().is_nan() {
            return Self::new(f64::NAN, f64::INFINITY);
        }
        let (low, high) = (self.lower().min(other.lower()), self.upper().max(other.upper()));
        let value = 0.5 * low + 0.5 * high;
        checked(value, sub_up(value, low).max(sub_up(high, value)))
    }

    /// A lower bound on every number in the ball.
    pub fn lower(self) -> f64 {
        if self.error == 0.0 { self.value } else { (self.value - self.error).next_down() }
    }

    /// An upper bound on every number in the ball.
    pub fn upper(self) -> f64 {
        add_up(self.value, self.error)
    }

    /// Whether `x` lies within the radius of the value, up to one rounding of either end.
    pub fn contains(self, x: f64) -> bool {
        self.error == f64::INFINITY || (self.lower() <= x && x <= self.upper())
    }

    /// The ball of the modulus |X| for every X in this ball.
    #[must_use]
    pub fn abs(self) -> Self {
        Self { value: self.value.abs(), ..self }
    }

    /// The square root of a number that is known not to be negative: the part of the ball below zero is left
    /// out. A ball that lies below zero altogether gives an infinite radius.
    #[must_use]
    pub fn sqrt(self) -> Self {
        if self.upper().is_nan() || self.upper() < 0.0 {
            return Self::new(0.0, f64::INFINITY);
        }
        let x = self.value.max(0.0);
        let root = x.sqrt();
        // |√X − √x| = |X − x|/(√X + √x) is largest at the lower end of the ball. Where that is zero it is √x
        // downwards, and √upper − √x upwards.
        let low = sub_down(self.value, self.error);
        let error = if self.error == 0.0 {
            0.0
        } else if low > 0.0 {
            (self.error / (low.sqrt().next_down() + root.next_down()).next_down()).next_up()
        } else {
            let upper = self.upper().max(0.0).sqrt().next_up();
            root.next_up().max(sub_up(upper, root.next_down()))
        };
        checked(root, add_up(error, if x == 0.0 { 0.0 } else { half_ulp(root) }))
    }

    /// The power of an integer order, by repeated squaring. A negative order gives the reciprocal of the
    /// power of the opposite order.
    #[must_use]
    pub fn powi(self, order: i32) -> Self {
        let (mut power, mut square, mut left) = (Self::exact(1.0), self, order.unsigned_abs());
        while left > 0 {
            if left & 1 == 1 {
                power = if power == Self::exact(1.0) { square } else { power * square };
            }
            left >>= 1;
            if left > 0 {
                square = square * square;
            }
        }
        if order < 0 { 1.0 / power } else { power }
    }

    /// The natural logarithm; the radius is infinite where the ball reaches down to zero. The bound allows
    /// the library's logarithm an error of one ulp.
    #[must_use]
    pub fn ln(self) -> Self {
        let value = libm::log(self.value);
        if self.lower().is_nan() || self.lower() <= 0.0 {
            return Self::new(value, f64::INFINITY);
        }
        // −ln(1 − r/x) to the lower end of the ball, which is the farther one.
        let ratio = if self.error == 0.0 { 0.0 } else { (self.error / self.value).next_up() };
        let spread = -(-ratio).ln_1p() * (1.0 + 8.0 * f64::EPSILON);
        checked(value, add_up(spread, 2.0 * half_ulp(value)))
    }

    /// The distance between the values of two balls, divided by the sum of their errors: 0 for equal values,
    /// ∞ where the values differ and both errors are zero.
    pub fn excess(self, other: Self) -> f64 {
        let difference = (self.value - other.value).abs();
        if difference == 0.0 { 0.0 } else { difference / (self.error + other.error) }
    }

    /// A bound on the distance of `ln value` from the logarithm of the exact number, for a value that is
    /// larger than its error.
    pub fn log_error(self) -> f64 {
        -(-self.error / self.value).ln_1p()
    }
}

/// A bound on half an ulp of `value`, and so on the rounding of a correctly rounded operation with that
/// result.
fn half_ulp(value: f64) -> f64 {
    // An exact zero may be what is left of an underflow, of at most half the least subnormal number.
    (0.5 * f64::EPSILON * value.abs()).next_up()
}

/// `a + b` rounded upwards, exact where one of the two is zero.
fn add_up(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 { a + b } else { (a + b).next_up() }
}

/// `a − b` rounded upwards.
fn sub_up(a: f64, b: f64) -> f64 {
    if a == b { 0.0 } else { (a - b).next_up() }
}

/// `a − b` rounded downwards.
fn sub_down(a: f64, b: f64) -> f64 {
    if b == 0.0 { a } else { (a - b).next_down() }
}

/// `a·b ≥ 0` rounded upwards; infinite where one of the two is.
fn mul_up(a: f64, b: f64) -> f64 {
    if a.is_infinite() || b.is_infinite() {
        f64::INFINITY
    } else if a == 0.0 || b == 0.0 {
        0.0
    } else {
        (a * b).next_up()
    }
}

/// The ball [value ± error], with an infinite radius where either number overflowed or is NaN.
fn checked(value: f64, error: f64) -> Ball {
    let finite = value.is_finite() && error.is_finite();
    Ball { value, error: if finite { error } else { f64::INFINITY } }
}

impl From<f64> for Ball {
    fn from(value: f64) -> Self {
        Self::exact(value)
    }
}

impl Neg for Ball {
    type Output = Self;

    fn neg(self) -> Self {
        Self { value: -self.value, ..self }
    }
}

impl Add for Ball {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let (a, b) = (self.value, other.value);
        let sum = a + b;
        // Knuth's two-sum: a + b is sum + rest, exactly.
        let part = sum - a;
        let rest = (a - (sum - part)) + (b - part);
        checked(sum, add_up(add_up(self.error, other.error), rest.abs()))
    }
}

impl Sub for Ball {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Ball {
    type Output = Self;

    /// `|XY − xy| ≤ |x|·r_y + r_x·|y| + r_x·r_y`.
    fn mul(self, other: Self) -> Self {
        let (x, y) = (self.value.abs(), other.value.abs());
        let product = self.value * other.value;
        let spread = add_up(mul_up(x, other.error), mul_up(self.error, add_up(y, other.error)));
        let rounding = if x == 0.0 || y == 0.0 { 0.0 } else { half_ulp(product) };
        checked(product, add_up(spread, rounding))
    }
}

impl Div for Ball {
    type Output = Self;

    /// `|X/Y − x/y| ≤ (r_x + |x/y|·r_y)/(|y| − r_y)`; an infinite radius where the divisor may be zero.
    fn div(self, other: Self) -> Self {
        let quotient = self.value / other.value;
        let least = sub_down(other.value.abs(), other.error);
        if least.is_nan() || least <= 0.0 {
            return Self::new(quotient, f64::INFINITY);
        }
        let rounding = if self.value == 0.0 { 0.0 } else { half_ulp(quotient) };
        let spread = add_up(self.error, mul_up(add_up(quotient.abs(), rounding), other.error));
        let spread = if spread == 0.0 { 0.0 } else { (spread / least).next_up() };
        checked(quotient, add_up(spread, rounding))
    }
}

/// Implements an operation between a ball and an exact f64, in both orders.
macro_rules! with_exact {
    ($($trait:ident $method:ident),*) => {$(
        impl $trait<f64> for Ball {
            type Output = Ball;

            fn $method(self, other: f64) -> Ball {
                $trait::$method(self, Ball::exact(other))
            }
        }

        impl $trait<Ball> for f64 {
            type Output = Ball;

            fn $method(self, other: Ball) -> Ball {
                $trait::$method(Ball::exact(self), other)
            }
        }
    )*};
}

with_exact!(Add add, Sub sub, Mul mul, Div div);

impl Sum for Ball {
    /// Adds in the order of the iterator.
    fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
        terms.fold(Self::exact(0.0), Add::add)
    }
}

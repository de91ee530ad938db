//! The two number types of the vector forms, with the constants and the few operations on bits that they
//! need.
//!
//! Every function here is a handful of branchless operations on one number, so that a loop over a slice
//! compiles to vector instructions. None of them is a fused multiply-add, which would be a call on a
//! processor without one and other bits on a processor with it.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// `no` or `yes`, both of which are evaluated.
#[inline(always)]
pub(super) fn select<T>(condition: bool, yes: T, no: T) -> T {
    if condition { yes } else { no }
}

/// f32 or f64.
///
/// The polynomials are minimax approximations from Remez's algorithm in 45 digits, with the error relative
/// to the function they serve; before their coefficients are rounded it is at most a quarter of the unit
/// roundoff.
pub(super) trait Lane:
    Copy
    + PartialOrd
    + Send
    + Sync
    + 'static
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
{
    /// (e^r − 1 − r)/r² on |r| ≤ ½ ln 2.
    fn exp(r: Self) -> Self;
    /// (ln((1 + s)/(1 − s))/t − 1)/t² with t = 2s on |s| ≤ 3 − 2√2, from t².
    fn log(square: Self) -> Self;
    /// erf(x)/x − 1 on |x| < 1, from x², where `small`; otherwise e^{x²} erfc(x) on x ≥ 1, as far as erf x
    /// is not 1 to rounding, from 1/(x + [`Self::ERFCX_AT`]), with an error relative to e^{x²}. One
    /// evaluation serves both, with the coefficients of either.
    fn erf(small: bool, at: Self) -> Self;
    /// (sin(r)/r − 1)/r² on |r| ≤ π/4, from r².
    fn sin(square: Self) -> Self;
    /// (cos r − 1 + r²/2)/r⁴ on |r| ≤ π/4, from r².
    fn cos(square: Self) -> Self;

    /// See [`Self::erf`].
    const ERFCX_AT: Self;
    /// ln 2 in two parts. The product of the first with a whole number up to 2¹¹ (2⁸ in f32) is exact.
    const LN_2: [Self; 2];
    /// π/2 in three parts. The product of the first two with a whole number up to 2¹⁰ (2⁷) is exact.
    const HALF_PI: [Self; 3];
    /// 1.5 times the number whose spacing is 1, plus twice the exponent bias: a small number that is added
    /// is rounded to a whole one, which the low bits of the sum hold, plus twice the bias.
    const WHOLE: Self;
    /// Beyond this, e^{−x} times any factor that occurs is zero.
    const LAST_EXP: Self;
    /// Beyond this, e^{−x²} times any factor that occurs is zero.
    const LAST_SQUARE: Self;
    /// The largest |x| for which [`Self::HALF_PI`] has the bits that a sine needs.
    const LAST_ANGLE: Self;

    /// The nearest number of this type. It is a constant wherever `x` is one.
    fn of(x: f64) -> Self;
    /// The nearest f64, which is the same number.
    fn wide(self) -> f64;
    /// |x|.
    fn abs(self) -> Self;
    /// |x| with the sign of `sign`.
    fn with_sign(self, sign: Self) -> Self;
    /// x without the lower half of its significand, so that its square is exact.
    fn upper_half(self) -> Self;
    /// 2^⌊k/2⌋ and 2^⌈k/2⌉, for `sum` = k + [`Self::WHOLE`]: two factors, because 2^k itself may be
    /// subnormal.
    fn powers(sum: Self) -> [Self; 2];
    /// The last two bits of k, for `sum` = k + [`Self::WHOLE`].
    fn last_bits(sum: Self) -> [bool; 2];
}

/// c_0 + c_1 x + … by Estrin's scheme: pairs of terms become coefficients of x². The chain of operations
/// that wait for one another is less than half as long as that of Horner's rule.
macro_rules! polynomial {
    (@pairs $x:ident; [$($done:expr),*]; $a:expr, $b:expr $(, $rest:expr)*) => {
        polynomial!(@pairs $x; [$($done,)* $a + $b * $x]; $($rest),*)
    };
    (@pairs $x:ident; [$($done:expr),*]; $($last:expr)?) => {
        polynomial!(@square $x; $($done,)* $($last)?)
    };
    (@square $x:ident; $only:expr $(,)?) => { $only };
    (@square $x:ident; $($c:expr),+ $(,)?) => {{
        let square = $x * $x;
        polynomial!(@pairs square; []; $($c),+)
    }};
    ($x:ident; $($c:expr),+ $(,)?) => { polynomial!(@pairs $x; []; $($c),+) };
}

macro_rules! bits {
    ($float:ident, $bits:ident, significand: $significand:literal, half: $half:literal) => {
        #[inline(always)]
        fn of(x: f64) -> Self {
            x as $float
        }
        #[inline(always)]
        fn wide(self) -> f64 {
            self.into()
        }
        #[inline(always)]
        fn abs(self) -> Self {
            $float::abs(self)
        }
        #[inline(always)]
        fn with_sign(self, sign: Self) -> Self {
            self.copysign(sign)
        }
        #[inline(always)]
        fn upper_half(self) -> Self {
            $float::from_bits(self.to_bits() & ($bits::MAX << $half))
        }
        #[inline(always)]
        fn powers(sum: Self) -> [Self; 2] {
            let bits = sum.to_bits();
            let half = bits >> 1;
            [half, bits.wrapping_sub(half)].map(|exponent| $float::from_bits(exponent << $significand))
        }
        #[inline(always)]
        fn last_bits(sum: Self) -> [bool; 2] {
            let bits = sum.to_bits();
            [bits & 1 != 0, bits & 2 == 0]
        }
    };
}

impl Lane for f64 {
    const ERFCX_AT: Self = 3.0;
    const LN_2: [Self; 2] = [0.6931471805598903, 5.497923018708371e-14];
    const HALF_PI: [Self; 3] = [1.5707963267948344, 6.223372171896261e-14, 3.5215598651832e-27];
    const WHOLE: Self = 6_755_399_441_055_744.0 + 2.0 * 1_023.0;
    const LAST_EXP: Self = 750.0;
    const LAST_SQUARE: Self = 27.5;
    const LAST_ANGLE: Self = 1_024.0;
    bits!(f64, u64, significand: 52, half: 27);
    #[inline(always)]
    fn exp(r: Self) -> Self {
        polynomial!(
            r;
            0.5000000000000006,
            0.16666666666666685,
            0.0416666666665775,
            0.008333333333314919,
            0.0013888888931434704,
            0.000198412699024549,
            2.4801505339157715e-05,
            2.755722835874108e-06,
            2.7626038203835526e-07,
            2.5114375498917344e-08,
        )
    }
    #[inline(always)]
    fn log(square: Self) -> Self {
        polynomial!(
            square;
            0.08333333333333373,
            0.012499999999879165,
            0.002232142867458061,
            0.0004340273864865046,
            8.878609034477941e-05,
            1.8698947512558817e-05,
            4.503508266334831e-06,
        )
    }
    #[inline(always)]
    fn erf(small: bool, at: Self) -> Self {
        let of = |erf: Self, erfcx: Self| select(small, erf, erfcx);
        polynomial!(
            at;
            of(0.12837916709551256, 0.0001259545585103291),
            of(-0.3761263890318352, 0.556933084898299),
            of(0.112837916709442, 1.8830903588809054),
            of(-0.026866170643113415, 1.7862652667883578),
            of(0.005223977606130842, 44.459912466516634),
            of(-0.0008548325929766244, -204.17657569954335),
            of(0.0001205529358693695, 1308.7824126119974),
            of(-1.4924712439534814e-05, -4530.843124740534),
            of(1.6447132699786621e-06, 12173.145365797454),
            of(-1.6206318752969208e-07, -19571.162394122242),
            of(1.3710988704190523e-08, 16336.616089988793),
            of(-7.779462971761597e-10, -5515.445729232618),
        )
    }
    #[inline(always)]
    fn sin(square: Self) -> Self {
        polynomial!(
            square;
            -0.16666666666666638,
            0.008333333333323686,
            -0.00019841269830627196,
            2.7557313930366752e-06,
            -2.505079029605338e-08,
            1.5898434104905106e-10,
        )
    }
    #[inline(always)]
    fn cos(square: Self) -> Self {
        polynomial!(
            square;
            0.04166666666666666,
            -0.0013888888888883308,
            2.4801587294815107e-05,
            -2.7557315792352414e-07,
            2.087590716105989e-09,
            -1.1368633581069488e-11,
        )
    }
}

impl Lane for f32 {
    const ERFCX_AT: Self = 2.0;
    const LN_2: [Self; 2] = [0.69314575, 1.4286068e-6];
    const HALF_PI: [Self; 3] = [1.5707855, 1.0804273e-5, 6.0771006e-11];
    const WHOLE: Self = 12_582_912.0 + 2.0 * 127.0;
    const LAST_EXP: Self = 110.0;
    const LAST_SQUARE: Self = 11.0;
    const LAST_ANGLE: Self = 128.0;
    bits!(f32, u32, significand: 23, half: 12);
    #[inline(always)]
    fn exp(r: Self) -> Self {
        polynomial!(
            r;
            0.5,
            0.16666543,
            0.041666284,
            0.008366521,
            0.0013946437,
        )
    }
    #[inline(always)]
    fn log(square: Self) -> Self {
        polynomial!(
            square;
            0.083333455,
            0.012493322,
            0.0023318024,
        )
    }
    #[inline(always)]
    fn erf(small: bool, at: Self) -> Self {
        let of = |erf: Self, erfcx: Self| select(small, erf, erfcx);
        polynomial!(
            at;
            of(0.12837917, 0.0020736258),
            of(-0.37612626, 0.51415884),
            of(0.112835854, 1.6326616),
            of(-0.026853815, -0.72523516),
            of(0.005188332, 10.728707),
            of(-0.00080102176, -8.130728),
            of(7.8538986e-05, 0.42573),
        )
    }
    #[inline(always)]
    fn sin(square: Self) -> Self {
        polynomial!(
            square;
            -0.16666655,
            0.0083322,
            -0.00019519594,
        )
    }
    #[inline(always)]
    fn cos(square: Self) -> Self {
        polynomial!(
            square;
            0.041666653,
            -0.0013887587,
            2.4460234e-05,
        )
    }
}

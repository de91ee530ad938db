//! The exponential, the logarithm and the two parts of a sine, from which all shapes are made.

use super::lane::{Lane, select};

/// e^x as `main·rest`, where `rest` is a power of two and `main` is far from underflow. What is to be
/// multiplied with an exponential is multiplied with `main`, so that a subnormal result is rounded once.
#[derive(Clone, Copy)]
pub(super) struct Exp<T> {
    pub main: T,
    pub rest: T,
    /// e^x − 1.
    pub less_one: T,
}

impl<T: Lane> Exp<T> {
    /// e^x for `x = high + low ≤ 0`, where |low| is much less than |high|.
    #[inline(always)]
    fn new(high: T, low: Option<T>) -> Self {
        let x = low.map_or(high, |low| high + low);
        let sum = x * T::of(std::f64::consts::LOG2_E) + T::WHOLE;
        let k = sum - T::WHOLE;
        let r = (high - k * T::LN_2[0]) - k * T::LN_2[1];
        let r = low.map_or(r, |low| r + low);
        let grown = r + r * r * T::exp(r);
        let [one, two] = T::powers(sum);
        let scale = one * two;
        Self { main: one + one * grown, rest: two, less_one: scale * grown + (scale - T::of(1.0)) }
    }

    /// e^{−x} for x ≥ 0.
    #[inline(always)]
    pub fn falling(x: T) -> Self {
        Self::new(-least(x, T::LAST_EXP), None)
    }

    /// e^{−x²} for x ≥ 0. The rounding of x² is made good: at x = 26, where e^{−x²} is near underflow, it
    /// would cost 300 roundings.
    #[inline(always)]
    pub fn falling_square(x: T) -> Self {
        let upper = x.upper_half();
        Self::new(-upper * upper, Some(-(x - upper) * (x + upper)))
    }

    /// e^x.
    #[inline(always)]
    pub fn whole(self) -> T {
        self.main * self.rest
    }

    /// factor·e^x.
    #[inline(always)]
    pub fn times(self, factor: T) -> T {
        self.main * factor * self.rest
    }

    /// ln(1 + e^x). Both 1 + e^x and half of it are near 1 for one x or another; the half is taken where e^x
    /// is above √2 − 1.
    #[inline(always)]
    pub fn log_one_more(self) -> T {
        let e = self.whole();
        let half = e > T::of(std::f64::consts::SQRT_2 - 1.0);
        let over = select(half, self.less_one, e);
        let t = (over + over) / (e + select(half, T::of(3.0), T::of(2.0)));
        let square = t * t;
        let [high, low] = T::LN_2.map(|part| select(half, part, T::of(0.0)));
        high + (t + (t * square * T::log(square) + low))
    }
}

/// The lesser of two numbers; NaN where x is NaN.
#[inline(always)]
pub(super) fn least<T: Lane>(x: T, bound: T) -> T {
    select(x > bound, bound, x)
}

/// sin x and cos x for |x| up to [`Lane::LAST_ANGLE`]: x = k π/2 + r with a remainder r in two parts, whose
/// sine and cosine are exchanged and negated as the quadrant k says.
#[inline(always)]
pub(super) fn sin_cos<T: Lane>(x: T) -> [T; 2] {
    let one = T::of(1.0);
    let sum = x * T::of(std::f64::consts::FRAC_2_PI) + T::WHOLE;
    let k = sum - T::WHOLE;
    let most = x - k * T::HALF_PI[0];
    let step = k * T::HALF_PI[1];
    let high = most - step;
    let low = ((most - high) - step) - k * T::HALF_PI[2];
    let r = high + low;
    let low = (high - r) + low;
    let square = r * r;
    let half = T::of(0.5) * square;
    let near = one - half;
    let sine = r + (r * square * T::sin(square) + low * near);
    let cosine = near + (((one - near) - half) + (square * square * T::cos(square) - r * low));
    let [odd, turned] = T::last_bits(sum);
    let (s, c) = (select(odd, cosine, sine), select(odd, sine, cosine));
    // The sum of two zeros has lost the sign of x = −0.
    [select(x == T::of(0.0), x, select(turned, -s, s)), select(odd != turned, -c, c)]
}

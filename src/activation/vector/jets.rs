//! The shapes as branchless functions of one number, with all three derivatives, which share an exponential.
//! What a caller does not use of them costs nothing, because these functions are inlined into its loop.

use super::elementary::{Exp, least, sin_cos};
use super::lane::{Lane, select};
use crate::activation::{Erf, Relu, Shape, Sigmoid, Sine, Softplus, Tanh};

/// A shape that has a vector form.
pub(super) trait Jet: Shape {
    /// The largest |x| that [`Jet::jet`] takes; the scalar functions serve what lies beyond.
    #[inline(always)]
    fn reach<T: Lane>() -> Option<T> {
        None
    }
    /// The function and its three derivatives at x.
    fn jet<T: Lane>(x: T) -> [T; 4];
}

impl Jet for Sigmoid {
    #[inline(always)]
    fn jet<T: Lane>(x: T) -> [T; 4] {
        let (one, e) = (T::of(1.0), Exp::falling(x.abs()));
        let q = one / (one + e.whole());
        // σ(−|x|) = e q, σ' = e q² and σ'' = −σ' tanh(x/2). Where e is subnormal, q and tanh are ±1.
        let low = e.whole() * q;
        let d1 = low * q;
        let tanh = (e.less_one * q).with_sign(x);
        [select(x >= T::of(0.0), q, low), d1, -tanh * d1, d1 * (one - T::of(6.0) * d1)]
    }
}

impl Jet for Tanh {
    #[inline(always)]
    fn jet<T: Lane>(x: T) -> [T; 4] {
        let (one, e) = (T::of(1.0), Exp::falling((x + x).abs()));
        let q = one / (one + e.whole());
        let value = (e.less_one * q).with_sign(x);
        // tanh' = 4e q². The factors of the derivatives are in the exponential, because it may be subnormal.
        let times = |factor| e.times(T::of(factor)) * q * q;
        let d1 = times(4.0);
        [value, d1, -value * times(8.0), times(16.0) * (one - T::of(1.5) * d1)]
    }
}

impl Jet for Erf {
    #[inline(always)]
    fn jet<T: Lane>(x: T) -> [T; 4] {
        let (one, two) = (T::of(1.0), T::of(2.0));
        let a = least(x.abs(), T::LAST_SQUARE);
        let clamped = a.with_sign(x);
        let e = Exp::falling_square(a);
        let square = a * a;
        let small = a < one;
        let at = select(small, square, one / (a + T::ERFCX_AT));
        let p = T::erf(small, at);
        let value = select(small, x + x * p, (one - e.times(p)).with_sign(x));
        let slope = T::of(std::f64::consts::FRAC_2_SQRT_PI) * e.main;
        [
            value,
            slope * e.rest,
            -two * clamped * slope * e.rest,
            (T::of(4.0) * square - two) * slope * e.rest,
        ]
    }
}

impl Jet for Sine {
    #[inline(always)]
    fn reach<T: Lane>() -> Option<T> {
        Some(T::LAST_ANGLE)
    }
    #[inline(always)]
    fn jet<T: Lane>(x: T) -> [T; 4] {
        let [s, c] = sin_cos(x);
        [s, c, -s, -c]
    }
}

impl Jet for Softplus {
    #[inline(always)]
    fn jet<T: Lane>(x: T) -> [T; 4] {
        let [value, d1, d2, _] = Sigmoid::jet(x);
        let more = Exp::falling(x.abs()).log_one_more();
        [select(x > T::of(0.0), x, T::of(0.0)) + more, value, d1, d2]
    }
}

impl Jet for Relu {
    #[inline(always)]
    fn jet<T: Lane>(x: T) -> [T; 4] {
        let zero = T::of(0.0);
        [select(x < zero, zero, x), select(x > zero, T::of(1.0), zero), zero, zero]
    }
}

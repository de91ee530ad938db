//! The arcsine on slices, compiled for the vector instructions of the processor.

use crate::product::arch;
use pulp::NullaryFnOnce;

/// Replaces each entry x by `scale·arcsin x`; what lies beyond ±1 counts as ±1.
///
/// # Accuracy
/// The arcsine errs by at most four units in the last place ([`crate::tolerance::ARCSINE_ROUNDINGS`]), and
/// an entry gets the same bits wherever it stands, on every processor.
pub(crate) fn arcsine(scale: f64, x: &mut [f64]) {
    arch().dispatch(Arcsine(scale, x));
}

/// The loop over a slice, as a method that is always inlined.
struct Arcsine<'a>(f64, &'a mut [f64]);

impl NullaryFnOnce for Arcsine<'_> {
    type Output = ();
    #[inline(always)]
    fn call(self) {
        let Self(scale, x) = self;
        for x in x {
            *x = scale * one(*x);
        }
    }
}

/// `arcsin x` by fdlibm's rational approximation of `(arcsin s − s)/s³` on s ≤ ½, from s², of relative error
/// 2^{−58.75}; beyond ½ by `arcsin x = π/2 − 2 arcsin √((1 − x)/2)`. Both are evaluated without a branch.
#[inline(always)]
fn one(x: f64) -> f64 {
    const HALF_PI: [f64; 2] = [std::f64::consts::FRAC_PI_2, 6.123_233_995_736_766e-17];
    let a = x.abs();
    let a = if a > 1.0 { 1.0 } else { a };
    let outer = a > 0.5;
    let square = if outer { 0.5 * (1.0 - a) } else { a * a };
    let s = if outer { square.sqrt() } else { a };
    let r = s + s * ratio(square);
    let angle = if outer { HALF_PI[0] - (2.0 * r - HALF_PI[1]) } else { r };
    angle.copysign(x)
}

/// `(arcsin s − s)/s` from s² ≤ ¼.
#[inline(always)]
fn ratio(square: f64) -> f64 {
    const P: [f64; 6] = [
        0.16666666666666666,
        -0.3255658186224009,
        0.20121253213486293,
        -0.04005553450067941,
        0.0007915349942898145,
        3.479331075960212e-05,
    ];
    const Q: [f64; 5] =
        [1.0, -2.403394911734414, 2.0209457602335057, -0.6882839716054533, 0.07703815055590194];
    let [p0, p1, p2, p3, p4, p5] = P;
    let [q0, q1, q2, q3, q4] = Q;
    let p = square * (p0 + square * (p1 + square * (p2 + square * (p3 + square * (p4 + square * p5)))));
    p / (q0 + square * (q1 + square * (q2 + square * (q3 + square * q4))))
}

#[cfg(test)]
mod tests {
    use super::arcsine;
    use crate::tolerance::ARCSINE_ROUNDINGS;

    /// Against the scalar function, which errs by less than one unit in the last place.
    #[test]
    fn the_loop_is_the_arcsine() {
        let mut worst = 0.0_f64;
        for i in -100_000..=100_000 {
            let x = f64::from(i) / 100_000.0;
            let mut y = [x];
            arcsine(1.0, &mut y);
            let exact = libm::asin(x);
            let unit = f64::EPSILON * exact.abs();
            worst = worst.max(if exact == 0.0 { y[0].abs() } else { (y[0] - exact).abs() / unit });
        }
        assert!(worst <= ARCSINE_ROUNDINGS + 1.0, "{worst} units in the last place");
        let mut ends = [2.0, -1.0 - f64::EPSILON, 1.0, -0.0];
        arcsine(2.0, &mut ends);
        assert_eq!(ends, [1.0, -1.0, 1.0, -0.0].map(|x: f64| 2.0 * x.asin()));
    }
}

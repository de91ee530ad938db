//! The elementwise loops of a step over one pair of twins at the inputs of a tile.
//!
//! Each is an ordinary loop over slices of equal length, compiled for the vector instructions of the
//! processor on which it runs.

use pulp::Arch;

use crate::activation::{Activation, value_and_first};
use crate::real::Real;

/// The buffers of a pair of twins in the forward pass, which all have one number for each input of the tile.
pub(super) struct Pair<'a, T> {
    /// σ'(w_{0,r}·x_i).
    pub first: &'a [T],
    /// σ''(w_{0,r}·x_i) for the quadratic models, and w_{0,r}·x_i for the network.
    pub second: &'a [T],
    /// z_{ir} = w_r·x_i on entry, and the slope ∂f_i/∂z_{ir} up to a_r m^{-1/2} on return.
    pub upper: &'a mut [T],
    /// The same numbers of the twin.
    pub lower: &'a mut [T],
    /// The sum over neurons for `m^{1/2} f_L`, to which the loop adds.
    pub linear: &'a mut [T],
    /// The sum over neurons for `m^{1/2} f`, to which the loop adds.
    pub f: &'a mut [T],
}

/// The model f = f_L, whose slopes are σ'.
pub(super) fn linear<T: Real>(arch: Arch, pair: Pair<'_, T>) {
    #[inline(always)]
    fn run<T: Real>(pair: Pair<'_, T>) {
        let n = pair.first.len();
        let (upper, lower, linear, f) =
            (&mut pair.upper[..n], &mut pair.lower[..n], &mut pair.linear[..n], &mut pair.f[..n]);
        for i in 0..n {
            let s = pair.first[i];
            let add = s * (upper[i] - lower[i]);
            linear[i] += add;
            f[i] += add;
            upper[i] = s;
            lower[i] = s;
        }
    }
    arch.dispatch(|| run(pair));
}

/// The model f = f_L + f_Q, whose slopes are S = σ' + σ''z; its terms are σ'z + ½σ''z² = ½z(σ' + S). Twins
/// that move alike cancel exactly.
pub(super) fn quadratic<T: Real>(arch: Arch, pair: Pair<'_, T>) {
    #[inline(always)]
    fn run<T: Real>(pair: Pair<'_, T>, half: T) {
        let n = pair.first.len();
        let (second, upper, lower) = (&pair.second[..n], &mut pair.upper[..n], &mut pair.lower[..n]);
        let (linear, f) = (&mut pair.linear[..n], &mut pair.f[..n]);
        for i in 0..n {
            let (s, c, u, v) = (pair.first[i], second[i], upper[i], lower[i]);
            let (su, sv) = (s + c * u, s + c * v);
            linear[i] += s * (u - v);
            f[i] += half * (u * (s + su) - v * (s + sv));
            upper[i] = su;
            lower[i] = sv;
        }
    }
    arch.dispatch(|| run(pair, T::nearest(0.5)));
}

/// The model f = f_Q, whose slopes are σ''z. Twins that move alike cancel exactly.
pub(super) fn quadratic_term<T: Real>(arch: Arch, pair: Pair<'_, T>) {
    #[inline(always)]
    fn run<T: Real>(pair: Pair<'_, T>, half: T) {
        let n = pair.first.len();
        let (second, upper, lower) = (&pair.second[..n], &mut pair.upper[..n], &mut pair.lower[..n]);
        let (linear, f) = (&mut pair.linear[..n], &mut pair.f[..n]);
        for i in 0..n {
            let (s, c, u, v) = (pair.first[i], second[i], upper[i], lower[i]);
            linear[i] += s * (u - v);
            f[i] += half * c * (u + v) * (u - v);
            upper[i] = c * u;
            lower[i] = c * v;
        }
    }
    arch.dispatch(|| run(pair, T::nearest(0.5)));
}

/// The network itself, whose slopes are σ'(w_{0,r}·x + z). σ and σ' are evaluated in T, with `value` as a
/// buffer for the former.
pub(super) fn network<T: Real>(arch: Arch, sigma: &dyn Activation, pair: Pair<'_, T>, value: &mut [T]) {
    #[inline(always)]
    fn arguments<T: Real>(origin: &[T], shift: &[T], z: &mut [T]) {
        let n = origin.len();
        let (shift, z) = (&shift[..n], &mut z[..n]);
        for i in 0..n {
            z[i] = origin[i] + shift[i];
        }
    }
    #[inline(always)]
    fn first_order<T: Real>(first: &[T], upper: &[T], lower: &[T], linear: &mut [T]) {
        let n = first.len();
        let (upper, lower, linear) = (&upper[..n], &lower[..n], &mut linear[..n]);
        for i in 0..n {
            linear[i] += first[i] * (upper[i] - lower[i]);
        }
    }
    #[inline(always)]
    fn add<T: Real>(sign: T, value: &[T], f: &mut [T]) {
        let n = value.len();
        let f = &mut f[..n];
        for i in 0..n {
            f[i] += sign * value[i];
        }
    }
    let Pair { first, second, upper, lower, linear, f } = pair;
    let value = &mut value[..first.len()];
    arch.dispatch(|| first_order(first, upper, lower, linear));
    for (shift, sign) in [(upper, T::nearest(1.0)), (lower, T::nearest(-1.0))] {
        arch.dispatch(|| arguments(second, shift, value));
        value_and_first(sigma, value, shift);
        arch.dispatch(|| add(sign, value, f));
    }
}

/// Replaces the slopes of a pair of twins by `g·slopes + h·first`. The gradient of a neuron is Xᵀ times this
/// column.
pub(super) fn combine<T: Real>(arch: Arch, g: &[T], h: &[T], first: &[T], upper: &mut [T], lower: &mut [T]) {
    #[inline(always)]
    fn run<T: Real>(g: &[T], h: &[T], first: &[T], upper: &mut [T], lower: &mut [T]) {
        let n = first.len();
        let (g, h, upper, lower) = (&g[..n], &h[..n], &mut upper[..n], &mut lower[..n]);
        for i in 0..n {
            let add = h[i] * first[i];
            upper[i] = g[i] * upper[i] + add;
            lower[i] = g[i] * lower[i] + add;
        }
    }
    arch.dispatch(|| run(g, h, first, upper, lower));
}

/// Whether all numbers of all columns are finite.
pub(super) fn finite<'a, T: Real>(arch: Arch, mut columns: impl Iterator<Item = &'a [T]>) -> bool {
    #[inline(always)]
    fn run<T: Real>(column: &[T]) -> bool {
        // 0·x is NaN where x is not finite. A loop without an early exit uses vector instructions.
        column.iter().fold(true, |finite, x| finite & (*x * T::default() == T::default()))
    }
    columns.all(|column| arch.dispatch(|| run(column)))
}

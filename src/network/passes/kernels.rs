//! The elementwise loops of a pass over one pair of twins at the inputs of a block.
//!
//! Each is an ordinary loop over slices of equal length, compiled for the vector instructions of the
//! processor on which it runs.

use crate::activation::{Activation, value_and_first};
use crate::product::vectorised;
use crate::real::Real;

/// Declares a loop over slices of equal length, compiled for the widest vector registers. The length is that
/// of the last slice, which the loop writes.
macro_rules! elementwise {
    ($(#[$doc:meta])* $name:ident, ($($c:ident: $t:ty),*), ($($a:ident),*), $out:ident, $i:ident => $to:expr) => {
        $(#[$doc])*
        pub(crate) fn $name<T: Real>($($c: $t,)* $($a: &[T],)* $out: &mut [T]) {
            #[inline(always)]
            fn run<T: Real>($($c: $t,)* $($a: &[T],)* $out: &mut [T]) {
                let n = $out.len();
                $(let $a = &$a[..n];)*
                for $i in 0..n {
                    $out[$i] = $to;
                }
            }
            vectorised(
                #[inline(always)]
                || run($($c,)* $($a,)* $out),
            );
        }
    };
}

/// The model f_L, whose slopes are σ' (`first`). Adds its terms to `f`, and replaces the products z of the
/// twins by their slopes.
pub(crate) fn linear<T: Real>(first: &[T], [upper, lower]: [&mut [T]; 2], f: &mut [T]) {
    add_linear(first, upper, lower, f);
    upper.copy_from_slice(first);
    lower.copy_from_slice(first);
}

/// The model f_L + f_Q, whose slopes are S = σ' + σ''z; its terms are σ'z + ½σ''z² = ½z(σ' + S). Twins that
/// move alike cancel exactly. The terms of f_L are added to `linear` where it is given, in the same loop,
/// because the columns in it fill the first-level cache.
pub(crate) fn quadratic<T: Real>(
    columns: [&[T]; 2],
    twins: [&mut [T]; 2],
    f: &mut [T],
    linear: Option<&mut [T]>,
) {
    #[inline(always)]
    fn run<T: Real, const LINEAR: bool>(
        [first, second]: [&[T]; 2],
        [upper, lower]: [&mut [T]; 2],
        f: &mut [T],
        linear: &mut [T],
    ) {
        let (n, half) = (f.len(), T::nearest(0.5));
        let (first, second, upper, lower) = (&first[..n], &second[..n], &mut upper[..n], &mut lower[..n]);
        let linear = if LINEAR { &mut linear[..n] } else { linear };
        for i in 0..n {
            let (s, c, u, v) = (first[i], second[i], upper[i], lower[i]);
            let (su, sv) = (s + c * u, s + c * v);
            if LINEAR {
                linear[i] += s * (u - v);
            }
            f[i] += half * (u * (s + su) - v * (s + sv));
            upper[i] = su;
            lower[i] = sv;
        }
    }
    match linear {
        Some(linear) => vectorised(
            #[inline(always)]
            || run::<T, true>(columns, twins, f, linear),
        ),
        None => vectorised(
            #[inline(always)]
            || run::<T, false>(columns, twins, f, &mut []),
        ),
    }
}

/// The model f_Q, whose slopes are σ''z. Twins that move alike cancel exactly.
pub(crate) fn quadratic_term<T: Real>(second: &[T], [upper, lower]: [&mut [T]; 2], f: &mut [T]) {
    vectorised(
        #[inline(always)]
        || {
            let (n, half) = (f.len(), T::nearest(0.5));
            let (second, upper, lower) = (&second[..n], &mut upper[..n], &mut lower[..n]);
            for i in 0..n {
                let (c, u, v) = (second[i], upper[i], lower[i]);
                f[i] += half * c * (u + v) * (u - v);
                upper[i] = c * u;
                lower[i] = c * v;
            }
        },
    );
}

/// The network itself, whose slopes are σ'(w_{0,r}·x + z), with w_{0,r}·x in `origin`. σ and σ' are
/// evaluated in T, with `value` as a buffer for the former.
pub(crate) fn network<T: Real>(
    sigma: &dyn Activation,
    origin: &[T],
    [upper, lower]: [&mut [T]; 2],
    f: &mut [T],
    value: &mut [T],
) {
    for (shift, sign) in [(upper, T::nearest(1.0)), (lower, T::nearest(-1.0))] {
        sum_of(origin, shift, value);
        value_and_first(sigma, value, shift);
        add_multiple(sign, value, f);
    }
}

elementwise! {
    /// `out ← a + b`.
    sum_of, (), (a, b), out, i => a[i] + b[i]
}
elementwise! {
    /// `out ← a∘b`.
    product_of, (), (a, b), out, i => a[i] * b[i]
}
elementwise! {
    /// `out ← out + c·a`.
    add_multiple, (c: T), (a), out, i => out[i] + c * a[i]
}
elementwise! {
    /// `out ← out + c·(a − b)`.
    add_difference, (c: T), (a, b), out, i => out[i] + c * (a[i] - b[i])
}
elementwise! {
    /// `out ← out + a∘b`.
    add_product, (), (a, b), out, i => out[i] + a[i] * b[i]
}
elementwise! {
    /// `out ← out + first∘(upper − lower)`, the terms of f_L.
    add_linear, (), (first, upper, lower), out, i => out[i] + first[i] * (upper[i] - lower[i])
}
elementwise! {
    /// `slopes ← g∘slopes + h∘first`. The gradient of a neuron is Xᵀ times this column.
    combine, (), (g, h, first), slopes, i => g[i] * slopes[i] + h[i] * first[i]
}

/// Whether all numbers of all columns are finite.
pub(crate) fn finite<'a, T: Real>(mut columns: impl Iterator<Item = &'a [T]>) -> bool {
    #[inline(always)]
    fn run<T: Real>(column: &[T]) -> bool {
        // 0·x is NaN where x is not finite. A loop without an early exit uses vector instructions.
        column.iter().fold(true, |finite, x| finite & (*x * T::default() == T::default()))
    }
    columns.all(|column| {
        vectorised(
            #[inline(always)]
            || run(column),
        )
    })
}

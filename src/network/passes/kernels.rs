//! The elementwise loops of a pass over one pair of twins at the inputs of a block.
//!
//! Each is an ordinary loop over slices of equal length, compiled for the vector instructions of the
//! processor on which it runs.

use faer::{MatMut, MatRef};

use super::tiles::{column, slice};

use crate::activation::{Activation, value_and_first};
use crate::product::{vector_loop, vectorised};
use crate::real::Real;

/// Declares a loop over slices of equal length. The length is that of the last slice, which the loop writes.
macro_rules! elementwise {
    ($(#[$doc:meta])* $name:ident, ($($c:ident: $t:ty),*), ($($a:ident),*), $out:ident, $i:ident => $to:expr) => {
        vector_loop! {
            $(#[$doc])*
            pub(crate) fn $name<'a, T>($($c: $t,)* $($a: &'a [T],)* $out: &'a mut [T]) {
                let n = $out.len();
                $(let $a = &$a[..n];)*
                for $i in 0..n {
                    $out[$i] = $to;
                }
            }
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
    [first, second]: [&[T]; 2],
    [upper, lower]: [&mut [T]; 2],
    f: &mut [T],
    linear: Option<&mut [T]>,
) {
    match linear {
        Some(linear) => quadratic_pair::<T, true>(first, second, upper, lower, f, linear),
        None => quadratic_pair::<T, false>(first, second, upper, lower, f, &mut []),
    }
}

vector_loop! {
    fn quadratic_pair<'a, T, const LINEAR: bool>(
        first: &'a [T],
        second: &'a [T],
        upper: &'a mut [T],
        lower: &'a mut [T],
        f: &'a mut [T],
        linear: &'a mut [T],
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
}

vector_loop! {
    /// The model f_Q, whose slopes are σ''z. Twins that move alike cancel exactly.
    pub(crate) fn quadratic_term<'a, T>(
        second: &'a [T],
        upper: &'a mut [T],
        lower: &'a mut [T],
        f: &'a mut [T],
    ) {
        let (n, half) = (f.len(), T::nearest(0.5));
        let (second, upper, lower) = (&second[..n], &mut upper[..n], &mut lower[..n]);
        for i in 0..n {
            let (c, u, v) = (second[i], upper[i], lower[i]);
            f[i] += half * c * (u + v) * (u - v);
            upper[i] = c * u;
            lower[i] = c * v;
        }
    }
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

/// ReLU neurons that are added at a time, so that f is read and written once for all of them.
const TOGETHER: usize = 4;

/// A ReLU network with both layers trained: `f_i ← c + Σ_r a_r max(z_ir, 0)`, where max(NaN, 0) is NaN.
pub(crate) fn add_relu<T: Real>(z: MatRef<'_, T>, second: &[T], offset: T, f: &mut [T]) {
    f.fill(offset);
    let whole = second.len() / TOGETHER * TOGETHER;
    for r in (0..whole).step_by(TOGETHER) {
        let [a, b, c, d] = [0, 1, 2, 3].map(|k| column(z.col(r + k)));
        add_four_relu([0, 1, 2, 3].map(|k| second[r + k]), a, b, c, d, f);
    }
    for r in whole..second.len() {
        add_one_relu(second[r], column(z.col(r)), f);
    }
}

vector_loop! {
    fn add_four_relu<'a, T>(
        by: [T; TOGETHER],
        a: &'a [T],
        b: &'a [T],
        c: &'a [T],
        d: &'a [T],
        f: &'a mut [T],
    ) {
        let n = f.len();
        let (a, b, c, d) = (&a[..n], &b[..n], &c[..n], &d[..n]);
        for i in 0..n {
            let mut sum = f[i];
            for (by, z) in [(by[0], a[i]), (by[1], b[i]), (by[2], c[i]), (by[3], d[i])] {
                sum += by * if z < T::default() { T::default() } else { z };
            }
            f[i] = sum;
        }
    }
}

vector_loop! {
    fn add_one_relu<'a, T>(by: T, z: &'a [T], f: &'a mut [T]) {
        let n = f.len();
        let z = &z[..n];
        for i in 0..n {
            f[i] += by * if z[i] < T::default() { T::default() } else { z[i] };
        }
    }
}

/// `z_ir ← g_i 1[z_ir > 0]`. The gradient is X̃ᵀ times this matrix.
pub(crate) fn mask_relu<T: Real>(mut z: MatMut<'_, T>, g: &[T]) {
    for r in 0..z.ncols() {
        mask_one_relu(g, slice(z.as_mut().col_mut(r)));
    }
}

vector_loop! {
    fn mask_one_relu<'a, T>(g: &'a [T], z: &'a mut [T]) {
        let n = g.len();
        let z = &mut z[..n];
        for i in 0..n {
            z[i] = if z[i] > T::default() { g[i] } else { T::default() };
        }
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

/// The derivative of a model along a direction: adds the terms of a pair of twins with `slopes`, whose
/// products with the direction are in `twins`, to `sum`. Where `linear` is given, with σ' first, the terms
/// of f_L at the direction are added to it in the same loop.
pub(crate) fn along<T: Real>(
    [s, t]: [&[T]; 2],
    [upper, lower]: [&[T]; 2],
    sum: &mut [T],
    linear: Option<(&[T], &mut [T])>,
) {
    match linear {
        Some((first, linear)) => along_pair::<T, true>(s, t, upper, lower, sum, first, linear),
        None => along_pair::<T, false>(s, t, upper, lower, sum, &[], &mut []),
    }
}

vector_loop! {
    fn along_pair<'a, T, const LINEAR: bool>(
        s: &'a [T],
        t: &'a [T],
        upper: &'a [T],
        lower: &'a [T],
        sum: &'a mut [T],
        first: &'a [T],
        linear: &'a mut [T],
    ) {
        let n = sum.len();
        let (s, t, upper, lower) = (&s[..n], &t[..n], &upper[..n], &lower[..n]);
        let (first, linear) = if LINEAR { (&first[..n], &mut linear[..n]) } else { (first, linear) };
        for i in 0..n {
            let (u, v) = (upper[i], lower[i]);
            sum[i] += s[i] * u - t[i] * v;
            if LINEAR {
                linear[i] += first[i] * (u - v);
            }
        }
    }
}

elementwise! {
    /// `out ← g∘s + h∘q∘out`.
    second_order, (), (g, s, h, q), out, i => g[i] * s[i] + h[i] * q[i] * out[i]
}
elementwise! {
    /// `out ← g∘s + h∘q∘out + a∘b`.
    second_order_and_product, (), (g, s, h, q, a, b), out, i =>
        g[i] * s[i] + h[i] * q[i] * out[i] + a[i] * b[i]
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

//! The elementwise loops of a step over a tile of inputs, with one column of Z for each neuron.

use faer::Mat;

use crate::product::vector_loop;
use crate::real::Real;

/// Neurons that are added at a time, so that f is read and written once for all of them.
const AT_ONCE: usize = 4;

/// `f_i ← c + Σ_r a_r max(z_ir, 0)`, where max(NaN, 0) is NaN.
pub(super) fn forward<T: Real>(z: &Mat<T>, second: &[T], offset: T, f: &mut [T]) {
    f.fill(offset);
    let whole = second.len() / AT_ONCE * AT_ONCE;
    for r in (0..whole).step_by(AT_ONCE) {
        let [a, b, c, d] = [0, 1, 2, 3].map(|k| z.col_as_slice(r + k));
        add_four([0, 1, 2, 3].map(|k| second[r + k]), a, b, c, d, f);
    }
    for r in whole..second.len() {
        add(second[r], z.col_as_slice(r), f);
    }
}

vector_loop! {
    fn add_four<'a, T>(
        by: [T; AT_ONCE],
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
    fn add<'a, T>(by: T, z: &'a [T], f: &'a mut [T]) {
        let n = f.len();
        let z = &z[..n];
        for i in 0..n {
            f[i] += by * if z[i] < T::default() { T::default() } else { z[i] };
        }
    }
}

/// `z_ir ← g_i 1[z_ir > 0]`. The gradient is X̃ᵀ times this matrix.
pub(super) fn backward<T: Real>(z: &mut Mat<T>, g: &[T]) {
    for r in 0..z.ncols() {
        mask(g, z.col_as_slice_mut(r));
    }
}

vector_loop! {
    fn mask<'a, T>(g: &'a [T], z: &'a mut [T]) {
        let n = g.len();
        let z = &mut z[..n];
        for i in 0..n {
            z[i] = if z[i] > T::default() { g[i] } else { T::default() };
        }
    }
}

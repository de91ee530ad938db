//! The elementwise loops of a step over a tile of inputs, with one column of Z for each neuron, compiled for
//! the vector instructions of the processor on which they run.

use faer::Mat;
use pulp::Arch;

use crate::real::Real;

/// Neurons that are added at a time, so that f is read and written once for all of them.
const AT_ONCE: usize = 4;

/// `f_i ← c + Σ_r a_r max(z_ir, 0)`, where max(NaN, 0) is NaN.
pub(super) fn forward<T: Real>(arch: Arch, z: &Mat<T>, second: &[T], offset: T, f: &mut [T]) {
    f.fill(offset);
    let whole = second.len() / AT_ONCE * AT_ONCE;
    for r in (0..whole).step_by(AT_ONCE) {
        arch.dispatch(|| add([0, 1, 2, 3].map(|k| (second[r + k], z.col_as_slice(r + k))), f));
    }
    for r in whole..second.len() {
        arch.dispatch(|| add([(second[r], z.col_as_slice(r))], f));
    }
}

#[inline(always)]
fn add<T: Real, const N: usize>(terms: [(T, &[T]); N], f: &mut [T]) {
    let (zero, n) = (T::default(), f.len());
    let terms = terms.map(|(a, z)| (a, &z[..n]));
    for i in 0..n {
        let mut sum = f[i];
        for (a, z) in terms {
            sum += a * if z[i] < zero { zero } else { z[i] };
        }
        f[i] = sum;
    }
}

/// `z_ir ← g_i 1[z_ir > 0]`. The gradient is X̃ᵀ times this matrix.
pub(super) fn backward<T: Real>(arch: Arch, z: &mut Mat<T>, g: &[T]) {
    #[inline(always)]
    fn mask<T: Real>(g: &[T], z: &mut [T]) {
        let (zero, n) = (T::default(), g.len());
        let z = &mut z[..n];
        for i in 0..n {
            z[i] = if z[i] > zero { g[i] } else { zero };
        }
    }
    for r in 0..z.ncols() {
        let column = z.col_as_slice_mut(r);
        arch.dispatch(|| mask(g, column));
    }
}

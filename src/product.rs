//! Matrix products that leave the processor fit for scalar code, and loops for its widest registers.
//!
//! The product kernels behind faer 0.24 return with the upper halves of the vector registers in use (they
//! end without `vzeroupper`). On x86-64 every SSE instruction then waits for the register it overwrites: exp
//! and tanh from the system's libm take 365 ns instead of 15 (measured on 65 536 sigmoids after a product).
//! Any of faer's own reductions ends with the instruction, so one over a few numbers after each product
//! restores the speed; it costs some nanoseconds, and changes no result.

use std::sync::LazyLock;

use crate::real::Real;
use faer::{Accum, ColRef, Mat, MatMut, MatRef, Par};
use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;

/// `out ← α·a·b` or `out ← out + α·a·b`, as `accum` says: faer's `matmul` followed by [`clear_registers`].
pub(crate) fn matmul<T: Real>(
    out: MatMut<'_, T>,
    accum: Accum,
    a: MatRef<'_, T>,
    b: MatRef<'_, T>,
    alpha: T,
    par: Par,
) {
    faer::linalg::matmul::matmul(out, accum, a, b, alpha, par);
    clear_registers();
}

/// Rows of a tall matrix that one task multiplies: with 300 columns of f64, 5 MB.
const STRIP: usize = 2_048;
/// Sums of strips that are kept apart in [`tall_inner`]: the order of the additions is the same at any
/// number of threads.
const SUMS: usize = 16;

/// `aᵀ·b` for tall a and b (`[n, i]`, `[n, j]`). The product is split along the long dimension n, by strips
/// of rows, where faer would split the short dimensions.
pub(crate) fn tall_inner(a: MatRef<'_, f64>, b: MatRef<'_, f64>, par: Par) -> Mat<f64> {
    let n = a.nrows();
    let sum = |part: usize| {
        let mut out = Mat::<f64>::zeros(a.ncols(), b.ncols());
        let (first, last) = (part * n / SUMS, (part + 1) * n / SUMS);
        for row in (first..last).step_by(STRIP) {
            let count = STRIP.min(last - row);
            let (a, b) = (a.subrows(row, count), b.subrows(row, count));
            matmul(out.as_mut(), Accum::Add, a.transpose(), b, 1.0, Par::Seq);
        }
        out
    };
    let parts: Vec<Mat<f64>> = match par {
        Par::Seq => (0..SUMS).map(sum).collect(),
        _ => (0..SUMS).into_par_iter().map(sum).collect(),
    };
    parts.into_iter().fold(Mat::zeros(a.ncols(), b.ncols()), |sum, part| sum + part)
}

/// `out ← α·a·b` or `out ← out + α·a·b`, as `accum` says, for tall a and out and small b, by strips of rows.
pub(crate) fn tall_outer(
    mut out: MatMut<'_, f64>,
    accum: Accum,
    a: MatRef<'_, f64>,
    b: MatRef<'_, f64>,
    alpha: f64,
    par: Par,
) {
    let strip = |(out, a): (MatMut<'_, f64>, MatRef<'_, f64>)| matmul(out, accum, a, b, alpha, Par::Seq);
    match par {
        Par::Seq => (0..a.nrows()).step_by(STRIP).for_each(|row| {
            let count = STRIP.min(a.nrows() - row);
            strip((out.as_mut().subrows_mut(row, count), a.subrows(row, count)));
        }),
        _ => out.par_row_chunks_mut(STRIP).zip(a.par_row_chunks(STRIP)).for_each(strip),
    }
}

/// The results of `task(0)`, …, `task(count − 1)`, on as many threads as `par` says.
pub(crate) fn each<T: Send>(par: Par, count: usize, task: impl Fn(usize) -> T + Sync) -> Vec<T> {
    match par {
        Par::Seq => (0..count).map(task).collect(),
        _ => (0..count).into_par_iter().map(&task).collect(),
    }
}

/// Columns of a symmetric product that one task computes.
const COLUMNS: usize = 64;

/// `Σ aaᵀ` over the parts a (`[n, ·]`), of which one triangle is computed. The order of the additions is the
/// same at any number of threads.
pub(crate) fn symmetric(parts: &[MatRef<'_, f64>], n: usize, par: Par) -> Mat<f64> {
    let columns = each(par, n.div_ceil(COLUMNS), |index| {
        let first = index * COLUMNS;
        let mut below = Mat::zeros(n - first, COLUMNS.min(n - first));
        for a in parts {
            let rows = a.subrows(first, n - first);
            let own = rows.subrows(0, below.ncols()).transpose();
            matmul(below.as_mut(), Accum::Add, rows, own, 1.0, Par::Seq);
        }
        below
    });
    Mat::from_fn(n, n, |i, k| {
        let (low, high) = (i.min(k), i.max(k));
        columns[low / COLUMNS][(high - low / COLUMNS * COLUMNS, low % COLUMNS)]
    })
}

/// `a·b` for a vector b.
pub(crate) fn times(a: MatRef<'_, f64>, b: &[f64]) -> Vec<f64> {
    let mut out = Mat::<f64>::zeros(a.nrows(), 1);
    let b = MatRef::from_column_major_slice(b, b.len(), 1);
    matmul(out.as_mut(), Accum::Replace, a, b, 1.0, Par::Seq);
    out.col_as_slice(0).to_vec()
}

/// Replaces the first columns of a tall `x` by `x·y`, in place.
pub(crate) fn rotate(mut x: MatMut<'_, f64>, y: MatRef<'_, f64>, par: Par) {
    let strip = |mut x: MatMut<'_, f64>| {
        let mut rotated = Mat::<f64>::zeros(x.nrows(), y.ncols());
        matmul(rotated.as_mut(), Accum::Replace, x.as_ref(), y, 1.0, Par::Seq);
        x.as_mut().subcols_mut(0, y.ncols()).copy_from(rotated);
    };
    match par {
        Par::Seq => (0..x.nrows()).step_by(STRIP).for_each(|row| {
            let count = STRIP.min(x.nrows() - row);
            strip(x.as_mut().subrows_mut(row, count));
        }),
        _ => x.par_row_chunks_mut(STRIP).for_each(strip),
    }
}

/// A zero matrix `[n, count]` whose columns are contiguous and do not all begin in the same cache set.
pub(crate) fn columns<T: Real>(n: usize, count: usize) -> Mat<T> {
    let line = 64 / size_of::<T>();
    let aliased = (n.next_multiple_of(line) * size_of::<T>()).is_multiple_of(1024);
    let mut columns = Mat::with_capacity(if aliased { n + line } else { n }, count);
    columns.resize_with(n, count, |_, _| T::default());
    columns
}

/// Clears the upper halves of the vector registers of this thread. Callers need it between a product or a
/// factorisation of faer's and scalar code.
pub(crate) fn clear_registers() {
    const NUMBERS: [f64; 64] = [1.0; 64];
    std::hint::black_box(ColRef::from_slice(std::hint::black_box(&NUMBERS)).norm_max());
}

/// The vector instructions of this processor. Asking the processor for them takes as long as a loop over
/// some hundred numbers, and is done once.
static ARCH: LazyLock<Arch> = LazyLock::new(Arch::new);

/// The vector instructions of this processor.
#[inline(always)]
pub(crate) fn arch() -> Arch {
    *ARCH
}

/// Runs `f`, and the code that is inlined into it, compiled for the widest vector registers that this
/// processor has. The compiler contracts nothing to fused multiply-adds, so the numbers are the same on
/// every processor.
///
/// A closure is inlined only where it is short; a longer one would run compiled for any processor, even
/// where it says that it is always inlined. Longer loops are structures whose [`NullaryFnOnce::call`] is
/// always inlined, which [`vector_loop`] declares.
#[inline(always)]
pub(crate) fn vectorised<F: NullaryFnOnce>(f: F) -> F::Output {
    arch().dispatch(f)
}

/// Declares a function over slices whose body is compiled for the widest vector registers, see
/// [`vectorised`]. The slices are arguments of the body, and not parts of arrays, because the compiler then
/// knows that what is written does not overlap with anything.
macro_rules! vector_loop {
    ($(#[$doc:meta])* $vis:vis fn $name:ident<'a, T $(, const $flag:ident: bool)?>(
        $($arg:ident: $type:ty),* $(,)?
    ) $body:block) => {
        $(#[$doc])*
        $vis fn $name<'a, T: crate::real::Real $(, const $flag: bool)?>($($arg: $type),*) {
            struct Arguments<'a, T: crate::real::Real $(, const $flag: bool)?> {
                $($arg: $type,)*
                of: std::marker::PhantomData<&'a T>,
            }
            impl<'a, T: crate::real::Real $(, const $flag: bool)?> pulp::NullaryFnOnce
                for Arguments<'a, T $(, $flag)?>
            {
                type Output = ();
                #[inline(always)]
                fn call(self) {
                    #[inline(always)]
                    fn run<'a, T: crate::real::Real $(, const $flag: bool)?>($($arg: $type),*) $body
                    let Self { $($arg,)* of: _ } = self;
                    run::<T $(, $flag)?>($($arg),*)
                }
            }
            crate::product::vectorised(Arguments::<'a, T $(, $flag)?> {
                $($arg,)*
                of: std::marker::PhantomData,
            });
        }
    };
}
pub(crate) use vector_loop;

//! Matrix products that leave the processor fit for scalar code, and loops compiled for its widest registers.
//!
//! The product kernels behind faer 0.24 return with the upper halves of the vector registers in use (they end without `vzeroupper`). On x86-64
//! every SSE instruction then waits for the register it overwrites: exp and tanh from the system's libm take 365 ns instead of 15 (measured on
//! 65 536 sigmoids after a product). Any of faer's own reductions ends with the instruction, so one over a few numbers after each product restores
//! the speed; it costs some nanoseconds, and changes no result.

use faer::traits::RealField;
use faer::{Accum, ColRef, MatMut, MatRef, Par};
use std::ops::{Add, AddAssign, Mul};

/// f32 or f64: the two precisions of the heavy kernels.
pub(crate) trait Real: RealField + Copy + Add<Output = Self> + Mul<Output = Self> + AddAssign + 'static {
    /// The nearest value to `x`.
    fn narrow(x: f64) -> Self;
    /// Itself, as f64.
    fn widen(self) -> f64;
}

impl Real for f64 {
    #[inline(always)]
    fn narrow(x: f64) -> Self {
        x
    }
    #[inline(always)]
    fn widen(self) -> f64 {
        self
    }
}

impl Real for f32 {
    #[inline(always)]
    fn narrow(x: f64) -> Self {
        x as f32
    }
    #[inline(always)]
    fn widen(self) -> f64 {
        f64::from(self)
    }
}

/// `out ← α·a·b`, or added to it: [`faer::linalg::matmul::matmul`] with [`settle`] after it.
pub(crate) fn matmul<T: Real>(out: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>, alpha: T, par: Par) {
    faer::linalg::matmul::matmul(out, accum, a, b, alpha, par);
    settle();
}

/// Clears the upper halves of the vector registers of this thread. To be called between a product or a factorisation of faer's and scalar code.
pub(crate) fn settle() {
    const NUMBERS: [f64; 64] = [1.0; 64];
    std::hint::black_box(ColRef::from_slice(std::hint::black_box(&NUMBERS)).norm_max());
}

/// Runs `f`, and all that is inlined into it, compiled for the widest vector registers that this processor has. No contraction to fused
/// multiply-adds takes place, so the numbers are the same on every processor.
#[inline(always)]
pub(crate) fn vectorised<R>(f: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(f)
}

//! Matrix products that leave the processor fit for scalar code.
//!
//! The product kernels behind faer 0.24 return with the upper halves of the vector registers in use (they end without `vzeroupper`). On x86-64
//! every SSE instruction then waits for the register it overwrites: exp and tanh from the system's libm take 365 ns instead of 15 (measured on
//! 65 536 sigmoids after a product). Any of faer's own reductions ends with the instruction, so one over a few numbers after each product restores
//! the speed; it costs some nanoseconds, and changes no result.

use faer::traits::RealField;
use faer::{Accum, ColRef, MatMut, MatRef, Par};

/// `out ← α·a·b`, or added to it: [`faer::linalg::matmul::matmul`] with [`settle`] after it.
pub(crate) fn matmul<T: RealField>(out: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>, alpha: T, par: Par) {
    faer::linalg::matmul::matmul(out, accum, a, b, alpha, par);
    settle();
}

/// Clears the upper halves of the vector registers of this thread. To be called between a product or a factorisation of faer's and scalar code.
pub(crate) fn settle() {
    const NUMBERS: [f64; 64] = [1.0; 64];
    std::hint::black_box(ColRef::from_slice(std::hint::black_box(&NUMBERS)).norm_max());
}

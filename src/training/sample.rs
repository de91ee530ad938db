//! The left singular vectors of the feature matrix Φ of a sample.

use faer::{Accum, Mat, MatRef, Par};

use crate::activation::Derivative;
use crate::eigen::full_eigen;
use crate::network::PairedNetwork;
use crate::product::matmul;
use crate::{Error, Result};

/// The top left singular vectors of the feature matrix Φ, and all its singular values.
#[derive(Debug, Clone)]
pub struct SampleBasis {
    /// U1, the orthonormal top r left singular vectors, `[n, r]`.
    pub basis: Mat<f64>,
    /// The squares of all n singular values, in descending order, divided by n: the eigenvalues of
    /// `(1/n) Σ_i φ(x_i) φ(x_i)ᵀ`.
    pub eigenvalues: Vec<f64>,
}

/// The top `r` left singular vectors of Φ, whose row i (of length md) is φ(x_i) for the i-th row of `x`
/// (`[n, d]`). With them, `Φ Π_{>r} vec(W) = (I − U1U1ᵀ) f_L(X; W)`, Π_{>r} the projector on all but the top
/// r right singular vectors of Φ.
///
/// They are eigenvectors of the n × n matrix `ΦΦᵀ = (2/m) XXᵀ ∘ SSᵀ` with `S = σ'(XW0ᵀ)`. Φ itself is never
/// formed.
///
/// # Errors
/// Inputs that do not fit, an entry that is not finite, r above n, or no gap between eigenvalues r and r +
/// 1.
///
/// # Accuracy
/// The angle between the computed span and the exact one is of the order of `ε λ_1/(λ_r − λ_{r+1})` with the
/// eigenvalues λ of ΦΦᵀ. The bits do not depend on the thread count.
pub fn sample_basis(net: &PairedNetwork, x: MatRef<'_, f64>, r: usize, par: Par) -> Result<SampleBasis> {
    net.check_inputs(x)?;
    let (n, p) = (x.nrows(), net.p());
    if r > n {
        return Err(Error::domain("the number of singular vectors", r, format!("Φ has only n = {n}")));
    }
    let mut s = Mat::<f64>::zeros(n, p);
    matmul(s.as_mut(), Accum::Replace, x, net.weights().transpose(), 1.0, par);
    for j in 0..p {
        net.activation().apply(Derivative::First, s.col_as_slice_mut(j));
    }
    let (mut kernel, mut inner) = (Mat::<f64>::zeros(n, n), Mat::<f64>::zeros(n, n));
    matmul(kernel.as_mut(), Accum::Replace, s.as_ref(), s.transpose(), 1.0 / (p as f64 * n as f64), par);
    matmul(inner.as_mut(), Accum::Replace, x, x.transpose(), 1.0, par);
    for j in 0..n {
        kernel.col_as_slice_mut(j).iter_mut().zip(inner.col_as_slice(j)).for_each(|(k, x)| *k *= *x);
    }
    // The bits of an eigendecomposition depend on the number of threads.
    let (eigenvalues, vectors) = full_eigen(kernel.as_ref(), Par::Seq)?;
    if r > 0 && r < n && eigenvalues[r - 1] - eigenvalues[r] <= n as f64 * f64::EPSILON * eigenvalues[0] {
        let why =
            format!("eigenvalues {r} and {} of ΦΦᵀ are equal to rounding ({:e})", r + 1, eigenvalues[r]);
        return Err(Error::Numerical { what: "the choice of the top singular vectors of Φ", why });
    }
    Ok(SampleBasis { basis: vectors.subcols(0, r).to_owned(), eigenvalues })
}

//! The regularisers R1..R4 of NBL22: what the displacement does in the top eigenspace of Σ, beyond it, on the sample beyond it, and
//! its largest neurons.
//!
//! Twins need not move oppositely here. R1 and R3 are evaluated on the part of W beyond the top space, not as a difference of two
//! nearly equal numbers.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

use crate::Result;
use crate::construct::norm_2_4_pow4;
use crate::covariance::Covariance;
use crate::eigen::TopSpace;
use crate::network::PairedNetwork;

/// `R1 = vec(W)ᵀ Σ_{>r} vec(W)` for a displacement `w` (`[m, d]`), Σ cut at the degree of `cov`: low by at most
/// `cov.truncation_bound()·‖W‖_F²`.
///
/// # Errors
/// The shape of `w` is not `[m, d]`.
pub fn r1(cov: &Covariance, top: &TopSpace, w: MatRef<'_, f64>, par: Par) -> Result<f64> {
    let u = beyond(top, cov.antisymmetric(w)?, par);
    let mut au = Mat::zeros(cov.order(), 1);
    cov.operator(0).multiply(u.as_ref(), au.as_mut(), par);
    let dot: f64 = u.col_as_slice(0).iter().zip(au.col_as_slice(0)).map(|(a, b)| a * b).sum();
    Ok(dot / cov.m() as f64)
}

/// `R2 = vec(W)ᵀ Σ_{≤r} vec(W)` for a displacement `w` (`[m, d]`).
///
/// # Errors
/// The shape of `w` is not `[m, d]`.
pub fn r2(cov: &Covariance, top: &TopSpace, w: MatRef<'_, f64>, par: Par) -> Result<f64> {
    top.quadratic_form(cov, w, par)
}

/// `R3 = E_n f_L(x; Π_{>r} W)²` on the inputs `x` (`[n, d]`), for a displacement `w` (`[m, d]`).
///
/// # Errors
/// A shape that does not fit, or an entry that is not finite.
pub fn r3(
    cov: &Covariance,
    top: &TopSpace,
    net: &PairedNetwork,
    x: MatRef<'_, f64>,
    w: MatRef<'_, f64>,
    par: Par,
) -> Result<f64> {
    let u = beyond(top, cov.antisymmetric(w)?, par);
    let u = MatRef::from_column_major_slice(u.col_as_slice(0), cov.p(), cov.d());
    let f = net.f_linear_of_difference(x, u, par)?;
    Ok(f.iter().map(|f| f * f).sum::<f64>() / f.len().max(1) as f64)
}

/// `R4 = ‖W‖_{2,4}^8 = (Σ_r ‖w_r‖⁴)²`.
pub fn r4(w: MatRef<'_, f64>) -> f64 {
    norm_2_4_pow4(w).powi(2)
}

/// `[R1, R2, R3, R4]` of a displacement `w` (`[m, d]`), R3 on the inputs `x` (`[n, d]`).
///
/// # Errors
/// A shape that does not fit, or an entry that is not finite.
pub fn regularizers(
    cov: &Covariance,
    top: &TopSpace,
    net: &PairedNetwork,
    x: MatRef<'_, f64>,
    w: MatRef<'_, f64>,
    par: Par,
) -> Result<[f64; 4]> {
    net.check_displacement(w)?;
    Ok([r1(cov, top, w, par)?, r2(cov, top, w, par)?, r3(cov, top, net, x, w, par)?, r4(w)])
}

/// `u − QQᵀu`: the difference of the halves of Π_{>r}W, from that of W (`[pd, 1]`). Projected twice, which leaves rounding of what remains.
pub(crate) fn beyond(top: &TopSpace, mut u: Mat<f64>, par: Par) -> Mat<f64> {
    let mut c = Mat::zeros(top.rank(), 1);
    for _ in 0..2 {
        matmul(c.as_mut(), Accum::Replace, top.vectors().transpose(), u.as_ref(), 1.0, par);
        matmul(u.as_mut(), Accum::Add, top.vectors(), c.as_ref(), -1.0, par);
    }
    u
}

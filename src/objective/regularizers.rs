//! The regularisers R1..R4 of NBL22: what the displacement does in the top eigenspace of Σ, beyond it, on
//! the sample beyond it, and its largest neurons.
//!
//! Twins need not move oppositely here. R1 and R3 are evaluated on the part of W beyond the top space, not
//! as a difference of two nearly equal numbers.

use crate::product::matmul;
use faer::{Accum, Mat, MatRef, Par};

use crate::Result;
use crate::covariance::Covariance;
use crate::eigen::TopSpace;
use crate::network::PairedNetwork;

/// The regularisers of one network on one sample: what they depend on beside the displacement. The parts
/// must belong together, Σ and its top space to the weights of the network.
///
/// Here at one displacement; means over random signs are in [`crate::construct::signs`].
#[derive(Debug, Clone, Copy)]
pub struct Regularizers<'a> {
    /// Σ, the feature covariance.
    pub cov: &'a Covariance,
    /// Its top eigenspace, of rank r = n_k.
    pub top: &'a TopSpace,
    /// The network.
    pub net: &'a PairedNetwork,
    /// The inputs that R3 averages over, `[n, d]`; R1, R2 and R4 do not depend on them.
    pub x: MatRef<'a, f64>,
}

impl<'a> Regularizers<'a> {
    /// The same network on the inputs `x` (`[n, d]`).
    pub fn on(self, x: MatRef<'a, f64>) -> Self {
        Self { x, ..self }
    }

    /// `R1 = vec(W)ᵀ Σ_{>r} vec(W)` for a displacement `w` (`[m, d]`), Σ cut at the degree of `cov`: low by
    /// at most `cov.truncation_bound()·‖W‖_F²`.
    ///
    /// # Errors
    /// The shape of `w` is not `[m, d]`.
    pub fn r1(&self, w: MatRef<'_, f64>, par: Par) -> Result<f64> {
        let u = self.beyond(w, par)?;
        let mut au = Mat::zeros(self.cov.order(), 1);
        self.cov.operator(0).multiply(u.as_ref(), au.as_mut(), par);
        let dot: f64 = u.col_as_slice(0).iter().zip(au.col_as_slice(0)).map(|(a, b)| a * b).sum();
        Ok(dot / self.cov.m() as f64)
    }

    /// `R2 = vec(W)ᵀ Σ_{≤r} vec(W)` for a displacement `w` (`[m, d]`).
    ///
    /// # Errors
    /// The shape of `w` is not `[m, d]`.
    pub fn r2(&self, w: MatRef<'_, f64>, par: Par) -> Result<f64> {
        self.top.quadratic_form(self.cov, w, par)
    }

    /// `R3 = E_n f_L(x; Π_{>r} W)²` for a displacement `w` (`[m, d]`).
    ///
    /// # Errors
    /// A shape that does not fit, or an entry that is not finite.
    pub fn r3(&self, w: MatRef<'_, f64>, par: Par) -> Result<f64> {
        let u = self.beyond(w, par)?;
        let u = MatRef::from_column_major_slice(u.col_as_slice(0), self.cov.p(), self.cov.d());
        let f = self.net.f_linear_of_difference(self.x, u, par)?;
        Ok(f.iter().map(|f| f * f).sum::<f64>() / f.len().max(1) as f64)
    }

    /// `[R1, R2, R3, R4]` of a displacement `w` (`[m, d]`).
    ///
    /// # Errors
    /// A shape that does not fit, or an entry that is not finite.
    pub fn all(&self, w: MatRef<'_, f64>, par: Par) -> Result<[f64; 4]> {
        self.net.check_displacement(w)?;
        Ok([self.r1(w, par)?, self.r2(w, par)?, self.r3(w, par)?, r4(w)])
    }

    /// `u − QQᵀu`, u the difference of the halves of W: that of Π_{>r}W (`[pd, 1]`). Projected twice, which
    /// leaves rounding of what remains.
    fn beyond(&self, w: MatRef<'_, f64>, par: Par) -> Result<Mat<f64>> {
        let mut u = self.cov.antisymmetric(w)?;
        let mut c = Mat::zeros(self.top.rank(), 1);
        for _ in 0..2 {
            matmul(c.as_mut(), Accum::Replace, self.top.vectors().transpose(), u.as_ref(), 1.0, par);
            matmul(u.as_mut(), Accum::Add, self.top.vectors(), c.as_ref(), -1.0, par);
        }
        Ok(u)
    }
}

/// `R4 = ‖W‖_{2,4}^8 = (Σ_r ‖w_r‖⁴)²`.
pub fn r4(w: MatRef<'_, f64>) -> f64 {
    norm_2_4_pow4(w).powi(2)
}

/// `‖W‖_{2,4}^4 = Σ_r ‖w_r‖⁴` over the rows of `w` (`[m, d]`).
pub fn norm_2_4_pow4(w: MatRef<'_, f64>) -> f64 {
    (0..w.nrows()).map(|r| w.row(r).squared_norm_l2().powi(2)).sum()
}

/// `‖W‖_F²`.
pub fn frobenius_sq(w: MatRef<'_, f64>) -> f64 {
    (0..w.nrows()).map(|r| w.row(r).squared_norm_l2()).sum()
}

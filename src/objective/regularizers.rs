//! The regularisers R1..R4 of a displacement W. With the projector Π_{>r} on all but the top r eigenvectors
//! of Σ, R1 is the mean square of `f_L(·; Π_{>r}W)` over all inputs, R2 the mean square of f_L for the
//! projection of W on the top eigenvectors, R3 the mean square of `f_L(·; Π_{>r}W)` over the sample, and R4
//! a power of a norm in which the largest neurons dominate.
//!
//! Twins need not move oppositely. R1 and R3 are evaluated on the part of W beyond the top space, and not as
//! a difference of two nearly equal numbers.

use crate::product::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};

use crate::Result;
use crate::covariance::Covariance;
use crate::eigen::TopSpace;
use crate::network::PairedNetwork;

/// The data on which the regularisers depend beside the displacement: Σ and its top space, which must belong
/// to the weights of the network, the network, and a sample of inputs.
///
/// The methods evaluate the regularisers at one displacement. Their means over random signs are in
/// [`crate::construct::signs`].
#[derive(Debug, Clone, Copy)]
pub struct Regularizers<'a> {
    /// Σ, the feature covariance.
    pub cov: &'a Covariance,
    /// The top eigenspace of Σ, of rank r = n_k.
    pub top: &'a TopSpace,
    /// The network.
    pub net: &'a PairedNetwork,
    /// The inputs that R3 averages over, `[n, d]`; R1, R2 and R4 do not depend on them.
    pub x: MatRef<'a, f64>,
}

impl<'a> Regularizers<'a> {
    /// The same data with the inputs `x` (`[n, d]`).
    pub fn on(self, x: MatRef<'a, f64>) -> Self {
        Self { x, ..self }
    }

    /// `R1 = vec(W)ᵀ Σ_{>r} vec(W)` for a displacement `w` (`[m, d]`). Since Σ is cut at a degree, the value
    /// is too small by at most `cov.truncation_bound()·‖W‖_F²`.
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

    /// The difference of the halves of Π_{>r}W (`[pd, 1]`), which is `u − QQᵀu` for the difference u of the
    /// halves of W. The projection is applied twice, which leaves only the rounding of the result.
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

/// `‖W‖_F²`, the sum of all squared entries of `w`.
pub fn frobenius_sq(w: MatRef<'_, f64>) -> f64 {
    (0..w.nrows()).map(|r| w.row(r).squared_norm_l2()).sum()
}

/// ‖w_r‖² of each row.
pub(crate) fn row_squares(w: MatRef<'_, f64>) -> Vec<f64> {
    row_products(w, w)
}

/// `v_r·w_r` for each row.
pub(crate) fn row_products(v: MatRef<'_, f64>, w: MatRef<'_, f64>) -> Vec<f64> {
    let mut dots = vec![0.0; w.nrows()];
    for c in 0..w.ncols() {
        dots.iter_mut().enumerate().for_each(|(r, dot)| *dot += v[(r, c)] * w[(r, c)]);
    }
    dots
}

/// Adds λ times the gradient of R4 at `w`, whose rows are `8T‖w_r‖²w_r`, `T = Σ_r ‖w_r‖⁴`.
pub(crate) fn add_r4_gradient(lambda: f64, w: MatRef<'_, f64>, mut out: MatMut<'_, f64>) {
    let squares = row_squares(w);
    let factor = 8.0 * lambda * squares.iter().map(|s| s * s).sum::<f64>();
    for c in 0..w.ncols() {
        for (r, square) in squares.iter().enumerate() {
            out[(r, c)] += factor * square * w[(r, c)];
        }
    }
}

/// Adds λ times the Hessian of R4 at `w` by `v`:
/// `8‖w_r‖²w_r Σ_s 4‖w_s‖²(w_s·v_s) + 8T(2(w_r·v_r)w_r + ‖w_r‖²v_r)`, `T = Σ_r ‖w_r‖⁴`.
pub(crate) fn add_r4_product(lambda: f64, w: MatRef<'_, f64>, v: MatRef<'_, f64>, mut out: MatMut<'_, f64>) {
    let (squares, along) = (row_squares(w), row_products(v, w));
    let total: f64 = squares.iter().map(|s| s * s).sum();
    let slope: f64 = squares.iter().zip(&along).map(|(s, a)| 4.0 * s * a).sum();
    for c in 0..w.ncols() {
        for r in 0..w.nrows() {
            let by_w = squares[r] * slope + 2.0 * total * along[r];
            out[(r, c)] += 8.0 * lambda * (by_w * w[(r, c)] + total * squares[r] * v[(r, c)]);
        }
    }
}

//! Quadratic forms in Σ and the Frobenius norm of Σ, without a matrix in memory.

use super::Covariance;
use crate::error::Result;
use crate::network::require_neurons;
use faer::{Mat, MatRef, Par};
use rayon::prelude::*;

impl Covariance {
    /// `vec(W)ᵀ Σ vec(W)` for a displacement `W` (`[m, d]`, the twin of row r at row p + r), which is the
    /// mean square of f_L(·; W).
    ///
    /// # Errors
    /// The shape of `W` is not `[m, d]`.
    pub fn quadratic_form(&self, w: MatRef<'_, f64>, par: Par) -> Result<f64> {
        let u = self.antisymmetric(w)?;
        let mut au = Mat::zeros(self.order(), 1);
        self.operator(0).multiply(u.as_ref(), au.as_mut(), par);
        let dot: f64 = (0..self.order()).map(|i| u[(i, 0)] * au[(i, 0)]).sum();
        Ok(dot / self.m() as f64)
    }

    /// The form of the diagonal block of Σ for each of the m rows of `W` (`[m, d]`), `w_rᵀ Σ_rr w_r`. An
    /// average over independent signs of the rows keeps these blocks alone.
    ///
    /// # Errors
    /// The shape of `W` is not `[m, d]`.
    pub fn diagonal_forms(&self, w: MatRef<'_, f64>) -> Result<Vec<f64>> {
        self.check_displacement(w)?;
        let at_one = self.profile().at(1.0);
        let (radial, tangential) = (at_one.f0, at_one.f2);
        let (m, p, d) = (self.m(), self.p(), self.d());
        let forms = (0..m).map(|r| {
            let (mut along, mut square) = (0.0, 0.0);
            for i in 0..d {
                along += self.weights()[(r % p, i)] * w[(r, i)];
                square += w[(r, i)] * w[(r, i)];
            }
            (radial * along * along + tangential * (square - along * along).max(0.0)) / m as f64
        });
        Ok(forms.collect())
    }

    /// The Frobenius norm of Σ, from the closed form of `‖M(t)‖_F²`. The cost is p²/2 kernel evaluations.
    pub fn frobenius_norm(&self) -> f64 {
        let (p, d, w) = (self.p(), self.d(), self.weights());
        let column = |s: usize| {
            let t: Vec<f64> = (s..p).map(|r| (0..d).map(|i| w[(r, i)] * w[(s, i)]).sum()).collect();
            let mut sum = 0.0;
            self.profile().for_each(&t, |r, t, kernel| {
                sum += if r == 0 { 1.0 } else { 2.0 } * kernel.frobenius_squared(d, t);
            });
            sum
        };
        // Collected in order before summing: the same bits at any thread count.
        let columns: Vec<f64> = (0..p).into_par_iter().map(column).collect();
        // Four quadrants ±A/m.
        2.0 * columns.iter().sum::<f64>().max(0.0).sqrt() / self.m() as f64
    }

    /// The differences `w_r − w_{p+r}` of the two halves of `W` (`[m, d]`), as a component-major column
    /// `[pd, 1]`. Forms in Σ depend on no other part of W.
    ///
    /// # Errors
    /// The shape of `W` is not `[m, d]`.
    pub fn antisymmetric(&self, w: MatRef<'_, f64>) -> Result<Mat<f64>> {
        self.check_displacement(w)?;
        let p = self.p();
        Ok(Mat::from_fn(self.order(), 1, |index, _| {
            let (i, r) = (index / p, index % p);
            w[(r, i)] - w[(p + r, i)]
        }))
    }

    fn check_displacement(&self, w: MatRef<'_, f64>) -> Result<()> {
        require_neurons("the displacement", [w.nrows(), w.ncols()], [self.m(), self.d()])
    }
}

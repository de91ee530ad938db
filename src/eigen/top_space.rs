//! The spectral projector `Π_{≤r}` of Σ on its top r eigenvectors, r = n_k.

use super::EigenPairs;
use crate::covariance::Covariance;
use crate::error::{Error, Result};
use crate::network::require_neurons;
use crate::product::matmul;
use faer::{Accum, Mat, MatRef, Par};
use std::f64::consts::FRAC_1_SQRT_2;

/// The space of the top r eigenvectors of Σ, with `Σ_{≤r} = Σ_{i≤r} λ_i v_i v_iᵀ`. The gap below λ_r exceeds
/// the errors of the eigenvalues, so that the space is defined.
#[derive(Debug, Clone)]
pub struct TopSpace {
    p: usize,
    d: usize,
    eigenvalues: Vec<f64>,
    vectors: Mat<f64>,
    gap: f64,
    departure: f64,
}

impl TopSpace {
    /// The space of the first `rank` of `pairs`, which must hold vectors, and one eigenvalue more than the
    /// rank, or a [bound](EigenPairs::next) on it, unless the rank is pd.
    ///
    /// # Errors
    /// [`Error::Projector`] where the rank exceeds pd or the number of computed pairs, where λ_r is not
    /// positive, or where the gap `λ_r − λ_{r+1}` does not exceed the sum of the truncation bound, twice the
    /// residual and the rounding, so that the projector is not defined.
    pub fn new(pairs: &EigenPairs, rank: usize) -> Result<Self> {
        let refuse = |why: String| Err(Error::Projector { rank, why });
        let order = pairs.p * pairs.d;
        if rank > order {
            return refuse(format!("Σ has rank at most pd = {order} (p = {}, d = {})", pairs.p, pairs.d));
        }
        let Some(vectors) = &pairs.vectors else {
            return refuse("the eigenvectors were not computed".into());
        };
        let computed = pairs.eigenvalues.len().min(vectors.ncols());
        if rank == 0 || rank > computed || (computed == rank && rank < order && pairs.next.is_none()) {
            return refuse(format!(
                "{computed} eigenpairs were computed, and one more than the rank is needed"
            ));
        }
        let last = pairs.eigenvalues[rank - 1];
        let next = pairs.eigenvalues.get(rank).copied().or(pairs.next).unwrap_or(0.0);
        let gap = last - next;
        let allowance = pairs.truncation_bound + 2.0 * pairs.residual_max + pairs.rounding_bound();
        tracing::debug!(rank, gap, allowance, "the gap below the top eigenspace");
        // Not `gap <= allowance`: a NaN must be refused too.
        if !(gap > allowance && last > 0.0) {
            return refuse(format!(
                "the gap λ_{rank} − λ_{} = {gap:.3e} is not above the certificate {allowance:.3e}",
                rank + 1
            ));
        }
        Ok(Self {
            p: pairs.p,
            d: pairs.d,
            eigenvalues: pairs.eigenvalues[..rank].to_vec(),
            vectors: vectors.subcols(0, rank).to_owned(),
            gap,
            departure: pairs.truncation_bound + pairs.solver_error(rank),
        })
    }

    /// The rank r.
    pub fn rank(&self) -> usize {
        self.eigenvalues.len()
    }

    /// The number p of distinct neurons.
    pub fn p(&self) -> usize {
        self.p
    }

    /// The input dimension d.
    pub fn d(&self) -> usize {
        self.d
    }

    /// The top r eigenvalues of Σ, descending.
    pub fn eigenvalues(&self) -> &[f64] {
        &self.eigenvalues
    }

    /// The orthonormal columns `q_i`, `[pd, r]` component-major. The eigenvectors of Σ are
    /// `v_i = (q_i, −q_i)/√2`.
    pub fn vectors(&self) -> MatRef<'_, f64> {
        self.vectors.as_ref()
    }

    /// The gap `λ_r − λ_{r+1}`, or a lower bound on it where λ_{r+1} was only [bounded](EigenPairs::next).
    pub fn gap(&self) -> f64 {
        self.gap
    }

    /// A bound δ on `‖ΣV − VΛ‖` for the true Σ and exactly orthonormal V: the truncation of Σ, and the
    /// [error of the solver](EigenPairs::solver_error).
    pub fn departure(&self) -> f64 {
        self.departure
    }

    /// A bound on `‖Π − Π'‖` for the true projector Π': `δ/(gap − δ)` by Davis and Kahan with the
    /// [departure](Self::departure) δ. It is infinite where δ leaves no gap.
    pub fn turn(&self) -> f64 {
        let left = self.gap - self.departure;
        if left > 0.0 { self.departure / left } else { f64::INFINITY }
    }

    /// A bound on `‖Σ_{≤r} − Σ'_{≤r}‖` for the true one: `δ + λ_1` times the [turn](Self::turn).
    pub fn form_error(&self) -> f64 {
        self.departure + self.eigenvalues[0] * self.turn()
    }

    /// A bound on the error of `‖W_L‖_F`, and of W_L itself in that norm, for f_k with E f_k² = 1: in units
    /// of `1/√λ_r` it is δ/λ_r and twice the [turn](Self::turn), as [`subspace`](super::subspace) derives.
    pub fn solution_error(&self) -> f64 {
        let last = self.eigenvalues[self.rank() - 1] - self.departure;
        if last > 0.0 { (self.departure / last + 2.0 * self.turn()) / last.sqrt() } else { f64::INFINITY }
    }

    /// The coordinates `⟨v_i, vec(W)⟩` of displacements, `[r, c]`, from the differences of their halves, the
    /// columns of `u` (`[pd, c]`, see [`Covariance::antisymmetric`]).
    pub fn coordinates(&self, u: MatRef<'_, f64>, par: Par) -> Mat<f64> {
        let mut c = Mat::zeros(self.rank(), u.ncols());
        matmul(c.as_mut(), Accum::Replace, self.vectors.transpose(), u, FRAC_1_SQRT_2, par);
        c
    }

    /// `R2 = vec(W)ᵀ Σ_{≤r} vec(W)` for a displacement `W` (`[m, d]`).
    ///
    /// # Errors
    /// The shape of `W` is not `[m, d]`.
    pub fn quadratic_form(&self, cov: &Covariance, w: MatRef<'_, f64>, par: Par) -> Result<f64> {
        let c = self.coordinates(cov.antisymmetric(w)?.as_ref(), par);
        Ok(self.eigenvalues.iter().enumerate().map(|(i, l)| l * c[(i, 0)] * c[(i, 0)]).sum())
    }

    /// The products `v_{i,s}·w_s`, where `v_{i,s}` is the part of the eigenvector `v_i` on neuron s:
    /// `[m, r]`, one row for each of the m neurons and one column for each eigenvector.
    ///
    /// # Errors
    /// The shape of `W` is not `[m, d]`.
    pub fn neuron_overlaps(&self, w: MatRef<'_, f64>) -> Result<Mat<f64>> {
        let (p, d) = (self.p, self.d);
        require_neurons("the displacement", [w.nrows(), w.ncols()], [2 * p, d])?;
        let mut out = Mat::zeros(2 * p, self.rank());
        for c in 0..self.rank() {
            let q = self.vectors.col_as_slice(c);
            let out = out.col_as_slice_mut(c);
            for (i, q) in q.chunks_exact(p).enumerate() {
                out.iter_mut().enumerate().for_each(|(r, out)| *out += q[r % p] * w[(r, i)]);
            }
            out[..p].iter_mut().for_each(|x| *x *= FRAC_1_SQRT_2);
            out[p..].iter_mut().for_each(|x| *x *= -FRAC_1_SQRT_2);
        }
        Ok(out)
    }

    /// The form of the diagonal block of `Σ_{≤r}` for each of the m rows of `W` (`[m, d]`). The sum of these
    /// forms is the average of R2 over independent signs of the rows.
    ///
    /// # Errors
    /// The shape of `W` is not `[m, d]`.
    pub fn diagonal_forms(&self, w: MatRef<'_, f64>) -> Result<Vec<f64>> {
        let overlaps = self.neuron_overlaps(w)?;
        let form = |r: usize| {
            let terms = self.eigenvalues.iter().enumerate();
            terms.map(|(i, l)| l * overlaps[(r, i)] * overlaps[(r, i)]).sum::<f64>()
        };
        Ok((0..overlaps.nrows()).map(form).collect())
    }
}

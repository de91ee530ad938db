//! The harmonic route: EVD of the `N_J × N_J` Gram matrix, whose order does not depend on the width.

use super::dense::{full_eigen, full_eigenvalues, largest, orthonormality, residual_norms};
use super::{Completeness, EigenPairs, Plan, Request};
use crate::covariance::{Covariance, HarmonicMap};
use crate::error::{Error, Result};
use crate::product::matmul;
use crate::rounding;
use faer::{Accum, Mat, Par};

pub(super) fn solve(cov: &Covariance, request: &Request, plan: Plan, par: Par) -> Result<EigenPairs> {
    let map = HarmonicMap::new(cov, usize::MAX)?;
    let gram = map.gram(par)?;
    let n = gram.nrows();
    let wanted = request.top.unwrap_or(cov.order());
    let (values, residuals, residual_max, defect, vectors) = if request.vectors {
        let (values, u) = full_eigen(gram.as_ref(), par)?;
        let top = u.subcols(0, wanted.min(n));
        // The vector Ψu/√λ has digits only where λ exceeds the rounding of the Gram matrix.
        let noise = rounding::eigen(n, values[0]);
        let rank = values.iter().take_while(|&&l| l > noise).count();
        if rank < wanted {
            let why = format!(
                "Σ up to this degree has numerical rank {rank}, and the harmonic route has no vectors \
                 beyond it: take the dense route"
            );
            return Err(Error::Projector { rank: wanted, why });
        }
        let mut gu = Mat::zeros(n, top.ncols());
        matmul(gu.as_mut(), Accum::Replace, gram.as_ref(), top, 1.0, par);
        // v = Ψu/√λ, so that ‖Σv − λv‖ = ‖Ψ(Gu − λu)‖/√λ ≤ √(λ_max/λ)·‖Gu − λu‖; q = √2·Ψu/√λ on the p
        // distinct neurons.
        let norms = residual_norms(gu.as_ref(), top, &values).into_iter().zip(&values);
        let residuals: Vec<f64> = norms.map(|(norm, l)| norm * (values[0] / l).sqrt()).collect();
        let coefficients =
            Mat::from_fn(n, top.ncols(), |i, j| top[(i, j)] * (2.0 / (cov.m() as f64 * values[j])).sqrt());
        let q = map.lift(coefficients.as_ref(), par)?;
        let defect = orthonormality(q.as_ref(), par);
        let residual_max = largest(&residuals);
        (values, residuals, residual_max, defect, Some(q))
    } else {
        let values = full_eigenvalues(gram.as_ref(), par)?;
        let bound = rounding::eigen(n, values[0]);
        (values, Vec::new(), bound, 0.0, None)
    };
    let how = format!(
        "full spectrum of the Gram matrix of order N_J = {n}; what lies outside it is at most the \
         truncation bound"
    );
    let completeness = Completeness::of_full(&gram, &values, 1.0, wanted, how);
    let mut eigenvalues = values;
    // Where N_J exceeds pd, the rank is pd and further eigenvalues are rounding. Where pd exceeds N_J, the
    // other eigenvalues of Σ_{≤J} are exactly zero.
    eigenvalues.resize(wanted, 0.0);
    Ok(EigenPairs {
        d: cov.d(),
        p: cov.p(),
        eigenvalues,
        vectors,
        plan,
        residuals,
        residual_max,
        residual_failure: 0.0,
        orthonormality: defect,
        truncation_bound: cov.truncation_bound(),
        null_dimension: cov.order(),
        completeness,
        products: 0,
        stopped: false,
        next: None,
    })
}

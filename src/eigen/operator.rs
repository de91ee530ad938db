//! The matrix-free route: the block method on products with `A`, started from the span of `Ψ_{≤j}`.

use super::dense::orthonormality;
use super::{BlockOptions, Completeness, EigenPairs, Plan, Request, block_eigen};
use crate::covariance::{Covariance, HarmonicMap};
use crate::error::Result;
use crate::sphere::cumulative_dimension;
use faer::Par;

pub(super) fn solve(cov: &Covariance, request: &Request, plan: Plan, memory: u64, par: Par) -> Result<EigenPairs> {
    let wanted = request.top.unwrap_or(cov.order());
    let degree =
        (0..=cov.levels().max_degree()).take_while(|&j| cumulative_dimension(cov.d(), j).is_ok_and(|n| n <= wanted)).last();
    let initial = match degree {
        Some(j) => Some(HarmonicMap::new(cov, j)?.columns(par)?),
        None => None,
    };
    let scale = cov.scale();
    let operator = cov.operator(memory / 2);
    let found = block_eigen(&operator, initial.as_ref().map(|x| x.as_ref()), &BlockOptions::top(wanted), par)?;
    let eigenvalues: Vec<f64> = found.eigenvalues.iter().map(|l| l * scale).collect();
    let residual_max = found.residual_max * scale;
    Ok(EigenPairs {
        d: cov.d(),
        p: cov.p(),
        plan,
        residual_max,
        orthonormality: orthonormality(found.vectors.as_ref(), par),
        truncation_bound: cov.truncation_bound(),
        null_dimension: cov.order(),
        completeness: Completeness::of_top(cov, &eigenvalues, residual_max, memory / 2, par)?,
        products: found.products,
        vectors: request.vectors.then_some(found.vectors),
        eigenvalues,
    })
}

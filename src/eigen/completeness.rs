//! Could an eigenvalue have been missed? Answers that do not trust the solver.

use super::dense::{full_eigenvalues, inertia};
use super::{SymmetricOperator, rounding_bound};
use crate::covariance::Covariance;
use crate::error::Result;
use crate::product::matmul;
use crate::sphere::{cumulative_dimension, uniform_sphere};
use crate::{seed, tolerance};
use faer::{Accum, Mat, Par};

/// Order of `A` up to which the top of the spectrum is checked by an inertia count: n³/3 flops, a few seconds.
const INERTIA_ORDER: usize = 2_000;

/// What is known about the eigenvalues that were *not* returned.
#[derive(Debug, Clone, PartialEq)]
pub struct Completeness {
    /// The leading eigenvalues that are certified to be the largest of Σ.
    pub certified: usize,
    /// By what argument, or why there is none, in words with the numbers that decide.
    pub how: String,
    /// `|tr − Σλ|` over the computed spectrum, in units of Σ, for a full spectrum.
    pub trace_defect: Option<f64>,
    /// `|‖·‖_F² − Σλ²|/‖·‖_F²`, for a full spectrum.
    pub frobenius_defect: Option<f64>,
}

impl Completeness {
    /// The full spectrum `values` of the symmetric matrix `a`, `scale` times which is Σ or its part: the trace and Frobenius identities must hold.
    pub(super) fn of_full(a: &Mat<f64>, values: &[f64], scale: f64, certified: usize, how: String) -> Self {
        let sum: f64 = values.iter().sum();
        let trace: f64 = (0..a.nrows()).map(|i| a[(i, i)]).sum();
        let squares: f64 = values.iter().map(|l| l * l).sum();
        let frobenius = a.norm_l2().powi(2);
        Self {
            certified,
            how,
            trace_defect: Some((sum - trace).abs() * scale),
            frobenius_defect: Some((squares - frobenius).abs() / frobenius),
        }
    }

    /// The top of a spectrum (`values` of Σ, descending), by the cheapest argument that decides.
    ///
    /// On small sizes Sylvester's law counts the eigenvalues above the last one. Else, at most `n_j` eigenvalues of Σ exceed
    /// `‖Σ_{>j}‖` (Weyl, since `Σ_{≤j}` has rank at most `n_j`): finding `n_j` above a bound on it leaves none to miss. The bound is
    /// `‖Σ_{>j}‖_F` where that suffices, else the probabilistic one of [`norm_bound`].
    pub(super) fn of_top(cov: &Covariance, values: &[f64], residual: f64, memory: u64, par: Par) -> Result<Self> {
        let claim = |certified: usize, how: String| Self { certified, how, trace_defect: None, frobenius_defect: None };
        let Some(&last) = values.last() else { return Ok(claim(0, "no eigenvalue was computed".into())) };
        let margin = 2.0 * residual + rounding_bound(cov.order() as f64, values[0]);
        if cov.order() <= INERTIA_ORDER {
            let a = cov.assemble();
            let count = |shift: f64| (inertia(a.as_ref(), shift / cov.scale()), values.iter().filter(|&&l| l > shift).count());
            // Below the last value; or above it, when the cluster it belongs to goes on.
            let (below, all) = count(last - margin);
            let (above, found) = if below == all { (below, all) } else { count(last + margin) };
            let certified = if above == found { found } else { 0 };
            let how = format!("Sylvester's law counts {above} eigenvalues down to {last:.6e}; {found} were found");
            return Ok(claim(certified, how));
        }
        let whole = |&j: &usize| cumulative_dimension(cov.d(), j).is_ok_and(|n| n <= values.len());
        let Some(j) = (0..=cov.levels().max_degree()).take_while(whole).last() else {
            return Ok(claim(0, "no whole group of levels was asked for".into()));
        };
        let n_j = cumulative_dimension(cov.d(), j)?;
        let rest = cov.beyond(j);
        let extra = cov.truncation_bound() + margin;
        let frobenius = rest.frobenius_norm() + extra;
        let above = |bound: f64| values.iter().filter(|&&l| l > bound).count();
        if above(frobenius) == n_j {
            let how = format!(
                "at most n_{j} = {n_j} eigenvalues exceed ‖Σ_>{j}‖_F = {frobenius:.3e}, and that many were found above it"
            );
            return Ok(claim(n_j, how));
        }
        let bound = norm_bound(&rest.operator(memory), par)? * cov.scale() + extra;
        let found = above(bound);
        let certified = if found == n_j { n_j } else { 0 };
        let how = format!(
            "at most n_{j} = {n_j} eigenvalues exceed ‖Σ_>{j}‖ ≤ {bound:.3e} (up to a probability of {:.0e}); {found} were found above it",
            tolerance::FAILURE
        );
        Ok(claim(certified, how))
    }
}

/// Lanczos steps for [`norm_bound`]: at n = 10⁶ the bound is within 20 % of the norm.
const STEPS: usize = 28;

/// A bound on the norm of a positive semidefinite operator that fails with probability at most [`tolerance::FAILURE`].
///
/// Lanczos with full reorthogonalisation from a start uniform on the sphere: after q steps the largest Ritz value θ satisfies
/// `P(θ < (1−ε)‖A‖) ≤ 1.648 √n exp(−√ε(2q−1))` (Kuczyński and Woźniakowski 1992, theorem 4.2), so `‖A‖ ≤ θ/(1−ε)`.
fn norm_bound(operator: &dyn SymmetricOperator, par: Par) -> Result<f64> {
    let n = operator.order();
    let steps = STEPS.min(n);
    let mut q = Mat::<f64>::zeros(n, steps);
    let mut h = Mat::<f64>::zeros(steps, steps);
    let mut next = uniform_sphere(&mut seed::stream(0, "norm bound", "start"), 1, n, 1.0).transpose().to_owned();
    let mut size = 0;
    while size < steps {
        q.as_mut().subcols_mut(size, 1).copy_from(&next);
        size += 1;
        operator.apply(q.as_ref().subcols(size - 1, 1), next.as_mut(), par)?;
        let basis = q.as_ref().subcols(0, size);
        for _ in 0..2 {
            let mut overlap = Mat::<f64>::zeros(size, 1);
            matmul(overlap.as_mut(), Accum::Replace, basis.transpose(), next.as_ref(), 1.0, par);
            matmul(next.as_mut(), Accum::Add, basis, overlap.as_ref(), -1.0, par);
            (0..size).for_each(|i| h[(i, size - 1)] += overlap[(i, 0)]);
        }
        let norm = next.norm_l2();
        if norm <= f64::EPSILON * h.norm_l2() {
            // An invariant subspace of a random start: with probability one it meets every eigenspace.
            return top(&h, size, par);
        }
        next *= faer::Scale(1.0 / norm);
    }
    let root = (1.648 * (n as f64).sqrt() / tolerance::FAILURE).ln() / (2 * size - 1) as f64;
    let epsilon = (root * root).min(1.0 - f64::EPSILON);
    Ok(top(&h, size, par)? / (1.0 - epsilon))
}

/// The largest eigenvalue of the leading block of the symmetric matrix whose upper triangle `h` holds.
fn top(h: &Mat<f64>, size: usize, par: Par) -> Result<f64> {
    let symmetric = Mat::from_fn(size, size, |i, j| h[(i.min(j), i.max(j))]);
    Ok(full_eigenvalues(symmetric.as_ref(), par)?[0])
}

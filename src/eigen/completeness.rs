//! Tests, independent of the solver, whether an eigenvalue could have been missed.

use super::{basis::Basis, dense::inertia};
use crate::covariance::Covariance;
use crate::error::Result;
use crate::operator::SymmetricOperator;
use crate::sphere::{cumulative_dimension, uniform_sphere};
use crate::{rounding, seed, tolerance};
use faer::{Mat, Par};

/// The order of `A` up to which an inertia count checks the top of the spectrum. It costs n³/3 flops, a few
/// seconds.
const INERTIA_ORDER: usize = 2_000;

/// A statement about the eigenvalues that were *not* returned.
#[derive(Debug, Clone, PartialEq)]
pub struct Completeness {
    /// The number of leading eigenvalues that are certified to be the largest of Σ.
    pub certified: usize,
    /// The argument that certifies them, or the reason why there is none, in words with the numbers that
    /// decide.
    pub how: String,
    /// `|tr − Σλ|`, the difference between the trace and the sum of the eigenvalues of a full spectrum, in
    /// units of Σ.
    pub trace_defect: Option<f64>,
    /// `|‖·‖_F² − Σλ²|/‖·‖_F²`, the relative difference between the squared Frobenius norm and the sum of
    /// the squared eigenvalues of a full spectrum.
    pub frobenius_defect: Option<f64>,
}

impl Completeness {
    /// The statement that nothing is known, with the reason.
    pub(super) fn unknown(why: &str) -> Self {
        Self { certified: 0, how: why.into(), trace_defect: None, frobenius_defect: None }
    }

    /// The statement for the full spectrum `values` of the symmetric matrix `a`, where `scale` times `a` is
    /// Σ or a part of it. It holds the trace and Frobenius identities against the spectrum.
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

    /// The statement for the largest eigenvalues `values` of Σ, descending, by the cheapest argument that
    /// decides.
    ///
    /// For small orders, Sylvester's law counts the eigenvalues above the last one. For large orders, at
    /// most `n_j` eigenvalues of Σ exceed `‖Σ_{>j}‖`, by Weyl's inequality, since `Σ_{≤j}` has rank at most
    /// `n_j`. If `n_j` computed eigenvalues exceed a bound on this norm, none is missing. The bound is
    /// `‖Σ_{>j}‖_F` where that suffices, and otherwise the probabilistic one of [`norm_bound`].
    pub(super) fn of_top(
        cov: &Covariance,
        values: &[f64],
        residual: f64,
        memory: u64,
        par: Par,
    ) -> Result<Self> {
        let claim = |certified: usize, how: String| Self {
            certified,
            how,
            trace_defect: None,
            frobenius_defect: None,
        };
        let Some(&last) = values.last() else { return Ok(claim(0, "no eigenvalue was computed".into())) };
        let margin = 2.0 * residual + rounding::eigen(cov.order(), values[0]);
        if cov.order() <= INERTIA_ORDER {
            let a = cov.assemble();
            let count = |shift: f64| {
                (inertia(a.as_ref(), shift / cov.scale()), values.iter().filter(|&&l| l > shift).count())
            };
            // The count is taken below the last value, or above it where the cluster of the last value goes
            // on.
            let (below, all) = count(last - margin);
            let (above, found) = if below == all { (below, all) } else { count(last + margin) };
            let certified = if above == found { found } else { 0 };
            let how =
                format!("Sylvester's law counts {above} eigenvalues down to {last:.6e}; {found} were found");
            return Ok(claim(certified, how));
        }
        let whole = |&j: &usize| cumulative_dimension(cov.d(), j).is_ok_and(|n| n <= values.len());
        let Some(j) = (0..=cov.levels().max_degree()).take_while(whole).last() else {
            return Ok(claim(0, "no whole group of levels was asked for".into()));
        };
        let n_j = cumulative_dimension(cov.d(), j)?;
        let rest = cov.beyond(j);
        let extra = cov.truncation_bound() + margin;
        let above = |bound: f64| values.iter().filter(|&&l| l > bound).count();
        // The Frobenius norm costs p²/2 kernels, and is computed where its limit at infinite width is small
        // enough.
        let limit: f64 = cov.levels().levels.iter().skip(j + 1).map(|l| l.tau * l.kappa).sum();
        if above(limit.sqrt()) == n_j {
            let frobenius = rest.frobenius_norm() + extra;
            if above(frobenius) == n_j {
                let how = format!(
                    "at most n_{j} = {n_j} eigenvalues exceed ‖Σ_>{j}‖_F = {frobenius:.3e}, and that many \
                     were found above it"
                );
                return Ok(claim(n_j, how));
            }
        }
        // The norm is bounded until the bound decides, and no further.
        let decides = |norm: f64| above(norm * cov.scale() + extra) == n_j;
        let bound = norm_bound(&rest.mixed_operator(memory), decides, par)? * cov.scale() + extra;
        let found = above(bound);
        let certified = if found == n_j { n_j } else { 0 };
        let how = format!(
            "at most n_{j} = {n_j} eigenvalues exceed ‖Σ_>{j}‖ ≤ {bound:.3e} (up to a probability of \
             {:.0e}); {found} were found above it",
            tolerance::FAILURE
        );
        Ok(claim(certified, how))
    }
}

/// A bound on `‖Σ_{>k}‖` is improved until it is below this fraction of λ_{n_k}: the gap is then known to a
/// third, and with it the turn of a space that a residual allows.
const DECISIVE: f64 = 0.25;
/// A bound above this fraction of λ_{n_k} leaves a gap of which too much is lost.
const USELESS: f64 = 0.5;

impl Completeness {
    /// The statement for the n_k largest eigenvalues `values` of Σ, descending, with a bound that
    /// λ_{n_k + 1} of the truncated Σ does not exceed: one on `‖Σ_{>k}‖`, by Weyl's inequality, since the
    /// rank of `Σ_{≤k}` is at most n_k. The bound is that of [`norm_bound`]. `None` where it is not far below
    /// λ_{n_k}.
    pub(super) fn of_whole(
        cov: &Covariance,
        values: &[f64],
        residual: f64,
        k: usize,
        memory: u64,
        par: Par,
    ) -> Result<Option<(Self, f64)>> {
        let Some(&last) = values.last() else { return Ok(None) };
        let decides = |norm: f64| norm * cov.scale() <= DECISIVE * last;
        let next = norm_bound(&cov.beyond(k).mixed_operator(memory), decides, par)? * cov.scale();
        let margin = 2.0 * residual + rounding::eigen(cov.order(), values[0]);
        let (certified, bound) = (values.len(), next + cov.truncation_bound() + margin);
        if !(next <= USELESS * last && bound < last) {
            return Ok(None);
        }
        let how = format!(
            "at most n_{k} = {certified} eigenvalues exceed ‖Σ_>{k}‖ ≤ {bound:.3e} (up to a probability of \
             {:.0e}); {certified} were found above it",
            tolerance::FAILURE
        );
        Ok(Some((Self { certified, how, trace_defect: None, frobenius_defect: None }, next)))
    }
}

/// The most steps of [`norm_bound`]. At n = 10⁶ the bound is then within 10 % of the norm.
const STEPS: usize = 20;
/// Directions in a step. A product with four directions costs little more than with one, and four starts
/// halve the steps.
const STARTS: usize = 4;
/// The rounding that is allowed in a product of mixed precision, relative to the norm: three hundred times
/// the 3e-8 that was measured at d = 100, m = 10 000.
const ROUGH: f64 = 1e-5;

/// A bound on the norm of a positive semidefinite operator, which fails with probability at most
/// [`tolerance::FAILURE`]. It is improved until `decides` accepts it, or for [`STEPS`] steps.
///
/// The method is block Lanczos with full reorthogonalisation from [`STARTS`] independent directions. From
/// one direction, uniform on the sphere, the largest Ritz value θ after q steps satisfies
/// `P(θ < (1−ε)‖A‖) ≤ 1.648 √n exp(−√ε(2q−1))` (Kuczyński and Woźniakowski 1992, theorem 4.2). The block
/// contains the Krylov space of every direction, so that the bound `‖A‖ ≤ θ/(1−ε)` fails only where the
/// bounds of all directions fail. The probability is divided among the steps, since the bound is used after
/// each of them.
fn norm_bound(operator: &dyn SymmetricOperator, decides: impl Fn(f64) -> bool, par: Par) -> Result<f64> {
    let n = operator.order();
    let mut basis = Basis::new(operator, (STARTS * STEPS).min(n), par);
    let mut work = uniform_sphere(&mut seed::stream(0, "norm bound", "start"), STARTS.min(n), n, 1.0)
        .transpose()
        .to_owned();
    let allowed = (tolerance::FAILURE / STEPS as f64).powf(1.0 / STARTS as f64);
    let exponent = (1.648 * (n as f64).sqrt() / allowed).ln();
    let mut bound = f64::INFINITY;
    for q in 1..=STEPS {
        let added = basis.extend(work.as_mut(), tolerance::DEPENDENT)?;
        let (theta, _) = basis.ritz(basis.size)?;
        let largest = theta[0].max(0.0) * (1.0 + ROUGH);
        // The subspace is invariant. With probability one a random start has a part in every eigenspace.
        if added == 0 || basis.size == n {
            return Ok(largest);
        }
        let epsilon = (exponent / (2 * q - 1) as f64).powi(2);
        if epsilon < 1.0 {
            bound = bound.min(largest / (1.0 - epsilon));
        }
        tracing::debug!(step = q, ritz = largest, bound, "a bound on the norm of the rest");
        if decides(bound) || basis.size + STARTS > basis.capacity {
            break;
        }
        work = basis.last_products(added);
    }
    Ok(bound)
}

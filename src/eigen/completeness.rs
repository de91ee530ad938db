//! Could an eigenvalue have been missed? Answers that do not trust the solver.

use super::dense::inertia;
use super::rounding_bound;
use crate::covariance::Covariance;
use crate::sphere::cumulative_dimension;
use faer::Mat;

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
    /// A full spectrum: nothing can be missed, but the trace and Frobenius identities must hold.
    pub(super) fn of_full(a: &Mat<f64>, values: &[f64], cov: &Covariance) -> Self {
        let n = a.nrows();
        let sum: f64 = values.iter().sum();
        let trace: f64 = (0..n).map(|i| a[(i, i)]).sum();
        let squares: f64 = values.iter().map(|l| l * l).sum();
        let frobenius = a.norm_l2().powi(2);
        Self {
            certified: n,
            how: "full spectrum, held to the trace and Frobenius identities".into(),
            trace_defect: Some((sum - trace).abs() * cov.scale()),
            frobenius_defect: Some((squares - frobenius).abs() / frobenius),
        }
    }

    /// The top of a spectrum (`values` of Σ, descending), by the cheapest argument that decides.
    ///
    /// On small sizes Sylvester's law counts the eigenvalues above the last one. Else, at most `n_j` eigenvalues of Σ exceed
    /// `‖Σ_{>j}‖ ≤ ‖Σ_{>j}‖_F` (Weyl, since `Σ_{≤j}` has rank at most `n_j`): finding `n_j` above it leaves none to miss.
    pub(super) fn of_top(cov: &Covariance, values: &[f64], residual: f64) -> Self {
        let undecided = |how: String| Self { certified: 0, how, trace_defect: None, frobenius_defect: None };
        let Some(&last) = values.last() else { return undecided("no eigenvalue was computed".into()) };
        let margin = 2.0 * residual + rounding_bound(cov.order() as f64, values[0]);
        if cov.order() <= INERTIA_ORDER {
            let shift = last + margin;
            let above = inertia(cov.assemble().as_ref(), shift / cov.scale());
            let found = values.iter().filter(|&&l| l > shift).count();
            if above == found {
                let how = format!("Sylvester's law: {above} eigenvalues above {shift:.6e}, all of them found");
                return Self { certified: found, ..undecided(how) };
            }
            return undecided(format!("Sylvester's law counts {above} eigenvalues above {shift:.6e}, but {found} were found"));
        }
        let mut best = undecided("no whole group of levels was asked for: n_0 = 1".into());
        for j in 0..=cov.levels().max_degree() {
            let Ok(n_j) = cumulative_dimension(cov.d(), j) else { break };
            if n_j > values.len() {
                break;
            }
            let bound = cov.beyond(j).frobenius_norm() + cov.truncation_bound() + margin;
            let found = values.iter().filter(|&&l| l > bound).count();
            if found == n_j {
                let how = format!(
                    "at most n_{j} = {n_j} eigenvalues of Σ exceed ‖Σ_>{j}‖_F = {bound:.3e} (Weyl), and {found} were found above it"
                );
                best = Self { certified: found, ..undecided(how) };
            } else if best.certified == 0 {
                best.how = format!("‖Σ_>{j}‖_F = {bound:.3e} is not below the eigenvalue n_{j} = {n_j}: no certificate");
            }
        }
        best
    }
}

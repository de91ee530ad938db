//! Bounds on the distance of the eigenvalues of Σ from those at infinite width.

use crate::error::Result;
use crate::sphere::{self, FeatureLevels};

/// Bounds `(below, both sides)` on the relative deviation of the eigenvalues of degree ≤ j from κ, for p
/// neurons with independent weights that are uniform on the sphere. Each bound is exceeded with probability
/// at most η, the argument `failure`.
///
/// The Gram matrix of the columns of Ψ up to degree j, each divided by `√κ`, is an average of p independent
/// positive semidefinite matrices of mean 1 and of norm at most `L = max(Σ â_i²/κ_i, Σ ĉ_i²/κ_i)`, the same
/// for every weight. The matrix Chernoff bounds give `√(2L ln(n_j/η)/p)` below and `√(3L ln(2n_j/η)/p)` on
/// both sides (the latter where it is at most 1), and Ostrowski's theorem carries them to each eigenvalue of
/// `Σ_{≤j}` relative to its κ.
///
/// # Errors
/// d < 3, or more harmonics of degree ≤ j than fit in memory.
///
/// # Panics
/// If j exceeds the degree of the levels.
pub fn level_deviation(levels: &FeatureLevels, j: usize, p: usize, failure: f64) -> Result<(f64, f64)> {
    let share = |hat: fn(&sphere::Level) -> f64| {
        let terms = levels.levels[..=j].iter().filter(|l| l.kappa > 0.0);
        terms.map(|l| hat(l).powi(2) / l.kappa).sum::<f64>()
    };
    let largest = share(|l| l.a_hat).max(share(|l| l.c_hat));
    let (n, p) = (sphere::cumulative_dimension(levels.d, j)? as f64, p as f64);
    Ok((
        (2.0 * largest * (n / failure).ln() / p).sqrt(),
        (3.0 * largest * (2.0 * n / failure).ln() / p).sqrt(),
    ))
}

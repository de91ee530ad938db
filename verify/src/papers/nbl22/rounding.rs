//! Rounding: bounds that are guaranteed for sums, and the statistical one of a dense eigenproblem.
//!
//! The terms of a sum may be equal, or of one sign, and then their roundings add up: sums carry the bound of
//! the worst case, linear in their number whatever the order of summation. Householder transformations mix
//! what they round, and for an eigendecomposition √n is what is observed and what LAPACK's users rely on:
//! `8ε√n` is statistical, with a factor ten or so to spare.

use escapement::covariance::Covariance;

/// The rounding of a sum relative to the sum of the moduli of its terms: `terms` additions in any order, and
/// `each` roundings in every term. Guaranteed, up to its own square.
pub fn sum(terms: usize, each: usize) -> f64 {
    0.5 * f64::EPSILON * (terms + each) as f64
}

/// Rounding of the Gram matrix ΨᵀΨ, or of the trace of Σ: sums over pd entries of products whose moduli add
/// up to at most the trace, each with 8 roundings for every degree of the recurrences. Guaranteed, and in
/// operator norm no larger than in trace.
pub fn gram(cov: &Covariance) -> f64 {
    sum(cov.order(), 8 * cov.levels().levels.len()) * cov.trace()
}

/// Backward error of a dense symmetric eigenproblem of order n: `8ε√n·λ_max`, as in the core. Statistical.
pub fn eigen(n: usize, largest: f64) -> f64 {
    8.0 * f64::EPSILON * (n as f64).sqrt() * largest
}

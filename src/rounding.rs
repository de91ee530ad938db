//! Rounding: bounds that are guaranteed for sums, and the statistical one of a dense eigenproblem.
//!
//! The terms of a sum may be equal, or of one sign, and then their roundings add up: sums carry the bound of
//! the worst case, linear in their number whatever the order of summation. Householder transformations mix
//! what they round, and for an eigendecomposition √n is what is observed and what LAPACK's users rely on:
//! `8ε√n` is statistical, with a factor ten or so to spare.

/// The rounding of a sum relative to the sum of the moduli of its terms: `terms` additions in any order, and
/// `each` roundings in every term. Guaranteed, up to its own square.
pub fn sum(terms: usize, each: usize) -> f64 {
    0.5 * f64::EPSILON * (terms + each) as f64
}

/// Backward error of a dense symmetric eigenproblem of order n whose largest eigenvalue in modulus is
/// `largest`: `8ε√n·|largest|`. Householder tridiagonalisation and divide and conquer are backward stable
/// with errors that grow like √n. Statistical.
pub fn eigen(n: usize, largest: f64) -> f64 {
    8.0 * f64::EPSILON * (n as f64).sqrt() * largest.abs()
}

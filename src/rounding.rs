//! Bounds on rounding: a guaranteed one for sums, and a statistical one for dense eigenproblems.
//!
//! The roundings of a sum whose terms are equal, or have one sign, add up. A sum therefore carries the bound
//! of the worst case, which is linear in the number of terms, whatever the order of summation. The rounding
//! of a dense eigendecomposition is observed to grow like √n in the order n, since Householder
//! transformations mix the roundings; the bound `8ε√n` rests on this observation, and is about ten times
//! what is seen.

/// A bound on the rounding of a sum, relative to the sum of the moduli of its terms: `terms` additions in
/// any order, and `each` roundings in every term. The bound is guaranteed to first order in ε.
pub fn sum(terms: usize, each: usize) -> f64 {
    0.5 * f64::EPSILON * (terms + each) as f64
}

/// A statistical bound on the backward error of a dense symmetric eigenproblem of order n whose largest
/// eigenvalue in modulus is `largest`: `8ε√n·|largest|`, in the units of the eigenvalue.
pub fn eigen(n: usize, largest: f64) -> f64 {
    8.0 * f64::EPSILON * (n as f64).sqrt() * largest.abs()
}

//! Bounds on rounding: a guaranteed one for sums, and a statistical one for dense eigenproblems; and signs
//! of sums without any.
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

/// −1, 0 or 1: the sign of `Σ_c a_c b_c`, whatever the rounding of the sum. The products are sums of two
/// numbers by fused multiply-add, and their sum is Shewchuk's expansion, whose last term that is not zero
/// has the sign of the whole. It is exact where no product overflows or falls below 2⁻⁹⁶⁹.
pub(crate) fn sign<'a>(a: impl Iterator<Item = &'a f64>, b: impl Iterator<Item = &'a f64>) -> f64 {
    let mut expansion: Vec<f64> = Vec::new();
    let mut grow = |mut carry: f64| {
        for part in &mut expansion {
            let sum = *part + carry;
            let other = sum - *part;
            *part = (*part - (sum - other)) + (carry - other);
            carry = sum;
        }
        expansion.push(carry);
    };
    for (a, b) in a.zip(b) {
        let product = a * b;
        grow(a.mul_add(*b, -product));
        grow(product);
    }
    expansion.iter().rev().find(|part| **part != 0.0).map_or(0.0, |part| part.signum())
}

#[cfg(test)]
mod tests {
    use super::sign;

    #[test]
    fn cancelled_sums_keep_their_sign() {
        let sign = |a: &[f64], b: &[f64]| sign(a.iter(), b.iter());
        assert_eq!(sign(&[1e20, 1.0, -1e20], &[1.0, 1e-9, 1.0]), 1.0);
        assert_eq!(sign(&[0.1, 0.3], &[0.3, -0.1]), 0.0);
        // 0.1·3 exceeds 0.3 in binary, by less than the rounding of the product.
        assert_eq!(sign(&[0.1, 0.3], &[3.0, -1.0]), 1.0);
        assert_eq!(sign(&[-0.0], &[1.0]), 0.0);
    }
}

//! The sign of an inner product of f64 vectors, exactly.

/// −1, 0 or 1: the sign of `Σ_c a_c b_c`, whatever the rounding of the sum. The products are sums of two
/// numbers by fused multiply-add, and their sum is Shewchuk's expansion, whose last term that is not zero
/// has the sign of the whole. It is exact where no product overflows or falls below 2⁻⁹⁶⁹.
pub(super) fn of_product<'a>(a: impl Iterator<Item = &'a f64>, b: impl Iterator<Item = &'a f64>) -> f64 {
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
    use super::of_product;

    #[test]
    fn cancelled_sums_keep_their_sign() {
        let sign = |a: &[f64], b: &[f64]| of_product(a.iter(), b.iter());
        assert_eq!(sign(&[1e20, 1.0, -1e20], &[1.0, 1e-9, 1.0]), 1.0);
        assert_eq!(sign(&[0.1, 0.3], &[0.3, -0.1]), 0.0);
        // 0.1·3 exceeds 0.3 in binary, by less than the rounding of the product.
        assert_eq!(sign(&[0.1, 0.3], &[3.0, -1.0]), 1.0);
        assert_eq!(sign(&[-0.0], &[1.0]), 0.0);
    }
}

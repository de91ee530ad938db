//! Double-double arithmetic for a three-term recurrence: a number of about 31 digits is kept as the
//! unevaluated sum of two f64.
//!
//! The sums and products are the error-free ones of Dekker and Knuth. They use no fused multiply-add, so
//! that every machine computes the same bits.

/// `hi + lo` with `|lo| ≤ ½ ulp(hi)`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Double {
    pub hi: f64,
    pub lo: f64,
}

/// `a + b` exactly, for any order of magnitude.
fn two_sum(a: f64, b: f64) -> Double {
    let hi = a + b;
    let b_seen = hi - a;
    Double { hi, lo: (a - (hi - b_seen)) + (b - b_seen) }
}

/// `a + b` exactly, for `|a| ≥ |b|`.
fn quick_two_sum(a: f64, b: f64) -> Double {
    let hi = a + b;
    Double { hi, lo: b - (hi - a) }
}

/// `a` as the sum of two numbers of 26 bits.
fn split(a: f64) -> (f64, f64) {
    let t = 134_217_729.0 * a; // 2^27 + 1
    let high = t - (t - a);
    (high, a - high)
}

/// `a·b` exactly, short of overflow and underflow.
fn two_product(a: f64, b: f64) -> Double {
    let hi = a * b;
    let ((a1, a2), (b1, b2)) = (split(a), split(b));
    Double { hi, lo: ((a1 * b1 - hi) + a1 * b2 + a2 * b1) + a2 * b2 }
}

impl Double {
    pub fn new(hi: f64) -> Self {
        Self { hi, lo: 0.0 }
    }

    pub fn minus(self, other: Self) -> Self {
        let s = two_sum(self.hi, -other.hi);
        quick_two_sum(s.hi, s.lo + (self.lo - other.lo))
    }

    pub fn times(self, other: Self) -> Self {
        let p = two_product(self.hi, other.hi);
        quick_two_sum(p.hi, p.lo + (self.hi * other.lo + self.lo * other.hi))
    }

    pub fn over(self, other: Self) -> Self {
        let q = self.hi / other.hi;
        let rest = self.minus(other.times(Self::new(q)));
        quick_two_sum(q, rest.hi / other.hi)
    }

    /// The square root of a positive number.
    pub fn sqrt(self) -> Self {
        let s = self.hi.sqrt();
        let rest = self.minus(two_product(s, s));
        quick_two_sum(s, rest.hi / (2.0 * s))
    }

    /// The product with a power of two, which is exact.
    pub fn scaled(self, power_of_two: f64) -> Self {
        Self { hi: self.hi * power_of_two, lo: self.lo * power_of_two }
    }
}

#[cfg(test)]
mod tests {
    use super::Double;

    #[test]
    fn thirty_digits() {
        // √2 to 32 digits, split by hand: 1.4142135623730951 − 9.667293313452913e-17.
        let root = Double::new(2.0).sqrt();
        assert_eq!(root.hi, std::f64::consts::SQRT_2);
        // One unit in the last place of the low part, 2⁻¹⁰⁵ of the value.
        assert!((root.lo + 9.667_293_313_452_913e-17).abs() <= 2.0_f64.powi(-105));
        let back = root.times(root).minus(Double::new(2.0));
        assert!(back.hi.abs() < 1e-31);
        let third = Double::new(1.0).over(Double::new(3.0));
        let back = third.times(Double::new(3.0)).minus(Double::new(1.0));
        assert!(third.lo != 0.0 && back.hi.abs() < 1e-31);
    }
}

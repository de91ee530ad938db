//! *Z: one polynomial.* A polynomial p = 2^-q Σ c_k T_k(u/L) is shown to be near σ on [−L, L] by the
//! differential equation that σ satisfies; the coefficients themselves need no trust.
//!
//! With v = u − b, X = L + |b| and L ≥ |b|, the defect r is again a polynomial:
//!
//! | σ | p is near | r | p(b) is near | Z3 | δ₁ | δ₂ |
//! |---|---|---|---|---|---|---|
//! | sigmoid | σ | p′ − p(1−p) | 1/2 | ε₀ + X(η + Y²) < Y | Y(1+Y) + η | δ₁ + 2Y(1/4 + δ₁) + η′ |
//! | tanh | σ | p′ − 1 + p² | 0 | the same | Y(2+Y) + η | 2δ₁ + 2Y(1 + δ₁) + η′ |
//! | erf | g = exp(−v²) | p′ + 2vp | 1 | ε₀ + Xη < Y | Y | 2XY |
//!
//! Here ε₀ is the error at b, and η = Σ|r_k|, η′ = Σ|(r′)_k| bound |r| and |r′| on [−L, L], since |T_k| ≤ 1.
//!
//! *Proof.* Sigmoid: e = σ − p has e′ = (1 − 2σ)e + e² − r. To the right of b, 1 − 2σ ≤ 0; to the left, in
//! x = b − u, the sign of e′ and that of 1 − 2σ both change. In both directions d|e|/dx ≤ e² + η. If |e|
//! reached Y, first at the distance x ≤ X, it would be at most ε₀ + X(η + Y²) < Y there. Hence |e| < Y on
//! [−L, L]. Tanh: e′ = −2σe + e² − r likewise; erf: e′ = −2ve − r. The errors of derivatives: σ′ − p′ =
//! e(1 − 2σ + e) − r, and σ″ − p″ = (σ′ − p′)(1 − 2σ) − 2ep′ − r′ with |p′| ≤ 1/4 + δ₁; tanh alike. For erf,
//! σ′ = (2/√π)g and σ″ = (2/√π)(−2vg): p stands for g, −2vp for −2vg, with |v| ≤ X. ∎

use super::ball::{Ball, modulus};
use super::certificate::{Activation, Certificate, Dimension};
use super::{Rejection, reject};
use num_bigint::{BigInt, Sign};

/// `num/den · Σ_i powers[i] (u/L)^i`.
#[derive(Debug)]
pub struct Polynomial {
    /// The coefficients of the powers of u/L.
    pub powers: Vec<BigInt>,
    /// The numerator of the common factor.
    pub num: BigInt,
    /// The denominator of the common factor, positive.
    pub den: BigInt,
}

/// Polynomials near σ′ and σ″ on [−L, L], each divided by `factor`, and bounds on their errors.
#[derive(Debug)]
pub struct Approximation {
    /// Stands for σ′/factor.
    pub first: Polynomial,
    /// Stands for σ″/factor.
    pub second: Polynomial,
    /// A bound on the error of `first`.
    pub delta1: Ball,
    /// A bound on the error of `second`.
    pub delta2: Ball,
    /// sup |σ′|/factor.
    pub slope: Ball,
    /// 2/√π for erf, else 1.
    pub factor: Ball,
    /// L as numerator and denominator.
    pub half_width: [BigInt; 2],
    /// The Chebyshev coefficients of `first`, without the factor num/den.
    series: Vec<BigInt>,
}

/// Twice the product of two series: `2 T_i T_j = T_{i+j} + T_{|i−j|}`.
fn twice_product(a: &[BigInt], b: &[BigInt]) -> Vec<BigInt> {
    let mut out = vec![BigInt::ZERO; a.len() + b.len() - 1];
    for (i, x) in a.iter().enumerate() {
        for (j, y) in b.iter().enumerate() {
            let xy = x * y;
            out[i.abs_diff(j)] += &xy;
            out[i + j] += xy;
        }
    }
    out
}

/// The derivative in x: `c′_{k−1} = c′_{k+1} + 2k c_k`, and c′_0 halved, which is Σ k c_k over odd k.
fn derivative(c: &[BigInt]) -> Vec<BigInt> {
    let mut out = vec![BigInt::ZERO; c.len() + 1];
    for k in (1..c.len()).rev() {
        out[k - 1] = &out[k + 1] + &c[k] * 2 * k;
    }
    out[0] = &out[0] >> 1u32;
    out.truncate((c.len() - 1).max(1));
    out
}

/// The coefficients of the powers of x, by Clenshaw's recurrence `b_k = c_k + 2x b_{k+1} − b_{k+2}`.
fn powers(c: &[BigInt]) -> Vec<BigInt> {
    let mut next = vec![BigInt::ZERO; c.len() + 1];
    let mut after = next.clone();
    for k in (0..c.len()).rev() {
        // b_0 takes x b_1 in place of 2x b_1. The degree of b_k is at most N − k.
        let twice = u32::from(k > 0);
        after[0] = &c[k] - &after[0];
        for i in 1..c.len() - k {
            after[i] = (&next[i - 1] << twice) - &after[i];
        }
        std::mem::swap(&mut next, &mut after);
    }
    next.truncate(c.len());
    next
}

/// Σ c_k T_k(x/y)·y^N, with N the last degree.
fn value(c: &[BigInt], x: &BigInt, y: &BigInt) -> BigInt {
    // t and before are T_k y^k and T_{k−1} y^{k−1}; T_{−1} = T_1 = x.
    let (mut t, mut before, y2) = (BigInt::from(1), x.clone(), y * y);
    let mut sum = BigInt::ZERO;
    for (k, c) in c.iter().enumerate() {
        sum = sum * y + c * &t;
        let next = x * &t * 2 - if k == 0 { before } else { &before * &y2 };
        before = std::mem::replace(&mut t, next);
    }
    sum
}

/// A bound on a series: the sum of the moduli of its coefficients, over `den`.
fn sum_of_moduli(c: &[BigInt], den: &BigInt) -> Ball {
    Ball::ratio(&c.iter().map(modulus).sum(), den)
}

/// `a·x + b·y` for series x and y.
fn combine(a: &BigInt, x: &[BigInt], b: &BigInt, y: &[BigInt]) -> Vec<BigInt> {
    let at = |z: &[BigInt], i| z.get(i).cloned().unwrap_or_default();
    (0..x.len().max(y.len())).map(|i| a * at(x, i) + b * at(y, i)).collect()
}

impl Approximation {
    /// Checks obligations Z1 to Z4, and returns the polynomials with their errors.
    pub fn new(certificate: &Certificate<'_>) -> Result<Self, Rejection> {
        let (c, erf) = (&certificate.coefficients, certificate.activation == Activation::Erf);
        let (b, l, y) = (&certificate.shift, &certificate.width, &certificate.bound);
        let one = BigInt::from(1);

        if l.num.sign() != Sign::Plus || y.num.sign() != Sign::Plus {
            return reject("Z1", "L and Y must be positive");
        }
        if modulus(&b.num) * &l.den > &l.num * &b.den {
            return reject("Z1", "L must be at least |b|");
        }
        let (least, most) = match certificate.dimension {
            Dimension::One(d) => (d, d),
            Dimension::Every { d0, d1 } => (d0, d0.max(d1)),
        };
        if least < 3 || &l.num * &l.num < &l.den * &l.den * most {
            let why = format!("d must be at least 3 and L^2 at least d, for d from {least} to {most}");
            return reject("Z2", why);
        }

        // p′ = 2^-q/L Σ slope_k T_k. The defect is r = Σ defect_k T_k / den.
        let slope = derivative(c);
        let unit = &one << certificate.scale;
        let quadratic = |linear: Vec<BigInt>| combine(&one, &linear, &l.num, &twice_product(c, c));
        let (steep, den2) = (&l.den * &unit * 2, &unit * &unit * &l.num * 2);
        let (defect, den, twice_at_b) = match certificate.activation {
            Activation::Sigmoid => (quadratic(combine(&steep, &slope, &(&l.num * &unit * -2), c)), den2, 1),
            Activation::Tanh => {
                (quadratic(combine(&steep, &slope, &-&den2, std::slice::from_ref(&one))), den2, 0)
            }
            Activation::Erf => {
                // v·L.den·b.den as a series in u/L; twice_product makes 2vp of it.
                let v = [-(&b.num * &l.den), &l.num * &b.den];
                let steep = &l.den * &l.den * &b.den;
                let den = &unit * &l.num * &l.den * &b.den;
                (combine(&steep, &slope, &l.num, &twice_product(&v, c)), den, 2)
            }
        };
        let eta = sum_of_moduli(&defect, &den);
        let eta1 = sum_of_moduli(&derivative(&defect), &den).scale(&l.den, &l.num);

        // p(b), with b/L = (b.num L.den)/(b.den L.num).
        let (x, w) = (&b.num * &l.den, &b.den * &l.num);
        let power = u32::try_from(c.len() - 1).map_or(BigInt::ZERO, |n| w.pow(n));
        let at_b = Ball::ratio(&value(c, &x, &w), &(power * &unit));
        let epsilon0 = (&at_b - &Ball::ratio(&BigInt::from(twice_at_b), &BigInt::from(2))).abs();
        let reach = &Ball::from(l) + &Ball::from(b).abs();
        let y = Ball::from(y);
        let growth = if erf { eta.clone() } else { &eta + &y.square() };
        let needed = &epsilon0 + &(&reach * &growth);
        if needed.upper() >= y.lower() {
            let [y, needed] = [y.lower().bits(), needed.upper().bits()];
            let why =
                format!("it has {y} binary digits in units of 2^-192, and must exceed one of {needed}");
            return reject("Z3", format!("the a priori bound Y does not close: {why}"));
        }

        let whole = |n: i32| Ball::whole(n);
        let (delta1, delta2, sup) = match certificate.activation {
            Activation::Sigmoid => {
                let quarter = Ball::ratio(&one, &BigInt::from(4));
                let delta1 = &(&y * &(&whole(1) + &y)) + &eta;
                let product = &y * &(&quarter + &delta1);
                (delta1.clone(), &(&delta1 + &product.times(2)) + &eta1, quarter)
            }
            Activation::Tanh => {
                let delta1 = &(&y * &(&whole(2) + &y)) + &eta;
                let product = &y * &(&whole(1) + &delta1);
                (delta1.clone(), &(&delta1 + &product).times(2) + &eta1, whole(1))
            }
            Activation::Erf => (y.clone(), (&reach * &y).times(2), whole(1)),
        };
        let Some(inverse_of_pi) = Ball::pi().inverse() else { return reject("Z4", "pi is not positive") };
        let (first, second, factor) = if erf {
            // −2vp = 2(b − u)p; 2 T_i T_j is what twice_product sums.
            let v = [&b.num * &l.den, -(&l.num * &b.den)];
            let second = Polynomial {
                powers: powers(&twice_product(&v, c)),
                num: one.clone(),
                den: &unit * &l.den * &b.den,
            };
            (Polynomial { powers: powers(c), num: one, den: unit }, second, inverse_of_pi.root().times(2))
        } else {
            let second = Polynomial {
                powers: powers(&derivative(&slope)),
                num: &l.den * &l.den,
                den: &l.num * &l.num * &unit,
            };
            (
                Polynomial { powers: powers(&slope), num: l.den.clone(), den: &l.num * &unit },
                second,
                whole(1),
            )
        };
        let series = if erf { c.clone() } else { slope };
        let half_width = [l.num.clone(), l.den.clone()];
        Ok(Self { first, second, delta1, delta2, slope: sup, factor, half_width, series })
    }

    /// The square of `first`.
    pub fn square(&self) -> Polynomial {
        let (num, den) = (&self.first.num * &self.first.num, &self.first.den * &self.first.den * 2);
        Polynomial { powers: powers(&twice_product(&self.series, &self.series)), num, den }
    }
}

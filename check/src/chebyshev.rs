//! *Z: one polynomial.* A polynomial p = 2^-q Σ c_k T_k(u/L) is shown to be near σ on [−L, L] by the
//! differential equation that σ satisfies; the coefficients themselves need no trust.
//!
//! With v = u − b, X = L + |b| and L ≥ |b|, the defect r is again a polynomial:
//!
//! | σ | p is near | r | p(b) is near | Z3 | δ₁ | δ₂ |
//! |---|---|---|---|---|---|---|
//! | sigmoid | σ | p′ + p(p − 1) | 1/2 | ε₀ + X(η + Y²) < Y | Y(1+Y) + η | δ₁ + 2Y(1/4 + δ₁) + η′ |
//! | tanh | σ | p′ + p² − 1 | 0 | the same | Y(2+Y) + η | 2δ₁ + 2Y(1 + δ₁) + η′ |
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

use super::{BigInt, Certificate, Checked, Interval, Rational, ensure};

/// `Σ c_k T_k(u/L) / den`, or `Σ c_k (u/L)^k / den`.
pub struct Polynomial {
    /// The coefficients.
    pub c: Vec<BigInt>,
    /// The denominator, positive.
    pub den: BigInt,
}

impl Polynomial {
    /// The sum.
    fn plus(&self, other: &Self) -> Self {
        let mut c = vec![BigInt::ZERO; self.c.len().max(other.c.len())];
        for (x, factor) in [(self, &other.den), (other, &self.den)] {
            c.iter_mut().zip(&x.c).for_each(|(sum, x)| *sum += x * factor);
        }
        Self { c, den: &self.den * &other.den }
    }

    /// The product of series: `2 T_i T_j = T_{i+j} + T_{|i−j|}`.
    pub fn times(&self, other: &Self) -> Self {
        let mut c = vec![BigInt::ZERO; self.c.len() + other.c.len() - 1];
        for (i, x) in self.c.iter().enumerate() {
            for (j, y) in other.c.iter().enumerate() {
                let product = x * y;
                c[i.abs_diff(j)] += &product;
                c[i + j] += product;
            }
        }
        Self { c, den: &self.den * &other.den * 2 }
    }

    /// The derivative of a series in u: `c′_{k−1} = c′_{k+1} + 2k c_k/L`, and c′_0 halved.
    fn derivative(&self, l: &Rational) -> Self {
        let mut c = vec![BigInt::ZERO; self.c.len() + 1];
        for k in (1..self.c.len()).rev() {
            c[k - 1] = &c[k + 1] + &self.c[k] * (2 * k) * &l.den;
        }
        c[0] >>= 1;
        Self { c, den: &self.den * &l.num }
    }

    /// A bound on a series: the sum of the moduli of its coefficients.
    fn bound(&self) -> Interval {
        let sum: BigInt = self.c.iter().map(|c| BigInt::from(c.magnitude().clone())).sum();
        Interval::whole(sum).scale(1, self.den.clone())
    }

    /// A series in powers of x = u/L, by Clenshaw's recurrence `b_k = c_k + 2x b_{k+1} − b_{k+2}`.
    pub fn powers(&self) -> Self {
        let (mut b, mut after) = (Vec::<BigInt>::new(), Vec::new());
        for c in self.c.iter().rev() {
            let mut next: Vec<_> = std::iter::once(c.clone()).chain(b.iter().map(|b| b * 2)).collect();
            next.iter_mut().zip(&after).for_each(|(b, after)| *b -= after);
            (b, after) = (next, b);
        }
        // The sum is b_0 − x b_1.
        b[1..].iter_mut().zip(&after).for_each(|(b, after)| *b -= after);
        Self { c: b, den: self.den.clone() }
    }
}

/// Polynomials near σ′ and σ″ on [−L, L], each divided by `factor`, and bounds on their errors.
pub struct Approximation<'a> {
    /// What is approximated.
    pub certificate: &'a Certificate<'a>,
    /// σ′/factor as a series.
    pub series: Polynomial,
    /// σ′/factor and σ″/factor in powers.
    pub powers: [Polynomial; 2],
    /// Bounds on their errors.
    pub delta: [Interval; 2],
    /// sup |σ′|/factor.
    pub sup: Interval,
    /// 2/√π for erf, else 1.
    pub factor: Interval,
}

impl<'a> Approximation<'a> {
    /// Checks obligations L2 and Z1 to Z4.
    pub fn new(of: &'a Certificate<'a>) -> Checked<Self> {
        let (b, l, y) = (&of.shift, &of.width, &of.bound);
        let (d, last) = (of.d, *of.starts.last().unwrap_or(&of.d));
        let grid = of.starts.first().is_none_or(|first| *first == 3) && of.starts.is_sorted_by(|a, b| a < b);
        ensure(grid, "L2", "d_range must begin with 3 and increase")?;
        let contains_b = b.num.magnitude() * l.den.magnitude() <= l.num.magnitude() * b.den.magnitude();
        let positive = l.num > BigInt::ZERO && y.num > BigInt::ZERO;
        ensure(positive && contains_b, "Z1", "L and Y must be positive, and L at least |b|")?;
        ensure(d >= 3 && &l.num * &l.num >= &l.den * &l.den * last, "Z2", "d must be from 3 to L^2")?;

        let p = Polynomial { c: of.coefficients.clone(), den: BigInt::from(1) << of.scale };
        let two_v = Polynomial { c: vec![&b.num * &l.den * -2, &b.den * &l.num * 2], den: &b.den * &l.den };
        let minus = Polynomial { c: vec![(-1).into()], den: 1.into() };
        let (slope, one) = (p.derivative(l), Interval::whole(1));
        // r, what p(b) is near, sup |σ′|/factor, and the a of δ₁ = Y(a + Y) + η.
        let (defect, start, sup, a) = match of.activation {
            "sigmoid" => (slope.plus(&p.times(&p.plus(&minus))), one.scale(1, 2), one.scale(1, 4), 1),
            "tanh" => (slope.plus(&p.times(&p)).plus(&minus), Interval::whole(0), one.clone(), 2),
            _ => (slope.plus(&two_v.times(&p)), one.clone(), one.clone(), 0),
        };
        let [eta, eta1] = [defect.bound(), defect.derivative(l).bound()];
        let horner = |sum: Interval, c| &sum.scale(&b.num * &l.den, &b.den * &l.num) + &Interval::whole(c);
        let at_b = p.powers().c.into_iter().rev().fold(Interval::whole(0), horner);
        let epsilon0 = (&at_b.scale(1, p.den.clone()) - &start).abs();
        let [b, half_width, y] = [b, l, y].map(|x| Interval::whole(x.num.clone()).scale(1, x.den.clone()));
        let reach = &half_width + &b.abs();
        let (growth, delta, second, series, factor) = if of.activation == "erf" {
            let second = two_v.times(&p).times(&minus);
            let factor = Interval::inverse_of_pi().root().scale(2, 1);
            (eta, [y.clone(), (&reach * &y).scale(2, 1)], second, p, factor)
        } else {
            let delta1 = &(&y * &(&Interval::whole(a) + &y)) + &eta;
            let delta2 = &(&delta1.scale(a, 1) + &(&y * &(&sup + &delta1)).scale(2, 1)) + &eta1;
            (&eta + &y.square(), [delta1, delta2], slope.derivative(l), slope, one)
        };
        let needed = &epsilon0 + &(&reach * &growth);
        ensure(needed.high < y.low, "Z3", "the a priori bound Y does not close")?;
        Ok(Self { certificate: of, powers: [series.powers(), second.powers()], series, delta, sup, factor })
    }
}

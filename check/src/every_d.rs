//! *C2: every dimension.* Bounds on zonal quantities that hold for all d ≥ 3: one by one below d0, and from
//! d0 on by comparing the expectation in dimension d with the one at d1, through the Gaussian limit.
//!
//! **Limit lemma.** For f ∈ C⁴, D = d + 2s and a Gaussian G, `|E_D f(√d z) − E f(G)| ≤ K/D` with `K =
//! sup|f⁗|/4 + s·sup|f″|`. *Proof.* G = ρ√D z with ρ² = χ²_D/D independent of z, E ρ² = 1, Var ρ² = 2/D.
//! H(r) = E_D f(√(rD) z) has H′ = E_{D+2}f″/2 and H″ = D/(D+2)·E_{D+4}f⁗/4, by Rodrigues' formula. Hence
//! |E H(ρ²) − H(1)| ≤ (sup|f⁗|/8)·2/D, and |H(1) − H(d/D)| ≤ (sup|f″|/2)·2s/D. ∎
//!
//! Every quantity here is `F(d)·E_{d+2s}[σ^{(n)}(√d z)]²`, plus `R(d)` for d^{j−1}κ_j with j ≥ 1:
//!
//! | quantity | n | s | F(d) | sup F |
//! |---|---|---|---|---|
//! | B λ_j(σ′)², B λ_j(σ″)² | j+1, j+2 | j | B d^j / Π_{t<j}(d+2t)² | 1/j! |
//! | κ_0 | 2 | 1 | 1 | 1 |
//! | d^{j−1}κ_j | j | j | j(j+d−2) d^{2j−3} / Π_{1≤t<j}(d+2t)² | j |
//!
//! F is a product of factors (d+a)/(d+b), a ≤ b once both lists are sorted, so F increases to its limit, and
//! `R(d) = d^{j−1}A_j²/B² = d^{2j−1}/Π_{t<j}(d+2t)²·E_{d+2j}[(uσ′)^{(j)}]²` is at most (S_{j+1} + jS_j)²/d,
//! with S_n = sup|σ^{(n)}|. So for d ≥ d0 the modulus of the expectation is within K/(d1+2s) + K/(d0+2s) of
//! the one at d1, and the quantity lies between F(d0)·low² and sup F·high² + (S_{j+1} + jS_j)²/d0.

use super::ball::{Ball, modulus};
use super::certificate::{Activation, Certificate};
use super::chebyshev::Approximation;
use super::zonal::{Zonal, multiplicity};
use super::{Rejection, reject};
use num_bigint::BigInt;

/// A quantity of the table.
#[derive(Clone, Copy)]
pub struct Quantity {
    /// 0 for κ_j, else the order of the derivative whose coefficient is meant.
    order: u64,
    j: u64,
}

impl Quantity {
    /// The quantity of a claim, if known.
    pub fn named(name: &str, j: u64) -> Option<Self> {
        let order = match name {
            "assumption-3-sigma1" => 1,
            "assumption-3-sigma2" => 2,
            "kappa-scaled" => 0,
            _ => return None,
        };
        (j <= 32).then_some(Self { order, j })
    }

    /// n and s of the table.
    fn derivative(self) -> (u64, u64) {
        match (self.order, self.j) {
            (0, 0) => (2, 1),
            (order, j) => (j + order, j),
        }
    }

    /// F(d) as a fraction.
    pub fn factor(self, d: u64) -> [BigInt; 2] {
        let (j, one) = (self.j, BigInt::from(1));
        let product =
            |from: u64| (from..j).fold(BigInt::from(1), |product, t| product * (d + 2 * t) * (d + 2 * t));
        let power = |n: u64| (0..n).fold(BigInt::from(1), |power, _| power * d);
        match (self.order, j) {
            (0, 0) => [one.clone(), one],
            (0, _) => [power(2 * j - 2) * j * (j + d - 2), product(1) * d],
            _ => [multiplicity(d, j) * power(j), product(0)],
        }
    }

    /// The quantity in dimension d, and its part F(d)·E².
    fn at(self, zonal: &Zonal<'_>, d: u64) -> (Ball, Ball) {
        let (j, one) = (self.j, BigInt::from(1));
        if self.order > 0 {
            let value = zonal.lambda(self.order, j).square().times(multiplicity(d, j));
            return (value.clone(), value);
        }
        let level = zonal.make_level(j);
        let b2 = &level.b * &level.b;
        if j == 0 {
            return (level.a.square(), level.a.square());
        }
        let power = (1..j).fold(one, |power, _| power * d);
        let part = level.c.square().scale(&(&power * j * (j + d - 2)), &b2);
        (&part + &level.a.square().scale(&power, &b2), part)
    }
}

/// An upper bound on S_n = sup |σ^{(n)}| over the whole line, n ≥ 1.
///
/// Sigmoid: σ^{(n)} = Q_n(σ) with Q_1 = s − s² and Q_{n+1} = Q_n′(s − s²); on each of 16 pieces of [0, 1] a
/// polynomial is at most its greatest Bernstein coefficient. Tanh: tanh(z) = 2 sigmoid(2z) − 1. Erf: the
/// Fourier integral of exp(−v²) gives S_n ≤ 2^n Γ(n/2)/π, with 1/π < 318310/10^6 and √π < 1772454/10^6.
pub fn supremum(activation: Activation, n: u64) -> Ball {
    if activation == Activation::Erf {
        // Γ(n/2) = (n/2 − 1)(n/2 − 2)… times Γ(1) or Γ(1/2) = √π.
        let start = if n.is_multiple_of(2) { BigInt::from(1_000_000) } else { BigInt::from(1_772_454) };
        let twice_gamma = (1..n).rev().skip(1).step_by(2).fold(start, |product, a| product * a);
        let halvings = (n - 1) / 2;
        let num = (twice_gamma * 318_310u32) << (n - halvings);
        return Ball::ratio(&num, &BigInt::from(1_000_000_000_000u64));
    }
    let mut q = [0, 1, -1].map(BigInt::from).to_vec();
    for _ in 1..n {
        let mut next = vec![BigInt::ZERO; q.len() + 1];
        for k in 1..q.len() {
            next[k] += &q[k] * k;
            next[k + 1] -= &q[k] * k;
        }
        q = next;
    }
    let degree = q.len() - 1;
    let mut sup = BigInt::ZERO;
    for piece in 0..16u32 {
        // 16^degree·Q((piece + y)/16) in powers of y, by repeated synthetic division.
        let mut a: Vec<BigInt> = q.iter().enumerate().map(|(k, c)| c << (4 * (degree - k))).collect();
        for start in 0..degree {
            for k in (start..degree).rev() {
                a[k] = &a[k] + &a[k + 1] * piece;
            }
        }
        // The Bernstein coefficients are Σ_{k≤i} C(i,k) a_k/C(degree,k): sums along Pascal's triangle.
        let mut binomial = BigInt::from(1);
        let mut row = Vec::new();
        for (k, c) in a.iter().enumerate() {
            row.push(Ball::ratio(c, &binomial));
            binomial = binomial * (degree - k) / (k + 1);
        }
        for start in 0..=degree {
            sup = sup.max(row[0].size());
            for k in 0..degree - start {
                row[k] = &row[k] + &row[k + 1];
            }
        }
    }
    let scaled = Ball::units(sup).over(BigInt::from(1) << (4 * degree));
    if activation == Activation::Tanh { scaled.times(BigInt::from(1) << (n + 1)) } else { scaled }
}

/// Bounds on the quantity for every d ≥ 3: obligations L1, L3 and L4. L2 is Z2, with d1 in place of d.
pub fn bounds(
    quantity: Quantity,
    certificate: &Certificate<'_>,
    approximation: &Approximation,
    [d0, d1]: [u64; 2],
) -> Result<Ball, Rejection> {
    let (n, s) = quantity.derivative();
    let sup = |n| supremum(certificate.activation, n);
    let k = &sup(n + 4).over(4) + &sup(n + 2).times(s);

    // |E_{d1+2s}|, and how far the modulus may be from it at d ≥ d0.
    let [above, below] = quantity.factor(d1);
    let (_, part) = quantity.at(&Zonal::new(approximation, d1), d1);
    let expectation = part.scale(&below, &above).root();
    let distance = &k.over(d1 + 2 * s) + &k.over(d0 + 2 * s);
    let low = Ball::units((&expectation - &distance).lower());
    if low.lower() <= BigInt::ZERO {
        let j = quantity.j;
        return reject("L3", format!("with j = {j}, no positive lower end is left from d0 = {d0} on"));
    }
    let [above, below] = quantity.factor(d0);
    let mut lower = low.square().scale(&above, &below).lower();
    // The limit of F: 1/j!, 1 or j.
    let j = quantity.j;
    let high = Ball::units((&expectation + &distance).upper()).square();
    let mut upper = match (quantity.order, j) {
        (0, 0) => high,
        (0, _) => {
            let rest = (&sup(j + 1) + &sup(j).times(j)).square();
            &high.times(j) + &rest.over(d0)
        }
        _ => high.over((1..=j).fold(BigInt::from(1), |product, a| product * a)),
    }
    .upper();
    for d in 3..d0 {
        let (value, _) = quantity.at(&Zonal::new(approximation, d), d);
        lower = lower.min(value.lower());
        upper = upper.max(value.upper());
    }
    Ok(Ball::between(&modulus(&lower.max(BigInt::ZERO)), &upper))
}

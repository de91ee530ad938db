//! *C1: zonal quantities.* Expectations of polynomials on the sphere are finite sums of fractions.
//!
//! z is a coordinate of a uniform unit vector in dimension d, P_j the Gegenbauer polynomial with P_j(1) = 1,
//! and B the number of harmonics of degree j. By Rodrigues' formula, with u = √d z,
//!
//! `E_d[u^{j+2l} P_j] = d^{j/2+l} (j+2l)!/(2l)!! / Π_{t<j+l}(d+2t)`, and 0 for other powers of u.
//!
//! An error δ of g moves `E_d[g P_j]` by at most δ/√B, since E P_j² = 1/B, and `E_d[u g P_j]` by the same,
//! since E u² = 1. With λ_j = E_d[σ′P_j], the coefficients of F1 in degree j are
//!
//! `A_j = B E_d[uσ′P_j] = √d B ((j+d−2)λ_{j+1} + jλ_{j−1})/(2j+d−2)`, by the recurrence of zP_j, and
//! `C_j = E_{d+2}[√d σ′P_j′]/E_{d+2}[P_j′²] = √d B (λ_{j−1} − λ_{j+1})/(2j+d−2)`,
//!
//! as `E_{d+2}[h] = d/(d−1) E_d[(1−z²)h]`, `(1−z²)P_j′ = j(j+d−2)/(2j+d−2) (P_{j−1} − P_{j+1})`, and
//! `E_{d+2}[P_j′²] = j(j+d−2)d/((d−1)B)`; an error δ of σ′ moves C_j by at most `√d δ/√E_{d+2}[P_j′²]`. Then
//! `τ_j = (A_j² + j(j+d−2)C_j²)/B`, `κ_j = τ_j/B`, tr Σ = d E σ′². As `u² = 1 + (d−1)P_2`, the radial `E
//! u²σ′²` is `E σ′² + (d−1)E σ′²P_2`, and the tangential `E(d−u²)σ′²/(d−1)` is `E σ′² − E σ′²P_2`.

use super::{Approximation, BigInt, Claim, Interval, chebyshev::Polynomial};

/// `B(d,j) = (2j+d−2)·(d−1)d…(d+j−3)/j!`, and B(d,0) = 1.
pub fn multiplicity(d: u64, j: u64) -> BigInt {
    let product = (1..j).fold(BigInt::from(2 * j + d - 2), |product, a| product * (d + a - 2));
    if j == 0 { BigInt::from(1) } else { product / (1..=j).product::<BigInt>() }
}

/// In dimension d, 3 ≤ d ≤ L².
impl Approximation<'_> {
    /// `factor · E_d[g P_j]`, g in powers.
    fn moment(&self, g: &Polynomial, d: u64, j: u64, factor: &BigInt) -> Interval {
        let (d, start, l) = (d as usize, j as usize, &self.certificate.width);
        let (num, den) = (&l.den * &l.den * d, &l.num * &l.num);
        // Horner's rule: the weight of the power i + 2 over that of i is d/L² (i+2)(i+1)/((i−j+2)(d+i+j)).
        let mut sum = Interval::whole(0);
        for i in (start..g.c.len()).step_by(2).rev() {
            sum = sum.scale(&num * ((i + 2) * (i + 1)), &den * ((i - start + 2) * (d + i + start)));
            sum = &sum + &Interval::whole(g.c[i].clone());
        }
        // The weight of the power j is d^{j/2}/L^j · j!/Π_{t<j}(d+2t).
        let num = (1..=start).fold(factor * BigInt::from(d).pow(j as u32 / 2), |num, t| num * &l.den * t);
        let sum = sum.scale(num, (0..start).fold(g.den.clone(), |den, t| den * &l.num * (d + 2 * t)));
        if j % 2 == 1 { &sum * &Interval::whole(d).root() } else { sum }
    }

    /// λ_j(σ′) for `order` 1 and λ_j(σ″) for `order` 2: `E_d[g P_j]`.
    pub fn lambda(&self, order: usize, d: u64, j: u64) -> Interval {
        let error = &self.delta[order - 1] * &Interval::whole(1).scale(1, multiplicity(d, j)).root();
        &self.moment(&self.powers[order - 1], d, j, &BigInt::from(1)).widen(&error) * &self.factor
    }

    /// A_j, C_j and τ_j.
    pub fn level(&self, d: u64, j: u64) -> [Interval; 3] {
        let (b, square, root_d) = (multiplicity(d, j), j * (j + d - 2), Interval::whole(d).root());
        // B λ_{j−1} and B λ_{j+1}.
        let [below, above] = [j.saturating_sub(1), j + 1].map(|j| self.moment(&self.powers[0], d, j, &b));
        let coefficient = |sum: Interval, error: Interval| {
            let value = (&sum * &root_d).scale(1, 2 * j + d - 2);
            &value.widen(&(&self.delta[0] * &error.root())) * &self.factor
        };
        let a = coefficient(&above.scale(j + d - 2, 1) + &below.scale(j, 1), Interval::whole(b.clone()));
        let error = Interval::whole(&b * (d - 1)).scale(1, square.max(1));
        let c = if j == 0 { Interval::whole(0) } else { coefficient(&below - &above, error) };
        let tau = (&a.square() + &c.square().scale(square, 1)).scale(1, b);
        [a, c, tau]
    }

    /// The trace of Σ, and the radial and the tangential energy. σ′²/factor² differs from p′², under a
    /// weight of expectation 1, by at most δ₁(2 sup|σ′|/factor + δ₁).
    pub fn energies(&self, d: u64) -> [Interval; 3] {
        let square = self.series.times(&self.series).powers();
        let [e0, e2] = [0, 2].map(|j| self.moment(&square, d, j, &BigInt::from(1)));
        let error = &self.delta[0] * &(&self.sup.scale(2, 1) + &self.delta[0]);
        let energy = |x: Interval| &x.widen(&error).not_negative() * &self.factor.square();
        [energy(e0.clone()).scale(d, 1), energy(&e0 + &e2.scale(d - 1, 1)), energy(&e0 - &e2)]
    }
}

/// The quantities of the kind zonal: obligation Z5.
pub fn enclosures(of: &Approximation<'_>) -> Vec<Interval> {
    let (claims, d) = (&of.certificate.claims, of.certificate.d);
    let degrees = claims.iter().map(|claim| claim.j).max().unwrap_or(0);
    let levels: Vec<[Interval; 3]> = (0..=degrees).map(|j| of.level(d, j)).collect();
    let [trace, radial, tangential] = of.energies(d);
    let tail = |j: u64| levels[..=j as usize].iter().fold(trace.clone(), |rest, [_, _, tau]| &rest - tau);
    let quantity = |claim: &Claim<'_>| match (claim.quantity, claim.j, &levels[claim.j as usize]) {
        ("lambda_sigma1", j, _) => of.lambda(1, d, j),
        ("lambda_sigma2", j, _) => of.lambda(2, d, j),
        ("A", _, [a, _, _]) => a.clone(),
        ("C", _, [_, c, _]) => c.clone(),
        ("tau", _, [_, _, tau]) => tau.clone(),
        ("kappa", j, [_, _, tau]) => tau.scale(1, multiplicity(d, j)),
        ("trace", ..) => trace.clone(),
        ("radial", ..) => radial.clone(),
        ("tangential", ..) => tangential.clone(),
        (_, j, _) => tail(j).not_negative(),
    };
    claims.iter().map(quantity).collect()
}

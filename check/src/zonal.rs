//! *C1: zonal quantities.* Expectations of polynomials on the sphere are finite sums of fractions.
//!
//! z is a coordinate of a uniform unit vector in dimension D, P_j the Gegenbauer polynomial with P_j(1) = 1,
//! and B the number of harmonics of degree j. By Rodrigues' formula, for a function g of u = √d z,
//!
//! `E_D[g P_j] = d^{j/2}/Π_{t<j}(D+2t) · E_{D+2j}[g^{(j)}]`,
//! `E_D[u^{j+2l} P_j] = d^{j/2+l} (j+2l)!/(2l)!! / Π_{t<j+l}(D+2t)`, and 0 for other powers of u.
//!
//! An error δ of g moves `E_D[g P_j]` by at most δ/√B, since E P_j² = 1/B, and `E_d[u g P_j]` by the same,
//! since E u² = 1. With F1 of degree j, `A_j = B E_d[uσ′P_j]` and `C_j = (B/√d) E_{d+2}[σ′
//! P_{j−1}^{(d+2)}]`, which is the quotient `E_{d+2}[√d σ′P_j′]/E_{d+2}[P_j′²]` because `P_j′ =
//! j(j+d−2)/(d−1) P_{j−1}^{(d+2)}` and `B(d+2, j−1) = B j(j+d−2)/(d(d−1))`. Then `τ_j = (A_j² +
//! j(j+d−2)C_j²)/B`, `κ_j = τ_j/B`, tr Σ = d E σ′².

use super::ball::Ball;
use super::chebyshev::{Approximation, Polynomial};
use num_bigint::BigInt;
use std::cell::OnceCell;

/// The zonal quantities of one activation in dimension d.
pub struct Zonal<'a> {
    approximation: &'a Approximation,
    d: u64,
    root_d: Ball,
    square: OnceCell<Polynomial>,
    levels: Vec<Level>,
}

/// What belongs to one degree.
#[derive(Debug, Clone)]
pub struct Level {
    /// The number B(d,j) of harmonics.
    pub b: BigInt,
    /// The radial coefficient A_j.
    pub a: Ball,
    /// The tangential coefficient C_j.
    pub c: Ball,
    /// The trace of the degree, τ_j.
    pub tau: Ball,
}

/// `B(d,j) = (2j+d−2)·(d−1)d…(d+j−3)/j!`, and B(d,0) = 1.
pub fn multiplicity(d: u64, j: u64) -> BigInt {
    if j == 0 {
        return BigInt::from(1);
    }
    let product = (1..j).fold(BigInt::from(2 * j + d - 2), |product, a| product * (d + a - 2));
    product / (1..=j).fold(BigInt::from(1), |product, a| product * a)
}

impl<'a> Zonal<'a> {
    /// The quantities in dimension d ≥ 3, d ≤ L².
    pub fn new(approximation: &'a Approximation, d: u64) -> Self {
        Self { approximation, d, root_d: Ball::whole(d).root(), square: OnceCell::new(), levels: Vec::new() }
    }

    /// `factor · E_D[u^raise g(u) P_j(z)]`, without a factor √d where j is odd.
    fn moment(&self, g: &Polynomial, raise: u64, dim: u64, j: u64, factor: &BigInt) -> Ball {
        let (d, [num, den]) = (self.d, &self.approximation.half_width);
        let (l2_num, d_l2_den) = (num * num, den * den * d);
        let last = g.powers.len() as u64 - 1 + raise;
        if last < j {
            return Ball::whole(0);
        }
        // Horner's rule from the top: the weight of the power j+2l+2 over that of j+2l is
        // d/L² · (j+2l+2)(j+2l+1) / ((2l+2)(D+2j+2l)). The lift makes room for the factor.
        let lift = factor.bits();
        let mut sum = Ball::whole(0);
        for l in (0..=(last - j) / 2).rev() {
            let i = j + 2 * l;
            sum = sum.scale(&(&d_l2_den * (i + 2) * (i + 1)), &(&l2_num * (2 * l + 2) * (dim + i + j)));
            if let Some(c) = i.checked_sub(raise).and_then(|i| g.powers.get(i as usize)) {
                sum = &sum + &Ball::whole(c << lift);
            }
        }
        // The weight of the power j is j!/Π(D+2t) · d^{⌊j/2⌋}/L^j, and u^raise = L^raise (u/L)^raise.
        let (mut above, mut below) = (&g.num * factor, &g.den << lift);
        for t in 0..j {
            above *= den * (t + 1);
            below *= num * (dim + 2 * t);
        }
        for _ in 0..j / 2 {
            above *= d;
        }
        for _ in 0..raise {
            above *= num;
            below *= den;
        }
        sum.scale(&above, &below)
    }

    /// λ_j(σ′) for `order` 1 and λ_j(σ″) for `order` 2: `E_d[g P_j]`.
    pub fn lambda(&self, order: u64, j: u64) -> Ball {
        let approximation = self.approximation;
        let (g, delta) = match order {
            1 => (&approximation.first, &approximation.delta1),
            _ => (&approximation.second, &approximation.delta2),
        };
        let root_b = Ball::whole(multiplicity(self.d, j)).root();
        let moment = self.moment(g, 0, self.d, j, &BigInt::from(1));
        let value = if j % 2 == 1 { &moment * &self.root_d } else { moment };
        let error = delta * &root_b.inverse().unwrap_or_else(|| Ball::whole(1));
        &value.widen(&error) * &approximation.factor
    }

    /// The level of degree j, kept for the next call.
    pub fn level(&mut self, j: u64) -> &Level {
        while self.levels.len() as u64 <= j {
            self.levels.push(self.make_level(self.levels.len() as u64));
        }
        &self.levels[j as usize]
    }

    /// The level of degree j.
    pub fn make_level(&self, j: u64) -> Level {
        let (approximation, d) = (self.approximation, self.d);
        let (first, delta1) = (&approximation.first, &approximation.delta1);
        let b = multiplicity(d, j);
        let moment = self.moment(first, 1, d, j, &b);
        let value = if j % 2 == 1 { &moment * &self.root_d } else { moment };
        let a = &value.widen(&(delta1 * &Ball::whole(b.clone()).root())) * &approximation.factor;
        let c = if j == 0 {
            Ball::whole(0)
        } else {
            // √d·√d/d = 1 where P_{j−1} is odd; else √d/d. The error is (B/√d) δ₁/√B(d+2, j−1).
            let moment = self.moment(first, 0, d + 2, j - 1, &b);
            let value = if j.is_multiple_of(2) { moment } else { (&moment * &self.root_d).over(d) };
            let error = Ball::ratio(&(&b * &b), &(multiplicity(d + 2, j - 1) * d)).root();
            &value.widen(&(delta1 * &error)) * &approximation.factor
        };
        let tau = (&a.square() + &c.square().times(j * (j + d - 2))).over(b.clone()).not_negative();
        Level { b, a, c, tau }
    }

    /// κ_j = τ_j/B(d,j).
    pub fn kappa(&mut self, j: u64) -> Ball {
        let level = self.level(j);
        level.tau.over(level.b.clone()).not_negative()
    }

    /// `E[u^raise p′²]`, p′ the polynomial for σ′/factor.
    fn energy(&self, raise: u64) -> Ball {
        let square = self.square.get_or_init(|| self.approximation.square());
        self.moment(square, raise, self.d, 0, &BigInt::from(1))
    }

    /// The expectation of σ′² under a weight of expectation 1, from that of p′²: σ′²/factor² differs by at
    /// most δ₁(2 sup|σ′|/factor + δ₁).
    fn with_error(&self, energy: &Ball) -> Ball {
        let approximation = self.approximation;
        let error = &approximation.delta1 * &(&approximation.slope.times(2) + &approximation.delta1);
        &energy.widen(&error).not_negative() * &approximation.factor.square()
    }

    /// tr Σ = d E σ′².
    pub fn trace(&self) -> Ball {
        self.with_error(&self.energy(0)).times(self.d)
    }

    /// E[u² σ′²]; E u² = 1.
    pub fn radial(&self) -> Ball {
        self.with_error(&self.energy(2))
    }

    /// E[(d − u²) σ′²]/(d − 1).
    pub fn tangential(&self) -> Ball {
        let rest = &self.energy(0).times(self.d) - &self.energy(2);
        self.with_error(&rest.over(self.d - 1))
    }

    /// tr Σ − Σ_{j≤J} τ_j, cut at 0 from below.
    pub fn tail(&mut self, degrees: u64) -> Ball {
        let mut rest = self.trace();
        for j in 0..=degrees {
            rest = &rest - &self.level(j).tau;
        }
        rest.not_negative()
    }
}

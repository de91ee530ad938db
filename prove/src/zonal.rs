//! The zonal quantities of one dimension, by Gauss–Gegenbauer quadrature of the polynomial in more digits
//! than f64 has: another way than that of the checker, which uses moments.

use super::fixed::Fixed;
use super::polynomial::Polynomial;
use crate::error::Result;
use escapement::sphere::ZonalQuadrature;
use num_bigint::BigInt;
use rayon::prelude::*;

/// A value, and a bound on what the polynomial in place of σ changes in it.
#[derive(Debug, Clone)]
pub struct Enclosed {
    pub value: Fixed,
    pub error: Fixed,
}

impl Enclosed {
    fn new(value: Fixed, error: Fixed) -> Self {
        Self { value, error }
    }

    pub fn plus(&self, other: &Self) -> Self {
        Self::new(&self.value + &other.value, &self.error + &other.error)
    }

    pub fn minus(&self, other: &Self) -> Self {
        Self::new(&self.value - &other.value, &self.error + &other.error)
    }

    pub fn times(&self, other: &Self) -> Self {
        let cross = &(&self.value.abs() * &other.error) + &(&other.value.abs() * &self.error);
        Self::new(&self.value * &other.value, &cross + &(&self.error * &other.error))
    }

    pub fn scaled(&self, factor: &Fixed) -> Self {
        Self::new(&self.value * factor, &self.error * &factor.abs())
    }

    pub fn over(&self, n: &BigInt) -> Self {
        Self::new(self.value.over(n), self.error.over(n))
    }

    /// `factor/self`, for a value well away from 0.
    pub fn under(&self, factor: &Fixed) -> Self {
        let value = factor.div(&self.value);
        let least = &self.value.abs() - &self.error;
        Self::new(value.clone(), (&value.abs() * &self.error).div(&least))
    }

    pub fn abs(&self) -> Self {
        Self::new(self.value.abs(), self.error.clone())
    }
}

/// A degree.
#[derive(Debug, Clone)]
pub struct Level {
    /// λ_j(σ') and λ_j(σ'').
    pub lambda: [Enclosed; 2],
    pub a: Enclosed,
    pub c: Enclosed,
    pub tau: Enclosed,
    pub kappa: Enclosed,
}

/// The quantities of one dimension.
#[derive(Debug, Clone)]
pub struct Zonal {
    pub levels: Vec<Level>,
    pub trace: Enclosed,
    pub radial: Enclosed,
    pub tangential: Enclosed,
}

/// B(d, j).
pub fn dimension(d: usize, j: usize) -> BigInt {
    if j == 0 {
        return BigInt::from(1);
    }
    // C(j+d−3, j−1).
    let mut binomial = BigInt::from(1);
    for i in 1..j {
        binomial = binomial * BigInt::from(d - 2 + i) / BigInt::from(i);
    }
    binomial * BigInt::from(2 * j + d - 2) / BigInt::from(j)
}

/// j(j + d − 2).
fn ends(d: usize, j: usize) -> BigInt {
    BigInt::from(j * (j + d - 2))
}

/// A node z ≥ 0 of the rule, the weight of {z, −z}, and orthonormal polynomials up to the highest degree
/// that is asked for.
struct Node {
    z: Fixed,
    weight: Fixed,
    values: Vec<Fixed>,
}

/// The rule of `order` nodes in dimension d, from the nodes in f64 by Newton's method.
fn nodes(d: usize, order: usize, degrees: usize) -> Result<Vec<Node>> {
    let order = order + order % 2;
    // Of t p̂_j = β_{j+1} p̂_{j+1} + β_j p̂_{j−1}.
    let beta = |j: usize| {
        let (num, den) = (j * (j + d - 3), (2 * j + d - 4) * (2 * j + d - 2));
        Fixed::ratio(&BigInt::from(num), &BigInt::from(den)).sqrt()
    };
    let betas: Vec<Fixed> = (0..=order).map(|j| if j == 0 { Fixed::zero() } else { beta(j) }).collect();
    let inverse: Vec<Fixed> = betas
        .iter()
        .enumerate()
        .map(|(j, b)| if j == 0 { Fixed::zero() } else { Fixed::one().div(b) })
        .collect();
    let polynomials = |z: &Fixed| {
        let mut all = vec![Fixed::one()];
        for j in 0..order {
            let before = if j == 0 { Fixed::zero() } else { &betas[j] * &all[j - 1] };
            all.push(&(&(z * &all[j]) - &before) * &inverse[j + 1]);
        }
        all
    };
    let rule = ZonalQuadrature::shared(d, order)?;
    let refine = |&start: &f64| {
        let mut z = Fixed::of(start);
        // From sixteen digits to 32 and to 64.
        for _ in 0..2 {
            let all = polynomials(&z);
            // p̂' by the derivative of the recurrence.
            let (mut slope, mut before) = (Fixed::zero(), Fixed::zero());
            for j in 0..order {
                let next = &(&(&all[j] + &(&z * &slope)) - &(&betas[j] * &before)) * &inverse[j + 1];
                before = std::mem::replace(&mut slope, next);
            }
            z = &z - &all[order].div(&slope);
        }
        let mut values = polynomials(&z);
        let norm = values[..order].iter().fold(Fixed::zero(), |sum, p| &sum + &(p * p));
        values.truncate(degrees + 1);
        Node { z, weight: Fixed::whole(2).div(&norm), values }
    };
    let starts: Vec<f64> = rule.nodes().iter().copied().filter(|z| *z > 0.0).collect();
    Ok(starts.par_iter().map(refine).collect())
}

impl Zonal {
    /// All quantities up to degree J in dimension d.
    ///
    /// # Errors
    /// Those of [`ZonalQuadrature`].
    pub fn new(p: &Polynomial, d: usize, degree: usize) -> Result<Self> {
        let [first, second] = &p.series;
        // Exact for the squares of the series, and for its products with the harmonics.
        let order = (first.len() + 1).max((second.len() + degree + 2) / 2 + 1);
        let nodes = nodes(d, order, degree + 1)?;
        let root = Fixed::whole(d as i64).sqrt();
        let half_width = BigInt::from(p.half_width);
        let whole = |n: usize| BigInt::from(n);
        // The even and the odd part of a series at √d z/L.
        let parts = |series: &[Fixed], x: &Fixed| {
            let (plus, minus) =
                (super::polynomial::clenshaw(series, x), super::polynomial::clenshaw(series, &-x));
            [(&plus + &minus).half(), (&plus - &minus).half()]
        };
        let roots: Vec<Fixed> =
            (0..=degree + 1).map(|j| Fixed::scaled(&dimension(d, j), 0).sqrt()).collect();
        let mut sums: Vec<[Fixed; 4]> = vec![std::array::from_fn(|_| Fixed::zero()); degree + 1];
        let mut squares: [Fixed; 3] = std::array::from_fn(|_| Fixed::zero());
        for Node { z, weight, values } in &nodes {
            let u = &root * z;
            let x = u.over(&half_width);
            let (f, g) = (parts(first, &x), parts(second, &x));
            let (u2, square) = (&u * &u, &(&f[0] * &f[0]) + &(&f[1] * &f[1]));
            let across = &Fixed::whole(d as i64) - &u2;
            for (sum, factor) in squares.iter_mut().zip([Fixed::one(), u2, across.clone()]) {
                *sum = &*sum + &(weight * &(&square * &factor));
            }
            // (1 − z²) P_j' = j(j+d−2)/(2j+d−2) (P_{j−1} − P_{j+1}), where P(1) = 1.
            let on_scale: Vec<Fixed> = values.iter().zip(&roots).map(|(p, root)| p.div(root)).collect();
            let slope = |j: usize| {
                let difference = &on_scale[j.saturating_sub(1)] - &on_scale[j + 1];
                difference.times(&ends(d, j)).over(&whole(2 * j + d - 2))
            };
            for j in 0..=degree {
                let parity = j % 2;
                let products = [
                    &f[parity] * &values[j],
                    &g[parity] * &values[j],
                    &(&u * &f[1 - parity]) * &values[j],
                    // P_j' has the other parity.
                    &f[1 - parity] * &slope(j),
                ];
                for (sum, product) in sums[j].iter_mut().zip(products) {
                    *sum = &*sum + &(weight * &product);
                }
            }
        }
        let factor = p.of.kind.factor();
        let [delta1, delta2] = &p.errors;
        let size = Fixed::whole(d as i64);
        let level = |j: usize| {
            let b = dimension(d, j);
            let root_b = &roots[j];
            let [by_first, by_second, by_u, by_slope] = &sums[j];
            let of = |sum: &Fixed, error: &Fixed| {
                Enclosed::new(sum.div(root_b), error.div(root_b)).scaled(&factor)
            };
            let lambda = [of(by_first, delta1), of(by_second, delta2)];
            let a = Enclosed::new(by_u * root_b, delta1 * root_b).scaled(&factor);
            // E_{d+2} g P_j' = d/(d−1) E_d g (1−z²) P_j', and E_{d+2} P_j'² = (j(j+d−2)/(d−1))²/B(d+2, j−1).
            let c = if j == 0 {
                Enclosed::new(Fixed::zero(), Fixed::zero())
            } else {
                let above = dimension(d + 2, j - 1);
                let scale = Fixed::scaled(&(&above * whole(d - 1)), 0).over(&ends(d, j));
                let mean = by_slope.times(&whole(d)).over(&ends(d, j));
                let root_above = Fixed::scaled(&above, 0).sqrt();
                Enclosed::new(&(&root * &mean) * &scale, &(&root * &scale) * &delta1.div(&root_above))
                    .scaled(&factor)
            };
            let squared = c.times(&c);
            let factor = ends(d, j);
            let squared = Enclosed::new(squared.value.times(&factor), squared.error.times(&factor));
            let tau = a.times(&a).plus(&squared).over(&b);
            let kappa = tau.over(&b);
            Level { lambda, a, c, tau, kappa }
        };
        let sup = p.of.kind.largest_slope();
        let error = &(delta1 * &factor) * &(&sup.times(&BigInt::from(2)) + &(delta1 * &factor));
        let mean = |i: usize| &squares[i] * &(&factor * &factor);
        Ok(Self {
            levels: (0..=degree).map(level).collect(),
            trace: Enclosed::new(&mean(0) * &size, &error * &size),
            radial: Enclosed::new(mean(1), error.clone()),
            tangential: Enclosed::new(mean(2).over(&whole(d - 1)), error),
        })
    }

    /// The trace of the degrees above j.
    pub fn tail(&self, j: usize) -> Enclosed {
        self.levels[..=j].iter().fold(self.trace.clone(), |rest, level| rest.minus(&level.tau))
    }
}

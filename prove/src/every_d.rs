//! Bounds for every d ≥ 3 (section "C2: every dimension" of docs/certificates.md), in f64 and a little
//! wider than they are: the checker finds its own.

use super::Shifted;
use super::polynomial::Kind;
use crate::error::{Error, Result};
use escapement::sphere::{FeatureLevels, Truncation, dimension};
use std::collections::BTreeMap;

/// Below this, a quantity that is the square of a coefficient is nothing but rounding.
const VANISHING: f64 = 1e-24;

/// What f64 may have lost, and a little more.
pub const WIDER: f64 = 1e-6;

/// A quantity that is bounded for every d.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantity {
    pub name: Name,
    pub j: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// B λ_j(σ')².
    First,
    /// B λ_j(σ'')².
    Second,
    /// κ_0, or d^{j−1}κ_j.
    Kappa,
}

impl Quantity {
    /// The name in certificates.
    pub fn text(self) -> &'static str {
        match self.name {
            Name::First => "assumption-3-sigma1",
            Name::Second => "assumption-3-sigma2",
            Name::Kappa => "kappa-scaled",
        }
    }

    /// n and s: the quantity is F(d) E_{d+2s}[σ^{(n)}]², plus a part that falls like 1/d for d^{j−1}κ_j.
    fn derivative(self) -> (usize, usize) {
        match (self.name, self.j) {
            (Name::First, j) => (j + 1, j),
            (Name::Second, j) => (j + 2, j),
            (Name::Kappa, 0) => (2, 1),
            (Name::Kappa, j) => (j, j),
        }
    }

    /// F(d).
    fn factor(self, d: usize) -> f64 {
        let (j, dim) = (self.j, d as f64);
        match (self.name, j) {
            (Name::Kappa, 0) => 1.0,
            (Name::Kappa, _) => {
                let rest = (1..j).map(|t| (dim / (dim + 2.0 * t as f64)).powi(2)).product::<f64>();
                j as f64 * (dim + j as f64 - 2.0) / dim * rest
            }
            _ => {
                let rest = (0..j).map(|t| 1.0 / (dim + 2.0 * t as f64).powi(2)).product::<f64>();
                dimension(d, j) * dim.powi(j as i32) * rest
            }
        }
    }

    /// The limit of F.
    fn limit(self) -> f64 {
        match (self.name, self.j) {
            (Name::Kappa, 0) => 1.0,
            (Name::Kappa, j) => j as f64,
            (_, j) => 1.0 / (1..=j).map(|i| i as f64).product::<f64>(),
        }
    }

    /// The quantity at d, and its part F(d) E².
    fn at(self, levels: &Levels, d: usize) -> (f64, f64) {
        let Levels { features, lambda } = levels;
        let (j, b) = (self.j, dimension(d, self.j));
        let level = &features.levels[j];
        match self.name {
            Name::First | Name::Second => {
                let lambda = lambda[usize::from(self.name == Name::Second)][j];
                let value = b * lambda * lambda;
                (value, value)
            }
            Name::Kappa if j == 0 => (level.a * level.a, level.a * level.a),
            Name::Kappa => {
                let power = (d as f64).powi(j as i32 - 1) / (b * b);
                let part = power * (j * (j + d - 2)) as f64 * level.c * level.c;
                (part + power * level.a * level.a, part)
            }
        }
    }
}

/// Zonal coefficients of one dimension in f64.
struct Levels {
    features: FeatureLevels,
    lambda: [Vec<f64>; 2],
}

impl Levels {
    fn new(of: &Shifted, d: usize, degree: usize) -> Result<Self> {
        let activation = of.activation()?;
        let features = FeatureLevels::new(d, activation.as_ref(), Truncation::Degree(degree))?;
        let lambda = |g: &dyn Fn(f64) -> f64| escapement::sphere::lambda(d, g, degree);
        let lambda = [lambda(&|z| activation.d1(z))?, lambda(&|z| activation.d2(z))?];
        Ok(Self { features, lambda })
    }
}

/// S_n = sup |σ^{(n)}| as the checker bounds it: by Bernstein coefficients on 16 pieces, and for erf by the
/// Fourier integral.
pub fn supremum(kind: Kind, n: usize) -> f64 {
    if kind == Kind::Erf {
        return 2.0_f64.powi(n as i32) * libm::tgamma(n as f64 / 2.0) / std::f64::consts::PI;
    }
    // σ^{(n)} of the sigmoid as a polynomial in s.
    let mut q = vec![0.0, 1.0, -1.0];
    for _ in 1..n {
        let mut next = vec![0.0; q.len() + 1];
        for k in 1..q.len() {
            next[k] += k as f64 * q[k];
            next[k + 1] -= k as f64 * q[k];
        }
        q = next;
    }
    let degree = q.len() - 1;
    let mut sup: f64 = 0.0;
    for piece in 0..16 {
        let mut a = q.clone();
        for start in 0..degree {
            for k in (start..degree).rev() {
                a[k] += a[k + 1] * f64::from(piece) / 16.0;
            }
        }
        let choose = |n: usize, k: usize| (0..k).map(|i| (n - i) as f64 / (k - i) as f64).product::<f64>();
        for i in 0..=degree {
            let terms = (0..=i).map(|k| choose(i, k) / choose(degree, k) * a[k] / 16.0_f64.powi(k as i32));
            sup = sup.max(terms.sum::<f64>().abs());
        }
    }
    if kind == Kind::Tanh { 2.0_f64.powi(n as i32 + 1) * sup } else { sup }
}

/// The dimensions from which the limit lemma serves all quantities, and that to which it compares them.
pub struct Range {
    pub d0: usize,
    pub d1: usize,
}

/// The least d0 of a few that leaves the expectations half of what they are.
///
/// # Errors
/// None of them does.
pub fn range(of: &Shifted, quantities: &[Quantity]) -> Result<Range> {
    let degree = quantities.iter().map(|q| q.j).max().unwrap_or(0);
    for (d0, d1) in [(16, 1000), (32, 1000), (64, 1000), (128, 1000), (256, 1024), (512, 2025), (1024, 4096)]
    {
        let levels = Levels::new(of, d1, degree)?;
        let serves = quantities.iter().all(|q| {
            let (e, distance) = q.expectation(of.kind, &levels, d0, d1);
            distance < 0.5 * e
        });
        if serves {
            return Ok(Range { d0, d1 });
        }
    }
    let levels = Levels::new(of, 1000, degree)?;
    let vanishing = quantities.iter().find(|q| q.at(&levels, 1000).1 < VANISHING);
    let allowed = match vanishing {
        Some(q) => format!("{} of degree {} vanishes, so that no positive bound holds", q.text(), q.j),
        None => "its derivatives grow too fast for bounds in every dimension: take fewer degrees, or one \
                 dimension"
            .to_owned(),
    };
    Err(Error::domain("the activation", of.words(), allowed))
}

impl Quantity {
    /// The expectation at d1, and how far it may be from those at d ≥ d0.
    fn expectation(self, kind: Kind, levels: &Levels, d0: usize, d1: usize) -> (f64, f64) {
        let (n, s) = self.derivative();
        let k = supremum(kind, n + 4) / 4.0 + s as f64 * supremum(kind, n + 2);
        let e = (self.at(levels, d1).1 / self.factor(d1)).sqrt();
        (e, k / (d1 + 2 * s) as f64 + k / (d0 + 2 * s) as f64)
    }
}

/// Bounds on all quantities for every d ≥ 3.
///
/// # Errors
/// Those of [`FeatureLevels::new`].
pub fn ends(of: &Shifted, quantities: &[Quantity], range: &Range) -> Result<Vec<[f64; 2]>> {
    let degree = quantities.iter().map(|q| q.j).max().unwrap_or(0);
    let below: BTreeMap<usize, Levels> =
        (3..range.d0).map(|d| Ok((d, Levels::new(of, d, degree)?))).collect::<Result<_>>()?;
    let at_d1 = Levels::new(of, range.d1, degree)?;
    let one = |q: &Quantity| {
        let (e, distance) = q.expectation(of.kind, &at_d1, range.d0, range.d1);
        let mut low = q.factor(range.d0) * (e - distance).powi(2);
        let mut high = q.limit() * (e + distance).powi(2);
        if q.name == Name::Kappa && q.j > 0 {
            let slope = supremum(of.kind, q.j + 1) + q.j as f64 * supremum(of.kind, q.j);
            high += slope * slope / range.d0 as f64;
        }
        for (d, levels) in &below {
            let (value, _) = q.at(levels, *d);
            (low, high) = (low.min(value), high.max(value));
        }
        [low * (1.0 - WIDER), high * (1.0 + WIDER)]
    };
    Ok(quantities.iter().map(one).collect())
}

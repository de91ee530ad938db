//! The population gradient of a neuron as a finite sum, and its averages over the sphere of weights.

use super::hermite;
use super::polynomial::{Exponents, Law, Polynomial};
use super::series::{HermiteSeries, binomial};
use super::spectrum::{BallMatrix, symmetric_eigenvalues};
use crate::activation::Activation;
use crate::ball::Ball;
use crate::{Error, Result};
use std::collections::BTreeMap;

/// The largest k of [`PopulationGradient::diversity`]: the cost grows like r^{4k}.
pub const MAX_TENSOR_POWER: usize = 3;

/// The most terms of a power whose means are taken: that of a product takes the square of it.
const MAX_POWER_TERMS: f64 = 5_000.0;

/// The most products of terms in the means of one diversity matrix: some five seconds.
const MAX_PRODUCTS: f64 = 5e9;

/// The population gradient `g(w) = E[f(x) x σ'(w·x)]` for ‖w‖ = 1 and x standard normal.
///
/// With z = Qw, the coordinates of w in S*, it is
/// `g(w) = Qᵀ V(z) + w S(z)`, `V = Σ_k c_k ∇q_k`, `S = Σ_k c_{k+2} q_k`, where k = 0..p in both sums. Hence
/// its part in S* is `V + zS` in the coordinates z, and its part outside is S times that of w.
#[derive(Debug, Clone, PartialEq)]
pub struct PopulationGradient {
    v: Vec<Polynomial>,
    s: Polynomial,
}

/// Averages over uniform unit vectors w in R^d, each an exact rational function of d.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Energies {
    /// `E‖g‖²`.
    pub total: Ball,
    /// `E‖Π*g‖²`, Π* the projector on S*.
    pub inside: Ball,
    /// `E‖(I − Π*)g‖²`.
    pub outside: Ball,
    /// `E‖g − c_2 Hw‖²`; c_2 = 1/√(2π) for a ReLU without shift.
    pub remainder: Ball,
    /// `E‖Π*g − c_2 Hw‖²`.
    pub remainder_inside: Ball,
}

impl PopulationGradient {
    /// The gradient of a target in orthonormal coordinates, for σ with its shift.
    ///
    /// # Errors
    /// As [`hermite::coefficients`].
    pub fn new(series: &HermiteSeries, sigma: &dyn Activation) -> Result<Self> {
        Ok(Self::from_coefficients(series, &hermite::coefficients(sigma, series.degree() + 2)?))
    }

    /// The gradient for the Hermite coefficients c_0 to c_{p+2} of σ.
    ///
    /// # Panics
    /// Fewer coefficients.
    pub fn from_coefficients(series: &HermiteSeries, c: &[Ball]) -> Self {
        let (r, p) = (series.latent(), series.degree());
        let sum = |part: &dyn Fn(usize) -> Polynomial| {
            (0..=p).fold(Polynomial::zero(r), |sum, k| sum.plus(&part(k)))
        };
        let slope = |i: usize, k: usize| series.q(k).derivative(i).scaled(c[k]);
        Self {
            v: (0..r).map(|i| sum(&|k| slope(i, k))).collect(),
            s: sum(&|k| series.q(k).scaled(c[k + 2])),
        }
    }

    /// V and S at the coordinates z of w.
    ///
    /// # Panics
    /// Another number of coordinates than r.
    pub fn at(&self, z: &[Ball]) -> (Vec<Ball>, Ball) {
        (self.v.iter().map(|v| v.at(z)).collect(), self.s.at(z))
    }

    /// The part in S*, `V + zS`, r polynomials.
    pub fn inside(&self) -> Vec<Polynomial> {
        self.inside_from(&self.v)
    }

    fn inside_from(&self, v: &[Polynomial]) -> Vec<Polynomial> {
        let r = v.len();
        let part = |(i, v): (usize, &Polynomial)| v.plus(&self.s.times(&Polynomial::power_of(r, i, 1)));
        v.iter().enumerate().map(part).collect()
    }

    /// The averages over the sphere in R^d.
    ///
    /// # Errors
    /// [`Error::Domain`] for d below r.
    pub fn energies(&self, d: usize) -> Result<Energies> {
        let law = self.law(d)?;
        let squares = |g: &[Polynomial]| g.iter().map(|g| g.mean_of_product(g, law)).sum::<Ball>();
        // c_2 Hw is the linear part of V, because ∇q_k is homogeneous of degree k − 1.
        let rest: Vec<Polynomial> = self.v.iter().map(|v| v.parts(|degree| degree != 1)).collect();
        let (inside, remainder_inside) = (squares(&self.inside()), squares(&self.inside_from(&rest)));
        let outside = self.outside(law);
        let (total, remainder) = (inside + outside, remainder_inside + outside);
        Ok(Energies { total, inside, outside, remainder, remainder_inside })
    }

    /// `E[S²(1 − ‖z‖²)]`, the energy outside S*.
    fn outside(&self, law: Law) -> Ball {
        let r = self.v.len();
        if law == Law::Sphere(r) {
            return Ball::exact(0.0);
        }
        let squares = (0..r).map(|i| Polynomial::power_of(r, i, 2).scaled(-1.0));
        let across = squares.fold(Polynomial::constant(r, 1.0), |sum, square| sum.plus(&square));
        self.s.mean_of_product(&self.s.times(&across), law)
    }

    /// `E g gᵀ` over the sphere in R^d: its block in S*, `[r, r]`, and the number that multiplies I − Π*.
    ///
    /// # Errors
    /// [`Error::Domain`] for d below r.
    pub fn gram(&self, d: usize) -> Result<(BallMatrix, Ball)> {
        let (law, across) = (self.law(d)?, (d - self.v.len()).max(1) as f64);
        Ok((self.diversity(1, d)?, self.outside(law) / across))
    }

    /// The matrix of `E[(Π*g)^{⊗2k}]` over the sphere in R^d, as a map of the symmetric tensors of order k
    /// over S*, in the isometric basis of monomials times the root of their multiplicity `k!/ν!`. Monomials
    /// are in descending lexicographic order.
    ///
    /// # Errors
    /// [`Error::Domain`] for k outside 1..=[`MAX_TENSOR_POWER`], d below r, or polynomials with too many
    /// terms: more than 5000 in a product of k of them, or 5·10⁹ products of those in all means.
    pub fn diversity(&self, k: usize, d: usize) -> Result<BallMatrix> {
        if k == 0 || k > MAX_TENSOR_POWER {
            return Err(Error::domain("k", k, format!("the power is from 1 to {MAX_TENSOR_POWER}")));
        }
        let law = self.law(d)?;
        let inside = self.inside();
        let r = inside.len();
        let terms = inside.iter().map(|g| g.terms().count()).max().unwrap_or(0);
        let size = binomial(r + k * inside.iter().map(Polynomial::degree).max().unwrap_or(0), r);
        let size = size.min((terms as f64).powi(k as i32));
        // A mean for each monomial of degree 2k.
        let products = size * size * binomial(r + 2 * k - 1, 2 * k);
        if size > MAX_POWER_TERMS || products > MAX_PRODUCTS {
            let allowed = format!(
                "powers of order {k} of this gradient have {size:.0} terms, and their means {products:.0e} \
                 products, too many"
            );
            return Err(Error::domain("the latent dimension r", r, allowed));
        }
        let basis = monomials(r, k);
        let power = |exponents: &Exponents| {
            let factors = inside.iter().zip(exponents).map(|(g, &e)| g.power(e.into()));
            factors.fold(Polynomial::constant(r, 1.0), |product, factor| product.times(&factor))
        };
        let products: Vec<Polynomial> = basis.iter().map(power).collect();
        let multiplicity = |exponents: &Exponents| {
            let below: f64 = exponents.iter().map(|&e| hermite::factorial(e.into())).product();
            hermite::factorial(k) / below
        };
        // A mean depends on the sum of the two exponents only.
        let mut means = BTreeMap::new();
        let mut entry = |i: usize, j: usize| {
            let both: Exponents = basis[i].iter().zip(&basis[j]).map(|(a, b)| a + b).collect();
            let mean = || products[i].mean_of_product(&products[j], law);
            let root = Ball::exact(multiplicity(&basis[i]) * multiplicity(&basis[j])).sqrt();
            *means.entry(both).or_insert_with(mean) * root
        };
        Ok((0..basis.len()).map(|i| (0..basis.len()).map(|j| entry(i, j)).collect()).collect())
    }

    /// The eigenvalues of [`PopulationGradient::diversity`], ascending.
    ///
    /// # Errors
    /// As there.
    pub fn diversity_spectrum(&self, k: usize, d: usize) -> Result<Vec<Ball>> {
        symmetric_eigenvalues(&self.diversity(k, d)?)
    }

    fn law(&self, d: usize) -> Result<Law> {
        let r = self.v.len();
        if d < r {
            return Err(Error::domain("d", d, format!("the dimension is at least r = {r}")));
        }
        Ok(Law::Sphere(d))
    }
}

/// The monomials of degree k in r variables, in descending lexicographic order.
fn monomials(r: usize, k: usize) -> Vec<Exponents> {
    match r {
        0 => vec![],
        1 => vec![vec![k as u8]],
        r => {
            let with = |first: usize| {
                let rest = monomials(r - 1, k - first).into_iter();
                rest.map(move |rest| std::iter::once(first as u8).chain(rest).collect())
            };
            (0..=k).rev().flat_map(with).collect()
        }
    }
}

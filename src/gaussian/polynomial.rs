//! Polynomials in several variables whose coefficients are balls, and their moments.

use crate::ball::Ball;
use std::collections::BTreeMap;

/// The exponents of a monomial, one for each variable.
pub type Exponents = Vec<u8>;

/// A polynomial in r variables: the coefficients of its monomials.
#[derive(Debug, Clone, PartialEq)]
pub struct Polynomial {
    variables: usize,
    terms: BTreeMap<Exponents, Ball>,
}

/// A law of the variables z under which every moment is known exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Law {
    /// Independent standard normal variables.
    Normal,
    /// The first r coordinates of a uniform point of the unit sphere in R^d, r ≤ d.
    Sphere(usize),
}

impl Law {
    /// `1/(d(d+2)⋯(d+2l−2))` on the sphere, 1 for normal variables: what a moment of degree 2l is divided
    /// by.
    fn scale(self, l: usize) -> Ball {
        match self {
            Self::Normal => Ball::exact(1.0),
            Self::Sphere(d) => (0..l).fold(Ball::exact(1.0), |scale, i| scale / (d + 2 * i) as f64),
        }
    }
}

/// `(n−1)!!`, the moment of degree n of a standard normal variable, for even n.
fn odd_factorial(n: usize) -> Ball {
    (1..n).step_by(2).fold(Ball::exact(1.0), |product, i| product * i as f64)
}

impl Polynomial {
    /// The zero polynomial in r variables.
    pub fn zero(variables: usize) -> Self {
        Self { variables, terms: BTreeMap::new() }
    }

    /// The sum of these monomials.
    ///
    /// # Panics
    /// A list of exponents that has not one for each variable.
    pub fn new(variables: usize, terms: impl IntoIterator<Item = (Exponents, Ball)>) -> Self {
        let mut out = Self::zero(variables);
        for (exponents, coefficient) in terms {
            assert_eq!(exponents.len(), variables, "one exponent for each variable is needed");
            let entry = out.terms.entry(exponents).or_insert(Ball::exact(0.0));
            *entry = *entry + coefficient;
        }
        out.terms.retain(|_, c| *c != Ball::exact(0.0));
        out
    }

    /// A constant.
    pub fn constant(variables: usize, value: impl Into<Ball>) -> Self {
        Self::new(variables, [(vec![0; variables], value.into())])
    }

    /// The linear form `Σ b_i z_i`.
    pub fn linear(b: &[Ball]) -> Self {
        let r = b.len();
        let terms = b.iter().enumerate().map(|(i, &b)| Self::power_of(r, i, 1).scaled(b));
        terms.fold(Self::zero(r), |sum, term| sum.plus(&term))
    }

    /// The monomial `z_i^e`.
    pub(super) fn power_of(variables: usize, i: usize, e: u8) -> Self {
        let exponents = (0..variables).map(|j| if i == j { e } else { 0 }).collect();
        Self::new(variables, [(exponents, Ball::exact(1.0))])
    }

    /// The number of variables r.
    pub fn variables(&self) -> usize {
        self.variables
    }

    /// The monomials whose coefficient is not zero.
    pub fn terms(&self) -> impl Iterator<Item = (&[u8], Ball)> {
        self.terms.iter().map(|(exponents, &c)| (exponents.as_slice(), c))
    }

    /// The coefficient of a monomial.
    pub fn coefficient(&self, exponents: &[u8]) -> Ball {
        self.terms.get(exponents).copied().unwrap_or(Ball::exact(0.0))
    }

    /// The largest degree of its monomials; 0 for the zero polynomial.
    pub fn degree(&self) -> usize {
        self.terms.keys().map(|exponents| degree(exponents)).max().unwrap_or(0)
    }

    /// The part that is homogeneous of degree k.
    #[must_use]
    pub fn part(&self, k: usize) -> Self {
        self.parts(|degree| degree == k)
    }

    /// The monomials whose degree is wanted.
    #[must_use]
    pub fn parts(&self, wanted: impl Fn(usize) -> bool) -> Self {
        Self::new(self.variables, self.owned().filter(|(exponents, _)| wanted(degree(exponents))))
    }

    fn owned(&self) -> impl Iterator<Item = (Exponents, Ball)> {
        self.terms.iter().map(|(exponents, &c)| (exponents.clone(), c))
    }

    /// The sum of two polynomials in the same variables.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self::new(self.variables, self.owned().chain(other.owned()))
    }

    /// The polynomial times a number.
    #[must_use]
    pub fn scaled(&self, by: impl Into<Ball>) -> Self {
        let by = by.into();
        Self::new(self.variables, self.owned().map(|(exponents, c)| (exponents, c * by)))
    }

    /// The product of two polynomials in the same variables.
    ///
    /// # Panics
    /// An exponent above 255.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        let add = |(a, b): (&u8, &u8)| a.checked_add(*b).expect("exponents are at most 255");
        let product = |(a, x): (&Exponents, &Ball), (b, y): (&Exponents, &Ball)| {
            (a.iter().zip(b).map(add).collect(), *x * *y)
        };
        let terms = self.terms.iter().flat_map(|a| other.terms.iter().map(move |b| product(a, b)));
        Self::new(self.variables, terms)
    }

    /// The power of order n.
    #[must_use]
    pub fn power(&self, n: usize) -> Self {
        (0..n).fold(Self::constant(self.variables, 1.0), |power, _| power.times(self))
    }

    /// The derivative in the i-th variable.
    #[must_use]
    pub fn derivative(&self, i: usize) -> Self {
        let term = |(mut exponents, c): (Exponents, Ball)| {
            let factor = f64::from(exponents[i]);
            exponents[i] = exponents[i].saturating_sub(1);
            (exponents, c * factor)
        };
        Self::new(self.variables, self.owned().filter(|(exponents, _)| exponents[i] > 0).map(term))
    }

    /// The Laplacian.
    #[must_use]
    pub fn laplacian(&self) -> Self {
        let second = |i| self.derivative(i).derivative(i);
        (0..self.variables).fold(Self::zero(self.variables), |sum, i| sum.plus(&second(i)))
    }

    /// The value at z.
    ///
    /// # Panics
    /// Another number of coordinates than of variables.
    pub fn at(&self, z: &[Ball]) -> Ball {
        assert_eq!(z.len(), self.variables, "one coordinate for each variable is needed");
        let monomial = |exponents: &Exponents| {
            z.iter().zip(exponents).fold(Ball::exact(1.0), |product, (z, &e)| match e {
                0 => product,
                e => product * z.powi(e.into()),
            })
        };
        self.terms.iter().map(|(exponents, &c)| c * monomial(exponents)).sum()
    }

    /// The polynomial in other variables, of which each of its own is a polynomial.
    ///
    /// # Panics
    /// Another number of polynomials than of variables.
    #[must_use]
    pub fn of(&self, inner: &[Self]) -> Self {
        assert_eq!(inner.len(), self.variables, "one polynomial for each variable is needed");
        let variables = inner.first().map_or(0, |p| p.variables);
        self.terms.iter().fold(Self::zero(variables), |sum, (exponents, &c)| {
            let powers = inner.iter().zip(exponents).map(|(p, &e)| p.power(e.into()));
            sum.plus(&powers.fold(Self::constant(variables, c), |product, power| product.times(&power)))
        })
    }

    /// The Fischer inner product `Σ_ν a_ν b_ν ν!` over the monomials z^ν.
    ///
    /// For homogeneous polynomials of degree k it is `<A, B>/k!`, where the symmetric tensors A and B belong
    /// to them by `A(z^{⊗k})/k!`.
    pub fn fischer(&self, other: &Self) -> Ball {
        let factors = |exponents: &[u8]| exponents.iter().flat_map(|&e| 2..=e).collect::<Vec<u8>>();
        let weight = |exponents: &[u8]| {
            factors(exponents).into_iter().fold(Ball::exact(1.0), |product, i| product * f64::from(i))
        };
        self.terms().map(|(exponents, a)| a * other.coefficient(exponents) * weight(exponents)).sum()
    }

    /// The mean of the product of two polynomials in z, by their moments: no quadrature takes part, and the
    /// cost does not depend on d.
    ///
    /// # Panics
    /// Fewer dimensions of the sphere than variables.
    pub fn mean_of_product(&self, other: &Self, law: Law) -> Ball {
        if let Law::Sphere(d) = law {
            assert!(d >= self.variables.max(1), "the sphere has fewer dimensions than there are variables");
        }
        let top = self.degree() + other.degree();
        let scales: Vec<Ball> = (0..=top / 2).map(|l| law.scale(l)).collect();
        let moments: Vec<Ball> = (0..=top).map(odd_factorial).collect();
        let mean = |a: &Exponents, b: &Exponents| {
            let both = a.iter().zip(b).map(|(a, b)| usize::from(*a) + usize::from(*b));
            both.fold(Ball::exact(1.0), |product, e| if e < 2 { product } else { product * moments[e] })
        };
        // A moment vanishes unless every exponent is even, so only monomials of equal parities meet.
        let mut classes: BTreeMap<Vec<u8>, Vec<(&Exponents, Ball)>> = BTreeMap::new();
        for (exponents, &c) in &other.terms {
            classes.entry(exponents.iter().map(|e| e % 2).collect()).or_default().push((exponents, c));
        }
        let row = |(a, x): (&Exponents, &Ball)| -> Ball {
            let class: Exponents = a.iter().map(|e| e % 2).collect();
            let partners = classes.get(&class).map_or(&[][..], Vec::as_slice);
            let term = |(b, y): &(&Exponents, Ball)| *y * mean(a, b) * scales[(degree(a) + degree(b)) / 2];
            *x * partners.iter().map(term).sum::<Ball>()
        };
        self.terms.iter().map(row).sum()
    }

    /// The mean of the polynomial: [`Polynomial::mean_of_product`] with 1.
    ///
    /// # Panics
    /// As there.
    pub fn mean(&self, law: Law) -> Ball {
        self.mean_of_product(&Self::constant(self.variables, 1.0), law)
    }
}

/// The degree of a monomial.
fn degree(exponents: &[u8]) -> usize {
    exponents.iter().map(|&e| usize::from(e)).sum()
}

//! Polynomials on r standard normal coordinates in the Hermite basis, and their tensors.

use super::hermite::{MAX_COEFFICIENT, factorial};
use super::polynomial::{Exponents, Polynomial};
use super::spectrum::{BallMatrix, symmetric_eigenvalues};
use crate::ball::Ball;
use crate::tolerance::NORMALISED;
use crate::{Error, Result};

/// The largest degree p of a polynomial: the gradient needs the Hermite coefficients up to p + 2.
pub const MAX_DEGREE: usize = MAX_COEFFICIENT - 2;

/// The most terms that a polynomial may have when it is written out in r coordinates.
pub const MAX_TERMS: usize = 50_000;

/// A polynomial f of degree p on r independent standard normal coordinates z, in the Hermite basis:
/// `f = Σ_ν a_ν Π_i He_{ν_i}(z_i)`.
///
/// Its *symbol* is the polynomial `q(z) = Σ_ν a_ν z^ν`, which is `E f(z + Z)`. The part of degree k of the
/// symbol is `q_k(z) = C_k(z^{⊗k})/k!` with the symmetric tensor `C_k = E ∇^k f`. In terms of the
/// orthonormal coefficients, `a_ν = c_ν/√ν!` and `E f² = Σ c_ν²`.
///
/// ```
/// use escapement::gaussian::HermiteSeries;
/// // f(z) = (z_1² − 1)/2 + (z_2² − 1)/2, so that H = E ∇²f is the identity and E f² = 1.
/// let terms = [(vec![2, 0], 0.5), (vec![0, 2], 0.5), (vec![0, 0], -1.0)];
/// let f = HermiteSeries::from_monomials(2, &terms)?;
/// f.require_normalised()?;
/// assert!(f.second_moment().contains(1.0) && f.mean().contains(0.0));
/// assert!(f.kappa()?.contains(0.5_f64.sqrt())); // the least κ that there is
/// # Ok::<(), escapement::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct HermiteSeries {
    symbol: Polynomial,
}

impl HermiteSeries {
    /// The series of `Σ coefficient·z^exponents`, with one exponent for each of the r coordinates. Terms may
    /// repeat.
    ///
    /// # Errors
    /// [`Error::Domain`] for r = 0, no terms, an exponent missing or to spare, a coefficient that is not
    /// finite, a degree above [`MAX_DEGREE`], and more than [`MAX_TERMS`] terms.
    pub fn from_monomials(latent: usize, terms: &[(Exponents, f64)]) -> Result<Self> {
        Ok(Self::of_monomials(&checked(latent, terms)?))
    }

    /// The series of a polynomial: its symbol is `Σ_j Δ^j f/(2^j j!)`.
    pub(super) fn of_monomials(f: &Polynomial) -> Self {
        Self { symbol: heat(f, 0.5) }
    }

    /// The series with these coefficients `a_ν` of `Π_i He_{ν_i}(z_i)`.
    ///
    /// # Errors
    /// As [`HermiteSeries::from_monomials`].
    pub fn from_hermite(latent: usize, terms: &[(Exponents, f64)]) -> Result<Self> {
        Ok(Self { symbol: checked(latent, terms)? })
    }

    /// The polynomial in monomials: `Σ_j (−Δ)^j q/(2^j j!)` of the symbol q.
    pub fn monomials(&self) -> Polynomial {
        heat(&self.symbol, -0.5)
    }

    /// The number of coordinates r.
    pub fn latent(&self) -> usize {
        self.symbol.variables()
    }

    /// The degree p.
    pub fn degree(&self) -> usize {
        self.symbol.degree()
    }

    /// The symbol `Σ_k q_k`.
    pub fn symbol(&self) -> &Polynomial {
        &self.symbol
    }

    /// The homogeneous polynomial `q_k(z) = C_k(z^{⊗k})/k!`.
    pub fn q(&self, k: usize) -> Polynomial {
        self.symbol.part(k)
    }

    /// The series without the degrees 0 and 1: f̂ = f − C_0 − C_1·x, what is left of f by exact centring.
    #[must_use]
    pub fn centred(&self) -> Self {
        Self { symbol: self.symbol.parts(|degree| degree > 1) }
    }

    /// `E f² = Σ_ν a_ν² ν!`.
    pub fn second_moment(&self) -> Ball {
        self.symbol.fischer(&self.symbol)
    }

    /// C_0, the mean of f.
    pub fn mean(&self) -> Ball {
        self.symbol.coefficient(&vec![0; self.latent()])
    }

    /// The entry of C_k at these k indices, `a_ν ν!`, where index i occurs ν_i times.
    ///
    /// # Panics
    /// An index that is not below r.
    pub fn tensor(&self, indices: &[usize]) -> Ball {
        let mut exponents = vec![0_u8; self.latent()];
        let mut multiplicity = 1.0;
        for &i in indices {
            exponents[i] = exponents[i].saturating_add(1);
            multiplicity *= f64::from(exponents[i]);
        }
        if indices.len() > MAX_DEGREE {
            return Ball::exact(0.0);
        }
        self.symbol.coefficient(&exponents) * multiplicity
    }

    /// `‖C_k‖_F² = k! Σ_{|ν|=k} a_ν² ν!`.
    pub fn tensor_norm_squared(&self, k: usize) -> Ball {
        let q = self.q(k);
        q.fischer(&q) * factorial(k.min(MAX_DEGREE))
    }

    /// The contraction C_{k+2}(I), a tensor of order k, as its polynomial `C_{k+2}(I)(z^{⊗k})/k! =
    /// Δq_{k+2}`.
    pub fn contraction(&self, k: usize) -> Polynomial {
        self.q(k + 2).laplacian()
    }

    /// C_1 = E ∇f, r numbers.
    pub fn gradient_mean(&self) -> Vec<Ball> {
        (0..self.latent()).map(|i| self.tensor(&[i])).collect()
    }

    /// H = C_2 = E ∇²f, `[r, r]`.
    pub fn hessian(&self) -> BallMatrix {
        let r = self.latent();
        (0..r).map(|i| (0..r).map(|j| self.tensor(&[i, j])).collect()).collect()
    }

    /// The number of eigenvalues of H that are not zero. Below [`NORMALISED`] times √(2 E f²), which bounds
    /// all of them, an eigenvalue counts as zero: the rounding of the coefficients may have made it.
    ///
    /// # Errors
    /// [`Error::Numerical`] where the tensor overflows.
    pub fn rank(&self) -> Result<usize> {
        let spectrum = symmetric_eigenvalues(&self.hessian())?;
        let zero = NORMALISED * (self.second_moment() * 2.0).sqrt().value;
        Ok(spectrum.iter().filter(|lambda| lambda.abs().lower() > zero).count())
    }

    /// `κ = 1/(√r min|λ(H)|)`, which is at least 1/√2 for every normalised f.
    ///
    /// # Errors
    /// As [`HermiteSeries::require_full_rank`].
    pub fn kappa(&self) -> Result<Ball> {
        self.require_full_rank()?;
        let spectrum = symmetric_eigenvalues(&self.hessian())?;
        let least = spectrum.iter().map(|lambda| lambda.abs()).min_by(|a, b| a.value.total_cmp(&b.value));
        let least = least.unwrap_or(Ball::exact(0.0));
        Ok(1.0 / (Ball::exact(self.latent() as f64).sqrt() * least))
    }

    /// Refuses a polynomial that is not normalised, as the theorems ask.
    ///
    /// # Errors
    /// [`Error::Domain`] with E f², where it misses 1 by more than [`NORMALISED`].
    pub fn require_normalised(&self) -> Result<()> {
        let second = self.second_moment();
        if (second - 1.0).abs().lower() <= NORMALISED {
            return Ok(());
        }
        Err(Error::domain(
            "E f² of the target",
            second.value,
            format!("it must be 1 to within {NORMALISED:e}: divide the coefficients by its root"),
        ))
    }

    /// Refuses a polynomial whose H has not full rank: one gradient step does not see all its directions.
    ///
    /// # Errors
    /// [`Error::Domain`] with the rank.
    pub fn require_full_rank(&self) -> Result<()> {
        let (rank, latent) = (self.rank()?, self.latent());
        if rank == latent {
            return Ok(());
        }
        let allowed = format!(
            "H = E ∇²f must have the rank r = {latent}, because the step learns only the range of H"
        );
        Err(Error::domain("the rank of H", rank, allowed))
    }
}

/// `Σ_j (t Δ)^j f/j!`.
fn heat(f: &Polynomial, t: f64) -> Polynomial {
    let (mut sum, mut term) = (f.clone(), f.clone());
    for j in 1..=f.degree() / 2 {
        term = term.laplacian().scaled(Ball::exact(t) / j as f64);
        sum = sum.plus(&term);
    }
    sum
}

/// Terms from a caller as a polynomial.
pub(super) fn checked(latent: usize, terms: &[(Exponents, f64)]) -> Result<Polynomial> {
    let wrong = |value: String, allowed: String| Err(Error::domain("the polynomial", value, allowed));
    if latent == 0 || terms.is_empty() {
        return wrong(
            format!("{} terms in {latent} coordinates", terms.len()),
            "give at least one each".into(),
        );
    }
    for (exponents, c) in terms {
        let degree: usize = exponents.iter().map(|&e| usize::from(e)).sum();
        if exponents.len() != latent {
            let allowed = format!("each term needs {latent} exponents, one for each direction");
            return wrong(format!("a term with the exponents {exponents:?}"), allowed);
        }
        if !c.is_finite() {
            return wrong(format!("a term with the coefficient {c}"), "coefficients must be finite".into());
        }
        if degree > MAX_DEGREE {
            let allowed = format!(
                "the degree is at most {MAX_DEGREE}, because f64 holds no factorial above \
                 {MAX_COEFFICIENT}! to the unit"
            );
            return wrong(format!("a term of degree {degree}"), allowed);
        }
    }
    let terms = terms.iter().map(|(exponents, c)| (exponents.clone(), Ball::exact(*c)));
    let f = Polynomial::new(latent, terms);
    limited(&f, f.terms().count() as f64)?;
    Ok(f)
}

/// Refuses a polynomial that has too many terms as it is, or all monomials of its degree in `r` variables.
pub(super) fn limited(f: &Polynomial, terms: f64) -> Result<()> {
    if terms <= MAX_TERMS as f64 {
        return Ok(());
    }
    let (r, p) = (f.variables(), f.degree());
    let allowed = format!("at most {MAX_TERMS}: give orthonormal directions, or a lower degree");
    Err(Error::domain(
        "the polynomial",
        format!("{terms:.0} terms of degree {p} in {r} directions"),
        allowed,
    ))
}

/// The binomial coefficient `C(n, k)`.
pub(crate) fn binomial(n: usize, k: usize) -> f64 {
    (0..k).fold(1.0, |count, i| count * (n - i) as f64 / (i + 1) as f64)
}

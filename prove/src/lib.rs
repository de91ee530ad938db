//! Certificates: JSON files from which an independent checker proves statements about the zonal
//! coefficients of an activation in one dimension, or in every dimension. `docs/certificates.md` has the
//! proofs and the format.
//!
//! Nothing here needs to be trusted. The prover finds one polynomial for the activation and claims what the
//! checker, which recomputes every bound in whole numbers, should find.
//!
//! ```
//! use escapement_prove::{Shifted, zonal};
//!
//! let certificate = zonal(&Shifted::parse("sigmoid:1")?, 10, 2)?;
//! let accepted = escapement_check::check(certificate.text.as_bytes(), ".".as_ref()).unwrap();
//! assert_eq!(accepted.statement, certificate.statement);
//! assert!(accepted.statement.contains("kappa_2 is in [0.000"));
//! # Ok::<(), escapement_prove::Error>(())
//! ```

mod eigenpairs;
mod error;
mod every_d;
mod file;
mod fixed;
mod found;
mod matrix;
mod polynomial;
mod weights;
mod worst_case;
mod zonal;

pub use error::{Error, Result};
pub use file::{Certificate, Claim};
pub use found::Precision;
pub use polynomial::Kind;
pub use weights::{CertifiedWeights, lemma_2, spectrum};

use escapement::activation::{self, Activation};
use every_d::{Bounds, Name, Quantity};
use faer::Mat;
use file::{Dimension, Header};
use fixed::Fixed;
use num_bigint::BigInt;
use polynomial::Polynomial;
use std::sync::Arc;
use zonal::Zonal;

/// Binary digits of a polynomial for coefficients of one dimension: fifteen decimal digits of each.
const BITS_FOR_DIGITS: u64 = 92;

/// Binary digits of a polynomial for bounds that hold in every dimension.
const BITS_FOR_BOUNDS: u64 = 60;

/// The most dimensions times coefficients times j + 1, summed over the claims, in the format.
const MOST_STEPS: usize = 30_000_000;

/// The highest degree of a zonal certificate.
const HIGHEST_DEGREE: usize = 64;

/// An activation with a rational shift: σ(z) = activation(z − b).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shifted {
    pub(crate) kind: Kind,
    num: BigInt,
    den: BigInt,
}

impl Shifted {
    /// Reads `sigmoid:1`, `tanh:0.5`, `erf:1/3` or `sigmoid`.
    ///
    /// # Errors
    /// An activation without a kind of certificate, and shifts that are no decimals or fractions; in one
    /// sentence.
    pub fn parse(text: &str) -> Result<Self> {
        let (name, shift) = text.split_once(':').unwrap_or((text, "0"));
        let Some(kind) = Kind::named(name) else {
            let closed = if name == "relu" { "; the coefficients of relu have closed forms" } else { "" };
            let allowed = format!("there are certificates for sigmoid, tanh and erf{closed}");
            return Err(Error::domain("the activation", name, allowed));
        };
        let refuse = || {
            let allowed = "a certificate needs a decimal or a fraction, as 0.5 or 1/3, below 1000 in size";
            Error::domain("the shift", shift, allowed)
        };
        let (num, den) = shift.split_once('/').unwrap_or((shift, "1"));
        let (num, places) = decimal(num).ok_or_else(refuse)?;
        let den: BigInt = den.parse().ok().filter(|den| *den > BigInt::ZERO).ok_or_else(refuse)?;
        let den = den * BigInt::from(10).pow(places);
        let small = den.bits() <= 256 && num.magnitude() <= (&den * BigInt::from(1000)).magnitude();
        if !small {
            return Err(refuse());
        }
        let common = gcd(num.magnitude().clone().into(), den.clone());
        Ok(Self { kind, num: num / &common, den: den / common })
    }

    /// b.
    fn shift(&self) -> Fixed {
        Fixed::ratio(&self.num, &self.den)
    }

    fn shift_f64(&self) -> f64 {
        self.shift().to_f64()
    }

    /// b in decimal digits: whole, or a fraction.
    fn shift_words(&self) -> String {
        if self.den == BigInt::from(1) { self.num.to_string() } else { format!("{}/{}", self.num, self.den) }
    }

    /// `sigmoid(z - 1)`.
    pub fn words(&self) -> String {
        let (name, shift) = (self.kind.name(), self.shift_words());
        match shift.strip_prefix('-') {
            Some(size) => format!("{name}(z + {size})"),
            None if shift == "0" => format!("{name}(z)"),
            None => format!("{name}(z - {shift})"),
        }
    }

    /// The activation of the core, with the shift to the precision of f64.
    fn activation(&self) -> Result<Arc<dyn Activation>> {
        Ok(activation::parse(&format!("{}:{}", self.kind.name(), self.shift_f64()))?)
    }
}

/// A decimal as a whole number and the number of its places.
fn decimal(text: &str) -> Option<(BigInt, u32)> {
    let (whole, places) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let fine =
        !digits.is_empty() && is_number(digits) && is_number(places) && places.len() + digits.len() <= 60;
    let number = format!("{whole}{places}").parse().ok().filter(|_| fine)?;
    Some((number, places.len() as u32))
}

fn gcd(a: BigInt, b: BigInt) -> BigInt {
    if b == BigInt::ZERO { a } else { gcd(b.clone(), a % b) }
}

/// What the statement of a claim can be proved from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Suprema of the activation, and bounds on zonal coefficients and constants for every d.
    EveryDimension,
    /// Zonal coefficients in one dimension.
    Zonal,
    /// Constants that hold for every width and every W0.
    Identity,
    /// Eigenvalues of Σ at given weights.
    Spectrum,
    /// The worst case of lemma 2 at given weights.
    Lemma2,
}

/// Where a statement is to hold.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'a> {
    /// In every dimension d ≥ 3.
    EveryD,
    /// In one dimension.
    Dimension {
        /// d.
        d: usize,
        /// The highest degree of the coefficients.
        degree: usize,
    },
    /// At given weights.
    Weights {
        /// W0, of shape `[p, d]`.
        weights: &'a Mat<f64>,
        /// The low degree k.
        k: usize,
        /// How many eigenvalues are enclosed; all where none is given.
        top: Option<usize>,
    },
}

impl Form {
    /// Where there are certificates of this form, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::EveryDimension => "for every d",
            Self::Zonal => "in one dimension",
            Self::Identity => "for every d or in one dimension",
            Self::Spectrum | Self::Lemma2 => "at given weights",
        }
    }

    /// The certificate of this form; none where it does not speak of such a scope.
    ///
    /// # Errors
    /// As [`zonal`], [`every_d`], [`identity`], [`identity_for_every_d`], [`spectrum`] and [`lemma_2`].
    pub fn certificate(self, of: &Shifted, scope: Scope<'_>) -> Option<Result<Certificate>> {
        Some(match (self, scope) {
            (Self::EveryDimension, Scope::EveryD) => every_d_in_reach(of),
            (Self::Zonal, Scope::Dimension { d, degree }) => zonal(of, d, degree),
            (Self::Identity, Scope::EveryD) => identity_for_every_d(of),
            (Self::Identity, Scope::Dimension { d, .. }) => identity(of, d),
            (Self::Spectrum, Scope::Weights { weights, k, top }) => {
                spectrum(of, weights, k, top).map(|made| made.certificate)
            }
            (Self::Lemma2, Scope::Weights { weights, k, top }) => {
                lemma_2(of, weights, k, top).map(|made| made.certificate)
            }
            _ => return None,
        })
    }
}

/// Degrees for [`every_d`], of which the first that are in reach are taken: k, and the highest of κ_j.
const REACH: [(usize, usize); 6] = [(3, 6), (2, 4), (2, 2), (1, 2), (1, 1), (0, 0)];

/// [`every_d`] with the highest degrees of a few for which it succeeds.
///
/// # Errors
/// Those for the lowest degrees.
pub fn every_d_in_reach(of: &Shifted) -> Result<Certificate> {
    let (last, first) = REACH.split_last().unwrap_or((&(0, 0), &[]));
    let found = first.iter().find_map(|&(k, kappas)| every_d(of, k, kappas).ok());
    found.map_or_else(|| every_d(of, last.0, last.1), Ok)
}

/// All zonal quantities of the degrees 0 to `degree` in dimension d, to at least fifteen digits.
///
/// # Errors
/// d below 3, degrees above 64, and dimensions that are beyond the reach of the polynomial.
pub fn zonal(of: &Shifted, d: usize, degree: usize) -> Result<Certificate> {
    require(d, degree)?;
    let polynomial = Polynomial::new(of.clone(), d, BITS_FOR_DIGITS)?;
    let found = Zonal::new(&polynomial, d, degree)?;
    let mut claims = Vec::new();
    for (j, level) in found.levels.iter().enumerate() {
        let [first, second] = &level.lambda;
        let all = [("lambda_sigma1", first), ("lambda_sigma2", second), ("A", &level.a), ("C", &level.c)];
        let all = all.into_iter().chain([("tau", &level.tau), ("kappa", &level.kappa)]);
        claims.extend(all.map(|(name, enclosed)| Claim::of(name, j, enclosed)));
    }
    claims.push(Claim::of("trace", 0, &found.trace));
    claims.push(Claim::of("radial", 0, &found.radial));
    claims.push(Claim::of("tangential", 0, &found.tangential));
    claims.push(Claim::of("tail", degree, &found.tail(degree)));
    file::write(Header { kind: "zonal", dimension: Dimension::One(d), polynomial: &polynomial }, claims)
}

/// For every d ≥ 3: bounds on |σ|, |σ'| and |σ''| (Assumption 2 of NBL22), Assumption 3 at this k, bounds on
/// κ_0 and d^{j−1}κ_j for the degrees up to `kappas`, and the constants of the Chernoff bound.
///
/// # Errors
/// Activations whose derivatives grow so fast that no d within reach is large enough.
pub fn every_d(of: &Shifted, k: usize, kappas: usize) -> Result<Certificate> {
    let first = (0..=k).map(|j| Quantity { name: Name::First, j });
    let second = (0..k).rev().step_by(2).map(|j| Quantity { name: Name::Second, j });
    let kappa = (0..=kappas).map(|j| Quantity { name: Name::Kappa, j });
    let quantities: Vec<Quantity> = first.chain(second).chain(kappa).collect();
    let Bounds { starts, ends } = every_d::bounds(of, &quantities)?;
    let last = *starts.last().unwrap_or(&3);
    let polynomial = Polynomial::new(of.clone(), last, BITS_FOR_BOUNDS)?;
    let supremum = |n: usize| every_d::supremum(of.kind, n);
    let mut claims = vec![Claim::of_f64("supremum", 0, 1.0, 1.0)];
    claims.extend([1, 2].map(|n| Claim::of_f64("supremum", n, 0.0, supremum(n))));
    let claim = |(q, [low, high]): (&Quantity, &[f64; 2])| Claim::of_f64(q.text(), q.j, *low, *high);
    claims.extend(quantities.iter().zip(&ends).map(claim));
    let of_kappa = &ends[quantities.len() - kappas - 1..];
    let chernoff = |k: usize| {
        let least = of_kappa[..=k].iter().map(|[low, _]| *low).fold(f64::INFINITY, f64::min);
        let c = least / (8.0 * supremum(1).powi(2));
        Claim::of_f64("chernoff-scaled", k, c * (1.0 - every_d::WIDER), c * (1.0 + every_d::WIDER))
    };
    claims.extend((1..=kappas).map(chernoff));
    let degrees: usize = claims.iter().map(|claim| claim.j + 1).sum();
    if starts.len() * polynomial.coefficients.len() * degrees > MOST_STEPS {
        let allowed = "a certificate of these degrees would take the checker too long: take fewer";
        return Err(Error::domain("the activation", of.words(), allowed));
    }
    let dimension = Dimension::Every(starts);
    file::write(Header { kind: "all-d", dimension, polynomial: &polynomial }, claims)
}

/// The constants of statements of NBL22 at k = 1 that hold for every width and every W0, in dimension d.
///
/// # Errors
/// As [`zonal`], and λ_0(σ'') = 0.
pub fn identity(of: &Shifted, d: usize) -> Result<Certificate> {
    require(d, 1)?;
    let polynomial = Polynomial::new(of.clone(), d, BITS_FOR_DIGITS)?;
    let found = Zonal::new(&polynomial, d, 1)?;
    let lambda = found.levels[0].lambda[1].abs();
    if lambda.value <= lambda.error.times(&BigInt::from(2)) {
        let allowed = format!("λ_0(σ'') vanishes in dimension {d}, and the constants divide by it");
        return Err(Error::domain("the activation", of.words(), allowed));
    }
    let (radial, tangential) = (&found.radial, &found.tangential);
    let largest = if radial.value > tangential.value { radial } else { tangential };
    let eight = lambda.times(&lambda).under(&Fixed::whole(8));
    let four = lambda.under(&Fixed::whole(4));
    let two = lambda.under(&Fixed::whole(2)).times(largest);
    let claims = vec![
        Claim::of("random-signs", 0, largest),
        Claim::of("lemma-1-norm", 1, &eight),
        Claim::of("escape", 1, &four),
        Claim::of("theorem-2", 1, &two),
        Claim::of("theorem-2-r4", 1, &eight),
    ];
    file::write(Header { kind: "identity", dimension: Dimension::One(d), polynomial: &polynomial }, claims)
}

/// The same constants, with bounds that hold for every d ≥ 3.
///
/// # Errors
/// As [`every_d`].
pub fn identity_for_every_d(of: &Shifted) -> Result<Certificate> {
    let quantity = [Quantity { name: Name::Second, j: 0 }];
    let Bounds { starts, ends } = every_d::bounds(of, &quantity)?;
    let polynomial = Polynomial::new(of.clone(), *starts.last().unwrap_or(&3), BITS_FOR_BOUNDS)?;
    let [low, high] = ends[0];
    let sup = every_d::supremum(of.kind, 1).powi(2) * (1.0 + every_d::WIDER);
    let claims = vec![
        Claim::of_f64("random-signs", 0, 0.0, sup),
        Claim::of_f64("lemma-1-norm", 1, 8.0 / high, 8.0 / low),
        Claim::of_f64("escape", 1, 4.0 / high.sqrt(), 4.0 / low.sqrt()),
        Claim::of_f64("theorem-2", 1, 0.0, 2.0 * sup / low.sqrt()),
        Claim::of_f64("theorem-2-r4", 1, 8.0 / high, 8.0 / low),
    ];
    let dimension = Dimension::Every(starts);
    file::write(Header { kind: "identity", dimension, polynomial: &polynomial }, claims)
}

fn require(d: usize, degree: usize) -> Result<()> {
    escapement::sphere::require_dimension(d)?;
    if degree > HIGHEST_DEGREE {
        let allowed = format!("certificates have degrees up to {HIGHEST_DEGREE}");
        return Err(Error::domain("the degree", degree, allowed));
    }
    Ok(())
}

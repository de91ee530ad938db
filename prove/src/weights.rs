//! Certificates of given weights: eigenvalues of Σ, and the worst case of lemma 2.
//!
//! The checker makes A = pΣ from the weights itself, so that nothing about A stands in the file but offered
//! eigenpairs. With γ = ‖VᵀV − I‖_F and ρ = ‖AV − VD‖_F + 2e, where e bounds what rounding leaves open in A,
//! it proves that the eigenvalues of A lie within `ε = (2γ‖D‖ + ρ)(1 + γ)` of D, or 2ε where only the
//! largest are in the file, up to p times the trace of the degrees above J. The prover computes the same
//! bound from its own whole numbers, and claims a hundredth more.

use super::eigenpairs::{VECTOR_BITS, eigenpairs, float, unit};
use super::file::{self, Header};
use super::fixed::Fixed;
use super::found::{Found, Precision, ROUNDING};
use super::matrix::{ENTRY_BITS, matrices, radii, unit_rows};
use super::polynomial::Polynomial;
use super::zonal::{Zonal, dimension};
use super::{BITS_FOR_DIGITS, Certificate, Shifted};
use crate::error::{Error, Result};
use escapement::sphere;
use faer::Mat;
use num_bigint::BigInt;

/// The largest order n = pd of A in the format.
const LARGEST_ORDER: usize = 2000;

/// The highest degree J in the format.
const HIGHEST_DEGREE: usize = 512;

/// The most pairs of neurons times degrees in the format.
const MOST_TERMS: usize = 20_000_000;

/// The largest n_k for which there is a worst case in the format.
const LARGEST_RANK: usize = 128;

/// The longest file that the checker reads, in bytes.
const LONGEST: usize = 64 << 20;

/// In the same place an entry of A may be rounded to another side here than there: eight pairs of entries
/// may differ by a unit.
const TIES: f64 = 4.0;

/// A certificate of given weights.
#[derive(Debug, Clone)]
pub struct CertifiedWeights {
    /// The certificate, with the file of weights that belongs beside it.
    pub certificate: Certificate,
    /// What the width of the claims is made of.
    pub precision: Precision,
}

/// Enclosures of the largest eigenvalues of Σ at given weights, of the gap below the n_k-th and of the sum
/// of the others. The rows of `weights` (`[p, d]`) are the p = m/2 distinct neurons, of norm 1 to within
/// 2^{-40}; Σ is that of these rows divided by their norms. `top` is how many eigenvalues are wanted; `None`
/// for all pd that are not zero by construction.
///
/// # Errors
/// What the format does not allow: d below 3, pd above 2000, rows that are not unit vectors, and `top` of 0
/// or above pd. Besides n_k above pd, no gap where the wanted eigenvalues end, and a Σ whose degrees fall
/// off too slowly.
pub fn spectrum(of: &Shifted, weights: &Mat<f64>, k: usize, top: Option<usize>) -> Result<CertifiedWeights> {
    certify(of, weights, k, top, false)
}

/// The same, and the worst case of lemma 2: the greatest E(f_L(W_L) − f_k)² over all f_k of degree at most k
/// with E f_k² = 1, W_L being least squares in the top n_k eigenvectors of Σ. `top` is at least n_k.
///
/// # Errors
/// As [`spectrum`], no gap below the n_k-th eigenvalue, and n_k above 128.
pub fn lemma_2(of: &Shifted, weights: &Mat<f64>, k: usize, top: Option<usize>) -> Result<CertifiedWeights> {
    certify(of, weights, k, top, true)
}

/// n_k, the dimension of the polynomials of degree at most k, if it is at most n.
fn low_rank(d: usize, k: usize, n: usize) -> Result<usize> {
    let mut rank = BigInt::ZERO;
    for j in 0..=k {
        rank += dimension(d, j);
        if rank > BigInt::from(n) {
            return Err(Error::Input(format!(
                "k = {k} is not allowed with {n} eigenvalues: the polynomials of degree up to {j} have \
                 dimension n_{j} = {rank}"
            )));
        }
    }
    usize::try_from(rank).map_err(|e| Error::Input(e.to_string()))
}

fn certify(
    of: &Shifted,
    weights: &Mat<f64>,
    k: usize,
    top: Option<usize>,
    worst_case: bool,
) -> Result<CertifiedWeights> {
    let (p, d) = (weights.nrows(), weights.ncols());
    sphere::require_dimension(d)?;
    let n = p * d;
    if n == 0 || n > LARGEST_ORDER {
        return Err(Error::Input(format!(
            "{p} neurons in dimension {d} are not allowed: a certificate needs pd from 1 to \
             {LARGEST_ORDER}, and this is {n}"
        )));
    }
    let rank = low_rank(d, k, n)?;
    let r = top.unwrap_or(n);
    let least = if worst_case { rank } else { 1 };
    if r < least || r > n {
        return Err(Error::Input(format!(
            "{r} eigenvalues are not allowed: there are {n}, and at least {least} must be asked for"
        )));
    }
    if worst_case && rank > LARGEST_RANK {
        return Err(Error::Input(format!(
            "k = {k} is not allowed in dimension {d}: n_k = {rank}, and a worst case needs at most \
             {LARGEST_RANK}"
        )));
    }
    let rows = unit_rows(weights)?;
    let polynomial = Polynomial::new(of.clone(), d, BITS_FOR_DIGITS)?;
    let cut = Cut::new(&polynomial, [p, d], k, r)?;
    let levels = &cut.zonal.levels[..=cut.degree];
    let [a, above] = matrices(&rows, levels, if worst_case { k } else { cut.degree });
    let pairs = eigenpairs(&a, r)?;

    let entries = n as f64 * (cut.radius + unit(ENTRY_BITS + 1));
    let largest = pairs.values.iter().map(|d| float(*d, ENTRY_BITS).abs()).fold(0.0, f64::max);
    let skew = pairs.skew * (1.0 + ROUNDING) + unit(2 * VECTOR_BITS);
    let residual = pairs.residual * (1.0 + ROUNDING) + TIES * unit(ENTRY_BITS);
    let epsilon = (2.0 * skew * largest + residual + 2.0 * entries) * (1.0 + skew) * (1.0 + ROUNDING);
    let precision = Precision {
        degree: cut.degree,
        epsilon,
        skew: 2.0 * skew * largest,
        residual,
        entries: 2.0 * entries,
        tail: p as f64 * cut.tail.to_f64(),
    };
    tracing::debug!(n, r, %precision, "a certificate of weights");
    let found = Found { of, p, k, rank, pairs, precision, tail: cut.tail.clone(), entries };
    let (mu, next) = found.completeness()?;
    let mut claims = found.claims(&cut.zonal, next.as_ref())?;
    if worst_case {
        claims.push(found.worst_case(&above, next.as_ref())?);
    }
    let bytes = npy(weights);
    let hash = escapement_check::sha256::sha256(&bytes);
    let kind = if worst_case { "lemma-2" } else { "spectrum" };
    let statement = found.statement([d, n], &hash, &claims);
    let header = Header { kind, dimension: file::Dimension::One(d), polynomial: &polynomial };
    let mut certificate = file::write_with(header, &found.fields(&hash, mu), statement, claims)?;
    certificate.scope = format!("at this W0, d = {d}, m = {}", 2 * p);
    certificate.weights = Some(bytes);
    if certificate.text.len() > LONGEST {
        return Err(Error::Input(format!(
            "{r} eigenvectors of {n} entries make a file of {} bytes, and at most {LONGEST} are allowed: \
             ask for fewer",
            certificate.text.len()
        )));
    }
    Ok(CertifiedWeights { certificate, precision })
}

/// Where the series of Σ is cut.
struct Cut {
    zonal: Zonal,
    /// J.
    degree: usize,
    /// An upper bound on the trace of the degrees above J.
    tail: Fixed,
    /// An upper bound on the radius of an entry of A.
    radius: f64,
}

impl Cut {
    /// The least J at which the degrees above it are small beside the rounding of A and of the vectors.
    fn new(polynomial: &Polynomial, [p, d]: [usize; 2], k: usize, r: usize) -> Result<Self> {
        let allowed = HIGHEST_DEGREE.min(MOST_TERMS / (p * p) - 1);
        // Rounding a vector to whole units moves each product of two by about 0.4 units.
        let n = (p * d) as f64;
        let mut highest = 32;
        loop {
            highest = highest.min(allowed).max(k);
            let zonal = Zonal::new(polynomial, d, highest)?;
            let radii = radii(&zonal.levels, d);
            let largest = p as f64 * zonal.levels[0].kappa.value.to_f64();
            let floor = 0.8 * r as f64 * unit(VECTOR_BITS) * largest + 2.0 * n * unit(ENTRY_BITS + 1);
            let mut rest = zonal.trace.clone();
            let (mut best, mut degree, mut tail) = (f64::INFINITY, 0, Fixed::zero());
            for (j, level) in zonal.levels.iter().enumerate() {
                rest = rest.minus(&level.tau);
                let upper = &rest.value.clone().max(Fixed::zero()) + &rest.error;
                let cost = p as f64 * upper.to_f64() + 2.0 * n * radii[j];
                if j >= k && cost < best {
                    (best, degree, tail) = (cost, j, upper);
                    if best < floor / 32.0 {
                        break;
                    }
                }
            }
            let enough = if highest < allowed { floor / 32.0 } else { floor };
            if best < enough {
                let radius = radii[degree];
                return Ok(Self { zonal, degree, tail, radius });
            }
            if highest >= allowed {
                return Err(Error::Input(format!(
                    "{} has no certificate for {p} neurons in dimension {d}: degrees up to J = {allowed} \
                     are allowed there, and leave eigenvalues of A = pΣ open by {best:.1e}",
                    polynomial.of.words(),
                )));
            }
            highest *= 2;
        }
    }
}

/// The weights as a file of NumPy, version 1.0, with whole rows behind each other.
fn npy(weights: &Mat<f64>) -> Vec<u8> {
    let (p, d) = (weights.nrows(), weights.ncols());
    let mut header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({p}, {d}), }}");
    // The magic word and the length take ten bytes, and numbers begin at a multiple of 64.
    let length = (header.len() + 11).next_multiple_of(64) - 10;
    header += &" ".repeat(length - 1 - header.len());
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(header.bytes());
    for r in 0..p {
        for i in 0..d {
            bytes.extend(weights[(r, i)].to_le_bytes());
        }
    }
    bytes
}

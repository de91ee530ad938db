//! Certificates of given weights: eigenvalues of Σ, and the worst case of lemma 2.
//!
//! The checker makes A = pΣ from the weights itself, so that nothing about A stands in the file but offered
//! eigenpairs. With γ = ‖VᵀV − I‖_F and ρ = ‖AV − VD‖_F + 2e, where e bounds what rounding leaves open in A, it
//! proves that the eigenvalues of A lie within `ε = (2γ‖D‖ + ρ)(1 + γ)` of D, or 2ε where only the largest are
//! in the file, up to p times the trace of the degrees above J. The prover computes the same bound from its
//! own whole numbers, and claims a hundredth more.

use super::eigenpairs::{Eigenpairs, VECTOR_BITS, eigenpairs, float, unit};
use super::file::{self, Claim, Header};
use super::fixed::Fixed;
use super::matrix::{ENTRY_BITS, matrices, radii, unit_rows};
use super::polynomial::Polynomial;
use super::worst_case::greatest_quotient;
use super::zonal::{Zonal, dimension};
use super::{BITS_FOR_DIGITS, Certificate, Shifted};
use crate::error::{Error, Result};
use escapement::{rounding, sphere};
use faer::Mat;
use num_bigint::BigInt;
use std::fmt::{self, Write};

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

/// By how much the checker's bounds may be above those that are found here, relative to them.
const ROUNDING: f64 = 1e-9;

/// In the same place an entry of A may be rounded to another side here than there: eight pairs of entries may
/// differ by a unit.
const TIES: f64 = 4.0;

/// A certificate of given weights, and the file of weights that belongs beside it.
#[derive(Debug, Clone)]
pub struct CertifiedWeights {
    /// The certificate.
    pub certificate: Certificate,
    /// The bytes of `W0.npy`.
    pub weights: Vec<u8>,
    /// What the width of the claims is made of.
    pub precision: Precision,
}

/// What the enclosures of the eigenvalues of A = pΣ owe their width to.
#[derive(Debug, Clone, Copy)]
pub struct Precision {
    /// J, the highest degree that is kept.
    pub degree: usize,
    /// ε, how far the eigenvalues of A cut at J may be from D.
    pub epsilon: f64,
    /// The part of ε from vectors that are not quite orthonormal, 2γ‖D‖.
    pub skew: f64,
    /// The part of ε from ‖AV − VD‖_F.
    pub residual: f64,
    /// The part of ε from the rounding of A, 2e.
    pub entries: f64,
    /// p times the trace of the degrees above J.
    pub tail: f64,
}

impl Precision {
    /// The greatest of the parts, in words.
    pub fn dominant(&self) -> &'static str {
        let parts = [
            (self.skew, "the rounding of the vectors, which leaves them not quite orthonormal"),
            (self.residual, "the residuals of the eigenpairs"),
            (self.entries, "the rounding of the entries of A"),
            (self.tail, "the degrees above J"),
        ];
        parts.into_iter().max_by(|a, b| a.0.total_cmp(&b.0)).map_or("", |(_, words)| words)
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { degree, epsilon, skew, residual, entries, tail } = self;
        write!(
            f,
            "J = {degree}, ε = {epsilon:.1e} = {skew:.1e} (vectors) + {residual:.1e} (residuals) + {entries:.1e} \
             (entries), p·tail = {tail:.1e}; the most is {}",
            self.dominant()
        )
    }
}

/// Enclosures of the largest eigenvalues of Σ at given weights, of the gap below the n_k-th and of the sum of
/// the others. The rows of `weights` (`[p, d]`) are the p = m/2 distinct neurons, of norm 1 to within 2^{-40};
/// Σ is that of these rows divided by their norms. `top` is how many eigenvalues are wanted; `None` for all pd
/// that are not zero by construction.
///
/// # Errors
/// What the format does not allow: d below 3, pd above 2000, rows that are not unit vectors, and `top` of 0 or
/// above pd. Besides n_k above pd, no gap where the wanted eigenvalues end, and a Σ whose degrees fall off too
/// slowly.
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
                "k = {k} is not allowed with {n} eigenvalues: the polynomials of degree up to {j} have dimension \
                 n_{j} = {rank}"
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
            "{p} neurons in dimension {d} are not allowed: a certificate needs pd from 1 to {LARGEST_ORDER}, and \
             this is {n}"
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
            "k = {k} is not allowed in dimension {d}: n_k = {rank}, and a worst case needs at most {LARGEST_RANK}"
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
    let certificate = file::write_with(header, &found.fields(&hash, mu), statement, claims)?;
    if certificate.text.len() > LONGEST {
        return Err(Error::Input(format!(
            "{r} eigenvectors of {n} entries make a file of {} bytes, and at most {LONGEST} are allowed: ask for fewer",
            certificate.text.len()
        )));
    }
    Ok(CertifiedWeights { certificate, weights: bytes, precision })
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
            let good = best < floor / 32.0;
            if good || (highest == allowed.max(k) && best < 1e-10) {
                let radius = radii[degree];
                return Ok(Self { zonal, degree, tail, radius });
            }
            if highest >= allowed {
                return Err(Error::Input(format!(
                    "{} has no certificate for {p} neurons in dimension {d}: degrees up to J = {allowed} are allowed \
                     there, and leave eigenvalues of A = pΣ open by {best:.1e}",
                    polynomial.of.words(),
                )));
            }
            highest *= 2;
        }
    }
}

/// What is known of Σ at the weights.
struct Found<'a> {
    of: &'a Shifted,
    p: usize,
    k: usize,
    rank: usize,
    pairs: Eigenpairs,
    precision: Precision,
    /// An upper bound on the trace of the degrees above J.
    tail: Fixed,
    /// A bound on the norm of what rounding leaves open in A.
    entries: f64,
}

/// The two ends of an interval.
type Ends = [Fixed; 2];

impl Found<'_> {
    /// r.
    fn count(&self) -> usize {
        self.pairs.values.len()
    }

    /// D_i.
    fn value(&self, i: usize) -> f64 {
        float(self.pairs.values[i - 1], ENTRY_BITS)
    }

    /// How far an eigenvalue of A cut at J may be from D.
    fn radius(&self) -> f64 {
        self.precision.epsilon * if self.pairs.next.is_some() { 2.0 } else { 1.0 }
    }

    /// μ, and an upper bound on the eigenvalue r + 1 of A cut at J, where not all are in the file.
    ///
    /// The checker factors `M = μI − A + FFᵀ` as LLᵀ, F being V√D, with each entry of L rounded down to a unit
    /// of 2^{-54}. Row by row this makes errors of at most a unit times a diagonal entry of L, which is at most
    /// √μ, since A − FFᵀ is positive semidefinite up to rounding. It succeeds if the least eigenvalue of M, μ −
    /// λ_{r+1}, is above the norm of the errors.
    fn completeness(&self) -> Result<(i128, Option<Fixed>)> {
        let Some(next) = self.pairs.next else { return Ok((0, None)) };
        let (n, r) = (self.pairs.vectors[0].len() as f64, self.count() as f64);
        let largest = self.value(1);
        let next = next.max(0.0);
        let factor = unit(VECTOR_BITS) * (n + 2.0 * n.sqrt()) * (next + 2.0_f64.powi(-36)).sqrt() * 1.01;
        let of_f = 4.0 * (largest * n * r).sqrt() * unit(VECTOR_BITS);
        let margin =
            2.0 * factor + of_f + 8.0 * self.precision.epsilon + rounding::eigen(n as usize, largest);
        let mu = ((next + margin) / unit(ENTRY_BITS)).ceil();
        let upper = mu * unit(ENTRY_BITS) + factor + self.entries;
        let last = self.value(self.count());
        if upper >= last - 2.0 * self.precision.epsilon {
            return Err(Error::Input(format!(
                "there is no gap below eigenvalue {} of Σ, {:.6e}: the next one is {:.6e}, and a certificate of the \
                 largest eigenvalues must end above a gap of at least {:.1e}",
                self.count(),
                last / self.p as f64,
                next / self.p as f64,
                (upper - next + 2.0 * self.precision.epsilon) / self.p as f64
            )));
        }
        Ok((mu as i128, Some(Fixed::of(upper))))
    }

    /// An interval for eigenvalue i of Σ: `next` bounds eigenvalue r + 1 of A, and the ones behind are zero.
    fn eigenvalue(&self, i: usize, next: Option<&Fixed>) -> Ends {
        let p = BigInt::from(self.p);
        let Some(value) = self.pairs.values.get(i - 1) else {
            return [Fixed::zero(), next.map_or_else(Fixed::zero, |next| &next.over(&p) + &self.tail)];
        };
        let (value, radius) = (Fixed::scaled(&BigInt::from(*value), ENTRY_BITS), Fixed::of(self.radius()));
        [(&value - &radius).over(&p).max(Fixed::zero()), &(&value + &radius).over(&p) + &self.tail]
    }

    /// The claims, but for that of lemma 2.
    fn claims(&self, zonal: &Zonal, next: Option<&Fixed>) -> Result<Vec<Claim>> {
        let (r, rank) = (self.count(), self.rank);
        let slack = self.radius() / self.p as f64 / 100.0;
        let mut claims = Vec::new();
        let [mut low, mut high] =
            [&zonal.trace.value - &zonal.trace.error, &zonal.trace.value + &zonal.trace.error];
        for i in 1..=r {
            let [least, most] = self.eigenvalue(i, next);
            (low, high) = (&low - &most, &high - &least);
            claims.push(Claim::between("eigenvalue", i, [&least, &most], slack));
        }
        if rank <= r {
            let ([least, most], [under, over]) =
                (self.eigenvalue(rank, next), self.eigenvalue(rank + 1, next));
            claims.push(Claim::between("gap", self.k, [&(&least - &over), &(&most - &under)], slack));
        }
        claims.push(Claim::between("rest", r, [&low, &high], slack));
        if next.is_some() {
            let [least, most] = self.eigenvalue(r + 1, next);
            claims.push(Claim::between("next", r + 1, [&least, &most], slack));
        }
        Ok(claims)
    }

    /// The claim of lemma 2. The span of the vectors is near the top eigenspace, with sines of at most s in
    /// all, which moves quotients of the two forms by at most π.
    fn worst_case(&self, above: &super::matrix::Matrix, next: Option<&Fixed>) -> Result<Claim> {
        let Precision { epsilon, tail, .. } = self.precision;
        let (rank, last) = (self.rank, self.value(self.rank));
        let tail = tail * (1.0 + ROUNDING);
        let below = match (self.rank < self.count(), next) {
            (true, _) => self.value(rank + 1) + self.radius() + tail,
            (false, Some(next)) => next.to_f64() + tail,
            (false, None) => 0.0,
        };
        let sine = (rank as f64).sqrt() * (epsilon + tail) / (last - below);
        if !(last > below && sine < 0.5 && last > 2.0 * epsilon) {
            return Err(Error::Input(format!(
                "there is no gap below eigenvalue n_k = {rank} of Σ at k = {}, {:.6e}: the next one is up to {:.6e}, \
                 and lemma 2 needs the space above the gap",
                self.k,
                last / self.p as f64,
                below / self.p as f64
            )));
        }
        let norm = self.value(1).abs() + self.radius() + tail;
        let moved = 2.0 * norm * (sine + sine * sine) / (last - 2.0 * epsilon) * (1.0 + ROUNDING);
        let error = (1.0 + self.pairs.skew) * (self.entries + tail) * (1.0 + ROUNDING);
        let [low, high] = greatest_quotient(&self.pairs, above, rank, error)?;
        let moved_by = Fixed::of(moved);
        Ok(Claim::between("worst-case", self.k, [&(&low - &moved_by), &(&high + &moved_by)], moved / 100.0))
    }

    /// The fields of the file that other kinds lack.
    fn fields(&self, hash: &str, mu: i128) -> String {
        let hex = |x: i128| format!("{}{:x}", if x < 0 { "-" } else { "" }, x.unsigned_abs());
        let mut text = format!(
            "\"weights_sha256\": \"{hash}\",\n\"J\": {},\n\"k\": {},\n\"V\": [",
            self.precision.degree, self.k
        );
        for (i, v) in self.pairs.vectors.iter().enumerate() {
            text += if i == 0 { "[" } else { ",\n[" };
            for (j, x) in v.iter().enumerate() {
                // Writing to a string cannot fail.
                let _ = write!(text, "{}\"{}\"", if j == 0 { "" } else { "," }, hex(i128::from(*x)));
            }
            text += "]";
        }
        let values: Vec<String> = self.pairs.values.iter().map(|d| format!("\"{}\"", hex(*d))).collect();
        let _ = write!(text, "],\n\"D\": [{}],\n\"mu\": \"{}\",\n", values.join(","), hex(mu));
        text
    }

    /// The words of the certificate.
    fn statement(&self, [d, n]: [usize; 2], hash: &str, claims: &[Claim]) -> String {
        let clause = |claim: &Claim| {
            let Claim { quantity, j, lo, hi } = claim;
            let name = match *quantity {
                "gap" => {
                    format!("lambda_{{n_k}}(Sigma) - lambda_{{n_k + 1}}(Sigma) for n_k = {}", self.rank)
                }
                "rest" => format!("tr Sigma - sum_{{i <= {j}}} lambda_i(Sigma)"),
                "worst-case" => {
                    format!("max over f_k of degree <= {j} with E f_k^2 = 1 of E (f_L(W_L) - f_k)^2")
                }
                _ => format!("lambda_{j}(Sigma)"),
            };
            format!("{name} is in [{lo}, {hi}]")
        };
        let clauses: Vec<String> = claims.iter().map(clause).collect();
        format!(
            "Let sigma(z) = {}, d = {d}, m = {} and W0 the weights with SHA-256 {hash}, each row divided by its \
             norm. Then {}.",
            self.of.words(),
            2 * n / d,
            clauses.join("; ")
        )
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

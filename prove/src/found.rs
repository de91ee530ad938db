//! What is known of Σ at given weights, as claims, fields and words of a certificate.

use super::Shifted;
use super::eigenpairs::{Eigenpairs, VECTOR_BITS, float, unit};
use super::file::Claim;
use super::fixed::Fixed;
use super::matrix::{ENTRY_BITS, Matrix};
use super::worst_case::greatest_quotient;
use super::zonal::Zonal;
use crate::error::{Error, Result};
use escapement::rounding;
use num_bigint::BigInt;
use std::fmt::{self, Write};

/// By how much the checker's bounds may be above those that are found here, relative to them.
pub(super) const ROUNDING: f64 = 1e-9;

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
            "J = {degree}, ε = {epsilon:.1e} = {skew:.1e} (vectors) + {residual:.1e} (residuals) + \
             {entries:.1e} (entries), p·tail = {tail:.1e}; the most is {}",
            self.dominant()
        )
    }
}

/// What is known of Σ at the weights.
pub struct Found<'a> {
    pub of: &'a Shifted,
    pub p: usize,
    pub k: usize,
    pub rank: usize,
    pub pairs: Eigenpairs,
    pub precision: Precision,
    /// An upper bound on the trace of the degrees above J.
    pub tail: Fixed,
    /// A bound on the norm of what rounding leaves open in A.
    pub entries: f64,
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
    /// The checker factors `M = μI − A + FFᵀ` as LLᵀ, F being V√D, with each entry of L rounded down to a
    /// unit of 2^{-54}. Row by row this makes errors of at most a unit times a diagonal entry of L, which is
    /// at most √μ, since A − FFᵀ is positive semidefinite up to rounding. It succeeds if the least
    /// eigenvalue of M, μ − λ_{r+1}, is above the norm of the errors.
    pub fn completeness(&self) -> Result<(i128, Option<Fixed>)> {
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
                "there is no gap below eigenvalue {} of Σ, {:.6e}: the next one is {:.6e}, and a \
                 certificate of the largest eigenvalues must end above a gap of at least {:.1e}",
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
    pub fn claims(&self, zonal: &Zonal, next: Option<&Fixed>) -> Result<Vec<Claim>> {
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
    pub fn worst_case(&self, above: &Matrix, next: Option<&Fixed>) -> Result<Claim> {
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
                "there is no gap below eigenvalue n_k = {rank} of Σ at k = {}, {:.6e}: the next one is up \
                 to {:.6e}, and lemma 2 needs the space above the gap",
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
    pub fn fields(&self, hash: &str, mu: i128) -> String {
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
    pub fn statement(&self, [d, n]: [usize; 2], hash: &str, claims: &[Claim]) -> String {
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
            "Let sigma(z) = {}, d = {d}, m = {} and W0 the weights with SHA-256 {hash}, each row divided \
             by its norm. Then {}.",
            self.of.words(),
            2 * n / d,
            clauses.join("; ")
        )
    }
}

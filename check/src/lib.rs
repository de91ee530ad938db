//! Checks certificates of theorems about two-layer networks, in whole numbers only.
//!
//! A certificate is a JSON file that states something in words, with what is needed to verify the words. It
//! is not trusted: neither the polynomial nor the eigenvectors in the file have to come from anywhere in
//! particular, and every bound on their errors is recomputed here. The proofs are in `docs/certificates.md`;
//! each module begins with the theorem that it implements. Rejections begin with the number of the
//! obligation that failed:
//!
//! - **F** the file ([`certificate`], [`statement`]): F1 keys, their order, the version; F2 grammar, shapes
//!   and limits; F3 the hash; F4 the words; F5 the weights beside the file.
//! - **Z** the polynomial ([`chebyshev`], [`zonal`]): Z1 L > 0, L ≥ |b|, Y > 0; Z2 L² ≥ d ≥ 3; Z3 the bound
//!   Y closes; Z4 the errors and Z5 the levels are recomputed, and cannot fail; Z6 each claim contains its
//!   enclosure; Z7 claims are known, and made once.
//! - **L** every dimension ([`every_d`]): L2 dimensions that begin with 3 and increase; L3 positive lower
//!   ends; L5 claims. L1, the suprema, and L4, the bounds from each dimension to the next, cannot fail.
//! - **I** identities ([`every_d`]): I1 λ_0(σ″) ≠ 0; I2 claims.
//! - **S**, **E**, **M** weights ([`covariance`], [`eigen`]): S1 unit rows; S2 shapes; S3 entries of A; E1
//!   shapes of V and D; E2 γ; E3 ρ, computed; E4 nothing is left out; E5 claims; M1 the forms; M2 the gap;
//!   M3 the claim.

pub mod certificate;
pub mod chebyshev;
pub mod covariance;
pub mod eigen;
pub mod every_d;
pub mod number;
pub mod sha256;
pub mod statement;
pub mod zonal;

use certificate::{Certificate, Claim, Eigenpairs, Reader};
use chebyshev::Approximation;
use num_bigint::BigInt;
use number::{BITS, Interval, Rational};
use std::{fmt, path::Path};

/// The longest file that is read, in bytes.
pub const LONGEST: usize = 64 << 20;

/// Why a certificate is not accepted.
#[derive(Debug, Clone)]
pub struct Rejection {
    /// The number of the obligation that failed.
    pub obligation: &'static str,
    /// The sentence, without the number.
    pub sentence: String,
}

/// A value, or why there is none.
pub type Checked<T> = Result<T, Rejection>;

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.obligation, self.sentence)
    }
}

/// The value, or a rejection.
pub fn need<T>(value: Option<T>, obligation: &'static str, sentence: impl Into<String>) -> Checked<T> {
    value.ok_or_else(|| Rejection { obligation, sentence: sentence.into() })
}

/// Rejects unless the condition holds.
pub fn ensure(holds: bool, obligation: &'static str, sentence: impl Into<String>) -> Checked<()> {
    need(holds.then_some(()), obligation, sentence)
}

/// A certificate that was accepted.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// What is proved.
    pub statement: String,
    /// The claims, in the order of the file.
    pub claims: Vec<Proved>,
}

/// A claim, and the enclosure that the checker found within it.
#[derive(Debug, Clone)]
pub struct Proved {
    /// The name of the quantity.
    pub quantity: String,
    /// The degree or the number of the quantity.
    pub j: u64,
    /// The ends of the claim.
    pub claimed: [Rational; 2],
    /// The ends of the checker's own enclosure.
    pub enclosure: [Rational; 2],
}

/// Checks one certificate; `folder` is where W0.npy is, for the kinds that have weights.
pub fn check(bytes: &[u8], folder: &Path) -> Checked<Accepted> {
    ensure(bytes.len() <= LONGEST && bytes.is_ascii(), "F2", "the file is not ASCII, or above 64 MiB")?;
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let mut reader = Reader(text);
    let certificate = certificate::read(&mut reader)?;
    let words = reader.key("statement")?.string(Some)?;
    // All bytes before the opening quote of the last key are hashed.
    let hashed = text.len() - reader.0.len() + reader.0.find('"').unwrap_or(0);
    let hash = reader.key("sha256")?.string(Some)?;
    reader.due("}")?;
    ensure(reader.0.is_empty(), "F1", "bytes follow the end of the certificate")?;
    ensure(sha256::sha256(&bytes[..hashed]) == hash, "F3", "the hash is not that of the file")?;
    let statement = statement::statement(&certificate)?;
    ensure(words == statement, "F4", "the statement is not what the fields say")?;

    let of = Approximation::new(&certificate)?;
    let (obligation, enclosures) = match (certificate.kind, &certificate.pairs) {
        ("zonal", _) => ("Z6", zonal::enclosures(&of)),
        ("all-d", _) => ("L5", every_d::enclosures(&of)?),
        (_, None) => ("I2", every_d::constants(&of)?),
        (_, Some(pairs)) => ("E5", covariance::enclosures(&of, pairs, folder)?),
    };
    let mut claims = Vec::new();
    for (claim, Interval { low, high }) in certificate.claims.iter().zip(enclosures) {
        let (quantity, j, [(a, from), (b, to)]) = (claim.quantity, claim.j, &claim.ends);
        let inside = &from.num << BITS <= &low * &from.den && &high * &to.den <= &to.num << BITS;
        let enclosure = [low, high].map(|num| Rational { num, den: BigInt::from(1) << BITS });
        let why = format!("{quantity} with j = {j} is not shown to be in [{a}, {b}]");
        ensure(inside, if quantity == "worst-case" { "M3" } else { obligation }, why)?;
        claims.push(Proved { quantity: quantity.into(), j, claimed: [from.clone(), to.clone()], enclosure });
    }
    Ok(Accepted { statement, claims })
}

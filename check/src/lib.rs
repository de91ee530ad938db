//! Checks certificates of theorems about two-layer networks, in whole numbers only.
//!
//! A certificate is a JSON file that states something in words, with what is needed to verify the words. It
//! is not trusted: neither the polynomial nor the eigenvectors in the file have to come from anywhere in
//! particular, and every bound on their errors is recomputed here. The proofs are in `docs/certificates.md`;
//! each module begins with the theorem that it implements. Rejections begin with the number of the
//! obligation that failed:
//!
//! - **F** the file: F1 keys, their order, the version; F2 grammar, shapes and limits; F3 the hash; F4 the
//!   words; F5 the weights beside the file.
//! - **Z** the polynomial ([`chebyshev`]): Z1 L > 0, L ≥ |b|, Y > 0; Z2 L² ≥ d ≥ 3; Z3 the bound Y closes;
//!   Z4 the errors and Z5 the levels are recomputed, and cannot fail; Z6 each claim contains its enclosure;
//!   Z7 claims are known, and made once.
//! - **L** every dimension ([`every_d`]): L2 d0 ≤ d1; L3 a positive lower end; L5 claims. L1, the suprema,
//!   and L4, the dimensions below d0, are computed, and cannot fail.
//! - **I** identities ([`identity`]): I1 λ_0(σ″) ≠ 0; I2 claims.
//! - **S**, **E**, **M** weights ([`covariance`], [`eigen`], [`worst_case`]): S1 unit rows; S2 shapes; S3
//!   entries of A; E1 shapes of V and D; E2 γ; E3 ρ, computed; E4 nothing is left out; E5 claims; M1 the
//!   forms; M2 the gap; M3 the claim.

pub mod ball;
pub mod certificate;
pub mod chebyshev;
pub mod covariance;
pub mod eigen;
pub mod every_d;
pub mod identity;
pub mod json;
pub mod rational;
pub mod sha256;
pub mod statement;
pub mod worst_case;
pub mod zonal;

use ball::{BITS, Ball};
use certificate::{Certificate, Claim, Dimension, Kind};
use chebyshev::Approximation;
use num_bigint::BigInt;
use rational::Rational;
use std::fmt;
use std::path::Path;
use zonal::Zonal;

/// Why a certificate is not accepted.
#[derive(Debug, Clone)]
pub struct Rejection {
    /// The number of the obligation that failed.
    pub obligation: &'static str,
    /// The sentence, without the number.
    pub sentence: String,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.obligation, self.sentence)
    }
}

impl std::error::Error for Rejection {}

/// Rejects.
pub fn reject<T>(obligation: &'static str, sentence: impl Into<String>) -> Result<T, Rejection> {
    Err(Rejection { obligation, sentence: sentence.into() })
}

/// A certificate that was accepted.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The kind of the certificate.
    pub kind: Kind,
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

/// The ends of a ball as fractions.
fn ends(ball: &Ball) -> [Rational; 2] {
    [ball.lower(), ball.upper()].map(|num| Rational { num, den: BigInt::from(1) << BITS })
}

/// Checks one certificate; `folder` is where W0.npy is, for the kinds that have weights.
pub fn check(bytes: &[u8], folder: &Path) -> Result<Accepted, Rejection> {
    let (certificate, mut reader) = fields(bytes)?;
    let words = reader.text("statement")?;
    let after = reader.at;
    let digest = reader.text("sha256")?;
    // All bytes before the opening quote of the last key are hashed.
    let signed = after + bytes[after..].iter().position(|c| *c == b'"').unwrap_or(0);
    reader.take(b'}')?;
    if reader.at != bytes.len() {
        return reject("F1", "bytes follow the end of the certificate");
    }
    if !certificate::is_digest(digest) {
        return reject("F2", "sha256 is not 64 hexadecimal digits");
    }
    if sha256::sha256(&bytes[..signed]) != digest {
        return reject("F3", "the hash is another one than that of the file");
    }
    let statement = statement::statement(&certificate)?;
    if words != statement {
        return reject("F4", "the statement is not what the fields say");
    }

    let obligation = match certificate.kind {
        Kind::Zonal => "Z6",
        Kind::AllD => "L5",
        Kind::Identity => "I2",
        Kind::Spectrum | Kind::Lemma2 => "E5",
    };
    let balls = enclosures(&certificate, folder)?;
    let mut claims = Vec::new();
    for (Claim { quantity, j, ends: claimed, words: [low, high] }, ball) in
        certificate.claims.iter().zip(balls)
    {
        let enclosure = ends(&ball);
        if !(claimed[0].at_most(&enclosure[0]) && enclosure[1].at_most(&claimed[1])) {
            let [a, b] = outward(&enclosure, 30);
            let number = if *quantity == "worst-case" { "M3" } else { obligation };
            let why =
                format!("{quantity} with j = {j} is shown to be in [{a}, {b}], not in [{low}, {high}]");
            return reject(number, why);
        }
        claims.push(Proved { quantity: (*quantity).into(), j: *j, claimed: claimed.clone(), enclosure });
    }
    Ok(Accepted { kind: certificate.kind, statement, claims })
}

/// Writes the words and the hash of a certificate anew, as they follow from the fields: what a prover does
/// last. Whatever follows the claims is dropped.
pub fn seal(bytes: &[u8]) -> Result<Vec<u8>, Rejection> {
    let (certificate, reader) = fields(bytes)?;
    let mut sealed = bytes[..reader.at].to_vec();
    sealed.extend(format!(",\n\"statement\": \"{}\",\n", statement::statement(&certificate)?).bytes());
    let digest = sha256::sha256(&sealed);
    sealed.extend(format!("\"sha256\": \"{digest}\"}}").bytes());
    Ok(sealed)
}

/// Two ends in decimal digits, `digits` of them behind the point, rounded outwards.
pub fn outward([low, high]: &[Rational; 2], digits: u32) -> [String; 2] {
    let power = BigInt::from(10).pow(digits);
    let write = |n: BigInt| {
        let sign = if n < BigInt::ZERO { "-" } else { "" };
        let text = format!("{:0>width$}", n.magnitude().to_string(), width = digits as usize + 1);
        let (whole, fraction) = text.split_at(text.len() - digits as usize);
        format!("{sign}{whole}{}{fraction}", if digits > 0 { "." } else { "" })
    };
    [
        write(ball::floor(&(&low.num * &power), &low.den)),
        write(ball::ceiling(&(&high.num * &power), &high.den)),
    ]
}

/// The fields up to the claims, and where the reader stands then.
fn fields(bytes: &[u8]) -> Result<(Certificate<'_>, json::Reader<'_>), Rejection> {
    if bytes.len() > certificate::LONGEST {
        return reject("F2", "the file is longer than 64 MiB");
    }
    let mut reader = json::Reader { bytes, at: 0 };
    let certificate = certificate::read(&mut reader)?;
    Ok((certificate, reader))
}

/// The checker's own enclosure of the quantity of each claim.
fn enclosures(certificate: &Certificate<'_>, folder: &Path) -> Result<Vec<Ball>, Rejection> {
    if let Dimension::Every { d0, d1 } = certificate.dimension
        && d0 > d1
    {
        return reject("L2", format!("d0 = {d0} is above d1 = {d1}"));
    }
    let approximation = Approximation::new(certificate)?;
    match (certificate.dimension, &certificate.pairs) {
        (Dimension::One(d), Some(_)) => of_weights(certificate, &approximation, d, folder),
        (Dimension::Every { d0, d1 }, _) if certificate.kind == Kind::AllD => {
            let claim = |claim: &Claim<'_>| match every_d::Quantity::named(claim.quantity, claim.j) {
                Some(quantity) => every_d::bounds(quantity, certificate, &approximation, [d0, d1]),
                None => reject("Z7", "the quantity is unknown"),
            };
            certificate.claims.iter().map(claim).collect()
        }
        (Dimension::One(d), None) if certificate.kind == Kind::Zonal => {
            let mut zonal = Zonal::new(&approximation, d);
            certificate.claims.iter().map(|claim| zonal_quantity(&mut zonal, claim)).collect()
        }
        _ => {
            let constants = identity::Constants::new(certificate, &approximation)?;
            let constant = |claim: &Claim<'_>| constants.constant(claim.quantity);
            let unknown = || reject("Z7", "the quantity is unknown");
            certificate.claims.iter().map(|claim| constant(claim).map_or_else(unknown, Ok)).collect()
        }
    }
}

/// A quantity of the kind zonal.
fn zonal_quantity(zonal: &mut Zonal<'_>, claim: &Claim<'_>) -> Result<Ball, Rejection> {
    let j = claim.j;
    Ok(match claim.quantity {
        "lambda_sigma1" => zonal.lambda(1, j),
        "lambda_sigma2" => zonal.lambda(2, j),
        "A" => zonal.level(j).a.clone(),
        "C" => zonal.level(j).c.clone(),
        "tau" => zonal.level(j).tau.clone(),
        "kappa" => zonal.kappa(j),
        "trace" => zonal.trace(),
        "radial" => zonal.radial(),
        "tangential" => zonal.tangential(),
        "tail" => zonal.tail(j),
        _ => return reject("Z7", "the quantity is unknown"),
    })
}

/// The quantities of the kinds spectrum and lemma-2.
fn of_weights(
    certificate: &Certificate<'_>,
    approximation: &Approximation,
    d: u64,
    folder: &Path,
) -> Result<Vec<Ball>, Rejection> {
    let Some(pairs) = &certificate.pairs else { return reject("F1", "there are no weights") };
    let rows = covariance::weights(folder, pairs, d)?;
    let p = rows.len() as u64;
    let mut zonal = Zonal::new(approximation, d);
    let (trace, tail) = (zonal.trace(), zonal.tail(pairs.degrees));
    let levels: Vec<_> = (0..=pairs.degrees).map(|j| zonal.level(j).clone()).collect();
    let a = covariance::form(&rows, &levels, 0..pairs.degrees + 1)?;
    let spectrum = eigen::enclose(&a, pairs)?;
    let eigenvalue = |i: usize| spectrum.eigenvalue(i, p, &tail);
    let rank = covariance::low_rank(d, pairs.low);
    let r = pairs.values.len();

    let quantity = |claim: &Claim<'_>| match (claim.quantity, rank) {
        ("eigenvalue", _) => Ok(eigenvalue(claim.j as usize)),
        ("next", _) => Ok(eigenvalue(r + 1)),
        ("rest", _) => Ok((1..=r).fold(trace.clone(), |rest, i| &rest - &eigenvalue(i)).not_negative()),
        ("gap", Some(rank)) if rank <= r => Ok((&eigenvalue(rank) - &eigenvalue(rank + 1)).not_negative()),
        ("worst-case", Some(rank)) => {
            let s = covariance::form(&rows, &levels, pairs.low + 1..pairs.degrees + 1)?;
            let rest = Ball::units(tail.upper()).times(p);
            worst_case::WorstCase::new((&a, &s), &pairs.vectors, &spectrum, rank, &rest)?.enclosure()
        }
        _ => reject("E4", "V has fewer than n_k columns"),
    };
    certificate.claims.iter().map(quantity).collect()
}

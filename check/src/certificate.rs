//! The fields of a certificate: obligations F1 (keys, order, version) and F2 (grammar, shapes, limits).
//!
//! Every limit is checked before what it limits is allocated.

use super::json::Reader;
use super::rational::{Rational, whole};
use super::{Rejection, reject};
use num_bigint::BigInt;

/// The longest file that is read, in bytes.
pub const LONGEST: usize = 64 << 20;

/// What a certificate is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Zonal quantities of one activation in one dimension.
    Zonal,
    /// Bounds that hold in every dimension from 3 on.
    AllD,
    /// Constants of statements that hold for all weights.
    Identity,
    /// Eigenvalues of Σ at given weights.
    Spectrum,
    /// The worst case of lemma 2 at given weights.
    Lemma2,
}

/// The activation functions that have a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// 1/(1 + e^-z).
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
    /// The error function.
    Erf,
}

/// The dimensions a certificate speaks of.
#[derive(Debug, Clone, Copy)]
pub enum Dimension {
    /// One dimension.
    One(u64),
    /// Every d ≥ 3: one by one below `d0`, by the limit lemma with `d1` from there on.
    Every {
        /// Where the limit lemma takes over.
        d0: u64,
        /// The dimension it compares with.
        d1: u64,
    },
}

/// Eigenpairs of A = pΣ, offered and not trusted.
#[derive(Debug)]
pub struct Eigenpairs<'a> {
    /// The SHA-256 of W0.npy.
    pub weights_sha256: &'a str,
    /// The highest degree of A that is kept.
    pub degrees: u64,
    /// The low degree k.
    pub low: u64,
    /// The vectors, each n entries in units of 2^-54.
    pub vectors: Vec<Vec<i64>>,
    /// The values in units of 2^-59.
    pub values: Vec<i128>,
    /// A bound on the other eigenvalues, in units of 2^-59.
    pub mu: i128,
}

/// One claim: a quantity lies between two decimals.
#[derive(Debug, Clone)]
pub struct Claim<'a> {
    /// The name of the quantity.
    pub quantity: &'a str,
    /// The degree or the number of the quantity.
    pub j: u64,
    /// The ends in words.
    pub words: [&'a str; 2],
    /// The ends.
    pub ends: [Rational; 2],
}

/// The fields up to the claims.
#[derive(Debug)]
pub struct Certificate<'a> {
    /// What the certificate is about.
    pub kind: Kind,
    /// The activation function.
    pub activation: Activation,
    /// The shift b of σ(z) = activation(z − b).
    pub shift: Rational,
    /// The dimension or dimensions.
    pub dimension: Dimension,
    /// The half width L of the interval of the polynomial.
    pub width: Rational,
    /// The polynomial is 2^-scale Σ c_k T_k(u/L).
    pub scale: u64,
    /// The coefficients c_k.
    pub coefficients: Vec<BigInt>,
    /// The a priori bound Y of the polynomial's error.
    pub bound: Rational,
    /// Eigenpairs, for the kinds that have weights.
    pub pairs: Option<Eigenpairs<'a>>,
    /// The claims.
    pub claims: Vec<Claim<'a>>,
}

/// The value, or F2 and the name of the field.
fn field<T>(value: Option<T>, name: &str, at: usize) -> Result<T, Rejection> {
    value.map_or_else(
        || reject("F2", format!("{name} before byte {at} is malformed or beyond the limits")),
        Ok,
    )
}

/// Whether the text is 64 lower-case hexadecimal digits.
pub fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
}

/// A whole number of less than 2^bits in modulus.
fn small<T: TryFrom<BigInt>>(r: &mut Reader<'_>, bits: u64, name: &str) -> Result<T, Rejection> {
    let n = whole(r.string()?, 128).filter(|n| n.bits() <= bits);
    field(n.and_then(|n| T::try_from(n).ok()), name, r.at)
}

/// Reads the fields up to the claims; what follows is the statement and the hash.
pub fn read<'a>(r: &mut Reader<'a>) -> Result<Certificate<'a>, Rejection> {
    r.key("format", true)?;
    if r.string()? != "escapement-certificate" {
        return reject("F1", "the file is no certificate of this project");
    }
    let version = r.number("version", 9_999_999_999)?;
    if version != 1 {
        return reject("F1", format!("the file has version {version}, and this checker reads version 1"));
    }
    let kind = match r.text("kind")? {
        "zonal" => Kind::Zonal,
        "all-d" => Kind::AllD,
        "identity" => Kind::Identity,
        "spectrum" => Kind::Spectrum,
        "lemma-2" => Kind::Lemma2,
        _ => return reject("F2", "the kind is unknown"),
    };
    let activation = match r.text("activation")? {
        "sigmoid" => Activation::Sigmoid,
        "tanh" => Activation::Tanh,
        "erf" => Activation::Erf,
        _ => return reject("F2", "the activation is unknown"),
    };
    let shift = field(Rational::hexadecimal(r.text("shift")?, 64), "the shift", r.at)?;

    let here = r.at;
    let one = kind != Kind::AllD && r.key("d", false).is_ok();
    let dimension = if one {
        Dimension::One(r.integer(1_000_000)?)
    } else {
        r.at = here;
        let range = matches!(kind, Kind::AllD | Kind::Identity);
        r.key(if range { "d_range" } else { "d" }, false)?;
        let mut ends = Vec::new();
        r.array(2, |r| r.integer(100_000).map(|d| ends.push(d)))?;
        match ends[..] {
            [d0, d1] if d0 <= 5000 => Dimension::Every { d0, d1 },
            _ => return reject("F2", "d_range is not two whole numbers, the first at most 5000"),
        }
    };
    let width = field(Rational::hexadecimal(r.text("L")?, 64), "L", r.at)?;
    let scale = r.number("scale", 512)?;
    r.key("coefficients", false)?;
    let mut coefficients = Vec::new();
    r.array(4097, |r| {
        coefficients.push(field(whole(r.string()?, 1024), "a coefficient", r.at)?);
        Ok(())
    })?;
    if coefficients.is_empty() {
        return reject("F2", "there is no coefficient");
    }
    let bound = field(Rational::hexadecimal(r.text("Y")?, 4096), "Y", r.at)?;
    let weights = matches!(kind, Kind::Spectrum | Kind::Lemma2);
    let pairs = if weights { Some(read_eigenpairs(r)?) } else { None };

    r.key("claims", false)?;
    let mut claims = Vec::new();
    r.array(4096, |r| {
        r.take(b'[')?;
        let quantity = r.string()?;
        r.take(b',')?;
        let j = r.integer(4096)?;
        r.take(b',')?;
        let low = r.string()?;
        r.take(b',')?;
        let high = r.string()?;
        r.take(b']')?;
        let ends = [low, high].map(Rational::decimal);
        let [Some(a), Some(b)] = ends else {
            return reject("F2", format!("an end of the claim before byte {} is no decimal", r.at));
        };
        claims.push(Claim { quantity, j, words: [low, high], ends: [a, b] });
        Ok(())
    })?;
    // Work is limited too: a step of the direct loop of C2 is a multiplication of whole numbers.
    if let Dimension::Every { d0, .. } = dimension
        && claims.len().saturating_mul(coefficients.len()).saturating_mul(d0 as usize) > 30_000_000
    {
        let why = "d0, the number of coefficients and that of claims multiply to more than 3·10^7";
        return reject("F2", why);
    }
    if claims.is_empty() {
        return reject("F2", "there is no claim");
    }
    Ok(Certificate { kind, activation, shift, dimension, width, scale, coefficients, bound, pairs, claims })
}

/// The five fields of the kinds that have weights.
fn read_eigenpairs<'a>(r: &mut Reader<'a>) -> Result<Eigenpairs<'a>, Rejection> {
    let weights_sha256 = r.text("weights_sha256")?;
    if !is_digest(weights_sha256) {
        return reject("F2", "weights_sha256 is not 64 hexadecimal digits");
    }
    let degrees = r.number("J", 512)?;
    let low = r.number("k", degrees)?;
    r.key("V", false)?;
    let mut vectors: Vec<Vec<i64>> = Vec::new();
    r.array(2000, |r| {
        let mut vector = Vec::new();
        r.array(2000, |r| small(r, 55, "an entry of V").map(|x: i64| vector.push(x)))?;
        vectors.push(vector);
        Ok(())
    })?;
    r.key("D", false)?;
    let mut values = Vec::new();
    r.array(2000, |r| small(r, 71, "an entry of D").map(|x: i128| values.push(x)))?;
    r.key("mu", false)?;
    let mu = small(r, 71, "mu")?;
    Ok(Eigenpairs { weights_sha256, degrees, low, vectors, values, mu })
}

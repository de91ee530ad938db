//! The file of a certificate: claims in decimal digits, rounded outwards, the words that follow from them,
//! and the hash.

use super::fixed::Fixed;
use super::polynomial::Polynomial;
use super::zonal::Enclosed;
use crate::error::Result;
use num_bigint::BigInt;
use std::fmt::Write;

/// A certificate.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// A name for the file, from the kind, the activation and the dimension.
    pub name: String,
    /// The file, byte for byte.
    pub text: String,
    /// Where the statement holds, in words.
    pub scope: String,
    /// What the checker proves if it accepts the file.
    pub statement: String,
    /// The claims, one by one.
    pub claims: Vec<Claim>,
    /// The bytes of the file W0.npy that belongs beside a certificate of given weights.
    pub weights: Option<Vec<u8>>,
}

/// A claim: the quantity lies between the two decimals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Its name in the format.
    pub quantity: &'static str,
    /// Its degree or number.
    pub j: usize,
    /// The lower end.
    pub lo: String,
    /// The upper end.
    pub hi: String,
}

/// The decimal places by which an end may be written beyond those that its error has.
const SPARE_DIGITS: u32 = 2;

impl Claim {
    /// A claim somewhat wider than what follows from the polynomial, so that rounding here cannot matter.
    pub(super) fn of(quantity: &'static str, j: usize, enclosed: &Enclosed) -> Self {
        let Enclosed { value, error } = enclosed;
        if (value, error) == (&Fixed::zero(), &Fixed::zero()) {
            return Self { quantity, j, lo: "0".to_owned(), hi: "0".to_owned() };
        }
        let error = &error.times(&BigInt::from(101)).over(&BigInt::from(100))
            + &Fixed::scaled(&BigInt::from(1), 240);
        let (low, high) = (value - &error, value + &error);
        let places = places(error.to_f64());
        let low = if low.is_negative() && NOT_NEGATIVE.contains(&quantity) { Fixed::zero() } else { low };
        Self { quantity, j, lo: floor(&low, places), hi: ceiling(&high, places) }
    }

    /// A claim to seven digits.
    pub(super) fn of_f64(quantity: &'static str, j: usize, low: f64, high: f64) -> Self {
        let end = |x: f64| (Fixed::of(x), places(x.abs() * 1e-5));
        let ((low, low_places), (high, high_places)) = (end(low), end(high));
        Self { quantity, j, lo: floor(&low, low_places), hi: ceiling(&high, high_places) }
    }

    /// A claim of a quantity that is not negative, wider than the interval by `slack` at both ends and by less
    /// than that again, since the ends are rounded.
    pub(super) fn between(quantity: &'static str, j: usize, [low, high]: [&Fixed; 2], slack: f64) -> Self {
        let (by, places) = (Fixed::of(slack), places(slack));
        let low = (low - &by).max(Fixed::zero());
        Self { quantity, j, lo: floor(&low, places), hi: ceiling(&(high + &by), places) }
    }
}

/// Quantities that the checker knows not to be negative.
const NOT_NEGATIVE: [&str; 5] = ["tau", "kappa", "trace", "radial", "tail"];

/// The places that a number with this error deserves.
fn places(error: f64) -> u32 {
    if error > 0.0 { (-error.log10().floor()).max(0.0) as u32 + SPARE_DIGITS } else { 1 }
}

fn floor(x: &Fixed, places: u32) -> String {
    decimal(&x.floor(places), places)
}

fn ceiling(x: &Fixed, places: u32) -> String {
    decimal(&-(-x).floor(places), places)
}

/// A whole multiple of 10^{-places} in digits.
fn decimal(n: &BigInt, places: u32) -> String {
    let places = places as usize;
    let digits = format!("{:0>width$}", n.magnitude().to_string(), width = places + 1);
    let (whole, rest) = digits.split_at(digits.len() - places);
    let rest = rest.trim_end_matches('0');
    let sign = if *n < BigInt::ZERO { "-" } else { "" };
    if rest.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}

/// Where the claims hold.
#[derive(Debug, Clone)]
pub(super) enum Dimension {
    One(usize),
    /// The list of dimensions whose values serve all others.
    Every(Vec<usize>),
}

/// What stands in the file before the claims.
pub(super) struct Header<'a> {
    pub kind: &'static str,
    pub dimension: Dimension,
    pub polynomial: &'a Polynomial,
}

impl Header<'_> {
    /// `zonal-sigmoid-1-d-10.json`, `all-d-tanh-1_2.json`, `identity-sigmoid-1-every-d.json`.
    fn name(&self) -> String {
        let of = &self.polynomial.of;
        let shift = of.shift_words().replace('/', "_");
        let dimension = match self.dimension {
            Dimension::One(d) => format!("-d-{d}"),
            Dimension::Every(_) if self.kind == "all-d" => String::new(),
            Dimension::Every(_) => "-every-d".to_owned(),
        };
        format!("{}-{}-{shift}{dimension}.json", self.kind, of.kind.name())
    }

    fn scope(&self) -> String {
        let dimension = match self.dimension {
            Dimension::One(d) => format!("at d = {d}"),
            Dimension::Every(_) => "for every d ≥ 3".to_owned(),
        };
        let all = if self.kind == "identity" { ", every m and W0" } else { "" };
        format!("{dimension}{all}")
    }
}

/// The whole file, for the kinds without weights.
pub(super) fn write(header: Header<'_>, claims: Vec<Claim>) -> Result<Certificate> {
    let statement = statement(header.kind, &header.polynomial.of.words(), &header.dimension, &claims);
    write_with(header, "", statement, claims)
}

/// The whole file, with `fields` between the polynomial and the claims.
pub(super) fn write_with(
    header: Header<'_>,
    fields: &str,
    statement: String,
    claims: Vec<Claim>,
) -> Result<Certificate> {
    let Header { kind, dimension, polynomial } = &header;
    let of = &polynomial.of;
    let hex = |n: &BigInt| n.to_str_radix(16);
    let fraction = |num: &BigInt, den: &BigInt| {
        if *den == BigInt::from(1) { hex(num) } else { format!("{}/{}", hex(num), hex(den)) }
    };
    let dimensions = match dimension {
        Dimension::One(d) => format!("\"d\": {d}"),
        Dimension::Every(starts) => format!("\"d_range\": {starts:?}"),
    };
    let (bound, power) = &polynomial.bound;
    let quoted: Vec<String> = polynomial.coefficients.iter().map(|c| format!("\"{}\"", hex(c))).collect();
    let listed: Vec<String> = claims
        .iter()
        .map(|c| format!("[\"{}\", {}, \"{}\", \"{}\"]", c.quantity, c.j, c.lo, c.hi))
        .collect();
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "{{\"format\": \"escapement-certificate\",\n\"version\": 1,\n\"kind\": \"{kind}\",\n\"activation\": \
         \"{}\",\n\"shift\": \"{}\",\n{dimensions},\n\"L\": \"{}\",\n\"scale\": {},\n\"coefficients\": \
         [{}],\n\
         \"Y\": \"{}\",\n{fields}\"claims\": [\n{}\n],\n\"statement\": \"{statement}\",\n",
        of.kind.name(),
        fraction(&of.num, &of.den),
        hex(&BigInt::from(polynomial.half_width)),
        polynomial.scale,
        quoted.join(", "),
        fraction(bound, &(BigInt::from(1) << *power)),
        listed.join(",\n"),
    );
    let hash = escapement_check::sha256::sha256(text.as_bytes());
    let _ = write!(text, "\"sha256\": \"{hash}\"}}");
    Ok(Certificate { name: header.name(), text, scope: header.scope(), statement, claims, weights: None })
}

/// The words of a certificate.
fn statement(kind: &str, sigma: &str, dimension: &Dimension, claims: &[Claim]) -> String {
    let mut words = format!("Let sigma(z) = {sigma}");
    words += &match dimension {
        Dimension::One(d) => format!(" and d = {d}. Then"),
        Dimension::Every(_) => ". Then for every d >= 3,".to_owned(),
    };
    if kind == "identity" {
        words += if matches!(dimension, Dimension::One(_)) { " for" } else { "" };
        words += " every even m and every W0,";
    }
    let clauses: Vec<String> = claims.iter().map(clause).collect();
    format!("{words} {}.", clauses.join("; "))
}

fn clause(claim: &Claim) -> String {
    let Claim { quantity, j, lo, hi } = claim;
    let name = match *quantity {
        "lambda_sigma1" => format!("lambda_{j}(sigma')"),
        "lambda_sigma2" => format!("lambda_{j}(sigma'')"),
        "trace" => "tr Sigma".to_owned(),
        "radial" => "E[u^2 sigma'(u)^2]".to_owned(),
        "tangential" => "E[(d - u^2) sigma'(u)^2]/(d - 1)".to_owned(),
        "tail" => format!("tail({j})"),
        "assumption-3-sigma1" => format!("B(d,{j}) lambda_{j}(sigma')^2"),
        "assumption-3-sigma2" => format!("B(d,{j}) lambda_{j}(sigma'')^2"),
        "kappa-scaled" if *j == 0 => "kappa_0".to_owned(),
        "kappa-scaled" => format!("d^{} kappa_{j}", j - 1),
        "supremum" => format!("sup |sigma^({j})|"),
        "chernoff-scaled" => {
            return format!(
                "P(lambda_{{n_k}}(Sigma) <= min_{{i <= k}} kappa_i / 2) <= n_k exp(-c m/2 / d^k) for k = {j} \
                 and every even m, if the m/2 rows of W0 are independent and uniform, for some c in [{lo}, {hi}]"
            );
        }
        "random-signs" => "the least c with E_S (R1+R2)(SW) <= c |W|_F^2/m for all W".to_owned(),
        "lemma-1-norm" => {
            return format!(
                "|W_Q|_{{2,4}}^4 = c R sum_i alpha_i^2 if R divides m/2, with c in [{lo}, {hi}]"
            );
        }
        "theorem-2-r4" => {
            return format!(
                "R4(W*) <= ((c R sum_i alpha_i^2)^(1/4) + |W_L|_F)^8 if R divides m/2, with c in [{lo}, {hi}]"
            );
        }
        "escape" => {
            return format!(
                "|w_r|^2 = c R |alpha_i| / sqrt(m) for each moved neuron r and its term i if R divides m/2, \
                 and |W_Q|_F^2 = (c/2) sqrt(m) sum_i |alpha_i|, with c in [{lo}, {hi}]"
            );
        }
        "theorem-2" => {
            return format!(
                "E_S R1(W*) and E_X E_S R3(W*) are at most c sum_i |alpha_i| / sqrt(m), and E_S R2(W*) at \
                 most E f_k^2 + c sum_i |alpha_i| / sqrt(m), with c in [{lo}, {hi}]"
            );
        }
        other => format!("{other}_{j}"),
    };
    format!("{name} is in [{lo}, {hi}]")
}

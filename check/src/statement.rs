//! The words of a certificate, made from the fields and never read: obligations F4 and Z7.

use super::certificate::{Activation, Certificate, Claim, Dimension, Kind};
use super::covariance::low_rank;
use super::every_d::Quantity;
use super::{Rejection, reject};
use num_bigint::Sign;
use std::collections::HashSet;

/// The words of a claim, or nothing where the kind has no such quantity.
fn clause(certificate: &Certificate<'_>, claim: &Claim<'_>, d: u64) -> Option<String> {
    let (j, [low, high]) = (claim.j, claim.words);
    let is = |name: String| Some(format!("{name} is in [{low}, {high}]"));
    if certificate.kind == Kind::Zonal {
        return match (claim.quantity, j) {
            (_, 513..) => None,
            ("lambda_sigma1", _) => is(format!("lambda_{j}(sigma')")),
            ("lambda_sigma2", _) => is(format!("lambda_{j}(sigma'')")),
            ("A" | "C" | "tau" | "kappa", _) => is(format!("{}_{j}", claim.quantity)),
            ("trace", 0) => is("tr Sigma".into()),
            ("radial", 0) => is("E[u^2 sigma'(u)^2]".into()),
            ("tangential", 0) => is("E[(d - u^2) sigma'(u)^2]/(d - 1)".into()),
            ("tail", _) => is(format!("tail({j})")),
            _ => None,
        };
    }
    if certificate.kind == Kind::AllD {
        Quantity::named(claim.quantity, j)?;
        return match (claim.quantity, j) {
            ("assumption-3-sigma1", _) => is(format!("B(d,{j}) lambda_{j}(sigma')^2")),
            ("assumption-3-sigma2", _) => is(format!("B(d,{j}) lambda_{j}(sigma'')^2")),
            (_, 0 | 1) => is(format!("kappa_{j}")),
            (_, 2) => is("d kappa_2".into()),
            _ => is(format!("d^{} kappa_{j}", j - 1)),
        };
    }
    if certificate.kind == Kind::Identity {
        let with = format!("with c in [{low}, {high}]");
        return match (claim.quantity, j) {
            ("random-signs", 0) => {
                is("the least c with E_S (R1 + R2)(SW) <= c |W|_F^2 / m for all W".into())
            }
            ("lemma-1-norm", 1) => {
                Some(format!("|W_Q|_{{2,4}}^4 = c R sum_i alpha_i^2 if R divides m/2, {with}"))
            }
            ("escape", 1) => Some(format!(
                "|w_r|^2 = c R |alpha_i| / sqrt(m) for each moved neuron r and its term i if R divides m/2, \
                and |W_Q|_F^2 = (c/2) sqrt(m) sum_i |alpha_i|, {with}"
            )),
            ("theorem-2", 1) => Some(format!(
                "E_S R1(W*) and E_X E_S R3(W*) are at most c sum_i |alpha_i| / sqrt(m), \
                and E_S R2(W*) at most E f_k^2 + c sum_i |alpha_i| / sqrt(m), {with}"
            )),
            _ => None,
        };
    }
    let pairs = certificate.pairs.as_ref()?;
    let (r, k) = (pairs.values.len() as u64, pairs.low);
    let n = pairs.vectors.first()?.len() as u64;
    match claim.quantity {
        "eigenvalue" if (1..=r).contains(&j) => is(format!("lambda_{j}(Sigma)")),
        "gap" if j == k => {
            is(format!("lambda_{{n_k}}(Sigma) - lambda_{{n_k + 1}}(Sigma) for n_k = {}", low_rank(d, k)?))
        }
        "rest" if j == r => is(format!("tr Sigma - sum_{{i <= {r}}} lambda_i(Sigma)")),
        "next" if j == r + 1 && r < n => is(format!("lambda_{j}(Sigma)")),
        "worst-case" if j == k && certificate.kind == Kind::Lemma2 => {
            is(format!("max over f_k of degree <= {k} with E f_k^2 = 1 of E (f_L(W_L) - f_k)^2"))
        }
        _ => None,
    }
}

/// The statement of a certificate, in words.
pub fn statement(certificate: &Certificate<'_>) -> Result<String, Rejection> {
    let name = match certificate.activation {
        Activation::Sigmoid => "sigmoid",
        Activation::Tanh => "tanh",
        Activation::Erf => "erf",
    };
    let shift = certificate.shift.words();
    let argument = match certificate.shift.num.sign() {
        Sign::NoSign => "z".into(),
        Sign::Plus => format!("z - {shift}"),
        Sign::Minus => format!("z + {}", shift.trim_start_matches('-')),
    };
    let sigma = format!("Let sigma(z) = {name}({argument})");
    let (d, at) = match certificate.dimension {
        Dimension::One(d) => (d, format!("{sigma} and d = {d}. Then")),
        Dimension::Every { .. } => (3, format!("{sigma}. Then for every d >= 3,")),
    };
    let opening = match (certificate.kind, &certificate.pairs, certificate.dimension) {
        (Kind::Identity, _, Dimension::One(_)) => format!("{at} for every even m and every W0,"),
        (Kind::Identity, _, Dimension::Every { .. }) => format!("{at} every even m and every W0,"),
        (_, Some(pairs), _) => {
            let n = pairs.vectors.first().map_or(0, Vec::len) as u64;
            format!(
                "{sigma}, d = {d}, m = {} and W0 the weights with SHA-256 {}, \
                each row divided by its norm. Then",
                2 * n / d.max(1),
                pairs.weights_sha256
            )
        }
        _ => at,
    };
    let (mut clauses, mut seen) = (Vec::new(), HashSet::new());
    for claim in &certificate.claims {
        if !seen.insert((claim.quantity, claim.j)) {
            return reject("Z7", format!("{} with j = {} is claimed twice", claim.quantity, claim.j));
        }
        match clause(certificate, claim, d) {
            Some(clause) => clauses.push(clause),
            None => {
                let why =
                    format!("there is no quantity {} with j = {} in this kind", claim.quantity, claim.j);
                return reject("Z7", why);
            }
        }
    }
    let worst = seen.iter().any(|(quantity, _)| *quantity == "worst-case");
    if (certificate.kind == Kind::Lemma2) != worst {
        return reject("Z7", "a certificate of lemma 2 claims a worst case");
    }
    Ok(format!("{opening} {}.", clauses.join("; ")))
}

//! The words of a certificate, made from the fields and never read: obligations F4 and Z7.

use super::{BigInt, Certificate, Checked, Claim, Eigenpairs, Rational, covariance::low_rank, ensure, need};
use std::collections::HashSet;

/// The words of a claim before `in [lo, hi]`, if the kind has this quantity with this j; r, n and k are the
/// sizes of a matrix.
fn words(certificate: &Certificate<'_>, claim: &Claim<'_>, [r, n, k]: [u64; 3]) -> Option<String> {
    let j = claim.j;
    let words = match (certificate.kind, claim.quantity, j) {
        ("zonal", "lambda_sigma1", 0..=512) => "lambda_{j}(sigma') is",
        ("zonal", "lambda_sigma2", 0..=512) => "lambda_{j}(sigma'') is",
        ("zonal", "A" | "C" | "tau" | "kappa", 0..=512) => "{quantity}_{j} is",
        ("zonal", "trace", 0) => "tr Sigma is",
        ("zonal", "radial", 0) => "E[u^2 sigma'(u)^2] is",
        ("zonal", "tangential", 0) => "E[(d - u^2) sigma'(u)^2]/(d - 1) is",
        ("zonal", "tail", 0..=512) => "tail({j}) is",
        ("all-d", "assumption-3-sigma1", 0..=32) => "B(d,{j}) lambda_{j}(sigma')^2 is",
        ("all-d", "assumption-3-sigma2", 0..=32) => "B(d,{j}) lambda_{j}(sigma'')^2 is",
        ("all-d", "kappa-scaled", 0..=1) => "kappa_{j} is",
        ("all-d", "kappa-scaled", 2) => "d kappa_{j} is",
        ("all-d", "kappa-scaled", 3..=32) => "d^{j-1} kappa_{j} is",
        ("identity", "random-signs", 0) => {
            "the least c with E_S (R1 + R2)(SW) <= c |W|_F^2 / m for all W is"
        }
        ("identity", "lemma-1-norm", 1) => "|W_Q|_{2,4}^4 = c R sum_i alpha_i^2 if R divides m/2, with c",
        ("identity", "escape", 1) => {
            "|w_r|^2 = c R |alpha_i| / sqrt(m) for each moved neuron r and its term i if R divides m/2, \
            and |W_Q|_F^2 = (c/2) sqrt(m) sum_i |alpha_i|, with c"
        }
        ("identity", "theorem-2", 1) => {
            "E_S R1(W*) and E_X E_S R3(W*) are at most c sum_i |alpha_i| / sqrt(m), \
            and E_S R2(W*) at most E f_k^2 + c sum_i |alpha_i| / sqrt(m), with c"
        }
        (_, "eigenvalue", 1..) if j <= r && n > 0 => "lambda_{j}(Sigma) is",
        (_, "next", _) if r < n && j == r + 1 => "lambda_{j}(Sigma) is",
        (_, "rest", _) if j == r => "tr Sigma - sum_{i <= {j}} lambda_i(Sigma) is",
        (_, "gap", _) if j == k => "lambda_{n_k}(Sigma) - lambda_{n_k + 1}(Sigma) for n_k = {number} is",
        ("lemma-2", "worst-case", _) if j == k => {
            "max over f_k of degree <= {j} with E f_k^2 = 1 of E (f_L(W_L) - f_k)^2 is"
        }
        _ => return None,
    };
    let number = if claim.quantity == "gap" { low_rank(certificate.d, k) } else { BigInt::ZERO };
    let words = words.replace("{quantity}", claim.quantity).replace("{number}", &number.to_string());
    Some(words.replace("{j}", &j.to_string()).replace("{j-1}", &j.saturating_sub(1).to_string()))
}

/// The fraction in decimal digits, reduced: `3` or `-1/2`.
fn fraction(x: &Rational) -> String {
    let (mut divisor, mut rest) = (BigInt::from(x.num.magnitude().clone()), x.den.clone());
    while rest != BigInt::ZERO {
        (divisor, rest) = (rest.clone(), divisor % rest);
    }
    let (num, den) = (&x.num / &divisor, &x.den / &divisor);
    if den == BigInt::from(1) { num.to_string() } else { format!("{num}/{den}") }
}

/// The statement of a certificate, in words.
pub fn statement(certificate: &Certificate<'_>) -> Checked<String> {
    let (d, shift, none) = (certificate.d, fraction(&certificate.shift), u64::MAX);
    let sizes = |x: &Eigenpairs<'_>| [x.values.len() as u64, x.vectors[0].len() as u64, x.low];
    let sizes = certificate.pairs.as_ref().map_or([none, 0, none], sizes);
    // The shift is reduced: it begins with 0 only where it is 0.
    let argument = format!("z - {shift}").replace("z - -", "z + ").replace("z - 0", "z");
    let sigma = format!("Let sigma(z) = {}({argument})", certificate.activation);
    let opening = match (certificate.kind, certificate.d1, &certificate.pairs) {
        (_, _, Some(pairs)) => {
            let (m, hash) = (2 * sizes[1] / d.max(1), pairs.weights_sha256);
            let weights = format!("W0 the weights with SHA-256 {hash}, each row divided by its norm");
            format!("{sigma}, d = {d}, m = {m} and {weights}. Then")
        }
        ("identity", None, _) => format!("{sigma} and d = {d}. Then for every even m and every W0,"),
        ("identity", ..) => format!("{sigma}. Then for every d >= 3, every even m and every W0,"),
        (_, None, _) => format!("{sigma} and d = {d}. Then"),
        _ => format!("{sigma}. Then for every d >= 3,"),
    };
    let (mut clauses, mut seen) = (Vec::new(), HashSet::new());
    for claim in &certificate.claims {
        let (quantity, j, [(low, _), (high, _)]) = (claim.quantity, claim.j, &claim.ends);
        ensure(seen.insert((quantity, j)), "Z7", format!("{quantity} with j = {j} is claimed twice"))?;
        let words = words(certificate, claim, sizes);
        let words = need(words, "Z7", format!("this kind has no {quantity} with j = {j}"))?;
        clauses.push(format!("{words} in [{low}, {high}]"));
    }
    let complete = certificate.kind != "lemma-2" || seen.contains(&("worst-case", sizes[2]));
    ensure(complete, "Z7", "a certificate of lemma 2 claims a worst case")?;
    Ok(format!("{opening} {}.", clauses.join("; ")))
}

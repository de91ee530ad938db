//! The words of a certificate, made from the fields and never read: obligations F4 and Z7.

use super::{BigInt, Certificate, Checked, Eigenpairs, Rational, covariance::low_rank, need};
use std::collections::HashSet;

/// The words of a claim before `in [lo, hi]`, if the kind has this quantity with this j; r, n and k are the
/// sizes of a matrix.
fn words(certificate: &Certificate<'_>, quantity: &str, j: u64, [r, n, k]: [u64; 3]) -> Option<String> {
    let words = match (certificate.kind, quantity, j) {
        ("zonal", "lambda_sigma1", 0..=512) => "lambda_{j}(sigma') is",
        ("zonal", "lambda_sigma2", 0..=512) => "lambda_{j}(sigma'') is",
        ("zonal", "A" | "C" | "tau" | "kappa", 0..=512) => "{quantity}_{j} is",
        ("zonal", "trace", 0) => "tr Sigma is",
        ("zonal", "radial", 0) => "E[u^2 sigma'(u)^2] is",
        ("zonal", "tangential", 0) => "E[(d - u^2) sigma'(u)^2]/(d - 1) is",
        ("zonal", "tail", 0..=512) => "tail({j}) is",
        ("all-d", "supremum", 0..=32) => "sup |sigma^({j})| is",
        ("all-d", "assumption-3-sigma1", 0..=32) => "B(d,{j}) lambda_{j}(sigma')^2 is",
        ("all-d", "assumption-3-sigma2", 0..=32) => "B(d,{j}) lambda_{j}(sigma'')^2 is",
        ("all-d", "kappa-scaled", 0) => "kappa_{j} is",
        ("all-d", "kappa-scaled", 1..=32) => "d^{j-1} kappa_{j} is",
        ("all-d", "chernoff-scaled", 1..=32) => {
            "P(lambda_{n_k}(Sigma) <= min_{i <= k} kappa_i / 2) <= n_k exp(-c m/2 / d^k) for k = {j} \
            and every even m, if the m/2 rows of W0 are independent and uniform, for some c"
        }
        ("identity", "random-signs", 0) => "the least c with E_S (R1+R2)(SW) <= c |W|_F^2/m for all W is",
        ("identity", "lemma-1-norm", 1) => "|W_Q|_{2,4}^4 = c R sum_i alpha_i^2 if R divides m/2, with c",
        ("identity", "escape", 1) => {
            "|w_r|^2 = c R |alpha_i| / sqrt(m) for each moved neuron r and its term i if R divides m/2, \
            and |W_Q|_F^2 = (c/2) sqrt(m) sum_i |alpha_i|, with c"
        }
        ("identity", "theorem-2", 1) => {
            "E_S R1(W*) and E_X E_S R3(W*) are at most c sum_i |alpha_i| / sqrt(m), \
            and E_S R2(W*) at most E f_k^2 + c sum_i |alpha_i| / sqrt(m), with c"
        }
        ("identity", "theorem-2-r4", 1) => {
            "R4(W*) <= ((c R sum_i alpha_i^2)^(1/4) + |W_L|_F)^8 if R divides m/2, with c"
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
    let number = if quantity == "gap" { low_rank(certificate.d, k) } else { BigInt::ZERO };
    let words = words.replace("{quantity}", quantity).replace("{number}", &number.to_string());
    Some(words.replace("{j}", &j.to_string()).replace("{j-1}", &j.saturating_sub(1).to_string()))
}

/// The statement of a certificate, in words.
pub fn statement(certificate: &Certificate<'_>) -> Checked<String> {
    let (d, Rational { num, den }, none) = (certificate.d, &certificate.shift, u64::MAX);
    let sizes = |x: &Eigenpairs<'_>| [x.values.len() as u64, x.vectors[0].len() as u64, x.low];
    let sizes = certificate.pairs.as_ref().map_or([none, 0, none], sizes);
    let over = if *den == BigInt::from(1) { String::new() } else { format!("/{den}") };
    let shift = if *num == BigInt::ZERO { String::new() } else { format!(" - {num}{over}") };
    let sigma = format!("Let sigma(z) = {}(z{})", certificate.activation, shift.replace("- -", "+ "));
    let opening = match (certificate.kind, certificate.starts.first(), &certificate.pairs) {
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
        let words = words(certificate, quantity, j, sizes).filter(|_| seen.insert((quantity, j)));
        let words = need(words, "Z7", format!("{quantity} with j = {j} is unknown here, or claimed twice"))?;
        clauses.push(format!("{words} in [{low}, {high}]"));
    }
    Ok(format!("{opening} {}.", clauses.join("; ")))
}

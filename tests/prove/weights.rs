//! Certificates of given weights: accepted by the checker, true by routes that share nothing with them, and
//! rejected when something is changed.

use crate::seal;
use escapement::covariance::Covariance;
use escapement::eigen::subspace::Projection;
use escapement::eigen::{DEFAULT_MEMORY, Request, Route, RouteChoice, solve};
use escapement::sphere::{Truncation, uniform_sphere};
use escapement::{activation, seed};
use escapement_check::{Accepted, Rejection, check};
use escapement_prove::{CertifiedWeights, Shifted, lemma_2, spectrum};
use faer::{Mat, Par};
use serde_json::Value;

fn of(activation: &str) -> Shifted {
    Shifted::parse(activation).unwrap()
}

fn weights(d: usize, p: usize) -> Mat<f64> {
    uniform_sphere(&mut seed::stream(1, "certify", "weights"), p, d, 1.0)
}

/// The checker's answer to a file with these weights beside it.
fn judge(text: &str, weights: &[u8]) -> Result<Accepted, Rejection> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("W0.npy"), weights).unwrap();
    check(text.as_bytes(), folder.path())
}

fn accept(made: &CertifiedWeights) -> Accepted {
    let accepted = judge(&made.certificate.text, made.certificate.weights.as_deref().unwrap()).unwrap();
    assert_eq!(accepted.statement, made.certificate.statement);
    accepted
}

/// The ends of all claims of a quantity.
fn ends(made: &CertifiedWeights, quantity: &str) -> Vec<[f64; 2]> {
    let claims = made.certificate.claims.iter().filter(|c| c.quantity == quantity);
    claims.map(|c| [&c.lo, &c.hi].map(|end| end.parse().unwrap())).collect()
}

/// By how much a number is outside of an interval.
fn outside(x: f64, [low, high]: [f64; 2]) -> f64 {
    (low - x).max(x - high).max(0.0)
}

/// The width of an enclosure of an eigenvalue, relative to the largest one of A = pΣ, that rounding accounts
/// for. An entry of V is off by 0.29·2^-54 on average. That moves one of VᵀV by 0.41·2^-54, so that γ is r
/// times that, and one of AV − VD by at most 0.29·2^-54 λ_1, of which there are nr. Entries of A are off by
/// at most 2^-60, hence 2e = 2n·2^-60, and the prover allows for another eight units there. For ε = 2γλ_1 +
/// ρ the radius is ε or, where not all eigenvalues are there, 2ε. Half as much is for chance, of which three
/// numbers have their share, and for digits.
fn expected_width(n: usize, r: usize, largest: f64) -> f64 {
    let (n, r, times) = (n as f64, r as f64, if r < n { 2.0 } else { 1.0 });
    let unit = 2.0_f64.powi(-54);
    let rho = 0.29 * (n * r).sqrt() * unit + (2.0 * n + 8.0) * 2.0_f64.powi(-60) / largest;
    1.5 * 2.0 * times * (0.82 * r * unit + rho)
}

#[test]
fn certificates_are_accepted_and_hold_what_other_routes_find() {
    for (sigma, d, p, top) in [
        ("sigmoid:1", 3, 10, None),
        ("tanh:0.5", 3, 10, None),
        ("erf:1/3", 3, 10, None),
        ("sigmoid:1", 4, 20, None),
        ("sigmoid:1", 4, 20, Some(5)),
        ("sigmoid:1", 10, 20, Some(11)),
        ("tanh", 3, 1, None),
    ] {
        let case = format!("{sigma} d = {d} p = {p} {top:?}");
        let w = weights(d, p);
        let made = spectrum(&of(sigma), &w, if p == 1 { 0 } else { 1 }, top).unwrap();
        let accepted = accept(&made);
        let (n, found) = (p * d, ends(&made, "eigenvalue"));
        let r = top.unwrap_or(n);
        assert_eq!(found.len(), r);

        let largest = found[0][1];
        let width = expected_width(n, r, largest * p as f64).min(1.1e-14) * largest;
        for [low, high] in &found {
            assert!(high - low <= width, "{case}: {} above {width:e}", high - low);
        }
        // The checker proves hardly more than is claimed: most of it is a hundredth.
        let all = made.certificate.claims.len();
        assert_eq!(accepted.claims.len(), all);

        let shifted = sigma.replace("1/3", "0.3333333333333333");
        let sigma = activation::parse(&shifted).unwrap();
        let cov = Covariance::new(w.as_ref(), sigma.as_ref(), Truncation::Tail(1e-13)).unwrap();
        for route in [Route::Dense, Route::Harmonic] {
            // The harmonics of high degree are many in larger dimensions.
            if route == Route::Harmonic && (d > 4 || top.is_some()) {
                continue;
            }
            let choice = RouteChoice::Only(route);
            let other = solve(&cov, &Request::all(), choice, DEFAULT_MEMORY, Par::Seq).unwrap();
            for (i, (claim, value)) in found.iter().zip(&other.eigenvalues).enumerate() {
                let off = outside(*value, *claim);
                assert!(off <= 1e-13 * largest, "{case}, {route}, {i}: {off:e}");
            }
            let rest = cov.trace() - other.eigenvalues[..r].iter().sum::<f64>();
            assert!(outside(rest, ends(&made, "rest")[0]) <= 1e-12 * largest, "{case}: {rest}");
            let n_k = if p == 1 { 1 } else { d + 1 };
            let gap = other.eigenvalues[n_k - 1] - other.eigenvalues[n_k];
            assert!(outside(gap, ends(&made, "gap")[0]) <= 1e-13 * largest, "{case}: {gap}");
            if r < n {
                // The upper end is near the eigenvalue, up to what the Cholesky factor leaves open.
                let (next, [low, high]) = (other.eigenvalues[r], ends(&made, "next")[0]);
                assert!(low == 0.0 && next < high && high < next + 1e-12 * largest, "{case}: {next} {high}");
            }
        }
    }
}

/// Two-dimensional quadrature knows no harmonics: its spectra of weights with exact symmetries, where
/// eigenvalues have up to ten equals, and those of the oracle, which are good to 10⁻¹² there.
#[test]
fn enclosures_hold_what_quadrature_finds() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests");
    let numbers = |value: &Value| -> Vec<f64> {
        value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
    };
    let read =
        |name: &str| -> Value { serde_json::from_slice(&std::fs::read(root.join(name)).unwrap()).unwrap() };
    let contains = |made: &CertifiedWeights, expected: &[f64], d: usize, allowed: f64, name: &str| {
        accept(made);
        let (found, p) =
            (ends(made, "eigenvalue"), (made.certificate.weights.as_deref().unwrap().len() - 128) / 8 / d);
        let width = expected_width(p * d, p * d, p as f64 * expected[0]);
        for (i, (claim, value)) in found.iter().zip(expected).enumerate() {
            assert!(outside(*value, *claim) <= allowed * expected[0], "{name} {i}: {value} {claim:?}");
            assert!(claim[1] - claim[0] <= width * expected[0], "{name} {i}: {claim:?}");
        }
    };
    let expected = read("cli/cases/expected.json");
    for (name, p, d) in [("identity_7", 7, 7), ("identity_11", 11, 11), ("cross_6", 12, 6), ("base", 50, 5)]
    {
        let bytes = std::fs::read(root.join(format!("cli/cases/{name}.npy"))).unwrap();
        let data = &bytes[bytes.len() - 8 * p * d..];
        let w =
            Mat::from_fn(p, d, |r, i| f64::from_le_bytes(data[8 * (r * d + i)..][..8].try_into().unwrap()));
        let made = spectrum(&of("sigmoid:1"), &w, 0, None).unwrap();
        // What NumPy wrote is what is written here.
        assert_eq!(made.certificate.weights.as_deref().unwrap(), bytes, "{name}");
        contains(&made, &numbers(&expected[name]), d, 1e-13, name);
    }
    for case in read("data/sigma.json").as_array().unwrap() {
        let rows: Vec<Vec<f64>> = case["W0"].as_array().unwrap().iter().map(numbers).collect();
        let w = Mat::from_fn(rows.len() / 2, rows[0].len(), |r, i| rows[r][i]);
        let sigma = format!("{}:{}", case["activation"].as_str().unwrap(), case["shift"]);
        let made = spectrum(&of(&sigma), &w, 0, None).unwrap();
        contains(&made, &numbers(&case["eigenvalues"]), w.ncols(), 1e-12, &sigma);
    }
}

#[test]
fn the_worst_case_of_lemma_2_is_the_largest_angle() {
    for (sigma, d, p, k, top, width) in [
        ("sigmoid:1", 3, 10, 1, None, 1e-11),
        ("sigmoid:1", 3, 10, 1, Some(4), 1e-11),
        ("tanh:0.5", 3, 10, 1, Some(5), 1e-11),
        ("sigmoid:1", 3, 40, 2, Some(9), 1e-10),
        ("sigmoid:1", 10, 40, 1, Some(11), 1e-10),
    ] {
        let case = format!("{sigma} d = {d} p = {p} k = {k} {top:?}");
        let w = weights(d, p);
        let made = lemma_2(&of(sigma), &w, k, top).unwrap();
        accept(&made);
        let [[low, high]] = ends(&made, "worst-case")[..] else { panic!("{case}") };
        assert!(0.0 < high - low && high - low < width, "{case}: {low} {high}");
        let sigma = activation::parse(sigma).unwrap();
        let cov = Covariance::new(w.as_ref(), sigma.as_ref(), Truncation::Tail(1e-13)).unwrap();
        let error = Projection::of(&cov, k).unwrap().error;
        assert!(outside(error.value, [low, high]) <= error.error, "{case}: {error:?} {low} {high}");
    }
}

/// The text between two marks replaced.
fn replaced(text: &str, from: &str, to: &str, by: &str) -> String {
    let begin = text.find(from).unwrap() + from.len();
    let end = begin + text[begin..].find(to).unwrap();
    format!("{}{by}{}", &text[..begin], &text[end..])
}

/// The obligation that fails, once words and hash are those of the changed fields.
fn rejected(text: &str, weights: &[u8]) -> &'static str {
    let sealed = seal(text);
    judge(&sealed, weights).unwrap_err().obligation
}

#[test]
fn what_is_changed_is_rejected() {
    let made = lemma_2(&of("sigmoid:1"), &weights(4, 20), 1, Some(5)).unwrap();
    let (text, w) = (&made.certificate.text, made.certificate.weights.as_deref().unwrap());
    accept(&made);

    // An eigenvalue left out: the claim that remains is true, but of another number.
    for column in [0, 2] {
        let claims = "\n[\"eigenvalue\", 1, \"0\", \"1\"],\n[\"worst-case\", 1, \"0\", \"1\"]\n";
        let fewer = replaced(text, "\"claims\": [", "],\n\"statement\"", claims);
        judge(&seal(&fewer), w).unwrap();
        let drop = |text: &str, key: &str, separator: &str, end: &str| {
            let begin = text.find(key).unwrap() + key.len();
            let list = &text[begin..begin + text[begin..].find(end).unwrap()];
            let mut items: Vec<&str> = list.split(separator).collect();
            assert_eq!(items.len(), 5);
            items.remove(column);
            replaced(text, key, end, &items.join(separator))
        };
        let fewer = drop(&drop(&fewer, "\"V\": [[", "],\n[", "]],\n"), "\"D\": [", ",", "],\n");
        assert_eq!(rejected(&fewer, w), "E4", "column {column}");
    }

    // The least bit of a weight.
    let mut other = w.to_vec();
    other[200] ^= 1;
    assert_eq!(judge(text, &other).unwrap_err().obligation, "F5");

    // Claims that are narrower than what is proved, by a thousandth of their width at either end.
    for claim in &made.certificate.claims {
        let obligation = if claim.quantity == "worst-case" { "M3" } else { "E5" };
        let [low, high]: [f64; 2] = [&claim.lo, &claim.hi].map(|end| end.parse().unwrap());
        let entry =
            |lo: &str, hi: &str| format!("[\"{}\", {}, \"{lo}\", \"{hi}\"]", claim.quantity, claim.j);
        let whole = entry(&claim.lo, &claim.hi);
        assert!(text.contains(&whole));
        let middle = format!("{:.21}", 0.5 * (low + high));
        for narrow in [entry(&middle, &claim.hi), entry(&claim.lo, &middle)] {
            assert_eq!(rejected(&text.replace(&whole, &narrow), w), obligation, "{narrow}");
        }
    }
}

/// Each claim is hardly wider than what the checker proves, so that what it proves is not given away.
#[test]
fn claims_are_hardly_wider_than_what_is_proved() {
    for (top, quantities) in [(None, 80 + 3), (Some(6), 6 + 4)] {
        let made = lemma_2(&of("sigmoid:1"), &weights(4, 20), 1, top).unwrap();
        let accepted = accept(&made);
        assert_eq!(accepted.claims.len(), quantities);
        for claim in &accepted.claims {
            let [claimed, proved] = [&claim.claimed, &claim.enclosure].map(|[low, high]| {
                // Differences of the ends, before they are rounded.
                let num = &high.num * &low.den - &low.num * &high.den;
                ratio(&num, &(&low.den * &high.den))
            });
            let allowed = if claim.quantity == "worst-case" { 2.0 } else { 1.05 };
            assert!(claimed <= allowed * proved, "{} {}: {claimed:e} {proved:e}", claim.quantity, claim.j);
        }
    }
}

/// A fraction in f64, for whole numbers of any size.
fn ratio(num: &num_bigint::BigInt, den: &num_bigint::BigInt) -> f64 {
    let shift = 200 + den.bits();
    let quotient: f64 = ((num << shift) / den).to_string().parse().unwrap();
    quotient / 2.0_f64.powi(shift as i32 / 2) / 2.0_f64.powi(shift as i32 - shift as i32 / 2)
}

#[test]
fn what_has_no_certificate_is_refused_in_a_sentence() {
    let sentence = |made: escapement_prove::Result<CertifiedWeights>| made.unwrap_err().to_string();
    let refused = |made, words: &[&str]| {
        let sentence = sentence(made);
        assert!(!sentence.contains('\n') && words.iter().all(|w| sentence.contains(w)), "{sentence}");
    };
    let sigma = of("sigmoid:1");
    let mut w = weights(3, 10);
    refused(spectrum(&sigma, &w, 5, None), &["k = 5 is not allowed with 30 eigenvalues", "n_5 = 36"]);
    refused(spectrum(&sigma, &w, 1, Some(0)), &["0 eigenvalues are not allowed", "there are 30"]);
    refused(spectrum(&sigma, &w, 1, Some(31)), &["31 eigenvalues are not allowed", "there are 30"]);
    refused(lemma_2(&sigma, &w, 1, Some(3)), &["3 eigenvalues are not allowed", "at least 4"]);
    refused(spectrum(&sigma, &weights(3, 667), 1, Some(4)), &["667 neurons in dimension 3", "2000", "2001"]);
    refused(spectrum(&sigma, &weights(2, 4), 1, None), &["2"]);
    refused(lemma_2(&sigma, &weights(130, 2), 1, None), &["n_k = 131", "at most 128"]);
    w[(4, 1)] += 1e-9;
    refused(spectrum(&sigma, &w, 1, None), &["row 4", "2^-40"]);
    w[(4, 1)] = f64::NAN;
    refused(spectrum(&sigma, &w, 1, None), &["row 4", "NaN"]);
    // Of the identity, λ_2 = … = λ_7.
    let identity = Mat::identity(7, 7);
    refused(spectrum(&sigma, &identity, 0, Some(3)), &["no gap below eigenvalue 3", "3.200005e-2"]);
    accept(&spectrum(&sigma, &identity, 0, Some(7)).unwrap());
    // Equal neurons have three eigenvalues above zero, and n_1 = 4.
    let equal = Mat::from_fn(5, 3, |_, i| if i == 0 { 1.0 } else { 0.0 });
    refused(lemma_2(&sigma, &equal, 1, None), &["no gap below eigenvalue n_k = 4"]);
    refused(lemma_2(&sigma, &equal, 1, Some(4)), &["no gap below eigenvalue 4"]);
}

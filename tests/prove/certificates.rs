//! The checker accepts what the prover makes, and both agree with values from elsewhere.

use escapement::activation;
use escapement::sphere::{FeatureLevels, Truncation, ZonalTable, dimension, lambda};
use escapement_check::{Rejection, check};
use escapement_prove::{
    Certificate, Claim, Shifted, every_d, every_d_in_reach, identity, identity_for_every_d, zonal,
};
use num_bigint::BigInt;

fn of(text: &str) -> Shifted {
    Shifted::parse(text).unwrap()
}

/// Whether the checker accepts the file, with the words that the prover wrote.
fn accepted(certificate: &Certificate) -> bool {
    match check(certificate.text.as_bytes(), ".".as_ref()) {
        Ok(found) => found.statement == certificate.statement,
        Err(why) => panic!("{}: {why}", certificate.name),
    }
}

fn ends(claim: &Claim) -> [f64; 2] {
    [claim.lo.parse().unwrap(), claim.hi.parse().unwrap()]
}

fn claim<'a>(certificate: &'a Certificate, quantity: &str, j: usize) -> &'a Claim {
    certificate.claims.iter().find(|c| c.quantity == quantity && c.j == j).unwrap()
}

/// A decimal as a multiple of 10^{-places}.
fn scaled(text: &str, places: usize) -> BigInt {
    let (text, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let power = places as i64 - rest.len() as i64 + exponent.parse::<i64>().unwrap();
    let number: BigInt = format!("{whole}{rest}").parse().unwrap();
    number * BigInt::from(10).pow(u32::try_from(power).unwrap())
}

/// The last decimal place of a number, as a multiple of 10^{-places}.
fn last_place(text: &str, places: usize) -> BigInt {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let last: String =
        mantissa.trim_start_matches('-').chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    scaled(&format!("{}1e{exponent}", &last[..last.len() - 1]), places)
}

/// Fifteen digits of every coefficient, which contain what the core finds in f64.
#[test]
fn coefficients_have_fifteen_digits() {
    for (text, d) in [("sigmoid:1", 3), ("tanh:1/2", 10), ("erf:0.7", 100), ("sigmoid:-3", 30), ("tanh", 5)]
    {
        let certificate = zonal(&of(text), d, 8).unwrap();
        assert!(accepted(&certificate));
        let name = text.replace("1/2", "0.5");
        let table = ZonalTable::new(d, activation::parse(&name).unwrap().as_ref(), 8).unwrap();
        for (j, row) in table.rows.iter().enumerate() {
            let names = ["lambda_sigma1", "lambda_sigma2", "A", "C", "tau", "kappa"];
            let (values, errors) = (row.values.all(), row.error.all());
            for (i, name) in names.into_iter().enumerate() {
                let [low, high] = ends(claim(&certificate, name, j));
                let (value, error) = (values[i], errors[i]);
                assert!(low <= value + error && value - error <= high, "{text} d = {d}: {name} {j}");
                // Of tanh every other coefficient vanishes.
                let vanishes = value.abs() <= error;
                assert!(
                    vanishes || high - low <= 1e-15 * value.abs(),
                    "{text} d = {d}: {name} {j} {low} {high}"
                );
            }
        }
        let [low, high] = ends(claim(&certificate, "trace", 0));
        assert!((low - table.trace).abs() < 1e-12 && high - low < 1e-15 * high);
    }
}

/// Values of 25 digits that were made without the formulas of this project.
#[test]
fn enclosures_contain_the_reference_values() {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/zonal.json")).unwrap();
    let entries: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut compared = 0;
    for entry in entries.as_array().unwrap() {
        let name = format!("{}:{}", entry["activation"].as_str().unwrap(), entry["shift"]);
        let d = entry["d"].as_u64().unwrap() as usize;
        let degrees = entry["degrees"].as_array().unwrap();
        let Ok(of) = Shifted::parse(&name) else { continue };
        let certificate = zonal(&of, d, degrees.len() - 1).unwrap();
        assert!(accepted(&certificate));
        for (j, degree) in degrees.iter().enumerate() {
            for name in ["lambda_sigma1", "lambda_sigma2", "A", "C", "tau", "kappa"] {
                let reference = degree[name].as_str().unwrap();
                let claim = claim(&certificate, name, j);
                const PLACES: usize = 90;
                let number = |text: &str| scaled(text, PLACES);
                let value = number(reference);
                // One unit in the last digit but one that the reference prints.
                let unit =
                    if value == BigInt::ZERO { value.clone() } else { last_place(reference, PLACES) * 10 };
                let inside = number(&claim.lo) - &unit <= value && value <= number(&claim.hi) + &unit;
                assert!(inside, "{name}_{j} at d = {d}: {reference} not in [{}, {}]", claim.lo, claim.hi);
                compared += 1;
            }
        }
    }
    assert!(compared > 200, "{compared}");
}

/// What holds for every d holds at those that the certificate has looked at and at those it has not.
#[test]
fn bounds_for_every_dimension_hold_where_they_are_tried() {
    for (text, k, kappas) in [("sigmoid:1", 3, 6), ("tanh:0.5", 1, 2), ("erf:0.7", 1, 2)] {
        let certificate = every_d(&of(text), k, kappas).unwrap();
        assert!(accepted(&certificate));
        assert_eq!(certificate.scope, "for every d ≥ 3");
        let sigma = activation::parse(text).unwrap();
        for d in [3, 4, 5, 9, 17, 40, 100, 500, 3000, 20_000] {
            let levels = FeatureLevels::new(d, sigma.as_ref(), Truncation::Degree(kappas.max(k))).unwrap();
            let first = lambda(d, &|z| sigma.d1(z), k).unwrap();
            let second = lambda(d, &|z| sigma.d2(z), k).unwrap();
            for claim in &certificate.claims {
                let (j, [low, high]) = (claim.j, ends(claim));
                let value = match claim.quantity {
                    "supremum" | "chernoff-scaled" => continue,
                    "assumption-3-sigma1" => dimension(d, j) * first[j].powi(2),
                    "assumption-3-sigma2" => dimension(d, j) * second[j].powi(2),
                    _ => levels.levels[j].kappa * (d as f64).powi(j.saturating_sub(1) as i32),
                };
                assert!(
                    low > 0.0 && low <= value && value <= high,
                    "{text} d = {d}: {} {j} {value}",
                    claim.quantity
                );
            }
        }
    }
    // The most that is in reach.
    assert_eq!(every_d_in_reach(&of("sigmoid:1")).unwrap().claims.len(), 22);
    // Here more degrees would be more work than the format allows.
    let far = every_d_in_reach(&of("sigmoid:-3")).unwrap();
    assert!(accepted(&far) && far.claims.len() < 22);
    assert!(every_d(&of("sigmoid:-3"), 3, 6).unwrap_err().to_string().contains("take the checker too long"));
}

/// The suprema are those of the activation, and the Chernoff bound is below what its terms give anywhere.
#[test]
fn suprema_and_the_chernoff_bound_hold_where_they_are_tried() {
    for text in ["sigmoid:1", "tanh:0.5", "erf:0.7"] {
        let (certificate, sigma) = (every_d(&of(text), 1, 2).unwrap(), activation::parse(text).unwrap());
        for (n, supremum) in sigma.suprema().iter().enumerate().take(3) {
            let [low, high] = ends(claim(&certificate, "supremum", n));
            assert!(low <= supremum.value && supremum.value <= high, "{text}: {n}");
            // The Fourier integral bounds erf'' by 4/π, which is 1.32 times the supremum.
            let loose = if text.starts_with("erf") { 1.4 } else { 1.01 };
            assert!(high <= supremum.value * loose, "{text}: {n} {high}");
        }
        for d in [3, 4, 10, 100, 3000] {
            let levels = FeatureLevels::new(d, sigma.as_ref(), Truncation::Degree(2)).unwrap().levels;
            for k in [1, 2] {
                let least = levels[..=k].iter().map(|level| level.kappa).fold(f64::INFINITY, f64::min);
                let sum: f64 = levels[..=k].iter().map(|level| level.tau).sum();
                let c = least / (8.0 * sum) * (d as f64).powi(k as i32);
                let [low, _] = ends(claim(&certificate, "chernoff-scaled", k));
                assert!(0.0 < low && low <= c && c <= 50.0 * low, "{text} d = {d}, k = {k}: {low} {c}");
            }
        }
    }
}

#[test]
fn constants_of_identities_are_those_of_the_levels() {
    let everywhere = identity_for_every_d(&of("sigmoid:1")).unwrap();
    assert!(accepted(&everywhere));
    assert_eq!(everywhere.scope, "for every d ≥ 3, every m and W0");
    for d in [3, 10, 200] {
        let certificate = identity(&of("sigmoid:1"), d).unwrap();
        assert!(accepted(&certificate));
        for constant in &certificate.claims {
            let ([low, high], [least, most]) =
                (ends(constant), ends(claim(&everywhere, constant.quantity, constant.j)));
            assert!(least <= low && high <= most && high - low <= 1e-15 * high, "{}", constant.quantity);
        }
    }
    // THEORY's values at d = 3.
    let at_three = identity(&of("sigmoid:1"), 3).unwrap();
    let [low, high] = ends(claim(&at_three, "lemma-1-norm", 1));
    assert!((low - 3661.98).abs() < 0.005 && high - low < 1e-10);
    let [low, _] = ends(claim(&at_three, "random-signs", 0));
    assert!((low - 0.0373498).abs() < 5e-8);
}

/// A claim that says more than is proved is refused, and so is another activation.
#[test]
fn claims_that_say_too_much_are_refused() {
    let refused = |certificate: &Certificate, from: &str, to: &str| -> Rejection {
        assert!(certificate.text.contains(from), "{from}");
        let forged = certificate.text.replace(from, to);
        let end = forged.find(",\n\"statement\"").unwrap();
        check(crate::seal(&forged[..end]).as_bytes(), ".".as_ref()).unwrap_err()
    };
    let narrowed = |certificate: &Certificate, quantity: &str| {
        let Claim { lo, hi, .. } = certificate.claims.iter().find(|c| c.quantity == quantity).unwrap();
        refused(certificate, &format!("\"{lo}\", \"{hi}\""), &format!("\"{hi}\", \"{hi}\"")).obligation
    };
    let one = zonal(&of("sigmoid:1"), 5, 2).unwrap();
    assert_eq!(narrowed(&one, "kappa"), "Z6");
    assert_eq!(narrowed(&identity(&of("sigmoid:1"), 5).unwrap(), "escape"), "I2");
    assert_eq!(narrowed(&every_d(&of("sigmoid:1"), 1, 1).unwrap(), "kappa-scaled"), "L5");
    assert_eq!(refused(&one, "\"sigmoid\"", "\"tanh\"").obligation, "Z3");
    assert_eq!(refused(&one, "\"shift\": \"1\"", "\"shift\": \"100/ff\"").obligation, "Z3");
    assert_eq!(refused(&one, "\"d\": 5", "\"d\": 50").obligation, "Z2");
}

#[test]
fn what_has_no_certificate_is_refused_in_a_sentence() {
    for (text, words) in [
        ("relu", "closed forms"),
        ("softplus:1", "sigmoid, tanh and erf"),
        ("sigmoid:pi", "a decimal or a fraction"),
        ("sigmoid:1/0", "a decimal or a fraction"),
        ("sigmoid:1e3", "a decimal or a fraction"),
        ("tanh:2000", "below 1000"),
        ("tanh:", "a decimal"),
    ] {
        let why = Shifted::parse(text).unwrap_err().to_string();
        assert!(why.contains(words) && !why.contains('\n'), "{text}: {why}");
    }
    let words = |made: escapement_prove::Result<Certificate>| made.unwrap_err().to_string();
    assert!(words(zonal(&of("sigmoid:1"), 2, 4)).contains("at least 3"));
    assert!(words(zonal(&of("sigmoid:1"), 10, 65)).contains("degrees up to 64"));
    assert!(words(zonal(&of("tanh"), 1_000_000, 2)).contains("smaller dimensions"));
    assert!(words(identity(&of("sigmoid"), 5)).contains("vanishes"));
    assert!(words(identity_for_every_d(&of("tanh:0"))).contains("assumption-3-sigma2 of degree 0 vanishes"));
    assert!(words(every_d(&of("sigmoid:1"), 4, 8)).contains("grow too fast"));
    assert_eq!(of("tanh:0.50").words(), "tanh(z - 1/2)");
    assert_eq!(of("erf:-2/6").words(), "erf(z + 1/3)");
}

/// The files of the documents are accepted, and are about what the documents say.
#[test]
fn shipped_certificates_are_accepted() {
    let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/certificates"));
    let page = std::fs::read_to_string(folder.with_file_name("certificates.md")).unwrap();
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap();
        let found = check(&std::fs::read(&path).unwrap(), folder);
        assert!(found.is_ok(), "{name}: {}", found.unwrap_err());
        assert!(page.contains(name), "{name} is not spoken of in certificates.md");
        count += 1;
    }
    assert!(count >= 9);
}

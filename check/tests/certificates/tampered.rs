//! Every field, changed one at a time with the words and the hash forged, fails at its obligation.

use super::{body, forged, load, value, with};

/// What happens to a certificate one of whose fields is changed.
fn outcome(name: &str, key: &str, new: &str) -> &'static str {
    let (text, folder) = load(name);
    forged(&with(&text, key, new), &folder).map_or_else(|rejection| rejection.obligation, |_| "accepted")
}

/// The elements of an array of a certificate.
pub fn elements(text: &str, key: &str) -> Vec<String> {
    let array = &body(text)[value(text, key)];
    let inner = array.strip_prefix('[').and_then(|a| a.strip_suffix(']')).unwrap();
    if inner.trim_start().starts_with('[') {
        inner.split("],").map(|x| format!("{}]", x.trim().trim_end_matches(']'))).collect()
    } else {
        inner.split(',').map(|x| x.trim().to_owned()).collect()
    }
}

fn array(elements: &[String]) -> String {
    format!("[{}]", elements.join(","))
}

#[test]
fn fields_of_the_polynomial() {
    let name = "zonal-sigmoid-3";
    for (key, new, expected) in [
        ("kind", "\"zonall\"", "F2"),
        ("kind", "\"identity\"", "Z7"),
        ("kind", "\"all-d\"", "F1"),
        ("kind", "\"spectrum\"", "F1"),
        ("activation", "\"relu\"", "F2"),
        ("activation", "\"tanh\"", "Z3"),
        ("activation", "\"erf\"", "Z3"),
        ("shift", "\"1/0\"", "F2"),
        ("shift", "\"1.0\"", "F2"),
        ("shift", "\"102/101\"", "Z3"),
        ("shift", "\"-1\"", "Z3"),
        ("shift", "\"3\"", "Z1"),
        ("shift", "\"-3\"", "Z1"),
        ("shift", "\"2/2\"", "accepted"),
        ("d", "0", "Z2"),
        ("d", "1", "Z2"),
        ("d", "2", "Z2"),
        ("d", "4", "Z2"),
        ("d", "1000000", "Z2"),
        ("L", "\"0\"", "Z1"),
        ("L", "\"-2\"", "Z1"),
        ("L", "\"2\"", "Z3"),
        ("L", "\"1/2\"", "Z1"),
        ("scale", "99", "Z3"),
        ("scale", "101", "Z3"),
        ("scale", "0", "Z3"),
        ("scale", "512", "Z3"),
        ("coefficients", "[\"0\"]", "Z3"),
        ("coefficients", "[\"1\"]", "Z3"),
        ("Y", "\"0\"", "Z1"),
        ("Y", "\"-1\"", "Z1"),
        ("Y", "\"1\"", "Z3"),
        ("Y", "\"1/100000000000000000000000000000000\"", "Z3"),
        ("Y", "\"1/100000000\"", "Z6"),
        ("claims", "[[\"A\", 0, \"1\", \"0\"]]", "Z6"),
        ("claims", "[[\"A\", 0, \"0\", \"0\"]]", "Z6"),
        ("claims", "[[\"A\", 0, \"0\", \"1\"]]", "accepted"),
        ("claims", "[[\"A\", 0, \"0\", \"1\"], [\"A\", 0, \"0\", \"2\"]]", "Z7"),
        ("claims", "[[\"B\", 0, \"0\", \"1\"]]", "Z7"),
        ("claims", "[[\"trace\", 1, \"0\", \"1\"]]", "Z7"),
        ("claims", "[[\"tau\", 513, \"0\", \"1\"]]", "Z7"),
        ("claims", "[[\"tau\", 512, \"0\", \"1\"]]", "accepted"),
        ("claims", "[[\"tail\", 512, \"0\", \"1\"]]", "accepted"),
        ("claims", "[[\"eigenvalue\", 1, \"0\", \"1\"]]", "Z7"),
    ] {
        assert_eq!(outcome(name, key, new), expected, "{key}: {new}");
    }
}

#[test]
fn coefficients_one_at_a_time() {
    let name = "zonal-sigmoid-3";
    let coefficients = elements(&load(name).0, "coefficients");
    for i in 0..coefficients.len() {
        let mut changed = coefficients.clone();
        let old = i128::from_str_radix(changed[i].trim_matches('"'), 16).unwrap();
        let new = old + (1 << 40);
        changed[i] = format!("\"{}{:x}\"", if new < 0 { "-" } else { "" }, new.unsigned_abs());
        let outcome = outcome(name, "coefficients", &array(&changed));
        assert!(matches!(outcome, "Z3" | "Z6"), "coefficient {i}: {outcome}");
        changed[i] = "\"0\"".into();
        if old.unsigned_abs() > 1 << 40 {
            assert_eq!(
                super::tampered::outcome(name, "coefficients", &array(&changed)),
                "Z3",
                "coefficient {i}"
            );
        }
    }
    let short = array(&coefficients[..coefficients.len() - 8]);
    assert_eq!(outcome(name, "coefficients", &short), "Z3");
}

#[test]
fn claims_one_at_a_time() {
    // Each claim is moved by its own width, up and down.
    for name in [
        "zonal-sigmoid-3",
        "zonal-erf-20",
        "identity-sigmoid-3",
        "all-d-sigmoid-small",
        "spectrum-3-10",
        "lemma-2-3-10",
    ] {
        let claims = elements(&load(name).0, "claims");
        for i in 0..claims.len() {
            let quoted: Vec<&str> = claims[i].split('"').collect();
            let [low, high] = [quoted[3], quoted[5]];
            for new in [format!("\"{low}\", \"{low}\""), format!("\"{high}\", \"{high}\"")] {
                let mut changed = claims.clone();
                let old = claims[i][claims[i].find(&format!("\"{low}\"")).unwrap()..].trim_end_matches(']');
                changed[i] = claims[i].replace(old, &new);
                let result = outcome(name, "claims", &array(&changed));
                let exact = low == high || claims[i].contains("\"C\", 0,");
                assert!(
                    exact || matches!(result, "Z6" | "I2" | "L5" | "E5" | "M3"),
                    "{name} {}: {result}",
                    claims[i]
                );
            }
        }
    }
}

#[test]
fn fields_of_every_dimension() {
    for (name, key, new, expected) in [
        // From 3 to 399 by the value at 3.
        ("all-d-sigmoid-small", "d_range", "[3, 400]", "L3"),
        // Every dimension up to 15, and then too soon the rest.
        (
            "all-d-sigmoid-small",
            "d_range",
            "[3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 20, 30, 40, 50]",
            "L5",
        ),
        ("all-d-sigmoid-small", "d_range", "[4, 400]", "L2"),
        ("all-d-sigmoid-small", "d_range", "[2, 3, 400]", "L2"),
        ("all-d-sigmoid-small", "d_range", "[400]", "L2"),
        ("all-d-sigmoid-small", "d_range", "[3, 5, 4]", "L2"),
        ("all-d-sigmoid-small", "d_range", "[3, 3]", "L2"),
        ("all-d-sigmoid-small", "d_range", "[3, 401]", "Z2"),
        ("all-d-sigmoid-small", "d_range", "[]", "F2"),
        ("all-d-sigmoid-small", "d_range", "[3, 1000001]", "F2"),
        ("all-d-sigmoid-small", "d_range", "[3, -4]", "F2"),
        ("all-d-sigmoid-small", "d_range", "3", "F2"),
        ("all-d-sigmoid-small", "claims", "[[\"supremum\", 1, \"0\", \"0.25\"]]", "accepted"),
        ("all-d-sigmoid-small", "claims", "[[\"supremum\", 1, \"0\", \"0.2499\"]]", "L5"),
        ("all-d-sigmoid-small", "claims", "[[\"supremum\", 0, \"1\", \"1\"]]", "accepted"),
        ("all-d-sigmoid-small", "claims", "[[\"supremum\", 2, \"0\", \"0.0962\"]]", "L5"),
        ("all-d-sigmoid-small", "claims", "[[\"supremum\", 33, \"0\", \"1\"]]", "Z7"),
        ("all-d-sigmoid-small", "claims", "[[\"chernoff-scaled\", 1, \"0.0054\", \"0.0055\"]]", "accepted"),
        ("all-d-sigmoid-small", "claims", "[[\"chernoff-scaled\", 1, \"0.0055\", \"0.0056\"]]", "L5"),
        ("all-d-sigmoid-small", "claims", "[[\"chernoff-scaled\", 0, \"0\", \"1\"]]", "Z7"),
        ("all-d-sigmoid-small", "activation", "\"tanh\"", "Z3"),
        ("all-d-sigmoid-small", "claims", "[[\"kappa-scaled\", 33, \"0\", \"1\"]]", "Z7"),
        ("all-d-sigmoid-small", "claims", "[[\"kappa-scaled\", 9, \"0\", \"1\"]]", "L3"),
        ("all-d-sigmoid-small", "claims", "[[\"kappa\", 1, \"0\", \"1\"]]", "Z7"),
        ("identity-every-d", "claims", "[[\"escape\", 0, \"0\", \"99\"]]", "Z7"),
        ("identity-every-d", "claims", "[[\"escape\", 1, \"0\", \"99\"]]", "accepted"),
        ("identity-every-d", "claims", "[[\"escape\", 1, \"76\", \"99\"]]", "I2"),
        ("identity-sigmoid-3", "claims", "[[\"random-signs\", 0, \"0.0323\", \"0.0373\"]]", "I2"),
        ("identity-sigmoid-3", "kind", "\"zonal\"", "Z7"),
        ("false-lambda0", "shift", "\"0\"", "I1"),
    ] {
        assert_eq!(outcome(name, key, new), expected, "{name}, {key}: {new}");
    }
}

#[test]
fn fields_of_weights() {
    let digest = format!("\"{}\"", "0".repeat(64));
    for (name, key, new, expected) in [
        ("spectrum-3-10", "weights_sha256", digest.as_str(), "F5"),
        ("spectrum-3-10", "weights_sha256", "\"0\"", "F5"),
        ("spectrum-3-10", "J", "10", "E5"),
        ("spectrum-3-10", "J", "513", "F2"),
        ("spectrum-3-10", "J", "29", "accepted"),
        ("spectrum-3-10", "J", "512", "E5"),
        ("spectrum-3-10", "k", "2", "Z7"),
        ("spectrum-3-10", "k", "31", "F2"),
        ("spectrum-3-10", "kind", "\"lemma-2\"", "accepted"),
        ("lemma-2-3-10", "kind", "\"spectrum\"", "Z7"),
        ("spectrum-3-10", "d", "5", "Z2"),
        ("spectrum-3-10", "mu", "\"1\"", "E4"),
        ("spectrum-3-10", "V", "[]", "F2"),
        ("spectrum-3-10", "V", "[[\"1\"]]", "S2"),
        ("spectrum-3-10", "D", "[]", "F2"),
        ("spectrum-3-10", "D", "[\"80000000000000000000\"]", "F2"),
        ("spectrum-4-20-top", "mu", "\"0\"", "E4"),
        ("spectrum-4-20-top", "mu", "\"1000000000000\"", "E4"),
        ("spectrum-4-20-top", "mu", "\"-1000000000000000\"", "E4"),
        ("spectrum-4-20-top", "mu", "\"1000000000000000\"", "E4"),
        ("spectrum-4-20-top", "mu", "\"7fffffffffffffffff\"", "E4"),
    ] {
        assert_eq!(outcome(name, key, new), expected, "{name}, {key}: {new}");
    }
}

#[test]
fn eigenpairs_moved_left_out_and_twice() {
    for name in ["spectrum-3-10", "spectrum-4-20-top", "lemma-2-3-10", "lemma-2-4-20"] {
        let (text, folder) = load(name);
        let (v, d) = (elements(&text, "V"), elements(&text, "D"));
        let judge = |v: &[String], d: &[String]| {
            let changed = with(&with(&text, "V", &array(v)), "D", &array(d));
            // Claims on more eigenvalues than there are would fail first.
            let claims = "[[\"eigenvalue\", 1, \"-9\", \"9\"], [\"eigenvalue\", 3, \"0.03\", \"0.04\"], \
                [\"worst-case\", 1, \"0\", \"1\"]]";
            let claims = if name.starts_with("lemma") {
                claims.into()
            } else {
                claims.replace(", [\"worst-case\", 1, \"0\", \"1\"]", "")
            };
            forged(&with(&changed, "claims", &claims), &folder).map_or_else(|r| r.obligation, |_| "accepted")
        };
        assert_eq!(judge(&v, &d), "accepted");
        let mut swapped = d.clone();
        swapped.swap(0, 3);
        assert_eq!(judge(&v, &swapped), "E1", "{name}");
        let mut twice = v.clone();
        twice[3] = v[2].clone();
        assert_eq!(judge(&twice, &d), "E2", "{name}");
        assert!(matches!(judge(&v[1..], &d[1..]), "E4" | "E5"), "{name}: {}", judge(&v[1..], &d[1..]));
        let without = |x: &[String]| [&x[..3], &x[4..]].concat();
        assert_eq!(judge(&without(&v), &without(&d)), "E4", "{name}: the fourth is left out");
        assert_eq!(judge(&v[..3], &d), "E1", "{name}");
        let mut exchanged = v.clone();
        exchanged.swap(0, d.len() - 1);
        assert_ne!(judge(&exchanged, &d), "accepted", "{name}");
        let zero = vec![array(&vec!["\"0\"".to_owned(); v[0].split(',').count()]); v.len()];
        assert_eq!(judge(&zero, &d), "E2", "{name}");

        // A vector or a value moved a little widens ε, and the true claims fail.
        let mut moved = v.clone();
        moved[1] = v[1].replacen("\"", "\"f", 1).replacen("\"f-", "\"-f", 1);
        assert!(forged(&with(&text, "V", &array(&moved)), &folder).is_err());
        let first = i128::from_str_radix(d[0].trim_matches('"'), 16).unwrap();
        let mut moved = d.clone();
        moved[0] = format!("\"{:x}\"", first + (1 << 30));
        let rejection = forged(&with(&text, "D", &array(&moved)), &folder).unwrap_err();
        assert!(matches!(rejection.obligation, "E5" | "E4" | "M3"), "{name}: {rejection}");
    }
}

#[test]
fn worst_cases_need_the_top_eigenspace() {
    // The polynomials of degree at most 2 need nine vectors, and there are five or six.
    let (text, folder) = load("lemma-2-4-20");
    let changed = with(&with(&text, "k", "2"), "claims", "[[\"worst-case\", 2, \"0\", \"1\"]]");
    assert_eq!(forged(&changed, &folder).unwrap_err().obligation, "M2");
    let changed = with(&text, "claims", "[[\"worst-case\", 1, \"0.08\", \"1\"]]");
    assert_eq!(forged(&changed, &folder).unwrap_err().obligation, "M3");
    // The activation of the whole spectrum with fewer degrees: the rest of the trace swamps the gap.
    let changed = with(&with(&text, "J", "1"), "claims", "[[\"worst-case\", 1, \"0\", \"1\"]]");
    assert!(forged(&changed, &folder).is_err());
}

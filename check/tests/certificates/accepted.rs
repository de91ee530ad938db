//! True certificates are accepted, and what they say agrees with values computed otherwise.

use super::{AtMost, data, load, meet, names, references};
use escapement_check::check;
use escapement_check::number::Rational;

#[test]
fn true_certificates_are_accepted_and_false_ones_are_not() {
    for name in names() {
        let (text, folder) = load(&name);
        match check(text.as_bytes(), &folder) {
            Ok(accepted) => {
                assert!(!name.starts_with("false"), "{name} is false");
                assert!(text.contains(&accepted.statement));
                for claim in accepted.claims {
                    assert!(claim.claimed[0].at_most(&claim.enclosure[0]));
                    assert!(claim.enclosure[1].at_most(&claim.claimed[1]));
                }
            }
            Err(rejection) => assert!(name.starts_with("false"), "{name}: {rejection}"),
        }
    }
}

#[test]
fn enclosures_contain_the_references() {
    let references = references();
    let mut count = 0;
    for name in names().iter().filter(|name| references.iter().any(|r| r.name == **name)) {
        let (text, folder) = load(name);
        let accepted = check(text.as_bytes(), &folder).unwrap();
        for claim in &accepted.claims {
            let same =
                |r: &&super::Reference| r.name == *name && r.quantity == claim.quantity && r.j == claim.j;
            if let Some(reference) = references.iter().find(same) {
                assert!(meet(&claim.enclosure, &reference.ends), "{name}: {} {}", claim.quantity, claim.j);
                count += 1;
            }
        }
    }
    assert!(count > 400, "only {count} references are of a claim");
}

#[test]
fn enclosures_are_narrow() {
    // Widths relative to the modulus, at most 10^-digits.
    for (name, digits) in [
        ("zonal-sigmoid-3", 9),
        ("zonal-erf-20", 14),
        ("zonal-sigmoid-1000-high", 12),
        ("identity-sigmoid-3", 20),
    ] {
        let (text, folder) = load(name);
        for claim in check(text.as_bytes(), &folder).unwrap().claims {
            let [low, high] = &claim.enclosure;
            let factor = num_bigint::BigInt::from(10).pow(digits);
            let wide = Rational { num: (&high.num - &low.num) * factor, den: low.den.clone() };
            let size = Rational {
                num: low.num.magnitude().clone().max(high.num.magnitude().clone()).into(),
                den: low.den.clone(),
            };
            assert!(wide.at_most(&size), "{name}: {} {}", claim.quantity, claim.j);
        }
    }
}

#[test]
fn data_stay_small() {
    for name in names() {
        assert!(load(&name).0.len() <= 100_000);
    }
    assert!(data().join("references.txt").exists());
}

#[test]
fn the_program_speaks_in_sentences_and_statuses() {
    let run = |arguments: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_escapement-check"))
            .args(arguments)
            .current_dir(data())
            .output()
            .unwrap();
        let said = if output.status.code() == Some(2) { &output.stderr } else { &output.stdout };
        (output.status.code().unwrap(), String::from_utf8(said.clone()).unwrap())
    };
    let (status, words) = run(&["zonal-sigmoid-3.json"]);
    assert!(
        status == 0
            && words.starts_with(
                "zonal-sigmoid-3.json: accepted: Let sigma(z) = sigmoid(z - 1) and d = 3. Then tr Sigma"
            )
    );
    let (status, words) =
        run(&["zonal-sigmoid-3.json", "false-eta.json", "spectrum-3-10/spectrum-3-10.json"]);
    assert!(
        status == 1
            && words.lines().count() == 3
            && words.contains("false-eta.json: Z3: the a priori bound Y")
    );
    let (status, words) = run(&["nowhere.json"]);
    assert!(status == 2 && words.starts_with("nowhere.json: cannot be read"));
    assert_eq!(run(&[]).0, 2);
    assert_eq!(run(&["--unknown"]).0, 2);
    assert!(run(&["--help"]).1.contains("Usage: escapement-check FILE..."));
    assert!(run(&["--version"]).1.starts_with("escapement-check "));
}

//! `certify`, `verify --certified` and `zonal --certified`: what they write is what the checker accepts.

use crate::process::Desk;
use escapement_check::check;

#[test]
fn certificates_are_written_once_the_checker_accepts_them() {
    let desk = Desk::new();
    let made = desk.json(&["certify", "--json"]);
    let files: Vec<&str> =
        made.as_array().unwrap().iter().map(|one| one["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["certificates/all-d-sigmoid-1.json", "certificates/identity-sigmoid-1-every-d.json"]);
    for one in made.as_array().unwrap() {
        let bytes = std::fs::read(desk.path(one["file"].as_str().unwrap())).unwrap();
        assert_eq!(check(&bytes, ".".as_ref()).unwrap().statement, one["statement"].as_str().unwrap());
        assert_eq!(one["bytes"].as_u64(), Some(bytes.len() as u64));
    }
    assert_eq!(made[1]["claims"], serde_json::json!(["lemma-1", "random-signs", "theorem-2", "escape"]));
    assert_eq!(made[1]["scope"], "sigmoid(z - 1), for every d ≥ 3, every m and W0");
    let one =
        desk.json(&["certify", "lemma-1", "--d", "5", "--activation", "tanh:1/2", "--out", "c", "--json"]);
    assert_eq!(one[0]["file"], "c/identity-tanh-1_2-d-5.json");
    // The same bytes again.
    let before = std::fs::read(desk.path("c/identity-tanh-1_2-d-5.json")).unwrap();
    let said = desk.run(&["certify", "lemma-1", "--d", "5", "--activation", "tanh:0.5", "--out", "c"]);
    assert!(
        said.code == Some(0) && said.stdout.starts_with("proved        lemma-1: tanh(z - 1/2), at d = 5")
    );
    assert_eq!(std::fs::read(desk.path("c/identity-tanh-1_2-d-5.json")).unwrap(), before);
}

#[test]
fn what_is_proved_stands_beside_what_is_measured() {
    let desk = Desk::new();
    let arguments = ["verify", "assumption-3", "--journal", "results/j.jsonl", "--certified"];
    let table = desk.run(&arguments).stdout;
    for words in [
        "\nproved        assumption-3: sigmoid(z - 1), for every d ≥ 3\n",
        "B(d,2) lambda_2(sigma')^2 is in [0.000",
        "results/certificates/all-d-sigmoid-1.json\n",
        "1 claim: 1 scales. Numbers are evidence at these sizes, not proof. What is marked proved is a proof.",
    ] {
        assert!(table.contains(words), "{words}: {table}");
    }
    assert!(desk.path("results/certificates/all-d-sigmoid-1.json").exists());
    let verdict = &desk.json(&[&arguments[..], &["--json"]].concat())[0];
    assert_eq!(verdict["proved"][0]["scope"], "sigmoid(z - 1), for every d ≥ 3");
    let plain = &desk.json(&[&arguments[..4], &["--json"]].concat())[0];
    assert!(plain.get("proved").is_none());
}

#[test]
fn proved_intervals_contain_the_coefficients() {
    let desk = Desk::new();
    let line = ["zonal", "--d", "20", "--degrees", "3", "--json"];
    let (plain, proved) = (desk.json(&line), desk.json(&[&line[..], &["--certified"]].concat()));
    let mut compared = 0;
    for interval in proved["intervals"].as_array().unwrap() {
        let degree = interval["j"].as_u64().unwrap() as usize;
        let name = interval["quantity"].as_str().unwrap().to_lowercase();
        let end = |name: &str| interval[name].as_str().unwrap().parse::<f64>().unwrap();
        let row = &plain["degrees"][degree];
        if let Some(value) = row[&name].as_f64() {
            let error = row["error"][&name].as_f64().unwrap();
            assert!(end("lo") <= value + error && value - error <= end("hi"), "{name} {degree}");
            compared += 1;
        }
    }
    assert_eq!(compared, 24);
}

#[test]
fn what_cannot_be_proved_is_refused() {
    let desk = Desk::new();
    desk.refused(&["certify", "taylor"], &["taylor has no certificate", "assumption-3"]);
    desk.refused(&["certify", "--activation", "relu"], &["relu", "closed forms"]);
    desk.refused(&["certify", "--activation", "sigmoid:pi"], &["pi", "1/3"]);
    desk.refused(&["certify", "--d", "2"], &["d = 2", "at least 3"]);
    desk.refused(&["certify", "--d", "10", "--degrees", "65"], &["65", "up to 64"]);
    desk.refused(&["certify", "--degrees", "4"], &["--d"]);
    desk.refused(
        &["zonal", "--certified", "--activation", "softplus:1"],
        &["softplus", "sigmoid, tanh and erf"],
    );
    desk.refused(&["zonal", "--certified", "--d", "1000000"], &["d = 1000000", "smaller dimensions"]);
}

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
        said.code == Some(0)
            && said.stdout.starts_with("proved        lemma-1, in part: tanh(z - 1/2), at d = 5")
    );
    assert_eq!(std::fs::read(desk.path("c/identity-tanh-1_2-d-5.json")).unwrap(), before);
}

#[test]
fn weights_have_certificates_of_their_eigenvalues() {
    let desk = Desk::new();
    let weights =
        escapement::sphere::uniform_sphere(&mut escapement::seed::stream(3, "certify", "W0"), 20, 3, 1.0);
    desk.put_matrix("weights.npy", &weights);
    let made = desk.json(&["certify", "--weights", "weights.npy", "--out", "c", "--json"]);
    for (i, name) in ["spectrum", "lemma-2"].into_iter().enumerate() {
        let file = format!("c/{name}-sigmoid-1-d-3.json");
        assert_eq!((&made[i]["file"], &made[i]["claims"][0]), (&file.clone().into(), &name.into()));
        assert_eq!(made[i]["scope"], "sigmoid(z - 1), at this W0, d = 3, m = 40");
        let accepted = check(&std::fs::read(desk.path(&file)).unwrap(), &desk.path("c")).unwrap();
        assert!(accepted.statement.contains("lambda_60(Sigma) is in"));
        assert_eq!(accepted.statement.contains("max over f_k of degree <= 1"), name == "lemma-2");
    }
    let values = desk.json(&["spectrum", "--weights", "weights.npy", "--top", "1", "--json"]);
    let largest = values["eigenvalues"][0].as_f64().unwrap();
    let proved = escapement_check::check(
        &std::fs::read(desk.path("c/spectrum-sigmoid-1-d-3.json")).unwrap(),
        &desk.path("c"),
    );
    let words = proved.unwrap().statement;
    let interval = words.split("lambda_1(Sigma) is in [").nth(1).unwrap().split(']').next().unwrap();
    let ends: Vec<f64> = interval.split(", ").map(|end| end.parse().unwrap()).collect();
    assert!(ends[0] - 1e-14 <= largest && largest <= ends[1] + 1e-14, "{largest} {ends:?}");
    // W0 with one bit flipped is another W0.
    let mut bytes = std::fs::read(desk.path("c/W0.npy")).unwrap();
    bytes[200] ^= 1;
    desk.put("c/W0.npy", bytes);
    let file = std::fs::read(desk.path("c/lemma-2-sigmoid-1-d-3.json")).unwrap();
    assert_eq!(check(&file, &desk.path("c")).unwrap_err().obligation, "F5");
    desk.put_matrix("long.npy", &faer::Mat::from_fn(700, 3, |_, j| f64::from(u8::from(j == 0))));
    desk.put_matrix("off.npy", &faer::Mat::from_fn(4, 3, |_, j| [1.0, 1e-3, 0.0][j]));
    desk.refused(&["certify", "--weights", "long.npy"], &["700 neurons in dimension 3", "2000"]);
    desk.refused(&["certify", "--weights", "off.npy"], &["row 0"]);
    desk.refused(&["certify", "lemma-2"], &["lemma-2 has certificates at given weights only"]);
    desk.refused(
        &["certify", "escape", "--weights", "weights.npy"],
        &["escape has certificates for every d or in one dimension only"],
    );
    desk.refused(&["certify", "--weights", "weights.npy", "--top", "0"], &["0 eigenvalues"]);
}

#[test]
fn what_is_proved_stands_beside_what_is_measured() {
    let desk = Desk::new();
    let arguments = ["verify", "assumption-3", "--journal", "results/j.jsonl", "--certified"];
    let table = desk.run(&arguments).stdout;
    for words in [
        "\nproved        assumption-3, in part: sigmoid(z - 1), for every d ≥ 3\n",
        "B(d,2) lambda_2(sigma')^2 is in [0.000",
        "results/certificates/all-d-sigmoid-1.json\n",
        "1 claim: 1 scales. Numbers are evidence at these sizes, not proof. What is marked proved is a proof.",
    ] {
        assert!(table.contains(words), "{words}: {table}");
    }
    assert!(desk.path("results/certificates/all-d-sigmoid-1.json").exists());
    let verdict = &desk.json(&[&arguments[..], &["--json"]].concat())[0];
    assert_eq!(verdict["proved"][0]["scope"], "sigmoid(z - 1), for every d ≥ 3");
    // On the page too; a file that is not accepted is spoken of, and proves nothing.
    let folder = desk.path("results/certificates");
    let good = std::fs::read_to_string(folder.join("all-d-sigmoid-1.json")).unwrap();
    std::fs::write(folder.join("forged.json"), good.replace("d^1 kappa_2 is in [0", "d^1 kappa_2 is in [1"))
        .unwrap();
    let report = desk.run(&["report", "assumption-3", "--journal", "results/j.jsonl", "--out", "r"]);
    assert!(report.stderr.contains("forged.json proves nothing, because F"), "{}", report.stderr);
    let page = std::fs::read_to_string(desk.path("r/index.html")).unwrap();
    assert_eq!(page.matches("in part: sigmoid(z - 1), for every d ≥ 3").count(), 2);
    assert!(page.contains("d^1 kappa_2 is in [0.0"));
    let text = std::fs::read_to_string(desk.path("r/report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["claims"][0]["proved"], verdict["proved"]);
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

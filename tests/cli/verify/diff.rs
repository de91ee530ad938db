//! `diff`: nothing moves between equal journals, and everything that moves is said.

use crate::toy::{self, rewrite, scaled};
use crate::verify::commands::run;
use escapement_cli::terminal::exit;
use escapement_verify::{Record, Registry};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

/// A folder with the journal old.jsonl of the toy claims.
fn desk() -> (TempDir, PathBuf, PathBuf) {
    let desk = TempDir::new().unwrap();
    let (old, new) = (desk.path().join("old.jsonl"), desk.path().join("new.jsonl"));
    assert_eq!(run(&toy::registry(), &desk, &["verify", "--journal", old.to_str().unwrap()]).0, exit::HOLDS);
    (desk, old, new)
}

/// Exit code and changes.
fn diff(registry: &Registry, desk: &TempDir, names: [&str; 2]) -> (u8, Value) {
    let [old, new] = names.map(|n| desk.path().join(n).display().to_string());
    let (code, out, error) = run(registry, desk, &["diff", &old, &new, "--json"]);
    assert!(error.is_empty(), "{error}");
    let words = run(registry, desk, &["diff", &old, &new]);
    let value: Value = serde_json::from_str(&out).unwrap();
    // A line each, one that counts them, one above what is gone, and one for each that cannot be compared.
    let gone = value["gone"].as_u64().unwrap();
    let cannot = value["cannot"].as_array().map_or(0, Vec::len);
    let lines = 1 + value["changes"].as_array().unwrap().len() + usize::from(gone > 0) + cannot;
    assert_eq!((words.0, words.1.lines().count()), (code, lines), "{}", words.1);
    assert_eq!(words.1.matches("\n  ").count() as u64, gone, "{}", words.1);
    (code, value)
}

/// The differences between a journal and what `change` makes of it.
fn changed(change: impl Fn(Record) -> Option<Record>) -> (u8, Value) {
    let (desk, old, new) = desk();
    rewrite(&old, &new, change);
    diff(&toy::registry(), &desk, ["old.jsonl", "new.jsonl"])
}

fn kinds(value: &Value) -> Vec<String> {
    let name = |c: &Value| {
        format!(
            "{}/{}: {}",
            c["claim"].as_str().unwrap(),
            c["bound"].as_str().unwrap_or("-"),
            c["change"].as_str().unwrap()
        )
    };
    value["changes"].as_array().unwrap().iter().map(name).collect()
}

#[test]
fn a_journal_and_its_report_are_the_same() {
    let (desk, old, _) = desk();
    let out = desk.path().join("out").display().to_string();
    run(&toy::registry(), &desk, &["report", "--journal", old.to_str().unwrap(), "--out", &out]);
    for names in [["old.jsonl", "old.jsonl"], ["old.jsonl", "out/report.json"], ["out/report.json"; 2]] {
        let (code, value) = diff(&toy::registry(), &desk, names);
        assert_eq!((code, kinds(&value).len(), &value["worse"]), (exit::HOLDS, 0, &0.into()));
        assert_eq!((&value["old"]["cells"], &value["new"]["cells"]), (&42.into(), &42.into()));
    }
}

#[test]
fn a_verdict_that_got_worse_is_counted() {
    let (code, value) = changed(|r| scaled(r, "lhs", 10.0));
    assert_eq!(code, exit::HOLDS);
    assert_eq!(kinds(&value), ["ground/-: verdict", "ground/at-most: verdict", "ground/at-most: constant"]);
    assert_eq!(
        (&value["worse"], &value["changes"][0]["new"], &value["changes"][0]["worse"]),
        (&2.into(), &"refuted".into(), &true.into())
    );
    // The other way round it got better.
    let (desk, old, new) = desk();
    rewrite(&old, &new, |r| scaled(r, "lhs", 10.0));
    let (code, value) = diff(&toy::registry(), &desk, ["new.jsonl", "old.jsonl"]);
    assert_eq!((code, &value["worse"], kinds(&value).len()), (exit::HOLDS, &0.into(), 3));
}

#[test]
fn a_constant_moves_when_its_error_bounds_do_not_reach() {
    // The relative error of lhs is 1e-12 of 1/m, in both journals.
    let (code, value) = changed(|r| scaled(r, "lhs", 1.0 + 1e-10));
    assert_eq!((code, kinds(&value)), (exit::HOLDS, vec!["ground/at-most: constant".to_owned()]));
    assert!(value["changes"][0]["old"]["error"].as_f64().unwrap() > 0.0);
    let (code, value) = changed(|r| scaled(r, "lhs", 1.0 + 1e-13));
    assert_eq!((code, kinds(&value).len()), (exit::HOLDS, 0));
}

#[test]
fn an_exponent_moves_when_a_value_leaves_the_limits_of_the_other() {
    let tilt = |slope: f64| {
        move |r: Record| {
            let m = r.cell.m() as f64;
            scaled(r, "error", (m / 100.0).powf(slope))
        }
    };
    let (code, value) = changed(tilt(-0.2));
    assert_eq!(code, exit::HOLDS, "{value}");
    let moved = kinds(&value);
    assert!(moved.contains(&"upon/rate: exponent".to_owned()), "{moved:?}");
    let change = &value["changes"].as_array().unwrap().iter().find(|c| c["change"] == "exponent").unwrap();
    assert!(
        (change["old"]["measured"].as_f64().unwrap() - change["new"]["measured"].as_f64().unwrap() - 0.2)
            .abs()
            < 1e-9
    );
    let within = kinds(&changed(tilt(-1e-4)).1);
    assert!(!within.contains(&"upon/rate: exponent".to_owned()), "within the limits");
}

/// With another seed every number is another one, but the exponents agree within their limits together.
#[test]
fn another_seed_moves_no_exponent_and_its_constants_are_not_compared() {
    let (desk, old, _) = desk();
    let old = old.to_str().unwrap();
    let files = [2206, 7, 8, 9].map(|seed| {
        let (seed, out) = (seed.to_string(), desk.path().join(seed.to_string()).display().to_string());
        run(&toy::registry(), &desk, &["verify", "--journal", old, "--seed", &seed]);
        run(&toy::registry(), &desk, &["report", "--journal", old, "--seed", &seed, "--out", &out]);
        format!("{seed}/report.json")
    });
    for file in &files[1..] {
        let (code, value) = diff(&toy::registry(), &desk, [&files[0], file]);
        assert_eq!(
            (code, kinds(&value).len(), &value["not_compared"]),
            (exit::HOLDS, 0, &4.into()),
            "{value}"
        );
    }
}

#[test]
fn other_cells_are_counted_and_their_constants_not_compared() {
    let (code, value) = changed(|r| (r.cell.claim != "ground" || r.cell.replicate == 0).then_some(r));
    assert_eq!(code, exit::HOLDS);
    let moved = kinds(&value);
    assert!(
        moved.contains(&"ground/-: cells".to_owned()) && !moved.iter().any(|m| m.ends_with("constant")),
        "{moved:?}"
    );
    assert_eq!(value["not_compared"], 2);
    // A claim without any record is not there.
    let (code, value) = changed(|r| (r.cell.claim != "upon").then_some(r));
    assert_eq!((code, kinds(&value)), (exit::HOLDS, vec!["upon/-: went".to_owned()]));
}

#[test]
fn bounds_come_and_go() {
    let (desk, old, _) = desk();
    let out = desk.path().join("out").display().to_string();
    run(
        &toy::registry_without("square"),
        &desk,
        &["report", "--journal", old.to_str().unwrap(), "--out", &out],
    );
    let (code, value) = diff(&toy::registry(), &desk, ["out/report.json", "old.jsonl"]);
    assert_eq!((code, kinds(&value)), (exit::HOLDS, vec!["upon/square: came".to_owned()]));
    assert_eq!(value["gone"], 0);
    let (code, value) = diff(&toy::registry(), &desk, ["old.jsonl", "out/report.json"]);
    assert_eq!(
        (code, kinds(&value), &value["gone"]),
        (exit::HOLDS, vec!["upon/square: went".to_owned()], &1.into())
    );
    let (old, new) = (desk.path().join("old.jsonl"), desk.path().join("out/report.json"));
    let words = run(&toy::registry(), &desk, &["diff", old.to_str().unwrap(), new.to_str().unwrap()]).1;
    let gone = format!("Gone, without a verdict in {}:\n  upon/square (bound)\n", new.display());
    assert!(words.starts_with(&gone), "{words}");
    assert!(words.ends_with("1 difference, no verdict got worse, 1 claim or bound is gone.\n"), "{words}");
}

#[test]
fn of_a_report_with_the_earlier_words_it_says_what_cannot_be_compared() {
    let (desk, old, _) = desk();
    let out = desk.path().join("out").display().to_string();
    run(&toy::registry(), &desk, &["report", "--journal", old.to_str().unwrap(), "--out", &out]);
    let text = fs::read_to_string(desk.path().join("out/report.json")).unwrap();
    let mut report: Value = serde_json::from_str(&text).unwrap();
    report["schema"] = "escapement-report/1".into();
    for bound in report["claims"].as_array_mut().unwrap().iter_mut().flat_map(|c| {
        c.as_object_mut().unwrap().remove("power");
        c["bounds"].as_array_mut().unwrap()
    }) {
        bound.as_object_mut().unwrap().remove("check");
        for exponent in bound["exponents"].as_array_mut().unwrap() {
            // Far from what is measured: were it compared, it would have moved.
            let [parameter, group] = ["parameter", "group"].map(|key| exponent[key].clone());
            *exponent = serde_json::json!({
                "parameter": parameter, "group": group, "claimed": 9, "measured": 9, "lower": 9, "upper": 9
            });
        }
    }
    let write = |name: &str, report: &Value| fs::write(desk.path().join(name), report.to_string()).unwrap();
    write("same.json", &report);
    let bound = &mut report["claims"][0]["bounds"][0];
    let place = format!("ground/{}", bound["name"].as_str().unwrap());
    bound["verdict"] = "refuted".into();
    bound["implied_constant"] = (1.5 * bound["implied_constant"].as_f64().unwrap()).into();
    report["claims"][0]["verdict"] = "refuted".into();
    write("moved.json", &report);
    for (names, moved) in [
        (["same.json", "old.jsonl"], vec![]),
        (["old.jsonl", "same.json"], vec![]),
        (
            ["moved.json", "out/report.json"],
            vec!["ground/-: words".to_owned(), format!("{place}: words"), format!("{place}: constant")],
        ),
    ] {
        let (code, value) = diff(&toy::registry(), &desk, names);
        assert_eq!((code, kinds(&value), &value["worse"]), (exit::HOLDS, moved, &0.into()));
        let cannot = value["cannot"].as_array().unwrap();
        let said = |part: &str| cannot.iter().any(|s| s.as_str().unwrap().contains(part));
        assert!(said("none is called worse") && said("exponents are not compared"), "{cannot:?}");
    }
}

#[test]
fn what_is_neither_a_journal_nor_a_report_of_this_version_is_refused() {
    let (desk, old, _) = desk();
    let out = desk.path().join("out").display().to_string();
    run(&toy::registry(), &desk, &["report", "--journal", old.to_str().unwrap(), "--out", &out]);
    let report = fs::read_to_string(desk.path().join("out/report.json")).unwrap();
    let old = old.to_str().unwrap();
    for (name, content, sentence) in [
        (
            "a.json",
            report.replacen("escapement-report/2", "escapement-report/0", 1),
            "has the schema 'escapement-report/0' where escapement-report/2 and escapement-report/1 are",
        ),
        (
            "b.json",
            report.replacen("\"tier\"", "\"tear\"", 1),
            "says it has the schema escapement-report/2, and has not",
        ),
        ("c.json", "{\"a\": 1}".to_owned(), "is neither a journal nor a report.json"),
        ("d.npy", "\u{93}NUMPY".to_owned(), "is neither a journal nor a report.json"),
    ] {
        let path = desk.path().join(name);
        fs::write(&path, content).unwrap();
        let (code, out, error) = run(&toy::registry(), &desk, &["diff", path.to_str().unwrap(), old]);
        assert_eq!((code, out.as_str()), (exit::BAD_INPUT, ""));
        assert!(error.contains(name) && error.contains(sentence) && !error.contains('\n'), "{error}");
    }
    let (code, _, error) = run(&toy::registry(), &desk, &["diff", "none.jsonl", old]);
    assert!(
        code == exit::BAD_INPUT && error == "none.jsonl cannot be read: no such file or directory",
        "{error}"
    );
}

#[test]
fn the_help_says_what_counts_as_moved_and_what_the_exit_codes_mean() {
    let help = crate::verify::commands::help("diff");
    for words in [
        "two error bounds together",
        "outside the limits of the other",
        "The exit code is 0 once the comparison is written",
        "escapement diff old.jsonl",
    ] {
        assert!(help.contains(words), "{words}: {help}");
    }
}

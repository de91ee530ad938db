//! `oracle`: what it prints of files that agree, that do not, and that cannot be used.

use crate::data;
use crate::process::Desk;

#[test]
fn files_of_reference_values_agree_or_are_told_apart() {
    let desk = Desk::new();
    for name in ["zonal", "zonal_high", "sigma", "express", "network", "damian"] {
        let file = data::root().join(format!("tests/data/{name}.json"));
        let out = desk.run(&["oracle", file.to_str().unwrap()]);
        assert_eq!(out.code, Some(0), "{}", out.stderr);
        assert!(
            out.stdout.starts_with(&format!("Reference values of the format {name}\n")),
            "{}",
            out.stdout
        );
        assert!(out.stdout.ends_with(" agree with what this program computes.\n"), "{}", out.stdout);
        assert!(out.stdout.lines().all(|line| line.chars().count() <= 100), "{}", out.stdout);
    }
    // One reference value of T22 is known to be wrong.
    let file = data::root().join("tests/data/telgarsky.json");
    let out = desk.run(&["oracle", file.to_str().unwrap()]);
    assert_eq!(out.code, Some(1), "{}", out.stderr);
    assert!(out.stdout.contains("  list global2, entry 0, value:\n"), "{}", out.stdout);
    assert!(out.stdout.ends_with("\n1 of the 700 numbers differ from what this program computes.\n"));
    assert!(out.stdout.lines().all(|line| line.chars().count() <= 100), "{}", out.stdout);
    let mut values = data::json("sigma.json");
    values[1]["trace"] = (values[1]["trace"].as_f64().unwrap() + 1e-3).into();
    desk.put("false.json", values.to_string());
    let out = desk.run(&["oracle", "false.json"]);
    assert_eq!(out.code, Some(1), "{}", out.stderr);
    assert!(
        out.stdout.contains("  entry 1, trace:\n    reference ") && out.stdout.contains("1.000e-3 where ")
    );
    assert!(out.stdout.ends_with("\n1 of the 362 numbers differ from what this program computes.\n"));
    values[1]["trace"] = 1e300.into();
    desk.put("absurd.json", values.to_string());
    let absurd = desk.run(&["oracle", "absurd.json"]);
    assert_eq!(absurd.code, Some(1), "{}", absurd.stderr);
    assert!(absurd.stdout.lines().all(|line| line.chars().count() <= 100), "{}", absurd.stdout);
    let json = desk.run(&["oracle", "false.json", "--json"]);
    let found: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((json.code, &found["compared"], &found["agree"]), (Some(1), &362.into(), &361.into()));
}

#[test]
fn the_files_of_the_page_are_whole_ones() {
    let page = std::fs::read_to_string(data::root().join("docs/oracles.md")).unwrap();
    let files: Vec<&str> =
        page.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(files.len(), 7, "zonal_high, zonal, sigma, express, network, damian and telgarsky");
    let desk = Desk::new();
    for (file, words) in files.iter().zip([
        "All of the 3 numbers agree",
        "",
        "",
        "",
        "",
        "All of the 6 numbers",
        "All of the 6",
    ]) {
        desk.put("page.json", file);
        let out = desk.run(&["oracle", "page.json"]);
        assert_eq!(out.code, Some(0), "{}{}", out.stdout, out.stderr);
        assert!(out.stdout.contains(words) && out.stdout.contains(" agree with "), "{}", out.stdout);
    }
}

#[test]
fn what_cannot_be_compared_is_said_in_one_sentence() {
    let desk = Desk::new();
    desk.put("other.json", "{\"lists\": []}");
    for (arguments, words) in [
        (&["oracle", "none.json"][..], "none.json cannot be read"),
        (&["oracle", "."][..], "a regular JSON file"),
        (&["oracle", "other.json"][..], "no format of this shape (an object with lists) is known"),
        (&["oracle", "other.json", "--format", "sigmas"][..], "no format is called 'sigmas'"),
    ] {
        let out = desk.run(arguments);
        assert_eq!((out.code, out.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(out.stderr.contains(words) && out.stderr.lines().count() == 1, "{}", out.stderr);
    }
}

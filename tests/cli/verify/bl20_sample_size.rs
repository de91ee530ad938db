//! `experiment bl20/sample-size`, and the experiments without options of their own.

use crate::process::{Desk, files};

#[test]
fn more_dimensions_and_seeds_go_on() {
    let desk = Desk::new();
    let run = |name: &str, most: &str, seeds: &str, out: &str| {
        desk.run(&["experiment", name, "--most", most, "--frames", "2", "--seeds", seeds, "--out", out])
    };
    let whole = run("bl20/sample-size", "11,5", "2", "whole");
    assert_eq!(whole.code, Some(3), "{}", whole.stderr);
    assert!(whole.stdout.contains("bl20-sample-size: how many samples"), "{}", whole.stdout);
    run("bl20/sample-size", "8,5", "1", "parts");
    run("bl20-sample-size", "11,5", "2", "parts");
    let all = files(&desk.path("whole"));
    assert!(files(&desk.path("parts")) == all);
    let csv = String::from_utf8(all["bl20-sample-size.csv"].clone()).unwrap();
    // d = 8 and 11 for p = 2, d = 5 for p = 3; two seeds, two methods.
    assert_eq!(csv.lines().count(), 1 + 3 * 2 * 2, "{csv}");
    assert!(csv.starts_with("p,d,seed,method,n_min,kernel_floor,gap\n2,8,0,\"quadratic model\","), "{csv}");
    // For p = 2 the limit is the model itself.
    let least = |row: &str| row.split(',').nth(4).and_then(|n| n.parse::<f64>().ok()).unwrap();
    let even: Vec<f64> = csv.lines().filter(|row| row.starts_with("2,")).map(least).collect();
    assert!(even.chunks(2).all(|pair| (pair[0] / pair[1] - 1.0).abs() < 0.01), "{csv}");
    desk.refused(
        &[
            "experiment",
            "bl20/sample-size",
            "--most",
            "11,5",
            "--frames",
            "3",
            "--seeds",
            "2",
            "--out",
            "whole",
        ],
        &["frames was 2 and is 3"],
    );
    desk.refused(
        &[
            "experiment",
            "bl20/sample-size",
            "--most",
            "8,5",
            "--frames",
            "2",
            "--seeds",
            "2",
            "--out",
            "whole",
        ],
        &["has measured 2 sizes and 1 are asked for"],
    );
}

#[test]
fn small_experiments_go_on_to_more_seeds() {
    for (name, rows) in [("klljw24-fans", 3 * 64), ("yjzlw24-biases", 17 * 3)] {
        let desk = Desk::new();
        let run = |seeds: &str, out: &str| {
            let alias = name.replacen('-', "/", 1);
            desk.run(&["experiment", &alias, "--seeds", seeds, "--out", out])
        };
        let whole = run("2", "whole");
        assert_eq!(whole.code, Some(0), "{}{}", whole.stdout, whole.stderr);
        run("1", "parts");
        run("2", "parts");
        let all = files(&desk.path("whole"));
        assert!(files(&desk.path("parts")) == all);
        let csv = String::from_utf8(all[&format!("{name}.csv")].clone()).unwrap();
        assert_eq!(csv.lines().count(), 1 + 2 * rows, "{csv}");
        assert!(all.contains_key(&format!("{name}.svg")));
        let seed = ["experiment", name, "--seeds", "2", "--seed", "1", "--out", "whole"];
        desk.refused(&seed, &["seed was 0 and is 1"]);
    }
}

#[test]
fn bad_input_is_refused() {
    let desk = Desk::new();
    for (name, more, words) in [
        ("bl20/sample-size", &["--steps", "4"][..], "no steps"),
        ("bl20/sample-size", &["--most", "8"], "--most 8 is not allowed: give two"),
        ("bl20/sample-size", &["--most", "7,5"], "from 8 to 256 for p = 2"),
        ("bl20/sample-size", &["--most", "8,65"], "from 5 to 64 for p = 3"),
        ("bl20/sample-size", &["--most", "8,x"], "x"),
        ("bl20/sample-size", &["--frames", "0"], "0"),
        ("zg24/late-stage", &["--steps", "4"], "the tier says how long"),
        ("klljw24/fans", &["--seeds", "0"], "0"),
        ("yjzlw24/biases", &["--d", "4"], "--d"),
    ] {
        desk.refused(&[&["experiment", name, "--out", "none"], more].concat(), &[words]);
        assert!(!desk.path("none").exists());
    }
}

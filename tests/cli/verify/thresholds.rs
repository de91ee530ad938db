//! `experiment besww23/thresholds`: its table, and what is refused.

use crate::process::{Desk, files};

#[test]
fn more_seeds_go_on() {
    let desk = Desk::new();
    let run = |name: &str, seeds: &str, out: &str| {
        desk.run(&["experiment", name, "--d", "20", "--seeds", seeds, "--out", out])
    };
    let whole = run("besww23/thresholds", "2", "whole");
    assert!(whole.stdout.contains("besww23-thresholds: kernels"), "{}", whole.stderr);
    run("besww23/thresholds", "1", "parts");
    run("besww23-thresholds", "2", "parts");
    let all = files(&desk.path("whole"));
    assert!(files(&desk.path("parts")) == all);
    let csv = String::from_utf8(all["besww23-thresholds.csv"].clone()).unwrap();
    // A row for each seed, target, β and method.
    assert_eq!(csv.lines().count(), 1 + 2 * 2 * 10 * 4, "{csv}");
    assert!(csv.starts_with("seed,k,beta,method,risk\n0,1,0.05,\"kernel ridge\",0."), "{csv}");
    desk.refused(
        &["experiment", "besww23/thresholds", "--d", "30", "--out", "whole"],
        &["d was 20 and is 30"],
    );
}

#[test]
fn bad_input_is_refused() {
    let desk = Desk::new();
    for (more, words) in [
        (&["--steps", "4"][..], "one gradient step"),
        (&["--d", "9"], "between 10 and 10000"),
        (&["--d", "20000"], "20000"),
        (&["--d", "-1"], "-1"),
    ] {
        desk.refused(&[&["experiment", "besww23/thresholds", "--out", "none"], more].concat(), &[words]);
        assert!(!desk.path("none").exists());
    }
}

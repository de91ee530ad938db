//! `experiment dls22/figure-1` and `dls22/figure-2`: their options, and what is refused.

use crate::process::{Desk, files};

#[test]
fn both_names_go_on_with_the_same_runs() {
    let desk = Desk::new();
    let figure = |name: &str, more: &[&str]| {
        let args =
            [&["experiment", name, "--m", "10", "--seeds", "1", "--kernels", "3", "--out", "a"], more];
        desk.run(&args.concat())
    };
    let first = figure("dls22/figure-1", &[]);
    assert!(first.code == Some(3) || first.code == Some(1), "{}", first.stderr);
    assert!(first.stdout.contains("dls22-figure-1: Algorithm 1 beside kernels"), "{}", first.stdout);
    let before = files(&desk.path("a"));
    assert_eq!(before.keys().filter(|name| name.ends_with(".run")).count(), 2);
    assert!(before.contains_key("dls22-figure-1.csv") && before.contains_key("dls22-figure-1.svg"));
    figure("dls22-figure-1", &[]);
    assert!(files(&desk.path("a")) == before);
    for (more, words) in [
        (&["--as-printed"][..], "centred was false and is true"),
        (&["--redrawn"], "redrawn was false and is true"),
        (&["--seed", "1"], "seed was 0 and is 1"),
        (&["--steps", "4"], "--steps 4 is not allowed"),
        (&["--tier", "paper"], "tier was \"quick\" and is \"paper\""),
    ] {
        let out = figure("dls22/figure-1", more);
        assert!(out.code == Some(2) && out.stderr.contains(words), "{}", out.stderr);
        assert_eq!(out.stderr.trim().lines().count(), 1, "{}", out.stderr);
    }
    let fewer = ["experiment", "dls22/figure-1", "--m", "10", "--seeds", "1", "--out", "a", "--kernels"];
    desk.refused(
        &[&fewer[..], &["1"]].concat(),
        &["the run kernels-seed-0 has measured 2 sizes and 1 are asked for"],
    );
    // More of them go on.
    desk.run(&[&fewer[..], &["10"]].concat());
    let csv = String::from_utf8(files(&desk.path("a"))["dls22-figure-1.csv"].clone()).unwrap();
    assert!(csv.contains("\"tangent kernel, infinite width\",,0,10,"), "{csv}");
}

#[test]
fn bad_widths_are_refused() {
    let desk = Desk::new();
    for (figure, more, words) in [
        ("dls22/figure-1", &["--m", "100,7"][..], "7"),
        ("dls22/figure-2", &["--m", "0"], "0"),
        ("dls22/figure-2", &["--m", "9"], "9"),
        ("dls22/figure-2", &["--as-plotted", "--as-printed"], "cannot be used with"),
        ("dls22/figure-2", &["--steps", "4"], "no steps"),
    ] {
        desk.refused(&[&["experiment", figure, "--out", "none"], more].concat(), &[words]);
        assert!(!desk.path("none").exists());
    }
}

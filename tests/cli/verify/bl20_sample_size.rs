//! `experiment bl20/sample-size`: its table, and what is refused.

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
    for (most, frames, words) in
        [("11,5", "3", "frames was 2 and is 3"), ("8,5", "2", "has measured 2 sizes and 1 are asked for")]
    {
        let sizes = ["--most", most, "--frames", frames, "--seeds", "2", "--out", "whole"];
        desk.refused(&[&["experiment", "bl20/sample-size"], &sizes[..]].concat(), &[words]);
    }
}

#[test]
fn bad_input_is_refused() {
    let desk = Desk::new();
    for (more, words) in [
        (&["--steps", "4"][..], "no steps"),
        (&["--most", "8"], "--most 8 is not allowed: give two"),
        (&["--most", "7,5"], "from 8 to 256 for p = 2"),
        (&["--most", "8,65"], "from 5 to 64 for p = 3"),
        (&["--most", "8,x"], "x"),
        (&["--frames", "0"], "0"),
    ] {
        desk.refused(&[&["experiment", "bl20/sample-size", "--out", "none"], more].concat(), &[words]);
        assert!(!desk.path("none").exists());
    }
}

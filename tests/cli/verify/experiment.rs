//! `experiment`: goes on to the same bytes however it was stopped, and refuses folders that hold something
//! else.

use crate::process::{Desk, files};
use faer::Mat;
use std::collections::BTreeMap;
use std::time::Duration;

fn figure_1(desk: &Desk, more: &[&str]) -> crate::process::Outcome {
    let mut args = vec!["experiment", "figure-1", "--seeds", "1"];
    args.extend(more);
    desk.run(&args)
}

#[test]
fn more_steps_and_seeds_go_on_to_the_same_bytes() {
    let desk = Desk::new();
    let whole = desk.run(&["experiment", "figure-1", "--seeds", "2", "--steps", "30", "--out", "whole"]);
    assert!(whole.code == Some(3) || whole.code == Some(1), "{}", whole.stderr);
    figure_1(&desk, &["--steps", "7", "--out", "parts"]);
    let first = files(&desk.path("parts"));
    assert!(
        String::from_utf8_lossy(&first["figure-1.csv"])
            .starts_with("step,seed,lambda3,r3,train_loss,test_loss\n0,0,0.0,0.0,")
    );
    assert_eq!(first.keys().filter(|name| name.ends_with(".run")).count(), 6);
    // Steps 17 and 19 are no steps at which something is recorded but where a run ends.
    for more in
        [&["--steps", "17"][..], &["--steps", "19", "--seeds", "2"], &["--steps", "30", "--seeds", "2"]]
    {
        let mut args = vec!["experiment", "figure-1", "--out", "parts"];
        if more.len() == 2 {
            args.extend(["--seeds", "1"]);
        }
        args.extend(more);
        desk.run(&args);
    }
    let (whole, parts) = (files(&desk.path("whole")), files(&desk.path("parts")));
    assert_eq!(whole.keys().collect::<Vec<_>>(), parts.keys().collect::<Vec<_>>());
    for (name, bytes) in &whole {
        assert!(parts[name] == *bytes, "{name} differs");
    }
    // Nothing is left to do, and nothing changes.
    let again = desk.run(&["experiment", "figure-1", "--seeds", "2", "--steps", "30", "--out", "parts"]);
    assert!(again.code == Some(3) || again.code == Some(1), "{}", again.stderr);
    assert!(files(&desk.path("parts")) == whole);
}

#[test]
fn every_kind_goes_on_to_the_same_bytes() {
    // Steps 17 and 19 are such that what is known of V follows from the step before; at 18 and 20 it is
    // computed anew.
    for (number, kind) in [["figure-1", "exact"], ["r1", "sample"], ["r1", "exact"]].iter().enumerate() {
        let desk = Desk::new();
        for (steps, out) in [("21", "whole"), ("17", "parts"), ("19", "parts"), ("21", "parts")] {
            let args = [
                "experiment",
                kind[0],
                "--seeds",
                "1",
                "--projector",
                kind[1],
                "--steps",
                steps,
                "--out",
                out,
            ];
            let out = desk.run(&args);
            assert!(out.code == Some(3) || out.code == Some(1), "{}", out.stderr);
        }
        let (whole, parts) = (files(&desk.path("whole")), files(&desk.path("parts")));
        assert!(whole.len() > 4 && whole == parts, "{kind:?}");
        if number > 0 {
            let csv = String::from_utf8_lossy(&whole["r1.csv"]).into_owned();
            assert!(
                csv.starts_with(
                    "step,seed,lambda1,lambda3,r1,r3,train_loss,test_loss\n0,0,0.0,0.01,0.0,0.0,"
                ),
                "{csv}"
            );
            // All of them start from the same point, and R1 is seen where it costs nothing too.
            assert!(csv.lines().skip(1).all(|line| line.split(',').nth(4).is_some_and(|r1| !r1.is_empty())));
        }
    }
}

#[test]
fn runs_with_noise_go_on_to_the_same_bytes() {
    // The noise of a step depends on its number alone, and both displacements of a pair are kept.
    let desk = Desk::new();
    for (steps, out) in [("21", "whole"), ("17", "parts"), ("19", "parts"), ("21", "parts")] {
        let out = desk.run(&["experiment", "noise", "--seeds", "1", "--steps", steps, "--out", out]);
        assert!(out.code == Some(3) || out.code == Some(1), "{}", out.stderr);
    }
    let (whole, parts) = (files(&desk.path("whole")), files(&desk.path("parts")));
    assert!(whole.len() > 4 && whole == parts);
    let csv = String::from_utf8_lossy(&whole["noise.csv"]);
    assert!(csv.starts_with("step,seed,noise,lambda3,r1,") && csv.contains("\n21,0,0.05,0.0,"), "{csv}");
}

#[test]
fn one_picture_shows_two_executions() {
    let desk = Desk::new();
    figure_1(&desk, &["--steps", "20", "--out", "a"]);
    figure_1(&desk, &["--steps", "20", "--out", "b"]);
    let alone = files(&desk.path("b"));
    figure_1(&desk, &["--steps", "20", "--out", "b", "--beside", "a"]);
    let both = files(&desk.path("b"));
    let lines = |files: &BTreeMap<String, Vec<u8>>| {
        String::from_utf8_lossy(&files["figure-1.svg"]).matches("stroke-dasharray").count()
    };
    assert!(lines(&alone) == 0 && lines(&both) >= 3 * 6, "{}", lines(&both));
    assert!(alone.iter().all(|(name, bytes)| name == "figure-1.svg" || both[name] == *bytes));
    for (more, words) in [
        (&["--as-printed"][..], "its variant is \"as-run\""),
        (&["--tier", "paper"], "its tier is \"quick\""),
    ] {
        let out = desk.run(&[&["experiment", "figure-1", "--out", "c", "--beside", "a"], more].concat());
        assert!(out.code == Some(2) && out.stderr.contains(words), "{}", out.stderr);
    }
    assert!(!desk.path("c").exists());
}

#[cfg(unix)]
#[test]
fn an_interrupted_experiment_shows_what_there_is_and_goes_on() {
    let args = ["experiment", "figure-1", "--seeds", "1", "--steps", "250", "--out"];
    let desk = Desk::new();
    desk.run(&[&args[..], &["whole"]].concat());
    let mut delay = Duration::from_millis(200);
    for attempt in 0.. {
        assert!(attempt < 24, "no interruption fell between the first step and the last");
        let out = desk.interrupted(&[&args[..], &["parts"]].concat(), delay);
        let ended = out.status.code().is_some_and(|code| code != 130);
        if out.status.code() == Some(130) {
            let stderr = String::from_utf8(out.stderr).unwrap();
            assert!(
                stderr.contains("the outputs show what there is, and the same command goes on"),
                "{stderr}"
            );
            let parts = files(&desk.path("parts"));
            assert!(parts["figure-1.csv"].len() < files(&desk.path("whole"))["figure-1.csv"].len());
            if String::from_utf8_lossy(&parts["verdict.json"]).contains("it is at step") {
                break;
            }
        }
        // Before there was a handler or a first step, or after the end.
        std::fs::remove_dir_all(desk.path("parts")).ok();
        delay = if ended { delay * 2 / 3 } else { delay * 2 };
    }
    desk.run(&[&args[..], &["parts"]].concat());
    assert!(files(&desk.path("parts")) == files(&desk.path("whole")));
}

#[test]
fn another_experiment_is_refused() {
    let desk = Desk::new();
    figure_1(&desk, &["--steps", "5", "--out", "a"]);
    let before = files(&desk.path("a"));
    for (more, words) in [
        (&["--steps", "5", "--as-printed"][..], "variant was \"as-run\" and is \"as-printed\""),
        (&["--steps", "5", "--seed", "1"], "seed was 0 and is 1"),
        (&["--steps", "5", "--precision", "f64"], "precision was \"f32\" and is \"f64\""),
        (&["--steps", "4"], "has taken 5 steps and 4 are asked for"),
    ] {
        let out = figure_1(&desk, &[more, &["--out", "a"]].concat());
        assert_eq!(out.code, Some(2));
        assert!(out.stderr.contains(words) && out.stderr.trim().lines().count() == 1, "{}", out.stderr);
    }
    assert!(files(&desk.path("a")) == before);
    let fresh = figure_1(&desk, &["--steps", "4", "--out", "a", "--fresh"]);
    assert!(fresh.code != Some(2), "{}", fresh.stderr);

    std::fs::create_dir(desk.path("b")).unwrap();
    desk.put("b/figure-1.csv", "mine");
    let out = figure_1(&desk, &["--steps", "5", "--out", "b"]);
    assert!(out.code == Some(2) && out.stderr.contains("figure-1.csv is in the way"), "{}", out.stderr);

    let run = desk.path("a/runs/seed-0-lambda3-0.1.run");
    let mut bytes = std::fs::read(&run).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&run, bytes).unwrap();
    let out = figure_1(&desk, &["--steps", "5", "--out", "a"]);
    assert!(
        out.code == Some(2) && out.stderr.contains("is damaged (it does not match its checksum)"),
        "{}",
        out.stderr
    );
    for bad in
        [&["--seeds", "0"][..], &["--steps", "0"], &["--projector", "none"], &["--as-run", "--as-printed"]]
    {
        let out = desk.run(&[&["experiment", "figure-1", "--out", "c"], bad].concat());
        assert_eq!(out.code, Some(2), "{bad:?}");
    }
    assert!(!desk.path("c").exists());
}

#[test]
fn taylor_goes_on_to_the_same_bytes_and_takes_a_dataset() {
    let desk = Desk::new();
    let taylor = |more: &[&str]| desk.run(&[&["experiment", "taylor", "--seeds", "1"], more].concat());
    taylor(&["--steps", "30", "--out", "whole"]);
    for steps in ["7", "19", "30"] {
        taylor(&["--steps", steps, "--out", "parts"]);
    }
    assert_eq!(files(&desk.path("whole")), files(&desk.path("parts")));
    let csv = String::from_utf8(files(&desk.path("whole"))["taylor.csv"].clone()).unwrap();
    assert!(
        csv.starts_with(
            "step,seed,model,train_loss,test_loss,norm,weight_distance,function_distance\n0,0,linear,"
        ),
        "{csv}"
    );
    // After one step from W = 0 the three are in one place.
    let first: Vec<&str> = csv.lines().filter(|line| line.starts_with("1,")).collect();
    assert!(first.len() == 3 && first.iter().all(|line| line.split(',').nth(6) == Some("0.0")), "{first:?}");

    let x = Mat::from_fn(40, 4, |i, c| (0.7 * (4 * i + c) as f64).sin());
    desk.put_matrix("X.npy", &x);
    desk.put_matrix("y.npy", &x.subcols(0, 1).to_owned());
    let mine = taylor(&["--steps", "5", "--inputs", "X.npy", "--labels", "y.npy", "--out", "mine"]);
    assert!(mine.stderr.contains("off the sphere"), "{}", mine.stderr);
    let settings = String::from_utf8(files(&desk.path("mine"))["settings.json"].clone()).unwrap();
    assert!(settings.contains("\"n\": 32") && settings.contains("\"test\": 8"), "{settings}");
    // Another dataset is another experiment; and half a dataset is none.
    desk.put_matrix("z.npy", &x.subcols(1, 1).to_owned());
    let common = ["experiment", "taylor", "--seeds", "1", "--steps", "5"];
    desk.refused(
        &[&common[..], &["--inputs", "X.npy", "--labels", "z.npy", "--out", "mine"]].concat(),
        &["mine holds another run", "dataset was"],
    );
    for (wrong, word) in [
        (&["--inputs", "X.npy"][..], "--labels"),
        (&["--eta", "0"], "eta"),
        (&["--eta", "nan"], "eta"),
        (&["--inputs", "X.npy", "--labels", "X.npy"], "X.npy"),
        (&["--inputs", "y.npy", "--labels", "y.npy"], "at least 3"),
    ] {
        desk.refused(&[&common[..], wrong, &["--out", "none"]].concat(), &[word]);
        assert!(!desk.path("none").exists());
    }
}

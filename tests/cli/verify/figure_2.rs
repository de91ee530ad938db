//! `experiment figure-2`: the search for the least n, and that it goes on to the same bytes wherever it was
//! stopped.

use crate::process::{Desk, files};
use escapement_cli::report::plot;
use escapement_verify::Tier;
use escapement_verify::figure::{Host, Unattended, execute};
use escapement_verify::papers::nbl22::figures::figure_1::{Precision, Variant};
use escapement_verify::papers::nbl22::figures::figure_2::{
    Figure2, LEVEL, MOST, Normalisation, Outcome, Row, Settings, State, Trial,
};
use std::cell::Cell;

fn settings(dimensions: &[usize], steps: u64) -> Settings {
    Settings {
        variant: Variant::AsRun,
        precision: Precision::F32,
        tier: Tier::Quick,
        dimensions: dimensions.to_vec(),
        normalisations: vec![Normalisation::Printed, Normalisation::Corrected],
        seed: 0,
        seeds: 1,
        steps,
    }
}

/// Asks to stop once it has been asked so often.
struct Impatient(Cell<u32>);

impl Host for Impatient {
    fn stopped(&self) -> bool {
        self.0.set(self.0.get() + 1);
        self.0.get() > 1_117
    }
}

#[test]
fn a_search_that_is_stopped_goes_on_to_the_same_bytes() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let fresh = || Figure2::<f32>::new(settings(&[3, 5], 300));
    let all = execute(&mut fresh(), whole.path(), false, &Unattended).unwrap();
    assert!(!all.interrupted);
    // Stopped at every so many steps: within a training and between two of them.
    let mut stops = 0;
    loop {
        let found = execute(&mut fresh(), parts.path(), false, &Impatient(Cell::new(0))).unwrap();
        if !found.interrupted {
            break;
        }
        stops += 1;
        assert!(
            found
                .report
                .verdict
                .failures
                .iter()
                .any(|f| f.open.is_some() && f.message.contains("it is at n = ")),
            "what is there is partial"
        );
    }
    assert!(stops > 5, "{stops}");
    let (whole, parts) = (files(whole.path()), files(parts.path()));
    assert_eq!(whole.keys().collect::<Vec<_>>(), parts.keys().collect::<Vec<_>>());
    for (name, bytes) in &whole {
        assert!(parts[name] == *bytes, "{name} differs");
    }
    let csv = String::from_utf8(whole["figure-2.csv"].clone()).unwrap();
    assert!(csv.starts_with("d,seed,normalisation,n_min,test_loss\n3,0,printed,"), "{csv}");
    assert_eq!(csv.lines().count(), 5);
}

#[test]
fn the_least_multiple_is_the_first_that_ends_below_the_level() {
    let trial = |multiple: usize, losses: &[f64]| {
        let rows = losses
            .iter()
            .enumerate()
            .map(|(i, &test_loss)| Row { step: i as u64, train_loss: 0.0, test_loss })
            .collect();
        Trial { multiple, rows, diverged: false }
    };
    let state = |trials: &[Trial]| State { trials: trials.to_vec(), step: 2 };
    // Below on the way does not count, nor does the end of a training that is not at its end.
    let first = trial(1, &[1.0, 0.05, 0.4]);
    assert_eq!(state(&[]).outcome(2), Outcome::Open);
    assert_eq!(state(std::slice::from_ref(&first)).outcome(2), Outcome::Open);
    assert_eq!(state(&[first.clone(), trial(2, &[1.0, 0.05])]).outcome(2), Outcome::Open);
    assert_eq!(state(&[first.clone(), trial(2, &[1.0, 0.5, 0.025])]).outcome(2), Outcome::Least(2, 0.025));
    // What diverged is not enough, whatever it was before.
    let lost = Trial { diverged: true, ..trial(1, &[1.0, 0.05]) };
    assert_eq!(state(std::slice::from_ref(&lost)).outcome(2), Outcome::Open);
    assert_eq!(state(&[lost, trial(2, &[1.0, 1.0, 0.05])]).outcome(2), Outcome::Least(2, 0.05));
    // The level itself is not below it.
    assert_eq!(state(&[trial(MOST, &[1.0, 1.0, LEVEL])]).outcome(2), Outcome::None(LEVEL));
}

#[test]
fn a_dimension_without_a_least_n_decides_nothing() {
    // Two steps teach nothing: no n is enough.
    let folder = tempfile::tempdir().unwrap();
    let found =
        execute(&mut Figure2::<f64>::new(settings(&[3, 4], 2)), folder.path(), false, &Unattended).unwrap();
    let csv = String::from_utf8(files(folder.path())["figure-2.csv"].clone()).unwrap();
    assert!(
        csv.lines().skip(1).all(|row| row.split(',').nth(3) == Some("")) && csv.lines().count() == 5,
        "{csv}"
    );
    assert!(found.report.verdict.failures.iter().all(|f| f.message.contains("no n up to 20d² is enough")));
    assert!(
        found
            .report
            .verdict
            .bounds
            .iter()
            .all(|b| b.verdict == escapement_verify::judge::Verdict::Inconclusive)
    );
    assert!(plot::panels(&found.report.picture).is_none());
}

#[test]
fn one_run_serves_two_normalisations_with_one_target() {
    // At d = 50 the printed normalisation is right, and at 49, where half of the entries are 25 too.
    use escapement_verify::figure::Experiment;
    let runs = |dimensions: &[usize]| Figure2::<f32>::new(settings(dimensions, 9)).runs();
    assert_eq!(
        runs(&[48, 49, 50]),
        ["d-48-seed-0-printed", "d-48-seed-0-corrected", "d-49-seed-0-printed", "d-50-seed-0-printed"]
    );
}

#[test]
fn bad_input_is_refused() {
    let desk = Desk::new();
    let run = |more: &[&str]| {
        desk.run(
            &[&["experiment", "figure-2", "--steps", "2", "--seeds", "1", "--d", "3", "--out", "a"], more]
                .concat(),
        )
    };
    let first = run(&[]);
    assert_eq!(first.code, Some(3), "{}", first.stderr);
    for (more, words) in [
        (&["--as-printed"][..], "variant was \"as-run\" and is \"as-printed\""),
        (&["--steps", "3"], "steps was 2 and is 3"),
        (&["--precision", "f64"], "precision was \"f32\" and is \"f64\""),
        (&["--tier", "standard"], "eta was 0.2 and is 0.05"),
    ] {
        let out =
            desk.run(&[&["experiment", "figure-2", "--seeds=1", "--d", "3", "--out", "a"], more].concat());
        assert_eq!(out.code, Some(2), "{more:?}");
        let steps = if more.contains(&"--steps") { "" } else { "steps was 2 and is" };
        assert!(out.stderr.contains(words) && out.stderr.contains(steps), "{}", out.stderr);
        assert_eq!(out.stderr.trim().lines().count(), 1);
    }
    let bad = |more: &[&str]| desk.run(&[&["experiment", "figure-2", "--out", "b"], more].concat());
    assert!(bad(&["--d", "10,2"]).stderr.contains("d = 2 is not allowed: d must be from 3 to 1000"));
    for more in
        [&["--d", "x"][..], &["--normalisation", "none"], &["--as-run", "--as-printed"], &["--d", "10,2"]]
    {
        assert_eq!(bad(more).code, Some(2), "{more:?}");
    }
    assert!(!desk.path("b").exists());
}

//! Every experiment at the sizes of the quick tier or smaller ones, three with fewer steps or seeds:
//! verdicts, numbers and controls as in the snapshot.
//!
//! `cargo test --test experiments figure_1` runs one; `INSTA_UPDATE=always` accepts new numbers.

#[path = "snapshot/mod.rs"]
mod snapshot;

use escapement_verify::Tier;
use escapement_verify::figure::{Execution, Experiment, Unattended, execute};
use escapement_verify::judge::{BoundVerdict, Verdict};
use escapement_verify::papers::besww23::thresholds::{self, Thresholds};
use escapement_verify::papers::bl20::figures::sample_size::{self, SampleSize};
use escapement_verify::papers::dls22::figures::{self as dls22, figure_1 as first, figure_2 as second};
use escapement_verify::papers::nbl22::figures::figure_1::{
    Figure1, Precision, Projector, Settings, Sizes, Variant,
};
use escapement_verify::papers::nbl22::figures::figure_2::{self, Figure2};
use escapement_verify::papers::nbl22::figures::noise::{self, Noise};
use escapement_verify::papers::nbl22::figures::r1::R1;
use escapement_verify::papers::nbl22::figures::taylor::{self, Taylor};
use snapshot::{numbers, settings};

/// Relative, on every number. They come from some thousand steps in f32, each of which adds roundings of
/// 6e-8 that other processors make otherwise; losses that are read off differ by 1e-5 or less from those in
/// f64, and small ones by more.
const SINGLE: f64 = 1e-2;

/// Relative, for what is trained in f64: some thousand steps of roundings of 1e-16, which no step of theirs
/// amplifies by much.
const DOUBLE: f64 = 1e-6;

/// Relative, for what a search interpolates between errors of descents that end within 1e-5 of a minimum.
const SEARCHED: f64 = 1e-2;

/// A least n is a multiple of d²: where a loss lies within rounding of the level it is the next one on
/// another processor. Between f32 and f64 two of 48 differed. One of 35 moves an exponent by 0.02 or less,
/// its limits by as much, and a largest multiple of 13 by a tenth.
const MULTIPLES: f64 = 0.1;

/// Executes `experiment` afresh, and holds its verdict to the snapshot of that name.
fn holds_to_its_snapshot(experiment: impl Experiment, name: &str) {
    assert_eq!(undecided(experiment, "nbl22", name, SINGLE), 0);
}

/// The same within `tolerance`; returns how many cells could not be judged.
fn undecided(mut experiment: impl Experiment, paper: &str, name: &str, tolerance: f64) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let Execution { report, interrupted, .. } =
        execute(&mut experiment, folder.path(), false, &Unattended).unwrap();
    assert!(!interrupted);
    for bound in &report.verdict.bounds {
        assert!(
            bound.verdict == Verdict::Inconclusive || bound.control.verdict == Verdict::Refuted,
            "{bound:?}"
        );
    }
    let all: Vec<_> = report
        .verdict
        .bounds
        .iter()
        .map(|b| serde_json::json!({"bound": b.name, "found": numbers(b)}))
        .collect();
    let text = serde_json::to_string_pretty(&all).unwrap();
    settings(paper, &report.verdict.title, tolerance)
        .bind(|| insta::assert_snapshot!(format!("experiments__{name}"), text));
    report.verdict.failures.len()
}

/// As at the command line, without flags.
fn settings_of(variant: Variant) -> Settings {
    let (tier, projector, precision) = (Tier::Quick, Projector::Sample, Precision::F32);
    let Sizes { seeds, steps, .. } = Sizes::of(tier);
    Settings { variant, projector, precision, tier, seed: 0, seeds, steps }
}

#[test]
fn figure_1_as_run() {
    holds_to_its_snapshot(Figure1::<f32>::new(settings_of(Variant::AsRun)), "figure-1-as-run");
}

#[test]
fn r1() {
    // What R1 does to the test loss shows after a third of the steps of the tier.
    let settings = Settings { steps: 800, ..settings_of(Variant::AsRun) };
    holds_to_its_snapshot(R1::<f32>::new(settings), "r1");
}

#[test]
fn noise() {
    // What noise does grows with the steps: a third of those of the tier show it already. In f64, because
    // with the least noise it is some ten-thousandths of R1.
    let settings = noise::settings(Tier::Quick, Precision::F64, 0, Some(1), Some(800));
    assert_eq!(undecided(Noise::<f64>::new(settings), "nbl22", "noise", DOUBLE), 0);
}

#[test]
fn figure_1_as_printed() {
    holds_to_its_snapshot(Figure1::<f32>::new(settings_of(Variant::AsPrinted)), "figure-1-as-printed");
}

#[test]
fn figure_2_as_run() {
    // Two of the five seeds of the tier.
    let settings = figure_2::Settings { seeds: 2, ..figure_2::Settings::of(Tier::Quick) };
    assert_eq!(undecided(Figure2::<f32>::new(settings), "nbl22", "figure-2-as-run", MULTIPLES), 0);
}

#[test]
fn taylor() {
    let (tier, sizes) = (Tier::Quick, taylor::Sizes::of(Tier::Quick));
    let settings =
        taylor::Settings { tier, seed: 0, seeds: sizes.seeds, steps: sizes.steps, eta: 1.0, dataset: None };
    assert_eq!(undecided(Taylor::new(settings).unwrap(), "nbl22", "taylor", DOUBLE), 0);
}

/// Holds the verdict and the table of a figure of DLS22 to the snapshot of that name. The decays are left
/// out: two of them may be equally good, and which one is chosen is then a matter of rounding.
fn holds_with_its_table(mut experiment: impl Experiment, name: &str) {
    let folder = tempfile::tempdir().unwrap();
    let found = execute(&mut experiment, folder.path(), false, &Unattended).unwrap().report;
    let row = |line: &str| {
        let (rest, _) = line.rsplit_once(',').unwrap();
        let (rest, _) = rest.rsplit_once(',').unwrap();
        let (key, excess) = rest.rsplit_once(',').unwrap();
        excess.parse::<f64>().map_or(serde_json::json!(line), |excess| serde_json::json!([key, excess]))
    };
    let table: Vec<_> = found.csv.lines().map(row).collect();
    let bound = |b: &BoundVerdict| serde_json::json!({"bound": b.name, "found": numbers(b)});
    let bounds: Vec<_> = found.verdict.bounds.iter().map(bound).collect();
    let text = serde_json::to_string_pretty(&serde_json::json!({"bounds": bounds, "table": table})).unwrap();
    settings("dls22", &found.verdict.title, DOUBLE)
        .bind(|| insta::assert_snapshot!(format!("experiments__{name}"), text));
}

/// Smaller than the quick tier, in dimension 5.
fn small<S>(sizes: S) -> dls22::Settings<S> {
    dls22::Settings { centred: false, redrawn: false, tier: Tier::Quick, seed: 0, seeds: 3, sizes }
}

#[test]
fn dls22_figure_1() {
    let sizes = first::Sizes {
        d: 5,
        parts: 2,
        most: 30 * 1_400,
        held_out: [2_000; 2],
        kernels: 125,
        widths: vec![30],
        seeds: 3,
    };
    holds_with_its_table(first::Figure1::new(small(sizes)).unwrap(), "dls22-figure-1");
}

#[test]
fn dls22_figure_2() {
    let sizes = second::Sizes { d: 5, m: 30, source: 625, target: 125, held_out: [2_000; 2], seeds: 3 };
    holds_with_its_table(second::Figure2::new(small(sizes)).unwrap(), "dls22-figure-2");
}

#[test]
fn besww23_thresholds() {
    let settings = thresholds::Settings::of(Tier::Quick);
    assert_eq!(undecided(Thresholds::new(settings).unwrap(), "besww23", "thresholds", DOUBLE), 0);
}

#[test]
fn bl20_sample_size() {
    // Five dimensions for p = 2, and three for p = 3.
    let settings = sample_size::Settings {
        most: [32, 10],
        seeds: 2,
        frames: 2,
        ..sample_size::Settings::of(Tier::Quick)
    };
    assert_eq!(undecided(SampleSize(settings), "bl20", "sample-size", SEARCHED), 0);
}

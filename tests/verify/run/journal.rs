//! The runner and its journal: the same bytes whatever the order, the number of jobs or the interruptions,
//! and old numbers never taken for fresh.

use crate::synthetic::{Synthetic, noise, over_m};
use escapement_verify::run::journal::Journal;
use escapement_verify::run::plan::Plan;
use escapement_verify::run::runner::{self, Observer, Options, Outcome, Silent};
use escapement_verify::run::source::SHARED_HASH;
use escapement_verify::{Cell, Error, Measurement, Record, Registry, Tier};
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tempfile::TempDir;

const WIDTHS: [usize; 6] = [100, 200, 400, 800, 1600, 3200];

fn measure(cell: &Cell, seed: u64) -> Measurement {
    Measurement::new()
        .quantity("lhs", noise(cell, seed, "lhs"), 1e-16)
        .hypothesis("m ≥ 400", cell.m() >= 400, "")
        .cost(1.0, 2.0, 3.0)
}

fn registry() -> Registry {
    Registry::new(vec![
        Synthetic::new("made-up", over_m(&WIDTHS, 3), vec![], |c, s| Ok(measure(c, s))).boxed(),
    ])
    .unwrap()
}

fn run(
    registry: &Registry,
    path: &Path,
    jobs: usize,
    seed: u64,
    observer: &dyn Observer,
    stop: &AtomicBool,
) -> Outcome {
    let claims: Vec<_> = registry.claims().collect();
    let plan = Plan::new(&claims, Tier::Quick, seed).unwrap();
    let journal = Mutex::new(Journal::open(path, false).unwrap());
    runner::run(&plan, Some(&journal), &Options { jobs, memory: 1e9, stop }, observer).unwrap()
}

fn simply(path: &Path, jobs: usize, seed: u64) -> Outcome {
    run(&registry(), path, jobs, seed, &Silent, &AtomicBool::new(false))
}

#[test]
fn records_are_the_same_bytes_whatever_the_number_of_jobs() {
    let dir = TempDir::new().unwrap();
    let bytes = |jobs: usize| {
        let path = dir.path().join(format!("{jobs}.jsonl"));
        let outcome = simply(&path, jobs, 7);
        assert_eq!((outcome.records.len(), outcome.reused, outcome.interrupted), (18, 0, false));
        fs::read(&path).unwrap()
    };
    let one = bytes(1);
    assert_eq!(one.iter().filter(|&&b| b == b'\n').count(), 18);
    assert_eq!(one, bytes(2));
    assert_eq!(one, bytes(5));
    // Canonical order is plan order.
    let first = String::from_utf8(one.split(|&b| b == b'\n').next().unwrap().to_vec()).unwrap();
    assert!(first.contains(r#""m":100"#) && first.contains(r#""replicate":0"#), "{first}");
}

/// Stops the run after some cells.
struct StopAfter<'a>(AtomicUsize, &'a AtomicBool);

impl Observer for StopAfter<'_> {
    fn finished(&self, _: &Cell, _: f64, _: Result<&Record, &str>) {
        if self.0.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.1.store(true, Ordering::SeqCst);
        }
    }
}

#[test]
fn a_run_that_is_stopped_or_killed_in_the_middle_of_a_line_resumes_to_the_same_bytes() {
    let dir = TempDir::new().unwrap();
    let (whole, path) = (dir.path().join("whole.jsonl"), dir.path().join("cut.jsonl"));
    simply(&whole, 2, 7);
    let whole = fs::read(&whole).unwrap();

    let stop = AtomicBool::new(false);
    let outcome = run(&registry(), &path, 2, 7, &StopAfter(AtomicUsize::new(5), &stop), &stop);
    assert!(outcome.interrupted && (5..18).contains(&outcome.records.len()));
    let kept = outcome.records.len();
    // Killed while writing: half of one more line.
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend(&whole[..40]);
    fs::write(&path, &bytes).unwrap();
    let journal = Journal::open(&path, false).unwrap();
    assert!(
        journal.warnings()[0].contains(&format!("cut.jsonl:{} was half-written", kept + 1)),
        "{:?}",
        journal.warnings()
    );
    drop(journal);

    let outcome = simply(&path, 1, 7);
    assert_eq!((outcome.reused, outcome.records.len()), (kept, 18));
    assert_eq!(fs::read(&path).unwrap(), whole);
    // Nothing is measured a second time, and nothing moves.
    assert_eq!(simply(&path, 2, 7).reused, 18);
    assert_eq!(fs::read(&path).unwrap(), whole);
}

#[test]
fn every_cut_of_the_last_line_is_survived() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("j.jsonl");
    simply(&path, 1, 7);
    let whole = fs::read(&path).unwrap();
    let last = whole[..whole.len() - 1].iter().rposition(|&b| b == b'\n').unwrap() + 1;
    for cut in last..whole.len() {
        fs::write(&path, &whole[..cut]).unwrap();
        let journal = Journal::open(&path, false).unwrap();
        assert_eq!(journal.warnings().len(), usize::from(cut > last), "cut at {cut}");
        drop(journal);
        assert_eq!(fs::read(&path).unwrap(), &whole[..last]);
    }
}

#[test]
fn a_damaged_line_is_an_error_that_names_it() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("j.jsonl");
    simply(&path, 1, 7);
    let text = fs::read_to_string(&path).unwrap();
    let damage: [fn(&str) -> String; 8] = [
        |l| l[..l.len() - 3].to_owned(),
        |l| l.replacen("\"seed\":7", "\"seed\":null", 1),
        |_| "\u{0}\u{0}\u{0}".to_owned(),
        |l| l.replacen("\"error\":1e-16", "\"error\":-1.0", 1),
        |l| l.replacen("\"error\":1e-16", "\"error\":2e-16", 1),
        |l| l.replacen(SHARED_HASH, "0123456789abcdef", 1),
        |l| l[..l.find(",\"check\"").unwrap()].to_owned() + "}",
        |l| l.replacen("\"check\":\"", "\"check\":\"0", 1),
    ];
    for change in damage {
        let lines: Vec<String> =
            text.lines().enumerate().map(|(i, l)| if i == 2 { change(l) } else { l.to_owned() }).collect();
        assert_ne!(lines[2], text.lines().nth(2).unwrap(), "the damage must damage");
        let damaged = lines.join("\n") + "\n";
        fs::write(&path, &damaged).unwrap();
        let error = Journal::open(&path, false).unwrap_err();
        assert!(matches!(error, Error::JournalDamaged { line: 3, .. }), "{error}");
        assert!(error.to_string().contains("j.jsonl:3 is damaged"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), damaged, "it is left for the user to look at");
    }
    drop(Journal::open(&path, true).unwrap());
    assert!(fs::read(&path).unwrap().is_empty(), "fresh empties it");
}

#[test]
fn a_second_process_is_told_so() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("j.jsonl");
    let held = Journal::open(&path, false).unwrap();
    let error = Journal::open(&path, false).unwrap_err();
    assert!(matches!(error, Error::JournalLocked { .. }));
    assert!(
        error.to_string().contains("another process holds") && error.to_string().contains("j.jsonl.lock"),
        "{error}"
    );
    drop(held);
    assert!(Journal::open(&path, false).is_ok());
}

#[test]
fn records_of_other_sources_are_not_reused_and_other_seeds_are_kept() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("j.jsonl");
    let old = simply(&dir.path().join("elsewhere.jsonl"), 1, 7).records;
    let mut journal = Journal::open(&path, false).unwrap();
    for record in old {
        journal.append(&Record { source: "0123456789abcdef".into(), ..record }, 0.0, 1).unwrap();
    }
    drop(journal);
    assert_eq!(simply(&path, 1, 7).reused, 0);
    assert!(!fs::read_to_string(&path).unwrap().contains("0123456789abcdef"), "compaction leaves them out");
    assert_eq!(simply(&path, 1, 8).reused, 0);
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 36);
    assert_eq!(simply(&path, 1, 7).reused, 18);
}

#[test]
fn a_finished_run_deletes_no_record_that_was_not_in_its_plan() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("j.jsonl");
    let planned = simply(&dir.path().join("elsewhere.jsonl"), 1, 7).records;
    // The same cells by older sources; the same sources with another seed, in another tier, and of another
    // paper.
    let older = |r: &Record| Record { source: "0123456789abcdef".into(), ..r.clone() };
    let others = |r: &Record| {
        let seed = Record { seed: 8, ..older(r) };
        let tier = Record { cell: r.cell.clone().part("standard"), ..older(r) };
        let paper = Record { cell: r.cell.clone().of_claim("other/lemma"), ..older(r) };
        [seed, tier, paper]
    };
    let mut journal = Journal::open(&path, false).unwrap();
    let kept: Vec<Record> = planned.iter().flat_map(others).collect();
    for record in planned.iter().map(older).chain(kept.iter().cloned()) {
        journal.append(&record, 0.0, 1).unwrap();
    }
    drop(journal);
    assert_eq!(simply(&path, 1, 7).reused, 0);
    let journal = Journal::open(&path, false).unwrap();
    for r in &kept {
        assert_eq!(journal.get(&r.cell, r.seed, &r.source), Some(r), "{}", r.cell);
    }
    let all = fs::read_to_string(&path).unwrap();
    assert_eq!(all.lines().count(), planned.len() + kept.len(), "what was measured again is superseded");
}

#[test]
fn wall_time_goes_to_the_sidecar_and_not_into_the_records() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("deep/j.jsonl");
    simply(&path, 2, 7);
    let meta = fs::read_to_string(dir.path().join("deep/j.jsonl.meta.jsonl")).unwrap();
    assert_eq!(meta.lines().count(), 18);
    let line: serde_json::Value = serde_json::from_str(meta.lines().next().unwrap()).unwrap();
    assert!(line["seconds"].as_f64().unwrap() >= 0.0 && line["threads"] == 2 && line["host"].is_string());
    assert!(!fs::read_to_string(&path).unwrap().contains("seconds"));
}

#[test]
fn a_cell_that_fails_does_not_take_the_others_along() {
    let fails = |c: &Cell, seed: u64| match (c.m(), c.replicate) {
        (200, 1) => Err(Error::Core(escapement::Error::Width(7))),
        (400, 2) => panic!("by design"),
        (800, 0) => Ok(Measurement::new().quantity("lhs", f64::NAN, 0.0)),
        _ => Ok(measure(c, seed)),
    };
    let claim = Synthetic::new("made-up", over_m(&WIDTHS, 3), vec![], fails);
    let bytes = |c: &Cell| if c.m() == 3200 && c.replicate == 2 { 1e12 } else { 1e3 };
    let registry = Registry::new(vec![Synthetic { bytes, ..claim }.boxed()]).unwrap();
    let dir = TempDir::new().unwrap();
    let outcome = run(&registry, &dir.path().join("j.jsonl"), 2, 7, &Silent, &AtomicBool::new(false));
    assert_eq!((outcome.records.len(), outcome.interrupted), (14, false));
    let messages: Vec<&str> = outcome.failures.iter().map(|f| f.message.as_str()).collect();
    let expected = [
        "the width m = 7",
        "it panicked: by design",
        "'lhs' of the cell made-up,d=10,m=800",
        "needs 931 GiB",
    ];
    assert!(
        messages.len() == 4 && messages.iter().zip(expected).all(|(m, e)| m.contains(e)),
        "{messages:?}"
    );
}

/// Notes how many bytes are in flight at most.
#[derive(Default)]
struct Memory {
    now: AtomicUsize,
    peak: AtomicUsize,
    order: Mutex<Vec<usize>>,
}

impl Observer for Memory {
    fn started(&self, c: &Cell) {
        let now = self.now.fetch_add(c.m(), Ordering::SeqCst) + c.m();
        self.peak.fetch_max(now, Ordering::SeqCst);
        self.order.lock().unwrap().push(c.m());
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    fn finished(&self, c: &Cell, _: f64, _: Result<&Record, &str>) {
        self.now.fetch_sub(c.m(), Ordering::SeqCst);
    }
}

#[test]
fn long_cells_go_first_and_together_they_stay_within_memory() {
    let claim = Synthetic::new("made-up", over_m(&WIDTHS, 3), vec![], |c, s| Ok(measure(c, s)));
    let registry = Registry::new(vec![Synthetic { bytes: |c| c.m() as f64, ..claim }.boxed()]).unwrap();
    let claims: Vec<_> = registry.claims().collect();
    let plan = Plan::new(&claims, Tier::Quick, 7).unwrap();
    let watch = Memory::default();
    let stop = AtomicBool::new(false);
    let outcome =
        runner::run(&plan, None, &Options { jobs: 4, memory: 3500.0, stop: &stop }, &watch).unwrap();
    assert_eq!(outcome.records.len(), 18);
    let peak = watch.peak.load(Ordering::SeqCst);
    assert!((3200..=3500).contains(&peak), "{peak}");
    // Alone, the order is that of the predictions.
    let watch = Memory::default();
    runner::run(&plan, None, &Options { jobs: 1, memory: 1e9, stop: &stop }, &watch).unwrap();
    let order = watch.order.into_inner().unwrap();
    assert!(order.is_sorted_by(|a, b| a >= b), "{order:?}");
}

#[test]
fn plans_refuse_cells_that_cannot_be_told_apart() {
    let plan = |cells: Vec<Cell>| {
        let registry =
            Registry::new(vec![Synthetic::new("made-up", cells, vec![], |c, s| Ok(measure(c, s))).boxed()])
                .unwrap();
        let claims: Vec<_> = registry.claims().collect();
        Plan::new(&claims, Tier::Quick, 7).map(|p| p.steps.len()).map_err(|e| e.to_string())
    };
    assert_eq!(plan(over_m(&WIDTHS, 2)), Ok(12));
    assert!(plan([over_m(&[10], 1), over_m(&[10], 1)].concat()).unwrap_err().contains("appears twice"));
    assert!(plan(vec![Cell::new("other", "")]).is_err());
    assert!(plan(vec![Cell::new("made-up", "a,d=3")]).unwrap_err().contains("'a,d=3'"));
}

#[test]
fn a_refused_journal_leaves_nothing_beside_it() {
    let dir = TempDir::new().unwrap();
    let names = || {
        let mut names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let path = dir.path().join("j.jsonl");
    fs::write(&path, "{\"source\":\"\"}\n").unwrap();
    assert!(matches!(Journal::open(&path, false), Err(Error::JournalDamaged { line: 1, .. })));
    assert_eq!(names(), ["j.jsonl"]);
    // What was there before stays.
    fs::write(dir.path().join("j.jsonl.lock"), "").unwrap();
    assert!(Journal::open(&path, false).is_err());
    assert_eq!(names(), ["j.jsonl", "j.jsonl.lock"]);
    // Neither does a folder stay that was made in vain.
    fs::remove_file(dir.path().join("j.jsonl.lock")).unwrap();
    assert!(
        Journal::open(&dir.path().join(format!("a/b/{}", "x".repeat(252))), false).is_err(),
        "no room for .lock"
    );
    assert_eq!(names(), ["j.jsonl"]);
}

#[test]
fn journals_that_differ_in_their_extension_only_are_two() {
    let dir = TempDir::new().unwrap();
    let _one = Journal::open(&dir.path().join("x.jsonl"), false).unwrap();
    assert!(Journal::open(&dir.path().join("x.txt"), false).is_ok());
}

#[test]
fn a_line_may_be_there_twice_but_not_with_other_numbers() {
    let dir = TempDir::new().unwrap();
    let (path, other) = (dir.path().join("j.jsonl"), dir.path().join("other.jsonl"));
    let records = simply(&path, 1, 7).records;
    let whole = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{whole}{}\n", whole.lines().nth(4).unwrap())).unwrap();
    assert_eq!(simply(&path, 1, 7).reused, 18);
    assert_eq!(fs::read_to_string(&path).unwrap(), whole, "the second one is gone");

    let changed = Record { measurement: Measurement::new().quantity("lhs", 2.0, 0.0), ..records[4].clone() };
    Journal::open(&other, false).unwrap().append(&changed, 0.0, 1).unwrap();
    fs::write(&path, whole + &fs::read_to_string(&other).unwrap()).unwrap();
    let error = Journal::open(&path, false).unwrap_err();
    assert!(
        matches!(error, Error::JournalDamaged { line: 19, .. }) && error.to_string().contains("contradicts"),
        "{error}"
    );
}

/// Somebody's weights given as the journal by mistake: refused, with or without --fresh, and nothing appears
/// beside them.
#[test]
fn a_file_that_is_no_journal_is_left_alone() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("W0.npy");
    for content in [&b"\x93NUMPY\x01\x00 weights"[..], b"{\"d\":10}", b"{\"d\":10}\n"] {
        fs::write(&path, content).unwrap();
        for fresh in [false, true] {
            let error = Journal::open(&path, fresh).unwrap_err();
            assert!(matches!(error, Error::JournalForeign { .. }), "{error}");
        }
        assert_eq!(fs::read(&path).unwrap(), content);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
    }
}

/// Another name for the same journal meets the same lock.
#[cfg(unix)]
#[test]
fn a_link_to_a_journal_is_that_journal() {
    let dir = TempDir::new().unwrap();
    let (path, link) = (dir.path().join("j.jsonl"), dir.path().join("link.jsonl"));
    simply(&path, 1, 7);
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let held = Journal::open(&path, false).unwrap();
    assert!(matches!(Journal::open(&link, false), Err(Error::JournalLocked { .. })));
    drop(held);
    drop(Journal::open(&link, false).unwrap());
    assert!(link.is_symlink());
}

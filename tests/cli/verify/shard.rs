//! `verify --shard` and `merge`: shares that cover the plan, and journals that join to the bytes of one run.

use crate::synthetic::{Synthetic, noise, over_m};
use crate::verify::commands::Line;
use clap::Parser;
use escapement_cli::terminal::exit;
use escapement_verify::run::journal::Journal;
use escapement_verify::run::plan::Plan;
use escapement_verify::run::runner::measure as measure_cell;
use escapement_verify::run::source::SHARED_HASH;
use escapement_verify::{Cell, Claim, Measurement, Record, Registry, Result, Tier};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use tempfile::TempDir;

const WIDTHS: [usize; 6] = [100, 200, 400, 800, 1600, 3200];

fn measure(scale: f64) -> impl Fn(&Cell, u64) -> Result<Measurement> + Send + Sync + 'static {
    move |c, seed| {
        let lhs = scale * noise(c, seed, "lhs");
        Ok(Measurement::new().quantity("lhs", lhs, 1e-16).quantity("rhs", 1.0, 0.0))
    }
}

fn cells(id: &str, replicates: usize) -> Vec<Cell> {
    over_m(&WIDTHS, replicates).into_iter().map(|c| c.of_claim(id)).collect()
}

/// Two claims, the second of which comes before the first by name; their quick tier is a part of the
/// standard one.
fn registry(scale: f64) -> Registry {
    let claim = |id, quick| {
        let claim = Synthetic::new(id, cells(id, 4), vec![], measure(scale));
        Synthetic { quick, ..claim }.boxed()
    };
    Registry::new(vec![claim("made-up", 13), claim("another", 7)]).unwrap()
}

/// Exit code, standard output, error.
fn run(registry: &Registry, desk: &TempDir, arguments: &str) -> (u8, String, String) {
    let arguments = arguments.replace("@", &format!("{}/", desk.path().display()));
    let words = ["escapement"].into_iter().chain(arguments.split(' '));
    match Line::try_parse_from(words) {
        Ok(line) => line.run(registry),
        Err(e) => (exit::BAD_INPUT, String::new(), e.to_string()),
    }
}

fn succeeds(registry: &Registry, desk: &TempDir, arguments: &str) -> String {
    let (code, out, error) = run(registry, desk, arguments);
    assert_eq!((code, error.as_str()), (exit::HOLDS, ""), "{arguments}: {out}");
    out
}

fn lines(desk: &TempDir, name: &str) -> Vec<String> {
    fs::read_to_string(desk.path().join(name)).unwrap().lines().map(str::to_owned).collect()
}

fn names(desk: &TempDir) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(desk.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn every_cell_falls_to_one_share_and_the_shares_are_as_even_as_the_cells_allow() {
    let registry = registry(1.0);
    let claims: Vec<&dyn Claim> = registry.claims().collect();
    let plan = |words: &str| Plan::new(&claims, Tier::Standard, 7).unwrap().share(words.parse().unwrap());
    let whole: Vec<String> = plan("1/1").steps.iter().map(|s| s.cell.key()).collect();
    assert_eq!(whole.len(), 48);
    for n in [1, 2, 3, 7, 48, 49, 1000] {
        let mut seen = BTreeMap::new();
        let mut flops = Vec::new();
        for i in 1..=n {
            let share = plan(&format!("{i}/{n}"));
            assert_eq!(share.order.len(), 48, "the journal's order is that of the whole plan");
            let keys: Vec<String> = share.steps.iter().map(|s| s.cell.key()).collect();
            let places: Vec<_> = keys.iter().map(|k| whole.iter().position(|w| w == k)).collect();
            assert!(places.is_sorted(), "a share is in plan order");
            flops.push(share.steps.iter().map(|s| s.prediction.flops).sum::<f64>());
            keys.into_iter().for_each(|k| *seen.entry(k).or_insert(0) += 1);
        }
        assert!(seen.len() == 48 && seen.values().all(|&count| count == 1), "{n}: {seen:?}");
        let least = flops.iter().copied().fold(f64::INFINITY, f64::min);
        let most = flops.iter().copied().fold(0.0, f64::max);
        // Dealt out greedily, no share is longer than another by more than one cell: the last one that it
        // was given.
        assert!(most - least <= 3.2e6 + 1.0, "{n}: {least} to {most}");
    }
}

#[test]
fn shares_are_pinned() {
    // Machines that share a plan may run builds of different days: what falls to whom must not move
    // unnoticed.
    let registry = registry(1.0);
    let desk = TempDir::new().unwrap();
    let out = succeeds(&registry, &desk, "verify another --plan --shard 2/3");
    let keys: Vec<&str> = out.lines().filter_map(|l| l.split("another,").nth(1)).collect();
    assert_eq!(keys, ["d=10,m=100,replicate=1", "d=10,m=200,replicate=1"], "{out}");
    assert!(out.ends_with("in a cell\n") && out.contains("2 cells of the quick tier"), "{out}");
    let json: Value =
        serde_json::from_str(&succeeds(&registry, &desk, "verify another --plan --shard 2/3 --json"))
            .unwrap();
    assert_eq!(json.as_array().unwrap().len(), 2);
    assert_eq!(names(&desk), Vec::<String>::new(), "no journal is begun");
}

#[test]
fn shares_join_to_the_bytes_of_one_run() {
    let (registry, desk) = (registry(1.0), TempDir::new().unwrap());
    succeeds_or_undecided(&registry, &desk, "verify --jobs 2 --journal @whole");
    let whole = fs::read(desk.path().join("whole")).unwrap();
    for (i, jobs) in [(1, 1), (2, 3), (3, 2)] {
        let out =
            succeeds(&registry, &desk, &format!("verify --shard {i}/3 --jobs {jobs} --journal @part-{i}"));
        let (cells, last) = out.trim_end().rsplit_once('\n').unwrap();
        assert!(
            last.starts_with(&format!("share {i}/3 of the quick tier: "))
                && last.contains("escapement merge"),
            "{last}"
        );
        assert_eq!(cells.lines().count(), lines(&desk, &format!("part-{i}")).len());
    }
    // Whatever the order, and with one of them twice.
    let out = succeeds(
        &registry,
        &desk,
        "merge @part-3 @part-1 @part-2 @part-1 @part-1.meta.jsonl --out @deep/joined",
    );
    let complete = out.contains("20 of the 20 cells");
    assert!(out.starts_with("20 records from 4 journals in ") && complete, "{out}");
    assert_eq!(fs::read(desk.path().join("deep/joined")).unwrap(), whole);
    // The sidecar has a line for each measurement, in the same order.
    let of = |name: &str| -> Vec<Value> {
        lines(&desk, name).iter().map(|l| serde_json::from_str::<Value>(l).unwrap()["cell"].take()).collect()
    };
    assert_eq!(of("deep/joined.meta.jsonl"), of("deep/joined"));
    // What is joined is found again: nothing is left to measure.
    succeeds_or_undecided(&registry, &desk, "verify --journal @deep/joined");
    assert_eq!(lines(&desk, "deep/joined.meta.jsonl").len(), 20);
    // One journal for several shares, in turn, is as good.
    for i in [2, 3, 1] {
        succeeds(&registry, &desk, &format!("verify --shard {i}/3 --journal @one"));
    }
    assert_eq!(fs::read(desk.path().join("one")).unwrap(), whole);
}

/// A claim without bounds is inconclusive.
fn succeeds_or_undecided(registry: &Registry, desk: &TempDir, arguments: &str) {
    let (code, _, error) = run(registry, desk, arguments);
    assert_eq!((code, error.as_str()), (exit::INCONCLUSIVE, ""), "{arguments}");
}

#[test]
fn the_order_is_that_of_the_tier_and_seed_that_most_records_are_of() {
    let (registry, desk) = (registry(1.0), TempDir::new().unwrap());
    for (name, words) in
        [("quick", "--seed 1"), ("standard", "--tier standard --seed 9"), ("few", "another --seed 5")]
    {
        succeeds_or_undecided(&registry, &desk, &format!("verify {words} --journal @{name}"));
    }
    let out = succeeds(&registry, &desk, "merge @quick @few @standard --out @joined");
    assert!(
        out.contains("75 records from 3")
            && out.ends_with("48 of the 48 cells that their claims have in the standard tier, at seed 9\n"),
        "{out}"
    );
    let joined = lines(&desk, "joined");
    assert_eq!(joined[..48], lines(&desk, "standard")[..], "plan order, in which 'another' comes last");
    let key = |line: &String| {
        let value: Value = serde_json::from_str(line).unwrap();
        (
            value["cell"]["claim"].as_str().unwrap().to_owned(),
            value["cell"]["values"]["m"].as_u64(),
            value["cell"]["replicate"].as_u64(),
        )
    };
    assert!(joined[48..].iter().map(key).is_sorted(), "the rest by name");
    // The journal at --out is joined too, so that nothing in it is lost, and joining again changes nothing.
    succeeds(&registry, &desk, "merge @quick --out @joined");
    assert_eq!(lines(&desk, "joined"), joined);
    succeeds(&registry, &desk, "merge @joined --out @joined");
    assert_eq!(lines(&desk, "joined"), joined);
}

#[test]
fn records_that_contradict_one_another_are_named_and_nothing_is_written() {
    let desk = TempDir::new().unwrap();
    succeeds(&registry(1.0), &desk, "verify --shard 1/2 --journal @a");
    succeeds(&registry(1.0), &desk, "verify made-up --shard 2/2 --journal @c");
    succeeds_or_undecided(&registry(2.0), &desk, "verify --journal @b");
    let before = names(&desk);
    let (code, out, error) = run(&registry(1.0), &desk, "merge @c @a @b --out @new/joined");
    assert_eq!((code, out.as_str()), (exit::BAD_INPUT, ""));
    // Every cell is named, with its seed, the two journals and what differs: 10 of them, and how many more
    // there are.
    let place = |name: &str| desk.path().join(name).display().to_string();
    let (a, b, c) = (lines(&desk, "a"), lines(&desk, "b"), lines(&desk, "c"));
    assert_eq!((a.len(), b.len(), c.len()), (9, 20, 7));
    assert_eq!(error.matches(" at seed 2206: 'lhs' is ").count(), 10, "{error}");
    assert!(error.contains("; and 6 more; leave one of the journals out"), "{error}");
    let begins = |name: &str| format!("{} and {} differ on the cell ", place(name), place("b"));
    assert_eq!(error.matches(&begins("a")).count() + error.matches(&begins("c")).count(), 10, "{error}");
    assert!(error.contains(&(begins("a") + "another,")), "{error}");
    assert!(!error.contains('\n'), "{error}");
    assert_eq!(names(&desk), before);
    // The same where the other one is the journal at --out, which stays as it was.
    let old = fs::read(desk.path().join("b")).unwrap();
    let (code, _, error) = run(&registry(1.0), &desk, "merge @a --out @b");
    assert!(
        code == exit::BAD_INPUT
            && error.matches("differ on the cell").count() == 9
            && !error.contains("more"),
        "{error}"
    );
    assert_eq!(fs::read(desk.path().join("b")).unwrap(), old);
}

#[test]
fn records_of_other_sources_are_kept_behind_and_contradict_nobody() {
    let (registry, desk) = (registry(1.0), TempDir::new().unwrap());
    succeeds_or_undecided(&registry, &desk, "verify made-up --journal @now");
    let claims: Vec<&dyn Claim> = registry.claims().collect();
    let steps = Plan::new(&claims, Tier::Quick, 2206).unwrap().steps;
    let mut earlier = Journal::open(&desk.path().join("earlier"), false).unwrap();
    for step in steps.iter().rev() {
        let measurement = Measurement::new().quantity("lhs", 0.5, 0.0);
        let record = Record { source: "0123abcd".into(), seed: 2206, cell: step.cell.clone(), measurement };
        earlier.append(&record, 1.0, 1).unwrap();
    }
    drop(earlier);
    succeeds(&registry, &desk, "merge @earlier @now --out @joined");
    let joined = lines(&desk, "joined");
    assert_eq!(joined[..13], lines(&desk, "now")[..]);
    let backwards: Vec<String> = lines(&desk, "earlier").into_iter().rev().collect();
    assert_eq!(joined[13..], backwards[..], "in plan order too");
    assert!(!joined[..13].iter().any(|l| !l.contains(SHARED_HASH)));
}

#[test]
fn bad_input_is_one_sentence_and_leaves_nothing() {
    let (registry, desk) = (registry(1.0), TempDir::new().unwrap());
    for bad in ["0/3", "4/3", "a/b", "1/0", "-1/3", "1", "1/3/3", "1/2.5", "/"] {
        let (code, _, error) = run(&registry, &desk, &format!("verify --shard {bad} --journal @j"));
        assert!(
            code == exit::BAD_INPUT && error.contains(&format!("'{bad}'")) && error.contains("1 ≤ i ≤ n"),
            "{bad}: {error}"
        );
    }
    let (code, _, error) = run(&registry, &desk, "verify --shard 1/2 --cell x --journal @j");
    assert!(code == exit::BAD_INPUT && error.contains("cannot be used with"), "{error}");
    fs::write(desk.path().join("text"), "no journal").unwrap();
    succeeds(&registry, &desk, "verify --shard 1/2 --journal @good");
    let torn = [fs::read(desk.path().join("good")).unwrap(), b"torn".to_vec()].concat();
    fs::write(desk.path().join("torn"), &torn).unwrap();
    fs::write(
        desk.path().join("broken"),
        String::from_utf8(torn).unwrap().replacen("\"cell\"", "\"bell\"", 1),
    )
    .unwrap();
    let held = Journal::open(&desk.path().join("good"), false).unwrap();
    let before = names(&desk);
    for (arguments, words) in [
        ("merge @missing @torn --out @new/out", "cannot read the journal"),
        ("merge @text --out @out", "text is not a journal"),
        ("merge @torn --out @text", "text is not a journal"),
        ("merge @broken --out @out", "broken:1 is damaged"),
        ("merge @torn @good --out @out", "good is in use"),
        ("merge @torn --out @good", "good is in use"),
        ("merge @torn --out @text/out", "not a folder"),
        ("merge @torn --out @", "is a"),
        ("merge --out @out", "required"),
        ("merge @torn", "--out"),
    ] {
        let (code, out, error) = run(&registry, &desk, arguments);
        assert_eq!((code, out.as_str()), (exit::BAD_INPUT, ""), "{arguments}");
        assert!(error.contains(words), "{arguments}: {error}");
        assert_eq!(names(&desk), before, "{arguments}");
    }
    drop(held);
    // What is damaged is begun anew by verify, whichever command found it.
    let (_, _, error) = run(&registry, &desk, "merge @broken --out @out");
    assert!(error.ends_with("repair or remove that line; verify --fresh begins anew"), "{error}");
    // A last line that was being written is dropped, and the sidecar of a journal may be missing.
    succeeds(&registry, &desk, "merge @torn --out @out");
    assert_eq!(fs::read(desk.path().join("out")).unwrap(), fs::read(desk.path().join("good")).unwrap());
}

/// These cells once had other bytes on another number of threads: the first in its cost, the second in its
/// last digits.
#[test]
fn a_record_does_not_depend_on_the_number_of_threads() {
    let registry = escapement_verify::papers::standard().unwrap();
    for (id, tier, key) in [
        (
            "random-signs",
            Tier::Quick,
            "random-signs/width,d=3,m=128,n=9,k=1,R=1,activation=sigmoid:1,replicate=0",
        ),
        (
            "remark-1",
            Tier::Standard,
            "remark-1/finite-kernels,d=16,m=160,k=1,R=1,activation=sigmoid:1,replicate=1",
        ),
    ] {
        let plan = Plan::new(&[registry.get(id).unwrap()], tier, 2206).unwrap();
        let step = plan.steps.iter().find(|s| s.cell.key() == key).unwrap();
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| measure_cell(step, plan.seed, SHARED_HASH, 1e9)).unwrap()
        };
        assert_eq!(on(1), on(2), "{key}");
    }
}

/// What stands in for Slurm: runs an array's tasks, or a single job, at once.
const SBATCH: &str = r#"#!/bin/bash
set -euo pipefail
count=0
while [[ "$1" == --* ]]; do
    case "$1" in --array=1-*) count=${1#--array=1-} ;; esac
    shift
done
export SLURM_CPUS_PER_TASK=1 SLURM_ARRAY_TASK_COUNT=$count
if ((count > 0)); then
    for ((i = 1; i <= count; i++)); do SLURM_ARRAY_TASK_ID=$i bash "$@" > "shares/$i.log" 2>&1; done
else
    bash "$@" > verdicts.log 2>&1
fi
echo 7
"#;

#[cfg(unix)]
#[test]
fn the_scripts_for_a_cluster_share_out_and_join() {
    use std::os::unix::fs::PermissionsExt;
    let desk = crate::process::Desk::new();
    desk.put("sbatch", SBATCH);
    fs::set_permissions(desk.path("sbatch"), fs::Permissions::from_mode(0o755)).unwrap();
    let script = crate::data::root().join("docs/cluster/run.sh");
    let run = |arguments: &[&str]| {
        let path = format!("{}:{}", desk.path("").display(), std::env::var("PATH").unwrap());
        let mut command = std::process::Command::new("bash");
        command.arg(&script).args(arguments).current_dir(desk.path("")).env("PATH", path);
        command.env("ESCAPEMENT", env!("CARGO_BIN_EXE_escapement")).output()
    };
    let Ok(out) = run(&["2", "assumption-2", "--tier", "quick"]) else {
        eprintln!("not checked, because there is no bash here");
        return;
    };
    assert!(out.status.success(), "{out:?}");
    assert!(String::from_utf8_lossy(&out.stdout).ends_with("\n7 7\n"), "{out:?}");
    let verdicts = fs::read_to_string(desk.path("verdicts.log")).unwrap();
    assert!(
        verdicts.starts_with("9 records from 2 journals in journal.jsonl")
            && verdicts.contains("1 claim: 1 holds"),
        "{verdicts}"
    );
    assert_eq!(desk.run(&["verify", "assumption-2", "--journal", "whole.jsonl"]).code, Some(0));
    assert_eq!(fs::read(desk.path("journal.jsonl")).unwrap(), fs::read(desk.path("whole.jsonl")).unwrap());
    // What a queue would find out late is found out before.
    for (arguments, words) in [
        (&["2", "assumption-22"][..], "unknown claim 'assumption-22'"),
        (&["none"][..], "the number of shares comes first"),
    ] {
        let out = run(arguments).unwrap();
        assert_eq!(out.status.code(), Some(2), "{arguments:?}: {out:?}");
        assert!(String::from_utf8_lossy(&out.stderr).contains(words), "{arguments:?}: {out:?}");
    }
}

//! `report`: what it shows of a journal, whole, partial, old, false or absent.

use crate::toy::{self, rewrite, scaled};
use crate::verify::commands::run;
use escapement_cli::report::model::{Freshness, Report};
use escapement_cli::terminal::exit;
use escapement_verify::{Registry, Side, Tier, Verdict};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

/// A folder with a whole journal of the toy claims.
fn measured() -> (TempDir, PathBuf) {
    let desk = TempDir::new().unwrap();
    assert_eq!(run(&toy::registry(), &desk, &["verify"]).0, exit::HOLDS);
    let journal = desk.path().join("journal.jsonl");
    (desk, journal)
}

/// Runs `report` with these arguments more: the exit code and what report.json holds.
fn report(registry: &Registry, desk: &TempDir, more: &[&str]) -> (u8, Report) {
    let out = desk.path().join("out").display().to_string();
    let (code, _, error) = run(registry, desk, &[&["report", "--out", &out], more].concat());
    assert!(error.is_empty(), "{error}");
    (code, read(desk))
}

fn read(desk: &TempDir) -> Report {
    serde_json::from_str(&fs::read_to_string(desk.path().join("out/report.json")).unwrap()).unwrap()
}

fn of<'a>(report: &'a Report, id: &str) -> &'a escapement_cli::report::model::ClaimReport {
    report.claims.iter().find(|c| c.id == id).unwrap()
}

#[test]
fn a_journal_is_shown_and_nothing_is_measured() {
    let (desk, journal) = measured();
    let before = fs::read(&journal).unwrap();
    let (code, first) = report(&toy::registry(), &desk, &[]);
    assert_eq!(
        (code, first.tier, first.seed),
        (exit::HOLDS, Tier::Quick, 2206),
        "the toy tiers are equal: the smallest is taken"
    );
    for claim in &first.claims {
        let cells = claim.cells;
        assert_eq!(
            (cells.planned, cells.recorded, cells.reused),
            (claim.records.len(), cells.planned, cells.planned)
        );
        assert_eq!((claim.freshness, cells.missing, cells.failed), (Some(Freshness::Reused), 0, 0));
        assert!(
            claim.cost.timed == cells.planned && claim.cost.seconds.is_some() && !claim.bounds.is_empty()
        );
        assert!(claim.bounds.iter().all(|b| !b.series.is_empty()), "{}", claim.id);
    }
    assert_eq!(of(&first, "ground").hypotheses_met[0].met, 8);
    let sides = |id: &str| of(&first, id).bounds.iter().map(|b| b.binds()).collect::<Vec<_>>();
    assert_eq!(sides("ground"), [Side::Upper, Side::Both, Side::Lower]);
    assert_eq!(sides("upon"), [Side::Upper, Side::Both, Side::Both]);
    assert_eq!(first.counts.values().sum::<usize>(), 2);
    assert!(first.notes.is_empty() && first.provenance.hosts.len() == 1, "{:?}", first.notes);
    // The verdicts are those of verify, and a second report has the same bytes.
    let table = run(&toy::registry(), &desk, &["verify", "--json", "--tier", "quick"]).1;
    let verdicts: Vec<escapement_verify::ClaimVerdict> = serde_json::from_str(&table).unwrap();
    for (claim, verdict) in first.claims.iter().zip(&verdicts) {
        let bounds: Vec<_> = claim.bounds.iter().map(|b| b.verdict.clone()).collect();
        assert_eq!(
            (claim.verdict, &claim.as_printed, &bounds),
            (verdict.verdict, &verdict.as_printed, &verdict.bounds)
        );
    }
    let bytes = |name: &str| fs::read(desk.path().join("out").join(name)).unwrap();
    let names = ["index.html", "report.md", "bounds.csv", "bounds.tex", "verdicts.tex", "report.json"];
    let once = names.map(bytes);
    assert_eq!(report(&toy::registry(), &desk, &[]).1, first);
    assert_eq!(once, names.map(bytes));
    assert_eq!(fs::read(&journal).unwrap(), before);
}

#[test]
fn a_journal_that_is_missing_is_the_quick_tier_where_measuring_is_asked_for() {
    let desk = TempDir::new().unwrap();
    let (code, shown) = report(&toy::registry(), &desk, &["--measure", "--jobs", "1"]);
    assert_eq!((code, shown.tier), (exit::HOLDS, Tier::Quick));
    for claim in &shown.claims {
        assert_eq!(claim.freshness, Some(Freshness::Measured));
        assert_eq!(claim.cells.measured, claim.cells.planned);
    }
    assert!(desk.path().join("journal.jsonl").exists());
}

#[test]
fn missing_cells_are_counted_and_leave_no_verdict_until_they_are_measured() {
    let (desk, journal) = measured();
    let cut = |r: escapement_verify::Record| (r.cell.m() != 3200 || r.cell.claim != "upon").then_some(r);
    rewrite(&journal, &journal, cut);
    let (code, part) = report(&toy::registry(), &desk, &["--tier", "quick"]);
    let claim = of(&part, "upon");
    assert_eq!((code, claim.verdict, claim.cells.missing), (exit::HOLDS, Verdict::Inconclusive, 4));
    let rate = &claim.bounds[0];
    assert_eq!((rate.planned, rate.missing, rate.verdict.cells), (24, 4, 20));
    assert_eq!(rate.verdict.why.as_deref(), Some("4 of its 24 cells are missing"));
    // A bound that speaks of other cells has its verdict, and what is refuted already stays so.
    assert_eq!(
        (claim.bounds[1].verdict.verdict, claim.bounds[2].verdict.verdict),
        (Verdict::Scales, Verdict::Refuted)
    );
    assert!(
        part.notes.iter().any(|n| n.starts_with("4 of the 42 cells of the quick tier are missing")),
        "{:?}",
        part.notes
    );
    assert_eq!(of(&part, "ground").verdict, Verdict::Holds);

    let (code, whole) = report(&toy::registry(), &desk, &["--tier", "quick", "--measure"]);
    let claim = of(&whole, "upon");
    assert_eq!((code, claim.verdict, claim.cells.missing), (exit::HOLDS, Verdict::Scales, 0));
    assert_eq!((claim.cells.measured, claim.cells.reused), (4, 26));
    assert_eq!(claim.freshness, Some(Freshness::Reused));
    assert_eq!(of(&whole, "ground").cells.measured, 0);
}

#[test]
fn records_of_other_sources_are_marked_and_never_mixed() {
    let (desk, journal) = measured();
    let old = "0123456789abcdef";
    let aged = |mut r: escapement_verify::Record| {
        r.source = old.to_owned();
        Some(r)
    };
    let whole = desk.path().join("whole.jsonl");
    fs::copy(&journal, &whole).unwrap();
    rewrite(&whole, &journal, aged);
    let (code, shown) = report(&toy::registry(), &desk, &[]);
    assert_eq!(code, exit::HOLDS, "an old verdict is a verdict, and is marked");
    assert!(
        shown
            .claims
            .iter()
            .all(|c| c.freshness == Some(Freshness::Earlier) && c.source.as_deref() == Some(old))
    );
    assert!(shown.notes[0].starts_with("every record is of other sources"), "{:?}", shown.notes);
    assert!(
        fs::read_to_string(desk.path().join("out/report.md"))
            .unwrap()
            .contains("| earlier, 12 of 12 cells |")
    );
    let listed = run(&toy::registry(), &desk, &["list"]).1;
    assert!(
        listed.starts_with("ground  holds (earlier)   ") && listed.contains("upon    scales (earlier)  "),
        "{listed}"
    );
    let journal_name = journal.display().to_string();
    let drawn = run(&toy::registry(), &desk, &["graph", "--format", "dot", "--journal", &journal_name]).1;
    assert!(drawn.contains("scales") && !drawn.contains("not measured"), "{drawn}");
    // One record of the present sources: the claim is shown by it alone.
    let kept = |r: escapement_verify::Record| {
        let new = r.cell.claim == "ground" && r.cell.m() == 100;
        if new { Some(r) } else { aged(r) }
    };
    rewrite(&whole, &journal, kept);
    let shown = report(&toy::registry(), &desk, &[]).1;
    let cells = of(&shown, "ground").cells;
    assert_eq!((cells.recorded, cells.reused, cells.earlier, cells.missing), (2, 2, 0, 10));
    assert_eq!(of(&shown, "upon").cells.earlier, 30);
}

/// Done means: a false journal turns its claim red, and marks what rests on it.
#[test]
fn a_false_journal_refutes_its_claim_and_shakes_what_rests_on_it() {
    let (desk, journal) = measured();
    rewrite(&journal, &journal, |r| scaled(r, "lhs", 10.0));
    let (code, shown) = report(&toy::registry(), &desk, &[]);
    assert_eq!(code, exit::HOLDS, "the report is written");
    let (ground, upon) = (of(&shown, "ground"), of(&shown, "upon"));
    assert_eq!((ground.verdict, upon.verdict), (Verdict::Refuted, Verdict::Scales));
    assert_eq!((ground.shaken_by.len(), upon.shaken_by.as_slice()), (0, &["ground".to_owned()][..]));
    assert!(ground.bounds[0].verdict.why.as_ref().unwrap().contains("fails on 8 of 8 cells"));
    assert!(
        fs::read_to_string(desk.path().join("out/report.md"))
            .unwrap()
            .contains("It rests on what is refuted: ground.")
    );
}

/// One ratio is enough, in every kind of bound that has ratios; what rests on the claim below is marked, and
/// what the claim above says stays.
#[test]
fn one_false_record_refutes_its_claim() {
    let (desk, journal) = measured();
    let whole = desk.path().join("whole.jsonl");
    fs::copy(&journal, &whole).unwrap();
    let cells = [
        ("ground", "lhs", "m=800,replicate=1", 0, "fails on 1 of 8 cells"),
        ("ground", "rhs again", "m=800,replicate=1", 1, "beyond the certificate"),
        ("upon", "error", "m=800,n=16,replicate=1", 0, "times what the other 11 points of the sweep"),
        ("upon", "exact", "d=64", 1, "times what its neighbours among the 6 values say"),
        ("upon", "exact", "d=128", 1, "either the record is false or"),
    ];
    for (claim, quantity, cell, bound, why) in cells {
        let here = |r: &escapement_verify::Record| r.cell.claim == claim && r.cell.key().contains(cell);
        rewrite(&whole, &journal, |r| if here(&r) { scaled(r, quantity, 10.0) } else { Some(r) });
        let (code, shown) = report(&toy::registry(), &desk, &[]);
        let (found, upon) = (of(&shown, claim), of(&shown, "upon"));
        assert_eq!((code, found.verdict), (exit::HOLDS, Verdict::Refuted), "{quantity} on {cell}");
        let bound = &found.bounds[bound].verdict;
        assert!(bound.why.as_ref().unwrap().contains(why), "{:?}", bound.why);
        let worst = bound.worst.as_ref().unwrap();
        assert!(worst.cell.contains(cell) && worst.command.contains(cell), "{worst:?}");
        assert_eq!(upon.shaken_by.is_empty(), claim == "upon");
    }
}

#[test]
fn an_empty_journal_makes_a_report_that_says_that_everything_is_missing() {
    let desk = TempDir::new().unwrap();
    fs::write(desk.path().join("journal.jsonl"), "").unwrap();
    let (code, shown) = report(&toy::registry(), &desk, &[]);
    assert_eq!((code, shown.tier, shown.counts[&Verdict::Inconclusive]), (exit::HOLDS, Tier::Quick, 2));
    assert!(shown.claims.iter().all(|c| c.freshness.is_none()
        && c.cells.missing == c.cells.planned
        && c.verdict == Verdict::Inconclusive));
    assert!(
        shown.claims.iter().flat_map(|c| &c.bounds).all(|b| b
            .verdict
            .why
            .as_ref()
            .is_some_and(|w| w.contains("missing")))
    );
    assert_eq!(shown.notes[0], "the journal holds no record of the quick tier with the seed 2206");
    assert_eq!(fs::read(desk.path().join("journal.jsonl")).unwrap(), b"");
}

#[test]
fn a_seed_that_the_journal_lacks_is_told_which_it_has() {
    let (desk, _) = measured();
    let shown = report(&toy::registry(), &desk, &["--seed", "7"]).1;
    assert!(
        shown.notes[0].ends_with("with the seed 7; it holds other cells, with the seed 2206"),
        "{:?}",
        shown.notes
    );
}

#[test]
fn a_claim_removed_since_is_named_and_a_newer_journal_is_refused() {
    let (desk, journal) = measured();
    let text = fs::read_to_string(&journal).unwrap();
    rewrite(&journal, &journal, |mut r| {
        if r.cell.claim == "ground" && r.cell.m() == 100 {
            r.cell.claim = "lemma-0".into();
        }
        Some(r)
    });
    let shown = report(&toy::registry(), &desk, &[]).1;
    assert!(
        shown.notes[0].starts_with("the journal holds 2 records of the claim 'lemma-0'"),
        "{:?}",
        shown.notes
    );

    // A line with a field that this version does not know, and its right checksum.
    let line = text.lines().next().unwrap();
    let open =
        line[..line.rfind(",\"check\":").unwrap()].replacen("\"cost\":{", "\"cost\":{\"joules\":1.0,", 1);
    let check = blake3::hash(open.as_bytes()).to_hex();
    fs::write(&journal, format!("{open},\"check\":\"{}\"}}\n", &check[..16])).unwrap();
    let out = desk.path().join("other").display().to_string();
    let (code, _, error) = run(&toy::registry(), &desk, &["report", "--out", &out]);
    assert_eq!(code, exit::BAD_INPUT);
    assert!(
        error.contains("journal.jsonl:1 was written by a newer escapement: it has the field 'joules'"),
        "{error}"
    );
    assert!(!error.contains('\n') && !desk.path().join("other").exists());
}

#[test]
fn the_tier_is_the_one_nearest_to_the_journal() {
    use crate::synthetic::{Synthetic, over_m};
    let claim = Synthetic::new("made-up", over_m(&toy::WIDTHS, 2), vec![], |_, _| {
        Ok(escapement_verify::Measurement::new().quantity("one", 1.0, 0.0))
    });
    let registry = Registry::new(vec![Synthetic { quick: 4, ..claim }.boxed()]).unwrap();
    let desk = TempDir::new().unwrap();
    let (journal, whole) = (desk.path().join("journal.jsonl"), desk.path().join("whole.jsonl"));
    run(&registry, &desk, &["verify", "--tier", "standard"]);
    fs::copy(&journal, &whole).unwrap();
    // The quick tier has the first 4 of 12 cells, the others all of them; 8 is the half of what they add.
    for (count, found) in [(4, Tier::Quick), (7, Tier::Quick), (9, Tier::Standard), (12, Tier::Standard)] {
        let cells = over_m(&toy::WIDTHS, 2);
        rewrite(&whole, &journal, |r| cells[..count].contains(&r.cell).then_some(r));
        assert_eq!(report(&registry, &desk, &[]).1.tier, found, "{count}");
    }
}

#[test]
fn the_sidecar_is_no_evidence_and_what_cannot_be_read_of_it_is_passed_over() {
    let (desk, journal) = measured();
    let whole = report(&toy::registry(), &desk, &[]).1;
    let sidecar = desk.path().join("journal.jsonl.meta.jsonl");
    let text = fs::read_to_string(&sidecar).unwrap();
    let (first, rest) = text.split_once('\n').unwrap();
    fs::write(&sidecar, format!("no JSON\n\n{{\"cell\":1}}\n{rest}{}", &first[..first.len() / 2])).unwrap();
    let part = report(&toy::registry(), &desk, &[]).1;
    let timed = |r: &Report| r.claims.iter().map(|c| c.cost.timed).sum::<usize>();
    assert_eq!((timed(&whole), timed(&part)), (42, 41));
    fs::remove_file(&sidecar).unwrap();
    let none = report(&toy::registry(), &desk, &[]).1;
    assert!(
        timed(&none) == 0
            && none.provenance.hosts.is_empty()
            && none.claims.iter().all(|c| c.cost.seconds.is_none())
    );
    let verdicts = |r: &Report| r.claims.iter().map(|c| c.verdict).collect::<Vec<_>>();
    assert!(verdicts(&none) == verdicts(&whole) && journal.exists());
}

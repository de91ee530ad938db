//! The files of a report: every field documented, every constant accounted for, tables that can be read
//! back.

use crate::toy;
use crate::verify::commands::run;
use escapement_cli::report::model::Report;
use escapement_verify::{Side, papers};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::process::Command;
use tempfile::TempDir;

/// A report on the toy claims, one of whose cells fails in a second registry.
fn toy_report() -> (TempDir, String) {
    let desk = TempDir::new().unwrap();
    let out = desk.path().join("out").display().to_string();
    run(&toy::registry(), &desk, &["report", "--measure", "--out", &out]);
    let json = fs::read_to_string(desk.path().join("out/report.json")).unwrap();
    (desk, json)
}

/// A claim of which a cell fails, refuted in its other cells.
fn failing_report() -> String {
    use crate::synthetic::{Synthetic, over_m};
    use escapement_verify::{Bound, Error, Measurement, Neighbour};
    let bound = Bound::inequality("b", "2 ≤ 1", "two", Side::Upper, "one", Neighbour::lhs("two", "itself"))
        .trivially("one");
    let claim = Synthetic::new("made-up", over_m(&toy::WIDTHS, 1), vec![bound], |c, _| match c.m() {
        100 => Err(Error::Core(escapement::Error::Width(7))),
        _ => Ok(Measurement::new()
            .quantity("one", 1.0, 0.0)
            .quantity("two", 2.0, 0.0)
            .hypothesis("m even", true, "")),
    });
    let desk = TempDir::new().unwrap();
    let out = desk.path().join("out").display().to_string();
    let registry = escapement_verify::Registry::new(vec![claim.boxed()]).unwrap();
    run(&registry, &desk, &["report", "--measure", "--out", &out]);
    fs::read_to_string(desk.path().join("out/report.json")).unwrap()
}

/// With --plots every bound that is no identity has a picture of its own, which holds its values, and again
/// the same bytes.
#[test]
fn bounds_are_drawn_in_files_of_their_own() {
    let (desk, json) = toy_report();
    let report: Report = serde_json::from_str(&json).unwrap();
    let out = desk.path().join("plots").display().to_string();
    let draw = || {
        run(&toy::registry(), &desk, &["report", "--plots", "--out", &out]);
        crate::process::files(&desk.path().join("plots/plots"))
    };
    let files = draw();
    let drawn: Vec<(&str, &str)> = report
        .claims
        .iter()
        .flat_map(|c| c.bounds.iter().map(move |b| (c.id.as_str(), b)))
        .filter(|(_, b)| b.verdict.kind != "identity" && b.series.iter().any(|s| s.decides))
        .filter(|(_, b)| b.series.iter().any(|s| !s.parameter.is_empty() && s.points.len() > 1))
        .map(|(claim, b)| (claim, b.verdict.name.as_str()))
        .collect();
    assert!(!drawn.is_empty() && files.len() == drawn.len(), "{:?} for {drawn:?}", files.keys());
    for (claim, bound) in drawn {
        let svg = String::from_utf8(files[&format!("{claim}.{bound}.svg")].clone()).unwrap();
        assert!(svg.starts_with("<svg") && svg.contains(&format!("{claim}: {bound}")), "{svg}");
        assert!(svg.contains("measured / right side") && svg.contains("control"), "{svg}");
    }
    assert_eq!(files, draw());
    assert!(!desk.path().join("out/plots").exists(), "nobody asked for pictures there");
}

/// Every object of a JSON value by the path of its fields, with its keys.
fn objects(value: &Value, path: &str, found: &mut BTreeMap<String, BTreeSet<String>>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                found.entry(path.to_owned()).or_default().insert(key.clone());
                objects(value, &format!("{path}{}{key}", if path.is_empty() { "" } else { "." }), found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| objects(item, &format!("{path}[]"), found)),
        _ => {}
    }
}

#[test]
fn every_field_of_report_json_is_documented_and_no_other() {
    let page = fs::read_to_string(crate::data::root().join("docs/report-schema.md")).unwrap();
    let page = page.split("\n# ").next().unwrap();
    // Sections by path, each with its fields and whether they may be absent.
    let mut documented: BTreeMap<String, BTreeMap<String, bool>> = BTreeMap::new();
    let mut here: Vec<String> = Vec::new();
    for line in page.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            here = if title == "The report" {
                vec![String::new()]
            } else {
                title.split('`').skip(1).step_by(2).map(str::to_owned).collect()
            };
        } else if let Some(row) = line.strip_prefix("| `") {
            let (key, rest) = row.split_once('`').unwrap();
            for path in &here {
                let absent = rest.contains("*absent*");
                documented.entry(path.clone()).or_default().insert(key.to_owned(), absent);
            }
        }
    }
    let mut found = BTreeMap::new();
    for json in [toy_report().1, failing_report()] {
        assert!(json.starts_with("{\"schema\":\"escapement-report/2\",") && json.ends_with("}\n"));
        objects(&serde_json::from_str(&json).unwrap(), "", &mut found);
    }
    // Its keys are verdicts.
    found.remove("counts");
    for (path, keys) in &found {
        for key in keys {
            assert!(
                documented.get(path).is_some_and(|d| d.contains_key(key)),
                "`{path}` lacks `{key}` in docs/report-schema.md"
            );
        }
    }
    for (path, keys) in &documented {
        for (key, absent) in keys {
            let seen = found.get(path).is_some_and(|f| f.contains(key));
            assert!(seen || *absent, "`{path}` documents `{key}`, which no report has");
        }
    }
}

#[test]
fn a_cell_that_failed_is_not_a_missing_one_and_a_refutation_stands() {
    let report: Report = serde_json::from_str(&failing_report()).unwrap();
    let (claim, cells) = (&report.claims[0], report.claims[0].cells);
    assert_eq!((cells.planned, cells.measured, cells.failed, cells.missing), (6, 5, 1, 0));
    assert_eq!(
        (claim.verdict, claim.failures.len(), claim.bounds[0].missing),
        (escapement_verify::Verdict::Refuted, 1, 0)
    );
    assert!(claim.failures[0].message.contains("the width m = 7"));
    let commit = report.provenance.commit.trim_end_matches('+');
    assert!(
        commit == "unknown" || (commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit())),
        "{commit}"
    );
    assert!(report.provenance.rustc.starts_with("rustc ") && report.provenance.lock_hash.len() == 32);
}

#[test]
fn a_report_is_read_back_as_it_was() {
    let (_, json) = toy_report();
    let report: Report = serde_json::from_str(&json).unwrap();
    assert_eq!(serde_json::to_string(&report).unwrap() + "\n", json);
    assert!(!json.contains("NaN") && !json.contains("inf\""));
}

/// The implied constant of every kind of bound is the extreme ratio of the points that decide, and its error
/// bound is theirs.
#[test]
fn constants_are_the_extremes_of_the_points_that_decide() {
    let report: Report = serde_json::from_str(&toy_report().1).unwrap();
    let mut seen = BTreeSet::new();
    for bound in report.claims.iter().flat_map(|c| &c.bounds) {
        let deciding = bound.series.iter().filter(|s| s.decides);
        let points: Vec<_> = deciding.flat_map(|s| &s.points).filter(|p| p.decides).collect();
        assert!(!points.is_empty(), "{}", bound.verdict.name);
        let ratios = points
            .iter()
            .map(|p| if bound.verdict.kind == "probability" { p.lhs } else { p.ratio().unwrap() });
        let extreme = if bound.verdict.kind == "probability" {
            ratios.fold(f64::INFINITY, f64::min)
        } else {
            ratios.fold(0.0, f64::max)
        };
        if let Some(c) = bound.verdict.implied_constant {
            assert!((c - extreme).abs() <= 1e-14 * c, "{}: {c} {extreme}", bound.verdict.name);
            seen.insert(bound.verdict.kind.clone());
        }
        if let Some(e) = bound.constant_error {
            let largest = points.iter().filter_map(|p| p.ratio_error()).fold(0.0, f64::max);
            assert!(e > 0.0 && e <= 1.0001 * largest, "{}: {e} {largest}", bound.verdict.name);
        }
        // The controls stand on the same axes: on cells that the bound speaks of, and refuted there.
        assert!(
            bound
                .series
                .iter()
                .all(|s| !s.controls.is_empty() && s.controls.iter().all(|c| !c.points.is_empty()))
        );
    }
    assert_eq!(
        seen.iter().map(String::as_str).collect::<Vec<_>>(),
        ["asymptotic", "growth", "inequality", "probability"]
    );
}

/// The line of a growth is the fit that its exponent came from, and its control has the planted slope.
#[test]
fn fits_and_controls_have_the_slopes_of_the_verdict() {
    let report: Report = serde_json::from_str(&toy_report().1).unwrap();
    let slope = |points: &[escapement_verify::judge::series::Point]| {
        let points: Vec<_> = points
            .iter()
            .filter(|p| p.decides)
            .map(|p| escapement_verify::judge::line::Point {
                x: p.x.ln(),
                y: p.ratio().unwrap().ln(),
                error: 0.0,
            })
            .collect();
        escapement_verify::judge::line::Line::fit(
            &points,
            escapement_verify::judge::line::Scatter::OfClusters,
        )
        .unwrap()
        .slope
    };
    let rate = &report.claims[1].bounds[0];
    let (series, exponent) = (&rate.series[0], &rate.verdict.exponents[0]);
    let fit = series.fit.unwrap();
    assert_eq!(
        (series.points.len(), series.points.iter().filter(|p| p.decides).count()),
        (24, 12),
        "the larger of two n is fitted"
    );
    assert!(
        (slope(&series.points) - fit.slope).abs() < 1e-12
            && (fit.slope - exponent.ratio.value).abs() < 1e-12
    );
    assert!((slope(&series.controls[0].points) - 0.5).abs() < 1e-9);
    let (low, high) = fit.band(100.0);
    assert!(
        low <= fit.at(100.0) && fit.at(100.0) <= high && fit.band(fit.center).0 == fit.band(fit.center).1
    );
    // The square of d has its onset and the last local exponent.
    let square = &report.claims[1].bounds[1];
    let fit = square.series[0].fit.unwrap();
    assert!((fit.slope + 2.0 - square.verdict.exponents[0].lhs.value).abs() < 1e-12);
    let last = square.series[0].points.last().unwrap();
    assert!((fit.at(last.x) - last.ratio().unwrap()).abs() < 1e-12);
    assert_eq!(square.series[0].controls.len(), 2);
}

#[test]
fn the_tables_hold_every_bound() {
    let (desk, json) = toy_report();
    let report: Report = serde_json::from_str(&json).unwrap();
    let bounds: Vec<&str> =
        report.claims.iter().flat_map(|c| &c.bounds).map(|b| b.verdict.name.as_str()).collect();
    let read = |name: &str| fs::read_to_string(desk.path().join("out").join(name)).unwrap();
    let (markdown, latex, rows) = (read("report.md"), read("bounds.tex"), read("bounds.csv"));
    let mut table = csv::Reader::from_reader(rows.as_bytes());
    let head = table.headers().unwrap().clone();
    let column = |name: &str| head.iter().position(|h| h == name).unwrap();
    let records: Vec<_> = table.records().map(Result::unwrap).collect();
    for bound in &bounds {
        assert!(
            markdown.contains(&format!("| {bound}: ")) && latex.contains(&format!("& {bound} & ")),
            "{bound}"
        );
        let row = records.iter().find(|r| &r[column("bound")] == *bound).unwrap();
        assert_eq!(&row[column("records")], "measured");
    }
    assert_eq!(records.len(), bounds.len());
    let at_most = &records[0];
    let number = |name: &str| at_most[column(name)].parse::<f64>().unwrap();
    assert!(
        number("constant_error") > 0.0
            && number("constant_error") < 1e-11
            && number("worst_lhs_error") > 0.0
    );
    assert!(markdown.contains("measured, 12 of 12 cells") && markdown.contains(" ± "));
}

/// What LaTeX would refuse: letters beyond ASCII, an environment or a brace left open, a bare special
/// character, rows of unequal length.
fn check_latex(text: &str) {
    assert!(text.is_ascii(), "{:?}", text.chars().find(|c| !c.is_ascii()));
    assert!(!text.contains("U+"), "a symbol without a command: {}", &text[text.find("U+").unwrap()..][..8]);
    let mut open: Vec<&str> = Vec::new();
    let mut depth = 0;
    let (mut columns, mut rows) = (0, 0);
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("\\begin{") {
            open.push(name.split('}').next().unwrap());
            columns = 0;
        }
        if let Some(name) = line.strip_prefix("\\end{") {
            assert_eq!(open.pop(), name.split('}').next());
        }
        let mut escaped = false;
        let mut cells = 1;
        for c in line.chars() {
            if !escaped {
                depth += i32::from(c == '{') - i32::from(c == '}');
                cells += i32::from(c == '&');
                assert!(
                    depth >= 0 && !"$#^_~".contains(c)
                        || line.starts_with("\\newcolumntype")
                        || line.contains("{}^"),
                    "{c} in {line}"
                );
            }
            escaped = c == '\\' && !escaped;
        }
        if line.ends_with("\\\\") {
            assert!(columns == 0 || columns == cells, "{line}");
            columns = cells;
            rows += 1;
        }
    }
    assert!(open.is_empty() && depth == 0 && rows > 3, "{open:?} {depth}");
}

#[test]
fn the_latex_tables_are_whole_and_hold_no_bare_character() {
    check_latex(&fs::read_to_string(toy_report().0.path().join("out/bounds.tex")).unwrap());
    // Every statement of the paper's claims, from a journal without records; and two of these claims that
    // take no time to measure.
    let desk = TempDir::new().unwrap();
    fs::write(desk.path().join("journal.jsonl"), "").unwrap();
    let out = desk.path().join("out").display().to_string();
    let registry = papers::standard().unwrap();
    let report = |words: &[&str]| {
        run(&registry, &desk, &[&["report", "--out", &out], words].concat());
        let text = fs::read_to_string(desk.path().join("out/bounds.tex")).unwrap();
        check_latex(&text);
        text
    };
    let text = report(&[]);
    assert!(text.contains("\\lesssim") && text.contains("\\textsuperscript{"));
    assert!(report(&["assumption-2", "assumption-3", "--measure"]).contains("& scales &"));
}

/// A text with these words in it, compiled in `folder`: whether LaTeX came through, and what it said. None
/// where there is no LaTeX.
fn compiled(folder: &std::path::Path, words: &str) -> Option<(bool, String)> {
    let text = format!(
        "\\documentclass{{article}}\n\\input{{verdicts}}\n\\begin{{document}}\n{words}, by \
         \\escapementsource.\n\\end{{document}}\n"
    );
    fs::write(folder.join("text.tex"), text).unwrap();
    let latex = Command::new("pdflatex").args(["-halt-on-error", "text.tex"]).current_dir(folder).output();
    let out = latex.map_err(|_| eprintln!("skipped: there is no pdflatex")).ok()?;
    Some((out.status.success(), String::from_utf8_lossy(&out.stdout).replace('\n', "")))
}

#[test]
fn a_verdict_is_a_macro_of_latex_and_an_unknown_one_an_error() {
    let (desk, json) = toy_report();
    let report: Report = serde_json::from_str(&json).unwrap();
    let folder = desk.path().join("out");
    let text = fs::read_to_string(folder.join("verdicts.tex")).unwrap();
    assert!(
        text.is_ascii() && text.matches("\\providecommand*{\\escapementverdict}").count() == 1,
        "{text}"
    );
    for claim in &report.claims {
        let start = format!("\\expandafter\\def\\csname escapement:made-up/{}\\endcsname{{", claim.id);
        let line = text.lines().find(|l| l.starts_with(&start)).unwrap();
        let verdict = line.strip_prefix(&start).and_then(|rest| rest.strip_suffix('}')).unwrap();
        assert!(verdict.starts_with(claim.verdict.name()), "{verdict}");
    }
    // What gave them, in full: a text that quotes a verdict quotes the rest by one more macro.
    let source = text.lines().find(|l| l.starts_with("\\def\\escapementsource{")).unwrap();
    let commit: String = report.provenance.commit.chars().take(12).collect();
    for part in [commit.as_str(), "quick tier", "root seed 2206"] {
        assert!(source.contains(part), "{source}");
    }
    assert!(text.contains("\\errmessage{escapement: there is no verdict on"), "{text}");
    let Some((well, said)) =
        compiled(&folder, r"\typeout{<\escapementverdict{made-up/upon}>}\escapementverdict{made-up/upon}")
    else {
        return;
    };
    assert!(well && said.contains("<scales: exponent of m "), "{said}");
    let (well, said) = compiled(&folder, r"\escapementverdict{made-up/nothing}").unwrap();
    assert!(!well && said.contains("there is no verdict on 'made-up/nothing'"), "{said}");
}

/// Takes what is written piece by piece, up to a number of bytes.
struct Pieces {
    bytes: Vec<u8>,
    longest: usize,
    room: usize,
}

impl Write for Pieces {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + piece.len() > self.room {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.longest = self.longest.max(piece.len());
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn report_json_is_written_in_pieces_and_has_the_bytes_of_the_whole() {
    let (_, json) = toy_report();
    let report: Report = serde_json::from_str(&json).unwrap();
    let whole = [serde_json::to_vec(&report).unwrap(), b"\n".to_vec()].concat();
    let mut out = Pieces { bytes: Vec::new(), longest: 0, room: usize::MAX };
    report.write_json(&mut out).unwrap();
    assert_eq!(out.bytes, whole);
    assert_eq!(json.as_bytes(), whole);
    // No piece is longer than the longest string of the report, whatever the number of records.
    assert!(out.longest < 2_000 && 10 * out.longest < whole.len(), "{} of {}", out.longest, whole.len());
    // More records make more pieces, and none that is longer.
    let mut more = report.clone();
    for claim in &mut more.claims {
        claim.records = (0..1_000).flat_map(|_| claim.records.clone()).collect();
    }
    let mut longer = Pieces { bytes: Vec::new(), longest: 0, room: usize::MAX };
    more.write_json(&mut longer).unwrap();
    assert!(longer.bytes.len() > 10 * whole.len());
    assert_eq!(longer.longest, out.longest);
    // A full disk is reported as what it is.
    let mut full = Pieces { bytes: Vec::new(), longest: 0, room: whole.len() / 2 };
    assert_eq!(report.write_json(&mut full).unwrap_err().kind(), io::ErrorKind::StorageFull);
}

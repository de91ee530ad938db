//! `verify`, `list`, `explain` and `report`: what they print, what they leave on disk, how they exit.

use crate::synthetic::{Synthetic, noise, over_m};
use crate::toy;
use clap::Parser;
use escapement_cli::terminal::exit;
use escapement_cli::verify;
use escapement_verify::{
    Bound, Cell, ErratumId, Measurement, Neighbour, Parameter, Registry, Result, Sweep,
};
use serde_json::Value;
use std::fs;
use std::io::Write;
use tempfile::TempDir;

const WIDTHS: [usize; 6] = [100, 200, 400, 800, 1600, 3200];

/// The command line of a crate with claims of its own.
#[derive(Parser)]
#[command(name = "escapement")]
pub struct Line {
    #[command(subcommand)]
    pub command: verify::Command,
}

impl Line {
    /// Exit code (2 for an error), standard output, error.
    pub fn run(self, registry: &Registry) -> (u8, String, String) {
        let mut out = Vec::new();
        match self.command.run(registry, &mut out) {
            Ok(code) => (code, String::from_utf8(out).unwrap(), String::new()),
            Err(e) => (exit::BAD_INPUT, String::from_utf8(out).unwrap(), e.to_string()),
        }
    }
}

/// Exit code (2 for an error), standard output, error.
pub fn run(registry: &Registry, desk: &TempDir, arguments: &[&str]) -> (u8, String, String) {
    let journal = desk.path().join("journal.jsonl").display().to_string();
    let mut words = vec!["escapement"];
    words.extend(arguments);
    let measures = ["verify", "report", "list"].contains(&arguments[0]) && !arguments.contains(&"--journal");
    if measures {
        words.extend(["--journal", &journal]);
    }
    let line = Line::try_parse_from(words).unwrap_or_else(|e| panic!("{e}"));
    line.run(registry)
}

/// What `--help` prints.
pub fn help(command: &str) -> String {
    let shown = Line::try_parse_from(["escapement", command, "--help"]).err();
    shown.map(|e| e.to_string()).unwrap_or_default()
}

fn measure(slope: f64, scatter: f64) -> impl Fn(&Cell, u64) -> Result<Measurement> + Send + Sync + 'static {
    move |c, seed| {
        let lhs = (c.m() as f64).powf(slope) * (scatter * noise(c, seed, "scatter")).exp();
        Ok(Measurement::new()
            .quantity("lhs", lhs, 0.0)
            .quantity("rhs", 1.0, 0.0)
            .quantity("one", 1.0, 0.0)
            .quantity("two", 2.0, 0.0)
            .hypothesis("m even", true, ""))
    }
}

/// A registry of one claim with a growth of the given slope and scatter, and a printed identity that fails.
fn registry(slope: f64, scatter: f64) -> Registry {
    let growth = Bound::growth("rate", "lhs ≲ 1", "lhs", "rhs", Sweep::upper(Parameter::M, |_| 0.0));
    let same = Bound::identity("same", "1 = 1", "rhs", "one", Neighbour::rhs("two", "2 in place of 1"));
    let printed = Bound::identity("as-printed", "1 = 2", "rhs", "two", Neighbour::lhs("one", "1"))
        .printed(ErratumId(3));
    let claim =
        Synthetic::new("made-up", over_m(&WIDTHS, 3), vec![growth, same, printed], measure(slope, scatter));
    Registry::new(vec![claim.boxed()]).unwrap()
}

#[test]
fn the_exit_code_says_what_came_out() {
    for (slope, scatter, code, verdict) in [
        (0.0, 0.05, exit::HOLDS, "scales"),
        (0.5, 0.05, exit::REFUTED, "refuted"),
        (0.0, 6.0, exit::INCONCLUSIVE, "inconclusive"),
    ] {
        let desk = TempDir::new().unwrap();
        let (got, out, _) = run(&registry(slope, scatter), &desk, &["verify", "--json"]);
        assert_eq!(got, code, "{out}");
        let json: Value = serde_json::from_str(&out).unwrap();
        let claim = &json[0];
        assert_eq!((&claim["claim"], &claim["verdict"]), (&"made-up".into(), &verdict.into()));
        // The refutation of the printed wording is shown and does not count.
        assert_eq!(claim["as_printed"], serde_json::json!({"verdict": "refuted", "erratum": 3}));
        let names: Vec<_> =
            claim["bounds"].as_array().unwrap().iter().map(|b| b["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["rate", "same", "as-printed"]);
        // The table says the same.
        let (again, table, _) =
            run(&registry(slope, scatter), &desk, &["verify", "made-up", "--jobs", "1", "--details"]);
        assert_eq!(again, code);
        assert!(
            table.contains(&format!("\nmade-up              {verdict} "))
                && table.contains("evidence")
                && table.contains("erratum 3"),
            "{table}"
        );
        // The cell that refutes comes with its command: one for the printed wording, one more for the
        // growth.
        let commands =
            table.matches("again: escapement verify made-up --tier quick --seed 2206 --cell").count();
        assert_eq!(commands, 1 + usize::from(code == exit::REFUTED), "{table}");
    }
}

#[test]
fn bad_input_is_one_sentence_and_leaves_nothing() {
    let desk = TempDir::new().unwrap();
    let registry = registry(0.0, 0.05);
    let file = desk.path().join("file");
    fs::write(&file, "in the way").unwrap();
    let blocked = file.join("report").display().to_string();
    let blocked_journal = file.join("j.jsonl").display().to_string();
    let file = file.display().to_string();
    let cases: [(&[&str], &str); 8] = [
        (&["verify", "made-upp"], "unknown claim 'made-upp'; did you mean 'made-up'?"),
        (&["explain", "x"], "unknown claim 'x'; the claims are made-up"),
        (
            &["verify", "--cell", "made-up,m=1"],
            "unknown cell 'made-up,m=1' in the quick tier; did you mean 'made-up,",
        ),
        (&["explain", "MADE-UP"], "unknown claim 'MADE-UP'; did you mean 'made-up'?"),
        (&["report", "--out", &blocked], "file is not a folder"),
        (&["report", "--out", &file], "file is not a folder"),
        (&["verify", "--journal", &blocked_journal], "cannot create the folder"),
        (&["verify", "--jobs", "0", "--fresh", "nothing"], "unknown claim 'nothing'"),
    ];
    for (arguments, sentence) in cases {
        let (code, out, error) = run(&registry, &desk, arguments);
        assert_eq!((code, out.as_str()), (exit::BAD_INPUT, ""), "{arguments:?}");
        assert!(error.contains(sentence) && !error.contains('\n'), "{arguments:?}: {error}");
    }
    let names: Vec<_> =
        fs::read_dir(desk.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.iter().all(|n| n == "file" || n.starts_with("journal.")), "{names:?}");
    assert!(
        Line::try_parse_from(["escapement", "verify", "--tier", "huge"]).is_err_and(|e| e.exit_code() == 2)
    );
}

#[test]
fn a_damaged_and_a_busy_journal_are_named() {
    let desk = TempDir::new().unwrap();
    let registry = registry(0.0, 0.05);
    let path = desk.path().join("journal.jsonl");
    run(&registry, &desk, &["verify"]);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"cell\"", "\"bell\"", 1)).unwrap();
    let (code, _, error) = run(&registry, &desk, &["verify"]);
    assert!(code == exit::BAD_INPUT && error.contains("journal.jsonl:1 is damaged"), "{error}");
    assert_eq!(run(&registry, &desk, &["verify", "--fresh"]).0, exit::HOLDS);
    let _held = escapement_verify::run::journal::Journal::open(&path, false).unwrap();
    let (code, _, error) = run(&registry, &desk, &["verify"]);
    assert!(code == exit::BAD_INPUT && error.contains("another process holds"), "{error}");
}

#[test]
fn plan_prints_cells_time_and_memory_and_measures_nothing() {
    let desk = TempDir::new().unwrap();
    let (code, out, _) = run(&registry(0.0, 0.05), &desk, &["verify", "--plan", "--jobs", "2"]);
    assert_eq!((code, out.lines().count()), (exit::HOLDS, 19));
    assert!(
        out.contains("made-up,d=10,m=3200,replicate=2")
            && out.lines().last().unwrap().contains("18 cells of the quick tier"),
        "{out}"
    );
    let (_, out, _) = run(&registry(0.0, 0.05), &desk, &["verify", "--plan", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap().as_array().unwrap().len(), 18);
    assert!(fs::read_dir(desk.path()).unwrap().next().is_none(), "no journal is begun");
}

#[test]
fn the_command_that_measures_a_cell_again_gives_its_record() {
    let desk = TempDir::new().unwrap();
    let registry = registry(0.5, 0.05);
    let (_, out, _) = run(&registry, &desk, &["verify", "--json"]);
    let json: Value = serde_json::from_str(&out).unwrap();
    let worst = &json[0]["bounds"][0]["worst"];
    let words: Vec<&str> = worst["command"].as_str().unwrap().split(' ').skip(1).collect();
    let (code, out, _) = run(&registry, &desk, &words);
    assert_eq!(code, exit::HOLDS);
    let record: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(record["measurement"]["quantities"]["lhs"], worst["lhs"]);
}

#[test]
fn a_cell_of_another_claim_is_told_from_one_that_is_unknown() {
    let claim = |id| Synthetic::new(id, vec![Cell::new(id, "only")], vec![], measure(0.0, 0.05)).boxed();
    let registry = Registry::new(vec![claim("one"), claim("two")]).unwrap();
    let desk = TempDir::new().unwrap();
    let key = Cell::new("two", "only").key();
    let (code, _, error) = run(&registry, &desk, &["verify", "one", "--cell", &key]);
    assert!(code == exit::BAD_INPUT && error.contains("belongs to the claim two"), "{error}");
    assert_eq!(run(&registry, &desk, &["verify", "two", "--cell", &key]).0, exit::HOLDS);
}

/// A cell of another tier, and one of no tier that has the parameters of a planned one; of the latter the
/// key alone says what it is.
#[test]
fn any_cell_that_a_claim_could_have_planned_is_measured() {
    let same = Bound::identity("same", "1 = 1", "rhs", "one", Neighbour::rhs("two", "2 in place of 1"));
    let claim = Synthetic::new("made-up", over_m(&WIDTHS, 2), vec![same], measure(0.0, 0.0));
    let registry = Registry::new(vec![Synthetic { quick: 2, ..claim }.boxed()]).unwrap();
    let key = Cell::new("made-up", "").with(Parameter::D, 10).with(Parameter::M, 200).replicate(1).key();
    let desk = TempDir::new().unwrap();
    for (tier, key) in [("quick", &*key), ("standard", &key), ("quick", "made-up,d=7,m=1234,replicate=99")] {
        let (code, out, error) = run(&registry, &desk, &["verify", "--tier", tier, "--cell", key]);
        assert_eq!(code, exit::HOLDS, "{error}");
        let record: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert!(record["quantities"]["one"]["value"] == 1.0 || out.contains("\"one\""), "{out}");
    }
    for key in ["made-up,d=7,m=1234", "made-up,d=7,m=1234,n=3,replicate=0", "made-up/x,d=7,m=12,replicate=0"]
    {
        let (code, _, error) = run(&registry, &desk, &["verify", "--cell", key]);
        assert!(code == exit::BAD_INPUT && error.contains("did you mean"), "{error}");
    }
}

#[test]
fn list_and_explain_say_what_a_claim_is() {
    let desk = TempDir::new().unwrap();
    let registry = registry(0.0, 0.05);
    // The journal is named, and is not there.
    let (code, out, error) = run(&registry, &desk, &["list"]);
    assert!(code == exit::BAD_INPUT && out.is_empty() && error.contains("there is no journal"), "{error}");
    assert_eq!(fs::read_dir(desk.path()).unwrap().count(), 0, "listing writes nothing");
    run(&registry, &desk, &["verify"]);
    assert_eq!(run(&registry, &desk, &["list"]).1, "made-up  scales  a made-up claim (nowhere)\n");
    // Another seed was not measured, and a journal of which a cell is missing has no verdict.
    assert_eq!(run(&registry, &desk, &["list", "--seed", "7"]).1, "made-up  -  a made-up claim (nowhere)\n");
    let journal = desk.path().join("journal.jsonl");
    let whole = fs::read_to_string(&journal).unwrap();
    let first = whole.lines().next().unwrap().to_owned() + "\n";
    fs::write(&journal, whole.replacen(&first, "", 1)).unwrap();
    assert_eq!(run(&registry, &desk, &["list"]).1, "made-up  17 of 18  a made-up claim (nowhere)\n");
    let (_, out, _) = run(&registry, &desk, &["list", "--json"]);
    let row = &serde_json::from_str::<Value>(&out).unwrap()[0];
    assert_eq!(row["bounds"], serde_json::json!(["rate", "same", "as-printed"]));
    assert_eq!((&row["verdict"], &row["measured"], &row["cells"]), (&Value::Null, &17.into(), &18.into()));
    // A journal in use can be read; a damaged one is an error.
    let held = escapement_verify::run::journal::Journal::open(&journal, false).unwrap();
    assert_eq!(run(&registry, &desk, &["list"]).0, 0);
    drop(held);
    fs::write(&journal, whole.replacen("\"cell\"", "\"bell\"", 1)).unwrap();
    let (code, _, error) = run(&registry, &desk, &["list"]);
    assert!(code == exit::BAD_INPUT && error.contains("journal.jsonl:1 is damaged"), "{error}");
    let (code, out, _) = run(&registry, &desk, &["explain", "made-up"]);
    assert_eq!(code, 0);
    for words in [
        "lhs ≲ m^{−1/2}",
        "m even",
        "by construction",
        "a slope above ¼",
        "must fail: 2 in place of 1",
        "as printed, erratum 3",
    ] {
        assert!(out.contains(words), "{words}: {out}");
    }
}

#[test]
fn the_report_holds_every_bound_and_the_errata() {
    let desk = TempDir::new().unwrap();
    let out_dir = desk.path().join("a/b");
    let words = ["report", "--measure", "--out", &out_dir.display().to_string()];
    let (code, out, _) = run(&registry(0.0, 0.05), &desk, &words);
    assert_eq!((code, out.lines().count()), (exit::HOLDS, 6));
    let page = fs::read_to_string(out_dir.join("report.md")).unwrap();
    for words in [
        "## made-up",
        "| rate: lhs ≲ 1 | growth | paper | scales |",
        "## Errata",
        "Equation (6)",
        "evidence at these sizes, not proof",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let entries =
        page.lines().filter(|l| l.split('|').nth(1).is_some_and(|c| c.trim().parse::<u8>().is_ok())).count();
    assert_eq!(entries, 13);
    let mut rows = csv::Reader::from_path(out_dir.join("bounds.csv")).unwrap();
    let verdicts: Vec<String> = rows.records().map(|r| r.unwrap()[5].to_owned()).collect();
    assert_eq!(verdicts, ["scales", "exact", "refuted"]);
    let names: Vec<_> = fs::read_dir(&out_dir).unwrap().collect();
    assert_eq!(names.len(), 6, "no temporary file stays");
}

/// A reader that has left.
struct Gone;

impl Write for Gone {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::BrokenPipe.into())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let line = Line::try_parse_from(["escapement", "list"]).unwrap();
    assert_eq!(line.command.run(&registry(0.0, 0.05), &mut Gone).unwrap(), exit::HOLDS);
}

/// A registry whose cells take a while.
fn slow() -> Registry {
    let slowly = |c: &Cell, seed: u64| {
        std::thread::sleep(std::time::Duration::from_millis(40));
        measure(0.0, 0.05)(c, seed)
    };
    let bound = Bound::growth("rate", "lhs ≲ 1", "lhs", "rhs", Sweep::upper(Parameter::M, |_| 0.0));
    Registry::new(vec![Synthetic::new("made-up", over_m(&WIDTHS, 6), vec![bound], slowly).boxed()]).unwrap()
}

/// The process that the next test interrupts.
#[test]
#[ignore = "runs in a process of its own, started by an_interrupted_run_says_so_and_resumes"]
fn a_slow_run() {
    let Ok(words) = std::env::var("ESCAPEMENT_TEST_WORDS") else { return };
    let line = Line::try_parse_from(["escapement"].into_iter().chain(words.split(' '))).unwrap();
    let code = line.command.run(&slow(), &mut std::io::sink()).unwrap();
    std::process::exit(i32::from(code));
}

/// What a run of [`slow`] says when it is interrupted after some cells.
#[cfg(unix)]
fn interrupted(words: &str, journal: &std::path::Path) -> String {
    use std::process::{Command, Stdio};
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "verify::commands::a_slow_run", "--ignored", "--nocapture"])
        .env("ESCAPEMENT_TEST_WORDS", words)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while fs::read_to_string(journal).unwrap_or_default().lines().count() < 3 {
        assert!(child.try_wait().unwrap().is_none(), "it ended before three cells: {words}");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let out = child.wait_with_output().unwrap();
    assert_eq!(out.status.code(), Some(i32::from(exit::INTERRUPTED)));
    String::from_utf8(out.stderr).unwrap()
}

/// The claim has its own constant, the one below it another, and their quotient is what the step between
/// them brings; a ground that is twice as loose brings twice as much.
#[test]
fn a_constant_is_followed_through_the_graph() {
    let desk = TempDir::new().unwrap();
    let (registry, journal) = (toy::registry(), desk.path().join("journal.jsonl"));
    run(&registry, &desk, &["verify"]);
    let of = |journal: &std::path::Path| -> Vec<f64> {
        let words = ["explain", "upon", "--constant", "--journal", journal.to_str().unwrap()];
        let (code, out, error) = run(&registry, &desk, &words);
        assert_eq!((code, error.as_str()), (exit::HOLDS, ""));
        let (rows, end) = out.split_once("\n\n").unwrap();
        let constant = |name: &str| {
            let row = rows.lines().find(|row| row.trim_start().starts_with(name)).unwrap();
            row.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap()
        };
        assert!(rows.contains("\n  ground ") && end.contains("at the quick tier"), "{out}");
        let said = end.split_whitespace().filter_map(|word| word.trim_end_matches(['.', ';']).parse().ok());
        [constant("upon"), constant("ground")].into_iter().chain(said).collect()
    };
    let [own, below, own_again, below_again, left] = of(&journal)[..] else { panic!() };
    assert_eq!((own, below), (own_again, below_again));
    // At n = 16 the error is n^-0.1 of the rate, up to its noise; the ground is half as large as its bound.
    assert!(
        (own / 16.0_f64.powf(-0.1) - 1.0).abs() < 0.1 && (below / 0.5 - 1.0).abs() < 0.2,
        "{own} {below}"
    );
    assert!((left * below / own - 1.0).abs() < 2e-3, "{own} {below} {left}");
    let looser = desk.path().join("looser.jsonl");
    toy::rewrite(&journal, &looser, |record| match record.cell.claim.as_str() {
        "ground" => toy::scaled(record, "lhs", 2.0),
        _ => Some(record),
    });
    let [_, twice, .., less] = of(&looser)[..] else { panic!() };
    assert!((twice / below - 2.0).abs() < 4e-3 && (less / left - 0.5).abs() < 2e-3, "{twice} {less}");
    let none = ["explain", "upon", "--constant", "--journal", "none.jsonl"];
    assert!(run(&registry, &desk, &none).2.contains("there is no journal none.jsonl"));
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_says_so_and_resumes() {
    let desk = TempDir::new().unwrap();
    let (cut, whole) = (desk.path().join("cut.jsonl"), desk.path().join("whole.jsonl"));
    let lines = || fs::read_to_string(&cut).unwrap_or_default().lines().count();
    let said = interrupted(&format!("verify --jobs 2 --journal {}", cut.display()), &cut);
    assert!(said.contains("and the same command resumes there"), "{said}");
    let kept = lines();
    assert!((3..36).contains(&kept), "{kept}");
    for path in [&cut, &whole] {
        let words = ["verify", "--jobs", "8", "--journal", path.to_str().unwrap()];
        assert_eq!(run(&slow(), &desk, &words).0, exit::HOLDS);
    }
    assert_eq!(fs::read(&cut).unwrap(), fs::read(&whole).unwrap());
    let again = fs::read_to_string(desk.path().join("cut.jsonl.meta.jsonl")).unwrap().lines().count();
    assert_eq!(again, 36, "no cell is measured twice");
}

#[cfg(unix)]
#[test]
fn what_resumes_an_interrupted_run_is_said_in_full() {
    let desk = TempDir::new().unwrap();
    let (fresh, shown) = (desk.path().join("fresh.jsonl"), desk.path().join("shown.jsonl"));
    // The same command would empty the journal.
    let said = interrupted(&format!("verify --fresh --jobs 2 --journal {}", fresh.display()), &fresh);
    assert!(said.contains("and the same command without --fresh resumes there"), "{said}");
    // A command in full, because tier and seed may have been chosen by what the journal held.
    let out = desk.path().join("out");
    let said = interrupted(
        &format!("report made-up --measure --jobs 2 --journal {} --out {}", shown.display(), out.display()),
        &shown,
    );
    let (shown, out) = (shown.display(), out.display());
    let command =
        format!("escapement report made-up --journal {shown} --tier quick --seed 2206 --out {out}")
            + " --measure";
    assert!(said.contains(&format!("and {command} resumes there")), "{said}");
}

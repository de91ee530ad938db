//! What is said beside results: `--quiet`, `-v`, colours, completions and the manual.

use crate::process::Desk;
use std::process::Command;

const VERIFY: [&str; 4] = ["verify", "assumption-2", "--journal", "j.jsonl"];

/// The words of a command, and more of them.
fn with<'a>(words: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [words, more].concat()
}

#[test]
fn quiet_says_nothing_but_errors_and_prints_the_same() {
    let (desk, other) = (Desk::new(), Desk::new());
    let plain = desk.run(&VERIFY);
    let quiet = other.run(&with(&VERIFY, &["--quiet"]));
    let told: Vec<&str> = plain.stderr.lines().collect();
    assert_eq!((plain.code, told.len()), (Some(0), 2), "{told:?}");
    assert_eq!(told[0], "escapement: note: there is no journal j.jsonl yet: it is begun");
    assert!(told[1].starts_with("escapement: note: ") && told[1].contains(" cells, about "), "{told:?}");
    // It is there now.
    assert_eq!(desk.run(&VERIFY).stderr.lines().count(), 1);
    assert_eq!((quiet.code, quiet.stderr.as_str()), (Some(0), ""));
    assert_eq!(quiet.stdout, plain.stdout);
    // Elsewhere too, before or after the subcommand; and an error is said in any case.
    assert_eq!(desk.run(&["-q", "list"]).stderr, "");
    assert_ne!(desk.run(&["list"]).stderr, "");
    desk.refused(&["verify", "assumption-22", "-q"], &["unknown claim"]);
    desk.refused(&["verify", "-q", "-v"], &["cannot be used with"]);
    // Last in every help, under one heading.
    for command in [
        &["--help"][..],
        &["verify", "--help"],
        &["graph", "--help"],
        &["train", "--help"],
        &["experiment", "figure-1", "--help"],
    ] {
        let help = desk.run(command).stdout;
        let at = |words: &str| help.find(words).unwrap_or_else(|| panic!("{words}: {help}"));
        assert!(
            at("Options:") < at("Output:")
                && at("Output:") < at("--quiet")
                && at("--quiet") < at("--verbose"),
            "{help}"
        );
        assert_eq!(help.matches("--quiet").count(), 1);
    }
    assert_eq!(desk.run(&["help", "--help"]).stdout, desk.run(&["help"]).stdout);
    desk.refused(
        &["verify", "--seed", "x"],
        &["'x' for '--seed <SEED>': a whole number of at least 0 is allowed"],
    );
}

#[test]
fn nothing_that_is_not_a_terminal_gets_colours_or_bars() {
    let desk = Desk::new();
    for more in [&[][..], &["--details"], &["-v"]] {
        let out = desk
            .command()
            .args(with(&VERIFY, more))
            .env("CLICOLOR_FORCE", "1")
            .env("TERM", "xterm")
            .output()
            .unwrap();
        for bytes in [out.stdout, out.stderr] {
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains(['\u{1b}', '\r']), "{text}");
        }
    }
}

#[test]
fn verbose_says_what_each_solver_did_and_prints_the_same() {
    let desk = Desk::new();
    let plain = desk.run(&VERIFY);
    let traced = desk.run(&with(&VERIFY, &["--fresh", "-v"]));
    assert_eq!(traced.stdout, plain.stdout);
    let cells = traced.stderr.lines().filter(|l| l.contains("the cell is measured")).count();
    assert!(cells > 0 && traced.stderr.contains("cell{key=assumption-2"), "{}", traced.stderr);
    assert!(traced.stderr.starts_with(&format!("escapement: note: {cells} cells")), "{}", traced.stderr);

    let spectrum = ["spectrum", "--d", "5", "--m", "60", "--top", "6", "--tolerance", "1e-9"];
    let said = |more: &[&str]| desk.run(&with(&spectrum, more)).stderr;
    assert_eq!(said(&[]), "");
    let once = said(&["--route", "dense", "-v"]);
    assert!(once.contains("the route to the spectrum of Σ") && once.contains("route=dense"), "{once}");
    assert!(once.contains("certified=") && !once.contains("DEBUG"), "{once}");
    // A share of the cells says all that they say.
    let claim = ["verify", "spectrum", "--shard", "1/12", "--journal", "s.jsonl", "-vv"];
    let told = desk.run(&claim).stderr;
    let inside = |words: &str| told.lines().any(|l| l.contains("cell{key=spectrum/") && l.contains(words));
    assert!(inside("a dense eigendecomposition") && inside("largest="), "{told}");
    assert!(told.lines().all(|l| l.chars().count() < 240), "{told}");
    let twice = said(&["--route", "operator", "-vv"]);
    assert!(twice.contains("a Rayleigh–Ritz step") && twice.contains("residual="), "{twice}");
}

#[test]
fn completions_are_scripts_that_know_every_subcommand() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let out = desk.run(&["completions", shell]);
        assert_eq!((out.code, out.stderr.as_str()), (Some(0), ""));
        for word in ["verify", "merge", "shard", "figure-1", "quiet"] {
            assert!(out.stdout.contains(word), "{shell} lacks {word}");
        }
    }
    assert!(desk.run(&["completions", "bash"]).stdout.contains("lemma-1 lemma-2"), "the claims are values");
    desk.refused(&["completions", "tcsh"], &["'tcsh'", "bash"]);
}

/// What a shell says to a script of its own; none, with a word about it, where it is not installed.
fn said_by(shell: &str, words: &[&str], script: &str) -> Option<String> {
    match Command::new(shell).args(words).arg(script).output() {
        Ok(out) => {
            assert!(out.status.success() && out.stderr.is_empty(), "{out:?}");
            Some(String::from_utf8(out.stdout).unwrap())
        }
        Err(e) => {
            eprintln!(
                "skipped: the completions for {shell} are not loaded, because it cannot be run here: {e}"
            );
            None
        }
    }
}

#[test]
fn completions_are_loaded_by_the_shells_that_there_are() {
    let desk = Desk::new();
    let script = |shell: &str| {
        desk.put(shell, &desk.run(&["completions", shell]).stdout);
        desk.path(shell).display().to_string()
    };
    let bash = script("bash");
    if let Some(said) =
        said_by("bash", &["--norc", "-c"], &format!("source '{bash}'; complete -p escapement"))
    {
        assert!(said.contains("-F _escapement") && said.ends_with("escapement\n"), "{said}");
    }
    // zsh finds it on its path by the tag of the first line.
    std::fs::create_dir(desk.path("functions")).unwrap();
    std::fs::rename(script("zsh"), desk.path("functions/_escapement")).unwrap();
    let (functions, dump) =
        (desk.path("functions").display().to_string(), desk.path("dump").display().to_string());
    let load = format!(
        "fpath=('{functions}' $fpath); autoload -Uz compinit; compinit -u -d '{dump}'; autoload +X \
         _escapement"
    );
    if let Some(said) = said_by(
        "zsh",
        &["-f", "-c"],
        &format!("{load}; print -r -- $_comps[escapement] $+functions[_escapement]"),
    ) {
        assert_eq!(said, "_escapement 1\n");
    }
    // fish can be asked what it would offer.
    let fish = script("fish");
    let offers = |line: &str| {
        said_by("fish", &["--no-config", "-c"], &format!("source '{fish}'; complete -C '{line}'"))
    };
    for (line, offer) in [
        ("escapement ver", "verify\t"),
        ("escapement explain lem", "lemma-1"),
        ("escapement verify --tier qu", "quick\t"),
        ("escapement graph --focus theorem-4", "theorem-4"),
    ] {
        if let Some(said) = offers(line) {
            assert!(said.starts_with(offer), "{line}: {said}");
        }
    }
}

#[test]
fn the_manual_has_a_page_for_every_subcommand() {
    let desk = Desk::new();
    let page = desk.run(&["man"]).stdout;
    assert!(page.starts_with(".ie") && page.contains(".TH escapement 1"), "{page}");
    let out = desk.run(&["man", "--out", "share/man1"]);
    assert_eq!((out.code, out.stderr.as_str()), (Some(0), ""));
    let pages = crate::process::files(&desk.path("share/man1"));
    assert_eq!(out.stdout.lines().count(), pages.len());
    for name in ["", "-verify", "-merge", "-spectrum", "-experiment", "-experiment-figure-1", "-man"] {
        let text = String::from_utf8(pages[&format!("escapement{name}.1")].clone()).unwrap();
        assert!(text.contains(&format!(".TH escapement{name} 1")), "{name}: {text}");
    }
    assert_eq!(pages["escapement.1"], page.into_bytes());
    let verify = String::from_utf8_lossy(&pages["escapement-verify.1"]);
    for word in ["shard", "quiet", "exit code is 0 when all claims hold"] {
        assert!(verify.contains(word), "{word}: {verify}");
    }
    // The synopsis says what the options take, and what has to be given.
    let synopsis = |name: &str| {
        let text = String::from_utf8_lossy(&pages[name]).replace('\\', "");
        text.split_once(".SH SYNOPSIS").and_then(|(_, rest)| rest.split_once(".SH")).unwrap().0.to_owned()
    };
    let found = synopsis("escapement-verify.1");
    assert!(
        ["[--tier <TIER>]", "[--shard <I/N>]", "[--fresh]", "[CLAIM]..."]
            .iter()
            .all(|words| found.contains(words)),
        "{found}"
    );
    let found = synopsis("escapement-merge.1");
    assert!(found.contains(" --out <FILE> ") && found.contains("<JOURNAL>..."), "{found}");
    // What a subcommand says at length is on its page and in its help.
    for (name, words) in
        [("train", "Writes history.csv"), ("experiment", "130 after Ctrl"), ("list", "Nothing is measured")]
    {
        assert!(String::from_utf8_lossy(&pages[&format!("escapement-{name}.1")]).contains(words), "{name}");
        assert!(desk.run(&[name, "--help"]).stdout.contains(words), "{name}");
    }
    desk.put("file", "");
    desk.refused(&["man", "--out", "file"], &["file is not a folder"]);
}

//! The documents say what is so: links and paths lead somewhere, the page of a paper agrees with the
//! snapshots and with the errata, the example on its page is the crate that is built.

use escapement_verify::claim::Check;
use escapement_verify::{Bound, Claim, Paper, Verdict, papers};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The page of NBL22.
const NBL22: &str = "docs/papers/nbl22.md";

/// The page of a paper.
fn page_of(paper: &Paper) -> String {
    read(format!("docs/papers/{}.md", paper.id))
}

fn root() -> PathBuf {
    crate::data::root().to_owned()
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Every Markdown page of the front and of the folders that have some.
fn pages() -> Vec<PathBuf> {
    let mut pages = Vec::new();
    for folder in ["", "docs", "docs/cluster", "docs/figures", "docs/papers", "benches"] {
        for entry in std::fs::read_dir(root().join(folder)).unwrap().flatten() {
            let name = entry.file_name();
            if Path::new(&name).extension().is_some_and(|e| e == "md") {
                pages.push(Path::new(folder).join(name));
            }
        }
    }
    pages
}

/// The page without its blocks of code.
fn prose(text: &str) -> String {
    text.split("\n```").step_by(2).collect()
}

/// What a heading is called in a link.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

/// Why `link` on `page` leads nowhere, if it does.
fn dead(page: &Path, link: &str) -> Option<String> {
    let (file, heading) = link.split_once('#').unwrap_or((link, ""));
    let target = if file.is_empty() { page.to_owned() } else { page.parent().unwrap().join(file) };
    // A site shows no folders.
    if !root().join(&target).is_file() {
        return Some(format!("{}: {link} is no file", page.display()));
    }
    let named = |text: String| {
        prose(&text).lines().any(|l| l.starts_with('#') && anchor(l.trim_start_matches('#')) == heading)
    };
    (!heading.is_empty() && !named(read(&target)))
        .then(|| format!("{}: {} has no heading {heading}", page.display(), target.display()))
}

#[test]
fn links_lead_somewhere() {
    let mut seen = 0;
    let mut broken = Vec::new();
    for page in pages() {
        for piece in prose(&read(&page)).split("](").skip(1) {
            let link = piece.split(')').next().unwrap();
            if !link.starts_with("https://") {
                seen += 1;
                broken.extend(dead(&page, link));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(seen > 50, "only {seen} links were found");
    let page = Path::new(NBL22);
    assert!(
        dead(page, "nbl22.rs").is_some()
            && dead(page, "../figures").is_some()
            && dead(page, "#no-such-heading").is_some()
            && dead(page, "#the-setting").is_none()
    );
}

/// The Markdown files below a folder.
fn below(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root().join(folder)).unwrap().flatten() {
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            found.extend(below(&path));
        } else if path.ends_with(".md") {
            found.push(path);
        }
    }
    found
}

/// The site has a chapter for each page of `docs/`, and one only; that they lead somewhere is tested above.
#[test]
fn every_page_is_a_chapter_of_the_site() {
    let summary = read("docs/SUMMARY.md");
    let mut chapters: Vec<&str> =
        summary.split("](").skip(1).map(|piece| piece.split(')').next().unwrap()).collect();
    let count = chapters.len();
    chapters.sort_unstable();
    chapters.dedup();
    assert_eq!(chapters.len(), count, "a chapter stands twice in docs/SUMMARY.md");
    let pages = below("docs");
    assert!(pages.iter().any(|page| page == "docs/papers/nbl22.md"), "{pages:?}");
    for page in pages.iter().filter(|page| *page != "docs/SUMMARY.md") {
        let chapter = page.strip_prefix("docs/").unwrap();
        assert!(chapters.contains(&chapter), "docs/SUMMARY.md has no chapter {chapter}");
    }
    for page in ["../README.md", "../CONTRIBUTING.md", "../CHANGELOG.md", "../benches/README.md"] {
        assert!(chapters.contains(&page), "docs/SUMMARY.md has no chapter {page}");
    }
}

/// The rooms that paths are quoted from.
const ROOMS: [&str; 8] =
    ["src/", "verify/src/", "verify/cli/", "tests/", "benches/", "docs/", "examples/", "snapshots/"];

/// The paths into the sources that a page quotes: words between backticks that begin with the name of a
/// room.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split('`').skip(1).step_by(2);
    words.filter(|word| ROOMS.iter().any(|room| word.starts_with(room)) && !word.contains([' ', '<', '*']))
}

#[test]
fn quoted_paths_exist() {
    let mut seen = 0;
    for page in pages() {
        // The history names what was; the page of the example has a crate of its own.
        if page == Path::new("CHANGELOG.md") || page == Path::new("docs/adding-a-claim.md") {
            continue;
        }
        for path in quoted(&prose(&read(&page))) {
            seen += 1;
            assert!(root().join(path).exists(), "{} quotes {path}, which is not there", page.display());
        }
    }
    assert!(seen >= 8, "only {seen} paths were found");
    assert_eq!(quoted("see `src/lib.rs` and `a/src/b`, `verify/src/papers/<id>/`").count(), 1);
}

#[test]
fn the_readme_is_short() {
    let readme = read("README.md");
    assert!(readme.lines().count() <= 80, "the README has {} lines", readme.lines().count());
    let long = readme.lines().filter(|line| line.chars().count() > 109);
    assert_eq!(long.collect::<Vec<_>>(), [""; 0]);
}

/// The first three cells of a row.
fn cells(row: &str) -> [&str; 3] {
    let mut cells = row.split('|').skip(1).map(|c| c.trim().trim_matches('`'));
    std::array::from_fn(|_| cells.next().unwrap())
}

/// The rows of a table, from the line above it.
fn rows(text: &str) -> impl Iterator<Item = &str> {
    text.lines().skip(3).take_while(|l| l.starts_with('|'))
}

fn snapshot(claim: &dyn Claim, bound: &str) -> Value {
    let text = read(format!("snapshots/{}/claims__{}__{bound}.snap", claim.card().paper.id, claim.id()));
    serde_json::from_str(&text[text.find("\n{").unwrap()..]).unwrap()
}

/// The verdict in a snapshot, as pages print it: "outside (scales)".
fn word(found: &Value) -> String {
    let verdict = found["verdict"].as_str().unwrap().replace('-', " ");
    found["bracketed"].as_str().map_or(verdict.clone(), |inner| format!("{verdict} ({inner})"))
}

/// The word of a claim: the worst of its paper checks, the printed wordings apart, and where all of them are
/// outside or not measured the worst of those.
fn of_claim(claim: &dyn Claim) -> String {
    let counts = |b: &&Bound| b.printed.is_none() && b.check == Check::Paper;
    let words: Vec<String> =
        claim.bounds().iter().filter(counts).map(|b| word(&snapshot(claim, &b.name))).collect();
    let place = |w: &str| Verdict::ALL.iter().position(|v| w.starts_with(v.name())).unwrap();
    let inner = |w: &str| w.split(['(', ')']).nth(1).map(place);
    words.into_iter().max_by_key(|w| (place(w), inner(w))).unwrap()
}

#[test]
fn pages_of_papers_agree_with_the_snapshots() {
    let mut verdicts = Vec::new();
    for claim in papers::standard().unwrap().claims() {
        let (id, page) = (claim.id(), page_of(claim.card().paper));
        let worst = of_claim(claim);
        verdicts.push(worst.clone());
        assert!(page.contains(&format!("| `{id}` | {worst} |")), "{id} is {worst}");
        let table = |mark: String| page.find(&mark).map(|start| &page[start..]);
        let Some(quick) = table(format!("<!-- {id}: ")) else {
            // There are no snapshots of the standard tier.
            let text = table(format!("<!-- {id} standard: ")).unwrap_or_else(|| panic!("no table of {id}"));
            for row in rows(text) {
                let [bound, verdict, _] = cells(row);
                assert!(claim.bounds().iter().any(|b| b.name == bound), "{id} has no bound {bound}");
                assert_ne!(verdict, "not measured", "{id} {bound}");
            }
            continue;
        };
        for row in rows(quick) {
            let [bound, verdict, constant] = cells(row);
            let found = snapshot(claim, bound);
            assert_eq!(word(&found), verdict, "{id} {bound}");
            match (constant.parse::<f64>(), found["implied_constant"].as_f64()) {
                (Ok(shown), Some(c)) => {
                    assert!((shown - c).abs() <= 6e-4 * c.abs(), "{id} {bound}: {shown} is shown for {c}")
                }
                (shown, c) => {
                    assert!(shown.is_err() && c.is_none(), "{id} {bound}: {constant:?} is shown for {c:?}")
                }
            }
        }
    }
    // The last line of `verify`, as the front page shows it.
    let of = |v: &Verdict| verdicts.iter().filter(|w| w.starts_with(v.name())).count();
    let words: Vec<String> =
        Verdict::ALL.iter().filter(|v| of(v) > 0).map(|v| format!("{} {v}", of(v))).collect();
    let line = format!("{} claims: {}. Numbers", verdicts.len(), words.join(", "));
    assert!(read("README.md").contains(&line), "{line}");
}

#[test]
fn pages_of_papers_have_their_errata() {
    for paper in papers::ALL {
        let page = page_of(paper);
        for erratum in paper.errata {
            let cells =
                [erratum.place, erratum.printed, erratum.checked].map(|text| text.replace('|', "\\|"));
            let row = format!("| {} | {} |\n", erratum.id.0, cells.join(" | "));
            assert!(page.contains(&row), "the page of {} lacks {row}", paper.short);
        }
    }
}

#[test]
fn example_is_the_crate_that_is_built() {
    let page = read("docs/adding-a-claim.md");
    for file in ["src/lib.rs", "src/main.rs", "tests/verdict.rs"] {
        let start = format!("```rust top-eigenvalue/{file}\n");
        let shown = page.split(&start).nth(1).unwrap_or_else(|| panic!("the page has no {file}"));
        let built = read(format!("docs/example-claim/{file}"));
        assert_eq!(shown.split("```\n").next(), Some(built.as_str()), "{file}");
    }
}

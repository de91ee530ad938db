//! The documents say what is so: links lead somewhere, the tour agrees with the snapshots, the example on its
//! page is the crate that is built.

use escapement_verify::{Bound, papers};
use serde_json::Value;
use std::path::{Path, PathBuf};

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
    for folder in ["", "docs", "docs/cluster", "docs/figures", "benches"] {
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
    if !root().join(&target).exists() {
        return Some(format!("{}: there is no {link}", page.display()));
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
    let tour = Path::new("docs/tour.md");
    assert!(
        dead(tour, "tour.rs").is_some()
            && dead(tour, "#no-such-heading").is_some()
            && dead(tour, "#the-setting").is_none()
    );
}

/// The first three cells of a row.
fn cells(row: &str) -> [&str; 3] {
    let mut cells = row.split('|').skip(1).map(|c| c.trim().trim_matches('`'));
    std::array::from_fn(|_| cells.next().unwrap())
}

fn snapshot(claim: &str, bound: &str) -> Value {
    let text = read(format!("snapshots/claims__{claim}__{bound}.snap"));
    serde_json::from_str(&text[text.find("\n{").unwrap()..]).unwrap()
}

#[test]
fn tour_agrees_with_the_snapshots() {
    let tour = read("docs/tour.md");
    for claim in papers::standard().unwrap().claims() {
        let id = claim.id();
        // From best to worst; the verdict of a claim is the worst of its bounds, the printed wordings apart.
        let order = ["exact", "holds", "scales", "inconclusive", "refuted"];
        let of = |b: &Bound| order.iter().position(|v| snapshot(id, &b.name)["verdict"] == *v).unwrap();
        let worst = claim.bounds().iter().filter(|b| b.printed.is_none()).map(of).max().unwrap();
        assert!(tour.contains(&format!("| `{id}` | {} |", order[worst])), "{id} is {}", order[worst]);
        let start =
            tour.find(&format!("<!-- {id}: ")).unwrap_or_else(|| panic!("the tour has no table of {id}"));
        let rows = tour[start..].lines().skip(3).take_while(|l| l.starts_with('|'));
        for row in rows {
            let [bound, verdict, constant] = cells(row);
            let found = snapshot(id, bound);
            assert_eq!(found["verdict"], verdict, "{id} {bound}");
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

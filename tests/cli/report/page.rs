//! The page of a report: well formed, self-contained, with words for every picture; what is refuted is red,
//! and what is missing is said.

use crate::toy;
use crate::verify::commands::Line;
use clap::Parser;
use escapement_verify::{Registry, papers, run::source::SOURCE_HASH};
use scraper::{ElementRef, Html, Selector};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// A folder with a journal of the toy claims, and the pages made of it.
struct Pages {
    dir: TempDir,
    registry: Registry,
}

impl Pages {
    fn new() -> Self {
        let pages = Self { dir: TempDir::new().unwrap(), registry: toy::registry() };
        pages.run(&["verify", "--journal", &pages.path("whole.jsonl")]).unwrap();
        pages
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn run(&self, words: &[&str]) -> Result<u8, String> {
        let line = Line::try_parse_from(["escapement"].iter().chain(words));
        let line = line.unwrap_or_else(|e| panic!("{e}"));
        line.command.run(&self.registry, &mut std::io::sink()).map_err(|e| e.to_string())
    }

    /// The page of a journal.
    fn page(&self, journal: &str, more: &[&str]) -> String {
        let (journal, out) = (self.path(journal), self.path("report"));
        let words: Vec<&str> = ["report", "--journal", &journal, "--out", &out]
            .into_iter()
            .chain(more.iter().copied())
            .collect();
        self.run(&words).unwrap();
        fs::read_to_string(self.dir.path().join("report/index.html")).unwrap()
    }

    /// The page of a journal in which the first claim is false: its left side is ten times as large.
    fn refuted(&self) -> String {
        let (whole, false_one) = (self.dir.path().join("whole.jsonl"), self.dir.path().join("false.jsonl"));
        toy::rewrite(&whole, &false_one, |r| toy::scaled(r, "lhs", 10.0));
        self.page("false.jsonl", &[])
    }
}

fn all<'a>(page: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    page.select(&Selector::parse(selector).unwrap()).collect()
}

fn text(element: ElementRef) -> String {
    element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_page_is_well_formed_and_needs_nothing_else() {
    let pages = Pages::new();
    let source = pages.page("whole.jsonl", &[]);
    assert_eq!(source, pages.page("whole.jsonl", &[]), "the same bytes again");
    let page = Html::parse_document(&source);
    assert!(page.errors.is_empty(), "{:?}", page.errors);
    // Nothing is loaded: no source, no sheet, no import, no address but the names of XML.
    assert!(all(&page, "[src], img, iframe, object, script[src], link:not([href='data:,'])").is_empty());
    let addresses =
        source.replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/1998/Math/MathML", "");
    for word in ["http:", "https:", "url(", "@import", "@font-face"] {
        assert!(!addresses.contains(word), "{word}");
    }
    // Every link leads somewhere on the page, and every name is there once.
    let ids: Vec<&str> = all(&page, "[id]").iter().filter_map(|e| e.attr("id")).collect();
    let names: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), names.len());
    let links: Vec<&str> = all(&page, "a[href]").iter().filter_map(|e| e.attr("href")).collect();
    let lead = links.iter().all(|l| names.contains(l.trim_start_matches('#')));
    assert!(links.len() > 12 && lead, "{links:?}");
    let labels = all(&page, "[aria-labelledby]");
    assert!(
        labels.iter().all(|e| e.attr("aria-labelledby").unwrap().split(' ').all(|id| names.contains(id)))
    );
    for number in ["NaN", "inf ", "inf\"", ">inf<", "Infinity"] {
        assert!(!source.contains(number), "{number}");
    }
}

#[test]
fn headings_are_in_order_and_pictures_have_words() {
    let pages = Pages::new();
    let page = Html::parse_document(&pages.refuted());
    let headings = all(&page, "h1, h2, h3, h4, h5, h6");
    let levels: Vec<u32> = headings.iter().map(|h| h.value().name()[1..].parse().unwrap()).collect();
    assert_eq!(levels.iter().filter(|l| **l == 1).count(), 1);
    assert!(levels[0] == 1 && levels.windows(2).all(|w| w[1] <= w[0] + 1), "{levels:?}");
    assert!(
        ["header", "nav", "main", "footer", "a.skip[href='#claims']", "html[lang=en]"].iter().all(|s| all(
            &page, s
        )
        .len()
            == 1)
    );
    for svg in all(&page, "svg") {
        let named =
            svg.attr("aria-label").is_some_and(|l| l.len() > 20) || svg.attr("aria-labelledby").is_some();
        assert!(named && svg.attr("role").is_some(), "{:?}", svg.value());
    }
    // The words of a picture are the finding.
    let words: Vec<&str> =
        all(&page, "#claim-upon svg.plot").iter().filter_map(|s| s.attr("aria-label")).collect();
    assert!(
        words[0].contains("m^−0.5")
            && words[0].contains("claimed m^−0.500;")
            && words[0].contains("control refuted"),
        "{words:?}"
    );
    // What can be scrolled can be reached by the keyboard, and tables say what their columns are.
    assert!(
        all(&page, ".scroll")
            .iter()
            .all(|e| e.attr("tabindex") == Some("0") && e.attr("aria-label").is_some())
    );
    let captioned = |t: &ElementRef| {
        t.child_elements().next().is_some_and(|c| c.value().name() == "caption" && text(c).len() > 12)
    };
    assert!(all(&page, "table").iter().all(|t| captioned(t) || t.attr("aria-labelledby").is_some()));
    assert!(all(&page, "th").iter().all(|e| e.attr("scope").is_some()));
    assert!(all(&page, "button").iter().all(|b| !text(*b).is_empty() && b.attr("type") == Some("button")));
}

#[test]
fn a_card_shows_the_bound_its_control_and_its_numbers() {
    let pages = Pages::new();
    let page = Html::parse_document(&pages.page("whole.jsonl", &[]));
    assert_eq!(all(&page, "#claims > article").len(), 2);
    assert_eq!(all(&page, "#claim-ground section.bound > details.whole[open] > summary h4").len(), 3);
    assert_eq!(all(&page, "#claim-ground .contents a[href^='#bound-ground-']").len(), 3);
    let bound = text(all(&page, "#claim-upon section.bound")[0]);
    for words in
        ["rate", "scales", "reused", "error ≲ m−1/2", "Control refuted", "fit m", "escapement verify upon"]
    {
        assert!(bound.contains(words), "{words}: {bound}");
    }
    // Measured points with their error bounds, the fit, the band, the control and the constant on the axes.
    for part in [".measured circle title", ".fit", ".area.band", ".control", "text.constant"] {
        assert!(!all(&page, &format!("#claim-upon section.bound svg {part}")).is_empty(), "{part}");
    }
    let said = |t: &ElementRef| {
        ["±", "on average", "times the certificate"].iter().any(|words| text(*t).contains(words))
    };
    assert!(all(&page, "#claim-upon .measured title").iter().all(said));
    let rows = all(&page, "#claim-ground .numbers tbody tr");
    assert!(
        rows.len() >= 24 && rows.iter().all(|r| text(*r).contains('±') && text(*r).ends_with("reused")),
        "{}",
        rows.len()
    );
    let facts = text(all(&page, "#claim-ground")[0]);
    assert!(
        facts.contains("m ≥ 400: met by 8 of 12 cells") && facts.contains("12 of 12 recorded"),
        "{facts}"
    );
    let footer = text(all(&page, "footer")[0]);
    for words in ["escapement 0.", "commit", "rustc", "threads", "Cargo.lock", "escapement report --journal"]
    {
        assert!(footer.contains(words), "{words}: {footer}");
    }
    // The bands of the spectrum, and the levels as lines.
    assert_eq!(
        all(&page, "#spectrum tbody tr").iter().map(|r| text(*r)).filter(|t| t.starts_with('Q')).count(),
        3
    );
    assert!(all(&page, "#spectrum .kappa").len() >= 4);
    assert_eq!(all(&page, "#errata tbody tr").len(), escapement_verify::papers::nbl22::errata::ERRATA.len());
}

/// The toy identity: its two sides are equal to the last bits, and ½ in place of 2 is false on each of its
/// 12 cells.
#[test]
fn an_identity_is_drawn_in_units_of_its_certificate() {
    let pages = Pages::new();
    let page = Html::parse_document(&pages.page("whole.jsonl", &[]));
    let picture = "#bound-ground-1 figure svg.plot";
    assert_eq!(all(&page, picture).len(), 1);
    let label = all(&page, &format!("{picture} text.level.unit"))[0];
    assert_eq!(text(label), "equal within its certificate");
    // The false side comes without an error bound, so that it is infinitely far off: arrows at the upper
    // end. The line at 1 lies between.
    let (measured, planted) =
        (format!("{picture} .measured circle"), format!("{picture} .planted path.arrow"));
    let number =
        |text: &str, at: usize| text.split(['M', 'H', ' ', 'h']).nth(at).unwrap().parse::<f64>().unwrap();
    let line = number(all(&page, &format!("{picture} path.unit"))[0].attr("d").unwrap(), 2);
    let below: Vec<f64> = all(&page, &measured).iter().map(|m| number(m.attr("cy").unwrap(), 0)).collect();
    let above: Vec<f64> = all(&page, &planted).iter().map(|m| number(m.attr("d").unwrap(), 2)).collect();
    assert_eq!((below.len(), above.len()), (12, 8), "the false side on the cells that decide");
    assert!(
        below.iter().all(|y| *y > line) && above.iter().all(|y| *y < line),
        "{line}: {below:?} {above:?}"
    );
    assert!(all(&page, &format!("{picture} .up text")).iter().any(|t| text(*t) == "∞"));
    let note = text(all(&page, &format!("{picture} .measured title"))[0]);
    assert!(note.contains("times the certificate") && note.ends_with("; reused"), "{note}");
}

/// The toy event: 194 of 200 trials at each width inside the hypotheses where ¾ is claimed. Among the ratios
/// everything is in units of ¾.
#[test]
fn the_limits_of_a_frequency_are_drawn_where_its_ratio_is() {
    let pages = Pages::new();
    let page = Html::parse_document(&pages.page("whole.jsonl", &[]));
    let picture = "#bound-ground-2 figure svg.plot:nth-of-type(2)";
    let number = |text: &str| text.parse::<f64>().unwrap();
    let dots: Vec<f64> = all(&page, &format!("{picture} .measured circle"))
        .iter()
        .map(|c| number(c.attr("cy").unwrap()))
        .collect();
    let ends = |bar: &str| {
        let (a, b) = bar.split_once(' ').and_then(|(_, y)| y.split_once('V')).unwrap();
        (number(a), number(b))
    };
    let bars: Vec<(f64, f64)> = all(&page, &format!("{picture} .measured path.bar"))
        .iter()
        .map(|b| ends(b.attr("d").unwrap()))
        .collect();
    assert_eq!((dots.len(), bars.len()), (4, 4));
    assert!(dots.iter().zip(&bars).all(|(y, (low, high))| high < y && y < low), "{dots:?} {bars:?}");
    // All frequencies are equal, and so the least of them lies on the dots.
    let level = all(&page, &format!("{picture} path.constant"))[0].attr("d").unwrap();
    assert_eq!(number(level.split([' ', 'H']).nth(1).unwrap()), dots[0]);
    assert_eq!(text(all(&page, &format!("{picture} text.constant"))[0]), "1.293");
    assert!(text(all(&page, "#bound-ground-2 .key .k-constant")[0]).contains("least frequency / p"));
}

#[test]
fn a_false_journal_turns_the_claim_and_what_rests_on_it_red() {
    let pages = Pages::new();
    let page = Html::parse_document(&pages.refuted());
    assert_eq!(all(&page, "#claim-ground.refuted").len(), 1);
    assert!(text(all(&page, "#claim-ground")[0]).contains("The cell that refutes it"));
    // Its mark has a ring in both pictures of the bound, and the bounds that hold have none.
    assert_eq!(text(all(&page, "#bound-ground-0 .key .k-worst")[0]), "the cell that refutes");
    for picture in ["svg.plot:nth-of-type(1)", "svg.plot:nth-of-type(2)"] {
        let places = |part: &str| -> Vec<_> {
            let marks = all(&page, &format!("#bound-ground-0 figure {picture} {part} circle"));
            marks
                .iter()
                .map(|c| (c.attr("cx").unwrap().to_owned(), c.attr("cy").unwrap().to_owned()))
                .collect()
        };
        let ring = places(".worst");
        assert!(ring.len() == 1 && places(".measured").contains(&ring[0]), "{picture}: {ring:?}");
    }
    assert_eq!(all(&page, "#claim-ground .worst").len(), 2);
    assert!(text(all(&page, "#claim-upon > .shaken-mark")[0]).contains("rests on what is refuted: ground"));
    assert!(all(&page, "#graph .refuted, #graph .shaken").len() >= 2);
    assert_eq!(all(&page, "#claim-upon.shaken").len(), 1);
    assert!(text(all(&page, ".tile.refuted")[0]).contains('1'));
    let sound = Html::parse_document(&pages.page("whole.jsonl", &[]));
    assert!(
        all(
            &sound,
            "#claim-ground.refuted, #claim-ground .worst, #claim-ground .k-worst, .shaken-mark, \
            #graph .shaken"
        )
        .is_empty()
    );
}

#[test]
fn what_is_missing_is_said() {
    let pages = Pages::new();
    let (whole, part) = (pages.dir.path().join("whole.jsonl"), pages.dir.path().join("part.jsonl"));
    toy::rewrite(&whole, &part, |r| (r.cell.claim == "ground" && r.cell.m() < 1600).then_some(r));
    let page = Html::parse_document(&pages.page("part.jsonl", &[]));
    assert!(page.errors.is_empty(), "{:?}", page.errors);
    let ground = text(all(&page, "#claim-ground")[0]);
    assert!(ground.contains("8 of 12 recorded") && ground.contains("4 missing"), "{ground}");
    assert!(text(all(&page, "#claim-upon .marks")[0]).contains("no records"));
    assert!(all(&page, "#graph a.unmeasured").len() == 1);
    assert!(text(all(&page, ".note")[0]).contains("missing"));
}

#[test]
fn experiments_are_shown_with_their_verdicts() {
    let pages = Pages::new();
    let folder = pages.dir.path().join("results/made-up");
    fs::create_dir_all(&folder).unwrap();
    let verdict = r#"{"claim":"made-up","title":"a <made-up> one","reference":"","verdict":"holds",
        "bounds":[],"failures":[],"tier":"quick","seed":1}"#;
    fs::write(folder.join("verdict.json"), verdict).unwrap();
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"300\" height=\"200\" fill=\"black\"><rect \
        width=\"100%\" height=\"100%\" fill=\"white\" /><line x1=\"0\" y1=\"0\" x2=\"9\" y2=\"9\" \
        stroke=\"#000000\"/></svg>";
    fs::write(folder.join("made-up.svg"), svg).unwrap();
    let parent = pages.path("results");
    let source = pages.page("whole.jsonl", &["--experiments", &parent]);
    let page = Html::parse_document(&source);
    assert!(page.errors.is_empty(), "{:?}", page.errors);
    let article = all(&page, "#experiments article")[0];
    assert!(text(article).contains("a <made-up> one ≤ holds"));
    assert!(
        text(article).ends_with("Again: escapement experiment made-up --tier quick --seed 1"),
        "{}",
        text(article)
    );
    assert!(all(&page, "#experiments .from").is_empty(), "no run says which sources computed it");
    assert_eq!(text(all(&page, "#spectrum .from")[0]), "measured now");
    // The figure takes ink and ground from the page.
    let figure = all(&page, "#experiments svg.kuva[viewBox='0 0 300 200'] line")[0];
    assert_eq!(figure.attr("stroke"), Some("currentColor"));
    // Runs say which sources computed them, and the stalest of them is what counts.
    fs::create_dir(folder.join("runs")).unwrap();
    for (source, expected) in [(SOURCE_HASH, "reused"), ("0123", "earlier version")] {
        let kind = "escapement run 2";
        let head = format!("{{\"checkpoint\":\"{kind}\",\"source\":\"{source}\",\"settings\":{{}}");
        fs::write(folder.join(format!("runs/{source}.run")), head).unwrap();
        let page = Html::parse_document(&pages.page("whole.jsonl", &["--experiments", &parent]));
        assert_eq!(text(all(&page, "#experiments .from")[0]), expected);
    }
    let refused = |words: &str| {
        let (journal, out) = (pages.path("whole.jsonl"), pages.path("elsewhere"));
        let error = pages
            .run(&["report", "--journal", &journal, "--out", &out, "--experiments", &parent])
            .unwrap_err();
        assert!(error.contains(words) && !error.contains('\n'), "{error}");
        assert!(!pages.dir.path().join("elsewhere").exists());
    };
    fs::write(folder.join("made-up.svg"), svg.replace("<line", "<script>1</script><line")).unwrap();
    refused("made-up.svg is no figure of an experiment");
    fs::write(folder.join("verdict.json"), "{}").unwrap();
    refused("verdict.json is no verdict of an experiment");
    fs::remove_file(folder.join("verdict.json")).unwrap();
    refused("results holds no experiment");
}

#[test]
fn a_paper_is_cited_and_its_bibtex_is_folded() {
    let desk = TempDir::new().unwrap();
    let path = |name| desk.path().join(name).display().to_string();
    let (journal, out) = (path("journal.jsonl"), path("report"));
    fs::write(&journal, "").unwrap();
    let line = ["escapement", "report", "--journal", &journal, "--out", &out];
    let registry = papers::standard().unwrap();
    Line::try_parse_from(line).unwrap().command.run(&registry, &mut std::io::sink()).unwrap();
    let page = Html::parse_document(&fs::read_to_string(desk.path().join("report/index.html")).unwrap());
    assert!(page.errors.is_empty(), "{:?}", page.errors);
    let entries = all(&page, "details.bibtex:not([open]) > pre");
    let cited = all(&page, ".lead cite");
    let papers = registry.papers();
    assert_eq!((entries.len(), cited.len()), (papers.len(), papers.len()));
    for ((paper, entry), title) in papers.iter().zip(entries).zip(cited) {
        let shown: String = entry.text().collect();
        assert!(!shown.is_empty() && shown == paper.bibtex.trim(), "{shown}");
        assert_eq!(text(title), paper.title);
    }
    // A paper without an entry has no empty box.
    let pages = Pages::new();
    assert!(all(&Html::parse_document(&pages.page("whole.jsonl", &[])), "details.bibtex").is_empty());
}

/// The browser of this machine, if there is one.
fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
    std::env::split_paths(&path).flat_map(|dir| names.map(|n| dir.join(n))).find(|p| p.is_file())
}

#[test]
fn a_browser_finds_no_fault_at_either_width() {
    let Some(browser) = browser() else {
        eprintln!("skipped: no Chromium or Chrome is installed, so the page is not looked at in a browser");
        return;
    };
    let pages = Pages::new();
    let script = format!("<script>{}</script></head>", include_str!("report_check.js"));
    let copy = pages.refuted().replacen("</head>", &script, 1);
    fs::write(pages.dir.path().join("copy.html"), copy).unwrap();
    // A headless window is at least 500 wide, a frame is as wide as it is told.
    let outer = r#"<!DOCTYPE html><script>
        const answers = [];
        onmessage = (e) => {
            answers.push(e.data);
            const sorted = answers.sort((a, b) => a.width - b.width);
            document.documentElement.dataset.check = JSON.stringify(sorted);
        };
    </script><iframe src="copy.html" style="width:400px;height:900px;border:0"></iframe>
    <iframe src="copy.html" style="width:1200px;height:900px;border:0"></iframe>"#;
    let file = pages.dir.path().join("outer.html");
    fs::write(&file, outer).unwrap();
    let out = Command::new(&browser)
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--virtual-time-budget=8000",
            "--window-size=1700,1000",
            "--dump-dom",
        ])
        .arg(format!("--user-data-dir={}", pages.path("profile")))
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap();
    let page = Html::parse_document(&String::from_utf8_lossy(&out.stdout));
    let check = page.root_element().attr("data-check").map(str::to_owned);
    let check = check.unwrap_or_else(|| panic!("no answer: {}", String::from_utf8_lossy(&out.stderr)));
    let answers: serde_json::Value = serde_json::from_str(&check).unwrap();
    let sound = |width: u32| serde_json::json!({"width": width, "cards": 2, "said": []});
    assert_eq!(answers, serde_json::json!([sound(400), sound(1200)]));
}

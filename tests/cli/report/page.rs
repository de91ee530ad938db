//! The page of a report: well formed, self-contained, with words for every picture; what is refuted is red,
//! and what is missing is said.

use crate::synthetic::{Synthetic, noise, over_m};
use crate::toy;
use crate::verify::commands::Line;
use clap::Parser;
use escapement_cli::report::model::Report;
use escapement_verify::text::numbers::{short, signed_exponent};
use escapement_verify::{
    Bound, Cell, Measurement, Neighbour, Paper, Parameter, Registry, Side, Sweep, papers,
    run::source::SOURCE_HASH,
};
use scraper::{ElementRef, Html, Selector};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A folder with a journal of the toy claims, and the pages made of it.
struct Pages {
    dir: TempDir,
    registry: Registry,
}

impl Pages {
    fn new() -> Self {
        Self::of(toy::registry())
    }

    fn of(registry: Registry) -> Self {
        let pages = Self { dir: TempDir::new().unwrap(), registry };
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
    // The first bound is in sight, and the others are folded, each by itself and all of them together.
    assert_eq!(all(&page, "#claim-ground > section#bound-ground-0.first > figure svg.plot").len(), 2);
    let folded = "#claim-ground > details.others:not([open]) > section.bound > details.whole:not([open])";
    assert_eq!(all(&page, folded).len(), 2);
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
    assert!(facts.contains("12 of 12 recorded"), "{facts}");
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
    assert!(all(&page, "#graph .broad a.unmeasured").len() == 1);
    assert!(all(&page, "#graph .narrow a.unmeasured").len() == 1);
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
    let cited = all(&page, ".papers cite");
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

/// A line for each statement, with the statement's own numbers: "upon" has another bound with an exponent,
/// and shows those of its rate alone.
#[test]
fn the_overview_has_the_numbers_of_each_statement() {
    let pages = Pages::new();
    let page = Html::parse_document(&pages.page("whole.jsonl", &[]));
    let rows: Vec<String> = all(&page, ".claims-table tbody tr").iter().map(|r| text(*r)).collect();
    assert_eq!(rows.len(), 2);
    let report: Report =
        serde_json::from_slice(&fs::read(pages.path("report/report.json")).unwrap()).unwrap();
    let [ground, upon] = [&report.claims[0].bounds[0], &report.claims[1].bounds[0]].map(|b| &b.verdict);
    let (constant, e) = (short(upon.implied_constant.unwrap()), &upon.exponents[0]);
    let power = upon.power[0].least.unwrap();
    let cells = format!("{} / {}", upon.cells_inside_hypotheses, upon.cells);
    let measured = format!("m: −0.500 → {}", signed_exponent(e.lhs.value));
    for words in [&constant, &measured, &format!("m{power:.2}"), &cells, "tight", "rate"] {
        assert!(rows[1].contains(words), "{words}: {}", rows[1]);
    }
    assert!(!rows[1].contains("2.000") && !rows[1].contains("square"), "{}", rows[1]);
    // No exponent, and how far the right side lies above: 2 where 1.1 was measured at most.
    assert!(rows[0].contains("at-most") && rows[0].contains('–'), "{}", rows[0]);
    assert!(
        rows[0].contains(&short(ground.implied_constant.unwrap())) && rows[0].contains("8 / 12"),
        "{}",
        rows[0]
    );
    // A card says the same in its first line.
    let glance = text(all(&page, "#claim-upon > h3 + p.glance")[0]);
    let start = format!("holds: yes · constant {constant} · exponent of m {}", signed_exponent(e.lhs.value));
    assert!(glance.starts_with(&start) && glance.contains("claimed −0.500"), "{glance}");
    assert!(glance.contains(" · tight · would have noticed m") && glance.contains("24 cells inside"));
    let false_one = Html::parse_document(&pages.refuted());
    assert!(text(all(&false_one, "#claim-ground > h3 + p.glance")[0]).starts_with("holds: no"));
}

/// A headline is shown wherever it stands among the bounds, and a bound that is nearer to failing is not.
#[test]
fn a_marked_bound_is_the_one_that_is_shown() {
    let measure = |c: &Cell, seed: u64| {
        let m = c.m() as f64;
        let error = m.powf(-0.5) * (0.02 * noise(c, seed, "error")).exp();
        Ok(Measurement::new()
            .quantity("error", error, 0.0)
            .quantity("rate", m.powf(-0.5), 0.0)
            .quantity("thousandth", 1e-3 * m.powf(-0.47), 0.0)
            .quantity("null", 0.06, 0.0)
            .hypothesis("range", true, "")
            .hypothesis("m ≥ 400", c.m() >= 400, ""))
    };
    let growth = |name: &str, rhs: &str| {
        Bound::growth(name, "error ≲ a rate", "error", rhs, Sweep::upper(Parameter::M, |_| -0.5))
    };
    let bounds = vec![growth("step", "thousandth"), growth("itself", "rate").trivially("null").headline()];
    let claim = Synthetic::new("made-up", over_m(&toy::WIDTHS, 4), bounds, measure);
    let pages = Pages::of(Registry::new(vec![claim.boxed()]).unwrap());
    let page = Html::parse_document(&pages.page("whole.jsonl", &[]));
    let row = text(all(&page, ".claims-table tbody tr")[0]);
    assert!(row.contains("itself") && !row.contains("step"), "{row}");
    assert_eq!(all(&page, "article > section.first#bound-made-up-1").len(), 1);
    // 1.02 m^{-1/2} is above 0.06 for m = 100 and 200, of which there are four cells each.
    let chip = text(all(&page, ".claims-table .chip.vacuous")[0]);
    assert_eq!(chip, "vacuous on 8 of 24 cells");
    assert_eq!(all(&page, ".claims-table .chip").len(), 1);
}

/// Each line of the table of hypotheses adds up to the cells with a record, and so does the line of those
/// that are inside: eight that fail what only they are asked stand beside the others.
#[test]
fn hypotheses_add_up() {
    let pages = Pages::new();
    let page = Html::parse_document(&pages.page("whole.jsonl", &[]));
    let rows = |claim: &str| -> Vec<Vec<String>> {
        let rows = all(&page, &format!("#claim-{claim} table.met tbody tr"));
        rows.iter().map(|r| r.child_elements().map(text).collect()).collect()
    };
    assert_eq!(rows("ground")[0], ["m ≥ 400", "8", "4", "0"]);
    let upon = rows("upon");
    assert_eq!(upon[0], ["range (where the constant is uniform)", "24", "0", "6"]);
    assert_eq!(upon[1], ["d ≥ 3", "6", "0", "24"]);
    assert_eq!(upon[2][1..], ["30", "0", "0"]);
    for row in rows("ground").iter().chain(&upon) {
        let sum: usize = row[1..].iter().map(|n| n.parse::<usize>().unwrap()).sum();
        assert!([12, 30].contains(&sum), "{row:?}");
    }
    assert!(!pages.page("whole.jsonl", &[]).contains("met by"));
}

/// A front with a row for each paper, and the claims of each below its name.
#[test]
fn two_papers_have_a_front() {
    static SECOND: Paper = Paper {
        bibtex: "@misc{second,\n  title = {Another {Paper}}\n}\n",
        ..Paper::new("second", "Another paper")
    };
    let pages = Pages::new();
    let one = Html::parse_document(&pages.page("whole.jsonl", &[]));
    assert_eq!((all(&one, ".papers tbody tr").len(), all(&one, ".of-paper").len()), (1, 0));

    let second = Synthetic {
        paper: &SECOND,
        ..Synthetic::new(
            "second/other",
            vec![Cell::new("second/other", "").with(Parameter::M, 10)],
            vec![Bound::inequality("b", "1 ≤ 2", "one", Side::Upper, "two", Neighbour::rhs("half", "½"))],
            |_, _| {
                let two = Measurement::new().quantity("one", 1.0, 0.0).quantity("two", 2.0, 0.0);
                Ok(two.quantity("half", 0.5, 0.0).hypothesis("m even", true, ""))
            },
        )
    };
    let first = Synthetic::new("made-up", over_m(&toy::WIDTHS, 2), vec![], |_, _| {
        Ok(Measurement::new().quantity("one", 1.0, 0.0).hypothesis("m even", false, ""))
    });
    let pages = Pages::of(Registry::new(vec![second.boxed(), first.boxed()]).unwrap());
    let page = Html::parse_document(&pages.page("whole.jsonl", &[]));
    let rows: Vec<Vec<String>> =
        all(&page, ".papers tbody tr").iter().map(|r| r.child_elements().map(text).collect()).collect();
    assert_eq!(rows[0], ["second Another paper", "1", "1 ≤ holds", "1 / 1", "none"]);
    assert_eq!(rows[1][..4], ["made-up Claims made up for tests", "1", "1 ? inconclusive", "0 / 12"]);
    let groups: Vec<String> = all(&page, ".claims-table tbody tr > th").iter().map(|t| text(*t)).collect();
    assert_eq!(groups.len(), 4);
    assert!(groups[0] == "second: Another paper" && groups[1].starts_with("second/other"), "{groups:?}");
    assert!(
        groups[2] == "made-up: Claims made up for tests" && groups[3].starts_with("made-up"),
        "{groups:?}"
    );
    let bibtex: Vec<String> = all(&page, ".bibtex pre").iter().map(|p| p.text().collect()).collect();
    assert_eq!(bibtex, [SECOND.bibtex.trim()]);
}

/// Cited with commit, tier and seed, once for the page and once for each claim.
#[test]
fn a_verdict_says_how_to_cite_it() {
    let pages = Pages::new();
    let page = Html::parse_document(&pages.page("whole.jsonl", &[]));
    let report: Report =
        serde_json::from_slice(&fs::read(pages.path("report/report.json")).unwrap()).unwrap();
    let commit: String = report.provenance.commit.chars().take(12).collect();
    for place in ["#overview .cite", "#claim-ground .cost", "#claim-upon .cost"] {
        let words = text(all(&page, place)[0]);
        for part in [commit.as_str(), "quick tier", "root seed 2206", "escapement 0."] {
            assert!(words.contains(part), "{place}: {words}");
        }
    }
    let upon = text(all(&page, "#claim-upon .cost")[0]);
    assert!(
        upon.contains("\\escapementverdict{made-up/upon}")
            && upon.contains("nowhere: scales: exponent of m")
    );
}

/// The browser of this machine, if there is one.
fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
    std::env::split_paths(&path).flat_map(|dir| names.map(|n| dir.join(n))).find(|p| p.is_file())
}

/// What the script `report_check.js` says of pages, each at 400 and at 1 200 px; none without a browser.
fn in_a_browser(dir: &Path, pages: &[(&str, &str)]) -> Option<serde_json::Value> {
    let Some(browser) = browser() else {
        eprintln!("skipped: no Chromium or Chrome is installed, so the page is not looked at in a browser");
        return None;
    };
    let script = format!("<script>{}</script></head>", include_str!("report_check.js"));
    // A headless window is at least 500 wide, a frame is as wide as it is told.
    let mut outer = String::from(
        r#"<!DOCTYPE html><script>
        const answers = [];
        onmessage = (e) => {
            answers.push(e.data);
            const sorted = answers.sort((a, b) => a.page.localeCompare(b.page) || a.width - b.width);
            document.documentElement.dataset.check = JSON.stringify(sorted);
        };
    </script>"#,
    );
    for (name, source) in pages {
        fs::write(dir.join(format!("{name}.html")), source.replacen("</head>", &script, 1)).unwrap();
        for width in [400, 1200] {
            outer += &format!(
                "<iframe src=\"{name}.html\" style=\"width:{width}px;height:900px;border:0\"></iframe>\n"
            );
        }
    }
    let file = dir.join("outer.html");
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
        .arg(format!("--user-data-dir={}", dir.join("profile").display()))
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap();
    let page = Html::parse_document(&String::from_utf8_lossy(&out.stdout));
    let check = page.root_element().attr("data-check").map(str::to_owned);
    let check = check.unwrap_or_else(|| panic!("no answer: {}", String::from_utf8_lossy(&out.stderr)));
    Some(serde_json::from_str(&check).unwrap())
}

#[test]
fn a_browser_finds_no_fault_at_either_width() {
    let pages = Pages::new();
    let refuted = pages.refuted();
    let Some(answers) = in_a_browser(pages.dir.path(), &[("copy", &refuted)]) else { return };
    let answers = answers.as_array().unwrap();
    assert_eq!(answers.len(), 2);
    for (answer, width) in answers.iter().zip([400, 1200]) {
        assert_eq!(
            (&answer["width"], &answer["cards"], &answer["said"]),
            (&width.into(), &2.into(), &serde_json::json!([]))
        );
    }
}

/// All claims that ship, from a journal without records, with everything folded: the page stays below 1 400
/// px for each card at 1 200 px when each has a picture as high as those of the made-up claims.
#[test]
fn the_page_of_all_claims_is_short_and_its_graph_fits_a_telephone() {
    const MOST: f64 = 1400.0;
    let toys = Pages::new();
    let toy = toys.page("whole.jsonl", &[]);
    let pages = Pages { dir: TempDir::new().unwrap(), registry: papers::standard().unwrap() };
    fs::write(pages.dir.path().join("empty.jsonl"), "").unwrap();
    let empty = pages.page("empty.jsonl", &[]);
    assert!(!empty.contains("scroll-behavior"), "a page of this length is not scrolled smoothly");
    let Some(answers) = in_a_browser(pages.dir.path(), &[("empty", &empty), ("toy", &toy)]) else { return };
    let number = |at: usize, field: &str| answers[at][field].as_f64().unwrap();
    assert_eq!(answers[1]["page"], "empty");
    let (cards, empty, picture) = (number(1, "cards"), number(1, "height"), number(3, "picture"));
    let claims = pages.registry.claims().count();
    assert!(cards == claims as f64 && picture > 300.0 && empty > 2000.0, "{answers}");
    let measured = empty + cards * picture;
    assert!(measured <= MOST * cards, "{empty} + {cards}·{picture} = {measured}");
    for at in 0..4 {
        assert_eq!(answers[at]["said"], serde_json::json!([]));
    }
}

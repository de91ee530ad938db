//! The figures of experiments that were executed, with their verdicts.

use super::mathematics::inline;
use super::shared::{scroll, table};
use super::{badge, freshness};
use crate::files::unreadable;
use crate::report::{graph::class, model::Freshness, plot};
use anyhow::{Result, anyhow, bail, ensure};
use escapement_verify::judge::ClaimVerdict;
use escapement_verify::run::source::SOURCE_HASH;
use escapement_verify::text::numbers::fractions_shortened;
use maud::{Markup, PreEscaped, html};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes of a run's file within which it says which sources computed it.
const HEAD: u64 = 160;

/// An experiment as its folder holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnExperiment {
    /// The folder.
    pub folder: PathBuf,
    /// The verdict on what the paper reads off.
    pub verdict: ClaimVerdict,
    /// The figure, if there is one.
    pub svg: Option<String>,
    /// Whether the sources of this program computed its runs; none where the folder does not say it.
    pub freshness: Option<Freshness>,
}

/// The folders of experiments in `parent`, or that folder itself if it is one; none where there is no such
/// folder.
pub fn folders(parent: &Path) -> Vec<PathBuf> {
    let is_one = |p: &PathBuf| p.join("verdict.json").is_file();
    if is_one(&parent.to_owned()) {
        return vec![parent.to_owned()];
    }
    let entries = std::fs::read_dir(parent).into_iter().flatten();
    let mut found: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).filter(is_one).collect();
    found.sort();
    found
}

/// The experiments in these folders: each is the folder of one, or holds folders of several.
///
/// # Errors
/// A folder without an experiment, or one whose verdict or figure cannot be read, in one sentence.
pub fn collect(parents: &[PathBuf]) -> Result<Vec<DrawnExperiment>> {
    let mut found = Vec::new();
    for parent in parents {
        let places = folders(parent);
        ensure!(
            !places.is_empty(),
            "{} holds no experiment: its folder, or one in it, has a verdict.json",
            parent.display()
        );
        for place in places {
            found.push(read(&place)?);
        }
    }
    Ok(found)
}

fn read(folder: &Path) -> Result<DrawnExperiment> {
    let text = |name: &str| {
        let path = folder.join(name);
        std::fs::read_to_string(&path).map_err(unreadable(&path))
    };
    let path = folder.join("verdict.json");
    let verdict: ClaimVerdict = serde_json::from_str(&text("verdict.json")?)
        .map_err(|e| anyhow!("{} is no verdict of an experiment: {e}", path.display()))?;
    let name = format!("{}.svg", verdict.claim);
    let svg = if folder.join(&name).is_file() { Some(text(&name)?) } else { None };
    if let Some(svg) = &svg
        && (!svg.starts_with("<svg")
            || ["<script", "<foreignObject", "href"].iter().any(|word| svg.contains(word)))
    {
        let path = folder.join(&name);
        bail!("{} is no figure of an experiment: it holds more than a picture", path.display());
    }
    Ok(DrawnExperiment { folder: folder.to_owned(), verdict, svg, freshness: freshness_of(folder) })
}

/// The origin of the runs in the folder: that of the least fresh.
fn freshness_of(folder: &Path) -> Option<Freshness> {
    let entries = std::fs::read_dir(folder.join("runs")).into_iter().flatten();
    let runs = entries
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "run"));
    let of = |source: String| if source == SOURCE_HASH { Freshness::Reused } else { Freshness::Earlier };
    runs.filter_map(|path| source_of(&path)).map(of).max()
}

/// The hash of the sources in the head of a run's file; none where there is no such head.
fn source_of(path: &Path) -> Option<String> {
    let mut head = Vec::new();
    std::fs::File::open(path).ok()?.take(HEAD).read_to_end(&mut head).ok()?;
    // The cut may go through a letter.
    let head = String::from_utf8_lossy(&head);
    let (_, rest) = head.split_once("\"source\":\"")?;
    Some(rest.split_once('"')?.0.to_owned())
}

/// The command that executes the experiment again: as its judges have it, or by tier and seed.
fn command(v: &ClaimVerdict) -> String {
    let told = v.bounds.iter().find_map(|b| Some(b.worst.as_ref()?.command.clone()));
    told.unwrap_or_else(|| format!("escapement experiment {} --tier {} --seed {}", v.claim, v.tier, v.seed))
}

/// The section of the experiments; nothing where there are none.
pub(super) fn section(experiments: &[DrawnExperiment]) -> Markup {
    html! {
        @if !experiments.is_empty() {
            section id="experiments" aria-labelledby="experiments-title" {
                h2 id="experiments-title" { "Experiments" }
                @for e in experiments { (one(e)) }
            }
        }
    }
}

fn one(e: &DrawnExperiment) -> Markup {
    let v = &e.verdict;
    let findings: Vec<String> = v.bounds.iter().map(|b| format!("{} {}", b.name, b.verdict)).collect();
    let words = format!("{}: {}. {}", v.title, v.verdict, findings.join("; "));
    // As the words may stand between the quotes of an attribute.
    let alt = html! { (words) }.into_string();
    let caption = format!("What is read off, tier {}, seed {}", v.tier, v.seed);
    let columns = ["read off", "verdict", "assertion", "why"];
    let rows = html! {
        @for b in &v.bounds {
            tr {
                th scope="row" { (b.name) } td { (badge(b.verdict, b.bracketed)) }
                td { (inline(&fractions_shortened(&b.statement))) }
                td { (inline(&fractions_shortened(b.why.as_deref().unwrap_or("")))) }
            }
        }
    };
    html! {
        article class={ "card " (class(Some(v.verdict))) } {
            h3 {
                (v.claim) ": " (v.title) " " (badge(v.verdict, v.bracketed))
                @if e.freshness.is_some() { " " (freshness(e.freshness)) }
            }
            @if let Some(svg) = &e.svg {
                figure class="wide" {
                    (scroll(&format!("Figure of {}", v.claim), &PreEscaped(plot::themed(svg, &alt))))
                    figcaption {
                        "As the experiment drew it, tier " (v.tier) ", seed " (v.seed) ", from "
                        code { (e.folder.display()) } "."
                    }
                }
            } @else { p { "There is no figure yet." } }
            (table(&format!("What is read off {}", v.claim), None, &caption, &columns, rows))
            p class="again" { "Again: " code { (command(v)) } }
        }
    }
}

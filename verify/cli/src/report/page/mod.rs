//! The page: one HTML file that needs nothing else. No network, no fonts, pictures and mathematics in line;
//! what the script adds (a filter, keys, the choice of theme) is not needed to read it.
//!
//! Every function here turns a part of [`Report`] into markup. Style and script are files of their own,
//! `style.css` and `script.js`.

mod bound;
mod card;
mod errata;
mod experiments;
mod figures;
mod footer;
mod identity;
mod mathematics;
mod overview;
mod shared;
mod spectrum;
mod table;

pub use experiments::{DrawnExperiment, collect, folders};

use super::graph::{self, Graph, Node};
use super::model::{ClaimReport, Freshness, Report};
use super::palette;
use escapement_verify::judge::{Vacuous, Verdict, word};
use escapement_verify::text::numbers::{bound as error_bound, short};
use escapement_verify::text::plural::count;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The style sheet: the colours, the style of the page, and that of the claim graph.
fn style() -> String {
    format!("{}{}{}", palette::variables(), include_str!("style.css"), graph::STYLE)
}

/// The page of a report, with the figures of experiments.
pub fn html(report: &Report, experiments: &[DrawnExperiment]) -> String {
    let title = format!("escapement: {} at the {} tier", count(report.claims.len(), "claim"), report.tier);
    let graph = claim_graph(report);
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                // Without it a browser asks for favicon.ico.
                link rel="icon" href="data:,";
                title { (title) }
                style { (PreEscaped(style())) }
            }
            body {
                a class="skip" href="#claims" { "Skip to the claims" }
                header {
                    p class="brand" { "escapement" }
                    nav aria-label="Parts of this page" {
                        a href="#overview" { "Overview" } " "
                        a href="#graph" { "Graph" } " "
                        a href="#claims" { "Claims" } " "
                        a href="#spectrum" { "Spectrum" } " "
                        @if !experiments.is_empty() { a href="#experiments" { "Experiments" } " " }
                        a href="#errata" { "Errata" }
                    }
                    button id="theme" type="button" hidden { "Theme" }
                }
                main {
                    (overview::section(report))
                    (overview::graph(&graph))
                    section id="claims" aria-labelledby="claims-title" {
                        h2 id="claims-title" { "Claims" }
                        (overview::filter(report))
                        @for claim in &report.claims { (card::card(claim, report, &graph)) }
                        p id="nothing" hidden { "No claim has this verdict." }
                    }
                    (spectrum::section(report))
                    (experiments::section(experiments))
                    (errata::section(report))
                }
                (footer::footer(report))
                script { (PreEscaped(include_str!("script.js"))) }
            }
        }
    };
    markup.into_string() + "\n"
}

/// The claims and what they rest on.
fn claim_graph(report: &Report) -> Graph {
    let node = |c: &ClaimReport| {
        let uses: Vec<&str> = c.uses.iter().map(String::as_str).collect();
        Node::new(&c.id, &c.title, (c.cells.recorded > 0).then_some(c.verdict), &uses)
    };
    Graph::new(report.claims.iter().map(node).collect())
}

/// A verdict in colour and in words.
fn badge(verdict: Verdict, bracketed: Option<Verdict>) -> Markup {
    html! {
        span class={ "badge " (graph::class(Some(verdict))) } {
            (graph::sign(Some(verdict))) " " (word(verdict, bracketed))
        }
    }
}

/// A chip where a bound says no more than what needs no theorem; nothing where it says more on every cell.
fn vacuous(found: Option<Vacuous>) -> Markup {
    html! {
        @if let Some(found) = found.filter(|v| v.cells > 0) {
            " "
            span class="chip vacuous" title="Its right side is no better than what needs no theorem." {
                "vacuous"
                @if found.cells < found.of { " on " (found.cells) " of " (found.of) " cells" }
            }
        }
    }
}

/// A value whose error bound shows on hover, with the words `from` on where it comes from.
fn hover(x: f64, error: Option<f64>, from: &str) -> Markup {
    let known = |e| format!("± {}", error_bound(e));
    let bound = error.map_or_else(|| "no error bound: a statistic".to_owned(), known);
    let title = if from.is_empty() { bound } else { format!("{bound}; {from}") };
    html! { span class="number" title=(title) { (short(x)) } }
}

/// Whether numbers are fresh.
fn freshness(freshness: Option<Freshness>) -> Markup {
    let (class, words, long) = match freshness {
        Some(Freshness::Measured) => {
            ("measured", "measured now", "Measured by the command that made this page.")
        }
        Some(Freshness::Reused) => ("reused", "reused", "Measured by an earlier run of the same sources."),
        Some(Freshness::Earlier) => {
            ("earlier", "earlier version", "Measured by other sources than this program's.")
        }
        None => ("none", "no records", "Nothing was measured."),
    };
    html! { span class={ "from " (class) } title=(long) { (words) } }
}

//! The first part of the page: the papers, counts by verdict, a line for each statement, and the graph.

use super::{badge, bound, freshness, vacuous};
use super::{mathematics::inline, shared::head, shared::scroll};
use crate::report::cite;
use crate::report::graph::{Graph, Setting, class};
use crate::report::headline;
use crate::report::model::{
    BoundReport, CAVEAT, ClaimReport, Freshness, PaperEntry, Report, erratum_anchor,
};
use escapement_verify::judge::{Powers, Verdict};
use escapement_verify::text::numbers::{short, signed_exponent as exponent};
use escapement_verify::text::plural::count;
use maud::{Markup, PreEscaped, html};

/// The overview.
pub(super) fn section(report: &Report) -> Markup {
    let number = |v: Verdict| report.counts.get(&v).copied().unwrap_or(0);
    // Numbers that all come from the same place have that said once, in a note above.
    let mut from = report.claims.iter().filter_map(|c| c.freshness);
    let mixed = from.next().is_some_and(|first| from.any(|other| other != first));
    html! {
        section id="overview" aria-labelledby="overview-title" {
            h1 id="overview-title" { "Are the theorems true where we can reach?" }
            p class="lead" {
                (count(report.claims.len(), "claim")) " of " (count(report.papers.len(), "paper"))
                ", measured at the " (report.tier) " tier with the root seed " (report.seed) ". " (CAVEAT)
            }
            @for note in &report.notes { p class="note" { (sentence(note)) } }
            (papers(report))
            dl class="counts" {
                @for verdict in Verdict::ALL.into_iter().filter(|v| number(*v) > 0) {
                    div class={ "tile " (class(Some(verdict))) } {
                        dt { (badge(verdict, None)) }
                        dd { strong { (number(verdict)) } " " span { (verdict.meaning()) } }
                    }
                }
            }
            div class="stack" {
                table class="claims-table" {
                    caption { "A line for each printed statement. Its numbers are its own, not those of \
                        another bound of the claim." }
                    thead {
                        tr {
                            @for column in COLUMNS { th scope="col" { (column) } }
                        }
                    }
                    @for paper in &report.papers {
                        @if report.papers.len() > 1 {
                            tbody class="of-paper" {
                                tr id={ "paper-" (paper.id) } {
                                    th scope="rowgroup" colspan=(COLUMNS.len()) { (paper.short) ": " (paper.title) }
                                }
                            }
                        }
                        @for claim in report.claims.iter().filter(|c| c.paper == paper.id) {
                            tbody { (rows(claim, mixed)) }
                        }
                    }
                }
            }
            (legend())
        }
    }
}

/// The front: a line for each paper, and how to cite it.
fn papers(report: &Report) -> Markup {
    html! {
        div class="stack" {
            table class="papers" {
                caption { "The papers, and what came out of their claims" }
                (head(&["Paper", "Claims", "Verdicts", "Inside / measured", "Errata"]))
                tbody { @for paper in &report.papers { (of_paper(paper, report)) } }
            }
        }
        @for paper in report.papers.iter().filter(|p| !p.bibtex.is_empty()) {
            details class="bibtex" {
                summary { "BibTeX of " (paper.short) }
                pre { (paper.bibtex.trim()) }
            }
        }
        details class="cite" {
            summary { "Cite this report" }
            p { "Verdicts by " (cite::source(report)) "." }
            p {
                "In LaTeX, " code { "\\input{verdicts}" } " and then "
                code { "\\escapementverdict{" (report.claims.first().map(ClaimReport::full_name).unwrap_or_default()) "}" }
                " print a verdict, and " code { "\\escapementsource" } " what gave it: the file "
                code { "verdicts.tex" } " lies beside this page."
            }
        }
    }
}

/// The line of a paper.
fn of_paper(paper: &PaperEntry, report: &Report) -> Markup {
    let claims = || report.claims.iter().filter(|c| c.paper == paper.id);
    let (inside, recorded) =
        claims().fold((0, 0), |(i, n), c| (i + c.cells.inside_hypotheses, n + c.cells.recorded));
    let errata = report.errata.iter().filter(|e| e.paper == paper.id).count();
    let place = if report.papers.len() > 1 { format!("#paper-{}", paper.id) } else { "#claims".into() };
    html! {
        tr {
            th scope="row" { a href=(place) { (paper.short) } " " cite { (paper.title) } }
            td data-label="Claims" { (claims().count()) }
            td data-label="Verdicts" {
                @for verdict in Verdict::ALL {
                    @let found = claims().filter(|c| c.verdict == verdict).count();
                    @if found > 0 { span class="unbroken" { (found) " " (badge(verdict, None)) } " " }
                }
            }
            td data-label="Inside / measured" { (inside) " / " (recorded) }
            td data-label="Errata" {
                @if errata > 0 { a href={ "#" (report.errata.iter().find(|e| e.paper == paper.id)
                    .map(super::super::model::ErratumEntry::anchor).unwrap_or_default()) } { (errata) } } @else { "none" }
            }
        }
    }
}

/// The columns of the overview.
const COLUMNS: [&str; 8] = [
    "Claim",
    "Verdict",
    "Statement",
    "Exponent, claimed → measured",
    "Constant",
    "Tight",
    "Would have noticed",
    "Inside / measured",
];

/// What the words and the columns mean, folded.
fn legend() -> Markup {
    let column = |name: &str, words: &str| html! { div { dt { (name) } dd { (words) } } };
    html! {
        details class="words" {
            summary { "What the words and the columns mean" }
            dl {
                @for verdict in Verdict::ALL { div { dt { (badge(verdict, None)) } dd { (verdict.meaning()) } } }
                div { dt { span class="chip vacuous" { "vacuous" } } dd {
                    "the statement says no more than what needs no theorem"
                } }
                (column("Exponent", "with 95 % limits; \u{201c}still moving\u{201d} where the last estimate \
                    is itself one of the limits, because the local exponents have not settled"))
                (column("Constant", "the largest measured ratio of the two sides, the smallest of a lower bound"))
                (column("Tight", "or by how much sharper the statement could be"))
                (column("Would have noticed", "the smallest violation that would have been refuted: an \
                    extra power, or a factor"))
                (column("Inside / measured", "cells inside every printed hypothesis, and all cells of the statement"))
                (column("Control", "something false that must be refuted on the same cells: without that a \
                    claim is not supported"))
                div { dt { (freshness(Some(Freshness::Measured))) } dd { "by the command that made this page" } }
                div { dt { (freshness(Some(Freshness::Reused))) } dd { "from an earlier run of the same sources" } }
                div { dt { (freshness(Some(Freshness::Earlier))) } dd { "by other sources" } }
            }
        }
    }
}

/// The lines of a claim: one for each of its statements, the first with its name.
fn rows(claim: &ClaimReport, mixed: bool) -> Markup {
    let stated = claim.headlines();
    let name = |lines: usize| {
        html! {
            th scope="rowgroup" rowspan=(lines) {
                a href={ "#claim-" (claim.id) } { (claim.id) } " " span class="title" { (inline(&claim.title)) }
                (marks(claim, mixed))
            }
        }
    };
    html! {
        @for (line, (number, b)) in stated.iter().enumerate() {
            tr { @if line == 0 { (name(stated.len())) } (statement(claim, *number, b)) }
        }
        @if stated.is_empty() {
            tr {
                (name(1))
                td data-label="Verdict" { (badge(claim.verdict, claim.bracketed)) }
                td colspan=(COLUMNS.len() - 2) { "no statement was measured" }
            }
        }
    }
}

/// What a reader of the overview must not miss beside the verdicts.
fn marks(claim: &ClaimReport, mixed: bool) -> Markup {
    let erratum = |id| {
        html! { " (" a href={ "#" (erratum_anchor(&claim.paper, id)) } { (id) } ")" }
    };
    let stated = claim.headlines();
    html! {
        @if !stated.is_empty() && stated.iter().all(|(_, b)| b.verdict.word() != claim.word()) {
            " " span class="unbroken" { "all in all: " (badge(claim.verdict, claim.bracketed)) }
        }
        @if !claim.shaken_by.is_empty() {
            " " span class="shaken-mark" { "rests on refuted " (claim.shaken_by.join(", ")) }
        }
        @if let Some(p) = &claim.as_printed {
            " as printed: " (p.verdict) (erratum(p.erratum))
        }
        @for p in &claim.proved { " " (badge(Verdict::Proved, None)) " in part: " (p.scope) }
        @if let Some(id) = claim.vacuous_as_printed() {
            " " span class="chip vacuous" { "vacuous as printed" } (erratum(id))
        }
        @if mixed { " " (freshness(claim.freshness)) }
    }
}

/// The cells of one statement.
fn statement(claim: &ClaimReport, number: usize, b: &BoundReport) -> Markup {
    let v = &b.verdict;
    let cell = |label: &str, words: Option<Markup>| {
        html! {
            td data-label=(label) class=[words.is_none().then_some("none")] {
                @if let Some(words) = words { (words) } @else { "–" }
            }
        }
    };
    let measured = b.exponent().map(|e| {
        html! {
            span class="unbroken" { (e.parameter) ": " (exponent(e.claimed)) " → " b { (exponent(e.lhs.value)) } }
            " " span class="limits" { "(" (headline::limits(e.lhs)) ")" }
        }
    });
    html! {
        td data-label="Verdict" { (badge(v.verdict, v.bracketed)) (vacuous(v.vacuous)) }
        td data-label="Statement" {
            a href={ "#" (bound::name(claim, number)) } title=(v.statement) { (v.name) }
        }
        (cell("exponent", measured))
        (cell("constant", v.implied_constant.map(|c| html! { b { (short(c)) } })))
        (cell("", b.tight().map(|words| inline(&words))))
        (cell("noticed", b.noticed().map(|words| inline(&words))))
        td data-label="inside" { (v.cells_inside_hypotheses) " / " (v.cells) }
    }
}

/// The smallest violation that would have been refuted, for each variable that the statement names.
pub(super) fn powers(all: &[Powers]) -> Markup {
    let (looked, missing): (Vec<&Powers>, Vec<&Powers>) = all.iter().partition(|p| p.bound.is_some());
    html! {
        @if all.is_empty() { "–" }
        @for (place, p) in looked.iter().enumerate() {
            // The mark that follows stays with its power.
            span class="unbroken" { (p.variable)
                @if let Some(least) = p.least { sup { (format!("{least:.2}")) } } @else { " none" }
                @if place + 1 < looked.len() { "," } @else if !missing.is_empty() { ";" }
            }
            @if place + 1 < looked.len() || !missing.is_empty() { " " }
        }
        @if !missing.is_empty() {
            (missing.iter().map(|p| p.variable.as_str()).collect::<Vec<_>>().join(", ")) " "
            span class="none" { "not looked at" }
        }
    }
}

/// The graph of all claims.
pub(super) fn graph(graph: &Graph) -> Markup {
    html! {
        section id="graph" aria-labelledby="graph-heading" {
            h2 id="graph-heading" { "What rests on what" }
            p { "An arrow leads from a claim to what rests on it. What rests on a refuted claim is red too, \
                with a dashed rim. Each box leads to its claim." }
            div class="broad" {
                (scroll("Graph of the claims", &PreEscaped(graph.svg(Setting::Page("graph-all")))))
            }
            // The same for a telephone.
            div class="narrow" { (PreEscaped(graph.column("graph-column"))) }
            p class="hint" { "The same picture as SVG, DOT or Mermaid: " code { "escapement graph" } }
        }
    }
}

/// The buttons that the script brings to life.
pub(super) fn filter(report: &Report) -> Markup {
    html! {
        div id="filter" class="filter" role="group" aria-label="Show claims by verdict" hidden {
            button type="button" data-show="" aria-pressed="true" { "all " (report.claims.len()) }
            @for verdict in Verdict::ALL {
                @if let Some(count) = report.counts.get(&verdict) {
                    button type="button" data-show=(class(Some(verdict))) aria-pressed="false" {
                        (verdict.name()) " " (count)
                    }
                }
            }
            button type="button" id="tables" aria-pressed="false" { "open all tables" }
            p class="hint" {
                "Keys: " kbd { "j" } " next claim, " kbd { "k" } " previous claim, " kbd { "t" } " theme."
            }
        }
    }
}

/// The text with a capital at the start, unless a file name stands there, and with a full stop at the end.
fn sentence(text: &str) -> String {
    let file = text
        .split_whitespace()
        .next()
        .is_some_and(|w| w.trim_end_matches(['.', ':', ',']).contains(['.', '/', '\\']));
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|c| if file { c.to_string() } else { c.to_uppercase().collect() })
        .unwrap_or_default();
    format!("{first}{}{}", letters.as_str(), if text.ends_with('.') { "" } else { "." })
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[test]
    fn the_name_of_a_file_keeps_its_letters() {
        assert_eq!(sentence("half.jsonl ends in the middle"), "half.jsonl ends in the middle.");
        assert_eq!(sentence("results/journal: no record"), "results/journal: no record.");
        assert_eq!(sentence("every record is old."), "Every record is old.");
    }
}

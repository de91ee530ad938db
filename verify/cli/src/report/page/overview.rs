//! The first part of the page: counts by verdict, the meaning of the signs, all claims, and the graph.

use super::{badge, bound, freshness};
use super::{figures, mathematics::inline, shared::scroll};
use crate::report::graph::{Graph, Setting, class};
use crate::report::model::{BoundReport, CAVEAT, ClaimReport, Freshness, Report, erratum_anchor};
use escapement_verify::judge::{ExponentEvidence, Powers, Verdict};
use escapement_verify::text::numbers::{short, signed_exponent as exponent};
use maud::{Markup, PreEscaped, html};

/// The overview.
pub(super) fn section(report: &Report) -> Markup {
    let count = |v: Verdict| report.counts.get(&v).copied().unwrap_or(0);
    html! {
        section id="overview" aria-labelledby="overview-title" {
            h1 id="overview-title" { "Are the theorems true where we can reach?" }
            p class="lead" {
                "The claims of "
                @for (i, paper) in report.papers.iter().enumerate() {
                    @if i > 0 { ", " }
                    (paper.short) " (" cite { (paper.title) } ")"
                }
                ", measured at the " (report.tier) " tier with the root seed " (report.seed) ". " (CAVEAT)
            }
            @for paper in report.papers.iter().filter(|p| !p.bibtex.is_empty()) {
                details class="bibtex" {
                    summary { "BibTeX of " (paper.short) }
                    pre { (paper.bibtex.trim()) }
                }
            }
            @for note in &report.notes { p class="note" { (sentence(note)) } }
            dl class="counts" {
                @for verdict in Verdict::ALL.into_iter().filter(|v| count(*v) > 0) {
                    div class={ "tile " (class(Some(verdict))) } {
                        dt { (badge(verdict, None)) }
                        dd { strong { (count(verdict)) } " " span { (verdict.meaning()) } }
                    }
                }
            }
            details class="words" {
                summary { "What the ten words mean" }
                dl {
                    @for verdict in Verdict::ALL {
                        div { dt { (badge(verdict, None)) } dd { (verdict.meaning()) } }
                    }
                }
            }
            p class="legend" {
                "Numbers come with their source: "
                (freshness(Some(Freshness::Measured))) " by the command that made this page, "
                (freshness(Some(Freshness::Reused))) " from an earlier run of the same sources, "
                (freshness(Some(Freshness::Earlier))) " of other sources. Their error bounds show on hover \
                    and stand in the tables. "
                "Every check has a negative control, something false that must be refuted on the same \
                 cells: without that a claim is not supported."
            }
            div class="stack" {
                table class="claims-table" {
                    caption { "The claims, each with the exponent that comes nearest to violating its \
                        bound, its limits, and the constant of that bound. Power is the smallest extra \
                        power of a variable that would have been refuted" }
                    thead {
                        tr {
                            th scope="col" { "Claim" } th scope="col" { "Verdict" }
                            th scope="col" { "As printed" } th scope="col" { "What it says" }
                            th scope="col" class="far-out" { "Exponent, claimed → measured" }
                            th scope="col" class="far-out" { "Constant" }
                            th scope="col" class="power" { "Power" }
                            th scope="col" { "Cells" }
                            th scope="col" { "Numbers" }
                        }
                    }
                    tbody { @for claim in &report.claims { (row(claim)) } }
                }
            }
        }
    }
}

fn row(claim: &ClaimReport) -> Markup {
    let c = &claim.cells;
    html! {
        tr {
            th scope="row" { a href={ "#claim-" (claim.id) } { (claim.id) } }
            td data-label="Verdict" {
                (badge(claim.verdict, claim.bracketed))
                @if !claim.shaken_by.is_empty() { " " span class="shaken-mark" { "rests on refuted "
                    (claim.shaken_by.join(", ")) } }
            }
            td data-label="As printed" class=[claim.as_printed.is_none().then_some("same")] {
                @if let Some(p) = &claim.as_printed {
                    (p.verdict) " "
                    @let place = erratum_anchor(&claim.paper, p.erratum);
                    span class="unbroken" { "(" a href={ "#" (place) } { (p.erratum) } ")" }
                } @else {
                    "same"
                }
            }
            td data-label="What it says" { (inline(&claim.title)) }
            (worst(claim))
            td data-label="power" class="power" { (powers(&claim.power)) }
            td data-label="Cells" {
                (c.recorded)
                @if c.recorded < c.planned { " of " (c.planned) }
                @if c.recorded > 0 {
                    ", " span class="unbroken" { (100 * c.inside_hypotheses / c.recorded) " % inside" }
                }
            }
            td data-label="Numbers" { (freshness(claim.freshness)) }
        }
    }
}

/// The exponent that comes nearest to violating its bound, and the implied constant of that bound; of the
/// worst bound where none has an exponent.
fn worst(claim: &ClaimReport) -> Markup {
    let counted = || claim.bounds.iter().filter(|b| b.verdict.counts());
    let exponents = counted().filter_map(|b| Some((b, figures::nearest(b).filter(|e| e.decides)?)));
    let beyond = |(b, e): &(&BoundReport, &ExponentEvidence)| e.beyond(b.binds());
    let nearest = exponents.max_by(|a, b| beyond(a).total_cmp(&beyond(b)));
    let bound = nearest.map(|f| f.0).or_else(|| {
        counted().filter(|b| b.verdict.implied_constant.is_some()).max_by_key(|b| b.verdict.verdict)
    });
    let constant = bound.and_then(|b| b.verdict.implied_constant);
    html! {
        td data-label="exponent" class={ "far-out" @if nearest.is_none() { " none" } } {
            @if let Some((b, e)) = nearest {
                @let number = claim.bounds.iter().position(|x| std::ptr::eq(x, b)).unwrap_or(0);
                a href={ "#" (bound::name(claim, number)) }
                    title={ (b.verdict.name) ", " (b.binds().words()) } {
                    (e.parameter) ": " (exponent(e.claimed)) " → " (exponent(e.lhs.value))
                }
                " " span { "(" (exponent(e.lhs.lower)) " to " (exponent(e.lhs.upper)) ")" }
            } @else { "–" }
        }
        td data-label="constant" class={ "far-out" @if constant.is_none() { " none" } } {
            @if let Some(c) = constant { (short(c)) } @else { "–" }
        }
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
            (scroll("Graph of the claims", &PreEscaped(graph.svg(Setting::Page("graph-all")))))
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

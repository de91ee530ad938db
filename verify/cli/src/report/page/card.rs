//! The card of a claim: what it says, what would refute it, what came out, and what to type.

use super::mathematics::{display, inline};
use super::overview::powers;
use super::shared::scroll;
use super::{badge, bound, freshness};
use crate::report::graph::{Graph, Setting, class};
use crate::report::model::{ClaimReport, HypothesisCount, Report};
use escapement::error::human_bytes;
use escapement_verify::claim::record::Hypothesis;
use escapement_verify::text::numbers::{elapsed, large};
use escapement_verify::text::plural::count;
use maud::{Markup, PreEscaped, html};

/// The card.
pub(super) fn card(claim: &ClaimReport, report: &Report, graph: &Graph) -> Markup {
    let near = graph.neighbours(&claim.id);
    let picture = near.svg(Setting::Page(&format!("near-{}", claim.id)));
    // Beside the facts where it can be read there, below them otherwise.
    let sides = if near.layout().width > 480.0 { "sides wide" } else { "sides" };
    html! {
        article class={ "card " (class(Some(claim.verdict))) @if !claim.shaken_by.is_empty() { " shaken" } }
            id={ "claim-" (claim.id) } data-verdict=(class(Some(claim.verdict)))
            aria-labelledby={ "title-" (claim.id) } {
            h3 id={ "title-" (claim.id) } tabindex="-1" {
                span class="id" { (claim.id) } " " (inline(&claim.title))
            }
            p class="marks" {
                (badge(claim.verdict, claim.bracketed)) " " (freshness(claim.freshness)) " "
                span class="reference" { (claim.reference) }
            }
            @if !claim.shaken_by.is_empty() {
                p class="shaken-mark" { "It rests on what is refuted: " (links(&claim.shaken_by, report)) }
            }
            (statement(claim, report))
            div class=(sides) {
                (facts(claim, report))
                figure class="near" {
                    (scroll(&format!("What {} touches", claim.id), &PreEscaped(picture)))
                    figcaption { "What it rests on, and what rests on it" }
                }
            }
            @for f in &claim.failures { p class="why refuted" { "The cell " code { (f.cell) } " could not \
                be measured: " (f.message) } }
            (bound::contents(claim))
            @for (number, b) in claim.bounds.iter().enumerate() { (bound::section(b, claim, number)) }
            (cost(claim, report))
        }
    }
}

/// As checked; and as printed, where the errata say that it differs.
fn statement(claim: &ClaimReport, report: &Report) -> Markup {
    let errata: Vec<_> = report.errata.iter().filter(|e| e.concerns(claim)).collect();
    html! {
        div class="statement" {
            (display(&claim.formula, &claim.statement))
        }
        @if !errata.is_empty() {
            dl class="printed-checked" {
                @for e in errata {
                    div {
                        dt { a href={ "#" (e.anchor()) } { (e.id) } ", " (e.place) }
                        dd { b { "As printed: " } (inline(&e.printed)) }
                        dd { b { "As checked: " } (inline(&e.checked)) }
                    }
                }
                @if let Some(p) = &claim.as_printed {
                    div { dt { "Verdict on the printed wording" } dd { (badge(p.verdict, None)) } }
                }
            }
        }
    }
}

/// An entry of a list of facts.
fn fact(name: &str, content: &Markup) -> Markup {
    html! { div { dt { (name) } dd { (content) } } }
}

fn facts(claim: &ClaimReport, report: &Report) -> Markup {
    let c = &claim.cells;
    let cells = html! {
        (c.recorded) " of " (c.planned) " recorded (" (c.measured) " measured now, " (c.reused)
        " reused, " (c.earlier) " of an earlier version)"
        @if c.failed > 0 { ", " (c.failed) " failed" }
        @if c.missing > 0 { ", " strong { (c.missing) " missing" } }
        ", " (c.inside_hypotheses) " inside all hypotheses of the theorem"
    };
    html! {
        dl class="facts" {
            (fact("Hypotheses", &html! { (inline(&claim.hypotheses)) (met(&claim.hypotheses_met)) }))
            (fact("Method", &inline(&claim.method)))
            (fact("What would refute it", &inline(&claim.refuted_by)))
            (fact("Power", &html! {
                (powers(&claim.power))
                ": the smallest extra power of each variable that the statement names which would have been \
                 refuted"
            }))
            (fact("Falsehoods", &html! {
                (claim.falsehoods.refuted) " refuted, " (claim.falsehoods.undecided) " undecided, "
                (claim.falsehoods.unnoticed) " unnoticed, of those planted in its records one at a time; \
                 one below the power of a bound leaves the statement true"
            }))
            (fact("Cells", &cells))
            (fact("Rests on", &links(&claim.uses, report)))
            (fact("Rest on it", &links(&claim.rests_on_it, report)))
        }
    }
}

/// Hypotheses above which their list is folded.
const LONG: usize = 6;

/// How many cells meet each hypothesis.
fn met(hypotheses: &[HypothesisCount]) -> Markup {
    let gloss = |h: &HypothesisCount| {
        if h.name == Hypothesis::RANGE { " (where the constant is uniform)" } else { "" }
    };
    let list = html! {
        @if !hypotheses.is_empty() {
            ul class="met" {
                @for h in hypotheses {
                    li { (inline(&h.name)) (gloss(h)) ": met by " (h.met) " of " (count(h.cells, "cell")) }
                }
            }
        }
    };
    if hypotheses.len() <= LONG {
        return list;
    }
    html! { details { summary { "How many cells meet each of " (hypotheses.len()) " hypotheses" } (list) } }
}

fn cost(claim: &ClaimReport, report: &Report) -> Markup {
    let cost = &claim.cost;
    let spent = html! {
        (large(cost.flops)) " flops, up to " (human_bytes(cost.bytes)) " in a cell"
        @if cost.products > 0.0 { ", " (large(cost.products)) " products with Σ or a Hessian" }
        @if let Some(seconds) = cost.seconds {
            ", " (elapsed(seconds)) " of wall time over " (count(cost.timed, "cell"))
        }
    };
    let keyed = ", with the cell's own name: every stream of random numbers is keyed by both";
    html! {
        dl class="facts cost" {
            (fact("Cost", &spent))
            (fact("Seed", &html! { (report.seed) (keyed) }))
            (fact("Again", &html! { code { (claim.command) " --journal again.jsonl" } }))
        }
    }
}

/// Links to the cards of claims; the bare name of one that this report leaves out.
fn links(ids: &[String], report: &Report) -> Markup {
    html! {
        @if ids.is_empty() { "nothing here" }
        @for (i, id) in ids.iter().enumerate() {
            @if i > 0 { ", " }
            @if report.claims.iter().any(|c| c.id == *id) {
                a href={ "#claim-" (id) } { (id) }
            } @else {
                (id)
            }
        }
    }
}

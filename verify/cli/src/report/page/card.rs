//! The card of a claim: what it says, what would refute it, what came out, and what to type.

use super::mathematics::{display, inline};
use super::overview::powers;
use super::shared::{fact, head, scroll};
use super::{badge, bound, freshness};
use crate::report::cite;
use crate::report::graph::{Graph, Setting, class};
use crate::report::headline::limits;
use crate::report::model::{ClaimReport, HypothesisCount, Report, erratum_anchor};
use escapement::error::human_bytes;
use escapement_verify::claim::certified::Proved;
use escapement_verify::claim::record::Hypothesis;
use escapement_verify::judge::Verdict;
use escapement_verify::text::numbers::{elapsed, large, short, signed_exponent as exponent};
use escapement_verify::text::plural::count;
use maud::{Markup, PreEscaped, html};

/// The card.
pub(super) fn card(claim: &ClaimReport, report: &Report, graph: &Graph) -> Markup {
    let first = claim.headlines().first().map(|(number, _)| *number);
    let others = || claim.bounds.iter().enumerate().filter(move |(number, _)| Some(*number) != first);
    let anchor = format!("claim-{}", claim.id);
    html! {
        article class={ "card " (class(Some(claim.verdict))) @if !claim.shaken_by.is_empty() { " shaken" } }
            id=(anchor) data-verdict=(class(Some(claim.verdict))) aria-labelledby={ "title-" (claim.id) } {
            h3 id={ "title-" (claim.id) } tabindex="-1" {
                span class="id" { (claim.id) } " " (inline(&claim.title))
            }
            (glance(claim))
            @for p in &claim.proved { (proved(p)) }
            @if !claim.shaken_by.is_empty() {
                p class="shaken-mark" { "It rests on what is refuted: " (links(&claim.shaken_by, report)) }
            }
            @for f in &claim.failures { p class="why refuted" { "The cell " code { (f.cell) } " could not \
                be measured: " (f.message) } }
            @for (number, b) in claim.bounds.iter().enumerate().filter(|(number, _)| Some(*number) == first) {
                (bound::first(b, claim, number))
            }
            (statement(claim, report))
            details class="about" {
                summary { "Hypotheses, method, what would refute it, what it rests on" }
                (about(claim, report, graph))
            }
            @if others().next().is_some() {
                details class="others" {
                    summary {
                        (count(others().count(), if first.is_some() { "other bound" } else { "bound" }))
                        (tally(others().map(|(_, b)| b.verdict.verdict)))
                    }
                    @for (number, b) in others() { (bound::folded(b, claim, number)) }
                }
            }
            details class="cost" {
                summary { "Cost, cite as, measure again" }
                (cost(claim, report))
            }
        }
    }
}

/// ": 3 holds, 7 scales", from the best to the worst.
fn tally(verdicts: impl Iterator<Item = Verdict>) -> String {
    let all: Vec<Verdict> = verdicts.collect();
    let words = Verdict::ALL.iter().filter_map(|w| {
        let found = all.iter().filter(|v| *v == w).count();
        (found > 0).then(|| format!("{found} {w}"))
    });
    format!(": {}", words.collect::<Vec<_>>().join(", "))
}

/// The answer in one line: does it hold, with which constant and exponent, how tight, what would have been
/// noticed; then the verdict, where its numbers come from, and what became of the printed wording.
fn glance(claim: &ClaimReport) -> Markup {
    let headlines = claim.headlines();
    let vacuous = claim.vacuous_as_printed();
    html! {
        p class="glance" {
            @let outside = claim.verdict == Verdict::Outside
                || headlines.first().is_some_and(|(_, b)| b.verdict.verdict == Verdict::Outside);
            "holds: " strong {
                (claim.answer())
                @if outside { ", outside the printed hypotheses" }
            }
            @if let Some((_, b)) = headlines.first() {
                @if let Some(c) = b.verdict.implied_constant { " · constant " b { (short(c)) } }
                @if let Some(e) = b.exponent() {
                    " · exponent of " (e.parameter) " " b { (exponent(e.lhs.value)) } " (claimed "
                    (exponent(e.claimed)) "; " (limits(e.lhs)) ")"
                }
                @if let Some(tight) = b.tight() { " · " (inline(&tight)) }
                @if let Some(noticed) = b.noticed() { " · would have noticed " (inline(&noticed)) }
                " · " (b.verdict.cells_inside_hypotheses) " of " (count(b.verdict.cells, "cell")) " inside"
            }
        }
        p class="marks" {
            (badge(claim.verdict, claim.bracketed)) " " (freshness(claim.freshness)) " "
            @if let Some(p) = &claim.as_printed {
                "as printed: " (badge(p.verdict, None)) " ("
                a href={ "#" (erratum_anchor(&claim.paper, p.erratum)) } { (p.erratum) } ") "
            }
            @if let Some(erratum) = vacuous {
                span class="chip vacuous" { "vacuous as printed" } " ("
                a href={ "#" (erratum_anchor(&claim.paper, erratum)) } { (erratum) } ") "
            }
            span class="reference" { (claim.reference) }
        }
    }
}

/// What a certificate proves, clause by clause.
fn proved(p: &Proved) -> Markup {
    html! {
        details class="proved" {
            summary { (badge(Verdict::Proved, None)) " in part: " (p.scope) }
            ul { @for clause in p.statement.split_inclusive("; ") { li { (clause.trim_end()) } } }
            p { "It is read off " code { (p.file) } ", which " code { "escapement-check" } " accepts." }
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
            }
        }
    }
}

/// What has to be known to read the verdict, and what the claim rests on.
fn about(claim: &ClaimReport, report: &Report, graph: &Graph) -> Markup {
    let near = graph.neighbours(&claim.id);
    let picture = near.svg(Setting::Page(&format!("near-{}", claim.id)));
    // Beside the facts where it can be read there, below them otherwise.
    let sides = if near.layout().width > 480.0 { "sides wide" } else { "sides" };
    html! {
        div class=(sides) {
            div { (facts(claim, report)) (hypotheses(claim)) }
            figure class="near" {
                (scroll(&format!("What {} touches", claim.id), &PreEscaped(picture)))
                figcaption { "What it rests on, and what rests on it" }
            }
        }
    }
}

fn facts(claim: &ClaimReport, report: &Report) -> Markup {
    let c = &claim.cells;
    let found = &claim.falsehoods;
    let cells = [
        ("measured now", c.measured),
        ("reused", c.reused),
        ("of an earlier version", c.earlier),
        ("failed", c.failed),
        ("missing", c.missing),
    ];
    html! {
        dl class="facts" {
            (fact("Hypotheses", &inline(&claim.hypotheses)))
            (fact("Method", &inline(&claim.method)))
            (fact("What would refute it", &inline(&claim.refuted_by)))
            (fact("Least extra power that would have been refuted", &powers(&claim.power)))
            (fact("Planted falsehoods", &html! {
                (found.refuted) " refuted, " (found.undecided) " undecided, " (found.unnoticed) " unnoticed"
            }))
            (fact("Cells", &html! {
                (c.recorded) " of " (c.planned) " recorded"
                @for (word, number) in cells.into_iter().filter(|(_, number)| *number > 0) {
                    ", " (number) " " (word)
                }
            }))
            (fact("Rests on", &links(&claim.uses, report)))
            (fact("Rest on it", &links(&claim.rests_on_it, report)))
        }
    }
}

/// How many cells meet each hypothesis, and all that are asked of them: each line adds up to the cells with
/// a record, because a hypothesis of one part of a claim is not asked of the others.
fn hypotheses(claim: &ClaimReport) -> Markup {
    let (recorded, inside) = (claim.cells.recorded, claim.cells.inside_hypotheses);
    let gloss = |h: &HypothesisCount| {
        if h.name == Hypothesis::RANGE { " (where the constant is uniform)" } else { "" }
    };
    html! {
        @if !claim.hypotheses_met.is_empty() {
            table class="met" {
                caption { "The " (count(recorded, "cell")) ", by hypothesis" }
                (head(&["hypothesis", "met", "not met", "not asked"]))
                tbody {
                    @for h in &claim.hypotheses_met {
                        tr {
                            th scope="row" { (inline(&h.name)) (gloss(h)) }
                            td { (h.met) } td { (h.cells - h.met) } td { (recorded.saturating_sub(h.cells)) }
                        }
                    }
                    tr class="sum" {
                        th scope="row" { "inside: every one that is asked" }
                        td { (inside) } td { (recorded.saturating_sub(inside)) } td { "0" }
                    }
                }
            }
        }
    }
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
    html! {
        dl class="facts" {
            (fact("Cost", &spent))
            (fact("Seed", &html! { (report.seed) ", by which and by its own name each cell draws" }))
            (fact("Cite as", &html! { (cite::of_claim(claim, report)) }))
            (fact("In LaTeX", &html! {
                code { "\\escapementverdict{" (claim.full_name()) "}" } ", after " code { "\\input{verdicts}" }
            }))
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

//! One bound of a claim: what came out, its pictures, its numbers.

use super::mathematics::inline;
use super::{badge, figures, hover, table};
use crate::report::graph::{class, sign};
use crate::report::model::{BoundReport, ClaimReport, Freshness, erratum_anchor};
use escapement_verify::claim::Check;
use escapement_verify::text::numbers::{short, signed_exponent as exponent};
use escapement_verify::text::plural::count;
use maud::{Markup, html};

/// The name of the section of a bound, counted on the card of its claim.
pub(super) fn name(claim: &ClaimReport, number: usize) -> String {
    format!("bound-{}-{number}", claim.id)
}

/// Links to the bounds of a card, each with the sign of its verdict; nothing where there is one at most.
pub(super) fn contents(claim: &ClaimReport) -> Markup {
    html! {
        @if claim.bounds.len() > 1 {
            div class="contents" role="group" aria-label={ "Bounds of " (claim.id) } {
                "On this card: "
                ul {
                    @for (number, b) in claim.bounds.iter().enumerate() {
                        li {
                            a class=(class(Some(b.verdict.verdict))) href={ "#" (name(claim, number)) }
                                title=(b.verdict.word()) {
                                (sign(Some(b.verdict.verdict))) " " (b.verdict.name)
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The section of a bound, which can be folded.
pub(super) fn section(bound: &BoundReport, claim: &ClaimReport, number: usize) -> Markup {
    let v = &bound.verdict;
    let from = bound.freshness.map_or("", Freshness::name);
    html! {
        section class="bound" id=(name(claim, number)) {
            details class="whole" open {
            summary {
                h4 {
                    (v.name) " " (badge(v.verdict, v.bracketed))
                    @if let Some(from) = bound.freshness { " " (super::freshness(Some(from))) }
                }
            }
            p class="asserts" { (inline(&v.statement)) " " span class="kind" { (v.kind) } }
            @if let Some(erratum) = v.printed {
                p class="printed" {
                    "As printed, corrected by "
                    a href={ "#" (erratum_anchor(&claim.paper, erratum)) } { (erratum) }
                    ": shown, and does not count."
                }
            }
            @if v.check == Check::Code {
                p class="printed" {
                    "A code check: a theorem about the number computed, which supports no claim."
                }
            }
            @if let Some(chosen) = &v.chosen {
                p class="printed" { "Chosen after seeing data: " (inline(chosen)) "." }
            }
            p { (evidence(bound, from)) }
            @if let Some(why) = &v.why {
                p class={ "why " (class(Some(v.verdict))) } { "Why " (v.word()) ": " (inline(why)) "." }
            }
            (figures::pictures(bound, claim))
            (table::exponents(bound))
            (table::cells(bound, claim))
            @if let Some(worst) = &v.worst {
                p class="again" {
                    @if v.verdict.fails() {
                        "The cell that refutes it"
                    } @else {
                        "The cell nearest to deciding otherwise"
                    }
                    ": " (hover(worst.lhs.value, Some(worst.lhs.error), from)) " against "
                    (hover(worst.rhs.value, Some(worst.rhs.error), from))
                    @if !worst.inside_hypotheses { ", outside the hypotheses" }
                    ". Again: " code { (worst.command) }
                }
            }
            }
        }
    }
}

/// Exponent, constant, tightness, cells, control in a few sentences.
fn evidence(bound: &BoundReport, from: &str) -> Markup {
    let v = &bound.verdict;
    html! {
        @if let Some(e) = figures::nearest(bound) {
            @let limits = format!("limits {} to {}; {from}", exponent(e.lhs.lower), exponent(e.lhs.upper));
            span class="number" title=(limits) {
                (e.parameter) sup { (exponent(e.lhs.value)) }
            }
            " measured, claimed " (e.parameter) sup { (exponent(e.claimed)) }
            " (limits " (exponent(e.lhs.lower)) " to " (exponent(e.lhs.upper))
            @if let Some(from) = e.from { ", over the upper half from " (e.parameter) " = " (from) }
            @if let Some(onset) = e.onset { ", from " (e.parameter) " = " (onset) " on" }
            @if e.exact { ", without scatter" }
            "). "
        }
        @for p in &v.pooled {
            "Over " (count(p.sweeps, "sweep")) " together the ratio goes like the power "
            (exponent(p.ratio.value)) " (limits " (exponent(p.ratio.lower)) " to " (exponent(p.ratio.upper))
            "; upper halves " (exponent(p.upper_half.lower)) " to " (exponent(p.upper_half.upper)) "). "
        }
        @if let (Some(slack), Some(reason)) = (v.slack, &v.slack_reason) {
            "Slack " (slack) ", because " (inline(reason)) ". "
        }
        @for power in &v.power { (inline(&capital(&power.words()))) " would have been refuted. " }
        @if let Some(c) = v.implied_constant { "Constant " (hover(c, bound.constant_error, from)) ". " }
        @if !v.tightness.text.is_empty() { (inline(&capital(&v.tightness.text))) ". " }
        @if let Some(margin) = v.margin { "Margin " (short(margin)) ". " }
        (count(v.cells, "cell")) ", " (v.cells_inside_hypotheses) " inside the hypotheses"
        @if bound.missing > 0 { ", " (bound.missing) " of " (bound.planned) " missing" }
        ". Control " (v.control.verdict) ": " (inline(&v.control.description)) "."
        @if let Some(one) = v.control.one_false { " " (capital(&one.to_string())) "." }
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect())
}

//! One bound of a claim: what came out, its pictures, its numbers.

use super::mathematics::inline;
use super::shared::fact;
use super::{badge, figures, hover, table, vacuous};
use crate::report::graph::class;
use crate::report::headline::limits;
use crate::report::model::{BoundReport, ClaimReport, Freshness, erratum_anchor};
use escapement_verify::claim::Check;
use escapement_verify::judge::ExponentEvidence;
use escapement_verify::text::numbers::{short, signed_exponent as exponent};
use escapement_verify::text::plural::count;
use maud::{Markup, html};

/// The name of the section of a bound, counted on the card of its claim.
pub(super) fn name(claim: &ClaimReport, number: usize) -> String {
    format!("bound-{}-{number}", claim.id)
}

/// The bound that a card opens with: its picture in sight, its numbers folded.
pub(super) fn first(bound: &BoundReport, claim: &ClaimReport, number: usize) -> Markup {
    html! {
        section class="bound first" id=(name(claim, number)) {
            h4 { (heading(bound, claim)) }
            (asserts(bound, claim))
            (figures::pictures(bound, claim))
            details {
                summary { "Limits, control and numbers of " (bound.verdict.name) }
                (numbers(bound, claim))
            }
        }
    }
}

/// A bound that is folded as a whole.
pub(super) fn folded(bound: &BoundReport, claim: &ClaimReport, number: usize) -> Markup {
    html! {
        section class="bound" id=(name(claim, number)) {
            details class="whole" {
                summary { h4 { (heading(bound, claim)) } }
                (asserts(bound, claim))
                (figures::pictures(bound, claim))
                (numbers(bound, claim))
            }
        }
    }
}

/// Its name and its verdict, and where its numbers come from if those of the claim come from elsewhere.
fn heading(bound: &BoundReport, claim: &ClaimReport) -> Markup {
    let v = &bound.verdict;
    html! {
        (v.name) " " (badge(v.verdict, v.bracketed)) (vacuous(v.vacuous))
        @if bound.freshness.is_some() && bound.freshness != claim.freshness {
            " " (super::freshness(bound.freshness))
        }
    }
}

/// What it says, what has to be known before its verdict is read, and why that supports nothing.
fn asserts(bound: &BoundReport, claim: &ClaimReport) -> Markup {
    let v = &bound.verdict;
    html! {
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
        @if let Some(why) = &v.why {
            p class={ "why " (class(Some(v.verdict))) } { "Why " (v.word()) ": " (inline(why)) "." }
        }
    }
}

/// Everything that the verdict was read off.
fn numbers(bound: &BoundReport, claim: &ClaimReport) -> Markup {
    let from = bound.freshness.map_or("", Freshness::name);
    html! {
        dl class="facts" { (evidence(bound, from)) }
        (table::exponents(bound))
        (table::cells(bound, claim))
    }
}

/// Exponent, constant, tightness, cells, control: a line each.
fn evidence(bound: &BoundReport, from: &str) -> Markup {
    let v = &bound.verdict;
    html! {
        @if let Some(e) = figures::nearest(bound) { (fact("Exponent", &measured(e, from))) }
        @for p in &v.pooled {
            (fact(&format!("Ratio over {}", count(p.sweeps, "sweep")), &html! {
                "power " (exponent(p.ratio.value)) ", limits " (limits(p.ratio)) "; over the upper halves "
                (limits(p.upper_half))
            }))
        }
        @if let (Some(slack), Some(reason)) = (v.slack, &v.slack_reason) {
            (fact("Slack", &html! { (slack) ", because " (inline(reason)) }))
        }
        @if let Some(chosen) = &v.chosen { (fact("Chosen after seeing data", &inline(chosen))) }
        @for power in &v.power { (fact("Would have been refuted", &inline(&power.words()))) }
        @if let Some(c) = v.implied_constant {
            (fact("Constant", &hover(c, bound.constant_error, from)))
        }
        @if !v.tightness.text.is_empty() { (fact("Tightness", &inline(&v.tightness.text))) }
        @if let Some(found) = v.vacuous {
            (fact("Vacuous", &html! {
                "on " (found.cells) " of " (count(found.of, "cell")) ": there its right side is no better \
                 than what needs no theorem"
            }))
        }
        @if let Some(margin) = v.margin { (fact("Margin", &html! { (short(margin)) })) }
        (fact("Cells", &html! {
            (v.cells) " measured, " (v.cells_inside_hypotheses) " inside the hypotheses"
            @if bound.missing > 0 { ", " (bound.missing) " of " (bound.planned) " missing" }
        }))
        (fact(&format!("Control {}", v.control.verdict), &inline(&v.control.description)))
        @if let Some(one) = v.control.one_false { (fact("One false record", &html! { (one.to_string()) })) }
        @if let Some(worst) = &v.worst {
            @let title = if v.verdict.fails() { "The cell that refutes it" } else { "The nearest cell" };
            (fact(title, &html! {
                (hover(worst.lhs.value, Some(worst.lhs.error), from)) " against "
                (hover(worst.rhs.value, Some(worst.rhs.error), from))
                @if !worst.inside_hypotheses { ", outside the hypotheses" }
            }))
            (fact("Again", &html! { code { (worst.command) } }))
        }
    }
}

/// The exponent that comes nearest to violating the bound.
fn measured(e: &ExponentEvidence, from: &str) -> Markup {
    let title = format!("limits {}; {from}", limits(e.lhs));
    html! {
        span class="number" title=(title) { (e.parameter) sup { (exponent(e.lhs.value)) } }
        " measured, " (e.parameter) sup { (exponent(e.claimed)) } " claimed; limits " (limits(e.lhs))
        @if let Some(from) = e.from { ", over the upper half from " (e.parameter) " = " (from) }
        @if let Some(onset) = e.onset { ", from " (e.parameter) " = " (onset) " on" }
        @if e.exact { ", without scatter" }
    }
}

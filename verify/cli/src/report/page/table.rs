//! The numbers behind the pictures of a bound, cell by cell, with their error bounds.

use super::shared;
use crate::report::headline::limits;
use crate::report::model::{BoundReport, ClaimReport};
use escapement_verify::judge::{ExponentEvidence, series::Point};
use escapement_verify::text::numbers::{short, signed_exponent as exponent, with_bound};
use escapement_verify::text::plural::{are, count};
use maud::{Markup, html};

/// Rows of a table on the page; bounds with more have them in the files beside it.
const ROWS: usize = 20;

/// The exponents of every group of cells.
pub(super) fn exponents(bound: &BoundReport) -> Markup {
    let all = &bound.verdict.exponents;
    if all.is_empty() {
        return Markup::default();
    }
    let row = |e: &ExponentEvidence| {
        html! {
            tr class=[e.verdict.fails().then_some("bad")] {
                th scope="row" { (if e.group.is_empty() { "all cells" } else { &e.group }) }
                td { (e.parameter) }
                td { (exponent(e.claimed)) }
                @for side in [e.lhs, e.rhs, e.ratio] {
                    td {
                        (exponent(side.value)) " (" (limits(side)) ")"
                    }
                }
                td { @if let Some(onset) = e.onset { (onset) } @else { "–" } }
                td { (e.values) " / " (e.points) }
                td { (e.verdict) @if !e.decides { ", decides nothing" } }
            }
        }
    };
    let name = &bound.verdict.name;
    let caption = format!("Claimed and measured exponents of {name}, with their limits");
    let columns =
        ["cells", "in", "claimed", "measured", "right side", "ratio", "onset", "values / points", "verdict"];
    let rows = html! { @for e in all { (row(e)) } };
    html! {
        details {
            summary { "Exponents of " (count(all.len(), "group")) " of cells" }
            (shared::table(&format!("Exponents of {name}"), Some("steady"), &caption, &columns, rows))
        }
    }
}

/// The two sides and their ratio on every cell; the group that decides comes first.
pub(super) fn cells(bound: &BoundReport, claim: &ClaimReport) -> Markup {
    let first = super::figures::deciding(bound, claim).map(|s| &s.group);
    let mut series: Vec<_> = bound.series.iter().collect();
    series.sort_by_key(|s| Some(&s.group) != first);
    let all: usize = series.iter().map(|s| s.points.len()).sum();
    if all == 0 {
        return Markup::default();
    }
    let points = series.iter().flat_map(|s| s.points.iter().map(move |p| (s, p)));
    let rows = html! { @for (s, p) in points.take(ROWS) { (row(p, claim, &s.parameter)) } };
    let name = &bound.verdict.name;
    let caption = format!("Both sides of {name} cell by cell, with their error bounds");
    let columns = ["cell", "measured", "right side", "ratio", "inside", "from"];
    html! {
        details {
            summary { "Numbers of " (count(all, "point")) }
            (shared::table(&format!("Numbers of {name}"), Some("numbers"), &caption, &columns, rows))
            @if all > ROWS { p { (all - ROWS) " more " (are(all - ROWS)) " in report.json and in the \
                journal." } }
        }
    }
}

/// The row of a cell.
fn row(p: &Point, claim: &ClaimReport, parameter: &str) -> Markup {
    let record = claim.records.get(p.cell);
    let prefix = format!("{},", claim.id);
    let key = record.map_or("", |r| {
        r.key.strip_prefix(&prefix).or_else(|| r.key.strip_prefix(&claim.id)).unwrap_or(&r.key)
    });
    let ratio = p.ratio().map(|r| p.ratio_error().map_or_else(|| short(r), |e| with_bound(r, e)));
    let inside = record.is_some_and(|r| r.inside_hypotheses);
    html! {
        tr {
            th scope="row" {
                @if key.is_empty() { (parameter) "=" (p.x) } @else { (key.trim_start_matches('/')) }
            }
            td {
                (with_bound(p.lhs, p.lhs_error))
                @if let Some((a, b)) = p.limits { " (" (short(a)) " to " (short(b)) ")" }
            }
            td { (with_bound(p.rhs, p.rhs_error)) }
            td { (ratio.unwrap_or_else(|| "–".into())) }
            td { (if inside { "yes" } else { "no" }) @if !p.decides { ", does not decide" } }
            td { (record.map_or("", |r| r.freshness.name())) }
        }
    }
}

//! The errata: statements as printed and as checked.

use super::{mathematics::inline, shared::head};
use crate::report::model::Report;
use maud::{Markup, html};

/// The section of the errata.
pub(super) fn section(report: &Report) -> Markup {
    html! {
        section id="errata" aria-labelledby="errata-title" {
            h2 id="errata-title" { "Errata" }
            p { "Where the statement that was checked differs from the statement that is printed." }
            div class="stack" {
                table aria-labelledby="errata-title" {
                    (head(&["No.", "Where", "As printed", "As checked", "Concerns"]))
                    tbody {
                        @for e in &report.errata {
                            tr id=(e.anchor()) {
                                th scope="row" { span class="small-only" { "Erratum " } (e.id.0) }
                                td data-label="Where" { (inline(&e.place)) }
                                td data-label="As printed" { (inline(&e.printed)) }
                                td data-label="As checked" { (inline(&e.checked)) }
                                td data-label="Concerns" {
                                    @for c in report.claims.iter().filter(|c| e.concerns(c)) {
                                        a href={ "#claim-" (c.id) } { (c.id) } " "
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

//! The provenance of the page.

use crate::report::model::{CAVEAT, Report};
use escapement_verify::text::{numbers::large, plural::count};
use maud::{Markup, html};

/// The footer: program, machine, command.
pub(super) fn footer(report: &Report) -> Markup {
    let p = &report.provenance;
    let cells: usize = report.claims.iter().map(|c| c.cells.recorded).sum();
    let flops: f64 = report.claims.iter().map(|c| c.cost.flops).sum();
    let unknown = || "the journal's sidecar does not say".to_owned();
    let hosts = if p.hosts.is_empty() { unknown() } else { p.hosts.join("; ") };
    let rows: [(&str, String); 9] = [
        ("Version", format!("escapement {}, commit {}", p.version, p.commit)),
        ("Compiler", p.rustc.clone()),
        ("Sources", p.source_hash.clone()),
        ("Cargo.lock", p.lock_hash.clone()),
        ("Page made on", format!("{}, {}, {}", p.cpu, count(p.threads, "thread"), p.system)),
        ("Measured on", hosts),
        ("Tier, root seed", format!("{}, {}", report.tier, report.seed)),
        (
            "Journal",
            format!("{}: {} in this report, {} flops", p.journal, count(cells, "cell"), large(flops)),
        ),
        ("Schema", report.schema.clone()),
    ];
    html! {
        footer {
            h2 { "What made this page" }
            dl {
                @for (name, value) in rows { div { dt { (name) } dd { (value) } } }
                div { dt { "Made again by" } dd { code { (p.command) } } }
            }
            p { (CAVEAT) }
        }
    }
}

//! The report as Markdown.

use super::{constant, powers, records, tally, verdict};
use crate::report::model::{CAVEAT, ClaimReport, Report};
use escapement_verify::claim::Check;
use escapement_verify::judge::word;
use escapement_verify::text::numbers::{exponent, four_decimals};
use escapement_verify::text::plural::count;
use std::fmt::Write;

/// Every claim with its statement and all its bounds, then the errata.
pub fn markdown(report: &Report) -> String {
    let mut out = String::from("# Verdicts\n\n");
    let p = &report.provenance;
    // Writing to a string cannot fail.
    let _ = writeln!(out, "Tier {}, root seed {}: {}. {CAVEAT}\n", report.tier, report.seed, tally(report));
    let _ = writeln!(
        out,
        "Made from {} by escapement {} (commit {}, sources {}, Cargo.lock {}, {}) on {} ({}, {}){}.\n",
        p.journal,
        p.version,
        p.commit,
        p.source_hash,
        p.lock_hash,
        p.rustc,
        p.cpu,
        p.system,
        count(p.threads, "thread"),
        if p.hosts.is_empty() { String::new() } else { format!("; measured on {}", p.hosts.join(", ")) }
    );
    let _ = writeln!(out, "Made again by `{}`.\n", p.command);
    for note in &report.notes {
        let _ = writeln!(out, "Note: {note}.\n");
    }
    table_head(
        &mut out,
        "claim | verdict | power | records | as printed | rests on refuted | reference | uses",
    );
    for c in &report.claims {
        let printed =
            c.as_printed.as_ref().map_or_else(String::new, |p| format!("{} ({})", p.verdict, p.erratum));
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {printed} | {} | {} | {} |",
            c.id,
            word(c.verdict, c.bracketed),
            powers(&c.power),
            records(c),
            c.shaken_by.join(", "),
            escape(&c.reference),
            c.uses.join(", ")
        );
    }
    for c in &report.claims {
        claim(&mut out, c);
    }
    out.push_str("\n## Errata\n\nWhere the statement checked differs from the statement printed.\n\n");
    table_head(&mut out, "| where | as printed | as checked");
    for e in &report.errata {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} |",
            e.id.0,
            escape(&e.place),
            escape(&e.printed),
            escape(&e.checked)
        );
    }
    out
}

/// The section of a claim.
fn claim(out: &mut String, c: &ClaimReport) {
    let _ = writeln!(out, "\n## {}: {}\n", c.id, c.title);
    let _ = writeln!(
        out,
        "{}\n\nHypotheses: {}\n\nMethod: {}\n\nRefuted by: {}\n",
        c.statement, c.hypotheses, c.method, c.refuted_by
    );
    let _ =
        writeln!(out, "Records: {}. Measured again by `{} --journal again.jsonl`.\n", records(c), c.command);
    if !c.shaken_by.is_empty() {
        let _ = writeln!(out, "It rests on what is refuted: {}.\n", c.shaken_by.join(", "));
    }
    let met: Vec<String> =
        c.hypotheses_met.iter().map(|h| format!("{}: {} of {}", h.name, h.met, h.cells)).collect();
    if !met.is_empty() {
        let _ = writeln!(out, "Cells that meet each hypothesis: {}.\n", met.join("; "));
    }
    bounds(out, c);
    exponents(out, c);
    for b in c.bounds.iter().map(|b| &b.verdict) {
        if let Some(chosen) = &b.chosen {
            let _ = writeln!(out, "\nChosen for {} after seeing data: {chosen}.", b.name);
        }
        if let Some(why) = &b.why {
            let _ = writeln!(out, "\n{} is {}: {why}.", b.name, b.word());
        }
        if let Some(w) = &b.worst {
            let _ = writeln!(out, "\nWorst cell of {}: `{}`", b.name, w.command);
        }
    }
    for f in &c.failures {
        let _ = writeln!(out, "\nThe cell {} could not be measured: {}", f.cell, f.message);
    }
}

/// The table of the bounds of a claim.
fn bounds(out: &mut String, c: &ClaimReport) {
    let head = "bound | kind | check | verdict | constant | tightness | cells (inside) | records | \
                margin | control";
    table_head(out, head);
    for bound in &c.bounds {
        let b = &bound.verdict;
        let printed = b.printed.map_or_else(String::new, |e| format!(" (as printed, {e})"));
        let control = b
            .control
            .one_false
            .map_or_else(|| b.control.description.clone(), |f| format!("{}; {f}", b.control.description));
        let _ = writeln!(
            out,
            "| {}: {}{printed} | {} | {} | {} | {} | {} | {} of {} ({}) | {} | {} | {}: {} |",
            b.name,
            escape(&b.statement),
            b.kind,
            if b.check == Check::Code { "code" } else { "paper" },
            verdict(bound),
            constant(bound),
            escape(&b.tightness.text),
            b.cells,
            bound.planned,
            b.cells_inside_hypotheses,
            bound.freshness.map_or("none", |f| f.name()),
            b.margin.map_or_else(String::new, four_decimals),
            b.control.verdict,
            escape(&control)
        );
    }
}

/// The table of the exponents of a claim; nothing where it has none.
fn exponents(out: &mut String, c: &ClaimReport) {
    let all = || c.bounds.iter().map(|b| &b.verdict).flat_map(|b| b.exponents.iter().map(move |e| (b, e)));
    if all().next().is_some() {
        out.push('\n');
        let head = "bound | cells | parameter | claimed | measured | lower | upper | right side | ratio | \
                    onset | points | decides | verdict";
        table_head(out, head);
    }
    for (b, e) in all() {
        let onset = e.onset.map_or_else(String::new, |o| o.to_string());
        let decides = if e.decides { "yes" } else { "no" };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {onset} | {} | {decides} | {} |",
            b.name,
            escape(&e.group),
            e.parameter,
            exponent(e.claimed),
            exponent(e.lhs.value),
            exponent(e.lhs.lower),
            exponent(e.lhs.upper),
            exponent(e.rhs.value),
            exponent(e.ratio.value),
            e.points,
            e.verdict
        );
    }
}

/// The head of a table, and the line below it.
fn table_head(out: &mut String, head: &str) {
    let _ = writeln!(out, "| {head} |\n{}|", "|---".repeat(head.split('|').count()));
}

/// A cell of a Markdown table.
fn escape(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

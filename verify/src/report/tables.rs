//! Tables of verdicts: for the terminal, as Markdown and as CSV.

use crate::errata::LEDGER;
use crate::registry::Registry;
use crate::verdict::{BoundVerdict, ClaimVerdict, ExponentEvidence, Verdict};
use std::fmt::Write;

/// What every report says of itself.
pub const CAVEAT: &str = "Numbers are evidence at these sizes, not proof.";

/// The table that `verify` ends with.
///
/// Of the exponents of a supported bound only the one whose limits reach farthest from the claim is shown, unless `details` asks for all.
pub fn summary(verdicts: &[ClaimVerdict], registry: &Registry, details: bool) -> String {
    let mut out = String::new();
    for v in verdicts {
        out += &claim(v, details);
        let resting = registry.resting_on(&v.claim);
        if v.verdict == Verdict::Refuted && !resting.is_empty() {
            let _ = writeln!(out, "  {:<12}  rest on it: {}", "", resting.join(", "));
        }
    }
    let count = |w: Verdict| verdicts.iter().filter(|v| v.verdict == w).count();
    let all = [Verdict::Exact, Verdict::Holds, Verdict::Scales, Verdict::Inconclusive, Verdict::Refuted];
    let words: Vec<String> = all.iter().filter(|w| count(**w) > 0).map(|w| format!("{} {w}", count(*w))).collect();
    let _ = writeln!(out, "{} claims: {}. {CAVEAT}", verdicts.len(), words.join(", "));
    out
}

/// The lines on one claim.
fn claim(v: &ClaimVerdict, details: bool) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{:<12}  {}: {} ({})", v.verdict.name(), v.claim, v.title, v.reference);
    if let Some(p) = &v.as_printed {
        let _ = writeln!(out, "{:<12}  as printed: {} ({})", "", p.verdict, p.erratum);
    }
    for b in &v.bounds {
        let printed = b.printed.map_or_else(String::new, |e| format!(" [as printed, {e}; does not count]"));
        let _ = writeln!(out, "  {:<12}  {} {}{printed}", b.verdict.name(), b.kind, b.name);
        let _ = writeln!(out, "{:18}{}", "", evidence(b));
        let all = details || matches!(b.verdict, Verdict::Refuted | Verdict::Inconclusive);
        let farthest = b.exponents.iter().max_by(|x, y| reach(x).total_cmp(&reach(y)));
        for e in if all { b.exponents.as_slice() } else { farthest.map_or(&[][..], std::slice::from_ref) } {
            let _ = writeln!(out, "{:18}{}", "", exponent(e));
        }
        if !all && b.exponents.len() > 1 {
            let _ = writeln!(out, "{:18}the limits of the other {} are nearer to the claim", "", b.exponents.len() - 1);
        }
        if let Some(why) = &b.why {
            let _ = writeln!(out, "{:18}why: {why}", "");
            if let Some(w) = b.worst.as_ref().filter(|_| b.verdict == Verdict::Refuted) {
                let _ = writeln!(out, "{:18}again: {}", "", w.command);
            }
        }
    }
    for f in v.failures.iter().take(3) {
        let _ = writeln!(out, "  {:<12}  {}: {}", "failed", f.cell, f.message);
    }
    if v.failures.len() > 3 {
        let _ = writeln!(out, "  {:<12}  and {} more cells", "failed", v.failures.len() - 3);
    }
    out
}

/// The table that an experiment ends with.
pub fn of_verdict(verdict: &ClaimVerdict) -> String {
    format!("{}{CAVEAT}\n", claim(verdict, true))
}

/// How far the limits of a deciding exponent reach from the claimed one, on either side.
fn reach(e: &ExponentEvidence) -> f64 {
    if e.decides { (e.upper - e.claimed).abs().max((e.lower - e.claimed).abs()) } else { f64::NEG_INFINITY }
}

/// Constant, tightness, margin, cells and control in one line.
fn evidence(b: &BoundVerdict) -> String {
    let mut words = Vec::new();
    if let Some(c) = b.implied_constant {
        words.push(format!("constant {}", number(c)));
    }
    if !b.tightness.text.is_empty() {
        words.push(b.tightness.text.clone());
    }
    words.push(format!("{} cells, {} inside the hypotheses", b.cells, b.cells_inside_hypotheses));
    words.push(format!("control {}", b.control.verdict));
    words.join("; ")
}

fn exponent(e: &ExponentEvidence) -> String {
    let mut text =
        format!("{}^{:.3} claimed, {:.3} measured ({:.3} to {:.3})", e.parameter, e.claimed, e.measured, e.lower, e.upper);
    if let Some(at) = e.onset {
        let _ = write!(text, ", from {} = {at} on", e.parameter);
    }
    if e.exact {
        text.push_str(", without scatter");
    }
    if let Some(p) = e.lack_of_fit_p.filter(|p| *p < 0.01) {
        let _ = write!(text, ", not a pure power (p = {p:.1e})");
    }
    if !e.group.is_empty() {
        let _ = write!(text, " at {}", e.group);
    }
    if !e.decides {
        text.push_str(" [outside the allowed range: reported only]");
    }
    text
}

/// A number in four digits.
fn number(x: f64) -> String {
    if x == 0.0 || (1e-3..1e5).contains(&x.abs()) { format!("{x:.4}") } else { format!("{x:.3e}") }
}

/// The report as Markdown: every claim with its statement and all its bounds, then the errata.
pub fn markdown(verdicts: &[ClaimVerdict], registry: &Registry) -> String {
    let mut out = String::from("# Verdicts\n\n");
    if let Some(v) = verdicts.first() {
        let _ = writeln!(out, "Tier {}, root seed {}, sources {}. {CAVEAT}\n", v.tier, v.seed, crate::journal::SOURCE_HASH);
        let again = format!("escapement report --tier {} --seed {}", v.tier, v.seed);
        let _ = writeln!(out, "Made again by `{again}`.\n");
    }
    out.push_str("| claim | verdict | as printed | reference | uses |\n|---|---|---|---|---|\n");
    for v in verdicts {
        let printed = v.as_printed.as_ref().map_or_else(String::new, |p| format!("{} ({})", p.verdict, p.erratum));
        let uses = registry.get(&v.claim).map(|c| c.uses().join(", ")).unwrap_or_default();
        let _ = writeln!(out, "| {} | {} | {printed} | {} | {uses} |", v.claim, v.verdict, escape(&v.reference));
    }
    for v in verdicts {
        let _ = writeln!(out, "\n## {}: {}\n", v.claim, v.title);
        if let Ok(c) = registry.get(&v.claim) {
            let _ = writeln!(out, "{}\n\nHypotheses: {}\n\nMethod: {}\n", c.statement(), c.hypotheses(), c.method());
        }
        out.push_str("| bound | kind | verdict | constant | tightness | cells (inside) | margin | control |\n|---|---|---|---|---|---|---|---|\n");
        for b in &v.bounds {
            let printed = b.printed.map_or_else(String::new, |e| format!(" (as printed, {e})"));
            let shown = |x: Option<f64>| x.map_or_else(String::new, number);
            let _ = writeln!(
                out,
                "| {}: {}{printed} | {} | {} | {} | {} | {} ({}) | {} | {}: {} |",
                b.name,
                escape(&b.statement),
                b.kind,
                b.verdict,
                shown(b.implied_constant),
                escape(&b.tightness.text),
                b.cells,
                b.cells_inside_hypotheses,
                shown(b.margin),
                b.control.verdict,
                escape(&b.control.description)
            );
        }
        if v.bounds.iter().any(|b| !b.exponents.is_empty()) {
            out.push_str("\n| bound | cells | parameter | claimed | measured | lower | upper | onset | points | decides | verdict |\n|---|---|---|---|---|---|---|---|---|---|---|\n");
        }
        for (b, e) in v.bounds.iter().flat_map(|b| b.exponents.iter().map(move |e| (b, e))) {
            let onset = e.onset.map_or_else(String::new, |o| o.to_string());
            let decides = if e.decides { "yes" } else { "no" };
            let _ = writeln!(
                out,
                "| {} | {} | {} | {:.3} | {:.3} | {:.3} | {:.3} | {onset} | {} | {decides} | {} |",
                b.name,
                escape(&e.group),
                e.parameter,
                e.claimed,
                e.measured,
                e.lower,
                e.upper,
                e.points,
                e.verdict
            );
        }
        for b in v.bounds.iter().filter(|b| b.why.is_some() || b.worst.is_some()) {
            if let Some(why) = &b.why {
                let _ = writeln!(out, "\n{} is {}: {why}.", b.name, b.verdict);
            }
            if let Some(w) = &b.worst {
                let _ = writeln!(out, "\nWorst cell of {}: `{}`", b.name, w.command);
            }
        }
        for f in &v.failures {
            let _ = writeln!(out, "\nThe cell {} could not be measured: {}", f.cell, f.message);
        }
    }
    out.push_str("\n## Errata\n\nWhere the statement checked differs from the statement printed.\n\n| | where | as printed | as checked |\n|---|---|---|---|\n");
    for e in &LEDGER {
        let _ = writeln!(out, "| {} | {} | {} | {} |", e.id.0, escape(e.place), escape(e.printed), escape(e.checked));
    }
    out
}

/// A cell of a Markdown table.
fn escape(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// One row per exponent, and one per bound without exponents.
///
/// # Errors
/// None in practice: the rows are written to memory and all have the same length.
pub fn csv(verdicts: &[ClaimVerdict]) -> Result<Vec<u8>, csv::Error> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record([
        "claim",
        "bound",
        "kind",
        "verdict",
        "printed_erratum",
        "implied_constant",
        "margin",
        "tightness",
        "tightness_exponent",
        "tightness_constant",
        "cells",
        "cells_inside_hypotheses",
        "control",
        "parameter",
        "group",
        "claimed",
        "measured",
        "lower",
        "upper",
        "onset",
        "points",
        "lack_of_fit_p",
        "decides",
        "worst_cell",
        "why",
    ])?;
    let shown = |x: Option<f64>| x.map_or_else(String::new, |x| x.to_string());
    for (v, b) in verdicts.iter().flat_map(|v| v.bounds.iter().map(move |b| (v, b))) {
        let head = [
            v.claim.clone(),
            b.name.clone(),
            b.kind.clone(),
            b.verdict.to_string(),
            b.printed.map_or_else(String::new, |e| e.0.to_string()),
            shown(b.implied_constant),
            shown(b.margin),
            b.tightness.text.clone(),
            shown(b.tightness.exponent),
            shown(b.tightness.constant),
            b.cells.to_string(),
            b.cells_inside_hypotheses.to_string(),
            b.control.verdict.to_string(),
        ];
        let tail = [b.worst.as_ref().map_or_else(String::new, |w| w.cell.clone()), b.why.clone().unwrap_or_default()];
        let mut row = |middle: [String; 10]| out.write_record(head.iter().chain(&middle).chain(&tail));
        if b.exponents.is_empty() {
            row(Default::default())?;
        }
        for e in &b.exponents {
            row([
                e.parameter.clone(),
                e.group.clone(),
                e.claimed.to_string(),
                e.measured.to_string(),
                e.lower.to_string(),
                e.upper.to_string(),
                e.onset.map_or_else(String::new, |o| o.to_string()),
                e.points.to_string(),
                shown(e.lack_of_fit_p),
                e.decides.to_string(),
            ])?;
        }
    }
    out.into_inner().map_err(|e| e.into_error().into())
}

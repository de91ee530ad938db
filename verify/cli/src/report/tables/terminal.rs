//! The table on the terminal.

use crate::report::{control, model::CAVEAT};
use escapement_verify::claim::{Bound, Side};
use escapement_verify::judge::{BoundVerdict, ClaimVerdict, ExponentEvidence, Verdict};
use escapement_verify::text::{numbers::four_decimals, plural::count};
use escapement_verify::{claim::Claim, claim::registry::Registry};
use std::fmt::Write;

/// The table that `verify` ends with.
///
/// Of the exponents of a supported bound only the one that comes nearest to violating it is shown, unless
/// `details` asks for all.
pub fn summary(verdicts: &[ClaimVerdict], registry: &Registry, details: bool) -> String {
    let mut out = String::new();
    let refuted: Vec<&str> =
        verdicts.iter().filter(|v| v.verdict == Verdict::Refuted).map(|v| v.claim.as_str()).collect();
    for v in verdicts {
        let of_claim = registry.get(&v.claim).map(Claim::bounds).unwrap_or_default();
        out += &claim(v, &of_claim, details);
        let shaken_by = registry.shaken_by(&v.claim, &refuted);
        if !shaken_by.is_empty() {
            let _ = writeln!(out, "  {:<12}  rests on what is refuted: {}", "", shaken_by.join(", "));
        }
        let resting = registry.resting_on(&v.claim);
        if v.verdict == Verdict::Refuted && !resting.is_empty() {
            let _ = writeln!(out, "  {:<12}  rest on it: {}", "", resting.join(", "));
        }
    }
    let of = |w: Verdict| verdicts.iter().filter(|v| v.verdict == w).count();
    let all = [Verdict::Exact, Verdict::Holds, Verdict::Scales, Verdict::Inconclusive, Verdict::Refuted];
    let words: Vec<String> = all.iter().filter(|w| of(**w) > 0).map(|w| format!("{} {w}", of(*w))).collect();
    let _ = writeln!(out, "{}: {}. {CAVEAT}", count(verdicts.len(), "claim"), words.join(", "));
    out
}

/// The lines on one claim, of which `bounds` say on which side they bind.
fn claim(v: &ClaimVerdict, bounds: &[Bound], details: bool) -> String {
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
        let bound = bounds.iter().find(|bound| bound.name == b.name);
        let side = bound.map_or(Side::Both, |bound| bound.kind.side());
        let nearest = ExponentEvidence::nearest(side, &b.exponents);
        for e in if all { b.exponents.as_slice() } else { nearest.map_or(&[][..], std::slice::from_ref) } {
            let _ = writeln!(out, "{:18}{}", "", exponent(e));
        }
        if !all && b.exponents.len() > 1 {
            let margins = match b.exponents.len() - 1 {
                1 => "1 more sweep, with a larger margin".to_owned(),
                n => format!("{n} more sweeps, all with larger margins"),
            };
            let _ = writeln!(out, "{:18}{margins} (--details)", "");
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
        let _ = writeln!(out, "  {:<12}  and {} more", "failed", count(v.failures.len() - 3, "cell"));
    }
    out
}

/// The table that an experiment ends with.
pub fn of_verdict(verdict: &ClaimVerdict) -> String {
    format!("{}{CAVEAT}\n", claim(verdict, &[], true))
}

/// Constant, tightness, margin, cells and control in one line.
fn evidence(b: &BoundVerdict) -> String {
    let mut words = Vec::new();
    if let Some(c) = b.implied_constant {
        words.push(format!("constant {}", four_decimals(c)));
    }
    if !b.tightness.text.is_empty() {
        words.push(b.tightness.text.clone());
    }
    words.push(format!("{}, {} inside the hypotheses", count(b.cells, "cell"), b.cells_inside_hypotheses));
    words.push(format!("control {}", control::words(&b.control)));
    words.join("; ")
}

fn exponent(e: &ExponentEvidence) -> String {
    let mut text = format!(
        "{}^{:.3} claimed, {:.3} measured ({:.3} to {:.3})",
        e.parameter, e.claimed, e.measured, e.lower, e.upper
    );
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

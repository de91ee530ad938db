//! The table on the terminal.

use crate::report::{control, model::CAVEAT};
use escapement_verify::claim::certified::Proved;
use escapement_verify::claim::{Bound, Check, Failure, Open, Side};
use escapement_verify::judge::{
    BoundVerdict, ClaimVerdict, Estimate, ExponentEvidence, Power, Powers, Verdict,
};
use escapement_verify::text::numbers::{four_decimals, short};
use escapement_verify::text::plural::count;
use escapement_verify::{claim::Claim, claim::registry::Registry};
use std::fmt::Write;

/// The widths of the columns: with a space between them a hundred.
const WIDTHS: [usize; 6] = [20, 22, 22, 9, 16, 6];

/// The headings of the columns.
const HEADINGS: [&str; 6] = ["claim", "verdict", "exponent", "constant", "power", "inside"];

/// What the columns mean.
const LEGEND: &str = "\
exponent: as measured, in brackets as claimed, of the first bound that is the statement itself;
constant: the largest ratio of that bound (the smallest of a lower one);
power: the smallest extra power that would have been refuted, – where no check looks at the variable;
inside: the share of the cells of that bound that meet the printed hypotheses.
";

/// The table that `verify` ends with: one line for each claim, then the bounds that are not supported; with
/// `details` all bounds with all sweeps.
pub fn summary(verdicts: &[ClaimVerdict], registry: &Registry, details: bool) -> String {
    let mut out = row(HEADINGS.map(str::to_owned));
    for v in verdicts {
        let of_claim = registry.get(&v.claim).map(Claim::bounds).unwrap_or_default();
        out += &line(v, &of_claim);
    }
    out.push('\n');
    let failing: Vec<&str> =
        verdicts.iter().filter(|v| v.verdict.fails()).map(|v| v.claim.as_str()).collect();
    for v in verdicts {
        let of_claim = registry.get(&v.claim).map(Claim::bounds).unwrap_or_default();
        let shaken_by = registry.shaken_by(&v.claim, &failing);
        let shown = details || !shaken_by.is_empty() || !v.failures.is_empty() || v.bounds.iter().any(news);
        if !shown {
            continue;
        }
        out += &claim(v, &of_claim, details);
        if !shaken_by.is_empty() {
            let _ = writeln!(out, "  {:<12}  rests on what is refuted: {}", "", shaken_by.join(", "));
        }
        let resting = registry.resting_on(&v.claim);
        if v.verdict.fails() && !resting.is_empty() {
            let _ = writeln!(out, "  {:<12}  rest on it: {}", "", resting.join(", "));
        }
    }
    out += &proved(verdicts);
    out += LEGEND;
    let of = |w: Verdict| verdicts.iter().filter(|v| v.verdict == w).count();
    let words: Vec<String> =
        Verdict::ALL.iter().filter(|w| of(**w) > 0).map(|w| format!("{} {w}", of(*w))).collect();
    let proofs = verdicts.iter().filter(|v| !v.proved.is_empty()).count();
    let proofs = match proofs {
        0 => String::new(),
        _ => format!(" What is marked {} is a proof.", Verdict::Proved),
    };
    let _ = writeln!(out, "{}: {}. {CAVEAT}{proofs}", count(verdicts.len(), "claim"), words.join(", "));
    out
}

/// What is proved, certificate by certificate, with the claims that it serves.
fn proved(verdicts: &[ClaimVerdict]) -> String {
    let mut out = String::new();
    let mut shown: Vec<&str> = Vec::new();
    for p in verdicts.iter().flat_map(|v| &v.proved) {
        if shown.contains(&p.file.as_str()) {
            continue;
        }
        shown.push(&p.file);
        let serves = |v: &&ClaimVerdict| v.proved.iter().any(|other| other.file == p.file);
        let claims: Vec<&str> = verdicts.iter().filter(serves).map(|v| v.claim.as_str()).collect();
        out += &proof(&claims.join(", "), p);
    }
    out
}

/// What one certificate proves, a line for each clause.
pub fn proof(claims: &str, p: &Proved) -> String {
    let clauses = p.statement.split_inclusive("; ").map(str::trim_end);
    let lines: String = clauses.map(|clause| format!("{:14}{clause}\n", "")).collect();
    format!("{:<12}  {claims}, in part: {}\n{lines}{:14}{}\n\n", Verdict::Proved, p.scope, "", p.file)
}

/// What would have been noticed, for each claim and variable, and for each check.
pub fn powers(verdicts: &[ClaimVerdict]) -> String {
    let mut out = String::new();
    for v in verdicts {
        let all: Vec<String> = v.power.iter().map(Powers::words).collect();
        // Writing to a string cannot fail.
        let _ =
            writeln!(out, "{}: {}", v.claim, if all.is_empty() { "–".to_owned() } else { all.join(", ") });
        for b in v.bounds.iter().filter(|b| b.counts()) {
            let all: Vec<String> = b.power.iter().map(Power::words).collect();
            let words = if all.is_empty() { b.word() } else { all.join(", ") };
            let _ = writeln!(out, "  {:<34}  {words}", b.name);
        }
    }
    out += "Each is the smallest violation, planted in the records, that turns the verdict refuted.\n";
    out
}

/// The verdicts of several seeds side by side: one list of verdicts for each seed, in the same order of
/// claims.
pub fn by_seed(all: &[Vec<ClaimVerdict>]) -> String {
    let mut out = String::new();
    let seeds: Vec<String> = all.iter().filter_map(|of| of.first()).map(|v| v.seed.to_string()).collect();
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{:<21} {:<14} {}", "claim", "worst", columns(&seeds));
    for place in 0..all.first().map_or(0, Vec::len) {
        let of: Vec<&ClaimVerdict> = all.iter().filter_map(|of| of.get(place)).collect();
        let Some(worst) = of.iter().max_by_key(|v| v.verdict.max(v.bracketed.unwrap_or(v.verdict))) else {
            continue;
        };
        let words: Vec<String> = of.iter().map(|v| short_word(v)).collect();
        let _ = writeln!(out, "{:<21} {:<14} {}", worst.claim, short_word(worst), columns(&words));
    }
    let _ = writeln!(out, "In brackets: no cell lies inside the printed hypotheses. {CAVEAT}");
    out
}

/// "(scales)" for what came out outside the hypotheses.
fn short_word(v: &ClaimVerdict) -> String {
    v.bracketed.map_or_else(|| v.verdict.to_string(), |inner| format!("({inner})"))
}

fn columns(words: &[String]) -> String {
    words.iter().map(|w| format!("{w:<14}")).collect::<Vec<_>>().join(" ").trim_end().to_owned()
}

/// Whether a bound is worth a look: it does not support its claim, and ought to.
fn news(b: &BoundVerdict) -> bool {
    !(b.verdict.supports() || b.verdict == Verdict::NotMeasured) && b.printed.is_none()
}

fn row(cells: [String; 6]) -> String {
    let mut out = String::new();
    for (cell, width) in cells.iter().zip(WIDTHS) {
        let _ = write!(out, "{cell:<width$} ");
    }
    format!("{}\n", out.trim_end())
}

/// "93%", and "<1%" for a few of very many.
fn share(part: usize, of: usize) -> String {
    match 100 * part / of.max(1) {
        0 if part > 0 => "<1%".to_owned(),
        percent => format!("{percent}%"),
    }
}

/// The claim in one line, with the numbers of the first bound that is its statement.
fn line(v: &ClaimVerdict, bounds: &[Bound]) -> String {
    let side = |b: &BoundVerdict| {
        bounds.iter().find(|bound| bound.name == b.name).map_or(Side::Both, |bound| bound.kind.side())
    };
    let headlines = v.headlines();
    let stated = headlines.first();
    let nearest =
        stated.and_then(|b| ExponentEvidence::nearest(side(b), &b.exponents)).filter(|e| e.decides);
    let exponent = nearest
        .map_or_else(String::new, |e| format!("{} {:.2} ({:.2})", e.parameter, e.lhs.value, e.claimed));
    let constant = stated.and_then(|b| b.implied_constant).map_or_else(String::new, short);
    let power = |p: &Powers| match (&p.bound, p.least) {
        (None, _) => format!("{} –", p.variable),
        (_, None) => format!("{} >4", p.variable),
        (_, Some(least)) => format!("{} {least:.2}", p.variable),
    };
    let power: Vec<String> = v.power.iter().map(power).collect();
    let cells = stated.map_or_else(String::new, |b| share(b.cells_inside_hypotheses, b.cells));
    // Powers that do not fit go on below.
    let mut lines: Vec<String> = vec![String::new()];
    for p in power {
        let last = lines.len() - 1;
        let gap = if lines[last].is_empty() { "" } else { ", " };
        if lines[last].chars().count() + gap.len() + p.chars().count() > WIDTHS[4] {
            lines.push(p);
        } else {
            lines[last] += &format!("{gap}{p}");
        }
    }
    let first = row([v.claim.clone(), v.word(), exponent, constant, lines[0].clone(), cells]);
    let blank = String::new;
    lines[1..]
        .iter()
        .fold(first, |out, more| out + &row([blank(), blank(), blank(), blank(), more.clone(), blank()]))
}

/// The bounds of a claim, of which `bounds` say on which side they bind: those that are news, or all.
fn claim(v: &ClaimVerdict, bounds: &[Bound], details: bool) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let reference = if v.reference.is_empty() { String::new() } else { format!(" ({})", v.reference) };
    let _ = writeln!(out, "{:<12}  {}: {}{reference}", v.word(), v.claim, v.title);
    if let Some(p) = &v.as_printed {
        let _ = writeln!(out, "{:<12}  as printed: {} ({})", "", p.verdict, p.erratum);
    }
    for b in v.bounds.iter().filter(|b| details || news(b)) {
        let printed = b.printed.map_or_else(String::new, |e| format!(" [as printed, {e}; does not count]"));
        let code = if b.check == Check::Code { " [code check]" } else { "" };
        let _ = writeln!(out, "  {:<12}  {} {}{printed}{code}", b.word(), b.kind, b.name);
        let _ = writeln!(out, "{:18}{}", "", evidence(b));
        if let Some(chosen) = &b.chosen {
            let _ = writeln!(out, "{:18}chosen after seeing data: {chosen}", "");
        }
        for p in &b.pooled {
            let of = ["", ", upper halves"].get(p.tail).copied().unwrap_or(", their ends");
            let _ =
                writeln!(out, "{:18}lhs/rhs over {}{of}: {}", "", count(p.sweeps, "sweep"), limits(p.ratio));
        }
        let bound = bounds.iter().find(|bound| bound.name == b.name);
        let side = bound.map_or(Side::Both, |bound| bound.kind.side());
        let nearest = ExponentEvidence::nearest(side, &b.exponents);
        for e in if details { b.exponents.as_slice() } else { nearest.map_or(&[][..], std::slice::from_ref) }
        {
            let _ = writeln!(out, "{:18}{}", "", exponent(e));
        }
        if !details && b.exponents.len() > 1 {
            let margins = match b.exponents.len() - 1 {
                1 => "1 more sweep, with a larger margin".to_owned(),
                n => format!("{n} more sweeps, all with larger margins"),
            };
            let _ = writeln!(out, "{:18}{margins} (--details)", "");
        }
        if let Some(why) = &b.why {
            let _ = writeln!(out, "{:18}why: {why}", "");
            if let Some(w) = b.worst.as_ref().filter(|_| b.verdict.fails()) {
                let _ = writeln!(out, "{:18}again: {}", "", w.command);
            }
        }
    }
    out + &failures(&v.failures)
}

/// The cells without a record: what failed, what was stopped on its way, and how many have not begun.
fn failures(all: &[Failure]) -> String {
    let mut out = String::new();
    for (word, open) in [("failed", None), ("stopped", Some(Open::Stopped))] {
        let cells: Vec<&Failure> = all.iter().filter(|f| f.open == open).collect();
        for f in cells.iter().take(3) {
            let _ = writeln!(out, "  {word:<12}  {}: {}", f.cell, f.message);
        }
        if cells.len() > 3 {
            let _ = writeln!(out, "  {word:<12}  and {} more", count(cells.len() - 3, "cell"));
        }
    }
    let waiting = all.iter().filter(|f| f.open == Some(Open::NotBegun)).count();
    if waiting > 0 {
        let _ = writeln!(out, "  {:<12}  {} not begun", "open", count(waiting, "cell"));
    }
    out
}

/// The table that an experiment ends with.
pub fn of_verdict(verdict: &ClaimVerdict) -> String {
    format!("{}{CAVEAT}\n", claim(verdict, &[], true))
}

/// Constant, tightness, power, cells and control in one line.
fn evidence(b: &BoundVerdict) -> String {
    let mut words = Vec::new();
    if let Some(c) = b.implied_constant {
        words.push(format!("constant {}", four_decimals(c)));
    }
    if !b.tightness.text.is_empty() {
        words.push(b.tightness.text.clone());
    }
    if !b.power.is_empty() {
        let all: Vec<String> = b.power.iter().map(Power::words).collect();
        words.push(format!("power: {}", all.join(", ")));
    }
    words.push(format!("{}, {} inside the hypotheses", count(b.cells, "cell"), b.cells_inside_hypotheses));
    words.push(format!("control {}", control::words(&b.control)));
    words.join("; ")
}

/// "0.012 (-0.034 to 0.057)".
fn limits(slope: Estimate) -> String {
    format!("{:.3} ({:.3} to {:.3})", slope.value, slope.lower, slope.upper)
}

fn exponent(e: &ExponentEvidence) -> String {
    let mut text = format!(
        "{}^{:.3} claimed, {:.3} measured ({:.3} to {:.3}), right side {:.3}, ratio {}",
        e.parameter,
        e.claimed,
        e.lhs.value,
        e.lhs.lower,
        e.lhs.upper,
        e.rhs.value,
        limits(e.ratio)
    );
    if let Some(at) = e.onset.or(e.from) {
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

//! Every bound as a LaTeX document of two tables, which pdfLaTeX compiles as it is; the tables can be copied
//! out of it.

use super::tex::tex;
use super::{constant, powers, records, tally, verdict};
use crate::report::control;
use crate::report::model::{CAVEAT, Report};
use escapement_verify::claim::Check;
use escapement_verify::judge::word;
use escapement_verify::text::numbers::exponent;
use std::fmt::Write;

const PREAMBLE: &str = r"\documentclass[a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage{amsmath,amssymb,array,booktabs,longtable,textcomp}
\usepackage[landscape,margin=15mm]{geometry}
% Words in narrow columns.
\newcolumntype{L}[1]{>{\raggedright\arraybackslash}p{#1}}
\setlength{\tabcolsep}{4pt}
\begin{document}
\footnotesize
";

/// The document.
pub fn latex(report: &Report) -> String {
    let mut out = String::from(PREAMBLE);
    let p = &report.provenance;
    let said = format!(
        "Tier {}, root seed {}: {}. {CAVEAT} escapement {}, commit {}, sources {}.",
        report.tier,
        report.seed,
        tally(report),
        p.version,
        p.commit,
        p.source_hash
    );
    // Writing to a string cannot fail.
    let _ = writeln!(out, "\\section*{{Verdicts}}\n{}\n", tex(&said));
    for note in &report.notes {
        let _ = writeln!(out, "\\par\\noindent {}.\n", tex(note));
    }
    claims(&mut out, report);
    bounds(&mut out, report);
    exponents(&mut out, report);
    out.push_str("\\end{document}\n");
    out
}

/// A table with a head that is repeated on every page.
fn table(
    out: &mut String,
    title: &str,
    columns: &str,
    head: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
) {
    let _ = writeln!(out, "\\subsection*{{{title}}}");
    let _ = writeln!(out, "\\begin{{longtable}}{{@{{}}{columns}@{{}}}}\n\\toprule");
    let _ = writeln!(out, "{} \\\\\n\\midrule\n\\endhead\n\\bottomrule\n\\endfoot", head.join(" & "));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| tex(cell)).collect();
        let _ = writeln!(out, "{} \\\\", cells.join(" & "));
    }
    out.push_str("\\end{longtable}\n");
}

fn claims(out: &mut String, report: &Report) {
    let rows = report.claims.iter().map(|c| {
        let printed =
            c.as_printed.as_ref().map_or_else(String::new, |p| format!("{} ({})", p.verdict, p.erratum));
        vec![
            c.id.clone(),
            c.title.clone(),
            word(c.verdict, c.bracketed),
            powers(&c.power),
            printed,
            records(c),
            c.shaken_by.join(", "),
        ]
    });
    let head = ["claim", "title", "verdict", "power", "as printed", "records", "rests on refuted"];
    table(out, "Claims", "lL{60mm}L{25mm}L{40mm}L{30mm}L{40mm}L{25mm}", &head, rows);
}

fn bounds(out: &mut String, report: &Report) {
    let rows = report.claims.iter().flat_map(|c| c.bounds.iter().map(move |b| (c, b))).map(|(c, bound)| {
        let b = &bound.verdict;
        let printed = b.printed.map_or_else(String::new, |e| format!(" (as printed, {e})"));
        vec![
            c.id.clone(),
            b.name.clone(),
            format!("{}{printed}", b.statement),
            b.kind.clone(),
            if b.check == Check::Code { format!("{} (code)", b.word()) } else { verdict(bound) },
            constant(bound),
            format!("{} of {} ({})", b.cells, bound.planned, b.cells_inside_hypotheses),
            bound.freshness.map_or("none", |f| f.name()).to_owned(),
            control::words(&b.control),
        ]
    });
    let head = [
        "claim",
        "bound",
        "statement",
        "kind",
        "verdict",
        "constant",
        "cells (inside)",
        "records",
        "control",
    ];
    table(out, "Bounds", "L{26mm}L{32mm}L{62mm}lllL{20mm}lL{20mm}", &head, rows);
}

fn exponents(out: &mut String, report: &Report) {
    let all = report.claims.iter().flat_map(|c| c.bounds.iter().map(move |b| (c, &b.verdict)));
    let all = all.flat_map(|(c, b)| b.exponents.iter().map(move |e| (c, b, e)));
    let mut rows = all
        .map(|(c, b, e)| {
            let decides = if e.decides { "" } else { " (outside the allowed range: reported only)" };
            let onset = e.onset.map_or_else(String::new, |at| format!("{} ≥ {at}", e.parameter));
            vec![
                c.id.clone(),
                b.name.clone(),
                format!("{}{decides}", e.group),
                e.parameter.clone(),
                exponent(e.claimed),
                exponent(e.lhs.value),
                format!("{} to {}", exponent(e.lhs.lower), exponent(e.lhs.upper)),
                exponent(e.rhs.value),
                exponent(e.ratio.value),
                onset,
                e.verdict.to_string(),
            ]
        })
        .peekable();
    if rows.peek().is_none() {
        return;
    }
    let head = [
        "claim",
        "bound",
        "cells",
        "of",
        "claimed",
        "measured",
        "limits",
        "right side",
        "ratio",
        "onset",
        "verdict",
    ];
    table(out, "Exponents", "L{28mm}L{36mm}L{50mm}lrrlrrll", &head, rows);
}

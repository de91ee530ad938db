//! The verdicts as LaTeX macros, for a text that quotes them: `\input{verdicts}`, then
//! `\escapementverdict{nbl22/lemma-1}`.

use super::tex::tex;
use crate::report::cite;
use crate::report::model::Report;
use std::fmt::Write;

/// What the file defines, before its verdicts. An unknown name is an error of LaTeX, and stands in the text.
const HEAD: &str = r"% Verdicts as macros. In the text: \escapementverdict{nbl22/lemma-1}; what gave them: \escapementsource.
% Files of several reports can be read one after the other: the later one defines what both have.
\providecommand*{\escapementverdict}[1]{%
  \ifcsname escapement:#1\endcsname
    \csname escapement:#1\endcsname
  \else
    \errmessage{escapement: there is no verdict on '\detokenize{#1}' in verdicts.tex}%
    \textbf{[no verdict on \detokenize{#1}]}%
  \fi}
";

/// The file. It needs no package.
pub fn macros(report: &Report) -> String {
    let mut out = String::from(HEAD);
    // Writing to a string cannot fail.
    let _ = writeln!(out, "\\def\\escapementsource{{{}}}", tex(&cite::source(report)));
    for claim in &report.claims {
        let (name, verdict) = (claim.full_name(), tex(&claim.in_a_line()));
        let _ = writeln!(out, "\\expandafter\\def\\csname escapement:{name}\\endcsname{{{verdict}}}");
    }
    out
}

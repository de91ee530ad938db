//! `oracle`: files of reference values, compared with what the core computes.

use super::{print, print_json};
use crate::terminal::exit::{HOLDS, REFUTED};
use anyhow::Result;
use escapement_verify::oracle::{Comparison, Format, Outcome, compare_file};
use escapement_verify::{claim::registry::Registry, papers, text::plural::count};
use serde::Serialize;
use std::fmt::Write as _;
use std::{io::Write, path::PathBuf};

/// The number of disagreements that are printed.
const SHOWN: usize = 20;

/// The options of `oracle`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  escapement oracle sigma.json\n  escapement oracle values.json --format \
        network --json"
)]
pub struct Args {
    /// The file of reference values
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The format of the file, where it cannot be told from the content
    #[arg(long, value_name = "NAME")]
    format: Option<String>,
    /// Print one JSON object with every comparison
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Found<'a> {
    file: String,
    format: &'static str,
    compared: usize,
    agree: usize,
    comparisons: &'a [Comparison],
}

pub(super) fn run(args: &Args, registry: &Registry, out: &mut dyn Write) -> Result<u8> {
    let formats = papers::formats(registry);
    let Outcome { format, comparisons } = compare_file(&formats, &args.file, args.format.as_deref())?;
    let agree = comparisons.iter().filter(|c| c.agrees).count();
    if args.json {
        let (file, compared) = (args.file.display().to_string(), comparisons.len());
        print_json(out, &Found { file, format: format.name, compared, agree, comparisons: &comparisons })?;
    } else {
        print(out, &table(format, &comparisons))?;
    }
    Ok(if agree == comparisons.len() { HOLDS } else { REFUTED })
}

/// A line for each list and quantity, every disagreement up to a number, and the verdict.
fn table(format: &Format, comparisons: &[Comparison]) -> String {
    let mut groups: Vec<(&str, &str, usize, usize, f64)> = Vec::new();
    for c in comparisons {
        let at = groups.iter().position(|g| g.0 == c.list && g.1 == c.quantity).unwrap_or_else(|| {
            groups.push((c.list, &c.quantity, 0, 0, 0.0));
            groups.len() - 1
        });
        let (_, _, all, agree, worst) = &mut groups[at];
        (*all, *agree, *worst) = (*all + 1, *agree + usize::from(c.agrees), worst.max(c.misfit()));
    }
    let mut text = format!("Reference values of the format {}\n{}\n\n", format.name, format.about);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "  {:<50} {:>8} {:>8}   difference/allowed", "quantity", "numbers", "agree");
    for (list, quantity, all, agree, worst) in groups {
        let name = if list == format.name { quantity.to_owned() } else { format!("{list}: {quantity}") };
        let worst = if worst < 1000.0 { format!("{worst:.3}") } else { format!("{worst:.3e}") };
        let _ = writeln!(text, "  {name:<50} {all:>8} {agree:>8}   at most {worst}");
    }
    let wrong: Vec<&Comparison> = comparisons.iter().filter(|c| !c.agrees).collect();
    if !wrong.is_empty() {
        text.push('\n');
    }
    for c in wrong.iter().take(SHOWN) {
        let list = if c.list == format.name { String::new() } else { format!("list {}, ", c.list) };
        let _ = writeln!(text, "  {list}entry {}, {}:", c.entry, c.name());
        let _ = writeln!(text, "    reference  {:e}", c.reference);
        let _ = writeln!(text, "    computed   {:e}", c.computed);
        let _ = writeln!(text, "    difference {:.3e} where {:.3e} is allowed", c.difference, c.allowed);
    }
    if wrong.len() > SHOWN {
        let _ = writeln!(text, "  and {} more", wrong.len() - SHOWN);
    }
    let all = count(comparisons.len(), "number");
    let _ = match wrong.len() {
        0 => writeln!(text, "\nAll of the {all} agree with what this program computes."),
        some => writeln!(text, "\n{some} of the {all} differ from what this program computes."),
    };
    text
}

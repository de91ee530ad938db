//! `explain`: what a claim says, how it is checked, and what would refute it.

use super::print;
use crate::terminal::exit::HOLDS;
use anyhow::Result;
use escapement_verify::claim::{bound::Kind, registry::Registry};
use std::fmt::Write as _;
use std::io::Write;

/// Explains a claim.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  escapement explain lemma-1\n  escapement explain nbl22/lemma-1 --bibtex"
)]
pub struct Args {
    /// The claim
    #[arg(value_name = "CLAIM")]
    claim: String,
    /// Print only the BibTeX entry of the paper that states the claim
    #[arg(long)]
    bibtex: bool,
}

pub(super) fn run(args: &Args, registry: &Registry, out: &mut dyn Write) -> Result<u8> {
    let claim = registry.get(&args.claim)?;
    let mut text = String::new();
    // Writing to a string cannot fail.
    let card = claim.card();
    if args.bibtex {
        print(out, card.paper.bibtex)?;
        return Ok(HOLDS);
    }
    let _ = writeln!(text, "{}: {} ({})", card.name(), card.title, card.reference);
    let statement = card.plain_statement();
    let parts = [
        ("Statement", statement.as_str()),
        ("Hypotheses", card.hypotheses),
        ("Method", card.method),
        ("Refuted by", card.refuted_by),
    ];
    for (name, words) in parts {
        let _ = writeln!(text, "\n{name}\n{}", indent(words));
    }
    let _ = writeln!(text, "\nBounds");
    for b in claim.bounds() {
        let printed = b.printed.map_or_else(String::new, |e| format!(" [as printed, {e}]"));
        let _ = writeln!(text, "  {} ({}){printed}: {}", b.name, b.kind.name(), b.statement);
        if let Kind::Identity { neighbours, .. } | Kind::Inequality { neighbours, .. } = &b.kind {
            for n in neighbours {
                let _ = writeln!(text, "    must fail: {}", n.description);
            }
        }
    }
    if !card.uses.is_empty() {
        let _ = writeln!(text, "\nUses\n  {}", card.uses.join(", "));
    }
    let resting = registry.resting_on(claim.id());
    if !resting.is_empty() {
        let _ = writeln!(text, "\nRest on it\n  {}", resting.join(", "));
    }
    let errata: Vec<_> = card.errata.iter().filter_map(|e| card.paper.erratum(*e)).collect();
    if !errata.is_empty() {
        let _ = writeln!(text, "\nErrata");
        for e in errata {
            let _ = writeln!(
                text,
                "  {} ({}). As printed: {} As checked: {}",
                e.id.0, e.place, e.printed, e.checked
            );
        }
    }
    print(out, &text)?;
    Ok(HOLDS)
}

fn indent(text: &str) -> String {
    text.lines().map(|l| format!("  {}", l.trim())).collect::<Vec<_>>().join("\n")
}

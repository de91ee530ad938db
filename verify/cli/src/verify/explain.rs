//! `explain`: what a claim says, how it is checked, and what would refute it.

use super::{Scope, print};
use crate::terminal::exit::HOLDS;
use anyhow::{Result, ensure};
use escapement_verify::claim::{Claim, bound::Kind, registry::Registry};
use escapement_verify::judge::judge;
use escapement_verify::run::journal::{Records, RecordsByCell};
use escapement_verify::run::plan::Plan;
use escapement_verify::text::numbers::short;
use std::fmt::Write as _;
use std::io::Write;

/// Explains a claim.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  escapement explain lemma-1\n  escapement explain nbl22/lemma-1 --bibtex\n  \
        escapement explain theorem-2 --constant"
)]
pub struct Args {
    /// The claim
    #[arg(value_name = "CLAIM")]
    claim: String,
    /// Print only the BibTeX entry of the paper that states the claim
    #[arg(long, conflicts_with = "constant")]
    bibtex: bool,
    /// Follow the claims that it rests on, and say how much of its implied constant each of them brings, by
    /// what the journal holds
    #[arg(long)]
    constant: bool,
    #[command(flatten)]
    scope: Scope,
}

pub(super) fn run(args: &Args, registry: &Registry, out: &mut dyn Write) -> Result<u8> {
    let claim = registry.get(&args.claim)?;
    let mut text = String::new();
    // Writing to a string cannot fail.
    let card = claim.card();
    if args.constant {
        return constants(args, claim, registry, out);
    }
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

/// The implied constant of each statement of a claim, and of those that the claim rests on.
fn constants(args: &Args, claim: &dyn Claim, registry: &Registry, out: &mut dyn Write) -> Result<u8> {
    let Scope { tier, seed, journal } = &args.scope;
    ensure!(journal.exists(), "there is no journal {}: verify measures into it", journal.display());
    let records = Records::read(journal)?;
    let held = RecordsByCell::new(records.iter(), *seed);
    let mut text = String::new();
    let mut own = None;
    let mut brought = 1.0;
    for (depth, claim) in rests_on(claim, registry)? {
        let plan = Plan::new(&[claim], *tier, *seed)?;
        let found: Vec<_> = held.of(claim, &plan).1.into_iter().cloned().collect();
        let verdict = judge(claim, *tier, *seed, &found, &[]);
        let name = format!("{}{}", "  ".repeat(depth), registry.name_of(claim));
        let all = verdict.headlines();
        let stated: Vec<_> = all.iter().filter_map(|b| Some((b, b.implied_constant?))).collect();
        if stated.is_empty() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name:<26} no constant in the journal");
        }
        for (place, (bound, constant)) in stated.iter().enumerate() {
            let name = if place == 0 { name.as_str() } else { "" };
            let _ =
                writeln!(text, "{name:<26} {:>9}  {}: {}", short(*constant), bound.name, bound.statement);
        }
        if let Some((_, constant)) = stated.first() {
            match own {
                None => own = Some(*constant),
                Some(_) if depth == 1 => brought *= constant.max(f64::MIN_POSITIVE),
                Some(_) => {}
            }
        }
    }
    if let Some(own) = own {
        let left = own / brought;
        let _ = writeln!(
            text,
            "\nThe constant of {} is {}. Those of the claims that it rests on multiply to {}; the step from \
             them to it leaves a factor of {}.",
            registry.name_of(claim),
            short(own),
            short(brought),
            short(left)
        );
    }
    let _ = writeln!(
        text,
        "A constant is the largest measured ratio of the two sides, the smallest of a lower bound, at the \
         {tier} tier. The product takes each claim once, by its first statement; a proof may need a power of it."
    );
    print(out, &text)?;
    Ok(HOLDS)
}

/// A claim and all that it rests on, each once, with the length of the way to it.
fn rests_on<'r>(claim: &'r dyn Claim, registry: &'r Registry) -> Result<Vec<(usize, &'r dyn Claim)>> {
    let mut all: Vec<(usize, &'r dyn Claim)> = vec![(0, claim)];
    let mut next = 0;
    while next < all.len() {
        let (depth, claim) = all[next];
        next += 1;
        let mut at = next;
        for used in registry.uses(claim)? {
            if all.iter().all(|(_, other)| other.id() != used.id()) {
                all.insert(at, (depth + 1, used));
                at += 1;
            }
        }
    }
    Ok(all)
}

fn indent(text: &str) -> String {
    text.lines().map(|l| format!("  {}", l.trim())).collect::<Vec<_>>().join("\n")
}

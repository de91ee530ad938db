//! `list`: the claims.

use super::{HOLDS, print, print_json};
use crate::errata::ErratumId;
use crate::registry::Registry;
use anyhow::Result;
use serde::Serialize;
use std::io::Write;

/// Lists the claims with their references.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  escapement list --json")]
pub struct Args {
    /// Print one JSON array
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Row<'a> {
    claim: &'a str,
    title: &'a str,
    reference: &'a str,
    statement: &'a str,
    uses: &'a [&'a str],
    errata: &'a [ErratumId],
    bounds: Vec<String>,
}

pub(super) fn run(args: &Args, registry: &Registry, out: &mut dyn Write) -> Result<u8> {
    if args.json {
        let rows: Vec<Row<'_>> = registry
            .claims()
            .map(|c| Row {
                claim: c.id(),
                title: c.title(),
                reference: c.reference(),
                statement: c.statement(),
                uses: c.uses(),
                errata: c.errata(),
                bounds: c.bounds().into_iter().map(|b| b.name).collect(),
            })
            .collect();
        print_json(out, &rows)?;
    } else {
        let width = registry.claims().map(|c| c.id().chars().count()).max().unwrap_or(0);
        let lines: String =
            registry.claims().map(|c| format!("{:<width$}  {} ({})\n", c.id(), c.title(), c.reference())).collect();
        print(out, &lines)?;
    }
    Ok(HOLDS)
}

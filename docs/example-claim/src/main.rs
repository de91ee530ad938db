//! `escapement` with one more claim.

use clap::Parser;
use escapement_verify::{Registry, harness};
use std::process::ExitCode;

#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    command: harness::Command,
}

fn main() -> ExitCode {
    let mut claims = escapement_verify::nbl22::claims();
    claims.push(Box::new(top_eigenvalue::TopEigenvalue));
    let registry = Registry::new(claims).map_err(Into::into);
    harness::exit(registry.and_then(|r| Line::parse().command.run(&r, &mut std::io::stdout())))
}

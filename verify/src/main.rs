//! The command line `escapement`.

use clap::Parser;
use escapement_verify::{harness, registry};
use std::process::ExitCode;

mod command;

/// Exact checks of theorems about escaping the NTK regime.
#[derive(Parser)]
#[command(
    name = "escapement",
    version,
    after_help = "Examples:\n  escapement verify\n  escapement explain lemma-1\n  escapement zonal --d 100 --degrees 8"
)]
enum Command {
    #[command(flatten)]
    Harness(harness::Command),
    /// Zonal coefficients of an activation
    Zonal(command::zonal::Args),
    /// The spectrum of the feature covariance
    Spectrum(command::spectrum::Args),
    /// The displacements that express a target
    Construct(command::construct::Args),
}

fn main() -> ExitCode {
    let result = match Command::parse() {
        Command::Harness(command) => {
            let registry = registry::standard().map_err(anyhow::Error::from);
            return harness::exit(registry.and_then(|r| command.run(&r, &mut std::io::stdout())));
        }
        Command::Zonal(args) => command::zonal::run(&args),
        Command::Spectrum(args) => command::spectrum::run(&args),
        Command::Construct(args) => command::construct::run(&args),
    };
    result.unwrap_or_else(|e| {
        eprintln!("escapement: {e}");
        ExitCode::from(2)
    })
}

//! The command line `escapement`.

use clap::Parser;
use std::process::ExitCode;

mod command;

/// Exact checks of theorems about escaping the NTK regime.
#[derive(Parser)]
#[command(name = "escapement", version)]
enum Command {
    /// Zonal coefficients of an activation
    Zonal(command::zonal::Args),
    /// The spectrum of the feature covariance
    Spectrum(command::spectrum::Args),
    /// The displacements that express a target
    Construct(command::construct::Args),
}

fn main() -> ExitCode {
    let result = match Command::parse() {
        Command::Zonal(args) => command::zonal::run(&args),
        Command::Spectrum(args) => command::spectrum::run(&args),
        Command::Construct(args) => command::construct::run(&args),
    };
    result.unwrap_or_else(|e| {
        eprintln!("escapement: {e}");
        ExitCode::from(2)
    })
}

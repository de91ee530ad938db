//! The command line `escapement`.

use clap::{CommandFactory, Parser, Subcommand};
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
struct Line {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    voice: harness::Voice,
}

#[derive(Subcommand)]
enum Command {
    #[command(flatten)]
    Harness(harness::Command),
    /// Zonal coefficients of an activation
    Zonal(command::zonal::Args),
    /// The spectrum of the feature covariance
    Spectrum(command::spectrum::Args),
    /// The displacements that express a target
    Construct(command::construct::Args),
    /// L_λ, its gradient and its Hessian at weights of your own
    Evaluate(command::evaluate::Args),
    /// Gradient descent on L_λ, with a history and checkpoints
    Train(Box<command::train::Args>),
    /// The paper's figures, as CSV and SVG, with verdicts
    Experiment(command::experiment::Args),
    /// A completion script for a shell
    Completions(command::completions::Args),
    /// The manual pages
    Man(command::man::Args),
}

fn main() -> ExitCode {
    let line = match Line::try_parse() {
        Ok(line) => line,
        Err(e) => return usage(&e),
    };
    line.voice.set();
    let result = match line.command {
        Command::Harness(command) => {
            let registry = registry::standard().map_err(anyhow::Error::from);
            return harness::exit(registry.and_then(|r| command.run(&r, &mut std::io::stdout())));
        }
        Command::Zonal(args) => command::zonal::run(&args),
        Command::Spectrum(args) => command::spectrum::run(&args),
        Command::Construct(args) => command::construct::run(&args),
        Command::Evaluate(args) => command::evaluate::run(&args),
        Command::Train(args) => command::train::run(&args),
        Command::Experiment(args) => command::experiment::run(&args),
        Command::Completions(args) => command::completions::run(&args, Line::command()),
        Command::Man(args) => command::man::run(&args, Line::command()),
    };
    result.unwrap_or_else(|e| {
        eprintln!("escapement: {e}");
        ExitCode::from(2)
    })
}

/// Help and version as clap prints them; every other usage error as one line, like all errors here.
fn usage(e: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind::{DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion};
    if matches!(e.kind(), DisplayHelp | DisplayVersion | DisplayHelpOnMissingArgumentOrSubcommand) {
        // A reader that has left, as `head` does, is no error.
        let _ = e.print();
        return ExitCode::from(u8::try_from(e.exit_code()).unwrap_or(2));
    }
    let text = e.render().to_string();
    let lines = text.lines().take_while(|l| !l.starts_with("Usage:") && !l.starts_with("For more information"));
    let parts: Vec<&str> = lines.map(|l| l.trim().trim_start_matches("error: ")).filter(|l| !l.is_empty()).collect();
    eprintln!("escapement: {}", parts.join("; "));
    ExitCode::from(2)
}

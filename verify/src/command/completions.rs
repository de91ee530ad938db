//! `escapement completions`: what a shell needs to complete this command line.

use anyhow::Result;
use clap::builder::{PossibleValuesParser, Str};
use clap_complete::Shell;
use escapement_verify::Registry;
use escapement_verify::io::stdout;
use std::process::ExitCode;

/// Prints a completion script for a shell.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  escapement completions bash > ~/.local/share/bash-completion/completions/escapement\n  escapement completions zsh > ~/.zfunc/_escapement\n  escapement completions fish > ~/.config/fish/completions/escapement.fish"
)]
pub struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub fn run(args: &Args, command: clap::Command, registry: &Registry) -> Result<ExitCode> {
    let mut command = with_claims(command, registry);
    let (name, mut script) = (command.get_name().to_owned(), Vec::new());
    clap_complete::generate(args.shell, &mut command, name, &mut script);
    stdout::print(&String::from_utf8(script)?)?;
    Ok(ExitCode::SUCCESS)
}

/// The arguments that name a claim, with the claims as their values. Parsing knows nothing of this: there the registry says what is near to
/// an unknown name.
fn with_claims(mut command: clap::Command, registry: &Registry) -> clap::Command {
    // The script is printed and the process ends.
    let names: Vec<Str> = registry.claims().map(|claim| Str::from(&*claim.id().to_owned().leak())).collect();
    for (subcommand, argument) in [("verify", "claims"), ("report", "claims"), ("explain", "claim"), ("graph", "focus")] {
        let values = PossibleValuesParser::new(&names);
        command = command.mut_subcommand(subcommand, |c| c.mut_arg(argument, |a| a.value_parser(values)));
    }
    command
}

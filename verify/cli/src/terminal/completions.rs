//! `escapement completions`: what a shell needs to complete this command line.

use crate::files::stdout;
use anyhow::Result;
use clap::builder::{PossibleValuesParser, Str};
use clap_complete::Shell;
use escapement_verify::{Claim, Registry};
use std::process::ExitCode;

/// Prints a completion script for a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  escapement completions bash > \
        ~/.local/share/bash-completion/completions/escapement\n  escapement completions zsh > \
        ~/.zfunc/_escapement\n  escapement completions fish > ~/.config/fish/completions/escapement.fish")]
pub struct Args {
    /// The shell whose completion script is printed
    #[arg(value_enum)]
    shell: Shell,
}

/// Runs the command.
///
/// # Errors
/// An output that cannot be written, in one sentence.
pub fn run(args: &Args, command: clap::Command, registry: &Registry) -> Result<ExitCode> {
    let mut command = with_claims(command, registry);
    let (name, mut script) = (command.get_name().to_owned(), Vec::new());
    clap_complete::generate(args.shell, &mut command, &name, &mut script);
    let mut script = String::from_utf8(script)?;
    if args.shell == Shell::Fish {
        script += &fish_claims(&name, registry);
    }
    stdout::print(&script)?;
    Ok(ExitCode::SUCCESS)
}

/// What the generator leaves out for fish: the values of arguments without a name of their own.
fn fish_claims(name: &str, registry: &Registry) -> String {
    let claims: Vec<&str> = registry.claims().map(Claim::id).collect();
    let (claims, begins) = (claims.join(" "), format!("__fish_{name}_using_subcommand"));
    let line = |(subcommand, _): &(&str, &str)| {
        format!("complete -c {name} -n \"{begins} {subcommand}\" -f -a \"{claims}\"\n")
    };
    CLAIMS.iter().filter(|(_, argument)| *argument != FOCUS).map(line).collect()
}

/// The option that names a claim.
const FOCUS: &str = "focus";

/// Subcommands and their arguments that name a claim.
const CLAIMS: [(&str, &str); 4] =
    [("verify", "claims"), ("report", "claims"), ("explain", "claim"), ("graph", FOCUS)];

/// The arguments that name a claim, with the claims as their values. Parsing knows nothing of this: there
/// the registry says what is near to an unknown name.
fn with_claims(mut command: clap::Command, registry: &Registry) -> clap::Command {
    // The script is printed and the process ends.
    let names: Vec<Str> = registry.claims().map(|claim| Str::from(&*claim.id().to_owned().leak())).collect();
    for (subcommand, argument) in CLAIMS {
        let values = PossibleValuesParser::new(&names);
        command = command.mut_subcommand(subcommand, |c| c.mut_arg(argument, |a| a.value_parser(values)));
    }
    command
}

//! `escapement completions`: what a shell needs to complete this command line.

use anyhow::Result;
use clap_complete::Shell;
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

pub fn run(args: &Args, mut command: clap::Command) -> Result<ExitCode> {
    let (name, mut script) = (command.get_name().to_owned(), Vec::new());
    clap_complete::generate(args.shell, &mut command, name, &mut script);
    stdout::print(&String::from_utf8(script)?)?;
    Ok(ExitCode::SUCCESS)
}

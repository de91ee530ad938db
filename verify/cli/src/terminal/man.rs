//! `escapement man`: the manual, from the same words as `--help`.

use crate::files::stdout;
use anyhow::Result;
use clap::{Arg, Command};
use clap_mangen::Man;
use escapement_verify::files::atomic::Outputs;
use std::{path::PathBuf, process::ExitCode};

/// Prints the manual page, or writes one for every subcommand to a folder.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  escapement man | man -l -\n  escapement man --out ~/.local/share/man/man1"
)]
pub struct Args {
    /// The folder for escapement.1, and for escapement-verify.1 and so on, the pages of the subcommands. It
    /// is made if it is not there
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// An output that cannot be written, in one sentence.
pub fn run(args: &Args, mut command: Command) -> Result<ExitCode> {
    // Gives every subcommand its full name and the options that hold everywhere.
    command.build();
    let Some(folder) = &args.out else {
        let (_, text) = page(&command)?;
        stdout::print(&String::from_utf8(text)?)?;
        return Ok(ExitCode::SUCCESS);
    };
    let mut pages = Vec::new();
    collect(&command, &mut pages)?;
    let mut outputs = Outputs::new();
    outputs.folder(folder)?;
    for (name, text) in &pages {
        outputs.stage(&folder.join(name), |w| w.write_all(text))?;
    }
    outputs.commit()?;
    stdout::print(
        &pages.iter().map(|(name, _)| format!("{}\n", folder.join(name).display())).collect::<String>(),
    )?;
    Ok(ExitCode::SUCCESS)
}

/// The pages of a command and of all below it.
fn collect(command: &Command, pages: &mut Vec<(String, Vec<u8>)>) -> Result<()> {
    pages.push(page(command)?);
    command
        .get_subcommands()
        .filter(|c| !c.is_hide_set() && c.get_name() != "help")
        .try_for_each(|c| collect(c, pages))
}

/// How the command is called. The generator's own synopsis leaves out what an option takes.
fn synopsis(command: &Command) -> String {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let option = |a: &Arg| if a.is_required_set() { a.to_string() } else { format!("[{a}]") };
    let (positionals, options): (Vec<&Arg>, Vec<&Arg>) =
        command.get_arguments().filter(|a| !a.is_hide_set()).partition(|a| a.is_positional());
    let words = std::iter::once(name.to_owned()).chain(options.into_iter().map(option));
    let words = words.chain(positionals.into_iter().map(ToString::to_string));
    words.chain(command.has_subcommands().then(|| "<COMMAND>".to_owned())).collect::<Vec<_>>().join(" ")
}

/// The name and the text of one page.
fn page(command: &Command) -> Result<(String, Vec<u8>)> {
    let named = command.clone().version(env!("CARGO_PKG_VERSION")).override_usage(synopsis(command));
    let man = Man::new(named);
    let (name, mut text) = (man.get_filename(), Vec::new());
    man.render(&mut text)?;
    Ok((name, text))
}

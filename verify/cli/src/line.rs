//! The command line: what can be typed, and what a usage error says.

use crate::compute::{
    construct, evaluate, gaussian, kernel, learn, margin, randomised, spectrum, train, zonal,
};
use crate::files::stdout;
use crate::terminal::{self, Output, completions, exit, interrupt, man, say, threads};
use crate::verify::{self, experiment};
use clap::{CommandFactory, Parser, Subcommand};
use escapement_verify::{Registry, files::memory};
use std::{ffi::OsString, io::Write, process::ExitCode};

/// Tests theorems about two-layer networks with numbers. It checks numbers, not proofs.
#[derive(Parser)]
#[command(
    name = "escapement",
    version,
    after_help = "Examples:\n  escapement verify\n  escapement explain lemma-1\n  escapement zonal --d 100 \
        --degrees 8"
)]
struct Line {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    output: Output,
}

#[derive(Subcommand)]
enum Command {
    #[command(flatten)]
    Verify(verify::Command),
    /// Compute the zonal coefficients of an activation
    Zonal(zonal::Args),
    /// Compute the spectrum of the feature covariance Σ
    Spectrum(spectrum::Args),
    /// Compute the tangent kernel on inputs from a file, at finite and at infinite width
    Kernel(kernel::Args),
    /// Construct the displacements that express a target function
    Construct(construct::Args),
    /// Evaluate the regularised loss L_λ, its gradient and its Hessian at weights from files
    Evaluate(evaluate::Args),
    // No comment of the kind that is documentation: it would take the place of what the arguments say at
    // length.
    #[command(about = "Run gradient descent on L_λ, with a history and checkpoints")]
    Train(Box<train::Args>),
    #[command(about = "Make the figures of papers again, as CSV and SVG, with verdicts")]
    Experiment(experiment::Args),
    /// Compute what one gradient step sees of a polynomial target, each number with a bound
    Gaussian(gaussian::Args),
    /// Learn features in one gradient step, and fit a ridge head to them (DLS22, Algorithm 1)
    Learn(learn::Args),
    /// Compute margins of a ReLU network on data of your own, and follow its gradient flow (T22)
    Margin(margin::Args),
    /// Compute the law of a network under random multipliers of a displacement (BL20)
    Randomised(randomised::Args),
    /// Print a completion script for a shell
    Completions(completions::Args),
    /// Print or write the manual pages
    Man(man::Args),
}

/// Runs the command that was typed, on the claims of `registry`; the value is the exit code of the process.
pub fn run(registry: &Registry) -> ExitCode {
    terminal::begin();
    let line = match Line::try_parse_from(words(std::env::args_os().collect())) {
        Ok(line) => line,
        Err(e) => return usage(&e),
    };
    line.output.set();
    interrupt::report_limits_of_files();
    interrupt::begin();
    threads::start();
    if let Err(why) = memory::check_address_space() {
        say(why);
        return ExitCode::from(exit::BAD_INPUT);
    }
    let result = match line.command {
        Command::Verify(command) => return verify::exit(command.run(registry, &mut std::io::stdout())),
        Command::Zonal(args) => zonal::run(&args),
        Command::Spectrum(args) => spectrum::run(&args),
        Command::Kernel(args) => kernel::run(&args),
        Command::Construct(args) => construct::run(&args),
        Command::Evaluate(args) => evaluate::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Experiment(args) => experiment::run(&args),
        Command::Gaussian(args) => gaussian::run(&args),
        Command::Learn(args) => learn::run(&args),
        Command::Margin(args) => margin::run(&args),
        Command::Randomised(args) => randomised::run(&args),
        Command::Completions(args) => completions::run(&args, Line::command(), registry),
        Command::Man(args) => man::run(&args, Line::command()),
    };
    result.unwrap_or_else(|e| {
        say(e);
        ExitCode::from(exit::BAD_INPUT)
    })
}

/// The words of the command line. `help` has no options of its own, so one that asks it for help is
/// understood as the rest.
fn words(mut words: Vec<OsString>) -> Vec<OsString> {
    if words.get(1).is_some_and(|word| word == "help") {
        words.retain(|word| word != "--help" && word != "-h");
    }
    words
}

/// Help and version as clap prints them; every other usage error as one line, like all errors here.
fn usage(e: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind::{DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion};
    if matches!(e.kind(), DisplayHelp | DisplayVersion | DisplayHelpOnMissingArgumentOrSubcommand) {
        return match e.print().and_then(|()| std::io::stdout().flush()) {
            // A reader that has left, as `head` does, is no error.
            Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
                say(stdout::unwritable(&e));
                ExitCode::from(exit::BAD_INPUT)
            }
            _ => ExitCode::from(u8::try_from(e.exit_code()).unwrap_or(exit::BAD_INPUT)),
        };
    }
    say(sentence(&e.render().to_string()));
    ExitCode::from(2)
}

/// What the standard library says of a number that it cannot read, and what is allowed.
const NUMBERS: [(&str, &str); 6] = [
    ("invalid digit found in string", "a whole number of at least 0 is allowed"),
    ("cannot parse integer from empty string", "a whole number of at least 0 is allowed"),
    ("number too large to fit in target type", "a whole number below 2^64 is allowed"),
    ("invalid float literal", "a number such as 0.5 or 1e-3 is allowed"),
    ("cannot parse float from empty string", "a number such as 0.5 or 1e-3 is allowed"),
    ("provided string was not `true` or `false`", "true or false is allowed"),
];

/// A usage error of clap in one line.
fn sentence(text: &str) -> String {
    let mut sentence = String::new();
    let lines =
        text.lines().take_while(|l| !l.starts_with("Usage:") && !l.starts_with("For more information"));
    let mut list = false;
    for line in lines {
        let part = line.trim().trim_start_matches("error: ");
        // After a colon comes a list, a line each, up to an empty one.
        let joint = match sentence.chars().last() {
            None => "",
            Some(':') => " ",
            _ if list => ", ",
            _ => "; ",
        };
        list = sentence.ends_with(':') || list && !part.is_empty();
        if !part.is_empty() {
            sentence = sentence + joint + part;
        }
    }
    NUMBERS.iter().fold(sentence, |said, (number, allowed)| said.replace(number, allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usage_error_is_a_sentence() {
        let said = |words: &str| {
            let error = Line::try_parse_from(words.split(' ')).err().unwrap();
            sentence(&error.render().to_string())
        };
        assert_eq!(
            said("escapement merge"),
            "the following required arguments were not provided: --out <FILE>, <JOURNAL>..."
        );
        assert_eq!(
            said("escapement verify --seed x"),
            "invalid value 'x' for '--seed <SEED>': a whole number of at least 0 is allowed"
        );
        assert!(
            said("escapement verify --seed 18446744073709551616")
                .ends_with(": a whole number below 2^64 is allowed")
        );
        assert!(said("escapement verify --sead 1").contains("; tip: a similar argument exists: '--seed'"));
    }

    #[test]
    fn help_is_helped() {
        let after = |line: &str| words(line.split(' ').map(OsString::from).collect()).join(" ".as_ref());
        assert_eq!(after("escapement help --help"), "escapement help");
        assert_eq!(after("escapement help verify -h"), "escapement help verify");
        assert_eq!(after("escapement verify --help"), "escapement verify --help");
    }
}

//! The binary `escapement`: the command line on the papers that ship with it.

use std::process::ExitCode;

fn main() -> ExitCode {
    match escapement_verify::papers::standard() {
        Ok(registry) => escapement_cli::run(&registry),
        Err(e) => escapement_cli::verify::exit(Err(e.into())),
    }
}

//! `escapement` with one more claim: the whole command line and its page, for who wants them
//! (`--features cli`).

use escapement_verify::{Registry, papers};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut claims = papers::nbl22::claims();
    claims.push(Box::new(top_eigenvalue::TopEigenvalue));
    match Registry::new(claims) {
        Ok(registry) => escapement_cli::run(&registry),
        Err(e) => escapement_cli::verify::exit(Err(e.into())),
    }
}

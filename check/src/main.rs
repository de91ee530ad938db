//! The program `escapement-check`: checks certificates, one sentence for each.

use escapement_check::{certificate::LONGEST, check};
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

const HELP: &str = "\
Checks certificates of theorems about two-layer networks, in whole numbers only.

Usage: escapement-check FILE...

Prints one sentence for each file: `accepted:` and what is proved, or the number of the obligation that
failed and why. The weights W0.npy of a certificate are read from the folder of the file.

Options:
      --help     Prints this text
      --version  Prints the version

Exit status: 0 if every file is accepted, 1 if one is rejected, 2 if none is named or one cannot be read.";

fn main() -> ExitCode {
    let files: Vec<std::ffi::OsString> = std::env::args_os().skip(1).collect();
    let option = |names: [&str; 2]| files.iter().any(|file| names.iter().any(|name| file == name));
    if option(["--help", "-h"]) {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    if option(["--version", "-V"]) {
        println!("escapement-check {}", env!("CARGO_PKG_VERSION"));
        return ExitCode::SUCCESS;
    }
    if files.is_empty() || files.iter().any(|file| file.to_string_lossy().starts_with('-')) {
        eprintln!("Usage: escapement-check FILE...");
        return ExitCode::from(2);
    }
    let mut worst = 0;
    for path in files.iter().map(Path::new) {
        let mut bytes = Vec::new();
        let read =
            std::fs::File::open(path).and_then(|f| f.take(LONGEST as u64 + 1).read_to_end(&mut bytes));
        let name = if files.len() > 1 { format!("{}: ", path.display()) } else { String::new() };
        if let Err(error) = read {
            eprintln!("{}: {error}", path.display());
            worst = 2;
            continue;
        }
        match check(&bytes, path.parent().unwrap_or(Path::new(""))) {
            Ok(accepted) => println!("{name}accepted: {}", accepted.statement),
            Err(rejection) => {
                println!("{name}{rejection}");
                worst = worst.max(1);
            }
        }
    }
    ExitCode::from(worst)
}

//! The program `escapement-check`: checks certificates, one sentence for each.

use escapement_check::{LONGEST, check};
use std::{fs::File, io::Read, path::Path, process::ExitCode};

const HELP: &str = "\
Checks certificates of theorems about two-layer networks, in whole numbers only.

Usage: escapement-check FILE...

Prints one sentence for each file: `accepted:` and what is proved, or the number of the obligation that
failed and why. The weights W0.npy of a certificate are read from the folder of the file.

Exit status: 0 if every file is accepted, 1 if one is rejected, 2 if none is named or one cannot be read.";

fn main() -> ExitCode {
    let names: Vec<_> = std::env::args_os().skip(1).collect();
    let mut status = 0;
    match names.first().map(|name| name.to_str()) {
        Some(Some("--help" | "-h")) => println!("{HELP}"),
        Some(Some("--version" | "-V")) => println!("escapement-check {}", env!("CARGO_PKG_VERSION")),
        Some(_) => status = names.iter().map(|name| judge(Path::new(name), names.len())).fold(0, u8::max),
        None => {
            eprintln!("{HELP}");
            status = 2;
        }
    }
    ExitCode::from(status)
}

/// Checks one of `count` files, and returns the exit status.
fn judge(path: &Path, count: usize) -> u8 {
    let mut bytes = Vec::new();
    let file = File::open(path).and_then(|file| file.take(LONGEST as u64 + 1).read_to_end(&mut bytes));
    let (status, sentence) = match file.map(|_| check(&bytes, path.parent().unwrap_or(path))) {
        Ok(Ok(accepted)) => (0, format!("accepted: {}", accepted.statement)),
        Ok(Err(rejection)) => (1, rejection.to_string()),
        Err(error) => {
            eprintln!("{}: {error}", path.display());
            return 2;
        }
    };
    let name = if count > 1 { format!("{}: ", path.display()) } else { String::new() };
    println!("{name}{sentence}");
    status
}

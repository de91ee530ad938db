//! The program `escapement-check`: checks certificates, one sentence for each.

use escapement_check::{LONGEST, check};
use std::{fs::File, io::Read, path::Path, process::ExitCode};

const HELP: &str = "\
Usage: escapement-check FILE...

For each file, prints `accepted:` and what is proved, or the number of the obligation that failed and why.
W0.npy is read from its folder. Exit status: 0 accepted, 1 rejected, 2 nothing named or a file unreadable.";

fn main() -> ExitCode {
    let names: Vec<_> = std::env::args_os().skip(1).collect();
    match names.first().map(|name| name.to_str()) {
        Some(Some("--help" | "-h")) => println!("{HELP}"),
        Some(Some("--version" | "-V")) => println!("escapement-check {}", env!("CARGO_PKG_VERSION")),
        None => eprintln!("{HELP}"),
        _ => return ExitCode::from(names.iter().map(|x| judge(Path::new(x), names.len())).fold(0, u8::max)),
    }
    ExitCode::from(if names.is_empty() { 2 } else { 0 })
}

/// Checks one of `count` files, and returns the exit status.
fn judge(path: &Path, count: usize) -> u8 {
    let mut bytes = Vec::new();
    let file = File::open(path).and_then(|file| file.take(LONGEST as u64 + 1).read_to_end(&mut bytes));
    let (status, sentence) = match file.map(|_| check(&bytes, path.parent().unwrap_or(path))) {
        Ok(Ok(accepted)) => (0, format!("accepted: {}", accepted.statement)),
        Ok(Err(rejection)) => (1, rejection.to_string()),
        Err(error) => (2, format!("cannot be read: {error}")),
    };
    let name = if count > 1 || status == 2 { format!("{}: ", path.display()) } else { String::new() };
    println!("{name}{sentence}");
    status
}

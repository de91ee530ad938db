//! The program `escapement-check`: checks certificates, one sentence for each.

use escapement_check::{LONGEST, check};
use std::{fs::File, io, io::Read, io::Write, path::Path, process::ExitCode};

const HELP: &str = "\
Usage: escapement-check FILE...

For each file, prints `accepted:` and what is proved, or the number of the obligation that failed and why.
W0.npy is read from its folder. Exit status: 0 accepted, 1 rejected, 2 nothing named or a file unreadable.";

fn main() -> ExitCode {
    let names: Vec<_> = std::env::args_os().skip(1).collect();
    ExitCode::from(match names.first().map(|name| name.to_str()) {
        Some(Some("--help" | "-h")) => say(0, HELP),
        Some(Some("--version" | "-V")) => say(0, concat!("escapement-check ", env!("CARGO_PKG_VERSION"))),
        None => say(2, HELP),
        _ => names.iter().map(|name| judge(Path::new(name))).fold(0, u8::max),
    })
}

/// Checks one file, and returns the exit status.
fn judge(path: &Path) -> u8 {
    let mut bytes = Vec::new();
    let file = File::open(path).and_then(|file| file.take(LONGEST as u64 + 1).read_to_end(&mut bytes));
    let (status, sentence) = match file.map(|_| check(&bytes, path.parent().unwrap_or(path))) {
        Ok(Ok(accepted)) => (0, format!("accepted: {}", accepted.statement)),
        Ok(Err(rejection)) => (1, rejection.to_string()),
        Err(error) => (2, format!("cannot be read: {error}")),
    };
    say(status, &format!("{}: {sentence}", path.display()))
}

/// Prints a line, and returns the exit status. A reader that has left, as `head` does, is no error.
fn say(status: u8, line: &str) -> u8 {
    let _ = if status == 2 { writeln!(io::stderr(), "{line}") } else { writeln!(io::stdout(), "{line}") };
    status
}

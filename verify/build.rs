//! Hashes the sources, so that a journal written by other code is never taken for fresh numbers, and notes
//! for reports which commit, compiler and dependencies they were built from.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The rooms that no measured number passes through: with another page, old records stay fresh.
const SHOWN: [&str; 2] = ["verify/src/harness/", "verify/src/report/"];

fn main() {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let root = here.join("..");
    let mut files = Vec::new();
    // As a package on its own there is no core beside this one: its version, in Cargo.lock or not, stands for
    // it.
    let core = root.join("src");
    if core.join("covariance").is_dir() {
        println!("cargo:rerun-if-changed={}", core.display());
        collect(&core, "src", &mut files);
    }
    println!("cargo:rerun-if-changed={}", here.join("src").display());
    collect(&here.join("src"), "verify/src", &mut files);
    let lock = root.join("Cargo.lock");
    if lock.is_file() {
        println!("cargo:rerun-if-changed={}", lock.display());
        files.push(("Cargo.lock".to_owned(), lock.clone()));
    }
    // How a number is shown does not make it another one.
    files.retain(|(name, _)| !SHOWN.iter().any(|room| name.starts_with(room)));
    files.sort();
    let mut hash = blake3::Hasher::new();
    hash.update(std::env::var("CARGO_PKG_VERSION").unwrap_or_default().as_bytes());
    for (name, path) in files {
        let Some(text) = read(&path) else {
            continue;
        };
        for part in [name.as_bytes(), &text] {
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    }
    println!("cargo:rustc-env=ESCAPEMENT_SOURCE_HASH={}", &hash.finalize().to_hex()[..32]);
    let lock_hash = read(&lock)
        .map_or_else(|| "unknown".to_owned(), |text| blake3::hash(&text).to_hex()[..32].to_owned());
    println!("cargo:rustc-env=ESCAPEMENT_LOCK_HASH={lock_hash}");
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = said(Command::new(compiler).arg("--version")).unwrap_or_else(|| "unknown".to_owned());
    println!("cargo:rustc-env=ESCAPEMENT_RUSTC={version}");
    println!("cargo:rustc-env=ESCAPEMENT_COMMIT={}", commit(&root).unwrap_or_else(|| "unknown".to_owned()));
    println!("cargo:rerun-if-changed=build.rs");
}

/// The content of a file; a checkout with other line ends is the same source.
fn read(path: &Path) -> Option<Vec<u8>> {
    Some(std::fs::read(path).ok()?.into_iter().filter(|&b| b != b'\r').collect())
}

/// The commit that is checked out, "+" after it when tracked files differ from it; none where there is no
/// git, or where the sources were unpacked inside a repository of something else.
fn commit(root: &Path) -> Option<String> {
    let git = |words: &[&str]| said(Command::new("git").arg("-C").arg(root).args(words));
    let top = PathBuf::from(git(&["rev-parse", "--show-toplevel"])?).canonicalize().ok()?;
    if top != root.canonicalize().ok()? {
        return None;
    }
    let commit = git(&["rev-parse", "HEAD"])?;
    // What moves with HEAD. A path that is not there would mean a build every time.
    for name in ["HEAD", "logs/HEAD", "packed-refs"] {
        let path = git(&["rev-parse", "--git-path", name]).map(|path| root.join(path));
        if let Some(path) = path.filter(|path| path.is_file()) {
            println!("cargo:rerun-if-changed={}", path.display());
        }
    }
    let changed = git(&[
        "--no-optional-locks",
        "status",
        "--porcelain",
        "--untracked-files=no",
        "--",
        "src",
        "verify",
        "Cargo.toml",
        "Cargo.lock",
    ])
    .is_some();
    Some(if changed { commit + "+" } else { commit })
}

/// The one line that a command prints, if it succeeds and prints something.
fn said(command: &mut Command) -> Option<String> {
    let out = command.output().ok().filter(|out| out.status.success())?;
    let text = String::from_utf8(out.stdout).ok()?;
    text.lines().next().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty())
}

/// Every `.rs` file below `folder`, with its name relative to the workspace and `/` between the parts.
fn collect(folder: &Path, name: &str, files: &mut Vec<(String, PathBuf)>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        if path.is_dir() {
            collect(&path, &name, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push((name, path));
        }
    }
}

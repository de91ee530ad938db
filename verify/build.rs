//! Takes the fingerprints of the sources, so that a journal written by other code is never taken for fresh
//! numbers, and notes for reports which commit, compiler and dependencies they were built from.

#[path = "src/run/fingerprint.rs"]
mod fingerprint;

use fingerprint::Fingerprints;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    // As a package by itself there is no workspace around this one: its own folder then holds what there is.
    let root = here.join("..");
    for watched in
        [root.join("src"), here.join("src"), root.join("Cargo.lock")].iter().filter(|p| p.exists())
    {
        println!("cargo:rerun-if-changed={}", watched.display());
    }
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let Fingerprints { shared, packs, all } = Fingerprints::of(&root, &version);
    let mut table = "&[".to_owned();
    for (name, hash) in packs {
        // Writing to a string cannot fail.
        let _ = write!(table, "({name:?}, {hash:?}), ");
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    if let Err(e) = std::fs::write(out.join("packs.rs"), table + "]") {
        println!("cargo:error=the fingerprints of the papers cannot be written: {e}");
    }
    println!("cargo:rustc-env=ESCAPEMENT_SHARED_HASH={shared}");
    println!("cargo:rustc-env=ESCAPEMENT_SOURCE_HASH={all}");
    let lock_hash = std::fs::read(root.join("Cargo.lock"))
        .map_or_else(|_| "unknown".to_owned(), |text| blake3::hash(&text).to_hex()[..32].to_owned());
    println!("cargo:rustc-env=ESCAPEMENT_LOCK_HASH={lock_hash}");
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = said(Command::new(compiler).arg("--version")).unwrap_or_else(|| "unknown".to_owned());
    println!("cargo:rustc-env=ESCAPEMENT_RUSTC={version}");
    println!("cargo:rustc-env=ESCAPEMENT_COMMIT={}", commit(&root).unwrap_or_else(|| "unknown".to_owned()));
    println!("cargo:rerun-if-changed=build.rs");
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

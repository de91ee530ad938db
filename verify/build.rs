//! Hashes the sources, so that a journal written by other code is never taken for fresh numbers.

use std::path::{Path, PathBuf};

fn main() {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let root = here.join("..");
    let mut files = Vec::new();
    // As a package on its own there is no core beside this one: its version, in Cargo.lock or not, stands for it.
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
        files.push(("Cargo.lock".to_owned(), lock));
    }
    files.sort();
    let mut hash = blake3::Hasher::new();
    hash.update(std::env::var("CARGO_PKG_VERSION").unwrap_or_default().as_bytes());
    for (name, path) in files {
        let Ok(text) = std::fs::read(&path) else {
            continue;
        };
        // A checkout with other line ends is the same source.
        let text: Vec<u8> = text.into_iter().filter(|&b| b != b'\r').collect();
        for part in [name.as_bytes(), &text] {
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    }
    println!("cargo:rustc-env=ESCAPEMENT_SOURCE_HASH={}", &hash.finalize().to_hex()[..32]);
    println!("cargo:rerun-if-changed=build.rs");
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

//! The binary, as a user runs it: a folder to work in, arrays to give it, and what came out.

use crate::messages;
use assert_cmd::Command;
use escapement_cli::files::array;
use faer::Mat;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder of its own, in which every command of a test runs.
pub struct Desk {
    dir: TempDir,
}

/// What a command left.
pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Desk {
    pub fn new() -> Self {
        Self { dir: TempDir::new().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Everything in the folder, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(self.dir.path())
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub fn put_matrix(&self, name: &str, m: &Mat<f64>) {
        let mut bytes = Vec::new();
        array::write_matrix(&mut bytes, m.as_ref()).unwrap();
        self.put(name, bytes);
    }

    /// The same as float32, which NumPy users and PyTorch write.
    pub fn put_matrix_f32(&self, name: &str, m: &Mat<f64>) {
        let header =
            format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", m.nrows(), m.ncols());
        let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        bytes.extend(format!("{header:<117}\n").as_bytes());
        for i in 0..m.nrows() {
            for j in 0..m.ncols() {
                bytes.extend((m[(i, j)] as f32).to_le_bytes());
            }
        }
        self.put(name, bytes);
    }

    pub fn read_matrix(&self, name: &str) -> Mat<f64> {
        array::read_matrix(&self.path(name)).unwrap().values
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_escapement"));
        command.current_dir(self.dir.path());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Outcome {
        let out = self.command().args(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Outcome { code: out.status.code(), stdout: text(out.stdout), stderr: text(out.stderr) }
    }

    /// A run that succeeds, as JSON.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let out = self.run(arguments);
        assert_eq!(out.code, Some(0), "{arguments:?}: {}", out.stderr);
        serde_json::from_str(&out.stdout).unwrap_or_else(|e| panic!("{arguments:?}: {e} in {}", out.stdout))
    }

    /// A run that is interrupted after so long, as by Ctrl-C.
    #[cfg(unix)]
    pub fn interrupted(&self, arguments: &[&str], delay: std::time::Duration) -> std::process::Output {
        use std::process::{Command, Stdio};
        let mut command = Command::new(env!("CARGO_BIN_EXE_escapement"));
        command.args(arguments).current_dir(self.path("")).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        std::thread::sleep(delay);
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        child.wait_with_output().unwrap()
    }

    /// A run that must be refused: exit 2, nothing on standard output, one line on standard error that holds
    /// `words`, and the folder as it was.
    pub fn refused(&self, arguments: &[&str], words: &[&str]) {
        let before = self.names();
        let out = self.run(arguments);
        let said = &out.stderr;
        assert_eq!(out.code, Some(2), "{arguments:?}: {said}{}", out.stdout);
        assert!(out.stdout.is_empty(), "{arguments:?} printed {}", out.stdout);
        assert!(
            said.starts_with("escapement: ") && said.matches('\n').count() == 1 && said.ends_with('\n'),
            "{arguments:?}: {said:?}"
        );
        for word in words {
            assert!(said.contains(word), "{arguments:?}: {said:?} lacks {word:?}");
        }
        assert_eq!(self.names(), before, "{arguments:?} left something behind");
        messages::check(self, arguments, said);
    }
}

/// What a folder holds, and the folders in it, by name; a lock is no result.
pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        if entry.is_dir() {
            all.extend(files(&entry));
        } else if entry.extension().is_none_or(|e| e != "lock") {
            all.insert(
                entry.file_name().unwrap().to_str().unwrap().to_owned(),
                std::fs::read(&entry).unwrap(),
            );
        }
    }
    all
}

/// `max |a − b|`.
pub fn distance(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max)
}

/// `max |a|`.
pub fn size(a: &[f64]) -> f64 {
    a.iter().fold(0.0, |m, x| m.max(x.abs()))
}

/// The first `rows` rows: of the m neurons of an oracle, the p distinct ones.
pub fn first_rows(m: &Mat<f64>, rows: usize) -> Mat<f64> {
    m.subrows(0, rows).to_owned()
}

//! What can go wrong between a claim and its verdict. Each message is one sentence.

use escapement::error::human_bytes;
use std::path::{Path, PathBuf};

/// The result of every fallible function of this package.
pub type Result<T> = std::result::Result<T, Error>;

/// An error of the pipeline.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An error of the core.
    #[error(transparent)]
    Core(#[from] escapement::Error),
    /// What cannot be certified.
    #[error(transparent)]
    Proof(#[from] escapement_prove::Error),
    /// A measured quantity is NaN or infinite.
    #[error(
        "the quantity '{quantity}' of the cell {cell} came out as {value}: every quantity and its error \
         must be finite"
    )]
    NotFinite {
        /// The key of the cell.
        cell: String,
        /// The quantity, or the part of the cost.
        quantity: String,
        /// What was measured.
        value: f64,
    },
    /// The error bound of a quantity is negative.
    #[error(
        "the quantity '{quantity}' of the cell {cell} has the error bound {value}: it must be at least 0"
    )]
    NegativeError {
        /// The key of the cell.
        cell: String,
        /// The quantity.
        quantity: String,
        /// The error bound given.
        value: f64,
    },
    /// No claim has this name.
    #[error("unknown claim '{given}'{suggestion}")]
    UnknownClaim {
        /// What was asked for.
        given: String,
        /// `; did you mean 'lemma-1'?`, or the list of claims.
        suggestion: String,
    },
    /// No paper has this name.
    #[error("unknown paper '{given}'; the papers are {known}")]
    UnknownPaper {
        /// What was asked for.
        given: String,
        /// The names of all papers.
        known: String,
    },
    /// Two claims, two bounds of one claim, or two cells of one plan have the same name.
    #[error("{what} '{name}' appears twice: names must be unique")]
    Duplicate {
        /// "the claim", "the bound", "the cell".
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A cell cannot be named.
    #[error("the {what} '{value}' of a cell of {claim} is not allowed: {allowed}")]
    CellName {
        /// The claim.
        claim: String,
        /// The field of the cell.
        what: String,
        /// Its value.
        value: String,
        /// What would have been accepted.
        allowed: String,
    },
    /// The file given as the journal is something else.
    #[error("{} is not a journal: it does not begin with a record, and is left as it is", path.display())]
    JournalForeign {
        /// The file.
        path: PathBuf,
    },
    /// A line of the journal cannot be read.
    #[error("{}:{line} is damaged ({why}): repair or remove that line; \
        verify --fresh begins anew", path.display())]
    JournalDamaged {
        /// The journal.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// A line of the journal is whole and holds what this version does not know.
    #[error("{}:{line} was written by a newer escapement: it has the field '{field}', which this one does \
        not know; use the newer one, or another journal", path.display())]
    JournalNewer {
        /// The journal.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The field.
        field: String,
    },
    /// Another process writes to this journal.
    #[error("the journal {} is in use: another process holds {}; wait for it, or name another", path.display(), lock.display())]
    JournalLocked {
        /// The journal.
        path: PathBuf,
        /// The lock file.
        lock: PathBuf,
    },
    /// Two journals contradict one another.
    #[error("{}; leave one of the journals out, or measure again where they differ", listed(conflicts))]
    JournalConflict {
        /// Every pair of records that differ.
        conflicts: Vec<Conflict>,
    },
    /// A file or folder could not be read or written.
    #[error("cannot {what} {}: {}", path.display(), plain(source))]
    Io {
        /// The verb: "read", "write", "create the folder".
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A cell needs more memory than there is.
    #[error(
        "the cell {cell} needs {}, more than the {} available",
        human_bytes(*needed),
        human_bytes(*available)
    )]
    Memory {
        /// The key of the cell.
        cell: String,
        /// Predicted need in bytes.
        needed: f64,
        /// What is there, in bytes.
        available: f64,
    },
    /// Bad input that fits none of the above; the sentence says what is allowed.
    #[error("{0}")]
    Input(String),
}

impl Error {
    /// A failed operation on a file, in one call.
    pub fn io(what: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io { what, path: path.to_owned(), source }
    }

    /// Whether the whole run must stop: the input or the files are at fault, not one cell.
    pub fn stops_the_run(&self) -> bool {
        !matches!(
            self,
            Self::Core(_) | Self::NotFinite { .. } | Self::NegativeError { .. } | Self::Memory { .. }
        )
    }
}

/// Two records of one cell, seed and sources that differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The key of the cell.
    pub cell: String,
    /// The root seed.
    pub seed: u64,
    /// The journal read first.
    pub first: PathBuf,
    /// The other one.
    pub second: PathBuf,
    /// In what they differ.
    pub what: String,
}

/// How many conflicts are named.
const NAMED: usize = 10;

/// The first conflicts in words, and how many more there are.
fn listed(conflicts: &[Conflict]) -> String {
    let words = |c: &Conflict| {
        let Conflict { cell, seed, first, second, what } = c;
        format!(
            "{} and {} differ on the cell {cell} at seed {seed}: {what}",
            first.display(),
            second.display()
        )
    };
    let mut list: Vec<String> = conflicts.iter().take(NAMED).map(words).collect();
    if conflicts.len() > NAMED {
        list.push(format!("and {} more", conflicts.len() - NAMED));
    }
    list.join("; ")
}

/// The system's message without its error number.
fn plain(e: &std::io::Error) -> String {
    let text = e.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

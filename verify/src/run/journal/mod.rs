//! The journal: one JSON line per measured cell, appended as it is measured.
//!
//! It is the only state of the pipeline. A record is found again by its cell, the root seed and the hash of
//! the sources, so that numbers of other code are never taken for fresh. A run that is killed loses the
//! cells in flight and nothing else; a finished run rewrites the journal in plan order, so that its bytes do
//! not depend on the number of jobs or on interruptions. Wall time, threads and host, which differ between
//! runs, go to a sidecar beside it.
//!
//! Every line ends in a checksum of what comes before it, so that a number changed by accident is not taken
//! for a measured one.
//!
//! Journals of several machines become one with [`merge`].

mod by_cell;
mod line;
pub mod merge;

use crate::claim::{Cell, Record};
use crate::error::{Error, Result};
use crate::files::lock::{self, Locked};
pub use by_cell::RecordsByCell;
use line::{Meta, parse, sealed, to_line};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// What a record is found by: the cell, the root seed and the hash of the sources.
pub type Key = (Cell, u64, String);

/// The records of a journal.
#[derive(Debug, Default)]
pub struct Records {
    map: BTreeMap<Key, Record>,
    /// Bytes of whole lines.
    length: u64,
    /// What was noticed on reading.
    warnings: Vec<String>,
}

impl Records {
    /// Reads the journal at `path` without holding it or writing anything; none where there is no file. A
    /// last line that is being written is left out.
    ///
    /// # Errors
    /// [`Error::JournalForeign`], [`Error::JournalDamaged`], and [`Error::Io`] where it cannot be read.
    pub fn read(path: &Path) -> Result<Self> {
        refuse_foreign(path)?;
        match std::fs::read(path) {
            Ok(bytes) => Self::parse(path, &bytes),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(e) => Err(Error::io("read the journal", path, e)),
        }
    }

    fn parse(path: &Path, bytes: &[u8]) -> Result<Self> {
        let whole = bytes.iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
        let mut records = Self { length: whole as u64, ..Self::default() };
        for (i, line) in bytes[..whole].split(|&b| b == b'\n').enumerate() {
            if line.is_empty() {
                continue;
            }
            let damaged = |why| Error::JournalDamaged { path: path.to_owned(), line: i + 1, why };
            let record = parse(line).map_err(|why| match why.strip_prefix(UNKNOWN_FIELD) {
                // The checksum is right, so nobody has changed the line.
                Some(rest) => {
                    let field = rest.split('`').nth(1).unwrap_or_default().to_owned();
                    Error::JournalNewer { path: path.to_owned(), line: i + 1, field }
                }
                None => damaged(why),
            })?;
            if records
                .get(&record.cell, record.seed, &record.source)
                .is_some_and(|earlier| *earlier != record)
            {
                return Err(damaged(
                    "it contradicts an earlier line for the same cell, seed and sources".into(),
                ));
            }
            records.insert(record);
        }
        // What follows the last line end was being written when the run was killed.
        if whole < bytes.len() {
            let number = bytes[..whole].iter().filter(|&&b| b == b'\n').count() + 1;
            let place = format!("{}:{number}", path.display());
            records.warnings.push(format!(
                "{place} was half-written when a run was killed: it does not count, and the next run \
                 measures its cell again"
            ));
        }
        Ok(records)
    }

    fn insert(&mut self, record: Record) {
        self.map.insert((record.cell.clone(), record.seed, record.source.clone()), record);
    }

    /// All of them, by cell, seed and sources.
    pub fn iter(&self) -> impl Iterator<Item = &Record> {
        self.map.values()
    }

    /// What was noticed on reading: sentences for the user.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The record of a cell, if it was measured with this seed by these sources.
    pub fn get(&self, cell: &Cell, seed: u64, source: &str) -> Option<&Record> {
        self.map.get(&(cell.clone(), seed, source.to_owned()))
    }
}

/// An open journal, held by a lock until dropped.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    records: Records,
    meta: File,
    /// None where the file system has no locks.
    lock: Option<File>,
}

/// How serde says that a field is unknown.
const UNKNOWN_FIELD: &str = "unknown field ";

/// How the first record begins.
const BEGINNING: &[u8] = b"{\"source\":\"";

impl Journal {
    /// Opens, or begins, the journal at `path`, creating its folder; `fresh` empties it.
    ///
    /// # Errors
    /// [`Error::JournalForeign`] for a file that is no journal, [`Error::JournalLocked`] when another
    /// process has it, [`Error::JournalDamaged`] for a line that cannot be read, [`Error::Io`] when it
    /// cannot be read or written.
    pub fn open(path: &Path, fresh: bool) -> Result<Self> {
        // One journal has one name, however it is reached, and so one lock.
        let resolved = path.canonicalize();
        let path = resolved.as_deref().unwrap_or(path);
        refuse_foreign(path)?;
        let mut made = Made::default();
        made.folder(path.parent().unwrap_or(Path::new("")))?;
        let lock = made.lock(path)?;
        let meta_path = beside(path, "meta.jsonl");
        let mut file = made.open(path)?;
        // The same file under another name has another lock beside it.
        if hold(&file, path)? == Locked::InUse {
            return Err(Error::JournalLocked { path: path.to_owned(), lock: path.to_owned() });
        }
        let mut meta = made.open(&meta_path)?;
        let io = |e| Error::io("write the journal", path, e);
        if fresh {
            file.set_len(0).map_err(io)?;
            meta.set_len(0).map_err(io)?;
        }
        meta.seek(SeekFrom::End(0)).map_err(io)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|e| Error::io("read the journal", path, e))?;
        let mut records = Records::parse(path, &bytes)?;
        records.warnings.extend(lock.is_none().then(|| lock::without(path)));
        file.set_len(records.length).map_err(io)?;
        file.seek(SeekFrom::End(0)).map_err(io)?;
        made.keep();
        Ok(Self { path: path.to_owned(), file, records, meta, lock })
    }

    /// What was noticed on opening: sentences for the user.
    pub fn warnings(&self) -> &[String] {
        &self.records.warnings
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The record of a cell, if it was measured with this seed by these sources.
    pub fn get(&self, cell: &Cell, seed: u64, source: &str) -> Option<&Record> {
        self.records.get(cell, seed, source)
    }

    /// Appends a record in one write; `seconds` and `threads` go to the sidecar.
    ///
    /// # Errors
    /// [`Error::Io`], after taking back what was written of the line.
    pub fn append(&mut self, record: &Record, seconds: f64, threads: usize) -> Result<()> {
        let line = sealed(record);
        if let Err(e) = self.file.write_all(&line).and_then(|()| self.file.flush()) {
            // Best effort: a line that stays half-written is dropped by the next run.
            let _ = self.file.set_len(self.records.length);
            return Err(Error::io("write the journal", &self.path, e));
        }
        self.records.length += line.len() as u64;
        let host = host();
        let meta = Meta {
            cell: &record.cell,
            seed: record.seed,
            source: &record.source,
            seconds,
            threads,
            host: &host,
        };
        self.meta
            .write_all(&to_line(&meta))
            .map_err(|e| Error::io("write", &beside(&self.path, "meta.jsonl"), e))?;
        self.records.insert(record.clone());
        Ok(())
    }

    /// Rewrites the journal through a temporary file: the records of `order` first and in that order, then
    /// the other ones by name. A record is left out only where one of `order` supersedes it: the same cell,
    /// measured with the same seed by other sources.
    ///
    /// # Errors
    /// [`Error::Io`]; the journal is then as it was.
    pub fn compact(&mut self, order: &[Key]) -> Result<()> {
        let held = |key: &&Key| self.records.map.contains_key(*key);
        let planned: BTreeSet<&Key> = order.iter().filter(held).collect();
        let measured: BTreeSet<(&Cell, u64)> = planned.iter().map(|key| (&key.0, key.1)).collect();
        let (superseded, kept): (Vec<&Key>, Vec<&Key>) = self
            .records
            .map
            .keys()
            .partition(|key| !planned.contains(key) && measured.contains(&(&key.0, key.1)));
        let mut written = BTreeSet::new();
        let sequence = order.iter().filter(held).chain(kept).filter(|key| written.insert(*key));
        let text: Vec<u8> = sequence.filter_map(|key| self.records.map.get(key)).flat_map(sealed).collect();
        let superseded: Vec<Key> = superseded.into_iter().cloned().collect();
        let err = |e| Error::io("write the journal", &self.path, e);
        let folder = self.path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut temporary = tempfile::Builder::new().prefix(".journal-").tempfile_in(folder).map_err(err)?;
        temporary.write_all(&text).map_err(err)?;
        temporary.as_file().sync_data().map_err(err)?;
        if let Ok(old) = self.file.metadata() {
            // A temporary file is private; the journal keeps the permissions it had.
            let _ = temporary.as_file().set_permissions(old.permissions());
        }
        // Nobody else knows of this file yet.
        hold(temporary.as_file(), &self.path)?;
        self.file = temporary.persist(&self.path).map_err(|e| err(e.error))?;
        for key in &superseded {
            self.records.map.remove(key);
        }
        self.records.length = text.len() as u64;
        Ok(())
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // Closing is not enough where another thread is just starting a process: until that one is there, it
        // holds a copy of the open file and with it the lock.
        for file in [Some(&self.file), self.lock.as_ref()].into_iter().flatten() {
            let _ = file.unlock();
        }
    }
}

/// Locks the journal itself. On Windows a lock keeps readers out as well, so that there is none.
fn hold(journal: &File, path: &Path) -> Result<Locked> {
    if cfg!(windows) {
        return Ok(Locked::Unsupported);
    }
    lock::exclusive(journal).map_err(|e| Error::io("lock", path, e))
}

/// Files and folders made on the way to an open journal, which go again unless they are kept.
#[derive(Default)]
struct Made {
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

impl Made {
    fn folder(&mut self, folder: &Path) -> Result<()> {
        let missing: Vec<&Path> =
            folder.ancestors().take_while(|a| !a.as_os_str().is_empty() && !a.exists()).collect();
        self.folders.extend(missing.into_iter().map(Path::to_owned));
        std::fs::create_dir_all(folder).map_err(|e| Error::io("create the folder", folder, e))
    }

    fn open(&mut self, path: &Path) -> Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        let opened = match options.clone().create_new(true).open(path) {
            Ok(file) => {
                self.files.push(path.to_owned());
                Ok(file)
            }
            // A link to a file that is not there exists too.
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                options.create(true).truncate(false).open(path)
            }
            Err(e) => Err(e),
        };
        opened.map_err(|e| Error::io("write the journal", path, e))
    }

    /// The lock of the journal at `path`; none where the file system has no locks.
    fn lock(&mut self, path: &Path) -> Result<Option<File>> {
        let lock_path = beside(path, "lock");
        let lock = self.open(&lock_path)?;
        match lock::exclusive(&lock).map_err(|e| Error::io("lock", &lock_path, e))? {
            Locked::Yes => Ok(Some(lock)),
            Locked::Unsupported => {
                if let Some(at) = self.files.iter().position(|f| *f == lock_path) {
                    self.files.remove(at);
                    let _ = std::fs::remove_file(&lock_path);
                }
                Ok(None)
            }
            Locked::InUse => {
                // Even if it was made here: it is the other's now.
                self.files.retain(|f| *f != lock_path);
                self.folders.clear();
                Err(Error::JournalLocked { path: path.to_owned(), lock: lock_path })
            }
        }
    }

    fn keep(mut self) {
        self.files.clear();
        self.folders.clear();
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        for file in &self.files {
            let _ = std::fs::remove_file(file);
        }
        for folder in &self.folders {
            // One that someone else has filled meanwhile stays.
            let _ = std::fs::remove_dir(folder);
        }
    }
}

/// Refuses a file that was never a journal, before anything is written beside it or over it.
fn refuse_foreign(path: &Path) -> Result<()> {
    let mut head = Vec::new();
    // A device or a pipe may have no end.
    if std::fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir()) {
        return Err(Error::JournalForeign { path: path.to_owned() });
    }
    if let Ok(file) = File::open(path) {
        file.take(BEGINNING.len() as u64)
            .read_to_end(&mut head)
            .map_err(|e| Error::io("read the journal", path, e))?;
    }
    if BEGINNING.starts_with(&head) { Ok(()) } else { Err(Error::JournalForeign { path: path.to_owned() }) }
}

/// `journal.jsonl` → `journal.jsonl.meta.jsonl`, `journal.jsonl.lock`.
pub(crate) fn beside(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}

/// This machine, as the sidecar names it.
pub(crate) fn host() -> String {
    let named = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let named = named.or_else(|| std::env::var("COMPUTERNAME").ok()).unwrap_or_default();
    format!("{} {}-{}", named.trim(), std::env::consts::ARCH, std::env::consts::OS).trim().to_owned()
}

//! The folder of a run, which one process has at a time.

use super::atomic::{Outputs, reason};
use super::lock::{self, Locked};
use anyhow::{Result, anyhow, bail, ensure};
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

/// Held by the process that works there.
const LOCK: &str = "run.lock";

/// The folder, held by a lock until dropped. What was made for it goes again unless it is kept.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// None where the file system has no locks.
    lock: Option<File>,
    made: Vec<PathBuf>,
    lock_made: bool,
}

impl Folder {
    /// Refuses a folder in which `files` cannot be written, or that has one of them among those that are
    /// `read`. Leaves no trace.
    ///
    /// # Errors
    /// As said, in one sentence.
    pub fn check(path: &Path, files: &[&str], read: &[&Option<PathBuf>]) -> Result<()> {
        Outputs::check_folder(path, files)?;
        for file in read.iter().filter_map(|file| file.as_deref()) {
            let same = |name: &&&str| {
                path.join(name)
                    .canonicalize()
                    .ok()
                    .zip(file.canonicalize().ok())
                    .is_some_and(|(a, b)| a == b)
            };
            if let Some(name) = files.iter().find(same) {
                bail!("{} would be replaced by the {name} of this run: give another --out", file.display());
            }
        }
        Ok(())
    }

    /// Makes the folder where it is missing, and takes its lock.
    ///
    /// # Errors
    /// It cannot be made, or another process has it.
    pub fn open(path: &Path) -> Result<Self> {
        let made: Vec<PathBuf> = path
            .ancestors()
            .take_while(|a| !a.as_os_str().is_empty() && !a.exists())
            .map(Path::to_owned)
            .collect();
        let lock_path = path.join(LOCK);
        fs::create_dir_all(path)
            .map_err(|e| anyhow!("the folder {} cannot be made: {}", path.display(), reason(&e)))?;
        let lock_made = !lock_path.exists();
        // From here on it takes away again what was made.
        let mut folder = Self { path: path.to_owned(), lock: None, made, lock_made };
        let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&lock_path);
        let lock =
            opened.map_err(|e| anyhow!("{} cannot be written: {}", lock_path.display(), reason(&e)))?;
        match lock::exclusive(&lock) {
            Ok(Locked::Yes) => folder.lock = Some(lock),
            Ok(Locked::Unsupported) => folder.remove_lock(),
            Ok(Locked::InUse) => {
                // Even if it was made here: it is the other's now.
                folder.keep();
                bail!(
                    "{} is in use: another process trains there and holds {}; wait for it, or give another \
                     --out",
                    path.display(),
                    lock_path.display()
                )
            }
            Err(e) => bail!("{} cannot be locked: {}", lock_path.display(), reason(&e)),
        }
        Ok(folder)
    }

    /// What the user should know: that the file system has no locks, where that is so.
    pub fn warning(&self) -> Option<String> {
        self.lock.is_none().then(|| lock::without(&self.path))
    }

    /// Removes the file of the lock where it was made for this process.
    fn remove_lock(&mut self) {
        if std::mem::take(&mut self.lock_made) {
            let _ = fs::remove_file(self.path.join(LOCK));
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of one of its files.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Refuses `files` that no `voucher` vouches for.
    ///
    /// # Errors
    /// There is one, in one sentence.
    pub fn require_free(&self, files: &[&str], voucher: &str) -> Result<()> {
        let taken = files.iter().find(|name| self.join(name).exists());
        let path = taken.map(|name| self.join(name)).unwrap_or_default();
        ensure!(
            taken.is_none(),
            "{} is in the way: there is no {voucher} beside it that says it belongs to a run; give another \
             --out, or --fresh to replace it",
            path.display()
        );
        Ok(())
    }

    /// Removes those of `files` that are there.
    ///
    /// # Errors
    /// A file that cannot be removed.
    pub fn remove(&self, files: &[&str]) -> Result<()> {
        for path in files.iter().map(|name| self.join(name)) {
            if path.exists() {
                fs::remove_file(&path)
                    .map_err(|e| anyhow!("{} cannot be removed: {}", path.display(), reason(&e)))?;
            }
        }
        Ok(())
    }

    /// The folder stays.
    pub fn keep(&mut self) {
        self.made.clear();
        self.lock_made = false;
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.remove_lock();
        for folder in &self.made {
            // One that someone else has filled meanwhile stays.
            let _ = fs::remove_dir(folder);
        }
        if let Some(lock) = &self.lock {
            let _ = lock.unlock();
        }
    }
}

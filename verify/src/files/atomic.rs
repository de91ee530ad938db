//! Results that appear whole or not at all.
//!
//! Each output is written to a temporary file in its own folder and flushed to disk; once all are there they
//! are renamed into place together. If anything fails on the way, what was staged is removed, folders made
//! for it included, and files that had been replaced are put back.

use anyhow::{Result, anyhow, bail, ensure};
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tempfile::NamedTempFile;

/// What the outputs on their way to disk would leave behind if the process ended now: temporary files, and
/// the folders made for them in the order in which they were made.
#[derive(Debug, Default)]
struct Unfinished {
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

static UNFINISHED: Mutex<Unfinished> = Mutex::new(Unfinished { files: Vec::new(), folders: Vec::new() });

fn unfinished() -> MutexGuard<'static, Unfinished> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes what outputs on their way to disk would leave behind, for a process that ends at once. Renames
/// that have begun are waited for. Nothing can be written by [`Outputs`] afterwards: whoever tries waits for
/// the end of the process.
pub fn abandon() {
    let mut left = unfinished();
    // What cannot be removed stays: nobody is there to be told.
    left.files.drain(..).for_each(|file| drop(fs::remove_file(file)));
    left.folders.drain(..).rev().for_each(|folder| drop(fs::remove_dir(folder)));
    std::mem::forget(left);
}

/// A set of outputs on its way to disk.
#[derive(Debug, Default)]
pub struct Outputs {
    staged: Vec<(Temporary, PathBuf)>,
    folders: Vec<PathBuf>,
}

/// A temporary file, which goes when it is dropped and when the process is ended by [`abandon`].
#[derive(Debug)]
struct Temporary(Option<NamedTempFile>);

impl Temporary {
    /// In `folder`, readable as any new file is.
    fn new(folder: &Path) -> io::Result<Self> {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".escapement-").suffix(".partial");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o666)); // the umask applies, as for any file
        }
        let mut unfinished = unfinished();
        let file = builder.tempfile_in(folder)?;
        unfinished.files.push(file.path().to_path_buf());
        Ok(Self(Some(file)))
    }

    fn file(&mut self) -> io::Result<&mut fs::File> {
        self.0.as_mut().map(NamedTempFile::as_file_mut).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn path(&self) -> &Path {
        self.0.as_ref().map_or(Path::new(""), |file| file.path())
    }

    /// Renames it to `path`, while the caller keeps the process from ending.
    fn persist(mut self, path: &Path, unfinished: &mut Unfinished) -> io::Result<()> {
        let Some(file) = self.0.take() else { return Ok(()) };
        unfinished.forget(file.path());
        file.persist(path).map(drop).map_err(|e| e.error)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(file) = self.0.take() {
            let path = file.path().to_path_buf();
            // In this order, so that whoever ends the process in between finds no file to leave.
            drop(file);
            unfinished().forget(&path);
        }
    }
}

impl Unfinished {
    fn forget(&mut self, path: &Path) {
        self.files.retain(|other| other != path);
    }
}

impl Outputs {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Finds out, before any work is done, whether a file could be written at `path`. Leaves no trace.
    ///
    /// # Errors
    /// A path that is a folder or a device, or lies in a folder that cannot be made
    /// or cannot be written to.
    pub fn check(path: &Path) -> Result<()> {
        let path = resolve(path)?;
        let folder = parent(&path);
        let existing = folder.ancestors().find(|a| a.as_os_str().is_empty() || a.exists());
        let existing = existing.filter(|a| !a.as_os_str().is_empty()).unwrap_or(Path::new("."));
        ensure!(
            existing.is_dir(),
            "{} cannot be written: {} is not a folder",
            path.display(),
            existing.display()
        );
        Temporary::new(existing).map(drop).map_err(|e| unwritable(&path, &e))
    }

    /// The same for the files `names` of the folder `dir`, which is made where it is missing.
    ///
    /// # Errors
    /// As [`Self::check`], and a `dir` that is a file.
    pub fn check_folder(dir: &Path, names: &[&str]) -> Result<()> {
        names.iter().try_for_each(|name| Self::check(&dir.join(name)))
    }

    /// Makes the folder `dir` and those above it where they are missing; they go again unless
    /// [`Self::commit`] succeeds.
    ///
    /// # Errors
    /// A folder that cannot be made, in one sentence.
    pub fn folder(&mut self, dir: &Path) -> Result<()> {
        let missing: Vec<&Path> =
            dir.ancestors().take_while(|a| !a.as_os_str().is_empty() && !a.exists()).collect();
        for one in missing.into_iter().rev() {
            let mut unfinished = unfinished();
            fs::create_dir(one)
                .map_err(|e| anyhow!("the folder {} cannot be made: {}", one.display(), reason(&e)))?;
            unfinished.folders.push(one.to_path_buf());
            self.folders.push(one.to_path_buf());
        }
        ensure!(dir.is_dir(), "{} is not a folder: the results need one", dir.display());
        Ok(())
    }

    /// Writes one output beside its place, flushed to disk; it appears at `path` only on [`Self::commit`].
    /// Its folder is made where it is missing, see [`Self::folder`].
    ///
    /// # Errors
    /// An unwritable or full folder, an output named twice, or what `write` returns, in one sentence.
    pub fn stage(
        &mut self,
        path: &Path,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<()> {
        let path = resolve(path)?;
        ensure!(
            self.staged.iter().all(|(_, other)| *other != path),
            "{} is named for two outputs: give each its own file",
            path.display()
        );
        if !parent(&path).as_os_str().is_empty() {
            self.folder(parent(&path))?;
        }
        let fill = || -> io::Result<Temporary> {
            let mut file = Temporary::new(parent(&path))?;
            let mut buffer = BufWriter::with_capacity(1 << 16, file.file()?);
            write(&mut buffer)?;
            buffer.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
            Ok(file)
        };
        let file = fill().map_err(|e| unwritable(&path, &e))?;
        self.staged.push((file, path));
        Ok(())
    }

    /// Renames every staged output into place.
    ///
    /// # Errors
    /// A rename that fails; the outputs renamed before it are taken back, so that the folder is as it was.
    pub fn commit(mut self) -> Result<()> {
        let staged = std::mem::take(&mut self.staged);
        let kept: Vec<Option<Temporary>> = staged
            .iter()
            .map(|(_, path)| keep_old(path).map_err(|e| unwritable(path, &e)))
            .collect::<Result<_>>()?;
        let mut unfinished = unfinished();
        let mut done: Vec<(PathBuf, Option<Temporary>)> = Vec::new();
        let mut staged = staged.into_iter().zip(kept);
        let failed = staged.by_ref().find_map(|((file, path), old)| {
            let moved = file.persist(&path, &mut unfinished);
            match moved {
                Ok(()) => {
                    done.push((path, old));
                    None
                }
                Err(e) => Some((unwritable(&path, &e), old)),
            }
        });
        if failed.is_some() {
            for (earlier, old) in done.drain(..).rev() {
                // Nothing better can be done where taking back fails as well.
                let _ = match old {
                    Some(old) => old.persist(&earlier, &mut unfinished),
                    None => fs::remove_file(&earlier),
                };
            }
        } else {
            unfinished.folders.retain(|folder| !self.folders.contains(folder));
            self.folders.clear();
        }
        // What is left of temporary files goes now, which takes the lock again.
        drop(unfinished);
        if let Some((why, _)) = failed {
            return Err(why);
        }
        for folder in done.iter().map(|(path, _)| parent(path)) {
            // So that the new name survives a crash; not every system can open a folder, and the data are
            // safe by now.
            let _ = fs::File::open(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
                .and_then(|f| f.sync_all());
        }
        Ok(())
    }
}

impl Drop for Outputs {
    fn drop(&mut self) {
        self.staged.clear();
        let mut unfinished = unfinished();
        for folder in self.folders.drain(..).rev() {
            // A folder that someone else has filled meanwhile stays.
            let _ = fs::remove_dir(&folder);
            unfinished.folders.retain(|other| *other != folder);
        }
    }
}

/// Writes one file whole or not at all.
///
/// # Errors
/// As [`Outputs::stage`] and [`Outputs::commit`].
pub fn write_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let mut outputs = Outputs::new();
    outputs.stage(path, write)?;
    outputs.commit()
}

/// What went wrong, without the number that the operating system gives it.
pub fn reason(e: &io::Error) -> String {
    let text = e.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().map(|c| c.to_lowercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}

fn unwritable(path: &Path, e: &io::Error) -> anyhow::Error {
    anyhow!("{} cannot be written: {}", path.display(), reason(e))
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// Follows a link, so that the file behind it is replaced and not the link; refuses what is no file.
fn resolve(path: &Path) -> Result<PathBuf> {
    match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => bail!("{} is a folder: a file name is needed", path.display()),
        Ok(meta) if !meta.is_file() => {
            bail!(
                "{} is not a regular file, and would be replaced by one: give another name",
                path.display()
            )
        }
        Ok(_) if path.is_symlink() => fs::canonicalize(path).map_err(|e| unwritable(path, &e)),
        _ if path.file_name().is_none() => bail!("{} is no file name", path.display()),
        _ => Ok(path.to_path_buf()),
    }
}

/// A second name for the file that is about to be replaced, or a copy where the file system knows no second
/// names.
fn keep_old(path: &Path) -> io::Result<Option<Temporary>> {
    if !path.exists() {
        return Ok(None);
    }
    let keep = Temporary::new(parent(path))?;
    fs::remove_file(keep.path())?;
    if fs::hard_link(path, keep.path()).is_err() {
        fs::copy(path, keep.path())?;
    }
    Ok(Some(keep))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn full() -> io::Error {
        io::Error::from(io::ErrorKind::StorageFull)
    }

    #[test]
    fn a_set_appears_together() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("a/b");
        let mut set = Outputs::new();
        set.folder(&deep).unwrap();
        set.stage(&deep.join("one"), |w| w.write_all(b"1")).unwrap();
        assert!(!deep.join("one").exists());
        set.stage(&deep.join("two"), |w| w.write_all(b"2")).unwrap();
        set.commit().unwrap();
        assert_eq!(names(&deep), ["one", "two"]);
        assert_eq!(fs::read(deep.join("two")).unwrap(), b"2");
    }

    #[test]
    fn a_writer_that_fails_half_way_leaves_nothing_not_even_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("made/for/it");
        let mut set = Outputs::new();
        set.folder(&out).unwrap();
        set.stage(&out.join("one"), |w| w.write_all(&[0; 1 << 20])).unwrap();
        let half = |w: &mut dyn Write| w.write_all(&[1; 1 << 17]).and_then(|()| Err(full()));
        let message = set.stage(&out.join("two"), half).unwrap_err().to_string();
        assert!(message.contains("two cannot be written: no storage space"), "{message}");
        drop(set);
        assert!(names(dir.path()).is_empty());
    }

    #[test]
    fn a_rename_that_fails_takes_the_earlier_ones_back() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("old"), "before").unwrap();
        let mut set = Outputs::new();
        for name in ["old", "new", "late"] {
            set.stage(&at(name), |w| w.write_all(b"after")).unwrap();
        }
        fs::create_dir(at("late")).unwrap(); // takes the third name between staging and renaming
        assert!(set.commit().is_err());
        assert_eq!(names(dir.path()), ["late", "old"]);
        assert_eq!(fs::read(at("old")).unwrap(), b"before");
    }

    #[test]
    fn an_existing_file_is_replaced_and_its_backup_goes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        fs::write(&path, "before").unwrap();
        write_file(&path, |w| w.write_all(b"after")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"after");
        assert_eq!(names(dir.path()), ["x"]);
    }

    #[test]
    fn places_that_cannot_be_written_are_found_before_the_work() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        for (path, word) in [
            (file.join("x"), "file is not a folder"),
            (file.join("x/y"), "file is not a folder"),
            (dir.path().to_path_buf(), "is a folder"),
            (PathBuf::from("/dev/full"), "not a regular file"),
        ] {
            let message = Outputs::check(&path).unwrap_err().to_string();
            assert!(message.to_lowercase().contains(word), "{message}");
            assert!(!message.contains('\n'));
        }
        assert!(Outputs::check(&dir.path().join("none/x")).is_ok());
        assert!(Outputs::check(Path::new("bare-name")).is_ok());
        assert_eq!(names(dir.path()), ["file"]);
    }

    #[test]
    fn one_name_for_two_outputs_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let mut set = Outputs::new();
        set.stage(&dir.path().join("x"), |_| Ok(())).unwrap();
        assert!(set.stage(&dir.path().join("x"), |_| Ok(())).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real"), dir.path().join("link"));
        fs::write(&real, "before").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write_file(&link, |w| w.write_all(b"after")).unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"after");
    }
}

//! Locks on files, and file systems that have none.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

/// What came of an attempt to lock a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locked {
    /// The file is locked until it is closed.
    Yes,
    /// Another process holds a lock on it.
    InUse,
    /// The file system has no locks.
    Unsupported,
}

/// Tries to lock a file, for this process alone.
///
/// # Errors
/// What the system says where it has locks and refuses one.
pub fn exclusive(file: &File) -> io::Result<Locked> {
    outcome(file.try_lock())
}

/// Tries to lock a file together with others that only read.
///
/// # Errors
/// As [`exclusive`].
pub fn shared(file: &File) -> io::Result<Locked> {
    outcome(file.try_lock_shared())
}

/// The warning that nothing keeps two processes apart at `path`.
pub fn without(path: &Path) -> String {
    format!(
        "the file system of {} has no locks: see to it that no other process writes there at the same time",
        path.display()
    )
}

fn outcome(tried: Result<(), TryLockError>) -> io::Result<Locked> {
    match tried {
        Ok(()) => Ok(Locked::Yes),
        Err(TryLockError::WouldBlock) => Ok(Locked::InUse),
        Err(TryLockError::Error(e)) if unsupported(&e) => Ok(Locked::Unsupported),
        Err(TryLockError::Error(e)) => Err(e),
    }
}

/// Whether the system says with `e` that there are no locks: on Linux ENOLCK, ENOSYS and EOPNOTSUPP.
fn unsupported(e: &io::Error) -> bool {
    e.kind() == io::ErrorKind::Unsupported
        || cfg!(target_os = "linux") && matches!(e.raw_os_error(), Some(37 | 38 | 95))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_lock_is_refused_and_a_missing_service_is_told_from_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let (first, second) = (file.reopen().unwrap(), file.reopen().unwrap());
        assert_eq!(exclusive(&first).unwrap(), Locked::Yes);
        assert_eq!(exclusive(&second).unwrap(), Locked::InUse);
        assert_eq!(shared(&second).unwrap(), Locked::InUse);
        for code in [37, 38, 95] {
            let refused = Err(TryLockError::Error(io::Error::from_raw_os_error(code)));
            assert!(!cfg!(target_os = "linux") || outcome(refused).unwrap() == Locked::Unsupported);
        }
        // EBADF.
        assert!(outcome(Err(TryLockError::Error(io::Error::from_raw_os_error(9)))).is_err());
    }
}

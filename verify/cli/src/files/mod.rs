//! What commands read and print: arrays of numbers, targets, standard output.

pub mod array;
pub mod multi_index;
pub mod stdout;
pub mod target;

use anyhow::{Error, anyhow};
use escapement_verify::files::atomic::reason;
use std::{io, path::Path};

/// Says that a file cannot be read, and why.
pub(crate) fn unreadable(path: &Path) -> impl Fn(io::Error) -> Error {
    move |e| anyhow!("{} cannot be read: {}", path.display(), reason(&e))
}

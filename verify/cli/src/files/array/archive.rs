//! One array of an `.npz` archive, which is a zip file of `.npy` files: `file.npz:name`.

use super::{Elements, Entries, npy};
use anyhow::{Error, Result, anyhow, bail};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use zip::ZipArchive;

/// The archive and the name in `file.npz:name`; `None` for a path that has no such form, or that is a file.
pub fn split(path: &Path) -> Option<(PathBuf, String)> {
    let (archive, member) = path.to_str()?.rsplit_once(':')?;
    let named = Path::new(archive).extension().is_some_and(|e| e.eq_ignore_ascii_case("npz"));
    (named && !path.exists()).then(|| (archive.into(), member.to_owned()))
}

/// The refusal of an archive of which no array was named: with the names that it has.
pub fn needs_a_name(path: &Path) -> Error {
    let name = path.display();
    match open(path).map(|archive| arrays(&archive)) {
        Ok(names) if names.is_empty() => {
            anyhow!(
                "{name} is a zip archive without .npy arrays: save one array with np.save, and give that"
            )
        }
        Ok(names) if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npz")) => anyhow!(
            "{name} is an .npz archive of {}: name the array, as in {name}:{}",
            listed(&names),
            names[0]
        ),
        Ok(_) => anyhow!("{name} is a zip archive: rename it to .npz, or save one array with np.save"),
        Err(e) => e,
    }
}

/// Reads one array of the archive; `name` is for messages.
///
/// # Errors
/// An archive that cannot be read or lacks the array; and as [`npy::read`].
pub fn read(archive: &Path, member: &str, name: &str, elements: Elements) -> Result<Entries> {
    let mut zip = open(archive)?;
    let names = arrays(&zip);
    if !names.iter().any(|n| n == member) {
        let there = if names.is_empty() { "no arrays".into() } else { listed(&names) };
        bail!("{} holds {there}, and '{}' is not among them", archive.display(), member.escape_debug());
    }
    let mut file =
        zip.by_name(&format!("{member}.npy")).map_err(|e| anyhow!("{name} cannot be read: {e}"))?;
    let length = file.size();
    let entries = npy::read(&mut file, length, name, elements)?;
    // The checksum is compared at the end of the member, behind what the header declares.
    io::copy(&mut file, &mut io::sink()).map_err(|e| anyhow!("{name} is damaged: {e}"))?;
    Ok(entries)
}

fn open(path: &Path) -> Result<ZipArchive<File>> {
    let file = File::open(path).map_err(crate::files::unreadable(path))?;
    ZipArchive::new(file).map_err(|e| anyhow!("{} is not a readable archive: {e}", path.display()))
}

/// The names of the arrays in an archive, in its own order.
fn arrays(zip: &ZipArchive<File>) -> Vec<String> {
    zip.file_names()
        .filter_map(Result::ok)
        .filter_map(|n| n.strip_suffix(".npy").map(str::to_owned))
        .collect()
}

/// At most eight names, for a sentence.
fn listed(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(8).map(String::as_str).collect();
    let rest = names.len() - shown.len();
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    shown.join(", ") + &more
}

//! Files of reference values, made by anyone, compared with what the core computes from the inputs in them.
//!
//! A paper declares its formats as data ([`Format`]); [`compare_file`] reads a file, finds its format and
//! returns one [`Comparison`] a number. The page `docs/oracles.md` describes the formats to those who make
//! such files. This room lies below `claim`, so that a format added or changed leaves every record fresh.

mod entry;
mod sheet;

pub use entry::Entry;
pub use sheet::{Comparison, Sheet};

use crate::error::{Error, Result};
use crate::files::json_file;
use serde_json::Value;
use std::path::Path;

/// A format of reference values.
///
/// A file of a format with one list is a JSON array of entries. A file of a format with several lists is a
/// JSON object that maps names of lists to arrays of entries.
#[derive(Debug)]
pub struct Format {
    /// Its name, unique among the formats of all papers: "sigma".
    pub name: &'static str,
    /// What its files hold, in a few words.
    pub about: &'static str,
    /// Its lists.
    pub lists: &'static [List],
}

/// A list of entries of one kind.
#[derive(Debug)]
pub struct List {
    /// Its name; that of the format where the format has one list.
    pub name: &'static str,
    /// JSON pointers to fields that tell an entry of this list from entries of other formats:
    /// "/degrees/0/tau".
    pub marks: &'static [&'static str],
    /// Computes what an entry holds reference values of, and writes both to the sheet.
    pub compare: fn(&Entry<'_>, &mut Sheet) -> Result<()>,
}

impl Format {
    /// Whether a file has the shape of this format: an array whose first entry has all marks of its one
    /// list, or an object all of whose keys are names of its lists, where an entry has a mark of each.
    pub fn recognises(&self, file: &Value) -> bool {
        let marked = |list: &List, entry: &Value| list.marks.iter().any(|m| entry.pointer(m).is_some());
        match file {
            Value::Array(entries) => {
                let all = |entry: &Value| self.lists[0].marks.iter().all(|m| entry.pointer(m).is_some());
                self.lists.len() == 1 && entries.first().is_some_and(all)
            }
            Value::Object(lists) => {
                let own = |(name, entries): (&String, &Value)| {
                    let first = entries.as_array().and_then(|entries| entries.first());
                    self.list(name).is_some_and(|list| first.is_none_or(|entry| marked(list, entry)))
                };
                self.lists.len() > 1 && !lists.is_empty() && lists.iter().all(own)
            }
            _ => false,
        }
    }

    fn list(&self, name: &str) -> Option<&'static List> {
        self.lists.iter().find(|list| list.name == name)
    }

    /// Compares every entry of a file of this format, in the order of the file.
    ///
    /// # Errors
    /// [`Error::Input`] for a file of another shape, an entry that lacks a field or holds a wrong one, and
    /// inputs that the core refuses; the sentence names list, entry and field.
    pub fn compare(&self, file: &Value) -> Result<Vec<Comparison>> {
        let mut sheet = Sheet::default();
        match (file, self.lists) {
            (Value::Array(entries), [list]) => compare_list(list, entries, &mut sheet)?,
            (Value::Object(lists), [_, _, ..]) => {
                for (name, entries) in lists {
                    let list = self.list(name).ok_or_else(|| {
                        let known = names(self.lists.iter().map(|l| l.name));
                        Error::Input(format!(
                            "there is no list '{name}' in the format {}; its lists are {known}",
                            self.name
                        ))
                    })?;
                    let entries = entries.as_array().ok_or_else(|| {
                        Error::Input(format!("the list {name} must be an array of entries"))
                    })?;
                    compare_list(list, entries, &mut sheet)?;
                }
            }
            _ => {
                let shape = match self.lists {
                    [_] => "one array of entries",
                    _ => "one object that maps names of lists to arrays of entries",
                };
                return Err(Error::Input(format!("a file of the format {} is {shape}", self.name)));
            }
        }
        let compared = sheet.into_comparisons();
        if compared.is_empty() {
            return Err(Error::Input("there are no entries, and at least one is needed".into()));
        }
        Ok(compared)
    }
}

fn compare_list(list: &List, entries: &[Value], sheet: &mut Sheet) -> Result<()> {
    for (index, value) in entries.iter().enumerate() {
        sheet.begin(list.name, index);
        (list.compare)(&Entry::new(list.name, index, value)?, sheet)?;
    }
    Ok(())
}

/// What was found in a file.
#[derive(Debug)]
pub struct Outcome {
    /// The format of the file.
    pub format: &'static Format,
    /// One comparison a number; never empty.
    pub comparisons: Vec<Comparison>,
}

/// Compares the file at `path`, of the format called `name`, or else of the one that recognises it.
///
/// # Errors
/// A file that is missing, not a regular file, too long or not JSON; a format that is not known, or that
/// cannot be told from the content; and as [`Format::compare`]. Each sentence begins with the file's name.
pub fn compare_file(formats: &[&'static Format], path: &Path, name: Option<&str>) -> Result<Outcome> {
    let file = json_file::read(path)?;
    let format = find(formats, &file, name);
    let found = format.and_then(|format| Ok(Outcome { format, comparisons: format.compare(&file)? }));
    found.map_err(|e| Error::Input(format!("{}: {e}", path.display())))
}

fn find(formats: &[&'static Format], file: &Value, name: Option<&str>) -> Result<&'static Format> {
    let known = names(formats.iter().map(|f| f.name));
    if let Some(name) = name {
        return formats
            .iter()
            .copied()
            .find(|format| format.name == name)
            .ok_or_else(|| Error::Input(format!("no format is called '{name}'; the formats are {known}")));
    }
    let fitting: Vec<_> = formats.iter().copied().filter(|format| format.recognises(file)).collect();
    match fitting[..] {
        [format] => Ok(format),
        [] => Err(Error::Input(format!(
            "no format of this shape ({}) is known; the formats are {known}, and --format NAME \
             says which is meant",
            shape(file)
        ))),
        _ => Err(Error::Input(format!(
            "the formats {} have files of this shape; --format NAME says which is meant",
            names(fitting.iter().map(|f| f.name))
        ))),
    }
}

/// A few words on what a file holds, of bounded length.
fn shape(file: &Value) -> String {
    let keys = |object: &serde_json::Map<String, Value>| {
        let short = |key: &String| key.chars().take(30).collect::<String>();
        let more = if object.len() > 6 { ", ..." } else { "" };
        names(object.keys().take(6).map(short)) + more
    };
    match file {
        Value::Array(entries) => match entries.first() {
            None => "an empty array".into(),
            Some(Value::Object(entry)) => format!("an array of entries with {}", keys(entry)),
            Some(_) => "an array of something other than objects".into(),
        },
        Value::Object(lists) if lists.is_empty() => "an empty object".into(),
        Value::Object(lists) => format!("an object with {}", keys(lists)),
        _ => "neither an array nor an object".into(),
    }
}

fn names<T: AsRef<str>>(names: impl Iterator<Item = T>) -> String {
    names.map(|name| name.as_ref().to_owned()).collect::<Vec<_>>().join(", ")
}

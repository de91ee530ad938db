//! Joins the journals of several machines, or of the shares of one plan.
//!
//! The joined journal is in the order that a finished run leaves: the cells of a tier in plan order, then
//! all others by name. So the shares of a plan, joined, are the bytes of one run on one machine. Nothing is
//! lost: records of other sources are kept behind those of the current ones, where nothing takes them for
//! fresh; a record that is there twice is kept once; and two records that contradict one another are an
//! error.

use super::{Key, Made, Records, beside, sealed};
use crate::claim::{Cell, Claim, Record, Registry, Tier};
use crate::error::{Conflict, Error, Result};
use crate::files::{atomic::Outputs, lock};
use crate::run::plan::Plan;
use crate::run::source::source_of;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};

/// What a joined journal holds.
#[derive(Debug)]
pub struct Merged {
    /// How many journals were named.
    pub journals: usize,
    /// How many records it holds.
    pub records: usize,
    /// How many of them are of each other source, by its hash.
    pub foreign: BTreeMap<String, usize>,
    /// How far it has come; none where no record belongs to any tier.
    pub standing: Option<Standing>,
    /// What was noticed on reading: sentences for the user.
    pub warnings: Vec<String>,
}

/// How much of a plan a journal holds: of the tier and seed that most of its records belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The tier.
    pub tier: Tier,
    /// The root seed.
    pub seed: u64,
    /// How many of the tier's cells it holds.
    pub found: usize,
    /// How many cells the claims that occur in it have in the tier.
    pub cells: usize,
}

/// Joins the journals at `paths`, and the one at `out` if there is one, into `out`, with their sidecars. A
/// path that is the sidecar of another one, as a shell's `*.jsonl` gives it, is passed over.
///
/// # Errors
/// A journal that is missing, damaged, in use or none at all, [`Error::JournalConflict`], and an `out` that
/// cannot be written. `out` is then as it was.
pub fn merge(paths: &[PathBuf], out: &Path, registry: &Registry) -> anyhow::Result<Merged> {
    let mut joined = Joined::default();
    let sidecars: BTreeSet<PathBuf> = paths.iter().map(|path| beside(path, "meta.jsonl")).collect();
    let mut journals = 0;
    for path in paths.iter().filter(|path| !sidecars.contains(*path)) {
        joined.add(path)?;
        journals += 1;
    }
    // One journal has one name, however it is reached, and so one lock.
    let resolved = out.canonicalize();
    let out = resolved.as_deref().unwrap_or(out);
    super::refuse_foreign(out)?;
    Outputs::check(out)?;
    let mut made = Made::default();
    made.folder(out.parent().unwrap_or(Path::new("")))?;
    let lock = made.lock(out)?;
    if out.exists() {
        joined.read(out)?;
    }
    if !joined.conflicts.is_empty() {
        return Err(Error::JournalConflict { conflicts: joined.conflicts }.into());
    }
    let (order, standing) = order(joined.records.keys(), registry)?;
    let timings = joined.timings(&order);
    let mut outputs = Outputs::new();
    outputs.stage(out, |w| {
        order
            .iter()
            .filter_map(|key| joined.records.get(*key))
            .try_for_each(|(r, _)| w.write_all(&sealed(r)))
    })?;
    outputs
        .stage(&beside(out, "meta.jsonl"), |w| timings.iter().try_for_each(|line| writeln!(w, "{line}")))?;
    outputs.commit()?;
    made.keep();
    // See the journal's own lock: closing is not always enough.
    match lock {
        Some(lock) => drop(lock.unlock()),
        None => joined.warnings.push(lock::without(out)),
    }
    let mut foreign = BTreeMap::new();
    for (_, _, source) in order.iter().filter(|key| !is_current(key, registry)) {
        *foreign.entry(source.clone()).or_default() += 1;
    }
    Ok(Merged { journals, records: order.len(), foreign, standing, warnings: joined.warnings })
}

/// What a line of a sidecar is about.
#[derive(Deserialize)]
struct Measured {
    cell: Cell,
    seed: u64,
    source: String,
}

/// What was read so far.
#[derive(Default)]
struct Joined {
    /// Every record, with the journal it came from first.
    records: BTreeMap<Key, (Record, PathBuf)>,
    /// Lines of the sidecars.
    timings: BTreeMap<Key, BTreeSet<String>>,
    conflicts: Vec<Conflict>,
    warnings: Vec<String>,
}

impl Joined {
    /// Adds the journal at `path`, which must be there, and which nobody may be writing.
    fn add(&mut self, path: &Path) -> Result<()> {
        let lock_path =
            beside(&path.canonicalize().map_err(|e| Error::io("read the journal", path, e))?, "lock");
        // Shared, so that it can be read where nothing may be written; without a lock file there is no
        // writer.
        let lock = File::open(&lock_path).ok();
        let held =
            lock.as_ref().map(lock::shared).transpose().map_err(|e| Error::io("lock", &lock_path, e))?;
        if held == Some(lock::Locked::InUse) {
            return Err(Error::JournalLocked { path: path.to_owned(), lock: lock_path });
        }
        let read = self.read(path);
        if let Some(lock) = lock {
            let _ = lock.unlock();
        }
        read
    }

    fn read(&mut self, path: &Path) -> Result<()> {
        let mut records = Records::read(path)?;
        self.warnings.append(&mut records.warnings);
        for (key, record) in records.map {
            match self.records.get(&key) {
                Some((earlier, _)) if *earlier == record => {}
                Some((earlier, place)) => {
                    let (first, second, what) =
                        (place.clone(), path.to_owned(), difference(earlier, &record));
                    self.conflicts.push(Conflict { cell: key.0.key(), seed: key.1, first, second, what });
                }
                None => drop(self.records.insert(key, (record, path.to_owned()))),
            }
        }
        self.read_timings(&beside(path, "meta.jsonl"))
    }

    /// Adds a sidecar. It decides nothing: without it, or without some line of it, the records are what they
    /// are.
    fn read_timings(&mut self, path: &Path) -> Result<()> {
        let text = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(Error::io("read", path, e)),
        };
        for (i, line) in String::from_utf8_lossy(&text).lines().enumerate() {
            match serde_json::from_str::<Measured>(line) {
                Ok(m) => {
                    self.timings.entry((m.cell, m.seed, m.source)).or_default().insert(line.to_owned());
                }
                Err(_) => self.warnings.push(format!(
                    "{}:{} is damaged and left out; no record depends on it",
                    path.display(),
                    i + 1
                )),
            }
        }
        Ok(())
    }

    /// The lines of the joined sidecar, in the order of the records.
    fn timings(&self, order: &[&Key]) -> Vec<&str> {
        order.iter().filter_map(|key| self.timings.get(*key)).flatten().map(String::as_str).collect()
    }
}

/// The first thing in which two records of one cell differ, in words.
fn difference(a: &Record, b: &Record) -> String {
    let (a, b) = (&a.measurement, &b.measurement);
    let names: BTreeSet<_> = a.quantities.keys().chain(b.quantities.keys()).collect();
    let value = |q: Option<&escapement::ball::Ball>| {
        q.map_or("missing".to_owned(), |q| format!("{:?} ± {:.1e}", q.value, q.error))
    };
    for name in names {
        let (x, y) = (a.quantities.get(name), b.quantities.get(name));
        if x != y {
            return format!("'{name}' is {} in the first and {} in the second", value(x), value(y));
        }
    }
    if a.hypotheses != b.hypotheses { "in the hypotheses met".into() } else { "in the cost".into() }
}

/// Whether a record is of the present sources of its claim.
fn is_current(key: &Key, registry: &Registry) -> bool {
    registry.get(&key.0.claim).is_ok_and(|claim| source_of(claim) == key.2)
}

/// Where a tier's plan has its cells.
struct Places {
    tier: Tier,
    of: HashMap<Cell, usize>,
}

/// The order of a joined journal: the current sources, then the others by name; in each the cells of one
/// tier in plan order, then all others by name. The tier, and the root seed, are those of which the most
/// cells are there (of equals the smaller).
fn order<'k>(
    keys: impl Iterator<Item = &'k Key>,
    registry: &Registry,
) -> Result<(Vec<&'k Key>, Option<Standing>)> {
    let claims: Vec<&dyn Claim> = registry.claims().collect();
    let mut tiers = Vec::new();
    for tier in [Tier::Quick, Tier::Standard, Tier::Paper] {
        let steps = Plan::new(&claims, tier, 0)?.steps;
        tiers.push(Places {
            tier,
            of: steps.into_iter().enumerate().map(|(i, step)| (step.cell, i)).collect(),
        });
    }
    let mut groups: BTreeMap<Option<&str>, Vec<&Key>> = BTreeMap::new();
    for key in keys {
        let source = if is_current(key, registry) { None } else { Some(key.2.as_str()) };
        groups.entry(source).or_default().push(key);
    }
    let (mut order, mut first) = (Vec::new(), None);
    for (_, mut keys) in groups {
        let best = standing(&keys, &tiers);
        if let Some((places, standing)) = best {
            let place = |k: &Key| {
                places.of.get(&k.0).filter(|_| k.1 == standing.seed).copied().unwrap_or(usize::MAX)
            };
            keys.sort_by(|a, b| place(a).cmp(&place(b)).then_with(|| a.cmp(b)));
            first.get_or_insert(standing);
        }
        order.append(&mut keys);
    }
    Ok((order, first))
}

/// Of which tier and seed the most of these cells are.
fn standing<'t>(keys: &[&Key], tiers: &'t [Places]) -> Option<(&'t Places, Standing)> {
    let seeds: BTreeSet<u64> = keys.iter().map(|k| k.1).collect();
    let claims: BTreeSet<&str> = keys.iter().map(|k| k.0.claim.as_str()).collect();
    let mut best: Option<(&Places, Standing)> = None;
    for places in tiers {
        let cells = places.of.keys().filter(|cell| claims.contains(cell.claim.as_str())).count();
        for &seed in &seeds {
            let found = keys.iter().filter(|k| k.1 == seed).map(|k| &k.0).collect::<BTreeSet<_>>();
            let found = found.into_iter().filter(|cell| places.of.contains_key(*cell)).count();
            if found > best.map_or(0, |(_, s)| s.found) {
                best = Some((places, Standing { tier: places.tier, seed, found, cells }));
            }
        }
    }
    best
}

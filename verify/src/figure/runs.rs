//! Execution of the runs of an experiment in a folder.
//!
//! The folder holds `settings.json`, a checkpoint `runs/NAME.run` for each run that has begun, and the
//! outputs `ID.csv`, `ID.svg` and `verdict.json`, which are written at the end, also where that is early.

use super::{Experiment, Host, Report};
use crate::files::atomic::{Outputs, reason, write_file};
use crate::files::checkpoint;
use crate::files::folder::Folder;
use crate::run::source::SOURCE_HASH;
use anyhow::{Result, anyhow, bail, ensure};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How every checkpoint begins.
const BEGINNING: &[u8] = b"{\"checkpoint\":\"escapement experiment 1\"";
/// The same, as the value of the field.
const KIND: &str = "escapement experiment 1";
/// What vouches for the files of a folder.
const SETTINGS: &str = "settings.json";
const VERDICT: &str = "verdict.json";
const RUNS: &str = "runs";
/// Seconds between checkpoints: a fraction of a percent of them is spent on writing.
const EVERY: Duration = Duration::from_secs(60);
/// Least time between two messages of the bar.
const MESSAGE: Duration = Duration::from_millis(100);

/// Where a run is.
#[derive(Debug, Clone, PartialEq)]
pub struct Position<S> {
    /// What it has recorded, and at which step it is.
    pub state: S,
    /// The bits of what it trains.
    pub bits: Vec<u8>,
}

/// The header of a checkpoint.
#[derive(Serialize, Deserialize)]
struct Header<S> {
    checkpoint: String,
    /// A hash of the sources of the program.
    source: String,
    settings: Map<String, Value>,
    run: String,
    state: S,
}

/// What an execution came to.
#[derive(Debug)]
pub struct Execution {
    /// The outputs.
    pub report: Report,
    /// Whether Ctrl-C ended it.
    pub interrupted: bool,
    /// What the reader should know besides.
    pub notes: Vec<String>,
}

/// What a run tells of itself on its way, and what it is told.
pub struct Keeper<'a, S> {
    path: PathBuf,
    settings: &'a Map<String, Value>,
    run: &'a str,
    host: &'a dyn Host,
    before: u64,
    written: Instant,
    said: Option<Instant>,
    state: std::marker::PhantomData<S>,
}

impl<S: Serialize> Keeper<'_, S> {
    /// After a unit of work: `done` is how much of the run is done, `message` what the bar says of it,
    /// `position` where the run is. Writes a checkpoint where one is due; says whether the run is to break
    /// off.
    ///
    /// # Errors
    /// A checkpoint that cannot be written.
    pub fn tick(
        &mut self,
        done: u64,
        message: impl FnOnce() -> String,
        position: impl FnOnce() -> Position<S>,
    ) -> Result<ControlFlow<()>> {
        if self.said.is_none_or(|at| at.elapsed() > MESSAGE) {
            self.said = Some(Instant::now());
            self.host.progress(self.before + done, &format!("{}  {}", self.run, message()));
        }
        if self.host.stopped() {
            return Ok(ControlFlow::Break(()));
        }
        if self.written.elapsed() > EVERY {
            self.write(position())?;
        }
        Ok(ControlFlow::Continue(()))
    }

    fn write(&mut self, position: Position<S>) -> Result<S> {
        let header = Header {
            checkpoint: KIND.to_owned(),
            source: SOURCE_HASH.to_owned(),
            settings: self.settings.clone(),
            run: self.run.to_owned(),
            state: position.state,
        };
        let bytes = checkpoint::seal(&header, |to| to.extend(&position.bits))?;
        write_file(&self.path, |out| out.write_all(&bytes))?;
        self.written = Instant::now();
        Ok(header.state)
    }
}

/// Executes `experiment` in the folder `out`, anew where `fresh`, until it ends or `host` stops it, and
/// writes its outputs.
///
/// # Errors
/// A folder that cannot be written or holds another experiment, in one sentence; what the runs refuse.
/// Checkpoints stay.
pub fn execute<E: Experiment>(
    experiment: &mut E,
    out: &Path,
    fresh: bool,
    host: &dyn Host,
) -> Result<Execution> {
    let (csv, svg) = (format!("{}.csv", experiment.id()), format!("{}.svg", experiment.id()));
    let files = [SETTINGS, VERDICT, &csv, &svg];
    Folder::check(out, &files, &[])?;
    let (settings, names) = (experiment.settings()?, experiment.runs());
    let mut folder = Folder::open(out)?;
    let mut notes = Vec::new();
    if fresh {
        clear(&folder)?;
    } else if folder.join(SETTINGS).exists() {
        require_same(&folder.join(SETTINGS), &settings)?;
    } else {
        folder.require_free(&files, SETTINGS)?;
    }
    let paths: Vec<PathBuf> =
        names.iter().map(|name| folder.join(RUNS).join(format!("{name}.run"))).collect();
    let mut states = Vec::new();
    for (run, (path, name)) in paths.iter().zip(&names).enumerate() {
        let found: Option<Header<E::State>> =
            if path.exists() { Some(read(path, name, &settings)?.0) } else { None };
        if let Some(header) = &found {
            experiment.accept(run, &header.state)?;
        }
        states.push(found.map(|header| (header.source, header.state)));
    }
    if states.iter().flatten().any(|(source, _)| source != SOURCE_HASH) {
        notes.push(
            "checkpoints are of another version of this program: the runs go on, but maybe not to the same \
             bits"
                .to_owned(),
        );
    }
    let mut states: Vec<Option<E::State>> =
        states.into_iter().map(|found| found.map(|(_, state)| state)).collect();
    fs::create_dir_all(folder.join(RUNS))
        .map_err(|e| anyhow!("the folder of runs cannot be made: {}", reason(&e)))?;
    write_file(&folder.join(SETTINGS), |out| {
        out.write_all(serde_json::to_string_pretty(&settings)?.as_bytes())
    })?;
    folder.keep();

    let work: Vec<(u64, u64)> =
        (0..names.len()).map(|run| experiment.work(run, states[run].as_ref())).collect();
    host.begin(work.iter().map(|w| w.0).sum());
    let (begun, mut before, mut spent) = (Instant::now(), 0, 0);
    let mut left: u64 = work.iter().map(|(all, done)| all - done).sum();
    for (run, (all, done)) in work.into_iter().enumerate() {
        if done < all && !host.stopped() {
            let from = match states[run].take() {
                Some(_) => {
                    let (header, bits) = read::<E::State>(&paths[run], &names[run], &settings)?;
                    Some(Position { state: header.state, bits })
                }
                None => None,
            };
            host.resume(before + done);
            let mut keeper = Keeper {
                path: paths[run].clone(),
                settings: &settings,
                run: &names[run],
                host,
                before,
                written: Instant::now(),
                said: None,
                state: std::marker::PhantomData,
            };
            let ended = experiment.advance(run, from, &mut keeper)?;
            let state = keeper.write(ended)?;
            let now = experiment.work(run, Some(&state)).1;
            (spent, left) = (spent + now - done, left - (now - done));
            states[run] = Some(state);
            if now == all {
                let seconds = begun.elapsed().as_secs_f64() / spent as f64 * left as f64;
                host.ended(&names[run], run + 1, names.len(), seconds);
            }
        }
        before += all;
    }
    host.end();
    let report = experiment.report(&states)?;
    let verdict = serde_json::to_string_pretty(&report.verdict)?;
    let mut outputs = Outputs::new();
    outputs.stage(&folder.join(&csv), |out| out.write_all(report.csv.as_bytes()))?;
    outputs.stage(&folder.join(VERDICT), |out| writeln!(out, "{verdict}"))?;
    if let Some(picture) = host.draw(&report.picture) {
        outputs.stage(&folder.join(&svg), |out| out.write_all(picture.as_bytes()))?;
    }
    outputs.commit()?;
    let interrupted = host.stopped() && left > 0;
    if interrupted {
        notes.push("interrupted: the outputs show what there is, and the same command goes on".to_owned());
    }
    Ok(Execution { report, interrupted, notes })
}

/// The checkpoint of a run.
fn read<S: serde::de::DeserializeOwned>(
    path: &Path,
    run: &str,
    settings: &Map<String, Value>,
) -> Result<(Header<S>, Vec<u8>)> {
    let (header, bits) = checkpoint::unseal::<Header<S>>(path, BEGINNING)?;
    ensure!(
        header.run == run && header.settings == *settings,
        checkpoint::damaged(path, "it is of another run")
    );
    Ok((header, bits))
}

/// Refuses a folder of other settings.
fn require_same(path: &Path, here: &Map<String, Value>) -> Result<()> {
    let name = path.display();
    let text = fs::read_to_string(path).map_err(|e| anyhow!("{name} cannot be read: {}", reason(&e)))?;
    let there: Map<String, Value> = serde_json::from_str(&text)
        .map_err(|e| anyhow!("{name} is not the settings of an experiment: {e}; give another --out"))?;
    let show = |value: Option<&Value>| value.map_or_else(|| "not given".to_owned(), Value::to_string);
    let keys: BTreeSet<&String> = there.keys().chain(here.keys()).collect();
    let differences: Vec<String> = keys
        .into_iter()
        .filter(|key| there.get(*key) != here.get(*key))
        .map(|key| format!("{key} was {} and is {}", show(there.get(key)), show(here.get(key))))
        .collect();
    if !differences.is_empty() {
        bail!(
            "{} holds another experiment: {}; give the same, another --out, or --fresh to start anew",
            path.parent().unwrap_or(path).display(),
            differences.join(", ")
        );
    }
    Ok(())
}

/// Removes the checkpoints of earlier runs.
fn clear(folder: &Folder) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder.join(RUNS)) else { return Ok(()) };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.extension().is_some_and(|e| e == "run") {
            fs::remove_file(&path)
                .map_err(|e| anyhow!("{} cannot be removed: {}", path.display(), reason(&e)))?;
        }
    }
    Ok(())
}

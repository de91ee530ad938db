//! Execution of the runs of an experiment in a folder.
//!
//! The folder holds `settings.json`, a checkpoint `runs/NAME.run` for each run that has begun, and the
//! outputs `ID.csv`, `ID.svg` and `verdict.json`, which are written at the end, also where that is early.

use super::{Experiment, Host, Report};
use crate::files::atomic::{Outputs, reason, write_file};
use crate::files::folder::Folder;
use crate::files::kept_run::{KeptRun, damaged, differences, require_none};
use crate::run::source::SOURCE_HASH;
use anyhow::{Result, anyhow, ensure};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What vouches for the files of a folder.
const SETTINGS: &str = "settings.json";
const VERDICT: &str = "verdict.json";
const RUNS: &str = "runs";
/// Time between checkpoints: writing one takes a fraction of a percent of it.
const EVERY: Duration = Duration::from_secs(60);

/// Where a run is.
#[derive(Debug, Clone, PartialEq)]
pub struct Position<S> {
    /// What the run has recorded, and at which step it is.
    pub state: S,
    /// The bytes of what the run trains.
    pub bits: Vec<u8>,
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

/// What a run reports to on its way: it shows progress, writes checkpoints, and says when to stop.
pub struct Checkpoints<'a, S> {
    path: PathBuf,
    settings: &'a Map<String, Value>,
    run: &'a str,
    host: &'a dyn Host,
    before: u64,
    written: Instant,
    state: std::marker::PhantomData<S>,
}

impl<S: Serialize> Checkpoints<'_, S> {
    /// Before the first unit of work, or between two: what takes long, in words for the progress bar.
    pub fn say(&self, words: &str) {
        self.host.progress(self.before, &|| format!("{}  {words}", self.run));
    }

    /// After a unit of work: `done` is how much of the run is done, `message` what the progress bar says of
    /// it, `position` where the run is. Writes a checkpoint where one is due; says whether the run is to
    /// break off.
    ///
    /// # Errors
    /// A checkpoint that cannot be written.
    pub fn tick(
        &mut self,
        done: u64,
        message: impl Fn() -> String,
        position: impl FnOnce() -> Position<S>,
    ) -> Result<ControlFlow<()>> {
        self.host.progress(self.before + done, &|| format!("{}  {}", self.run, message()));
        if self.host.stopped() {
            return Ok(ControlFlow::Break(()));
        }
        if self.written.elapsed() > EVERY {
            self.write(position())?;
        }
        Ok(ControlFlow::Continue(()))
    }

    fn write(&mut self, Position { state, bits }: Position<S>) -> Result<S> {
        let kept = KeptRun::new(SOURCE_HASH, self.run, self.settings.clone(), state, bits);
        kept.write(&self.path)?;
        self.written = Instant::now();
        Ok(kept.state)
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
    let mut notes: Vec<String> = folder.warning().into_iter().collect();
    if fresh {
        clear(&folder)?;
    } else if folder.join(SETTINGS).exists() {
        require_same(&folder.join(SETTINGS), &settings)?;
    } else {
        folder.require_free(&files, SETTINGS)?;
    }
    let paths: Vec<PathBuf> =
        names.iter().map(|name| folder.join(RUNS).join(format!("{name}.run"))).collect();
    let mut states: Vec<Option<E::State>> = Vec::new();
    let mut earlier = false;
    for (run, (path, name)) in paths.iter().zip(&names).enumerate() {
        let found = if path.exists() { Some(read(path, name, &settings)?) } else { None };
        if let Some(kept) = &found {
            experiment.accept(run, &kept.state)?;
            earlier |= kept.source != SOURCE_HASH;
        }
        states.push(found.map(|kept| kept.state));
    }
    if earlier {
        notes.push(
            "checkpoints are of another version of this program: the runs go on, but maybe not to the same \
             bits"
                .to_owned(),
        );
    }
    fs::create_dir_all(folder.join(RUNS))
        .map_err(|e| anyhow!("the folder of runs cannot be made: {}", reason(&e)))?;
    write_file(&folder.join(SETTINGS), |out| {
        out.write_all(serde_json::to_string_pretty(&settings)?.as_bytes())
    })?;
    folder.keep();

    let left = advance(experiment, &paths, &settings, &mut states, host)?;
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

/// Takes every run as far as the host lets it go, with a checkpoint at each of `paths`. The value is the
/// work that is left.
fn advance<E: Experiment>(
    experiment: &mut E,
    paths: &[PathBuf],
    settings: &Map<String, Value>,
    states: &mut [Option<E::State>],
    host: &dyn Host,
) -> Result<u64> {
    let names = experiment.runs();
    let work: Vec<(u64, u64)> =
        (0..names.len()).map(|run| experiment.work(run, states[run].as_ref())).collect();
    host.begin(work.iter().map(|w| w.0).sum());
    let (begun, mut before, mut spent) = (Instant::now(), 0, 0);
    let mut left: u64 = work.iter().map(|(all, done)| all - done).sum();
    for (run, (all, done)) in work.into_iter().enumerate() {
        if done < all && !host.stopped() {
            let (path, name) = (paths[run].clone(), names[run].as_str());
            let from = match states[run].take() {
                Some(_) => {
                    let KeptRun { state, payload: bits, .. } = read(&path, name, settings)?;
                    Some(Position { state, bits })
                }
                None => None,
            };
            host.resume(before + done);
            let (written, state) = (Instant::now(), std::marker::PhantomData);
            let mut checkpoints = Checkpoints { path, settings, run: name, host, before, written, state };
            let ended = experiment.advance(run, from, &mut checkpoints)?;
            let state = checkpoints.write(ended)?;
            let now = experiment.work(run, Some(&state)).1;
            (spent, left) = (spent + now - done, left - (now - done));
            states[run] = Some(state);
            if now == all {
                let seconds = begun.elapsed().as_secs_f64() / spent as f64 * left as f64;
                host.ended(name, run + 1, names.len(), seconds);
            }
        }
        before += all;
    }
    host.end();
    Ok(left)
}

/// The checkpoint of a run.
fn read<S: DeserializeOwned>(path: &Path, run: &str, settings: &Map<String, Value>) -> Result<KeptRun<S>> {
    let kept = KeptRun::read(path, run)?;
    ensure!(kept.settings == *settings, damaged(path, "it is of another run"));
    Ok(kept)
}

/// Refuses a folder of other settings, which `path` holds.
fn require_same(path: &Path, here: &Map<String, Value>) -> Result<()> {
    let name = path.display();
    let text = fs::read_to_string(path).map_err(|e| anyhow!("{name} cannot be read: {}", reason(&e)))?;
    let there: Map<String, Value> = serde_json::from_str(&text)
        .map_err(|e| anyhow!("{name} is not the settings of an experiment: {e}; give another --out"))?;
    require_none(path.parent().unwrap_or(path), &differences(&there, here, &[]))
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

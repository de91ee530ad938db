//! Measures the cells of a plan: long ones first, as many at once as there are jobs and memory.

use crate::claim::{Cell, Cost, Failure, Record};
use crate::error::{Error, Result};
use crate::files::memory;
use crate::run::journal::Journal;
use crate::run::plan::{Plan, Step};
use crate::run::source::source_of;
use faer::Par;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Watches a run. The pipeline itself prints nothing.
pub trait Observer: Send + Sync {
    /// The run begins: its plan, the records that were in the journal already, and how many cells are
    /// measured at once.
    fn begin(&self, _plan: &Plan<'_>, _reused: &[&Record], _threads: usize) {}
    /// A cell begins.
    fn started(&self, _cell: &Cell) {}
    /// A cell ended, with its record or with what went wrong.
    fn finished(&self, _cell: &Cell, _seconds: f64, _outcome: std::result::Result<&Record, &str>) {}
    /// The run is over.
    fn end(&self) {}
}

/// An observer that ignores every event.
pub struct Silent;

impl Observer for Silent {}

/// How to run.
pub struct Options<'a> {
    /// Threads; 0 for all cores.
    pub jobs: usize,
    /// Bytes that the cells in flight may need together, by their predictions.
    pub memory: f64,
    /// Stops the run when it turns true: no cell is begun after that.
    pub stop: &'a AtomicBool,
}

/// What came out of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The records, in plan order.
    pub records: Vec<Record>,
    /// The cells that could not be measured, in plan order.
    pub failures: Vec<Failure>,
    /// Records that were in the journal already.
    pub reused: usize,
    /// Whether the run was stopped before its end.
    pub interrupted: bool,
}

/// The memory that is free for the cells in flight, in bytes: see [`memory::available`].
pub fn available_memory() -> f64 {
    memory::available() as f64
}

/// What the workers share.
struct State<'p> {
    /// Indices of steps not begun, longest last.
    waiting: Vec<usize>,
    running: usize,
    /// Bytes predicted for the running ones.
    bytes: f64,
    results: Vec<Option<std::result::Result<Record, String>>>,
    journal: Option<&'p Mutex<Journal>>,
    fatal: Option<Error>,
}

/// Runs a plan. With a journal, records found there are reused and new ones appended as they are measured;
/// when every cell has been tried the journal is rewritten in plan order.
///
/// A cell that fails or panics is reported in [`Outcome::failures`] and does not stop the others.
///
/// # Errors
/// Errors of the journal, of the thread pool, and those of a claim that [`Error::stops_the_run`].
pub fn run(
    plan: &Plan<'_>,
    journal: Option<&Mutex<Journal>>,
    options: &Options<'_>,
    observer: &dyn Observer,
) -> Result<Outcome> {
    let sources: Vec<String> = plan.steps.iter().map(|s| source_of(s.claim)).collect();
    let mut results: Vec<Option<std::result::Result<Record, String>>> =
        (0..plan.steps.len()).map(|_| None).collect();
    if let Some(journal) = journal {
        let journal = lock(journal);
        for ((step, source), slot) in plan.steps.iter().zip(&sources).zip(&mut results) {
            *slot = journal.get(&step.cell, plan.seed, source).cloned().map(Ok);
        }
    }
    let reused = results.iter().flatten().count();
    let mut waiting: Vec<usize> = (0..results.len()).filter(|&i| results[i].is_none()).collect();
    let seconds = |i: &usize| plan.steps[*i].seconds;
    waiting.sort_by(|a, b| seconds(a).total_cmp(&seconds(b)).then(b.cmp(a)));

    let pool = match rayon::ThreadPoolBuilder::new().num_threads(options.jobs).build() {
        Ok(pool) => Some(pool),
        // Where the system lets no thread be started, the present one does all the work.
        Err(_) if options.jobs <= 1 => None,
        Err(e) => return Err(Error::Input(format!("cannot start {} threads: {e}", options.jobs))),
    };
    let threads = pool.as_ref().map_or(1, rayon::ThreadPool::current_num_threads);
    let found: Vec<&Record> = results.iter().flatten().flatten().collect();
    observer.begin(plan, &found, threads);
    let any = !waiting.is_empty();
    let state = Mutex::new(State { waiting, running: 0, bytes: 0.0, results, journal, fatal: None });
    let changed = Condvar::new();
    let work = || work(plan, &sources, &state, &changed, options, observer, threads);
    match &pool {
        Some(pool) if any => drop(pool.broadcast(|_| work())),
        None if any => work(),
        _ => {}
    }
    observer.end();

    let state = state.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(error) = state.fatal {
        return Err(error);
    }
    let interrupted = state.results.iter().any(Option::is_none);
    if let (Some(journal), false) = (journal, interrupted) {
        lock(journal).compact(&plan.order)?;
    }
    let mut outcome = Outcome { reused, interrupted, ..Outcome::default() };
    for (result, step) in state.results.into_iter().zip(&plan.steps) {
        match result {
            Some(Ok(record)) => outcome.records.push(record),
            Some(Err(message)) => outcome.failures.push(Failure::new(step.cell.clone(), message)),
            None => {}
        }
    }
    Ok(outcome)
}

/// One worker: takes the longest cell that fits into memory beside the running ones, until none is left.
fn work(
    plan: &Plan<'_>,
    sources: &[String],
    state: &Mutex<State<'_>>,
    changed: &Condvar,
    options: &Options<'_>,
    observer: &dyn Observer,
    threads: usize,
) {
    loop {
        let mut s = lock(state);
        let index = loop {
            if options.stop.load(Ordering::Relaxed) || s.fatal.is_some() || s.waiting.is_empty() {
                return;
            }
            let fits =
                |&i: &usize| s.running == 0 || s.bytes + plan.steps[i].prediction.bytes <= options.memory;
            if let Some(at) = s.waiting.iter().rposition(fits) {
                break s.waiting.remove(at);
            }
            s = changed.wait(s).unwrap_or_else(PoisonError::into_inner);
        };
        let step = &plan.steps[index];
        s.running += 1;
        s.bytes += step.prediction.bytes;
        let journal = s.journal;
        drop(s);

        observer.started(&step.cell);
        let start = Instant::now();
        let measured = measure(step, plan.seed, &sources[index], options.memory);
        let seconds = start.elapsed().as_secs_f64();
        let measured = measured.and_then(|record| {
            if let Some(journal) = journal {
                lock(journal).append(&record, seconds, threads)?;
            }
            Ok(record)
        });
        let failure = measured.as_ref().err().map(ToString::to_string);
        observer.finished(
            &step.cell,
            seconds,
            measured.as_ref().map_err(|_| failure.as_deref().unwrap_or_default()),
        );

        let mut s = lock(state);
        s.running -= 1;
        s.bytes -= step.prediction.bytes;
        match measured {
            Err(e) if e.stops_the_run() => s.fatal = Some(e),
            other => s.results[index] = Some(other.map_err(|e| e.to_string())),
        }
        drop(s);
        changed.notify_all();
    }
}

/// Measures one cell and checks what came out.
///
/// # Errors
/// What the claim refuses, [`Error::NotFinite`], or [`Error::Memory`] when the cell alone would not fit into
/// `memory` bytes.
pub fn measure(step: &Step<'_>, seed: u64, source: &str, memory: f64) -> Result<Record> {
    let _cell = tracing::info_span!("cell", key = %step.cell).entered();
    let start = Instant::now();
    // faer's operators and factorisations take the parallelism of the process, and their last bits change
    // with it.
    faer::set_global_parallelism(Par::Seq);
    let needed = step.prediction.bytes;
    if needed > memory {
        return Err(Error::Memory { cell: step.cell.key(), needed, available: memory });
    }
    let attempt = std::panic::catch_unwind(AssertUnwindSafe(|| step.claim.measure(&step.cell, seed)));
    let measurement = attempt.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        Err(Error::Core(escapement::Error::Numerical {
            what: "the measurement",
            why: format!("it panicked: {text}"),
        }))
    })?;
    measurement.check(&step.cell)?;
    let Cost { flops, products, .. } = measurement.cost;
    let seconds = start.elapsed().as_secs_f64();
    tracing::info!(seconds = %format_args!("{seconds:.3}"), flops, products, "the cell is measured");
    Ok(Record { source: source.to_owned(), seed, cell: step.cell.clone(), measurement })
}

/// A poisoned lock guards plain data that is valid at every step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

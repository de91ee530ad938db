//! Long work beside Python: the interpreter is released, Ctrl-C asks the work to stop, and progress is
//! shown.

use faer::Par;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often Python is asked whether there was a Ctrl-C, and is told of progress.
const LOOK: Duration = Duration::from_millis(50);

/// How long work that was asked to stop is waited for, where it can be left to end alone.
const PATIENCE: Duration = Duration::from_millis(500);

type Said = (f64, f64, String);

/// What the work hears and says.
pub struct Line {
    stop: AtomicBool,
    progress: Option<Sender<Said>>,
}

impl Line {
    /// Whether the caller has asked to stop.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// The flag itself, for those that watch one.
    pub fn flag(&self) -> &AtomicBool {
        &self.stop
    }

    /// Says how much is done of how much, and a few words.
    pub fn say(&self, done: f64, of: f64, words: impl FnOnce() -> String) {
        if let Some(progress) = &self.progress {
            // Nobody listens any more where the caller has stopped.
            let _ = progress.send((done, of, words()));
        }
    }
}

/// The threads of this process. A process that was forked has none of its parent's, and gets new ones.
fn threads() -> PyResult<Arc<ThreadPool>> {
    static THREADS: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);
    let mut kept = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    match &*kept {
        Some((owner, pool)) if *owner == process => Ok(pool.clone()),
        _ => {
            let pool = ThreadPoolBuilder::new()
                .thread_name(|i| format!("escapement {i}"))
                .build()
                .map_err(|e| PyRuntimeError::new_err(format!("no threads could be started: {e}")))?;
            let pool = Arc::new(pool);
            // To end the parent's threads from here would wait for them without end.
            std::mem::forget(kept.replace((process, pool.clone())));
            Ok(pool)
        }
    }
}

/// What the work returned, or that it panicked.
type Ended<T> = std::thread::Result<PyResult<T>>;

/// Does the work, and tells the end.
fn run<T>(line: &Line, work: impl FnOnce(&Line) -> PyResult<T>, end: &Sender<Ended<T>>) {
    // `verify` changes it for all threads.
    faer::set_global_parallelism(Par::rayon(0));
    // Nobody waits any more where the caller has left.
    let _ = end.send(catch_unwind(AssertUnwindSafe(|| work(line))));
}

/// The two ends of a line: for the work, and for the one who waits.
struct Wait {
    said: Receiver<Said>,
    bar: Option<Py<PyAny>>,
}

fn line(py: Python<'_>, what: &str, progress: Option<&Bound<'_, PyAny>>) -> PyResult<(Line, Wait)> {
    let bar = py.import("escapement._progress")?.call_method1("begin", (progress, what))?;
    let bar = if bar.is_none() { None } else { Some(bar.unbind()) };
    let (say, said) = channel();
    let progress = bar.is_some().then_some(say);
    Ok((Line { stop: AtomicBool::new(false), progress }, Wait { said, bar }))
}

impl Wait {
    /// Waits for the end, looks after signals and shows progress meanwhile. After a Ctrl-C, or what the
    /// progress raised, the work is asked to stop, and is waited for so long.
    fn wait<T>(&self, line: &Line, ended: &Receiver<Ended<T>>, patience: Option<Duration>) -> PyResult<T> {
        let mut raised: Option<(PyErr, Instant)> = None;
        loop {
            let found = match ended.recv_timeout(LOOK) {
                Ok(found) => Some(found),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(PyRuntimeError::new_err("the computation ended without a result"));
                }
            };
            if raised.is_none()
                && let Err(e) = Python::attach(|py| self.look(py))
            {
                line.stop.store(true, Ordering::Relaxed);
                raised = Some((e, Instant::now()));
            }
            match (found, raised) {
                (Some(_), Some((e, _))) => return Err(e),
                (Some(Ok(result)), None) => return result,
                (Some(Err(panic)), None) => {
                    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
                    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
                    return Err(PyRuntimeError::new_err(format!("the computation panicked: {text}")));
                }
                (None, Some((e, since))) if patience.is_some_and(|most| since.elapsed() > most) => {
                    return Err(e);
                }
                (None, still) => raised = still,
            }
        }
    }

    fn look(&self, py: Python<'_>) -> PyResult<()> {
        py.check_signals()?;
        match (&self.bar, self.said.try_iter().last()) {
            (Some(bar), Some(last)) => bar.call1(py, last).map(drop),
            _ => Ok(()),
        }
    }

    /// Clears the bar.
    fn close(&self, py: Python<'_>) {
        if let Some(bar) = &self.bar
            && let Ok(close) = bar.getattr(py, "close")
        {
            // A bar that cannot be cleared is no reason to lose a result.
            let _ = close.call0(py);
        }
    }
}

/// Does `work` on the threads of this process while Python goes on in its other threads. Ctrl-C asks the
/// work to stop, and is raised when it has. A bar with the name `what` shows the progress, see
/// `_progress.begin`.
///
/// # Errors
/// `KeyboardInterrupt`, what `progress` raises, and what the work returns.
pub fn beside<T: Send>(
    py: Python<'_>,
    what: &str,
    progress: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&Line) -> PyResult<T> + Send,
) -> PyResult<T> {
    let (line, wait) = line(py, what, progress)?;
    let pool = threads()?;
    let (result, wait) = py.detach(move || {
        let (end, ended) = channel();
        let theirs = &line;
        let result = pool.in_place_scope(|scope| {
            scope.spawn(move |_| run(theirs, work, &end));
            wait.wait(theirs, &ended, None)
        });
        (result, wait)
    });
    wait.close(py);
    result
}

/// As [`beside`], for work that borrows nothing: where it does not stop soon after a Ctrl-C, the interrupt
/// is raised all the same, and the work ends unseen.
///
/// # Errors
/// As [`beside`].
pub fn apart<T: Send + 'static>(
    py: Python<'_>,
    what: &str,
    progress: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&Line) -> PyResult<T> + Send + 'static,
) -> PyResult<T> {
    let (line, wait) = line(py, what, progress)?;
    let pool = threads()?;
    let (result, wait) = py.detach(move || {
        let (end, ended) = channel();
        let line = Arc::new(line);
        let theirs = line.clone();
        pool.spawn(move || run(&theirs, work, &end));
        (wait.wait(&line, &ended, Some(PATIENCE)), wait)
    });
    wait.close(py);
    result
}

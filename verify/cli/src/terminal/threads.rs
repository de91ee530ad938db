//! The threads on which the work of a command is spread.

use super::note;
use rayon::ThreadPoolBuilder;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Builder};

/// Starts the threads of the process: one for each core, or as many as `RAYON_NUM_THREADS` says. Where the
/// system lets that many not be started (`ulimit -u`), all work is done on the present one.
pub fn start() {
    let asked = std::env::var("RAYON_NUM_THREADS").ok().and_then(|n| n.parse().ok()).filter(|&n| n > 0);
    let count = asked.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
    let pool = ThreadPoolBuilder::new();
    // A pool that fails to start cannot be replaced, so that it is tried out before. A program that has
    // started its threads earlier keeps them, which is no error.
    let _ = match can_start(count) {
        Ok(()) => pool.build_global(),
        Err(e) => {
            note(format_args!("{count} threads could not be started ({e}): the work is done on one"));
            pool.num_threads(1).use_current_thread().build_global()
        }
    };
}

/// Whether so many threads can live at once.
fn can_start(count: usize) -> std::io::Result<()> {
    let gate = Mutex::new(());
    let pass = || drop(gate.lock().unwrap_or_else(PoisonError::into_inner));
    thread::scope(|scope| {
        let closed = gate.lock().unwrap_or_else(PoisonError::into_inner);
        let all = (0..count).try_for_each(|_| Builder::new().spawn_scoped(scope, pass).map(drop));
        drop(closed);
        all
    })
}

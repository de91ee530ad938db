//! Scratch memory that outlives the tasks that use it.
//!
//! A task that allocates its buffers anew gets pages that the system has to clear, unless the allocator
//! happens to hold as much from before: the time of a product would depend on what ran before it.

use std::sync::{Mutex, PoisonError};

/// Scratch for the tasks that run at the same time.
#[derive(Debug)]
pub(crate) struct Pool<S>(Mutex<Vec<S>>);

impl<S> Pool<S> {
    /// A pool in which nothing is allocated yet.
    pub(crate) fn empty() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Lends scratch to a task, and makes it where none is free.
    pub(crate) fn with<R>(&self, make: impl FnOnce() -> S, task: impl FnOnce(&mut S) -> R) -> R {
        let lent = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut scratch = lent.unwrap_or_else(make);
        let result = task(&mut scratch);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(scratch);
        result
    }
}

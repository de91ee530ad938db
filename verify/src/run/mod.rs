//! From a plan to records: the cells of a run, shares of them, the runner, and the journal.

#[cfg(test)]
mod fingerprint;
pub mod journal;
pub mod plan;
pub mod rates;
pub mod runner;
pub mod shard;
pub mod source;
pub mod timings;

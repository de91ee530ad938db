//! The claims of NBL22, measured and given verdicts.
//!
//! ```text
//! Claim::plan(tier) → cells → measure(cell) → records → verdict → report
//! ```
//!
//! Each arrow is a pure function of the one before; the [`journal`] is the only state. A claim is data and one
//! measuring function ([`claim::Claim`]); what it asserts is a list of [`bound::Bound`]s; what came out is a
//! [`verdict::ClaimVerdict`] that carries its own evidence. All of it is evidence at the sizes that ran, not proof.
//!
//! | module | what it holds |
//! |---|---|
//! | [`claim`], [`bound`], [`cell`], [`record`] | what a claim author writes against |
//! | [`registry`], [`nbl22`], [`errata`] | the claims that ship, and where the paper's wording was changed |
//! | [`plan`], [`shard`], [`runner`], [`journal`], [`sidecar`] | from cells to records |
//! | [`ratio`] | one number for each record, to watch a run by |
//! | [`statistics`], [`comparison`], [`growth`], [`asymptotic`], [`probability`], [`apart`], [`verdict`], [`series`] | from records to verdicts and to what they were read off, all pure functions |
//! | [`experiment`] | the paper's figures, from a seed |
//! | [`report`] | from verdicts to tables and pictures |
//! | [`harness`] | the commands `verify`, `list`, `explain`, `graph`, `report`, `diff`, `merge`, for any registry |
//! | [`io`] | files: arrays, targets, results that appear whole or not at all |

pub mod apart;
pub mod asymptotic;
pub mod bound;
pub mod cell;
pub mod claim;
pub mod comparison;
pub mod errata;
pub mod error;
pub mod experiment;
pub mod growth;
pub mod harness;
pub mod io;
pub mod journal;
pub mod nbl22;
pub mod plan;
pub mod probability;
pub mod ratio;
pub mod record;
pub mod registry;
pub mod report;
pub mod runner;
pub mod series;
pub mod shard;
pub mod sidecar;
pub mod statistics;
pub mod verdict;
mod words;

pub use bound::{Asymptotic, Bound, Growth, Neighbour, Parameter, Side};
pub use cell::Cell;
pub use claim::{Claim, Prediction, Tier};
pub use errata::ErratumId;
pub use error::{Error, Result};
pub use record::{Cost, Hypothesis, Measurement, Quantity, Record};
pub use registry::Registry;
pub use verdict::{BoundVerdict, ClaimVerdict, Verdict};

/// The examples of the contributor's page, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../CONTRIBUTING.md")]
struct Contributing;

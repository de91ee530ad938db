//! From a statement to a verdict: claims, the cells they are measured on, and the judges of what was
//! measured.
//!
//! ```text
//! Claim::plan(tier) → cells → measure(cell) → records → verdict → report
//! ```
//!
//! Each arrow is a pure function of the one before; the [`run::journal`] is the only state. A claim is data
//! and one measuring function ([`claim::Claim`]); what it asserts is a list of [`claim::bound::Bound`]s; what
//! came out is a [`judge::ClaimVerdict`] that carries its own evidence. All of it is evidence at the sizes
//! that ran, not proof.
//!
//! | room | what is in it | rests on |
//! |---|---|---|
//! | [`text`] | numbers and plurals as they are written | |
//! | [`files`] | results that appear whole or not at all, folders, checkpoints, memory limits | `text` |
//! | [`claim`] | what the author of a claim writes against: cell, record, bound, claim, paper, registry | `text` |
//! | [`judge`] | from records to verdicts, and to the series they were read off: pure functions | `claim` |
//! | [`run`] | from a plan to records: the runner, shares of a plan, the journal | `claim`, `files` |
//! | [`figure`] | experiments: runs with checkpoints, means over seeds, pictures as data | `judge`, `run` |
//! | [`papers`] | the claims of each paper, and the registry of all papers | all of the above |
//!
//! The command line and the report are in the package `escapement-cli`; nothing here prints.

pub mod claim;
pub mod error;
pub mod figure;
pub mod files;
pub mod judge;
pub mod papers;
pub mod run;
pub mod text;

pub use claim::bound::{Bound, Neighbour, Side};
pub use claim::card::Card;
pub use claim::cell::Cell;
pub use claim::errata::ErratumId;
pub use claim::paper::Paper;
pub use claim::parameter::Parameter;
pub use claim::record::{Cost, Hypothesis, Measurement, Quantity, Record};
pub use claim::registry::Registry;
pub use claim::sweep::Sweep;
pub use claim::{Claim, Prediction, Tier};
pub use error::{Error, Result};
pub use judge::{BoundVerdict, ClaimVerdict, Verdict};

/// The examples of the contributor's page, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../CONTRIBUTING.md")]
struct Contributing;

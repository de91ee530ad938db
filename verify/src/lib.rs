//! From a statement to a verdict: claims, the cells on which they are measured, and the judges of what was
//! measured.
//!
//! ```text
//! Claim::plan(tier) → cells → measure(cell) → records → verdict → report
//! ```
//!
//! A **cell** is one setting of the parameters, a **record** holds what was measured in a cell, each number
//! with a bound on its error, and a **verdict** is read off the records. Each arrow is a pure function of
//! what stands before it; the [`run::journal`] is the only state. A claim consists of data (its [`Card`]), a
//! list of cells, one measuring function and a list of [`Bound`]s ([`claim::Claim`]). A
//! [`judge::ClaimVerdict`] carries the evidence that it was read off. A verdict is evidence at the sizes
//! that were measured, and not a proof.
//!
//! A paper is a folder in [`papers`] and a line in its list. `CONTRIBUTING.md` has a whole claim, and
//! `docs/method.md` says what a verdict means.
//!
//! | room | what is in it | rests on |
//! |---|---|---|
//! | [`text`] | numbers and plurals as they are written | |
//! | [`files`] | results that appear whole or not at all, folders, checkpoints, memory limits | `text` |
//! | [`oracle`] | files of reference values, compared with what the core computes | `files` |
//! | [`claim`] | what a claim is written against: cell, record, bound, paper | `text`, `oracle` |
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
pub mod oracle;
pub mod papers;
pub mod run;
pub mod table;
pub mod text;

pub use claim::{
    Bound, Card, Cell, Claim, Cost, ErratumId, Hypothesis, Measurement, Neighbour, Paper, Parameter,
    Prediction, Record, Registry, Side, Sweep, Tier,
};
pub use error::{Error, Result};
pub use escapement::ball::Ball;
pub use judge::{BoundVerdict, ClaimVerdict, Verdict};

/// The examples of the contributor's page, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../CONTRIBUTING.md")]
struct Contributing;

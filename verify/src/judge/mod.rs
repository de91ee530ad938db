//! From records to verdicts: one judge for each kind of bound, and the series that a verdict was read off.
//! Pure functions.

pub mod asymptotic;
pub mod comparison;
mod exponent;
pub mod growth;
mod judging;
pub mod outlier;
pub mod probability;
pub mod ratio;
pub mod series;
pub mod statistics;
mod verdict;

pub use exponent::ExponentEvidence;
pub use judging::{judge, judge_bound, judge_partial, rerun_command, series};
pub(crate) use judging::{label, pairs};
pub use verdict::{
    AsPrinted, BoundVerdict, ClaimVerdict, Control, Finding, PLANTED, SLACK, Tally, Tightness, Verdict, Worst,
};

//! From records to verdicts. Each kind of bound has one judge: a pure function from the two sides that were
//! measured to the verdict, the exponents, the constant with its error, the control, and the series of
//! points that all of these were read off.

mod asymptotic;
mod claim_verdict;
mod exponent;
pub mod falsehood;
mod finding;
mod growth;
mod identity;
mod inequality;
pub mod line;
mod neighbours;
pub mod outlier;
mod pooled;
pub mod power;
mod probability;
pub mod ratio;
pub mod series;
mod sides;
mod verdict;

pub use claim_verdict::{Judged, judge, judge_bound, judge_bounds, judge_partial, rerun_command};
pub use exponent::{Estimate, ExponentEvidence};
pub use pooled::Pooled;
pub use power::{Power, Powers};
pub use verdict::{
    AsPrinted, BoundVerdict, ClaimVerdict, Control, PLANTED, Tally, Tightness, Verdict, Worst, word,
};

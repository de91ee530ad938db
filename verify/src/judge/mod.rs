//! From records to verdicts. Each kind of bound has one judge: a pure function from the two sides that were
//! measured to the verdict, the exponents, the constant with its error, the control, and the series of
//! points that all of these were read off.

mod asymptotic;
mod bound_verdict;
mod claim_verdict;
mod evidence;
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
mod violation;

pub use bound_verdict::{Judged, judge_bound, rerun_command};
pub use claim_verdict::{judge, judge_bounds, judge_partial};
pub use evidence::{
    AsPrinted, BoundVerdict, ClaimVerdict, Control, PLANTED, Tally, Tightness, Vacuous, Worst,
};
pub use exponent::{Estimate, ExponentEvidence};
pub use pooled::Pooled;
pub use verdict::{Verdict, word};
pub use violation::{MOST, Power, Powers, Violation};

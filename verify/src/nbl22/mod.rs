//! The claims of NBL22, one file each; the module documentation of a file is the statement.

use crate::claim::Claim;

pub mod assumption_2;
pub mod assumption_3;
pub mod common;
pub mod escape;
pub mod lemma_1;
pub mod random_signs;
mod setting;

/// Every claim, in the order of reports.
pub fn claims() -> Vec<Box<dyn Claim>> {
    vec![
        Box::new(assumption_2::Assumption2),
        Box::new(assumption_3::Assumption3),
        Box::new(lemma_1::Lemma1),
        Box::new(random_signs::RandomSigns),
        Box::new(escape::Escape),
    ]
}

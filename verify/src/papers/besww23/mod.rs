//! BESWW23: inputs whose covariance has one large direction, the spike, which the target depends on. The
//! claims, one file each, whose module documentation is the statement.
//!
//! Only the abstract of the paper was at hand. Every constant and every proof here was derived for this
//! project, and none may be quoted as the paper's.

use crate::claim::{Claim, Paper};

pub mod errata;
mod instance;
pub mod letters;
pub mod one_step_alignment;
pub mod thresholds;

/// The paper.
pub static PAPER: Paper = Paper {
    short: "BESWW23",
    bibtex: BIBTEX,
    errata: &errata::ERRATA,
    letters: &letters::LETTERS,
    claims,
    ..Paper::new(
        "besww23",
        "Learning in the Presence of Low-dimensional Structure: A Spiked Random Matrix Perspective",
    )
};

const BIBTEX: &str = "\
@inproceedings{ba2023learning,
  title = {Learning in the Presence of Low-dimensional Structure: A Spiked Random Matrix Perspective},
  author = {Ba, Jimmy and Erdogdu, Murat A. and Suzuki, Taiji and Wang, Zhichao and Wu, Denny},
  booktitle = {Advances in Neural Information Processing Systems},
  year = {2023}
}
";

/// Every claim, in the order of reports.
pub fn claims() -> Vec<Box<dyn Claim>> {
    vec![Box::new(one_step_alignment::OneStepAlignment)]
}

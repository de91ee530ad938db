//! ZG24: how gradient descent learns features in a late, local stage. The claims, one file each, whose
//! module documentation is the statement.
//!
//! Only the abstract of the paper and a summary of its proof were at hand. Every constant and every proof
//! here was derived for this project, and none may be quoted as the paper's.

use crate::claim::{Claim, Paper};

pub mod decay_balance;
pub mod directions_captured;
pub mod errata;
pub mod late_rate;
pub mod letters;
pub mod oracles;
pub mod student;

/// The paper.
pub static PAPER: Paper = Paper {
    short: "ZG24",
    bibtex: BIBTEX,
    errata: &errata::ERRATA,
    letters: &letters::LETTERS,
    claims,
    oracles: super::sidebar::FORMATS,
    ..Paper::new(
        "zg24",
        "How Does Gradient Descent Learn Features – A Local Analysis for Regularized Two-Layer \
        Neural Networks",
    )
};

const BIBTEX: &str = "\
@inproceedings{zhou2024gradient,
  title = {How Does Gradient Descent Learn Features -- A Local Analysis for Regularized Two-Layer Neural
           Networks},
  author = {Zhou, Mo and Ge, Rong},
  booktitle = {Advances in Neural Information Processing Systems},
  year = {2024},
  eprint = {2406.01766},
  archivePrefix = {arXiv}
}
";

/// Every claim, in the order of reports.
pub fn claims() -> Vec<Box<dyn Claim>> {
    vec![
        Box::new(decay_balance::DecayBalance),
        Box::new(directions_captured::DirectionsCaptured),
        Box::new(late_rate::LateRate),
    ]
}

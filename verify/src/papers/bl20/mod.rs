//! BL20: wide networks beyond their linearisation. The claims, one file each, whose module documentation is
//! the statement.
//!
//! Only the abstract of the paper and a summary by its authors were at hand. Every constant and every proof
//! here was derived for this project, and none may be quoted as the paper's.

use crate::claim::{Claim, Paper};

pub mod analysis;
mod complexity;
pub mod coupling;
pub mod errata;
pub mod escape;
pub mod expressivity;
pub mod figures;
pub mod higher_order;
pub mod instance;
pub mod landscape;
pub mod learner;
pub mod letters;
pub mod multipliers;
pub mod operator_norm;
pub mod oracles;
mod origin;
mod outcomes;
pub mod sample_size;
pub mod series;
mod tensors;

/// The paper.
pub static PAPER: Paper = Paper {
    short: "BL20",
    bibtex: BIBTEX,
    errata: &errata::ERRATA,
    letters: &letters::LETTERS,
    claims,
    oracles: oracles::FORMATS,
    ..Paper::new(
        "bl20",
        "Beyond Linearization: On Quadratic and Higher-Order Approximation of Wide Neural Networks",
    )
};

const BIBTEX: &str = "\
@inproceedings{bai2020beyond,
  title = {Beyond Linearization: On Quadratic and Higher-Order Approximation of Wide Neural Networks},
  author = {Bai, Yu and Lee, Jason D.},
  booktitle = {International Conference on Learning Representations},
  year = {2020},
  eprint = {1910.01619},
  archivePrefix = {arXiv}
}
";

/// Every claim, in the order of reports.
pub fn claims() -> Vec<Box<dyn Claim>> {
    vec![
        Box::new(coupling::Coupling),
        Box::new(escape::Escape),
        Box::new(landscape::NoBadPoints),
        Box::new(operator_norm::OperatorNorm),
        Box::new(expressivity::Expressivity),
        Box::new(sample_size::SampleSize),
        Box::new(multipliers::Multipliers),
        Box::new(higher_order::HigherOrder),
    ]
}

//! KLLJW24: what symmetry does not take from the hardness of learning by correlations. The claims, one file
//! each, whose module documentation is the statement.
//!
//! Only the abstract of the paper and public reviews of it were at hand. Every constant and every proof here
//! was derived for this project, and none may be quoted as the paper's.

use crate::claim::{Claim, Paper};

pub mod csq_dimension;
pub mod degree_parity;
pub mod errata;
pub mod families;
pub mod invariant_count;
pub mod letters;
pub mod oracles;
pub mod symmetric_fan;

/// The paper.
pub static PAPER: Paper = Paper {
    short: "KLLJW24",
    bibtex: BIBTEX,
    errata: &errata::ERRATA,
    letters: &letters::LETTERS,
    claims,
    ..Paper::new("klljw24", "On the Hardness of Learning under Symmetries")
};

const BIBTEX: &str = "\
@inproceedings{kiani2024hardness,
  title = {On the Hardness of Learning under Symmetries},
  author = {Kiani, Bobak T. and Le, Thien and Lawrence, Hannah and Jegelka, Stefanie and Weber, Melanie},
  booktitle = {International Conference on Learning Representations},
  year = {2024},
  eprint = {2401.01869},
  archivePrefix = {arXiv}
}
";

/// Every claim, in the order of reports.
pub fn claims() -> Vec<Box<dyn Claim>> {
    vec![
        Box::new(csq_dimension::CsqDimension),
        Box::new(symmetric_fan::SymmetricFan),
        Box::new(invariant_count::InvariantCount),
        Box::new(degree_parity::DegreeParity),
    ]
}

//! T22: what ReLU networks with two layers learn while their weights hardly rotate. The claims,
//! one file each, whose module documentation is the statement.
//!
//! Only the abstract of the paper was at hand. It has no constants: every constant, every width and every
//! proof here was derived for this project, and none may be quoted as the paper's.

use crate::claim::{Claim, Paper};

pub mod analysis;
pub mod errata;
pub mod finite_width_margin;
mod instance;
pub mod kkt_escape;
pub mod letters;
pub mod margin_per_path;
pub mod neural_collapse;
pub mod norm_only;
pub mod ntk_margin;
pub mod oracles;
pub mod parity_gap;
pub mod sgd_perceptron;
pub mod smoothed_margin;

/// The paper.
pub static PAPER: Paper = Paper {
    short: "T22",
    bibtex: BIBTEX,
    errata: &errata::ERRATA,
    letters: &letters::LETTERS,
    claims,
    oracles: oracles::FORMATS,
    ..Paper::new("t22", "Feature selection and low test error in shallow low-rotation ReLU networks")
};

const BIBTEX: &str = "\
@misc{telgarsky2022feature,
  title = {Feature selection and low test error in shallow low-rotation {ReLU} networks},
  author = {Telgarsky, Matus},
  year = {2022},
  eprint = {2208.02789},
  archivePrefix = {arXiv}
}
";

/// Every claim, in the order of reports.
pub fn claims() -> Vec<Box<dyn Claim>> {
    vec![
        Box::new(ntk_margin::NtkMargin),
        Box::new(finite_width_margin::FiniteWidthMargin),
        Box::new(smoothed_margin::SmoothedMargin),
        Box::new(margin_per_path::MarginPerPath),
        Box::new(sgd_perceptron::SgdPerceptron),
        Box::new(kkt_escape::KktEscape),
        Box::new(neural_collapse::NeuralCollapse),
        Box::new(norm_only::NormOnlyFlow),
        Box::new(parity_gap::ParityGap),
    ]
}

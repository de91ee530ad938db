//! DLS22: representations that one gradient step on the first layer learns. The claims on the gradient, on
//! what the rows are after the step, on counting, and the two theorems on learning, one file each, whose module documentation is the
//! statement; and the Gaussian calculus of anybody's target, with Algorithm 1 on it.

use crate::claim::{Claim, Paper};

pub mod absolute;
pub mod alignment;
pub mod analysis;
pub mod concentration;
pub mod construction;
pub mod diversity;
pub mod errata;
pub mod families;
pub mod figures;
pub mod gradient;
mod instance;
pub mod learn;
pub mod learning;
pub mod letters;
pub mod oracles;
pub mod packing;
pub mod queries;
pub mod rademacher;
pub mod rademacher_complexity;
pub mod random_features;
pub mod representers;
mod samples;
pub mod target_file;
pub mod targets;
pub mod theorem_1;
pub mod theorem_3;

/// The paper.
pub static PAPER: Paper = Paper {
    short: "DLS22",
    bibtex: BIBTEX,
    errata: &errata::ERRATA,
    letters: &letters::LETTERS,
    claims,
    oracles: oracles::FORMATS,
    ..Paper::new("dls22", "Neural Networks can Learn Representations with Gradient Descent")
};

const BIBTEX: &str = "\
@inproceedings{damian2022neural,
  title = {Neural Networks can Learn Representations with Gradient Descent},
  author = {Damian, Alexandru and Lee, Jason D. and Soltanolkotabi, Mahdi},
  booktitle = {Conference on Learning Theory},
  series = {Proceedings of Machine Learning Research},
  volume = {178},
  pages = {5413--5452},
  year = {2022}
}
";

/// Every claim, in the order of reports.
pub fn claims() -> Vec<Box<dyn Claim>> {
    vec![
        Box::new(gradient::Gradient),
        Box::new(concentration::Concentration),
        Box::new(alignment::Alignment),
        Box::new(diversity::Diversity),
        Box::new(random_features::RandomFeatures),
        Box::new(rademacher_complexity::Rademacher),
        Box::new(theorem_1::Theorem1),
        Box::new(queries::Queries),
        Box::new(theorem_3::Theorem3),
    ]
}

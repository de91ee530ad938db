//! DLS22: representations that one gradient step on the first layer learns. So far the formats of reference
//! values for its mathematics, and what they need beside the core; the Gaussian calculus of anybody's
//! target, and Algorithm 1 on it.

use crate::claim::Paper;

pub mod absolute;
pub mod analysis;
pub mod learn;
pub mod oracles;
pub mod packing;
pub mod rademacher;
pub mod representers;
mod samples;
pub mod target_file;
pub mod targets;

/// The paper.
pub static PAPER: Paper = Paper {
    short: "DLS22",
    bibtex: BIBTEX,
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

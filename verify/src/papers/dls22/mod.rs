//! DLS22: representations that one gradient step on the first layer learns. So far the formats of reference
//! values for its mathematics, and what they need beside the core.

use crate::claim::Paper;

pub mod absolute;
pub mod oracles;
pub mod packing;
pub mod rademacher;
pub mod representers;
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

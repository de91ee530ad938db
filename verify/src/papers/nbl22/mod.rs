//! The claims of NBL22, one file or folder each; its module documentation is the statement.

use crate::claim::{Claim, Paper};

pub mod assumption_2;
pub mod assumption_3;
mod effort;
pub mod errata;
pub mod escape;
pub mod figures;
pub mod hypotheses;
mod instance;
pub mod kernel_plateau;
pub mod landscape;
mod learner;
pub mod lemma_1;
pub mod lemma_2;
pub mod letters;
mod moments;
pub mod oracles;
pub mod rademacher_linear;
pub mod rademacher_quadratic;
pub mod random_signs;
pub mod remark_1;
mod sample_size;
pub mod spectrum;
pub mod taylor;
pub mod theorem_1;
pub mod theorem_2;
pub mod theorem_3;
pub mod theorem_4;

/// The paper.
pub static PAPER: Paper = Paper {
    short: "NBL22",
    bibtex: BIBTEX,
    errata: &errata::ERRATA,
    letters: &letters::LETTERS,
    oracles: oracles::FORMATS,
    claims,
    ..Paper::new(
        "nbl22",
        "Identifying good directions to escape the NTK regime and efficiently learn low-degree plus sparse \
         polynomials",
    )
};

const BIBTEX: &str = "\
@inproceedings{nichani2022identifying,
  title = {Identifying good directions to escape the {NTK} regime
           and efficiently learn low-degree plus sparse polynomials},
  author = {Nichani, Eshaan and Bai, Yu and Lee, Jason D.},
  booktitle = {Advances in Neural Information Processing Systems},
  volume = {35},
  year = {2022},
  eprint = {2206.03688},
  archivePrefix = {arXiv}
}
";

/// Every claim, in the order of reports.
pub fn claims() -> Vec<Box<dyn Claim>> {
    vec![
        Box::new(assumption_2::Assumption2),
        Box::new(assumption_3::Assumption3),
        Box::new(spectrum::Spectrum),
        Box::new(lemma_1::Lemma1),
        Box::new(lemma_2::Lemma2),
        Box::new(random_signs::RandomSigns),
        Box::new(theorem_2::Theorem2),
        Box::new(escape::Escape),
        Box::new(taylor::Taylor),
        Box::new(landscape::lemma_3::Lemma3),
        Box::new(landscape::corollary_1::Corollary1),
        Box::new(theorem_3::Theorem3),
        Box::new(kernel_plateau::KernelPlateau),
        Box::new(rademacher_linear::RademacherLinear),
        Box::new(rademacher_quadratic::RademacherQuadratic),
        Box::new(theorem_4::Theorem4),
        Box::new(theorem_1::Theorem1),
        Box::new(remark_1::Remark1),
    ]
}

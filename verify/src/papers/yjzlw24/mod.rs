//! YJZLW24: ReLU networks whose neurons share a large bias, and so are active at few inputs. The claims, one
//! file each, whose module documentation is the statement.
//!
//! Only the abstract of the paper was at hand, and some of its formulas as they are recalled. Every constant
//! and every proof here was derived for this project, and none may be quoted as the paper's.

use crate::claim::{Claim, Paper};

pub mod bias_kernel;
pub mod bias_lambda_min;
pub mod errata;
mod instance;
pub mod letters;
pub mod oracles;
pub mod rademacher_sparse;
mod region;
pub mod sparse_activation;

/// The paper.
pub static PAPER: Paper = Paper {
    short: "YJZLW24",
    bibtex: BIBTEX,
    errata: &errata::ERRATA,
    letters: &letters::LETTERS,
    claims,
    ..Paper::new(
        "yjzlw24",
        "Neural Networks with Sparse Activation Induced by Large Bias: Tighter Analysis with \
         Bias-Generalized NTK",
    )
};

const BIBTEX: &str = "\
@article{yang2024neural,
  title = {Neural Networks with Sparse Activation Induced by Large Bias: Tighter Analysis with
           Bias-Generalized {NTK}},
  author = {Yang, Hongru and Jiang, Ziyu and Zhang, Ruizhe and Liang, Yingbin and Wang, Zhangyang},
  journal = {Journal of Machine Learning Research},
  volume = {25},
  number = {321},
  year = {2024}
}
";

/// Every claim, in the order of reports.
pub fn claims() -> Vec<Box<dyn Claim>> {
    vec![
        Box::new(sparse_activation::SparseActivation),
        Box::new(bias_kernel::BiasKernel),
        Box::new(bias_lambda_min::BiasLambdaMin),
        Box::new(rademacher_sparse::RademacherSparse),
    ]
}

//! The limits of BESWW23 as it is at hand, which is its abstract: what is checked in place of what it says.
//! None of these entries corrects its text.

use crate::claim::Erratum;

/// All entries.
pub const ERRATA: [Erratum; 3] = [
    Erratum::new(
        1,
        "Abstract",
        "Kernel ridge regression learns if and only if β ≥ 1 − 1/p, and a two-layer network trained by gradient \
         descent learns if β > 1 − 1/k; the theorems were not at hand.",
        "Statements with explicit constants that were derived for this project, for polynomial kernels, for one \
         gradient step and for n = ψd.",
    ),
    Erratum::new(
        2,
        "Abstract, β ≥ 1 − 1/p",
        "The threshold itself belongs to the range where the kernel learns.",
        "At β = 1 − 1/p the risk stays at a constant that falls with ψ = n/d and not with d, so that verdicts are \
         given off the threshold.",
    ),
    Erratum::new(
        3,
        "Abstract, β > 1 − 1/k",
        "The condition on the network is sufficient.",
        "It is not necessary for one step with n ≍ d: what a second layer can use is the correlation of the learnt \
         direction with the spike, and this tends to 1 for β > min(½, (k−1)/(k+1)). Principal components do so \
         for every β > 0.",
    ),
];

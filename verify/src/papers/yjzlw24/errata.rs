//! The limits of YJZLW24 as it is at hand, which is its abstract: what is checked in place of what it says,
//! or of what is recalled of the paper. None of these entries corrects its text.

use crate::claim::Erratum;

/// All entries.
pub const ERRATA: [Erratum; 4] = [
    Erratum::new(
        1,
        "Abstract",
        "Statements without constants; the theorems behind them were not at hand.",
        "Statements with explicit constants that were derived for this project. No number, width or \
         condition here is the paper's.",
    ),
    Erratum::new(
        2,
        "Abstract, sparse activation throughout training",
        "Few neurons are active throughout the training.",
        "The neurons that are active at an input lie within R of the initial half space, where √2 times \
         their movement is at most R: in the half space of B − R. More of them may be active than at first.",
    ),
    Erratum::new(
        3,
        "Abstract, as fast as the dense network",
        "A network with a large bias converges as fast as one without.",
        "In steps at a learning rate ∝ 1/λ_max(H), because the condition number of H falls with B in every \
         data set that was tried, without a proof. At one learning rate for all B it is slower.",
    ),
    Erratum::new(
        4,
        "Abstract, the region",
        "A data-dependent region with a sharper bound on the least eigenvalue; its explicit form is recalled.",
        "On {v : Σ_{i≠j} v_i v_j (P_ij − p_min) ≥ 0} the form is at least Φ̄(B) − p_min. The explicit form, as \
         recalled, is negative for most data.",
    ),
];

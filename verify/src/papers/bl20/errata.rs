//! The limits of BL20 as it is at hand, which is its abstract and its authors' summary: what is checked in
//! place of what they say, or of what is recalled of the paper. None of these entries corrects its text.

use crate::claim::Erratum;

/// All entries.
pub const ERRATA: [Erratum; 8] = [
    Erratum::new(
        1,
        "The rate of the coupling, as recalled",
        "Randomised network and quadratic model differ by m^{−1/4}, as recalled.",
        "m^{−1/4} for Lipschitz losses; smooth losses couple at m^{−1/2}.",
    ),
    Erratum::new(
        2,
        "The landscape, as recalled",
        "Points of second order have a loss of (1 + τ) times the optimum plus ε, as recalled.",
        "The optimum plus ε, with explicit constants.",
    ),
    Erratum::new(
        3,
        "Abstract, beyond the quadratic case",
        "The randomisation generalises systematically.",
        "No real independent multipliers of neurons exist for orders k ≥ 3: complex ones, or random output \
         weights as well. The landscape is claimed for the quadratic case alone.",
    ),
    Erratum::new(
        4,
        "Abstract, better by a dimension factor",
        "A gain of a dimension factor under mild assumptions on the distribution.",
        "Rademacher complexities along a spike of strength α: the gain over the Frobenius norm is \
         d^{(1−α)/2}, and none at α = 1. The full factor needs ‖n⁻¹Σxxᵀ‖ ≲ max‖x‖²/d.",
    ),
    Erratum::new(
        5,
        "The example of an activation, as recalled",
        "ReLU cubed, σ = max(z, 0)³/6, as recalled.",
        "It expresses powers of the degrees 2, 3, 4, 6, 8 and on, and no odd degree from 5 on.",
    ),
    Erratum::new(
        6,
        "Abstract, higher orders",
        "Expansions of higher order generalise better still.",
        "Order k gains up to n = d^{p/2} only, in a norm that is hard to compute for k ≥ 3.",
    ),
    Erratum::new(
        7,
        "Sample sizes",
        "No constants were at hand.",
        "Explicit ceilings, which lie below the floor of kernels at d in the thousands only.",
    ),
    Erratum::new(
        8,
        "What is recalled",
        "The exponent 8 of the regulariser, m^{−1/4}, (1 + τ), ReLU cubed and the (2,2k)-norm.",
        "They come from memory. Statements here have constants and proofs of this project.",
    ),
];

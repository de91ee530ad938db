//! The limits of KLLJW24 as it is at hand, which is its abstract and public reviews: what is checked in
//! place of what they say. None of these entries corrects its text.

use crate::claim::Erratum;

/// All entries.
pub const ERRATA: [Erratum; 4] = [
    Erratum::new(
        1,
        "Abstract",
        "Lower bounds that are superpolynomial or exponential, without constants; the theorems were not at hand.",
        "Statements with explicit constants that were derived for this project. No constant here is the \
         paper's.",
    ),
    Erratum::new(
        2,
        "Fans of ReLU neurons, as told by reviews",
        "Functions that a pair of directions hides, of any number of angles.",
        "With an odd k the fan of 2k ReLU neurons is 0, and is refused. Even k are checked.",
    ),
    Erratum::new(
        3,
        "Parities of degrees of graphs, as told by reviews",
        "Exponentially many parities of the numbers of nodes of given degrees are nearly orthogonal.",
        "So they are over the ⌊√n/2⌋ central degrees of directed graphs. Over all degrees of undirected graphs \
         some are constant, because the degrees of a graph have an even sum.",
    ),
    Erratum::new(
        4,
        "Not covered, for want of a text",
        "NP-hardness of proper learning, and the learner of sparse invariant polynomials.",
        "Nothing.",
    ),
];

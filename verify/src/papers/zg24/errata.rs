//! The limits of ZG24 as it is at hand, which is its abstract and a summary: what is checked in place of
//! what they say. None of these entries corrects its text.

use crate::claim::Erratum;

/// All entries.
pub const ERRATA: [Erratum; 3] = [
    Erratum::new(
        1,
        "Abstract",
        "Gradient descent on a regularised loss captures the directions of the teacher once the loss is below a \
         threshold; the theorems were not at hand.",
        "Statements with explicit constants that were derived for this project, for orthonormal teachers.",
    ),
    Erratum::new(
        2,
        "Abstract, the loss below a threshold",
        "The loss alone is spoken of.",
        "The loss and the total variation: neurons that cancel in pairs have no loss and any direction. The bound \
         speaks of L + λ TV.",
    ),
    Erratum::new(
        3,
        "Not covered, for want of a text",
        "The early stage, and rates in the accuracy ε.",
        "The rate of the late stage, on a family that is solved exactly.",
    ),
];

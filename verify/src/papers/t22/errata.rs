//! The limits of T22 as it is at hand, which is its abstract: what is checked in place of what it says.

use crate::claim::Erratum;

/// All entries.
pub const ERRATA: [Erratum; 9] = [
    Erratum::new(
        1,
        "Abstract",
        "Three results without constants; the theorems behind them were not at hand.",
        "Statements with explicit constants that were derived for this project. No number, width or \
         condition here is the paper's.",
    ),
    Erratum::new(
        2,
        "Abstract, the NTK margin",
        "One margin near the initialisation. As it is recalled, its direction moves each neuron by a \
         bounded length.",
        "Two quantities with two names: γ of the kernel machine, and γ^∞ of directions that move each \
         neuron by the same length at most. γ^∞ ≤ γ, and γ^∞ ≥ γ³/2 at infinite width.",
    ),
    Erratum::new(
        3,
        "Abstract, gradient flow attains the NTK margin",
        "A margin of gradient flow is compared with the NTK margin.",
        "The smoothed margin per unit of the path of the weights: divided by ‖W‖², it is another quantity.",
    ),
    Erratum::new(
        4,
        "Abstract, weights that change in norm only",
        "The inner weights keep their directions.",
        "With inner weights that are longer than the outer weights are large, because others may reach 0 \
         and stay there.",
    ),
    Erratum::new(
        5,
        "Abstract, large width",
        "The width is large, in the part on norms only.",
        "It is exponential in d unless the directions are planted.",
    ),
    Erratum::new(
        6,
        "Abstract, the loss",
        "No loss is named at the place where margins are.",
        "The exponential and the logistic loss apart: they differ before the data are separated.",
    ),
    Erratum::new(
        7,
        "Abstract, gradient flow",
        "A gradient flow of a ReLU network.",
        "A differential inclusion: statements on its path are about solutions in the sense of Clarke, and \
         only those at one point need no integrator.",
    ),
    Erratum::new(
        8,
        "Abstract, the sample complexity of Neural Collapse",
        "It scales with the number of groups.",
        "The mass of the groups that a sample misses, (1 − 1/k)^n in the mean.",
    ),
    Erratum::new(
        9,
        "What the abstract rests on",
        "Results of Lyu and Li, and of Ji and Telgarsky, on margins and directions.",
        "They are recalled for context. No proof here needs them.",
    ),
];

//! Where the statements of DLS22 that are checked differ from those that are printed.

use crate::claim::Erratum;

/// All entries.
pub const ERRATA: [Erratum; 18] = [
    Erratum::new(
        1,
        "Symmetric initialisation",
        "a_j = −a_{m−j} and w_j = w_{m−j}.",
        "Pairs j and j + m/2: the printed pairing leaves a_{m/2} opposite to itself, so that it vanishes.",
    ),
    Erratum::new(
        2,
        "Section 5.1, equation (1)",
        "c_k are the Hermite coefficients of σ', and the sum with the factor w ends at k = p − 1.",
        "With the coefficients of σ and up to k = p, as Appendix A.1.4 has it: the term of k = p is 4 to 44 \
         percent of the gradient at p = 4.",
    ),
    Erratum::new(
        3,
        "Theorem 3 and Appendix B",
        "The network on the target task lacks σ; the last display has √(d²r/n) and min(n, m).",
        "With σ, min(m, N) and N^{−1/4}, as the theorem has it.",
    ),
    Erratum::new(
        4,
        "After Theorem 3",
        "Theorem 3 shows that n ≥ d²r is necessary.",
        "No lower bound is proved there: it is read as sufficient.",
    ),
    Erratum::new(
        5,
        "Theorem 1",
        "The excess E|f − y| − ς measures what is learnt.",
        "For ϵ = ±ς it is E(|f − f*| − ς)_+, which vanishes where |f − f*| ≤ ς everywhere: E|f − f*| and \
         its square are judged as well, and ς = 0.",
    ),
    Erratum::new(
        6,
        "Assumption 2",
        "The assumption is strictly necessary.",
        "For one class of targets: f* = u·x violates it and is learnt by β.",
    ),
    Erratum::new(
        7,
        "Theorem 2, Lemmas 5 and 6",
        "Any learner with q queries of tolerance τ, and a bound with constant 1.",
        "Queries of unit norm and a learner that answers with a function of the class, because the zero \
         function has loss 1; with the exponent c = ¼, the factor 4 in the logarithm, and two survivors in \
         Lemma 5, q ≥ (|F| − 2)(τ² − ε)/2. The degree of He_k is p.",
    ),
    Erratum::new(
        8,
        "Corollary 22",
        "Lemma 21 bounds (Mat E g_n^{⊗2k})†.",
        "It bounds the inverse of the compression to S*, and Π M† Π ≽ (ΠMΠ)† is the wrong way round: the \
         product of the two, which the step takes for 1, is measured.",
    ),
    Erratum::new(
        9,
        "Corollary 22 and Lemma 23",
        "(g_n·x)^p; ⊗p; the indicator of |g_n·x_i| ≤ 1; (2η)^k.",
        "With k in place of p, 2η_1 g_n in place of g_n, and η_1 in place of η.",
    ),
    Erratum::new(
        10,
        "Lemma 49",
        "The bound 2 B_a B_w √(md/n) for networks with biases b.",
        "With 2 B_a √(m/n) max|b_j| added: large biases alone exceed the printed bound.",
    ),
    Erratum::new(
        11,
        "Assumption 2",
        "κ is the condition number of H.",
        "κ = 1/(√r min|λ(H)|) is not free of scale, and at least 1/√2 for every normalised target.",
    ),
    Erratum::new(
        12,
        "Abstract and Theorem 1",
        "The samples needed are d², or d²r + dr^p, or d²κ²r and dr^pκ^{2p}.",
        "Those of Theorem 1. All are upper bounds, and the first is the last one for r, κ = O(1).",
    ),
    Erratum::new(
        13,
        "Algorithm 1",
        "Weight decay λ, and λ in the normal equations.",
        "With λ/2 in the normal equations, because the loss is the mean square without ½.",
    ),
    Erratum::new(
        14,
        "Experiments",
        "Algorithm 1 is what is run.",
        "The published script draws the biases before the step, in pairs, uses them in it and keeps them: \
         both are offered.",
    ),
    Erratum::new(
        15,
        "Lemmas 16 and 32",
        "The centred target does not depend on the data.",
        "It does through α and β: the parts −αw/√(2π) and −β/2 are split off.",
    ),
    Erratum::new(
        16,
        "After Theorem 3",
        "With a second sample d²r + r^p samples suffice.",
        "For the head only: β still costs (1 + ς²)d/n.",
    ),
    Erratum::new(
        17,
        "Figure 1",
        "The curves of Algorithm 1, with plateaus of the kernels.",
        "Plotted without α and β, and with one bias for each pair of neurons, so that random features of \
         width 100 are 50; the plateaus beyond n = d^p are those of the width, and the tangent kernel has \
         none at ½.",
    ),
    Erratum::new(
        18,
        "Figure 2",
        "For n ≥ d² the loss is nontrivial even for N = O(1).",
        "Not before n = d³ in the curves themselves: half of the row energy is inside S* at n = πd².",
    ),
];

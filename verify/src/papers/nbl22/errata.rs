//! Where the statements of NBL22 that are checked differ from those that are printed.

use crate::claim::Erratum;

/// All entries.
pub const ERRATA: [Erratum; 13] = [
    Erratum::new(
        0,
        "Assumption 2",
        "The suprema of |σ|, |σ'| and |σ''| are strictly below 1.",
        "With ≤ 1: the strict form fails for the sigmoid (sup σ = 1) and for tanh (σ and σ').",
    ),
    Erratum::new(
        1,
        "Assumption on the loss",
        "ℓ ≤ 1, ℓ convex in z on all of R, and ℓ(y, y) = 0.",
        "With ℓ(y, 0) = O(1) instead: a bounded convex function on R is constant, so the printed form \
         forces ℓ ≡ 0. The pseudo-Huber loss √(1 + (y − z)²) − 1 and log cosh(y − z) qualify.",
    ),
    Erratum::new(
        2,
        "Assumption 2",
        "No bound on σ''' is assumed.",
        "With σ''' bounded: the Taylor step uses it.",
    ),
    Erratum::new(3, "Equation (6)", "The signs a_r are missing.", "With a_r."),
    Erratum::new(4, "Equation (15)", "Σ_{>r} is not the complement of Σ_{≤r}.", "With Σ_{>r} = Σ − Σ_{≤r}."),
    Erratum::new(
        5,
        "Lemma 3, Theorem 4",
        "r = d_k.",
        "With r = n_k, the number of harmonics of degree at most k.",
    ),
    Erratum::new(
        6,
        "Definition 2",
        "A (ν, γ) second-order stationary point is defined by the Hessian alone.",
        "With ‖∇f‖ ≤ ν as well.",
    ),
    Erratum::new(
        7,
        "Perturbed gradient descent",
        "The variance of the noise.",
        "With entries N(0, s²/(md)).",
    ),
    Erratum::new(8, "Bound on the features", "The dependence of ‖φ‖².", "With ‖φ‖² = Θ(d), free of m only."),
    Erratum::new(
        9,
        "Null directions",
        "Null directions of f_L are useful for f_Q.",
        "Paired neurons moved alike are an exact null direction of f_L on which f_Q vanishes too: useful \
         null directions break the pairing.",
    ),
    Erratum::new(
        10,
        "Lemma 3, Corollary 1",
        "λ1 = λ3 = m^{1/2} d^{-(k-1)/2} ε, λ2 = ε, λ4 = d^{-2(k-1)} ε.",
        "The constants behind ≲ are large for the sigmoid with b = 1 (‖W_Q‖_{2,4}⁴ ≈ 3·10³ and R4(W*) ≈ 10⁷ \
         at k = 1), and with the printed λ4 the statements are vacuous at any reachable size: checked with \
         λ_i = ε / R_i(W*).",
    ),
    Erratum::new(
        11,
        "Appendix A, spectrum of Σ",
        "Two-sided bounds on the eigenvalues up to degree 2k under Assumption 3.",
        "With λ_{i−1}(σ') ≠ 0 up to degree 2k − 1 as well: the two-sided form needs more of σ' than \
         Assumption 3 gives.",
    ),
    Erratum::new(
        12,
        "Rademacher complexity of f_L",
        "The bound for every sample.",
        "On average over samples; for a given sample n_k is replaced by E_n φᵀ Σ_{≤k}⁺ φ.",
    ),
];

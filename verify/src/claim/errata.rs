//! The errata ledger: where the statement checked differs from the statement printed. Every report carries it.

use serde::Serialize;

/// The number of an entry of [`LEDGER`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
pub struct ErratumId(pub u8);

impl ErratumId {
    /// Its entry, if there is one.
    pub fn entry(self) -> Option<&'static Erratum> {
        LEDGER.iter().find(|e| e.id == self)
    }
}

impl std::fmt::Display for ErratumId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "erratum {}", self.0)
    }
}

/// One entry: as printed, and as checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Erratum {
    /// Its number.
    pub id: ErratumId,
    /// Where in NBL22.
    pub place: &'static str,
    /// What is printed.
    pub printed: &'static str,
    /// What is checked here, and why.
    pub checked: &'static str,
}

const fn entry(id: u8, place: &'static str, printed: &'static str, checked: &'static str) -> Erratum {
    Erratum { id: ErratumId(id), place, printed, checked }
}

/// All entries.
pub const LEDGER: [Erratum; 13] = [
    entry(
        0,
        "Assumption 2",
        "The suprema of |σ|, |σ'| and |σ''| are strictly below 1.",
        "With ≤ 1: the strict form fails for the sigmoid (sup σ = 1) and for tanh (σ and σ').",
    ),
    entry(
        1,
        "Assumption on the loss",
        "ℓ ≤ 1, ℓ convex in z on all of R, and ℓ(y, y) = 0.",
        "With ℓ(y, 0) = O(1) instead: a bounded convex function on R is constant, so the printed form forces ℓ ≡ 0. The pseudo-Huber loss √(1 + (y − z)²) − 1 and log cosh(y − z) qualify.",
    ),
    entry(2, "Assumption 2", "No bound on σ''' is assumed.", "With σ''' bounded: the Taylor step uses it."),
    entry(3, "Equation (6)", "The signs a_r are missing.", "With a_r."),
    entry(4, "Equation (15)", "Σ_{>r} is not the complement of Σ_{≤r}.", "With Σ_{>r} = Σ − Σ_{≤r}."),
    entry(5, "Lemma 3, Theorem 4", "r = d_k.", "With r = n_k, the number of harmonics of degree at most k."),
    entry(6, "Definition 2", "A (ν, γ) second-order stationary point is defined by the Hessian alone.", "With ‖∇f‖ ≤ ν as well."),
    entry(7, "Perturbed gradient descent", "The variance of the noise.", "With entries N(0, s²/(md))."),
    entry(8, "Bound on the features", "The dependence of ‖φ‖².", "With ‖φ‖² = Θ(d), free of m only."),
    entry(
        9,
        "Null directions",
        "Null directions of f_L are useful for f_Q.",
        "Paired neurons moved alike are an exact null direction of f_L on which f_Q vanishes too: useful null directions break the pairing.",
    ),
    entry(
        10,
        "Lemma 3, Corollary 1",
        "λ1 = λ3 = m^{1/2} d^{-(k-1)/2} ε, λ2 = ε, λ4 = d^{-2(k-1)} ε.",
        "The constants behind ≲ are large for the sigmoid with b = 1 (‖W_Q‖_{2,4}⁴ ≈ 3·10³ and R4(W*) ≈ 10⁷ at k = 1), and with the printed λ4 the statements are vacuous at any reachable size: checked with λ_i = ε / R_i(W*).",
    ),
    entry(
        11,
        "Appendix A, spectrum of Σ",
        "Two-sided bounds on the eigenvalues up to degree 2k under Assumption 3.",
        "With λ_{i−1}(σ') ≠ 0 up to degree 2k − 1 as well: the two-sided form needs more of σ' than Assumption 3 gives.",
    ),
    entry(
        12,
        "Rademacher complexity of f_L",
        "The bound for every sample.",
        "On average over samples; for a given sample n_k is replaced by E_n φᵀ Σ_{≤k}⁺ φ.",
    ),
];

//! BL20, generalisation: the Rademacher complexity of f_Q on displacements of small (2,4)-norm, and the
//! factor that it gains over the Frobenius norm.
//!
//! Derived for this project:
//!
//! > `sup_{‖W‖_{2,4} ≤ B} n^{-1} Σ_i ε_i f_Q(x_i; W) = ½B² (m^{-1} Σ_r λ_max(a_r M_r)_+²)^{1/2}` with `M_r =
//! > n^{-1} Σ_i ε_i σ''(w_{0,r}·x_i) x_i x_iᵀ`, and its mean over ε is at most `½B² [2(1 + ln d) m^{-1} Σ_r
//! > v_r/n]^{1/2}`, `v_r = ‖n^{-1} Σ_i σ''² ‖x_i‖² x_i x_iᵀ‖`. Along a spike of strength α, where one
//! > coordinate is ±d^{α/2} and the others are standard normal, the mean times √n is ≍ d^{(1+α)/2}: about
//! > `½κ (d E σ''²)^{1/2}`, with κ = s/√(s−1) for the largest ratio s of the variance along one direction to
//! > that along the others, or 2 if s ≤ 2. On the sphere, where s = ρ = E σ''²z²/E σ''², along w_0, this is
//! > the limit.
//!
//! *Proof of the bound.* `P(λ_max(M_r) ≥ t) ≤ d exp(−nt²/2v_r)` (Tropp, *An introduction to matrix
//! concentration inequalities*, theorem 4.1.1), which integrates to `E λ_max(M_r)_+² ≤ 2(1 + ln d) v_r/n`.

use super::complexity::{drawn, draws, enumerated};
use super::instance::ACTIVATIONS;
use super::letters::{D, M, N, SPIKE};
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Hypothesis, Measurement, Neighbour, Prediction, Side, Sweep, Tier,
    sweep,
};
use crate::error::Result;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct OperatorNorm;

/// What was chosen for the two sweeps in d.
const BENT: &str = "d from 32 on, and κ at finite d, after sweeps from 8 and 16 on bent against bare powers";

const CARD: Card = Card {
    statement: r"\sqrt{n}\, \mathbb{E} \sup_{\|W\|_{2,4} \le 1} \frac{1}{n} \sum_i \epsilon_i f_Q(x_i; W)
        \asymp d^{(1+\alpha)/2}, \qquad \sqrt{n/d}\; \mathbb{E} \sup \to \frac{\kappa}{2} \left( \mathbb{E}
        \sigma''^2 \right)^{1/2} \text{ on the sphere}",
    reference: "BL20, the dimension factor of the abstract; statement and constants derived for this project",
    hypotheses: "Inputs on the sphere of radius √d, or with one coordinate ±d^{α/2} and standard normal \
        others; n ≥ d. Cells with fewer inputs are marked as outside.",
    method: "The supremum in closed form, from the extreme eigenvalues of all M_r, is reached at a \
        displacement that is evaluated, and over all signs of seven inputs held to the bound. Means over \
        drawn signs and inputs are followed in d with n = 16d, in n and in m, beside those of the Frobenius \
        norm, against the edge of a semicircle from which the spike has moved an eigenvalue. On the sphere \
        the ratio to the limit is followed with n = 2d².",
    refuted_by: "A displacement that does better; a mean over all signs above the bound; another exponent of \
        d, as that of the Frobenius norm; a ratio on the sphere that does not tend to 1.",
    variables: &["d", "n", "m"],
    errata: &[ErratumId(4)],
    ..Card::new(&super::PAPER, "bl-operator-norm", "The dimension factor of the quadratic model")
};

impl Claim for OperatorNorm {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let mut cells = Vec::new();
        let quick = tier == Tier::Quick;
        for activation in ACTIVATIONS {
            let cell = |part: &str, alpha: Option<f64>, [d, m, n]: [usize; 3]| {
                let cell =
                    Cell::new(self.id(), part).with(D, d).with(M, m).with(N, n).activation(activation);
                alpha.map_or(cell.clone(), |alpha| cell.with(SPIKE, alpha))
            };
            let mut several = |count: usize, cell: Cell| {
                cells.extend((0..count).map(|r| cell.clone().replicate(r)));
            };
            for alpha in [None, Some(0.0), Some(0.5), Some(1.0)] {
                [3, 5, 8].iter().for_each(|&d| several(1, cell("signs", alpha, [d, 8, 7])));
                // A spike of strength 1 makes a single number of M_r as large as the rest together.
                let count = if alpha == Some(1.0) { 4 } else { 1 };
                let last = if quick { 9 } else { 13 };
                for d in &[32, 38, 45, 54, 64, 76, 91, 108, 128, 152, 181, 215, 256][..last] {
                    several(count, cell("dimensions", alpha, [*d, 4, 16 * d]));
                }
                if alpha.is_none_or(|alpha| alpha == 1.0) {
                    let d = if quick { 24 } else { 48 };
                    sweep::doublings(d / 4, if quick { 8 } else { 9 })
                        .for_each(|n| several(count + 2, cell("samples", alpha, [d, 4, n])));
                    sweep::doublings(4, 5)
                        .for_each(|m| several(count + 2, cell("widths", alpha, [16, m, 128])));
                }
            }
            let ds: &[usize] = if quick { &[8, 16, 32] } else { &[8, 16, 32, 64, 128] };
            ds.iter().for_each(|&d| several(1, cell("limit", None, [d, 8, 2 * d * d])));
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (d, p, n) = (cell.d() as f64, cell.m() as f64 / 2.0, cell.n() as f64);
        let patterns = if cell.part == "signs" { 0.5 * n.exp2() } else { draws(cell) as f64 };
        let one = p * (n * d * (0.06 * d + 4.0) + 1.2 * d.powi(3) + 5e3) + 8.0 * n * d;
        Prediction { flops: 1e5 + patterns * one, bytes: 1e6 + 32.0 * n * (p + d) }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        let out = if cell.part == "signs" { enumerated(cell, seed) } else { drawn(cell, seed) }?;
        let range = cell.part == "signs" || cell.n() >= cell.d();
        Ok(out.hypothesis(Hypothesis::RANGE, range, format!("n ≥ d: {} against {}", cell.n(), cell.d())))
    }

    fn bounds(&self) -> Vec<Bound> {
        vec![
            Bound::identity(
                "supremum",
                "the supremum is ½B²(m^{-1} Σ_r λ_max(a_r M_r)_+²)^{1/2}, reached",
                "reached",
                "closed_form",
                Neighbour::lhs("reached_even", "equal ‖w_r‖ in place of ‖w_r‖² ∝ λ_max(a_r M_r)_+"),
            )
            .neighbour(Neighbour::rhs("largest", "a maximum over r in place of the mean square"))
            .code_check()
            .part("signs"),
            Bound::inequality(
                "explicit",
                "the mean over all signs is at most ½B²[2(1 + ln d) m^{-1} Σ_r v_r/n]^{1/2}",
                "complexity",
                Side::Upper,
                "explicit",
                Neighbour::rhs("explicit_mean", "the mean eigenvalue in v_r, and no 2(1 + ln d)"),
            )
            .code_check()
            .part("signs"),
            Bound::growth(
                "in-d",
                "√n times the complexity is ½κ (d E σ''²)^{1/2} with one constant: ≍ d^{(1+α)/2}, n = 16d; \
                 the sphere is α = 0",
                "scaled",
                "edge",
                Sweep::uniform(D, Side::Both).tied(&[N]),
            )
            .chosen(BENT)
            .headline()
            .part("dimensions"),
            Bound::growth(
                "gain",
                "the Frobenius norm in place of the operator norm loses (d + d^α)/(½κ√d) with one constant: \
                 ≍ d^{(1−α)/2}, nothing at α = 1",
                "gain",
                "gain_edge",
                Sweep::uniform(D, Side::Both).tied(&[N]),
            )
            .chosen(BENT)
            .headline()
            .part("dimensions"),
            Bound::inequality(
                "spike",
                "√n times the complexity is at most d^{(1+α)/2}",
                "scaled",
                Side::Upper,
                "power",
                Neighbour::rhs("power_of_none", "d^{1/2}, as if the spike did not matter"),
            )
            .chosen("the factor 1, after ratios of up to 0.86")
            .part("dimensions"),
            Bound::inequality(
                "isotropy",
                "√n times the complexity is at least ⅛ d^{(1+α)/2}",
                "scaled",
                Side::Lower,
                "power_eighth",
                Neighbour::rhs("power_of_frobenius", "⅛ d, as for the Frobenius norm"),
            )
            .chosen("the factor ⅛, after ratios of 0.25 and more")
            .part("dimensions"),
            Bound::inequality(
                "limit",
                "on the sphere, n = 2d²: |(n/d)^{1/2} complexity/(½κ (E σ''²)^{1/2}) − 1| ≤ d^{−2/3} + d/n",
                "distance",
                Side::Upper,
                "allowed",
                Neighbour::lhs("distance_half", "κ in place of ½κ"),
            )
            .headline()
            .part("limit"),
            Bound::growth(
                "in-n",
                "the complexity falls like n^{−1/2} from n = d on",
                "complexity",
                "fall",
                Sweep::both(N, |_| -0.5),
            )
            .part("samples"),
            Bound::growth(
                "in-m",
                "the complexity does not grow with m, not even by a logarithm",
                "complexity",
                "one",
                Sweep::both(M, |_| 0.0),
            )
            .part("widths"),
        ]
    }
}

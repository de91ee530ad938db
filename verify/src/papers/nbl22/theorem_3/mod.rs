//! Theorem 3 of NBL22: perturbed gradient descent reaches a second-order stationary point.
//!
//! > Perturbed gradient descent on L_λ, `W ← W − η(∇L_λ(W) + Ξ)`, reaches a (ν, γ)-second-order stationary
//! > point, ν ≤ m^{-1/2} and γ ≤ m^{-3/4}, in poly(m) steps, and its iterates stay bounded.
//!
//! The degree of the polynomial is not printed. Steps with a large gradient lower L_λ by `ην²/2` each, so
//! that there are at most of the order of `1/ν² = m` of them; an escape from a saddle lowers L_λ by about
//! γ³/ρ², with ρ of the order of m^{-1/2} the Lipschitz constant of the Hessian, which in the sharp analysis
//! of Jin and others (J. ACM 68 (2021) 11) comes to `ρ²/γ⁴ = m²` steps: the exponent 2 is what is checked,
//! and the tightness says how far it is from what is seen. Bounded means held by the ball that λ4R4 ≤ L_λ(0)
//! draws, and that this ball does not grow with m; inside it the iterates of a network may still spread as m
//! grows, for at small widths they come to rest early (m^{0.6} for the sigmoid from m = 256 to 1024). ν and
//! γ are a fifth of what is printed. With those themselves the initialisation of a narrow network is
//! stationary, and no step is taken.
//!
//! The algorithm of Jin and others has one step size η ≤ 1/l for all steps, l a bound on the norm of the
//! Hessian on the set visited; parts of their own descend in this way, beside a descent with backtracking
//! that has the same noise. l is 1.5 times the largest norm along the path of that one. Afterwards an upper
//! bound on the norm is taken at points of the path itself, each at twice as many steps as the one
//! before, and whether η ≤ 1/l holds there is recorded with the cell. Both descents pass for reaching the
//! point in poly(m) steps where the exponent is at most 2, whatever it is.

mod descent;
mod fixed;
mod saddle;

use super::effort;
use crate::claim::{Bound, Card, Cell, Claim, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep};
use crate::error::Result;
use crate::papers::nbl22::letters::{D, K, Letters, M, N, R};
use escapement::descent::LeastOptions;
use escapement::tolerance::TAIL;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct Theorem3;

/// ν and γ in units of m^{-1/2} and m^{-3/4}.
const SHARE: f64 = 0.2;
/// s in units of ν: steps may be as long as the curvature allows, and on the flat the noise lifts L_λ by as
/// much as they add up to.
const NOISE: f64 = 0.05;
/// l in units of the largest norm of the Hessian along the path of the descent with backtracking.
const MARGIN: f64 = 1.5;
/// Steps after which a descent has failed.
const MAX_STEPS: u64 = 60_000;

/// The largest width below the paper tier: a descent costs about m³, and m² is far above the steps.
const WIDEST: usize = 1100;

/// Parts whose descents start at W = 0, those among them with one step size, and those that start on a
/// saddle; each for f_L + f_Q and for the network.
const SWEEP: [&str; 2] = ["quadratic", "network"];
const FIXED: [&str; 2] = ["fixed-quadratic", "fixed-network"];
const SADDLE: [&str; 2] = ["saddle-quadratic", "saddle-network"];

const CARD: Card = Card {
    statement: r"\|\nabla L_\lambda(W_t)\| \le \nu, \quad \nabla^2 L_\lambda(W_t) \succeq -\gamma I \qquad
        \text{for some } t \le \operatorname{poly}(m) \text{ of perturbed gradient descent}, \qquad \sup_t
        \|W_t\| < \infty, \qquad \nu \le m^{-1/2},\ \gamma \le m^{-3/4}",
    reference: "NBL22, Theorem 3 and equation (21)",
    hypotheses: "η and s small enough, a smooth loss, λ4 > 0.",
    method: "Descents from W = 0 with noise s = ν/20 and η by backtracking, λ_i = ε/E_S R_i(W*), until the \
        gradient is below ν = 0.2 m^{-1/2} and the least eigenvalue of the Hessian is certified above −γ, γ \
        = 0.2 m^{-3/4}; steps against m². The same with one step size η = 1/l, l 1.5 times the norm of the \
        Hessian on the other path. W = 0 made a saddle by labels that are orthogonal to the features: with \
        noise it is left, without noise it holds.",
    refuted_by: "Steps that grow faster than m²; an iterate outside the ball that λ4R4 ≤ L_λ(0) and the \
        noise allow, or a ball that grows with m; a planted saddle that noise does not leave.",
    uses: &["theorem-2"],
    variables: &["m"],
    ..Card::new(
        &crate::papers::nbl22::PAPER,
        "theorem-3",
        "Perturbed descent reaches a second-order stationary point",
    )
};

/// Cells with one step size.
fn fixed_step(tier: Tier, firsts: [usize; 2], cell: &impl Fn(&str) -> Cell) -> Vec<Cell> {
    // Widths, replicates and numbers of samples, for f_L + f_Q and for the network. The exponents of sweeps
    // differ by more than their limits, so that four sweeps would not tell their mean from m².
    let counts: [(usize, usize, &[usize]); 2] = match tier {
        Tier::Quick => [(6, 3, &[24]), (0, 0, &[])],
        Tier::Standard => [(6, 4, &[12, 24, 48]), (5, 4, &[24])],
        Tier::Paper => [(9, 8, &[12, 24, 48]), (7, 8, &[24])],
    };
    let mut cells = Vec::new();
    for ((part, first), (count, replicates, samples)) in FIXED.into_iter().zip(firsts).zip(counts) {
        for (n, m) in samples.iter().flat_map(|&n| sweep::half_octaves(first, count).map(move |m| (n, m))) {
            cells.extend((0..replicates).map(|r| cell(part).with(M, m).with(N, n).replicate(r)));
        }
    }
    cells
}

impl Claim for Theorem3 {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let mut cells = Vec::new();
        // Widths from which the constants of an activation and a model no longer decide when to stop.
        for (activation, firsts, widths) in [("tanh:0.5", [32, 96], 9), ("sigmoid:1", [128, 256], 5)] {
            if tier == Tier::Quick && activation != "tanh:0.5" {
                continue;
            }
            let cell = |part: &str| {
                Cell::new(self.id(), part).with(D, 3).with(K, 1).with(R, 1).activation(activation)
            };
            for (part, first) in SWEEP.into_iter().zip(firsts) {
                // Steps scatter, at k = 2 and for the network by a factor of two and more: there the quick
                // tier has no time for the cells it would take.
                let ks: &[(usize, usize, usize)] = match (tier, part) {
                    (Tier::Quick, "quadratic") => &[(1, 8, 3)],
                    (Tier::Quick, _) => &[],
                    (Tier::Standard, "quadratic") => &[(1, 8, 5), (2, 9, 12)],
                    (Tier::Standard, _) => &[(1, widths, 8)],
                    (Tier::Paper, _) => &[(1, widths + 2, 16), (2, widths + 2, 16)],
                };
                for &(k, count, replicates) in ks {
                    let affordable = |m: &usize| tier == Tier::Paper || *m <= WIDEST;
                    for m in sweep::half_octaves(first, count).filter(affordable) {
                        cells.extend((0..replicates).map(|replicate| {
                            cell(part).with(M, m).with(N, 24).with(K, k).replicate(replicate)
                        }));
                    }
                }
            }
            cells.extend(fixed_step(tier, firsts, &cell));
            // Wider saddles of this kind are so flat that they take more than MAX_STEPS to leave.
            let replicates = if tier == Tier::Quick { 3 } else { 8 };
            for (part, m) in SADDLE.into_iter().flat_map(|part| [8, 16].map(|m| (part, m))) {
                // n above pd, or no labels are orthogonal to all features.
                cells.extend(
                    (0..replicates)
                        .map(|replicate| cell(part).with(M, m).with(N, 6 * m).replicate(replicate)),
                );
            }
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (n, m, d, k) = (cell.n() as f64, cell.m() as f64, cell.d() as f64, cell.k() as f64);
        let (network, sigmoid) = (cell.part.ends_with("network"), cell.activation.starts_with("sigmoid"));
        let flops = if SADDLE.contains(&cell.part.as_str()) {
            n * m * if sigmoid { 1e5 } else { 3e4 }
        } else if cell.m() * cell.d() <= LeastOptions::default().dense {
            // Looks at the whole spectrum of the Hessian, as many as were seen.
            let looks = match (network, sigmoid) {
                (true, _) => 16.0,
                (_, true) => 3.0,
                _ => 5.5 * k * k,
            };
            looks * effort::decomposition(m * d)
        } else {
            // About m steps, in each of which the regularisers take a product with Σ; coefficients as seen.
            let cubic = match (network, sigmoid) {
                (true, true) => 4.0,
                (true, false) => 4.0 * k * k,
                (false, true) => 2.0,
                (false, false) => 2.2 * k * k,
            };
            cubic * m.powi(3)
        };
        // A second descent, and looks at the Hessian along it.
        let times = if FIXED.contains(&cell.part.as_str()) { 2.5 } else { 1.0 };
        let flops = 2e6 + effort::top_space(cell, TAIL) + times * flops;
        Prediction { flops, bytes: 3e7 + 8.0 * (5.0 * n * m + 310.0 * m * d) }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        if SADDLE.contains(&cell.part.as_str()) {
            saddle::measure(cell, seed)
        } else if FIXED.contains(&cell.part.as_str()) {
            fixed::measure(cell, seed)
        } else {
            descent::measure(cell, seed)
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        let sweep = |c: &Cell| SWEEP.contains(&c.part.as_str());
        let descent = move |c: &Cell| sweep(c) || FIXED.contains(&c.part.as_str());
        let mut bounds =
            vec![
            Bound::growth(
                "steps",
                "the steps from W = 0 to a certified (ν, γ)-second-order stationary point are ≲ m²",
                "steps",
                "width_squared",
                Sweep::upper(M, |_| 2.0),
            ).headline()
            .among(sweep),
            Bound::inequality(
                "arrives",
                "a certified point is reached within 60 000 steps, at every width",
                "steps",
                Side::Upper,
                "budget",
                Neighbour::rhs("budget_halved", "half of the steps that were taken"),
            )
            .among(descent),
            Bound::inequality(
                "large-gradients",
                "Σ η_t over the steps with ‖∇L_λ‖ > ν is at most 2(L_λ(0) − L_λ(W_T))/ν², and what the \
                 noise adds",
                "time",
                Side::Upper,
                "time_allowed",
                Neighbour::rhs("time_first_order", "ν for ν²"),
            )
            .code_check()
            .among(sweep),
            Bound::inequality(
                "gradient",
                "the last gradient is at most ν",
                "gradient",
                Side::Upper,
                "nu",
                Neighbour::lhs("gradient_halfway", "the point that half of the steps reach"),
            )
            .among(descent),
            Bound::inequality(
                "curvature",
                "minus the certified lower bound on the least eigenvalue of the last Hessian is at most γ",
                "curvature",
                Side::Upper,
                "gamma",
                Neighbour::lhs(
                    "curvature_refused",
                    "an earlier stationary point, which the look at its curvature did not let pass",
                ),
            )
            .among(descent),
            Bound::inequality(
                "bounded",
                "all iterates have ‖W_t‖_{2,4} ≤ ((L_λ(0) + what the noise adds)/λ4)^{1/8}",
                "radius",
                Side::Upper,
                "radius_allowed",
                Neighbour::rhs("radius_sharper", "the root of twice that order"),
            ).headline()
            .among(descent),
            Bound::growth(
                "bounded-in-m",
                "that ball does not grow along m: its radius is ≲ 1",
                "radius_allowed",
                "one",
                Sweep::upper(M, |_| 0.0),
            )
            .among(sweep),
        ];
        bounds.extend(fixed_bounds());
        bounds.extend(saddle_bounds());
        bounds
    }
}

/// What is said of the descents with one step size alone.
fn fixed_bounds() -> [Bound; 2] {
    let fixed = |c: &Cell| FIXED.contains(&c.part.as_str());
    [
        Bound::growth(
            "fixed-steps",
            "with one step size η = 1/l in place of backtracking, the steps to such a point are ≲ m² too",
            "steps",
            "width_squared",
            Sweep::upper(M, |_| 2.0),
        )
        .chosen("n = 12 and 48 beside 24 from the standard tier on: four sweeps left one of five seeds open")
        .among(fixed),
        Bound::inequality(
            "fixed-large-gradients",
            "with one step size too, Σ η over the steps with ‖∇L_λ‖ > ν is at most 2(L_λ(0) − L_λ(W_T))/ν², \
             and what the noise adds: l bounds the Hessian between the points at which it was measured",
            "time",
            Side::Upper,
            "time_allowed",
            Neighbour::rhs("time_first_order", "ν for ν²"),
        )
        .among(fixed),
    ]
}

/// What is said of the saddles.
fn saddle_bounds() -> [Bound; 2] {
    let saddle = |c: &Cell| SADDLE.contains(&c.part.as_str());
    [
        Bound::inequality(
            "saddle",
            "a planted saddle has a negative eigenvalue, a quarter of which is taken for γ",
            "saddle_curvature",
            Side::Lower,
            "positive",
            Neighbour::lhs(
                "fitted_curvature",
                "the same point where the labels are fitted, so that ℓ' vanishes",
            ),
        )
        .code_check()
        .among(saddle),
        Bound::inequality(
            "escape",
            "with noise the descent ends certified, and below the planted saddle",
            "end",
            Side::Upper,
            "below_saddle",
            Neighbour::lhs("end_without_noise", "no noise"),
        )
        .among(saddle),
    ]
}

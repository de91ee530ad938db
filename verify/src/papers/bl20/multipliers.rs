//! BL20, beyond the quadratic model: random multipliers of neurons that silence the terms of f below an order
//! k, and what they cost.
//!
//! Derived for this project:
//!
//! > A real ξ with E ξ = 0 and E ξ^k = 1, |ξ| ≤ ϱ, has `E ξ² ≥ ϱ^{2−k} > 0`: for k ≥ 3 no real multiplier
//! > silences the orders below k. The k-th roots of unity do, and so do signed designs, where the second
//! > layer has a random factor η as well: `E[ηξ^j] = δ_jk`. The least noise `E[η²ξ²]` of designs with
//! > |ξ| ≤ 1 is `4^{k−2}`, by the Chebyshev polynomial T_{k−1}.
//!
//! *Proof.* `ξ^k ≤ ϱ^{k−2} ξ²`. With `ν_l = c_l t_l` the noise is at least `(Σ|ν_l|)²` by Cauchy and Schwarz,
//! and `Σ|ν_l| ≥ Σ ν_l T_{k−1}(t_l) = 2^{k−2}`, the leading coefficient.

use super::letters::{ORDER, REACH};
use super::outcomes::{self, design_of};
use crate::claim::{Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Tier};
use crate::error::Result;
use escapement::ball::Ball;
use escapement::randomised::{least_noise, least_noise_on, least_square_on};
use escapement::rounding;
use std::f64::consts::PI;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct Multipliers;

/// The nodes ±ε that stand for 0 in designs of odd order.
pub(super) const EPSILON: f64 = 0.1;
/// The nodes cos(iπ/60), among which are the extrema of T_1, …, T_6.
const NODES: usize = 60;

const CARD: Card = Card {
    statement: r"\mathbb{E} \xi = 0,\ \mathbb{E} \xi^k = 1,\ |\xi| \le \varrho \Longrightarrow \mathbb{E} \xi^2 \ge
        \varrho^{2-k}, \qquad \min \left\{ \mathbb{E}[\eta^2 \xi^2] : \mathbb{E}[\eta \xi^j] = \delta_{jk},
        |\xi| \le 1 \right\} = 4^{k-2}",
    reference: "BL20, the systematic generalisation of the abstract; statement and proofs derived for this \
        project",
    hypotheses: "One independent multiplier for each neuron, k from 2 to 7.",
    method: "Mean and variance of f of four neurons over all outcomes, against the law by neurons. For σ = \
        z^k/k!, of which f has no term above order k, the mean is f^{(k)} itself. Linear programs over \
        weights and over probabilities on a grid, with certified gaps, find the least noise and the least \
        E ξ² without the Chebyshev polynomial.",
    refuted_by: "A real multiplier with a smaller second moment; a design with less noise; a mean over all \
        outcomes that is not f^{(k)}.",
    variables: &["k"],
    errata: &[ErratumId(3)],
    ..Card::new(&super::PAPER, "bl-multipliers", "Multipliers that silence the orders below k")
};

impl Claim for Multipliers {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, _: Tier) -> Vec<Cell> {
        let cell = |part: &str, k: usize| Cell::new(self.id(), part).with(ORDER, k);
        let parts = ["design", "roots", "program"];
        let mut cells: Vec<Cell> = (2..=7).flat_map(|k| parts.map(|part| cell(part, k))).collect();
        cells.extend((3..=7).flat_map(|k| [2.0, 4.0].map(|reach| cell("real", k).with(REACH, reach))));
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let flops = match cell.part.as_str() {
            "design" | "roots" => 1e5 + 20.0 * (cell.whole(ORDER) as f64 + 1.0).powi(4),
            _ => 5e6,
        };
        Prediction { flops, bytes: 1e6 }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match cell.part.as_str() {
            "program" => program(cell),
            "real" => real(cell),
            part => outcomes::measure(cell, seed, part == "design"),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        let law = |cell: &Cell| matches!(cell.part.as_str(), "design" | "roots");
        let even = |cell: &Cell| cell.part == "program" && cell.whole(ORDER).is_multiple_of(2);
        let odd = |cell: &Cell| cell.part == "program" && !cell.whole(ORDER).is_multiple_of(2);
        vec![
            Bound::identity(
                "silent",
                "for σ = z^k/k! the mean of f over a design or over roots of unity is f^{(k)}",
                "power_mean",
                "term",
                Neighbour::lhs("power_below", "the multiplier of order k − 1"),
            )
            .neighbour(Neighbour::lhs("power_wrong", "a weight of the design that is wrong by 10⁻³"))
            .headline()
            .among(law),
            Bound::identity(
                "real-even",
                "the least E ξ² of a real ξ with E ξ = 0, E ξ^k = 1 and |ξ| ≤ ϱ is ϱ^{2−k} for even k",
                "square",
                "least_square",
                Neighbour::lhs("zero", "E ξ² = 0, which a multiplier of order k needs"),
            )
            .neighbour(Neighbour::rhs("signs", "1, as for signs"))
            .headline()
            .part("real")
            .among(|cell| cell.whole(ORDER).is_multiple_of(2)),
            Bound::inequality(
                "real-odd",
                "for odd k it is more than ϱ^{2−k}",
                "square",
                Side::Lower,
                "least_square",
                Neighbour::lhs("zero", "E ξ² = 0, which a multiplier of order k needs"),
            )
            .strict()
            .headline()
            .part("real")
            .among(|cell| !cell.whole(ORDER).is_multiple_of(2)),
            Bound::identity(
                "mean",
                "the mean of f is that over all outcomes",
                "mean",
                "mean_enumerated",
                Neighbour::lhs("mean_below", "the multiplier of order k − 1"),
            )
            .code_check()
            .among(law),
            Bound::identity(
                "variance",
                "the variance of f is that over all outcomes",
                "variance",
                "variance_enumerated",
                Neighbour::lhs("variance_below", "the multiplier of order k − 1"),
            )
            .code_check()
            .among(law),
            Bound::identity(
                "least-noise",
                "the least E[η²ξ²] of a linear program on 61 nodes is 4^{k−2}",
                "program",
                "least",
                Neighbour::lhs("equidistant", "as many equidistant nodes as the order says"),
            )
            .neighbour(Neighbour::rhs("doubled", "2^{k−2}"))
            .code_check()
            .part("program"),
            Bound::identity(
                "attained",
                "designs of even order attain 4^{k−2} on the extrema of T_{k−1}",
                "noise",
                "least",
                Neighbour::lhs("equidistant", "as many equidistant nodes as the order says"),
            )
            .code_check()
            .among(even),
            Bound::inequality(
                "approached",
                "designs of odd order, with ±0.1 for the node 0, exceed the least noise, by less than half of \
                 it",
                "noise",
                Side::Upper,
                "least_half_more",
                Neighbour::rhs("least", "4^{k−2} itself"),
            )
            .chosen("the nodes ±0.1 and the half, after ±0.3 had twice the least noise at k = 7")
            .code_check()
            .among(odd),
        ]
    }
}

/// The linear program, and the noise of designs.
fn program(cell: &Cell) -> Result<Measurement> {
    let k = cell.whole(ORDER);
    let nodes: Vec<f64> = (0..=NODES).map(|i| (PI * i as f64 / NODES as f64).cos()).collect();
    let least = least_noise(k)?;
    let design = design_of(k)?;
    // Weights err by their moments' roundings, see Design::new.
    let error = rounding::sum(8 * design.nodes().len(), 16 * k) * design.absolute_moment(1);
    let noise = Ball::new(design.noise(), 2.0 * error * design.noise().sqrt());
    let out = Measurement::new()
        .ball("program", least_noise_on(k, &nodes)?)
        .ball("least", Ball::exact(least))
        .ball("least_half_more", Ball::exact(1.5 * least))
        .ball("noise", noise)
        .hypothesis("|ξ| ≤ 1", true, "cos(iπ/60), 0 ≤ i ≤ 60");
    let equidistant: Vec<f64> = (0..k).map(|i| 2.0 * i as f64 / (k - 1) as f64 - 1.0).collect();
    Ok(if k == 2 {
        out
    } else {
        out.ball("doubled", Ball::exact(least.sqrt())).ball("equidistant", least_noise_on(k, &equidistant)?)
    })
}

/// The least second moment of a real multiplier.
fn real(cell: &Cell) -> Result<Measurement> {
    let (k, reach) = (cell.whole(ORDER), cell.real(REACH));
    let nodes: Vec<f64> = (0..=128).map(|i| reach * (i as f64 / 64.0 - 1.0)).collect();
    Ok(Measurement::new()
        .ball("square", least_square_on(k, &nodes)?)
        .ball("least_square", Ball::exact(reach.powi(2 - k as i32)))
        .ball("zero", Ball::exact(0.0))
        .ball("signs", Ball::exact(1.0))
        .hypothesis("|ξ| ≤ ϱ", true, "129 equidistant nodes"))
}

//! T22, its running example: the 2-sparse parity, whose kernel and global margins are of different order.
//!
//! Derived for this project:
//!
//! > On the cube `{±1/√d}^d` the margin of the kernel machine has `1/γ_2² ~ (2π/3)d²`, and the largest
//! > normalised margin `√m min_i p_i/‖W‖²` of any network is `Γ* = 1/(4√(2d))`, so that `1/Γ*² = 32d`. The
//! > kernel perceptron makes at most `1/γ_2²` mistakes on any sequence.
//!
//! Γ* belongs to neurons along ±e_1 ± e_2, and no direction does better against equal weights on the
//! corners. Training at a small width does not reach it, which is not tested here.

use super::instance::{self, Examples};
use super::letters::D;
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep,
};
use crate::error::Result;
use escapement::ball::Ball;
use escapement::kernel::arc_cosine::Layers;
use escapement::margin::{Directions, parity};
use escapement::sphere::uniform_sphere;
use faer::{Mat, Par};

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct ParityGap;

/// Directions that are drawn beside ±e_1 ± e_2.
const DRAWN: usize = 64;
/// Examples of the perceptron, in units of d².
const PASSES: usize = 64;

const CARD: Card = Card {
    statement: r"\gamma_2 \asymp \frac{1}{d}, \qquad \Gamma^* = \frac{1}{4\sqrt{2d}}, \qquad
        \text{mistakes} \le \frac{1}{\gamma_2^2} \asymp d^2",
    reference: "T22, the 2-sparse parity of the abstract; formulas derived for this project",
    hypotheses: "The whole cube for the margins; independent corners for the perceptron.",
    method: "Both closed forms in d to 4096. The linear program of the global margin on all 2^d corners, d \
        from 2 to 8, over ±e_1 ± e_2 and 64 drawn directions. The kernel perceptron on 64d² independent \
        corners, whose mistakes are held to 1/γ_2² and followed in d from both sides.",
    refuted_by: "A direction that does better; more mistakes than 1/γ_2²; mistakes that grow otherwise than \
        1/γ_2².",
    variables: &["d"],
    uses: &["lr-ntk-margin", "lr-norm-only"],
    errata: &[ErratumId(1), ErratumId(2), ErratumId(5)],
    ..Card::new(&super::PAPER, "lr-parity-gap", "Kernel and global margin of a parity")
};

impl Claim for ParityGap {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let cell = |part: &str, d: usize| Cell::new(self.id(), part).with(D, d);
        let mut cells: Vec<Cell> =
            sweep::dimensions(tier).iter().chain(&[4096]).map(|d| cell("sum", *d)).collect();
        cells.extend((2..=8).map(|d| cell("directions", d)));
        let (sizes, replicates): (&[usize], _) = if tier == Tier::Quick {
            (&[4, 6, 8, 12, 16, 24], 8)
        } else {
            (&[4, 6, 8, 12, 16, 24, 32, 48], 8)
        };
        for d in sizes {
            cells.extend((0..replicates).map(|i| cell("perceptron", *d).replicate(i)));
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (d, corners) = (cell.d() as f64, (1_u64 << cell.d().min(8)) as f64);
        let flops = match cell.part.as_str() {
            "sum" => 1e5,
            "directions" => 1e6 + 100.0 * corners.powi(3),
            _ => PASSES as f64 * d.powi(4),
        };
        Prediction { flops, bytes: 1e6 + 64.0 * corners * corners }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        let out = match cell.part.as_str() {
            "sum" => sum(cell),
            "directions" => directions(cell, seed),
            _ => perceptron(cell, seed),
        }?;
        Ok(out.hypothesis("corners of the cube", true, "all, or independent ones"))
    }

    fn bounds(&self) -> Vec<Bound> {
        vec![
            Bound::asymptotic("kernel-in-d", "1/γ_2² ≍ d²", "kernel", Sweep::both(D, |_| 2.0))
                .headline()
                .part("sum"),
            Bound::asymptotic(
                "gap-in-d",
                "Γ*²/γ_2² ≍ d: the kernel margin is the smaller one",
                "gap",
                Sweep::both(D, |_| 1.0),
            )
            .part("sum"),
            Bound::identity(
                "global-margin",
                "±e_1 ± e_2 with 64 drawn directions have the margin 2Γ* = 1/(2√(2d))",
                "program",
                "closed",
                Neighbour::rhs("whole", "d in place of 2d"),
            )
            .neighbour(Neighbour::lhs("drawn", "the drawn directions alone"))
            .headline()
            .part("directions"),
            Bound::inequality(
                "mistakes",
                "the kernel perceptron makes at most 1/γ_2² mistakes",
                "mistakes",
                Side::Upper,
                "kernel",
                Neighbour::rhs("slow", "the bound at d = 4 times (d/4)^{3/2}"),
            )
            .headline()
            .part("perceptron"),
            Bound::growth(
                "mistakes-follow-the-kernel",
                "mistakes ≍ 1/γ_2²: the bound is tight in d",
                "mistakes",
                "kernel",
                Sweep::uniform(D, Side::Both),
            )
            .scatter("the mistakes are those of a random sequence")
            .part("perceptron"),
        ]
    }
}

/// `1/γ_2²` and `1/Γ*²`.
fn inverse_squares(d: usize) -> Result<[Ball; 2]> {
    Ok(parity(d, Layers::Both)?.map(|margin| margin.powi(-2)))
}

/// Both closed forms.
fn sum(cell: &Cell) -> Result<Measurement> {
    let [kernel, global] = inverse_squares(cell.d())?;
    Ok(Measurement::new().ball("kernel", kernel).ball("gap", kernel / global))
}

/// The linear program of the global margin.
fn directions(cell: &Cell, seed: u64) -> Result<Measurement> {
    let d = cell.d();
    let Examples { x, y } = Examples::cube(d)?;
    let drawn = uniform_sphere(&mut cell.stream(seed, "directions"), DRAWN, d, 1.0);
    let planted = |j: usize, c: usize| match c {
        0 | 1 if j >> c & 1 == 1 => 1.0,
        0 | 1 => -1.0,
        _ => 0.0,
    };
    let all = Mat::from_fn(4 + DRAWN, d, |j, c| if j < 4 { planted(j, c) } else { drawn[(j - 4, c)] });
    let margin = |v: &Mat<f64>| -> Result<Ball> {
        Ok(Directions::new(v.as_ref(), x.as_ref(), &y, Par::Seq)?.margin()?.margin)
    };
    let [_, global] = parity(d, Layers::Both)?;
    Ok(Measurement::new()
        .ball("program", margin(&all)?)
        .ball("drawn", margin(&drawn)?)
        .ball("closed", 2.0 * global)
        .ball("whole", (1.0 / (4.0 * Ball::exact(d as f64))).sqrt()))
}

/// The kernel perceptron: K depends on the number of coordinates that differ.
fn perceptron(cell: &Cell, seed: u64) -> Result<Measurement> {
    let d = cell.d();
    let mut kernel = Vec::with_capacity(d + 1);
    for k in 0..=d {
        kernel.push(Layers::Both.kernel((d as f64 - 2.0 * k as f64) / d as f64)?.value);
    }
    let mut mistakes: Vec<(u64, f64)> = Vec::new();
    for code in instance::codes(&mut cell.stream(seed, "sequence"), PASSES * d * d, d)? {
        let label = instance::parity(code);
        let value = |(other, y): &(u64, f64)| y * kernel[(code ^ other).count_ones() as usize];
        if label * mistakes.iter().map(value).sum::<f64>() <= 0.0 {
            mistakes.push((code, label));
        }
    }
    let [bound, _] = inverse_squares(d)?;
    let [at_four, _] = inverse_squares(4)?;
    let ratio = 0.25 * d as f64;
    Ok(Measurement::new()
        .quantity("mistakes", mistakes.len() as f64, 0.0)
        .ball("kernel", bound)
        .ball("slow", at_four * Ball::relative(ratio.powf(1.5), 4.0 * f64::EPSILON))
        .cost((PASSES * d * d * mistakes.len()) as f64, 16.0 * (PASSES * d * d) as f64, 0.0))
}

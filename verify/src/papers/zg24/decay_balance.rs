//! ZG24, weight decay balances the layers.
//!
//! Derived for this project:
//!
//! > At any point `a_i ∂_{a_i}F − w_i·∂_{w_i}F = λ(a_i² − ‖w_i‖²)`, because L depends on the product of the
//! > two alone. Under gradient flow the imbalance a_i² − ‖w_i‖² falls like e^{−2λt}, and under gradient
//! > descent up to O(η).

use super::letters::{D, DECAY, M, STEPS, TEACHERS};
use super::student::{Student, random, teacher};
use crate::claim::{
    Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Sweep, Tier, sweep,
};
use crate::error::Result;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct DecayBalance;

/// The time that is descended.
const TIME: f64 = 0.5;

const CARD: Card = Card {
    statement: r"\langle (a_i, -w_i), \nabla_i F \rangle = \lambda (a_i^2 - \|w_i\|^2), \qquad
        a_i^2 - \|w_i\|^2 = e^{-2 \lambda t} (a_i(0)^2 - \|w_i(0)\|^2)",
    reference: "ZG24, the weight decay of the abstract; statement derived for this project",
    hypotheses: "Any student and teacher with neurons a|w·x|.",
    method: "The left side by central differences of F along (a_i, −w_i), without the formula of the gradient. \
        Gradient descent to the time ½ with η = 1/H, H from 32 to 8192: the distance of the imbalances from e^{−2λt} \
        times the first ones, in H.",
    refuted_by: "Another identity; a distance that does not fall like η.",
    variables: &["lambda", "H"],
    errata: &[ErratumId(1)],
    ..Card::new(&super::PAPER, "decay-balance", "Weight decay balances the layers")
};

impl Claim for DecayBalance {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let replicates = if tier == Tier::Quick { 2 } else { 8 };
        let mut cells = Vec::new();
        for decay in [0.01, 0.1, 1.0] {
            let cell = |part: &str| {
                Cell::new(self.id(), part).with(D, 5).with(M, 6).with(TEACHERS, 3).with(DECAY, decay)
            };
            cells.extend((0..replicates).map(|r| cell("point").replicate(r)));
            cells.extend(sweep::doublings(32, 9).map(|h| cell("descent").with(STEPS, h)));
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let steps = if cell.part == "point" { 20.0 } else { TIME * cell.whole(STEPS) as f64 };
        Prediction { flops: 1e4 + steps * 54.0 * 250.0, bytes: 1e5 }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        let (decay, teacher) = (cell.real(DECAY), teacher(cell.d(), cell.whole(TEACHERS)));
        // The same start for every learning rate.
        let start =
            random(&mut cell.clone().without(STEPS).stream(seed, "student"), cell.m(), cell.d(), 0.7);
        let imbalance = |s: &Student| -> Vec<f64> {
            s.a.iter().enumerate().map(|(i, a)| a * a - s.w.row(i).squared_norm_l2()).collect()
        };
        let before = imbalance(&start);
        let out = Measurement::new().hypothesis("neurons a|w·x|", true, "drawn");
        if cell.part == "point" {
            // F along a_i e^t, w_i e^{−t}, all neurons at once, each with its own speed.
            let speed = |i: usize| 1.0 / (1 + i) as f64;
            let at = |t: f64| {
                let mut s = start.clone();
                for i in 0..s.a.len() {
                    let factor = (speed(i) * t).exp();
                    s.a[i] *= factor;
                    (0..s.w.ncols()).for_each(|c| s.w[(i, c)] /= factor);
                }
                s.objective(&teacher, decay)
            };
            let step = 1e-3;
            let (up, down) = (at(step), at(-step));
            let slope = (up.value - down.value) / (2.0 * step);
            let wanted: f64 = before.iter().enumerate().map(|(i, b)| decay * speed(i) * b).sum();
            // F is λ/2 Σ(a²e^{2vt} + w²e^{−2vt}) there: its third derivative is at most 4λ Σ(a² + w²)e^{2t}.
            let squares = start.square();
            let error = step * step / 6.0 * 4.1 * decay * squares + (up.error + down.error) / (2.0 * step);
            return Ok(out
                .quantity("slope", slope, error)
                .quantity("balance", wanted, 1e-15 * decay * squares)
                .quantity("twice", 2.0 * wanted, 1e-15 * decay * squares));
        }
        let (rate, mut s) = (1.0 / cell.whole(STEPS) as f64, start);
        let steps = (TIME / rate).round() as usize;
        for _ in 0..steps {
            s.step(&teacher, decay, rate);
        }
        let left = (-2.0 * decay * TIME).exp();
        let distance: f64 = imbalance(&s).iter().zip(&before).map(|(now, b)| (now - left * b).abs()).sum();
        // Each step rounds an imbalance by a few ε of the squares.
        Ok(out.quantity("distance", distance, 1e-15 * steps as f64 * s.square()))
    }

    fn bounds(&self) -> Vec<Bound> {
        vec![
            Bound::identity(
                "balance",
                "the slope of F along (a_i, −w_i) is λ(a_i² − ‖w_i‖²)",
                "slope",
                "balance",
                Neighbour::rhs("twice", "a factor 2"),
            )
            .code_check()
            .part("point"),
            Bound::asymptotic(
                "descent",
                "the imbalance is e^{−2λt} times the first one up to O(η), η = 1/H",
                "distance",
                Sweep::both(STEPS, |_| -1.0),
            )
            .headline()
            .part("descent"),
        ]
    }
}

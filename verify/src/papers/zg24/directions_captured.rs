//! ZG24, a small regularised loss captures the directions of the teacher.
//!
//! Derived for this project, for orthonormal teachers: let `η(w) = Σ_j s_j (w̄·w̄*_j)⁴`, which is
//! `E[p(x)|w·x|]`.
//!
//! > For every student `D := Σ_i (|ν_i| − ν_i η(w_i)) ≤ TV − TV* + ‖p‖√L`, and `D ≥ Σ_i |ν_i| sin²∠(w_i,
//! > teachers)`. With `F_* = λTV*`, `D ≤ (F − F_*)/λ + λ‖p‖²/4`. With the certificate p_1 of one teacher,
//! > `|Σ_i ν_i (w̄_i·w̄*_j)⁴ − ν*_j| ≤ ‖p_1‖√L`: below a threshold of L every teacher has a neuron of its
//! > sign.

use super::letters::{D, DECAY, M, TEACHERS};
use super::student::{Student, certificate, random, teacher};
use crate::claim::{Bound, Card, Cell, Claim, ErratumId, Measurement, Neighbour, Prediction, Side, Tier};
use crate::error::Result;
use escapement::ball::Ball;
use faer::Mat;

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct DirectionsCaptured;

/// Steps of gradient descent, and their rate.
const STEPS: usize = 1500;
const RATE: f64 = 0.05;

const CARD: Card = Card {
    statement: r"\sum_i |\nu_i| \mathrm{sin}^2(\theta_i) \le D \le \mathrm{TV} - \mathrm{TV}^* + \|p\| \sqrt{L}, \qquad
        D \le (F - F_*)/\lambda + \lambda \|p\|^2 / 4",
    reference: "ZG24, features of the abstract; certificate and constants derived for this project",
    hypotheses: "Orthonormal teachers, standard normal inputs, λ > 0 where F is spoken of.",
    method: "Random students, students near the teacher, trained students, and pairs that cancel, beside each \
        display. ‖p‖ in closed form.",
    refuted_by: "A student with a larger D, or a fourth moment further from the teacher's.",
    variables: &["d", "m", "N", "lambda"],
    uses: &["decay-balance"],
    errata: &[ErratumId(1), ErratumId(2)],
    ..Card::new(&super::PAPER, "directions-captured", "A small regularised loss captures directions")
};

impl Claim for DirectionsCaptured {
    fn card(&self) -> Card {
        CARD
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let replicates = if tier == Tier::Quick { 2 } else { 8 };
        let mut cells = Vec::new();
        for (d, count, m) in [(3, 1, 4), (4, 2, 8), (8, 3, 12), (20, 5, 16)] {
            for decay in [0.01, 0.1] {
                for part in ["random", "near", "trained", "cancelling"] {
                    let cell = Cell::new(self.id(), part).with(D, d).with(TEACHERS, count).with(M, m);
                    let cell = cell.with(DECAY, decay);
                    cells.extend((0..replicates).map(|r| cell.clone().replicate(r)));
                }
            }
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (m, n, d) = (cell.m() as f64, cell.whole(TEACHERS) as f64, cell.d() as f64);
        let steps = if cell.part == "trained" { STEPS as f64 } else { 2.0 };
        Prediction { flops: 1e4 + steps * m * (m + n) * (150.0 + 14.0 * d), bytes: 1e5 }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        let (d, count, decay) = (cell.d(), cell.whole(TEACHERS), cell.real(DECAY));
        let teacher = teacher(d, count);
        let signs: Vec<f64> = teacher.a.iter().map(|a| a.signum()).collect();
        let [p, one] = [certificate(d, &signs)?.sqrt(), certificate(d, &[1.0])?.sqrt()];
        let student = student(cell, seed, &teacher);
        let loss = student.loss(&teacher);
        let loss = Ball::new(loss.value.max(0.0), loss.error);
        let root = Ball::new(
            loss.value.sqrt(),
            (loss.value + loss.error).sqrt() - loss.value.sqrt() + loss.error.sqrt(),
        );
        let masses = student.masses();
        let fourth = |i: usize, j: usize| {
            let norms = student.w.row(i).norm_l2() * teacher.w.row(j).norm_l2();
            (student.w.row(i) * teacher.w.row(j).transpose() / norms).powi(2)
        };
        let (mut distance, mut sines) = (0.0, 0.0);
        for (i, mass) in masses.iter().enumerate() {
            let eta: f64 = (0..count).map(|j| signs[j] * fourth(i, j).powi(2)).sum();
            distance += mass.abs() - mass * eta;
            let nearest = (0..count).map(|j| fourth(i, j)).fold(0.0, f64::max);
            sines += mass.abs() * (1.0 - nearest).max(0.0);
        }
        let moment = |j: usize| {
            let found: f64 = masses.iter().enumerate().map(|(i, mass)| mass * fourth(i, j).powi(2)).sum();
            (found - teacher.masses()[j]).abs()
        };
        let furthest = (0..count).map(moment).fold(0.0, f64::max);
        let (variation, wanted) = (student.variation(), teacher.variation());
        let each = 1e-14 * (variation + wanted);
        let excess = student.objective(&teacher, decay) - decay * wanted;
        Ok(Measurement::new()
            .quantity("distance", distance, each)
            .quantity("sines", sines, each)
            .ball("bound", variation - wanted + p * root + Ball::new(0.0, each))
            .quantity("variation", variation - wanted, each)
            .ball("by_objective", excess / decay + decay * p * p / 4.0)
            .ball("by_objective_loss", excess / decay)
            .ball("loss_alone", p * root)
            .quantity("moment", furthest, each)
            .ball("moment_bound", one * root)
            .ball("moment_half", 0.5 * root)
            .quantity("twice_sines", 2.0 * sines, each)
            .hypothesis("orthonormal teachers", true, format!("{count} in R^{d}")))
    }

    fn bounds(&self) -> Vec<Bound> {
        let below = |name: &str, statement: &str, [lhs, rhs]: [&str; 2], control: Neighbour| {
            Bound::inequality(name, statement, lhs, Side::Upper, rhs, control)
        };
        vec![
            below(
                "captured",
                "D ≤ TV − TV* + ‖p‖√L",
                ["distance", "bound"],
                Neighbour::rhs("variation", "‖p‖√L dropped"),
            )
            .neighbour(Neighbour::rhs("loss_alone", "TV − TV* dropped: the loss alone"))
            .headline(),
            below(
                "objective",
                "D ≤ (F − F_*)/λ + λ‖p‖²/4",
                ["distance", "by_objective"],
                Neighbour::rhs("loss_alone", "‖p‖√L: no weight decay"),
            )
            .headline(),
            below(
                "angles",
                "Σ_i |ν_i| sin²∠(w_i, teachers) ≤ D",
                ["sines", "distance"],
                Neighbour::lhs("twice_sines", "twice the sum"),
            )
            .chosen("without trained students, where both vanish to rounding")
            .among(|cell| cell.part != "trained"),
            below(
                "moments",
                "|Σ_i ν_i (w̄_i·w̄*_j)⁴ − ν*_j| ≤ ‖p_1‖√L for every teacher",
                ["moment", "moment_bound"],
                Neighbour::rhs("moment_half", "½ in place of ‖p_1‖"),
            )
            .headline(),
        ]
    }
}

/// The student of a cell.
fn student(cell: &Cell, seed: u64, teacher: &Student) -> Student {
    let (d, m, count) = (cell.d(), cell.m(), cell.whole(TEACHERS));
    let rng = &mut cell.stream(seed, "student");
    let noise = random(rng, m, d, if cell.part == "near" { 0.1 } else { 0.5 });
    match cell.part.as_str() {
        "near" => {
            // m/N neurons about each teacher.
            let share = (m as f64 / count as f64).sqrt();
            let a = (0..m).map(|i| teacher.a[i % count] / share + noise.a[i]).collect();
            Student { a, w: Mat::from_fn(m, d, |i, c| teacher.w[(i % count, c)] / share + noise.w[(i, c)]) }
        }
        "cancelling" => {
            // The teacher itself, and pairs of opposite masses along drawn directions that nearly cancel.
            let pair = |i: usize| count + (i - count) / 2 * 2;
            let own = |i: usize| i < count || pair(i) + 1 >= m;
            let a = (0..m).map(|i| match i {
                _ if i < count => teacher.a[i],
                _ if own(i) => 0.0,
                _ => {
                    if i == pair(i) {
                        0.7
                    } else {
                        -0.7
                    }
                }
            });
            let row = |i: usize, c: usize| {
                if i < count { teacher.w[(i, c)] } else { noise.w[(pair(i), c)] + 1e-4 * noise.w[(i, c)] }
            };
            Student { a: a.collect(), w: Mat::from_fn(m, d, row) }
        }
        "trained" => {
            let mut s = noise;
            (0..STEPS).for_each(|_| s.step(teacher, cell.real(DECAY), RATE));
            s
        }
        _ => noise,
    }
}

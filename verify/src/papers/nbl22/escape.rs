//! NBL22: leaving the neighbourhood in which the network is its linearisation.
//!
//! The neurons moved by W_Q move by ≍ m^{-1/4}, far more than the m^{-1/2} of the linear regime (and of
//! W_L), and `‖W_Q‖_F² ≍ m^{1/2} d^{(k−1)/2}`.

use super::instance::{self, ACTIVATIONS, Instance, LONG_RANGE, TERMS};
use super::moments::Moments;
use super::{effort, hypotheses};
use crate::claim::{Bound, Card, Cell, Claim, Measurement, Neighbour, Prediction, Side, Sweep, Tier, sweep};
use crate::error::Result;
use crate::papers::nbl22::letters::{D, K, Letters, M, R};
use escapement::ball::Ball;
use escapement::construct::{self, Target};
use escapement::kernel::ridge::Zonals;
use escapement::sphere::Truncation;
use escapement::tolerance::TAIL;
use escapement_prove::Form;
use faer::Mat;

/// The claim.
pub struct Escape;

const CARD: Card = Card {
    statement: r"\|w_r(W_Q)\| \asymp m^{-1/4} \gg m^{-1/2}, \qquad \|W_Q\|_F^2 \asymp m^{1/2} d^{(k-1)/2}",
    reference: "NBL22, section 3 (after Lemma 1)",
    hypotheses: "Those of Lemma 1: Assumption 3, and m ≥ R neurons and their twins.",
    method: "Root mean square of ‖w_r‖ over the moved neurons (one of each pair) along m, against its exact \
        value (4 m^{-1/2} Σ E|h_i|)^{1/2}, and √m times it against m^{1/4}; ‖W_Q‖_F² against 2√m Σ E|h_i|, \
        whose growth in d is followed to d = 2000; the movement by W_L beside it, against its limit of \
        infinite width.",
    refuted_by: "A movement that goes with another power of m than −¼, or one no larger than m^{-1/2}; Σ \
        E|h_i| growing in d otherwise than d^{(k−1)/2}.",
    uses: &["lemma-1"],
    variables: &["m", "d"],
    ..Card::new(&crate::papers::nbl22::PAPER, "escape", "W_Q leaves the linear regime")
};

impl Claim for Escape {
    fn card(&self) -> Card {
        CARD
    }

    fn certificates(&self) -> &'static [Form] {
        &[Form::Identity]
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let mut cells = Vec::new();
        let (sizes, count): (&[usize], usize) = match tier {
            Tier::Quick => (&[4, 8], 6),
            Tier::Standard => (&[4, 8, 16, 32], 9),
            Tier::Paper => (&[4, 8, 16, 32, 100], 11),
        };
        let replicates = if tier == Tier::Quick { 3 } else { 5 };
        for k in [1, 2] {
            for (terms, activation) in TERMS.into_iter().flat_map(|t| ACTIVATIONS.map(|a| (t, a))) {
                let cell = |part: &str, d: usize, m: usize, replicate: usize| {
                    Cell::new(self.id(), part)
                        .with(D, d)
                        .with(M, m)
                        .with(K, k)
                        .with(R, terms)
                        .activation(activation)
                        .replicate(replicate)
                };
                if k == 2 {
                    let along = [4_usize, 6, 8, 12, 16].map(|d| (d, d.pow(4)));
                    cells.extend(along.iter().flat_map(|&(d, m)| {
                        (0..replicates).map(move |replicate| cell("dimensions", d, m, replicate))
                    }));
                }
                for &d in sizes {
                    for m in sweep::doublings(64, count) {
                        cells.extend((0..replicates).map(|replicate| cell("quadratic", d, m, replicate)));
                    }
                }
                if terms == 1 {
                    // The harmonic route makes width cheap at d = 3.
                    let count = if tier == Tier::Quick { 5 } else { 8 };
                    let dimensions: &[usize] = if tier == Tier::Paper { &[3, 4] } else { &[3] };
                    for &d in dimensions {
                        for m in sweep::doublings(if k == 1 { 128 } else { 512 }, count) {
                            cells.extend(
                                (0..replicates).map(|replicate| cell("linear", d, m, replicate).without(R)),
                            );
                        }
                    }
                }
                cells.extend(LONG_RANGE.map(|d| cell("exact", d, 0, 0).without(M)));
            }
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (m, d) = (cell.m() as f64, cell.d() as f64);
        match cell.part.as_str() {
            "linear" => {
                // Levels to about degree 12 at d = 3: a Gram matrix of that order over the neurons, and its
                // decomposition.
                let order = if cell.d() == 3 { 200.0 } else { 700.0 };
                Prediction {
                    flops: effort::top_space(cell, TAIL) + 50.0 * m * d,
                    bytes: effort::bytes_with_top_space(
                        8.0 * (3.0 * order * order + m * d * 20.0) + 5e7,
                        cell,
                        TAIL,
                    ),
                }
            }
            "quadratic" | "dimensions" => Prediction { flops: 2e5 + 23.0 * m * d, bytes: 40.0 * m * d },
            _ => Prediction { flops: 4e6, bytes: 1e6 },
        }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match cell.part.as_str() {
            "linear" => linear(cell, seed),
            "quadratic" | "dimensions" => quadratic(cell, seed),
            _ => exact(cell, seed),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        let half = |cell: &Cell| 0.5 * (cell.k() as f64 - 1.0);
        // At k = 1 the norms of W_Q are the same for every initialisation: an identity, and no growth.
        let random = |cell: &Cell| cell.k() > 1;
        vec![
            Bound::growth(
                "movement",
                "the root mean square of ‖w_r‖ over the moved neurons is ≍ m^{-1/4}: it follows (4 m^{-1/2} \
                 Σ_i E|h_i|)^{1/2}",
                "movement",
                "movement_exact",
                Sweep::both(M, |_| -0.25),
            )
            .headline()
            .part("quadratic")
            .among(random),
            Bound::growth(
                "beyond-linear",
                "√m times the movement grows like m^{1/4}: the movement is ≫ m^{-1/2}",
                "movement_in_linear_units",
                "quarter",
                Sweep::both(M, |_| 0.25),
            )
            .headline()
            .part("quadratic")
            .among(random),
            Bound::growth(
                "movement-along-d",
                "the movement has one constant along d: it follows its exact value",
                "movement",
                "movement_exact",
                Sweep::uniform(D, Side::Both).tied(&[M]),
            )
            .part("dimensions"),
            Bound::growth(
                "norm",
                "‖W_Q‖_F² ≍ m^{1/2}: it follows 2√m Σ_i E|h_i|",
                "frobenius_sq",
                "frobenius_sq_exact",
                Sweep::both(M, |_| 0.5),
            )
            .part("quadratic")
            .among(random),
            Bound::identity(
                "norm-at-k-1",
                "at k = 1, ‖W_Q‖_F² = 2√m Σ_i |h_i| for every initialisation, whatever R",
                "frobenius_sq",
                "frobenius_sq_exact",
                Neighbour::rhs("frobenius_sq_half", "√m Σ |h_i|: half of the movement"),
            )
            .code_check()
            .neighbour(Neighbour::lhs("frobenius_sq_single", "the twin of a neuron with h < 0 is not moved"))
            .part("quadratic")
            .among(|cell| cell.k() == 1),
            Bound::asymptotic(
                "norm-in-d",
                "Σ_i E|h_i| ≍ d^{(k−1)/2}",
                "absolute_moment",
                Sweep::both(D, half),
            )
            .part("exact"),
            Bound::growth(
                "linear-movement",
                "the root mean square of ‖w_r‖ under W_L is ≍ m^{-1/2}: it follows (m^{-1} Σ_{j≤k} E \
                 f_j²/κ_j)^{1/2}, f_j the part of f_k of degree j",
                "linear_movement",
                "linear_movement_limit",
                Sweep::both(M, |_| -0.5),
            )
            .part("linear"),
        ]
    }
}

/// `Σ_i E|h_i|`, R dividing nothing: it is free of the groups.
fn exact(cell: &Cell, seed: u64) -> Result<Measurement> {
    let moments = Moments::new(&instance::activation(cell)?, &instance::target(cell, seed)?)?;
    let measurement = Measurement::new().ball("absolute_moment", moments.absolute()).cost(1e7, 1e6, 0.0);
    Ok(moments.assumption_3(measurement))
}

/// Norms of W_Q.
fn quadratic(cell: &Cell, seed: u64) -> Result<Measurement> {
    let target = instance::target(cell, seed)?;
    let moments = Moments::new(&instance::activation(cell)?, &target)?;
    let net = instance::network(cell, seed, "weights 0")?;
    let w = construct::w_q_from(&net, &target, moments.population.clone())?.w;
    let (m, p, d) = (cell.m() as f64, cell.m() / 2, cell.d() as f64);
    let norms: Vec<f64> = (0..cell.m()).map(|r| w.row(r).norm_l2()).collect();
    let moved = norms.iter().filter(|n| **n > 0.0).count().max(1) as f64;
    // ‖w_r‖² is g_r² times the square of a rounded unit vector; p of them are added.
    let measured = moments.relative + (2.0 * d + p as f64) * f64::EPSILON;
    let square = Ball::relative(construct::frobenius_sq(w.as_ref()), measured);
    let movement = (square / moved).sqrt();
    let expected = moments.frobenius_sq(cell.m());
    let largest = norms.iter().copied().fold(0.0, f64::max);
    let least = d.powi(2 * cell.k() as i32);
    let mut out = Measurement::new()
        .ball("movement", movement)
        .ball("movement_exact", (expected / p as f64).sqrt())
        .ball("movement_in_linear_units", movement * Ball::exact(m).sqrt())
        .ball("quarter", Ball::exact(m).sqrt().sqrt())
        .ball("largest_movement", Ball::relative(largest, measured))
        .ball("frobenius_sq", square)
        .ball("frobenius_sq_exact", expected)
        .ball("frobenius_sq_half", 0.5 * expected)
        .ball("constant", movement * Ball::relative(m.powf(0.25), 2.0 * f64::EPSILON))
        .hypothesis("m ≥ d^{2k}", m >= least, format!("{m} against {least}"))
        .hypothesis("p ≥ R", p >= cell.terms(), format!("{p} against {}", cell.terms()))
        .cost(m * d * 8.0, 8.0 * m * d * 2.0, 0.0);
    let single = construct::frobenius_sq(w.subrows(0, p));
    if single < square.value {
        out = out.ball("frobenius_sq_single", Ball::relative(single, measured));
    }
    Ok(moments.assumption_3(out))
}

/// Norm of W_L, beside its limit.
fn linear(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (net, target) = (instance::network(cell, seed, "weights 0")?, instance::target(cell, seed)?);
    let built = Instance::of(net, target, Truncation::default(), Mat::new())?;
    let (pairs, w) = (&built.pairs, &built.w_l);
    let (m, rank) = (cell.m() as f64, built.top.rank());
    let levels = built.cov.levels();
    let low = Zonals::of(&Target::new(cell.d(), cell.k(), built.target.low().clone(), Vec::new())?)?;
    let shares = levels.levels.iter().take(cell.k() + 1).map(|l| {
        let kappa = Ball::relative(l.kappa, levels.rounding_allowance() / l.tau);
        Ball::relative(low.second_moment(l.degree), 16.0 * f64::EPSILON) / kappa
    });
    let limit = (shares.sum::<Ball>() / m).sqrt();
    let error = built.top.solution_error();
    let movement = Ball::new(construct::frobenius_sq(w.as_ref()).sqrt(), error) / m.sqrt();
    let largest = (0..cell.m()).map(|r| w.row(r).norm_l2()).fold(0.0, f64::max);
    let measurement = Measurement::new()
        .ball("linear_movement", movement)
        .ball("linear_movement_limit", limit)
        .quantity("largest_linear_movement", largest, error)
        .cost(
            pairs.plan.flops,
            pairs.plan.bytes + 8.0 * (built.cov.order() * rank) as f64,
            pairs.products as f64,
        );
    Ok(hypotheses::wide_enough(measurement, cell))
}

//! NBL22: leaving the neighbourhood in which the network is its linearisation.
//!
//! The neurons moved by W_Q move by ≍ m^{-1/4}, far more than the m^{-1/2} of the linear regime (and of W_L),
//! and `‖W_Q‖_F² ≍ m^{1/2} d^{(k−1)/2}`.

use super::effort;
use super::setting::{self, ACTIVATIONS, LONG_RANGE, TERMS};
use crate::claim::bound::{Bound, Neighbour};
use crate::claim::card::Card;
use crate::claim::cell::Cell;
use crate::claim::record::Measurement;
use crate::claim::sweep::{self, Sweep};
use crate::claim::{Claim, Prediction, Tier};
use crate::error::Result;
use crate::papers::nbl22::letters::{D, K, Letters, M, R};
use escapement::construct::{self, LowDegree, Population};
use escapement::covariance::Covariance;
use escapement::eigen::TopSpace;
use escapement::sphere::Truncation;
use escapement::tolerance::TAIL;
use faer::Par;

/// The claim.
pub struct Escape;

const CARD: Card = Card {
    statement: r"\|w_r(W_Q)\| \asymp m^{-1/4} \gg m^{-1/2}, \qquad \|W_Q\|_F^2 \asymp m^{1/2} d^{(k-1)/2}",
    reference: "NBL22, section 3 (after Lemma 1)",
    hypotheses: "Those of Lemma 1: Assumption 3, and m ≥ R neurons and their twins.",
    method: "Root mean square of ‖w_r‖ over the moved neurons (one of each pair) along m, against its exact \
        value (4 m^{-1/2} Σ E|h_i|)^{1/2} and against m^{-1/2}; ‖W_Q‖_F² against 2√m Σ E|h_i|, whose \
        growth in d is followed to d = 2000; the movement by W_L beside it, against its limit of \
        infinite width.",
    refuted_by: "A movement that goes with another power of m than −¼, or one no larger than m^{-1/2}; Σ \
        E|h_i| growing in d otherwise than d^{(k−1)/2}.",
    uses: &["lemma-1"],
    ..Card::new(&crate::papers::nbl22::PAPER, "escape", "W_Q leaves the linear regime")
};

impl Claim for Escape {
    fn card(&self) -> Card {
        CARD
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
            "quadratic" => Prediction { flops: 2e5 + 23.0 * m * d, bytes: 40.0 * m * d },
            _ => Prediction { flops: 4e6, bytes: 1e6 },
        }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match cell.part.as_str() {
            "linear" => linear(cell, seed),
            "quadratic" => quadratic(cell, seed),
            _ => exact(cell, seed),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        let half = |cell: &Cell| 0.5 * (cell.k() as f64 - 1.0);
        vec![
            Bound::growth(
                "movement",
                "the root mean square of ‖w_r‖ over the moved neurons is ≍ m^{-1/4}: it follows (4 m^{-1/2} \
                 Σ_i E|h_i|)^{1/2}",
                "movement",
                "movement_exact",
                Sweep::both(M, |_| -0.25),
            )
            .part("quadratic"),
            Bound::growth(
                "beyond-linear",
                "the movement is ≫ m^{-1/2}",
                "movement",
                "linear_scale",
                Sweep::lower(M, |_| -0.5),
            )
            .part("quadratic"),
            Bound::growth(
                "norm",
                "‖W_Q‖_F² ≍ m^{1/2}: it follows 2√m Σ_i E|h_i|",
                "frobenius_sq",
                "frobenius_sq_exact",
                Sweep::both(M, |_| 0.5),
            )
            .part("quadratic"),
            Bound::identity(
                "norm-at-k-1",
                "at k = 1, ‖W_Q‖_F² = 2√m Σ_i |h_i| for every initialisation, whatever R",
                "frobenius_sq",
                "frobenius_sq_exact",
                Neighbour::rhs("frobenius_sq_half", "√m Σ |h_i|: half of the movement"),
            )
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
    let sigma = setting::activation_of(cell)?;
    let population = Population::new(sigma.as_ref(), &setting::target(cell, seed)?)?;
    let relative = setting::population_rounding(sigma.as_ref(), &population, cell.d())?;
    let value: f64 = population.absolutes().iter().sum();
    Ok(Measurement::new()
        .quantity("absolute_moment", value, (relative + setting::ABSOLUTE_MOMENT) * value)
        .hypothesis("Assumption 3", true, format!("B_j q_j/s_j = {:?}", population.series()))
        .cost(1e7, 1e6, 0.0))
}

/// Norms of W_Q.
fn quadratic(cell: &Cell, seed: u64) -> Result<Measurement> {
    let sigma = setting::activation_of(cell)?;
    let target = setting::target(cell, seed)?;
    let population = Population::new(sigma.as_ref(), &target)?;
    let relative = setting::population_rounding(sigma.as_ref(), &population, cell.d())?;
    let net = setting::network(cell, seed, 0, &sigma)?;
    let w = construct::w_q_from(&net, &target, population.clone())?.w;
    let (m, p, d) = (cell.m() as f64, cell.m() / 2, cell.d() as f64);
    let norms: Vec<f64> = (0..cell.m()).map(|r| w.row(r).norm_l2()).collect();
    let moved = norms.iter().filter(|n| **n > 0.0).count().max(1) as f64;
    let square = construct::frobenius_sq(w.as_ref());
    let movement = (square / moved).sqrt();
    // ‖w_r‖² is g_r² times the square of a rounded unit vector; p of them are added.
    let measured = relative + (2.0 * d + p as f64) * f64::EPSILON;
    let expected = population.frobenius_sq(cell.m());
    let rounding = relative + setting::ABSOLUTE_MOMENT;
    let movement_exact = (expected / p as f64).sqrt();
    let least = d.powi(2 * cell.k() as i32);
    let mut out = Measurement::new()
        .quantity("movement", movement, measured * movement)
        .quantity("movement_exact", movement_exact, rounding * movement_exact)
        .quantity("linear_scale", m.sqrt().recip(), f64::EPSILON)
        .quantity(
            "largest_movement",
            norms.iter().copied().fold(0.0, f64::max),
            measured * movement * m.sqrt(),
        )
        .quantity("frobenius_sq", square, measured * square)
        .quantity("frobenius_sq_exact", expected, rounding * expected)
        .quantity("frobenius_sq_half", 0.5 * expected, rounding * expected)
        .quantity("constant", movement * m.powf(0.25), 2.0 * measured * movement * m.powf(0.25))
        .hypothesis("m ≥ d^{2k}", m >= least, format!("{m} against {least}"))
        .hypothesis("p ≥ R", p >= cell.terms(), format!("{p} against {}", cell.terms()))
        .hypothesis("Assumption 3", true, format!("B_j q_j/s_j = {:?}", population.series()))
        .cost(m * d * 8.0, 8.0 * m * d * 2.0, 0.0);
    let single = construct::frobenius_sq(w.subrows(0, p));
    if single < square {
        out.insert("frobenius_sq_single", single, measured * square);
    }
    Ok(out)
}

/// Norm of W_L, beside its limit.
fn linear(cell: &Cell, seed: u64) -> Result<Measurement> {
    let sigma = setting::activation_of(cell)?;
    let target = setting::target(cell, seed)?;
    let net = setting::network(cell, seed, 0, &sigma)?;
    let cov = Covariance::new(net.weights(), sigma.as_ref(), Truncation::default())?;
    let rank = target.n_k()?;
    let (top, pairs) = TopSpace::of(&cov, rank, Par::Seq)?;
    let w = construct::w_l(&cov, &top, &target, Par::Seq)?;
    let (m, p, d) = (cell.m() as f64, cell.m() as f64 / 2.0, cell.d() as f64);
    let movement = construct::frobenius_sq(w.as_ref()).sqrt() / m.sqrt();
    // W_L = Σ_{≤r}^+ E[φ f_k]: Σ is known to δ, so its pseudo-inverse on the top space, of norm 1/λ_r, moves
    // by at most 1/λ_r·(δ/λ_r + the angle δ/gap), relative to ‖Σ_{≤r}^+‖‖E[φ f_k]‖ with ‖E[φ f_k]‖² ≤ λ_1 E
    // f_k².
    let delta = pairs.truncation_bound + 2.0 * pairs.residual_max + pairs.rounding_bound();
    let (first, last) = (top.eigenvalues()[0], top.eigenvalues()[rank - 1]);
    let angle = delta / (top.gap() - delta);
    let error = (first.sqrt() / last) * (delta / last + 2.0 * angle) / m.sqrt();
    // One zonal of each degree, of equal second moments.
    let share = match target.low() {
        LowDegree::Zonal(terms) => 1.0 / terms.len() as f64,
        LowDegree::Harmonic(_) => 0.0,
    };
    let levels = cov.levels();
    let sum: f64 = levels.levels.iter().take(cell.k() + 1).map(|level| share / level.kappa).sum();
    let limit = (sum / m).sqrt();
    // κ_j is right to the rounding of the trace over B_j.
    let kappa = levels
        .levels
        .iter()
        .take(cell.k() + 1)
        .map(|l| levels.rounding_allowance() / l.tau)
        .fold(0.0, f64::max);
    let least = d.powi(10 * cell.k() as i32);
    Ok(Measurement::new()
        .quantity("linear_movement", movement, error)
        .quantity("linear_movement_limit", limit, (kappa + 8.0 * f64::EPSILON) * limit)
        .quantity(
            "largest_linear_movement",
            (0..cell.m()).map(|r| w.row(r).norm_l2()).fold(0.0, f64::max),
            error * m.sqrt(),
        )
        .hypothesis("m ≥ d^{10k}", m >= least, format!("{m} against {least}"))
        .cost(pairs.plan.flops, pairs.plan.bytes + 16.0 * p * d * rank as f64, pairs.products as f64))
}

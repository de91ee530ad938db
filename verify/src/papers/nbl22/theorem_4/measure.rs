//! The worst displacements of the set with their population losses, and what is known of these losses
//! exactly.

use super::NETWORK;
use super::adversary::{self, Adversary, Found};
use crate::claim::distribution::{mean_and_error, student_interval};
use crate::claim::{Cell, Hypothesis, Measurement};
use crate::error::Result;
use crate::papers::nbl22::hypotheses::wide_enough;
use crate::papers::nbl22::instance::{self, inputs};
use crate::papers::nbl22::learner::Learner;
use crate::papers::nbl22::letters::{ACCURACY, Letters, N};
use escapement::ball::Ball;
use escapement::construct::signs;
use escapement::network::Model;
use escapement::objective::Loss;
use escapement::randomised::QuadraticForms;
use escapement::rounding;
use escapement::sphere::uniform_sphere;
use escapement::tolerance;
use faer::{Mat, MatRef, Par};

/// ε of the λ_i with which f_L is trained where its loss is exact.
const EPSILON: f64 = 0.1;
/// Steps of gradient descent there.
pub(super) const STEPS: u64 = 256;
/// Fresh inputs behind a population loss.
pub(super) const FRESH: usize = 8000;
/// Probability that the interval of a population loss misses it: many cells enter a fit, and none of them
/// decides alone.
const MISSES: f64 = 0.01;
/// Samples whose mean is taken where all constants are explicit.
pub(super) const SAMPLES: usize = 16;

/// Inputs that stand for the population in an ascent: four times the dimensions of the quadratic forms,
/// which could be fitted to fewer.
pub(super) fn shown(cell: &Cell) -> usize {
    (2 * cell.d() * cell.d()).max(500)
}

/// ε of the cell.
fn epsilon(cell: &Cell) -> f64 {
    cell.real(ACCURACY).recip()
}

/// `√(d^k/n)` for so many samples.
fn sample_term(cell: &Cell, n: usize) -> f64 {
    ((cell.d() as f64).powi(cell.k() as i32) / n as f64).sqrt()
}

/// The cell without what does not choose its network and target.
fn group(cell: &Cell) -> Cell {
    cell.clone().part(String::new()).without(ACCURACY)
}

/// A learner on the target of the cell, the same along n and ε.
fn learner(cell: &Cell, seed: u64) -> Result<Learner> {
    let group = group(cell);
    Learner::new(&group, seed, instance::shared_target(&group, seed)?)
}

/// A record with the hypotheses of a cell with n samples.
fn start(cell: &Cell, n: usize) -> Measurement {
    let (low, high) = (cell.d().pow(cell.k() as u32), cell.d().pow(cell.k() as u32 + 1));
    let samples = format!("d^k ≤ n ≤ d^{{k+1}}: {n} between {low} and {high}");
    let measurement = Measurement::new().hypothesis(Hypothesis::RANGE, (low..=high).contains(&n), samples);
    let (evaluations, m) = (adversary::EVALUATIONS, cell.m() as f64);
    let inputs = (n + shown(cell)) as f64;
    let flops = evaluations * (6.0 * inputs * m * cell.d() as f64 + 1.5 * m * m * cell.d() as f64);
    wide_enough(measurement, cell).cost(flops, 8.0 * m * (3.0 * inputs + m), evaluations)
}

/// Records whether the width reaches the ε of the cell, as Theorem 2 has it.
fn reaches(measurement: Measurement, cell: &Cell) -> Measurement {
    let least = ((cell.d() as f64).powi(3 * (cell.k() as i32 - 1)) / cell.m() as f64).powf(0.25);
    let detail = format!("{} against {least:.3e}", epsilon(cell));
    measurement.hypothesis("ε ≥ (d^{3(k−1)}/m)^{1/4}", epsilon(cell) >= least, detail)
}

/// The losses of the model at fresh inputs.
fn losses(
    learner: &Learner,
    model: Model,
    loss: Loss,
    w: MatRef<'_, f64>,
    fresh: &Mat<f64>,
) -> Result<Vec<f64>> {
    let (y, f) = (
        learner.built.target.value(fresh.as_ref())?,
        learner.built.net.predict(model, fresh.as_ref(), w, Par::Seq)?,
    );
    Ok(y.iter().zip(&f).map(|(y, f)| loss.value(*y, *f)).collect())
}

/// A learner with the inputs that its adversaries see, and those on which they are judged.
struct Arena {
    learner: Learner,
    group: Cell,
    model: Model,
    seed: u64,
    seen: Mat<f64>,
    fresh: Mat<f64>,
    random: Mat<f64>,
}

impl Arena {
    fn new(cell: &Cell, seed: u64) -> Result<Self> {
        let learner = learner(cell, seed)?;
        let group = group(cell);
        let (m, d) = (cell.m(), cell.d());
        let shared = group.clone().without(N);
        // A random displacement as long as W_Q.
        let rng = &mut shared.stream(seed, "random start");
        let row = uniform_sphere(rng, 1, m * d, learner.built.w_q.w.norm_l2());
        Ok(Self {
            model: if cell.part == NETWORK { Model::Network } else { Model::Quadratic },
            seen: inputs(&shared, seed, "inputs that the ascent sees", shown(cell)),
            fresh: inputs(&shared, seed, "fresh inputs", FRESH),
            random: Mat::from_fn(m, d, |r, c| row[(0, c * m + r)]),
            learner,
            group,
            seed,
        })
    }

    /// The worst displacement at this ε, given the sample, and whether it is in the set.
    fn worst_on(&self, x: MatRef<'_, f64>, epsilon: f64) -> Result<(Found, bool)> {
        let adversary = Adversary::new(&self.learner, self.model, epsilon, x, self.seen.as_ref())?;
        let found = adversary.worst([self.learner.start(), &self.random])?;
        let holds = adversary.holds(&found);
        Ok((found, holds))
    }

    /// The same for the sample of n inputs of this cell, with the mean of its loss over fresh inputs and
    /// half of the Student interval for the loss over the population.
    fn worst(&self, n: usize, epsilon: f64) -> Result<(Found, bool, Ball)> {
        let x = inputs(&self.group.clone().with(N, n), self.seed, "inputs", n);
        let (found, holds) = self.worst_on(x.as_ref(), epsilon)?;
        let losses = losses(&self.learner, self.model, Loss::PseudoHuber, found.w.as_ref(), &self.fresh)?;
        let (loss, half) = student_interval(&losses, MISSES);
        Ok((found, holds, Ball::new(loss, half)))
    }
}

/// Records whether the adversary's Ŵ is in the set: one that is not decides nothing.
fn in_set(measurement: Measurement, holds: bool) -> Measurement {
    let c = adversary::C;
    if holds {
        measurement.hypothesis("L_λ(Ŵ) ≤ Cε", true, format!("C = {c}"))
    } else {
        measurement.hypothesis(Hypothesis::RANGE, false, format!("no start arrived at L_λ(Ŵ) ≤ {c}ε"))
    }
}

/// The loss of the worst displacement found, beside the two terms of the bound.
pub(super) fn worst(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (n, epsilon) = (cell.n(), epsilon(cell));
    let (found, holds, Ball { value: loss, error: half }) = Arena::new(cell, seed)?.worst(n, epsilon)?;
    let term = sample_term(cell, n);
    // Means of n terms, each a sum over m neurons.
    let unit = rounding::sum(n + shown(cell) + 2 * cell.m(), 2 * cell.d() + 64);
    let exact = |x: f64| Ball::relative(x, 4.0 * f64::EPSILON);
    Ok(in_set(reaches(start(cell, n), cell), holds)
        // The scatter of fresh inputs is seen between repetitions, and is no part of the error.
        .ball("loss", Ball::relative(loss, unit))
        .ball("half-width", Ball::relative(half, unit))
        .ball("sample-term", exact(term))
        .ball("bound", exact(epsilon + term))
        .ball("objective", Ball::relative(found.value.objective / epsilon, unit))
        .ball("training", Ball::relative(found.value.loss, unit))
        .ball("seen", Ball::relative(found.seen, unit))
        .ball("seen-before", Ball::relative(found.before, unit)))
}

/// The constant of the bound where its terms are equal, and where one or the other is small.
pub(super) fn terms(cell: &Cell, seed: u64) -> Result<Measurement> {
    let arena = Arena::new(cell, seed)?;
    let (first, last) = (cell.n(), cell.d().pow(cell.k() as u32 + 1));
    let equal = sample_term(cell, first);
    let corners = [(first, equal / 64.0), (last, 4.0 * equal)];
    let (_, mut holds, reference) = arena.worst(first, equal)?;
    let (mut ratios, mut without_n, mut without_epsilon) = (Vec::new(), Vec::new(), Vec::new());
    for (n, epsilon) in corners {
        let (_, held, loss) = arena.worst(n, epsilon)?;
        let term = sample_term(cell, n);
        holds &= held;
        ratios.push(loss / (epsilon + term));
        without_n.push(loss / (2.0 * epsilon));
        without_epsilon.push(loss / (2.0 * term));
    }
    let largest = |of: Vec<Ball>| {
        of.into_iter().reduce(|a, b| if b.value > a.value { b } else { a }).unwrap_or(Ball::new(0.0, 0.0))
    };
    Ok(in_set(start(cell, first), holds)
        .ball("constant", largest(ratios))
        .ball("constant-without-n", largest(without_n))
        .ball("constant-without-epsilon", largest(without_epsilon))
        .ball("twice", reference / equal))
}

/// The mean over samples, and a bound on it with all constants.
pub(super) fn explicit(cell: &Cell, seed: u64) -> Result<Measurement> {
    let arena = Arena::new(cell, seed)?;
    let (built, epsilon) = (&arena.learner.built, epsilon(cell));
    let (n, m, n_k) = (cell.n() as f64, cell.m() as f64, built.top.rank() as f64);
    // Each R_i is at most C·R_i(W*) in the set.
    let [_, r2, _, r4] = arena.learner.lambda(1.0, [1.0; 4]).map(|scale| adversary::C / scale);
    let coins = &mut cell.stream(seed, "signs");
    let [mut population, mut known, mut excess, mut suprema] = [(); 4].map(|()| Vec::with_capacity(SAMPLES));
    let (mut all_hold, mut rounding) = (true, 0.0_f64);
    for index in 0..SAMPLES {
        let x = inputs(cell, seed, &format!("inputs {index}"), cell.n());
        let (found, holds) = arena.worst_on(x.as_ref(), epsilon)?;
        all_hold &= holds;
        let fresh = inputs(cell, seed, &format!("fresh inputs {index}"), FRESH);
        let w = found.w.as_ref();
        let (loss, _) = mean_and_error(&losses(&arena.learner, arena.model, Loss::PseudoHuber, w, &fresh)?);
        let [r1, _, r3, _] = found.value.regularizers;
        // Σ is cut at some degree: R1 is low by no more than this.
        let tail = built.cov.truncation_bound() * escapement::construct::frobenius_sq(w);
        let reached = found.value.loss + (r1.max(0.0) + tail).sqrt() + r3.sqrt();
        population.push(loss);
        known.push(reached);
        excess.push(loss - reached);
        let sample = QuadraticForms::new(built.net.clone(), x)?;
        suprema.push(sample.suprema(&signs::draw(coins, cell.n()))?.supremum);
        rounding = rounding.max(sample.rounding());
    }
    let (supremum, half) = student_interval(&suprema, tolerance::FAILURE);
    let unit = rounding::sum(cell.n() + 2 * cell.m(), 2 * cell.d() + 64);
    let quadratic = r4.powf(0.25) * Ball::new(supremum, half + 0.5 * rounding);
    let linear = Ball::relative((r2 * n_k / n).sqrt(), unit * m);
    let (loss, _) = mean_and_error(&population);
    let known = Ball::relative(mean_and_error(&known).0, unit);
    // Loss and what is known of it vary together: their difference carries the interval, and the left side
    // holds it.
    let (_, spread) = student_interval(&excess, tolerance::FAILURE);
    let bound = known + 2.0 * (linear + quadratic);
    Ok(in_set(reaches(start(cell, cell.n()), cell), all_hold)
        .quantity("loss", loss, spread)
        .ball("bound", bound)
        .ball("bound-without", known)
        .ball("linear-complexity", linear)
        .ball("quadratic-complexity", quadratic))
}

/// f_L alone: its square loss over the population through Σ, and at fresh inputs.
pub(super) fn linear(cell: &Cell, seed: u64) -> Result<Measurement> {
    let learner = learner(cell, seed)?;
    let x = inputs(cell, seed, "inputs", cell.n());
    let end = learner.train(x.as_ref(), Model::Linear, learner.lambda(EPSILON, [1.0; 4]), STEPS)?;
    let w = end.state.w.as_ref();
    let [square, cross, truth] = learner.linear_moments(w)?;
    let fresh = inputs(cell, seed, "fresh inputs", FRESH);
    let (mean, half) =
        student_interval(&losses(&learner, Model::Linear, Loss::Square, w, &fresh)?, tolerance::FAILURE);
    let moduli = square + 2.0 * cross.abs() + truth;
    let error = rounding::sum(learner.built.cov.order() * cell.m(), 64) * moduli
        + learner.built.cov.truncation_bound() * escapement::construct::frobenius_sq(w);
    let exact = Ball::new(square - 2.0 * cross + truth, error);
    let apart = Ball { value: square + truth, ..exact };
    Ok(start(cell, cell.n())
        .ball("exact", exact)
        .ball("miss", (mean / exact - 1.0).abs())
        .ball("miss_apart", (mean / apart - 1.0).abs())
        .quantity("limit", half / exact.value, 1e-9))
}

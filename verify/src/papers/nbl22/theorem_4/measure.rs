//! Trained displacements with their population losses.

use super::NETWORK;
use crate::claim::distribution::{mean_and_error, student_interval};
use crate::claim::{Cell, Hypothesis, Measurement};
use crate::error::Result;
use crate::papers::nbl22::hypotheses::wide_enough;
use crate::papers::nbl22::instance::{self, inputs};
use crate::papers::nbl22::learner::Learner;
use crate::papers::nbl22::letters::Letters;
use crate::papers::nbl22::rademacher_quadratic::Sample;
use escapement::ball::Ball;
use escapement::construct::{norm_2_4_pow4, signs};
use escapement::network::Model;
use escapement::objective::Loss;
use escapement::rounding;
use escapement::tolerance;
use faer::{Mat, MatRef, Par};

/// ε_λ: `λ_i = ε_λ/R_i(W*)`.
const EPSILON: f64 = 0.1;
/// Steps of gradient descent.
pub(super) const STEPS: u64 = 256;
/// Fresh inputs behind a population loss.
pub(super) const FRESH: usize = 8000;
/// Probability that the interval of a population loss misses it: many cells enter a fit, and none of them
/// decides alone.
const MISSES: f64 = 0.01;
/// Samples whose mean is taken where all constants are explicit.
pub(super) const SAMPLES: usize = 16;

/// A learner on the target of the cell, the same along n.
fn learner(cell: &Cell, seed: u64) -> Result<Learner> {
    let group = cell.clone().part(String::new());
    Learner::new(cell, seed, instance::shared_target(&group, seed)?)
}

fn start(cell: &Cell, runs: usize) -> Measurement {
    let (d, m, n, k) = (cell.d() as f64, cell.m() as f64, cell.n() as f64, cell.k() as i32);
    let flops = runs as f64 * STEPS as f64 * (6.0 * n * m * d + 1.5 * m * m * d);
    let measurement = Measurement::new().hypothesis(
        Hypothesis::RANGE,
        n >= d.powi(k),
        format!("n ≥ d^k: {n} against {}", d.powi(k)),
    );
    wide_enough(measurement, cell).cost(flops, 8.0 * m * (3.0 * n + 4.0 * m), STEPS as f64)
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

/// Trained on one sample: ε reached, and the population loss with its interval.
pub(super) fn trained(cell: &Cell, seed: u64) -> Result<Measurement> {
    let model = if cell.part == NETWORK { Model::Network } else { Model::Quadratic };
    let learner = learner(cell, seed)?;
    let x = inputs(cell, seed, "inputs", cell.n());
    let end = learner.train(x.as_ref(), model, learner.lambda(EPSILON, [1.0; 4]), STEPS)?;
    let fresh = inputs(cell, seed, "fresh inputs", FRESH);
    let (loss, half) =
        student_interval(&losses(&learner, model, Loss::PseudoHuber, end.state.w.as_ref(), &fresh)?, MISSES);
    let term = ((cell.d() as f64).powi(cell.k() as i32) / cell.n() as f64).sqrt();
    // Means of n terms, each a sum over m neurons.
    let unit = rounding::sum(cell.n() + 2 * cell.m(), 2 * cell.d() + 64);
    let bound = end.value.objective + term;
    Ok(start(cell, 1)
        .quantity("loss", loss, half)
        .quantity("training", end.value.loss, unit * bound)
        .quantity("epsilon", end.value.objective, unit * bound)
        .quantity("epsilon_over_lambda", end.value.objective / EPSILON, unit * bound / EPSILON)
        .quantity("gradient", end.gradient_norm, unit)
        .quantity("bound", bound, unit * bound))
}

/// The mean over samples, and a bound on it with all constants.
pub(super) fn explicit(cell: &Cell, seed: u64) -> Result<Measurement> {
    let learner = learner(cell, seed)?;
    let (n, m, n_k) = (cell.n() as f64, cell.m() as f64, learner.built.top.rank() as f64);
    let coins = &mut cell.stream(seed, "signs");
    let [mut population, mut known, mut excess, mut suprema] = [(); 4].map(|()| Vec::with_capacity(SAMPLES));
    let (mut most_r2, mut most_w, mut rounding) = (0.0_f64, 0.0_f64, 0.0_f64);
    for index in 0..SAMPLES {
        let x = inputs(cell, seed, &format!("inputs {index}"), cell.n());
        let end = learner.train(x.as_ref(), Model::Quadratic, learner.lambda(EPSILON, [1.0; 4]), STEPS)?;
        let w = end.state.w.as_ref();
        let fresh = inputs(cell, seed, &format!("fresh inputs {index}"), FRESH);
        let (loss, _) = mean_and_error(&losses(&learner, Model::Quadratic, Loss::PseudoHuber, w, &fresh)?);
        let [r1, r2, r3, _] = learner.built.regularizers_on(x.as_ref()).all(w, Par::Seq)?;
        // Σ is cut at some degree: R1 is low by no more than this.
        let tail = learner.built.cov.truncation_bound() * escapement::construct::frobenius_sq(w);
        let reached = end.value.loss + (r1.max(0.0) + tail).sqrt() + r3.sqrt();
        population.push(loss);
        known.push(reached);
        excess.push(loss - reached);
        (most_r2, most_w) = (most_r2.max(r2), most_w.max(norm_2_4_pow4(w)));
        let sample = Sample::of(learner.built.net.clone(), x);
        suprema.push(sample.extremes(&signs::draw(coins, cell.n()))?.supremum);
        rounding = rounding.max(sample.rounding());
    }
    let up = |x: f64| x.log2().ceil().exp2();
    let (c, b) = (up(most_r2), up(most_w));
    let (supremum, half) = student_interval(&suprema, tolerance::FAILURE);
    let unit = rounding::sum(cell.n() + 2 * cell.m(), 2 * cell.d() + 64);
    let quadratic = b.sqrt() * Ball::new(supremum, half + 0.5 * rounding);
    let linear = Ball::relative((c * n_k / n).sqrt(), unit);
    let (loss, _) = mean_and_error(&population);
    let known = Ball::relative(mean_and_error(&known).0, unit);
    // Loss and what is known of it vary together: their difference carries the interval, and the left side
    // holds it.
    let (_, spread) = student_interval(&excess, tolerance::FAILURE);
    let bound = known + 2.0 * (linear + quadratic);
    Ok(start(cell, SAMPLES)
        .quantity("loss", loss, spread)
        .ball("bound", bound)
        .ball("bound_without", known)
        .ball("linear_complexity", linear)
        .ball("quadratic_complexity", quadratic)
        .quantity("r2_reached", most_r2, unit * most_r2 * m)
        .quantity("norm_reached", most_w, unit * most_w))
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
    Ok(start(cell, 1)
        .ball("exact", exact)
        .ball("miss", (mean / exact - 1.0).abs())
        .ball("miss_apart", (mean / apart - 1.0).abs())
        .quantity("limit", half / exact.value, 1e-9))
}

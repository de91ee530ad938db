//! W = 0 made a saddle.

use super::SHARE;
use super::descent::{Problem, certified, options};
use crate::claim::{Cell, Measurement};
use crate::error::Result;
use escapement::construct;
use escapement::descent::{
    DescentOptions, DescentState, LeastOptions, LossLandscape, descend, least_eigenvalue,
};
use escapement::objective::RegularizedLoss;
use faer::{Mat, Par};
use std::ops::ControlFlow;

/// Steps that a descent without noise is given to leave the saddle. From rounding alone it would take
/// thousands.
const STILL: u64 = 200;

/// The least eigenvalue of the Hessian at W = 0, in full.
fn curvature(loss: &RegularizedLoss<'_>) -> Result<f64> {
    let order = loss.m() * loss.d();
    let hessian = loss.hessian(Mat::zeros(loss.m(), loss.d()).as_ref(), Par::Seq)?;
    Ok(least_eigenvalue(&hessian, &LeastOptions { dense: order, ..LeastOptions::default() }, Par::Seq)?
        .value)
}

pub(super) fn measure(cell: &Cell, seed: u64) -> Result<Measurement> {
    let problem = Problem::new(cell, seed)?;
    let y = construct::saddle_labels(
        &mut cell.stream(seed, "labels"),
        &problem.built.net,
        problem.built.x.as_ref(),
    )?;
    let loss = problem.loss(&y)?;
    let curved = -curvature(&loss)?;
    let gamma = (0.25 * curved).clamp(f64::MIN_POSITIVE, SHARE * (cell.m() as f64).powf(-0.75));
    let noisy = DescentOptions { curvature: Some(gamma), ..options(cell, seed) };
    let run = |options: &DescentOptions| {
        let state = DescentState::new(Mat::zeros(cell.m(), cell.d()), options);
        descend(&mut LossLandscape::new(&loss), state, options, &mut |_| ControlFlow::Continue(()), Par::Seq)
    };
    let held = run(&DescentOptions { noise: 0.0, max_steps: STILL, ..noisy })?;
    let end = run(&noisy)?;
    certified(&end)?;
    let start = end.state.start.unwrap_or(end.value.objective);
    let fitted = problem.loss(&vec![0.0; cell.n()])?;
    let rounding = problem.built.model_rounding() + 64.0 * f64::EPSILON * start;
    let (m, n, d) = (cell.m() as f64, cell.n() as f64, cell.d() as f64);
    // Dense and backward stable, of a matrix of norm at most 2(1 + Σλ_i)·d sup|σ'|².
    let spread = 1e-12 * (1.0 + problem.lambda[..3].iter().sum::<f64>()) * d;
    Ok(Measurement::new()
        .quantity("saddle_curvature", curved, spread)
        .quantity("fitted_curvature", -curvature(&fitted)?, spread)
        .quantity("positive", 2.0 * spread, 0.0)
        .quantity("gamma", gamma, 0.0)
        .quantity("end", end.value.objective, rounding)
        .quantity("below_saddle", start - 4.0 * rounding, rounding)
        .quantity("end_without_noise", held.value.objective, rounding)
        .quantity("steps", end.state.step as f64, 0.0)
        .hypothesis("a smooth loss", true, "pseudo-Huber")
        .hypothesis("λ4 > 0", problem.lambda[3] > 0.0, format!("λ = {:?}", problem.lambda))
        .cost(
            end.state.evaluations as f64 * n * m * (6.0 * d + 30.0),
            8.0 * (5.0 * n * m + (m * d).powi(2)),
            m * d,
        ))
}

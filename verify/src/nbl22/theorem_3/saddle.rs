//! W = 0 made a saddle.

use super::SHARE;
use super::descent::{Problem, certified, options};
use crate::cell::Cell;
use crate::error::Result;
use crate::record::Measurement;
use escapement::descent::{DescentOptions, DescentState, LeastOptions, LossLandscape, descend, least_eigenvalue};
use escapement::network::PairedNetwork;
use escapement::objective::RegularizedLoss;
use escapement::sphere::uniform_sphere;
use faer::{Mat, MatRef, Par};
use rand::Rng;
use std::ops::ControlFlow;

/// Steps that a descent without noise is given to leave the saddle. From rounding alone it would take thousands.
const STILL: u64 = 200;

/// Labels for which W = 0 is a stationary point of the pseudo-Huber loss of any of the models at the inputs `x` (`[n, d]`, n > pd), but no minimum.
/// `ℓ'(y_i, 0)` is what is left of `σ''(w_1·x_i)(e·x_i)²`, e a random direction, when it is projected off every feature `σ'(w_r·x)x_c`; its largest entry is
/// 0.8. R1..R4 are stationary there anyway.
///
/// # Errors
/// n ≤ pd.
pub fn planted_labels(rng: &mut impl Rng, net: &PairedNetwork, x: MatRef<'_, f64>) -> Result<Vec<f64>> {
    let (n, p, d) = (x.nrows(), net.p(), net.d());
    if n <= p * d {
        let why =
            format!("n = {n} inputs leave no labels orthogonal to pd = {} features: more inputs than features are needed", p * d);
        return Err(crate::Error::Input(why));
    }
    let (z, along) = (x * net.weights().transpose(), x * uniform_sphere(rng, 1, d, 1.0).transpose());
    let features = Mat::from_fn(n, p * d, |i, c| net.activation().d1(z[(i, c / d)]) * x[(i, c % d)]);
    let q = features.qr().compute_thin_Q();
    let mut slopes = Mat::from_fn(n, 1, |i, _| net.activation().d2(z[(i, 0)]) * along[(i, 0)] * along[(i, 0)]);
    // Twice, which leaves rounding of what remains.
    for _ in 0..2 {
        let inner = q.transpose() * &slopes;
        slopes -= &q * inner;
    }
    let largest = slopes.norm_max();
    // ℓ'(y, 0) = −y/√(1 + y²), and either sign will do: twins have both.
    Ok((0..n).map(|i| 0.8 * slopes[(i, 0)] / largest).map(|g: f64| g / (1.0 - g * g).sqrt()).collect())
}

/// The least eigenvalue of the Hessian at W = 0, in full.
fn curvature(loss: &RegularizedLoss<'_>) -> Result<f64> {
    let order = loss.m() * loss.d();
    let hessian = loss.hessian(Mat::zeros(loss.m(), loss.d()).as_ref(), Par::Seq)?;
    Ok(least_eigenvalue(&hessian, &LeastOptions { dense: order, ..LeastOptions::default() }, Par::Seq)?.value)
}

pub(super) fn measure(cell: &Cell, seed: u64) -> Result<Measurement> {
    let problem = Problem::new(cell, seed)?;
    let y = planted_labels(&mut cell.stream(seed, "labels"), &problem.built.net, problem.built.x.as_ref())?;
    let loss = problem.loss(&y)?;
    let curved = -curvature(&loss)?;
    let gamma = (0.25 * curved).clamp(f64::MIN_POSITIVE, SHARE * (cell.m as f64).powf(-0.75));
    let noisy = DescentOptions { curvature: Some(gamma), ..options(cell, seed) };
    let run = |options: &DescentOptions| {
        let state = DescentState::new(Mat::zeros(cell.m, cell.d), options);
        descend(&mut LossLandscape::new(&loss), state, options, &mut |_| ControlFlow::Continue(()), Par::Seq)
    };
    let held = run(&DescentOptions { noise: 0.0, max_steps: STILL, ..noisy })?;
    let end = run(&noisy)?;
    certified(&end)?;
    let start = end.state.start.unwrap_or(end.value.objective);
    let fitted = problem.loss(&vec![0.0; cell.n])?;
    let rounding = problem.built.model_rounding() + 64.0 * f64::EPSILON * start;
    let (m, n, d) = (cell.m as f64, cell.n as f64, cell.d as f64);
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
        .cost(end.state.evaluations as f64 * n * m * (6.0 * d + 30.0), 8.0 * (5.0 * n * m + (m * d).powi(2)), m * d))
}

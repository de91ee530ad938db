//! Descents from W = 0 along m.

use super::{MAX_STEPS, NOISE, SHARE};
use crate::claim::{Cell, Measurement};
use crate::error::Result;
use crate::papers::nbl22::instance::Instance;
use crate::papers::nbl22::letters::Letters;
use escapement::ball::Ball;
use escapement::construct::norm_2_4_pow4;
use escapement::descent::{Descended, DescentOptions, DescentState, LossLandscape, Outcome, descend};
use escapement::eigen;
use escapement::network::Model;
use escapement::objective::{Loss, RegularizedLoss};
use escapement::rounding;
use escapement::{Error, tolerance};
use faer::{Mat, Par};
use std::ops::ControlFlow;

/// Everything that a descent of the cell goes down.
pub(super) struct Problem {
    pub(super) built: Instance,
    pub(super) lambda: [f64; 4],
    pub(super) model: Model,
}

impl Problem {
    /// `λ_i = ε/E_S R_i(W*)` with `ε = max((d^{3(k−1)}/m)^{1/4}, (d^k/n)^{1/2})`, as Lemma 3's proof uses
    /// them.
    pub(super) fn new(cell: &Cell, seed: u64) -> Result<Self> {
        let built = Instance::new(cell, seed)?;
        let (d, m, n, k) = (cell.d() as f64, cell.m() as f64, cell.n() as f64, cell.k() as i32);
        let epsilon = (d.powi(3 * (k - 1)) / m).powf(0.25).max((d.powi(k) / n).sqrt());
        let lambda = built.averages()?.map(|r| epsilon / r.value);
        let model = if cell.part.ends_with("network") { Model::Network } else { Model::Quadratic };
        Ok(Self { built, lambda, model })
    }

    /// L_λ with these labels.
    pub(super) fn loss(&self, y: &[f64]) -> Result<RegularizedLoss<'_>> {
        let of = self.built.regularizers();
        Ok(RegularizedLoss::new(
            of,
            y,
            Loss::PseudoHuber,
            self.lambda,
            self.model,
            eigen::DEFAULT_MEMORY,
            Par::Seq,
        )?)
    }
}

/// ν, γ and s of the cell; the noise from a stream of its own.
pub(super) fn options(cell: &Cell, seed: u64) -> DescentOptions {
    use rand::Rng;
    let m = cell.m() as f64;
    let nu = SHARE * m.powf(-0.5);
    DescentOptions {
        gradient: nu,
        curvature: Some(SHARE * m.powf(-0.75)),
        noise: NOISE * nu,
        seed: cell.stream(seed, "noise").next_u64(),
        max_steps: MAX_STEPS,
        patience: MAX_STEPS,
        ..DescentOptions::default()
    }
}

/// An error unless the descent ended certified: a budget that does not suffice refutes no polynomial.
pub(super) fn certified(end: &Descended) -> Result<()> {
    if end.outcome == Outcome::SecondOrder {
        return Ok(());
    }
    let why = format!(
        "it ended as {:?} after {} steps, at ‖∇L‖ = {:e}",
        end.outcome, end.state.step, end.gradient_norm
    );
    Err(Error::Numerical { what: "the descent", why }.into())
}

/// What the noise of T steps of length η_t in total adds: `‖Ξ‖² ≤ s²(1 + 2√(u/D) + 2u/D)` for D entries
/// fails with probability e^{−u} (Laurent and Massart, Ann. Statist. 28 (2000) 1302–1338, Lemma 1), which is
/// shared out over the steps.
fn noise_allowance(options: &DescentOptions, entries: usize, steps: u64) -> f64 {
    let u = (steps.max(1) as f64 / tolerance::FAILURE).ln();
    let share = u / entries as f64;
    options.noise.powi(2) * (1.0 + 2.0 * share.sqrt() + 2.0 * share)
}

/// What Theorem 3 asks for, beside η and s small enough.
fn hypotheses(problem: &Problem, measurement: Measurement) -> Measurement {
    measurement.hypothesis("a smooth loss", true, "pseudo-Huber").hypothesis(
        "λ4 > 0",
        problem.lambda[3] > 0.0,
        format!("λ = {:?}", problem.lambda),
    )
}

/// What a descent passed through.
#[derive(Default)]
pub(super) struct Trace {
    start: f64,
    gradients: Vec<f64>,
    sizes: Vec<f64>,
    radius: f64,
    refused: Option<f64>,
    /// Iterates at steps that are each about twice the one before, from the first to the last.
    pub(super) points: Vec<Mat<f64>>,
}

/// Descends from W = 0, and keeps what it passes through.
pub(super) fn pass(loss: &RegularizedLoss<'_>, options: &DescentOptions) -> Result<(Descended, Trace)> {
    let (mut passed, mut next) = (Trace::default(), 0);
    let gamma = options.curvature.unwrap_or(f64::INFINITY);
    let state = DescentState::new(Mat::zeros(loss.m(), loss.d()), options);
    let end = descend(
        &mut LossLandscape::new(loss),
        state,
        options,
        &mut |at| {
            if at.state.step == 0 {
                passed.start = at.value.objective;
            }
            if at.state.step >= next {
                passed.points.push(at.state.w.clone());
                next = 2 * at.state.step + 1;
            }
            passed.gradients.push(at.gradient_norm);
            passed.sizes.push(at.state.step_size);
            passed.radius = passed.radius.max(norm_2_4_pow4(at.state.w.as_ref()).powf(0.25));
            if let Some(look) = at.look.filter(|look| look.value < -gamma) {
                passed.refused = Some(passed.refused.map_or(-look.value, |r: f64| r.max(-look.value)));
            }
            ControlFlow::Continue(())
        },
        Par::Seq,
    )?;
    passed.points.push(end.state.w.clone());
    Ok((end, passed))
}

pub(super) fn measure(cell: &Cell, seed: u64) -> Result<Measurement> {
    let problem = Problem::new(cell, seed)?;
    let y = problem.built.target.value(problem.built.x.as_ref())?;
    let loss = problem.loss(&y)?;
    let options = options(cell, seed);
    let (end, passed) = pass(&loss, &options)?;
    Ok(record(cell, &problem, &options, &end, &passed))
}

/// What the bounds ask of a descent.
pub(super) fn record(
    cell: &Cell,
    problem: &Problem,
    options: &DescentOptions,
    end: &Descended,
    passed: &Trace,
) -> Measurement {
    let Some((_, look)) = end.look.as_ref().filter(|_| end.outcome == Outcome::SecondOrder) else {
        // The steps are at least those of the budget.
        return hypotheses(problem, Measurement::new())
            .at_least("steps", (MAX_STEPS + 1) as f64)
            .quantity("width_squared", (cell.m() as f64).powi(2), 0.0)
            .quantity("budget", MAX_STEPS as f64, 0.0)
            .quantity("gradient", end.gradient_norm, 1e-9 * end.gradient_norm)
            .quantity("nu", options.gradient, 0.0);
    };

    // The step taken is the one tried first, or what was left of it.
    let etas: Vec<f64> = passed.sizes.windows(2).map(|s| s[0].min(s[1])).collect();
    let large = etas.iter().zip(&passed.gradients).filter(|(_, g)| **g > options.gradient);
    let (time, total) = (large.map(|(eta, _)| eta).sum::<f64>(), etas.iter().sum::<f64>());
    let steps = end.state.step;
    let noise = total * noise_allowance(options, cell.m() * cell.d(), steps);
    let fallen = 2.0 * (passed.start - end.value.objective);
    let (m, d) = (cell.m() as f64, cell.d() as f64);
    // The function is 1-Lipschitz in the predictions; what the regularisers add is of one sign, with 64
    // roundings.
    let rounding = problem.built.model_rounding() + 64.0 * f64::EPSILON * passed.start;
    let [_, first, second, _] = problem.built.net.activation().suprema().map(|s| s.value);
    // ‖∇L̂‖ ≤ √d(sup σ' + sup σ''√d max‖w_r‖), and ‖∇λR‖ ≤ 8 L_λ/‖W‖ or 2√(λ‖Σ‖L_λ): sums of n and m terms.
    let longest = (0..cell.m()).map(|r| end.state.w.row(r).norm_l2()).fold(0.0, f64::max);
    let quadratic: f64 =
        problem.lambda[..3].iter().map(|l| (l * d * end.value.objective).sqrt()).sum::<f64>() * 2.0 * first;
    let size = d.sqrt() * (first + second * d.sqrt() * longest) + quadratic + 8.0 * end.value.objective;
    let slope = rounding::sum(cell.m() + cell.n(), 2 * cell.d() + 16) * size;
    let allowed = ((passed.start + 0.5 * noise) / problem.lambda[3]).powf(0.125);
    let halfway = passed.gradients[passed.gradients.len() / 2];
    let spent = Ball::new(fallen + noise, 4.0 * rounding);
    let mut measurement = Measurement::new()
        .quantity("steps", steps.max(1) as f64, 0.0)
        .quantity("budget", MAX_STEPS as f64, 0.0)
        .quantity("budget_halved", 0.5 * steps as f64, 0.0)
        .quantity("width_squared", m * m, 0.0)
        .quantity("time", time, rounding::sum(etas.len(), 1) * time)
        .ball("time_allowed", spent / options.gradient.powi(2))
        .ball("time_first_order", spent / options.gradient)
        .quantity("gradient", end.gradient_norm, slope)
        .quantity("gradient_halfway", halfway, slope)
        .quantity("nu", options.gradient + slope, 0.0)
        .quantity("curvature", -look.lower_bound, 0.0)
        .quantity("gamma", options.curvature.unwrap_or(f64::INFINITY), 0.0)
        .quantity("radius", passed.radius, 8.0 * f64::EPSILON * passed.radius)
        .quantity("radius_allowed", allowed, 1e-9 * allowed)
        .quantity("radius_sharper", allowed.sqrt(), 1e-9 * allowed)
        .quantity("one", 1.0, 0.0)
        .quantity("objective", end.value.objective, rounding)
        .quantity("evaluations", end.state.evaluations as f64, 0.0);
    if let Some(refused) = passed.refused {
        measurement = measurement.quantity("curvature_refused", refused, 0.0);
    }
    let work = end.state.evaluations as f64 * cell.n() as f64 * m * (6.0 * d + 30.0);
    hypotheses(problem, measurement).cost(
        work,
        8.0 * (5.0 * cell.n() as f64 * m + 300.0 * m * d),
        look.products as f64,
    )
}

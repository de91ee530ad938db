//! Gradient descent, plain and perturbed, to a certified stationary point.

use std::ops::ControlFlow;

use faer::{Mat, MatRef, Par};
use rand_distr::{Distribution, StandardNormal};

use super::state::FIRST_WAIT;
use super::{
    DescentOptions, DescentState, Landscape, LeastEigenvalue, LeastOptions, StepSize, least_eigenvalue,
};
use crate::objective::regularized::Value;
use crate::{Error, Result, network, rounding, seed};

/// By how much a step that was taken at once lets the next one grow.
const GROWTH: f64 = 1.1;
/// A step shorter than this much of the first one tried moves nothing: `2^{-100}`.
const LEAST_STEP: f64 = 7.9e-31;
/// A new least value counts where it lies lower by more than this much of it.
const PROGRESS: f64 = 1e-12;

/// One point of a descent, as it is passed.
#[derive(Debug)]
pub struct Iterate<'a> {
    /// Where the descent stands.
    pub state: &'a DescentState,
    /// L there, with its parts.
    pub value: Value,
    /// `‖∇L‖_F` there, without noise.
    pub gradient_norm: f64,
    /// The least eigenvalue of the Hessian, where it was looked at.
    pub look: Option<&'a LeastEigenvalue>,
}

/// Why a descent ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// ‖∇L‖ ≤ ν, and no eigenvalue of the Hessian lies below −γ.
    SecondOrder,
    /// ‖∇L‖ ≤ ν, and nobody asked for the curvature.
    FirstOrder,
    /// The steps are spent.
    Steps,
    /// L is no longer finite, or far above where it started: the step is too long. The state is the last
    /// finite one.
    Diverged,
    /// L has not fallen for as long as the patience lasts, or no step along the gradient is short enough to
    /// lower it. Without noise, a saddle point ends so.
    Stagnated,
    /// The watcher asked it to.
    Interrupted,
}

/// The end of a descent.
#[derive(Debug, Clone)]
pub struct Descended {
    /// Why it ended.
    pub outcome: Outcome,
    /// The last point.
    pub state: DescentState,
    /// L there, with its parts.
    pub value: Value,
    /// `‖∇L‖_F` there, without noise.
    pub gradient_norm: f64,
    /// The last look at the least eigenvalue of the Hessian, and its step; at the last point if the outcome
    /// is [`Outcome::SecondOrder`].
    pub look: Option<(u64, LeastEigenvalue)>,
}

/// Descends from `state`: `W ← W − η(∇L(W) + Ξ)` (NBL22, equation (21)), without Ξ unless noise is asked
/// for, until a stationary point is certified, the budget is spent or something has gone wrong, which the
/// outcome says. `watch` sees every point, the first and the last among them, and may end the descent there;
/// the state it has seen leads on to the same bits.
///
/// # Errors
/// Options out of their domain, a state that does not fit the landscape, or any error of the landscape but
/// an overflow along the way. An overflow at the start is an error.
///
/// # Accuracy
/// The least eigenvalue of an outcome [`Outcome::SecondOrder`] is above −γ with the probability that
/// [`LeastOptions::failure`] leaves, for each look; see [`least_eigenvalue`].
pub fn descend(
    landscape: &mut dyn Landscape,
    mut state: DescentState,
    options: &DescentOptions,
    watch: &mut dyn FnMut(&Iterate<'_>) -> ControlFlow<()>,
    par: Par,
) -> Result<Descended> {
    options.check()?;
    let (rows, cols) = landscape.shape();
    if (state.w.nrows(), state.w.ncols()) != (rows, cols) {
        let expected = format!("{rows}, {cols}");
        return Err(Error::Shape {
            name: "the start",
            rows: state.w.nrows(),
            cols: state.w.ncols(),
            expected,
        });
    }
    network::finite("the start", state.w.as_ref())?;
    let mut here = Point::new(&state.w);
    here.value = landscape.value_and_gradient(state.w.as_ref(), here.gradient.as_mut(), par)?;
    let (mut there, mut noise) = (Point::new(&state.w), Mat::zeros(rows, cols));
    let mut last = None;
    let outcome = loop {
        let gradient_norm = here.gradient.norm_l2();
        let level = here.value.objective;
        state.start.get_or_insert(level);
        if state.best.is_none_or(|(best, _)| level < best - PROGRESS * best.abs()) {
            state.best = Some((level, state.step));
        }
        let stationary = gradient_norm <= options.gradient;
        let look = match options.curvature {
            Some(gamma) if stationary && state.step >= state.look_at => {
                let least = LeastOptions { threshold: Some(-gamma), seed: state.step, ..options.least };
                let found =
                    least_eigenvalue(landscape.hessian(state.w.as_ref(), par)?.as_ref(), &least, par)?;
                state.look_at = state.step + state.wait;
                state.wait = state.wait.saturating_mul(2);
                Some(found)
            }
            _ => None,
        };
        if !stationary {
            state.wait = FIRST_WAIT;
        }
        tracing::trace!(
            step = state.step,
            objective = level,
            gradient_norm,
            step_size = state.step_size,
            "a point of the descent"
        );
        let asked = watch(&Iterate { state: &state, value: here.value, gradient_norm, look: look.as_ref() });
        let certified =
            look.as_ref().zip(options.curvature).is_some_and(|(found, gamma)| found.lower_bound >= -gamma);
        last = look.map(|found| (state.step, found)).or(last);
        let since = state.step - state.best.map_or(0, |(_, at)| at);
        if certified {
            break Outcome::SecondOrder;
        } else if stationary && options.curvature.is_none() {
            break Outcome::FirstOrder;
        } else if asked.is_break() {
            break Outcome::Interrupted;
        } else if level > options.ceiling * (1.0 + state.start.unwrap_or(level).abs()) {
            break Outcome::Diverged;
        } else if state.step >= options.max_steps {
            break Outcome::Steps;
        } else if since >= options.patience {
            break Outcome::Stagnated;
        }
        if options.noise > 0.0 {
            draw(&mut noise, options, state.step);
        }
        if let Err(end) = step(landscape, &mut state, options, &here, &mut there, noise.as_ref(), par)? {
            break end;
        }
        std::mem::swap(&mut state.w, &mut there.w);
        std::mem::swap(&mut here, &mut there);
        state.step += 1;
    };
    let gradient_norm = here.gradient.norm_l2();
    tracing::info!(
        outcome = ?outcome,
        steps = state.step,
        evaluations = state.evaluations,
        objective = here.value.objective,
        gradient_norm,
        "the descent ends"
    );
    Ok(Descended { outcome, state, value: here.value, gradient_norm, look: last })
}

/// What is known at a point; `w` is where the step under trial leads.
struct Point {
    w: Mat<f64>,
    gradient: Mat<f64>,
    value: Value,
}

impl Point {
    fn new(like: &Mat<f64>) -> Self {
        let zeros = || Mat::zeros(like.nrows(), like.ncols());
        Self {
            w: zeros(),
            gradient: zeros(),
            value: Value { loss: 0.0, regularizers: [0.0; 4], objective: 0.0 },
        }
    }
}

/// Finds the next point, in `there`; or why there is none.
fn step(
    landscape: &mut dyn Landscape,
    state: &mut DescentState,
    options: &DescentOptions,
    here: &Point,
    there: &mut Point,
    noise: MatRef<'_, f64>,
    par: Par,
) -> Result<std::result::Result<(), Outcome>> {
    let mut at_once = true;
    loop {
        let eta = state.step_size;
        for c in 0..here.gradient.ncols() {
            let (to, from) = (there.w.col_as_slice_mut(c), state.w.col_as_slice(c));
            let (slope, noise) = (here.gradient.col_as_slice(c), noise.col(c));
            for (r, to) in to.iter_mut().enumerate() {
                *to = from[r] - eta * (slope[r] + noise[r]);
            }
        }
        state.evaluations += 1;
        let found = landscape.value_and_gradient(there.w.as_ref(), there.gradient.as_mut(), par);
        let fits = match found {
            Ok(value) => {
                there.value = value;
                value.objective.is_finite()
                    && (matches!(options.step_size, StepSize::Fixed(_)) || smooth(state, here, there, eta))
            }
            // An entry of W that overflowed is refused on entry.
            Err(Error::Numerical { .. } | Error::NotFinite { .. }) => false,
            Err(other) => return Err(other),
        };
        let StepSize::Backtracking { first } = options.step_size else {
            return Ok(if fits { Ok(()) } else { Err(Outcome::Diverged) });
        };
        if fits {
            if at_once {
                state.step_size *= GROWTH;
            }
            return Ok(Ok(()));
        }
        at_once = false;
        state.step_size *= 0.5;
        if state.step_size < LEAST_STEP * first {
            return Ok(Err(Outcome::Stagnated));
        }
    }
}

/// Whether L is as smooth along the step as its length takes for granted.
fn smooth(state: &DescentState, here: &Point, there: &Point, eta: f64) -> bool {
    let (mut slope, mut change, mut square) = (0.0, 0.0, 0.0);
    for c in 0..here.gradient.ncols() {
        let (from, to) = (state.w.col_as_slice(c), there.w.col_as_slice(c));
        let (before, after) = (here.gradient.col_as_slice(c), there.gradient.col_as_slice(c));
        for r in 0..from.len() {
            let delta = to[r] - from[r];
            slope += before[r] * delta;
            change += (after[r] - before[r]) * delta;
            square += delta * delta;
        }
    }
    let (before, after) = (here.value.objective, there.value.objective);
    let rounding = rounding::eigen(here.gradient.nrows() * here.gradient.ncols(), before);
    if (after - before).abs() <= rounding {
        change <= square / eta
    } else {
        after <= before + slope + 0.5 * square / eta
    }
}

/// Ξ of one step.
fn draw(noise: &mut Mat<f64>, options: &DescentOptions, step: u64) {
    let rng = &mut seed::stream(options.seed, "perturbed gradient descent", &format!("noise {step}"));
    let scale = options.noise / ((noise.nrows() * noise.ncols()) as f64).sqrt();
    for c in 0..noise.ncols() {
        noise.col_as_slice_mut(c).iter_mut().for_each(|x| {
            let normal: f64 = StandardNormal.sample(rng);
            *x = scale * normal;
        });
    }
}

//! Gradient descent with or without noise, to a certified stationary point.

use std::ops::ControlFlow;

use faer::{Mat, MatRef, Par};
use rand_distr::{Distribution, StandardNormal};

use super::state::FIRST_WAIT;
use super::{
    DescentOptions, DescentState, Landscape, LeastEigenvalue, LeastOptions, StepSize, least_eigenvalue,
};
use crate::objective::regularized::Value;
use crate::{Error, Result, network, rounding, seed};

/// The factor by which the step size grows after a step that was taken at once.
const GROWTH: f64 = 1.1;
/// The least step size, relative to the first one tried: `2^{-100}`. Shorter steps change no number.
const LEAST_STEP: f64 = 7.9e-31;
/// A value of L is a new least one where it is lower by more than this factor times the old one.
const PROGRESS: f64 = 1e-12;

/// A point of a descent, as the callback sees it.
#[derive(Debug)]
pub struct Iterate<'a> {
    /// The state of the descent at this point.
    pub state: &'a DescentState,
    /// L at this point, with its parts.
    pub value: Value,
    /// `‖∇L‖_F` at this point, without noise.
    pub gradient_norm: f64,
    /// The least eigenvalue of the Hessian, where it was computed.
    pub look: Option<&'a LeastEigenvalue>,
}

/// The reason why a descent ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// ‖∇L‖ ≤ ν, and the least eigenvalue of the Hessian is certified to be at least −γ.
    SecondOrder,
    /// ‖∇L‖ ≤ ν, and the options have no condition on the Hessian.
    FirstOrder,
    /// The largest number of steps was reached.
    Steps,
    /// L is not finite, or far above its value at the start, so that the step size is too large. The state
    /// is the last one with a finite L.
    Diverged,
    /// L has not fallen for as many steps as the patience allows, or no step size lowers it. A descent
    /// without noise that reaches a saddle point ends in this way.
    Stagnated,
    /// The callback returned `Break`.
    Interrupted,
}

impl Outcome {
    /// The name in summaries, as `second-order-stationary`.
    pub fn name(self) -> &'static str {
        match self {
            Self::SecondOrder => "second-order-stationary",
            Self::FirstOrder => "first-order-stationary",
            Self::Steps => "steps-spent",
            Self::Diverged => "diverged",
            Self::Stagnated => "stagnated",
            Self::Interrupted => "interrupted",
        }
    }
}

/// The result of a descent.
#[derive(Debug, Clone)]
pub struct Descended {
    /// The reason why the descent ended.
    pub outcome: Outcome,
    /// The state at the last point.
    pub state: DescentState,
    /// L at the last point, with its parts.
    pub value: Value,
    /// `‖∇L‖_F` at the last point, without noise.
    pub gradient_norm: f64,
    /// The least eigenvalue of the Hessian that was computed last, and the step at which it was. If the
    /// outcome is [`Outcome::SecondOrder`], this is the last point.
    pub look: Option<(u64, LeastEigenvalue)>,
}

/// Minimises the landscape L from `state` by steps `W ← W − η(∇L(W) + Ξ)` (NBL22, equation (21)), where Ξ is
/// zero unless the options ask for noise. The descent ends at a certified stationary point, or for another
/// reason that the outcome names. Callback: given each point, from the first to the last, `watch` may end
/// the descent there. A descent that is continued from the state of such a point has the same bits.
///
/// # Errors
/// Options outside their domain; a state that does not fit the landscape; an error of the landscape, except
/// that an overflow after the start makes the step shorter or ends the descent as diverged.
///
/// # Accuracy
/// Each time the least eigenvalue is computed, its lower bound fails with the probability
/// [`LeastOptions::failure`], see [`least_eigenvalue`]. An outcome [`Outcome::SecondOrder`] rests on such a
/// bound.
pub fn descend(
    landscape: &mut dyn Landscape,
    mut state: DescentState,
    options: &DescentOptions,
    watch: &mut dyn FnMut(&Iterate<'_>) -> ControlFlow<()>,
    par: Par,
) -> Result<Descended> {
    options.check()?;
    check_start(&state, landscape.shape())?;
    let mut current = Point::new(&state.w);
    current.value = landscape.value_and_gradient(state.w.as_ref(), current.gradient.as_mut(), par)?;
    let (mut next, mut noise) = (Point::new(&state.w), Mat::zeros(state.w.nrows(), state.w.ncols()));
    let mut last = None;
    let outcome = loop {
        let gradient_norm = current.gradient.norm_l2();
        let level = current.value.objective;
        state.start.get_or_insert(level);
        if state.best.is_none_or(|(best, _)| level < best - PROGRESS * best.abs()) {
            state.best = Some((level, state.step));
        }
        let stationary = gradient_norm <= options.gradient;
        let look = least_curvature(landscape, &mut state, options, stationary, par)?;
        tracing::trace!(
            step = state.step,
            objective = level,
            gradient_norm,
            step_size = state.step_size,
            "a point of the descent"
        );
        let flow =
            watch(&Iterate { state: &state, value: current.value, gradient_norm, look: look.as_ref() });
        let certified =
            look.as_ref().zip(options.curvature).is_some_and(|(found, gamma)| found.lower_bound >= -gamma);
        last = look.map(|found| (state.step, found)).or(last);
        if let Some(end) = end_at(&state, options, level, stationary, certified, flow) {
            break end;
        }
        if options.noise > 0.0 {
            draw(&mut noise, options, state.step);
        }
        if let Err(end) = step(landscape, &mut state, options, &current, &mut next, noise.as_ref(), par)? {
            break end;
        }
        std::mem::swap(&mut state.w, &mut next.w);
        std::mem::swap(&mut current, &mut next);
        state.step += 1;
    };
    let gradient_norm = current.gradient.norm_l2();
    tracing::info!(
        outcome = ?outcome,
        steps = state.step,
        evaluations = state.evaluations,
        objective = current.value.objective,
        gradient_norm,
        "the descent ends"
    );
    Ok(Descended { outcome, state, value: current.value, gradient_norm, look: last })
}

/// Refuses a start whose shape is not that of the landscape, or which is not finite.
fn check_start(state: &DescentState, (rows, cols): (usize, usize)) -> Result<()> {
    if (state.w.nrows(), state.w.ncols()) != (rows, cols) {
        let expected = format!("{rows}, {cols}");
        return Err(Error::shape("the start", [state.w.nrows(), state.w.ncols()], expected));
    }
    network::finite("the start", state.w.as_ref())
}

/// The least eigenvalue of the Hessian, where the options ask for it and enough steps have passed since it
/// was last computed.
fn least_curvature(
    landscape: &dyn Landscape,
    state: &mut DescentState,
    options: &DescentOptions,
    stationary: bool,
    par: Par,
) -> Result<Option<LeastEigenvalue>> {
    if !stationary {
        state.wait = FIRST_WAIT;
    }
    let Some(gamma) = options.curvature.filter(|_| stationary && state.step >= state.look_at) else {
        return Ok(None);
    };
    let least = LeastOptions { threshold: Some(-gamma), seed: state.step, ..options.least };
    let found = least_eigenvalue(landscape.hessian(state.w.as_ref(), par)?.as_ref(), &least, par)?;
    state.look_at = state.step + state.wait;
    state.wait = state.wait.saturating_mul(2);
    Ok(Some(found))
}

/// The outcome of a descent that ends at a point where L has the value `level`; none where it goes on.
fn end_at(
    state: &DescentState,
    options: &DescentOptions,
    level: f64,
    stationary: bool,
    certified: bool,
    flow: ControlFlow<()>,
) -> Option<Outcome> {
    let since = state.step - state.best.map_or(0, |(_, at)| at);
    if certified {
        Some(Outcome::SecondOrder)
    } else if stationary && options.curvature.is_none() {
        Some(Outcome::FirstOrder)
    } else if flow.is_break() {
        Some(Outcome::Interrupted)
    } else if level > options.ceiling * (1.0 + state.start.unwrap_or(level).abs()) {
        Some(Outcome::Diverged)
    } else if state.step >= options.max_steps {
        Some(Outcome::Steps)
    } else if since >= options.patience {
        Some(Outcome::Stagnated)
    } else {
        None
    }
}

/// L and its gradient at a point. For the next point, `w` is the point itself, at the end of the step that
/// is tried.
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

/// Computes the next point in `next`, or returns the outcome where there is none.
fn step(
    landscape: &mut dyn Landscape,
    state: &mut DescentState,
    options: &DescentOptions,
    current: &Point,
    next: &mut Point,
    noise: MatRef<'_, f64>,
    par: Par,
) -> Result<std::result::Result<(), Outcome>> {
    let mut at_once = true;
    loop {
        let eta = state.step_size;
        for c in 0..current.gradient.ncols() {
            let (to, from) = (next.w.col_as_slice_mut(c), state.w.col_as_slice(c));
            let (slope, noise) = (current.gradient.col_as_slice(c), noise.col(c));
            for (r, to) in to.iter_mut().enumerate() {
                *to = from[r] - eta * (slope[r] + noise[r]);
            }
        }
        state.evaluations += 1;
        let found = landscape.value_and_gradient(next.w.as_ref(), next.gradient.as_mut(), par);
        let fits = match found {
            Ok(value) => {
                next.value = value;
                value.is_finite()
                    && (matches!(options.step_size, StepSize::Fixed(_))
                        || is_smooth(state, current, next, eta))
            }
            // An entry of W that overflowed is refused as not finite.
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

/// Whether L is η^{-1}-smooth along the step, as the step size requires.
fn is_smooth(state: &DescentState, current: &Point, next: &Point, eta: f64) -> bool {
    let (mut slope, mut change, mut square) = (0.0, 0.0, 0.0);
    for c in 0..current.gradient.ncols() {
        let (from, to) = (state.w.col_as_slice(c), next.w.col_as_slice(c));
        let (before, after) = (current.gradient.col_as_slice(c), next.gradient.col_as_slice(c));
        for r in 0..from.len() {
            let delta = to[r] - from[r];
            slope += before[r] * delta;
            change += (after[r] - before[r]) * delta;
            square += delta * delta;
        }
    }
    let (before, after) = (current.value.objective, next.value.objective);
    let rounding = rounding::eigen(current.gradient.nrows() * current.gradient.ncols(), before);
    if (after - before).abs() <= rounding {
        change <= square / eta
    } else {
        after <= before + slope + 0.5 * square / eta
    }
}

/// Draws the noise Ξ of one step.
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

//! The search for a point of second order by quasi-Newton steps, which turns at saddles to directions of
//! negative curvature.

use faer::{Mat, MatRef, Par};

use super::quasi_newton::QuasiNewton;
use super::{
    Descended, DescentOptions, DescentState, Landscape, LeastEigenvalue, LeastOptions, Outcome,
    least_eigenvalue,
};
use crate::objective::regularized::Value;
use crate::{Error, Result, network};

/// The share of the decrease to second order that a step along a negative curvature must bring.
const SHARE: f64 = 0.25;
/// Halvings of such a step.
const HALVINGS: i32 = 60;

/// Minimises the landscape from `w` by the steps of [`QuasiNewton`] until the gradient is at most ν, and
/// computes the least eigenvalue of the Hessian there. Where it is below −γ the search goes on along its
/// eigenvector; where it is certified to be at least −γ it ends with [`Outcome::SecondOrder`]. Of the
/// options, the step size, the noise, the patience and the ceiling are not used: a search that begins at a
/// saddle needs no noise to leave it. Where no step lowers the function any more, and where the eigenvalue
/// is not known well enough to tell, the outcome is [`Outcome::Stagnated`].
///
/// # Errors
/// As [`super::descend`].
///
/// # Accuracy
/// As [`super::descend`].
pub fn search(
    landscape: &mut dyn Landscape,
    w: Mat<f64>,
    options: &DescentOptions,
    par: Par,
) -> Result<Descended> {
    options.check()?;
    let (rows, cols) = landscape.shape();
    if (w.nrows(), w.ncols()) != (rows, cols) {
        return Err(Error::shape("the start", [w.nrows(), w.ncols()], format!("{rows}, {cols}")));
    }
    network::finite("the start", w.as_ref())?;
    let mut state = DescentState::new(w, options);
    let mut look: Option<(u64, LeastEigenvalue)> = None;
    loop {
        let mut failure = None;
        let mut function = |z: &[f64], gradient: &mut [f64]| {
            let to = faer::MatMut::from_column_major_slice_mut(gradient, rows, cols);
            let from = MatRef::from_column_major_slice(z, rows, cols);
            match landscape.value_and_gradient(from, to, par) {
                Ok(value) => value.objective,
                Err(error) => {
                    if !matches!(error, Error::Numerical { .. } | Error::NotFinite { .. }) {
                        failure.get_or_insert(error);
                    }
                    f64::INFINITY
                }
            }
        };
        let start: Vec<f64> = state.w.col_iter().flat_map(|c| c.iter().copied()).collect();
        let mut run = QuasiNewton::new(start, &mut function);
        state.start.get_or_insert(run.value());
        let before = state.step;
        let norm = |run: &QuasiNewton| run.gradient().iter().map(|g| g * g).sum::<f64>().sqrt();
        let mut stuck = false;
        while norm(&run) > options.gradient && before + run.steps() < options.max_steps && !stuck {
            stuck = !run.advance(1, &mut function);
        }
        if let Some(error) = failure {
            return Err(error);
        }
        state.w = MatRef::from_column_major_slice(run.point(), rows, cols).to_owned();
        state.step = before + run.steps();
        state.evaluations += run.evaluations();
        state.best = Some((run.value(), state.step));
        let (level, gradient_norm) = (run.value(), norm(&run));
        let slope = MatRef::from_column_major_slice(run.gradient(), rows * cols, 1).to_owned();
        let outcome = if gradient_norm > options.gradient {
            Some(if stuck { Outcome::Stagnated } else { Outcome::Steps })
        } else if let Some(gamma) = options.curvature {
            let least = LeastOptions { threshold: Some(-gamma), seed: state.step, ..options.least };
            let found = least_eigenvalue(landscape.hessian(state.w.as_ref(), par)?.as_ref(), &least, par)?;
            let end = if found.lower_bound >= -gamma {
                Some(Outcome::SecondOrder)
            } else if found.value >= -gamma || state.step >= options.max_steps {
                Some(Outcome::Stagnated)
            } else {
                leave(landscape, &mut state, level, &slope, &found, par)?
            };
            look = Some((state.step, found));
            end
        } else {
            Some(Outcome::FirstOrder)
        };
        let Some(outcome) = outcome else { continue };
        let mut gradient = Mat::zeros(rows, cols);
        let value: Value = landscape.value_and_gradient(state.w.as_ref(), gradient.as_mut(), par)?;
        return Ok(Descended { outcome, state, value, gradient_norm, look });
    }
}

/// Moves the point along the direction of least curvature, downhill, as far as the function falls by a share
/// of what its second derivative predicts.
fn leave(
    landscape: &mut dyn Landscape,
    state: &mut DescentState,
    level: f64,
    slope: &Mat<f64>,
    found: &LeastEigenvalue,
    par: Par,
) -> Result<Option<Outcome>> {
    let (rows, cols) = (state.w.nrows(), state.w.ncols());
    let uphill = (slope.transpose() * &found.vector)[(0, 0)] > 0.0;
    let first = state.w.norm_l2().max(1.0) * if uphill { -1.0 } else { 1.0 };
    let mut gradient = Mat::zeros(rows, cols);
    for halving in 0..HALVINGS {
        let length = first * 0.5_f64.powi(halving);
        let next =
            Mat::from_fn(rows, cols, |r, c| state.w[(r, c)] + length * found.vector[(c * rows + r, 0)]);
        state.evaluations += 1;
        let value = match landscape.value_and_gradient(next.as_ref(), gradient.as_mut(), par) {
            Ok(value) => value.objective,
            Err(Error::Numerical { .. } | Error::NotFinite { .. }) => f64::INFINITY,
            Err(other) => return Err(other),
        };
        if value <= level + 0.5 * SHARE * found.value * length * length {
            state.w = next;
            state.step += 1;
            return Ok(None);
        }
    }
    Ok(Some(Outcome::Stagnated))
}

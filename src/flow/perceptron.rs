//! Stochastic gradient descent with the bookkeeping of a perceptron.
//!
//! With the logistic loss ℓ, one fresh example a step and `G² = max_t ‖∇p_t(W_t)‖²`, every W̄ has
//! `Σ_t ℓ(p_t) ≤ (2 Σ_t ℓ(z_t) + ‖W̄ − W_0‖²/η)/(2 − ηG²)` with `z_t = p_t(W_t) + ⟨∇p_t(W_t), W̄ − W_t⟩`, as
//! long as ηG² < 2: ‖W_{t+1} − W̄‖² is expanded, ℓ is convex, and ℓ'² ≤ ℓ.

use super::loss::Loss;
use crate::{Error, Result};
use faer::{Mat, MatRef};

/// What a run leaves.
#[derive(Debug, Clone)]
pub struct Perceptron {
    /// The margins p_t before each step, `[T]`.
    pub margins: Vec<f64>,
    /// z_t for the W̄ that was given, `[T]`.
    pub linearised: Vec<f64>,
    /// `max_t ‖∇p_t(W_t)‖²`.
    pub largest_square: f64,
    /// Steps with p_t ≤ 0.
    pub mistakes: usize,
    /// `Σ_t ℓ(p_t)`.
    pub regret: f64,
    /// `2 Σ_t ℓ(z_t) + ‖W̄ − W_0‖²/η`; over 2 − ηG² it bounds the sum of losses.
    pub allowed: f64,
    /// The last weights, `[m, 1 + d]`.
    pub weights: Mat<f64>,
}

/// Runs `W_{t+1} = W_t − η ℓ'(p_t) ∇p_t` from `start` (`[m, 1 + d]`) over the examples x (`[T, d]`), y (`[T]`),
/// and keeps the books for `other`, the W̄ of the bound (`[m, 1 + d]`). At a kink the slope of the ReLU is 0.
///
/// # Errors
/// Shapes that do not fit, numbers that are not finite, labels other than ±1, and an η that is not positive.
pub fn perceptron(
    start: MatRef<'_, f64>,
    x: MatRef<'_, f64>,
    y: &[f64],
    eta: f64,
    other: MatRef<'_, f64>,
) -> Result<Perceptron> {
    crate::margin::check_examples(x, y)?;
    let (m, width) = (start.nrows(), start.ncols());
    crate::margin::check_weights("the weights", start, x.ncols())?;
    crate::margin::check_weights("the other weights", other, x.ncols())?;
    if other.nrows() != m {
        return Err(Error::shape("the other weights", [other.nrows(), width], format!("{m}, {width}")));
    }
    if !(eta.is_finite() && eta > 0.0) {
        return Err(Error::domain("the step η", eta, "it is positive and finite"));
    }
    let root = (m as f64).sqrt();
    // Neurons are columns, so that each is contiguous.
    let mut w = start.transpose().to_owned();
    let other = other.transpose().to_owned();
    let square = |difference: &mut dyn Iterator<Item = f64>| difference.map(|x| x * x).sum::<f64>();
    let apart: f64 = (0..m)
        .map(|j| square(&mut w.col_as_slice(j).iter().zip(other.col_as_slice(j)).map(|(a, b)| a - b)))
        .sum();
    let mut out = Perceptron {
        margins: Vec::with_capacity(y.len()),
        linearised: Vec::with_capacity(y.len()),
        largest_square: 0.0,
        mistakes: 0,
        regret: 0.0,
        allowed: apart / eta,
        weights: Mat::new(),
    };
    let mut gradient = Mat::<f64>::zeros(width, m);
    for (t, &label) in y.iter().enumerate() {
        let at: Vec<f64> = x.row(t).iter().copied().collect();
        let (mut p, mut z, mut norm) = (0.0, 0.0, 0.0);
        for j in 0..m {
            let neuron = w.col_as_slice(j);
            let value: f64 = neuron[1..].iter().zip(&at).map(|(v, x)| v * x).sum();
            let own = gradient.col_as_slice_mut(j);
            own.fill(0.0);
            if value > 0.0 {
                own[0] = label * value / root;
                own[1..].iter_mut().zip(&at).for_each(|(g, x)| *g = label * neuron[0] * x / root);
                p += neuron[0] * own[0];
                norm += square(&mut own.iter().copied());
                let towards = other.col_as_slice(j).iter().zip(neuron).zip(&*own);
                z += towards.map(|((to, from), g)| g * (to - from)).sum::<f64>();
            }
        }
        let slope = Loss::Logistic.levels(&[p]).log_slope.exp();
        for j in 0..m {
            let step = w.col_as_slice_mut(j).iter_mut().zip(gradient.col_as_slice(j));
            step.for_each(|(w, g)| *w += eta * slope * g);
        }
        out.largest_square = out.largest_square.max(norm);
        out.mistakes += usize::from(p <= 0.0);
        out.regret += Loss::Logistic.ln(p).exp();
        out.allowed += 2.0 * Loss::Logistic.ln(p + z).exp();
        out.margins.push(p);
        out.linearised.push(p + z);
    }
    out.weights = w.transpose().to_owned();
    Ok(out)
}

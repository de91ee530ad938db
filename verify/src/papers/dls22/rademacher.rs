//! Rademacher averages of two-layer networks with a fixed first layer.

use escapement::gaussian::normal::{density, upper_tail};
use faer::MatRef;

/// The most inputs over whose signs an average is enumerated.
pub const MOST_INPUTS: usize = 20;

/// The Rademacher average given the inputs X (`[n, d]`) of the networks `aᵀσ(Wx + b)`, ‖a‖ ≤ B_a, with the
/// ReLU σ and fixed W (`[m, d]`) and b: `(B_a/n) E‖Σ_i ε_i σ(Wx_i + b)‖`, by enumeration of all signs.
///
/// # Errors
/// More than [`MOST_INPUTS`] inputs, in a sentence.
pub fn given_inputs(
    x: MatRef<'_, f64>,
    weights: MatRef<'_, f64>,
    biases: &[f64],
    most: f64,
) -> Result<f64, String> {
    let (n, m) = (x.nrows(), weights.nrows());
    if n > MOST_INPUTS {
        return Err(format!("{n} is not allowed, only up to {MOST_INPUTS}: all 2^n signs are enumerated"));
    }
    let feature = |i: usize, j: usize| {
        let z: f64 = (0..x.ncols()).map(|c| weights[(j, c)] * x[(i, c)]).sum();
        (z + biases[j]).max(0.0)
    };
    let features: Vec<Vec<f64>> = (0..n).map(|i| (0..m).map(|j| feature(i, j)).collect()).collect();
    // The norm is the same for opposite signs, so the last sign is +1.
    let half = 1_u32 << n.saturating_sub(1);
    let norm = |signs: u32| {
        let sign = |i: usize| if signs >> i & 1 == 0 { 1.0 } else { -1.0 };
        let sum = |j: usize| (0..n).map(|i| sign(i) * features[i][j]).sum::<f64>();
        (0..m).map(|j| sum(j).powi(2)).sum::<f64>().sqrt()
    };
    Ok(most / n as f64 * (0..half).map(norm).sum::<f64>() / f64::from(half))
}

/// `E σ(w·x + b)²` for a ReLU and standard normal x, `(b² + s²)Φ(b/s) + b s φ(b/s)` with s = ‖w‖.
pub fn mean_square(s: f64, b: f64) -> f64 {
    if s == 0.0 {
        return b.max(0.0).powi(2);
    }
    let t = b / s;
    (b * b + s * s) * upper_tail(-t).value + b * s * density(t).value
}

/// The bound of Lemma 48 as printed, `B_a √((‖W‖_F² + ‖b‖²)/n)`.
pub fn printed_bound(weights: MatRef<'_, f64>, biases: &[f64], n: usize, most: f64) -> f64 {
    let squares = weights.squared_norm_l2() + biases.iter().map(|b| b * b).sum::<f64>();
    most * (squares / n as f64).sqrt()
}

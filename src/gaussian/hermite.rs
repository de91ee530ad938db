//! Hermite polynomials, orthonormal under the standard normal distribution, and coefficients in them.

use crate::ball::Ball;

/// The Hermite coefficient `E[g(Z) He_j(Z)]/√j!` for a standard normal `Z`, where `bound ≥ sup |g|`.
///
/// The coefficient is computed by the trapezoidal rule with step 1/16 on −12 ≤ z ≤ 12. For `g` analytic in
/// the strip |Im z| < a, the discretisation error is of order `exp(−2πa·16)`, and at best `exp(−2π²·256)`:
/// it is below 1e-60 for a ≥ 1.5, which holds for sigmoid, tanh, erf and sine, and is not part of the bound.
/// The cut-off leaves less than `bound·e^{−72}·12^{j+1}`. The rounding is at most 16 + j roundings of each
/// term and 385 of the sum, relative to the sum of the moduli of the terms.
pub fn hermite_coefficient(g: impl Fn(f64) -> f64, j: usize, bound: f64) -> Ball {
    const STEPS: i32 = 16;
    const REACH: i32 = 12;
    let step = 1.0 / f64::from(STEPS);
    let norm = step / std::f64::consts::TAU.sqrt();
    let (mut sum, mut moduli) = (0.0, 0.0);
    for i in -STEPS * REACH..=STEPS * REACH {
        let z = f64::from(i) * step;
        let term = norm * (-0.5 * z * z).exp() * normalised_hermite(z, j);
        sum += g(z) * term;
        moduli += (g(z) * term).abs();
    }
    // 385 terms added in order: the sum itself costs at most 385 roundings of the moduli, the terms 16 + j
    // each.
    let rounding = (385.0 + 16.0 + j as f64) * 0.5 * f64::EPSILON * moduli;
    let discarded = bound * (-72.0_f64).exp() * 12.0_f64.powi(j as i32 + 1);
    Ball::new(sum, rounding + discarded)
}

/// The normalised Hermite polynomial `h_j(z) = He_j(z)/√j!`, by the three-term recurrence
/// `√(j+1) h_{j+1} = z h_j − √j h_{j−1}`.
pub fn normalised_hermite(z: f64, j: usize) -> f64 {
    let (mut below, mut at) = (0.0, 1.0);
    for i in 0..j {
        let next = (z * at - (i as f64).sqrt() * below) / ((i + 1) as f64).sqrt();
        (below, at) = (at, next);
    }
    at
}

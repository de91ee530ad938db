//! Targets, inputs and directions that the claims share.

use super::letters::BETA;
use crate::claim::Cell;
use crate::error::Result;
use escapement::activation::Activation;
use escapement::gaussian::{Spike, hermite};
use faer::MatRef;

/// The law of the inputs of a cell, with θ = d^β.
pub fn spike(cell: &Cell) -> Result<Spike> {
    Ok(Spike::new(cell.d(), (cell.d() as f64).powf(cell.real(BETA)))?)
}

/// The coefficients α_0 to α_p of the target `(h_k + h_p)/√2`, or of h_p where k = p.
pub fn target(k: usize, p: usize) -> Vec<f64> {
    let size = if k == p { 1.0 } else { 0.5_f64.sqrt() };
    (0..=p).map(|j| if j == k || j == p { size } else { 0.0 }).collect()
}

/// f(z) = Σ_j α_j h_j(z).
pub fn label(alpha: &[f64], z: f64) -> f64 {
    alpha.iter().zip(0..).map(|(a, j)| a * hermite::normalised_hermite(z, j)).sum()
}

/// f(z_i) for the rows of x.
pub fn labels(x: MatRef<'_, f64>, alpha: &[f64], spike: Spike) -> Vec<f64> {
    x.col(0).iter().map(|x| label(alpha, spike.latent(*x).value)).collect()
}

/// The first gradient `n^{-1} Σ_i F_i x_i` of a sample, `F_i = y_i σ'(w·x_i)`, in the first columns of x, of
/// which there are two at least: w is in the plane of the first two and has the cosine t to the first.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// The square along the spike.
    pub along: f64,
    /// The sum of the squares of the other components.
    pub across: f64,
    /// The variance of any component that has no column, given those that have: n^{−2} Σ_i F_i².
    pub variance: f64,
}

impl Step {
    /// The gradient with labels y.
    pub fn new(x: MatRef<'_, f64>, y: &[f64], sigma: &dyn Activation, t: f64) -> Self {
        let (n, across) = (x.nrows(), (1.0 - t * t).sqrt());
        let weight = |i: usize| y[i] * sigma.d1(t * x[(i, 0)] + across * x[(i, 1)]) / n as f64;
        let weights: Vec<f64> = (0..n).map(weight).collect();
        let component = |c: usize| x.col(c).iter().zip(&weights).map(|(x, w)| x * w).sum::<f64>();
        Self {
            along: component(0).powi(2),
            across: (1..x.ncols()).map(|c| component(c).powi(2)).sum(),
            variance: weights.iter().map(|w| w * w).sum(),
        }
    }

    /// The squared correlation ρ̂² of û·x and μ·x: `(1+θ)c²/(1+θc²)` where c is the cosine of û and μ.
    pub fn correlation(&self, spike: Spike) -> f64 {
        correlation(self.along, self.across, spike)
    }
}

/// The squared correlation of u·x and μ·x, where u has the square `along` along μ and `across` across it.
pub fn correlation(along: f64, across: f64, spike: Spike) -> f64 {
    let seen = spike.variance().value * along;
    seen / (seen + across)
}

/// The risk of the best polynomial of û·x, `Σ_j α_j² (1 − ρ̂^{2j})`.
pub fn risk_of_head(alpha: &[f64], square: f64) -> f64 {
    alpha.iter().enumerate().map(|(j, a)| a * a * (1.0 - square.powi(j as i32))).sum()
}

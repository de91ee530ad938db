//! Targets, inputs and directions that the claims share.

use super::letters::{BETA, DEGREE, EXPONENT};
use crate::claim::Cell;
use faer::Mat;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// The spike θ = d^β of a cell.
pub fn spike(cell: &Cell) -> f64 {
    (cell.d() as f64).powf(cell.real(BETA))
}

/// The coefficients α_0 to α_p of the target `(h_k + h_p)/√2`, or of h_p where k = p.
pub fn target(cell: &Cell) -> Vec<f64> {
    let (k, p) = (cell.whole(EXPONENT), cell.whole(DEGREE));
    let size = if k == p { 1.0 } else { 0.5_f64.sqrt() };
    (0..=p).map(|j| if j == k || j == p { size } else { 0.0 }).collect()
}

/// Inputs `x ~ N(0, I + θμμᵀ)` as rows, `[n, d]`, where μ is the first axis.
pub fn inputs(rng: &mut impl Rng, n: usize, d: usize, theta: f64) -> Mat<f64> {
    let mut x = Mat::from_fn(n, d, |_, _| StandardNormal.sample(rng));
    x.col_mut(0).iter_mut().for_each(|x: &mut f64| *x *= (1.0 + theta).sqrt());
    x
}

/// The squared correlation ρ̂² of û·x and μ·x, where û has the square c² of its cosine with μ and the rest is
/// `1 − c²`: `(1+θ)c²/(1+θc²)`.
pub fn correlation(along: f64, across: f64, theta: f64) -> f64 {
    (1.0 + theta) * along / ((1.0 + theta) * along + across)
}

/// The risk of the best polynomial of û·x, `Σ_j α_j² (1 − ρ̂^{2j})`.
pub fn risk_of_head(alpha: &[f64], square: f64) -> f64 {
    alpha.iter().enumerate().map(|(j, a)| a * a * (1.0 - square.powi(j as i32))).sum()
}

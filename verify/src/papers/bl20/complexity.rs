//! The Rademacher complexity of f_Q on inputs of the sphere or with a spike.

use super::instance;
use super::letters::SPIKE;
use crate::claim::{Cell, Measurement};
use crate::error::Result;
use escapement::ball::Ball;
use escapement::construct::signs;
use escapement::network::PairedNetwork;
use escapement::randomised::{QuadraticForms, Suprema};
use escapement::sphere::{orthonormal_coefficients, uniform_sphere};
use escapement::{rounding, tolerance};
use faer::Mat;
use rand_distr::{Distribution, StandardNormal};

/// Draws of signs, inputs and weights in a cell: eigenvalues scatter less in high dimension.
pub(super) fn draws(cell: &Cell) -> usize {
    (512 / cell.d()).clamp(4, 16)
}

/// A network and n inputs of the law of the cell.
fn forms(cell: &Cell, seed: u64, index: usize) -> Result<QuadraticForms> {
    let rng = &mut cell.stream(seed, &format!("network and inputs {index}"));
    let (d, n) = (cell.d(), cell.n());
    let net = PairedNetwork::random(rng, cell.m() / 2, d, instance::activation(cell)?)?;
    if cell.get(SPIKE).is_none() {
        return Ok(QuadraticForms::new(net, uniform_sphere(rng, n, d, (d as f64).sqrt()))?);
    }
    let spike = (d as f64).powf(0.5 * cell.real(SPIKE));
    let side = signs::draw(rng, n);
    let normal = |i: usize, c: usize| if c == 0 { spike * side[i] } else { StandardNormal.sample(rng) };
    Ok(QuadraticForms::new(net, Mat::from_fn(n, d, normal))?)
}

/// The mean over all signs, and a displacement that reaches the supremum.
pub(super) fn enumerated(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (forms, n) = (forms(cell, seed, 0)?, cell.n());
    // ε and −ε exchange twins: the last sign may stay.
    let patterns = 1_usize << (n - 1);
    let pattern =
        |code: usize| -> Vec<f64> { (0..n).map(|i| if code >> i & 1 == 0 { 1.0 } else { -1.0 }).collect() };
    let mut complexity = 0.0;
    for code in 0..patterns {
        complexity += forms.suprema(&pattern(code))?.supremum / patterns as f64;
    }
    let epsilon = pattern(0b0101_0101 & (patterns - 1));
    let Suprema { supremum, norm, .. } = forms.suprema(&epsilon)?;
    let error = forms.rounding();
    let reached = |power| -> Result<Ball> {
        Ok(Ball::new(forms.value(&epsilon, forms.maximiser(&epsilon, power)?.as_ref())?, error))
    };
    let (variances, log) = (forms.variances()?, (cell.d() as f64).ln());
    let mean = |i: usize| variances.iter().map(|v| v[i]).sum::<f64>() / variances.len() as f64 / n as f64;
    Ok(Measurement::new()
        .ball("reached", reached(1)?)
        .ball("reached_even", reached(0)?)
        .quantity("closed_form", supremum, 0.5 * error)
        .quantity("largest", 0.5 * norm, 0.5 * error)
        .quantity("complexity", complexity, 0.5 * error)
        .quantity("explicit", 0.5 * (2.0 * (1.0 + log) * mean(0)).sqrt(), error)
        .quantity("explicit_mean", 0.5 * mean(1).sqrt(), error))
}

/// Means over drawn signs, inputs and weights.
pub(super) fn drawn(cell: &Cell, seed: u64) -> Result<Measurement> {
    let coins = &mut cell.stream(seed, "signs");
    let (d, n) = (cell.d() as f64, cell.n() as f64);
    let (mut complexity, mut frobenius, mut error) = (0.0, 0.0, 0.0_f64);
    let draws = draws(cell);
    for index in 0..draws {
        let forms = forms(cell, seed, index)?;
        let found = forms.suprema(&signs::draw(coins, cell.n()))?;
        complexity += found.supremum / draws as f64;
        frobenius += found.frobenius / draws as f64;
        error = error.max(forms.rounding());
    }
    let complexity = Ball::new(complexity, 0.5 * error);
    let exact = |value: f64| Ball::relative(value, 4.0 * f64::EPSILON);
    let (alpha, root) = (if cell.get(SPIKE).is_some() { cell.real(SPIKE) } else { 0.0 }, exact(d.sqrt()));
    let edge = 0.5 * edge(cell, d.powf(alpha))?;
    let scaled = exact(n.sqrt()) * complexity;
    let out = Measurement::new()
        .ball("complexity", complexity)
        .ball("scaled", scaled)
        .ball("edge", edge * root)
        .ball("gain", Ball::new(frobenius, 0.5 * error * d.sqrt()) / complexity)
        .ball("gain_edge", exact(d - 1.0 + d.powf(alpha)) / (edge * root))
        .ball("power", exact(d.powf(0.5 * (1.0 + alpha))))
        .ball("power_eighth", exact(0.125 * d.powf(0.5 * (1.0 + alpha))))
        .ball("power_of_none", root)
        .ball("power_of_frobenius", exact(0.125 * d))
        .ball("fall", exact(n.powf(-0.5)))
        .ball("one", Ball::exact(1.0));
    if cell.part != "limit" {
        return Ok(out);
    }
    let ratio = scaled / (edge * root);
    Ok(out
        .ball("distance", (ratio - 1.0).abs())
        .ball("distance_half", (0.5 * ratio - 1.0).abs())
        .ball("allowed", exact(d.powf(-2.0 / 3.0) + d / n)))
}

/// `κ (E σ''²)^{1/2}`, where a coordinate of `variance` times that of the others, or the one along w_0 on
/// the sphere, moves an eigenvalue out of the semicircle: κ = s/√(s−1) for the larger s of the two, if it is
/// above 2, and κ = 2 otherwise.
fn edge(cell: &Cell, variance: f64) -> Result<Ball> {
    let sigma = instance::activation(cell)?;
    let moment = |power: i32| -> Result<Ball> {
        let g = |z: f64| sigma.d2(z).powi(2) * z.powi(power);
        let roundings = tolerance::ZONAL_ROUNDINGS * f64::EPSILON + rounding::sum(0, 8);
        Ok(Ball::relative(orthonormal_coefficients(cell.d(), &g, 0)?[0], roundings))
    };
    let (square, spike) = (moment(0)?, Ball::relative(variance, 4.0 * f64::EPSILON));
    let along = moment(2)? / square;
    let larger = if spike.value > along.value { spike } else { along };
    let kappa = if larger.value <= 2.0 { Ball::exact(2.0) } else { larger / (larger - 1.0).sqrt() };
    Ok(kappa * square.sqrt())
}

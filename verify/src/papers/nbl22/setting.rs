//! What the claims about W_Q share: targets, networks, the roundings of both, and the sizes of their cells.

use crate::claim::cell::Cell;
use crate::error::Result;
use crate::papers::nbl22::letters::Letters;
use escapement::activation::{self, Activation};
use escapement::construct::{LowDegree, Population, SparseTerm, Target, ZonalTerm};
use escapement::network::PairedNetwork;
use escapement::sphere::{ZonalQuadrature, lambda, orthonormal_coefficients, uniform_sphere};
use escapement::tolerance::{ZONAL_ROUNDINGS, ZONAL_ROUNDINGS_PER_DEGREE};
use faer::{MatRef, Par};
use std::sync::Arc;

/// Activations that every claim about W_Q is measured with.
pub(super) const ACTIVATIONS: [&str; 2] = ["sigmoid:1", "tanh:0.5"];

/// Numbers of sparse terms: 3 divides no width that is a power of 2, which tells 1/p_i from R/p.
pub(super) const TERMS: [usize; 2] = [1, 3];

/// Coefficients of the sparse terms: of both signs, so that twins move at k = 1 as well.
pub(super) const ALPHAS: [f64; 3] = [1.0, -0.5, 0.75];

/// Dimensions for exact quantities, about a factor 1.6 apart.
pub(super) const LONG_RANGE: [usize; 14] = [5, 8, 12, 20, 32, 50, 80, 125, 200, 320, 500, 800, 1250, 2000];

/// Relative accuracy of `E|h_i|` as [`Population::absolutes`] states it.
pub(super) const ABSOLUTE_MOMENT: f64 = 1e-13;

/// The activation of a cell.
pub(super) fn activation_of(cell: &Cell) -> Result<Arc<dyn Activation>> {
    Ok(activation::parse(&cell.activation)?)
}

/// The target of a cell: sparse directions drawn from the stream "directions"; f_k a sum of one zonal of each
/// degree 0..=k, of equal second moments 1/(k+1), with poles from the stream "poles".
pub(super) fn target(cell: &Cell, seed: u64) -> Result<Target> {
    let row = |a: MatRef<'_, f64>, r: usize| (0..cell.d()).map(|i| a[(r, i)]).collect::<Vec<_>>();
    let beta = uniform_sphere(&mut cell.stream(seed, "directions"), cell.terms(), cell.d(), 1.0);
    let sparse = (0..cell.terms())
        .map(|i| SparseTerm { alpha: ALPHAS[i % ALPHAS.len()], beta: row(beta.as_ref(), i) })
        .collect();
    let eta = uniform_sphere(&mut cell.stream(seed, "poles"), cell.k() + 1, cell.d(), 1.0);
    let share = 1.0 / (cell.k() + 1) as f64;
    let low = (0..=cell.k()).map(|degree| {
        // E P_j² = 1/B(d,j).
        let coefficient = (share * escapement::sphere::dimension(cell.d(), degree)).sqrt();
        ZonalTerm { degree, coefficient, eta: row(eta.as_ref(), degree) }
    });
    Ok(Target::new(cell.d(), cell.k(), LowDegree::Zonal(low.collect()), sparse)?)
}

/// The `index`-th independent initialisation of a cell.
pub(super) fn network(
    cell: &Cell,
    seed: u64,
    index: usize,
    activation: &Arc<dyn Activation>,
) -> Result<PairedNetwork> {
    let rng = &mut cell.stream(seed, &format!("weights {index}"));
    Ok(PairedNetwork::random(rng, cell.m() / 2, cell.d(), Arc::clone(activation))?)
}

/// A bound on the relative error of every `q_j/s_j`, hence of h_i, ‖w_r‖² and, twice, of E h_i²: the stated
/// accuracy of s_j, and 16 roundings for the quotient, the polynomial and the moments.
pub(super) fn population_rounding(
    activation: &dyn Activation,
    population: &Population,
    d: usize,
) -> Result<f64> {
    let top = population.series().len().saturating_sub(1);
    let s = orthonormal_coefficients(d, &|z| activation.d2(z), top)?;
    let size = lambda(d, &|z| activation.d2(z).powi(2), 0)?[0].sqrt();
    let used = population.series().iter().zip(&s).enumerate().filter(|(_, (c, _))| **c != 0.0);
    let relative =
        |j: usize, s: f64| (ZONAL_ROUNDINGS + ZONAL_ROUNDINGS_PER_DEGREE * j as f64) * size / s.abs();
    Ok((used.map(|(j, (_, s))| relative(j, *s)).fold(0.0, f64::max) + 16.0) * f64::EPSILON)
}

/// `Σ_i α_i² E(β_i·x)^{2k+2}/p_i`, which the exact mean squared error subtracts.
pub(super) fn squared_means(target: &Target, counts: &[usize]) -> Result<f64> {
    let rule = ZonalQuadrature::shared(target.d(), target.k() + 2)?;
    let moment = rule.expect(|z| (target.d() as f64 * z * z).powi(target.k() as i32 + 1));
    Ok(counts.iter().zip(target.sparse()).map(|(p, t)| t.alpha * t.alpha * moment / *p as f64).sum())
}

/// The exact mean squared error of W_Q and its rounding: both terms are right to `relative`, their difference
/// to the sum of what they miss.
pub(super) fn mean_square(
    target: &Target,
    population: &Population,
    counts: &[usize],
    relative: f64,
) -> Result<(f64, f64)> {
    let value = population.mean_square_error(counts);
    Ok((value, 2.0 * relative * (value + 2.0 * squared_means(target, counts)?)))
}

/// A bound on the rounding of `f_Q(x; W) − f_sp(x)` at an input of norm √d: the m terms of f_Q are at most
/// `½ m^{-1/2} sup|σ''| d ‖w_r‖²` and are added one after another, each a product of sums of d; f_sp has R
/// terms of at most d^{(k+1)/2}.
pub(super) fn fit_rounding(cell: &Cell, activation: &dyn Activation, frobenius_sq: f64) -> f64 {
    let (d, m, k) = (cell.d() as f64, cell.m() as f64, cell.k() as f64);
    let quadratic = 0.5
        * m.sqrt().recip()
        * activation.suprema()[2].value
        * d
        * frobenius_sq
        * (0.5 * m + 4.0 * d + 16.0);
    let sparse = cell.terms() as f64 * d.powf(0.5 * (k + 1.0)) * (d + k + 4.0);
    f64::EPSILON * (quadratic + sparse)
}

/// `f_Q(x; W) − f_sp(x)` at each row of `x`, for the values `f_sp` there.
pub(super) fn misfit(
    net: &PairedNetwork,
    x: MatRef<'_, f64>,
    w: MatRef<'_, f64>,
    f_sp: &[f64],
) -> Result<Vec<f64>> {
    let mut f = net.f_quadratic(x, w, Par::Seq)?;
    f.iter_mut().zip(f_sp).for_each(|(f, s)| *f -= s);
    Ok(f)
}

/// Mean and standard error of the mean of independent draws.
pub(super) fn mean_and_error(draws: &[f64]) -> (f64, f64) {
    let n = draws.len() as f64;
    let mean = draws.iter().sum::<f64>() / n;
    let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    (mean, (variance / n).sqrt())
}

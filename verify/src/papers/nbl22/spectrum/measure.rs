//! Spectra in the cells of a sweep, against the zonal numbers of [`super::constants`].

use super::constants::Constants;
use super::solve;
use crate::claim::{Cell, Hypothesis, Measurement};
use crate::error::Result;
use crate::papers::nbl22::effort;
use crate::papers::nbl22::instance;
use crate::papers::nbl22::letters::Letters;
use escapement::ball::Ball;
use escapement::covariance::Covariance;
use escapement::{sphere, tolerance};

/// The part with the top n_k eigenvalues and their eigenfunctions.
pub(super) const TOP: &str = "top";
/// The part with the eigenvalues of degree k + 1 to 2k, and the rest.
pub(super) const LEVELS: &str = "levels";
/// The same along d.
pub(super) const DIMENSIONS: &str = "dimensions";
/// Chance at which the Chernoff bound must keep the levels within half of κ for a cell to be in range.
const CHANCE: f64 = 0.01;
/// Part of what is measured that the truncation of the degrees may cost.
const TRUNCATION: f64 = 0.01;

/// Σ for the cell's weights, cut where the degrees left out have a trace of at most `wanted`.
fn covariance(cell: &Cell, seed: u64, constants: &Constants, wanted: f64) -> Result<Covariance> {
    let weights = sphere::uniform_sphere(&mut cell.stream(seed, "weights"), cell.m() / 2, cell.d(), 1.0);
    let (weights, _) = sphere::unit_rows("the weights", weights.as_ref(), tolerance::UNIT_NORM_F64)?;
    Ok(Covariance::from_levels(weights, constants.cut(wanted))?)
}

/// Whether a cell is about the top n_k eigenvalues.
fn of_top(cell: &Cell) -> bool {
    cell.part == TOP || cell.part == DIMENSIONS
}

/// What the degrees left out may weigh in a cell of this part.
fn wanted(cell: &Cell, constants: &Constants) -> f64 {
    if of_top(cell) {
        TRUNCATION * constants.kappa_min() * (constants.angle().value / (cell.m() / 2) as f64).min(1.0)
    } else {
        TRUNCATION * constants.kappa(2 * cell.k()).min(constants.tail(2 * cell.k()).value)
    }
}

/// How a cell is solved, and what that takes.
pub(super) struct Route {
    pub(super) harmonic: bool,
    pub(super) flops: f64,
    pub(super) bytes: f64,
    /// By which the routes are compared. Records depend on which is taken, so it stays as it is.
    weight: f64,
    /// What it takes on one core.
    pub(super) work: f64,
}

/// The route that is predicted to be faster, from the order N of the Gram matrix and the number of
/// eigenpairs: a function of the cell alone.
pub(super) fn route(cell: &Cell) -> Result<Route> {
    let c = Constants::new(cell.d(), cell.k(), &cell.activation)?;
    let (p, d) = ((cell.m() / 2) as f64, cell.d() as f64);
    let levels = c.cut(wanted(cell, &c));
    let n: f64 = levels.levels.iter().map(|l| l.dimension).sum();
    let evd = if of_top(cell) { 12.0 } else { 4.0 };
    let flops = p * d * n * (n + 50.0) + evd * n.powi(3);
    // The Gram matrix is mostly GEMM, the block method mostly narrow products.
    let gram = Route {
        harmonic: true,
        flops,
        bytes: 8.0 * (6.0 * n * n + 2.0 * 2048.0 * d * n),
        weight: flops / 1.5e10,
        work: 3e6 + effort::gram(p * d, n) + if of_top(cell) { 1.0 } else { 0.5 } * effort::decomposition(n),
    };
    let count = c.count(if of_top(cell) { cell.k() } else { 2 * cell.k() })? as f64 + 1.0;
    let degrees = levels.levels.len() as f64;
    let kernel = 6.0 * degrees * p * p;
    let flops = 6.0 * count * (6.0 * p * p * d + 24.0 * p * d * count) + 4.0 * kernel;
    let products = Route {
        harmonic: false,
        flops,
        bytes: 8.0 * p * d * 10.0 * count + 32.0 * p * p,
        weight: flops / 4e9,
        // Narrow products; the kernel matrices, once more for the angles.
        work: 3e6
            + 2.6 * count * p * p * d
            + if of_top(cell) { 10.0 } else { 5.0 } * effort::kernel(p, degrees),
    };
    Ok(if gram.weight <= products.weight { gram } else { products })
}

pub(super) fn top(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (k, p) = (cell.k(), cell.m() / 2);
    let c = Constants::new(cell.d(), k, &cell.activation)?;
    let route = route(cell)?;
    let cov = covariance(cell, seed, &c, wanted(cell, &c))?;
    let n = c.count(k)?;
    let solved = solve::solve(&cov, route.harmonic, n + 1, Some(n), k)?;
    let off = solved.rounding + solved.truncation;
    let below = c.deviation(k, p, tolerance::FAILURE)?.0;
    let likely = c.deviation(k, p, CHANCE)?.1;
    let angle = (c.angle() / p as f64).sqrt();
    let (largest, all) = solved.sine_errors(n);
    let (min, least) = (c.kappa_min(), c.kappa_ball(c.weakest()));
    let floor = (1.0 - below).max(0.0);
    let threshold = (min * c.kappa_next()).sqrt();
    let count = solved.eigenvalues.iter().filter(|&&l| l > threshold).count();
    let unsure = solved.eigenvalues.iter().filter(|&&l| (l - threshold).abs() <= off).count();
    let mut out = Measurement::new()
        .quantity("lambda", solved.eigenvalues[n - 1], off)
        .ball("kappa", least)
        .ball("floor", floor * least)
        .ball("floor.largest", floor * Ball { value: c.kappa_max(), ..least })
        .quantity("count", count as f64, unsure as f64)
        .quantity("n_k", n as f64, 0.0)
        .quantity("d_k", sphere::dimension(cell.d(), k), 0.0)
        .ball("angle", angle)
        .quantity("trace.measured", solved.trace.0, solved.trace.1)
        .quantity("trace", c.levels.trace, c.levels.rounding_allowance())
        .quantity("trace.double", 2.0 * c.levels.trace, 0.0)
        .quantity("trace.short", c.levels.trace - c.levels.levels[k + 1].tau, 0.0);
    let sum: f64 = solved.sines.iter().sum();
    for (name, square, error) in [("sine", solved.sines[0], largest), ("sine.all", sum, all)] {
        out = out.ball(name, Ball::new(square, error).sqrt());
    }
    let detail = format!("deviation {likely:.3} ≤ 1/2, first-order angle {:.3} ≤ 1/2", angle.value);
    Ok(out
        .hypothesis(Hypothesis::RANGE, likely <= 0.5 && angle.value <= 0.5, detail)
        .hypothesis(
            "κ_{≤k} above the rest",
            min > c.kappa_next(),
            format!("{min:.3e} > {:.3e}", c.kappa_next()),
        )
        .cost(route.flops, route.bytes, 0.0))
}

pub(super) fn levels(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (k, p) = (cell.k(), cell.m() / 2);
    let c = Constants::new(cell.d(), k, &cell.activation)?;
    let route = route(cell)?;
    let cov = covariance(cell, seed, &c, wanted(cell, &c))?;
    let n = c.count(2 * k)?;
    let solved = solve::solve(&cov, route.harmonic, n, None, k)?;
    let off = solved.rounding + solved.truncation;
    let below = c.deviation(2 * k, p, tolerance::FAILURE)?.0;
    let likely = c.deviation(2 * k, p, CHANCE)?.1;
    let floor = (1.0 - below).max(0.0);
    let mut out = Measurement::new();
    for i in k + 1..=2 * k {
        let (name, kappa) = (i - k, c.kappa_ball(i));
        out = out
            .quantity(format!("largest.{name}"), solved.eigenvalues[c.count(i - 1)?], off)
            .quantity(format!("smallest.{name}"), solved.eigenvalues[c.count(i)? - 1], off)
            .ball(format!("kappa.{name}"), kappa)
            .ball(format!("floor.{name}"), floor * kappa)
            .ball(format!("floor.{name}.false"), floor * c.kappa_ball(i - 1));
    }
    let kept: f64 = solved.eigenvalues[..n].iter().sum();
    // The n eigenvalues together fall short by at most the trace left out.
    let rest_error = solved.truncation + n as f64 * solved.rounding + c.levels.rounding_allowance();
    let rest = Ball::new(c.levels.trace - kept, rest_error);
    let order = (cell.m() * cell.d()) as f64;
    let tail = c.tail(2 * k);
    let sigma = instance::activation(cell)?;
    let sup = sigma.suprema()[1].value;
    let slopes = sphere::orthonormal_coefficients(cell.d(), &|z| sigma.d1(z), 2 * k - 1)?;
    let least = slopes.iter().fold(f64::INFINITY, |a, x| a.min(x.abs()));
    let resolved = (tolerance::ZONAL_ROUNDINGS + 2.0 * k as f64) * f64::EPSILON * sup;
    Ok(out
        .ball("rest", rest / (order - n as f64))
        .ball("tail.average", tail / order)
        .ball("rest.sum", rest)
        .ball("tail.sum", tail)
        .ball("tail.sum.false", c.tail(2 * k + 1))
        .hypothesis(
            Hypothesis::RANGE,
            likely <= 0.5 && c.ordered(),
            format!("deviation {likely:.3} ≤ 1/2, κ falls from degree k on: {}", c.ordered()),
        )
        .hypothesis(
            "λ_{i−1}(σ') ≠ 0 for i ≤ 2k",
            least > resolved,
            format!("least |ĝ_j| = {least:.2e} over j < 2k"),
        )
        .cost(route.flops, route.bytes, 0.0))
}

/// Whether the Chernoff deviations leave the geometric mean of `min κ_{≤k}` and `max κ_{>k}` between the
/// two, with probability 0.99 each.
pub(super) fn separated(cell: &Cell) -> bool {
    let check = || -> Result<bool> {
        let c = Constants::new(cell.d(), cell.k(), &cell.activation)?;
        let ratio = (c.kappa_next() / c.kappa_min()).sqrt();
        let low = c.deviation(cell.k(), cell.m() / 2, CHANCE)?.0;
        let high = c.deviation(2 * cell.k(), cell.m() / 2, CHANCE)?.1;
        Ok(1.0 - low > ratio && high <= 1.0 && (1.0 + high) * ratio < 1.0)
    };
    check().unwrap_or(false)
}

//! The means over S along m, and their explicit right sides over d.

use super::explicit::{self, Explicit};
use crate::claim::distribution::mean_and_error;
use crate::claim::{Cell, Measurement};
use crate::error::Result;
use crate::papers::nbl22::hypotheses::{dimension, samples_in_range, wide_enough};
use crate::papers::nbl22::instance::{self, Instance};
use crate::papers::nbl22::letters::{ACCURACY, Letters, N};
use crate::papers::nbl22::moments::Moments;
use escapement::ball::Ball;
use escapement::construct::signs::expected_r3;
use escapement::construct::{LowDegree, SparseTerm, Target, norm_2_4_pow4};
use escapement::objective::Loss;
use escapement::sphere::{Truncation, uniform_sphere};
use faer::Par;

/// Degree to which the zonal sums over d run; the rest is the exact tail.
const LONG_DEGREE: usize = 8;
/// Disjoint sets of inputs, over which the loss scatters.
pub(super) const SETS: usize = 400;

pub(super) fn sweep(cell: &Cell, seed: u64) -> Result<Measurement> {
    let built = Instance::new(cell, seed)?;
    let (m, d, k, n) = (cell.m() as f64, cell.d() as f64, cell.k() as f64, cell.n() as f64);
    let [r1, r2, r3, r4] = built.averages()?;
    let few = cell.d().pow(cell.k() as u32);
    let (l, q) = (built.w_l.as_ref(), built.w_q.w.as_ref());
    let r3_few = expected_r3(built.regularizers().on(built.x.subrows(0, few)), l, q, Par::Seq)?;

    let model = built.model()?;
    let step = built.model_rounding();
    let columns = || model.constant.iter().enumerate().map(|(i, &b)| (b, model.slopes.col_as_slice(i)));
    let mean = |f: &dyn Fn(f64, &[f64]) -> f64| columns().map(|(b, c)| f(b, c)).sum::<f64>() / n;
    let variance = |c: &[f64]| c.iter().map(|c| c * c).sum::<f64>();
    let (bias, noise) = (mean(&|b, _| b * b), mean(&|_, c| variance(c)));
    let root = mean(&|b, c| (b * b + variance(c)).sqrt());
    let smooth = mean(&|b, c| Loss::PseudoHuber.value(0.0, (b * b + variance(c)).sqrt()));

    let coordinates = built.top.coordinates(built.cov.antisymmetric(l)?.as_ref(), Par::Seq);
    let lambda = built.top.eigenvalues();
    let last = lambda[lambda.len() - 1];
    let r2_w_l = |weight: &dyn Fn(f64) -> f64| {
        lambda.iter().enumerate().map(|(i, &x)| x * (weight(x) * coordinates[(i, 0)]).powi(2)).sum::<f64>()
    };
    let moments = Moments::new(&instance::activation(cell)?, &built.target)?;
    let explicit = Explicit::new(built.cov.levels(), cell.k(), &moments, cell.m(), &built.w_q.groups)?;
    let width_term = (d.powf(3.0 * (k - 1.0)) / m).powf(0.25);
    let epsilon = width_term.max((d.powf(k) / n).sqrt());
    // Every s_r c_r of the sign of e_0 − f*.
    let worst_signs = mean(&|b, c| b.abs() + c.iter().map(|c| c.abs()).sum::<f64>());
    let misfit = explicit.misfit + explicit.low;
    // Of W_Q as it should be: its neurons carry the error of h.
    let r4_error = built.summation() + explicit.r4.error / explicit.r4.value;
    let r4_w_q = Ball::relative(norm_2_4_pow4(q).powi(2), r4_error);
    let square = Ball::new(bias + noise, step * (2.0 * (bias + noise).sqrt() + step));
    let epsilon = Ball::relative(epsilon, 4.0 * f64::EPSILON);
    let width_term = Ball::relative(width_term, 4.0 * f64::EPSILON);
    let root = Ball::new(root, step);
    // What the network without displacement leaves, which answers 0: its loss needs no theorem.
    let null = built.target.value(built.x.as_ref())?.iter().map(|y| y.abs()).sum::<f64>() / n;
    let mut measurement = Measurement::new()
        .quantity("worst-signs", worst_signs, step)
        .quantity("smooth", smooth, step)
        .ball("square", square)
        .ball("root-square", root)
        .quantity("null", null, step)
        .quantity("noise", noise.sqrt(), step)
        .quantity("misfit", bias.sqrt(), step)
        .ball("epsilon", epsilon)
        .ball("loss-over-epsilon", root / epsilon)
        .ball("width-term", width_term)
        .ball("width-term-squared", width_term.powi(2))
        // noise² ∝ m^{-1/2} and misfit² ∝ 1/m are equal here.
        .ball("crossover-width", m * (misfit / explicit.noise).powi(2))
        .ball("r1", r1)
        .ball("r2", r2)
        .ball("r3", r3)
        .quantity("r3-few", r3_few, r3.error.max(r3.error * (r3_few / r3.value).sqrt()))
        .ball("r4", r4)
        .ball("r4-w-q", r4_w_q)
        .quantity("r2-w-l", r2_w_l(&|_| 1.0), r2.error)
        .quantity("r2-w-l-flat", r2_w_l(&|x| x / last), r2.error)
        .quantity("one", 1.0, 0.0)
        .cost(
            4.0 * n * m * d * built.top.rank() as f64,
            8.0 * m * (n + d * built.top.rank() as f64),
            built.pairs.products as f64,
        );
    for (name, q) in [
        ("noise-explicit", explicit.noise.sqrt()),
        ("misfit-explicit", misfit.sqrt()),
        ("rms-explicit-twice", 2.0 * (explicit.noise + misfit).sqrt()),
        ("beyond", explicit.beyond),
        ("r2-explicit", explicit::low_second_moment(&built.target) + explicit.within),
        ("r4-explicit", explicit.r4),
        ("r4-even", explicit.r4_even),
    ] {
        measurement = measurement.ball(name, q);
    }
    let detail = format!("n = {} = d^{{k+1}}, and the first {few} of them", cell.n());
    Ok(samples_in_range(wide_enough(measurement, cell), cell, detail))
}

/// The explicit right sides at m = 4R, and that m: the groups are p_i = 2, and everything is a power of m.
fn at_least_width(cell: &Cell, seed: u64) -> Result<(Explicit, f64)> {
    let sigma = instance::activation(cell)?;
    let levels = instance::levels(cell.d(), sigma.as_ref(), Truncation::Degree(LONG_DEGREE))?;
    let beta = uniform_sphere(&mut cell.stream(seed, "target"), 1, cell.d(), 1.0);
    let beta: Vec<f64> = beta.row(0).iter().copied().collect();
    let terms = instance::alphas(cell.terms()).into_iter();
    let sparse = terms.map(|alpha| SparseTerm { alpha, beta: beta.clone() }).collect();
    let target = Target::new(cell.d(), cell.k(), LowDegree::Zonal(vec![]), sparse)?;
    let moments = Moments::new(&sigma, &target)?;
    let m = 4 * cell.terms();
    Ok((Explicit::new(&levels, cell.k(), &moments, m, &vec![2; cell.terms()])?, m as f64))
}

pub(super) fn asymptotic(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (explicit, width) = at_least_width(cell, seed)?;
    Ok(dimension(Measurement::new(), cell)
        .ball("beyond", width.sqrt() * explicit.beyond)
        .ball("within", width.sqrt() * explicit.within)
        .ball("noise", (width.sqrt() * explicit.noise).sqrt())
        .ball("misfit", (width * explicit.misfit).sqrt())
        .ball("r4-even", explicit.r4_even)
        .cost(1e6, 1e5, 0.0))
}

/// The least width at which the explicit mean square of the quadratic model's error is ε².
pub(super) fn width_needed(cell: &Cell, seed: u64) -> Result<Measurement> {
    let (explicit, width) = at_least_width(cell, seed)?;
    // A m^{-1/2} + B/m = ε² is a quadratic equation in m^{-1/2}.
    let (a, b) = (width.sqrt() * explicit.noise, width * (explicit.misfit + explicit.low));
    let square = (Ball::exact(1.0) / cell.real(ACCURACY)).powi(2);
    let root = (a.powi(2) + 4.0 * b * square).sqrt();
    let needed = ((a + root) / (2.0 * square)).powi(2);
    Ok(dimension(Measurement::new(), cell).ball("width-needed", needed).cost(1e6, 1e5, 0.0))
}

/// How far the loss on n inputs is from what it is on all of them, over disjoint sets of n.
pub(super) fn samples(cell: &Cell, seed: u64) -> Result<Measurement> {
    let n = cell.n();
    let built = Instance::new(&cell.clone().with(N, SETS * n), seed)?;
    let (model, step) = (built.model()?, built.model_rounding());
    let losses: Vec<f64> = model
        .constant
        .iter()
        .enumerate()
        .map(|(i, b)| (b * b + model.slopes.col(i).squared_norm_l2()).sqrt())
        .collect();
    let means: Vec<f64> = losses.chunks(n).map(|set| set.iter().sum::<f64>() / n as f64).collect();
    let (_, error) = mean_and_error(&means);
    let term = Ball::relative((cell.d() as f64).powi(cell.k() as i32) / n as f64, f64::EPSILON).sqrt();
    let measurement = Measurement::new()
        .quantity("fluctuation", error * (SETS as f64).sqrt(), 2.0 * step)
        .ball("sample-term", term)
        .cost(4.0 * (SETS * n * cell.m() * cell.d()) as f64, 8.0 * (SETS * n * cell.m()) as f64, 0.0);
    Ok(samples_in_range(wide_enough(measurement, cell), cell, format!("n = {n}")))
}

//! Lemma 2 of NBL22: a displacement W_L in the top eigenspace expresses the low-degree part of the target.
//!
//! > For every f_k of degree ≤ k with E f_k² = 1 and m ≥ d^{10k} there is W_L in span P_{≤k}, the top n_k eigenspace of Σ, with
//! > `E_n(f_L(x; W_L) − f_k(x))² ≲ d^k/n` and `‖W_L‖_F² ≲ d^{k−1}`.
//!
//! W_L is population least squares in that eigenspace, so that the error is that of a projection: free of n and of order 1/m. Nothing is drawn but the
//! weights: the worst over all f_k is the largest squared sine between the eigenspace and degree ≤ k, and the worst ‖W_L‖² a largest
//! eigenvalue as well. By the Gram matrix of the harmonics neither needs W_L itself, so that m ≥ d^{10k} is met literally at d = 3 and 4; these two dimensions
//! carry no exponent of d, and the exponents of m come from cells at smaller m too, marked as outside the hypothesis.

use super::projection::{self, Projection, first_order, first_order_with};
use super::{common, targets};
use crate::bound::{Asymptotic, Bound, Growth, Neighbour, Parameter, Side};
use crate::cell::Cell;
use crate::claim::{Claim, Prediction, Tier};
use crate::error::Result;
use crate::record::Measurement;
use escapement::activation;
use escapement::construct::w_l::{ZonalMoment, feature_moments, w_l_from_moments, zonal_moments};
use escapement::construct::{LowDegree, Target, frobenius_sq};
use escapement::covariance::{Covariance, HarmonicMap};
use escapement::eigen::{self, Request, RouteChoice, TopSpace};
use escapement::network::PairedNetwork;
use escapement::sphere::{FeatureLevels, Truncation, cumulative_dimension, uniform_sphere};
use faer::{Mat, MatRef, Par};

/// The claim.
#[derive(Debug, Clone, Copy)]
pub struct Lemma2;

/// Worst cases over f_k along m.
const SWEEP: &str = "sweep";
/// W_L itself: for one f_k, and on inputs.
const MEMBER: &str = "member";
/// Second moments of the Gram matrix at one neuron.
const MOMENT: &str = "moment";
/// Zonal quantities over d.
const ASYMPTOTIC: &str = "asymptotic";

const ACTIVATIONS: [&str; 2] = ["sigmoid:1", "tanh:0.5"];
/// Degree at which the Gram matrix of one neuron stops.
const MOMENT_DEGREE: usize = 7;
/// Degree to which the zonal sums over d run; what lies beyond is in their error.
const LONG_DEGREE: usize = 31;
/// Samples on which E_n is taken in the part "member".
const SAMPLES: usize = 200;

/// `d^{10k}`, the width that the lemma asks for.
pub(super) fn width_of_hypothesis(d: usize, k: usize) -> f64 {
    (d as f64).powi(10 * k as i32)
}

/// Records whether m ≥ d^{10k}.
pub(super) fn wide_enough(measurement: Measurement, cell: &Cell) -> Measurement {
    let least = width_of_hypothesis(cell.d, cell.k);
    let met = cell.m as f64 >= least;
    measurement.hypothesis("m ≥ d^{10k}", met, format!("m = {}, d^{{10k}} = {least:.6e}", cell.m))
}

/// The width that the hypothesis asks for, where a machine reaches it.
pub(super) fn literal(cell: &Cell) -> bool {
    cell.m as f64 >= width_of_hypothesis(cell.d, cell.k)
}

fn cell(part: &str, d: usize, m: usize, k: usize, activation: &str, replicate: usize) -> Cell {
    Cell { d, m, k, activation: activation.into(), replicate, ..Cell::new("lemma-2", part) }
}

/// Widths and replicates of the sweeps at (d, k). The logarithm of a worst case over f_k scatters by about a half, and Student's limits are wide for
/// few widths: nine or more of them, ten replicates each.
fn sweeps(tier: Tier) -> Vec<(usize, usize, Vec<usize>, usize)> {
    let half_octaves = |first: usize, count: usize| common::half_octaves(first, count).collect::<Vec<_>>();
    // 59050 is the least even number above 3^10.
    let literal = |count: usize| common::doublings(59_050, count);
    let three = half_octaves(512, 9).into_iter().chain(literal(if tier == Tier::Quick { 1 } else { 5 })).collect();
    let mut out = vec![(3, 1, three, 10), (3, 2, half_octaves(1024, 9), 16), (6, 1, half_octaves(128, 9), 10)];
    if tier >= Tier::Standard {
        out.extend([
            (4, 1, half_octaves(512, 9), 8),
            (4, 2, half_octaves(1024, 9), 8),
            (10, 1, half_octaves(192, 9), 6),
            (5, 2, half_octaves(256, 9), 4),
        ]);
        out.push((4, 1, vec![1 << 20], 1));
    }
    if tier == Tier::Paper {
        out.push((100, 1, half_octaves(2500, 5), 2));
        out.push((20, 1, half_octaves(512, 9), 3));
    }
    out
}

impl Claim for Lemma2 {
    fn id(&self) -> &str {
        "lemma-2"
    }
    fn title(&self) -> &str {
        "W_L expresses the low-degree part"
    }
    fn statement(&self) -> &str {
        "E_n(f_L(x; W_L) − f_k(x))² ≲ d^k/n, ‖W_L‖_F² ≲ d^{k−1}, and W_L ∈ span P_{≤k}."
    }
    fn reference(&self) -> &str {
        "NBL22, Lemma 2"
    }
    fn hypotheses(&self) -> &str {
        "m ≥ d^{10k}, d^k ≤ n ≤ d^{k+1}, E f_k² = 1; d above a constant, so that the degrees ≤ k carry the n_k largest eigenvalues. Cells of smaller m are marked as outside; exponents in m use them too."
    }
    fn method(&self) -> &str {
        "Exact worst case over all f_k: squared sine of the largest angle between the top n_k eigenspace and degree ≤ k, and largest ‖W_L‖². Rate on the m axis against a first-order expression with explicit constant; the target d^k/n where m ≥ d^{10k} is met (d = 3 and 4, k = 1); the constant of ‖W_L‖² over d as 1/min κ_{≤k}."
    }
    fn refuted_by(&self) -> &str {
        "An error that falls slower than 1/m, one above d^k/n at m ≥ d^{10k}, a ‖W_L‖² above 1/λ_{n_k}, a 1/min κ_{≤k} that outgrows d^{k−1}, or a W_L outside the eigenspace."
    }
    fn uses(&self) -> &[&str] {
        &["spectrum", "assumption-3"]
    }

    fn plan(&self, tier: Tier) -> Vec<Cell> {
        let mut cells = Vec::new();
        for activation in ACTIVATIONS {
            for (d, k, widths, replicates) in sweeps(tier) {
                for m in widths {
                    // Past the hypothesis the scatter is small beside the factor two between widths.
                    let count = if m > 50_000 { replicates.min(if tier == Tier::Quick { 2 } else { 3 }) } else { replicates };
                    let n = d.pow(k as u32 + 1);
                    cells.extend((0..count).map(|r| Cell { n, ..cell(SWEEP, d, m, k, activation, r) }));
                }
            }
            let replicates = if tier == Tier::Quick { 8 } else { 16 };
            for (d, k) in [(3, 1), (3, 2)] {
                for m in common::doublings(64, 5) {
                    cells.extend((0..replicates).map(|r| Cell { n: SAMPLES, ..cell(MEMBER, d, m, k, activation, r) }));
                }
            }
            for d in [3, 4, 5] {
                cells.extend([1, 2].map(|k| cell(MOMENT, d, 2, k, activation, 0)));
            }
            for &d in common::dimensions(tier) {
                cells.extend([1, 2, 3].map(|k| cell(ASYMPTOTIC, d, 0, k, activation, 0)));
            }
        }
        cells
    }

    fn predict(&self, cell: &Cell) -> Prediction {
        let (d, m) = (cell.d as f64, cell.m as f64);
        match cell.part.as_str() {
            SWEEP if cell.d <= 4 => {
                let n: f64 = if cell.d == 3 { 200.0 } else { 500.0 };
                let flops = 0.5 * m * d * n * n + 20.0 * n.powi(3);
                Prediction {
                    seconds: 0.005 + flops / 8e9 + m * d * n * 3e-9,
                    bytes: 8.0 * (3.0 * n * n + 2048.0 * d * n * 3.0 + m * d),
                }
            }
            SWEEP => {
                let p = 0.5 * m;
                let columns = 6.0 * (cumulative_dimension(cell.d, cell.k).unwrap_or(1) as f64 + 8.0);
                Prediction { seconds: 0.02 + p * p * (1e-7 + columns * d * 1e-9), bytes: 32.0 * p * p + 40.0 * p * d * columns }
            }
            MEMBER => Prediction { seconds: 0.02 + m * 4e-5, bytes: 32e6 },
            _ => Prediction { seconds: 0.01, bytes: 8e6 },
        }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        match cell.part.as_str() {
            MEMBER => member(cell, seed),
            MOMENT => moment(cell, seed),
            ASYMPTOTIC => asymptotic(cell),
            _ => sweep(cell, seed),
        }
    }

    fn bounds(&self) -> Vec<Bound> {
        let along_m = |exponent: f64| Growth::both(Parameter::M, move |_: &Cell| exponent);
        vec![
            Bound::growth("rate", "the worst error over f_k is ≍ 1/m, against 2/m·Σ_{i≤k<j} (â_i²â_j² + (d−1)ĉ_i²ĉ_j²)/(κ_i − κ_j)²", "error", "first-order", along_m(-1.0))
                .part(SWEEP),
            Bound::inequality(
                "target",
                "worst error ≤ d^k/n for n up to d^{k+1} where m ≥ d^{10k}, with constant 1",
                "error-over-target",
                Side::Upper,
                "one",
                Neighbour::lhs("short-over-target", "one eigenvector too few"),
            )
            .part(SWEEP)
            .among(literal),
            Bound::inequality(
                "norm",
                "worst ‖W_L‖_F² ≤ 1/λ_{n_k}",
                "norm",
                Side::Upper,
                "inverse-last",
                Neighbour::rhs("inverse-first", "1/λ_1 in place of 1/λ_{n_k}"),
            )
            .part(SWEEP),
            Bound::growth("norm-in-m", "worst ‖W_L‖_F² ≍ 1/min κ_{≤k}, whatever m", "norm", "inverse-kappa", along_m(0.0)).part(SWEEP),
            Bound::asymptotic(
                "norm-in-d",
                "1/min κ_{≤k} ≍ d^{k−1}",
                "inverse-kappa",
                Asymptotic::both(Parameter::D, |c: &Cell| c.k as f64 - 1.0),
            )
            .part(ASYMPTOTIC),
            Bound::asymptotic(
                "width",
                "the width at which the first-order error reaches d^k/n at n = d^{k+1} is ≲ d^{10k}",
                "width-needed",
                Asymptotic::upper(Parameter::D, |c: &Cell| 10.0 * c.k as f64),
            )
            .part(ASYMPTOTIC),
            Bound::identity(
                "moment",
                "p E‖B‖_F² to first order from the Gram matrix of one neuron is the zonal sum, for every neuron",
                "one-neuron",
                "zonal-sum",
                Neighbour::rhs("zonal-sum-without-dimension", "ĉ_i²ĉ_j² without its factor d − 1"),
            )
            .part(MOMENT),
            Bound::identity(
                "member",
                "‖(I − Π_{≤k})W_L‖_F = 0",
                "outside",
                "zero",
                Neighbour::lhs("outside-infinite", "W_L in the span of E[φ Y_jl], j ≤ k, which is the eigenspace at infinite width"),
            )
            .part(MEMBER),
            Bound::identity(
                "projection",
                "E(f_L(x; W_L) − f_k)², from the closed form of Σ, is the squared distance cᵀ(I − KᵀK)c of the harmonic coefficients",
                "population-error",
                "projection-error",
                Neighbour::lhs("population-error-slant", "E[φ f_k] without the term −t w_r"),
            )
            .part(MEMBER),
            Bound::growth(
                "sample",
                "the worst E_n(f_L(x; W_L) − f_k)² over f_k on drawn inputs is ≍ the worst E, which is ≍ 1/m",
                "sample-error",
                "error",
                along_m(-1.0),
            )
            .part(MEMBER),
        ]
    }
}

fn covariance(cell: &Cell, seed: u64) -> Result<Covariance> {
    let weights = uniform_sphere(&mut cell.stream(seed, "weights"), cell.m / 2, cell.d, 1.0);
    // The Gram matrix of the harmonics is affordable at these tails; the operator route hardly depends on them.
    let tail = match (cell.d, cell.activation.as_str()) {
        (4, "tanh:0.5") => 1e-6,
        (3, _) if cell.m > 50_000 => 1e-9,
        (3 | 4, _) => 1e-7,
        _ => 1e-9,
    };
    Ok(Covariance::new(weights.as_ref(), activation::parse(&cell.activation)?.as_ref(), Truncation::Tail(tail))?)
}

fn least_kappa(levels: &FeatureLevels, k: usize) -> (f64, f64) {
    let low = levels.levels.iter().take(k + 1);
    let kappa = low.clone().map(|l| l.kappa).fold(f64::INFINITY, f64::min);
    let error = low.map(|l| levels.rounding_allowance() / l.dimension).fold(0.0, f64::max);
    (kappa, error)
}

fn sweep(cell: &Cell, seed: u64) -> Result<Measurement> {
    let cov = covariance(cell, seed)?;
    let found = Projection::solve(&cov, cell.k)?;
    let (m, rate) = (cell.m as f64, first_order(cov.levels(), cell.k));
    let (kappa, kappa_error) = least_kappa(cov.levels(), cell.k);
    // d^k/n at n = d^{k+1}, the largest n of the statement and so its sharpest target.
    let over_target = cell.n as f64 / (cell.d as f64).powi(cell.k as i32);
    let first = found.eigenvalues[0];
    let (error, certificate) = (found.error.value, found.error.error);
    let measurement = Measurement::new()
        .quantity("error", error, certificate)
        .quantity("first-order", rate.value / m, rate.error / m)
        .quantity("error-over-target", error * over_target, certificate * over_target)
        .quantity("short-over-target", found.short * over_target, certificate * over_target)
        .quantity("one", 1.0, 0.0)
        .quantity("width-needed", error * m * over_target, certificate * m * over_target)
        .quantity("norm", found.norm.value, found.norm.error)
        .quantity("inverse-last", found.inverse_last.value, found.inverse_last.error)
        .quantity("inverse-first", 1.0 / first, found.inverse_last.error)
        .quantity("inverse-kappa", 1.0 / kappa, 2.0 * kappa_error / (kappa * kappa))
        .cost(found.flops, 8.0 * (cov.order() * found.overlap.nrows()) as f64, 0.0);
    let n = format!("n = {} = d^{{k+1}}", cell.n);
    Ok(wide_enough(measurement, cell).hypothesis("d^k ≤ n ≤ d^{k+1}", true, n))
}

fn member(cell: &Cell, seed: u64) -> Result<Measurement> {
    let cov = covariance(cell, seed)?;
    let target = targets::drawn(cell, seed)?;
    let n_k = cumulative_dimension(cell.d, cell.k)?;
    let pairs = eigen::solve(&cov, &Request::top(n_k + 1), RouteChoice::Auto, eigen::DEFAULT_MEMORY, Par::Seq)?;
    let top = TopSpace::new(&pairs, n_k)?;
    let found = Projection::from_pairs(&cov, &pairs, cell.k)?;
    let k_matrix = &found.overlap;
    let coefficients = target.harmonic_coefficients()?;
    let c = Mat::from_fn(n_k, 1, |i, _| coefficients[i]);
    let kept = k_matrix * &c;
    let exact = feature_moments(&cov, &target, Par::Seq)?;
    let displacement = w_l_from_moments(&top, exact.as_ref(), Par::Seq)?;
    let slant = w_l_from_moments(&top, slanted(&cov, &target)?.as_ref(), Par::Seq)?;

    let norm = frobenius_sq(displacement.as_ref());
    let order = cov.order();
    let outside = |w: MatRef<'_, f64>| -> Result<f64> {
        let u = cov.antisymmetric(w)?;
        let mut rest = u.clone();
        // coordinates() divides by √2 what Q carries back with √2.
        rest -= top.vectors() * top.coordinates(u.as_ref(), Par::Seq) * faer::Scale(std::f64::consts::SQRT_2);
        Ok(rest.norm_l2() / u.norm_l2())
    };
    // What population least squares would be if the top space were the span of E[φ Y_jl].
    let infinite = Mat::from_fn(n_k, 1, |l, _| {
        let degree = (0..=cell.k).find(|&j| cumulative_dimension(cell.d, j).is_ok_and(|n| l < n)).unwrap_or(cell.k);
        coefficients[l] / cov.levels().levels[degree].kappa
    });
    let lifted = HarmonicMap::new(&cov, cell.k)?.lift(infinite.as_ref(), Par::Seq)?;
    let lifted = Mat::from_fn(cov.m(), cov.d(), |r, i| {
        let entry = lifted[(i * cov.p() + r % cov.p(), 0)];
        if r < cov.p() { entry } else { -entry }
    });
    // Second moment of f_L minus twice its covariance with f_k plus E f_k².
    let population = |w: MatRef<'_, f64>| -> Result<f64> {
        let u = cov.antisymmetric(w)?;
        let cross: f64 = u.col_as_slice(0).iter().zip(exact.col_as_slice(0)).map(|(a, b)| a * b).sum();
        Ok(cov.quadratic_form(w, Par::Seq)? - 2.0 * cross + target.low_second_moment())
    };
    // Σ cut at J misses at most tail·‖W‖²; an eigenpair with residual ρ moves WᵀΣW by at most ρ‖W‖²; the rest is rounding of sums of order·.
    let unit = projection::rounding(order, 1.0);
    let largest = pairs.eigenvalues[0];
    let certificate = (cov.truncation_bound() + 2.0 * pairs.residual_max + unit * largest) * norm + 4.0 * unit;
    let projected: f64 = coefficients.iter().map(|c| c * c).sum::<f64>() - kept.squared_norm_l2();

    // W_L for every harmonic of degree ≤ k at once: half the difference of the twins is √½·QΛ^{-1/2}K, hence the factor √2.
    let q = top.vectors();
    let scaled = Mat::from_fn(n_k, n_k, |i, l| k_matrix[(i, l)] * (2.0 / pairs.eigenvalues[i]).sqrt());
    let columns = q * &scaled;
    let net = PairedNetwork::new(cov.weights(), activation::parse(&cell.activation)?, escapement::tolerance::UNIT_NORM_F64)?;
    let x = uniform_sphere(&mut cell.stream(seed, "inputs"), cell.n, cell.d, (cell.d as f64).sqrt());
    let mut difference = net.f_linear_of_columns(x.as_ref(), columns.as_ref(), Par::Seq)?;
    let unit_inputs = &x * faer::Scale((cell.d as f64).sqrt().recip());
    let mut harmonics = Mat::zeros(cell.n, n_k);
    HarmonicMap::new(&cov, cell.k)?.basis().evaluate(unit_inputs.as_ref(), harmonics.as_mut())?;
    difference -= &harmonics;
    let square = difference.transpose() * &difference;
    let sample = eigen::full_eigenvalues(square.as_ref(), Par::Seq)?[0] / cell.n as f64;
    let sup = net.activation().suprema()[1].value;
    // Each f_L(x) is a sum of terms of in all at most sup|σ'|·√d·‖W_L‖, and ‖W_L‖² ≤ 1/λ_{n_k}.
    let value_rounding = unit * n_k as f64 * (sup * (cell.d as f64 / pairs.eigenvalues[n_k - 1]).sqrt() + 1.0);
    let sample_rounding = value_rounding * (2.0 * sample.sqrt() + value_rounding);
    let flops = 12.0 * (order as f64).powi(3).min(24.0 * (cov.p() as f64).powi(2) * (cov.d() * pairs.products.max(1)) as f64);
    let measurement = Measurement::new()
        .quantity("outside", outside(displacement.as_ref())?, 2.0 * n_k as f64 * (pairs.orthonormality + unit))
        .quantity("outside-infinite", outside(lifted.as_ref())?, 2.0 * n_k as f64 * (pairs.orthonormality + unit))
        .quantity("zero", 0.0, 0.0)
        .quantity("population-error", population(displacement.as_ref())?, certificate)
        .quantity("population-error-slant", population(slant.as_ref())?, certificate)
        .quantity("projection-error", projected, certificate)
        .quantity("sample-error", sample, sample_rounding)
        .quantity("error", found.error.value, found.error.error)
        .quantity("norm", norm, unit * norm)
        .cost(flops, 8.0 * (order * n_k) as f64, pairs.products as f64);
    Ok(wide_enough(measurement, cell))
}

/// `E[φ f_k]` without the term −t w_r.
fn slanted(cov: &Covariance, target: &Target) -> Result<Mat<f64>> {
    let LowDegree::Zonal(terms) = target.low() else {
        return Err(crate::Error::Input("the low-degree part of this target is not a sum of zonal terms".into()));
    };
    let part = |degree: usize| ZonalMoment::exact(cov.levels(), degree).map(|z| ZonalMoment { projection: 0.0, ..z });
    let parts = terms.iter().map(|t| part(t.degree)).collect::<escapement::Result<Vec<_>>>()?;
    Ok(zonal_moments(cov, terms, &parts)?)
}

fn moment(cell: &Cell, seed: u64) -> Result<Measurement> {
    let weights = uniform_sphere(&mut cell.stream(seed, "weights"), 1, cell.d, 1.0);
    let sigma = activation::parse(&cell.activation)?;
    let levels = FeatureLevels::new(cell.d, sigma.as_ref(), Truncation::Degree(MOMENT_DEGREE))?;
    let cov = Covariance::from_levels(weights, levels)?;
    let map = HarmonicMap::new(&cov, MOMENT_DEGREE)?;
    let gram = map.gram(Par::Seq)?;
    let levels = &cov.levels().levels;
    let (mut sum, mut scale) = (0.0, 0.0);
    for i in 0..=cell.k {
        for j in cell.k + 1..=MOMENT_DEGREE {
            let gap = (levels[i].kappa - levels[j].kappa).powi(2);
            let block = gram.submatrix(
                map.basis().level(j).start,
                map.basis().level(i).start,
                map.basis().level(j).len(),
                map.basis().level(i).len(),
            );
            sum += 2.0 * block.squared_norm_l2() / gap;
            scale += 2.0 * levels[i].tau * levels[j].tau / gap;
        }
    }
    // An entry of the Gram matrix of one neuron is a sum of d products of harmonics of degree ≤ J with their gradients: d + 4J + 8 roundings of |v_a||v_b|,
    // whose squares sum to τ_iτ_j.
    let rounding = 2.0 * (cell.d + 4 * MOMENT_DEGREE + 8) as f64 * f64::EPSILON * scale;
    let [exact, false_sum] = [cell.d as f64 - 1.0, 1.0].map(|across| first_order_with(cov.levels(), cell.k, across).value);
    Ok(Measurement::new()
        .quantity("one-neuron", sum, rounding)
        .quantity("zonal-sum", exact, rounding)
        .quantity("zonal-sum-without-dimension", false_sum, rounding)
        .cost((gram.nrows() as f64).powi(2) * cell.d as f64, 8.0 * (gram.nrows() as f64).powi(2), 0.0))
}

fn asymptotic(cell: &Cell) -> Result<Measurement> {
    let sigma = activation::parse(&cell.activation)?;
    let levels = FeatureLevels::new(cell.d, sigma.as_ref(), Truncation::Degree(LONG_DEGREE))?;
    let (kappa, error) = least_kappa(&levels, cell.k);
    let rate = first_order(&levels, cell.k);
    let d = cell.d as f64;
    Ok(Measurement::new()
        .quantity("inverse-kappa", 1.0 / kappa, 2.0 * error / (kappa * kappa))
        .quantity("width-needed", rate.value * d, rate.error * d)
        .quantity("d-to-10k", width_of_hypothesis(cell.d, cell.k), 0.0)
        .cost(1e6, 1e5, 0.0))
}

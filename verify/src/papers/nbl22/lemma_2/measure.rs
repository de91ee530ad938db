//! Worst cases over f_k, W_L itself, and the zonal numbers beside them.

use super::LITERAL;
use crate::claim::{Cell, Measurement};
use crate::error::Result;
use crate::papers::nbl22::hypotheses::{dimension, samples_in_range, wide_enough, width_of_hypothesis};
use crate::papers::nbl22::instance;
use crate::papers::nbl22::letters::Letters;
use escapement::ball::Ball;
use escapement::construct::w_l::{ZonalMoment, feature_moments, w_l_from_moments, zonal_moments};
use escapement::construct::{LowDegree, Target, frobenius_sq};
use escapement::covariance::{Covariance, HarmonicMap};
use escapement::eigen::subspace::{Projection, first_order, first_order_with};
use escapement::eigen::{self, TopSpace};
use escapement::network::PairedNetwork;
use escapement::rounding;
use escapement::sphere::{FeatureLevels, Truncation, cumulative_dimension, uniform_sphere};
use faer::{Mat, MatRef, Par};

/// Degree at which the Gram matrix of one neuron stops.
const MOMENT_DEGREE: usize = 7;
/// Degree to which the zonal sums over d run; what lies beyond is in their error.
const LONG_DEGREE: usize = 31;

/// Where Σ is cut: the Gram matrix of the harmonics is affordable at these tails; the operator route hardly
/// depends on them. At the width of the hypothesis an error of 10⁻³ is compared with 1.
pub(super) fn tail(cell: &Cell) -> f64 {
    match (cell.d(), cell.activation.as_str()) {
        _ if cell.part == LITERAL => 1e-4,
        (4, "tanh:0.5") => 1e-6,
        (3, _) if cell.m() > 50_000 => 1e-9,
        (3 | 4, _) => 1e-7,
        _ => 1e-9,
    }
}

fn covariance(cell: &Cell, seed: u64) -> Result<Covariance> {
    let weights = uniform_sphere(&mut cell.stream(seed, "weights"), cell.m() / 2, cell.d(), 1.0);
    let tail = tail(cell);
    instance::covariance(weights, instance::activation(cell)?.as_ref(), Truncation::Tail(tail))
}

/// `min_{j≤k} κ_j`.
fn least_kappa(levels: &FeatureLevels, k: usize) -> Ball {
    let low = levels.levels.iter().take(k + 1);
    let kappa = low.clone().map(|l| l.kappa).fold(f64::INFINITY, f64::min);
    Ball::new(kappa, low.map(|l| levels.rounding_allowance() / l.dimension).fold(0.0, f64::max))
}

pub(super) fn sweep(cell: &Cell, seed: u64) -> Result<Measurement> {
    let cov = covariance(cell, seed)?;
    let found = Projection::of(&cov, cell.k())?;
    let (m, rate) = (cell.m() as f64, first_order(cov.levels(), cell.k()));
    // d^k/n at n = d^{k+1}, the largest n of the statement and so its sharpest target.
    let over_target = cell.n() as f64 / (cell.d() as f64).powi(cell.k() as i32);
    let first = found.eigenvalues[0];
    let short = Ball { value: found.short, ..found.error };
    let measurement = Measurement::new()
        .ball("error", found.error)
        .ball("first-order", rate / m)
        .ball("error-over-target", found.error * over_target)
        .ball("short-over-target", short * over_target)
        .quantity("one", 1.0, 0.0)
        .ball("width-needed", found.error * m * over_target)
        .ball("norm", found.norm)
        .ball("inverse-last", found.inverse_last)
        .quantity("inverse-first", 1.0 / first, found.inverse_last.error)
        .ball("inverse-kappa", 1.0 / least_kappa(cov.levels(), cell.k()))
        .cost(found.flops, 8.0 * (cov.order() * found.overlap.nrows()) as f64, 0.0);
    let n = format!("n = {} = d^{{k+1}}", cell.n());
    Ok(samples_in_range(wide_enough(measurement, cell), cell, n))
}

pub(super) fn member(cell: &Cell, seed: u64) -> Result<Measurement> {
    let cov = covariance(cell, seed)?;
    let target = instance::shared_target(cell, seed)?;
    let n_k = cumulative_dimension(cell.d(), cell.k())?;
    let (top, pairs) = TopSpace::alone(&cov, n_k, Par::Seq)?;
    let found = Projection::from_pairs(&cov, &pairs, cell.k())?;
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
        rest -=
            top.vectors() * top.coordinates(u.as_ref(), Par::Seq) * faer::Scale(std::f64::consts::SQRT_2);
        Ok(rest.norm_l2() / u.norm_l2())
    };
    // What population least squares would be if the top space were the span of E[φ Y_jl].
    let infinite = Mat::from_fn(n_k, 1, |l, _| {
        let degree = (0..=cell.k())
            .find(|&j| cumulative_dimension(cell.d(), j).is_ok_and(|n| l < n))
            .unwrap_or(cell.k());
        coefficients[l] / cov.levels().levels[degree].kappa
    });
    let lifted = HarmonicMap::new(&cov, cell.k())?.lift(infinite.as_ref(), Par::Seq)?;
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
    // Σ cut at J misses at most tail·‖W‖², and n_k eigenpairs with residuals ρ move WᵀΣW by at most
    // √n_k·ρ‖W‖². The moduli in WᵀΣW add up to at most tr Σ·‖W‖², those in its covariance with f_k to √(tr
    // Σ)‖W‖, and ‖W‖² ≤ 1/λ_{n_k}.
    let unit = rounding::sum(2 * order, 8 * cov.levels().levels.len());
    let moduli = ((cov.trace() / pairs.eigenvalues[n_k - 1]).sqrt() + 1.0).powi(2);
    let certificate =
        (cov.truncation_bound() + (n_k as f64).sqrt() * pairs.residual_max) * norm + unit * moduli;
    let projected: f64 = coefficients.iter().map(|c| c * c).sum::<f64>() - kept.squared_norm_l2();

    // W_L for every harmonic of degree ≤ k at once: half the difference of the twins is √½·QΛ^{-1/2}K, hence
    // the factor √2.
    let q = top.vectors();
    let scaled = Mat::from_fn(n_k, n_k, |i, l| k_matrix[(i, l)] * (2.0 / pairs.eigenvalues[i]).sqrt());
    let columns = q * &scaled;
    let net = PairedNetwork::new(
        cov.weights(),
        instance::activation(cell)?,
        escapement::tolerance::UNIT_NORM_F64,
    )?;
    let x = instance::inputs(cell, seed, "inputs", cell.n());
    let mut difference = net.f_linear_of_columns(x.as_ref(), columns.as_ref(), Par::Seq)?;
    let unit_inputs = &x * faer::Scale((cell.d() as f64).sqrt().recip());
    let mut harmonics = Mat::zeros(cell.n(), n_k);
    HarmonicMap::new(&cov, cell.k())?.basis().evaluate(unit_inputs.as_ref(), harmonics.as_mut())?;
    difference -= &harmonics;
    let square = difference.transpose() * &difference;
    let sample = eigen::full_eigenvalues(square.as_ref(), Par::Seq)?[0] / cell.n() as f64;
    let sup = net.activation().suprema()[1].value;
    // Each f_L(x) is a sum of terms of in all at most sup|σ'|·√d·‖W_L‖, and ‖W_L‖² ≤ 1/λ_{n_k}.
    let value_rounding =
        unit * n_k as f64 * (sup * (cell.d() as f64 / pairs.eigenvalues[n_k - 1]).sqrt() + 1.0);
    let square_rounding = (rounding::sum(cell.n(), 8) * n_k as f64 + rounding::eigen(n_k, 1.0)) * sample;
    let sample_rounding = value_rounding * (2.0 * sample.sqrt() + value_rounding) + square_rounding;
    let flops = 12.0
        * (order as f64)
            .powi(3)
            .min(24.0 * (cov.p() as f64).powi(2) * (cov.d() * pairs.products.max(1)) as f64);
    let measurement = Measurement::new()
        .quantity(
            "outside",
            outside(displacement.as_ref())?,
            2.0 * n_k as f64 * (pairs.orthonormality + unit),
        )
        .quantity(
            "outside-infinite",
            outside(lifted.as_ref())?,
            2.0 * n_k as f64 * (pairs.orthonormality + unit),
        )
        .quantity("zero", 0.0, 0.0)
        .quantity("population-error", population(displacement.as_ref())?, certificate)
        .quantity("population-error-slant", population(slant.as_ref())?, certificate)
        .quantity("projection-error", projected, certificate)
        .quantity("sample-error", sample, sample_rounding)
        .ball(
            "target",
            Ball::relative((cell.d() as f64).powi(cell.k() as i32) / cell.n() as f64, f64::EPSILON),
        )
        .ball("error", found.error)
        .quantity("norm", norm, unit * norm)
        .cost(flops, 8.0 * (order * n_k) as f64, pairs.products as f64);
    Ok(wide_enough(measurement, cell))
}

/// `E[φ f_k]` without the term −t w_r.
fn slanted(cov: &Covariance, target: &Target) -> Result<Mat<f64>> {
    let LowDegree::Zonal(terms) = target.low() else {
        return Err(crate::Error::Input(
            "the low-degree part of this target is not a sum of zonal terms".into(),
        ));
    };
    let part = |degree: usize| {
        ZonalMoment::exact(cov.levels(), degree).map(|z| ZonalMoment { projection: 0.0, ..z })
    };
    let parts = terms.iter().map(|t| part(t.degree)).collect::<escapement::Result<Vec<_>>>()?;
    Ok(zonal_moments(cov, terms, &parts)?)
}

pub(super) fn moment(cell: &Cell, seed: u64) -> Result<Measurement> {
    let weights = uniform_sphere(&mut cell.stream(seed, "weights"), 1, cell.d(), 1.0);
    let sigma = instance::activation(cell)?;
    let levels = instance::levels(cell.d(), sigma.as_ref(), Truncation::Degree(MOMENT_DEGREE))?;
    let cov = Covariance::from_levels(weights, levels.as_ref().clone())?;
    let map = HarmonicMap::new(&cov, MOMENT_DEGREE)?;
    let gram = map.gram(Par::Seq)?;
    let levels = &cov.levels().levels;
    let (mut sum, mut scale) = (0.0, 0.0);
    for i in 0..=cell.k() {
        for j in cell.k() + 1..=MOMENT_DEGREE {
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
    // An entry of the Gram matrix of one neuron is a sum of d products of harmonics of degree ≤ J with their
    // gradients: d + 4J + 8 roundings of |v_a||v_b|, whose squares sum to τ_iτ_j.
    let rounding = 2.0 * (cell.d() + 4 * MOMENT_DEGREE + 8) as f64 * f64::EPSILON * scale;
    let [exact, false_sum] =
        [cell.d() as f64 - 1.0, 1.0].map(|across| first_order_with(cov.levels(), cell.k(), across).value);
    Ok(Measurement::new()
        .quantity("one-neuron", sum, rounding)
        .quantity("zonal-sum", exact, rounding)
        .quantity("zonal-sum-without-dimension", false_sum, rounding)
        .cost((gram.nrows() as f64).powi(2) * cell.d() as f64, 8.0 * (gram.nrows() as f64).powi(2), 0.0))
}

pub(super) fn asymptotic(cell: &Cell) -> Result<Measurement> {
    let sigma = instance::activation(cell)?;
    let levels = instance::levels(cell.d(), sigma.as_ref(), Truncation::Degree(LONG_DEGREE))?;
    let kappa = least_kappa(&levels, cell.k());
    Ok(dimension(Measurement::new(), cell)
        .ball("inverse-kappa", 1.0 / kappa)
        .ball("width-needed", first_order(&levels, cell.k()) * cell.d() as f64)
        .quantity("d-to-10k", width_of_hypothesis(cell.d(), cell.k()), 0.0)
        .cost(1e6, 1e5, 0.0))
}

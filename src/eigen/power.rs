//! The space of the top r eigenvectors of Σ, r = n_k, by powers of Σ on the harmonics of degree at most k.
//!
//! A product with Σ turns a space towards that of the top r eigenvectors by the factor `λ_{r+1}/λ_r`, which
//! is near `κ_{k+1}/κ_k`: some hundredth. The harmonics of degree at most k begin within an angle of
//! `O(m^{-1/2})`, so that a few products are enough, and each step costs one product, one Gram matrix and
//! one change of basis. A block Krylov method takes about as many products here, and many Rayleigh–Ritz
//! steps on a larger basis.
//!
//! The steps after the first multiply by `Σ − κ_{k+1}` in place of Σ. The first leaves little of the degrees
//! above k + 1, whose eigenvalues are near zero, and the others less of degree k + 1, whose eigenvalues are
//! near κ_{k+1} where m is large. No eigenvalue between zero and λ_{r+1} turns more slowly than by powers of
//! Σ.
//!
//! # Certificate
//! The last step takes Ritz values on the basis before it, and the vectors that the product makes of the
//! Ritz vectors. What it claims is bounded afterwards from a few exact products with random vectors, which
//! knows nothing of the steps: `Gᵀ(AV − VΘ) = (AG)ᵀV − (GᵀV)Θ` has rows enough to bound every residual
//! ([`sketched_residuals`]). Of λ_{r+1} a bound is known from `λ_{r+1}(Σ) ≤ ‖Σ_{>k}‖`, which is Weyl's
//! inequality for `Σ = Σ_{≤k} + Σ_{>k}`, where the rank of `Σ_{≤k}` is at most r.

use super::block::{BlockSolution, Observer, Progress};
use super::dense::{full_eigen, largest, residual_norms, sketched_residuals};
use crate::covariance::{Covariance, CovarianceOperator, HarmonicMap};
use crate::error::Result;
use crate::product::{matmul, rotate, tall_inner, tall_outer};
use crate::sphere::{FeatureLevels, cumulative_dimension};
use crate::{seed, tolerance};
use faer::{Accum, Mat, MatRef, Par};
use rand_distr::{Distribution, StandardNormal};

/// The most products with the whole basis. Each gains a factor of [`LEAST_GAIN`] at least, so that these
/// gain all digits of f64.
const STEPS: usize = 20;
/// A step that gains less than this factor is one too many: other methods are faster then.
const LEAST_GAIN: f64 = 4.0;
/// Random directions by which the residual of a basis is estimated. The estimate only decides when to stop.
const SAMPLE: usize = 8;
/// Where the root mean square of the residuals is expected to be so many times below the tolerance, the
/// bound on the largest of them is tried: it is two to five times the largest, which is three to ten times
/// the root mean square. What the first of the products gains beyond that would be lost by a bound that
/// fails, which costs half a step.
const MARGIN: f64 = 16.0;
/// Random directions of the bound, at most; it is then about twice the residual.
const MOST_ROWS: usize = 64;
/// The same, at least: the bound is then five times the residual for a hundred vectors.
const LEAST_ROWS: usize = 16;
/// Up to so many vectors their residuals are computed, which costs no more than twice what a bound on them
/// does.
const FEW: usize = 2 * LEAST_ROWS;
/// Vectors for each random direction of the bound, so that its products are an eighth of those of a step.
const VECTORS_PER_ROW: usize = 8;

/// The level k with n_k = `rank`, where the harmonics up to it lie above all others at infinite width by so
/// much that a step gains [`LEAST_GAIN`]; and κ_last and κ_next.
fn separated(cov: &Covariance, rank: usize) -> Option<(usize, f64, f64)> {
    let (k, last, next) = whole_levels(cov, rank)?;
    (k + 1 < cov.levels().levels.len() && next * LEAST_GAIN < last).then_some((k, last, next))
}

/// The level k with n_k = `rank`, the least κ of the levels up to it, and the largest of those above.
pub(super) fn whole_levels(cov: &Covariance, rank: usize) -> Option<(usize, f64, f64)> {
    let levels = &cov.levels().levels;
    let k = (0..levels.len()).find(|&k| cumulative_dimension(cov.d(), k) == Ok(rank))?;
    let (low, high) = levels.split_at(k + 1);
    let last = low.iter().map(|l| l.kappa).fold(f64::INFINITY, f64::min);
    Some((k, last, high.iter().map(|l| l.kappa).fold(0.0, f64::max)))
}

/// The bytes that [`space`] needs beside the kernel matrices.
pub(super) fn bytes(cov: &Covariance, rank: usize, par: Par) -> f64 {
    20.0 * cov.order() as f64 * rank as f64 + CovarianceOperator::scratch_bytes(cov.d(), rank, par)
}

/// The eigenpairs of all degrees up to k.
pub(super) struct Low {
    /// The degree k with n_k = the rank.
    pub(super) k: usize,
    /// The eigenpairs of `A`, in units of `A`.
    pub(super) found: BlockSolution,
    /// The probability that one of the residuals is below the residual that it bounds: zero where they were
    /// computed.
    pub(super) failure: f64,
}

/// Whether powers of Σ take less work than a block Krylov method for the top `rank` eigenpairs alone.
///
/// Both multiply about as many columns, `6p²d` flops each. The block method has Rayleigh–Ritz steps beside
/// them; powers have more of the exact products, each of which evaluates four series on all p² pairs of
/// neurons anew, some 24p² flops for each degree. This is little where the columns of one product cost
/// more. For the top d + 1 to residuals of 1e-8 at d = 10, 30 and 100, the block method took 0.7, 1.0 and
/// 1.7 times as long as powers.
pub(super) fn pay(levels: &FeatureLevels, rank: usize) -> bool {
    24 * levels.levels.len() < 6 * levels.d * rank
}

/// The top `rank` eigenpairs of `A`, where powers of Σ find them. `None` where `rank` is no n_k, or where a
/// step gains too little.
///
/// # Errors
/// The harmonics or a product cannot be computed.
pub(super) fn space(
    cov: &Covariance,
    operator: &CovarianceOperator<'_>,
    rank: usize,
    allowed: f64,
    par: Par,
    observe: Observer<'_>,
) -> Result<Option<Low>> {
    let Some((k, kappa, next)) = separated(cov, rank) else { return Ok(None) };
    let mut ratio = next / kappa;
    let n = cov.order();
    if n <= 2 * rank {
        return Ok(None);
    }
    let mut q = HarmonicMap::new(cov, k)?.columns(par)?;
    if !orthonormalise(&mut q, par)? {
        return Ok(None);
    }
    let sample = {
        let mut rng = seed::stream(0, "top space", "sample");
        Mat::from_fn(rank, SAMPLE, |_, _| StandardNormal.sample(&mut rng))
    };
    let rough_limit = f64::from(f32::EPSILON) * above_one(cov);
    let (mut z, mut last, mut products, mut exact) = (Mat::zeros(n, rank), f64::INFINITY, 0, false);
    for step in 0..STEPS {
        // A rough product leaves a residual of its rounding; where the step should go below it, the product
        // is exact.
        exact |= last * ratio * ratio < 3.0 * rough_limit && allowed < 30.0 * rough_limit;
        if exact {
            operator.multiply(q.as_ref(), z.as_mut(), par);
        } else {
            operator.multiply_roughly(q.as_ref(), z.as_mut(), par);
        }
        products += rank;
        let residual = sampled_residual(q.as_ref(), z.as_ref(), sample.as_ref(), par);
        if !residual.is_finite() {
            return Ok(None);
        }
        if step > 0 {
            ratio = residual / last;
            if ratio * LEAST_GAIN > 1.0 && exact {
                return Ok(None);
            }
            exact |= ratio * LEAST_GAIN > 1.0;
        }
        last = residual;
        tracing::debug!(products, residual, ratio, exact, "a power of Σ on a basis");
        let met = residual <= allowed;
        let progress = Progress { products, converged: if met { rank } else { 0 }, residual };
        let stopped = observe(progress).is_break();
        // The first step left little but degree k + 1, which the others take off.
        let shift = if step > 0 { next / cov.scale() } else { 0.0 };
        if stopped || residual * ratio * MARGIN <= allowed {
            let h = tall_inner(q.as_ref(), z.as_ref(), par);
            let h = Mat::from_fn(rank, rank, |i, j| 0.5 * (h[(i, j)] + h[(j, i)]));
            let (theta, u) = full_eigen(h.as_ref(), par)?;
            if stopped {
                rotate(q.as_mut(), u.as_ref(), par);
                rotate(z.as_mut(), u.as_ref(), par);
                let residuals = residual_norms(z.as_ref(), q.as_ref(), &theta);
                let found = solution(theta, q, residuals, products, true);
                return Ok(Some(Low { k, found, failure: 0.0 }));
            }
            if !theta.iter().all(|&t| t > 2.0 * shift) {
                return Ok(None);
            }
            subtract(&mut z, shift, &q);
            // (Z − sQ)·U·(Θ − s)⁻¹ is orthonormal up to the square of the angle, and its polar factor
            // exactly.
            let map = Mat::from_fn(rank, rank, |i, j| u[(i, j)] / (theta[j] - shift));
            rotate(z.as_mut(), map.as_ref(), par);
            if !orthonormalise(&mut z, par)? {
                return Ok(None);
            }
            let (residuals, failure) = if rank <= FEW {
                operator.multiply(z.as_ref(), q.as_mut(), par);
                products += rank;
                (residual_norms(q.as_ref(), z.as_ref(), &theta), 0.0)
            } else {
                let rows = (rank / VECTORS_PER_ROW).clamp(LEAST_ROWS, MOST_ROWS);
                products += rows;
                (sketched_residuals(operator, z.as_ref(), &theta, rows, par), tolerance::FAILURE)
            };
            let worst = largest(&residuals);
            tracing::debug!(worst, scale = theta[0], allowed, "exact products bound the residuals");
            if worst <= allowed * theta[0] {
                let last = Progress { products, converged: rank, residual: worst / theta[0] };
                let stopped = observe(last).is_break();
                let found = solution(theta, z, residuals, products, stopped);
                return Ok(Some(Low { k, found, failure }));
            }
        } else {
            subtract(&mut z, shift, &q);
            let done = if step == 0 { align(&mut z, par)? } else { orthonormalise(&mut z, par)? };
            if !done {
                return Ok(None);
            }
        }
        std::mem::swap(&mut q, &mut z);
    }
    Ok(None)
}

fn solution(
    eigenvalues: Vec<f64>,
    vectors: Mat<f64>,
    residuals: Vec<f64>,
    products: usize,
    stopped: bool,
) -> BlockSolution {
    let residual_max = largest(&residuals);
    BlockSolution { eigenvalues, vectors, residuals, residual_max, products, restarts: 0, stopped }
}

/// `‖Σ_{>1}‖/‖Σ‖` at infinite width, to which the rounding of rough products is relative.
fn above_one(cov: &Covariance) -> f64 {
    let most = |from: usize| cov.levels().levels.iter().skip(from).map(|l| l.kappa).fold(0.0, f64::max);
    most(2) / most(0)
}

/// The root mean square over the columns of `Z − Q(QᵀZ)`, relative to that of the largest of `Z`, from its
/// products with the random columns of `sample`; Z is the product with Q.
fn sampled_residual(q: MatRef<'_, f64>, z: MatRef<'_, f64>, sample: MatRef<'_, f64>, par: Par) -> f64 {
    let mut zs = Mat::zeros(z.nrows(), sample.ncols());
    tall_outer(zs.as_mut(), Accum::Replace, z, sample, 1.0, par);
    let inner = tall_inner(q, zs.as_ref(), par);
    tall_outer(zs.as_mut(), Accum::Add, q, inner.as_ref(), -1.0, par);
    let scale = z.col_iter().map(|c| c.norm_l2()).fold(0.0, f64::max);
    zs.norm_l2() / ((sample.ncols() * sample.nrows()) as f64).sqrt() / scale
}

/// Replaces X, whose columns are scaled to norm 1 first, by its polar factor `X(XᵀX)^{-1/2}`: its columns
/// are orthonormal and nearest to those of X. A second round follows where XᵀX is far from the identity.
/// False where the columns are dependent to rounding.
fn orthonormalise(x: &mut Mat<f64>, par: Par) -> Result<bool> {
    for column in x.col_iter_mut() {
        let norm = column.norm_l2();
        column.iter_mut().for_each(|x| *x /= norm);
    }
    for _ in 0..3 {
        let Some(Root { most, least, half, v }) = root(x.as_ref(), par)? else { return Ok(false) };
        let mut map = Mat::zeros(v.nrows(), v.nrows());
        matmul(map.as_mut(), Accum::Replace, half.as_ref(), v.transpose(), 1.0, par);
        rotate(x.as_mut(), map.as_ref(), par);
        // The rounding of XᵀX is multiplied by its condition number.
        if most < 100.0 * least {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Replaces X by its left singular vectors, which are orthonormal up to ε times the condition number of XᵀX.
/// Of X = AQ these are near eigenvectors of A, so that a product with them has nearly orthogonal columns.
fn align(x: &mut Mat<f64>, par: Par) -> Result<bool> {
    let Some(Root { half, .. }) = root(x.as_ref(), par)? else { return Ok(false) };
    rotate(x.as_mut(), half.as_ref(), par);
    Ok(true)
}

/// The eigenvalues and vectors of XᵀX = VΛVᵀ.
struct Root {
    /// The largest eigenvalue.
    most: f64,
    /// The least eigenvalue.
    least: f64,
    /// `VΛ^{-1/2}`.
    half: Mat<f64>,
    v: Mat<f64>,
}

/// The eigenvalues and vectors of XᵀX; `None` where it is singular to rounding.
fn root(x: MatRef<'_, f64>, par: Par) -> Result<Option<Root>> {
    let gram = tall_inner(x, x, par);
    if gram.col_iter().any(|c| !c.norm_l2().is_finite()) {
        return Ok(None);
    }
    let (lambda, v) = full_eigen(gram.as_ref(), par)?;
    let (Some(&most), Some(&least)) = (lambda.first(), lambda.last()) else { return Ok(None) };
    if least.is_nan() || least <= tolerance::DEPENDENT * most {
        return Ok(None);
    }
    let half = Mat::from_fn(v.nrows(), v.ncols(), |i, j| v[(i, j)] / lambda[j].sqrt());
    Ok(Some(Root { most, least, half, v }))
}

/// `z ← z − s·q`.
fn subtract(z: &mut Mat<f64>, s: f64, q: &Mat<f64>) {
    if s != 0.0 {
        for (z, q) in z.col_iter_mut().zip(q.col_iter()) {
            z.iter_mut().zip(q.iter()).for_each(|(z, q)| *z -= s * q);
        }
    }
}

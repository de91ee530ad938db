//! The matrix-free route on products with `A`, started from the columns of Ψ of degree at most j: by
//! [powers](super::power) where all degrees up to some j are wanted and far above the others, and otherwise
//! by the [block method](super::block).

use super::block::{BlockSolution, Observer, PROBE_BLOCK};
use super::dense::{largest, orthonormality};
use super::power::{self, Low};
use super::{BlockOptions, Completeness, EigenPairs, Plan, Request, block_eigen, block_eigen_observed};
use crate::covariance::{Covariance, CovarianceOperator, HarmonicMap};
use crate::error::Result;
use crate::sphere::{FeatureLevels, by_kappa, cumulative_dimension};
use faer::Par;

/// The most columns that are added at a time where the start already spans as many directions as are wanted.
const WARM_BLOCK: usize = 128;

/// The least number of columns to which a block is made smaller to save memory.
const LEAST_BLOCK: usize = 8;

/// Where a request ends inside a level, the whole level is computed if that makes at most so many times as
/// many eigenvalues: the eigenvalues of a level lie close together, so that a part of them converges slowly.
const WHOLE_LEVEL: usize = 6;

/// The same, whatever was asked for, up to this number of eigenvalues.
const SMALL_LEVEL: usize = 128;

/// How many eigenvalues the matrix-free route computes where the `wanted` largest of `order` are asked for:
/// up to the end of the levels of all degrees up to some j, which can be certified; or up to the end of the
/// level that the request cuts; or no more than are wanted, where that is too many.
pub fn completed(levels: &FeatureLevels, order: usize, wanted: usize) -> usize {
    let most = SMALL_LEVEL.max(WHOLE_LEVEL.saturating_mul(wanted)).min(order);
    let (mut end, mut highest, mut whole) = (0.0, 0, None);
    for (i, level) in by_kappa(&levels.levels).into_iter().enumerate() {
        end += level.dimension;
        highest = highest.max(level.degree);
        if end > most as f64 {
            break;
        }
        if end >= wanted as f64 {
            whole.get_or_insert(end as usize);
            // As many degrees as the highest of them allows: these are all the degrees up to it.
            if highest == i {
                return end as usize;
            }
        }
    }
    whole.unwrap_or(wanted)
}

/// The options of the block method for a covariance, and the memory that it needs.
pub(super) struct Outline {
    /// The start is spanned by the columns of Ψ up to this degree, if any.
    degree: Option<usize>,
    options: BlockOptions,
    /// The bytes that the method needs. The rest of the memory may keep kernel matrices.
    pub(super) bytes: f64,
}

/// The outline of a solve for the `wanted` largest eigenvalues of a Σ with these levels, in `memory` bytes.
/// The basis is as large as is useful, or as fits.
pub(super) fn outline(
    p: usize,
    levels: &FeatureLevels,
    wanted: usize,
    tolerance: f64,
    memory: u64,
    par: Par,
) -> Outline {
    let (d, max_degree) = (levels.d, levels.max_degree());
    let degree =
        (0..=max_degree).take_while(|&j| cumulative_dimension(d, j).is_ok_and(|n| n <= wanted)).last();
    let start = degree.and_then(|j| cumulative_dimension(d, j).ok()).unwrap_or(0);
    let mut options = BlockOptions { tolerance, ..BlockOptions::top(wanted) };
    if start == wanted {
        options.block = wanted.min(WARM_BLOCK);
    }
    let n = p as f64 * d as f64;
    // Three buffers: the start or the residuals; a block in f32; the scratch of each thread.
    let buffers = |block: usize| {
        n * (8.0 * (wanted + PROBE_BLOCK) as f64 + 4.0 * start.max(block) as f64)
            + CovarianceOperator::scratch_bytes(d, start.max(block), par)
    };
    let least = |block: usize| wanted.saturating_add(2 * block);
    // Smaller blocks take less memory, and more steps.
    while options.block > LEAST_BLOCK
        && 16.0 * n * least(options.block) as f64 + buffers(options.block) > memory as f64
    {
        options.block = (options.block / 2).max(LEAST_BLOCK);
    }
    let (least, buffers) = (least(options.block), buffers(options.block));
    let columns = ((memory as f64 - buffers) / (16.0 * n)).max(0.0) as usize;
    options.max_basis = columns.clamp(least, options.max_basis.max(least + PROBE_BLOCK));
    Outline { degree, bytes: 16.0 * n * options.max_basis as f64 + buffers, options }
}

pub(super) fn solve(
    cov: &Covariance,
    request: &Request,
    plan: Plan,
    memory: u64,
    par: Par,
    observe: Observer<'_>,
) -> Result<EigenPairs> {
    let asked = request.top.unwrap_or(cov.order());
    let wanted = completed(cov.levels(), cov.order(), asked);
    let Outline { degree, mut options, bytes } =
        outline(cov.p(), cov.levels(), wanted, request.tolerance, memory, par);
    let scale = cov.scale();
    // Where all harmonics up to some degree are wanted, the solution is certified afterwards; otherwise
    // random directions probe for missing eigenvalues.
    options.probe = degree.is_none_or(|j| cumulative_dimension(cov.d(), j) != Ok(wanted));
    let spare = memory.saturating_sub(bytes as u64);
    let operator = cov.mixed_operator(spare);
    let powers = match options.probe {
        false if power::pay(cov.levels(), wanted) => {
            power::space(cov, &operator, wanted, request.tolerance, par, &mut *observe)?
        }
        _ => None,
    };
    let (mut found, mut failure) = match powers {
        Some(Low { found, failure, .. }) => (found, failure),
        None => {
            let initial =
                degree.map(|j| HarmonicMap::new(cov, j).and_then(|map| map.columns(par))).transpose()?;
            (block_eigen_observed(&operator, initial, &options, par, &mut *observe)?, 0.0)
        }
    };
    let eigenvalues =
        |found: &BlockSolution| -> Vec<f64> { found.eigenvalues.iter().map(|l| l * scale).collect() };
    let certify = |found: &BlockSolution| {
        if found.stopped {
            return Ok(Completeness::unknown("the solve was stopped"));
        }
        Completeness::of_top(cov, &eigenvalues(found), found.residual_max * scale, spare, par)
    };
    let mut completeness = certify(&found)?;
    if completeness.certified < wanted && !options.probe && !found.stopped {
        options.probe = true;
        let products = found.products;
        found = block_eigen_observed(&operator, Some(found.vectors), &options, par, observe)?;
        found.products += products;
        failure = 0.0;
        completeness = certify(&found)?;
    }
    completeness.certified = completeness.certified.min(asked);
    // Of the level that was completed those that were asked for remain.
    let kept = asked.min(found.eigenvalues.len());
    found.eigenvalues.truncate(kept);
    found.residuals.truncate(kept);
    found.vectors.truncate(found.vectors.nrows(), kept);
    let mut pairs = eigenpairs(cov, plan, found, failure, completeness, par);
    pairs.vectors = pairs.vectors.filter(|_| request.vectors);
    Ok(pairs)
}

/// What was found of `A`, in units of Σ.
fn eigenpairs(
    cov: &Covariance,
    plan: Plan,
    found: BlockSolution,
    residual_failure: f64,
    completeness: Completeness,
    par: Par,
) -> EigenPairs {
    let in_units = |all: &[f64]| -> Vec<f64> { all.iter().map(|x| x * cov.scale()).collect() };
    let residuals = in_units(&found.residuals);
    EigenPairs {
        d: cov.d(),
        p: cov.p(),
        plan,
        eigenvalues: in_units(&found.eigenvalues),
        residual_max: largest(&residuals),
        residuals,
        residual_failure,
        orthonormality: orthonormality(found.vectors.as_ref(), par),
        truncation_bound: cov.truncation_bound(),
        null_dimension: cov.order(),
        completeness,
        products: found.products,
        stopped: found.stopped,
        next: None,
        vectors: Some(found.vectors),
    }
}

/// The degree k with n_k = `rank` and the top `rank` eigenpairs of `A`, in units of `A`, by the block method
/// from the columns of Ψ of degree at most k. `None` where `rank` is no n_k, or where the levels up to k are
/// not above all others.
fn block_space(cov: &Covariance, rank: usize, tolerance: f64, memory: u64, par: Par) -> Result<Option<Low>> {
    let Some((k, ..)) = power::whole_levels(cov, rank).filter(|(_, last, next)| next < last) else {
        return Ok(None);
    };
    let block = rank.min(WARM_BLOCK);
    let max_basis = 4 * rank + 4 * block;
    let options = BlockOptions { tolerance, block, max_basis, probe: false, ..BlockOptions::top(rank) };
    let initial = HarmonicMap::new(cov, k)?.columns(par)?;
    let found = block_eigen(&cov.mixed_operator(memory), Some(initial), &options, par)?;
    Ok(Some(Low { k, found, failure: 0.0 }))
}

/// The top `rank` eigenpairs alone with a bound on the next eigenvalue, see [`super::solve_top`]; `None`
/// where powers of Σ gain too little, where they do not fit in memory, or where the bound leaves too small a
/// gap.
pub(super) fn solve_top(
    cov: &Covariance,
    rank: usize,
    tolerance: f64,
    plan: Plan,
    memory: u64,
    par: Par,
    observe: Observer<'_>,
) -> Result<Option<EigenPairs>> {
    let spare = memory as f64 - power::bytes(cov, rank, par);
    if spare <= 0.0 {
        return Ok(None);
    }
    let spare = spare as u64;
    let operator = cov.mixed_operator(spare);
    let Some(low) = power::space(cov, &operator, rank, tolerance, par, observe)? else { return Ok(None) };
    // Its kernel matrices make room for those of the degrees above k.
    drop(operator);
    bounded(cov, low, plan, spare, par)
}

/// As [`solve_top`], by the block method in place of powers of Σ: it takes fewer products, and more memory.
pub(super) fn solve_top_in_blocks(
    cov: &Covariance,
    rank: usize,
    tolerance: f64,
    plan: Plan,
    memory: u64,
    par: Par,
) -> Result<Option<EigenPairs>> {
    let Some(low) = block_space(cov, rank, tolerance, memory, par)? else { return Ok(None) };
    bounded(cov, low, plan, memory, par)
}

/// The eigenpairs of all degrees up to k, and a bound on the next eigenvalue; `None` where it leaves too
/// small a gap.
fn bounded(
    cov: &Covariance,
    Low { k, found, failure }: Low,
    plan: Plan,
    spare: u64,
    par: Par,
) -> Result<Option<EigenPairs>> {
    let scale = cov.scale();
    let eigenvalues: Vec<f64> = found.eigenvalues.iter().map(|l| l * scale).collect();
    let (completeness, next) = if found.stopped {
        (Completeness::unknown("the solve was stopped"), None)
    } else {
        let residual = found.residual_max * scale;
        let Some((completeness, next)) = Completeness::of_whole(cov, &eigenvalues, residual, k, spare, par)?
        else {
            return Ok(None);
        };
        (completeness, Some(next))
    };
    Ok(Some(EigenPairs { next, ..eigenpairs(cov, plan, found, failure, completeness, par) }))
}

//! A block Krylov method for the largest eigenpairs of any symmetric operator, with Rayleigh–Ritz steps,
//! soft locking and thick restarts.

use super::basis::{Basis, require_finite, require_symmetric};
use super::dense::{full_eigen, largest, residual_norms};
use crate::error::{Error, Result};
use crate::operator::SymmetricOperator;
use crate::product::matmul;
use crate::{seed, tolerance};
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rand_distr::{Distribution, StandardNormal};
use std::ops::ControlFlow;

/// Krylov steps from random directions after convergence. They are enough to find an eigenvalue that exceeds
/// the others by a tenth of the spread of the spectrum.
const PROBES: usize = 6;
/// Random directions in a probe.
pub(super) const PROBE_BLOCK: usize = 8;
/// A normalised residual from rough products is not added to the basis where the squared norm of its part
/// outside the basis is below this.
const ROUGH_DEPENDENT: f64 = 0.01;
/// The number of passes of exact products without a halving of the residual after which the residual counts
/// as the limit of the arithmetic.
const PASSES: usize = 2;

/// The options of [`block_eigen`].
#[derive(Debug, Clone)]
pub struct BlockOptions {
    /// The number of the largest eigenvalues that are wanted.
    pub wanted: usize,
    /// Directions that are added at a time.
    pub block: usize,
    /// The number of columns at which the basis restarts; `wanted + 2·block` if that is larger.
    pub max_basis: usize,
    /// The residual that is allowed, relative to the largest Ritz value in modulus.
    pub tolerance: f64,
    /// The number of operator products, in columns, after which the solver returns an error.
    pub max_products: usize,
    /// Whether random directions are added after convergence, to find eigenvectors that have no part in the
    /// space of the start.
    pub probe: bool,
    /// The seed of the random directions.
    pub seed: u64,
}

impl BlockOptions {
    /// The defaults for the `wanted` largest eigenvalues: a block of a quarter of that, but from 4 to 64; a
    /// basis of twice as many columns and four blocks; the tolerance [`tolerance::RESIDUAL`].
    pub fn top(wanted: usize) -> Self {
        let block = (wanted / 4).clamp(4, 64);
        Self {
            wanted,
            block,
            max_basis: wanted.saturating_mul(2).saturating_add(4 * block),
            tolerance: tolerance::RESIDUAL,
            max_products: wanted.saturating_add(block).saturating_mul(200),
            probe: true,
            seed: 0,
        }
    }
}

/// The progress of a solve after a Rayleigh–Ritz step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// The number of operator products so far, in columns.
    pub products: usize,
    /// The number of wanted pairs that meet the tolerance.
    pub converged: usize,
    /// The largest residual of a wanted pair, relative to the largest Ritz value.
    pub residual: f64,
}

/// Callback: given the progress after each Rayleigh–Ritz step; `Break` ends the solve with the pairs so far.
pub type Observer<'a> = &'a mut dyn FnMut(Progress) -> ControlFlow<()>;

/// Eigenpairs found by [`block_eigen`].
#[derive(Debug, Clone)]
pub struct BlockSolution {
    /// The largest eigenvalues, descending.
    pub eigenvalues: Vec<f64>,
    /// Orthonormal eigenvectors, `[n, wanted]`.
    pub vectors: Mat<f64>,
    /// `‖Ax − λx‖₂` of each pair, from exact products that are computed again at the end, or from the last
    /// products if the solve was stopped.
    pub residuals: Vec<f64>,
    /// The largest residual.
    pub residual_max: f64,
    /// The number of operator products, in columns.
    pub products: usize,
    /// The number of restarts.
    pub restarts: usize,
    /// Whether the observer stopped the solve. The pairs are then the best so far; each lies within its
    /// residual of some eigenvalue.
    pub stopped: bool,
}

/// The largest eigenpairs of `operator`, searched from the span of `initial` (`[n, any]`, not necessarily
/// orthonormal) and random directions.
///
/// Each step takes Ritz pairs on a growing orthonormal basis, and adds the residuals of the pairs that have
/// not converged as the next block. Converged pairs stay in the basis without further products. Where the
/// operator has rough products, the search uses them. Once it has converged, the products with the Ritz
/// vectors are computed again exactly, and the search continues from their residuals until these are small;
/// each such pass gains as many digits as a rough product has.
///
/// With `probe`, random directions are added after convergence and iterated for six Krylov steps. An
/// eigenvector that the search cannot reach from `initial`, because of a symmetry or of a multiplicity
/// larger than the block, can then be found. Small problems (n at most `2·max_basis`) are solved densely,
/// from n products. The memory is `16n` bytes for each column of the basis, and `8n` bytes for each of
/// wanted + block columns more.
///
/// # Errors
/// The operator fails, is not symmetric or returns a value that is not finite; the method does not converge
/// within the budget of products, or the tolerance is below the rounding of the products; `wanted` is not in
/// 1..=n, or the budget is zero.
pub fn block_eigen(
    operator: &dyn SymmetricOperator,
    initial: Option<Mat<f64>>,
    options: &BlockOptions,
    par: Par,
) -> Result<BlockSolution> {
    block_eigen_observed(operator, initial, options, par, &mut |_| ControlFlow::Continue(()))
}

/// As [`block_eigen`], with a callback: given the progress after each step, `observe` may stop the solve.
///
/// # Errors
/// As for [`block_eigen`].
pub fn block_eigen_observed(
    operator: &dyn SymmetricOperator,
    initial: Option<Mat<f64>>,
    options: &BlockOptions,
    par: Par,
    observe: Observer<'_>,
) -> Result<BlockSolution> {
    require_meaningful(operator.order(), initial.as_ref(), options)?;
    let (n, wanted) = (operator.order(), options.wanted);
    let block = options.block.clamp(1, n);
    let capacity = options.max_basis.max(wanted + 2 * block);
    if n.div_ceil(2) <= capacity {
        return small(operator, wanted, par);
    }
    let mut search = Search::new(operator, initial, options, capacity, par)?;
    loop {
        let step = search.step()?;
        let stopped = observe(search.progress(&step)).is_break();
        if stopped {
            let norms = step.norms[..step.count].to_vec();
            return Ok(search.solution(&step.theta, step.y.subcols(0, step.count), norms, stopped));
        }
        if search.basis.products >= options.max_products {
            return Err(exhausted(&search.basis, step.worst, step.allowed));
        }
        let probing = step.settled && options.probe && search.probes <= PROBES;
        let rotated = (probing || !step.settled) && search.make_room(&step);
        if search.follow(&step, probing)? > 0 {
            continue;
        }
        if step.count < wanted {
            // The basis spans an invariant subspace that is too small.
            if search.add_random(block)? > 0 {
                continue;
            }
            return Err(exhausted(&search.basis, step.worst, step.allowed));
        }
        // The pairs have converged as far as rough products show. Exact products with the wanted directions
        // decide.
        if !rotated {
            search.basis.restart(&step.theta, step.y.subcols(0, step.guarded));
        }
        let (theta, y, norms) = search.exact(step.count)?;
        let worst = largest(&norms);
        tracing::debug!(
            products = search.basis.products,
            residual = worst / search.scale,
            allowed = options.tolerance,
            "exact products decide"
        );
        if worst <= step.allowed {
            return Ok(search.solution(&theta, y.as_ref(), norms, stopped));
        }
        if search.has_stalled(worst)? {
            return Err(exhausted(&search.basis, worst, step.allowed));
        }
    }
}

/// Refuses options with which no solve is possible.
fn require_meaningful(n: usize, initial: Option<&Mat<f64>>, options: &BlockOptions) -> Result<()> {
    let wanted = options.wanted;
    if wanted == 0 || wanted > n {
        let allowed = format!("an operator of order {n} has between 1 and {n} eigenvalues");
        return Err(Error::domain("the number of eigenvalues", wanted, allowed));
    }
    if options.max_products == 0 {
        return Err(Error::domain("the budget of products", 0, "at least one product is needed"));
    }
    if let Some(x) = initial.filter(|x| x.nrows() != n) {
        let expected = format!("n = {n}, any");
        return Err(Error::shape("the start of the block eigen-solver", [x.nrows(), x.ncols()], expected));
    }
    Ok(())
}

/// The state of a solve.
struct Search<'a> {
    options: &'a BlockOptions,
    basis: Basis<'a>,
    random: Random,
    /// One buffer for the start, for residuals and for random directions.
    work: Mat<f64>,
    /// Directions added at a time.
    block: usize,
    /// Directions of a probe, at most a block.
    probe_block: usize,
    restarts: usize,
    probes: usize,
    /// The largest modulus of a Ritz value in any step so far, since a restart may drop this Ritz value.
    scale: f64,
    passes: Stall,
}

/// The Ritz pairs on the whole basis, and the convergence of the wanted ones.
struct Step {
    theta: Vec<f64>,
    y: Mat<f64>,
    /// The number of wanted pairs that the basis has.
    count: usize,
    /// `count`, and the further pairs that a restart keeps.
    guarded: usize,
    /// The residual that is allowed.
    allowed: f64,
    /// The residual norms of the guarded pairs.
    norms: Vec<f64>,
    /// The largest residual norm of a wanted pair.
    worst: f64,
    /// The wanted pairs that have not converged.
    next: Vec<usize>,
    /// Whether all wanted pairs exist and have converged.
    settled: bool,
}

impl<'a> Search<'a> {
    fn new(
        operator: &'a dyn SymmetricOperator,
        initial: Option<Mat<f64>>,
        options: &'a BlockOptions,
        capacity: usize,
        par: Par,
    ) -> Result<Self> {
        let (n, wanted) = (operator.order(), options.wanted);
        let block = options.block.clamp(1, n);
        let initial_columns = initial.as_ref().map_or(0, |x| x.ncols());
        let mut basis = Basis::new(operator, capacity.max(initial_columns + block), par);
        let mut random = Random { rng: seed::stream(options.seed, "block eigen-solver", "directions") };
        let mut work = match initial {
            Some(mut x) => {
                basis.extend(x.as_mut(), tolerance::DEPENDENT)?;
                x
            }
            None => Mat::zeros(n, 0),
        };
        if work.ncols() < block.max(wanted + PROBE_BLOCK) {
            drop(work);
            work = Mat::zeros(n, block.max(wanted + PROBE_BLOCK));
        }
        if basis.size < wanted {
            basis.extend(random.fill(work.as_mut().subcols_mut(0, block)), tolerance::DEPENDENT)?;
        }
        let probe_block = block.min(PROBE_BLOCK);
        let (restarts, probes, scale, passes) = (0, 0, 0.0, Stall::default());
        Ok(Self { options, basis, random, work, block, probe_block, restarts, probes, scale, passes })
    }

    /// Takes a Rayleigh–Ritz step on the whole basis and leaves the residuals in `work`.
    fn step(&mut self) -> Result<Step> {
        let wanted = self.options.wanted;
        let (theta, y) = self.basis.ritz(self.basis.size)?;
        let count = wanted.min(self.basis.size);
        let guarded = (wanted + self.probe_block).min(self.basis.size);
        self.scale = theta.iter().fold(self.scale, |s, t| s.max(t.abs()));
        let allowed = self.options.tolerance * self.scale;
        let norms = self.basis.residuals(&theta, y.subcols(0, guarded), self.work.as_mut());
        let next: Vec<usize> = (0..count).filter(|&i| norms[i] > allowed).collect();
        let (worst, settled) = (largest(&norms[..count]), next.is_empty() && count == wanted);
        Ok(Step { theta, y, count, guarded, allowed, norms, worst, next, settled })
    }

    fn progress(&self, step: &Step) -> Progress {
        let residual = if self.scale > 0.0 { step.worst / self.scale } else { 0.0 };
        let progress =
            Progress { products: self.basis.products, converged: step.count - step.next.len(), residual };
        tracing::debug!(
            products = progress.products,
            converged = progress.converged,
            wanted = self.options.wanted,
            residual,
            basis = self.basis.size,
            rough = self.basis.rough,
            "a Rayleigh–Ritz step"
        );
        progress
    }

    /// Restarts the basis where the next directions would not fit, and returns whether it did.
    fn make_room(&mut self, step: &Step) -> bool {
        let room = if step.settled { self.probe_block } else { self.block };
        let full = self.basis.size + room > self.basis.capacity;
        if full {
            let kept = (self.options.wanted + room).min(self.basis.size);
            self.basis.restart(&step.theta, step.y.subcols(0, kept));
            self.restarts += 1;
            tracing::debug!(restarts = self.restarts, basis = self.basis.size, "the basis restarts");
        }
        full
    }

    /// Adds the residuals of unconverged pairs, or the directions of a probe, and returns how many of them
    /// were new.
    fn follow(&mut self, step: &Step, probing: bool) -> Result<usize> {
        // With rough products a residual has a part within the basis, which no new direction reduces. Where
        // that is nearly the whole residual, the products have no more digits.
        let floor = if self.basis.rough { ROUGH_DEPENDENT } else { tolerance::DEPENDENT };
        if !step.settled {
            // The largest residuals are chosen, since the others may be rounding of rough products.
            let mut next = step.next.clone();
            next.sort_by(|&i, &j| step.norms[j].total_cmp(&step.norms[i]));
            next.truncate(self.block);
            next.sort_unstable();
            return self.basis.extend(gather(&mut self.work, &next), floor);
        }
        if !probing {
            return Ok(0);
        }
        // The first probe, and one that has no new directions left, starts from random ones.
        let mut added = 0;
        if self.probes > 0 {
            let beside: Vec<usize> = (step.count..step.guarded).collect();
            added = self.basis.extend(gather(&mut self.work, &beside), floor)?;
        }
        if added == 0 {
            added = self.add_random(self.probe_block)?;
        }
        self.probes += 1;
        tracing::debug!(probes = self.probes, added, "random directions are followed");
        Ok(added)
    }

    fn add_random(&mut self, count: usize) -> Result<usize> {
        let directions = self.random.fill(self.work.as_mut().subcols_mut(0, count));
        self.basis.extend(directions, tolerance::DEPENDENT)
    }

    /// Ritz pairs and residual norms on the first `count` directions, from exact products that are computed
    /// again.
    fn exact(&mut self, count: usize) -> Result<(Vec<f64>, Mat<f64>, Vec<f64>)> {
        self.basis.refresh(count)?;
        let (theta, y) = self.basis.ritz(count)?;
        let norms = self.basis.residuals(&theta, y.as_ref(), self.work.as_mut());
        Ok((theta, y, norms))
    }

    /// Whether exact residuals no longer fall. Where rough products may be the reason, the products are
    /// exact from then on.
    fn has_stalled(&mut self, worst: f64) -> Result<bool> {
        self.passes.record(worst);
        if self.passes.count > 0 && self.basis.rough {
            // In a cluster of eigenvalues, rough products mix the directions.
            self.basis.rough = false;
            self.basis.refresh(self.basis.size)?;
            self.passes = Stall::default();
        }
        Ok(self.passes.count >= PASSES)
    }

    /// The solution with the Ritz vectors of the coefficients `y`, one for each residual.
    fn solution(
        self,
        theta: &[f64],
        y: MatRef<'_, f64>,
        residuals: Vec<f64>,
        stopped: bool,
    ) -> BlockSolution {
        let Self { basis, work, restarts, .. } = self;
        drop(work);
        let (products, residual_max) = (basis.products, largest(&residuals));
        tracing::info!(
            order = basis.order(),
            eigenvalues = residuals.len(),
            products,
            residual = residual_max,
            stopped,
            "eigenpairs by block products"
        );
        let (eigenvalues, vectors) = (theta[..residuals.len()].to_vec(), basis.into_vectors(y));
        BlockSolution { eigenvalues, residual_max, residuals, products, restarts, stopped, vectors }
    }
}

fn exhausted(basis: &Basis<'_>, residual: f64, wanted: f64) -> Error {
    Error::NoConvergence { solver: "the block eigen-solver", products: basis.products, residual, wanted }
}

/// The columns `chosen` (ascending) of `x`, moved to its front.
fn gather<'a>(x: &'a mut Mat<f64>, chosen: &[usize]) -> MatMut<'a, f64> {
    for (to, &from) in chosen.iter().enumerate().filter(|(to, from)| to != *from) {
        let (mut left, right) = x.as_mut().split_at_col_mut(from);
        left.as_mut().col_mut(to).copy_from(right.as_ref().col(0));
    }
    x.as_mut().subcols_mut(0, chosen.len())
}

/// Counts how many times in a row a residual has not halved.
#[derive(Default)]
struct Stall {
    best: Option<f64>,
    count: usize,
}

impl Stall {
    fn record(&mut self, residual: f64) {
        let gained = self.best.is_none_or(|best| residual <= 0.5 * best);
        self.count = if gained { 0 } else { self.count + 1 };
        if gained {
            self.best = Some(residual);
        }
    }
}

/// Solves a problem of small order densely: n products give the matrix itself.
fn small(operator: &dyn SymmetricOperator, wanted: usize, par: Par) -> Result<BlockSolution> {
    let n = operator.order();
    let mut a = Mat::zeros(n, n);
    operator.apply(Mat::<f64>::identity(n, n).as_ref(), a.as_mut(), par)?;
    require_finite(a.as_ref())?;
    let scale = a.norm_max();
    require_symmetric(a.as_ref(), scale, f64::EPSILON.sqrt() * scale)?;
    let (values, mut vectors) = full_eigen(a.as_ref(), par)?;
    vectors.truncate(n, wanted);
    let mut au = Mat::zeros(n, wanted);
    matmul(au.as_mut(), Accum::Replace, a.as_ref(), vectors.as_ref(), 1.0, par);
    let residuals = residual_norms(au.as_ref(), vectors.as_ref(), &values);
    Ok(BlockSolution {
        eigenvalues: values[..wanted].to_vec(),
        vectors,
        residual_max: largest(&residuals),
        residuals,
        products: n,
        restarts: 0,
        stopped: false,
    })
}

struct Random {
    rng: seed::ChaCha20Rng,
}

impl Random {
    fn fill<'a>(&mut self, mut x: MatMut<'a, f64>) -> MatMut<'a, f64> {
        for j in 0..x.ncols() {
            x.as_mut().col_mut(j).iter_mut().for_each(|v| *v = StandardNormal.sample(&mut self.rng));
        }
        x
    }
}

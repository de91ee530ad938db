//! A block Krylov method with Rayleigh–Ritz, soft locking and thick restarts, on any symmetric operator.

use super::basis::Basis;
use super::dense::{full_eigen, largest, residual_norms};
use crate::error::{Error, Result};
use crate::product::matmul;
use crate::{seed, tolerance};
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rand_distr::{Distribution, StandardNormal};
use std::ops::ControlFlow;

/// Krylov steps that fresh directions get after convergence: enough to find an eigenvalue that stands out by a tenth of the spread.
const PROBES: usize = 6;
/// Fresh directions in a probe.
pub(super) const PROBE_BLOCK: usize = 8;
/// Relative residual below which a search by rough products may have reached their last digit: the square root of what f32 resolves.
const ROUGH_LIMIT: f64 = 2.5e-4;
/// Steps in which such a search halves its worst residual, or has.
const ROUGH_STEPS: usize = 2;
/// Passes of exact products after which a residual that no longer halves is taken for the limit of the arithmetic.
const PASSES: usize = 2;

/// A symmetric matrix known by its products.
pub trait SymmetricOperator: Sync {
    /// Its order n.
    fn order(&self) -> usize;

    /// `out ← A·v`, both `[n, b]`.
    ///
    /// # Errors
    /// Whatever keeps the product from being computed.
    fn apply(&self, v: MatRef<'_, f64>, out: MatMut<'_, f64>, par: Par) -> Result<()>;

    /// `out ← A·v`, faster and with fewer digits: for directions of search, never for a residual that is reported.
    ///
    /// # Errors
    /// As for [`SymmetricOperator::apply`], which it is unless it is overridden.
    fn apply_roughly(&self, v: MatRef<'_, f64>, out: MatMut<'_, f64>, par: Par) -> Result<()> {
        self.apply(v, out, par)
    }

    /// Whether [`SymmetricOperator::apply_roughly`] has fewer digits.
    fn is_rough(&self) -> bool {
        false
    }
}

/// What [`block_eigen`] is asked for, and what it may spend.
#[derive(Debug, Clone)]
pub struct BlockOptions {
    /// How many of the largest eigenvalues.
    pub wanted: usize,
    /// Directions added at a time.
    pub block: usize,
    /// Columns at which the basis restarts; at least `wanted + 2·block` are used.
    pub max_basis: usize,
    /// Residuals allowed, relative to the largest Ritz value in modulus.
    pub tolerance: f64,
    /// Operator products (columns) after which the solver gives up.
    pub max_products: usize,
    /// Whether random directions are followed after convergence, for eigenvalues that the start hides.
    pub probe: bool,
    /// Seed of the random directions.
    pub seed: u64,
}

impl BlockOptions {
    /// Defaults for the `wanted` largest eigenvalues: blocks of a quarter of that (from 4 to 64), twice as many columns and four blocks, and
    /// [`tolerance::RESIDUAL`].
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

/// How far a solve has come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Operator products spent (columns).
    pub products: usize,
    /// How many of the wanted pairs meet the tolerance.
    pub converged: usize,
    /// The largest residual of a wanted pair, relative to the largest Ritz value.
    pub residual: f64,
}

/// Called after every Rayleigh–Ritz step; `Break` ends the solve with what there is.
pub type Observer<'a> = &'a mut dyn FnMut(Progress) -> ControlFlow<()>;

/// Eigenpairs found by [`block_eigen`].
#[derive(Debug, Clone)]
pub struct BlockSolution {
    /// The largest eigenvalues, descending.
    pub eigenvalues: Vec<f64>,
    /// Orthonormal eigenvectors, `[n, wanted]`.
    pub vectors: Mat<f64>,
    /// `‖Ax − λx‖₂` of each pair, from exact products made afresh at the end; from the products at hand if the solve was stopped.
    pub residuals: Vec<f64>,
    /// The largest of them.
    pub residual_max: f64,
    /// Operator products spent (columns).
    pub products: usize,
    /// Restarts taken.
    pub restarts: usize,
    /// Whether the observer stopped it: the pairs are then the best there were, within their residuals of some eigenvalues.
    pub stopped: bool,
}

/// The largest eigenpairs of `operator`, from the span of `initial` (`[n, any]`, need not be orthonormal) and random directions.
///
/// Rayleigh–Ritz on a growing orthonormal basis; the residuals of the unconverged Ritz pairs are the next block, and converged pairs stay
/// in the basis without spending products. The search takes rough products where the operator has them; when it has converged, the
/// products of the Ritz vectors are made afresh and exactly, and it goes on from their residuals until those are small: each such pass
/// gains as many digits as a rough product has.
/// With `probe`, random directions are added after convergence and followed for six Krylov steps
/// of their own, so that an eigenvalue hidden from the start (a symmetry of `initial`, a multiplicity larger than the block) has a way in.
/// Small problems (n at most `2·max_basis`) are solved densely, from n products. Memory: `16n` bytes for each column of the basis, `8n` for each
/// of wanted + block more.
///
/// # Errors
/// The operator fails, is not symmetric or returns a value that is not finite; no convergence within the budget of products, or beyond the
/// digits of the arithmetic; `wanted` not in 1..=n, or a budget of none.
pub fn block_eigen(
    operator: &dyn SymmetricOperator,
    initial: Option<Mat<f64>>,
    options: &BlockOptions,
    par: Par,
) -> Result<BlockSolution> {
    block_eigen_observed(operator, initial, options, par, &mut |_| ControlFlow::Continue(()))
}

/// As [`block_eigen`]; `observe` sees every step and may stop the solve.
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
    let (n, wanted) = (operator.order(), options.wanted);
    if wanted == 0 || wanted > n {
        let allowed = format!("an operator of order {n} has between 1 and {n} eigenvalues");
        return Err(Error::domain("the number of eigenvalues", wanted, allowed));
    }
    if options.max_products == 0 {
        return Err(Error::domain("the budget of products", 0, "at least one product is needed"));
    }
    let block = options.block.clamp(1, n);
    let capacity = options.max_basis.max(wanted + 2 * block);
    if n <= 2 * capacity {
        return small(operator, wanted, par);
    }
    let initial_columns = initial.as_ref().map_or(0, |x| x.ncols());
    let mut basis = Basis::new(operator, capacity.max(initial_columns + block), par);
    let mut random = Random { rng: seed::stream(options.seed, "block eigen-solver", "directions") };
    // One buffer for the start, for residuals and for random directions.
    let mut work = match initial {
        Some(mut x) => {
            basis.extend(x.as_mut())?;
            x
        }
        None => Mat::zeros(n, 0),
    };
    if work.ncols() < block.max(wanted + PROBE_BLOCK) {
        drop(work);
        work = Mat::zeros(n, block.max(wanted + PROBE_BLOCK));
    }
    if basis.size < wanted {
        basis.extend(random.fill(work.as_mut().subcols_mut(0, block)))?;
    }

    let (mut restarts, mut probes, mut exact) = (0, 0, false);
    // Exact passes and rough steps that no longer gain.
    let (mut passes, mut steps) = (Stall::default(), Stall::default());
    loop {
        let (theta, y) = basis.ritz()?;
        let count = wanted.min(basis.size);
        let guarded = (wanted + block.min(PROBE_BLOCK)).min(basis.size);
        let scale = theta.iter().fold(0.0_f64, |s, t| s.max(t.abs()));
        let norms = basis.residuals(&theta, y.subcols(0, guarded), work.as_mut());
        let mut next: Vec<usize> = (0..count).filter(|&i| norms[i] > options.tolerance * scale).collect();
        let worst = largest(&norms[..count]);
        let mut settled = next.is_empty() && count == wanted;

        let relative = if scale > 0.0 { worst / scale } else { 0.0 };
        let progress = Progress { products: basis.products, converged: count - next.len(), residual: relative };
        let stopped = observe(progress).is_break();
        if stopped || (settled && exact) {
            basis.restart(&theta, y.subcols(0, count));
            let products = basis.products;
            drop(work);
            return Ok(BlockSolution {
                eigenvalues: theta[..count].to_vec(),
                vectors: basis.into_q(),
                residuals: norms[..count].to_vec(),
                residual_max: worst,
                products,
                restarts,
                stopped: stopped && !(settled && exact),
            });
        }
        if exact {
            passes.see(worst);
            steps = Stall::default();
        } else {
            steps.see(worst);
        }
        if operator.is_rough() && !exact && count == wanted && worst <= ROUGH_LIMIT * scale && steps.count >= ROUGH_STEPS {
            next.clear();
            settled = true;
        }
        if basis.products >= options.max_products || passes.count >= PASSES {
            let (products, wanted) = (basis.products, options.tolerance * scale);
            return Err(Error::NoConvergence { solver: "the block eigen-solver", products, residual: worst, wanted });
        }
        exact = false;
        if settled && (probes > PROBES || !options.probe) {
            basis.restart(&theta, y.subcols(0, count));
            basis.refresh(count)?;
            exact = true;
            continue;
        }
        if basis.size + block > basis.capacity {
            basis.restart(&theta, y.subcols(0, (wanted + block).min(basis.size)));
            restarts += 1;
        }
        if settled {
            if probes > 0 {
                next = (count..guarded).collect();
            }
            probes += 1;
        }
        next.truncate(block);
        let mut added = 0;
        if !next.is_empty() {
            for (to, &from) in next.iter().enumerate().filter(|(to, from)| to != *from) {
                let (mut left, right) = work.as_mut().split_at_col_mut(from);
                left.as_mut().col_mut(to).copy_from(right.as_ref().col(0));
            }
            added = basis.extend(work.as_mut().subcols_mut(0, next.len()))?;
        }
        // An invariant subspace, or the first probe: only fresh directions can tell whether it is the right one.
        if added == 0 {
            let fresh = if settled { block.min(PROBE_BLOCK) } else { block };
            added = basis.extend(random.fill(work.as_mut().subcols_mut(0, fresh)))?;
        }
        if added == 0 {
            // The whole space is spanned.
            basis.restart(&theta, y.subcols(0, count));
            basis.refresh(count)?;
            exact = true;
        }
    }
}

/// How often in a row a residual has not halved.
#[derive(Default)]
struct Stall {
    best: Option<f64>,
    count: usize,
}

impl Stall {
    fn see(&mut self, residual: f64) {
        let gained = self.best.is_none_or(|best| residual <= 0.5 * best);
        self.count = if gained { 0 } else { self.count + 1 };
        if gained {
            self.best = Some(residual);
        }
    }
}

/// Small orders: the matrix itself, from n products.
fn small(operator: &dyn SymmetricOperator, wanted: usize, par: Par) -> Result<BlockSolution> {
    let n = operator.order();
    let mut a = Mat::zeros(n, n);
    operator.apply(Mat::<f64>::identity(n, n).as_ref(), a.as_mut(), par)?;
    let scale = a.norm_max();
    let allowed = f64::EPSILON.sqrt() * scale;
    for j in 0..n {
        for i in 0..j {
            let defect = (a[(i, j)] - a[(j, i)]).abs();
            if defect > allowed {
                return Err(Error::NotSymmetric { defect, scale, allowed });
            }
        }
    }
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

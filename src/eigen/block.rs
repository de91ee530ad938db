//! A block Krylov method with Rayleigh–Ritz, soft locking and thick restarts, on any symmetric operator.

use super::basis::{Basis, require_finite};
use super::dense::{full_eigen, largest, residual_norms};
use crate::error::{Error, Result};
use crate::operator::SymmetricOperator;
use crate::product::matmul;
use crate::{seed, tolerance};
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rand_distr::{Distribution, StandardNormal};
use std::ops::ControlFlow;

/// Krylov steps that fresh directions get after convergence: enough to find an eigenvalue that stands out by
/// a tenth of the spread.
const PROBES: usize = 6;
/// Fresh directions in a probe.
pub(super) const PROBE_BLOCK: usize = 8;
/// Squared norm of what is left of a rough unit residual outside the basis, below which it is not followed: a
/// tenth of the residual.
const ROUGH_DEPENDENT: f64 = 0.01;
/// Passes of exact products after which a residual that no longer halves is taken for the limit of the
/// arithmetic.
const PASSES: usize = 2;

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
    /// Defaults for the `wanted` largest eigenvalues: blocks of a quarter of that (from 4 to 64), twice as
    /// many columns and four blocks, and [`tolerance::RESIDUAL`].
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
    /// `‖Ax − λx‖₂` of each pair, from exact products made afresh at the end; from the products at hand if
    /// the solve was stopped.
    pub residuals: Vec<f64>,
    /// The largest of them.
    pub residual_max: f64,
    /// Operator products spent (columns).
    pub products: usize,
    /// Restarts taken.
    pub restarts: usize,
    /// Whether the observer stopped it: the pairs are then the best there were, within their residuals of
    /// some eigenvalues.
    pub stopped: bool,
}

/// The largest eigenpairs of `operator`, from the span of `initial` (`[n, any]`, need not be orthonormal) and
/// random directions.
///
/// Rayleigh–Ritz on a growing orthonormal basis; the residuals of the unconverged Ritz pairs are the next
/// block, and converged pairs stay in the basis without spending products. The search takes rough products
/// where the operator has them; when it has converged, the products of the Ritz vectors are made afresh and
/// exactly, and it goes on from their residuals until those are small: each such pass gains as many digits as
/// a rough product has. With `probe`, random directions are added after convergence and followed for six
/// Krylov steps of their own, so that an eigenvalue hidden from the start (a symmetry of `initial`, a
/// multiplicity larger than the block) has a way in. Small problems (n at most `2·max_basis`) are solved
/// densely, from n products. Memory: `16n` bytes for each column of the basis, `8n` for each of wanted +
/// block more.
///
/// # Errors
/// The operator fails, is not symmetric or returns a value that is not finite; no convergence within the
/// budget of products, or beyond the digits of the arithmetic; `wanted` not in 1..=n, or a budget of none.
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
    if let Some(x) = initial.as_ref().filter(|x| x.nrows() != n) {
        let expected = format!("n = {n}, any");
        return Err(Error::Shape {
            name: "the start of the block eigen-solver",
            rows: x.nrows(),
            cols: x.ncols(),
            expected,
        });
    }
    let block = options.block.clamp(1, n);
    let capacity = options.max_basis.max(wanted + 2 * block);
    if n.div_ceil(2) <= capacity {
        return small(operator, wanted, par);
    }
    let initial_columns = initial.as_ref().map_or(0, |x| x.ncols());
    let mut basis = Basis::new(operator, capacity.max(initial_columns + block), par);
    let mut random = Random { rng: seed::stream(options.seed, "block eigen-solver", "directions") };
    // One buffer for the start, for residuals and for random directions.
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

    let (mut restarts, mut probes, mut scale) = (0, 0, 0.0_f64);
    let mut passes = Stall::default();
    // No more directions in a probe than the least basis has room for beside as many that are kept.
    let fresh = block.min(PROBE_BLOCK);
    // With rough products a residual has a part within the basis, which no new direction reduces: where that
    // is nearly all of it, the products have no more digits to give.
    let floor = |basis: &Basis<'_>| if basis.rough { ROUGH_DEPENDENT } else { tolerance::DEPENDENT };
    loop {
        let (theta, y) = basis.ritz(basis.size)?;
        let count = wanted.min(basis.size);
        let guarded = (wanted + fresh).min(basis.size);
        // The largest there has been: a restart may drop it.
        scale = theta.iter().fold(scale, |s, t| s.max(t.abs()));
        let allowed = options.tolerance * scale;
        let norms = basis.residuals(&theta, y.subcols(0, guarded), work.as_mut());
        let mut next: Vec<usize> = (0..count).filter(|&i| norms[i] > allowed).collect();
        let settled = next.is_empty() && count == wanted;

        let worst = largest(&norms[..count]);
        let relative = if scale > 0.0 { worst / scale } else { 0.0 };
        let progress =
            Progress { products: basis.products, converged: count - next.len(), residual: relative };
        tracing::debug!(
            products = progress.products,
            converged = progress.converged,
            wanted,
            residual = relative,
            basis = basis.size,
            rough = basis.rough,
            "a Rayleigh–Ritz step"
        );
        let stopped = observe(progress).is_break();
        let solution =
            |basis: Basis<'_>, theta: &[f64], y: MatRef<'_, f64>, residuals: Vec<f64>, restarts: usize| {
                let (products, residual_max) = (basis.products, largest(&residuals));
                tracing::info!(
                    order = n,
                    eigenvalues = count,
                    products,
                    residual = residual_max,
                    stopped,
                    "eigenpairs by block products"
                );
                let (eigenvalues, vectors) = (theta[..count].to_vec(), basis.into_vectors(y));
                BlockSolution { eigenvalues, residual_max, residuals, products, restarts, stopped, vectors }
            };
        if stopped {
            return Ok(solution(basis, &theta, y.subcols(0, count), norms[..count].to_vec(), restarts));
        }
        if basis.products >= options.max_products {
            return Err(exhausted(&basis, worst, allowed));
        }
        let probing = settled && options.probe && probes <= PROBES;
        let room = if settled { fresh } else { block };
        let mut rotated = false;
        if (probing || !settled) && basis.size + room > basis.capacity {
            basis.restart(&theta, y.subcols(0, (wanted + room).min(basis.size)));
            (restarts, rotated) = (restarts + 1, true);
            tracing::debug!(restarts, basis = basis.size, "the basis restarts");
        }
        let mut added = 0;
        if !settled {
            // The worst first: what is left of the others may be rounding of rough products.
            next.sort_by(|&i, &j| norms[j].total_cmp(&norms[i]));
            next.truncate(block);
            next.sort_unstable();
            added = basis.extend(gather(&mut work, &next), floor(&basis))?;
        } else if probing {
            // The first probe, or one whose directions are used up, starts from fresh ones.
            if probes > 0 {
                next.extend(count..guarded);
                added = basis.extend(gather(&mut work, &next), floor(&basis))?;
            }
            if added == 0 {
                added =
                    basis.extend(random.fill(work.as_mut().subcols_mut(0, fresh)), tolerance::DEPENDENT)?;
            }
            probes += 1;
            tracing::debug!(probes, added, "random directions are followed");
        }
        if added > 0 {
            continue;
        }
        if count < wanted {
            // An invariant subspace that is too small.
            if basis.extend(random.fill(work.as_mut().subcols_mut(0, block)), tolerance::DEPENDENT)? > 0 {
                continue;
            }
            return Err(exhausted(&basis, worst, allowed));
        }
        // Converged, as far as rough products can tell: exact ones decide, on the wanted directions alone.
        if !rotated {
            basis.restart(&theta, y.subcols(0, guarded));
        }
        basis.refresh(count)?;
        let (theta, y) = basis.ritz(count)?;
        let norms = basis.residuals(&theta, y.as_ref(), work.as_mut());
        let worst = largest(&norms);
        tracing::debug!(
            products = basis.products,
            residual = worst / scale,
            allowed = options.tolerance,
            "exact products decide"
        );
        if worst <= allowed {
            drop(work);
            return Ok(solution(basis, &theta, y.as_ref(), norms, restarts));
        }
        passes.see(worst);
        if passes.count > 0 && basis.rough {
            // A cluster mixes directions that are known roughly only: from here on all products are exact.
            basis.rough = false;
            basis.refresh(basis.size)?;
            passes = Stall::default();
        }
        if passes.count >= PASSES {
            return Err(exhausted(&basis, worst, allowed));
        }
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
    require_finite(a.as_ref())?;
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

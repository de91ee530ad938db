//! A block Krylov method with Rayleigh–Ritz, soft locking and thick restarts, on any symmetric operator.

use super::dense::{full_eigen, residual};
use crate::error::{Error, Result};
use crate::product::matmul;
use crate::{seed, tolerance};
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rand_distr::{Distribution, StandardNormal};

/// Krylov steps that fresh directions get after convergence: enough to find an eigenvalue that stands out by a tenth of the spread.
const PROBES: usize = 6;
/// Fresh directions in a probe.
const PROBE_BLOCK: usize = 8;

/// A symmetric matrix known by its products.
pub trait SymmetricOperator: Sync {
    /// Its order n.
    fn order(&self) -> usize;

    /// `out ← A·v`, both `[n, b]`.
    ///
    /// # Errors
    /// Whatever keeps the product from being computed.
    fn apply(&self, v: MatRef<'_, f64>, out: MatMut<'_, f64>, par: Par) -> Result<()>;
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
    /// Seed of the random directions.
    pub seed: u64,
}

impl BlockOptions {
    /// Defaults for the `wanted` largest eigenvalues: blocks of a quarter of that (from 4 to 64), three times as many columns, and
    /// [`tolerance::RESIDUAL`].
    pub fn top(wanted: usize) -> Self {
        let block = (wanted / 4).clamp(4, 64);
        Self {
            wanted,
            block,
            max_basis: 2 * wanted + 4 * block,
            tolerance: tolerance::RESIDUAL,
            max_products: 200 * (wanted + block),
            seed: 0,
        }
    }
}

/// Eigenpairs found by [`block_eigen`].
#[derive(Debug, Clone)]
pub struct BlockSolution {
    /// The largest eigenvalues, descending.
    pub eigenvalues: Vec<f64>,
    /// Orthonormal eigenvectors, `[n, wanted]`.
    pub vectors: Mat<f64>,
    /// The largest residual `‖Ax − λx‖₂`, from products made afresh at the end.
    pub residual_max: f64,
    /// Operator products spent (columns).
    pub products: usize,
    /// Restarts taken.
    pub restarts: usize,
}

/// The largest eigenpairs of `operator`, from the span of `initial` (`[n, any]`, need not be orthonormal) and random directions.
///
/// Rayleigh–Ritz on a growing orthonormal basis; the residuals of the unconverged Ritz pairs are the next block, and converged pairs stay
/// in the basis without spending products. When all have converged, random directions are added and followed for six Krylov steps
/// of their own, so that an eigenvalue hidden from the start (a symmetry of `initial`, a multiplicity larger than the block) has a way in.
/// Small problems (n at most `2·max_basis`) are solved densely, from n products.
///
/// # Errors
/// The operator fails or returns a value that is not finite; no convergence within the budget of products; `wanted` not in 1..=n.
pub fn block_eigen(
    operator: &dyn SymmetricOperator,
    initial: Option<MatRef<'_, f64>>,
    options: &BlockOptions,
    par: Par,
) -> Result<BlockSolution> {
    let n = operator.order();
    if options.wanted == 0 || options.wanted > n {
        let allowed = format!("an operator of order {n} has between 1 and {n} eigenvalues");
        return Err(Error::domain("the number of eigenvalues", options.wanted, allowed));
    }
    let block = options.block.max(1);
    let capacity = options.max_basis.max(options.wanted + 2 * block);
    if n <= 2 * capacity {
        return small(operator, options.wanted, par);
    }
    let initial_columns = initial.map_or(0, |x| x.ncols());
    let mut basis = Basis::new(operator, capacity.max(initial_columns + 2 * block), par);
    let mut random = Random { rng: seed::stream(options.seed, "block eigen-solver", "directions"), n };
    if let Some(x) = initial {
        basis.extend(x.to_owned())?;
    }
    basis.extend(random.block(block))?;

    let (mut restarts, mut probes) = (0, 0);
    loop {
        let (theta, y) = full_eigen(basis.projected(), par)?;
        let count = options.wanted.min(basis.size);
        let guarded = (options.wanted + block.min(PROBE_BLOCK)).min(basis.size);
        let scale = theta.iter().fold(0.0_f64, |s, t| s.max(t.abs()));
        let (residuals, norms) = basis.residuals(&theta, y.subcols(0, guarded), par);
        let mut next: Vec<usize> = (0..count).filter(|&i| norms[i] > options.tolerance * scale).collect();

        let settled = next.is_empty() && count == options.wanted;
        if settled && probes > PROBES {
            return basis.finish(&theta, y.subcols(0, count), restarts);
        }
        if basis.products >= options.max_products {
            let residual = norms[..count].iter().copied().fold(0.0, f64::max);
            let (products, wanted) = (basis.products, options.tolerance * scale);
            return Err(Error::NoConvergence { solver: "the block eigen-solver", products, residual, wanted });
        }
        if basis.size + block > basis.capacity {
            let keep = (options.wanted + block).min(basis.size);
            basis.restart(&theta, y.subcols(0, keep));
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
            added = basis.extend(Mat::from_fn(n, next.len(), |i, c| residuals[(i, next[c])]))?;
        }
        // An invariant subspace, or the first probe: only fresh directions can tell whether it is the right one.
        if added == 0 && basis.extend(random.block(if settled { block.min(PROBE_BLOCK) } else { block }))? == 0 {
            return basis.finish(&theta, y.subcols(0, count), restarts);
        }
    }
}

/// Small orders: the matrix itself, from n products.
fn small(operator: &dyn SymmetricOperator, wanted: usize, par: Par) -> Result<BlockSolution> {
    let n = operator.order();
    let mut a = Mat::zeros(n, n);
    operator.apply(Mat::<f64>::identity(n, n).as_ref(), a.as_mut(), par)?;
    let (values, u) = full_eigen(a.as_ref(), par)?;
    let vectors = u.subcols(0, wanted).to_owned();
    let mut au = Mat::zeros(n, wanted);
    matmul(au.as_mut(), Accum::Replace, a.as_ref(), vectors.as_ref(), 1.0, par);
    let residual_max = residual(au.as_ref(), vectors.as_ref(), &values);
    Ok(BlockSolution { eigenvalues: values[..wanted].to_vec(), vectors, residual_max, products: n, restarts: 0 })
}

struct Random {
    rng: seed::ChaCha20Rng,
    n: usize,
}

impl Random {
    fn block(&mut self, columns: usize) -> Mat<f64> {
        Mat::from_fn(self.n, columns, |_, _| StandardNormal.sample(&mut self.rng))
    }
}

/// An orthonormal basis Q with its products AQ and the projection H = QᵀAQ.
struct Basis<'a> {
    operator: &'a dyn SymmetricOperator,
    par: Par,
    capacity: usize,
    size: usize,
    products: usize,
    q: Mat<f64>,
    aq: Mat<f64>,
    h: Mat<f64>,
}

impl<'a> Basis<'a> {
    fn new(operator: &'a dyn SymmetricOperator, capacity: usize, par: Par) -> Self {
        let n = operator.order();
        let (q, aq, h) = (Mat::zeros(n, capacity), Mat::zeros(n, capacity), Mat::zeros(capacity, capacity));
        Self { operator, par, capacity, size: 0, products: 0, q, aq, h }
    }

    fn projected(&self) -> MatRef<'_, f64> {
        self.h.as_ref().submatrix(0, 0, self.size, self.size)
    }

    /// Adds the directions of `x` that are new, and returns how many they are.
    fn extend(&mut self, x: Mat<f64>) -> Result<usize> {
        let x = self.orthonormalise(x)?;
        let (k, c) = (self.size, x.ncols().min(self.capacity - self.size));
        if c == 0 {
            return Ok(0);
        }
        let x = x.subcols(0, c);
        self.q.as_mut().subcols_mut(k, c).copy_from(x);
        self.operator.apply(x, self.aq.as_mut().subcols_mut(k, c), self.par)?;
        self.products += c;
        self.size += c;
        let fresh = self.aq.as_ref().subcols(k, c);
        for col in 0..c {
            for (row, &value) in fresh.col(col).iter().enumerate() {
                if !value.is_finite() {
                    return Err(Error::NotFinite { name: "the product of the operator", value, row, col });
                }
            }
        }
        let mut h = Mat::<f64>::zeros(self.size, c);
        matmul(h.as_mut(), Accum::Replace, self.q.as_ref().subcols(0, self.size).transpose(), fresh, 1.0, self.par);
        for j in 0..c {
            for i in 0..self.size {
                self.h[(i, k + j)] = h[(i, j)];
                self.h[(k + j, i)] = h[(i, j)];
            }
        }
        Ok(c)
    }

    /// `x` made orthonormal, and orthogonal to the basis; directions that are dependent to rounding are dropped.
    ///
    /// Two rounds of projection and of the SVQB scheme (Stathopoulos and Wu 2002: `X ← X U Λ^{-1/2}` from the EVD of `XᵀX`), all BLAS-3.
    fn orthonormalise(&self, mut x: Mat<f64>) -> Result<Mat<f64>> {
        let q = self.q.as_ref().subcols(0, self.size);
        normalise_columns(&mut x);
        for round in 0..3 {
            let b = x.ncols();
            if b == 0 {
                break;
            }
            let mut overlap = Mat::<f64>::zeros(self.size, b);
            matmul(overlap.as_mut(), Accum::Replace, q.transpose(), x.as_ref(), 1.0, self.par);
            matmul(x.as_mut(), Accum::Add, q, overlap.as_ref(), -1.0, self.par);
            let mut gram = Mat::<f64>::zeros(b, b);
            matmul(gram.as_mut(), Accum::Replace, x.transpose(), x.as_ref(), 1.0, self.par);
            let (lambda, u) = full_eigen(gram.as_ref(), self.par)?;
            // The columns came with unit norm: what is left of a direction after the first projection is measured against 1.
            let floor = if round == 0 { tolerance::DEPENDENT } else { 0.5 };
            let kept = lambda.iter().take_while(|&&l| l > floor).count();
            let map = Mat::from_fn(b, kept, |i, j| u[(i, j)] / lambda[j].sqrt());
            let mut next = Mat::<f64>::zeros(x.nrows(), kept);
            matmul(next.as_mut(), Accum::Replace, x.as_ref(), map.as_ref(), 1.0, self.par);
            x = next;
        }
        Ok(x)
    }

    /// `AQy − θQy` for the leading Ritz pairs, and the norms.
    fn residuals(&self, theta: &[f64], y: MatRef<'_, f64>, par: Par) -> (Mat<f64>, Vec<f64>) {
        let (n, c) = (self.q.nrows(), y.ncols());
        let mut r = Mat::<f64>::zeros(n, c);
        matmul(r.as_mut(), Accum::Replace, self.aq.as_ref().subcols(0, self.size), y, 1.0, par);
        let scaled = Mat::from_fn(self.size, c, |i, j| y[(i, j)] * theta[j]);
        matmul(r.as_mut(), Accum::Add, self.q.as_ref().subcols(0, self.size), scaled.as_ref(), -1.0, par);
        let norms = (0..c).map(|j| r.col(j).norm_l2()).collect();
        (r, norms)
    }

    /// Replaces the basis by the Ritz vectors `Q·y`.
    fn restart(&mut self, theta: &[f64], y: MatRef<'_, f64>) {
        let keep = y.ncols();
        for part in [&mut self.q, &mut self.aq] {
            let mut kept = Mat::<f64>::zeros(part.nrows(), keep);
            matmul(kept.as_mut(), Accum::Replace, part.as_ref().subcols(0, self.size), y, 1.0, self.par);
            part.as_mut().subcols_mut(0, keep).copy_from(&kept);
        }
        self.h = Mat::from_fn(self.capacity, self.capacity, |i, j| if i == j && i < keep { theta[i] } else { 0.0 });
        self.size = keep;
    }

    fn finish(mut self, theta: &[f64], y: MatRef<'_, f64>, restarts: usize) -> Result<BlockSolution> {
        let (n, c) = (self.q.nrows(), y.ncols());
        let mut vectors = Mat::<f64>::zeros(n, c);
        matmul(vectors.as_mut(), Accum::Replace, self.q.as_ref().subcols(0, self.size), y, 1.0, self.par);
        let mut product = Mat::<f64>::zeros(n, c);
        self.operator.apply(vectors.as_ref(), product.as_mut(), self.par)?;
        self.products += c;
        Ok(BlockSolution {
            eigenvalues: theta[..c].to_vec(),
            residual_max: residual(product.as_ref(), vectors.as_ref(), theta),
            vectors,
            products: self.products,
            restarts,
        })
    }
}

/// Scales each column to unit norm; a zero column stays zero and is dropped by what follows.
fn normalise_columns(x: &mut Mat<f64>) {
    for j in 0..x.ncols() {
        let norm = x.col(j).norm_l2();
        if norm > 0.0 {
            x.col_mut(j).iter_mut().for_each(|v| *v /= norm);
        }
    }
}

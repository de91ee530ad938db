//! The top of the spectrum of Σ with the angle of its eigenfunctions to the low degrees, by the Gram matrix
//! or by products.

use crate::error::Result;
use escapement::covariance::{Covariance, HarmonicMap};
use escapement::eigen::subspace::turned_square;
use escapement::eigen::{self, BlockOptions};
use escapement::rounding;
use escapement::tolerance;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

/// Memory for the kernel of an operator: 1 GiB.
const MEMORY: u64 = 1 << 30;
/// Relative residual of the block method: that of the truncation, since a smaller one would not show. Both
/// turn the eigenspace, by their ratio to the gap and √n of it for the sum over n angles, and enter every
/// error below; a residual of 1e-6 was a fifth of the angles at d = 20.
const RESIDUAL: f64 = tolerance::TAIL;

/// What a solve gave.
#[derive(Debug, Clone)]
pub struct Solved {
    /// The top eigenvalues of Σ, descending; at least as many as asked for, unless Σ has fewer.
    pub eigenvalues: Vec<f64>,
    /// Absolute rounding error of each.
    pub rounding: f64,
    /// How much each, and all together, can fall short because the degrees stop.
    pub truncation: f64,
    /// The trace of Σ from the weights, and its rounding error.
    pub trace: (f64, f64),
    /// `sin² Θ`, descending, between the top `rank` eigenfunctions and degree ≤ k; empty when not asked for.
    pub sines: Vec<f64>,
}

/// Solves for the top `count` eigenvalues; with `rank`, for the principal angles between the top `rank`
/// eigenfunctions and degree ≤ `k` too.
///
/// # Errors
/// Whatever the eigen-solvers refuse.
pub fn solve(
    cov: &Covariance,
    by_harmonics: bool,
    count: usize,
    rank: Option<usize>,
    k: usize,
) -> Result<Solved> {
    let start = std::time::Instant::now();
    let found = if by_harmonics { harmonic(cov, rank, k) } else { products(cov, count, rank, k) }?;
    tracing::info!(
        order = cov.order(),
        route = if by_harmonics { "harmonics" } else { "products" },
        pairs = found.eigenvalues.len(),
        rounding = %format_args!("{:.1e}", found.rounding),
        truncation = %format_args!("{:.1e}", found.truncation),
        seconds = %format_args!("{:.3}", start.elapsed().as_secs_f64()),
        "the top of Σ is solved for"
    );
    Ok(found)
}

/// By the full EVD of `ΨᵀΨ`, whose eigenvectors are the eigenfunctions in harmonic coordinates: the sine is
/// the norm of what lies beyond degree k, without cancellation.
///
/// # Errors
/// Whatever the harmonics or the EVD refuse.
pub fn harmonic(cov: &Covariance, rank: Option<usize>, k: usize) -> Result<Solved> {
    let map = HarmonicMap::new(cov, usize::MAX)?;
    let gram = map.gram(Par::Seq)?;
    let n = gram.nrows();
    let trace: f64 = (0..n).map(|i| gram[(i, i)]).sum();
    let (eigenvalues, sines) = match rank {
        None => (eigen::full_eigenvalues(gram.as_ref(), Par::Seq)?, Vec::new()),
        Some(rank) => {
            let (values, u) = eigen::full_eigen(gram.as_ref(), Par::Seq)?;
            let low = map.basis().level(k).end;
            let beyond = u.as_ref().submatrix(low, 0, n - low, rank.min(n));
            (values, squares(beyond)?)
        }
    };
    let rounding = rounding::eigen(n, eigenvalues[0]) + cov.gram_rounding();
    Ok(Solved {
        eigenvalues,
        rounding,
        truncation: cov.truncation_bound(),
        trace: (trace, cov.gram_rounding() + cov.truncation_bound()),
        sines,
    })
}

/// By eigenvectors of Σ: with `S = Λ^{-1/2} Vᵀ Σ_{>k} V Λ^{-1/2}` the eigenvalues of S are `sin² Θ`, a sum
/// of squares again.
///
/// # Errors
/// Whatever the block method refuses.
pub fn products(cov: &Covariance, count: usize, rank: Option<usize>, k: usize) -> Result<Solved> {
    let degree = if rank.is_some() { k } else { 2 * k };
    let initial = HarmonicMap::new(cov, degree)?.columns(Par::Seq)?;
    let options = BlockOptions { tolerance: RESIDUAL, ..BlockOptions::top(count.min(cov.order())) };
    let found = eigen::block_eigen(&cov.mixed_operator(MEMORY), Some(initial), &options, Par::Seq)?;
    let eigenvalues: Vec<f64> = found.eigenvalues.iter().map(|l| l * cov.scale()).collect();
    let sines = match rank {
        Some(rank) => angles(cov, &eigenvalues, found.vectors.as_ref().subcols(0, rank), k)?,
        None => Vec::new(),
    };
    let (d, p) = (cov.d(), cov.p());
    // Twins double each diagonal block of Σ.
    let block = |r: usize| {
        let b = cov.block(r, r);
        (0..d).map(|i| b[(i, i)]).sum::<f64>()
    };
    let trace: f64 = (0..p).map(|r| 2.0 * block(r)).sum();
    Ok(Solved {
        rounding: found.residual_max * cov.scale() + rounding::eigen(cov.order(), eigenvalues[0]),
        truncation: cov.truncation_bound(),
        eigenvalues,
        trace: (trace, cov.gram_rounding() + cov.truncation_bound()),
        sines,
    })
}

fn angles(cov: &Covariance, eigenvalues: &[f64], q: MatRef<'_, f64>, k: usize) -> Result<Vec<f64>> {
    let beyond = cov.beyond(k);
    let mut image = Mat::zeros(q.nrows(), q.ncols());
    beyond.operator(MEMORY).multiply(q, image.as_mut(), Par::Seq);
    let mut s = Mat::zeros(q.ncols(), q.ncols());
    matmul(s.as_mut(), Accum::Replace, q.transpose(), image.as_ref(), cov.scale(), Par::Seq);
    let scaled =
        |i: usize, j: usize| 0.5 * (s[(i, j)] + s[(j, i)]) / (eigenvalues[i] * eigenvalues[j]).sqrt();
    let s = Mat::from_fn(q.ncols(), q.ncols(), scaled);
    Ok(eigen::full_eigenvalues(s.as_ref(), Par::Seq)?.into_iter().map(|x| x.max(0.0)).collect())
}

/// Squared singular values, descending.
fn squares(block: MatRef<'_, f64>) -> Result<Vec<f64>> {
    let mut s = Mat::zeros(block.ncols(), block.ncols());
    matmul(s.as_mut(), Accum::Replace, block.transpose(), block, 1.0, Par::Seq);
    Ok(eigen::full_eigenvalues(s.as_ref(), Par::Seq)?.into_iter().map(|x| x.max(0.0)).collect())
}

impl Solved {
    /// The errors of the largest `sin² θ` and of their sum, for angles of the top `rank`: as in
    /// [`escapement::eigen::subspace`], of which the sum is the same in Frobenius norm, where a turn
    /// counts √n times and what is left out once, its trace being the bound.
    pub fn sine_errors(&self, rank: usize) -> (f64, f64) {
        let n = rank as f64;
        // Residuals of n pairs have n^{1/2} times the norm of one.
        let residual = n.sqrt() * self.rounding;
        let (tail, last) = (self.truncation, self.eigenvalues[rank - 1] - residual);
        let next = self.eigenvalues.get(rank).copied().unwrap_or(0.0) + residual;
        let gap = (last - next).max(f64::MIN_POSITIVE);
        let turned = ((tail * ((next + tail) / last).sqrt() + residual) / gap).min(1.0);
        let largest = self.sines.first().copied().unwrap_or(0.0);
        (
            turned_square(largest, (tail + residual) / last, turned),
            turned_square(self.sines.iter().sum(), (tail + n * residual) / last, n.sqrt() * turned),
        )
    }
}

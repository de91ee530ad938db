//! The harmonic square root Ψ of Σ cut at degree J, `Σ_{≤J} = ΨΨᵀ`, and the small Gram matrix `ΨᵀΨ`.

use super::Covariance;
use crate::error::Result;
use crate::pool::Pool;
use crate::product::{clear_registers, matmul, vectorised};
use crate::sphere::{FeatureLevels, HarmonicBasis};
use faer::linalg::matmul::triangular;
use faer::linalg::matmul::triangular::BlockStructure;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;

/// Neurons whose harmonics are evaluated together.
const BLOCK: usize = 256;
/// Blocks that are evaluated before the Gram matrix is updated: 43 MB with d = 4, J = 11.
const BATCH: usize = 8;

/// The md × N_J matrix Ψ with `Σ_{≤J} = ΨΨᵀ`, as an operator: the matrix is never stored. N_J is the number
/// of harmonics of degree at most J.
///
/// Column (j, l) of Ψ is `E[φ Y_{jl}]`. Its part on the neuron r is
/// `a_r m^{-1/2} (α_j w_r Y_{jl}(w_r) + γ_j ∇_S Y_{jl}(w_r))`, with `α_j = A_j/B_j` and `γ_j = C_j/B_j`.
/// Derived for this project.
#[derive(Debug)]
pub struct HarmonicMap<'a> {
    cov: &'a Covariance,
    basis: HarmonicBasis,
}

impl<'a> HarmonicMap<'a> {
    /// Ψ for the harmonics of degree at most `max_degree`, or at most the degree where `cov` is cut, if that
    /// is less.
    ///
    /// # Errors
    /// The harmonic basis cannot be built at this degree.
    pub fn new(cov: &'a Covariance, max_degree: usize) -> Result<Self> {
        let basis = HarmonicBasis::new(cov.d(), max_degree.min(cov.levels().max_degree()))?;
        Ok(Self { cov, basis })
    }

    /// The Gram matrix `ΨᵀΨ` over all m neurons, `[N_J, N_J]`. Its eigenvalues that are not zero are those
    /// of `Σ_{≤J}`, whatever m is.
    ///
    /// The cost is `pd·N_J²` flops in one pass over the neurons, and the memory is `2N_J²` numbers and a few
    /// blocks, whatever m is.
    ///
    /// # Errors
    /// The harmonics cannot be evaluated.
    pub fn gram(&self, par: Par) -> Result<Mat<f64>> {
        let n = self.basis.len();
        let mut gram = Mat::<f64>::zeros(n, n);
        let scale = 2.0 / self.cov.m() as f64;
        self.for_each_batch(par, |_, psi| {
            triangular::matmul(
                gram.as_mut(),
                BlockStructure::TriangularLower,
                Accum::Add,
                psi.transpose(),
                BlockStructure::Rectangular,
                psi,
                BlockStructure::Rectangular,
                scale,
                par,
            );
            clear_registers();
        })?;
        for j in 0..n {
            for i in 0..j {
                gram[(i, j)] = gram[(j, i)];
            }
        }
        Ok(gram)
    }

    /// `√m·Ψ` on the p distinct neurons, component-major `[pd, N_J]`. The columns of degree at most k span
    /// the top n_k eigenvectors of Σ up to an angle of `O(m^{-1/2})`.
    ///
    /// # Errors
    /// As for [`HarmonicMap::gram`].
    pub fn columns(&self, par: Par) -> Result<Mat<f64>> {
        let mut out = Mat::<f64>::zeros(self.cov.order(), self.basis.len());
        self.for_each_batch(par, |first, psi| self.scatter(first, psi, &mut out))?;
        Ok(out)
    }

    /// The number N_J of harmonics up to the last of `levels`, as an f64 because it may exceed 64 bits.
    pub fn order_of(levels: &FeatureLevels) -> f64 {
        levels.levels.iter().map(|l| l.dimension).sum()
    }

    /// The harmonics that index the columns of Ψ.
    pub fn basis(&self) -> &HarmonicBasis {
        &self.basis
    }

    /// `√m·Ψ·Z` on the p distinct neurons, component-major `[pd, c]`, for coefficients `Z` (`[N_J, c]`), in
    /// one pass over the neurons.
    ///
    /// # Errors
    /// As for [`HarmonicMap::gram`].
    pub fn lift(&self, z: MatRef<'_, f64>, par: Par) -> Result<Mat<f64>> {
        let (p, d) = (self.cov.p(), self.cov.d());
        let mut out = Mat::<f64>::zeros(p * d, z.ncols());
        self.for_each_batch(par, |first, psi| {
            let mut rows = Mat::<f64>::zeros(psi.nrows(), z.ncols());
            matmul(rows.as_mut(), Accum::Replace, psi, z, 1.0, par);
            self.scatter(first, rows.as_ref(), &mut out);
        })?;
        Ok(out)
    }

    /// Copies the rows of the batch that starts at neuron `first` to their places in `out`. The rows of a
    /// batch are ordered by blocks, then coordinates, then the neurons of a block.
    fn scatter(&self, first: usize, rows: MatRef<'_, f64>, out: &mut Mat<f64>) {
        let (p, d) = (self.cov.p(), self.cov.d());
        for c in 0..rows.ncols() {
            let (mut from, to) = (rows.col(c).iter(), out.col_as_slice_mut(c));
            for start in (first..first + rows.nrows() / d).step_by(BLOCK) {
                for i in 0..d {
                    to[i * p + start..][..BLOCK.min(p - start)]
                        .iter_mut()
                        .zip(&mut from)
                        .for_each(|(to, from)| *to = *from);
                }
            }
        }
    }

    /// Callback: given the first neuron of a batch and the rows of `√m·Ψ` for that batch, in order.
    fn for_each_batch(&self, par: Par, mut visit: impl FnMut(usize, MatRef<'_, f64>)) -> Result<()> {
        let (p, d, n) = (self.cov.p(), self.cov.d(), self.basis.len());
        let (alpha, gamma) = self.coefficients();
        let mut psi = Mat::<f64>::zeros((BLOCK * BATCH).min(p) * d, n);
        let pool = Pool::empty();
        for first in (0..p).step_by(BLOCK * BATCH) {
            let neurons = (BLOCK * BATCH).min(p - first);
            let blocks: Vec<usize> = (first..first + neurons).step_by(BLOCK).collect();
            let evaluate = |(&start, rows): (&usize, MatMut<'_, f64>)| -> Result<()> {
                pool.with(Vec::new, |planes| self.block(start, &alpha, &gamma, planes, rows))
            };
            let mut rows = psi.as_mut().subrows_mut(0, neurons * d);
            match par {
                Par::Seq => {
                    for start in &blocks {
                        let (row, count) = ((start - first) * d, BLOCK.min(p - start) * d);
                        evaluate((start, rows.as_mut().subrows_mut(row, count)))?;
                    }
                }
                _ => blocks.par_iter().zip(rows.par_row_chunks_mut(BLOCK * d)).try_for_each(evaluate)?,
            }
            visit(first, psi.as_ref().subrows(0, neurons * d));
        }
        Ok(())
    }

    /// `α_j = A_j/B_j` and `γ_j = C_j/B_j` for each column.
    fn coefficients(&self) -> (Vec<f64>, Vec<f64>) {
        let d = self.cov.d() as f64;
        let of = |l: usize| {
            let level = &self.cov.levels().levels[self.basis.degree_of(l)];
            let (j, root) = (level.degree as f64, level.dimension.sqrt());
            let gamma = if level.degree == 0 {
                0.0
            } else {
                level.c_hat * ((d - 1.0) / (j * (j + d - 2.0))).sqrt() / root
            };
            (level.a_hat / root, gamma)
        };
        (0..self.basis.len()).map(of).unzip()
    }

    /// Fills `psi` (`[count·d, N_J]`) with `√m·Ψ` for as many neurons from `start`: all neurons for
    /// coordinate 0, then for coordinate 1, and so on. `planes` is scratch, for the harmonics and the
    /// components of their gradients.
    fn block(
        &self,
        start: usize,
        alpha: &[f64],
        gamma: &[f64],
        planes: &mut Vec<Mat<f64>>,
        mut psi: MatMut<'_, f64>,
    ) -> Result<()> {
        let (d, n) = (self.cov.d(), self.basis.len());
        let count = psi.nrows() / d;
        // A worker thread may have just computed its share of a parallel product.
        clear_registers();
        let points = self.cov.weights().subrows(start, count);
        if planes.first().is_none_or(|plane| plane.nrows() != count) {
            *planes = vec![Mat::zeros(count, n); d + 1];
        }
        let (values, gradients) = planes.split_at_mut(1);
        self.basis.evaluate_with_gradient(points, values[0].as_mut(), gradients)?;
        for (l, column) in psi.as_mut().col_iter_mut().enumerate() {
            let Some(column) = column.try_as_col_major_mut() else { continue };
            let (alpha, gamma) = (alpha[l], gamma[l]);
            let (y, column) = (values[0].col_as_slice(l), column.as_slice_mut());
            for (i, (gradient, out)) in gradients.iter().zip(column.chunks_exact_mut(count)).enumerate() {
                let Some(x) = points.col(i).try_as_col_major() else { continue };
                let along = x.as_slice().iter().zip(y);
                vectorised(|| {
                    for ((out, dy), (x, y)) in out.iter_mut().zip(gradient.col_as_slice(l)).zip(along) {
                        *out = alpha * x * y + gamma * dy;
                    }
                });
            }
        }
        Ok(())
    }
}

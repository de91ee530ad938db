//! The matrix-free route: `A·V` in blocks, without `A`.

use super::profile::LANES;
use super::{Covariance, Profile};
use crate::eigen::SymmetricOperator;
use crate::error::Result;
use crate::product::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;

/// Neurons in a row tile: one task of the pool.
const ROWS: usize = 128;
/// Neurons in a column tile: with [`ROWS`], five tiles of f64 are 2.5 MiB.
const COLUMNS: usize = 512;

/// `A` as an operator on R^{pd}. Kernel matrices are kept when the memory allows, else recomputed at each product.
pub struct CovarianceOperator<'a> {
    cov: &'a Covariance,
    /// Kernel tiles by (row tile, column tile), if they are kept.
    tiles: Vec<Tile>,
}

/// The four kernel functions on a tile of neuron pairs, column-major with the row neuron fastest.
struct Tile {
    f2: Mat<f64>,
    f3: Mat<f64>,
    e: Mat<f64>,
    g: Mat<f64>,
}

impl Tile {
    fn zeros(rows: usize, columns: usize) -> Self {
        let [f2, f3, e, g] = [(); 4].map(|()| Mat::zeros(rows, columns));
        Self { f2, f3, e, g }
    }

    fn evaluate(&mut self, profile: &Profile, rows: MatRef<'_, f64>, columns: MatRef<'_, f64>) {
        // F2 holds the cosines until the kernel overwrites them.
        matmul(self.f2.as_mut(), Accum::Replace, rows, columns.transpose(), 1.0, Par::Seq);
        for s in 0..columns.nrows() {
            let Self { f2, f3, e, g } = self;
            let (f3, e, g) = (f3.col_as_slice_mut(s), e.col_as_slice_mut(s), g.col_as_slice_mut(s));
            let cosines = f2.col_as_slice_mut(s);
            for lanes in (0..cosines.len()).step_by(LANES) {
                let end = (lanes + LANES).min(cosines.len());
                let mut t = [0.0; LANES];
                t[..end - lanes].copy_from_slice(&cosines[lanes..end]);
                profile.for_each(&t[..end - lanes], |l, _, kernel| {
                    let r = lanes + l;
                    cosines[r] = kernel.f2;
                    f3[r] = kernel.f3;
                    e[r] = kernel.e;
                    g[r] = kernel.g;
                });
            }
        }
    }
}

impl Covariance {
    /// `A` as an operator, keeping its kernel matrices if their 32p² bytes fit in `memory` bytes.
    pub fn operator(&self, memory: u64) -> CovarianceOperator<'_> {
        let keep = 32 * (self.p() as u64).pow(2) <= memory;
        let mut operator = CovarianceOperator { cov: self, tiles: Vec::new() };
        if keep {
            let (rows, columns) = (self.p().div_ceil(ROWS), self.p().div_ceil(COLUMNS));
            operator.tiles = (0..rows * columns)
                .into_par_iter()
                .map(|index| {
                    let (rows, columns) = (operator.rows(index / columns), operator.columns(index % columns));
                    let mut tile = Tile::zeros(rows.nrows(), columns.nrows());
                    tile.evaluate(self.profile(), rows, columns);
                    tile
                })
                .collect();
        }
        operator
    }
}

impl CovarianceOperator<'_> {
    fn rows(&self, tile: usize) -> MatRef<'_, f64> {
        let start = tile * ROWS;
        self.cov.weights().subrows(start, ROWS.min(self.cov.p() - start))
    }

    fn columns(&self, tile: usize) -> MatRef<'_, f64> {
        let start = tile * COLUMNS;
        self.cov.weights().subrows(start, COLUMNS.min(self.cov.p() - start))
    }

    /// `out ← A·V`, `V` and `out` of shape `[pd, b]`.
    ///
    /// For each column V_b, as a p × d matrix: `F2·V_b + (F3∘T + E∘1cᵀ)·W + diag(rowsum(E∘T) + G·c)·W` with `T = W V_bᵀ` and
    /// `c_s = w_s·v_s`: three products of p × p by p × d for each column, all in tiles; 6p²d·b flops and the kernel.
    ///
    /// # Panics
    /// If a shape is not `[pd, b]`.
    pub fn multiply(&self, v: MatRef<'_, f64>, mut out: MatMut<'_, f64>, par: Par) {
        let (p, d, b) = (self.cov.p(), self.cov.d(), v.ncols());
        assert_eq!((v.nrows(), out.nrows(), out.ncols()), (p * d, p * d, b), "shapes of an operator product");
        // All columns side by side, p × (d·b), so that F2·V is a single product.
        let wide = Mat::from_fn(p, d * b, |r, c| v[(c % d * p + r, c / d)]);
        let w = self.cov.weights();
        let along = Mat::from_fn(p, b, |s, c| (0..d).map(|i| w[(s, i)] * wide[(s, c * d + i)]).sum::<f64>());
        let tile = |index: usize| self.row_tile(index, wide.as_ref(), along.as_ref());
        let count = p.div_ceil(ROWS);
        let done: Vec<Mat<f64>> = match par {
            Par::Seq => (0..count).map(tile).collect(),
            _ => (0..count).into_par_iter().map(tile).collect(),
        };
        for (index, part) in done.iter().enumerate() {
            for c in 0..d * b {
                for r in 0..part.nrows() {
                    out[(c % d * p + index * ROWS + r, c / d)] = part[(r, c)];
                }
            }
        }
    }

    /// The rows of `A·V` for one tile of neurons, as (rows) × (d·b).
    fn row_tile(&self, index: usize, wide: MatRef<'_, f64>, along: MatRef<'_, f64>) -> Mat<f64> {
        let (p, d, b) = (self.cov.p(), self.cov.d(), along.ncols());
        let rows = self.rows(index);
        let n = rows.nrows();
        let mut out = Mat::<f64>::zeros(n, d * b);
        let mut rho = Mat::<f64>::zeros(n, b);
        let (mut t, mut z) = (Mat::zeros(n, COLUMNS.min(p)), Mat::zeros(n, COLUMNS.min(p)));
        let tiles = p.div_ceil(COLUMNS);
        let mut scratch = None;
        for tile in 0..tiles {
            let columns = self.columns(tile);
            let (first, count) = (tile * COLUMNS, columns.nrows());
            let kernel = match self.tiles.get(index * tiles + tile) {
                Some(kept) => kept,
                None => {
                    let fits = |k: &Tile| k.f2.ncols() == count;
                    let buffer = scratch.take().filter(fits).unwrap_or_else(|| Tile::zeros(n, count));
                    let buffer = scratch.insert(buffer);
                    buffer.evaluate(self.cov.profile(), rows, columns);
                    buffer
                }
            };
            let here = wide.subrows(first, count);
            matmul(out.as_mut(), Accum::Add, kernel.f2.as_ref(), here, 1.0, Par::Seq);
            for c in 0..b {
                let mut t = t.as_mut().subcols_mut(0, count);
                let mut z = z.as_mut().subcols_mut(0, count);
                matmul(t.as_mut(), Accum::Replace, rows, here.subcols(c * d, d).transpose(), 1.0, Par::Seq);
                for s in 0..count {
                    let cs = along[(first + s, c)];
                    for r in 0..n {
                        let (e, t) = (kernel.e[(r, s)], t[(r, s)]);
                        z[(r, s)] = kernel.f3[(r, s)] * t + e * cs;
                        rho[(r, c)] += e * t + kernel.g[(r, s)] * cs;
                    }
                }
                matmul(out.as_mut().subcols_mut(c * d, d), Accum::Add, z.as_ref(), columns, 1.0, Par::Seq);
            }
        }
        for c in 0..d * b {
            for r in 0..n {
                out[(r, c)] += rho[(r, c / d)] * rows[(r, c % d)];
            }
        }
        out
    }
}

impl SymmetricOperator for CovarianceOperator<'_> {
    fn order(&self) -> usize {
        self.cov.order()
    }

    fn apply(&self, v: MatRef<'_, f64>, out: MatMut<'_, f64>, par: Par) -> Result<()> {
        self.multiply(v, out, par);
        Ok(())
    }
}

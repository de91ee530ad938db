//! Products `A·V` in tiles of neurons, without the matrix `A` in memory.

use super::{Covariance, Profile, tile::Tile};
use crate::error::Result;
use crate::operator::SymmetricOperator;
use crate::pool::Pool;
use crate::product::{matmul, vectorised};
use crate::real::Real;
use faer::{Accum, Mat, MatMut, MatRef, Par, prelude::ReborrowMut};
use rayon::prelude::*;
use std::borrow::Cow;
use std::ops::Range;

/// Neurons on a side of a tile: the four tiles of a product (F2, F3, E, T), 1.2 MB in f64, stay in a
/// second-level cache of 2 MB. A multiple of the rows that the product kernels take at a time (48 in f64, 96
/// in f32, with AVX-512).
const SIDE: usize = 192;

/// The matrix `A` as an operator on R^{pd}. Its products are in f64; an operator of mixed precision has
/// faster rough products as well.
pub struct CovarianceOperator<'a> {
    exact: Kernels<'a, f64>,
    rough: Option<Kernels<'a, f32>>,
}

impl Covariance {
    /// `A` as an operator in f64. The kernel matrices F2, F3, E and G of all pairs of neurons are kept, as
    /// one triangle of tiles, if their 16p² bytes fit in `memory` bytes; otherwise each product evaluates
    /// them again.
    pub fn operator(&self, memory: u64) -> CovarianceOperator<'_> {
        CovarianceOperator { exact: Kernels::new(Cow::Borrowed(self), 1.0, memory), rough: None }
    }

    /// `A` as an operator of mixed precision. Its rough products take the degrees ≤ 1 in f64, in closed
    /// form, and the degrees above in f32; the kernel matrices in f32 (8p² bytes) are kept if they fit in
    /// `memory` bytes.
    ///
    /// The error of a rough product is that of f32 relative to `‖A_{>1}‖`, some 1e-7 of this norm, which is
    /// about κ_2/κ_1 times `‖A‖`.
    pub fn mixed_operator(&self, memory: u64) -> CovarianceOperator<'_> {
        let above = self.beyond(1);
        let at_one = above.profile().at(1.0);
        let unit = [at_one.f0, at_one.f2, at_one.f3].into_iter().fold(0.0, f64::max);
        let unit = if unit.is_normal() { unit } else { 1.0 };
        CovarianceOperator {
            exact: Kernels::new(Cow::Borrowed(self), 1.0, 0),
            rough: Some(Kernels::new(Cow::Owned(above), unit, memory)),
        }
    }
}

impl CovarianceOperator<'_> {
    /// The scratch memory, in bytes, of a product with `b` columns in dimension `d`. It does not depend on
    /// p, and where `par` allows several threads it is that of sixteen, so that no plan depends on their
    /// number.
    pub(crate) fn scratch_bytes(d: usize, b: usize, par: Par) -> f64 {
        let threads = if par == Par::Seq { 1.0 } else { 16.0 };
        let side = SIDE as f64;
        8.0 * threads * side * ((d * b + b) as f64 + 6.0 * side)
    }

    /// `out ← A·V`, `V` and `out` of shape `[pd, b]`.
    ///
    /// With each column as a p × d matrix V_b, the product is
    /// `F2·V_b + (F3∘T + E∘1cᵀ)·W + diag(rowsum(E∘T) + G·c)·W`, where `T = W V_bᵀ` and `c_s = w_s·v_s`. The
    /// cost is three products of p × p by p × d for each column, `6p²d·b` flops, and the evaluation of the
    /// kernel matrices unless they are kept.
    ///
    /// # Panics
    /// If a shape is not `[pd, b]`.
    pub fn multiply(&self, v: MatRef<'_, f64>, out: MatMut<'_, f64>, par: Par) {
        with_columns(v, out, self.order(), |v, mut out| {
            out.iter_mut().for_each(|out| out.fill(0.0));
            self.exact.multiply_add(v, out, par);
        });
    }

    /// The rough product of an operator of mixed precision; otherwise that of
    /// [`CovarianceOperator::multiply`].
    ///
    /// # Panics
    /// If a shape is not `[pd, b]`.
    pub fn multiply_roughly(&self, v: MatRef<'_, f64>, out: MatMut<'_, f64>, par: Par) {
        let Some(rough) = &self.rough else { return self.multiply(v, out, par) };
        with_columns(v, out, self.order(), |v, mut out| {
            let prepare = |(v, out): (&&[f64], &mut &mut [f64])| {
                vectorised(|| {
                    self.exact.cov.low_degrees(v, out);
                    v.iter().map(|&v| v as f32).collect::<Vec<f32>>()
                })
            };
            let narrow: Vec<Vec<f32>> = match par {
                Par::Seq => v.iter().zip(&mut out).map(prepare).collect(),
                _ => v.par_iter().zip(&mut out).map(prepare).collect(),
            };
            let narrow: Vec<&[f32]> = narrow.iter().map(Vec::as_slice).collect();
            rough.multiply_add(&narrow, out, par);
        });
    }
}

/// Calls `f` with the columns of `v` and `out` (`[order, b]`), copied where they are not contiguous.
fn with_columns(
    v: MatRef<'_, f64>,
    mut out: MatMut<'_, f64>,
    order: usize,
    f: impl FnOnce(&[&[f64]], Vec<&mut [f64]>),
) {
    assert_eq!(
        (v.nrows(), out.nrows(), out.ncols()),
        (order, order, v.ncols()),
        "shapes of an operator product"
    );
    let mut v_copy = Mat::zeros(0, 0);
    if v.row_stride() != 1 {
        v_copy = v.to_owned();
    }
    let v = if v.row_stride() == 1 { v } else { v_copy.as_ref() };
    let columns: Vec<&[f64]> = v.col_iter().filter_map(|c| Some(c.try_as_col_major()?.as_slice())).collect();
    if out.row_stride() == 1 {
        f(
            &columns,
            out.col_iter_mut().filter_map(|c| Some(c.try_as_col_major_mut()?.as_slice_mut())).collect(),
        );
    } else {
        let mut copy = Mat::zeros(order, out.ncols());
        f(
            &columns,
            copy.col_iter_mut().filter_map(|c| Some(c.try_as_col_major_mut()?.as_slice_mut())).collect(),
        );
        out.copy_from(copy);
    }
}

impl SymmetricOperator for CovarianceOperator<'_> {
    fn order(&self) -> usize {
        self.exact.cov.order()
    }

    fn apply(&self, v: MatRef<'_, f64>, out: MatMut<'_, f64>, par: Par) -> Result<()> {
        self.multiply(v, out, par);
        Ok(())
    }

    fn apply_roughly(&self, v: MatRef<'_, f64>, out: MatMut<'_, f64>, par: Par) -> Result<()> {
        self.multiply_roughly(v, out, par);
        Ok(())
    }

    fn is_rough(&self) -> bool {
        self.rough.is_some()
    }
}

/// The kernel matrices of a covariance in precision `T`.
struct Kernels<'a, T> {
    cov: Cow<'a, Covariance>,
    /// The profile divided by `unit`, the scale of its largest entries, so that f32 neither overflows nor
    /// underflows.
    profile: Profile,
    unit: f64,
    weights: Mat<T>,
    /// The tile (I, J), J ≤ I, is at I(I+1)/2 + J; the vector is empty if none are kept.
    kept: Vec<Tile<T>>,
    pool: Pool<Scratch<T>>,
}

/// The buffers of one task of a product, which serve all its tiles.
struct Scratch<T> {
    out: Mat<T>,
    t: Vec<T>,
    rho: Mat<T>,
    tile: Tile<T>,
    cosines: Mat<f64>,
}

impl<T: Real> Scratch<T> {
    fn empty() -> Self {
        let [out, rho] = [(); 2].map(|()| Mat::zeros(0, 0));
        Self { out, t: Vec::new(), rho, tile: Tile::empty(), cosines: Mat::zeros(0, 0) }
    }
}

impl<'a, T: Real> Kernels<'a, T> {
    fn new(cov: Cow<'a, Covariance>, unit: f64, memory: u64) -> Self {
        let w = cov.weights();
        let weights = Mat::from_fn(cov.p(), cov.d(), |r, i| T::nearest(w[(r, i)]));
        let profile = cov.profile().clone().scaled(1.0 / unit);
        let mut kernels = Self { profile, unit, weights, kept: Vec::new(), pool: Pool::empty(), cov };
        let p = kernels.cov.p() as u64;
        if 2 * size_of::<T>() as u64 * p * (p + SIDE as u64) <= memory {
            let count = kernels.tiles();
            let pairs: Vec<(usize, usize)> = (0..count).flat_map(|i| (0..=i).map(move |j| (i, j))).collect();
            kernels.kept = pairs
                .into_par_iter()
                .map_init(
                    || Mat::zeros(0, 0),
                    |cosines, (i, j)| {
                        let mut tile = Tile::empty();
                        kernels.evaluate(&mut tile, i, j, cosines);
                        tile
                    },
                )
                .collect();
        }
        kernels
    }

    /// Neurons on a side of a tile: [`SIDE`] at most, and about as many in each of at least two tiles, so
    /// that no thread waits for another.
    fn side(&self) -> usize {
        let p = self.cov.p();
        p.div_ceil(p.div_ceil(SIDE).max(2)).next_multiple_of(8).min(SIDE)
    }

    fn tiles(&self) -> usize {
        self.cov.p().div_ceil(self.side())
    }

    fn range(&self, tile: usize) -> Range<usize> {
        let first = tile * self.side();
        first..(first + self.side()).min(self.cov.p())
    }

    fn evaluate(&self, tile: &mut Tile<T>, i: usize, j: usize, cosines: &mut Mat<f64>) {
        let part = |range: Range<usize>| self.cov.weights().subrows(range.start, range.len());
        tile.evaluate(&self.profile, part(self.range(i)), part(self.range(j)), cosines);
    }

    /// `out ← out + A·V`, where V and `out` are given as columns of length pd.
    fn multiply_add(&self, v: &[&[T]], out: Vec<&mut [f64]>, par: Par) {
        // A component-major column is a column-major p × d matrix.
        let v: Vec<MatRef<'_, T>> =
            v.iter().map(|v| MatRef::from_column_major_slice(v, self.cov.p(), self.cov.d())).collect();
        let along = self.along(&v);
        let row = |(i, out): (usize, Vec<&mut [f64]>)| {
            self.pool.with(Scratch::empty, |scratch| {
                self.row_tile(i, &v, &along, scratch);
                for (to, from) in out.into_iter().zip(scratch.out.col_iter()) {
                    to.iter_mut().zip(from.iter()).for_each(|(to, from)| *to += self.unit * (*from).into());
                }
            });
        };
        match par {
            Par::Seq => self.by_tiles(out).into_iter().enumerate().for_each(row),
            _ => self.by_tiles(out).into_par_iter().enumerate().for_each(row),
        }
    }

    /// `c_s = w_s·v_s` for each column, `[p, b]`.
    fn along(&self, columns: &[MatRef<'_, T>]) -> Mat<T> {
        let mut along = Mat::zeros(self.cov.p(), columns.len());
        for (c, column) in columns.iter().enumerate() {
            let along = along.col_as_slice_mut(c);
            vectorised(|| {
                for i in 0..self.cov.d() {
                    let products = self.weights.col_as_slice(i).iter().zip(column.col(i).iter());
                    along.iter_mut().zip(products).for_each(|(along, (&w, &v))| *along += w * v);
                }
            });
        }
        along
    }

    /// Cuts the columns of length pd by tiles of neurons. The part of a tile in coordinate i of column c is
    /// at c·d + i in the vector of that tile.
    fn by_tiles<'o>(&self, columns: Vec<&'o mut [f64]>) -> Vec<Vec<&'o mut [f64]>> {
        let mut tiles: Vec<Vec<&'o mut [f64]>> = (0..self.tiles()).map(|_| Vec::new()).collect();
        for column in columns {
            for mut coordinate in column.chunks_exact_mut(self.cov.p()) {
                for (tile, parts) in tiles.iter_mut().enumerate() {
                    let (part, rest) = coordinate.split_at_mut(self.range(tile).len());
                    parts.push(part);
                    coordinate = rest;
                }
            }
        }
        tiles
    }

    /// Computes the rows of `A·V` for one tile of neurons, `[rows, b·d]`, in `scratch.out`.
    fn row_tile(&self, i: usize, v: &[MatRef<'_, T>], along: &Mat<T>, scratch: &mut Scratch<T>) {
        let (d, b) = (self.cov.d(), v.len());
        let (zero, one) = (T::nearest(0.0), T::nearest(1.0));
        let w = self.weights.as_ref();
        let rows = w.subrows(self.range(i).start, self.range(i).len());
        let n = rows.nrows();
        let Scratch { out, t, rho, tile, cosines } = scratch;
        for (matrix, width) in [(&mut *out, b * d), (&mut *rho, b)] {
            if (matrix.nrows(), matrix.ncols()) != (n, width) {
                *matrix = Mat::zeros(n, width);
            }
        }
        for j in 0..self.tiles() {
            let first = if j == 0 { Accum::Replace } else { Accum::Add };
            let here = self.range(j);
            let tile: &Tile<T> = match (self.kept.is_empty(), j <= i) {
                (false, true) => &self.kept[i * (i + 1) / 2 + j],
                (false, false) => {
                    tile.copy_transposed(&self.kept[j * (j + 1) / 2 + i]);
                    tile
                }
                (true, _) => {
                    self.evaluate(tile, i, j, cosines);
                    tile
                }
            };
            let column_weights = w.subrows(here.start, here.len());
            matmul(
                rho.as_mut(),
                first,
                tile.g(),
                along.as_ref().subrows(here.start, here.len()),
                one,
                Par::Seq,
            );
            t.resize(n * here.len(), zero);
            for (c, v) in v.iter().enumerate() {
                let v = v.subrows(here.start, here.len());
                let mut out = out.as_mut().subcols_mut(c * d, d);
                matmul(out.rb_mut(), first, tile.f2(), v, one, Par::Seq);
                let mut product = MatMut::from_column_major_slice_mut(t, n, here.len());
                matmul(product.rb_mut(), Accum::Replace, rows, v.transpose(), one, Par::Seq);
                tile.weigh(t, &along.col_as_slice(c)[here.clone()], rho.col_as_slice_mut(c));
                let z = MatRef::from_column_major_slice(t, n, here.len());
                matmul(out, Accum::Add, z, column_weights, one, Par::Seq);
            }
        }
        for c in 0..b {
            let rho = rho.col_as_slice(c);
            for k in 0..d {
                let along = rho.iter().zip(rows.col(k).iter());
                out.col_as_slice_mut(c * d + k)
                    .iter_mut()
                    .zip(along)
                    .for_each(|(out, (&rho, &w))| *out += rho * w);
            }
        }
    }
}

impl Covariance {
    /// `out ← A_{≤1}·v` for one column, in closed form. The block of degree 0 is `â_0² w_r w_sᵀ`, and the
    /// block of degree 1 is `ψ_rψ_s` with `ψ_r = ĉ_1 I + (â_1 − ĉ_1) w_r w_rᵀ`.
    #[inline(always)]
    fn low_degrees(&self, v: &[f64], out: &mut [f64]) {
        let (p, w) = (self.p(), self.weights());
        let kept = self.levels().levels.iter().filter(|l| self.degrees.contains(&l.degree));
        let of = |j: usize| kept.clone().find(|l| l.degree == j).map_or((0.0, 0.0), |l| (l.a_hat, l.c_hat));
        let (a0, (a1, c1)) = (of(0).0, of(1));
        let mut along = vec![0.0; p];
        for (v, w) in v.chunks_exact(p).zip(w.col_iter()) {
            along.iter_mut().zip(w.iter().zip(v)).for_each(|(along, (w, v))| *along += w * v);
        }
        let degree_0 = a0 * a0 * along.iter().sum::<f64>();
        let degree_1: Vec<f64> = v
            .chunks_exact(p)
            .zip(w.col_iter())
            .map(|(v, w)| {
                let (sum, turned) = w
                    .iter()
                    .zip(v.iter().zip(&along))
                    .fold((0.0, 0.0), |(s, t), (w, (v, a))| (s + v, t + w * a));
                c1 * sum + (a1 - c1) * turned
            })
            .collect();
        along.fill(degree_0);
        for (x, w) in degree_1.iter().zip(w.col_iter()) {
            along.iter_mut().zip(w.iter()).for_each(|(along, w)| *along += (a1 - c1) * x * w);
        }
        for ((out, w), x) in out.chunks_exact_mut(p).zip(w.col_iter()).zip(&degree_1) {
            out.iter_mut().zip(w.iter().zip(&along)).for_each(|(out, (w, along))| *out = c1 * x + along * w);
        }
    }
}

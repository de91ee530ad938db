//! An orthonormal basis that grows and restarts, with the products of its vectors and the projected matrix.

use super::dense::full_eigen;
use crate::error::{Error, Result};
use crate::operator::SymmetricOperator;
use crate::product::{rotate, tall_inner, tall_outer};
use faer::{Accum, Mat, MatMut, MatRef, Par};

/// Orthonormal Q (`[n, size]`) with AQ and the projection H = QᵀAQ, in buffers for `capacity` columns.
pub(super) struct Basis<'a> {
    operator: &'a dyn SymmetricOperator,
    par: Par,
    /// Whether products with new directions are rough.
    pub(super) rough: bool,
    pub(super) capacity: usize,
    pub(super) size: usize,
    /// The number of products, exact and rough, counted in columns.
    pub(super) products: usize,
    q: Columns,
    aq: Columns,
    h: Mat<f64>,
}

/// Columns in memory that the system sets to zero when a thread first writes to them. To set a matrix of
/// this size to zero at once would take seconds.
struct Columns {
    rows: usize,
    numbers: Vec<f64>,
}

impl Columns {
    fn new(rows: usize, columns: usize) -> Self {
        Self { rows, numbers: vec![0.0; rows * columns] }
    }

    fn get(&self, first: usize, count: usize) -> MatRef<'_, f64> {
        MatRef::from_column_major_slice(
            &self.numbers[first * self.rows..][..count * self.rows],
            self.rows,
            count,
        )
    }

    fn get_mut(&mut self, first: usize, count: usize) -> MatMut<'_, f64> {
        MatMut::from_column_major_slice_mut(
            &mut self.numbers[first * self.rows..][..count * self.rows],
            self.rows,
            count,
        )
    }

    /// The first `count` columns to read, and the `next` columns after them to write to.
    fn split(&mut self, count: usize, next: usize) -> (MatRef<'_, f64>, MatMut<'_, f64>) {
        let rows = self.rows;
        let (left, right) = self.numbers.split_at_mut(count * rows);
        let right = MatMut::from_column_major_slice_mut(&mut right[..next * rows], rows, next);
        (MatRef::from_column_major_slice(left, rows, count), right)
    }
}

impl<'a> Basis<'a> {
    pub(super) fn new(operator: &'a dyn SymmetricOperator, capacity: usize, par: Par) -> Self {
        let n = operator.order();
        let (q, aq, h) =
            (Columns::new(n, capacity), Columns::new(n, capacity), Mat::zeros(capacity, capacity));
        Self { operator, par, rough: operator.is_rough(), capacity, size: 0, products: 0, q, aq, h }
    }

    /// The order of the operator.
    pub(super) fn order(&self) -> usize {
        self.q.rows
    }

    /// The Ritz vectors `Q·y` of the first directions. All other memory is freed.
    pub(super) fn into_vectors(self, y: MatRef<'_, f64>) -> Mat<f64> {
        let Self { q, aq, par, .. } = self;
        drop(aq);
        let mut vectors = Mat::zeros(q.rows, y.ncols());
        tall_outer(vectors.as_mut(), Accum::Replace, q.get(0, y.nrows()), y, 1.0, par);
        vectors
    }

    /// The Ritz values on the first `count` directions, descending, and the coefficients of the Ritz vectors
    /// in these directions.
    pub(super) fn ritz(&self, count: usize) -> Result<(Vec<f64>, Mat<f64>)> {
        full_eigen(self.h.as_ref().submatrix(0, 0, count, count), self.par)
    }

    /// The products with the last `count` directions.
    pub(super) fn last_products(&self, count: usize) -> Mat<f64> {
        self.aq.get(self.size - count, count).to_owned()
    }

    /// Adds those directions of `x` that are new, as far as there is room, and returns their number. A unit
    /// direction is new where its squared distance from the basis exceeds `floor`. `x` is overwritten.
    pub(super) fn extend(&mut self, x: MatMut<'_, f64>, floor: f64) -> Result<usize> {
        let c = self.orthonormalise(x, floor)?;
        if c == 0 {
            return Ok(0);
        }
        let k = self.size;
        let (x, out) = (self.q.get(k, c), self.aq.get_mut(k, c));
        if self.rough {
            self.operator.apply_roughly(x, out, self.par)?;
        } else {
            self.operator.apply(x, out, self.par)?;
        }
        self.products += c;
        self.size += c;
        self.project(k)?;
        let scale = self.h.as_ref().submatrix(0, 0, self.size, self.size).norm_max();
        let digits = if self.rough { f64::from(f32::EPSILON) } else { f64::EPSILON };
        require_symmetric(self.h.as_ref().submatrix(k, k, c, c), scale, digits.sqrt() * scale)?;
        Ok(c)
    }

    /// Replaces the products with the first `count` directions by exact ones.
    pub(super) fn refresh(&mut self, count: usize) -> Result<()> {
        self.operator.apply(self.q.get(0, count), self.aq.get_mut(0, count), self.par)?;
        self.products += count;
        self.project(0)
    }

    /// Computes the rows and columns of H from `first` on.
    ///
    /// The entries of H between new and old directions are taken from the products with the old ones.
    /// Products with a Ritz vector are exact where those with new directions may be rough, and the residuals
    /// from which new directions come were formed with them.
    fn project(&mut self, first: usize) -> Result<()> {
        let c = self.size - first;
        require_finite(self.aq.get(first, c))?;
        let h = tall_inner(self.q.get(first, c), self.aq.get(0, self.size), self.par);
        for j in 0..self.size {
            for i in 0..c {
                self.h[(first + i, j)] = h[(i, j)];
                if j < first {
                    self.h[(j, first + i)] = h[(i, j)];
                }
            }
        }
        Ok(())
    }

    /// Makes `x` orthonormal and orthogonal to the basis, and stores it behind the basis. Directions that
    /// are dependent to rounding are dropped.
    ///
    /// Each round projects and then applies the SVQB scheme, `X ← X U Λ^{-1/2}` from the EVD of `XᵀX`
    /// (Stathopoulos and Wu 2002); all its products are matrix products. A round that finds `XᵀX` well
    /// conditioned leaves X orthonormal to rounding, and is the last.
    fn orthonormalise(&mut self, mut x: MatMut<'_, f64>, floor: f64) -> Result<usize> {
        normalise_columns(x.as_mut());
        let mut b = x.ncols().min(self.capacity - self.size);
        for round in 0..4 {
            if b == 0 {
                break;
            }
            let (q, mut slots) = self.q.split(self.size, b);
            let q = q.as_ref();
            let mut x = x.as_mut().subcols_mut(0, b);
            let overlap = tall_inner(q, x.as_ref(), self.par);
            tall_outer(x.as_mut(), Accum::Add, q, overlap.as_ref(), -1.0, self.par);
            let gram = tall_inner(x.as_ref(), x.as_ref(), self.par);
            let (lambda, u) = full_eigen(gram.as_ref(), self.par)?;
            // The columns had unit norm, so that the rest of a direction after the first projection is
            // relative to 1.
            let least = if round == 0 { floor } else { 0.5 };
            let kept = lambda.iter().take_while(|&&l| l > least).count();
            let map = Mat::from_fn(b, kept, |i, j| u[(i, j)] / lambda[j].sqrt());
            let mut slot = slots.as_mut().subcols_mut(0, kept);
            tall_outer(slot.as_mut(), Accum::Replace, x.as_ref(), map.as_ref(), 1.0, self.par);
            // Most of every direction was left and the directions were far from dependent, so that only
            // rounding remains in the overlap with the basis and with one another.
            let settled = kept == b && lambda[b - 1] > 0.1 && lambda[0] < 10.0;
            b = kept;
            if settled {
                break;
            }
            x.as_mut().subcols_mut(0, kept).copy_from(slot);
        }
        Ok(b)
    }

    /// Computes the residuals `AQy − θQy` of the Ritz pairs `y` in the first columns of `out`, and returns
    /// their norms.
    pub(super) fn residuals(&self, theta: &[f64], y: MatRef<'_, f64>, out: MatMut<'_, f64>) -> Vec<f64> {
        let c = y.ncols();
        let mut out = out.subcols_mut(0, c);
        tall_outer(out.as_mut(), Accum::Replace, self.aq.get(0, y.nrows()), y, 1.0, self.par);
        let scaled = Mat::from_fn(y.nrows(), c, |i, j| y[(i, j)] * theta[j]);
        tall_outer(out.as_mut(), Accum::Add, self.q.get(0, y.nrows()), scaled.as_ref(), -1.0, self.par);
        (0..c).map(|j| out.as_ref().col(j).norm_l2()).collect()
    }

    /// Replaces the basis by the Ritz vectors `Q·y` of its first directions, in place.
    pub(super) fn restart(&mut self, theta: &[f64], y: MatRef<'_, f64>) {
        let keep = y.ncols();
        for part in [&mut self.q, &mut self.aq] {
            rotate(part.get_mut(0, y.nrows()), y, self.par);
        }
        self.h.fill(0.0);
        (0..keep).for_each(|i| self.h[(i, i)] = theta[i]);
        self.size = keep;
    }
}

/// Refuses a product of an operator that holds NaN or an infinity.
pub(super) fn require_finite(product: MatRef<'_, f64>) -> Result<()> {
    for (col, entries) in product.col_iter().enumerate() {
        // A norm is faster than a search, and is not finite where any entry is not; the search then finds
        // the entry.
        if !entries.norm_l2().is_finite()
            && let Some((row, &value)) = entries.iter().enumerate().find(|(_, value)| !value.is_finite())
        {
            return Err(Error::NotFinite { name: "the product of the operator", value, row, col });
        }
    }
    Ok(())
}

/// Refuses a matrix whose entries differ by more than `allowed` from their mirror images.
pub(super) fn require_symmetric(a: MatRef<'_, f64>, scale: f64, allowed: f64) -> Result<()> {
    for j in 0..a.ncols() {
        for i in 0..j {
            let defect = (a[(i, j)] - a[(j, i)]).abs();
            if defect > allowed {
                return Err(Error::NotSymmetric { defect, scale, allowed });
            }
        }
    }
    Ok(())
}

/// Scales each column to unit norm. A zero column stays zero.
fn normalise_columns(mut x: MatMut<'_, f64>) {
    for j in 0..x.ncols() {
        let norm = x.as_ref().col(j).norm_l2();
        if norm > 0.0 {
            x.as_mut().col_mut(j).iter_mut().for_each(|v| *v /= norm);
        }
    }
}

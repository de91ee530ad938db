//! Orthonormal real spherical harmonics in any dimension, with their gradients.
//!
//! The harmonics are built one dimension at a time from homogeneous polynomials, so that they have no
//! singular points. With `x = (x_1, …, x_k)`, `ρ = |x|²` and a harmonic `H` of degree l in the first k−1
//! coordinates, `Q_{j−l}(x_k, ρ) · H(x_1, …, x_{k−1})`, `Q_n(t, ρ) = ρ^{n/2} p̂_n^{(k+2l)}(t/√ρ)`, is a
//! harmonic of degree j in k coordinates. For `l = j` it is `H` itself. Inside each degree the harmonics of
//! fewer coordinates come first and never change, so the recursion fills the output in place.

mod fit;
mod recurrence;

pub use fit::Fit;

use super::gegenbauer::{cumulative_dimension, dimension};
use super::points::unit_norm;
use crate::product::vectorised;
use crate::tolerance::UNIT_NORM_F64;
use crate::{Error, Result};
use faer::{Mat, MatMut, MatRef, prelude::ReborrowMut};
use recurrence::{BLOCK, Fill, Workspace};
use std::ops::Range;

/// An orthonormal basis `Y_{jl}` of the functions of degree at most J on the unit sphere, under the uniform
/// probability measure (`E[Y Y'] = δ`, `Y_{00} = 1`), ordered by degree.
///
/// The harmonics satisfy the addition theorem `Σ_l Y_{jl}(u) Y_{jl}(v) = B(d,j) P_j(u·v)`. The basis is
/// meant for d up to about 10⁴ at degree 1, for d of some hundreds at degree 2, and for degrees above 30 at
/// d = 3 and 4.
#[derive(Debug, Clone, PartialEq)]
pub struct HarmonicBasis {
    d: usize,
    max_degree: usize,
    /// `starts[j]` is the first index of degree j; one more at the end.
    starts: Vec<usize>,
    /// `counts[k][j] = B(k,j)`, for `2 ≤ k ≤ d`.
    counts: Vec<Vec<usize>>,
}

impl HarmonicBasis {
    /// The basis of degree at most `max_degree` in dimension `d`.
    ///
    /// # Errors
    /// [`Error::Dimension`] if `d < 3`; [`Error::Domain`] if there are more than 2³¹ harmonics.
    pub fn new(d: usize, max_degree: usize) -> Result<Self> {
        let n = cumulative_dimension(d, max_degree)?;
        if n > 1 << 31 {
            return Err(Error::domain(
                "degree",
                max_degree,
                format!("at d = {d} it means {n} harmonics, and at most 2^31 are offered"),
            ));
        }
        let count = |k: usize| (0..=max_degree).map(|j| dimension(k, j) as usize).collect::<Vec<_>>();
        let counts: Vec<Vec<usize>> = (0..=d).map(|k| if k < 2 { Vec::new() } else { count(k) }).collect();
        let mut starts = vec![0];
        for &b in &counts[d] {
            starts.push(starts[starts.len() - 1] + b);
        }
        Ok(Self { d, max_degree, starts, counts })
    }

    /// The dimension d.
    pub fn d(&self) -> usize {
        self.d
    }

    /// The largest degree J.
    pub fn max_degree(&self) -> usize {
        self.max_degree
    }

    /// The number of harmonics, `n_J`.
    #[allow(clippy::len_without_is_empty)] // never empty
    pub fn len(&self) -> usize {
        self.starts[self.max_degree + 1]
    }

    /// The indices of degree `j`; empty above the largest degree.
    pub fn level(&self, j: usize) -> Range<usize> {
        if j > self.max_degree { self.len()..self.len() } else { self.starts[j]..self.starts[j + 1] }
    }

    /// The degree of the harmonic with index `l < len()`; `max_degree() + 1` for a larger index.
    pub fn degree_of(&self, l: usize) -> usize {
        self.starts.partition_point(|&s| s <= l) - 1
    }

    /// Values: `values[(i, l)] = Y_l(x_i)`, for `points` `[n, d]` (unit rows) and `values` `[n, len()]`.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`], or [`Error::NotUnit`] (beyond [`UNIT_NORM_F64`]).
    ///
    /// # Accuracy
    /// The addition theorem holds to about `2(j + 4)` roundings of `B(d,j)`, also at the poles of the
    /// coordinates.
    ///
    /// ```
    /// use escapement::sphere::HarmonicBasis;
    /// let basis = HarmonicBasis::new(3, 2)?;
    /// let north = faer::mat![[0.0, 0.0, 1.0]];
    /// let mut y = faer::Mat::zeros(1, basis.len());
    /// basis.evaluate(north.as_ref(), y.as_mut())?;
    /// let degree_2: f64 = basis.level(2).map(|l| y[(0, l)] * y[(0, l)]).sum();
    /// assert!((degree_2 - 5.0).abs() < 1e-14); // B(3,2) P_2(1)
    /// # Ok::<(), escapement::Error>(())
    /// ```
    pub fn evaluate(&self, points: MatRef<'_, f64>, values: MatMut<'_, f64>) -> Result<()> {
        self.run(points, values, &mut [])
    }

    /// Values as [`HarmonicBasis::evaluate`], and component i of the spherical gradient in `gradients[i]`,
    /// `[n, len()]`, for `0 ≤ i < d`: `∇_S Y = ∇H − j Y x` with H the homogeneous extension, a tangent
    /// vector in ambient coordinates.
    ///
    /// # Errors
    /// As [`HarmonicBasis::evaluate`]; [`Error::Shape`] unless there are d gradients of the right shape.
    ///
    /// # Accuracy
    /// `Σ_l |∇Y_{jl}|² = j(j+d−2) B(d,j)` and `x·∇_S Y = 0` to about `4(j + 4)` roundings of the same scale.
    pub fn evaluate_with_gradient(
        &self,
        points: MatRef<'_, f64>,
        values: MatMut<'_, f64>,
        gradients: &mut [Mat<f64>],
    ) -> Result<()> {
        if gradients.len() != self.d {
            return Err(Error::domain(
                "gradients",
                gradients.len(),
                format!("one matrix per coordinate is needed: {}", self.d),
            ));
        }
        self.run(points, values, gradients)
    }

    fn check(&self, points: MatRef<'_, f64>) -> Result<()> {
        if points.ncols() != self.d {
            return Err(Error::shape("points", [points.nrows(), points.ncols()], format!("n, {}", self.d)));
        }
        (0..points.nrows())
            .try_for_each(|row| unit_norm("points", row, points.row(row), UNIT_NORM_F64).map(|_| ()))
    }

    fn run(
        &self,
        points: MatRef<'_, f64>,
        mut values: MatMut<'_, f64>,
        gradients: &mut [Mat<f64>],
    ) -> Result<()> {
        self.check(points)?;
        let (n, all) = (points.nrows(), self.len());
        let mut shapes = std::iter::once((values.nrows(), values.ncols()))
            .chain(gradients.iter().map(|g| (g.nrows(), g.ncols())));
        if let Some((rows, cols)) = shapes.find(|&shape| shape != (n, all)) {
            return Err(Error::shape("harmonics", [rows, cols], format!("{n}, {all}")));
        }
        if values.row_stride() != 1 {
            // A row-major output is rare and is filled through a copy.
            let mut copy = Mat::zeros(n, all);
            self.run(points, copy.as_mut(), gradients)?;
            values.copy_from(&copy);
            return Ok(());
        }
        let mut work = Workspace::new(self);
        for first in (0..n).step_by(BLOCK) {
            let rows = BLOCK.min(n - first);
            work.load(points.subrows(first, rows));
            let mut planes: Vec<MatMut<'_, f64>> = Vec::with_capacity(1 + gradients.len());
            planes.push(values.rb_mut().subrows_mut(first, rows));
            planes.extend(gradients.iter_mut().map(|g| g.as_mut().subrows_mut(first, rows)));
            vectorised(Fill { basis: self, work: &mut work, rows, planes: &mut planes });
        }
        Ok(())
    }
}

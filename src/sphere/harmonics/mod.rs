//! Orthonormal real spherical harmonics for any dimension, with their gradients.
//!
//! Built one dimension at a time from homogeneous polynomials, so that nothing is singular anywhere. With
//! `x = (x_1, …, x_k)`, `ρ = |x|²` and a harmonic `H` of degree l in the first k−1 coordinates,
//! `Q_{j−l}(x_k, ρ) · H(x_1, …, x_{k−1})`, `Q_n(t, ρ) = ρ^{n/2} p̂_n^{(k+2l)}(t/√ρ)`,
//! is one of degree j in k coordinates. Those with `l = j` are `H` itself: inside each degree the harmonics of fewer coordinates come
//! first and never change, so the recursion fills the output in place.

use super::gegenbauer::{cumulative_dimension, dimension};
use crate::tolerance::UNIT_NORM_F64;
use crate::{Error, Result};
use faer::prelude::{IntoConst, ReborrowMut};
use faer::{Mat, MatMut, MatRef};
use std::ops::Range;

/// Points handled together: long enough for vector loops, short enough that a block of columns stays in cache.
const BLOCK: usize = 128;

/// An orthonormal basis `Y_{jl}` of the functions of degree at most J on the unit sphere, under the uniform probability
/// measure (`E[Y Y'] = δ`, `Y_{00} = 1`), ordered by degree.
///
/// Addition theorem: `Σ_l Y_{jl}(u) Y_{jl}(v) = B(d,j) P_j(u·v)`. For d up to about 10⁴ at degree 1, hundreds at degree 2, and
/// degrees above 30 at d = 3, 4.
#[derive(Debug, Clone, PartialEq)]
pub struct HarmonicBasis {
    d: usize,
    max_degree: usize,
    /// `starts[j]` is the first index of degree j; one more at the end.
    starts: Vec<usize>,
    /// `counts[k][j] = B(k,j)`, for `2 ≤ k ≤ d`.
    counts: Vec<Vec<usize>>,
}

/// Coefficients of a function known by its values, and how well they fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// One per harmonic.
    pub coefficients: Vec<f64>,
    /// Root mean square of what the fit leaves at the points.
    pub residual: f64,
    /// Ratio of the largest to the smallest singular value of the harmonics at the points: 1 for an exact quadrature.
    pub condition: f64,
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

    /// How many harmonics: `n_J`.
    #[allow(clippy::len_without_is_empty)] // never empty
    pub fn len(&self) -> usize {
        self.starts[self.max_degree + 1]
    }

    /// The indices of degree `j`; empty above the largest degree.
    pub fn level(&self, j: usize) -> Range<usize> {
        if j > self.max_degree { self.len()..self.len() } else { self.starts[j]..self.starts[j + 1] }
    }

    /// The degree of harmonic `l < len()`; `max_degree() + 1` beyond.
    pub fn degree_of(&self, l: usize) -> usize {
        self.starts.partition_point(|&s| s <= l) - 1
    }

    /// Values: `values[(i, l)] = Y_l(x_i)`, for `points` `[n, d]` (unit rows) and `values` `[n, len()]`.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::NotFinite`], or [`Error::NotUnit`] (beyond [`UNIT_NORM_F64`]).
    ///
    /// # Accuracy
    /// The addition theorem holds to about `2(j + 4)` roundings of `B(d,j)`, the poles of the coordinates included.
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

    /// Values as [`HarmonicBasis::evaluate`], and component i of the spherical gradient in `gradients[i]`, `[n, len()]`, for
    /// `0 ≤ i < d`: `∇_S Y = ∇H − j Y x` with H the homogeneous extension, a tangent vector in ambient coordinates.
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
            return Err(Error::domain("gradients", gradients.len(), format!("one matrix per coordinate is needed: {}", self.d)));
        }
        self.run(points, values, gradients)
    }

    fn check(&self, points: MatRef<'_, f64>) -> Result<()> {
        if points.ncols() != self.d {
            return Err(Error::Shape {
                name: "points",
                rows: points.nrows(),
                cols: points.ncols(),
                expected: format!("n, {}", self.d),
            });
        }
        for row in 0..points.nrows() {
            let mut square = 0.0;
            for col in 0..self.d {
                let value = points[(row, col)];
                if !value.is_finite() {
                    return Err(Error::NotFinite { name: "points", value, row, col });
                }
                square += value * value;
            }
            if (square.sqrt() - 1.0).abs() > UNIT_NORM_F64 {
                return Err(Error::NotUnit { row, name: "points", norm: square.sqrt(), tolerance: UNIT_NORM_F64 });
            }
        }
        Ok(())
    }

    fn run(&self, points: MatRef<'_, f64>, mut values: MatMut<'_, f64>, gradients: &mut [Mat<f64>]) -> Result<()> {
        self.check(points)?;
        let (n, all) = (points.nrows(), self.len());
        let mut shapes =
            std::iter::once((values.nrows(), values.ncols())).chain(gradients.iter().map(|g| (g.nrows(), g.ncols())));
        if let Some((rows, cols)) = shapes.find(|&shape| shape != (n, all)) {
            return Err(Error::Shape { name: "harmonics", rows, cols, expected: format!("{n}, {all}") });
        }
        if values.row_stride() != 1 {
            // Row-major output: rare, so through a copy.
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
            self.fill(&mut work, rows, &mut planes);
        }
        Ok(())
    }

    /// One block: `planes[0]` is the values, `planes[1 + i]` component i of the gradient (or none).
    fn fill(&self, work: &mut Workspace, rows: usize, planes: &mut [MatMut<'_, f64>]) {
        self.circle(work, rows, planes);
        for k in 3..=self.d {
            work.radial(k, self.max_degree, rows);
            for j in 1..=self.max_degree {
                let mut child = self.starts[j] + self.counts[k - 1][j];
                for l in (0..j).rev() {
                    let ratio = (l..j).map(|i| (self.d + 2 * i) as f64 / (k + 2 * i) as f64).product::<f64>().sqrt();
                    for parent in self.starts[l]..self.starts[l] + self.counts[k - 1][l] {
                        work.child(k, l, j - l, ratio, rows, planes, parent, child);
                        child += 1;
                    }
                }
            }
        }
        if planes.len() > 1 {
            for j in 1..=self.max_degree {
                for col in self.level(j) {
                    let (values, gradients) = planes.split_at_mut(1);
                    let y = column(&values[0], col);
                    for (i, g) in gradients.iter_mut().enumerate() {
                        for ((g, y), x) in column_mut(g, col).iter_mut().zip(y).zip(work.coordinate(i)) {
                            *g -= j as f64 * y * x;
                        }
                    }
                }
            }
        }
    }

    /// The harmonics of the first two coordinates, `√2 Re (x_1 + i x_2)^j` and `√2 Im`, scaled to unit norm on the whole sphere;
    /// and zeros in the gradient where no coordinate enters.
    fn circle(&self, work: &Workspace, rows: usize, planes: &mut [MatMut<'_, f64>]) {
        for g in planes[1..].iter_mut() {
            g.fill(0.0);
        }
        column_mut(&mut planes[0], 0).fill(1.0);
        let (x, y) = (work.coordinate(0), work.coordinate(1));
        for j in 1..=self.max_degree {
            let (re, im) = (self.starts[j], self.starts[j] + 1);
            // From degree j−1; the factor √2 enters at j = 1.
            let (before, imaginary) = (self.starts[j - 1], self.starts[j - 1] + 1);
            let i = j - 1;
            let scale = ((self.d + 2 * i) as f64 / (2 + 2 * i) as f64 * if j == 1 { 2.0 } else { 1.0 }).sqrt();
            for r in 0..rows {
                let (a, b) = (planes[0][(r, before)], if j == 1 { 0.0 } else { planes[0][(r, imaginary)] });
                planes[0][(r, re)] = scale * (a * x[r] - b * y[r]);
                planes[0][(r, im)] = scale * (a * y[r] + b * x[r]);
                if planes.len() > 1 {
                    // d/dx (x+iy)^j = j (x+iy)^{j−1}, d/dy = i times that.
                    let (a, b) = (scale * j as f64 * a, scale * j as f64 * b);
                    planes[1][(r, re)] = a;
                    planes[1][(r, im)] = b;
                    planes[2][(r, re)] = -b;
                    planes[2][(r, im)] = a;
                }
            }
        }
    }

    /// The coefficients of `P_degree(η·x̂)`: `Y_{jl}(η)/B(d,j)` on that degree, zero elsewhere; length `len()`.
    ///
    /// # Errors
    /// [`Error::Domain`] if `degree > max_degree()`, else as [`HarmonicBasis::evaluate`] for `η`.
    pub fn project_zonal(&self, degree: usize, eta: &[f64]) -> Result<Vec<f64>> {
        if degree > self.max_degree {
            return Err(Error::domain("degree", degree, format!("the basis stops at degree {}", self.max_degree)));
        }
        let eta = MatRef::from_row_major_slice(eta, 1, eta.len());
        let mut y = Mat::zeros(1, self.len());
        self.evaluate(eta, y.as_mut())?;
        let level = self.level(degree);
        let b = level.len() as f64;
        Ok((0..self.len()).map(|l| if level.contains(&l) { y[(0, l)] / b } else { 0.0 }).collect())
    }

    /// Least squares for a function given by its `values` at `points` `[n, d]`, `n ≥ len()`: minimises
    /// `Σ_i (values_i − Σ_l c_l Y_l(x_i))²` by a singular value decomposition.
    ///
    /// # Errors
    /// [`Error::Domain`] with fewer points than harmonics, another number of values, or points on which the harmonics are linearly
    /// dependent; [`Error::NotFinite`]; [`Error::Numerical`] if the decomposition does not converge; as [`HarmonicBasis::evaluate`].
    ///
    /// # Accuracy
    /// Coefficients to about `condition · n` roundings of the root mean square of the values.
    pub fn fit(&self, points: MatRef<'_, f64>, values: &[f64]) -> Result<Fit> {
        let (n, all) = (points.nrows(), self.len());
        if values.len() != n {
            return Err(Error::domain("values", values.len(), format!("one value per point is needed: {n}")));
        }
        if n < all {
            return Err(Error::domain(
                "points",
                n,
                format!("the {all} harmonics of degree up to {} need at least as many points", self.max_degree),
            ));
        }
        if let Some(row) = values.iter().position(|v| !v.is_finite()) {
            return Err(Error::NotFinite { name: "values", value: values[row], row, col: 0 });
        }
        let mut y = Mat::zeros(n, all);
        self.evaluate(points, y.as_mut())?;
        let svd =
            y.thin_svd().map_err(|e| Error::Numerical { what: "the singular value decomposition", why: format!("{e:?}") })?;
        let s = svd.S().column_vector();
        // The rank test of LAPACK and NumPy: a smaller singular value is rounding of the largest.
        if s[all - 1] <= f64::EPSILON * n as f64 * s[0] {
            let why = format!(
                "the {all} harmonics must be linearly independent at the points; their least singular value is {:.1e} of the largest",
                s[all - 1] / s[0]
            );
            return Err(Error::domain("points", n, why));
        }
        let f = faer::ColRef::from_slice(values);
        let mut c = svd.U().transpose() * f;
        for l in 0..all {
            c[l] /= s[l];
        }
        let c = svd.V() * c;
        let left = f - &y * &c;
        Ok(Fit {
            coefficients: c.iter().copied().collect(),
            residual: left.norm_l2() / (n as f64).sqrt(),
            condition: s[0] / s[all - 1],
        })
    }
}

/// Scratch for one block of points: everything is `[item][point]`, points contiguous.
struct Workspace {
    rows: usize,
    d: usize,
    /// `x[i]`, coordinates.
    x: Vec<f64>,
    /// `ρ_k = x_1² + … + x_k²` for the k in hand.
    rho: Vec<f64>,
    /// `Q_n^{(k+2l)}` at `(l, n)`, `l + n ≤ J`: see [`Workspace::q`].
    q: Vec<f64>,
    max_degree: usize,
}

impl Workspace {
    fn new(basis: &HarmonicBasis) -> Self {
        let pairs = (basis.max_degree + 1) * (basis.max_degree + 2) / 2;
        let sized = |items: usize| vec![0.0; items * BLOCK];
        Self { rows: BLOCK, d: basis.d, x: sized(basis.d), rho: sized(1), q: sized(pairs), max_degree: basis.max_degree }
    }

    fn load(&mut self, points: MatRef<'_, f64>) {
        self.rows = points.nrows();
        for i in 0..self.d {
            for r in 0..self.rows {
                self.x[i * BLOCK + r] = points[(r, i)];
            }
        }
        for r in 0..self.rows {
            self.rho[r] = self.x[r] * self.x[r] + self.x[BLOCK + r] * self.x[BLOCK + r];
        }
    }

    fn coordinate(&self, i: usize) -> &[f64] {
        &self.x[i * BLOCK..i * BLOCK + self.rows]
    }

    /// Where `(l, n)` sits: l by l, each with n = 0 to J − l.
    fn at(&self, l: usize, n: usize) -> usize {
        (l * (2 * self.max_degree + 3 - l) / 2 + n) * BLOCK
    }

    /// Fills the Q for dimension `k` by `b_{n+1} Q_{n+1} = t Q_n − b_n ρ Q_{n−1}`.
    fn radial(&mut self, k: usize, max_degree: usize, rows: usize) {
        // From ρ_{k−1}; `load` left ρ_2.
        for r in 0..rows {
            self.rho[r] += self.x[(k - 1) * BLOCK + r] * self.x[(k - 1) * BLOCK + r];
        }
        for l in 0..=max_degree {
            let dim = (k + 2 * l) as f64;
            let b = |n: usize| {
                let n = n as f64;
                (n * (n + dim - 3.0) / ((2.0 * n + dim - 2.0) * (2.0 * n + dim - 4.0))).sqrt()
            };
            let start = self.at(l, 0);
            self.q[start..start + rows].fill(1.0);
            let t = &self.x[(k - 1) * BLOCK..(k - 1) * BLOCK + rows];
            for n in 0..max_degree - l {
                let at = self.at(l, n);
                let (done, next) = self.q.split_at_mut(at + BLOCK);
                let next = &mut next[..rows];
                let here = &done[at..at + rows];
                let up = 1.0 / b(n + 1);
                if n == 0 {
                    for r in 0..rows {
                        next[r] = up * t[r] * here[r];
                    }
                } else {
                    let (below, down) = (&done[at - BLOCK..at - BLOCK + rows], b(n) * up);
                    for r in 0..rows {
                        next[r] = up * t[r] * here[r] - down * self.rho[r] * below[r];
                    }
                }
            }
        }
    }

    /// Column `child` from column `parent`: `ratio · Q_n^{(k+2l)} · H`, and its derivatives.
    ///
    /// `∂_t Q_n^{(D)} = √(n(n+D−2)D/(D−1)) Q_{n−1}^{(D+2)}` and `∂_ρ Q_n^{(D)} = −½ √(D n(n−1)(2n+D−2)/((D−1)(2n+D−4))) Q_{n−2}^{(D+2)}`, from
    /// the generating function `(1 − 2tu + ρu²)^{−λ}`, `λ = D/2 − 1`.
    #[allow(clippy::too_many_arguments)]
    fn child(
        &self,
        k: usize,
        l: usize,
        n: usize,
        ratio: f64,
        rows: usize,
        planes: &mut [MatMut<'_, f64>],
        parent: usize,
        child: usize,
    ) {
        let at = |l: usize, n: usize| &self.q[self.at(l, n)..self.at(l, n) + rows];
        let q = at(l, n);
        let (values, gradients) = planes.split_at_mut(1);
        let h = {
            let (done, fresh) = values[0].rb_mut().split_at_col_mut(child);
            let (h, y) = (into_column(done.into_const(), parent), into_column_mut(fresh, 0));
            for r in 0..rows {
                y[r] = ratio * q[r] * h[r];
            }
            h
        };
        if gradients.is_empty() {
            return;
        }
        let (dim, deg) = ((k + 2 * l) as f64, n as f64);
        let along = ratio * (deg * (deg + dim - 2.0) * dim / (dim - 1.0)).sqrt();
        // Twice ∂_ρ Q, which is what ∂ρ/∂x_i = 2x_i asks for.
        let shrink =
            -ratio * (dim * deg * (deg - 1.0) * (2.0 * deg + dim - 2.0) / ((dim - 1.0) * (2.0 * deg + dim - 4.0))).sqrt();
        let q_t = at(l + 1, n - 1);
        let mut both = [0.0; BLOCK];
        if n >= 2 {
            for (both, (q, h)) in both.iter_mut().zip(at(l + 1, n - 2).iter().zip(h)) {
                *both = shrink * q * h;
            }
        }
        for (i, g) in gradients.iter_mut().enumerate().take(k) {
            let x = self.coordinate(i);
            let (done, fresh) = g.rb_mut().split_at_col_mut(child);
            let (h_i, g) = (into_column(done.into_const(), parent), into_column_mut(fresh, 0));
            if i + 1 < k {
                for r in 0..rows {
                    g[r] = ratio * q[r] * h_i[r] + both[r] * x[r];
                }
            } else {
                for r in 0..rows {
                    g[r] = along * q_t[r] * h[r] + both[r] * x[r];
                }
            }
        }
    }
}

/// A column as a slice. The planes have unit row stride: `run` sees to it.
fn into_column(m: MatRef<'_, f64>, col: usize) -> &[f64] {
    m.col(col).try_as_col_major().map_or(&[], |c| c.as_slice())
}

fn into_column_mut(m: MatMut<'_, f64>, col: usize) -> &mut [f64] {
    m.col_mut(col).try_as_col_major_mut().map_or(&mut [], |c| c.as_slice_mut())
}

fn column<'a>(m: &'a MatMut<'_, f64>, col: usize) -> &'a [f64] {
    into_column(m.as_ref(), col)
}

fn column_mut<'a>(m: &'a mut MatMut<'_, f64>, col: usize) -> &'a mut [f64] {
    into_column_mut(m.as_mut(), col)
}

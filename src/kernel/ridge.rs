//! Kernel ridge regression with the neural tangent kernel at infinite width, and its exact test error.
//!
//! The kernel is `K(x, x') = Σ_j τ_j P_j(x̂·x̂')`, with eigenvalue κ_j on degree j. The target f* is a sum
//! of zonal functions, `f* = Σ_a c_a P_{j_a}(η_a·x̂)`, and the predictor is `f̂ = Σ_i b_i K(x_i, ·)`. Their
//! inner products have a closed form, degree by degree, and so has the error on degree j:
//! `E (f* − f̂)²|_j = ‖f*_j‖² − 2κ_j Σ_i b_i f*_j(x_i) + κ_j² B_j bᵀ P_j(x̂_i·x̂_l) b`.

use crate::Result;
use crate::construct::{LowDegree, Target, ZonalTerm};
use crate::product::vectorised;
use crate::sphere::{FeatureLevels, Gegenbauer, ZonalQuadrature, dimension};
use faer::{Mat, MatRef, Side, linalg::solvers::Solve};

/// A target function as a sum of zonal functions `c P_j(η·x̂)` of any degrees.
pub struct Zonals {
    d: usize,
    legendre: Gegenbauer,
    terms: Vec<ZonalTerm>,
}

impl Zonals {
    /// The zonal terms of f* = f_k + f_sp. Those of f_k are taken as they are, and a low-degree part in
    /// harmonic form counts as zero. A sparse term is expanded by `(β·x)^{k+1} = Σ_j B_j q_j P_j(β·x̂)`,
    /// `q_j = E[(√d z)^{k+1} P_j(z)]`, which the quadrature gives exactly.
    ///
    /// # Errors
    /// A dimension that is not allowed.
    pub fn of(target: &Target) -> Result<Self> {
        let (d, k) = (target.d(), target.k());
        let legendre = Gegenbauer::new(d)?;
        let mut terms = match target.low() {
            LowDegree::Zonal(terms) => terms.clone(),
            LowDegree::Harmonic(_) => Vec::new(),
        };
        let rule = ZonalQuadrature::shared(d, k + 2)?;
        for degree in (0..=k + 1).filter(|j| (k + 1 - j) % 2 == 0) {
            let q = rule.expect(|z| ((d as f64).sqrt() * z).powi(k as i32 + 1) * legendre.value(degree, z));
            let coefficient = dimension(d, degree) * q;
            terms.extend(target.sparse().iter().map(|t| ZonalTerm {
                degree,
                coefficient: t.alpha * coefficient,
                eta: t.beta.clone(),
            }));
        }
        Ok(Self { d, legendre, terms })
    }

    /// The values of the part of degree j at the rows of `x` (`[n, d]`, of norm √d).
    fn part(&self, j: usize, x: MatRef<'_, f64>) -> Vec<f64> {
        let value = |i: usize, t: &ZonalTerm| {
            let cosine =
                t.eta.iter().enumerate().map(|(c, e)| e * x[(i, c)]).sum::<f64>() / (self.d as f64).sqrt();
            t.coefficient * self.legendre.value(j, cosine.clamp(-1.0, 1.0))
        };
        (0..x.nrows())
            .map(|i| self.terms.iter().filter(|t| t.degree == j).map(|t| value(i, t)).sum())
            .collect()
    }

    /// f* at the rows of `x`.
    pub fn value(&self, x: MatRef<'_, f64>) -> Vec<f64> {
        let mut sum = vec![0.0; x.nrows()];
        for j in 0..=self.degree() {
            sum.iter_mut().zip(self.part(j, x)).for_each(|(s, v)| *s += v);
        }
        sum
    }

    /// The zonal terms.
    pub fn terms(&self) -> &[ZonalTerm] {
        &self.terms
    }

    /// The largest degree of a term; 0 without terms.
    pub fn degree(&self) -> usize {
        self.terms.iter().map(|t| t.degree).max().unwrap_or(0)
    }

    /// The mean square of the degree-j part of f*, `‖f*_j‖² = Σ_{a,b} c_a c_b P_j(η_a·η_b)/B_j`.
    pub fn second_moment(&self, j: usize) -> f64 {
        let terms: Vec<_> = self.terms.iter().filter(|t| t.degree == j).collect();
        let product = |a: &ZonalTerm, b: &ZonalTerm| {
            let cosine: f64 = a.eta.iter().zip(&b.eta).map(|(a, b)| a * b).sum();
            a.coefficient * b.coefficient * self.legendre.value(j, cosine.clamp(-1.0, 1.0))
        };
        terms.iter().flat_map(|a| terms.iter().map(move |b| product(a, b))).sum::<f64>()
            / dimension(self.d, j)
    }
}

/// Kernel ridge regression on a sample of n inputs, with the values of the target as labels.
pub struct KernelRidge<'a> {
    levels: &'a FeatureLevels,
    x: MatRef<'a, f64>,
    target: &'a Zonals,
    y: Vec<f64>,
    kernel: Mat<f64>,
    /// `κ_j τ_j P_j(x̂_i·x̂_l)` for each degree j of f*, and for all above it.
    squares: Vec<Mat<f64>>,
    /// `κ_j f*_j(x_i)`.
    overlaps: Vec<Vec<f64>>,
}

/// The test error of a predictor over the uniform distribution on the sphere, by degree.
#[derive(Debug, Clone)]
pub struct TestError {
    /// `E (f* − f̂)²` on each degree from 0 to that of f*; the last entry holds all degrees above.
    pub by_degree: Vec<f64>,
    /// The sum of the moduli of all terms that were added, to which the rounding of the error is relative.
    pub moduli: f64,
    /// The coefficients b of the predictor, one for each input.
    pub coefficients: Vec<f64>,
}

impl TestError {
    /// The test error `E (f* − f̂)²` over all degrees.
    pub fn total(&self) -> f64 {
        self.by_degree.iter().sum()
    }
}

impl<'a> KernelRidge<'a> {
    /// The regression for the values of `target` at the rows of `x` (`[n, d]`, of norm √d). The kernel is
    /// cut at the last degree of `levels`, which must not be below that of the target.
    ///
    /// # Errors
    /// A dimension that is not allowed.
    pub fn new(levels: &'a FeatureLevels, x: MatRef<'a, f64>, target: &'a Zonals) -> Result<Self> {
        let (cosines, top) = (cosines(x, x), target.degree());
        let weights = |keep: &dyn Fn(usize) -> bool| -> Vec<f64> {
            levels.levels.iter().map(|l| if keep(l.degree) { l.kappa * l.tau } else { 0.0 }).collect()
        };
        let mut series: Vec<Vec<f64>> = (0..=top).map(|j| weights(&|degree| degree == j)).collect();
        series.push(weights(&|degree| degree > top));
        series.push(levels.levels.iter().map(|l| l.tau).collect());
        let mut squares = sum_symmetric_series(levels.d, &cosines, &series)?;
        let kernel = squares.remove(top + 2);
        let kappa = |j: usize| levels.levels.get(j).map_or(0.0, |l| l.kappa);
        let overlaps =
            (0..=top).map(|j| target.part(j, x).into_iter().map(|f| kappa(j) * f).collect()).collect();
        Ok(Self { levels, x, target, y: target.value(x), kernel, squares, overlaps })
    }

    /// The predictor `b = (K + nλI)^{-1} y` for the ridge λ, with its test error; `None` where the matrix is
    /// not positive definite to rounding.
    pub fn fit(&self, ridge: f64) -> Option<TestError> {
        let n = self.y.len();
        let shifted =
            Mat::from_fn(n, n, |i, l| self.kernel[(i, l)] + if i == l { n as f64 * ridge } else { 0.0 });
        Some(self.error(&shifted.llt(Side::Lower).ok()?.solve(Mat::from_fn(n, 1, |i, _| self.y[i]))))
    }

    /// The predictor whose b minimises the test error itself, which needs f*. No choice of b, and so no
    /// regularisation, has a smaller error. `None` as in [`KernelRidge::fit`].
    pub fn oracle(&self) -> Option<TestError> {
        let n = self.y.len();
        let gram = Mat::from_fn(n, n, |i, l| self.squares.iter().map(|square| square[(i, l)]).sum::<f64>());
        let overlap = Mat::from_fn(n, 1, |i, _| self.overlaps.iter().map(|overlap| overlap[i]).sum::<f64>());
        Some(self.error(&gram.llt(Side::Lower).ok()?.solve(overlap)))
    }

    /// The test error of the predictor with the coefficients b, `[n, 1]`.
    fn error(&self, b: &Mat<f64>) -> TestError {
        let n = self.y.len();
        let form = |matrix: &Mat<f64>| (b.transpose() * matrix * b)[(0, 0)];
        let coefficients: Vec<f64> = (0..n).map(|i| b[(i, 0)]).collect();
        let mut moduli = 0.0;
        let mut error = |(j, square): (usize, &Mat<f64>)| {
            moduli += coefficients.iter().map(|b| b.abs()).sum::<f64>().powi(2) * square[(0, 0)].abs();
            let Some(overlap) = self.overlaps.get(j) else { return form(square) };
            let terms = || overlap.iter().zip(&coefficients).map(|(f, b)| f * b);
            moduli += self.target.second_moment(j) + 2.0 * terms().map(f64::abs).sum::<f64>();
            self.target.second_moment(j) - 2.0 * terms().sum::<f64>() + form(square)
        };
        let by_degree = self.squares.iter().enumerate().map(&mut error).collect();
        TestError { by_degree, moduli, coefficients }
    }

    /// The values of the predictor with these coefficients at the rows of `fresh` (`[n', d]`, of norm √d).
    ///
    /// # Errors
    /// A dimension that is not allowed.
    pub fn predict(&self, coefficients: &[f64], fresh: MatRef<'_, f64>) -> Result<Vec<f64>> {
        let (n, cosines) = (self.y.len(), cosines(fresh, self.x));
        let tau: Vec<f64> = self.levels.levels.iter().map(|l| l.tau).collect();
        let kernel = &sum_series(self.levels.d, &cosines, &[tau])?[0];
        Ok((0..fresh.nrows()).map(|i| (0..n).map(|l| kernel[(i, l)] * coefficients[l]).sum()).collect())
    }
}

/// `x̂_i·x̂'_l` for rows of norm √d.
pub(super) fn cosines(x: MatRef<'_, f64>, other: MatRef<'_, f64>) -> Mat<f64> {
    let mut product = x * other.transpose();
    let d = x.ncols() as f64;
    for column in product.col_iter_mut() {
        column.iter_mut().for_each(|t| *t = (*t / d).clamp(-1.0, 1.0));
    }
    product
}

/// `Σ_j c_j P_j(t)` at every entry, for several series c of one length.
pub(super) fn sum_series(d: usize, cosines: &Mat<f64>, series: &[Vec<f64>]) -> Result<Vec<Mat<f64>>> {
    sum_series_from(|_| 0, d, cosines, series)
}

/// As [`sum_series`], where the matrix is symmetric: of each pair of entries one is computed.
pub(super) fn sum_symmetric_series(
    d: usize,
    cosines: &Mat<f64>,
    series: &[Vec<f64>],
) -> Result<Vec<Mat<f64>>> {
    let mut sums = sum_series_from(|column| column, d, cosines, series)?;
    for sum in &mut sums {
        for l in 0..cosines.ncols() {
            for i in 0..l {
                sum[(i, l)] = sum[(l, i)];
            }
        }
    }
    Ok(sums)
}

/// As [`sum_series`], in each column from the row `first` on: one pass of the recurrence
/// `(j+d−2) P_{j+1} = (2j+d−2) t P_j − j P_{j−1}`.
fn sum_series_from(
    first: impl Fn(usize) -> usize,
    d: usize,
    cosines: &Mat<f64>,
    series: &[Vec<f64>],
) -> Result<Vec<Mat<f64>>> {
    let d = Gegenbauer::new(d)?.d() as f64;
    let (rows, cols) = (cosines.nrows(), cosines.ncols());
    let mut sums = vec![Mat::zeros(rows, cols); series.len()];
    let (mut at, mut below) = (vec![0.0; rows], vec![0.0; rows]);
    for l in 0..cols {
        let here = first(l)..;
        let t = &cosines.col_as_slice(l)[here.clone()];
        let (at, below) = (&mut at[here.clone()], &mut below[here.clone()]);
        at.fill(1.0);
        below.fill(0.0);
        for j in 0..series.first().map_or(0, Vec::len) {
            let degree = j as f64;
            let (alpha, beta) = ((2.0 * degree + d - 2.0) / (degree + d - 2.0), degree / (degree + d - 2.0));
            for (sum, c) in sums.iter_mut().zip(series).filter(|(_, c)| c[j] != 0.0) {
                let (sum, c) = (&mut sum.col_as_slice_mut(l)[here.clone()], c[j]);
                vectorised(|| sum.iter_mut().zip(at.iter()).for_each(|(s, p)| *s += c * p));
            }
            vectorised(|| {
                for ((below, at), t) in below.iter_mut().zip(at.iter_mut()).zip(t) {
                    (*below, *at) = (*at, alpha * t * *at - beta * *below);
                }
            });
        }
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation;
    use crate::construct::SparseTerm;
    use crate::seed;
    use crate::sphere::{Truncation, uniform_sphere};

    #[test]
    fn nothing_beats_the_oracle() {
        let rng = &mut seed::stream(3, "kernel", "oracle");
        let mut direction = || uniform_sphere(rng, 1, 5, 1.0).row(0).iter().copied().collect::<Vec<f64>>();
        let low = LowDegree::Zonal(vec![ZonalTerm { degree: 1, coefficient: 2.0, eta: direction() }]);
        let target = Target::new(5, 1, low, vec![SparseTerm { alpha: 1.0, beta: direction() }]).unwrap();
        let zonals = Zonals::of(&target).unwrap();
        let sigma = activation::parse("sigmoid:1").unwrap();
        let levels = FeatureLevels::new(5, sigma.as_ref(), Truncation::default()).unwrap();
        let x = uniform_sphere(rng, 12, 5, 5.0_f64.sqrt());
        let ridge = KernelRidge::new(&levels, x.as_ref(), &zonals).unwrap();
        let best = ridge.oracle().unwrap();
        let least = [0.0, 1e-4, 1e-3, 1e-2, 1e-1]
            .map(|r| ridge.fit(r).unwrap().total())
            .into_iter()
            .fold(f64::INFINITY, f64::min);
        assert!(best.total() < 0.999 * least, "{} for {least}", best.total());
        // It is a minimum: every step from it costs.
        for i in 0..12 {
            for step in [1e-3, -1e-3] {
                let moved =
                    Mat::from_fn(12, 1, |l, _| best.coefficients[l] + if l == i { step } else { 0.0 });
                assert!(ridge.error(&moved).total() > best.total());
            }
        }
    }
}

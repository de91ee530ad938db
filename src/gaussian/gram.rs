//! The second moment of a sample gradient over all initial weights, and its mean over the samples.

use super::arcsine::arcsine;
use super::gradient::PopulationGradient;
use super::hermite;
use super::polynomial::Polynomial;
use super::series::HermiteSeries;
use super::spectrum::BallMatrix;
use crate::activation::{Relu, Shifted};
use crate::ball::Ball;
use crate::error::finite;
use crate::product::matmul;
use crate::tolerance::ARCSINE_ROUNDINGS;
use crate::{Error, Result};
use faer::{Accum, Mat, MatRef, Par};
use rayon::prelude::*;
use std::f64::consts::TAU;

/// Samples in a block of rows and of columns: a block of K takes 1 MiB.
const ROWS: usize = 256;
const COLS: usize = 512;
/// Sums of blocks that are kept apart: the order of the additions is the same at any number of threads.
const SUMS: usize = 32;
/// Cosines above this in modulus are computed anew from the distance of the two points.
const NEAR: f64 = 0.95;

/// `M_n = E_w g_n(w) g_n(w)ᵀ` of a sample.
#[derive(Debug, Clone, PartialEq)]
pub struct AverageGram {
    /// M_n, `[d, d]`, exactly symmetric.
    pub matrix: Mat<f64>,
    /// A bound on the Frobenius norm of its error.
    pub error: f64,
}

/// The exact average `M_n = E_w g_n(w) g_n(w)ᵀ` over uniform unit vectors w, at infinite width, of the
/// sample gradient `g_n(w) = n⁻¹ Σ_i y_i x_i σ'(w·x_i)` for the ReLU σ without shift.
///
/// The inputs x are the rows of `x`, `[n, d]`; y are the n labels as the step sees them, centred where it
/// centres them. With the cosine ρ_ij of two inputs, `M_n = n⁻² Σ_ij y_i y_j K_ij x_i x_jᵀ`,
/// `K_ij = ¼ + arcsin(ρ_ij)/2π` and `K_ii = ½`. Only pairs i ≤ j are formed, in blocks, and no matrix of
/// order n is. The cost is 2n²d flops and n²/2 arcsines; the memory is `2nd + 32d²` numbers beside
/// the inputs, and 4 MiB a thread. At d = 256 and n = 65 536 this is 25 s on two cores of a Xeon, and 0.3
/// GiB.
///
/// # Errors
/// [`Error::Shape`] where there is no input, or another number of labels; [`Error::NotFinite`];
/// [`Error::Numerical`] where the average overflows.
///
/// # Accuracy
/// Where |ρ| is above 0.95, the angle comes from the distance of the two points, because the arcsine of a
/// rounded cosine would lose digits there. The bound is that of the worst case: all roundings of sums over n
/// samples in one direction. The bits do not depend on the number of threads.
pub fn average_gram(x: MatRef<'_, f64>, y: &[f64], par: Par) -> Result<AverageGram> {
    let (n, d) = (x.nrows(), x.ncols());
    if n == 0 || d == 0 {
        return Err(Error::shape("the inputs", [n, d], "n, d, neither of them 0"));
    }
    if y.len() != n {
        return Err(Error::shape("the labels", [y.len(), 1], format!("{n}, 1")));
    }
    finite("the inputs", x)?;
    finite("the labels", MatRef::from_column_major_slice(y, n, 1))?;
    // Points are columns, so that blocks of them are contiguous.
    let norms: Vec<f64> = (0..n).map(|i| x.row(i).norm_l2()).collect();
    let unit = Mat::from_fn(d, n, |c, i| if norms[i] == 0.0 { 0.0 } else { x[(i, c)] / norms[i] });
    let weighted = Mat::from_fn(d, n, |c, i| y[i] / n as f64 * x[(i, c)]);
    let blocks = n.div_ceil(ROWS);
    let sum = |part: usize| {
        let mut out = Mat::<f64>::zeros(d, d);
        let mut kernel = Mat::<f64>::zeros(COLS.min(n), ROWS.min(n));
        let mut summed = Mat::<f64>::zeros(d, ROWS.min(n));
        // Early blocks have many pairs and late ones few: the snake gives each part some of both.
        let of_part = |block: &usize| {
            let (round, place) = (block / SUMS, block % SUMS);
            part == if round % 2 == 0 { place } else { SUMS - 1 - place }
        };
        for first in (0..blocks).filter(of_part).map(|block| block * ROWS) {
            let rows = ROWS.min(n - first);
            let mut summed = summed.as_mut().subcols_mut(0, rows);
            summed.fill(0.0);
            for start in (first..n).step_by(COLS) {
                let cols = COLS.min(n - start);
                let (here, there) = (unit.as_ref().subcols(first, rows), unit.as_ref().subcols(start, cols));
                let cosines = kernel.as_mut().submatrix_mut(0, 0, cols, rows);
                matmul(cosines, Accum::Replace, there.transpose(), here, 1.0, Par::Seq);
                for i in 0..rows {
                    pairs(&mut kernel.col_as_slice_mut(i)[..cols], first + i, start, unit.as_ref());
                }
                let kernel = kernel.as_ref().submatrix(0, 0, cols, rows);
                let there = weighted.as_ref().subcols(start, cols);
                matmul(summed.as_mut(), Accum::Add, there, kernel, 1.0, Par::Seq);
            }
            let here = weighted.as_ref().subcols(first, rows);
            matmul(out.as_mut(), Accum::Add, summed.as_ref(), here.transpose(), 1.0, Par::Seq);
        }
        out
    };
    let sums = SUMS.min(blocks);
    let parts: Vec<Mat<f64>> = match par {
        Par::Seq => (0..sums).map(sum).collect(),
        _ => (0..sums).into_par_iter().map(sum).collect(),
    };
    let half = parts.into_iter().fold(Mat::<f64>::zeros(d, d), |sum, part| sum + part);
    // The pairs i < j, their mirror images, and the quarter that all pairs have in common.
    let mean: Vec<f64> = (0..d).map(|c| weighted.row(c).sum()).collect();
    let matrix = Mat::from_fn(d, d, |i, j| half[(i, j)] + half[(j, i)] + 0.25 * mean[i] * mean[j]);
    let moduli: f64 = (0..d).map(|c| weighted.row(c).norm_l1().powi(2)).sum();
    let error = moduli * roundings(n, d) * 0.5 * f64::EPSILON * (1.0 + 4.0 * n as f64 * f64::EPSILON);
    if !(error.is_finite() && matrix.as_ref().norm_max().is_finite()) {
        return Err(Error::Numerical {
            what: "the average of a sample gradient",
            why: "it overflows".into(),
        });
    }
    Ok(AverageGram { matrix, error })
}

/// Cosines of the point `i` with the points from `start` on, replaced by `arcsin(ρ)/2π` for the points after
/// i, by half of the ¼ that is `arcsin(1)/2π` for i itself, and by 0 for those before.
fn pairs(cosines: &mut [f64], i: usize, start: usize, unit: MatRef<'_, f64>) {
    let near: Vec<(usize, f64)> = match cosines.iter().any(|rho| rho.abs() > NEAR) {
        false => vec![],
        true => cosines.iter().copied().enumerate().filter(|(_, rho)| rho.abs() > NEAR).collect(),
    };
    arcsine(1.0 / TAU, cosines);
    for (k, rho) in near {
        // The angle to the nearer of the two points ±x_j, from their distance and that from the other one.
        let square = |sign: f64| -> f64 {
            (0..unit.nrows()).map(|c| (unit[(c, i)] - sign * unit[(c, start + k)]).powi(2)).sum()
        };
        let (apart, opposite) = (square(rho.signum()).sqrt(), square(-rho.signum()).sqrt());
        cosines[k] = rho.signum() * (0.25 - 2.0 * libm::atan2(apart, opposite) / TAU);
    }
    let before = i.saturating_sub(start).min(cosines.len());
    cosines[..before].fill(0.0);
    if let Some(own) = i.checked_sub(start).and_then(|own| cosines.get_mut(own)) {
        *own = if unit.col(i).norm_max() == 0.0 { 0.0 } else { 0.125 };
    }
}

/// The roundings of an entry of M_n, relative to `Σ_ij |y_i y_j x_i x_jᵀ|/n²`. A cosine errs by 2d + 6: d in
/// the sum, and d/2 + 2 in either norm. The arcsine makes at most 1/√(1 − NEAR²) < 3.3 of them, which are
/// divided by 2π > 1/0.16, and adds its own roundings of ¼. The factors y x/n have 2 each, and the sums over
/// n samples, of terms at most ¼ in either of the two mirror images and in the common quarter, 2n in all and
/// one for each of the [`SUMS`].
fn roundings(n: usize, d: usize) -> f64 {
    let (n, d) = (n as f64, d as f64);
    0.16 * 3.3 * (2.0 * d + 6.0) + 0.25 * (2.0 * ARCSINE_ROUNDINGS + 2.0) + 4.0 + 2.0 * n + SUMS as f64
}

/// `E M_n`, the mean of M_n over n samples, by its block in S* and what multiplies I − Π*.
#[derive(Debug, Clone, PartialEq)]
pub struct MeanGram {
    /// The block in S*, `[r, r]`.
    pub inside: BallMatrix,
    /// The eigenvalue outside S*, of multiplicity d − r.
    pub outside: Ball,
    /// The trace, `(1 − 1/n) E_w‖g‖² + E[(f̂² + ς²)‖x‖²]/2n`.
    pub trace: Ball,
}

/// The mean over samples of [`average_gram`] for standard normal inputs in R^d and labels `y = f̂(x) + ϵ`,
/// where f̂ is f less its degrees 0 and 1 (centring with the exact C_0 and C_1) and ϵ has mean 0 and mean
/// square ς², independent of x:
/// `E M_n = (1 − 1/n) E_w g gᵀ + E[(f̂² + ς²) x xᵀ]/2n`.
///
/// The trace is computed apart from the two blocks, from the norms of the tensors.
///
/// # Errors
/// [`Error::Domain`] for d below r, n = 0, or a noise ς that is negative or not finite.
pub fn mean_gram(f: &HermiteSeries, d: usize, n: usize, noise: f64) -> Result<MeanGram> {
    if n == 0 {
        return Err(Error::domain("n", n, "there must be at least one sample"));
    }
    if !(noise.is_finite() && noise >= 0.0) {
        return Err(Error::domain("the noise ς", noise, "it must be a finite number, not negative"));
    }
    let f = f.centred();
    let relu = Shifted::new(Relu, 0.0);
    let c = hermite::coefficients(&relu, f.degree() + 2)?;
    let population = PopulationGradient::from_coefficients(&f, &c);
    let (gram, across) = population.gram(d)?;
    let n = n as f64;
    let (signal, sample) = (1.0 - Ball::exact(1.0) / n, Ball::exact(0.5) / n);
    let variance = Ball::exact(noise) * noise;
    let second = f.second_moment() + variance;
    let squares = squared_moments(&f);
    let entry = |i: usize, j: usize| {
        let noise = if i == j { variance } else { Ball::exact(0.0) };
        signal * gram[i][j] + sample * (squares[i][j] + noise)
    };
    let r = f.latent();
    let norm = squared_norm_moment(&f, d) + variance * d as f64;
    Ok(MeanGram {
        inside: (0..r).map(|i| (0..r).map(|j| entry(i, j)).collect()).collect(),
        outside: signal * across + sample * second,
        trace: signal * population.energies(d)?.total + sample * norm,
    })
}

/// `E[f² z zᵀ]` in the coordinates of S*, `[r, r]`, from the series of the functions z_i f: multiplication
/// by z_i takes He_ν to `He_{ν+1} + ν He_{ν−1}` in that coordinate.
pub fn squared_moments(f: &HermiteSeries) -> BallMatrix {
    let symbol = f.symbol();
    let r = f.latent();
    let raised = |i: usize| symbol.times(&Polynomial::power_of(r, i, 1)).plus(&symbol.derivative(i));
    let moved: Vec<Polynomial> = (0..r).map(raised).collect();
    moved.iter().map(|a| moved.iter().map(|b| a.fischer(b)).collect()).collect()
}

/// `E[f²‖x‖²] = d E f² + 2 Σ_k k‖C_k‖²/k! + 2 Σ_k <C_k, C_{k+2}(I)>/k!` for x in R^d.
pub fn squared_norm_moment(f: &HermiteSeries, d: usize) -> Ball {
    let part = |k: usize| {
        let q = f.q(k);
        q.fischer(&q) * k as f64 + q.fischer(&f.contraction(k))
    };
    f.second_moment() * d as f64 + (0..=f.degree()).map(part).sum::<Ball>() * 2.0
}

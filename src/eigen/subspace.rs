//! The angle between the top n_k eigenspace of Σ and the polynomials of degree at most k. Its squared sine
//! is the largest error of population least squares in this eigenspace, over all polynomials of degree at
//! most k and mean square 1 (NBL22, Lemma 2).
//!
//! With `Σ = ΨΨᵀ` and the eigenpairs (λ_i, v_i), put `K_il = ⟨v_i, Ψe_l⟩/√λ_i` for i ≤ n = n_k and the
//! harmonics l of degree at most k. The W_L of population least squares gives `f_L(·; W_L)` the coefficients
//! `KᵀKc` on degree ≤ k, and the error is `cᵀ(I − KᵀK)c`: the squared sine of an angle. Its norm is
//! `‖W_L‖² = cᵀKᵀΛ⁻¹Kc`. Derived for this project.
//!
//! # Certificate
//! The bound below covers the difference between the whole covariance, here `Σ' = Σ + T`, and the computed
//! Σ, which is cut at a degree: `0 ⪯ T ⪯ τ`. Primes belong to Σ'; Π projects on the top n eigenvectors;
//! `A = Ψ_{≤k}` is the same for both, and `AAᵀ ⪯ Σ ⪯ Σ'`.
//!
//! 1. *Turn.* `Y = (I − Π)V'` solves `YΛ' − ΣY = (I − Π)TV'`, where `Λ' ≥ λ'_n ≥ λ_n` and Σ ≤ λ_{n+1} on the
//!    range of Y: by Davis and Kahan `‖(I − Π)Π'‖ ≤ s = τ/(λ_n − λ_{n+1})`, and spaces of equal dimension
//!    have the same angle both ways.
//! 2. *Error.* `E = max wᵀ(Σ − AAᵀ)w/wᵀΣw` over the top space, which is the squared sine of the same angle.
//!    For a unit w' of the top space of Σ' put `w = Πw'` and `e = w' − w`. Then `wᵀΣw ≤ w'ᵀΣ'w' ≥ λ_n`, and
//!    e ⟂ w is orthogonal to the top space of Σ, so that `eᵀΣ'e ≤ (λ_{n+1} + τ)s²`. The root of the form Σ'
//!    − AAᵀ is a seminorm: `√E' ≤ √(E + τ/λ_n) + s√((λ_{n+1} + τ)/λ_n)`. Exchanging the two,
//!    `√E ≤ √(E' + τ/λ_n)` plus the same.
//! 3. *Norm.* `X = Σ⁺ΠA` has `‖X‖² = max ‖W_L‖² ≤ 1/λ_n`. From `Σ'X' = Π'A` and `ΣX = ΠA`, the part of X' −
//!    X in the range of Π' is `Σ'⁺Π'((I − Π)A − TX)`, with `‖(I − Π)A‖ ≤ √λ_{n+1}`, and the part outside is
//!    that of X, at most s‖X‖: in units of 1/√λ_n, X moves by at most `s(1 + √(λ_{n+1}/λ_n)) + τ/λ_n`.
//! 4. *Solver.* Vectors V with `‖ΣV − VΛ‖ ≤ r` turn by `θ ≤ r/(gap − r)` in the same way. The eigenfunctions
//!    turn by no more, and `Λ^{-1/2}VᵀΣVΛ^{-1/2}` is I up to r/λ_n. Hence r adds to τ, and θ to s, in points
//!    2 and 3. The route by the Gram matrix computes the eigenfunctions themselves from ΨᵀΨ, which is right
//!    up to r, with the same result.
//!
//! For the sum over all angles, `E = tr((WᵀΣW)⁻¹Wᵀ(Σ − AAᵀ)W)` with a basis W of the top space, point 2
//! holds in the Frobenius norm: s is multiplied by √n, and τ must bound tr T.

use super::{
    DEFAULT_MEMORY, EigenPairs, Request, Route, RouteChoice, TopSpace, full_eigen, full_eigenvalues,
    operator, plan, solve,
};
use crate::ball::Ball;
use crate::covariance::{Covariance, HarmonicMap};
use crate::error::{Error, Result};
use crate::product::matmul;
use crate::sphere::{FeatureLevels, cumulative_dimension, dimension};
use crate::{rounding, tolerance};
use faer::{Accum, Mat, MatRef, Par};

/// The order up to which all eigenpairs take less time than products for the top ones: an EVD of order 300
/// takes 5 ms.
pub const SMALL: f64 = 320.0;

impl TopSpace {
    /// The space of the top `rank` eigenvectors of Σ, by the cheapest route within [`DEFAULT_MEMORY`], and
    /// the eigenpairs from which it was taken: one more than the rank, where Σ has as many. The residuals
    /// and bounds of the eigenpairs bound the error of the space.
    ///
    /// # Errors
    /// As for [`solve`] and [`TopSpace::new`].
    pub fn of(cov: &Covariance, rank: usize, par: Par) -> Result<(Self, EigenPairs)> {
        let wanted = if rank == cov.order() { rank } else { rank.saturating_add(1) };
        let pairs = solve(cov, &Request::top(wanted), RouteChoice::Auto, DEFAULT_MEMORY, par)?;
        Ok((Self::new(&pairs, rank)?, pairs))
    }

    /// As [`TopSpace::of`], for moderate sizes and without the pair beyond the rank where a bound on the
    /// next eigenvalue can be had in its place, as in [`solve_top`](super::solve_top). The residuals are
    /// allowed a hundredth of what the truncation of Σ is, beside which they do not show.
    ///
    /// # Errors
    /// As for [`solve`] and [`TopSpace::new`].
    pub fn alone(cov: &Covariance, rank: usize, par: Par) -> Result<(Self, EigenPairs)> {
        let request = Request::top(rank.saturating_add(1).min(cov.order()));
        let (order, harmonics) = (cov.order() as f64, HarmonicMap::order_of(cov.levels()));
        if order.min(harmonics) <= SMALL {
            let route = if order < harmonics { Route::Dense } else { Route::Harmonic };
            match solve(cov, &request, RouteChoice::Only(route), DEFAULT_MEMORY, par) {
                // The Gram matrix has no vectors for eigenvalues that are zero to rounding.
                Err(Error::Projector { .. }) => {}
                pairs => return pairs.and_then(|pairs| Ok((Self::new(&pairs, rank)?, pairs))),
            }
        }
        let largest = cov.levels().levels.iter().map(|l| l.kappa).fold(0.0, f64::max);
        let residual = (0.01 * cov.truncation_bound() / largest).clamp(tolerance::RESIDUAL, tolerance::TAIL);
        let plan = plan(cov, &request, RouteChoice::Auto, DEFAULT_MEMORY, par)?;
        let found = match plan.route {
            Route::Operator => {
                operator::solve_top_in_blocks(cov, rank, residual, plan, DEFAULT_MEMORY, par)?
            }
            _ => None,
        };
        let pairs = match found {
            Some(pairs) => pairs,
            None => solve(cov, &request, RouteChoice::Auto, DEFAULT_MEMORY, par)?,
        };
        Ok((Self::new(&pairs, rank)?, pairs))
    }
}

/// The top n_k eigenspace of Σ compared with the harmonics of degree at most k.
#[derive(Debug, Clone)]
pub struct Projection {
    /// The eigenvalues λ_1, …, λ_{n_k + 1} of Σ; in place of the last a [bound](EigenPairs::next) on it,
    /// where that is what the pairs had.
    pub eigenvalues: Vec<f64>,
    /// The matrix K of the module's formulas, `[n_k, n_k]`: row i belongs to the eigenvector i, and column l
    /// to the harmonic l.
    pub overlap: Mat<f64>,
    /// `max_c cᵀ(I − KᵀK)c` over unit vectors c: the largest error over all f_k with E f_k² = 1.
    pub error: Ball,
    /// The largest error with one eigenvector less in the top space.
    pub short: f64,
    /// `max_c cᵀKᵀΛ⁻¹Kc` over unit vectors c: the largest ‖W_L‖².
    pub norm: Ball,
    /// 1/λ_{n_k}, which is an upper bound on `norm`.
    pub inverse_last: Ball,
    /// The flops of the computation, to leading order.
    pub flops: f64,
}

/// Bounds on the distance between the computed eigenproblem and that of the Σ that is cut at a degree.
#[derive(Debug, Clone, Copy)]
struct SolverError {
    /// A bound on `‖ΣV − VΛ‖` for the top n_k, and on the error of λ_{n_k + 1}.
    residual: f64,
    /// A bound on the rounding of K, in operator norm.
    overlap: f64,
}

impl Projection {
    /// The comparison by the Gram matrix of the harmonics up to the degree where `cov` is cut. The error is
    /// computed from the part outside the top space, without cancellation.
    ///
    /// # Errors
    /// The harmonics cannot be evaluated, or there are no more than n_k.
    pub fn harmonic(cov: &Covariance, k: usize) -> Result<Self> {
        let n_k = cumulative_dimension(cov.d(), k)?;
        let gram = HarmonicMap::new(cov, usize::MAX)?.gram(Par::Seq)?;
        let n = gram.nrows();
        if n <= n_k {
            let why = format!("the zonal series stops at N_J = {n}, and more harmonics are needed");
            return Err(Error::Projector { rank: n_k, why });
        }
        let (values, u) = full_eigen(gram.as_ref(), Par::Seq)?;
        let overlap = Mat::from_fn(n_k, n_k, |i, l| u[(l, i)]);
        let outside = Mat::from_fn(n - n_k, n_k, |i, l| u[(l, n_k + i)]);
        let flops = (cov.order() as f64 + 12.0 * n as f64) * (n as f64).powi(2);
        // The vectors are orthonormal as the eigenproblem is solved, to 8ε√n.
        let residual = cov.gram_rounding() + rounding::eigen(n, values[0]);
        let solver_error = SolverError { residual, overlap: rounding::eigen(n, 1.0) };
        Self::assemble(cov, values[..=n_k].to_vec(), overlap, Some(outside), solver_error, flops)
    }

    /// The comparison by eigenvectors of Σ and the columns of Ψ of degree at most k. The error is one minus
    /// a squared singular value, and carries the rounding of this difference.
    ///
    /// # Errors
    /// As [`overlap`].
    pub fn from_pairs(cov: &Covariance, pairs: &EigenPairs, k: usize) -> Result<Self> {
        let n_k = cumulative_dimension(cov.d(), k)?;
        let k_matrix = overlap(cov, pairs, k)?;
        let values: Vec<f64> = pairs.eigenvalues.iter().copied().chain(pairs.next).take(n_k + 1).collect();
        let n = n_k as f64;
        let skew = n * pairs.orthonormality;
        let residual = pairs.solver_error(n_k);
        // An entry of K is a sum of pd products of moduli at most |v_i||Ψe_l|/√λ_i; the Ψe_l of degree ≤ k
        // have squares that sum to at most Σ_{i≤n} λ_i.
        let moduli = (n * values[..n_k].iter().sum::<f64>() / values[n_k - 1]).sqrt();
        let solver_error =
            SolverError { residual, overlap: rounding::sum(cov.order(), 8 * (k + 4)) * moduli + skew };
        let flops = 24.0 * (cov.p() as f64).powi(2) * (cov.d() * pairs.products.max(2 * n_k)) as f64;
        Self::assemble(cov, values, k_matrix, None, solver_error, flops)
    }

    /// The comparison by the cheaper of the two ways: [`Projection::harmonic`] up to d = 4, and
    /// [`Projection::from_pairs`] with the top of Σ for larger d.
    ///
    /// # Errors
    /// As for these two.
    pub fn of(cov: &Covariance, k: usize) -> Result<Self> {
        if cov.d() <= 4 {
            return Self::harmonic(cov, k);
        }
        Self::from_pairs(cov, &TopSpace::alone(cov, cumulative_dimension(cov.d(), k)?, Par::Seq)?.1, k)
    }

    fn assemble(
        cov: &Covariance,
        eigenvalues: Vec<f64>,
        overlap: Mat<f64>,
        outside: Option<Mat<f64>>,
        solver_error: SolverError,
        flops: f64,
    ) -> Result<Self> {
        let n_k = overlap.nrows();
        let SolverError { residual, overlap: rounded } = solver_error;
        let tail = cov.truncation_bound();
        // λ_n of Σ is at least `last`, λ_{n+1} at most `next`.
        let (last, next) = (eigenvalues[n_k - 1] - residual, eigenvalues[n_k] + residual);
        let gap = last - next;
        // Not `gap <= tail`: a NaN must be refused too.
        if !(last > 0.0 && gap > tail) {
            let why = format!(
                "the gap {gap:.3e} below λ_{n_k}, rounding taken off, is within the truncation bound \
                 {tail:.3e}"
            );
            return Err(Error::Projector { rank: n_k, why });
        }
        let error = match &outside {
            Some(b) => largest(product(b.as_ref(), b.as_ref()))?,
            None => largest(complement(overlap.as_ref()))?.max(0.0),
        };
        let short = largest(complement(overlap.subrows(0, n_k - 1)))?;
        let scaled = Mat::from_fn(n_k, n_k, |i, l| overlap[(i, l)] / eigenvalues[i].sqrt());
        let norm = largest(product(scaled.as_ref(), scaled.as_ref()))?;
        let (turn, relative) = ((tail + residual) / gap, (tail + residual) / last);
        let added = relative + rounded * (2.0 + rounded);
        let turned = tail / gap * ((next + tail) / last).sqrt() + residual / gap;
        let moved = turn * (1.0 + (next / last).sqrt()) + relative + rounded;
        Ok(Self {
            error: Ball { value: error, error: turned_square(error, added, turned) },
            short,
            norm: Ball { value: norm, error: moved * (2.0 + moved) / last },
            inverse_last: Ball { value: 1.0 / eigenvalues[n_k - 1], error: relative / eigenvalues[n_k - 1] },
            eigenvalues,
            overlap,
            flops,
        })
    }
}

/// `(√(x + added) + turned)² − x`, computed without cancellation: a bound on the change of the squared sine
/// x of an angle when `added` is added to x and the space turns by an angle whose sine is `turned`.
pub fn turned_square(x: f64, added: f64, turned: f64) -> f64 {
    added + turned * (2.0 * (x + added).sqrt() + turned)
}

/// The matrix K of the module's formulas for the top n_k of `pairs`, `[n_k, n_k]`.
///
/// # Errors
/// No vectors, or too few; the columns of Ψ cannot be evaluated.
pub fn overlap(cov: &Covariance, pairs: &EigenPairs, k: usize) -> Result<Mat<f64>> {
    let n_k = cumulative_dimension(cov.d(), k)?;
    let next = pairs.eigenvalues.get(n_k).copied().or(pairs.next);
    let Some(q) = pairs.vectors.as_ref().filter(|q| q.ncols() >= n_k && next.is_some()) else {
        let why = "one eigenvalue more than the rank, or a bound on it, and vectors are needed".into();
        return Err(Error::Projector { rank: n_k, why });
    };
    let columns = HarmonicMap::new(cov, k)?.columns(Par::Seq)?;
    let mut out = Mat::zeros(n_k, n_k);
    matmul(out.as_mut(), Accum::Replace, q.subcols(0, n_k).transpose(), columns.as_ref(), 1.0, Par::Seq);
    // v_i = (q_i, −q_i)/√2 and Ψ = (columns, −columns)/√m.
    for i in 0..n_k {
        let scale = (cov.p() as f64 * pairs.eigenvalues[i]).sqrt().recip();
        out.row_mut(i).iter_mut().for_each(|x| *x *= scale);
    }
    Ok(out)
}

/// `aᵀb`.
fn product(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Mat<f64> {
    let mut out = Mat::zeros(a.ncols(), b.ncols());
    matmul(out.as_mut(), Accum::Replace, a.transpose(), b, 1.0, Par::Seq);
    out
}

/// `I − aᵀa`.
fn complement(a: MatRef<'_, f64>) -> Mat<f64> {
    let square = product(a, a);
    Mat::from_fn(a.ncols(), a.ncols(), |i, j| if i == j { 1.0 } else { 0.0 } - square[(i, j)])
}

fn largest(a: Mat<f64>) -> Result<f64> {
    Ok(full_eigenvalues(a.as_ref(), Par::Seq)?[0])
}

/// `m·E‖B‖_F²` to first order in the deviation of the Gram matrix from its mean, where B is the part of the
/// harmonics of degree ≤ k outside the top space: `2 Σ_{i≤k<j} (â_i² â_j² + (d−1) ĉ_i² ĉ_j²)/(κ_i − κ_j)²`.
/// The numerator is p times the second moment of the block (j, i), exactly and for every neuron. The largest
/// error over f_k lies between `‖B‖_F²/n_k` and `‖B‖_F²`. Derived for this project.
///
/// The error of the ball covers the degrees that `levels` leaves out.
pub fn first_order(levels: &FeatureLevels, k: usize) -> Ball {
    first_order_with(levels, k, levels.d as f64 - 1.0)
}

/// As [`first_order`], with the factor `across` in place of d − 1.
pub fn first_order_with(levels: &FeatureLevels, k: usize, across: f64) -> Ball {
    let (low, high) = levels.levels.split_at((k + 1).min(levels.levels.len()));
    let last = levels.max_degree();
    let tail = levels.tail(last);
    let beyond = tail / dimension(levels.d, last + 1);
    let (mut value, mut error) = (0.0, 0.0);
    for a in low {
        for b in high {
            let moment = (a.a_hat * b.a_hat).powi(2) + across * (a.c_hat * b.c_hat).powi(2);
            value += 2.0 * moment / (a.kappa - b.kappa).powi(2);
        }
        error += 2.0 * tail * (a.a_hat * a.a_hat).max(a.c_hat * a.c_hat) / (a.kappa - beyond).powi(2);
    }
    // κ_i is known to rounding/B(d,i), which enters twice through the gap and once through each coefficient;
    // the sum adds its own roundings.
    let least = low.iter().map(|l| l.tau).fold(f64::INFINITY, f64::min);
    let relative =
        8.0 * levels.rounding_allowance() / least + 4.0 * f64::EPSILON * levels.levels.len() as f64;
    Ball { value, error: error + value * relative }
}

//! How well the top n_k eigenspace of Σ holds the polynomials of degree at most k: the error of NBL22 Lemma 2, worst over all of them.
//!
//! With `Σ = ΨΨᵀ` and the eigenpairs (λ_i, v_i), put `K_il = ⟨v_i, Ψe_l⟩/√λ_i` for i < n_k and the harmonics l of degree at most k. The
//! W_L of population least squares gives `f_L(·; W_L)` the coefficients `KᵀKc` on degree ≤ k, and the error is `cᵀ(I − KᵀK)c`: the squared sine of
//! an angle. Its norm is `‖W_L‖² = cᵀKᵀΛ⁻¹Kc`. Derived for this project.

use crate::error::Result;
use crate::record::Quantity;
use escapement::covariance::{Covariance, HarmonicMap};
use escapement::eigen::{self, EigenPairs, Request, RouteChoice};
use escapement::sphere::{FeatureLevels, cumulative_dimension};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

/// The top eigenspace against the harmonics of degree at most k.
pub struct Projection {
    /// λ_1, …, λ_{n_k + 1}.
    pub eigenvalues: Vec<f64>,
    /// K, `[n_k, n_k]`: row i for the eigenvector i, column l for the harmonic l.
    pub overlap: Mat<f64>,
    /// `max_c cᵀ(I − KᵀK)c` over unit c: worst error over f_k with E f_k² = 1.
    pub error: Quantity,
    /// The same with one eigenvector less.
    pub short: f64,
    /// `max_c cᵀKᵀΛ⁻¹Kc`: worst ‖W_L‖².
    pub norm: Quantity,
    /// 1/λ_{n_k}, an upper bound on it.
    pub inverse_last: Quantity,
    /// Flops spent, to leading order.
    pub flops: f64,
}

/// Rounding of a dense symmetric eigenproblem of order n with accumulation over as many terms: `8ε√n·λ_max`, as in the core.
pub fn rounding(n: usize, largest: f64) -> f64 {
    8.0 * f64::EPSILON * (n as f64).sqrt() * largest
}

impl Projection {
    /// By the Gram matrix of the harmonics up to the last level of `cov`: the error comes from what lies outside the top space, without cancellation.
    ///
    /// # Errors
    /// The harmonics cannot be evaluated, or there are no more than n_k.
    pub fn harmonic(cov: &Covariance, k: usize) -> Result<Self> {
        let n_k = cumulative_dimension(cov.d(), k)?;
        let gram = HarmonicMap::new(cov, usize::MAX)?.gram(Par::Seq)?;
        let n = gram.nrows();
        if n <= n_k {
            return Err(crate::Error::Input(format!("the zonal series stops at N_J = {n}: more than n_k = {n_k} are needed")));
        }
        let (values, u) = eigen::full_eigen(gram.as_ref(), Par::Seq)?;
        let overlap = Mat::from_fn(n_k, n_k, |i, l| u[(l, i)]);
        let outside = Mat::from_fn(n - n_k, n_k, |i, l| u[(l, n_k + i)]);
        let flops = (cov.order() as f64 + 12.0 * n as f64) * (n as f64).powi(2);
        Self::assemble(cov, values[..=n_k].to_vec(), overlap, Some(outside), rounding(cov.order().max(n), values[0]), flops)
    }

    /// By eigenvectors of Σ and the columns of Ψ of degree at most k: the error is one minus a singular value, and carries the rounding of that.
    ///
    /// # Errors
    /// As [`overlap`]; `pairs` must hold n_k + 1 eigenvalues.
    pub fn from_pairs(cov: &Covariance, pairs: &EigenPairs, k: usize) -> Result<Self> {
        let n_k = cumulative_dimension(cov.d(), k)?;
        let k_matrix = overlap(cov, pairs, k)?;
        let perturbation = 2.0 * pairs.residual_max + pairs.rounding_bound();
        let flops = 24.0 * (cov.p() as f64).powi(2) * (cov.d() * pairs.products.max(2 * n_k)) as f64;
        Self::assemble(cov, pairs.eigenvalues[..=n_k].to_vec(), k_matrix, None, perturbation, flops)
    }

    /// The cheaper route: the Gram matrix up to d = 4, else the top of Σ.
    ///
    /// # Errors
    /// As for the two.
    pub fn solve(cov: &Covariance, k: usize) -> Result<Self> {
        if cov.d() <= 4 {
            return Self::harmonic(cov, k);
        }
        let wanted = cumulative_dimension(cov.d(), k)? + 1;
        let pairs = eigen::solve(cov, &Request::top(wanted), RouteChoice::Auto, eigen::DEFAULT_MEMORY, Par::Seq)?;
        Self::from_pairs(cov, &pairs, k)
    }

    fn assemble(
        cov: &Covariance,
        eigenvalues: Vec<f64>,
        overlap: Mat<f64>,
        outside: Option<Mat<f64>>,
        perturbation: f64,
        flops: f64,
    ) -> Result<Self> {
        let n_k = overlap.nrows();
        let (last, gap) = (eigenvalues[n_k - 1], eigenvalues[n_k - 1] - eigenvalues[n_k]);
        let tail = cov.truncation_bound();
        if !(last > 0.0 && gap > 4.0 * (tail + perturbation)) {
            let why = format!("the gap {gap:.3e} below λ_{n_k} is within four times the certificate {:.3e}", tail + perturbation);
            return Err(escapement::Error::Projector { rank: n_k, why }.into());
        }
        let error = match &outside {
            Some(b) => largest(product(b.as_ref(), b.as_ref()))?,
            None => largest(complement(overlap.as_ref()))?.max(0.0),
        };
        let short = largest(complement(overlap.subrows(0, n_k - 1)))?;
        let scaled = Mat::from_fn(n_k, n_k, |i, l| overlap[(i, l)] / eigenvalues[i].sqrt());
        let norm = largest(product(scaled.as_ref(), scaled.as_ref()))?;
        // Σ loses T ⪰ 0, ‖T‖ ≤ tail. To first order Ψᵀ(Σ⁻¹Π)Ψ moves by at most tail/λ between top vectors, and 2·tail/gap between top and
        // other ones; tail ≤ gap/4 keeps all higher orders below that again. A perturbation of the eigenproblem turns the space by 2·perturbation/gap.
        let relative = 2.0 * (tail / last + 2.0 * tail / gap) + 4.0 * perturbation / gap;
        let subtraction = if outside.is_some() { 0.0 } else { 16.0 * f64::EPSILON * n_k as f64 };
        let spread = relative + (tail + perturbation) / last;
        Ok(Self {
            error: Quantity { value: error, error: relative + subtraction },
            short,
            norm: Quantity { value: norm, error: 2.0 * spread / last },
            inverse_last: Quantity { value: 1.0 / last, error: 2.0 * (tail + perturbation) / (last * last) },
            eigenvalues,
            overlap,
            flops,
        })
    }
}

/// K for the top n_k of `pairs`.
///
/// # Errors
/// No vectors, or too few; the columns of Ψ cannot be evaluated.
pub fn overlap(cov: &Covariance, pairs: &EigenPairs, k: usize) -> Result<Mat<f64>> {
    let n_k = cumulative_dimension(cov.d(), k)?;
    let Some(q) = pairs.vectors.as_ref().filter(|q| q.ncols() >= n_k && pairs.eigenvalues.len() > n_k) else {
        return Err(crate::Error::Input(format!("n_k + 1 = {} eigenpairs with vectors are needed", n_k + 1)));
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
    Ok(eigen::full_eigenvalues(a.as_ref(), Par::Seq)?[0])
}

/// `m·E‖B‖_F²` to first order in the deviation of the Gram matrix from its mean, B the part of the degrees ≤ k outside the top space:
/// `2 Σ_{i≤k<j} (â_i² â_j² + (d−1) ĉ_i² ĉ_j²)/(κ_i − κ_j)²`. The numerator is p times the second moment of the block (j, i), exactly and for every
/// neuron. The worst error over f_k is between 1/n_k of `B_F²` and all of it. Derived for this project.
///
/// The error covers the degrees that `levels` leaves out, each at most its τ_j.
pub fn first_order(levels: &FeatureLevels, k: usize) -> Quantity {
    first_order_with(levels, k, levels.d as f64 - 1.0)
}

/// As [`first_order`], with `across` in place of d − 1.
pub fn first_order_with(levels: &FeatureLevels, k: usize, across: f64) -> Quantity {
    let (low, high) = levels.levels.split_at((k + 1).min(levels.levels.len()));
    let last = levels.max_degree();
    let tail = levels.tail(last);
    let beyond = tail / escapement::sphere::dimension(levels.d, last + 1);
    let (mut value, mut error) = (0.0, 0.0);
    for a in low {
        for b in high {
            let moment = (a.a_hat * b.a_hat).powi(2) + across * (a.c_hat * b.c_hat).powi(2);
            value += 2.0 * moment / (a.kappa - b.kappa).powi(2);
        }
        error += 2.0 * tail * (a.a_hat * a.a_hat).max(a.c_hat * a.c_hat) / (a.kappa - beyond).powi(2);
    }
    // κ_i is known to rounding/B(d,i), which enters twice through the gap and once through each coefficient; the sum adds its own roundings.
    let least = low.iter().map(|l| l.tau).fold(f64::INFINITY, f64::min);
    let relative = 8.0 * levels.rounding_allowance() / least + 4.0 * f64::EPSILON * levels.levels.len() as f64;
    Quantity { value, error: error + value * relative }
}

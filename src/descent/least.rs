//! Bounds on the least eigenvalue of a symmetric operator from both sides.

use faer::{Accum, Mat, MatMut, MatRef, Par};
use rand_distr::{Distribution, StandardNormal};

use super::certificate;
use crate::eigen::full_eigen;
use crate::operator::SymmetricOperator;
use crate::product::{matmul, tall_inner, tall_outer};
use crate::{Error, Result, network, rounding, seed, tolerance};

/// Columns of an operator of small order that are computed at a time.
const BLOCK: usize = 32;
/// The overlap of a direction of the Lanczos process with earlier ones from which on it is made orthogonal
/// to all of them, and so is the next: the coefficients are then right to the square of it, and a Ritz
/// vector and its residual to some times it. By the three-term recurrence an overlap grows by a factor of at
/// most 4‖H‖/β_k in a step, and by ‖H‖/β_k times that of the step before (Simon 1984), so that from 2e-16 it
/// takes four or five steps.
const OVERLAP: f64 = 1e-12;
/// Steps after which the Ritz values are computed.
const STRIDE: usize = 5;

/// The options of [`least_eigenvalue`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeastOptions {
    /// The residual to be reached, relative to the norm of the operator.
    pub tolerance: f64,
    /// The distance between the value and the lower bound to be reached, relative to the norm of the
    /// operator.
    pub gap: f64,
    /// The largest number of products, and of vectors in the basis that is kept.
    pub max_products: usize,
    /// If given, the process ends as soon as the least eigenvalue is known to lie above or below this
    /// threshold, and the tolerance and the gap are not used.
    pub threshold: Option<f64>,
    /// The probability with which the lower bound may fail, over the random start.
    pub failure: f64,
    /// The order up to which the whole matrix and its spectrum are computed.
    pub dense: usize,
    /// The seed of the random start.
    pub seed: u64,
}

impl Default for LeastOptions {
    /// A residual of 1e-4 and a gap of 1e-2 relative to the norm, at most 300 products, a probability of
    /// failure of [`tolerance::FAILURE`], and dense computation up to order 600.
    fn default() -> Self {
        Self {
            tolerance: 1e-4,
            gap: 1e-2,
            max_products: 300,
            threshold: None,
            failure: tolerance::FAILURE,
            dense: 600,
            seed: 0,
        }
    }
}

/// Bounds on the least eigenvalue of a symmetric operator H of order n, which lies between `lower_bound` and
/// `value`.
#[derive(Debug, Clone)]
pub struct LeastEigenvalue {
    /// The least Ritz value: an upper bound on the least eigenvalue, up to rounding.
    pub value: f64,
    /// A unit vector with `vᵀHv = value`, `[n, 1]`.
    pub vector: Mat<f64>,
    /// `‖Hv − value·v‖₂`. Some eigenvalue lies within this distance of `value`, but not necessarily the
    /// least.
    pub residual: f64,
    /// A lower bound on the least eigenvalue, rounding included. It is certain where `exact` is true, and
    /// otherwise fails with the probability [`LeastOptions::failure`].
    pub lower_bound: f64,
    /// An estimate of `‖H‖₂` from below: the largest Ritz value in modulus.
    pub norm: f64,
    /// The number of products.
    pub products: usize,
    /// Whether the spectrum of the operator was computed in full.
    pub exact: bool,
}

impl LeastEigenvalue {
    /// `value − lower_bound`, a bound on the distance of `value` from the least eigenvalue.
    pub fn error(&self) -> f64 {
        self.value - self.lower_bound
    }
}

/// Bounds the least eigenvalue of `operator` from both sides. Up to the order `options.dense` the full
/// spectrum is computed. For larger orders the method is the Lanczos process with periodic
/// reorthogonalisation from a start that is uniform on the sphere (stream "least eigenvalue", "start").
///
/// The process ends where both the residual and the gap are as small as the options ask, where it has found
/// an invariant subspace, or where the budget of products is spent. The bounds of the result hold in each
/// case. The memory is `n·max_products` numbers.
///
/// # Errors
/// The operator fails, is not symmetric or returns a value that is not finite; an order or a budget of zero;
/// tolerances that are not positive.
///
/// # Accuracy
/// `value` is the Rayleigh quotient of `vector` to about `8ε√n‖H‖`, and `lower_bound` allows for that. The
/// lower bound is the larger of two: the bound of Kuczyński and Woźniakowski (1992), which lies within 0.5 %
/// of the spread of the spectrum after k = 150 steps at n = 10⁵, and the bound of van Dorsselaer,
/// Hochstenbach and van der Vorst (2000) from the coefficients of the process, which is usually far closer.
/// Their probability of failure is that in exact arithmetic. Where the process ends early, because the
/// operator has few distinct eigenvalues, the next direction is taken to have the size of rounding.
///
/// At md = 10⁵ (d = 50, m = 2000, n = 2500, pseudo-Huber loss, 200 steps of descent, several λ) a residual
/// of 1e-4 and a bound within 1e-2 take 75 to 110 products at a trained network and at a trained f_L + f_Q
/// (`cargo bench --bench least_eigenvalue`).
pub fn least_eigenvalue(
    operator: &dyn SymmetricOperator,
    options: &LeastOptions,
    par: Par,
) -> Result<LeastEigenvalue> {
    let n = operator.order();
    if n == 0 || options.max_products == 0 {
        let (name, allowed) =
            ("the order of the operator or the budget of products", "both must be at least 1");
        return Err(Error::domain(name, format!("{n}, {}", options.max_products), allowed));
    }
    let LeastOptions { tolerance, gap, failure, .. } = *options;
    for (name, value) in [("the tolerance", tolerance), ("the gap", gap), ("the probability", failure)] {
        if !(value > 0.0 && value < 1.0) {
            return Err(Error::domain(name, value, "it lies between 0 and 1"));
        }
    }
    let found = if n <= options.dense { dense(operator, par) } else { lanczos(operator, options, par) }?;
    tracing::info!(
        order = n,
        products = found.products,
        value = found.value,
        lower_bound = found.lower_bound,
        residual = found.residual,
        exact = found.exact,
        "the least eigenvalue"
    );
    Ok(found)
}

/// Computes the matrix, a block of columns at a time, and its spectrum.
fn dense(operator: &dyn SymmetricOperator, par: Par) -> Result<LeastEigenvalue> {
    let n = operator.order();
    let mut a = Mat::zeros(n, n);
    for first in (0..n).step_by(BLOCK) {
        let count = BLOCK.min(n - first);
        let identity = Mat::from_fn(n, count, |i, j| f64::from(u8::from(i == first + j)));
        operator.apply(identity.as_ref(), a.as_mut().subcols_mut(first, count), par)?;
    }
    network::finite("the operator", a.as_ref())?;
    let (scale, mut defect, mut square) = (a.norm_max(), 0.0_f64, 0.0);
    for j in 0..n {
        for i in 0..j {
            let difference: f64 = a[(i, j)] - a[(j, i)];
            defect = defect.max(difference.abs());
            square += 0.5 * difference * difference;
            let mean = 0.5 * (a[(i, j)] + a[(j, i)]);
            (a[(i, j)], a[(j, i)]) = (mean, mean);
        }
    }
    symmetric(defect, scale)?;
    let (values, vectors) = full_eigen(a.as_ref(), par)?;
    let (largest, value) = (values.first().copied().unwrap_or(0.0), values.last().copied().unwrap_or(0.0));
    let vector = vectors.subcols(n - 1, 1).to_owned();
    let norm = largest.abs().max(value.abs());
    let mut defect = &vector * faer::Scale(-value);
    matmul(defect.as_mut(), Accum::Add, a.as_ref(), vector.as_ref(), 1.0, Par::Seq);
    let residual = defect.norm_l2();
    // The error of the products is estimated by their deviation from symmetry.
    let rounding = rounding::eigen(n, norm) + square.sqrt();
    Ok(LeastEigenvalue {
        value,
        vector,
        residual,
        lower_bound: value - rounding,
        norm,
        products: n,
        exact: true,
    })
}

fn symmetric(defect: f64, scale: f64) -> Result<()> {
    let allowed = f64::EPSILON.sqrt() * scale;
    if defect > allowed {
        return Err(Error::NotSymmetric { defect, scale, allowed });
    }
    Ok(())
}

fn lanczos(operator: &dyn SymmetricOperator, options: &LeastOptions, par: Par) -> Result<LeastEigenvalue> {
    let n = operator.order();
    let steps = options.max_products.min(n);
    // The system sets these numbers to zero when they are first written to.
    let mut numbers = vec![0.0; n * (steps + 1)];
    let rng = &mut seed::stream(options.seed, "least eigenvalue", "start");
    numbers[..n].iter_mut().for_each(|x| *x = StandardNormal.sample(rng));
    normalise(&mut numbers[..n], par);
    // The diagonal and the subdiagonal of the projected operator.
    let (mut alphas, mut betas, mut scale) = (Vec::new(), Vec::<f64>::new(), 0.0_f64);
    // Bounds on the overlaps of the last two directions with those before, and whether the last one alone
    // was made orthogonal to all.
    let (mut overlap, mut again) = ([f64::EPSILON; 2], false);
    for k in 1..=steps {
        let (basis, next) = numbers.split_at_mut(k * n);
        let basis = MatRef::from_column_major_slice(&*basis, n, k);
        let next = &mut next[..n];
        let mut w = MatMut::from_column_major_slice_mut(next, n, 1);
        operator.apply(basis.subcols(k - 1, 1), w.as_mut(), par)?;
        network::finite("the operator", w.as_ref())?;
        // Against the last two directions always, and against all where the rounding of this has grown.
        let before = k.saturating_sub(2);
        let first = orthogonalise(w.as_mut(), basis.subcols(before, k - before), par);
        let left = norm(next, par);
        let grown = scale.max(left).max(first[(k - 1 - before, 0)].abs());
        overlap = [overlap[1], (4.0 * grown * overlap[1] + grown * overlap[0]) / left];
        let whole = again || overlap[1].is_nan() || overlap[1] > OVERLAP;
        let from = if whole { 0 } else { before };
        let mut w = MatMut::from_column_major_slice_mut(next, n, 1);
        let second = orthogonalise(w.as_mut(), basis.subcols(from, k - from), par);
        if whole {
            overlap[1] = f64::EPSILON;
            again = !again;
        }
        alphas.push(first[(k - 1 - before, 0)] + second[(k - 1 - from, 0)]);
        let beta = normalise(next, par);
        scale = scale.max(alphas[k - 1].abs()).max(beta);
        // For a symmetric operator, the products with earlier directions determine the coefficients.
        let expected = if k > 1 { (first[(0, 0)] - betas[k - 2]).abs() } else { 0.0 };
        let defect = (0..k - from).map(|i| second[(i, 0)].abs()).fold(expected, f64::max);
        symmetric(defect, scale)?;
        // Where the subspace is invariant, beta is at the level of rounding.
        let rounding = rounding::eigen(n, scale);
        let ended = beta <= rounding || k == n;
        betas.push(beta.max(rounding));
        if !(ended || k == steps || k % STRIDE == 0) {
            continue;
        }
        let t = Mat::from_fn(k, k, |i, j| match i.abs_diff(j) {
            0 => alphas[i],
            1 => betas[i.min(j)],
            _ => 0.0,
        });
        let (mut ritz, coefficients) = full_eigen(t.as_ref(), Par::Seq)?;
        ritz.reverse();
        let (value, norm) = (ritz[0], ritz[0].abs().max(ritz[k - 1].abs()));
        let residual = beta * coefficients[(k - 1, k - 1)].abs();
        // A basis of the whole space needs no bound.
        let below = if k == n { value } else { certificate::lower_bound(n, &ritz, &betas, options.failure) };
        let lower_bound = below - rounding::eigen(n, norm);
        tracing::debug!(products = k, value, lower_bound, residual, "a look at the Lanczos process");
        let settled = match options.threshold {
            Some(threshold) => value < threshold || lower_bound >= threshold,
            None => residual <= options.tolerance * norm && value - lower_bound <= options.gap * norm,
        };
        if settled || ended || k == steps {
            let mut vector = Mat::zeros(n, 1);
            tall_outer(
                vector.as_mut(),
                Accum::Replace,
                basis,
                coefficients.as_ref().subcols(k - 1, 1),
                1.0,
                par,
            );
            return Ok(LeastEigenvalue {
                value,
                vector,
                residual,
                lower_bound,
                norm,
                products: k,
                exact: k == n,
            });
        }
    }
    Err(Error::Numerical { what: "the Lanczos process", why: "it took no step".into() })
}

/// Takes the parts of `w` along the orthonormal columns of `basis` off, and returns them.
fn orthogonalise(w: MatMut<'_, f64>, basis: MatRef<'_, f64>, par: Par) -> Mat<f64> {
    let along = tall_inner(basis, w.as_ref(), par);
    tall_outer(w, Accum::Add, basis, along.as_ref(), -1.0, par);
    along
}

fn norm(v: &[f64], par: Par) -> f64 {
    let column = MatRef::from_column_major_slice(v, v.len(), 1);
    tall_inner(column, column, par)[(0, 0)].sqrt()
}

/// Divides `v` by its norm, unless that is zero, and returns the norm.
fn normalise(v: &mut [f64], par: Par) -> f64 {
    let norm = norm(v, par);
    if norm > 0.0 {
        v.iter_mut().for_each(|x| *x /= norm);
    }
    norm
}

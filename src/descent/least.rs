//! The least eigenvalue of a symmetric operator known by its products.

use faer::{Accum, Mat, MatMut, MatRef, Par};
use rand_distr::{Distribution, StandardNormal};

use super::certificate;
use crate::eigen::full_eigen;
use crate::operator::SymmetricOperator;
use crate::product::{tall_inner, tall_outer};
use crate::{Error, Result, network, rounding, seed, tolerance};

/// Columns of a small operator that are formed at a time.
const BLOCK: usize = 32;
/// Steps between looks at the Ritz values.
const STRIDE: usize = 5;

/// What [`least_eigenvalue`] may spend, and when it stops.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeastOptions {
    /// The residual to reach, relative to the norm of the operator.
    pub tolerance: f64,
    /// How far below the value the lower bound may lie when it stops, relative to the norm of the operator.
    pub gap: f64,
    /// Products after which it stops all the same; a basis of this many vectors is kept.
    pub max_products: usize,
    /// Where given, it stops as soon as it is known on which side of this the least eigenvalue lies, and not
    /// before, whatever the tolerance and the gap.
    pub threshold: Option<f64>,
    /// The probability with which the lower bound may fail, over the start.
    pub failure: f64,
    /// The order up to which the operator is formed and its spectrum computed.
    pub dense: usize,
    /// The seed of the start.
    pub seed: u64,
}

impl Default for LeastOptions {
    /// A residual of 1e-4 and a bound within 1e-2 of the norm, in at most 300 products; failure at most
    /// [`tolerance::FAILURE`]; operators up to order 600 are formed.
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

/// The least eigenvalue of a symmetric operator, and the evidence for it: it lies between `lower_bound` and
/// `value`.
#[derive(Debug, Clone)]
pub struct LeastEigenvalue {
    /// The least Ritz value: an upper bound on the least eigenvalue, up to rounding.
    pub value: f64,
    /// A unit vector with `vᵀHv = value`, `[n, 1]`.
    pub vector: Mat<f64>,
    /// `‖Hv − value·v‖₂`: some eigenvalue is that close. It never shows which.
    pub residual: f64,
    /// A lower bound on the least eigenvalue, rounding included: certain where `exact`, else with the
    /// probability that was asked for.
    pub lower_bound: f64,
    /// An estimate of `‖H‖₂` from below: the largest Ritz value in modulus.
    pub norm: f64,
    /// Products spent.
    pub products: usize,
    /// Whether the spectrum of the operator was computed in full.
    pub exact: bool,
}

impl LeastEigenvalue {
    /// `value − lower_bound`: how far `value` may be above the least eigenvalue.
    pub fn error(&self) -> f64 {
        self.value - self.lower_bound
    }
}

/// The least eigenvalue of `operator`: up to order `options.dense` from its full spectrum, above by the
/// Lanczos process with full reorthogonalisation, from a start that is uniform on the sphere (stream "least
/// eigenvalue", "start").
///
/// It stops where both the residual and the distance to the lower bound are as small as asked, where the
/// process ends by itself, or where the budget is spent: the result then says how far it came, and is as
/// honest. Memory: `n·max_products` numbers, touched as the process goes.
///
/// # Errors
/// The operator fails, is not symmetric or returns a value that is not finite; an order or a budget of zero;
/// tolerances that are not positive.
///
/// # Accuracy
/// `value` is the Rayleigh quotient of `vector` to about `8ε√n‖H‖`, and `lower_bound` allows for that. The
/// lower bound is the larger of the theorem of Kuczyński and Woźniakowski (1992), which k = 150 steps at n =
/// 10⁵ bring to 0.5 % of the spread of the spectrum, and of the bound of van Dorsselaer, Hochstenbach and
/// van der Vorst (2000) for the process at hand, most often far closer. Its probability is that of exact
/// arithmetic. Where the process ends early (an operator with few distinct eigenvalues), the bound is that
/// of a last direction of the size of rounding.
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
    for (name, value) in
        [("the tolerance", options.tolerance), ("the gap", options.gap), ("the probability", options.failure)]
    {
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

/// The operator itself, a block of columns at a time, and its spectrum.
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
    let residual = (&a * &vector - faer::Scale(value) * &vector).norm_l2();
    // The products miss a symmetric operator by about as much as they miss symmetry.
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
    // Cleared by the system when first written to.
    let mut numbers = vec![0.0; n * (steps + 1)];
    let rng = &mut seed::stream(options.seed, "least eigenvalue", "start");
    numbers[..n].iter_mut().for_each(|x| *x = StandardNormal.sample(rng));
    normalise(&mut numbers[..n], par);
    // The projection of the operator: diagonal, and beside it.
    let (mut alphas, mut betas, mut scale) = (Vec::new(), Vec::<f64>::new(), 0.0_f64);
    for k in 1..=steps {
        let (basis, next) = numbers.split_at_mut(k * n);
        let basis = MatRef::from_column_major_slice(&*basis, n, k);
        let next = &mut next[..n];
        let mut w = MatMut::from_column_major_slice_mut(next, n, 1);
        operator.apply(basis.subcols(k - 1, 1), w.as_mut(), par)?;
        network::finite("the operator", w.as_ref())?;
        let first = tall_inner(basis, w.as_ref(), par);
        tall_outer(w.as_mut(), Accum::Add, basis, first.as_ref(), -1.0, par);
        let again = tall_inner(basis, w.as_ref(), par);
        tall_outer(w.as_mut(), Accum::Add, basis, again.as_ref(), -1.0, par);
        alphas.push(first[(k - 1, 0)] + again[(k - 1, 0)]);
        let beta = normalise(next, par);
        scale = scale.max(alphas[k - 1].abs()).max(beta);
        // The products of the earlier directions say what the coefficients on them must be.
        let expected = |i: usize| if i + 2 == k { betas[i] } else { 0.0 };
        symmetric((0..k - 1).map(|i| (first[(i, 0)] - expected(i)).abs()).fold(0.0, f64::max), scale)?;
        // What is left of a process that has ended is rounding.
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
        // A whole basis leaves nothing out.
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

/// Divides by the norm, unless that is zero, and returns it.
fn normalise(v: &mut [f64], par: Par) -> f64 {
    let column = MatRef::from_column_major_slice(&*v, v.len(), 1);
    let norm = tall_inner(column, column, par)[(0, 0)].sqrt();
    if norm > 0.0 {
        v.iter_mut().for_each(|x| *x /= norm);
    }
    norm
}

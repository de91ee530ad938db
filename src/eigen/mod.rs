//! Eigenvalues and eigenvectors of Σ by three routes that agree: dense, harmonic and matrix-free.
//!
//! | route | method | suited to |
//! |---|---|---|
//! | [`Route::Dense`] | eigendecomposition (EVD) of the pd × pd matrix `A` | small networks |
//! | [`Route::Harmonic`] | EVD of the `N_J × N_J` Gram matrix `ΨᵀΨ` | small dimension, any width |
//! | [`Route::Operator`] | powers or a block method on products with `A` | the top of a large spectrum |
//!
//! Every solution carries residuals, the defect of orthonormality, a bound on the truncation of Σ, and a
//! statement whether an eigenvalue could have been missed. Eigenvectors have no canonical sign or basis:
//! compare projectors and angles, never vectors.
//!
//! ```
//! use escapement::eigen::{self, Request, RouteChoice};
//! use escapement::{activation, covariance::Covariance, seed, sphere};
//! let w = sphere::uniform_sphere(&mut seed::stream(1, "example", "weights"), 20, 3, 1.0);
//! let sigma = activation::parse("tanh:0.5")?;
//! let cov = Covariance::new(w.as_ref(), sigma.as_ref(), sphere::Truncation::default())?;
//! let (all, memory) = (Request::all(), eigen::DEFAULT_MEMORY);
//! let spectrum = eigen::solve(&cov, &all, RouteChoice::Auto, memory, faer::Par::Seq)?;
//! let sum: f64 = spectrum.eigenvalues.iter().sum();
//! assert!((sum - cov.trace()).abs() <= cov.truncation_bound() + spectrum.rounding_bound());
//! # Ok::<(), escapement::Error>(())
//! ```

mod basis;
mod block;
mod completeness;
mod dense;
mod harmonic;
mod operator;
mod power;
mod route;
pub mod subspace;
mod top_space;

pub use crate::operator::SymmetricOperator;
pub use block::{BlockOptions, BlockSolution, Observer, Progress, block_eigen, block_eigen_observed};
pub use completeness::Completeness;
pub use dense::{full_eigen, full_eigenvalues, inertia};
pub use operator::completed;
pub use route::{Plan, Route, RouteChoice, plan, plan_for};
pub use top_space::TopSpace;

use crate::covariance::Covariance;
use crate::error::{Error, Result};
use crate::{rounding, tolerance};
use faer::{Mat, Par};
use std::ops::ControlFlow;

/// The default of the memory that a solve may use, in bytes: 4 GiB.
pub const DEFAULT_MEMORY: u64 = 4 << 30;

/// The eigenpairs that are wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Request {
    /// The number of the largest eigenvalues that are wanted; `None` for all pd.
    pub top: Option<usize>,
    /// Whether eigenvectors are wanted too.
    pub vectors: bool,
    /// The residual that an iteration may leave, relative to the largest eigenvalue. The direct routes reach
    /// rounding whatever the tolerance.
    pub tolerance: f64,
}

impl Request {
    /// All pd eigenvalues that are not zero by construction, without vectors.
    pub fn all() -> Self {
        Self { top: None, vectors: false, tolerance: tolerance::RESIDUAL }
    }

    /// The `n` largest eigenvalues, with vectors.
    pub fn top(n: usize) -> Self {
        Self { top: Some(n), vectors: true, tolerance: tolerance::RESIDUAL }
    }

    /// The same request with vectors.
    pub fn with_vectors(self) -> Self {
        Self { vectors: true, ..self }
    }
}

/// Eigenpairs of Σ, with bounds on their errors.
#[derive(Debug, Clone)]
pub struct EigenPairs {
    /// The input dimension d.
    pub d: usize,
    /// The number p of distinct neurons.
    pub p: usize,
    /// The eigenvalues of the md × md matrix Σ, descending: the largest N, or all pd that the pairing does
    /// not make zero.
    pub eigenvalues: Vec<f64>,
    /// Orthonormal columns `q_i`, `[pd, N]` component-major, if vectors were asked for. The eigenvectors of
    /// Σ are `(q_i, −q_i)/√2`.
    pub vectors: Option<Mat<f64>>,
    /// The route that was taken, with the reason.
    pub plan: Plan,
    /// The residual `‖Σv − λv‖₂` of each pair, where vectors were computed, or an upper bound on it: for
    /// more than 512 vectors by the dense route, about twice the residual; and for more than 32 vectors by
    /// powers of Σ on the matrix-free route, two to eight times the residual.
    pub residuals: Vec<f64>,
    /// The probability that one of `residuals` is below the residual that it bounds:
    /// [`tolerance::FAILURE`] for upper bounds, and zero for the residuals themselves.
    pub residual_failure: f64,
    /// The largest residual `‖Σv − λv‖₂` against the truncated Σ, in the units of the eigenvalues. For a
    /// spectrum without vectors it is the bound on the backward error of the EVD.
    pub residual_max: f64,
    /// `max|QᵀQ − I|` over the vectors that the route computed.
    pub orthonormality: f64,
    /// A bound on the amount by which each eigenvalue is too small because the series of Σ is cut.
    pub truncation_bound: f64,
    /// The number md − pd of eigenvalues of Σ that the pairing makes zero, which `eigenvalues` does not
    /// list.
    pub null_dimension: usize,
    /// Whether an eigenvalue could have been missed.
    pub completeness: Completeness,
    /// The number of products with `A`, counted in columns; 0 for the direct routes.
    pub products: usize,
    /// Whether the observer stopped the iteration. The pairs are then the best so far, within their
    /// residuals.
    pub stopped: bool,
    /// A bound that the largest eigenvalue of the truncated Σ beside `eigenvalues` does not exceed, where
    /// [`solve_top`] bounded it in place of computing it. It fails with a probability of
    /// [`tolerance::FAILURE`].
    pub next: Option<f64>,
}

impl EigenPairs {
    /// A statistical bound on the absolute rounding error of a dense EVD of this size, `8ε√(pd)·λ_max`. A
    /// smaller eigenvalue has no digits.
    pub fn rounding_bound(&self) -> f64 {
        rounding::eigen(self.p * self.d, self.eigenvalues.first().copied().unwrap_or(0.0))
    }

    /// A bound on the error of the i-th eigenvalue of the truncated Σ: its residual, or the rounding of the
    /// solver where that is larger.
    pub fn bound(&self, i: usize) -> f64 {
        self.residuals.get(i).copied().unwrap_or(self.residual_max).max(self.rounding_bound())
    }

    /// The eigenvalues as they may be shown: Σ is positive semidefinite, and an eigenvalue that is smaller
    /// than its own [`Self::bound`] has no digits, so zero stands for it. The second value says how many
    /// those are, and the largest of their bounds; none where every eigenvalue has digits.
    pub fn shown(&self) -> (Vec<f64>, Option<(usize, f64)>) {
        let mut below = None;
        let shown = self.eigenvalues.iter().enumerate().map(|(i, &value)| {
            let bound = self.bound(i);
            if value > bound {
                return value;
            }
            let (count, most) = below.unwrap_or((0, 0.0_f64));
            below = Some((count + 1, most.max(bound)));
            0.0
        });
        (shown.collect(), below)
    }

    /// A bound on `‖ΣV − VΛ‖` for the first `rank` pairs, the truncated Σ and exactly orthonormal V. It adds
    /// up √r times the largest residual of a pair, the rounding of the solver, and `2λ_1 rη` for vectors
    /// that are orthonormal to η each, because r of them are within rη of some that are exactly so.
    pub fn solver_error(&self, rank: usize) -> f64 {
        let (r, first) = (rank as f64, self.eigenvalues.first().copied().unwrap_or(0.0));
        r.sqrt() * self.residual_max + self.rounding_bound() + 2.0 * first * (r * self.orthonormality)
    }
}

/// Computes the eigenpairs of Σ that `request` names, by the given or the cheapest route, within `memory`
/// bytes.
///
/// # Errors
/// More eigenvalues than pd are asked for, the chosen route does not fit in memory or cannot give what is
/// asked, or an iteration does not converge within its budget.
pub fn solve(
    cov: &Covariance,
    request: &Request,
    choice: RouteChoice,
    memory: u64,
    par: Par,
) -> Result<EigenPairs> {
    solve_observed(cov, request, choice, memory, par, &mut |_| ControlFlow::Continue(()))
}

/// The eigenpairs of Σ from which [`TopSpace::new`] makes the space of the top `rank` = n_k eigenvectors, by
/// the cheapest route within `memory` bytes, to the relative residual `tolerance`. `observe` may stop an
/// iteration, as in [`solve_observed`].
///
/// The matrix-free route computes the top n_k alone, by powers of Σ on the harmonics of degree up to k, and
/// bounds λ_{n_k + 1} by the norm of `Σ_{>k}` ([`EigenPairs::next`]): the pair beyond the gap lies within a
/// cluster, and would take as long as all others. Where the degrees up to k are not far above the others,
/// and on the other routes, one eigenpair more than the rank is computed.
///
/// # Errors
/// As for [`solve`].
pub fn solve_top(
    cov: &Covariance,
    rank: usize,
    tolerance: f64,
    memory: u64,
    par: Par,
    observe: Observer<'_>,
) -> Result<EigenPairs> {
    let request = Request { tolerance, ..Request::top(rank.saturating_add(1).min(cov.order())) };
    if tolerance > 0.0 && tolerance < 1.0 && rank > 0 && rank < cov.order() {
        let plan = route::plan(cov, &request, RouteChoice::Auto, memory, par)?;
        if plan.route == Route::Operator
            && let Some(pairs) = operator::solve_top(cov, rank, tolerance, plan, memory, par, &mut *observe)?
        {
            tracing::info!(
                eigenvalues = pairs.eigenvalues.len(),
                products = pairs.products,
                residual = pairs.residual_max,
                next = pairs.next,
                how = %pairs.completeness.how,
                "the top space of Σ"
            );
            return Ok(pairs);
        }
    }
    solve_observed(cov, &request, RouteChoice::Auto, memory, par, observe)
}

/// As [`solve`], with a callback: given the progress after every step of an iteration, `observe` may stop
/// the iteration.
///
/// # Errors
/// As for [`solve`].
pub fn solve_observed(
    cov: &Covariance,
    request: &Request,
    choice: RouteChoice,
    memory: u64,
    par: Par,
    observe: Observer<'_>,
) -> Result<EigenPairs> {
    if !(request.tolerance > 0.0 && request.tolerance < 1.0) {
        return Err(Error::domain(
            "the relative residual",
            request.tolerance,
            "it lies between 0 and 1, and 1e-12 is what rounding leaves room for",
        ));
    }
    if let Some(n) = request.top
        && (n == 0 || n > cov.order())
    {
        let allowed = format!(
            "from 1 to pd = {} eigenvalues are not zero by construction (p = {}, d = {})",
            cov.order(),
            cov.p(),
            cov.d()
        );
        return Err(Error::domain("the number of eigenvalues", n, allowed));
    }
    let plan = route::plan(cov, request, choice, memory, par)?;
    tracing::info!(
        route = %plan.route,
        reason = %plan.reason,
        "the route to the spectrum of Σ"
    );
    let solved = match plan.route {
        Route::Dense => dense::solve(cov, request, plan, par),
        Route::Harmonic => match harmonic::solve(cov, request, plan, par) {
            // The harmonic route has no vectors for the eigenvalue zero; the dense route has them, if it
            // fits in memory.
            Err(Error::Projector { rank, why }) if choice == RouteChoice::Auto => {
                tracing::info!(rank, why, "the harmonic route lacks vectors; the dense one is taken");
                let plan = route::plan(cov, request, RouteChoice::Only(Route::Dense), memory, par)?;
                dense::solve(cov, request, plan, par)
            }
            solved => solved,
        },
        Route::Operator => operator::solve(cov, request, plan, memory, par, observe),
    }?;
    tracing::info!(
        route = %solved.plan.route,
        eigenvalues = solved.eigenvalues.len(),
        products = solved.products,
        residual = solved.residual_max,
        certified = solved.completeness.certified,
        how = %solved.completeness.how,
        "the spectrum of Σ"
    );
    Ok(solved)
}

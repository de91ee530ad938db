//! The matrices the benches share, and faer's eigen-solvers on them as they come.

use escapement::covariance::Covariance;
use escapement::eigen::SymmetricOperator;
use escapement::sphere::{Truncation, uniform_sphere};
use escapement::{Result, activation, seed};
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::matrix_free::eigen::{
    PartialEigenParams, partial_self_adjoint_eigen, partial_self_adjoint_eigen_scratch,
};
use faer::{Accum, Col, Mat, MatMut, MatRef, Par, diag::Diag, linalg::matmul::matmul, prelude::default};

/// Σ of random weights with the sigmoid that the README uses.
pub fn covariance(d: usize, m: usize) -> Covariance {
    let sigma = activation::parse("sigmoid:1").expect("a known activation");
    let weights = uniform_sphere(&mut seed::stream(1, "bench", "weights"), m / 2, d, 1.0);
    Covariance::new(weights.as_ref(), sigma.as_ref(), Truncation::default()).expect("valid weights")
}

/// Σ itself, md × md, as someone without the pairing would form it.
pub fn whole(cov: &Covariance) -> Mat<f64> {
    let (a, n) = (cov.assemble(), cov.order());
    let m = cov.m() as f64;
    Mat::from_fn(2 * n, 2 * n, |i, j| if (i < n) == (j < n) { 1.0 } else { -1.0 } * a[(i % n, j % n)] / m)
}

/// Spectra to compare eigen-solvers on; all positive, as faer's partial solver takes the largest in modulus.
pub const SPECTRA: [&str; 3] = ["random", "graded", "clustered"];

/// A symmetric matrix of order `n` with one of the [`SPECTRA`]:
/// - random: a Gaussian symmetric matrix (semicircle of radius 1) plus 2;
/// - graded: eigenvalues from 1 down to 1e-12 in equal ratios;
/// - clustered: tens of eigenvalues within 1e-6 of 1, 1/2, 1/4, …
pub fn spectrum(name: &str, n: usize) -> Mat<f64> {
    let gaussian = uniform_sphere(&mut seed::stream(1, "bench", name), n, n, (n as f64).sqrt());
    let value = |i: usize| match name {
        "graded" => 1e-12_f64.powf(i as f64 / (n - 1) as f64),
        "clustered" => 0.5_f64.powi((i / 10) as i32) * (1.0 - 1e-7 * (i % 10) as f64),
        _ => 0.0,
    };
    if name == "random" {
        let unit = 1.0 / (8.0 * n as f64).sqrt();
        return Mat::from_fn(n, n, |i, j| {
            unit * (gaussian[(i, j)] + gaussian[(j, i)]) + if i == j { 2.0 } else { 0.0 }
        });
    }
    let q = gaussian.qr().compute_Q();
    let scaled = Mat::from_fn(n, n, |i, j| q[(i, j)] * value(j));
    let a = &scaled * q.transpose();
    Mat::from_fn(n, n, |i, j| 0.5 * (a[(i, j)] + a[(j, i)]))
}

/// A dense matrix as an operator.
pub struct Dense<'a>(pub MatRef<'a, f64>);

impl SymmetricOperator for Dense<'_> {
    fn order(&self) -> usize {
        self.0.nrows()
    }

    fn apply(&self, v: MatRef<'_, f64>, out: MatMut<'_, f64>, par: Par) -> Result<()> {
        matmul(out, Accum::Replace, self.0, v, 1.0, par);
        Ok(())
    }
}

/// faer's full EVD with its own defaults: eigenvalues, ascending, and the eigenvectors if they are wanted.
pub fn faer_evd(a: MatRef<'_, f64>, vectors: bool, par: Par) -> (Vec<f64>, Option<Mat<f64>>) {
    let n = a.nrows();
    let compute = if vectors { ComputeEigenvectors::Yes } else { ComputeEigenvectors::No };
    let mut values = Diag::zeros(n);
    let mut u = vectors.then(|| Mat::zeros(n, n));
    let mut memory = MemBuffer::new(self_adjoint_evd_scratch::<f64>(n, compute, par, default()));
    let stack = MemStack::new(&mut memory);
    self_adjoint_evd(a, values.as_mut(), u.as_mut().map(|u| u.as_mut()), par, stack, default())
        .expect("an EVD");
    (values.column_vector().iter().copied().collect(), u)
}

/// Restarts after which faer's partial solver gives up.
const RESTARTS: usize = 200;

/// faer's partial solver (Lanczos with thick restarts, one vector at a time) for the `wanted` largest
/// eigenpairs, to residuals of `tolerance` (absolute); `None` if it gives up, or if the order is too small
/// for it.
pub fn faer_partial(
    a: MatRef<'_, f64>,
    wanted: usize,
    tolerance: f64,
    par: Par,
) -> Option<(Vec<f64>, Mat<f64>)> {
    let n = a.nrows();
    if n <= 64.max(2 * wanted) {
        return None;
    }
    let mut values = vec![0.0; wanted];
    let mut vectors = Mat::zeros(n, wanted);
    let start = uniform_sphere(&mut seed::stream(1, "bench", "start"), 1, n, 1.0);
    let start = Col::from_fn(n, |i| start[(0, i)]);
    let params = PartialEigenParams { max_restarts: RESTARTS, ..default() };
    let mut memory = MemBuffer::new(partial_self_adjoint_eigen_scratch::<f64>(&a, wanted, par, params));
    let stack = MemStack::new(&mut memory);
    let found = partial_self_adjoint_eigen(
        vectors.as_mut(),
        &mut values,
        &a,
        start.as_ref(),
        tolerance,
        par,
        stack,
        params,
    );
    (found.n_converged_eigen >= wanted).then_some((values, vectors))
}

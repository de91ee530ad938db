//! Kernel ridge regression with the NTK of a network of finite width, its population error through Σ.

use crate::error::Result;
use crate::nbl22::learner::Learner;
use faer::linalg::solvers::Solve;
use faer::{Mat, MatRef, Side};

/// The least `E (f̂ − f*)²` over the ridges, of the predictor `f̂ = Σ_i b_i K_m(x_i, ·)`, `b = (K_m + nλI)^{-1} y`. It is f_L at the displacement `Σ_i b_i φ(x_i)`, so that
/// the error is exact but for the truncation of Σ.
pub(super) fn least_error(learner: &Learner, x: MatRef<'_, f64>, ridges: &[f64]) -> Result<f64> {
    let (n, p, d, m) = (x.nrows(), learner.net.p(), learner.net.d(), learner.net.m() as f64);
    let sigma = learner.net.activation();
    let z = x * learner.net.weights().transpose();
    let slopes = Mat::from_fn(n, p, |i, r| sigma.d1(z[(i, r)]));
    let (products, inputs) = (&slopes * slopes.transpose(), x * x.transpose());
    let y = learner.target.value(x)?;
    let mut best = f64::INFINITY;
    for ridge in ridges {
        // K_m(x, x') = (2/m) x·x' Σ_{r<p} σ'(w_r·x)σ'(w_r·x').
        let kernel =
            Mat::from_fn(n, n, |i, l| 2.0 / m * products[(i, l)] * inputs[(i, l)] + if i == l { n as f64 * ridge } else { 0.0 });
        let Ok(factor) = kernel.llt(Side::Lower) else { continue };
        let b = factor.solve(Mat::from_fn(n, 1, |i, _| y[i]));
        // u_r = 2m^{-1/2} Σ_i b_i σ'(w_r·x_i) x_i, component-major.
        let weighted = Mat::from_fn(n, d, |i, c| 2.0 / m.sqrt() * b[(i, 0)] * x[(i, c)]);
        let u = slopes.transpose() * &weighted;
        let u = Mat::from_fn(p * d, 1, |j, _| u[(j % p, j / p)]);
        let [square, cross, truth] = learner.linear_moments_of_difference(u.as_ref());
        best = best.min(square - 2.0 * cross + truth);
    }
    Ok(best)
}

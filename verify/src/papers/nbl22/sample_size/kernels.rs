//! Kernel ridge regression with the NTK of a network of finite width, its population error through Σ.

use crate::error::Result;
use crate::papers::nbl22::learner::Learner;
use faer::linalg::solvers::Solve;
use faer::{Mat, MatRef, Side};

/// The least `E (f̂ − f*)²` over the ridges, of the predictor `f̂ = Σ_i b_i K_m(x_i, ·)`,
/// `b = (K_m + nλI)^{-1} y`. It is f_L at the displacement `Σ_i b_i φ(x_i)`, so that the error is exact but
/// for the truncation of Σ.
pub(in crate::papers::nbl22) fn least_error(
    learner: &Learner,
    x: MatRef<'_, f64>,
    ridges: &[f64],
) -> Result<f64> {
    let (n, p, d, m) =
        (x.nrows(), learner.built.net.p(), learner.built.net.d(), learner.built.net.m() as f64);
    let sigma = learner.built.net.activation();
    let z = x * learner.built.net.weights().transpose();
    let slopes = Mat::from_fn(n, p, |i, r| sigma.d1(z[(i, r)]));
    let (products, inputs) = (&slopes * slopes.transpose(), x * x.transpose());
    let y = learner.built.target.value(x)?;
    let mut best = f64::INFINITY;
    for ridge in ridges {
        // K_m(x, x') = (2/m) x·x' Σ_{r<p} σ'(w_r·x)σ'(w_r·x').
        let kernel = Mat::from_fn(n, n, |i, l| {
            2.0 / m * products[(i, l)] * inputs[(i, l)] + if i == l { n as f64 * ridge } else { 0.0 }
        });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::cell::Cell;
    use crate::claim::distribution::mean_and_error;
    use crate::papers::nbl22::letters::{D, K, M, R};
    use escapement::sphere::uniform_sphere;

    #[test]
    fn the_error_is_that_of_the_predictor_on_fresh_inputs() {
        let cell =
            Cell::new("test", "").with(D, 6).with(M, 60).with(K, 1).with(R, 1).activation("sigmoid:1");
        let learner = Learner::new(&cell, 1, super::super::target(&cell, 1, 1).unwrap()).unwrap();
        let inputs =
            |purpose: &str, n: usize| uniform_sphere(&mut cell.stream(1, purpose), n, 6, 6.0_f64.sqrt());
        let (x, fresh, ridge) = (inputs("inputs", 24), inputs("fresh", 20_000), 1e-3);
        let exact = least_error(&learner, x.as_ref(), &[ridge]).unwrap();
        // φ(x)·φ(x') over all m neurons, by definition.
        let features = |x: &Mat<f64>| {
            let z = x * learner.built.net.weights().transpose();
            let value = |i: usize, j: usize| {
                let (r, c) = (j % 60, j / 60);
                learner.built.net.sign(r) / 60.0_f64.sqrt()
                    * learner.built.net.activation().d1(z[(i, r % 30)])
                    * x[(i, c)]
            };
            Mat::from_fn(x.nrows(), 360, value)
        };
        let phi = features(&x);
        let mut kernel = &phi * phi.transpose();
        (0..24).for_each(|i| kernel[(i, i)] += 24.0 * ridge);
        let y = learner.built.target.value(x.as_ref()).unwrap();
        let b = kernel.llt(Side::Lower).unwrap().solve(Mat::from_fn(24, 1, |i, _| y[i]));
        let f = features(&fresh) * (phi.transpose() * &b);
        let truth = learner.built.target.value(fresh.as_ref()).unwrap();
        let squares: Vec<f64> = truth.iter().enumerate().map(|(i, y)| (y - f[(i, 0)]).powi(2)).collect();
        let (mean, error) = mean_and_error(&squares);
        assert!((mean - exact).abs() < 5.0 * error, "{exact} for {mean} ± {error}");
        // Of the wrong sign it is told apart.
        let off: Vec<f64> = truth.iter().enumerate().map(|(i, y)| (y + f[(i, 0)]).powi(2)).collect();
        assert!((mean_and_error(&off).0 - exact).abs() > 5.0 * error);
    }
}

//! The loss of `P_{≤k}W + P_{>k}W·S` over random signs S, and of the network itself, on the inputs of the
//! test.
//!
//! With `u` and `v` the products of a neuron's two parts with x, and s its sign, `σ'·(u + sv) + ½σ''·(u +
//! sv)²` is affine in s, because s² = 1. Hence f_L + f_Q is `A(x) + Σ_r s_r b_r(x)` with `A = m^{-1/2}
//! Σ_r a_r [σ'u + ½σ''(u² + v²)]` and `b_r = m^{-1/2} a_r v(σ' + σ''u)`, and the square loss has the mean
//! `(A − y)² + Σ_r b_r²` over S, exactly.

use crate::papers::nbl22::figures::figure_1::data::Labelled;
use escapement::Result;
use escapement::eigen::TopSpace;
use escapement::network::PairedNetwork;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};
use serde::{Deserialize, Serialize};

/// Inputs that are taken at once.
const BLOCK: usize = 256;

/// What random signs, and the terms beyond the second order, do to a displacement.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Signs {
    /// The mean loss over signs on what lies beyond the top eigenvectors.
    pub beyond: f64,
    /// The same with the signs on all of W.
    pub all: f64,
    /// The mean square of f − f_L − f_Q.
    pub remainder: f64,
}

impl Signs {
    /// Those of `w` (`[m, d]`), with the projector of `top`.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn of(
        net: &PairedNetwork,
        top: &TopSpace,
        w: MatRef<'_, f64>,
        Labelled { x, y }: &Labelled,
        par: Par,
    ) -> Result<Self> {
        let kept = kept(top, w, par);
        let (beyond, nothing) = (w - &kept, Mat::zeros(w.nrows(), w.ncols()));
        let f = net.f(x.as_ref(), w, par)?;
        let (linear, quadratic) = (net.f_linear(x.as_ref(), w, par)?, net.f_quadratic(x.as_ref(), w, par)?);
        let squares = f.iter().zip(&linear).zip(&quadratic).map(|((f, l), q)| (f - l - q).powi(2));
        let remainder = squares.sum::<f64>() / f.len() as f64;
        let loss = |u, v| mean_loss(net, (u, v), x.as_ref(), y, par);
        Ok(Self { beyond: loss(kept.as_ref(), beyond.as_ref()), all: loss(nothing.as_ref(), w), remainder })
    }
}

/// The part of `w` (`[m, d]`) in the span of the eigenvectors `(q_i, −q_i)/√2`: ±½QQᵀ of the difference
/// of its halves.
fn kept(top: &TopSpace, w: MatRef<'_, f64>, par: Par) -> Mat<f64> {
    let (p, d) = (top.p(), top.d());
    let mut u = Mat::from_fn(p * d, 1, |k, _| w[(k % p, k / p)] - w[(p + k % p, k / p)]);
    let mut inner = Mat::zeros(top.rank(), 1);
    matmul(inner.as_mut(), Accum::Replace, top.vectors().transpose(), u.as_ref(), 0.5, par);
    matmul(u.as_mut(), Accum::Replace, top.vectors(), inner.as_ref(), 1.0, par);
    Mat::from_fn(2 * p, d, |r, c| if r < p { u[(c * p + r, 0)] } else { -u[(c * p + r - p, 0)] })
}

/// The mean over signs and over the rows of `x` of the square loss of `U + SV`, both `[m, d]`.
fn mean_loss(
    net: &PairedNetwork,
    (u, v): (MatRef<'_, f64>, MatRef<'_, f64>),
    x: MatRef<'_, f64>,
    y: &[f64],
    par: Par,
) -> f64 {
    let (p, scale) = (net.p(), (net.m() as f64).sqrt().recip());
    let mut sum = 0.0;
    for start in (0..y.len()).step_by(BLOCK) {
        let count = BLOCK.min(y.len() - start);
        let x = x.subrows(start, count);
        let product = |w: MatRef<'_, f64>| {
            let mut z = Mat::zeros(count, w.nrows());
            matmul(z.as_mut(), Accum::Replace, x, w.transpose(), 1.0, par);
            z
        };
        let (mut first, u, v) = (product(net.weights()), product(u), product(v));
        let mut second = Mat::<f64>::zeros(count, p);
        for r in 0..p {
            net.activation().apply_first_and_second(first.col_as_slice_mut(r), second.col_as_slice_mut(r));
        }
        let (mut mean, mut spread) = (vec![0.0; count], vec![0.0; count]);
        for r in 0..2 * p {
            let weight = scale * net.sign(r);
            let (first, second) = (first.col_as_slice(r % p), second.col_as_slice(r % p));
            let (u, v) = (u.col_as_slice(r), v.col_as_slice(r));
            for i in 0..count {
                mean[i] += weight * (first[i] * u[i] + 0.5 * second[i] * (u[i] * u[i] + v[i] * v[i]));
                spread[i] += (weight * v[i] * (first[i] + second[i] * u[i])).powi(2);
            }
        }
        let losses = mean.iter().zip(&spread).zip(&y[start..]).map(|((a, b), y)| (a - y).powi(2) + b);
        sum += losses.sum::<f64>();
    }
    sum / y.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use escapement::covariance::Covariance;
    use escapement::sphere::{Truncation, uniform_sphere};
    use escapement::{activation, seed};

    #[test]
    fn mean_over_signs_is_that_of_all_of_them() {
        let rng = &mut seed::stream(5, "signs", "test");
        let (p, d, n) = (4, 3, 7);
        let net = PairedNetwork::random(rng, p, d, activation::parse("sigmoid:1").unwrap()).unwrap();
        let x = uniform_sphere(rng, n, d, (d as f64).sqrt());
        let w = uniform_sphere(rng, 2 * p, d, 1.5);
        let y: Vec<f64> = (0..n).map(|i| x[(i, 0)]).collect();
        let cov = Covariance::new(net.weights(), net.activation(), Truncation::default()).unwrap();
        let (top, _) = TopSpace::of(&cov, d + 1, Par::Seq).unwrap();
        let labelled = Labelled { x: x.clone(), y: y.clone() };
        let found = Signs::of(&net, &top, w.as_ref(), &labelled, Par::Seq).unwrap();

        let kept = kept(&top, w.as_ref(), Par::Seq);
        let loss = |w: &Mat<f64>| {
            let linear = net.f_linear(x.as_ref(), w.as_ref(), Par::Seq).unwrap();
            let quadratic = net.f_quadratic(x.as_ref(), w.as_ref(), Par::Seq).unwrap();
            (0..n).map(|i| (linear[i] + quadratic[i] - y[i]).powi(2)).sum::<f64>() / n as f64
        };
        let (mut beyond, mut all) = (0.0, 0.0);
        for signs in 0..1 << (2 * p) {
            let s = |r: usize| if signs >> r & 1 == 1 { 1.0 } else { -1.0 };
            let one = Mat::from_fn(2 * p, d, |r, c| kept[(r, c)] + s(r) * (w[(r, c)] - kept[(r, c)]));
            beyond += loss(&one) / f64::from(1 << (2 * p));
            all += loss(&Mat::from_fn(2 * p, d, |r, c| s(r) * w[(r, c)])) / f64::from(1 << (2 * p));
        }
        assert!((found.beyond - beyond).abs() < 1e-12 * beyond, "{found:?}, {beyond}");
        assert!((found.all - all).abs() < 1e-12 * all, "{found:?}, {all}");
        assert!((beyond - loss(&w)).abs() > 1e-3 && (beyond - all).abs() > 1e-3);
        // A projector: what it keeps it keeps again, and what it leaves has nothing of it.
        let left = super::kept(&top, (&w - &kept).as_ref(), Par::Seq);
        assert!(left.norm_l2() < 1e-12 && kept.norm_l2() > 0.1);
    }
}

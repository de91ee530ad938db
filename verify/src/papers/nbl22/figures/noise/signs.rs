//! The loss of `P_{≤k}W + P_{>k}W·S` over random signs S, exactly, and of the network itself, on the inputs
//! of the test.

use crate::papers::nbl22::figures::figure_1::data::Labelled;
use escapement::Result;
use escapement::construct::signed_loss::expected_losses;
use escapement::eigen::TopSpace;
use escapement::network::PairedNetwork;
use escapement::objective::Loss;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};
use serde::{Deserialize, Serialize};

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
        let [f, linear, quadratic] = net.expansion(x.as_ref(), w, par)?;
        let squares = f.iter().zip(&linear).zip(&quadratic).map(|((f, l), q)| (f - l - q).powi(2));
        let remainder = squares.sum::<f64>() / f.len() as f64;
        let loss = |u, v| -> Result<f64> {
            let losses = expected_losses(net, Loss::Square, x.as_ref(), y, u, v, par)?;
            Ok(losses.iter().map(|loss| loss.value).sum::<f64>() / losses.len() as f64)
        };
        Ok(Self {
            beyond: loss(kept.as_ref(), beyond.as_ref())?,
            all: loss(nothing.as_ref(), w)?,
            remainder,
        })
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

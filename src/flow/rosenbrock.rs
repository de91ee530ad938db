//! A Rosenbrock method of order four: six values of the right side and one linear solve for each, with one
//! decomposition a step, for stiff equations whose derivative is at hand.

use crate::Result;
use faer::linalg::solvers::Solve;
use faer::{Mat, MatRef};

/// The order of the difference that measures the error, which is that of a result of order three.
pub(super) const ORDER: usize = 4;

const GAMMA: f64 = 0.25;
/// The coefficients of the method RODAS of Hairer and Wanner, *Solving Ordinary Differential Equations II*,
/// section IV.7. The stages k satisfy `(1/(hγ) − J) k_s = f(y + Σ_t a_st k_t) + Σ_t (c_st/h) k_t`. Stage 6
/// begins where stage 5 does with k_5 added, and the result is that with k_6 added, which is the error.
const A: [&[f64]; 5] = [
    &[],
    &[1.544],
    &[0.9466785280815826, 0.2557011698983284],
    &[3.314825187068521, 2.896124015972201, 0.9986419139977817],
    &[1.221224509226641, 6.019134481288629, 12.53708332932087, -0.687886036105895],
];
const C: [&[f64]; 6] = [
    &[],
    &[-5.6688],
    &[-2.430093356833875, -0.2063599157091915],
    &[-0.1073529058151375, -9.594562251023355, -20.47028614809616],
    &[7.496443313967647, -10.24680431464352, -33.99990352819905, 11.7089089320616],
    &[8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054],
];

/// The state after a step of length `h` of `y' = f(y)`, and its difference to a result of order three.
/// `first` is f(y), and `jacobian` the derivative of f at y.
///
/// # Errors
/// What f refuses.
pub(super) fn step(
    f: &dyn Fn(&[f64]) -> Result<Vec<f64>>,
    (state, first, jacobian): (&[f64], &[f64], MatRef<'_, f64>),
    h: f64,
) -> Result<(Vec<f64>, Vec<f64>)> {
    let n = state.len();
    let shifted = Mat::from_fn(n, n, |i, k| f64::from(u8::from(i == k)) / (h * GAMMA) - jacobian[(i, k)]);
    let solver = shifted.partial_piv_lu();
    let mut stages: Vec<Mat<f64>> = Vec::with_capacity(C.len());
    let mut at = state.to_vec();
    for (s, c) in C.iter().enumerate() {
        match A.get(s) {
            Some(a) => {
                at = (0..n).map(|i| state[i] + along(a, &stages, i)).collect();
            }
            None => at.iter_mut().enumerate().for_each(|(i, at)| *at += stages[s - 1][(i, 0)]),
        }
        let rate = if s == 0 { first.to_vec() } else { f(&at)? };
        stages.push(solver.solve(Mat::from_fn(n, 1, |i, _| rate[i] + along(c, &stages, i) / h)));
    }
    let apart = stages.last().map(|k| k.col_as_slice(0).to_vec()).unwrap_or_default();
    Ok((at.iter().zip(&apart).map(|(at, k)| at + k).collect(), apart))
}

/// Entry i of a combination of stages.
fn along(coefficients: &[f64], stages: &[Mat<f64>], i: usize) -> f64 {
    coefficients.iter().zip(stages).map(|(c, k)| c * k[(i, 0)]).sum()
}

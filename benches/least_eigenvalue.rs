//! What does the least eigenvalue of the Hessian of L_λ cost at a trained W, in products and in time?
//!
//! For each model: L_λ is descended from W = 0 for [`STEPS`] steps; then the Lanczos process from random
//! starts runs to a residual of 1e-4·‖H‖ alone, and to that and a lower bound within 1e-2·‖H‖ below the
//! value. A line for each start: products, residual, value, bound, seconds; last the median time of a
//! product, reorthogonalisation included, over that of the matrix products that a product with the Hessian
//! consists of, measured in turn.
//!
//! Run with `cargo bench --bench least_eigenvalue`.

use escapement::covariance::Covariance;
use escapement::descent::{
    DescentOptions, DescentState, LeastOptions, LossLandscape, descend, least_eigenvalue,
};
use escapement::eigen::{self, Request, RouteChoice, TopSpace};
use escapement::network::{Model, PairedNetwork};
use escapement::objective::{Loss, RegularizedLoss, Regularizers};
use escapement::sphere::Truncation;
use escapement::{activation, seed, sphere};
use faer::{Accum, Mat, Par, linalg::matmul::matmul};
use std::ops::ControlFlow;
use std::time::Instant;

mod timing;

/// (d, n, m): md is the order.
const SIZES: &[(usize, usize, usize)] = &[(10, 100, 100), (50, 2500, 2000)];
const LAMBDA: [f64; 4] = [0.3, 0.2, 0.5, 0.01];
/// Steps of descent.
const STEPS: u64 = 200;
/// Times that the matrix products are repeated.
const REPEATS: usize = 20;
/// Random starts.
const STARTS: u64 = 3;

fn main() {
    let par = Par::rayon(0);
    let sizes =
        timing::trimmed(SIZES).iter().filter(|(d, n, m)| timing::wanted(&format!("d={d},n={n},m={m}")));
    for &(d, n, m) in sizes {
        let p = m / 2;
        let rng = &mut seed::stream(1, "bench", "weights");
        let sigma = activation::parse("sigmoid:1").expect("a known activation");
        let net = PairedNetwork::random(rng, p, d, sigma.clone()).expect("valid weights");
        let x = sphere::uniform_sphere(rng, n, d, (d as f64).sqrt());
        let y: Vec<f64> = (0..n).map(|i| x[(i, 0)] * x[(i, 1)] + x[(i, 2)]).collect();
        let cov =
            Covariance::new(net.weights(), sigma.as_ref(), Truncation::default()).expect("valid weights");
        let request = Request { tolerance: 1e-9, ..Request::top(d + 2) };
        let pairs =
            eigen::solve(&cov, &request, RouteChoice::Auto, eigen::DEFAULT_MEMORY, par).expect("a spectrum");
        let top = TopSpace::new(&pairs, d + 1).expect("a gap");
        let of = Regularizers { cov: &cov, top: &top, net: &net, x: x.as_ref() };
        for (name, model) in [("f_L + f_Q", Model::Quadratic), ("f", Model::Network)] {
            let loss =
                RegularizedLoss::new(of, &y, Loss::PseudoHuber, LAMBDA, model, eigen::DEFAULT_MEMORY, par)
                    .expect("valid inputs");
            let options = DescentOptions { gradient: 0.0, max_steps: STEPS, ..DescentOptions::default() };
            let state = DescentState::new(Mat::zeros(m, d), &options);
            let end = descend(
                &mut LossLandscape::new(&loss),
                state,
                &options,
                &mut |_| ControlFlow::Continue(()),
                par,
            )
            .expect("finite");
            println!(
                "{name} at d = {d}, n = {n}, m = {m}: L = {:.4}, gradient {:.1e}",
                end.value.objective, end.gradient_norm
            );
            let hessian = loss.hessian(end.state.w.as_ref(), par).expect("finite");
            let w = end.state.w.as_ref();
            let (wt, xt) = (w.transpose().to_owned(), x.transpose().to_owned());
            let (mut z, mut back) = (Mat::<f64>::zeros(n, m), Mat::<f64>::zeros(d, m));
            let (kernel, mut block) = (Mat::from_fn(p, p, |i, j| (i + j) as f64), Mat::<f64>::zeros(p, d));
            let mut ratios = Vec::new();
            for seed in 0..STARTS {
                for gap in [0.99, 1e-2] {
                    let options = LeastOptions { gap, seed, dense: 0, ..LeastOptions::default() };
                    let begun = Instant::now();
                    let found = least_eigenvalue(&hessian, &options, par).expect("symmetric");
                    let seconds = begun.elapsed().as_secs_f64();
                    let products = timing::seconds(|| {
                        for _ in 0..REPEATS {
                            matmul(&mut z, Accum::Replace, &x, &wt, 1.0, par);
                            matmul(&mut back, Accum::Replace, &xt, &z, 1.0, par);
                            for _ in 0..3 {
                                matmul(&mut block, Accum::Replace, &kernel, w.subrows(0, p), 1.0, par);
                            }
                        }
                    });
                    ratios.push(seconds / found.products as f64 / (products / REPEATS as f64));
                    println!(
                        "  start {seed}, bound within {gap}: {} products, residual {:.1e} of the norm, \
                         value {:.5}, bound {:.5}, norm {:.3}, {seconds:.2} s",
                        found.products,
                        found.residual / found.norm,
                        found.value,
                        found.lower_bound,
                        found.norm
                    );
                }
            }
            println!(
                "  a product, reorthogonalised, takes {:.2} times as long as its matrix products",
                timing::median(&ratios)
            );
        }
    }
}

//! What do L_λ's derivatives cost beside the products they consist of?
//!
//! - `products as written`: what the formula consists of, X by Wᵀ and by the p rows of ũ, Xᵀ by as many
//!   columns, p × p by p × d three times, Q and Qᵀ by one vector each, twice; by faer alone;
//! - `products made`: those without the rows of ũ, whose terms come with the others;
//! - `gradient`: L_λ with its gradient, R1 and R2 through Σ itself, of f_L + f_Q and of f;
//! - `Hessian product`: the Hessian times a vector; `mean over signs`: its exact average over random signs.
//!
//! Run with `cargo bench --bench objective`.

use criterion::{Criterion, criterion_group, criterion_main};
use escapement::construct::expected_hessian_form;
use escapement::covariance::Covariance;
use escapement::eigen::{self, Request, RouteChoice, TopSpace};
use escapement::network::{Model, PairedNetwork};
use escapement::objective::{Loss, RegularizedLoss, Regularizers};
use escapement::sphere::Truncation;
use escapement::{activation, seed, sphere};
use faer::{Accum, Mat, Par, linalg::matmul::matmul};

/// (d, n, m).
const SIZES: &[(usize, usize, usize)] = &[(50, 2500, 2000)];
const LAMBDA: [f64; 4] = [0.3, 0.2, 0.5, 0.01];
/// The threads of all contestants; 0 for all there are.
const THREADS: usize = 0;

fn objective(c: &mut Criterion) {
    let par = Par::rayon(THREADS);
    for &(d, n, m) in SIZES {
        let mut group = c.benchmark_group(format!("objective/d={d},n={n},m={m}"));
        group.sample_size(20);
        let (p, one) = (m / 2, 1.0);
        let rng = &mut seed::stream(1, "bench", "weights");
        let sigma = activation::parse("sigmoid:1").expect("a known activation");
        let net = PairedNetwork::random(rng, p, d, sigma.clone()).expect("valid weights");
        let x = sphere::uniform_sphere(rng, n, d, (d as f64).sqrt());
        let y: Vec<f64> = (0..n).map(|i| x[(i, 0)] * x[(i, 1)]).collect();
        let cov =
            Covariance::new(net.weights(), sigma.as_ref(), Truncation::default()).expect("valid weights");
        let request = Request { tolerance: 1e-9, ..Request::top(d + 2) };
        let pairs =
            eigen::solve(&cov, &request, RouteChoice::Auto, eigen::DEFAULT_MEMORY, par).expect("a spectrum");
        let top = TopSpace::new(&pairs, d + 1).expect("a gap");
        let of = Regularizers { cov: &cov, top: &top, net: &net, x: x.as_ref() };
        let w = sphere::uniform_sphere(rng, m, d, 0.1);
        let v = sphere::uniform_sphere(rng, m, d, 1.0);

        let (wt, xt, q) = (w.transpose().to_owned(), x.transpose().to_owned(), top.vectors());
        let (mut z, mut back) = (Mat::<f64>::zeros(n, m), Mat::<f64>::zeros(d, m));
        let (half, mut narrow, mut back_half) =
            (wt.subcols(0, p), Mat::<f64>::zeros(n, p), Mat::<f64>::zeros(d, p));
        let (kernel, thin, mut block) =
            (Mat::from_fn(p, p, |i, j| (i + j) as f64), w.subrows(0, p), Mat::<f64>::zeros(p, d));
        let (mut coefficients, mut long) = (Mat::<f64>::zeros(d + 1, 1), Mat::<f64>::zeros(p * d, 1));
        for (name, rows) in [("products as written", true), ("products made", false)] {
            group.bench_function(name, |b| {
                b.iter(|| {
                    matmul(&mut z, Accum::Replace, &x, &wt, one, par);
                    matmul(&mut back, Accum::Replace, &xt, &z, one, par);
                    if rows {
                        matmul(&mut narrow, Accum::Replace, &x, half, one, par);
                        matmul(&mut back_half, Accum::Replace, &xt, &narrow, one, par);
                    }
                    for _ in 0..3 {
                        matmul(&mut block, Accum::Replace, &kernel, thin, one, par);
                    }
                    for _ in 0..2 {
                        matmul(&mut coefficients, Accum::Replace, q.transpose(), &long, one, par);
                        matmul(&mut long, Accum::Replace, q, &coefficients, one, par);
                    }
                })
            });
        }
        for (name, model) in [("f_L + f_Q", Model::Quadratic), ("f", Model::Network)] {
            let objective =
                RegularizedLoss::new(of, &y, Loss::PseudoHuber, LAMBDA, model, eigen::DEFAULT_MEMORY, par)
                    .expect("valid inputs");
            let (mut space, mut out) = (objective.workspace(), Mat::zeros(m, d));
            group.bench_function(format!("gradient of {name}"), |b| {
                b.iter(|| {
                    objective.value_and_gradient(w.as_ref(), out.as_mut(), &mut space, par).expect("finite")
                })
            });
            let hessian = objective.hessian(w.as_ref(), par).expect("finite");
            group.bench_function(format!("Hessian product of {name}"), |b| {
                b.iter(|| hessian.multiply(v.as_ref(), out.as_mut(), par).expect("finite"))
            });
            group.bench_function(format!("mean over signs of {name}"), |b| {
                b.iter(|| expected_hessian_form(&hessian, v.as_ref(), par).expect("finite"))
            });
        }
    }
}

criterion_group!(benches, objective);
criterion_main!(benches);

//! What does a step of training cost beside the two products it cannot avoid?
//!
//! - `products`: Z = XWᵀ and the gradient XᵀS by faer alone, in the layout it multiplies fastest, with the
//!   same threads;
//! - `step`: a step of gradient descent on f_L + f_Q and the value after it, `step with R3` with R3,
//!   `network` on f.
//!
//! The same of a two-layer ReLU network, both layers trained, in the group `relu`.
//!
//! Run with `cargo bench --bench training_step`, or one group with
//! `cargo bench --bench training_step -- f32`.

use criterion::{Criterion, criterion_group, criterion_main};
use escapement::network::PairedNetwork;
use escapement::objective::Loss;
use escapement::training::relu::{ReluNetwork, ReluProblem};
use escapement::training::{Model, Problem, Real};
use escapement::{activation, seed, sphere};
use faer::{Accum, Mat, Par, linalg::matmul::matmul};
use rayon::prelude::*;

/// (d, n, m): the published experiment, and a small one that stays in cache.
const SIZES: &[(usize, usize, usize)] = &[(100, 1000, 10_000), (20, 800, 1_000)];
/// λ3, with the rank d of the published experiment.
const LAMBDA: f64 = 0.01;
/// η: small, so that it does not matter how many steps were taken before.
const ETA: f64 = 1e-6;
/// The threads of all contestants; 0 for all there are.
const THREADS: usize = 0;

fn steps<T: Real>(c: &mut Criterion, name: &str) {
    let par = Par::rayon(THREADS);
    for &(d, n, m) in SIZES {
        let mut group = c.benchmark_group(format!("{name}/d={d},n={n},m={m}"));
        group.sample_size(20);
        let rng = &mut seed::stream(1, "bench", "weights");
        let sigma = activation::parse("sigmoid:1").expect("a known activation");
        let net = PairedNetwork::random(rng, m / 2, d, sigma).expect("valid weights");
        let inputs = sphere::uniform_sphere(rng, n, d, (d as f64).sqrt());
        let y: Vec<f64> = (0..n).map(|i| inputs[(i, 0)] - 1.0).collect();
        let basis = sphere::uniform_sphere(rng, n, d, 1.0).qr().compute_thin_Q();
        let problem = |model| {
            Problem::<T>::new(&net, inputs.as_ref(), &y, Loss::Square, model, par).expect("valid inputs")
        };

        let moved = sphere::uniform_sphere(rng, m, d, 0.1);
        let w = Mat::from_fn(d, m, |c, r| T::nearest(moved[(r, c)]));
        let mut gradient = Mat::<T>::zeros(d, m);
        let x = Mat::from_fn(n, d, |i, c| T::nearest(inputs[(i, c)]));
        let (xt, mut z, one) = (x.transpose().to_owned(), Mat::<T>::zeros(n, m), T::nearest(1.0));
        group.bench_function("products", |b| {
            b.iter(|| {
                matmul(&mut z, Accum::Replace, &x, &w, one, par);
                matmul(&mut gradient, Accum::Replace, &xt, &z, one, par);
            })
        });
        let contestants = [
            (
                "step with R3",
                problem(Model::Quadratic).with_r3(basis.as_ref(), LAMBDA).expect("an orthonormal basis"),
            ),
            ("step", problem(Model::Quadratic)),
            ("network", problem(Model::Network)),
        ];
        for (name, problem) in contestants {
            let (mut space, mut w) = (problem.workspace(), w.clone());
            problem.value(w.transpose(), &mut space, par).expect("finite weights");
            group.bench_function(name, |b| {
                b.iter(|| {
                    problem.descend(w.as_mut().transpose_mut(), ETA, &mut space, par).expect("finite step")
                })
            });
        }
    }
}

fn f32_steps(c: &mut Criterion) {
    steps::<f32>(c, "f32");
}

fn f64_steps(c: &mut Criterion) {
    steps::<f64>(c, "f64");
}

/// (d, n, m): six times d² inputs at both ends of the published experiment but the last, and the most at the
/// end.
const RELU_SIZES: &[(usize, usize, usize)] = &[(10, 600, 100), (50, 15_000, 100), (50, 50_000, 100)];

/// Inputs in a tile of their products.
const ROWS: usize = 512;

fn relu_steps<T: Real>(c: &mut Criterion, name: &str) {
    let (par, one) = (Par::rayon(THREADS), T::nearest(1.0));
    for &(d, n, m) in RELU_SIZES {
        let mut group = c.benchmark_group(format!("{name} relu/d={d},n={n},m={m}"));
        group.sample_size(20);
        let rng = &mut seed::stream(1, "bench", "relu");
        let inputs = sphere::uniform_sphere(rng, n, d, (d as f64).sqrt());
        let y: Vec<f64> = (0..n).map(|i| inputs[(i, 0)] * inputs[(i, 1)]).collect();
        let mut net = ReluNetwork::<T>::random(rng, d, m).expect("a positive width");

        // Whole, faer takes more than twice as long over these products as by tiles that stay in cache.
        let tile = |rows: usize| {
            Mat::from_fn(rows, d + 1, |i, c| T::nearest(if c < d { inputs[(i, c)] } else { 1.0 }))
        };
        let mut tiles: Vec<_> = (0..n.div_ceil(ROWS))
            .map(|i| tile(ROWS.min(n - i * ROWS)))
            .map(|x| (x, Mat::zeros(0, 0)))
            .collect();
        for (x, z) in &mut tiles {
            *z = Mat::<T>::zeros(x.nrows(), m);
        }
        group.bench_function("products", |b| {
            b.iter(|| {
                tiles.par_chunks_mut(n.div_ceil(ROWS).div_ceil(16)).for_each(|tiles| {
                    let mut u = Mat::<T>::zeros(d + 1, m);
                    for (x, z) in tiles {
                        matmul(z.as_mut(), Accum::Replace, x.as_ref(), &net.first, one, Par::Seq);
                        matmul(&mut u, Accum::Add, x.transpose(), z.as_ref(), one, Par::Seq);
                    }
                    std::hint::black_box(&u);
                })
            })
        });
        let problem = ReluProblem::new(inputs.as_ref(), &y).expect("valid inputs");
        let mut space = problem.workspace(&net);
        group.bench_function("step", |b| {
            b.iter(|| problem.descend(&mut net, 1e-3, &mut space, par).expect("finite weights"))
        });
    }
}

fn relu(c: &mut Criterion) {
    relu_steps::<f32>(c, "f32");
    relu_steps::<f64>(c, "f64");
}

criterion_group!(benches, f32_steps, f64_steps, relu);
criterion_main!(benches);

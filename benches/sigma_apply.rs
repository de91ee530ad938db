//! What does a product Σ·V cost beside one dense matrix product of the size that the kernel alone would
//! need?
//!
//! - `gemm`: faer, p × p by p × (d·b), in f64: the first of the three products within a product with `A`;
//! - `exact, kept`: `A·V` in f64 with its kernel matrices kept; `exact, made afresh`: with kernel matrices
//!   made in the product;
//! - `mixed`: degrees 0 and 1 in f64 in closed form, the others in f32.
//!
//! The throughput of every contestant is reported in flops of the GEMM, 2p²d·b, so that the ratios of
//! throughputs are those of times. Run with `cargo bench --bench sigma_apply`, or one size with
//! `cargo bench --bench sigma_apply -- p=1000`.

#[allow(dead_code, reason = "each bench uses its part")]
mod matrices;

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use escapement::covariance::CovarianceOperator;
use escapement::sphere::uniform_sphere;
use escapement::{eigen, seed};
use faer::{Accum, Mat, Par, linalg::matmul::matmul};
use matrices::covariance;
use std::hint::black_box;
use std::time::Duration;

/// (d, p, b): the last is the published experiment with a block of n_1 columns.
const SIZES: &[(usize, usize, usize)] =
    &[(3, 1_000, 4), (10, 1_000, 11), (100, 1_000, 1), (100, 1_000, 101), (100, 5_000, 101)];

fn apply(c: &mut Criterion) {
    let par = Par::rayon(0);
    for &(d, p, b) in SIZES {
        let mut group = c.benchmark_group(format!("sigma_apply/d={d},p={p},b={b}"));
        group.sample_size(10).sampling_mode(SamplingMode::Flat).warm_up_time(Duration::from_secs(1));
        group.throughput(Throughput::Elements(2 * (p * p * d * b) as u64));
        let rng = &mut seed::stream(1, "bench", "block");

        let kernel = uniform_sphere(rng, p, p, 1.0);
        let wide = uniform_sphere(rng, d * b, p, 1.0).transpose().to_owned();
        let mut out = Mat::<f64>::zeros(p, d * b);
        group.bench_function("gemm", |bench| {
            bench.iter(|| matmul(out.as_mut(), Accum::Replace, black_box(&kernel), &wide, 1.0, par))
        });
        drop((kernel, wide, out));

        let cov = covariance(d, 2 * p);
        let v = uniform_sphere(rng, b, p * d, 1.0).transpose().to_owned();
        let mut out = Mat::<f64>::zeros(p * d, b);
        let mut contest = |name: &str, operator: CovarianceOperator<'_>| {
            group.bench_function(name, |bench| {
                bench.iter(|| operator.multiply_roughly(black_box(v.as_ref()), out.as_mut(), par))
            });
        };
        contest("exact, kept", cov.operator(eigen::DEFAULT_MEMORY));
        contest("exact, made afresh", cov.operator(0));
        contest("mixed", cov.mixed_operator(eigen::DEFAULT_MEMORY));
    }
}

criterion_group!(benches, apply);
criterion_main!(benches);

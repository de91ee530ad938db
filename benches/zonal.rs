//! What do the one-dimensional parts cost: quadrature, coefficients, levels of Σ, and the kernel profile on
//! p² cosines?
//!
//! Run with `cargo bench --bench zonal`, or one group with `cargo bench --bench zonal -- profile`. A
//! quadrature rule is kept between calls, so `lambda` and `levels` are what a second activation at the same
//! d costs; `quadrature` is what the first adds.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use escapement::activation;
use escapement::covariance::Profile;
use escapement::sphere::{FeatureLevels, Gegenbauer, Truncation, ZonalQuadrature, lambda};
use std::hint::black_box;

/// The dimensions of all groups.
const DIMENSIONS: &[usize] = &[3, 100, 1_000];
/// Nodes of a quadrature.
const NODES: &[usize] = &[64, 512];
/// The degree up to which coefficients and polynomials are computed.
const DEGREE: usize = 40;
/// Cosines for the polynomials.
const COSINES: usize = 1_000;
/// Neurons for the profile, which is evaluated on all p² cosines.
const P: usize = 500;

fn cosines(n: usize) -> Vec<f64> {
    (0..n).map(|i| (2 * i + 1) as f64 / n as f64 - 1.0).collect()
}

fn quadrature(c: &mut Criterion) {
    let mut group = c.benchmark_group("quadrature");
    group.sample_size(10);
    for &d in DIMENSIONS {
        for &nodes in NODES {
            group.bench_function(format!("d={d},nodes={nodes}"), |b| {
                b.iter(|| ZonalQuadrature::new(black_box(d), nodes).expect("a rule"))
            });
        }
    }
}

fn coefficients(c: &mut Criterion) {
    let sigma = activation::parse("sigmoid:1").expect("a known activation");
    let mut group = c.benchmark_group("coefficients");
    group.sample_size(20);
    for &d in DIMENSIONS {
        group.bench_function(BenchmarkId::new("lambda", format!("d={d},j≤{DEGREE}")), |b| {
            b.iter(|| lambda(black_box(d), &f64::tanh, DEGREE).expect("coefficients"))
        });
        group.bench_function(BenchmarkId::new("levels", format!("d={d}")), |b| {
            b.iter(|| {
                FeatureLevels::new(black_box(d), sigma.as_ref(), Truncation::default()).expect("levels")
            })
        });
    }
}

fn gegenbauer(c: &mut Criterion) {
    let mut group = c.benchmark_group("gegenbauer");
    group.throughput(Throughput::Elements((COSINES * (DEGREE + 1)) as u64));
    let t = cosines(COSINES);
    for &d in DIMENSIONS {
        let family = Gegenbauer::new(d).expect("d ≥ 3");
        let [mut p, mut dp, mut ddp] = [(); 3].map(|()| vec![0.0; DEGREE + 1]);
        group.bench_function(BenchmarkId::new("values", format!("d={d},j≤{DEGREE}")), |b| {
            b.iter(|| t.iter().for_each(|&t| family.values(black_box(t), &mut p)))
        });
        group.bench_function(
            BenchmarkId::new("values and two derivatives", format!("d={d},j≤{DEGREE}")),
            |b| b.iter(|| t.iter().for_each(|&t| family.jets(black_box(t), &mut p, &mut dp, &mut ddp))),
        );
    }
}

fn profile(c: &mut Criterion) {
    let sigma = activation::parse("sigmoid:1").expect("a known activation");
    let mut group = c.benchmark_group("profile");
    group.throughput(Throughput::Elements((P * P) as u64)).sample_size(20);
    let t = cosines(P * P);
    for &d in DIMENSIONS {
        let levels = FeatureLevels::new(d, sigma.as_ref(), Truncation::default()).expect("levels");
        let profile = Profile::new(&levels, 0..=levels.max_degree());
        group.bench_function(format!("d={d},p={P},j≤{}", levels.max_degree()), |b| {
            b.iter(|| {
                let mut sum = 0.0;
                profile.for_each(black_box(&t), |_, _, kernel| {
                    sum += kernel.f2 + kernel.f3 + kernel.e + kernel.g
                });
                sum
            })
        });
    }
}

criterion_group!(benches, quadrature, coefficients, gegenbauer, profile);
criterion_main!(benches);

//! Which route to the spectrum of Σ is fastest, and what does the pairing buy?
//!
//! - `full`: the dense route (EVD of order pd, assembly included) beside a plain EVD of the md × md matrix Σ;
//! - `harmonic`: the Gram route at widths no dense matrix reaches;
//! - `top`: the three routes on the same top n_1 + 1 eigenpairs.
//!
//! Run with `cargo bench --bench eigen`, or one group with `cargo bench --bench eigen -- harmonic`.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use escapement::covariance::Covariance;
use escapement::eigen::{self, DEFAULT_MEMORY, Request, Route, RouteChoice};
use escapement::sphere::{Truncation, uniform_sphere};
use escapement::{activation, seed};
use faer::{Mat, Par};
use std::hint::black_box;

/// (d, m) for the dense route against a plain EVD.
const FULL: &[(usize, usize)] = &[(5, 200), (10, 200), (10, 400)];
/// (d, m) for the harmonic route.
const HARMONIC: &[(usize, usize)] = &[(3, 4_096), (3, 59_050), (4, 16_384)];
/// (d, m) for the routes side by side.
const TOP: &[(usize, usize)] = &[(3, 400), (4, 400), (10, 400)];

fn covariance(d: usize, m: usize) -> Covariance {
    let sigma = activation::parse("sigmoid:1").expect("a known activation");
    let weights = uniform_sphere(&mut seed::stream(1, "bench", "weights"), m / 2, d, 1.0);
    Covariance::new(weights.as_ref(), sigma.as_ref(), Truncation::default()).expect("valid weights")
}

/// Σ itself, md × md, as someone without the pairing would form it.
fn sigma(cov: &Covariance) -> Mat<f64> {
    let (a, n) = (cov.assemble(), cov.order());
    let m = cov.m() as f64;
    Mat::from_fn(2 * n, 2 * n, |i, j| if (i < n) == (j < n) { 1.0 } else { -1.0 } * a[(i % n, j % n)] / m)
}

fn full(c: &mut Criterion) {
    let mut group = c.benchmark_group("full");
    group.sample_size(10);
    for &(d, m) in FULL {
        let cov = covariance(d, m);
        let name = format!("d={d},m={m}");
        let request = Request::all().with_vectors();
        group.bench_function(BenchmarkId::new("dense route", &name), |b| {
            b.iter(|| {
                eigen::solve(black_box(&cov), &request, RouteChoice::Only(Route::Dense), DEFAULT_MEMORY, Par::rayon(0))
                    .expect("a spectrum")
            })
        });
        group.bench_function(BenchmarkId::new("plain EVD of Σ", &name), |b| {
            b.iter(|| eigen::full_eigen(sigma(black_box(&cov)).as_ref(), Par::rayon(0)).expect("a spectrum"))
        });
    }
}

fn harmonic(c: &mut Criterion) {
    let mut group = c.benchmark_group("harmonic");
    group.sample_size(10);
    for &(d, m) in HARMONIC {
        let cov = covariance(d, m);
        group.bench_function(format!("d={d},m={m}"), |b| {
            b.iter(|| {
                let route = RouteChoice::Only(Route::Harmonic);
                eigen::solve(black_box(&cov), &Request::top(d + 2), route, DEFAULT_MEMORY, Par::rayon(0)).expect("a spectrum")
            })
        });
    }
}

fn top(c: &mut Criterion) {
    let mut group = c.benchmark_group("top");
    group.sample_size(10);
    for &(d, m) in TOP {
        let cov = covariance(d, m);
        for route in [Route::Dense, Route::Harmonic, Route::Operator] {
            let choice = RouteChoice::Only(route);
            // The harmonic route is not for d = 10: its order would be millions.
            if eigen::plan(&cov, &Request::top(d + 2), choice, DEFAULT_MEMORY).is_err() {
                continue;
            }
            group.bench_function(BenchmarkId::new(route.name(), format!("d={d},m={m}")), |b| {
                b.iter(|| {
                    eigen::solve(black_box(&cov), &Request::top(d + 2), choice, DEFAULT_MEMORY, Par::rayon(0)).expect("a top")
                })
            });
        }
    }
}

criterion_group!(benches, full, harmonic, top);
criterion_main!(benches);

//! Which eigen-solver is fastest on which spectrum, and what does the pairing buy on Σ?
//!
//! - `full`: the dense route (EVD of order pd, assembly included) beside EVDs of the md × md matrix Σ by
//!   faer;
//! - `harmonic`: the Gram route at widths no dense matrix reaches;
//! - `top`: the three routes on the same top n_1 + 1 eigenpairs;
//! - `spectra`: random, graded and clustered matrices and `A` itself: full EVDs beside the partial solvers
//!   for the largest eigenpairs.
//!
//! Run with `cargo bench --bench eigen`, or one group with `cargo bench --bench eigen -- harmonic`. With
//! `RUSTFLAGS="--cfg openblas"` LAPACK's dsyevd takes part in `full` and `spectra`.

#[allow(dead_code, reason = "each bench uses its part")]
mod matrices;
#[cfg(openblas)]
#[allow(dead_code, reason = "each bench uses its part")]
mod openblas;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, criterion_group, criterion_main};
use escapement::eigen::{self, BlockOptions, DEFAULT_MEMORY, Request, Route, RouteChoice};
use faer::{Mat, MatRef, Par};
use matrices::{Dense, covariance, faer_evd, faer_partial, spectrum, whole};
use std::hint::black_box;

/// (d, m) for the dense route against EVDs of Σ.
const FULL: &[(usize, usize)] = &[(5, 200), (10, 200), (10, 400)];
/// (d, m) for the harmonic route.
const HARMONIC: &[(usize, usize)] = &[(3, 4_096), (3, 59_050), (4, 16_384)];
/// (d, m) for the routes side by side.
const TOP: &[(usize, usize)] = &[(3, 400), (4, 400), (10, 400)];
/// (order, wanted) for each of the synthetic spectra.
const SPECTRA: &[(usize, usize)] = &[(500, 20), (1_000, 20)];
/// (d, m) for the solvers of `spectra` on `A`, the p-neuron matrix of Σ, with n_1 pairs wanted.
const SIGMA: &[(usize, usize)] = &[(4, 400), (10, 200)];
/// Residuals asked of the partial solvers, relative to the largest eigenvalue.
const TOLERANCE: f64 = 1e-10;

fn par() -> Par {
    Par::rayon(0)
}

fn full(c: &mut Criterion) {
    let mut group = c.benchmark_group("full");
    group.sample_size(10);
    for &(d, m) in FULL {
        let cov = covariance(d, m);
        let name = format!("d={d},m={m}");
        for (vectors, kind) in [(true, "with vectors"), (false, "values only")] {
            let request = Request { vectors, ..Request::all() };
            group.bench_function(BenchmarkId::new(format!("dense route, {kind}"), &name), |b| {
                b.iter(|| {
                    let route = RouteChoice::Only(Route::Dense);
                    eigen::solve(black_box(&cov), &request, route, DEFAULT_MEMORY, par()).expect("spectrum")
                })
            });
        }
        full_evds(&mut group, &name, whole(&cov).as_ref());
    }
}

/// Full EVDs of `a` by faer and, if it is there, by LAPACK.
fn full_evds(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, a: MatRef<'_, f64>) {
    for (vectors, kind) in [(true, "with vectors"), (false, "values only")] {
        group.bench_function(BenchmarkId::new(format!("faer EVD, {kind}"), name), |b| {
            b.iter(|| faer_evd(black_box(a), vectors, par()))
        });
        #[cfg(openblas)]
        group.bench_function(BenchmarkId::new(format!("LAPACK dsyevd, {kind}"), name), |b| {
            let run = |columns| openblas::dsyevd(columns, a.nrows(), vectors, par().degree());
            b.iter_batched(|| openblas::columns(a), run, criterion::BatchSize::PerIteration)
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
                eigen::solve(black_box(&cov), &Request::top(d + 2), route, DEFAULT_MEMORY, par())
                    .expect("a spectrum")
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
            if eigen::plan(&cov, &Request::top(d + 2), choice, DEFAULT_MEMORY, par()).is_err() {
                continue;
            }
            group.bench_function(BenchmarkId::new(route.name(), format!("d={d},m={m}")), |b| {
                b.iter(|| {
                    eigen::solve(black_box(&cov), &Request::top(d + 2), choice, DEFAULT_MEMORY, par())
                        .expect("a top")
                })
            });
        }
    }
}

fn spectra(c: &mut Criterion) {
    for name in matrices::SPECTRA {
        let mut group = c.benchmark_group(format!("spectra/{name}"));
        group.sample_size(10);
        for &(n, wanted) in SPECTRA {
            solvers(&mut group, &format!("n={n},top={wanted}"), &spectrum(name, n), wanted);
        }
    }
    let mut group = c.benchmark_group("spectra/sigma");
    group.sample_size(10);
    for &(d, m) in SIGMA {
        solvers(&mut group, &format!("d={d},m={m},top={}", d + 1), &covariance(d, m).assemble(), d + 1);
    }
}

/// Every solver for dense matrices on `a`.
fn solvers(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, a: &Mat<f64>, wanted: usize) {
    full_evds(group, name, a.as_ref());
    let options = BlockOptions { tolerance: TOLERANCE, ..BlockOptions::top(wanted) };
    group.bench_function(BenchmarkId::new("block solver", name), |b| {
        b.iter(|| eigen::block_eigen(&Dense(black_box(a.as_ref())), None, &options, par()).expect("a top"))
    });
    // Absolute for faer: the norm is that of the largest eigenvalue, which is 1 to 3 on the synthetic
    // spectra.
    let tolerance = TOLERANCE * faer_evd(a.as_ref(), false, par()).0[a.nrows() - 1];
    group.bench_function(BenchmarkId::new("faer partial", name), |b| {
        b.iter(|| faer_partial(black_box(a.as_ref()), wanted, tolerance, par()).expect("a top"))
    });
}

criterion_group!(benches, full, harmonic, top, spectra);
criterion_main!(benches);

//! What do σ and σ' of ten million numbers cost, on one core?
//!
//! - `σ and σ'`: both together, in blocks that stay in cache, as a step of training evaluates them (the
//!   arguments of all blocks are the same);
//! - `σ`, `σ'`, `σ''`, `σ'''`: one of them;
//! - `whole`: both together in two slices of ten million numbers, which are read from main memory and
//!   written to it (the values are the next arguments);
//! - `scalar`: both by the scalar functions, one number at a time.
//!
//! Criterion prints numbers per second: 1 Gelem/s is 1 ns per number. Run with
//! `cargo bench --bench activation`, or one shape with `cargo bench --bench activation -- f32/tanh`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use escapement::activation::{self, Activation, Derivative};
use escapement::seed;
use rand::RngExt;
use std::hint::black_box;

/// All shapes, without a shift.
const SHAPES: &[&str] = &activation::NAMES;
/// The numbers, which are uniform on ±[`REACH`].
const NUMBERS: usize = 10_000_000;
/// See [`NUMBERS`].
const REACH: f64 = 4.0;
/// Numbers in a block: two blocks in f64 take 32 KiB.
const BLOCK: usize = 2_000;

/// Evaluates block by block: the arguments are copied, and `apply` overwrites them and the other block.
fn blocks<T: Copy + Default>(z: &[T], mut apply: impl FnMut(&mut [T], &mut [T])) {
    let (mut value, mut first) = ([T::default(); BLOCK], [T::default(); BLOCK]);
    for _ in 0..NUMBERS / BLOCK {
        value.copy_from_slice(&z[..BLOCK]);
        apply(black_box(&mut value), black_box(&mut first));
    }
}

fn shapes(c: &mut Criterion) {
    let rng = &mut seed::stream(1, "bench", "activation");
    let z: Vec<f64> = (0..NUMBERS).map(|_| rng.random_range(-REACH..REACH)).collect();
    let narrow: Vec<f32> = z.iter().map(|z| *z as f32).collect();
    let orders = ["σ", "σ'", "σ''", "σ'''"].into_iter().zip(Derivative::ALL);
    for name in SHAPES {
        let sigma = activation::parse(name).expect("a known activation");
        let sigma: &dyn Activation = sigma.as_ref();

        let mut group = c.benchmark_group(format!("f64/{name}"));
        group.sample_size(10).throughput(Throughput::Elements(NUMBERS as u64));
        group.bench_function("σ and σ'", |b| {
            b.iter(|| blocks(&z, |value, first| sigma.apply_value_and_first(value, first)))
        });
        for (order, derivative) in orders.clone() {
            group.bench_function(order, |b| b.iter(|| blocks(&z, |z, _| sigma.apply(derivative, z))));
        }
        let (mut value, mut first) = (z.clone(), z.clone());
        group.bench_function("whole", |b| b.iter(|| sigma.apply_value_and_first(&mut value, &mut first)));
        group.bench_function("scalar", |b| {
            b.iter(|| {
                blocks(&z, |value, first| {
                    for (value, first) in value.iter_mut().zip(first) {
                        (*value, *first) = (sigma.value(*value), sigma.d1(*value));
                    }
                })
            })
        });
        group.finish();

        let mut group = c.benchmark_group(format!("f32/{name}"));
        group.sample_size(10).throughput(Throughput::Elements(NUMBERS as u64));
        group.bench_function("σ and σ'", |b| {
            b.iter(|| blocks(&narrow, |value, first| sigma.apply_value_and_first_f32(value, first)))
        });
        for (order, derivative) in orders.clone() {
            group.bench_function(order, |b| {
                b.iter(|| blocks(&narrow, |z, _| sigma.apply_f32(derivative, z)))
            });
        }
        let (mut value, mut first) = (narrow.clone(), narrow.clone());
        group.bench_function("whole", |b| {
            b.iter(|| sigma.apply_value_and_first_f32(&mut value, &mut first));
        });
        group.finish();
    }
}

criterion_group!(benches, shapes);
criterion_main!(benches);

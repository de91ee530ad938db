//! What does gradient flow cost: with fixed directions to u = 10⁴, and with both layers on the parity cube?
//!
//! A line for each size: the median seconds, the steps, and where the run ended. Run with `cargo bench
//! --bench flow`.

use escapement::flow::{Accuracy, Flow, Loss, NormOnly};
use escapement::seed;
use escapement::training::one_step::standard_normal;
use faer::{Mat, Par};
use std::ops::ControlFlow;

mod timing;

/// (d, n, m) of the flow with fixed directions.
const NORMS: &[(usize, usize, usize)] = &[(10, 20, 1000), (20, 100, 100_000)];
/// (d, m) of the flow on the cube.
const CUBES: &[(usize, usize)] = &[(3, 32), (4, 512)];
const ROUNDS: usize = 3;

fn main() {
    let par = Par::rayon(0);
    let normal = |purpose: &str, n: usize| standard_normal(&mut seed::stream(1, "bench", purpose), n);
    let unit = |purpose: &str, n: usize, d: usize| {
        let numbers = normal(purpose, n * d);
        let norm = |i: usize| numbers[i * d..(i + 1) * d].iter().map(|x| x * x).sum::<f64>().sqrt();
        Mat::from_fn(n, d, |i, c| numbers[i * d + c] / norm(i))
    };
    for &(d, n, m) in timing::trimmed(NORMS).iter().filter(|_| timing::wanted("norms")) {
        let (v, x) = (unit("directions", m, d), unit("inputs", n, d));
        // A label that a wide network separates: the sign of a product.
        let y: Vec<f64> = (0..n).map(|i| (x[(i, 0)] * x[(i, 1)]).signum()).collect();
        let (a, r) = (vec![0.0; m], vec![1.0; m]);
        let (mut seconds, mut steps, mut end) = (Vec::new(), 0, String::new());
        for _ in 0..ROUNDS {
            steps = 0;
            seconds.push(timing::seconds(|| {
                let flow = NormOnly::new(v.as_ref(), x.as_ref(), &y, (&a, &r), par).expect("a network");
                let accuracy = Accuracy { tolerance: 1e-4, ..Accuracy::default() };
                let start = flow.start().expect("a start");
                let run = flow.run(start, f64::INFINITY, accuracy, &mut |point| {
                    steps += 1;
                    if point.levels.smoothed < 1e4 {
                        ControlFlow::Continue(())
                    } else {
                        ControlFlow::Break(())
                    }
                });
                let point = run.expect("a run");
                end = format!(
                    "u = {:.0}, Γ̃ = {:.5}",
                    point.levels.smoothed,
                    (m as f64).sqrt() * point.levels.smoothed / point.square
                );
            }));
        }
        println!("norms only, d={d} n={n} m={m}: {:.3} s, {steps} steps, {end}", timing::median(&seconds));
    }
    for &(d, m) in timing::trimmed(CUBES).iter().filter(|_| timing::wanted("cube")) {
        let side = |i: usize, c: usize| if i >> c & 1 == 1 { 1.0 } else { -1.0 };
        let x = Mat::from_fn(1 << d, d, |i, c| side(i, c) / (d as f64).sqrt());
        let y: Vec<f64> = (0..1 << d).map(|i| side(i, 0) * side(i, 1)).collect();
        let numbers = normal("weights", m * (d + 1));
        let w = Mat::from_fn(m, d + 1, |j, c| numbers[j * (d + 1) + c]);
        let (mut seconds, mut steps, mut end) = (Vec::new(), 0, String::new());
        for _ in 0..ROUNDS {
            seconds.push(timing::seconds(|| {
                let flow = Flow::new(x.as_ref(), &y, Loss::Exponential, par).expect("a network");
                let accuracy = Accuracy { tolerance: 1e-4, ..Accuracy::default() };
                let start = flow.point(w.as_ref()).expect("a start");
                let run = flow.run(start, f64::INFINITY, accuracy, &mut |point| {
                    if point.levels.smoothed < 60.0 {
                        ControlFlow::Continue(())
                    } else {
                        ControlFlow::Break(())
                    }
                });
                let run = run.expect("a run");
                steps = run.steps;
                end = format!("Γ̃ = {:.5}, drift {:.1e}", run.end.smoothed_margin(), run.drift);
            }));
        }
        println!("both layers, cube d={d} m={m}: {:.3} s, {steps} steps, {end}", timing::median(&seconds));
    }
}

//! The reference values of `tests/data/telgarsky.json`, and random networks and inputs.

use crate::data;
use escapement::ball::Ball;
use escapement::training::one_step::standard_normal;
use escapement::{margin::Margin, seed};
use faer::{Mat, MatRef};
use serde_json::Value;
use std::sync::LazyLock;

static VALUES: LazyLock<Value> = LazyLock::new(|| data::json("telgarsky.json"));

/// The entries of a list; each list has some.
pub fn list(name: &str) -> &'static [Value] {
    let list = VALUES[name].as_array().unwrap();
    assert!(!list.is_empty());
    list
}

/// Asserts that the reference value lies in the interval, or beside it by at most its own relative error.
/// The distance is printed as a share of what is allowed.
pub fn inside(what: &str, interval: Ball, reference: f64, relative: f64) {
    let beside = (interval.lower() - reference).max(reference - interval.upper()).max(0.0);
    let allowed = relative * reference.abs();
    println!("{what}: {:.1e} of {allowed:.1e}, the interval {:.1e}", beside, 2.0 * interval.error);
    assert!(beside <= allowed, "{what}: {reference} beside {interval:?}");
}

/// The length of the interval relative to its upper end.
pub fn gap(margin: &Margin) -> f64 {
    2.0 * margin.margin.error / margin.margin.upper()
}

/// Standard normal numbers.
pub fn normal(rows: usize, cols: usize, purpose: &str) -> Mat<f64> {
    let numbers = standard_normal(&mut seed::stream(22, "margin", purpose), rows * cols);
    Mat::from_fn(rows, cols, |i, j| numbers[i * cols + j])
}

/// Points on the unit sphere, to within rounding, and labels by the sign of a normal number.
pub fn sample(n: usize, d: usize, purpose: &str) -> (Mat<f64>, Vec<f64>) {
    let x = normal(n, d + 1, purpose);
    let norm = |i: usize| x.row(i).subcols(0, d).norm_l2();
    let y = (0..n).map(|i| x[(i, d)].signum()).collect();
    (Mat::from_fn(n, d, |i, c| x[(i, c)] / norm(i)), y)
}

/// The corners of the cube `{±side}^d` in lexicographic order, and the labels sgn(x_1 x_2).
pub fn cube(d: usize, side: f64) -> (Mat<f64>, Vec<f64>) {
    let x = Mat::from_fn(1 << d, d, |i, c| if i >> (d - 1 - c) & 1 == 1 { side } else { -side });
    let y = (0..1 << d).map(|i| (x[(i, 0)] * x[(i, 1)]).signum()).collect();
    (x, y)
}

/// The gradients φ_i by their definition, one per row, each as the rows of W one after another.
pub fn gradients(w: MatRef<'_, f64>, x: MatRef<'_, f64>, y: &[f64], tie: f64) -> Mat<f64> {
    let (m, d) = (w.nrows(), x.ncols());
    Mat::from_fn(x.nrows(), m * (d + 1), |i, entry| {
        let (j, c) = (entry / (d + 1), entry % (d + 1));
        let z: f64 = (0..d).map(|c| w[(j, c + 1)] * x[(i, c)]).sum();
        let slope = if z > 0.0 {
            1.0
        } else if z < 0.0 {
            0.0
        } else {
            tie
        };
        y[i] / (m as f64).sqrt() * if c == 0 { z.max(0.0) } else { w[(j, 0)] * slope * x[(i, c - 1)] }
    })
}

/// The least of f over a grid of weights of two or three examples with spacing 1/steps.
pub fn least_on_grid(n: usize, steps: usize, f: impl Fn(&[f64]) -> f64) -> f64 {
    let at = |k: usize| k as f64 / steps as f64;
    let mut least = f64::INFINITY;
    for first in 0..=steps {
        if n == 2 {
            least = least.min(f(&[at(first), at(steps - first)]));
            continue;
        }
        for second in 0..=steps - first {
            least = least.min(f(&[at(first), at(second), at(steps - first - second)]));
        }
    }
    least
}

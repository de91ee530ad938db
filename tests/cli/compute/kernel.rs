//! `kernel`: the tangent kernel from a file of inputs, against sums over the neurons, Mehler's expansion by
//! quadrature, and the levels that `zonal` shows.

use crate::data;
use crate::process::{Desk, distance};
use faer::Mat;
use serde_json::Value;

/// Six inputs on the sphere of radius √5 in R⁵, and as many neurons of unit norm.
fn desk() -> Desk {
    let desk = Desk::new();
    let unit = |shift: usize| {
        let raw = Mat::from_fn(6, 5, |i, j| (((7 * i + 3 * j + shift) % 11) as f64) - 4.5);
        Mat::from_fn(6, 5, |i, j| raw[(i, j)] / raw.row(i).norm_l2())
    };
    desk.put_matrix("X.npy", &(unit(0) * faer::Scale(5.0_f64.sqrt())));
    desk.put_matrix("W0.npy", &unit(5));
    desk.put_matrix("long.npy", &(unit(5) * faer::Scale(1.7)));
    desk
}

fn matrix(value: &Value) -> Mat<f64> {
    data::matrix(value)
}

/// σ' of the logistic sigmoid, shifted by one.
fn slope(z: f64) -> f64 {
    let s = 1.0 / (1.0 + (1.0 - z).exp());
    s * (1.0 - s)
}

#[test]
fn the_kernel_of_a_network_is_the_sum_over_its_neurons() {
    let desk = desk();
    let x = desk.read_matrix("X.npy");
    for (weights, more) in [("W0.npy", &[][..]), ("long.npy", &["--gaussian-weights"])] {
        let w = desk.read_matrix(weights);
        let found =
            desk.json(&[&["kernel", "--inputs", "X.npy", "--weights", weights, "--json"], more].concat());
        assert_eq!(
            (found["n"].as_u64(), found["d"].as_u64(), found["m"].as_u64()),
            (Some(6), Some(5), Some(12))
        );
        let (kernel, error) =
            (matrix(&found["finite"]["kernel"]), found["finite"]["error"].as_f64().unwrap());
        let slopes = Mat::from_fn(6, 6, |i, r| slope((0..5).map(|j| x[(i, j)] * w[(r, j)]).sum()));
        for i in 0..6 {
            for k in 0..6 {
                let inner: f64 = (0..5).map(|j| x[(i, j)] * x[(k, j)]).sum();
                let mean: f64 = (0..6).map(|r| slopes[(i, r)] * slopes[(k, r)]).sum::<f64>() / 6.0;
                assert!((kernel[(i, k)] - mean * inner).abs() <= error, "{weights} {i} {k}");
            }
        }
        assert!(error < 1e-12);
        // Without --infinite there is no limit.
        assert!(found["infinite"].is_null() && found["largest_difference"].is_null());
    }
}

#[test]
fn the_limit_on_the_sphere_has_the_levels_of_zonal() {
    let desk = desk();
    let out = ["--activation", "tanh:0.5", "--degrees", "7", "--json"];
    let limit = desk.json(&[&["kernel", "--inputs", "X.npy"], &out[..]].concat());
    let zonal = desk.json(&[&["zonal", "--d", "5"], &out[..]].concat());
    let levels = limit["levels"].as_array().unwrap();
    assert_eq!(levels.len(), 8);
    for (one, other) in levels.iter().zip(zonal["degrees"].as_array().unwrap()) {
        let error = one["kappa_error"].as_f64().unwrap() + other["error"]["kappa"].as_f64().unwrap();
        let (one, other) = (one["kappa"].as_f64().unwrap(), other["kappa"].as_f64().unwrap());
        assert!((one - other).abs() <= error && one > 0.0, "{one} {other} {error}");
    }
    let error = limit["infinite"]["error"].as_f64().unwrap();
    let kernel = matrix(&limit["infinite"]["kernel"]);
    for i in 0..6 {
        assert!((kernel[(i, i)] - limit["trace"].as_f64().unwrap()).abs() <= error);
    }
}

/// Mehler: for correlation t, E[σ'(u) σ'(v)] is a sum over Hermite coefficients, which a two-dimensional
/// trapezoidal rule knows nothing of.
#[test]
fn the_limit_of_gaussian_weights_is_an_integral_over_the_plane() {
    let desk = desk();
    let x = desk.read_matrix("X.npy");
    let found = desk.json(&["kernel", "--inputs", "X.npy", "--gaussian-weights", "--json"]);
    let (kernel, error) =
        (matrix(&found["infinite"]["kernel"]), found["infinite"]["error"].as_f64().unwrap());
    for k in 0..6 {
        let inner: f64 = (0..5).map(|j| x[(0, j)] * x[(k, j)]).sum();
        let (t, step) = (inner / 5.0, 1.0 / 16.0);
        let mut sum = 0.0;
        for (a, b) in (-160..=160).flat_map(|a| (-160..=160).map(move |b| (a, b))) {
            let (u, v) = (f64::from(a) * step, f64::from(b) * step);
            let density = (-0.5 * (u * u + v * v)).exp() * step * step / std::f64::consts::TAU;
            sum += density * slope(u) * slope(t * u + (1.0 - t * t).max(0.0).sqrt() * v);
        }
        let allowed = error + 1e-13 * inner.abs();
        assert!((kernel[(0, k)] - inner * sum).abs() <= allowed, "{k}: {} {}", kernel[(0, k)], inner * sum);
    }
    assert!(error < 1e-9);
}

/// An odd activation has an even slope, so that every second level is zero and has no digits.
#[test]
fn levels_that_vanish_have_no_digits() {
    let desk = desk();
    let args = ["kernel", "--inputs", "X.npy", "--activation", "erf", "--gaussian-weights"];
    let found = desk.json(&[&args[..], &["--json"]].concat());
    for (j, level) in found["levels"].as_array().unwrap().iter().enumerate() {
        let kappa = level["kappa"].as_f64().unwrap();
        assert!(if j % 2 == 0 { kappa == 0.0 } else { kappa > level["kappa_error"].as_f64().unwrap() });
    }
    let table = desk.run(&args).stdout;
    assert_eq!(table.matches('<').count(), 3, "{table}");
}

#[test]
fn wider_networks_come_nearer_and_files_hold_what_is_printed() {
    let desk = desk();
    let args = ["kernel", "--inputs", "X.npy", "--infinite", "--json", "--m"];
    for law in [&[][..], &["--gaussian-weights"]] {
        let difference = |m: &str| {
            let found = desk.json(&[&args[..], &[m], law].concat());
            found["largest_difference"].as_f64().unwrap()
        };
        // A width 400 times larger is 20 times nearer on average.
        assert!(difference("80000") < 0.3 * difference("200"));
    }
    let found = desk.json(&[&args[..], &["200", "--out", "k"]].concat());
    for (file, name) in [("k/K.npy", "finite"), ("k/K_infinite.npy", "infinite")] {
        assert_eq!(desk.read_matrix(file), matrix(&found[name]["kernel"]), "{file}");
    }
    let summary: Value =
        serde_json::from_slice(&std::fs::read(desk.path("k/summary.json")).unwrap()).unwrap();
    assert_eq!(summary, found);
    let rows = |m: &Mat<f64>| (0..36).map(|i| m[(i / 6, i % 6)]).collect::<Vec<_>>();
    let kernel = desk.read_matrix("k/K.npy");
    assert_eq!(distance(&rows(&kernel), &rows(&kernel.transpose().to_owned())), 0.0);
}

#[test]
fn what_has_no_kernel_is_refused() {
    let desk = desk();
    desk.put_matrix("off.npy", &(desk.read_matrix("X.npy") * faer::Scale(1.5)));
    let x = ["kernel", "--inputs", "X.npy"];
    for (args, words) in [
        (
            &["kernel", "--inputs", "off.npy", "--infinite"][..],
            &["off.npy", "norm of input 0", "√d = 2.236"][..],
        ),
        (&["kernel", "--inputs", "none.npy"], &["none.npy"]),
        (&[&x[..], &["--m", "3"]].concat(), &["m = 3"]),
        (&[&x[..], &["--m", "3", "--gaussian-weights"]].concat(), &["m = 3"]),
        (&[&x[..], &["--weights", "long.npy"]].concat(), &["long.npy", "norm 1.7"]),
        (&[&x[..], &["--weights", "X.npy", "--d", "4"]].concat(), &["d"]),
        (&[&x[..], &["--activation", "relu"]].concat(), &["relu"]),
        (&[&x[..], &["--out", "X.npy"]].concat(), &["X.npy"]),
        (
            &[&x[..], &["--m", "1000", "--memory", "1KiB"]].concat(),
            &["the kernel needs", "allowed", "fewer inputs"],
        ),
    ] {
        desk.refused(args, words);
    }
    // At finite width an input may have any norm.
    assert_eq!(desk.run(&["kernel", "--inputs", "off.npy", "--m", "20"]).code, Some(0));
}

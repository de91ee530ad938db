//! What the learners of BL20 report, held to fresh inputs and to other formulas.

use escapement::network::PairedNetwork;
use escapement::{activation, seed, sphere};
use escapement_verify::papers::bl20::learner::{Draw, Task, WIDTH, crossing};
use faer::linalg::solvers::Solve;
use faer::{Mat, MatRef, Par};

const FRESH: usize = 20_000;

fn task(d: usize, p: usize, planes: usize) -> Task {
    Task { d, p, planes, error: 0.25 }
}

fn fresh(d: usize) -> Mat<f64> {
    sphere::uniform_sphere(&mut seed::stream(3, "learner", "fresh"), FRESH, d, (d as f64).sqrt())
}

/// Within five standard errors of the mean of squares at fresh inputs.
fn near(exact: f64, values: impl Iterator<Item = f64>, what: &str) {
    let squares: Vec<f64> = values.map(|v| v * v).collect();
    let mean = squares.iter().sum::<f64>() / squares.len() as f64;
    let variance = squares.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / squares.len() as f64;
    let error = (variance / squares.len() as f64).sqrt();
    assert!(error < 0.05 * mean && (exact - mean).abs() < 5.0 * error, "{what}: {exact} {mean} ± {error}");
}

/// The real part of (x_1 + i x_2)^p and so on, in units of which its mean square is 1.
fn harmonic(x: MatRef<'_, f64>, p: usize, planes: usize) -> Vec<f64> {
    let d = x.ncols();
    let square = (0..p).fold(0.5, |e, j| e * (d * (2 + 2 * j)) as f64 / (d + 2 * j) as f64);
    let plane = |i: usize, k: usize| {
        let (a, b) = (x[(i, 2 * k)], x[(i, 2 * k + 1)]);
        (0..p).fold((1.0, 0.0), |(re, im), _| (re * a - im * b, re * b + im * a)).0
    };
    let sum = |i: usize| (0..planes).map(|k| plane(i, k)).sum::<f64>();
    (0..x.nrows()).map(|i| sum(i) / (planes as f64 * square).sqrt()).collect()
}

#[test]
fn targets_are_harmonics_of_mean_square_one() {
    for (d, p, planes) in [(2, 2, 1), (7, 2, 3), (3, 3, 1), (9, 3, 4)] {
        let target = task(d, p, planes).target().unwrap();
        let x = fresh(d);
        for (a, b) in target.at(x.as_ref()).iter().zip(harmonic(x.as_ref(), p, planes)) {
            assert!((a - b).abs() < 1e-12 * (d as f64).powi(p as i32), "{d} {p} {planes}: {a} {b}");
        }
        assert!((target.square() - 1.0).abs() < 1e-12);
    }
    for (d, p, planes) in [(8, 4, 1), (8, 1, 1), (8, 2, 5), (8, 2, 0)] {
        task(d, p, planes).target().unwrap_err();
    }
}

#[test]
fn models_have_the_errors_that_fresh_inputs_show() {
    for (d, p, order, planes, n) in [(8, 2, 2, 1, 20), (8, 2, 2, 2, 20), (6, 3, 3, 1, 40), (6, 3, 2, 1, 40)]
    {
        let draw = Draw::new(&mut seed::stream(3, "learner", "draw"), task(d, p, planes), order, n).unwrap();
        let (fit, x) = (draw.model(n).unwrap(), fresh(d));
        assert!(fit.arrived);
        let (f, y) = (fit.model.at(x.as_ref()), harmonic(x.as_ref(), p, planes));
        near(fit.model.square(), f.iter().copied(), "the model");
        near(fit.error, f.iter().zip(&y).map(|(f, y)| f - y), "its error");
        assert!(order == p || fit.error >= 1.0);
        // What is learnt is f_Q of the network.
        let rng = &mut seed::stream(3, "learner", "draw");
        let sigma = activation::parse(&format!("monomial:{order}")).unwrap();
        let net = PairedNetwork::random(rng, WIDTH / 2, d, sigma).unwrap();
        let q = net.f_quadratic(x.as_ref(), fit.model.w.as_ref(), Par::Seq).unwrap();
        assert!(f.iter().zip(&q).all(|(f, q)| (f - q).abs() < 1e-9 * (1.0 + q.abs())));
    }
}

/// E σ'(w·x) σ'(w·x') x·x' as a function of t = x·x'.
fn kernel(p: usize, d: f64, t: f64) -> f64 {
    if p == 2 { t * t / d } else { t * (d * d + 2.0 * t * t) / (4.0 * d * (d + 2.0)) }
}

#[test]
fn kernels_have_the_errors_that_fresh_inputs_show() {
    for (d, p, n) in [(7, 2, 20), (5, 3, 30)] {
        let draw = Draw::new(&mut seed::stream(4, "learner", "draw"), task(d, p, 1), p, n + 5).unwrap();
        let (x, y) = draw.sample();
        let (x, fresh) = (x.subrows(0, n), fresh(d));
        let gram = |a: MatRef<'_, f64>| {
            let t = a * x.transpose();
            Mat::from_fn(a.nrows(), n, |i, j| kernel(p, d as f64, t[(i, j)]))
        };
        let (lu, to) = (gram(x).partial_piv_lu(), gram(fresh.as_ref()));
        let raw = |x: MatRef<'_, f64>| -> Vec<f64> {
            let moment = (0..p).fold(1.0, |e, j| e * (d * (1 + 2 * j)) as f64 / (d + 2 * j) as f64);
            (0..x.nrows()).map(|i| x[(i, 0)].powi(p as i32) / moment.sqrt()).collect()
        };
        let labels = [(y.to_vec(), harmonic(fresh.as_ref(), p, 1)), (raw(x), raw(fresh.as_ref()))];
        for (exact, (y, truth)) in draw.kernel(n).into_iter().zip(labels) {
            let f = &to * lu.solve(Mat::from_fn(n, 1, |i, _| y[i]));
            near(exact, truth.iter().enumerate().map(|(i, y)| f[(i, 0)] - y), &format!("d = {d}, p = {p}"));
        }
    }
    // The kernel is that of infinite width.
    let w = sphere::uniform_sphere(&mut seed::stream(5, "learner", "weights"), FRESH, 5, 1.0);
    let products = &w * fresh(5).as_ref().subrows(0, 2).transpose();
    let t = {
        let x = fresh(5);
        (0..5).map(|c| x[(0, c)] * x[(1, c)]).sum::<f64>()
    };
    for p in [2, 3] {
        let slope = |z: f64| z.powi(p - 1) / f64::from(p - 1);
        let terms: Vec<f64> =
            (0..FRESH).map(|r| slope(products[(r, 0)]) * slope(products[(r, 1)])).collect();
        let mean = terms.iter().sum::<f64>() / FRESH as f64;
        let error = (terms.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / FRESH as f64).sqrt()
            / (FRESH as f64).sqrt();
        assert!((t * mean - kernel(p as usize, 5.0, t)).abs() < 5.0 * t.abs() * error);
    }
}

#[test]
fn a_crossing_is_found_on_either_side_or_not_at_all() {
    for wanted in -9_i32..=11 {
        let mut calls = 0;
        let error = |place: i32| {
            calls += 1;
            Ok(f64::from(wanted - place))
        };
        let (place, [above, below]) = crossing(10, 0.5, error).unwrap().unwrap_or((11, [1.0, 0.0]));
        assert_eq!((place, above, below), (wanted, 1.0, 0.0));
        assert!(calls <= 7, "{wanted}: {calls}");
    }
    assert!(crossing(10, 0.5, |_| Ok(0.0)).unwrap().is_none());
}

#[test]
fn the_least_number_of_inputs_lies_between_errors() {
    let (start, task) = (20.0, task(8, 2, 1));
    let draw = Draw::new(&mut seed::stream(3, "learner", "draw"), task, 2, 60).unwrap();
    let n = draw.least(start).unwrap().n.unwrap();
    let (below, above) =
        (draw.model((n / 1.1) as usize).unwrap(), draw.model((n * 1.1).ceil() as usize).unwrap());
    assert!(below.error > task.error && above.error <= task.error, "{n}: {} {}", below.error, above.error);
    Draw::new(&mut seed::stream(3, "learner", "draw"), task, 4, 60).map(|_| ()).unwrap_err();
}

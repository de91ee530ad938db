//! Flows against trajectories of DOP853 on raw parameters, and their rates against automatic derivatives.

use crate::data::{matrix, vector};
use crate::margin::reference::list;
use escapement::flow::{Accuracy, Flow, Loss, NormOnly, perceptron};
use escapement::margin::Gradients;
use faer::{Mat, Par};
use serde_json::Value;
use std::ops::ControlFlow;

fn near(found: &Mat<f64>, expected: &Mat<f64>, relative: f64, what: &str) {
    let worst = (found - expected).norm_max() / expected.norm_max();
    assert!(worst <= relative, "{what}: {worst:e} of the largest entry");
}

#[test]
fn both_layers() {
    let accuracy = Accuracy { tolerance: 1e-12, ..Accuracy::default() };
    for entry in list("flow") {
        let (x, y) = (matrix(&entry["X"]), vector(&entry["y"]));
        let flow = Flow::new(x.as_ref(), &y, Loss::Exponential, Par::Seq).unwrap();
        let mut here = flow.point(matrix(&entry["W0"]).as_ref()).unwrap();
        for row in entry["rows"].as_array().unwrap() {
            let tau = row["tau"].as_f64().unwrap();
            let run = flow.run(here, tau, accuracy, &mut |_| ControlFlow::Continue(())).unwrap();
            near(&run.end.weights, &matrix(&row["W"]), 1e-9, "W");
            let u = row["u"].as_f64().unwrap();
            assert!(
                (run.end.levels.smoothed - u).abs() <= 1e-9 * u.abs(),
                "{}",
                run.end.levels.smoothed - u
            );
            here = run.end;
        }
    }
}

/// A neuron between two inputs, beside two that neither input sees.
#[test]
fn dead_neurons_stay() {
    let accuracy = Accuracy { tolerance: 1e-10, ..Accuracy::default() };
    for entry in list("kktpath") {
        let (alpha, w) = (entry["alpha"].as_f64().unwrap(), matrix(&entry["W0"]));
        let x = faer::mat![[alpha.cos(), alpha.sin()], [-alpha.cos(), alpha.sin()]];
        let flow = Flow::new(x.as_ref(), &[1.0, 1.0], Loss::Exponential, Par::Seq).unwrap();
        let start = flow.point(w.as_ref()).unwrap();
        let tau = entry["tau"].as_f64().unwrap();
        let end = flow.run(start, tau, accuracy, &mut |_| ControlFlow::Continue(())).unwrap().end;
        for (found, name) in [(end.levels.smoothed, "u"), (end.square(), "norm2")] {
            let expected = entry[name].as_f64().unwrap();
            assert!((found - expected).abs() <= 1e-7 * expected, "{name}: {found} for {expected}");
        }
        assert_eq!(end.weights.as_ref().subrows(1, 2).to_owned(), w.as_ref().subrows(1, 2).to_owned());
    }
}

#[test]
fn norms_only() {
    let accuracy = Accuracy { tolerance: 1e-10, ..Accuracy::default() };
    for entry in list("normonly") {
        let (v, x, y) = (matrix(&entry["V"]), matrix(&entry["X"]), vector(&entry["y"]));
        let (a, r) = (vector(&entry["a0"]), vector(&entry["r0"]));
        let flow = NormOnly::new(v.as_ref(), x.as_ref(), &y, (&a, &r), Par::Seq).unwrap();
        let mut here = flow.start().unwrap();
        for row in entry["rows"].as_array().unwrap() {
            let tau = row["tau"].as_f64().unwrap();
            here = flow.run(here, tau, accuracy, &mut |_| ControlFlow::Continue(())).unwrap();
            let close = |found: f64, expected: &Value| {
                let expected = expected.as_f64().unwrap();
                assert!((found - expected).abs() <= 1e-7 * expected.abs(), "{found} for {expected}");
            };
            close(here.square, &row["norm2"]);
            let (a, r) = flow.weights(&here);
            let column = |found: &[f64], expected: &Value, what: &str| {
                let as_matrix = |v: &[f64]| Mat::from_fn(v.len(), 1, |i, _| v[i]);
                near(&as_matrix(found), &as_matrix(&vector(expected)), 1e-7, what);
            };
            column(&here.margins, &row["margins"], "margins");
            column(&a, &row["a"], "a");
            column(&r, &row["r"], "r");
            let [low, high] = flow.sandwich(&here);
            let best = entry["lp"].as_f64().unwrap();
            assert!(low <= best * (1.0 + 1e-12) && best <= high * (1.0 + 1e-12), "{low} {best} {high}");
        }
    }
}

/// The steps of the flow of norms have order four: for errors smaller by 10⁴ there are some ten times as many
/// of them, where order three would need 22 times as many, and order two a hundred times.
#[test]
fn the_order_of_the_steps() {
    let entry = &list("normonly")[0];
    let (v, x, y) = (matrix(&entry["V"]), matrix(&entry["X"]), vector(&entry["y"]));
    let (a, r) = (vector(&entry["a0"]), vector(&entry["r0"]));
    let flow = NormOnly::new(v.as_ref(), x.as_ref(), &y, (&a, &r), Par::Seq).unwrap();
    let until = entry["rows"].as_array().unwrap().last().unwrap()["tau"].as_f64().unwrap();
    let [coarse, fine] = [1e-6, 1e-10].map(|tolerance| {
        let mut steps = 0;
        let accuracy = Accuracy { tolerance, ..Accuracy::default() };
        let on = &mut |_: &_| {
            steps += 1;
            ControlFlow::Continue(())
        };
        flow.run(flow.start().unwrap(), until, accuracy, on).unwrap();
        f64::from(steps)
    });
    assert!(fine <= 15.0 * coarse, "{fine} steps beside {coarse}");
}

/// u, its rate, and those of ‖W‖² and of the smoothed margin along −∇L.
#[test]
fn rates_at_a_point() {
    for entry in list("pointwise") {
        let (w, x, y) = (matrix(&entry["W"]), matrix(&entry["X"]), vector(&entry["y"]));
        let gram = Gradients::new(w.as_ref(), x.as_ref(), &y, Par::Seq).unwrap().gram().unwrap();
        for expected in entry["losses"].as_array().unwrap() {
            let loss = if expected["loss"] == "exp" { Loss::Exponential } else { Loss::Logistic };
            let point = Flow::new(x.as_ref(), &y, loss, Par::Seq).unwrap().point(w.as_ref()).unwrap();
            let (n, levels) = (y.len() as f64, &point.levels);
            let close = |found: f64, name: &str| {
                let expected = expected[name].as_f64().unwrap();
                assert!(
                    (found - expected).abs() <= 1e-11 * expected.abs().max(1e-3),
                    "{name}: {found} {expected}"
                );
            };
            close(levels.log_total.exp() / n, "L");
            close(levels.smoothed, "u");
            let root = (w.nrows() as f64).sqrt();
            close(point.smoothed_margin() / root, "smoothed_margin");
            let c = &levels.weights;
            // du/dτ = cᵀ K c, d‖W‖²/dτ = 4 Σ c_i p_i, and dτ/dt = |ℓ'(u)|/n.
            let speed = levels.log_slope.exp() / n;
            let form: f64 =
                (0..y.len()).map(|i| (0..y.len()).map(|k| c[i] * gram[(i, k)] * c[k]).sum::<f64>()).sum();
            let along: f64 = c.iter().zip(&point.margins).map(|(c, p)| c * p).sum();
            close(speed * form, "d_u");
            close(4.0 * speed * along, "d_norm2");
            let square = point.square();
            let ratio = (form - levels.smoothed / square * 4.0 * along) / square;
            close(speed * ratio, "d_smoothed_margin");
        }
    }
}

#[test]
fn perceptron_books() {
    for entry in list("sgd") {
        let (w, other) = (matrix(&entry["W0"]), matrix(&entry["Wbar"]));
        let (x, y, eta) = (matrix(&entry["X"]), vector(&entry["y"]), entry["eta"].as_f64().unwrap());
        let run = perceptron(w.as_ref(), x.as_ref(), &y, eta, other.as_ref()).unwrap();
        near(&run.weights, &matrix(&entry["W_T"]), 1e-11, "W_T");
        for (found, name) in [(&run.margins, "p"), (&run.linearised, "z")] {
            let expected = vector(&entry[name]);
            let size = expected.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
            found.iter().zip(&expected).for_each(|(a, b)| assert!((a - b).abs() <= 1e-11 * size));
        }
        for (found, name) in [(run.largest_square, "max_grad2"), (run.regret, "lhs"), (run.allowed, "rhs")] {
            let expected = entry[name].as_f64().unwrap();
            assert!((found - expected).abs() <= 1e-11 * expected, "{name}: {found} for {expected}");
        }
    }
}

/// A neuron on the bad ray of a stationary point, beside two that see no input: it stays there for ever.
#[test]
fn a_dead_start() {
    let accuracy = Accuracy { tolerance: 1e-10, ..Accuracy::default() };
    for entry in list("kktpath") {
        let alpha = entry["alpha"].as_f64().unwrap();
        let x = Mat::from_fn(2, 2, |i, c| [if i == 0 { alpha.cos() } else { -alpha.cos() }, alpha.sin()][c]);
        let y = [1.0, 1.0];
        let flow = Flow::new(x.as_ref(), &y, Loss::Exponential, Par::Seq).unwrap();
        let w = matrix(&entry["W0"]);
        let start = flow.point(w.as_ref()).unwrap();
        let tau = entry["tau"].as_f64().unwrap();
        let run = flow.run(start, tau, accuracy, &mut |_| ControlFlow::Continue(())).unwrap();
        for (found, name) in [(run.end.levels.smoothed, "u"), (run.end.square(), "norm2")] {
            let expected = entry[name].as_f64().unwrap();
            assert!((found - expected).abs() <= 1e-7 * expected, "{name}: {found} for {expected}");
        }
        let dead = |w: &Mat<f64>| w.as_ref().subrows(1, 2).to_owned();
        assert_eq!(dead(&run.end.weights), dead(&w));
    }
}

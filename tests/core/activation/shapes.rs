//! Activations: derivatives against finite differences, tails against asymptotics, suprema against a dense
//! search, names.

use escapement::activation::{self, Activation, Derivative, NAMES, search_supremum};
use std::sync::Arc;

fn smooth() -> Vec<Arc<dyn Activation>> {
    ["sigmoid:1", "sigmoid", "tanh:0.5", "erf:-0.3", "sine:0.2", "softplus:2"]
        .map(|n| activation::parse(n).unwrap())
        .to_vec()
}

#[test]
fn each_derivative_is_that_of_the_one_before() {
    // Five points at distance h: error h⁴/30 times a fifth derivative (at most about 300 for tanh''), and
    // rounding 1.5 ε|g|/h.
    let h = 1e-3_f64;
    let allowance = 300.0 * h.powi(4) / 30.0 + 1.5 * f64::EPSILON * 30.0 / h;
    for sigma in smooth() {
        for pair in Derivative::ALL.windows(2) {
            for i in -200..=200 {
                let z = 0.05 * f64::from(i) + 0.0123;
                let g = |z| sigma.at(pair[0], z);
                let numeric =
                    (g(z - 2.0 * h) - 8.0 * g(z - h) + 8.0 * g(z + h) - g(z + 2.0 * h)) / (12.0 * h);
                let miss = (numeric - sigma.at(pair[1], z)).abs();
                assert!(miss <= allowance, "{} {:?} at {z}: {miss:e}", sigma.name(), pair[1]);
            }
        }
    }
}

#[test]
fn tails_keep_their_digits() {
    let close = |a: f64, b: f64| assert!((a - b).abs() <= 4.0 * f64::EPSILON * b.abs(), "{a:e} for {b:e}");
    let sigmoid = activation::parse("sigmoid").unwrap();
    let tanh = activation::parse("tanh").unwrap();
    for x in [40.0_f64, 200.0, 700.0] {
        // s = e^{−x}(1 − e^{−x} + …): the next term is below rounding at x = 40.
        let e = (-x).exp();
        close(sigmoid.value(-x), e);
        for side in [-1.0, 1.0] {
            close(sigmoid.d1(side * x), e);
            close(sigmoid.d2(side * x), -side * e);
            close(sigmoid.d3(side * x), e);
            close(tanh.d1(side * x / 2.0), 4.0 * e);
            close(tanh.d2(side * x / 2.0), -8.0 * side * e);
            close(tanh.d3(side * x / 2.0), 16.0 * e);
        }
    }
    for name in ["sigmoid", "tanh", "erf", "softplus"] {
        let sigma = activation::parse(name).unwrap();
        for z in [-1e300, 1e300, -1e4, 1e4] {
            assert!(Derivative::ALL.iter().all(|&o| sigma.at(o, z).is_finite()), "{name} at {z}");
        }
    }
    let softplus = activation::parse("softplus").unwrap();
    close(softplus.value(-50.0), (-50.0_f64).exp());
    close(softplus.value(800.0), 800.0);
}

#[test]
fn suprema_are_those_of_a_dense_search() {
    for sigma in smooth() {
        for (order, exact) in Derivative::ALL.into_iter().zip(sigma.suprema()) {
            let found = search_supremum(|z| sigma.at(order, z));
            assert!(exact.how.starts_with("exact") && found.how.starts_with("numerical"));
            if exact.value.is_infinite() {
                assert!(found.value.is_infinite(), "{}: {found:?}", sigma.name());
                continue;
            }
            // Quadratic at a maximum: golden sections to √ε leave ε. Towards a limit: reached at the end of
            // the grid.
            let miss = (found.value - exact.value).abs() / exact.value;
            assert!(miss <= 1e-14, "{} {order:?}: {} for {}", sigma.name(), found.value, exact.value);
        }
    }
    let suprema = |name: &str| activation::parse(name).unwrap().suprema().map(|s| (s.value, s.attained));
    assert_eq!(suprema("sigmoid")[0], (1.0, false));
    assert_eq!(suprema("softplus")[0].0, f64::INFINITY);
    assert!((suprema("erf")[1].0 - 2.0 / std::f64::consts::PI.sqrt()).abs() < 1e-14);
}

#[test]
fn names_are_canonical_and_parse_back() {
    for (text, name) in [
        ("sigmoid:1", "sigmoid:1"),
        ("tanh:0.5", "tanh:0.5"),
        (" Erf : -0.0", "erf"),
        ("sine:0", "sine"),
        ("softplus:1e-3", "softplus:0.001"),
        ("relu", "relu"),
    ] {
        let sigma = activation::parse(text).unwrap();
        assert_eq!(sigma.name(), name);
        assert_eq!(activation::parse(name).unwrap().name(), name);
    }
    assert_eq!(NAMES.len(), 6);
}

#[test]
fn bad_names_are_refused_with_a_suggestion() {
    for (text, part) in [
        ("sigmiod:1", "did you mean 'sigmoid'?"),
        ("soft", "did you mean 'softplus'?"),
        ("sin", "did you mean 'sine'?"),
        ("gaussian", "unknown activation 'gaussian';"),
        ("", "unknown activation"),
        ("tanh:x", "the shift of the activation = x"),
        ("tanh:inf", "a finite number"),
        ("tanh:", "the activation = tanh: is not allowed: a number must follow the colon"),
        ("tanh:1e300", "tanh takes shifts from -23 to 23"),
        ("erf:-11", "erf takes shifts from -10 to 10"),
    ] {
        let message = activation::parse(text).unwrap_err().to_string();
        assert!(message.contains(part), "{text}: {message}");
    }
    let relu = activation::parse("relu").unwrap().require_twice_differentiable().unwrap_err().to_string();
    assert!(relu.contains("relu"), "{relu}");
}

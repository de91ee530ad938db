//! One step and a ridge head: the loss by differences, the normal equations, pairs, threads and bad input.

use escapement::activation::{self, Activation};
use escapement::training::one_step::{FirstStep, Heads, Start, StepSize, standard_normal};
use escapement::{Error, seed};
use faer::{Mat, MatRef, Par};

const M: usize = 12;
const D: usize = 4;

fn sample(n: usize) -> (Mat<f64>, Vec<f64>) {
    let mut rng = seed::stream(19, "one step", "sample");
    let numbers = standard_normal(&mut rng, n * D);
    let x = Mat::from_fn(n, D, |i, c| numbers[i * D + c]);
    let noise = standard_normal(&mut rng, n);
    let y = (0..n).map(|i| x[(i, 0)].powi(2) + x[(i, 1)] + 0.5 + noise[i]).collect();
    (x, y)
}

/// The mean square loss of the paired network on centred labels, as a function of the first layer.
fn loss(x: &Mat<f64>, labels: &[f64], start: &Start, w: &Mat<f64>, sigma: &dyn Activation) -> f64 {
    let f = |i: usize| {
        let z = |j: usize| (0..D).map(|c| w[(j, c)] * x[(i, c)]).sum::<f64>() + start.biases[j];
        (0..M).map(|j| start.signs[j] * sigma.value(z(j))).sum::<f64>()
    };
    (0..x.nrows()).map(|i| (f(i) - labels[i]).powi(2)).sum::<f64>() / x.nrows() as f64
}

/// W¹ is −η times the gradient of the loss, by central differences: for a smooth σ with biases as run, and a
/// ReLU as printed. The labels are centred as they came.
#[test]
fn the_step_is_the_gradient_of_the_loss() {
    let (x, y) = sample(60);
    for (name, as_run) in [("sigmoid:1", true), ("relu", false)] {
        let sigma = activation::parse(name).unwrap();
        let mut rng = seed::stream(19, "one step", "start");
        let start =
            if as_run { Start::as_run(&mut rng, M, D) } else { Start::as_printed(&mut rng, M, D) }.unwrap();
        let eta = 0.7;
        let step =
            FirstStep::new(x.as_ref(), &y, &start, sigma.as_ref(), StepSize::Fixed(eta), Par::Seq).unwrap();
        let alpha = y.iter().sum::<f64>() / 60.0;
        assert!((step.alpha - alpha).abs() < 1e-14);
        let beta = |c: usize| (0..60).map(|i| y[i] * x[(i, c)]).sum::<f64>() / 60.0;
        assert!((0..D).all(|c| (step.beta[c] - beta(c)).abs() < 1e-14));
        let label = |i: usize| y[i] - alpha - (0..D).map(|c| beta(c) * x[(i, c)]).sum::<f64>();
        assert!((0..60).all(|i| (step.labels[i] - label(i)).abs() < 1e-13));
        // The ReLU is linear between its kinks, which no z of this sample meets within h; the rounding of
        // the loss, of size 10 and some hundred roundings, is divided by h = 1e-5: 1e-14·10/1e-5 = 1e-8.
        let h = 1e-5;
        for (j, c) in [(0, 0), (3, 2), (M / 2, 0), (M - 1, 3)] {
            let at = |by: f64| {
                let mut w = start.weights.clone();
                w[(j, c)] += by;
                loss(&x, &step.labels, &start, &w, sigma.as_ref())
            };
            let difference = -eta * (at(h) - at(-h)) / (2.0 * h);
            let miss = (step.weights[(j, c)] - difference).abs();
            assert!(miss < 1e-8, "{name}: {} for {difference}", step.weights[(j, c)]);
        }
        let rows = FirstStep::new(x.as_ref(), &y, &start, sigma.as_ref(), StepSize::UnitRows, Par::Seq);
        let square = rows.unwrap().weights.squared_norm_l2() / M as f64;
        assert!((square - 1.0).abs() < 1e-14, "{square}");
    }
}

/// The head solves the normal equations with λ/2, for every λ from one decomposition; blocks of rows do not
/// show, and the bits do not depend on the threads.
#[test]
fn the_head_solves_the_normal_equations() {
    let n = 1300;
    let (x, y) = sample(n);
    let relu = activation::parse("relu").unwrap();
    let mut rng = seed::stream(19, "one step", "head");
    let start = Start::as_printed(&mut rng, M, D).unwrap();
    let biases = standard_normal(&mut rng, M);
    let of = |par| {
        let step = FirstStep::new(x.as_ref(), &y, &start, relu.as_ref(), StepSize::UnitRows, par).unwrap();
        let heads = Heads::new(x.as_ref(), &step, &biases, relu.as_ref(), par).unwrap();
        let f = heads.predictor(&step, 0.02).unwrap();
        let values = f.predict(x.as_ref(), par).unwrap();
        (step, heads.head(0.02).unwrap(), heads.head(50.0).unwrap(), values)
    };
    let (step, head, heavy, values) = of(Par::Seq);
    let (_, same_head, _, same_values) = of(Par::rayon(3));
    assert_eq!((&head, &values), (&same_head, &same_values));
    let phi = Mat::from_fn(n, M, |i, j| {
        ((0..D).map(|c| step.weights[(j, c)] * x[(i, c)]).sum::<f64>() + biases[j]).max(0.0)
    });
    for (a, lambda) in [(&head, 0.02), (&heavy, 50.0)] {
        let f: Vec<f64> = (0..n).map(|i| (0..M).map(|j| phi[(i, j)] * a[j]).sum()).collect();
        for j in 0..M {
            let gradient: f64 =
                (0..n).map(|i| phi[(i, j)] * (f[i] - step.labels[i])).sum::<f64>() / n as f64;
            // Φ and the labels are of order one, the head of order ten: some n roundings at most.
            assert!((gradient + 0.5 * lambda * a[j]).abs() < 1e-12, "λ = {lambda}, neuron {j}: {gradient}");
        }
    }
    let square = |a: &[f64]| a.iter().map(|a| a * a).sum::<f64>();
    assert!(square(&heavy) < square(&head));
    let by_hand = |i: usize| {
        let linear = step.alpha + (0..D).map(|c| step.beta[c] * x[(i, c)]).sum::<f64>();
        linear + (0..M).map(|j| phi[(i, j)] * head[j]).sum::<f64>()
    };
    assert!((0..n).all(|i| (values[i] - by_hand(i)).abs() < 1e-12));
}

#[test]
fn starts_are_pairs() {
    let mut rng = seed::stream(19, "one step", "pairs");
    for start in [Start::as_printed(&mut rng, M, D).unwrap(), Start::as_run(&mut rng, M, D).unwrap()] {
        for j in 0..M / 2 {
            assert_eq!(start.weights.row(j), start.weights.row(j + M / 2));
            assert_eq!(start.signs[j], -start.signs[j + M / 2]);
            assert_eq!(start.biases[j], start.biases[j + M / 2]);
            assert_eq!(start.signs[j].abs(), 1.0);
        }
    }
    // Rows have the mean square norm 1: 2000 of them within five standard deviations, √(2/(2000·4)).
    let wide = Start::as_printed(&mut rng, 4000, D).unwrap();
    let square = wide.weights.squared_norm_l2() / 4000.0;
    assert!((square - 1.0).abs() < 5.0 * (2.0 / (2000.0 * D as f64)).sqrt(), "{square}");
}

#[test]
fn bad_input_is_refused() {
    let (x, y) = sample(20);
    let mut rng = seed::stream(19, "one step", "bad");
    let relu = activation::parse("relu").unwrap();
    assert!(matches!(Start::as_printed(&mut rng, 7, D), Err(Error::Width(7))));
    assert!(matches!(Start::as_printed(&mut rng, 0, D), Err(Error::Width(0))));
    assert!(matches!(Start::as_run(&mut rng, 8, 0), Err(Error::Domain { .. })));
    let start = Start::as_printed(&mut rng, M, D).unwrap();
    let step = |x: &Mat<f64>, y: &[f64], start: &Start, eta: f64| {
        FirstStep::new(x.as_ref(), y, start, relu.as_ref(), StepSize::Fixed(eta), Par::Seq).map(|_| ())
    };
    assert!(step(&x, &y, &start, 0.5).is_ok());
    let mut single = start.clone();
    single.weights[(0, 0)] += 1.0;
    let mut poisoned = y.clone();
    poisoned[3] = f64::NAN;
    let one = Mat::from_fn(1, D, |_, c| x[(0, c)]);
    for (result, words) in [
        (step(&one, &y[..1], &start, 0.5), "at least 2 samples"),
        (step(&x, &y[..5], &start, 0.5), "the labels has shape [5, 1]"),
        (step(&x, &poisoned, &start, 0.5), "the labels holds NaN at row 3"),
        (step(&x, &y, &single, 0.5), "neurons 0 and 6"),
        (step(&x, &y, &start, 0.0), "the step η = 0"),
        (step(&x, &y, &start, f64::NAN), "the step η = NaN"),
    ] {
        let error = result.unwrap_err().to_string();
        assert!(error.contains(words), "{error} lacks {words}");
    }
    // Labels without any signal give no step of unit rows.
    let zero = FirstStep::new(x.as_ref(), &[0.0; 20], &start, relu.as_ref(), StepSize::UnitRows, Par::Seq);
    assert!(zero.unwrap_err().to_string().contains("the gradient may vanish"));
    let made = FirstStep::new(x.as_ref(), &y, &start, relu.as_ref(), StepSize::UnitRows, Par::Seq).unwrap();
    let heads = Heads::new(x.as_ref(), &made, &[0.0; M], relu.as_ref(), Par::Seq).unwrap();
    for lambda in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(heads.head(lambda).unwrap_err().to_string().contains("the decay λ"));
    }
    assert!(Heads::new(x.as_ref(), &made, &[0.0; 3], relu.as_ref(), Par::Seq).is_err());
    let f = heads.predictor(&made, 0.1).unwrap();
    assert!(matches!(f.predict(Mat::zeros(2, D + 1).as_ref(), Par::Seq), Err(Error::Shape { .. })));
}

#[test]
fn the_step_without_centring_is_that_of_centred_labels() {
    let (x, y) = sample(50);
    let relu = activation::parse("relu").unwrap();
    let start = Start::as_run(&mut seed::stream(9, "uncentred", "start"), 8, x.ncols()).unwrap();
    let step = |y: &[f64], uncentred: bool, x: MatRef<'_, f64>| {
        let make = if uncentred { FirstStep::uncentred } else { FirstStep::new };
        make(x, y, &start, relu.as_ref(), StepSize::UnitRows, Par::Seq)
    };
    let centred = step(&y, false, x.as_ref()).unwrap();
    let found = step(&centred.labels, true, x.as_ref()).unwrap();
    assert!(found.weights == centred.weights && found.eta == centred.eta);
    assert!(found.alpha == 0.0 && found.beta.iter().all(|b| *b == 0.0));
    assert_eq!(step(&y, true, x.as_ref()).unwrap().labels, y);
    // α and β leave nothing to be learnt of one label, and without them it is enough.
    let one = x.subrows(0, 1);
    assert!(step(&y[..1], true, one).is_ok() && step(&y[..1], false, one).is_err());
    assert!(step(&y[..2], true, one).is_err() && step(&[], true, x.subrows(0, 0)).is_err());
}

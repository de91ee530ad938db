//! The choice of a decay: its errors are those of the predictors, and the grid is that of the script.

use escapement::training::decay::{grid, mean_squares};
use escapement::training::one_step::{FirstStep, Heads, Start, StepSize, standard_normal};
use escapement::{activation, seed};
use faer::{Mat, Par};

#[test]
fn the_grid_is_geometric() {
    let grid = grid();
    assert_eq!((grid.len(), grid[0], grid[99]), (100, 1e-10, 1e15));
    let ratio = 10.0_f64.powf(25.0 / 99.0);
    // Powers are right to a few units in the last place of exponents up to 15 ln 10.
    assert!(grid.windows(2).all(|pair| (pair[1] / pair[0] / ratio - 1.0).abs() < 1e-13));
}

/// All heads in one pass have the errors of one predictor after the other, on a sample of several blocks.
#[test]
fn the_errors_are_those_of_the_predictors() {
    let (n, d, m) = (900, 3, 10);
    let mut rng = seed::stream(3, "decay", "sample");
    let numbers = standard_normal(&mut rng, 2 * n * d);
    let sample = |first: usize| {
        let x = Mat::from_fn(n, d, |i, c| numbers[(first + i) * d + c]);
        let y: Vec<f64> = (0..n).map(|i| x[(i, 0)].powi(2) + x[(i, 1)]).collect();
        (x, y)
    };
    let ((x, y), (other, labels)) = (sample(0), sample(n));
    let relu = activation::parse("relu").unwrap();
    let start = Start::as_printed(&mut rng, m, d).unwrap();
    let step = FirstStep::new(x.as_ref(), &y, &start, relu.as_ref(), StepSize::UnitRows, Par::Seq).unwrap();
    let heads =
        Heads::new(x.as_ref(), &step, &standard_normal(&mut rng, m), relu.as_ref(), Par::Seq).unwrap();
    let lambdas = [1e-3, 0.1, 1e5];
    let centred = step.centred(other.as_ref(), &labels).unwrap();
    let of =
        |par| mean_squares(&heads, step.weights.as_ref(), other.as_ref(), &centred, &lambdas, par).unwrap();
    let found = of(Par::Seq);
    assert_eq!(found, of(Par::rayon(3)));
    for (lambda, found) in lambdas.into_iter().zip(found) {
        let f = heads.predictor(&step, lambda).unwrap().predict(other.as_ref(), Par::Seq).unwrap();
        let right = f.iter().zip(&labels).map(|(f, y)| (f - y).powi(2)).sum::<f64>() / n as f64;
        // Heads, features and labels are of order ten: some n roundings of their squares.
        assert!(
            (found - right).abs() < n as f64 * f64::EPSILON * (1.0 + right) * 100.0,
            "{found} for {right}"
        );
    }
    let refused = |x: &Mat<f64>, labels: &[f64], lambda: f64| {
        mean_squares(&heads, step.weights.as_ref(), x.as_ref(), labels, &[lambda], Par::Seq).is_err()
    };
    assert!(!refused(&other, &centred, 1.0));
    assert!(refused(&other, &centred[1..], 1.0) && refused(&other, &centred, 0.0));
    assert!(refused(&Mat::zeros(0, d), &[], 1.0) && refused(&Mat::zeros(n, d + 1), &centred, 1.0));
    assert!(step.centred(other.as_ref(), &labels[1..]).is_err());
}

//! Straight lines with limits: hand computations, tabulated quantiles, and the coverage of the limits.

use escapement::seed::ChaCha20Rng;
use escapement_verify::Cell;
use escapement_verify::judge::line::{Line, Point, Scatter, predict};
use rand::Rng;

fn points(xy: &[(f64, f64)]) -> Vec<Point> {
    xy.iter().map(|&(x, y)| Point { x, y, error: 0.0 }).collect()
}

#[test]
fn the_fit_agrees_with_a_hand_computation() {
    // x = 0, 0, 1, 1, 2, 2; cluster means 1, 2, 6: slope 5/2, fitted 1/2, 3, 11/2; residuals by hand.
    let line = Line::fit(
        &points(&[(0., 0.), (0., 2.), (1., 1.), (1., 3.), (2., 5.), (2., 7.)]),
        Scatter::OfClusters,
    )
    .unwrap();
    assert!((line.slope - 2.5).abs() < 1e-15 && (line.intercept - 0.5).abs() < 1e-15);
    // Scores (x − 1)·Σ residuals: 1 (times −1), 0, 1; sxx = 4; CR1 = 2/16 · 3/2 · 5/4. Means: rss = 1.5,
    // one freedom, sxx = 2.
    let (cr1, means) = (2.0f64 / 16.0 * 1.5 * 1.25, 1.5f64 / 2.0);
    assert!((line.standard_error - cr1.max(means).sqrt()).abs() < 1e-15);
    // Lack of fit 3 on 1 freedom, pure error 6 on 3: F = 1.5, p = 0.3081 (tables).
    assert!((line.lack_of_fit_p.unwrap() - 0.308_1).abs() < 1e-4);
    assert_eq!(line.freedom, 1.0);
}

#[test]
fn a_prediction_agrees_with_a_hand_computation() {
    // y = 0, 1, 5 at 0, 1, 2: line −½ + 5/2·x, residuals ½, −1, ½, one freedom, variance 3/2. At 3: 7; 1
    // + 1/3 + 4/2.
    let given = points(&[(0., 0.), (1., 1.), (2., 5.)]);
    let p = predict(|| given.iter().copied(), 3.0).unwrap();
    assert!((p.value - 7.0).abs() < 1e-14 && (p.standard_error - 5.0f64.sqrt()).abs() < 1e-14);
    assert_eq!((p.freedom, p.error), (1.0, 0.0));
    // Errors: the weights at 3 are −2/3, 1/3, 4/3.
    let unsure: Vec<Point> = given.iter().map(|p| Point { error: 0.3, ..*p }).collect();
    assert!((predict(|| unsure.iter().copied(), 3.0).unwrap().error - 0.7).abs() < 1e-14);
    assert!(predict(|| points(&[(0., 0.), (1., 1.), (1., 5.)]).into_iter(), 3.0).is_none());
}

#[test]
fn points_on_a_line_have_collapsed_limits_and_no_nan() {
    let line =
        Line::fit(&points(&[(0., 1.), (1., 1.5), (2., 2.), (3., 2.5), (3., 2.5)]), Scatter::OfClusters)
            .unwrap();
    assert!(line.exact() && line.limits() == (line.slope, line.slope) && line.lack_of_fit_p.is_none());
    let flat = Line::fit(&points(&[(0., 1.), (1., 1.), (2., 1.)]), Scatter::OfClusters).unwrap();
    assert_eq!((flat.slope, flat.limits()), (0.0, (0.0, 0.0)));
    assert!(Line::fit(&points(&[(0., 1.), (1., 1.)]), Scatter::OfClusters).is_none());
}

#[test]
fn errors_of_the_points_widen_the_limits() {
    let mut p = points(&[(0., 0.), (1., 1.), (2., 2.)]);
    p[2].error = 0.1;
    let (lower, upper) = Line::fit(&p, Scatter::OfClusters).unwrap().limits();
    // The slope is Σ (x − 1) y / 2: it moves by 0.05.
    assert!((lower - 0.95).abs() < 1e-12 && (upper - 1.05).abs() < 1e-12);
}

/// Half the distance between the limits is the tabulated 97.5 % quantile of Student's t, with two degrees of
/// freedom fewer than there are abscissas, times the standard error of the slope.
#[test]
fn the_limits_are_tabulated_quantiles_times_the_standard_error() {
    for (abscissas, table) in [(3u32, 12.706), (4, 4.303), (5, 3.182), (6, 2.776), (12, 2.228), (22, 2.086)]
    {
        let at = |i: u32| (f64::from(i), if i.is_multiple_of(2) { 1.0 } else { -1.0 });
        let line =
            Line::fit(&points(&(0..abscissas).map(at).collect::<Vec<_>>()), Scatter::OfClusters).unwrap();
        let (lower, upper) = line.limits();
        assert_eq!(line.freedom, f64::from(abscissas) - 2.0);
        let half = table * line.standard_error;
        assert!((upper - lower - 2.0 * half).abs() < 1e-3 * half, "{abscissas}: {lower} to {upper}");
        assert!((upper + lower - 2.0 * line.slope).abs() < 1e-12 * half, "{abscissas}");
    }
}

/// Two numbers from the standard normal distribution, by Box and Muller.
fn gaussian(rng: &mut ChaCha20Rng) -> [f64; 2] {
    let mut uniform = || ((rng.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
    let (radius, angle) = ((-2.0 * uniform().ln()).sqrt(), std::f64::consts::TAU * uniform());
    [radius * angle.cos(), radius * angle.sin()]
}

/// How many straight lines are drawn.
const DRAWS: usize = 4000;

/// How often the limits contain the true slope of a straight line with Gaussian scatter of deviation 0.4.
fn coverage(abscissas: usize, replicates: usize) -> f64 {
    let design = Cell::new("made-up", "coverage").replicate(100 * abscissas + replicates);
    let mut rng = design.stream(7, "scatter");
    let covers = |_: &usize| {
        let scatter: Vec<f64> = (0..abscissas * replicates).flat_map(|_| gaussian(&mut rng)).collect();
        let point = |i: usize| {
            let x = (i / replicates) as f64;
            Point { x, y: 2.0 - 0.75 * x + 0.4 * scatter[i], error: 0.0 }
        };
        let line =
            Line::fit(&(0..abscissas * replicates).map(point).collect::<Vec<_>>(), Scatter::OfClusters)
                .unwrap();
        let (lower, upper) = line.limits();
        (lower..=upper).contains(&-0.75)
    };
    (0..DRAWS).filter(covers).count() as f64 / DRAWS as f64
}

/// The limits contain the true slope with probability 95 %, to three standard errors of the simulation.
/// Confidence of 50 %, or two degrees of freedom too many, falls far below: of five abscissas the quantile
/// of five degrees of freedom, in place of three, covers 91.8 %.
#[test]
fn the_limits_contain_the_true_slope_as_often_as_they_say() {
    let three_errors = 3.0 * (0.95 * 0.05 / DRAWS as f64).sqrt();
    for (abscissas, replicates) in [(4, 1), (5, 1), (6, 1), (8, 1), (5, 3), (6, 4)] {
        let covered = coverage(abscissas, replicates);
        assert!((covered - 0.95).abs() <= three_errors, "{replicates} × {abscissas} abscissas: {covered}");
    }
}

//! The average over all initial weights: against arcs of the circle, slow sums, and its mean over samples.

use super::line;
use super::series::{random_terms, rng_normal, value};
use escapement::gaussian::{HermiteSeries, average_gram, mean_gram, squared_moments, squared_norm_moment};
use escapement::{Error, seed};
use faer::{Mat, Par};
use std::f64::consts::{PI, TAU};

fn sample(n: usize, d: usize, purpose: &str) -> (Mat<f64>, Vec<f64>) {
    let mut rng = seed::stream(19, "gram", purpose);
    let x = Mat::from_fn(n, d, |_, _| rng_normal(&mut rng));
    let y = (0..n).map(|_| rng_normal(&mut rng)).collect();
    (x, y)
}

fn misses(a: &Mat<f64>, b: &Mat<f64>) -> f64 {
    (a - b).norm_l2()
}

/// In the plane g_n(w) is constant on the arcs of w between the normals of the inputs. The sum over arcs is
/// exact, also for inputs that are nearly parallel, opposite, equal, or zero.
#[test]
fn the_average_is_a_sum_over_arcs() {
    let (mut x, y) = sample(24, 2, "arcs");
    for (row, of, turn) in [(20, 3, 1e-9), (21, 4, PI - 1e-7), (22, 5, 0.0), (23, 6, 1e-3)] {
        let (a, b) = (x[(of, 0)], x[(of, 1)]);
        let (sin, cos) = f64::sin_cos(turn);
        (x[(row, 0)], x[(row, 1)]) = (2.0 * (cos * a - sin * b), 2.0 * (sin * a + cos * b));
    }
    (x[(7, 0)], x[(7, 1)]) = (0.0, 0.0);
    let n = 24;
    let mut ends: Vec<f64> = Vec::new();
    for i in (0..n).filter(|&i| i != 7) {
        let angle = x[(i, 1)].atan2(x[(i, 0)]);
        ends.extend([angle + 0.5 * PI, angle - 0.5 * PI].map(|a| a.rem_euclid(TAU)));
    }
    ends.sort_by(f64::total_cmp);
    ends.push(ends[0] + TAU);
    let mut exact = Mat::<f64>::zeros(2, 2);
    for pair in ends.windows(2) {
        let middle = 0.5 * (pair[0] + pair[1]);
        let active = |i: &usize| middle.cos() * x[(*i, 0)] + middle.sin() * x[(*i, 1)] > 0.0;
        let g = [0, 1].map(|c| (0..n).filter(active).map(|i| y[i] * x[(i, c)]).sum::<f64>() / n as f64);
        exact += Mat::from_fn(2, 2, |i, j| (pair[1] - pair[0]) / TAU * g[i] * g[j]);
    }
    let average = average_gram(x.as_ref(), &y, Par::Seq).unwrap();
    let miss = misses(&average.matrix, &exact);
    // The ends of the arcs have two roundings of angles up to 2π: twice the bound covers both sides.
    assert!(miss <= 2.0 * average.error, "{miss:e} where {:e} is allowed", average.error);
    assert!(average.error <= 1e-13 * (average.matrix[(0, 0)] + average.matrix[(1, 1)]) * n as f64);
    // A diagonal of ¼ instead of ½ is noticed.
    let without = (0..n).map(|i| (0.5 * y[i] * x[(i, 0)] / n as f64).powi(2)).sum::<f64>();
    assert!(without > 1e6 * average.error);
}

/// Against the double sum, across blocks of rows and columns, with the same bits at any number of threads.
#[test]
fn blocks_do_not_show() {
    for (n, d) in [(1, 3), (255, 4), (257, 40), (1100, 7)] {
        let (x, y) = sample(n, d, "blocks");
        let average = average_gram(x.as_ref(), &y, Par::Seq).unwrap();
        let inner = |i: usize, j: usize| (0..d).map(|c| x[(i, c)] * x[(j, c)]).sum::<f64>();
        let kernel = |i: usize, j: usize| {
            let cosine = inner(i, j) / (inner(i, i) * inner(j, j)).sqrt();
            if i == j { 0.5 } else { 0.25 + cosine.clamp(-1.0, 1.0).asin() / TAU }
        };
        let mut slow = Mat::<f64>::zeros(d, d);
        for i in 0..n {
            for j in 0..n {
                let factor = y[i] * y[j] * kernel(i, j) / (n * n) as f64;
                for b in 0..d {
                    for a in 0..d {
                        slow[(a, b)] += factor * x[(i, a)] * x[(j, b)];
                    }
                }
            }
        }
        let miss = misses(&average.matrix, &slow);
        // The slow sum has n² terms in order, where the bound has n twice.
        assert!(miss <= average.error * (2.0 + n as f64), "n = {n}: {miss:e} for {:e}", average.error);
        assert!(miss <= 1e-12 * slow.norm_l2(), "n = {n}: {miss:e}");
        let parallel = average_gram(x.as_ref(), &y, Par::rayon(3)).unwrap();
        assert_eq!(average, parallel);
        let transposed = average.matrix.transpose().to_owned();
        assert_eq!(average.matrix, transposed);
    }
}

/// `E[f² z zᵀ]` against sums over a grid, its trace against the formula with tensors, and a known value: for
/// He_p/√p! the moment along its direction is 2p + 1.
#[test]
fn moments_of_squares() {
    let terms = random_terms(2, 4, "squares");
    let f = HermiteSeries::from_monomials(2, &terms).unwrap();
    let squares = squared_moments(&f);
    for i in 0..2 {
        for j in 0..2 {
            let sum = line::grid(2, &mut |z| value(&terms, z).powi(2) * z[i] * z[j]);
            let miss = (squares[i][j].value - sum.value).abs();
            assert!(miss <= squares[i][j].error + sum.slip(), "{:?} for {}", squares[i][j], sum.value);
        }
    }
    for d in [2, 9] {
        let trace = squares[0][0] + squares[1][1] + f.second_moment() * (d - 2) as f64;
        assert!(trace.excess(squared_norm_moment(&f, d)) <= 1.0);
    }
    for p in 1..=8_u8 {
        let norm = (1..=p).map(f64::from).product::<f64>().sqrt();
        let he = HermiteSeries::from_hermite(1, &[(vec![p], 1.0 / norm)]).unwrap();
        let moment = squared_moments(&he)[0][0];
        assert!((moment.value - f64::from(2 * p + 1)).abs() <= moment.error + 1e-14 * moment.value, "{p}");
    }
}

/// The mean of M_n over 4000 samples. Its terms i = j have known means, which the formula is made of; the
/// others have the mean (1 − 1/n) E g gᵀ. Both parts lie within five standard errors, which a true mean
/// leaves once in 10⁶ times, and these are a fifth of the signal in S*.
#[test]
fn the_mean_over_samples() {
    const REPLICATES: usize = 4000;
    let (d, n, noise) = (4, 30, 0.5);
    let terms = vec![(vec![2_u8], 0.7), (vec![3], 0.05), (vec![1], 0.3), (vec![0], 0.7)];
    let f = HermiteSeries::from_hermite(1, &terms).unwrap();
    let exact = mean_gram(&f, d, n, noise).unwrap();
    let diagonal = squared_moments(&f.centred())[0][0] + noise * noise;
    let across = f.centred().second_moment() + noise * noise;
    let known = [diagonal, across].map(|moment| moment * 0.5 / n as f64);
    let mut rng = seed::stream(19, "gram", "replicates");
    let mut found: Vec<[f64; 2]> = Vec::new();
    for _ in 0..REPLICATES {
        let x = Mat::from_fn(n, d, |_, _| rng_normal(&mut rng));
        let label = |i: usize| {
            let z = x[(i, 0)];
            0.7 * (z * z - 1.0) + 0.05 * (z.powi(3) - 3.0 * z)
        };
        let y: Vec<f64> = (0..n).map(|i| label(i) + noise * rng_normal(&mut rng).signum()).collect();
        let m = average_gram(x.as_ref(), &y, Par::Seq).unwrap().matrix;
        let own = |c: usize| (0..n).map(|i| (y[i] * x[(i, c)] / n as f64).powi(2)).sum::<f64>();
        let pairs = |c: usize| m[(c, c)] - 0.5 * own(c);
        found.push([pairs(0), (1..d).map(pairs).sum::<f64>() / (d - 1) as f64]);
    }
    let count = REPLICATES as f64;
    for (part, ball) in [exact.inside[0][0] - known[0], exact.outside - known[1]].into_iter().enumerate() {
        let mean = found.iter().map(|m| m[part]).sum::<f64>() / count;
        let variance = found.iter().map(|m| (m[part] - mean).powi(2)).sum::<f64>() / (count - 1.0);
        let limit = 5.0 * (variance / count).sqrt();
        assert!((mean - ball.value).abs() <= limit, "{mean} for {ball:?} ± {limit}");
        assert!(part == 1 || limit < 0.2 * ball.value, "{limit} says nothing of {ball:?}");
        assert!(ball.error < 1e-14);
    }
    let trace = exact.inside[0][0] + exact.outside * (d - 1) as f64;
    assert!(trace.excess(exact.trace) <= 1.0, "{trace:?} and {:?}", exact.trace);
}

/// The mean over samples is exact at n = 1, where M_1 = y² x xᵀ/2.
#[test]
fn one_sample() {
    let terms = random_terms(2, 3, "one");
    let f = HermiteSeries::from_monomials(2, &terms).unwrap();
    let exact = mean_gram(&f, 6, 1, 0.3).unwrap();
    let centred = f.centred();
    let half = (centred.second_moment() + 0.09) * 0.5;
    assert!((exact.outside.value - half.value).abs() <= exact.outside.error + half.error + 1e-17);
    let squares = squared_moments(&centred);
    let entry = (squares[0][1] * 0.5).value;
    assert!((exact.inside[0][1].value - entry).abs() <= exact.inside[0][1].error + 1e-16 * entry.abs());
}

#[test]
fn bad_samples_are_refused() {
    let (mut x, mut y) = sample(5, 3, "bad");
    let of = |x: &Mat<f64>, y: &[f64]| average_gram(x.as_ref(), y, Par::Seq).unwrap_err();
    assert!(matches!(of(&x, &y[..4]), Error::Shape { .. }));
    assert!(matches!(of(&Mat::zeros(0, 3), &[]), Error::Shape { .. }));
    y[2] = f64::NAN;
    assert!(matches!(of(&x, &y), Error::NotFinite { row: 2, .. }));
    y[2] = 1.0;
    x[(3, 1)] = f64::INFINITY;
    assert!(matches!(of(&x, &y), Error::NotFinite { row: 3, col: 1, .. }));
    x[(3, 1)] = 1e300;
    assert!(matches!(of(&x, &y), Error::Numerical { .. }));
    let f = HermiteSeries::from_monomials(2, &random_terms(2, 2, "bad")).unwrap();
    for (d, n, noise, words) in
        [(1, 5, 0.0, "at least r = 2"), (4, 0, 0.0, "at least one sample"), (4, 5, -1.0, "noise ς = -1")]
    {
        let error = mean_gram(&f, d, n, noise).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

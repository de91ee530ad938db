//! Products in mixed precision against exact ones, within what f32 must cost.

use escapement::activation;
use escapement::covariance::{Covariance, CovarianceOperator, Kernel};
use escapement::seed;
use escapement::sphere::{Truncation, uniform_sphere};
use faer::{Mat, MatRef, Par};

/// Accuracy of a kernel in f64, relative to its value at 1; see `Profile`.
const KERNEL: f64 = 1e-14;

/// Enough to keep any kernel matrices here.
const MEMORY: u64 = 1 << 30;

fn covariance(d: usize, p: usize, name: &str, truncation: Truncation) -> Covariance {
    let w = uniform_sphere(&mut seed::stream(13, "mixed operator", name), p, d, 1.0);
    Covariance::new(w.as_ref(), activation::parse(name).unwrap().as_ref(), truncation).unwrap()
}

/// `b` random unit columns.
fn columns(cov: &Covariance, b: usize) -> Mat<f64> {
    uniform_sphere(&mut seed::stream(13, "mixed operator", "columns"), b, cov.order(), 1.0)
        .transpose()
        .to_owned()
}

fn exact(operator: &CovarianceOperator<'_>, v: MatRef<'_, f64>) -> Mat<f64> {
    let mut out = Mat::zeros(v.nrows(), v.ncols());
    operator.multiply(v, out.as_mut(), Par::Seq);
    out
}

fn rough(operator: &CovarianceOperator<'_>, v: MatRef<'_, f64>, par: Par) -> Mat<f64> {
    // What was there before must not matter.
    let mut out = Mat::full(v.nrows(), v.ncols(), f64::NAN);
    operator.multiply_roughly(v, out.as_mut(), par);
    out
}

/// `max_s √(Σ_r μ_rs²)` with `μ = |F2| + |F3| + 2|E| + |G|`: the term of neuron s in the product at neuron r
/// is a sum of parts that are `μ_rs |v_s|` at most.
fn terms(cov: &Covariance) -> f64 {
    let (p, w) = (cov.p(), cov.weights());
    let cosines = w * w.transpose();
    let column = |s: usize| -> f64 {
        let mut squares = 0.0;
        cov.profile().for_each(
            &(0..p).map(|r| cosines[(r, s)]).collect::<Vec<_>>(),
            |_, _, Kernel { f2, f3, e, g, .. }| {
                squares += (f2.abs() + f3.abs() + 2.0 * e.abs() + g.abs()).powi(2);
            },
        );
        squares.sqrt()
    };
    (0..p).map(column).fold(0.0, f64::max)
}

/// Roundings of a product, each half an epsilon of `terms`, on random unit columns. Rounding the kernel, a
/// column and three weights, and two products and a sum of three parts behind them, is 8 times once for each
/// term; these are independent between neurons, so that their squares add. The sums over p neurons round p
/// partial sums, whose mean square over random columns is no more than that of all the terms.
fn roundings(cov: &Covariance) -> f64 {
    8.0 + (cov.p() as f64).sqrt()
}

/// What the exact product is off by for a unit column: roundings of f64, and the kernel's at p neurons.
fn exact_allowance(cov: &Covariance) -> f64 {
    (0.5 * f64::EPSILON * roundings(cov) + KERNEL * (cov.p() as f64).sqrt()) * terms(cov)
}

/// What a rough and an exact product of a unit column may differ by: f32 above degree 1, and f64 in both.
fn allowance(cov: &Covariance) -> f64 {
    0.5 * f64::from(f32::EPSILON) * roundings(cov) * terms(&cov.beyond(1)) + 2.0 * exact_allowance(cov)
}

/// The largest norm of a column of the difference.
fn distance(a: &Mat<f64>, b: &Mat<f64>) -> f64 {
    (a - b).col_iter().map(|c| c.norm_l2()).fold(0.0, |m, x| if x > m || x.is_nan() { x } else { m })
}

/// `‖A‖`, from below, by power steps.
fn norm(cov: &Covariance) -> f64 {
    let operator = cov.operator(MEMORY);
    let mut v = columns(cov, 1);
    for _ in 0..30 {
        v = exact(&operator, v.as_ref());
        let norm = v.norm_l2();
        v *= faer::Scale(1.0 / norm);
    }
    exact(&operator, v.as_ref()).norm_l2()
}

/// Sizes on both sides of a tile and of two; the last two where the kernel is 1e-18 and 1e-59.
const CASES: [(usize, usize, &str); 10] = [
    (3, 1, "tanh:0.5"),
    (3, 2, "sigmoid:1"),
    (4, 47, "sigmoid:1"),
    (5, 192, "erf:0.3"),
    (3, 193, "sigmoid:1"),
    (7, 193, "tanh:0.5"),
    (3, 400, "tanh:0.5"),
    (10, 400, "sigmoid:1"),
    (5, 30, "sigmoid:20"),
    (4, 47, "erf:10"),
];

#[test]
fn a_rough_product_is_off_by_f32_above_degree_one() {
    for (d, p, name) in CASES {
        let cov = covariance(d, p, name, Truncation::default());
        let v = columns(&cov, 3);
        let allowed = allowance(&cov);
        let expected = exact(&cov.operator(0), v.as_ref());
        let products = [0, MEMORY].map(|memory| rough(&cov.mixed_operator(memory), v.as_ref(), Par::Seq));
        for product in &products {
            let error = distance(product, &expected);
            // In the units of the claim: some 1e-7 of the norm above degree 1.
            let unit = norm(&cov.beyond(1)) * f64::from(f32::EPSILON);
            println!(
                "d = {d}, p = {p}, {name}: off by {:.2} ε‖A_>1‖, {:.1} allowed",
                error / unit,
                allowed / unit
            );
            assert!(error <= allowed, "d = {d}, p = {p}, {name}: {error:e} above {allowed:e}");
        }
        // Kept tiles are used transposed, where others are made afresh from cosines that may differ in the
        // last bit.
        assert!(distance(&products[0], &products[1]) <= allowed);
    }
}

#[test]
fn threads_change_no_bit() {
    for (d, p) in [(3, 1), (4, 47), (3, 193), (5, 400)] {
        let cov = covariance(d, p, "sigmoid:1", Truncation::Degree(6));
        let v = columns(&cov, 5);
        for memory in [0, MEMORY] {
            let operator = cov.mixed_operator(memory);
            assert!(
                rough(&operator, v.as_ref(), Par::Seq) == rough(&operator, v.as_ref(), Par::rayon(2)),
                "d = {d}, p = {p}"
            );
            let mut out = Mat::zeros(cov.order(), 5);
            cov.operator(memory).multiply(v.as_ref(), out.as_mut(), Par::rayon(2));
            assert!(exact(&cov.operator(memory), v.as_ref()) == out, "d = {d}, p = {p}");
        }
    }
}

/// Columns wherever they lie in memory, and nothing written beside them.
#[test]
fn any_strides() {
    let cov = covariance(3, 50, "tanh:0.5", Truncation::Degree(6));
    let (n, b) = (cov.order(), 4);
    let v = columns(&cov, b);
    let operator = cov.mixed_operator(MEMORY);
    let plain = rough(&operator, v.as_ref(), Par::Seq);
    let rows = v.transpose().to_owned();
    let upside_down = Mat::from_fn(n, b, |i, j| v[(n - 1 - i, j)]);
    let mirrored = Mat::from_fn(n, b, |i, j| v[(i, b - 1 - j)]);
    let framed = Mat::from_fn(n + 5, b + 2, |i, j| {
        if i >= 2 && i < n + 2 && j >= 1 && j <= b { v[(i - 2, j - 1)] } else { f64::NAN }
    });
    let inputs = [
        v.as_ref(),
        rows.transpose(),
        upside_down.as_ref().reverse_rows(),
        mirrored.as_ref().reverse_cols(),
        framed.as_ref().submatrix(2, 1, n, b),
    ];
    for (which, input) in inputs.into_iter().enumerate() {
        assert!(rough(&operator, input, Par::Seq) == plain, "input {which}");

        let (mut across, mut frame) = (Mat::zeros(b, n), Mat::full(n + 5, b + 2, 7.0));
        operator.multiply_roughly(input, across.as_mut().transpose_mut(), Par::Seq);
        assert!(across.transpose() == plain, "input {which}, transposed output");
        for turned in [false, true] {
            let inner = frame.as_mut().submatrix_mut(2, 1, n, b);
            let output = if turned { inner.reverse_rows_mut() } else { inner };
            operator.multiply_roughly(input, output, Par::Seq);
            let inner = frame.as_ref().submatrix(2, 1, n, b);
            assert!(
                if turned { inner.reverse_rows() } else { inner } == plain,
                "input {which}, output in a frame"
            );
        }
        let beside = |i: usize, j: usize| i < 2 || i >= n + 2 || j < 1 || j > b;
        let written = (0..b + 2)
            .flat_map(|j| (0..n + 5).map(move |i| (i, j)))
            .filter(|&(i, j)| beside(i, j) && frame[(i, j)] != 7.0);
        assert_eq!(written.count(), 0, "input {which}: written beside the output");
    }
    assert_eq!(rough(&operator, v.subcols(0, 0), Par::Seq).ncols(), 0);
    // A matrix with one column may be summed in another order.
    let alone = rough(&operator, v.subcols(2, 1), Par::Seq);
    assert!(
        distance(&alone, &plain.subcols(2, 1).to_owned()) <= allowance(&cov),
        "a column depends on those beside it"
    );
}

/// In closed form there is no f32 at all.
#[test]
fn degrees_up_to_one_are_exact() {
    for degree in [0, 1] {
        for (d, p, name) in CASES {
            let cov = covariance(d, p, name, Truncation::Degree(degree));
            let v = columns(&cov, 2);
            let error = distance(
                &rough(&cov.mixed_operator(MEMORY), v.as_ref(), Par::Seq),
                &exact(&cov.operator(0), v.as_ref()),
            );
            let allowed = 2.0 * exact_allowance(&cov);
            assert!(
                error <= allowed,
                "degree {degree}, d = {d}, p = {p}, {name}: {error:e} above {allowed:e}"
            );
        }
    }
}

/// A part has its own degrees and no others: with degree 0 or 1 of the whole beside it, or without its own,
/// it does not pass.
#[test]
fn parts_have_their_own_low_degrees_only() {
    let cov = covariance(4, 60, "sigmoid:1", Truncation::Degree(7));
    let v = columns(&cov, 2);
    let parts = [
        cov.beyond(0),
        cov.beyond(1),
        cov.beyond(2),
        cov.degree(0),
        cov.degree(1),
        cov.degree(2),
        cov.up_to(0),
        cov.up_to(1),
    ];
    let low = [0, 1].map(|j| exact(&cov.degree(j).operator(0), v.as_ref()));
    for (which, part) in parts.iter().enumerate() {
        let product = rough(&part.mixed_operator(MEMORY), v.as_ref(), Par::Seq);
        let expected = exact(&part.operator(0), v.as_ref());
        let allowed = allowance(part);
        assert!(
            distance(&product, &expected) <= allowed,
            "part {which}: {:e} above {allowed:e}",
            distance(&product, &expected)
        );
        for low in &low {
            for neighbour in [&expected + low, &expected - low] {
                assert!(
                    distance(&product, &neighbour) > 100.0 * allowed,
                    "part {which} passes with a low degree too many or too few"
                );
            }
        }
    }
}

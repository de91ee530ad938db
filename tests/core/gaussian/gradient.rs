//! The population gradient against quadrature of its definition, with planted mistakes; its averages over
//! the sphere against quadrature of the gradient.

use super::line;
use super::series::{random_terms, rng_normal, value};
use escapement::activation::{self, Activation};
use escapement::ball::Ball;
use escapement::gaussian::{Exponents, HermiteSeries, MultiIndexModel, PopulationGradient, hermite};
use escapement::sphere::ZonalQuadrature;
use escapement::{Error, seed};
use faer::{Mat, mat};
use std::f64::consts::TAU;

/// An orthonormal basis of R³ that begins with w.
fn basis(w: [f64; 3]) -> [[f64; 3]; 3] {
    let cross = |a: [f64; 3], b: [f64; 3]| {
        [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    };
    let unit = |a: [f64; 3]| {
        let norm = a.iter().map(|x| x * x).sum::<f64>().sqrt();
        a.map(|x| x / norm)
    };
    let across = unit(cross(w, [0.3, -0.5, 0.8]));
    [w, across, cross(w, across)]
}

/// `E f(x) x_c σ'(w·x)` in R³, by panels along w from the kink on, and a grid across.
fn by_quadrature(
    directions: &Mat<f64>,
    terms: &[(Exponents, f64)],
    sigma: &dyn Activation,
    kink: f64,
    w: [f64; 3],
) -> [line::Sum; 3] {
    let [w, a, b] = basis(w);
    [0, 1, 2].map(|c| {
        line::panels_and_grid(kink, 2, &mut |t, z| {
            let x: Vec<f64> = (0..3).map(|i| t * w[i] + z[0] * a[i] + z[1] * b[i]).collect();
            let inner = |i: usize| (0..3).map(|j| directions[(i, j)] * x[j]).sum::<f64>();
            let inner: Vec<f64> = (0..directions.nrows()).map(inner).collect();
            value(terms, &inner) * x[c] * sigma.d1(t)
        })
    })
}

/// The finite sum is the expectation, for several σ and targets; the sum that ends at k < p in its second
/// part, and the coefficients of σ' instead of those of σ, are not.
#[test]
fn the_gradient_is_the_expectation() {
    let mut rng = seed::stream(19, "gaussian", "weights");
    for (name, kink, directions, p) in [
        ("relu", 0.0, mat![[0.6, 0.0, 0.8]], 4),
        ("relu:0.6", 0.6, mat![[1.0, 0.2, 0.1], [0.3, 1.0, -0.4]], 4),
        ("sigmoid:1", 0.0, mat![[1.0, 0.2, 0.1], [0.3, 1.0, -0.4]], 3),
        ("tanh:0.5", 0.0, mat![[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], 4),
    ] {
        let terms = random_terms(directions.nrows(), p, "gradient");
        let sigma = activation::parse(name).unwrap();
        let model = MultiIndexModel::new(directions.as_ref(), &terms).unwrap();
        let population = model.population(sigma.as_ref()).unwrap();
        let drawn = [0; 3].map(|_| rng_normal(&mut rng));
        let norm = drawn.iter().map(|x| x * x).sum::<f64>().sqrt();
        let w = drawn.map(|x| x / norm);
        let g = model.gradient(&population, &w).unwrap();
        let exact = by_quadrature(&directions, &terms, sigma.as_ref(), kink, w);

        let c = hermite::coefficients(sigma.as_ref(), usize::from(p) + 3).unwrap();
        // As the paper prints the sum: its last term c_{p+2} q_p(z) w is missing.
        let z: Vec<Ball> =
            model.frame().iter().map(|q| q.iter().zip(w).map(|(&q, w)| q * w).sum()).collect();
        let last = model.series().q(p.into()).at(&z) * c[usize::from(p) + 2];
        // The k-th coefficient of σ' is the (k+1)-th of σ.
        let slopes = PopulationGradient::from_coefficients(model.series(), &c[1..]);
        let of_slope = model.gradient(&slopes, &w).unwrap();
        let size = exact.iter().map(|sum| sum.value.abs()).fold(0.0, f64::max);
        let (mut cut, mut slope) = (0.0_f64, 0.0_f64);
        for i in 0..3 {
            let miss = (g[i].value - exact[i].value).abs();
            assert!(miss <= g[i].error + exact[i].slip(), "{name}: {:?} for {}", g[i], exact[i].value);
            assert!(g[i].error < 1e-11, "{name}: {:?}", g[i]);
            cut = cut.max((last * w[i]).abs().value);
            slope = slope.max((of_slope[i].value - exact[i].value).abs());
        }
        let noticed = 1e6 * (exact[0].slip() + g[0].error);
        assert!(slope > 1e-2 * size && slope > noticed, "{name}: σ' for σ moves {slope:e} of {size:e}");
        // At odd p the coefficient c_{p+2} of a ReLU without shift vanishes: no such case is in the list.
        assert!(cut > 1e-3 * size && cut > noticed, "{name}: the cut moves {cut:e} of {size:e}");
    }
}

/// With one direction the energies are means over one coordinate of w, by the zonal rule of the sphere.
#[test]
fn energies_are_means_of_the_gradient() {
    for (name, p, d) in [("relu", 4, 5), ("relu:-0.4", 5, 12), ("sigmoid:1", 3, 40)] {
        let terms = random_terms(1, p, "energies");
        let sigma = activation::parse(name).unwrap();
        let directions = Mat::from_fn(1, d, |_, j| if j == 1 { 1.0 } else { 0.0 });
        let model = MultiIndexModel::new(directions.as_ref(), &terms).unwrap();
        let population = model.population(sigma.as_ref()).unwrap();
        let h = hermite::coefficients(sigma.as_ref(), 2).unwrap()[2] * model.series().hessian()[0][0];
        // Gradients at w = z e_1 + √(1 − z²) e_0; the rule is exact from p + 1 nodes on.
        let rule = ZonalQuadrature::new(d, 20).unwrap();
        let mean = |part: &dyn Fn(f64, &[Ball]) -> Ball| {
            rule.expect(|z| {
                let across = (1.0 - z * z).sqrt();
                let w: Vec<f64> = (0..d).map(|j| [across, z].get(j).copied().unwrap_or(0.0)).collect();
                part(z, &model.gradient(&population, &w).unwrap()).value
            })
        };
        let e = population.energies(d).unwrap();
        let outside = |g: &[Ball]| g[0] * g[0] + g[2..].iter().map(|&g| g * g).sum::<Ball>();
        for (what, ball, exact) in [
            ("inside", e.inside, mean(&|_, g| g[1] * g[1])),
            ("outside", e.outside, mean(&|_, g| outside(g))),
            ("total", e.total, mean(&|_, g| g[1] * g[1] + outside(g))),
            ("remainder", e.remainder, mean(&|z, g| (g[1] - h * z).powi(2) + outside(g))),
            ("remainder inside", e.remainder_inside, mean(&|z, g| (g[1] - h * z).powi(2))),
        ] {
            // The rule has 3e-14 of what it averages, and the gradients have some hundred roundings.
            let slip = 1e-13 * e.total.value;
            assert!((ball.value - exact).abs() <= ball.error + slip, "{name}, {what}: {ball:?} for {exact}");
            assert!(ball.error <= 1e-11 * e.total.value, "{name}, {what}: {ball:?}");
        }
        let (gram, across) = population.gram(d).unwrap();
        let trace = gram[0][0] + across * (d - 1) as f64;
        assert!(trace.excess(e.total) <= 1.0 && gram[0][0].excess(e.inside) <= 1.0);
    }
}

/// With two directions in R⁴ the coordinates of w in S* are uniform on the disc. There `E[(Π*g)^{⊗2k}]` is
/// averaged by a rule on circles, entry by entry, and its trace is `E‖Π*g‖^{2k}`.
#[test]
fn the_diversity_matrix_is_a_mean_over_the_disc() {
    let f = HermiteSeries::from_monomials(2, &random_terms(2, 3, "diversity")).unwrap();
    let relu = activation::parse("relu:0.3").unwrap();
    let population = PopulationGradient::new(&f, relu.as_ref()).unwrap();
    // Squared radii are uniform on [0, 1]; both rules are exact for the degrees up to 6·4 that occur.
    let rule = ZonalQuadrature::new(3, 20).unwrap();
    let mut points = Vec::new();
    for (u, weight) in rule.nodes().iter().zip(rule.weights()) {
        for i in 0..32 {
            let (radius, angle) = ((0.5 + 0.5 * u).sqrt(), TAU * f64::from(i) / 32.0);
            points.push(([radius * angle.cos(), radius * angle.sin()], weight / 32.0));
        }
    }
    let inside = |z: [f64; 2]| {
        let (v, s) = population.at(&z.map(Ball::exact));
        [v[0].value + z[0] * s.value, v[1].value + z[1] * s.value]
    };
    for k in 1..=3_usize {
        let matrix = population.diversity(k, 4).unwrap();
        // The symmetric tensors of order k over R²: g_1^{k−i} g_2^i with the multiplicity C(k, i).
        let binomial = |i: usize| (0..i).map(|j| (k - j) as f64 / (j + 1) as f64).product::<f64>();
        let vector =
            |g: [f64; 2], i: usize| binomial(i).sqrt() * g[0].powi((k - i) as i32) * g[1].powi(i as i32);
        let largest = matrix.iter().flatten().map(|m| m.value.abs()).fold(0.0, f64::max);
        let mut trace = 0.0;
        for i in 0..=k {
            for j in 0..=k {
                let mean =
                    |(z, weight): &([f64; 2], f64)| weight * vector(inside(*z), i) * vector(inside(*z), j);
                let exact: f64 = points.iter().map(mean).sum();
                let entry = matrix[i][j];
                // 640 points, and six factors with a hundred roundings each.
                let slip = 1e-12 * largest;
                assert!((entry.value - exact).abs() <= entry.error + slip, "k = {k}: {entry:?} for {exact}");
            }
            trace += matrix[i][i].value;
        }
        let norm = |(z, weight): &([f64; 2], f64)| {
            let [a, b] = inside(*z);
            weight * (a * a + b * b).powi(k as i32)
        };
        assert!((trace - points.iter().map(norm).sum::<f64>()).abs() <= 1e-12 * trace);
        let spectrum = population.diversity_spectrum(k, 4).unwrap();
        let sum: f64 = spectrum.iter().map(|lambda| lambda.value).sum();
        assert!((sum - trace).abs() <= 1e-12 * trace && spectrum[0].lower() > 0.0, "{spectrum:?}");
        assert!(spectrum[0].error <= 1e-12 * largest);
    }
}

/// At d = 10⁶ the energy is `‖H‖²/2πd` up to 1/d, and its part outside S* follows the two-term expression.
#[test]
fn large_dimensions_cost_nothing() {
    let f = HermiteSeries::from_hermite(2, &[(vec![2, 0], 0.5), (vec![0, 2], -0.5)]).unwrap();
    let relu = activation::parse("relu").unwrap();
    let population = PopulationGradient::new(&f, relu.as_ref()).unwrap();
    let d = 1_000_000;
    let e = population.energies(d).unwrap();
    let leading = f.tensor_norm_squared(2).value / (TAU * d as f64);
    assert!((e.total.value / leading - 1.0).abs() < 20.0 / d as f64);
    // E S² = E q_2²/2π with q_2 = (z_1² − z_2²)/2: E(z_1² − z_2²)²/4 = 1/(d(d+2)), less the share inside.
    let outside = 1.0 / (TAU * d as f64 * (d as f64 + 2.0));
    assert!((e.outside.value / outside - 1.0).abs() < 10.0 / d as f64, "{:?}", e.outside);
    assert!(e.outside.error < 1e-12 * e.outside.value);
    // diversity at k = 2: least eigenvalue against k! λ_min^{2k}/((2π)^k d(d+2)).
    let least = population.diversity_spectrum(2, d).unwrap()[0];
    let scale = 2.0 / (TAU.powi(2) * d as f64 * (d as f64 + 2.0));
    assert!((least.value / scale - 1.0).abs() < 1e-4 && least.error < 1e-9 * least.value, "{least:?}");
}

#[test]
fn bad_dimensions_and_weights_are_refused() {
    let terms = random_terms(2, 4, "refused");
    let model = MultiIndexModel::new(mat![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]].as_ref(), &terms).unwrap();
    let relu = activation::parse("relu").unwrap();
    let population = model.population(relu.as_ref()).unwrap();
    assert!(matches!(model.gradient(&population, &[1.0, 0.0]), Err(Error::Shape { .. })));
    assert!(matches!(model.gradient(&population, &[1.0, 1.0, 0.0]), Err(Error::NotUnit { .. })));
    assert!(matches!(model.gradient(&population, &[f64::NAN, 0.0, 0.0]), Err(Error::NotUnit { .. })));
    let say = |error: Error| error.to_string();
    assert!(say(population.energies(1).unwrap_err()).contains("at least r = 2"));
    assert!(say(population.gram(0).unwrap_err()).contains("at least r = 2"));
    assert!(say(population.diversity(0, 5).unwrap_err()).contains("from 1 to 3"));
    assert!(say(population.diversity(4, 5).unwrap_err()).contains("from 1 to 3"));
    let wide = HermiteSeries::from_monomials(8, &random_terms(8, 3, "wide")).unwrap();
    let wide = PopulationGradient::new(&wide, relu.as_ref()).unwrap();
    assert!(say(wide.diversity(3, 50).unwrap_err()).contains("too many"));
    // On the sphere of S* itself nothing is outside.
    assert_eq!(population.energies(2).unwrap().outside, Ball::exact(0.0));
}

/// A model from a series in oblique directions is that of the monomials, and the series itself where they
/// are coordinates.
#[test]
fn a_model_from_a_series_is_that_of_its_monomials() {
    let directions = mat![[1.2, 1.6, 0.0], [0.5, -0.25, 1.0]];
    let terms = [(vec![2, 1], 0.5), (vec![0, 2], -0.75), (vec![1, 0], 2.0), (vec![0, 0], 0.125)];
    let series = HermiteSeries::from_monomials(2, &terms).unwrap();
    let right = MultiIndexModel::new(directions.as_ref(), &terms).unwrap();
    let found = MultiIndexModel::from_series(directions.as_ref(), &series).unwrap();
    for (a, b) in found.hessian().iter().flatten().zip(right.hessian().iter().flatten()) {
        assert!((a.value - b.value).abs() <= a.error + b.error && a.error < 1e-13, "{a:?} {b:?}");
    }
    let x = mat![[0.3, -1.1, 0.7], [2.0, 0.5, -0.4]];
    let by_hand = |i: usize| {
        let t = |q: usize| (0..3).map(|c| directions[(q, c)] * x[(i, c)]).sum::<f64>();
        0.5 * t(0).powi(2) * t(1) - 0.75 * t(1).powi(2) + 2.0 * t(0) + 0.125
    };
    // Some thirty roundings of terms below 20.
    let close =
        |values: Vec<f64>| (0..2).all(|i| (values[i] - by_hand(i)).abs() < 30.0 * 20.0 * f64::EPSILON);
    assert!(close(found.values(x.as_ref()).unwrap()) && close(right.values(x.as_ref()).unwrap()));
    let axes = mat![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
    assert_eq!(*MultiIndexModel::from_series(axes.as_ref(), &series).unwrap().series(), series);
    let one = mat![[1.0, 0.0, 0.0]];
    assert!(matches!(MultiIndexModel::from_series(one.as_ref(), &series), Err(Error::Shape { .. })));
}

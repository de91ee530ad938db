//! Identities of the sphere: polynomials, quadrature, harmonics, sampling, and the certificate of the degree series.

use crate::zonal_oracles::Written;
use escapement::Error;
use escapement::sphere::{
    self, FeatureLevels, Gegenbauer, HarmonicBasis, Truncation, ZonalQuadrature, dimension, sqrt_dimension,
};
use faer::Mat;
use proptest::prelude::*;

const EPS: f64 = f64::EPSILON;

fn stream(purpose: &str) -> escapement::seed::ChaCha20Rng {
    escapement::seed::stream(2206, "tests/suite/sphere", purpose)
}

// ---- dimensions and polynomials ----

#[test]
fn dimensions_are_exact_and_do_not_overflow() {
    assert_eq!((0..4).map(|j| dimension(3, j)).collect::<Vec<_>>(), [1.0, 3.0, 5.0, 7.0]);
    assert_eq!(dimension(100, 8), 324340312725.0);
    // From exact integers.
    for (d, j, log) in [(2000, 512, LOG_2000_512), (1000, 60, LOG_1000_60)] {
        assert!((sphere::log_dimension(d, j) / log - 1.0).abs() <= 2.0 * EPS * j.min(d) as f64, "d = {d}, j = {j}");
    }
    assert!((dimension(1000, 60).ln() / LOG_1000_60 - 1.0).abs() <= 2.0 * EPS * 60.0);
    assert_eq!(dimension(2000, 512), f64::INFINITY);
    assert!((sqrt_dimension(2000, 512).ln() / (0.5 * LOG_2000_512) - 1.0).abs() < 1e-12);
    assert_eq!(sphere::cumulative_dimension(100, 2).unwrap(), 5150);
    assert!(matches!(sphere::cumulative_dimension(1000, 40), Err(Error::Domain { .. })));
    assert!(matches!(sphere::cumulative_dimension(2, 1), Err(Error::Dimension(2))));
    assert!(matches!(Gegenbauer::new(2), Err(Error::Dimension(2))));
}

const LOG_2000_512: f64 = 1_266.010_570_150_225;
const LOG_1000_60: f64 = 227.569_882_229_972_22;

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn polynomial_identities(d in 3usize..2000, j in 0usize..150, t in -1.0f64..=1.0) {
        let g = Gegenbauer::new(d).unwrap();
        prop_assert_eq!(g.value(j, 1.0), 1.0);
        prop_assert_eq!(g.value(j, -1.0), if j % 2 == 0 { 1.0 } else { -1.0 });
        // Rounding of the recurrence: three per step, growing at most linearly where the solution oscillates.
        let round = 2.0 * (8.0 + j as f64) * EPS;
        let [p, dp, ddp] = g.jet(j, t);
        prop_assert!(p.abs() <= 1.0 + round);
        prop_assert_eq!(p, g.value(j, t));
        let (df, jf) = (d as f64, j as f64);
        let top = [jf * (jf + df - 2.0) / (df - 1.0), jf * (jf + df - 2.0) * (jf - 1.0) * (jf + df - 1.0) / ((df - 1.0) * (df + 1.0))];
        // The differential equation, each term against the size of its factors at t = 1.
        let ode = (1.0 - t * t) * ddp - (df - 1.0) * t * dp + jf * (jf + df - 2.0) * p;
        prop_assert!(ode.abs() <= round * ((1.0 - t * t) * top[1] + 2.0 * (df - 1.0) * top[0]) , "{} {}", ode, j);
        // (1−t²) P_j' = j (P_{j−1} − t P_j).
        if j > 0 {
            let slope = (1.0 - t * t) * dp - jf * (g.value(j - 1, t) - t * p);
            prop_assert!(slope.abs() <= round * ((1.0 - t * t) * top[0] + 2.0 * jf));
        }
        let mut all = [vec![0.0; j + 1], vec![0.0; j + 1], vec![0.0; j + 1]];
        let [a, b, c] = &mut all;
        g.jets(t, a, b, c);
        prop_assert_eq!([a[j], b[j], c[j]], [p, dp, ddp]);
        g.values(t, b);
        prop_assert_eq!(b[j], p);
    }
}

// ---- quadrature ----

/// `max |E[p̂_i p̂_j] − δ_ij|` over degrees below `degrees`, polynomials of dimension `d` under the given rule.
fn orthonormality(d: usize, degrees: usize, rule: &ZonalQuadrature) -> f64 {
    let g = Gegenbauer::new(d).unwrap();
    let mut p = Mat::zeros(rule.nodes().len(), degrees);
    let mut row = vec![0.0; degrees];
    for (n, (&z, w)) in rule.nodes().iter().zip(rule.weights()).enumerate() {
        g.values(z, &mut row);
        for j in 0..degrees {
            p[(n, j)] = w.sqrt() * sqrt_dimension(d, j) * row[j];
        }
    }
    let gram = p.transpose() * &p - Mat::<f64>::identity(degrees, degrees);
    gram.norm_max()
}

/// The statement is `B(d,j) E[P_i P_j] = δ_ij`, on the scale where neither index is favoured (`√(B_i B_j)`), which implies it for j ≤ i.
/// The tolerance: each factor of degree 120 is right to (8 + 120)·ε of its norm (three roundings a step, see `ZONAL_ROUNDINGS`), so
/// the product to 2·128·ε = 5.7e-14; 1e-13 is the next round number. Measured: 1.3e-14.
#[test]
fn quadrature_makes_the_polynomials_orthonormal() {
    for d in [3, 4, 5, 100, 172, 1000, 2000] {
        for order in [121, 122, 500] {
            let error = orthonormality(d, 121, &ZonalQuadrature::new(d, order).unwrap());
            assert!(error <= 1e-13, "d = {d}, {order} nodes: {error:e}");
        }
        // One node too few for degree 120 squared, or the neighbouring dimension: must miss.
        assert!(orthonormality(d, 121, &ZonalQuadrature::new(d, 120).unwrap()) > 0.1);
        assert!(orthonormality(d, 121, &ZonalQuadrature::new(d + 1, 121).unwrap()) > 1e-6);
    }
}

#[test]
fn quadrature_in_closed_form() {
    // Dimension 4: Chebyshev polynomials of the second kind.
    for n in [1, 2, 7, 200, 1001] {
        let q = ZonalQuadrature::new(4, n).unwrap();
        assert_eq!((q.order(), q.nodes().len(), q.d()), (n, n, 4));
        for (i, (z, w)) in q.nodes().iter().zip(q.weights()).enumerate() {
            let angle = std::f64::consts::PI * (n - i) as f64 / (n + 1) as f64;
            assert!((z - angle.cos()).abs() <= 4.0 * EPS, "node {i} of {n}: {z}");
            // From the nearer end, so that the sine keeps its digits. Measured: 2ε; the angle costs 1ε, the sine and its square 2ε.
            let near = std::f64::consts::PI * (n - i).min(i + 1) as f64 / (n + 1) as f64;
            let want = 2.0 / (n + 1) as f64 * near.sin().powi(2);
            assert!((w / want - 1.0).abs() <= 8.0 * EPS, "weight {i} of {n}: {w:e} against {want:e}");
        }
    }
    // Legendre, five nodes.
    let q = ZonalQuadrature::new(3, 5).unwrap();
    assert!((q.nodes()[4] - 0.906_179_845_938_664).abs() < 1e-15 && (q.weights()[2] - 64.0 / 225.0).abs() < 1e-15);
}

#[test]
fn quadrature_is_exactly_symmetric_and_has_the_right_moments() {
    for (d, n) in [(3, 64), (10, 33), (1000, 2000), (2000, 501)] {
        let q = ZonalQuadrature::new(d, n).unwrap();
        assert!(q.nodes().iter().zip(q.nodes().iter().rev()).all(|(a, b)| *a == -b));
        assert!(q.weights().iter().zip(q.weights().iter().rev()).all(|(a, b)| a == b && *a > 0.0));
        assert!(q.nodes().windows(2).all(|z| z[0] < z[1]) && q.nodes()[0] > -1.0);
        let df = d as f64;
        assert!((q.expect(|z| df * z * z) - 1.0).abs() < 16.0 * EPS);
        assert!((q.expect(|z| df * (df + 2.0) * z.powi(4)) - 3.0).abs() < 64.0 * EPS);
        assert_eq!(q.orthonormal_coefficients(|z| z * z * z, 4)[2], 0.0);
    }
    assert!(matches!(ZonalQuadrature::new(2, 10), Err(Error::Dimension(2))));
    assert!(matches!(ZonalQuadrature::new(3, 0), Err(Error::Domain { .. })));
    assert!(matches!(ZonalQuadrature::new(3, usize::MAX), Err(Error::Domain { .. })));
}

// ---- zonal coefficients and the certificate ----

fn written() -> impl Strategy<Value = Written> {
    (prop::sample::select(vec!["sigmoid", "tanh", "erf"]), -1.5f64..1.5).prop_map(|(kind, shift)| Written { kind, shift })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_tail_bounds_what_is_left_out(d in prop::sample::select(vec![3usize, 4, 7, 30, 100, 300]), a in written(), relative in 1e-9f64..1e-2) {
        use escapement::activation::Activation;
        let cut = FeatureLevels::new(d, &a, Truncation::Tail(relative)).unwrap();
        let all = FeatureLevels::new(d, &a, Truncation::Tail(1e-10)).unwrap();
        let allowed = all.rounding_allowance();
        let rest: f64 = all.levels.iter().skip(cut.levels.len()).map(|l| l.tau).sum();
        prop_assert!(rest <= cut.truncation_bound());
        prop_assert!(cut.truncation_bound() <= rest + all.truncation_bound() + cut.rounding_allowance() + allowed);
        let largest = all.levels.iter().fold(0.0f64, |m, l| m.max(l.kappa));
        prop_assert!(cut.truncation_bound() <= relative * largest * (1.0 + 1e-12));
        // It is the least such degree.
        prop_assert!(cut.max_degree() == 0 || cut.tail(cut.max_degree() - 1) > relative * largest);
        prop_assert!((0..cut.max_degree()).all(|j| cut.tail(j) >= cut.tail(j + 1)));
        prop_assert!((cut.radial + (d as f64 - 1.0) * cut.tangential - cut.trace).abs() <= 4.0 * EPS * cut.trace);
        // Integration by parts on the sphere: E_d[z g(√d z)] = d^{−1/2} E_{d+2}[g'(√d z)], with g = σ'.
        let (dim, shrink) = (d as f64, (d as f64 / (d as f64 + 2.0)).sqrt());
        let curved = sphere::lambda(d + 2, &|z| a.d2(shrink * z), 0).unwrap()[0];
        let first = sphere::lambda(d, &|z| a.d1(z), 1).unwrap()[1];
        prop_assert!((dim.sqrt() * first - curved).abs() <= 64.0 * EPS);
        prop_assert!((cut.levels[0].a_hat - curved).abs() <= 64.0 * EPS * (1.0 + dim.sqrt()));
    }
}

#[test]
fn slow_activations_reach_the_degree_they_need() {
    let a = Written { kind: "tanh", shift: 0.5 };
    let levels = FeatureLevels::new(1000, &a, Truncation::Tail(1e-9)).unwrap();
    assert!(levels.max_degree() > 90, "{}", levels.max_degree());
    assert!((1e-8..4e-8).contains(&levels.tail(90)), "{:e}", levels.tail(90));
    // Far past the last degree that matters, rounding alone is left.
    let long = FeatureLevels::new(1000, &a, Truncation::Degree(300)).unwrap();
    let left = long.trace - long.levels.iter().map(|l| l.tau).sum::<f64>();
    assert!(left.abs() <= long.rounding_allowance() && long.truncation_bound() <= 2.0 * long.rounding_allowance());
}

#[test]
fn impossible_certificates_are_refused() {
    let a = Written { kind: "tanh", shift: 0.5 };
    assert!(matches!(FeatureLevels::new(10, &a, Truncation::Absolute(1e-30)), Err(Error::Certificate { .. })));
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(FeatureLevels::new(10, &a, Truncation::Tail(bad)), Err(Error::Domain { .. })));
    }
    assert!(matches!(FeatureLevels::new(10, &a, Truncation::Degree(513)), Err(Error::Domain { .. })));
    assert!(matches!(FeatureLevels::new(2, &a, Truncation::Degree(3)), Err(Error::Dimension(2))));
    // A jump, and a function that is not finite.
    assert!(matches!(sphere::lambda(3, &|z| f64::from(z > 0.1), 3), Err(Error::Numerical { .. })));
    assert!(matches!(sphere::lambda(3, &|z| 1.0 / (z - z), 3), Err(Error::Numerical { .. })));
    assert_eq!(sphere::lambda(3, &|_| 0.0, 3).unwrap(), [0.0; 4]);
}

// ---- harmonics ----

/// Points and weights on the unit sphere, exact for polynomials of degree up to `degree`: zonal rules, one dimension after another.
fn product_rule(d: usize, degree: usize) -> (Vec<Vec<f64>>, Vec<f64>) {
    if d == 2 {
        let n = degree + 1;
        let angle = |i: usize| std::f64::consts::TAU * (i as f64 + 0.3) / n as f64;
        return ((0..n).map(|i| vec![angle(i).cos(), angle(i).sin()]).collect(), vec![1.0 / n as f64; n]);
    }
    let (below, weights) = product_rule(d - 1, degree);
    let zonal = ZonalQuadrature::new(d, degree / 2 + 1).unwrap();
    let (mut points, mut w) = (Vec::new(), Vec::new());
    for (&z, &v) in zonal.nodes().iter().zip(zonal.weights()) {
        for (y, u) in below.iter().zip(&weights) {
            let mut x: Vec<f64> = y.iter().map(|y| (1.0 - z * z).sqrt() * y).collect();
            x.push(z);
            points.push(x);
            w.push(u * v);
        }
    }
    (points, w)
}

fn matrix(points: &[Vec<f64>]) -> Mat<f64> {
    Mat::from_fn(points.len(), points[0].len(), |r, i| points[r][i])
}

fn values(basis: &HarmonicBasis, x: &Mat<f64>) -> Mat<f64> {
    let mut y = Mat::zeros(x.nrows(), basis.len());
    basis.evaluate(x.as_ref(), y.as_mut()).unwrap();
    y
}

#[test]
fn harmonics_are_orthonormal_under_exact_quadrature() {
    for (d, j) in [(3, 1), (3, 30), (4, 11), (5, 5), (6, 4)] {
        let (points, weights) = product_rule(d, 2 * j);
        let basis = HarmonicBasis::new(d, j).unwrap();
        let y = values(&basis, &matrix(&points));
        let weighted = Mat::from_fn(y.nrows(), y.ncols(), |r, c| weights[r].sqrt() * y[(r, c)]);
        let gram = weighted.transpose() * &weighted - Mat::<f64>::identity(basis.len(), basis.len());
        // d − 1 recurrences of up to j steps, as for the quadrature.
        let allowed = 2.0 * (d as f64 - 1.0) * (8.0 + j as f64) * EPS;
        assert!(gram.norm_max() <= allowed, "d = {d}, J = {j}: {:e}", gram.norm_max());
    }
}

/// Random points, then the poles ±e_i of the first three and the last coordinates.
fn points_with_poles(d: usize, n: usize) -> Mat<f64> {
    let random = sphere::uniform_sphere(&mut stream("points"), n, d, 1.0);
    let poles = [0, 1, 2, d - 1];
    Mat::from_fn(n + 8, d, |r, i| {
        if r < n {
            random[(r, i)]
        } else if poles[(r - n) / 2] == i {
            if r % 2 == 0 { 1.0 } else { -1.0 }
        } else {
            0.0
        }
    })
}

/// Rounding in `Σ_l Y(u)Y(v)/B_j`: (4 + j) steps in each factor, and a cosine off by √d·ε where `P_j'(1)` says what that does.
fn addition_rounding(d: usize, j: usize) -> f64 {
    let slope = (j * (j + d - 2)) as f64 / (d as f64 - 1.0);
    (4.0 * (4.0 + j as f64) + 2.0 * (d as f64).sqrt() * slope) * EPS
}

const SIZES: [(usize, usize, usize); 9] =
    [(3, 2, 30), (3, 30, 30), (4, 11, 30), (4, 30, 4), (5, 6, 20), (20, 3, 20), (100, 1, 20), (100, 2, 6), (1000, 1, 4)];

#[test]
fn addition_theorem_with_gradients() {
    for (d, top, n) in SIZES {
        let basis = HarmonicBasis::new(d, top).unwrap();
        let x = points_with_poles(d, n);
        let n = x.nrows();
        let mut y = Mat::zeros(n, basis.len());
        let mut g = vec![Mat::zeros(n, basis.len()); d];
        basis.evaluate_with_gradient(x.as_ref(), y.as_mut(), &mut g).unwrap();
        assert_eq!(y, values(&basis, &x));
        let t = &x * x.transpose();
        let zonal = Gegenbauer::new(d).unwrap();
        for j in 0..=top {
            let level = basis.level(j);
            assert_eq!(level.len() as f64, dimension(d, j));
            assert!(level.clone().all(|l| basis.degree_of(l) == j));
            let b = level.len() as f64;
            let part = y.as_ref().subcols(level.start, level.len());
            let kernel = part * part.transpose();
            let allowed = addition_rounding(d, j);
            for u in 0..n {
                for v in 0..n {
                    let error = (kernel[(u, v)] / b - zonal.value(j, t[(u, v)])).abs();
                    assert!(error <= allowed, "d = {d}, j = {j}: {error:e} above {allowed:e}");
                }
            }
            // Gradients: Σ_l ∂_i Y(u) Y(v) = B P_j'(u·v) (v − (u·v) u)_i, of size up to √(j(j+d−2)) B; |∇|² and tangency.
            let scale = b * (j * (j + d - 2)).max(1) as f64;
            let mut square = vec![0.0; n];
            for i in 0..d {
                let slope = g[i].as_ref().subcols(level.start, level.len());
                let mixed = slope * part.transpose();
                for u in 0..n {
                    square[u] += slope.row(u).squared_norm_l2();
                    for v in 0..n {
                        let want = b * zonal.jet(j, t[(u, v)])[1] * (x[(v, i)] - t[(u, v)] * x[(u, i)]);
                        assert!((mixed[(u, v)] - want).abs() <= allowed * scale, "d = {d}, j = {j}, component {i}");
                    }
                }
            }
            for u in 0..n {
                assert!((square[u] - b * (j * (j + d - 2)) as f64).abs() <= allowed * scale, "d = {d}, j = {j}");
                for l in level.clone() {
                    let radial: f64 = (0..d).map(|i| x[(u, i)] * g[i][(u, l)]).sum();
                    assert!(radial.abs() <= allowed * scale.sqrt());
                }
            }
        }
    }
}

#[test]
fn gradients_are_derivatives() {
    let h = 1e-4_f64;
    for (d, top) in [(3, 6), (4, 5), (7, 3), (100, 2)] {
        let basis = HarmonicBasis::new(d, top).unwrap();
        let x = points_with_poles(d, 3);
        let n = x.nrows();
        let random = sphere::uniform_sphere(&mut stream("directions"), n, d, 1.0);
        // Along the great circle through x towards v, the unit tangent.
        let mut tangent = Mat::zeros(n, d);
        for r in 0..n {
            let along: f64 = (0..d).map(|i| x[(r, i)] * random[(r, i)]).sum();
            let v: Vec<f64> = (0..d).map(|i| random[(r, i)] - along * x[(r, i)]).collect();
            let norm = v.iter().map(|v| v * v).sum::<f64>().sqrt();
            (0..d).for_each(|i| tangent[(r, i)] = v[i] / norm);
        }
        let moved = |h: f64| values(&basis, &Mat::from_fn(n, d, |r, i| h.cos() * x[(r, i)] + h.sin() * tangent[(r, i)]));
        let (plus, minus) = (moved(h), moved(-h));
        let mut y = Mat::zeros(n, basis.len());
        let mut g = vec![Mat::zeros(n, basis.len()); d];
        basis.evaluate_with_gradient(x.as_ref(), y.as_mut(), &mut g).unwrap();
        for l in 0..basis.len() {
            let j = basis.degree_of(l) as f64;
            // |Y| ≤ √B, and on a great circle it is a trigonometric polynomial of degree j: Bernstein bounds its third derivative by j³ √B.
            let size = dimension(d, basis.degree_of(l)).sqrt();
            let allowed = size * (j.powi(3) * h * h / 6.0 + 4.0 * (8.0 + j) * EPS / h);
            for r in 0..n {
                let slope: f64 = (0..d).map(|i| g[i][(r, l)] * tangent[(r, i)]).sum();
                let difference = (plus[(r, l)] - minus[(r, l)]) / (2.0 * h);
                assert!((slope - difference).abs() <= allowed, "d = {d}, harmonic {l}: {slope} against {difference}");
            }
        }
    }
}

#[test]
fn funk_hecke() {
    let g = |u: f64| (0.7 * u).exp();
    for (d, top, degree) in [(3, 6, 60), (4, 4, 48), (5, 3, 40)] {
        let basis = HarmonicBasis::new(d, top).unwrap();
        let (points, weights) = product_rule(d, degree);
        let eta = sphere::uniform_sphere(&mut stream("eta"), 1, d, 1.0);
        let lambda = sphere::lambda(d, &g, top).unwrap();
        let (y, at_eta) = (values(&basis, &matrix(&points)), values(&basis, &eta));
        for l in 0..basis.len() {
            let mean: f64 = (0..points.len())
                .map(|r| weights[r] * y[(r, l)] * g((d as f64).sqrt() * (0..d).map(|i| eta[(0, i)] * points[r][i]).sum::<f64>()))
                .sum();
            // A sum of thousands of terms of size √B·max g ≤ e^{1.6}·√B: its mean is right to some tens of ε of that.
            let allowed = 64.0 * EPS * 5.0 * dimension(d, basis.degree_of(l)).sqrt();
            assert!((mean - lambda[basis.degree_of(l)] * at_eta[(0, l)]).abs() <= allowed, "d = {d}, harmonic {l}");
        }
    }
}

#[test]
fn projection_and_least_squares() {
    for (d, top, n) in [(3, 8, 300), (4, 3, 100), (30, 2, 700)] {
        let basis = HarmonicBasis::new(d, top).unwrap();
        let x = sphere::uniform_sphere(&mut stream("fit"), n, d, 1.0);
        let eta: Vec<f64> = sphere::uniform_sphere(&mut stream("eta"), 1, d, 1.0).row(0).iter().copied().collect();
        let zonal = Gegenbauer::new(d).unwrap();
        let cosine = |r: usize| (0..d).map(|i| eta[i] * x[(r, i)]).sum::<f64>();
        for j in 0..=top {
            let c = basis.project_zonal(j, &eta).unwrap();
            let direct: Vec<f64> = (0..n).map(|r| zonal.value(j, cosine(r))).collect();
            let y = values(&basis, &x);
            for r in 0..n {
                let sum: f64 = (0..basis.len()).map(|l| c[l] * y[(r, l)]).sum();
                assert!((sum - direct[r]).abs() <= addition_rounding(d, j));
            }
            let fit = basis.fit(x.as_ref(), &direct).unwrap();
            assert!(fit.condition >= 1.0 && fit.condition < 1e3);
            let allowed = fit.condition * n as f64 * EPS;
            assert!(fit.residual <= allowed + addition_rounding(d, j), "{:e}", fit.residual);
            assert!(
                fit.coefficients.iter().zip(&c).all(|(a, b)| (a - b).abs() <= allowed + fit.condition * addition_rounding(d, j))
            );
        }
        // A function of higher degree leaves a residual: no silent success.
        let above: Vec<f64> = (0..n).map(|r| sqrt_dimension(d, top + 1) * zonal.value(top + 1, cosine(r))).collect();
        assert!(basis.fit(x.as_ref(), &above).unwrap().residual > 0.1);
    }
}

#[test]
fn bad_points_are_refused() {
    let basis = HarmonicBasis::new(3, 2).unwrap();
    let x = sphere::uniform_sphere(&mut stream("bad"), 12, 3, 1.0);
    let mut y = Mat::zeros(12, basis.len());
    assert!(matches!(basis.evaluate(x.as_ref(), y.as_mut().subcols_mut(0, 8)), Err(Error::Shape { .. })));
    assert!(matches!(basis.evaluate(x.as_ref().subcols(0, 2), y.as_mut()), Err(Error::Shape { .. })));
    let mut off = x.clone();
    off[(5, 1)] += 1e-6;
    assert!(matches!(basis.evaluate(off.as_ref(), y.as_mut()), Err(Error::NotUnit { row: 5, .. })));
    off[(4, 2)] = f64::NAN;
    assert!(matches!(basis.evaluate(off.as_ref(), y.as_mut()), Err(Error::NotFinite { row: 4, col: 2, .. })));
    assert!(matches!(basis.evaluate_with_gradient(x.as_ref(), y.as_mut(), &mut []), Err(Error::Domain { .. })));
    assert!(matches!(basis.project_zonal(3, &[0.0, 0.0, 1.0]), Err(Error::Domain { .. })));
    assert!(matches!(basis.project_zonal(1, &[0.0, 1.0]), Err(Error::Shape { .. })));
    assert!(matches!(basis.fit(x.as_ref().subrows(0, 8), &[0.0; 8]), Err(Error::Domain { .. })));
    assert!(matches!(basis.fit(x.as_ref(), &[0.0; 11]), Err(Error::Domain { .. })));
    // All points on a circle: the harmonics are dependent there.
    let flat = Mat::from_fn(12, 3, |r, i| [(r as f64).cos(), (r as f64).sin(), 0.0][i]);
    assert!(matches!(basis.fit(flat.as_ref(), &[1.0; 12]), Err(Error::Domain { .. })));
    assert!(matches!(HarmonicBasis::new(2, 1), Err(Error::Dimension(2))));
    assert!(matches!(HarmonicBasis::new(1000, 5), Err(Error::Domain { .. })));
    // Any layout of the output, one point included.
    let reference = values(&basis, &x);
    let mut turned = Mat::zeros(basis.len(), 12);
    basis.evaluate(x.as_ref(), turned.as_mut().transpose_mut()).unwrap();
    assert_eq!(turned.transpose(), reference);
    let mut one = Mat::zeros(basis.len(), 1);
    basis.evaluate(x.as_ref().subrows(3, 1), one.as_mut().transpose_mut()).unwrap();
    assert_eq!(one.transpose(), reference.as_ref().subrows(3, 1));
}

// ---- sampling ----

#[test]
fn uniform_points() {
    let (n, d) = (20_000, 6);
    let x = sphere::uniform_sphere(&mut stream("uniform"), n, d, 2.0);
    assert!((0..n).all(|r| (x.row(r).norm_l2() - 2.0).abs() <= 8.0 * EPS));
    // E[(d x_i x_j/4 − δ)²] ≤ 2: by Chebyshev at √(2/n)·10 each entry fails with probability below 1 %, and the seed is fixed.
    let moment = x.transpose() * &x * faer::Scale(d as f64 / (4.0 * n as f64)) - Mat::<f64>::identity(d, d);
    assert!(moment.norm_max() < 0.1, "{}", moment.norm_max());
    // The first rows do not depend on how many follow; and the stream is the one it always was.
    let few = sphere::uniform_sphere(&mut stream("uniform"), 3, d, 2.0);
    assert_eq!(few, x.as_ref().subrows(0, 3));
    let pinned = [
        -0.4903975013739259,
        -0.010730057313196758,
        -0.236122987867297,
        -1.7331041899101198,
        -0.5816324330010956,
        0.6014105676774392,
    ];
    for (i, want) in pinned.iter().enumerate() {
        assert!((few[(0, i)] - want).abs() <= 1e-15, "{:?}", few.row(0));
    }
    assert_eq!(sphere::uniform_sphere(&mut stream("none"), 0, 3, 1.0).nrows(), 0);
}

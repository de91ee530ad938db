//! Identities of the sphere: polynomials, quadrature, sampling, and the certificate of the degree series.

use crate::sphere::oracles::Written;
use escapement::Error;
use escapement::sphere::{
    self, FeatureLevels, Gegenbauer, Truncation, ZonalQuadrature, dimension, sqrt_dimension,
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
        assert!(
            (sphere::log_dimension(d, j) / log - 1.0).abs() <= 2.0 * EPS * j.min(d) as f64,
            "d = {d}, j = {j}"
        );
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
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn polynomial_identities(d in 3usize..2000, j in 0usize..150, t in -1.0f64..=1.0) {
        let g = Gegenbauer::new(d).unwrap();
        prop_assert_eq!(g.value(j, 1.0), 1.0);
        prop_assert_eq!(g.value(j, -1.0), if j % 2 == 0 { 1.0 } else { -1.0 });
        // Rounding of the recurrence: three per step, growing at most linearly where the solution
        // oscillates.
        let round = 2.0 * (8.0 + j as f64) * EPS;
        let [p, dp, ddp] = g.jet(j, t);
        prop_assert!(p.abs() <= 1.0 + round);
        prop_assert_eq!(p, g.value(j, t));
        let (df, jf) = (d as f64, j as f64);
        let top = [
            jf * (jf + df - 2.0) / (df - 1.0),
            jf * (jf + df - 2.0) * (jf - 1.0) * (jf + df - 1.0) / ((df - 1.0) * (df + 1.0)),
        ];
        // The differential equation, each term against the size of its factors at t = 1.
        let ode = (1.0 - t * t) * ddp - (df - 1.0) * t * dp + jf * (jf + df - 2.0) * p;
        let scale = (1.0 - t * t) * top[1] + 2.0 * (df - 1.0) * top[0];
        prop_assert!(ode.abs() <= round * scale, "{} {}", ode, j);
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

/// `max |E[p̂_i p̂_j] − δ_ij|` over degrees below `degrees`, polynomials of dimension `d` under the given
/// rule.
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

/// The statement is `B(d,j) E[P_i P_j] = δ_ij`, on the scale where neither index is favoured (`√(B_i B_j)`),
/// which implies it for j ≤ i. The tolerance: each factor of degree 120 is right to (8 + 120)·ε of its norm
/// (three roundings a step, see `ZONAL_ROUNDINGS`), so the product to 2·128·ε = 5.7e-14; 1e-13 is the next
/// round number. Measured: 1.3e-14.
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
            // From the nearer end, so that the sine keeps its digits. Measured: 2ε; the angle costs 1ε, the
            // sine and its square 2ε.
            let near = std::f64::consts::PI * (n - i).min(i + 1) as f64 / (n + 1) as f64;
            let want = 2.0 / (n + 1) as f64 * near.sin().powi(2);
            assert!((w / want - 1.0).abs() <= 8.0 * EPS, "weight {i} of {n}: {w:e} against {want:e}");
        }
    }
    // Legendre, five nodes.
    let q = ZonalQuadrature::new(3, 5).unwrap();
    assert!(
        (q.nodes()[4] - 0.906_179_845_938_664).abs() < 1e-15
            && (q.weights()[2] - 64.0 / 225.0).abs() < 1e-15
    );
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
    (prop::sample::select(vec!["sigmoid", "tanh", "erf"]), -1.5f64..1.5)
        .prop_map(|(kind, shift)| Written { kind, shift })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_tail_bounds_what_is_left_out(
        d in prop::sample::select(vec![3usize, 4, 7, 30, 100, 300]),
        a in written(),
        relative in 1e-9f64..1e-2,
    ) {
        use escapement::activation::Activation;
        let cut = FeatureLevels::new(d, &a, Truncation::Tail(relative)).unwrap();
        let all = FeatureLevels::new(d, &a, Truncation::Tail(1e-10)).unwrap();
        let allowed = all.rounding_allowance();
        let rest: f64 = all.levels.iter().skip(cut.levels.len()).map(|l| l.tau).sum();
        prop_assert!(rest <= cut.truncation_bound());
        let most = rest + all.truncation_bound() + cut.rounding_allowance() + allowed;
        prop_assert!(cut.truncation_bound() <= most);
        let largest = all.levels.iter().fold(0.0f64, |m, l| m.max(l.kappa));
        prop_assert!(cut.truncation_bound() <= relative * largest * (1.0 + 1e-12));
        // It is the least such degree.
        prop_assert!(cut.max_degree() == 0 || cut.tail(cut.max_degree() - 1) > relative * largest);
        prop_assert!((0..cut.max_degree()).all(|j| cut.tail(j) >= cut.tail(j + 1)));
        let parts = cut.radial + (d as f64 - 1.0) * cut.tangential;
        prop_assert!((parts - cut.trace).abs() <= 4.0 * EPS * cut.trace);
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
    assert!(
        left.abs() <= long.rounding_allowance()
            && long.truncation_bound() <= 2.0 * long.rounding_allowance()
    );
}

#[test]
fn impossible_certificates_are_refused() {
    let a = Written { kind: "tanh", shift: 0.5 };
    assert!(matches!(
        FeatureLevels::new(10, &a, Truncation::Absolute(1e-30)),
        Err(Error::Certificate { .. })
    ));
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

// ---- sampling ----

#[test]
fn uniform_points() {
    let (n, d) = (20_000, 6);
    let x = sphere::uniform_sphere(&mut stream("uniform"), n, d, 2.0);
    assert!((0..n).all(|r| (x.row(r).norm_l2() - 2.0).abs() <= 8.0 * EPS));
    // E[(d x_i x_j/4 − δ)²] ≤ 2: by Chebyshev at √(2/n)·10 each entry fails with probability below 1 %, and
    // the seed is fixed.
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

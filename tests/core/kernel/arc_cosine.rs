//! Arc-cosine kernels against their expectations in the plane of two inputs.

use escapement::Error;
use escapement::kernel::arc_cosine::{first_layer_tangent, random_features, tangent};
use escapement::sphere::ZonalQuadrature;
use std::f64::consts::{FRAC_PI_2, TAU};

/// The mean of h over the angles φ of a Gaussian vector in the plane at which both `cos φ` and `cos(φ − θ)`
/// are positive, from θ − π/2 to π/2.
fn wedge(theta: f64, h: impl Fn(f64) -> f64) -> f64 {
    let rule = ZonalQuadrature::new(3, 40).unwrap();
    let (a, b) = (theta - FRAC_PI_2, FRAC_PI_2);
    (b - a) / TAU * rule.expect(|u| h(0.5 * (a + b) + 0.5 * (b - a) * u))
}

#[test]
fn kernels_are_expectations() {
    let x = [0.3, -1.2, 0.8, 2.0];
    for other in
        [[1.0, 0.4, -0.3, 0.9], [-0.6, 2.4, -1.6, -4.0], [0.3, -1.2, 0.8, 2.0], [0.3, -1.2, 0.8, 2.0 + 1e-9]]
    {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        // The angle by the sine, which is accurate where the cosine is not.
        let angle = |a: &[f64], b: &[f64]| {
            let (aa, ab, bb) = (dot(a, a), dot(a, b), dot(b, b));
            let rest: Vec<f64> = a.iter().zip(b).map(|(a, b)| b - ab / aa * a).collect();
            (dot(&rest, &rest) / bb).sqrt().atan2(ab / (aa * bb).sqrt())
        };
        let extended = |x: &[f64]| x.iter().map(|x| 0.5 * x).chain([1.0]).collect::<Vec<f64>>();
        let (p, q) = (extended(&x), extended(&other));
        let theta = angle(&p, &q);
        // E r² = 2 for the radius in the plane.
        let scale = (dot(&p, &p) * dot(&q, &q)).sqrt();
        let exact = 2.0 * scale * wedge(theta, |phi| phi.cos() * (phi - theta).cos());
        let slip = 1e-14 * scale;
        assert!((random_features(&x, &other).unwrap() - exact).abs() <= slip, "{other:?}: {exact}");
        let (inner, share) = (dot(&x, &other) + 1.0, wedge(theta, |_| 1.0));
        let slip = 1e-14 * (scale + (dot(&x, &x) * dot(&other, &other)).sqrt() + 1.0);
        let exact = exact + inner * share;
        assert!((tangent(&x, &other).unwrap() - exact).abs() <= slip, "{other:?}: {exact}");
        let scale = (dot(&x, &x) * dot(&other, &other)).sqrt();
        let exact = dot(&x, &other) * wedge(angle(&x, &other), |_| 1.0);
        assert!(
            (first_layer_tangent(&x, &other).unwrap() - exact).abs() <= 1e-14 * scale,
            "{other:?}: {exact}"
        );
    }
    assert_eq!(first_layer_tangent(&x, &[0.0; 4]).unwrap(), 0.0);
    assert!(matches!(random_features(&x, &[1.0]), Err(Error::Shape { .. })));
    assert!(matches!(random_features(&[], &[]), Err(Error::Shape { .. })));
    assert!(matches!(
        first_layer_tangent(&[1.0], &[f64::NAN]),
        Err(Error::NotFinite { name: "the second input", .. })
    ));
}

//! The inclusion property of balls, against double-double arithmetic, and that radii stay near what they
//! must be.

use escapement::ball::Ball;
use proptest::prelude::*;
use qd::Quad;

/// A ball, and a number in it: the value plus a part of the radius.
fn inside() -> impl Strategy<Value = (Ball, Quad)> {
    (-1e3..1e3_f64, 0.0..1.0_f64, -1.0..1.0_f64, 0usize..3).prop_map(|(value, size, part, kind)| {
        let radius = [0.0, size * 1e-12, size * 0.1][kind] * value.abs();
        // The product is rounded towards zero by a factor, so that the number lies inside for certain.
        let exact = Quad::from(value) + Quad::from(part * radius * (1.0 - 1e-15));
        (Ball::new(value, radius), exact)
    })
}

/// Whether the exact number lies in the ball. Double-double arithmetic errs by some 1e-31 of its operands,
/// of which `scale` is the largest.
fn holds(ball: Ball, exact: Quad, scale: f64) -> bool {
    let slip = Quad::from(1e-30 * scale);
    let distance = modulus(exact - Quad::from(ball.value));
    ball.error.is_infinite() || distance <= Quad::from(ball.error) + slip
}

fn modulus(x: Quad) -> Quad {
    if x.0 < 0.0 { -x } else { x }
}

fn size(x: Quad) -> f64 {
    x.0.abs()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn the_exact_result_of_an_operation_lies_in_its_ball((a, x) in inside(), (b, y) in inside()) {
        let scale = size(x) + size(y) + size(x) * size(y) + 1.0;
        prop_assert!(holds(a + b, x + y, scale), "{a:?} + {b:?}");
        prop_assert!(holds(a - b, x - y, scale), "{a:?} - {b:?}");
        prop_assert!(holds(a * b, x * y, scale), "{a:?} * {b:?}");
        prop_assert!(holds(2.5 * a - 1.0, Quad::from(2.5) * x - Quad::from(1.0), scale));
        let quotient = a / b;
        if quotient.error.is_finite() {
            prop_assert!(holds(quotient, x / y, scale * (1.0 + 1.0 / size(y))), "{a:?} / {b:?}");
        }
        prop_assert!(holds(-a, -x, scale) && holds(a.abs(), modulus(x), scale));
        let hull = a.hull(b);
        prop_assert!(holds(hull, x, scale) && holds(hull, y, scale), "{a:?} {b:?}: {hull:?}");
    }

    #[test]
    fn roots_and_powers_hold_what_they_must((a, x) in inside(), order in 0..5_i32) {
        if size(x) > 0.0 && x > Quad::from(0.0) {
            prop_assert!(holds(a.sqrt(), x.sqrt(), 1.0 + size(x)), "{a:?}");
            let logarithm = a.ln();
            if logarithm.error.is_finite() {
                prop_assert!(holds(logarithm, x.ln(), 10.0), "{a:?}");
            }
        }
        let power = (0..order).fold(Quad::from(1.0), |product, _| product * x);
        prop_assert!(holds(a.powi(order), power, (1.0 + size(x)).powi(order)), "{a:?}^{order}");
    }

    #[test]
    fn an_expression_stays_within_a_small_factor_of_its_roundings(
        terms in prop::collection::vec((-1e3..1e3_f64, -1e3..1e3_f64), 1..60)
    ) {
        let product = |(x, y): &(f64, f64)| Ball::exact(*x) * Ball::exact(*y);
        let sum: Ball = terms.iter().map(product).sum();
        let exact = |(x, y): &(f64, f64)| Quad::from(*x) * Quad::from(*y);
        let total = terms.iter().map(exact).fold(Quad::from(0.0), |a, b| a + b);
        let moduli: f64 = terms.iter().map(|(x, y)| (x * y).abs()).sum();
        prop_assert!(holds(sum, total, moduli + 1.0));
        // One rounding for each product and one for each sum, and the same again for the bounds themselves.
        let roundings = 2.0 * terms.len() as f64 + 2.0;
        prop_assert!(sum.error <= 2.0 * roundings * 0.5 * f64::EPSILON * (moduli + f64::MIN_POSITIVE));
    }
}

#[test]
fn what_cannot_be_bounded_has_an_infinite_radius() {
    let around_zero = Ball::new(1e-3, 1e-2);
    for ball in [
        Ball::exact(1.0) / around_zero,
        around_zero.ln(),
        Ball::exact(-1.0).sqrt(),
        Ball::exact(f64::MAX) * Ball::exact(2.0),
        Ball::exact(f64::NAN) + Ball::exact(1.0),
        Ball::exact(f64::NAN).sqrt(),
        (Ball::exact(0.0) / around_zero) * 0.0,
        Ball::exact(1.0).hull(Ball::exact(f64::NAN)),
    ] {
        assert!(ball.error.is_infinite() && ball.contains(0.3), "{ball:?}");
        assert!((ball + Ball::exact(1.0)).error.is_infinite(), "it passes through");
    }
    assert_eq!(Ball::relative(-2.0, 0.25), Ball::new(-2.0, 0.5_f64.next_up()));
    assert!(Ball::relative(0.0, f64::INFINITY).error.is_infinite());
    assert_eq!(Ball::exact(3.0) + Ball::exact(4.0), Ball::exact(7.0), "a sum without rounding stays exact");
    assert!(around_zero.sqrt().contains(0.0) && around_zero.sqrt().contains(0.011_f64.sqrt()));
}

#[test]
fn the_distance_in_units_of_the_certificate() {
    let (a, b) = (Ball::new(1.0, 0.25), Ball::exact(1.5));
    assert_eq!((a.excess(b), a.excess(a), b.excess(Ball::exact(1.0))), (2.0, 0.0, f64::INFINITY));
    assert!(
        (Ball::new(2.0, 1.0).log_error() - 2.0_f64.ln()).abs() < 1e-15,
        "the farther end is the lower one"
    );
}

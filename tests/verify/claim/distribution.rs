//! Student's t and Clopper–Pearson limits against tables and closed forms.

use escapement_verify::claim::distribution::{
    GROWTH_CONFIDENCE, PROBABILITY_CONFIDENCE, clopper_pearson, student_quantile, student_tail,
};

/// Degrees of freedom, and the 95 %, 97.5 % and 99.5 % quantiles of Student's t, as the tables have them.
const TABLE: [(f64, [f64; 3]); 9] = [
    (1.0, [6.314, 12.706, 63.657]),
    (2.0, [2.920, 4.303, 9.925]),
    (3.0, [2.353, 3.182, 5.841]),
    (4.0, [2.132, 2.776, 4.604]),
    (5.0, [2.015, 2.571, 4.032]),
    (10.0, [1.812, 2.228, 3.169]),
    (20.0, [1.725, 2.086, 2.845]),
    (30.0, [1.697, 2.042, 2.750]),
    (120.0, [1.658, 1.980, 2.617]),
];

#[test]
fn student_quantiles_and_tails_are_those_of_the_tables() {
    for (freedom, quantiles) in TABLE {
        for (probability, table) in [0.95, 0.975, 0.995].into_iter().zip(quantiles) {
            let quantile = student_quantile(probability, freedom);
            assert!((quantile - table).abs() < 6e-4, "{freedom} {probability}: {quantile}");
            assert!((student_tail(quantile, freedom) - (1.0 - probability)).abs() < 1e-9, "{freedom}");
            assert!((student_quantile(1.0 - probability, freedom) + quantile).abs() < 1e-8 * quantile);
        }
    }
    assert!(student_quantile(0.975, 0.0).is_infinite() && student_tail(1.0, 0.0) == 1.0);
    assert_eq!((GROWTH_CONFIDENCE, PROBABILITY_CONFIDENCE), (0.95, 0.99));
}

#[test]
fn clopper_pearson_has_its_closed_form_at_the_ends() {
    // No success in n trials: upper limit 1 − (α/2)^{1/n}.
    let (lower, upper) = clopper_pearson(0, 30);
    assert_eq!(lower, 0.0);
    assert!((upper - (1.0 - 0.005f64.powf(1.0 / 30.0))).abs() < 1e-10);
    let (lower, upper) = clopper_pearson(30, 30);
    assert_eq!(upper, 1.0);
    assert!((lower - 0.005f64.powf(1.0 / 30.0)).abs() < 1e-10);
    // In between: the binomial tails at the limits are α/2. 7 of 20.
    let (lower, upper) = clopper_pearson(7, 20);
    let choose = |k: u32| (1..=k).fold(1.0, |c, i| c * f64::from(21 - i) / f64::from(i));
    let mass = |p: f64, k: u32| choose(k) * p.powi(k as i32) * (1.0 - p).powi(20 - k as i32);
    assert!(((7..=20).map(|k| mass(lower, k)).sum::<f64>() - 0.005).abs() < 1e-9);
    assert!(((0..=7).map(|k| mass(upper, k)).sum::<f64>() - 0.005).abs() < 1e-9);
    assert_eq!(clopper_pearson(0, 0), (0.0, 1.0));
}

/// At x = 1 the lower limit has a closed form, and at x = n − 1 the upper one: one trial less than all is
/// all but one. Other n than those of a crate of special functions lose digits there, or do not return.
#[test]
fn clopper_pearson_is_right_up_to_a_billion_trials() {
    let alpha: f64 = 0.005;
    for n in [2_u64, 10, 1_000, 1_000_000, 10_000_000, 1_000_000_000] {
        let all = n as f64;
        // P(X ≥ 1) = 1 − (1 − p)^n.
        let least = -((-alpha).ln_1p() / all).exp_m1();
        // P(X = 0) = (1 − p)^n.
        let most = -(alpha.ln() / all).exp_m1();
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-10 * b;
        let (lower, upper) = clopper_pearson(0, n);
        assert!(lower == 0.0 && close(upper, most), "{n}: {upper:e} {most:e}");
        let (lower, _) = clopper_pearson(1, n);
        assert!(close(lower, least), "{n}: {lower:e} {least:e}");
        let (_, upper) = clopper_pearson(n - 1, n);
        assert!(
            close(1.0 - upper, least) || (1.0 - upper - least).abs() < 1e-15,
            "{n}: {upper:e} {least:e}"
        );
        let (lower, upper) = clopper_pearson(n, n);
        assert!(upper == 1.0 && (1.0 - lower - most).abs() <= 1e-10 * most + 1e-15, "{n}: {lower:e}");
    }
}

/// In between by sums of all terms below, each from the one before.
#[test]
fn clopper_pearson_has_the_tails_of_exact_sums() {
    for (x, n) in [(3_u64, 17_u64), (400, 1000), (999, 1000), (30_000, 100_000)] {
        let (lower, upper) = clopper_pearson(x, n);
        // ln P(X = k) from k = 0 on.
        let below = |p: f64, last: u64| {
            let mut log = n as f64 * (-p).ln_1p();
            let mut sum = log.exp();
            for k in 0..last {
                log += ((n - k) as f64 / (k + 1) as f64 * p / (1.0 - p)).ln();
                sum += log.exp();
            }
            sum
        };
        assert!((1.0 - below(lower, x - 1) - 0.005).abs() < 1e-9, "{x} of {n}");
        assert!((below(upper, x) - 0.005).abs() < 1e-9, "{x} of {n}");
    }
    let (lower, upper) = clopper_pearson(500_000_000, 1_000_000_000);
    // 2.5758 standard deviations of 1.58e-5, to the next order in 1/√n.
    assert!((0.5 - lower - 4.0728e-5).abs() < 1e-8 && (upper - 0.5 - (0.5 - lower)).abs() < 1e-12);
    assert_eq!(clopper_pearson(1, 2_000_000_000_000), (0.0, 1.0), "more than are looked at");
}

//! What the bounds of DLS22 are made of: Lemma 17 as an identity, counts, mean moduli, Rademacher averages.

use escapement::gaussian::HermiteSeries;
use escapement::gaussian::normal::{density, upper_tail};
use escapement::sphere::ZonalQuadrature;
use escapement_verify::papers::dls22::{absolute, packing, rademacher, representers, targets};
use faer::mat;

/// `E[v_k(a, b) σ(ax + b)] = x^k` for b uniform on [−1, 1], split at the kink b = −ax, where Gauss
/// quadrature of polynomials is exact; outside |x| ≤ 1 it fails, and so does v_k without its term 2ka.
#[test]
fn lemma_17_is_an_identity() {
    let rule = ZonalQuadrature::new(3, 12).unwrap();
    let mean = |x: f64, v: &dyn Fn(f64, f64) -> f64| {
        let half = |a: f64| {
            let kink = (-a * x).clamp(-1.0, 1.0);
            let at = |u: f64| 0.5 * (1.0 + kink) + 0.5 * (1.0 - kink) * u;
            // The share of b above the kink, where σ is linear, in the mean over [−1, 1].
            0.5 * (1.0 - kink) * rule.expect(|u| v(a, at(u)) * (a * x + at(u)))
        };
        0.5 * (half(1.0) + half(-1.0))
    };
    for k in 0..=8_u32 {
        let largest = representers::supremum(k);
        for i in -10..=10 {
            let x = 0.1 * f64::from(i);
            let miss = mean(x, &|a, b| representers::v(k, a, b)) - x.powi(k as i32);
            // Twelve nodes, and some twenty roundings of terms up to twice the supremum.
            assert!(miss.abs() <= 100.0 * f64::EPSILON * largest, "k = {k}, x = {x}: {miss:e}");
        }
        let outside = mean(1.5, &|a, b| representers::v(k, a, b)) - 1.5_f64.powi(k as i32);
        assert!(k < 2 || outside.abs() > 1e-2, "k = {k}: {outside}");
        let without = mean(0.5, &|a, b| representers::v(k, a, b) - 2.0 * f64::from(k) * a);
        assert!(k == 0 || (without - 0.5_f64.powi(k as i32)).abs() > 0.1, "k = {k}");
        // The supremum over a fine grid, and the closed form of the paper's sizes.
        let order = f64::from(k);
        let closed = match k {
            0 => 6.0,
            1 => 2.0,
            k if k % 2 == 0 => 4.0 * order * order - 6.0,
            _ => 4.0 * order * order - 8.0 * order + 6.0,
        };
        assert_eq!(largest, closed, "k = {k}");
        let grid =
            (-1000..=1000).flat_map(|i| [1.0, -1.0].map(|a| representers::v(k, a, 1e-3 * f64::from(i))));
        assert!(grid.map(f64::abs).fold(0.0, f64::max) <= largest);
    }
    // E v_0² is 12, and ∫ (6b)²/4φ(b) db over [−1, 1] for normal b, by the power series of e^{b²/2}.
    let [uniform, normal] = representers::second_moments(0).unwrap();
    let (mut series, mut factor) = (0.0, 1.0);
    for n in 0..20 {
        series += factor * 2.0 / f64::from(2 * n + 3);
        factor /= 2.0 * f64::from(n + 1);
    }
    let exact = 9.0 * std::f64::consts::TAU.sqrt() * series;
    assert!(
        (uniform - 12.0).abs() < 1e-13 && (normal - exact).abs() < 1e-13 * exact,
        "{normal} for {exact}"
    );
}

/// Whole quotients are not lost to rounding, and one more function does not fit.
#[test]
fn counts_are_those_of_the_decimals() {
    for (epsilon, tau, most) in
        [(0.05, 0.5, 4), (0.02, 0.3, 14), (0.1, 0.4, 15), (0.0, 0.1, 100), (0.3, 1.0, 1)]
    {
        assert_eq!(packing::most_reached(epsilon, tau), Ok(most), "{epsilon}, {tau}");
        let mean = |n: u64| (1.0 + (n - 1) as f64 * epsilon) / n as f64;
        assert!(mean(most) >= tau * tau - 1e-15 && mean(most + 1) < tau * tau);
    }
    // With more decimals than people write, the quotient of f64.
    assert_eq!(packing::most_reached(0.1 / 3.0, 0.5), Ok(4));
    for (epsilon, tau) in [(0.25, 0.5), (-0.1, 0.5), (0.1, 1.5), (f64::NAN, 0.5), (0.1, f64::NAN)] {
        assert!(packing::most_reached(epsilon, tau).is_err(), "{epsilon}, {tau}");
    }
}

/// `E|He_1| = √(2/π)`, `E|He_2| = 4φ(1)`, and excesses over ς against closed forms; a target that is never
/// below −ς has the excess of its positive part.
#[test]
fn mean_moduli() {
    let close =
        |computed: f64, exact: f64| assert!((computed - exact).abs() < 1e-13, "{computed} for {exact}");
    let he = |k: u8| HermiteSeries::from_hermite(1, &[(vec![k], 1.0)]).unwrap();
    close(absolute::mean_modulus(&he(1)), std::f64::consts::FRAC_2_PI.sqrt());
    close(absolute::mean_modulus(&he(2)), 4.0 * density(1.0).value);
    // E|z³ − 3z|: the antiderivative of He_3 φ is −He_2 φ, with −φ(0)(−1) at 0 and −2φ(√3) at √3.
    close(absolute::mean_modulus(&he(3)), 2.0 * (4.0 * density(3.0_f64.sqrt()).value + density(0.0).value));
    // E(|z| − ς)_+ = 2(φ(ς) − ςΦ(−ς)).
    let exact = 2.0 * (density(0.7).value - 0.7 * upper_tail(0.7).value);
    close(absolute::excess_over(&he(1), 0.7), exact);
    // z² − 1 ≥ −1: E(z² − 2)_+ by parts is 2(√2 φ(√2) − Φ(−√2)).
    let root = 2.0_f64.sqrt();
    close(absolute::excess_over(&he(2), 1.0), 2.0 * (root * density(root).value - upper_tail(root).value));
    close(absolute::excess_over(&he(4), 1e6), 0.0);
    for name in ["he1", "he2", "he4", "he16", "mix3", "mix4"] {
        targets::named(name).unwrap().require_normalised().unwrap();
    }
    for name in ["he0", "he17", "mix5", "", "he-1"] {
        assert!(targets::named(name).is_err(), "{name}");
    }
}

/// With one neuron and positive features the average is (B/n) E|Σ ε_i φ_i|; by Jensen it is at most the root
/// of the mean square, and that at most the printed bound in the mean over X.
#[test]
fn rademacher_averages() {
    let x = mat![[1.0], [2.0], [4.0]];
    let one = rademacher::given_inputs(x.as_ref(), mat![[1.0]].as_ref(), &[0.0], 3.0).unwrap();
    // |±1 ± 2 ± 4| is 1, 3, 5 or 7, each for two of the eight signs.
    assert_eq!(one, 4.0);
    assert!(
        rademacher::given_inputs(faer::Mat::zeros(21, 1).as_ref(), mat![[1.0]].as_ref(), &[0.0], 1.0)
            .is_err()
    );
    let rule = ZonalQuadrature::new(3, 200).unwrap();
    for (s, b) in [(1.0, 0.0), (0.5, 1.3), (2.0, -0.7), (1.0, -3.0)] {
        // From the kink on, over twelve units.
        let kink = -b / s;
        let at = |u: f64| kink + 6.0 * (u + 1.0);
        let exact = 12.0 * rule.expect(|u| (s * at(u) + b).powi(2) * (-0.5 * at(u) * at(u)).exp());
        let exact = exact / std::f64::consts::TAU.sqrt();
        let square = rademacher::mean_square(s, b);
        assert!((square - exact).abs() <= 1e-13 * (s * s + b * b), "{s}, {b}: {square} for {exact}");
        assert!(square <= s * s + b * b);
    }
    assert_eq!((rademacher::mean_square(0.0, 2.0), rademacher::mean_square(0.0, -2.0)), (4.0, 0.0));
    let bound = rademacher::printed_bound(mat![[3.0, 0.0], [0.0, 4.0]].as_ref(), &[0.0, 12.0], 4, 2.0);
    assert_eq!(bound, 13.0);
}

//! The kernel of a large bias against reference values, against draws, and what is refused.

use crate::data::{json, matrix, vector};
use escapement::gaussian::normal;
use escapement::kernel::biased::Biased;
use escapement::{Error, eigen, seed, sphere};
use faer::{Mat, Par};
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::{FRAC_PI_2, PI};

/// Decimals are strings where f64 has too few.
fn number(value: &serde_json::Value) -> f64 {
    value.as_str().map_or_else(|| value.as_f64().unwrap(), |text| text.parse().unwrap())
}

/// 20 digits from a double integral in another program; the ball holds them, and is narrow.
#[test]
fn probabilities_of_both() {
    for entry in json("sidebar.json")["orthant"].as_array().unwrap() {
        let (bias, rho) = (number(&entry["B"]), number(&entry["rho"]));
        let (found, wanted) =
            (Biased::new(bias).unwrap().both(rho.acos()).unwrap(), number(&entry["probability"]));
        // The angle errs by an ulp of an arc cosine, and the exponent moves by B²/sin² times that.
        let given = 2e-15 * (1.0 + bias * bias) / (1.0 - rho.abs()) * wanted;
        assert!((found.value - wanted).abs() <= found.error + given, "{entry}: {found:?}");
        assert!(found.error < 1e-12 * wanted, "{entry}: {found:?}");
    }
}

#[test]
fn kernels_of_matrices() {
    for entry in json("sidebar.json")["gram"].as_array().unwrap() {
        let (x, wanted) = (matrix(&entry["X"]), matrix(&entry["kernel"]));
        let neurons = Biased::new(number(&entry["B"])).unwrap();
        let (found, error) = neurons.kernel(x.as_ref()).unwrap();
        assert!((&found - &wanted).norm_max() <= error + 1e-14 && error < 1e-13, "{error:e}");
        let values = eigen::full_eigenvalues(found.as_ref(), Par::Seq).unwrap();
        let mut wanted = vector(&entry["eigenvalues"]);
        wanted.sort_by(|a, b| b.total_cmp(a));
        for (found, wanted) in values.iter().zip(&wanted) {
            assert!((found - wanted).abs() < 1e-13, "{found} for {wanted}");
        }
        // No data set of these has a least eigenvalue below the bound, and the bound is not empty.
        let n = x.nrows();
        let cosine = |k: usize| (x.row(k / n) * x.row(k % n).transpose()).abs();
        let largest = (0..n * n).filter(|k| k / n != k % n).map(cosine).fold(0.0, f64::max);
        let bound = neurons.least_eigenvalue_bound(n, largest).unwrap();
        assert!(bound.lower() <= values[n - 1] && bound.value > 0.0, "{bound:?}");
    }
}

/// `P + (Φ̄ − P)` is Φ̄ for both formulas, `P(ρ) + P(−ρ)` for the halves of B = 0, and two inputs have the
/// least eigenvalue of the bound.
#[test]
fn formulas_agree() {
    for bias in [0.0, 1e-3, 0.7, 2.0, 6.0] {
        let neurons = Biased::new(bias).unwrap();
        let active = neurons.active();
        assert_eq!(active, normal::upper_tail(bias));
        for theta in [0.0, 1e-9, 0.3, 1.2, FRAC_PI_2, 2.0, 3.0, PI] {
            let (both, apart) = (neurons.both(theta).unwrap(), neurons.apart(theta).unwrap());
            let miss = (both + apart - active).abs();
            assert!(
                miss.value <= miss.error && both.error <= 1e-13 * active.value,
                "{bias} {theta}: {miss:?}"
            );
        }
        // Close points come apart at the rate θ e^{−B²/2}/2π.
        let close = neurons.apart(1e-9).unwrap().value;
        assert!((close / (1e-9 * (-0.5 * bias * bias).exp() / (2.0 * PI)) - 1.0).abs() < 1e-8);
        let (theta, other) = (0.9_f64, neurons.both(0.9).unwrap().value);
        let least = 2.0 * active.value - (1.0 + theta.cos()) * other;
        let bound = neurons.least_eigenvalue_bound(2, theta.cos()).unwrap();
        assert!((bound.value - least).abs() <= bound.error + 1e-15, "{bound:?} for {least}");
        // The squares of all coefficients add up to Φ̄(B). Because Φ̄ − P is θe^{−B²/2}/2π near 0, what is
        // left after J of them is e^{−B²/2}/(π√(2πJ)).
        let sum: f64 = neurons.coefficients().take(4000).map(|c| c.value * c.value).sum();
        let rest = (-0.5 * bias * bias).exp() / (PI * (2.0 * PI * 4000.0).sqrt());
        assert!(((active.value - sum) / rest - 1.0).abs() < 0.02, "{sum} of {active:?}");
    }
    let flat = Biased::new(0.0).unwrap().both(1.0).unwrap().value;
    assert!((flat - (PI - 1.0) / (2.0 * PI)).abs() < 1e-15);
}

/// The share of 400 000 drawn neurons that are active at two inputs.
#[test]
fn shares_of_drawn_neurons() {
    let rng = &mut seed::stream(1, "biased", "draws");
    let x = sphere::uniform_sphere(rng, 2, 5, 1.0);
    let (neurons, draws) = (Biased::new(0.8).unwrap(), 400_000);
    let (p, _) = neurons.probabilities(x.as_ref()).unwrap();
    let w: Mat<f64> = Mat::from_fn(draws, 5, |_, _| StandardNormal.sample(rng));
    let z: Mat<f64> = &w * x.transpose();
    let hits = (0..draws).filter(|r| z[(*r, 0)] >= 0.8 && z[(*r, 1)] >= 0.8).count() as f64;
    let (share, p) = (hits / draws as f64, p[(0, 1)]);
    assert!((share - p).abs() < 5.0 * (p / draws as f64).sqrt(), "{share} for {p}");
}

#[test]
fn what_is_not_allowed() {
    assert!(matches!(Biased::new(-0.1), Err(Error::Domain { .. })));
    assert!(matches!(Biased::new(f64::NAN), Err(Error::Domain { .. })));
    let neurons = Biased::new(1.0).unwrap();
    assert!(neurons.both(3.2).is_err() && neurons.apart(-0.1).is_err());
    assert!(
        neurons.least_eigenvalue_bound(3, 1.0).is_err() && neurons.least_eigenvalue_bound(1, 0.5).is_err()
    );
    let long = Mat::from_fn(2, 3, |_, _| 1.0);
    assert!(matches!(neurons.kernel(long.as_ref()), Err(Error::NotUnit { .. })));
}

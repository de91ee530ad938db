//! Kernels on spiked inputs against reference values, other routes to the same numbers, and draws; and
//! what is refused.

use crate::data::{json, matrix, vector};
use escapement::ball::Ball;
use escapement::gaussian::{Spike, hermite::normalised_hermite};
use escapement::kernel::spiked::SpikedKernel;
use escapement::{Error, seed, tolerance};
use faer::{Mat, Par};

fn kernel(d: usize, theta: f64, c: &[f64]) -> SpikedKernel {
    SpikedKernel::new(Spike::new(d, theta).unwrap(), c).unwrap()
}

fn of_entry(entry: &serde_json::Value) -> SpikedKernel {
    let d = entry["d"].as_u64().unwrap() as usize;
    kernel(d, entry["theta"].as_f64().unwrap(), &vector(&entry["kernel"]))
}

/// Eigenvalues by a Gauss rule in another program, to 1e-13 of the first; a false factor is far beyond that.
#[test]
fn spectra_of_references() {
    for entry in json("sidebar.json")["compression"].as_array().unwrap() {
        let (values, wanted) = (of_entry(entry).spectrum().unwrap(), vector(&entry["eigenvalues"]));
        assert_eq!(values.len(), wanted.len());
        for (value, wanted) in values.iter().zip(&wanted) {
            assert!(
                (value.value - wanted).abs() <= value.error + 1e-13 * values[0].value,
                "{value:?} {wanted}"
            );
            assert!(value.error < 1e-13 * value.value, "{value:?}");
        }
    }
}

/// Sum and product of the eigenvalues have closed forms, and the product is as sensitive to the least as to
/// the largest; without a spike and in few dimensions too. Powers that are missing take their eigenvalues
/// along.
#[test]
fn small_eigenvalues_have_digits() {
    let factorial = |l: usize| (1..=l).map(|i| i as f64).product::<f64>();
    let odd = |l: usize| (1..2 * l).step_by(2).map(|i| i as f64).product::<f64>();
    let exponential: Vec<f64> = (0..9).map(|l| 1.0 / factorial(l)).collect();
    for (d, theta) in [(2, 0.0), (3, 50.0), (40, 6.0), (1000, 0.0), (1_000_000, 15.8), (1_000_000_000, 1e8)]
    {
        let kernel = kernel(d, theta, &exponential);
        let (values, powers) = (kernel.spectrum().unwrap(), kernel.powers());
        let equal = |x: Ball, y: Ball| {
            assert!((x.value - y.value).abs() <= x.error + y.error, "{d} {theta}: {x:?} {y:?}");
            assert!(x.error + y.error < 1e-11 * x.value, "{d} {theta}: {x:?} {y:?}");
        };
        equal(values.iter().copied().sum(), (0..9).map(|l| powers[l] * odd(l)).sum());
        let product = |of: &dyn Fn(usize) -> Ball| (0..9).map(of).fold(Ball::exact(1.0), |x, y| x * y);
        equal(product(&|l| values[l]), product(&|l| powers[l] * factorial(l)));
        assert!(values.windows(2).all(|w| w[0].lower() > w[1].upper()), "{values:?}");
    }
    // Only z² is left of the constant and the square: c_2 e_1 lies on the constants.
    let values = kernel(10, 4.0, &[0.0, 0.0, 1.0]).spectrum().unwrap();
    assert!(values[1].value > 0.0 && values[2] == Ball::exact(0.0), "{values:?}");
}

#[test]
fn regressions_of_references() {
    for entry in json("sidebar.json")["krr"].as_array().unwrap() {
        let (x, link) = (matrix(&entry["X"]), vector(&entry["link"]));
        let regression = of_entry(entry).regression(x.as_ref(), &link, Par::Seq).unwrap();
        let fit = regression.fit(entry["ridge"].as_f64().unwrap()).unwrap();
        let close = |found: &[f64], wanted: &[f64]| {
            let largest = wanted.iter().fold(0.0_f64, |m, w| m.max(w.abs()));
            found.iter().zip(wanted).all(|(f, w)| (f - w).abs() < 1e-12 * largest)
                && found.len() == wanted.len()
        };
        assert!(close(&fit.coefficients, &vector(&entry["coefficients"])), "{entry}");
        let top = regression.overlaps(link.len() - 1).unwrap();
        assert!(close(top, &vector(&entry["kernel_times_top"])), "{entry}");
        let wanted = |name: &str| entry[name].as_f64().unwrap();
        for (found, wanted) in [(fit.risk, wanted("risk")), (fit.overlap, wanted("overlap_top"))] {
            assert!(
                (found.value - wanted).abs() < found.error + 1e-13 && found.error < 1e-7,
                "{found:?} {wanted}"
            );
        }
        let floors = [fit.projection(), fit.a_priori()];
        assert!(floors.iter().all(|floor| floor.lower() <= fit.risk.upper()), "{fit:?}");
    }
}

/// The risk is that of 20 000 fresh inputs, for large ridges and small ones, with a constant in the target
/// and without; and a target that is moved is not.
#[test]
fn risks_of_fresh_inputs() {
    let c = [0.7, 1.0, 0.5, 0.0, 0.1];
    for (case, (d, n, theta, alpha)) in [
        (12, 30, 20.0, vec![0.4, 0.5, 0.0, 0.6]),
        (25, 25, 3.0, vec![0.0, 1.0]),
        (3, 40, 0.0, vec![0.3, 0.0, 1.0]),
        (20, 15, 60.0, vec![0.0, 0.0, 0.0, 0.0, 0.0, 1.0]),
    ]
    .into_iter()
    .enumerate()
    {
        let (kernel, rng) = (kernel(d, theta, &c), &mut seed::stream(case as u64, "spiked", "risk"));
        let (x, fresh) = (kernel.spike().inputs(rng, n), kernel.spike().inputs(rng, 20_000));
        let regression = kernel.regression(x.as_ref(), &alpha, Par::Seq).unwrap();
        let target = |alpha: &[f64], along: f64| {
            let z = along / (1.0 + theta).sqrt();
            (0..alpha.len()).map(|j| alpha[j] * normalised_hermite(z, j)).sum::<f64>()
        };
        assert!((0..n).all(|i| (regression.labels()[i] - target(&alpha, x[(i, 0)])).abs() < 1e-12));
        let inner = &fresh * x.transpose();
        for ridge in [0.05, 3.0] {
            let fit = regression.fit(ridge).unwrap();
            let value = |i: usize| {
                let k = |l: usize| c.iter().rev().fold(0.0, |sum, c| sum * inner[(i, l)] / d as f64 + c);
                (0..n).map(|l| fit.coefficients[l] * k(l)).sum::<f64>()
            };
            let values: Vec<f64> = (0..20_000).map(value).collect();
            let miss = |alpha: &[f64]| {
                let squares: Vec<f64> =
                    (0..20_000).map(|i| (target(alpha, fresh[(i, 0)]) - values[i]).powi(2)).collect();
                let mean = squares.iter().sum::<f64>() / 20_000.0;
                let spread = squares.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / 20_000.0;
                (mean - fit.risk.value).abs() / (spread / 20_000.0).sqrt()
            };
            assert!(miss(&alpha) < 4.5, "{case} {ridge}: {} standard errors", miss(&alpha));
            let moved: Vec<f64> = alpha.iter().map(|alpha| 2.0 * alpha).collect();
            // The square of h_5 has tails too heavy for 20 000 inputs to see a factor.
            assert!(case == 3 || miss(&moved) > 9.0, "{case} {ridge}: {}", miss(&moved));
        }
    }
}

/// Where the kernel matrix is known to the last digit the bound of the risk covers the rounding: the same
/// sample in another order, and the least eigenvalue makes the bounds narrower.
#[test]
fn bounds_cover_rounding() {
    let (kernel, alpha) = (kernel(60, 15.0, &[1.0, 1.0, 0.5]), [0.2, 0.7, 0.7]);
    let x = kernel.spike().inputs(&mut seed::stream(5, "spiked", "order"), 90);
    let turned = Mat::from_fn(90, 60, |i, c| x[(89 - i, if c == 0 { 0 } else { 60 - c })]);
    let regression = |x: &Mat<f64>| kernel.regression(x.as_ref(), &alpha, Par::Seq).unwrap();
    for ridge in [1e-6, 0.1] {
        let (one, other) = (regression(&x).fit(ridge).unwrap(), regression(&turned).fit(ridge).unwrap());
        let apart = (one.risk.value - other.risk.value).abs();
        assert!(apart <= one.risk.error && apart > 0.0, "{ridge}: {apart:e} {:?}", one.risk);
        let bounded = regression(&x).with_least_eigenvalue(Par::Seq).unwrap().fit(ridge).unwrap();
        assert!(bounded.risk.error < one.risk.error && bounded.reach.value < one.reach.value);
        assert!(
            bounded.risk.error < 1e-6 * bounded.risk.value.max(tolerance::RESIDUAL),
            "{:?}",
            bounded.risk
        );
        assert!(bounded.overlap.abs().lower() <= bounded.reach.upper(), "{bounded:?}");
    }
    // Without a ridge the interpolant has the labels.
    let exact = regression(&x).with_least_eigenvalue(Par::Seq).unwrap();
    let fit = exact.fit(0.0).unwrap();
    let fitted = exact.kernel() * Mat::from_fn(90, 1, |i, _| fit.coefficients[i]);
    assert!((0..90).all(|i| (fitted[(i, 0)] - exact.labels()[i]).abs() < 1e-9) && fit.risk.error < 1e-6);
}

#[test]
fn what_is_refused() {
    let spike = Spike::new(3, 1.0).unwrap();
    let kernel = SpikedKernel::new(spike, &[1.0, 1.0]).unwrap();
    let x = Mat::<f64>::identity(3, 3);
    let wrong = Mat::from_fn(2, 3, |_, c| if c == 0 { f64::NAN } else { 1.0 });
    let regression =
        |x: &Mat<f64>, alpha: &[f64]| kernel.regression(x.as_ref(), alpha, Par::Seq).map(|_| ());
    let fit = |x: &Mat<f64>, ridge: f64| {
        kernel.regression(x.as_ref(), &[0.0, 1.0], Par::Seq).unwrap().fit(ridge).map(|_| ())
    };
    for (error, words) in [
        (Spike::new(1, 1.0).map(|_| ()), "the dimension d = 1 is not allowed"),
        (Spike::new(3, -0.5).map(|_| ()), "the spike θ = -0.5 is not allowed"),
        (Spike::new(3, f64::NAN).map(|_| ()), "the spike θ = NaN is not allowed"),
        (SpikedKernel::new(spike, &[1.0, -2.0]).map(|_| ()), "the coefficient c_1 = -2 is not allowed"),
        (SpikedKernel::new(spike, &[f64::INFINITY]).map(|_| ()), "the coefficient c_0 = inf is not allowed"),
        (SpikedKernel::new(spike, &[0.0, 0.0]).map(|_| ()), "one at least is above 0"),
        (SpikedKernel::new(spike, &[]).map(|_| ()), "one at least is above 0"),
        (SpikedKernel::new(spike, &[1.0; 18]).map(|_| ()), "the degree of the kernel = 17 is not allowed"),
        (
            regression(&Mat::zeros(2, 4), &[1.0]),
            "the inputs has shape [2, 4], but [n, 3, n not 0] is needed",
        ),
        (regression(&Mat::zeros(0, 3), &[1.0]), "the inputs has shape [0, 3]"),
        (regression(&wrong, &[1.0]), "the inputs holds NaN at row 0, column 0"),
        (regression(&x, &[1.0, f64::NAN]), "the coefficients α_j holds NaN"),
        (regression(&x, &[0.0, 0.0]), "it lies between 0 and 16, with α_p not 0"),
        (regression(&x, &[]), "it lies between 0 and 16, with α_p not 0"),
        (regression(&x, &[1.0; 18]), "it lies between 0 and 16, with α_p not 0"),
        (fit(&x, -1.0), "the ridge = -1 is not allowed"),
        (fit(&x, f64::NAN), "the ridge = NaN is not allowed"),
        (fit(&Mat::from_fn(9, 3, |i, c| (i + c) as f64), 0.0), "not positive definite to rounding"),
    ] {
        let error: Error = error.unwrap_err();
        assert!(error.to_string().contains(words), "{error} lacks {words}");
    }
}

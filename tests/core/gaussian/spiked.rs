//! The gradient for inputs with a spike, against reference values, a double integral and the gradient of
//! isotropic inputs.

use crate::data::{json, vector};
use escapement::activation::{self, Activation};
use escapement::ball::Ball;
use escapement::gaussian::{HermiteSeries, MultiIndexModel, Spike, SpikedGradient, hermite};
use escapement::{Error, rounding};
use faer::Mat;
use std::f64::consts::TAU;

fn numbers(g: &SpikedGradient) -> [Ball; 5] {
    [g.along, g.across, g.square_along, g.square_across, g.square]
}

/// The numbers of a file have all digits of f64.
#[test]
fn reference_values() {
    for entry in json("sidebar.json")["gradient"].as_array().unwrap() {
        let number = |name: &str| entry[name].as_f64().unwrap();
        let name = format!("{}:{}", entry["activation"].as_str().unwrap(), number("shift"));
        let sigma = activation::parse(&name).unwrap();
        let spike = Spike::new(number("d") as usize, number("theta")).unwrap();
        let g =
            SpikedGradient::new(&vector(&entry["link"]), sigma.as_ref(), spike, number("w_dot_mu")).unwrap();
        let names =
            ["g_mu", "g_perp", "second_moment_mu", "second_moment_perp", "second_moment_other"].map(number);
        for (found, wanted) in numbers(&g).into_iter().zip(names) {
            assert!(
                (found.value - wanted).abs() <= found.error + 1e-14 * wanted.abs(),
                "{found:?}, {wanted}"
            );
            assert!(found.error < 1e-11, "{found:?}");
        }
    }
}

/// The double integral over z and e by the trapezoidal rule with the step ⅛, which has an error of about
/// exp(−2π·8a), times a few powers of 50, where a function is analytic in a strip of the half width a ≥ 1.1.
fn by_quadrature(alpha: &[f64], sigma: &dyn Activation, theta: f64, t: f64) -> ([f64; 5], f64) {
    let (root, across) = ((1.0 + theta).sqrt(), (1.0 - t * t).sqrt());
    let (mut sums, mut moduli) = ([0.0; 5], 0.0_f64);
    for (i, j) in (-96..=96).flat_map(|i| (-96..=96).map(move |j| (i, j))) {
        let (z, e) = (0.125 * f64::from(i), 0.125 * f64::from(j));
        let f: f64 = alpha.iter().enumerate().map(|(j, a)| a * hermite::normalised_hermite(z, j)).sum();
        let weight = (-0.5 * (z * z + e * e)).exp() / (64.0 * TAU);
        let big = f * sigma.d1(t * root * z + across * e);
        let terms = [big * root * z, big * e, (big * root * z).powi(2), (big * e).powi(2), big.powi(2)];
        sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += weight * term);
        moduli += weight * terms.iter().map(|t| t.abs()).fold(0.0, f64::max);
    }
    // The terms are added in order.
    (sums, rounding::sum(193 * 193, 16) * moduli)
}

#[test]
fn double_integrals() {
    let cases: [(&[f64], &str, f64, f64); 5] = [
        (&[0.3, 0.0, -0.5, 0.4], "tanh:0.5", 2.0, 0.4),
        (&[0.0, 0.6, 0.8], "tanh:-1", 30.0, -0.2),
        (&[0.0, 0.0, 0.0, 1.0], "sigmoid:0.7", 8.0, 0.6),
        (&[0.0, 0.1, 0.0, 0.2, 0.3], "tanh:0.5", 0.0, 1.0),
        (&[1.0], "tanh:0.5", 5.0, 0.1),
    ];
    for (alpha, name, theta, t) in cases {
        let sigma = activation::parse(name).unwrap();
        let g = SpikedGradient::new(alpha, sigma.as_ref(), Spike::new(5, theta).unwrap(), t).unwrap();
        let (wanted, slip) = by_quadrature(alpha, sigma.as_ref(), theta, t);
        for (found, wanted) in numbers(&g).into_iter().zip(wanted) {
            assert!(
                (found.value - wanted).abs() <= found.error + slip,
                "{name} {t}: {found:?} for {wanted}"
            );
        }
        // The part of g_μ that needs t is seen.
        assert!(alpha.len() == 1 || theta == 0.0 || (g.along - g.linear).abs().value > 1e-3);
    }
}

/// Without a spike the gradient is that of isotropic inputs.
#[test]
fn without_a_spike() {
    let sigma = activation::parse("tanh:0.5").unwrap();
    let (alpha, t) = ([0.1, -0.4, 0.0, 0.7], 0.6);
    let root = |j: usize| (1..=j).map(|i| i as f64).product::<f64>().sqrt();
    let terms: Vec<(Vec<u8>, f64)> =
        alpha.iter().enumerate().map(|(j, a)| (vec![j as u8], a / root(j))).collect();
    let axis = Mat::from_fn(1, 3, |_, j| if j == 0 { 1.0 } else { 0.0 });
    let series = HermiteSeries::from_hermite(1, &terms).unwrap();
    let model = MultiIndexModel::from_series(axis.as_ref(), &series).unwrap();
    let population = model.population(sigma.as_ref()).unwrap();
    let wanted = model.gradient(&population, &[t, 0.0, 0.8]).unwrap();
    let found = SpikedGradient::new(&alpha, sigma.as_ref(), Spike::new(3, 0.0).unwrap(), t).unwrap();
    for (found, wanted) in [(found.along, wanted[0]), (found.across, wanted[2])] {
        let apart = found - wanted;
        assert!(apart.value.abs() <= apart.error && apart.error < 1e-11, "{found:?} for {wanted:?}");
    }
}

/// Samples of one input have the second moments, those of many the mean; and constant labels are noise.
#[test]
fn samples() {
    let sigma = activation::parse("tanh:0.5").unwrap();
    let g =
        SpikedGradient::new(&[0.0, 0.6, 0.8], sigma.as_ref(), Spike::new(40, 9.0).unwrap(), 0.1).unwrap();
    let (one, many) = (g.of_sample(1).unwrap(), g.of_sample(1 << 50).unwrap());
    let other = g.square * 38.0 + g.square_across;
    for (found, wanted) in [
        (one.along, g.square_along),
        (one.across, other),
        (many.along, g.along.powi(2)),
        (many.across, g.across.powi(2)),
        (g.noise(4).unwrap().along, g.square_along * 0.25),
    ] {
        assert!((found.value / wanted.value - 1.0).abs() < 1e-10, "{found:?} for {wanted:?}");
    }
}

#[test]
fn what_is_refused() {
    let tanh = activation::parse("tanh:0.5").unwrap();
    let spike = Spike::new(5, 1.0).unwrap();
    let new = |alpha: &[f64], t: f64| SpikedGradient::new(alpha, tanh.as_ref(), spike, t);
    for result in
        [new(&[], 0.1), new(&[0.0; 10], 0.1), new(&[f64::NAN], 0.1), new(&[1.0], 1.5), new(&[1.0], f64::NAN)]
    {
        assert!(matches!(result, Err(Error::Domain { .. })), "{result:?}");
    }
    for name in ["relu", "monomial:3"] {
        let sigma = activation::parse(name).unwrap();
        let result = SpikedGradient::new(&[1.0], sigma.as_ref(), spike, 0.1);
        assert!(matches!(result, Err(Error::Unsupported { .. })), "{name}: {result:?}");
    }
    let g = new(&[1.0], 0.1).unwrap();
    assert!(g.of_sample(0).is_err() && g.noise(0).is_err());
}

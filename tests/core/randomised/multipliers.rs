//! Multipliers: moments, the least noise, and laws against the enumeration of outcomes and against series.

use crate::network::{displacement, miss};
use escapement::activation;
use escapement::network::PairedNetwork;
use escapement::randomised::{Design, Roots, least_noise, over_signs, term};
use escapement::{seed, sphere};
use faer::{Mat, Par};

fn setting(p: usize, d: usize, sigma: &str, size: f64) -> (PairedNetwork, Mat<f64>, Mat<f64>) {
    let rng = &mut seed::stream(4, "multipliers", "weights");
    let net = PairedNetwork::random(rng, p, d, activation::parse(sigma).unwrap()).unwrap();
    let x = sphere::uniform_sphere(rng, 4, d, (d as f64).sqrt());
    let w = displacement(&net, size, "multipliers");
    (net, x, w)
}

#[test]
fn designs_have_their_moments_and_the_least_noise() {
    for k in 2..=14_usize {
        let design =
            if k.is_multiple_of(2) { Design::optimal(k) } else { Design::near_optimal(k, 1e-3) }.unwrap();
        let rounding = 1e-12 * design.absolute_moment(1);
        for j in 1..=k + 1 {
            let wanted = f64::from(u8::from(j == k));
            assert!(
                (design.moment(j) - wanted).abs() < rounding,
                "k = {k}, moment {j}: {}",
                design.moment(j)
            );
        }
        let (noise, least) = (design.noise(), least_noise(k).unwrap());
        assert!(noise >= least * (1.0 - 1e-12) && noise < least * (1.0 + 1e-4), "k = {k}: {noise} {least}");
        // T_{k−1} is ±1 at each node but ±ε, with the sign of c_l t_l: that is why the noise is the least.
        for (t, c) in design.nodes().iter().zip(design.weights()) {
            let chebyshev = ((k - 1) as f64 * t.clamp(-1.0, 1.0).acos()).cos();
            assert!(
                (chebyshev * (c * t).signum() - 1.0).abs() < 1e-4 || t.abs() < 0.01,
                "k = {k}, node {t}"
            );
        }
        assert!((design.probabilities().iter().sum::<f64>() - 1.0).abs() < 1e-14);
    }
    // Equidistant nodes are not the best from order 4 on.
    let equidistant = Design::symmetric(4, &[1.0, 1.0 / 3.0]).unwrap();
    assert!(equidistant.noise() > 1.2 * least_noise(4).unwrap());
    // The best nodes with other probabilities are not either.
    let other = Design::optimal(4).unwrap().with_probabilities(&[0.25; 4]).unwrap();
    assert!(other.noise() > 1.1 * least_noise(4).unwrap());
}

#[test]
fn laws_are_those_of_all_outcomes() {
    let (net, x, w) = setting(2, 3, "tanh:0.5", 0.7);
    let (x, w, m, n) = (x.as_ref(), w.as_ref(), 4_usize, 4);
    let dot =
        |a: faer::MatRef<'_, f64>, r: usize, i: usize| (0..3).map(|c| a[(r, c)] * x[(i, c)]).sum::<f64>();
    let skew = Design::new(2, &[2.0, -0.5], &[0.2, 0.8]).unwrap().with_probabilities(&[0.2, 0.8]).unwrap();
    for design in [Design::near_optimal(3, 0.4).unwrap(), Design::optimal(4).unwrap(), skew] {
        let law = design.law(&net, x, w, Par::Seq).unwrap();
        let (count, nodes) = (design.nodes().len(), design.nodes());
        let (mut mean, mut square) = (vec![0.0; n], vec![0.0; n]);
        for outcome in 0..count.pow(m as u32) {
            let drawn: Vec<usize> = (0..m).map(|r| outcome / count.pow(r as u32) % count).collect();
            let probability: f64 = drawn.iter().map(|l| design.probabilities()[*l]).product();
            for i in 0..n {
                let neuron = |(r, l): (usize, &usize)| {
                    let (z, u) = (dot(net.weights(), r % 2, i), dot(w, r, i));
                    let eta = design.weights()[*l] / design.probabilities()[*l];
                    let moved = net.activation().value(z + nodes[*l] * u) - net.activation().value(z);
                    net.sign(r) * eta * moved / (m as f64).sqrt()
                };
                let f: f64 = drawn.iter().enumerate().map(neuron).sum();
                mean[i] += probability * f;
                square[i] += probability * f * f;
            }
        }
        let variance: Vec<f64> = square.iter().zip(&mean).map(|(s, f)| s - f * f).collect();
        assert!(miss(&law.mean, &mean) < 1e-12, "{design:?}");
        assert!(miss(&law.variance, &variance) < 1e-12, "{design:?}");
    }
}

#[test]
fn the_order_two_design_is_the_signs() {
    let (net, x, w) = setting(300, 5, "tanh:0.5", 0.3);
    let signs = over_signs(&net, x.as_ref(), w.as_ref(), Par::Seq).unwrap();
    let design = Design::optimal(2).unwrap().law(&net, x.as_ref(), w.as_ref(), Par::Seq).unwrap();
    assert!(miss(&design.mean, signs.mean()) < 1e-12 && miss(&design.variance, signs.variance()) < 1e-12);
    let (net, x, w) = setting(40, 5, "sine:-1", 0.3);
    let signs = over_signs(&net, x.as_ref(), w.as_ref(), Par::Seq).unwrap();
    let roots = Roots::new(2).unwrap().law(&net, x.as_ref(), w.as_ref(), Par::Seq).unwrap();
    assert!(miss(&roots.mean, signs.mean()) < 1e-12 && miss(&roots.variance, signs.variance()) < 1e-12);
}

#[test]
fn means_are_series_of_terms() {
    for sigma in ["sine:-1", "monomial:8"] {
        let (net, x, w) = setting(30, 4, sigma, 0.6);
        let (x, w) = (x.as_ref(), w.as_ref());
        let sum = |terms: &dyn Fn(usize) -> f64| {
            (1..=60).filter(|j| terms(*j) != 0.0).fold(vec![0.0; 4], |sum: Vec<f64>, j| {
                let f = term(&net, j, x, w, Par::Seq).unwrap();
                sum.iter().zip(&f).map(|(sum, f)| sum + terms(j) * f).collect()
            })
        };
        for k in 2..=5_usize {
            let roots = Roots::new(k).unwrap().law(&net, x, w, Par::Seq).unwrap();
            assert!(miss(&roots.mean, &sum(&|j| f64::from(u8::from(j % k == 0)))) < 1e-12, "{sigma}, {k}");
            let design =
                if k.is_multiple_of(2) { Design::optimal(k) } else { Design::near_optimal(k, 0.2) }.unwrap();
            let law = design.law(&net, x, w, Par::Seq).unwrap();
            let series = sum(&|j| if j < k { 0.0 } else { design.moment(j) });
            assert!(miss(&law.mean, &series) < 1e-10, "{sigma}, design of order {k}");
            // One moment wrong is seen: the series with a tenth of the order below.
            let wrong = sum(&|j| {
                if j == k - 1 {
                    0.1
                } else if j < k {
                    0.0
                } else {
                    design.moment(j)
                }
            });
            assert!(miss(&law.mean, &wrong) > 1e-3, "{sigma}, design of order {k}");
        }
    }
}

#[test]
fn bad_multipliers_are_refused_in_one_sentence() {
    let refused = |result: escapement::Result<Design>| result.unwrap_err().to_string();
    for k in [0, 1, 61] {
        assert!(
            Roots::new(k).is_err() && least_noise(k).is_err() && Design::new(k, &[1.0], &[1.0]).is_err()
        );
    }
    // Real multipliers of order 3 fail at the second moment; 1e-9 off in one weight is seen.
    let message = refused(Design::new(3, &[1.0, -1.0], &[0.5, 0.5]));
    assert!(message.contains("moment of order 2") && message.contains("= 1 "), "{message}");
    let design = Design::optimal(4).unwrap();
    let mut weights = design.weights().to_vec();
    weights[0] += 1e-9;
    assert!(refused(Design::new(4, design.nodes(), &weights)).contains("moment of order 1"));
    assert!(refused(Design::new(3, design.nodes(), design.weights())).contains("moment of order 3"));
    assert!(refused(Design::new(2, &[1.0], &[0.5, 0.5])).contains("weights"));
    assert!(refused(Design::new(2, &[f64::NAN, 1.0], &[0.5, 0.5])).contains("NaN"));
    assert!(refused(Design::new(2, &[], &[])).contains("moment of order 2"));
    assert!(refused(Design::optimal(3)).contains("near_optimal"));
    assert!(refused(Design::near_optimal(4, 0.1)).contains("Design::optimal"));
    for epsilon in [0.0, 1.0, f64::NAN] {
        assert!(refused(Design::near_optimal(3, epsilon)).contains("positive and below 1"));
    }
    assert!(refused(Design::symmetric(4, &[1.0, 1.0])).contains("2 different"));
    assert!(refused(design.clone().with_probabilities(&[0.5, 0.5])).contains("4 positive numbers"));
    assert!(refused(design.with_probabilities(&[0.5, 0.6, -0.2, 0.1])).contains("4 positive numbers"));
    // Poles: tanh is fine while |w·x| is below their distance, and refused beyond.
    let (net, x, w) = setting(10, 3, "tanh:0.5", 0.1);
    assert!(Roots::new(3).unwrap().law(&net, x.as_ref(), w.as_ref(), Par::Seq).is_ok());
    let (net, x, w) = setting(10, 3, "tanh:0.5", 2.0);
    let message =
        Roots::new(3).unwrap().law(&net, x.as_ref(), w.as_ref(), Par::Seq).unwrap_err().to_string();
    assert!(message.contains("pole of tanh:0.5"), "{message}");
    let (net, x, w) = setting(10, 3, "erf", 0.1);
    assert!(Roots::new(3).unwrap().law(&net, x.as_ref(), w.as_ref(), Par::Seq).is_err());
}

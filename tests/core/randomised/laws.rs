//! Laws over random signs against enumeration, means of losses against sums over all signs and closed
//! forms, terms and gradients against differences.

use crate::network::{displacement, miss};
use escapement::activation;
use escapement::construct::{norm_2_4_pow4, signs};
use escapement::network::PairedNetwork;
use escapement::objective::Loss;
use escapement::randomised::{self, RandomisedSquare, SignedSum, over_signs, term, term_gradient};
use escapement::tolerance::CENTRAL_DIFFERENCE;
use escapement::{rounding, seed, sphere};
use faer::{Mat, MatRef, Par, Scale};
use rand::RngExt;

fn network(p: usize, d: usize, sigma: &str) -> PairedNetwork {
    let rng = &mut seed::stream(3, "randomised", "weights");
    PairedNetwork::random(rng, p, d, activation::parse(sigma).unwrap()).unwrap()
}

fn inputs(n: usize, d: usize) -> Mat<f64> {
    sphere::uniform_sphere(&mut seed::stream(3, "randomised", "inputs"), n, d, (d as f64).sqrt())
}

/// f at every one of the 2^m displacements SW: one list of n values for each S.
fn outcomes(net: &PairedNetwork, x: MatRef<'_, f64>, w: MatRef<'_, f64>) -> Vec<Vec<f64>> {
    let zero = Mat::zeros(w.nrows(), w.ncols());
    let outcome = |word: u32| {
        let signs: Vec<f64> = (0..net.m()).map(|r| if word >> r & 1 == 1 { -1.0 } else { 1.0 }).collect();
        net.f(x, signs::apply(&signs, zero.as_ref(), w).unwrap().as_ref(), Par::Seq).unwrap()
    };
    (0..1 << net.m()).map(outcome).collect()
}

#[test]
fn laws_are_those_of_all_signs() {
    let (n, d, p) = (5, 4, 5);
    let x = inputs(n, d);
    for sigma in ["sine:-1", "tanh:0.5", "softplus"] {
        let net = network(p, d, sigma);
        let w = displacement(&net, 0.4, "randomised");
        let law = over_signs(&net, x.as_ref(), w.as_ref(), Par::Seq).unwrap();
        let all = outcomes(&net, x.as_ref(), w.as_ref());
        let mean_of = |g: &dyn Fn(usize, f64) -> f64| -> Vec<f64> {
            (0..n).map(|i| all.iter().map(|f| g(i, f[i])).sum::<f64>() / all.len() as f64).collect()
        };
        let mean = mean_of(&|_, f| f);
        let variance = mean_of(&|i, f| (f - mean[i]).powi(2));
        assert!(miss(law.mean(), &mean) < 1e-13 && miss(law.variance(), &variance) < 1e-13, "{sigma}");
        let y: Vec<f64> = (0..n).map(|i| 0.3 * i as f64 - 0.5).collect();
        for loss in Loss::ALL {
            let exact = mean_of(&|i, f| loss.value(y[i], f));
            for (found, exact) in law.losses(loss, &y, Par::rayon(0)).unwrap().iter().zip(&exact) {
                assert!(
                    (found.value - exact).abs() <= found.error + rounding::sum(10, 14) * (1.0 + exact),
                    "{loss:?}: {found:?}, {exact}"
                );
                assert!(found.error < 1e-13, "{loss:?}: {found:?}");
            }
        }
        // What would be wrong: no a_r, and the even parts in place of the odd ones.
        let parts = |i: usize, r: usize| {
            let dot = |w: MatRef<'_, f64>, r: usize| (0..d).map(|c| w[(r, c)] * x[(i, c)]).sum::<f64>();
            let (z, u) = (dot(net.weights(), r % p), dot(w.as_ref(), r));
            let [plus, minus] = [z + u, z - u].map(|z| net.activation().value(z));
            [0.5 * (plus + minus), 0.5 * (plus - minus)]
        };
        let sum = |g: &dyn Fn(usize, [f64; 2]) -> f64| -> Vec<f64> {
            (0..n).map(|i| (0..2 * p).map(|r| g(r, parts(i, r))).sum()).collect()
        };
        let (m, root) = (net.m() as f64, (net.m() as f64).sqrt());
        assert!(miss(law.mean(), &sum(&|r, [even, _]| net.sign(r) * even / root)) < 1e-13);
        assert!(miss(law.variance(), &sum(&|_, [_, odd]| odd * odd / m)) < 1e-13);
        assert!(miss(law.mean(), &sum(&|_, [even, _]| even / root)) > 0.1, "a_r dropped");
        assert!(miss(law.variance(), &sum(&|_, [even, _]| even * even / m)) > 0.1, "parts exchanged");
    }
}

#[test]
fn twins_that_move_alike_leave_no_mean() {
    let net = network(300, 3, "tanh:0.5");
    let x = inputs(4, 3);
    let half = displacement(&net, 0.5, "alike");
    let w = Mat::from_fn(net.m(), 3, |r, i| half[(r % net.p(), i)]);
    let law = over_signs(&net, x.as_ref(), w.as_ref(), Par::Seq).unwrap();
    assert!(law.mean().iter().chain(law.quadratic()).all(|f| *f == 0.0));
    let still = over_signs(&net, x.as_ref(), (Scale(0.0) * &w).as_ref(), Par::Seq).unwrap();
    assert!(still.variance().iter().all(|v| *v == 0.0));
    assert_eq!(still.losses(Loss::Absolute, &[0.5; 4], Par::Seq).unwrap()[0].value, 0.5);
    // The rounding of the mean is within its bound, and the bound is small.
    let w = displacement(&net, 0.5, "rounding");
    let law = over_signs(&net, x.as_ref(), w.as_ref(), Par::Seq).unwrap();
    let opposite = (Scale(-1.0) * &w).to_owned();
    let swapped = over_signs(&net, x.as_ref(), opposite.as_ref(), Par::rayon(0)).unwrap();
    for i in 0..4 {
        assert!((law.mean()[i] - swapped.mean()[i]).abs() <= 2.0 * law.rounding()[i]);
        assert!(law.rounding()[i] < 1e-11);
    }
}

#[test]
fn bounds_hold_and_the_sums_are_the_sharper_ones() {
    for (sigma, m4) in [("sine:-1", 1.0), ("tanh:0.5", 4.1)] {
        let (d, net) = (6, network(200, 6, sigma));
        let supremum = net.activation().supremum(4).unwrap().value;
        assert!(supremum <= m4 + 1e-12 && supremum > 0.99 * m4 - 0.01, "{sigma}: {supremum}");
        let [_, m1, _, m3] = net.activation().suprema().map(|s| s.value);
        let (x, w) = (inputs(7, d), displacement(&net, 0.15, "bounds"));
        let law = over_signs(&net, x.as_ref(), w.as_ref(), Par::Seq).unwrap();
        let (length, norm) = ((d as f64).sqrt(), norm_2_4_pow4(w.as_ref()).powf(0.25));
        let by_norm = randomised::bias_by_norm(m4, net.m(), length, norm);
        let by_third = randomised::bias_by_norm_of_third(m3, net.m(), length, norm);
        let wide = randomised::spread_by_norm(m1, net.m(), length, norm);
        for i in 0..7 {
            let bias = (law.mean()[i] - law.quadratic()[i]).abs();
            let (sum, spread) = (law.bias_bound(m4)[i], law.spread_bound(m1)[i]);
            assert!(bias <= sum && sum <= by_norm && bias <= by_third, "{bias} {sum} {by_norm} {by_third}");
            assert!(law.variance()[i].sqrt() <= spread && spread <= wide);
            // A tenth of the spread is too little, so that the bound says something.
            assert!(law.variance()[i].sqrt() > 0.1 * spread);
        }
    }
}

/// The mean over all signs, by halves, so that roundings do not add up.
fn enumerate(loss: Loss, b: f64, c: &[f64]) -> f64 {
    match c.split_first() {
        None => loss.value(0.0, b),
        Some((c, rest)) => 0.5 * (enumerate(loss, b + c, rest) + enumerate(loss, b - c, rest)),
    }
}

#[test]
fn integrals_are_the_sums_over_all_signs() {
    let rng = &mut seed::stream(3, "randomised", "coefficients");
    for count in [1, 5, 17, 20] {
        for size in [1e-3, 0.1, 3.0] {
            let c: Vec<f64> = (0..count).map(|_| size * rng.random_range(-1.0..1.0)).collect();
            for b in [0.0, 0.7 * size, -2.0] {
                let sum = SignedSum::of(b, &c);
                assert_eq!(sum.mean(), b);
                for loss in Loss::ALL {
                    let found = sum.mean_loss(loss, 0.0).unwrap();
                    let exact = enumerate(loss, b, &c);
                    // The slope of a loss times Y is at most 2ℓ, and |Y| loses digits of its terms.
                    let terms = b.abs() + c.iter().map(|c| c.abs()).sum::<f64>();
                    let scale = if loss == Loss::Absolute { terms } else { 2.0 * exact };
                    let rounding = rounding::sum(4, 2 * count) * scale;
                    assert!(
                        (found.value - exact).abs() <= found.error + rounding,
                        "{loss:?} {found:?} {exact}"
                    );
                    let scale = (b * b + sum.variance()).sqrt();
                    let largest = if loss == Loss::Absolute { 1e-3 * scale } else { 1e-13 * (1.0 + exact) };
                    assert!(found.error <= largest, "{loss:?}, {count} of {size} at {b}: {found:?}");
                }
            }
        }
    }
}

#[test]
fn equal_coefficients_have_binomial_means() {
    // E|Σ s_r| = m·binomial(m, m/2)/2^m for even m, on a lattice, where φ returns to 1.
    for m in [40_usize, 200] {
        let exact = (1..=m / 2).fold(m as f64, |e, i| e * (m / 2 + i) as f64 / i as f64 / 4.0);
        let found = SignedSum::of(0.0, &vec![1.0; m]).mean_loss(Loss::Absolute, 0.0).unwrap();
        assert!((found.value - exact).abs() <= found.error, "{found:?} for {exact}");
        assert!(found.error < 1e-3 * exact);
    }
}

#[test]
fn power_sums_stand_for_the_coefficients() {
    let d = 5;
    let x = inputs(3, d);
    for p in [129, 400, 3000] {
        let net = network(p, d, "sine:-1");
        let w = displacement(&net, 0.5 * (p as f64).powf(-0.25), "powers");
        let law = over_signs(&net, x.as_ref(), w.as_ref(), Par::Seq).unwrap();
        let scale = (net.m() as f64).sqrt().recip();
        for i in 0..3 {
            let odd = |r: usize| {
                let dot = |w: MatRef<'_, f64>, r: usize| (0..d).map(|c| w[(r, c)] * x[(i, c)]).sum::<f64>();
                let (z, u) = (dot(net.weights(), r % p), dot(w.as_ref(), r));
                0.5 * scale * (net.activation().value(z + u) - net.activation().value(z - u))
            };
            let all = SignedSum::of(law.mean()[i], &(0..net.m()).map(odd).collect::<Vec<f64>>());
            for loss in Loss::ALL {
                let [found, direct] =
                    [&law.sums()[i], &all].map(|sum| sum.mean_loss(loss, law.quadratic()[i]).unwrap());
                assert!(found.excess(direct) <= 1.0, "m = {}, {loss:?}: {found:?} {direct:?}", net.m());
                let relative = if loss == Loss::Absolute { 1e-5 } else { 1e-10 };
                assert!(found.error < relative * found.value, "m = {}, {loss:?}: {found:?}", net.m());
            }
        }
    }
}

/// Central differences of `f` at `w` along each entry, beside the gradient.
fn check_gradient(w: &Mat<f64>, gradient: &Mat<f64>, f: impl Fn(MatRef<'_, f64>) -> f64) {
    let h = f64::EPSILON.cbrt();
    for (r, i) in [(0, 0), (1, 2), (w.nrows() - 1, 1)] {
        let at = |shift: f64| {
            let mut moved = w.clone();
            moved[(r, i)] += shift;
            f(moved.as_ref())
        };
        let (above, below) = (at(h), at(-h));
        // A sum over m neurons of order m^{-1/2} rounds like √m.
        let size = (w.nrows() as f64).sqrt();
        let allowed = CENTRAL_DIFFERENCE * above.abs().max(below.abs()).max(size);
        let difference = (above - below) / (2.0 * h);
        assert!((difference - gradient[(r, i)]).abs() <= allowed, "{difference} {}", gradient[(r, i)]);
        assert!((difference - gradient[(r, (i + 1) % 3)]).abs() > 10.0 * allowed, "the next entry");
    }
}

#[test]
fn gradients_are_differences() {
    let (net, x) = (network(260, 3, "tanh:0.5"), inputs(300, 3));
    let (x, w) = (x.as_ref(), displacement(&net, 0.5, "gradients"));
    let h: Vec<f64> = (0..300).map(|i| if i % 60 == 59 { (i as f64).sin() } else { 0.0 }).collect();
    for order in 1..=5 {
        let gradient = term_gradient(&net, order, x, w.as_ref(), &h, Par::rayon(0)).unwrap();
        check_gradient(&w, &gradient, |w| {
            term(&net, order, x, w, Par::Seq).unwrap().iter().zip(&h).map(|(f, h)| f * h).sum()
        });
    }
    let square = RandomisedSquare::new(&net, x, &h).unwrap();
    let gradient = square.gradient(w.as_ref(), Par::rayon(0)).unwrap();
    let n = h.len() as f64;
    check_gradient(&w, &(Scale(n) * gradient), |w| n * square.value(w, Par::Seq).unwrap());
}

#[test]
fn terms_are_those_of_the_network() {
    let (net, x) = (network(20, 4, "erf:0.3"), inputs(6, 4));
    let (x, w) = (x.as_ref(), displacement(&net, 0.3, "terms"));
    let w = w.as_ref();
    for (order, f) in [(1, net.f_linear(x, w, Par::Seq)), (2, net.f_quadratic(x, w, Par::Seq))] {
        assert!(miss(&term(&net, order, x, w, Par::Seq).unwrap(), &f.unwrap()) < 1e-13, "{order}");
    }
    assert!(miss(&term(&net, 3, x, w, Par::Seq).unwrap(), &net.f_cubic(x, w, Par::Seq).unwrap()) < 1e-13);
    // The series adds up to f: erf is entire, and |u| is at most 1.8 here.
    let sum = (1..=70).fold(vec![0.0; 6], |sum: Vec<f64>, order| {
        sum.iter().zip(term(&net, order, x, w, Par::Seq).unwrap()).map(|(sum, f)| sum + f).collect()
    });
    assert!(miss(&sum, &net.f(x, w, Par::Seq).unwrap()) < 1e-12);
}

#[test]
fn derivatives_of_any_order_are_differences_of_the_order_below() {
    let step = f64::EPSILON.cbrt();
    for name in ["sigmoid:1", "tanh:0.5", "erf", "sine:-0.5", "softplus", "monomial:6"] {
        let sigma = activation::parse(name).unwrap();
        for order in 1..=9 {
            for z in [-1.3, -0.2, 0.0, 0.6, 2.1] {
                let at = |order, z| sigma.derivative(order, z).unwrap();
                let difference = (at(order - 1, z + step) - at(order - 1, z - step)) / (2.0 * step);
                // Truncation is h²/6 times the derivative of order + 2; rounding is ε/h of the order below.
                let allowed = step * step * (1.0 + at(order + 2, z).abs())
                    + 8.0 * f64::EPSILON / step * (1.0 + at(order - 1, z).abs() + at(order, z).abs());
                assert!((difference - at(order, z)).abs() <= allowed, "{name}, order {order} at {z}");
                if order <= 3 {
                    let known = [sigma.value(z), sigma.d1(z), sigma.d2(z), sigma.d3(z)][order];
                    assert!((at(order, z) - known).abs() <= 1e-15 * (1.0 + known.abs()), "{name} {order}");
                }
            }
        }
        // On the real line, and the derivative in the direction of i.
        if let Some([re, im]) = sigma.complex([0.4, 0.0]) {
            assert!((re - sigma.value(0.4)).abs() < 1e-15 && im == 0.0, "{name}");
            let [_, up] = sigma.complex([0.4, step]).unwrap();
            assert!((up / step - sigma.d1(0.4)).abs() < 1e-9, "{name}");
        }
    }
    let names = ["sigmoid", "tanh", "sine", "monomial:4", "erf", "relu"];
    let known = names.map(|name| activation::parse(name).unwrap().complex([0.0; 2]).is_some());
    assert_eq!(known, [true, true, true, true, false, false]);
}

#[test]
fn bad_input_is_refused_in_one_sentence() {
    let (net, x) = (network(2, 3, "relu"), inputs(2, 3));
    let w = displacement(&net, 0.5, "refused");
    let (x, w) = (x.as_ref(), w.as_ref());
    let message = term(&net, 2, x, w, Par::Seq).unwrap_err().to_string();
    assert!(message.contains("relu") && message.contains("order 2"), "{message}");
    assert!(over_signs(&net, x, w, Par::Seq).is_err());
    let net = network(2, 3, "sine");
    assert!(term(&net, 171, x, w, Par::Seq).unwrap_err().to_string().contains("at most 170"));
    assert!(
        term_gradient(&net, 0, x, w, &[1.0; 2], Par::Seq).unwrap_err().to_string().contains("at least 1")
    );
    assert!(term_gradient(&net, 1, x, w, &[1.0; 3], Par::Seq).unwrap_err().to_string().contains("n = 2"));
    // Three neurons are not pairs.
    let odd = over_signs(&net, x, w.subrows(0, 3), Par::Seq).unwrap_err().to_string();
    assert!(odd.contains("[3, 3]") && odd.contains("m = 4"), "{odd}");
    let law = over_signs(&net, x, w, Par::Seq).unwrap();
    assert!(law.losses(Loss::Absolute, &[0.0], Par::Seq).unwrap_err().to_string().contains("n = 2"));
    assert!(law.losses(Loss::Absolute, &[f64::NAN; 2], Par::Seq).unwrap_err().to_string().contains("NaN"));
    assert!(SignedSum::of(1e9, &[1.0]).mean_loss(Loss::PseudoHuber, 0.0).is_err());
    for text in ["monomial", "monomial:0", "monomial:171", "monomial:x", "monomial:2.5"] {
        let message = activation::parse(text).unwrap_err().to_string();
        assert!(message.contains("from 1 to 170"), "{message}");
    }
    assert_eq!(activation::parse("Monomial:3").unwrap().name(), "monomial:3");
}

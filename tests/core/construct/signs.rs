//! Averages over the random signs of W*: against enumeration of all of them, with S in the wrong places as
//! false neighbours.

use crate::construct::displacements::{WIDE, covariance};
use crate::network::{displacement, miss};
use escapement::construct::signed_loss::{enumerate, expected_loss, expected_losses, signed_model};
use escapement::construct::{self, signs};
use escapement::network::PairedNetwork;
use escapement::objective::{Loss, Regularizers};
use escapement::{activation, seed, sphere};
use faer::{Mat, Par};

#[test]
fn averages_over_signs_are_those_of_enumeration() {
    let rng = &mut seed::stream(12, "signs", "weights");
    let net = PairedNetwork::random(rng, 5, 3, activation::parse("tanh:0.5").unwrap()).unwrap();
    let (cov, top) = covariance(&net, 4);
    let x = sphere::uniform_sphere(rng, 6, 3, 3.0_f64.sqrt());
    let x = x.as_ref();
    let regularizers = Regularizers { cov: &cov, top: &top, net: &net, x };
    // General displacements: both twins move in W_Q.
    let (l, q) = (displacement(&net, 0.5, "W_L"), displacement(&net, 0.8, "W_Q"));
    let all = |star: &dyn Fn(&[f64]) -> Mat<f64>| {
        let (mut mean, mut square) = ([0.0; 4], vec![0.0; 6]);
        for word in 0..1 << 10 {
            let s: Vec<f64> = (0..10).map(|r| if word >> r & 1 == 1 { -1.0 } else { 1.0 }).collect();
            let w = star(&s);
            for (m, v) in mean.iter_mut().zip(regularizers.all(w.as_ref(), Par::Seq).unwrap()) {
                *m += v / 1024.0;
            }
            for (m, v) in square.iter_mut().zip(net.f_linear(x, w.as_ref(), Par::Seq).unwrap()) {
                *m += v * v / 1024.0;
            }
        }
        (mean, square)
    };
    let found = construct::expected_regularizers(regularizers, l.as_ref(), q.as_ref(), Par::Seq).unwrap();
    let linear = signs::expected_linear_square(&net, x, l.as_ref(), q.as_ref(), Par::Seq).unwrap();
    let (mean, square) = all(&|s| signs::apply(s, l.as_ref(), q.as_ref()).unwrap());
    for i in 0..4 {
        assert!((found[i] / mean[i] - 1.0).abs() < 1e-12, "R{}", i + 1);
    }
    assert!(miss(&linear, &square) < 1e-12);
    // S on W_L in place of W_Q, and one S for both.
    let both = Mat::from_fn(10, 3, |r, i| l[(r, i)] + q[(r, i)]);
    let (swapped, _) = all(&|s| signs::apply(s, q.as_ref(), l.as_ref()).unwrap());
    let (common, _) = all(&|s| signs::apply(s, Mat::zeros(10, 3).as_ref(), both.as_ref()).unwrap());
    for i in 0..3 {
        assert!(
            (swapped[i] / mean[i] - 1.0).abs() > WIDE && (common[i] / mean[i] - 1.0).abs() > WIDE,
            "R{}",
            i + 1
        );
    }
    assert!((common[3] / mean[3] - 1.0).abs() > WIDE);
}

#[test]
fn signs_are_fair_and_leave_f_q_alone() {
    let s = signs::draw(&mut seed::stream(13, "signs", "signs"), 10_000);
    assert!(s.iter().all(|s| s.abs() == 1.0));
    // Six standard deviations of a fair sum.
    assert!(s.iter().sum::<f64>().abs() < 600.0);
    let net = PairedNetwork::random(
        &mut seed::stream(13, "signs", "weights"),
        30,
        4,
        activation::parse("sigmoid:1").unwrap(),
    )
    .unwrap();
    let x = sphere::uniform_sphere(&mut seed::stream(13, "signs", "inputs"), 5, 4, 2.0);
    let (zero, q) = (Mat::zeros(60, 4), displacement(&net, 1.0, "signs"));
    let signed = signs::apply(&s[..60], zero.as_ref(), q.as_ref()).unwrap();
    let [a, b] = [&q, &signed].map(|w| net.f_quadratic(x.as_ref(), w.as_ref(), Par::Seq).unwrap());
    assert!(miss(&b, &a) < 1e-13);
}

#[test]
fn mean_losses_over_signs_are_those_of_enumeration() {
    let rng = &mut seed::stream(14, "losses", "weights");
    let net = PairedNetwork::random(rng, 5, 3, activation::parse("tanh:0.5").unwrap()).unwrap();
    let x = sphere::uniform_sphere(rng, 4, 3, 3.0_f64.sqrt());
    let y = [0.3, -2.0, 1.0, 0.0];
    let (l, q) = (displacement(&net, 0.5, "W_L"), displacement(&net, 0.8, "W_Q"));
    let (x, l, q) = (x.as_ref(), l.as_ref(), q.as_ref());
    let model = signed_model(&net, x, l, q, Par::Seq).unwrap();
    // The affine form is the quadratic model.
    let s = signs::draw(&mut seed::stream(14, "losses", "signs"), 10);
    let star = signs::apply(&s, l, q).unwrap();
    let (fl, fq) = (
        net.f_linear(x, star.as_ref(), Par::Seq).unwrap(),
        net.f_quadratic(x, star.as_ref(), Par::Seq).unwrap(),
    );
    let affine: Vec<f64> = (0..4)
        .map(|i| {
            model.constant[i]
                + model.rows.iter().enumerate().map(|(a, &r)| s[r] * model.slopes[(a, i)]).sum::<f64>()
        })
        .collect();
    assert!(miss(&affine, &fl.iter().zip(&fq).map(|(a, b)| a + b).collect::<Vec<_>>()) < 1e-13);
    for loss in Loss::ALL {
        let found = expected_losses(&net, loss, x, &y, l, q, Par::Seq).unwrap();
        for i in 0..4 {
            let exact = enumerate(loss, model.constant[i] - y[i], model.slopes.col_as_slice(i)).unwrap();
            let gap = (found[i].value - exact).abs();
            assert!(gap <= found[i].error, "{loss:?}: {:?} for {exact}", found[i]);
            let sharp = if loss == Loss::Absolute { 1e-3 } else { 1e-11 };
            assert!(found[i].error <= sharp * exact, "{loss:?}: {:?}", found[i]);
            // Slopes a third smaller have another mean.
            let half: Vec<f64> = model.slopes.col_as_slice(i).iter().map(|c| 0.7 * c).collect();
            let other = enumerate(loss, model.constant[i] - y[i], &half).unwrap();
            assert!((other - exact).abs() > 1e3 * found[i].error || loss == Loss::Absolute);
        }
    }
    // Many signs: a density, so that |Y| is sharp as well; lattice sums are binomial means.
    let c = vec![0.1; 400];
    let found = expected_loss(Loss::Absolute, 0.0, &c).unwrap();
    // E|Σ of 2N signs| = 2N C(2N, N)/4^N.
    let exact = 0.1
        * 400.0
        * (libm::lgamma(401.0) - 2.0 * libm::lgamma(201.0) - 400.0 * std::f64::consts::LN_2).exp();
    assert!((found.value - exact).abs() <= found.error && found.error < 1e-4, "{found:?} for {exact}");
    let spread: Vec<f64> = (0..2000).map(|r| 0.01 * (1.0 + (r as f64 * 0.37).sin())).collect();
    let smooth = expected_loss(Loss::PseudoHuber, 0.2, &spread).unwrap();
    let sharp = expected_loss(Loss::Absolute, 0.2, &spread).unwrap();
    assert!(smooth.error < 1e-11 && sharp.error < 1e-5 * sharp.value, "{smooth:?} {sharp:?}");
    assert!(smooth.value < sharp.value && sharp.value < smooth.value + 1.0);
}

//! f, f_L, f_Q and the losses: reference values, the pairing, Taylor's theorem, tiles of every shape.

use crate::data::{ORACLE, activation, json, matrix, vector};
use escapement::network::{Model, PairedNetwork};
use escapement::objective::Loss;
use escapement::{activation as sigma, seed, sphere, tolerance};
use faer::{Mat, Par};

/// Largest difference, relative to the largest entry of `b`.
pub fn miss(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let top = b.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    a.iter().zip(b).fold(0.0_f64, |m, (x, y)| m.max((x - y).abs())) / top
}

/// The network of an oracle entry, whose W0 lists all m rows.
pub fn oracle_network(entry: &serde_json::Value) -> PairedNetwork {
    let w0 = matrix(&entry["W0"]);
    let distinct = w0.as_ref().subrows(0, w0.nrows() / 2);
    let sigma = sigma::parse(&activation(entry)).unwrap();
    PairedNetwork::new(distinct, sigma, tolerance::UNIT_NORM_F64).unwrap()
}

#[test]
fn reference_values() {
    for entry in json("network.json").as_array().unwrap() {
        let net = oracle_network(entry);
        let (x, w) = (matrix(&entry["X"]), matrix(&entry["W"]));
        let (x, w) = (x.as_ref(), w.as_ref());
        let found = [net.f(x, w, Par::Seq), net.f_linear(x, w, Par::Seq), net.f_quadratic(x, w, Par::Seq)];
        for (name, values) in ["f", "f_L", "f_Q"].into_iter().zip(found) {
            let miss = miss(&values.unwrap(), &vector(&entry[name]));
            assert!(miss <= ORACLE, "{name}: {miss:e}");
        }
    }
}

/// A displacement whose rows are standard normal, times `size`.
pub fn displacement(net: &PairedNetwork, size: f64, key: &str) -> Mat<f64> {
    let rng = &mut seed::stream(5, key, "displacement");
    let directions = sphere::uniform_sphere(rng, net.m(), net.d(), 1.0);
    Mat::from_fn(net.m(), net.d(), |r, i| size * directions[(r, i)] * (1.0 + (r % 3) as f64))
}

#[test]
fn tiles_of_every_shape_agree_with_the_definition() {
    // n and p on both sides of a tile, and p on both sides of a chunk of sixteen tiles.
    for (n, p, d) in [(1, 1, 3), (257, 255, 4), (256, 257, 3), (3, 4097, 3)] {
        let rng = &mut seed::stream(2, "tiles", "weights");
        let net = PairedNetwork::random(rng, p, d, sigma::parse("tanh:0.5").unwrap()).unwrap();
        let x = sphere::uniform_sphere(rng, n, d, (d as f64).sqrt());
        let w = displacement(&net, 0.3, "tiles");
        let [mut f, mut linear, mut quadratic, mut cubic] = [(); 4].map(|()| vec![0.0; n]);
        for i in 0..n {
            for r in 0..net.m() {
                let dot = |a: &dyn Fn(usize) -> f64| (0..d).map(|c| x[(i, c)] * a(c)).sum::<f64>();
                let (z, u) = (dot(&|c| net.weights()[(r % p, c)]), dot(&|c| w[(r, c)]));
                let a = net.sign(r) / (net.m() as f64).sqrt();
                f[i] += a * net.activation().value(z + u);
                linear[i] += a * net.activation().d1(z) * u;
                quadratic[i] += 0.5 * a * net.activation().d2(z) * u * u;
                cubic[i] += a * net.activation().d3(z) * u * u * u / 6.0;
            }
        }
        let (x, w) = (x.as_ref(), w.as_ref());
        for par in [Par::Seq, Par::rayon(2)] {
            assert!(miss(&net.f(x, w, par).unwrap(), &f) <= 1e-11);
            assert!(miss(&net.f_linear(x, w, par).unwrap(), &linear) <= 1e-11);
            assert!(miss(&net.f_quadratic(x, w, par).unwrap(), &quadratic) <= 1e-11);
            assert!(miss(&net.f_cubic(x, w, par).unwrap(), &cubic) <= 1e-11);
            let together = net.expansion(x, w, par).unwrap();
            for (found, one) in together.iter().zip([&f, &linear, &quadratic]) {
                assert!(miss(found, one) <= 1e-11);
            }
            let second: Vec<f64> = linear.iter().zip(&quadratic).map(|(l, q)| l + q).collect();
            assert!(miss(&net.predict(Model::Quadratic, x, w, par).unwrap(), &second) <= 1e-11);
        }
        assert_eq!(
            net.f(x, w, Par::Seq).unwrap(),
            net.f(x, w, Par::rayon(2)).unwrap(),
            "the same bits at any thread count"
        );
        let difference = Mat::from_fn(p * d, 2, |row, c| {
            let (i, r) = (row / p, row % p);
            (w[(r, i)] - w[(p + r, i)]) * (1.0 - 3.0 * c as f64)
        });
        let both = net.f_linear_of_columns(x, difference.as_ref(), Par::Seq).unwrap();
        assert!(miss(both.col_as_slice(0), &linear) <= 1e-11);
        assert!(miss(both.col_as_slice(1), &linear.iter().map(|f| -2.0 * f).collect::<Vec<_>>()) <= 1e-11);
    }
}

#[test]
fn pairing_and_taylor() {
    let rng = &mut seed::stream(3, "pairing", "weights");
    let net = PairedNetwork::random(rng, 40, 5, sigma::parse("sigmoid:1").unwrap()).unwrap();
    let x = sphere::uniform_sphere(rng, 20, 5, 5.0_f64.sqrt());
    let x = x.as_ref();
    // Twins that move alike change nothing at all.
    let w = displacement(&net, 1.0, "pairing");
    let alike = Mat::from_fn(80, 5, |r, i| w[(r % 40, i)]);
    for values in [
        net.f(x, alike.as_ref(), Par::Seq),
        net.f_quadratic(x, alike.as_ref(), Par::Seq),
        net.f_linear(x, alike.as_ref(), Par::Seq),
        net.f_cubic(x, alike.as_ref(), Par::Seq),
    ] {
        assert!(values.unwrap().iter().all(|&f| f == 0.0));
    }
    let together = net.expansion(x, alike.as_ref(), Par::Seq).unwrap();
    assert!(together.iter().flatten().all(|&f| f == 0.0));
    // What is left beyond f_L + f_Q is cubic: halving W divides it by 8.
    let rest = |size: f64| {
        let w = displacement(&net, size, "taylor");
        let [f, l, q] = [
            net.f(x, w.as_ref(), Par::Seq),
            net.f_linear(x, w.as_ref(), Par::Seq),
            net.f_quadratic(x, w.as_ref(), Par::Seq),
        ]
        .map(Result::unwrap);
        (0..20).map(|i| (f[i] - l[i] - q[i]).powi(2)).sum::<f64>().sqrt()
    };
    let order = (rest(2e-2) / rest(1e-2)).log2();
    assert!((order - 3.0).abs() < 0.1, "{order}");
}

#[test]
fn losses_and_their_derivatives() {
    let h = 1e-3;
    for loss in Loss::ALL {
        assert_eq!(Loss::parse(loss.name()).unwrap(), loss);
        assert_eq!((loss.value(0.7, 0.7), loss.d1(0.7, 0.7)), (0.0, 0.0));
        for i in -40..40 {
            let (y, z) = (0.3, 0.25 * f64::from(i) + 0.01);
            let stencil = |g: &dyn Fn(f64) -> f64| {
                (g(z - 2.0 * h) - 8.0 * g(z - h) + 8.0 * g(z + h) - g(z + 2.0 * h)) / (12.0 * h)
            };
            let d1 = stencil(&|z| loss.value(y, z));
            let d2 = stencil(&|z| loss.d1(y, z));
            assert!(
                (d1 - loss.d1(y, z)).abs() < 1e-10 && (d2 - loss.d2(y, z)).abs() < 1e-10,
                "{loss:?} at {z}"
            );
            assert!(loss.d1(y, z).abs() <= loss.lipschitz());
        }
    }
    // Small u: u²/2 to the last digits; large u: |u| less a constant.
    for loss in [Loss::PseudoHuber, Loss::LogCosh] {
        assert!((loss.value(0.0, 1e-9) / 5e-19 - 1.0).abs() < 1e-15);
        assert!((loss.value(0.0, -1e200) / 1e200 - 1.0).abs() < 1e-15);
    }
    assert!((Loss::LogCosh.value(0.0, 1.0 - 1e-16) / Loss::LogCosh.value(0.0, 1.0) - 1.0).abs() < 4e-16);
    assert_eq!(Loss::Square.value(1.0, 3.0), 4.0);
    assert!(
        Loss::parse("huber").unwrap_err().to_string().contains("pseudo-huber, log-cosh, absolute, square")
    );
    assert!(Loss::Square.mean(&[1.0], &[1.0, 2.0]).is_err());
}

#[test]
fn bad_input_is_refused() {
    let sigmoid = sigma::parse("sigmoid:1").unwrap();
    let build = |w: Mat<f64>| {
        PairedNetwork::new(w.as_ref(), sigmoid.clone(), tolerance::UNIT_NORM_F64)
            .map(|_| ())
            .unwrap_err()
            .to_string()
    };
    assert!(build(Mat::from_fn(2, 2, |_, _| 0.5)).contains("d = 2"));
    assert!(build(Mat::from_fn(2, 4, |_, _| 0.6)).contains("norm 1.2"));
    assert!(build(Mat::from_fn(1, 3, |_, _| f64::NAN)).contains("NaN"));
    assert!(build(Mat::zeros(0, 3)).contains("shape [0, 3]"));
    let net = PairedNetwork::random(&mut seed::stream(1, "bad", "weights"), 2, 3, sigmoid).unwrap();
    let (x, w) = (Mat::from_fn(2, 3, |_, _| 1.0), Mat::<f64>::zeros(4, 3));
    assert!(net.f(x.as_ref().subcols(0, 2), w.as_ref(), Par::Seq).is_err());
    assert!(net.f_linear(x.as_ref(), w.as_ref().subrows(0, 2), Par::Seq).is_err());
    assert!(
        net.f_quadratic(Mat::from_fn(1, 3, |_, _| f64::INFINITY).as_ref(), w.as_ref(), Par::Seq).is_err()
    );
    assert!(net.f(x.as_ref().subrows(0, 0), w.as_ref(), Par::Seq).unwrap().is_empty());
    let relu =
        PairedNetwork::random(&mut seed::stream(1, "bad", "weights"), 2, 3, sigma::parse("relu").unwrap())
            .unwrap();
    assert!(relu.f(x.as_ref(), w.as_ref(), Par::Seq).is_ok());
    assert!(relu.f_quadratic(x.as_ref(), w.as_ref(), Par::Seq).unwrap_err().to_string().contains("relu"));
}

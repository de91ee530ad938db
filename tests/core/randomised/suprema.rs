//! Suprema on balls and norms of tensors: reference values of an optimiser that knows no closed form, and
//! two routes to each.

use crate::data::{json, matrix, vector};
use escapement::activation::{self, Activation};
use escapement::network::PairedNetwork;
use escapement::randomised::{self, QuadraticForms, SignedTensor, least_noise_on, least_square_on};
use escapement::sphere::uniform_sphere;
use escapement::{seed, tolerance};
use faer::{Mat, Par};
use std::sync::Arc;

/// Agreement that the reference values of an optimiser promise.
const OPTIMISED: f64 = 1e-6;

/// max(z, 0)³/6.
#[derive(Debug)]
struct Cubed;

impl Activation for Cubed {
    fn name(&self) -> String {
        "relu3".into()
    }
    fn value(&self, z: f64) -> f64 {
        z.max(0.0).powi(3) / 6.0
    }
    fn d1(&self, z: f64) -> f64 {
        0.5 * z.max(0.0).powi(2)
    }
    fn d2(&self, z: f64) -> f64 {
        z.max(0.0)
    }
    fn d3(&self, z: f64) -> f64 {
        f64::from(u8::from(z > 0.0))
    }
}

fn pattern(code: usize, n: usize) -> Vec<f64> {
    (0..n).map(|i| if code >> i & 1 == 0 { 1.0 } else { -1.0 }).collect()
}

#[test]
fn complexities_of_networks_without_twins() {
    for entry in json("bailee.json")["rademacher"].as_array().unwrap() {
        let sigma: Arc<dyn Activation> = match entry["activation"].as_str().unwrap() {
            "relu3" => Arc::new(Cubed),
            _ => activation::parse("tanh:0.5").unwrap(),
        };
        let (w0, a, x) = (matrix(&entry["W0"]), vector(&entry["a"]), matrix(&entry["X"]));
        let net = PairedNetwork::new(w0.as_ref(), sigma, tolerance::UNIT_NORM_F64).unwrap();
        let (m, n) = (a.len(), x.nrows());
        let forms = QuadraticForms::new(net, x).unwrap();
        let supremum = |code: usize| {
            let top = |r: usize| {
                let [most, least] = forms.extremes(r, &pattern(code, n)).unwrap();
                if a[r] > 0.0 { most.max(0.0) } else { (-least).max(0.0) }
            };
            0.5 * ((0..m).map(|r| top(r).powi(2)).sum::<f64>() / m as f64).sqrt()
        };
        let all: Vec<f64> = (0..1 << n).map(supremum).collect();
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        let largest = all.iter().copied().fold(0.0, f64::max);
        for (found, name) in [(mean, "rademacher"), (largest, "largest")] {
            let wanted = entry[name].as_f64().unwrap();
            assert!((found / wanted - 1.0).abs() <= OPTIMISED, "{name}: {found} for {wanted}");
        }
    }
}

/// 16 starts for a climb.
fn starts(d: usize) -> Mat<f64> {
    uniform_sphere(&mut seed::stream(1, "suprema", "starts"), 16, d, 1.0)
}

#[test]
fn tensors_of_given_inputs() {
    for entry in json("bailee.json")["tensor"].as_array().unwrap() {
        let (x, c, k) = (matrix(&entry["X"]), vector(&entry["c"]), entry["k"].as_u64().unwrap() as usize);
        let tensor = SignedTensor::new(k, x.as_ref(), &c).unwrap();
        let found = |sign| tensor.search(sign, starts(x.ncols()).as_ref(), 1000).unwrap().0;
        let norms = [tensor.flattening().unwrap(), tensor.frobenius()];
        for (found, name) in [(found(1.0), "max_form"), (found(-1.0), "max_minus_form")] {
            let wanted = entry[name].as_f64().unwrap();
            assert!((found / wanted - 1.0).abs() <= 1e-12, "{name}: {found} for {wanted}");
        }
        for (found, name) in norms.into_iter().zip(["flattening", "frobenius"]) {
            let wanted = entry[name].as_f64().unwrap();
            assert!((found / wanted - 1.0).abs() <= 1e-12, "{name}: {found} for {wanted}");
        }
    }
}

#[test]
fn written_tensors_are_sums_over_inputs() {
    let rng = &mut seed::stream(2, "suprema", "inputs");
    for (k, n, d) in [(2, 40, 5), (3, 40, 5), (4, 40, 3), (5, 100, 3), (3, 10, 5)] {
        let x = uniform_sphere(rng, n, d, (d as f64).sqrt());
        let c: Vec<f64> = (0..n).map(|i| (1.0 + i as f64).sin()).collect();
        let tensor = SignedTensor::new(k, x.as_ref(), &c).unwrap();
        let dot = |x: faer::RowRef<'_, f64>, u: &[f64]| x.iter().zip(u).map(|(x, u)| x * u).sum::<f64>();
        let sum = |u: &[f64]| {
            x.row_iter().zip(&c).map(|(x, c)| c * dot(x, u).powi(k as i32)).sum::<f64>() / n as f64
        };
        let (largest, u) = tensor.search(1.0, starts(d).as_ref(), 2000).unwrap();
        let allowed = 2.0 * tensor.rounding();
        assert!(
            (sum(&u) - largest).abs() <= allowed && (tensor.form(&u).unwrap() - largest).abs() <= allowed
        );
        // The sum of the squared entries is that of products of inputs.
        let gram = &x * x.transpose();
        let pairs = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
        let square: f64 = pairs.map(|(i, j)| c[i] * c[j] * gram[(i, j)].powi(k as i32)).sum();
        let frobenius = tensor.frobenius();
        assert!((square.sqrt() / n as f64 / frobenius - 1.0).abs() < 1e-13);
        let flattening = tensor.flattening().unwrap();
        assert!(largest <= flattening * (1.0 + 1e-12) && flattening <= frobenius * (1.0 + 1e-12));
        if k == 2 {
            let minus = tensor.search(-1.0, starts(d).as_ref(), 2000).unwrap().0;
            assert!((largest.max(minus) / flattening - 1.0).abs() < 1e-12);
        }
    }
}

#[test]
fn the_maximiser_attains_the_supremum() {
    let rng = &mut seed::stream(3, "suprema", "network");
    let net = PairedNetwork::random(rng, 3, 4, activation::parse("sine:-1").unwrap()).unwrap();
    let x = uniform_sphere(rng, 30, 4, 2.0);
    let epsilon = pattern(0b1011_0010_1110_0101, 30);
    let forms = QuadraticForms::new(net.clone(), x.clone()).unwrap();
    for k in 2..=4 {
        let inputs = [x.as_ref(), starts(4).as_ref()].map(|a| a.to_owned());
        let (found, w) = randomised::searched_maximiser(
            &net,
            k,
            [inputs[0].as_ref(), inputs[1].as_ref()],
            &epsilon,
            2000,
        )
        .unwrap();
        let norm: f64 = w.row_iter().map(|w| w.norm_l2().powi(2 * k as i32)).sum();
        assert!((norm - 1.0).abs() < 1e-13, "{k}: {norm}");
        let value = |w: &Mat<f64>| {
            let f = randomised::term(&net, k, x.as_ref(), w.as_ref(), Par::Seq).unwrap();
            f.iter().zip(&epsilon).map(|(f, e)| e * f).sum::<f64>() / 30.0
        };
        assert!((value(&w) / found - 1.0).abs() < 1e-12, "{k}: {} {found}", value(&w));
        if k == 2 {
            let supremum = forms.suprema(&epsilon).unwrap().supremum;
            assert!((found / supremum - 1.0).abs() < 1e-12);
        }
        // No displacement near it on the ball does better.
        for _ in 0..20 {
            let moved = &w + uniform_sphere(rng, 6, 4, 1e-2);
            let norm: f64 = moved.row_iter().map(|w| w.norm_l2().powi(2 * k as i32)).sum();
            let moved = moved * faer::Scale(norm.powf(-0.5 / k as f64));
            assert!(value(&moved) < found);
        }
    }
}

#[test]
fn programs_meet_the_least_noise() {
    let chebyshev = |count: usize| -> Vec<f64> {
        (0..=count).map(|i| (std::f64::consts::PI * i as f64 / count as f64).cos()).collect()
    };
    for k in 2..=7 {
        let (found, wanted) =
            (least_noise_on(k, &chebyshev(60)).unwrap(), randomised::least_noise(k).unwrap());
        assert!(found.contains(wanted) && found.error < 1e-6 * wanted, "k = {k}: {found:?} for {wanted}");
    }
    for entry in json("bailee.json")["multiplier"].as_array().unwrap() {
        let (k, points) = (entry["k"].as_u64().unwrap() as usize, entry["points"].as_u64().unwrap());
        let nodes: Vec<f64> = (0..points).map(|i| 2.0 * i as f64 / (points - 1) as f64 - 1.0).collect();
        let (found, wanted) =
            (least_noise_on(k, &nodes).unwrap().sqrt(), entry["grid_value"].as_f64().unwrap());
        assert!((found.value / wanted - 1.0).abs() < OPTIMISED, "k = {k}: {found:?} for {wanted}");
    }
    for (k, radius) in [(2, 3.0), (3, 2.0), (4, 2.0), (6, 4.0)] {
        let nodes: Vec<f64> = (0..=64).map(|i| radius * (i as f64 / 32.0 - 1.0)).collect();
        let (found, least) = (least_square_on(k, &nodes).unwrap(), f64::powi(radius, 2 - k as i32));
        let agrees = found.contains(least) || k % 2 == 1 && found.lower() > least;
        assert!(agrees && found.error < 1e-7 * least, "k = {k}: {found:?} for {least}");
    }
}

#[test]
fn refusals_say_why() {
    let x = starts(3);
    let refused = |message: escapement::Error, part: &str| {
        assert!(message.to_string().contains(part), "{message}");
    };
    let ones = vec![1.0; 16];
    refused(SignedTensor::new(1, x.as_ref(), &ones).unwrap_err(), "at least 2");
    refused(SignedTensor::new(3, x.as_ref(), &ones[1..]).unwrap_err(), "[15, 1]");
    let tensor = SignedTensor::new(3, x.as_ref(), &ones).unwrap();
    refused(tensor.search(1.0, Mat::zeros(2, 3).as_ref(), 5).unwrap_err(), "start 0");
    refused(tensor.form(&[1.0]).unwrap_err(), "d = 3");
    let wide = uniform_sphere(&mut seed::stream(4, "suprema", "wide"), 2, 60, 1.0);
    refused(
        SignedTensor::new(5, wide.as_ref(), &[1.0, 1.0]).unwrap().flattening().unwrap_err(),
        "at most 16777216",
    );
    refused(least_noise_on(4, &[1.0, 0.5]).unwrap_err(), "at least 4");
    refused(least_noise_on(2, &[1.0, 2.0]).unwrap_err(), "between −1 and 1");
    refused(least_noise_on(3, &[1.0, 1.0, -1.0]).unwrap_err(), "");
    let net = PairedNetwork::random(
        &mut seed::stream(5, "suprema", "network"),
        2,
        3,
        activation::parse("tanh:0.5").unwrap(),
    );
    let forms = QuadraticForms::new(net.unwrap(), x).unwrap();
    refused(forms.extremes(2, &ones).unwrap_err(), "p = 2");
    refused(forms.suprema(&ones[1..]).unwrap_err(), "n = 16");
    refused(forms.maximiser(&[0.0; 16], 1).unwrap_err(), "vanish");
}

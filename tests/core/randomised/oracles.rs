//! Reference values that were made by differentiation and by enumeration of all outcomes, without a formula
//! of the project.

use crate::data::{json, matrix, vector};
use crate::network::miss;
use escapement::construct::norm_2_4_pow4;
use escapement::network::PairedNetwork;
use escapement::objective::Loss;
use escapement::randomised::{self, Design, RandomisedSquare, Roots, over_signs};
use escapement::{activation, tolerance};
use faer::{Mat, Par};
use serde_json::Value;

/// Agreement that the reference values promise, relative to the largest entry.
const AGREEMENT: f64 = 1e-12;

fn entries(name: &str) -> Vec<Value> {
    json("bailee.json")[name].as_array().unwrap().clone()
}

/// The network of an entry on the given distinct neurons. Its file writes sin(z + b) as `sin:b`, and
/// tanh(z + b) as `tanh:b`.
fn network(entry: &Value, p: usize) -> PairedNetwork {
    let text = entry["activation"].as_str().unwrap();
    let (name, b) = text.split_once(':').unwrap();
    let sigma =
        activation::parse(&format!("{}:{}", name.replace("sin", "sine"), -b.parse::<f64>().unwrap()));
    let w0 = matrix(&entry["W0"]);
    PairedNetwork::new(w0.as_ref().subrows(0, p), sigma.unwrap(), tolerance::UNIT_NORM_F64).unwrap()
}

fn close(found: &[f64], wanted: &Value, what: &str) {
    let miss = miss(found, &vector(wanted));
    assert!(miss <= AGREEMENT, "{what}: {miss:e}");
}

fn one(found: f64, wanted: &Value, what: &str) {
    let wanted = wanted.as_f64().unwrap();
    assert!((found - wanted).abs() <= AGREEMENT * wanted.abs(), "{what}: {found} for {wanted}");
}

fn average(list: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = list.len() as f64;
    list.sum::<f64>() / n
}

#[test]
fn signs_of_paired_networks() {
    for entry in entries("network") {
        let net = network(&entry, entry["m"].as_u64().unwrap() as usize / 2);
        let [x, w] = ["X", "W"].map(|name| matrix(&entry[name]));
        let (x, w, y) = (x.as_ref(), w.as_ref(), vector(&entry["y"]));
        for order in 1..=4 {
            let term = randomised::term(&net, order, x, w, Par::Seq).unwrap();
            close(&term, &entry["terms"][order], &format!("order {order}"));
            if order % 2 == 0 {
                close(&term, &entry["mean_terms"][order - 1], &format!("mean of order {order}"));
            }
        }
        assert!(randomised::term(&net, 0, x, w, Par::Seq).unwrap().iter().all(|f| *f == 0.0));
        let law = over_signs(&net, x, w, Par::Seq).unwrap();
        close(law.mean(), &entry["mean"], "mean");
        close(law.quadratic(), &entry["terms"][2], "f_Q");
        close(law.variance(), &entry["variance"], "variance");
        close(law.linear_variance(), &entry["variance_linear"], "variance of f_L");
        let gaps = law.losses(Loss::Absolute, law.quadratic(), Par::Seq).unwrap();
        close(&gaps.iter().map(|gap| gap.value).collect::<Vec<f64>>(), &entry["mean_abs_gap"], "gap");
        for (name, loss, factor) in [
            ("square", Loss::Square, 0.5),
            ("huber", Loss::PseudoHuber, 1.0),
            ("absolute", Loss::Absolute, 1.0),
        ] {
            let means = law.losses(loss, &y, Par::Seq).unwrap();
            one(factor * average(means.iter().map(|l| l.value)), &entry["mean_loss"][name], name);
            assert!(means.iter().all(|l| l.error <= AGREEMENT), "{name}: {means:?}");
            one(factor * loss.mean(&y, law.quadratic()).unwrap(), &entry["quadratic_loss"][name], name);
        }
    }
}

/// A network without twins as one with twins that do not move: W with each row in the half that has the sign
/// of its neuron. The second network has √2 times the width, and no f^{(0)}.
fn unpaired(entry: &Value) -> (PairedNetwork, Mat<f64>) {
    let (a, w) = (vector(&entry["a"]), matrix(&entry["W"]));
    let (p, d) = (w.nrows(), w.ncols());
    let moved = |r: usize| (r < p) == (a[r % p] > 0.0);
    (network(entry, p), Mat::from_fn(2 * p, d, |r, i| if moved(r) { w[(r % p, i)] } else { 0.0 }))
}

#[test]
fn roots_and_designs() {
    let scaled = |f: &[f64], factor: f64| f.iter().map(|f| factor * f).collect::<Vec<f64>>();
    for (kind, entry) in
        ["roots", "design"].iter().flat_map(|kind| entries(kind).into_iter().map(move |e| (kind, e)))
    {
        let (net, w) = unpaired(&entry);
        let (x, w, k) = (matrix(&entry["X"]), w.as_ref(), entry["k"].as_u64().unwrap() as usize);
        let (x, root) = (x.as_ref(), 2.0_f64.sqrt());
        let term = |order: usize| scaled(&randomised::term(&net, order, x, w, Par::Seq).unwrap(), root);
        close(&term(k), &entry["term_k"], "term k");
        if *kind == "design" {
            let design = Design::new(k, &vector(&entry["nodes"]), &vector(&entry["weights"])).unwrap();
            let law = design.law(&net, x, w, Par::Seq).unwrap();
            close(&scaled(&law.mean, root), &entry["mean"], "mean of the design");
            close(&scaled(&law.variance, 2.0), &entry["variance"], "variance of the design");
            continue;
        }
        let law = Roots::new(k).unwrap().law(&net, x, w, Par::Seq).unwrap();
        let origin = vector(&entry["term_0"]);
        let mean: Vec<f64> = scaled(&law.mean, root).iter().zip(&origin).map(|(f, f0)| f + f0).collect();
        close(&mean, &entry["mean_real"], "mean over the roots");
        close(&scaled(&law.variance, 2.0), &entry["variance"], "variance over the roots");
        close(&term(2 * k), &entry["term_2k"], "term 2k");
        // Roots of the next lower order have another mean.
        let other = Roots::new(k - 1).unwrap().law(&net, x, w, Par::Seq).unwrap();
        assert!(miss(&other.mean, &law.mean) > 0.1);
    }
}

#[test]
fn the_least_noise_of_a_linear_program() {
    for entry in entries("multiplier") {
        let k = entry["k"].as_u64().unwrap() as usize;
        let design = if k.is_multiple_of(2) { Design::optimal(k) } else { Design::near_optimal(k, 1e-3) };
        let (found, wanted) = (design.unwrap().noise().sqrt(), entry["grid_value"].as_f64().unwrap());
        assert!((found / wanted - 1.0).abs() < 1e-5, "k = {k}: {found} for {wanted}");
    }
}

#[test]
fn landscapes() {
    for entry in entries("landscape") {
        let net = network(&entry, matrix(&entry["W0"]).nrows() / 2);
        let [x, w, star] = ["X", "W", "Wstar"].map(|name| matrix(&entry[name]));
        let (x, w, star, y) = (x.as_ref(), w.as_ref(), star.as_ref(), vector(&entry["y"]));
        let lambda = entry["lam"].as_f64().unwrap();
        let norm = |w| lambda * norm_2_4_pow4(w).powi(2);
        let curvature = lambda * randomised::mean_curvature_of_norm(w, star).unwrap();

        let (part, net) = (&entry["randomised_square"], &net);
        let square = RandomisedSquare::new(net, x, &y).unwrap();
        one(square.value(w, Par::Seq).unwrap() + norm(w), &part["value"], "value");
        one(square.value(star, Par::Seq).unwrap() + norm(star), &part["value_star"], "value at W*");
        let gradient = square.gradient(w, Par::Seq).unwrap();
        let radial: f64 = (0..w.nrows()).map(|r| gradient.row(r) * w.row(r).transpose()).sum();
        one(radial + 8.0 * norm(w), &part["radial"], "radial");
        let found = square.mean_curvature(w, star, Par::Seq).unwrap();
        one(found + curvature, &part["mean_curvature"], "mean curvature");

        let f = net.f_quadratic(x, w, Par::Seq).unwrap();
        for (name, loss, factor) in
            [("quadratic_square", Loss::Square, 0.5), ("quadratic_huber", Loss::PseudoHuber, 1.0)]
        {
            let part = &entry[name];
            one(factor * loss.mean(&y, &f).unwrap() + norm(w), &part["value"], name);
            let radial = average((0..y.len()).map(|i| 2.0 * loss.d1(y[i], f[i]) * f[i]));
            one(factor * radial + 8.0 * norm(w), &part["radial"], name);
            let found =
                randomised::mean_curvature_of_quadratic(net, loss, [x, w, star], &y, Par::Seq).unwrap();
            one(factor * found + curvature, &part["mean_curvature"], name);
        }
    }
    for entry in entries("regulariser") {
        let [w, v] = ["W", "V"].map(|name| matrix(&entry[name]));
        let found = randomised::mean_curvature_of_norm(w.as_ref(), v.as_ref()).unwrap();
        one(found, &entry["norm24_8"]["mean_curvature"], "curvature of the norm");
        one(norm_2_4_pow4(w.as_ref()).powi(2), &entry["norm24_8"]["value"], "norm");
    }
    // One neuron attains the factor 56.
    let w = Mat::from_fn(1, 3, |_, i| 0.1 + i as f64);
    let largest = 56.0 * norm_2_4_pow4(w.as_ref()).powi(2);
    assert!(
        (randomised::mean_curvature_of_norm(w.as_ref(), w.as_ref()).unwrap() / largest - 1.0).abs() < 1e-14
    );
}

//! The square landscapes against the laws over signs, against differences, and their search for points of
//! second order.

use crate::network::displacement;
use escapement::activation;
use escapement::construct::norm_2_4_pow4;
use escapement::descent::{DescentOptions, Landscape, LeastOptions, Outcome, SquareLandscape, search};
use escapement::network::{Model, PairedNetwork};
use escapement::randomised::RandomisedSquare;
use escapement::tolerance::CENTRAL_DIFFERENCE;
use escapement::{rounding, seed, sphere};
use faer::{Mat, MatRef, Par};

const MODELS: [Model; 2] = [Model::Network, Model::QuadraticTerm];

fn case(p: usize, d: usize, n: usize, sigma: &str) -> (PairedNetwork, Mat<f64>, Vec<f64>) {
    let rng = &mut seed::stream(3, "landscape", "weights");
    let net = PairedNetwork::random(rng, p, d, activation::parse(sigma).unwrap()).unwrap();
    let x = sphere::uniform_sphere(rng, n, d, (d as f64).sqrt());
    let y = (0..n).map(|i| x[(i, 0)].powi(2) - x[(i, 1)].powi(2)).collect();
    (net, x, y)
}

fn at(landscape: &mut SquareLandscape<'_>, w: MatRef<'_, f64>) -> (f64, Mat<f64>) {
    let mut gradient = Mat::zeros(w.nrows(), w.ncols());
    let value = landscape.value_and_gradient(w, gradient.as_mut(), Par::Seq).unwrap();
    (value.objective, gradient)
}

#[test]
fn values_and_gradients_are_those_of_the_laws() {
    let lambda = 1e-3;
    for sigma in ["tanh:0.5", "sine:-1.2", "monomial:3"] {
        let (net, x, y) = case(150, 4, 30, sigma);
        let w = displacement(&net, 0.2, "landscape");
        let (w, norm) = (w.as_ref(), norm_2_4_pow4(w.as_ref()));
        let law = RandomisedSquare::new(&net, x.as_ref(), &y).unwrap();
        let mut network = SquareLandscape::new(&net, Model::Network, x.as_ref(), &y, lambda).unwrap();
        let (value, gradient) = at(&mut network, w);
        let wanted = law.value(w, Par::Seq).unwrap() + lambda * norm * norm;
        assert!((value / wanted - 1.0).abs() < 1e-13, "{sigma}: {value} for {wanted}");
        let plain = law.gradient(w, Par::Seq).unwrap();
        for r in 0..net.m() {
            let force = 8.0 * lambda * norm * w.row(r).squared_norm_l2();
            for c in 0..4 {
                let wanted = plain[(r, c)] + force * w[(r, c)];
                assert!((gradient[(r, c)] - wanted).abs() < 1e-13 * gradient.norm_max(), "{sigma}");
            }
        }
        let mut of_fq = SquareLandscape::new(&net, Model::QuadraticTerm, x.as_ref(), &y, lambda).unwrap();
        let f = net.f_quadratic(x.as_ref(), w, Par::Seq).unwrap();
        let wanted = f.iter().zip(&y).map(|(f, y)| 0.5 * (f - y).powi(2)).sum::<f64>() / 30.0;
        let value = at(&mut of_fq, w).0;
        assert!((value / (wanted + lambda * norm * norm) - 1.0).abs() < 1e-13, "{sigma}");
    }
}

#[test]
fn gradients_and_products_are_differences() {
    let step = f64::EPSILON.cbrt();
    for (model, sigma) in MODELS.into_iter().flat_map(|m| ["tanh:0.5", "sine:-1.2"].map(|s| (m, s))) {
        let (net, x, y) = case(8, 3, 11, sigma);
        let w = displacement(&net, 0.4, "differences");
        let v = sphere::uniform_sphere(&mut seed::stream(3, "differences", "v"), 16, 3, 0.25);
        let mut landscape = SquareLandscape::new(&net, model, x.as_ref(), &y, 1e-3).unwrap();
        let moved = |t: f64| Mat::from_fn(16, 3, |r, c| w[(r, c)] + t * v[(r, c)]);
        let [(above, up), (below, down)] = [step, -step].map(|t| at(&mut landscape, moved(t).as_ref()));
        let (value, gradient) = at(&mut landscape, w.as_ref());
        let slope: f64 = (0..16).map(|r| gradient.row(r) * v.row(r).transpose()).sum();
        assert!(((above - below) / (2.0 * step) - slope).abs() < CENTRAL_DIFFERENCE * value, "{model:?}");
        let flat = |a: &Mat<f64>| Mat::from_fn(48, 1, |i, _| a[(i % 16, i / 16)]);
        let hessian = landscape.hessian(w.as_ref(), Par::Seq).unwrap();
        let directions = Mat::from_fn(48, 2, |i, b| if b == 0 { v[(i % 16, i / 16)] } else { 1.0 });
        let mut product = Mat::zeros(48, 2);
        hessian.apply(directions.as_ref(), product.as_mut(), Par::Seq).unwrap();
        let difference = (flat(&up) - flat(&down)) * faer::Scale(0.5 / step);
        let miss = (&difference - product.subcols(0, 1)).norm_max();
        assert!(miss < CENTRAL_DIFFERENCE * difference.norm_max().max(gradient.norm_max()), "{miss:e}");
        // Another direction has another product, and the operator is symmetric.
        assert!((&difference - product.subcols(1, 1)).norm_max() > 0.1 * difference.norm_max());
        let [one, other] = [(0, 1), (1, 0)]
            .map(|(i, j)| (directions.col(i).transpose() * product.col(j)) / product.col(j).norm_l2());
        let scale = product.col(0).norm_l2() / product.col(1).norm_l2();
        assert!((one - other * scale).abs() <= rounding::sum(48, 16) * (1.0 + scale), "{one} {other}");
    }
}

#[test]
fn a_search_leaves_the_saddle_at_the_origin_and_ends_certified() {
    let options = DescentOptions { gradient: 1e-6, curvature: Some(1e-5), ..DescentOptions::default() };
    for (model, dense) in MODELS.into_iter().flat_map(|m| [600, 64].map(|dense| (m, dense))) {
        let (net, x, y) = case(16, 4, 12, "tanh:0.5");
        let mut landscape = SquareLandscape::new(&net, model, x.as_ref(), &y, 1e-5).unwrap();
        let options = DescentOptions { least: LeastOptions { dense, ..options.least }, ..options };
        let end = search(&mut landscape, Mat::zeros(32, 4), &options, Par::Seq).unwrap();
        assert_eq!(end.outcome, Outcome::SecondOrder, "{model:?}");
        // The penalty that the signs add leaves the network less to gain at this width than f_Q.
        let share = if model == Model::Network { 1.0 } else { 0.5 };
        assert!(end.value.objective < share * end.state.start.unwrap(), "{model:?}");
        assert!(end.state.step > 0 && end.state.w.norm_l2() > 0.1, "{model:?}");
        let least = &end.look.unwrap().1;
        assert!(least.lower_bound >= -1e-5 && end.gradient_norm <= 1e-6);
        // Without a condition on the Hessian, the origin is where it ends.
        let first = DescentOptions { curvature: None, ..options };
        let end = search(&mut landscape, Mat::zeros(32, 4), &first, Par::Seq).unwrap();
        assert_eq!((end.outcome, end.state.step), (Outcome::FirstOrder, 0));
    }
}

#[test]
fn bad_input_is_refused() {
    let (net, x, y) = case(2, 3, 4, "tanh:0.5");
    let make = |model, lambda| SquareLandscape::new(&net, model, x.as_ref(), &y, lambda).err().unwrap();
    assert!(make(Model::Quadratic, 0.0).to_string().contains("Quadratic"));
    assert!(make(Model::Network, -1.0).to_string().contains("-1"));
    let mut landscape = SquareLandscape::new(&net, Model::Network, x.as_ref(), &y, 0.0).unwrap();
    let refused = search(&mut landscape, Mat::zeros(3, 3), &DescentOptions::default(), Par::Seq);
    assert!(refused.err().unwrap().to_string().contains("[3, 3]"));
}

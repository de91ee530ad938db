//! R3 by both of its routes.

use super::*;
use crate::covariance::Covariance;
use crate::eigen::{DEFAULT_MEMORY, TopSpace};
use crate::network::PairedNetwork;
use crate::{activation, seed, sphere};

/// R3 and its derivatives from the features of the top eigenvectors and from the rows of ũ. Every number
/// is a sum of at most some hundred products, whose roundings are of the size of the largest number.
#[test]
fn r3_by_both_routes() {
    const SOME_HUNDRED_ROUNDINGS: f64 = 512.0 * f64::EPSILON;
    let (n, d, p, par) = (30, 4, 20, Par::Seq);
    let rng = &mut seed::stream(7, "regularized", "both routes");
    let net = PairedNetwork::random(rng, p, d, activation::parse("tanh:0.5").unwrap()).unwrap();
    let x = sphere::uniform_sphere(rng, n, d, 2.0);
    let y: Vec<f64> = (0..n).map(|i| x[(i, 0)] * x[(i, 1)]).collect();
    let cov = Covariance::new(net.weights(), net.activation(), sphere::Truncation::default()).unwrap();
    let (top, _) = TopSpace::of(&cov, d + 1, par).unwrap();
    let of = Regularizers { cov: &cov, top: &top, net: &net, x: x.as_ref() };
    let [w, v] = [0, 1].map(|_| sphere::uniform_sphere(rng, 2 * p, d, 1.0));
    for model in [Model::Quadratic, Model::Network, Model::Linear, Model::QuadraticTerm] {
        let lambda = [0.0, 0.2, 0.5, 0.01];
        let [inside, rows] = [false, true].map(|by_rows| {
            let mut objective =
                RegularizedLoss::new(of, &y, Loss::PseudoHuber, lambda, model, DEFAULT_MEMORY, par).unwrap();
            objective.by_rows = by_rows;
            let (mut gradient, mut product) = (Mat::zeros(2 * p, d), Mat::zeros(2 * p, d));
            let mut space = objective.workspace();
            let value =
                objective.value_and_gradient(w.as_ref(), gradient.as_mut(), &mut space, par).unwrap();
            let hessian = objective.hessian(w.as_ref(), par).unwrap();
            hessian.multiply(v.as_ref(), product.as_mut(), par).unwrap();
            assert_eq!(hessian.value().regularizers, value.regularizers);
            (value.regularizers[2], gradient, product)
        });
        assert!(rows.0 > 0.0 && (inside.0 - rows.0).abs() <= SOME_HUNDRED_ROUNDINGS * rows.0);
        for (inside, rows) in [(&inside.1, &rows.1), (&inside.2, &rows.2)] {
            assert!((inside - rows).norm_max() <= SOME_HUNDRED_ROUNDINGS * rows.norm_max());
        }
    }
}

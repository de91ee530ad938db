//! Σ against `tests/data/sigma.json`: blocks by polar quadrature in the plane of two weights, eigenvalues by
//! an EVD of the md × md matrix.

use crate::data::{self, matrix};
use escapement::activation;
use escapement::covariance::Covariance;
use escapement::eigen::{self, Request, Route, RouteChoice};
use escapement::sphere::Truncation;
use faer::{Mat, Par};

struct Case {
    cov: Covariance,
    entry: serde_json::Value,
}

fn cases() -> Vec<Case> {
    let oracle = data::json("sigma.json");
    oracle
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let name = data::activation(entry);
            let all = matrix(&entry["W0"]);
            let weights = all.subrows(0, all.nrows() / 2);
            // Two weights of the oracle come as rounded sums: unit to rounding.
            let cov = Covariance::new(
                weights,
                activation::parse(&name).unwrap().as_ref(),
                Truncation::Tail(1e-12),
            )
            .unwrap();
            Case { cov, entry: entry.clone() }
        })
        .collect()
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |m, v| m.max(v.abs()))
}

#[test]
fn blocks_and_trace() {
    for Case { cov, entry } in cases() {
        for (key, s) in [("block_0_0", 0), ("block_0_1", 1)] {
            let (expected, found) = (matrix(&entry[key]), cov.block(0, s));
            let error = (&found - &expected).norm_max();
            assert!(
                error <= data::ORACLE * expected.norm_max(),
                "{key} at d = {}: off by {error:e}",
                cov.d()
            );
        }
        let trace = entry["trace"].as_f64().unwrap();
        assert!((cov.trace() - trace).abs() <= data::ORACLE * trace);
    }
}

#[test]
fn dense_and_operator_give_the_oracle_spectrum() {
    for Case { cov, entry } in cases() {
        let expected = data::vector(&entry["eigenvalues"]);
        let order = cov.order();
        for (route, request) in
            [(Route::Dense, Request::all()), (Route::Operator, Request::top(order.min(6)))]
        {
            let pairs =
                eigen::solve(&cov, &request, RouteChoice::Only(route), eigen::DEFAULT_MEMORY, Par::Seq)
                    .unwrap();
            for (i, (found, expected)) in pairs.eigenvalues.iter().zip(&expected).enumerate() {
                let error = (found - expected).abs();
                assert!(
                    error <= data::ORACLE * expected.max(cov.trace()),
                    "{route} eigenvalue {i}: {found:e} for {expected:e}"
                );
            }
            assert_eq!(pairs.null_dimension, order);
        }
        assert!(
            largest(&expected[order..]) <= data::ORACLE * expected[0],
            "the pairing makes pd eigenvalues zero"
        );
    }
}

/// Cut at degree J, no eigenvalue exceeds the true one, and none falls short of it by more than the
/// certificate.
#[test]
fn harmonic_route_is_within_its_certificate() {
    for entry in data::json("sigma.json").as_array().unwrap() {
        let all = matrix(&entry["W0"]);
        let sigma = activation::parse(&data::activation(entry)).unwrap();
        for degree in [3, 6, 9] {
            let weights = all.subrows(0, all.nrows() / 2);
            let cov = Covariance::new(weights, sigma.as_ref(), Truncation::Degree(degree)).unwrap();
            let route = RouteChoice::Only(Route::Harmonic);
            let pairs = eigen::solve(&cov, &Request::all(), route, eigen::DEFAULT_MEMORY, Par::Seq).unwrap();
            let rounding = data::ORACLE * cov.trace();
            for (found, expected) in pairs.eigenvalues.iter().zip(data::vector(&entry["eigenvalues"])) {
                let short = expected - found;
                assert!(
                    short >= -rounding && short <= pairs.truncation_bound + rounding,
                    "J = {degree}: {found:e} for {expected:e}"
                );
            }
        }
    }
}

/// Same block by the operator, column by column, as by assembly.
#[test]
fn operator_is_the_assembled_matrix() {
    for Case { cov, .. } in cases() {
        let a = cov.assemble();
        let n = cov.order();
        for memory in [0, 1 << 30] {
            let mut product = Mat::zeros(n, n);
            cov.operator(memory).multiply(Mat::<f64>::identity(n, n).as_ref(), product.as_mut(), Par::Seq);
            assert!((&product - &a).norm_max() <= 1e-14 * a.norm_max() * n as f64);
        }
    }
}

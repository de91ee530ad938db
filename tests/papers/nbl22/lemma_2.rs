//! The certificate of the projection behind Lemma 2, against what it bounds: degrees left out, and
//! eigenvectors that are off.

use escapement::ball::Ball;
use escapement::covariance::Covariance;
use escapement::eigen::subspace::Projection;
use escapement::eigen::{self, EigenPairs, Request, RouteChoice};
use escapement::sphere::{self, Truncation};
use escapement::{activation, seed};
use faer::{Mat, Par};

/// (d, k, p, activation).
const CASES: [(usize, usize, usize, &str); 5] = [
    (3, 1, 40, "sigmoid:1"),
    (3, 1, 400, "tanh:0.5"),
    (3, 2, 200, "sigmoid:1"),
    (4, 1, 60, "tanh:0.5"),
    (6, 1, 40, "sigmoid:1"),
];

fn covariance(d: usize, p: usize, name: &str, degree: usize) -> Covariance {
    let w = sphere::uniform_sphere(&mut seed::stream(17, "certificate", name), p, d, 1.0);
    Covariance::new(w.as_ref(), activation::parse(name).unwrap().as_ref(), Truncation::Degree(degree))
        .unwrap()
}

fn pairs(cov: &Covariance, n: usize) -> EigenPairs {
    eigen::solve(cov, &Request::top(n), RouteChoice::Auto, eigen::DEFAULT_MEMORY, Par::Seq).unwrap()
}

/// Whether `rough` is within its certificate of `fine`; the ratio of the two is printed.
fn covered(what: &str, rough: Ball, fine: Ball) {
    let actual = (rough.value - fine.value).abs();
    assert!(actual <= rough.error + fine.error, "{what}: off by {actual:e}, certified {:e}", rough.error);
    println!(
        "{what}: off by {actual:.1e} of {:.1e}, bound/actual = {:.1}",
        fine.value,
        rough.error / actual
    );
}

#[test]
fn truncation_is_within_its_certificate() {
    let mut useful = 0;
    for (d, k, p, name) in CASES {
        let fine = covariance(d, p, name, if d == 3 { 21 } else { 13 });
        let n = sphere::cumulative_dimension(d, k).unwrap();
        let exact = Projection::from_pairs(&fine, &pairs(&fine, n + 1), k).unwrap();
        for degree in [3, 4, 5, 7, 9] {
            let rough = covariance(d, p, name, degree);
            let by_pairs = Projection::from_pairs(&rough, &pairs(&rough, n + 1), k);
            // Too coarse for the gap: refused by both routes.
            let Ok(by_pairs) = by_pairs else {
                assert!(Projection::harmonic(&rough, k).is_err());
                continue;
            };
            let by_gram = Projection::harmonic(&rough, k).unwrap();
            for (route, found) in [("pairs", by_pairs), ("Gram", by_gram)] {
                let what =
                    |of: &str| format!("{of}, {route}, d = {d}, k = {k}, p = {p}, {name}, J = {degree}");
                covered(&what("error"), found.error, exact.error);
                covered(&what("norm"), found.norm, exact.norm);
                covered(&what("1/λ"), found.inverse_last, exact.inverse_last);
                useful += usize::from(
                    found.error.error < 0.1 * found.error.value && found.norm.error < 0.1 * found.norm.value,
                );
            }
        }
    }
    assert!(useful >= 10, "the certificate says something in {useful} cases only");
}

/// The same pairs with the vectors turned by about `size`, Rayleigh quotients for eigenvalues and the
/// residual that belongs to them.
fn turned(cov: &Covariance, exact: &EigenPairs, size: f64) -> EigenPairs {
    let q = exact.vectors.as_ref().unwrap();
    let noise =
        sphere::uniform_sphere(&mut seed::stream(18, "certificate", "noise"), q.ncols(), q.nrows(), size);
    let vectors = (q + noise.transpose()).qr().compute_thin_Q();
    let mut image = Mat::zeros(q.nrows(), q.ncols());
    cov.operator(0).multiply(vectors.as_ref(), image.as_mut(), Par::Seq);
    image *= faer::Scale(cov.scale());
    let mut out = exact.clone();
    out.residual_max = 0.0;
    for i in 0..q.ncols() {
        out.eigenvalues[i] = vectors.col(i).transpose() * image.col(i);
        let residual = (image.col(i) - faer::Scale(out.eigenvalues[i]) * vectors.col(i)).norm_l2();
        out.residual_max = out.residual_max.max(residual);
    }
    out.vectors = Some(vectors);
    out
}

#[test]
fn inexact_eigenvectors_are_within_their_certificate() {
    for (d, k, p, name) in CASES {
        let cov = covariance(d, p, name, if d == 3 { 21 } else { 13 });
        let n = sphere::cumulative_dimension(d, k).unwrap();
        let pairs = pairs(&cov, n + 1);
        let exact = Projection::from_pairs(&cov, &pairs, k).unwrap();
        for size in [1e-2, 1e-3, 1e-5] {
            let Ok(found) = Projection::from_pairs(&cov, &turned(&cov, &pairs, size), k) else { continue };
            let what = |of: &str| format!("{of}, d = {d}, k = {k}, p = {p}, {name}, turned by {size}");
            covered(&what("error"), found.error, exact.error);
            covered(&what("norm"), found.norm, exact.norm);
        }
        assert!(Projection::from_pairs(&cov, &turned(&cov, &pairs, 1e-5), k).is_ok());
    }
}

//! What R3 leaves alone in a step of training: singular vectors of Φ against Φ itself, eigenvectors of Σ
//! against the objective L_λ.

use crate::construct::displacements::covariance;
use crate::network::{displacement, miss};
use escapement::activation as sigma;
use escapement::eigen::DEFAULT_MEMORY;
use escapement::network::PairedNetwork;
use escapement::objective::{Loss, RegularizedLoss, Regularizers};
use escapement::training::{Fresh, Model, Problem, Real, TopProjector, descend, sample_basis};
use escapement::{seed, sphere};
use faer::{Mat, Par};
use std::sync::Arc;

const LAMBDA: f64 = 0.7;

/// A network, inputs, labels and a displacement that f32 represents exactly.
fn case(n: usize, p: usize, d: usize) -> (PairedNetwork, Mat<f64>, Vec<f64>, Mat<f64>) {
    let rng = &mut seed::stream(22, "training", "weights");
    let net = PairedNetwork::random(rng, p, d, sigma::parse("tanh:0.5").unwrap()).unwrap();
    let x = sphere::uniform_sphere(rng, n, d, (d as f64).sqrt());
    let y = (0..n).map(|i| x[(i, 0)] - x[(i, 1)] * x[(i, 2)]).collect();
    let moved = displacement(&net, 0.3, "training");
    let w = Mat::from_fn(net.m(), d, |r, c| f64::from(moved[(r, c)] as f32));
    (net, x, y, w)
}

#[test]
fn singular_vectors_are_those_of_the_features() {
    let (n, p, d, rank) = (12, 10, 4, 5);
    let (net, x, ..) = case(n, p, d);
    let phi = features(&net, &x);
    let svd = phi.thin_svd().unwrap();
    let found = sample_basis(&net, x.as_ref(), rank, Par::rayon(2)).unwrap();
    let largest = found.eigenvalues[0];
    for i in 0..n {
        let want = svd.S().column_vector()[i].powi(2) / n as f64;
        assert!(
            (found.eigenvalues[i] - want).abs() <= 1e-13 * largest,
            "{i}: {} for {want}",
            found.eigenvalues[i]
        );
    }
    let projector = |u: faer::MatRef<'_, f64>| u * u.transpose();
    let gap = found.eigenvalues[rank - 1] - found.eigenvalues[rank];
    let angle = (projector(svd.U().subcols(0, rank)) - projector(found.basis.as_ref())).norm_l2();
    assert!(angle <= 1e-13 * largest / gap, "{angle:e}");
    let same = sample_basis(&net, x.as_ref(), rank, Par::Seq).unwrap();
    assert!(same.basis == found.basis, "the same bits at any thread count");
    assert!(sample_basis(&net, x.as_ref(), n + 1, Par::Seq).unwrap_err().to_string().contains("n = 12"));
    // Inputs that repeat leave no gap: three of the eigenvalues are zero.
    let twice = Mat::from_fn(6, d, |i, c| x[(i % 3, c)]);
    assert!(
        sample_basis(&net, twice.as_ref(), 4, Par::Seq)
            .unwrap_err()
            .to_string()
            .contains("equal to rounding")
    );
}

/// Φ, `[n, md]`.
fn features(net: &PairedNetwork, x: &Mat<f64>) -> Mat<f64> {
    let (p, d) = (net.p(), net.d());
    Mat::from_fn(x.nrows(), 2 * p * d, |i, k| {
        let (r, c) = (k / d, k % d);
        let z: f64 = (0..d).map(|c| x[(i, c)] * net.weights()[(r % p, c)]).sum();
        net.sign(r) / ((2 * p) as f64).sqrt() * net.activation().d1(z) * x[(i, c)]
    })
}

#[test]
fn an_estimate_on_fresh_inputs_is_that_of_the_singular_vectors() {
    // R1 = (1/b)‖Φ'Π vec W‖² and its gradient (2/b) ΠΦ'ᵀΦ'Π vec W, with Π on all but the top right singular
    // vectors of Φ.
    let (n, p, d, b, rank) = (12, 70, 4, 7, 5);
    let (net, x, y, w) = case(n, p, d);
    let fresh_x = sphere::uniform_sphere(&mut seed::stream(23, "training", "fresh"), b, d, 2.0);
    let (phi, fresh_phi) = (features(&net, &x), features(&net, &fresh_x));
    let svd = phi.thin_svd().unwrap();
    let top = svd.V().subcols(0, rank);
    let beyond = |v: Mat<f64>| &v - top * (top.transpose() * &v);
    let flat = Mat::from_fn(2 * p * d, 1, |k, _| w[(k / d, k % d)]);
    let f = &fresh_phi * beyond(flat);
    let want = beyond(fresh_phi.transpose() * &f * (2.0 / b as f64));

    let sample = sample_basis(&net, x.as_ref(), rank, Par::Seq).unwrap();
    fn found<T: Real>(
        problem: &Problem<T>,
        sample: &escapement::training::SampleBasis,
        x: &Mat<f64>,
        w: &Mat<f64>,
        par: Par,
    ) -> (Vec<f64>, Mat<f64>) {
        let wt = Mat::from_fn(w.ncols(), w.nrows(), |c, r| T::nearest(w[(r, c)]));
        let fresh = Fresh::new(problem, sample, x.as_ref(), par).unwrap();
        let (mut space, mut gradients) = (problem.workspace(), [wt.clone(), wt.clone()]);
        problem
            .value_and_gradient(wt.transpose(), gradients[0].as_mut().transpose_mut(), &mut space, par)
            .unwrap();
        let (mut values, mut slopes) = (Vec::new(), Vec::new());
        let mut term = |f_linear: &[f64], out: &mut [f64]| {
            values = fresh.beyond(wt.as_ref(), f_linear, par);
            slopes = values.iter().map(|f| 2.0 / values.len() as f64 * f).collect();
            fresh.carry(&slopes, out, par);
            Ok(())
        };
        let out = gradients[1].as_mut().transpose_mut();
        problem.value_and_gradient_with(wt.transpose(), out, &mut space, &mut term, par).unwrap();
        fresh.add_gradient(&slopes, gradients[1].as_mut(), par);
        let difference =
            |r: usize, c: usize| -> f64 { gradients[1][(c, r)].into() - gradients[0][(c, r)].into() };
        (values, Mat::from_fn(w.nrows(), w.ncols(), difference))
    }
    let plain = Problem::<f64>::new(&net, x.as_ref(), &y, Loss::Square, Model::Quadratic, Par::Seq).unwrap();
    let (loss, model) = (Loss::Square, Model::Quadratic);
    let single = Problem::<f32>::new(&net, x.as_ref(), &y, loss, model, Par::Seq).unwrap();
    let single = single.with_r3(sample.basis.as_ref(), LAMBDA).unwrap();
    let (size, slope) = (f.norm_max(), want.norm_max());
    for ((values, gradient), allowed) in [
        (found(&plain, &sample, &fresh_x, &w, Par::Seq), 1e-12),
        // What R3 adds to the gradient of the other cancels in f32 to its rounding.
        (found(&single, &sample, &fresh_x, &w, Par::Seq), 1e-4),
    ] {
        for j in 0..b {
            assert!((values[j] - f[(j, 0)]).abs() <= allowed * size, "{} for {}", values[j], f[(j, 0)]);
        }
        for k in 0..2 * p * d {
            let (value, want) = (gradient[(k / d, k % d)], want[(k, 0)]);
            assert!((value - want).abs() <= allowed * slope, "{value} for {want}");
        }
    }
    let (one, two) = (
        found(&single, &sample, &fresh_x, &w, Par::Seq),
        found(&single, &sample, &fresh_x, &w, Par::rayon(2)),
    );
    assert!(one == two, "the same bits at any thread count");
    assert!(Fresh::new(&plain, &sample, fresh_x.as_ref().subrows(0, 0), Par::Seq).is_err());
}

/// Objective and gradient at `w` and a step later, where the coordinates in V are known from the first
/// evaluation.
fn steps<T: Real>(problem: &Problem<T>, w: &Mat<f64>, par: Par) -> [(f64, Mat<f64>); 2] {
    let (m, d) = (w.nrows(), w.ncols());
    let mut space = problem.workspace();
    let (mut wt, mut gradient) = (Mat::from_fn(d, m, |c, r| T::nearest(w[(r, c)])), Mat::<T>::zeros(d, m));
    std::array::from_fn(|_| {
        let value = problem
            .value_and_gradient(wt.transpose(), gradient.as_mut().transpose_mut(), &mut space, par)
            .unwrap();
        descend(wt.as_mut(), T::nearest(0.25), gradient.as_ref(), par);
        space.moved(0.25);
        (value.objective, Mat::from_fn(m, d, |r, c| gradient[(c, r)].into()))
    })
}

#[test]
fn r3_of_sigma_is_that_of_the_objective() {
    // Several tiles, and a last one that is not full.
    for (n, p, d) in [(9, 3, 4), (40, 130, 3)] {
        let (net, x, y, w) = case(n, p, d);
        let (cov, top) = covariance(&net, d + 1);
        fn problem<T: Real>(
            net: &PairedNetwork,
            x: &Mat<f64>,
            y: &[f64],
            top: &escapement::eigen::TopSpace,
            lambda: f64,
        ) -> Problem<T> {
            let projector = Arc::new(TopProjector::new(net, x.as_ref(), top, Par::Seq).unwrap());
            let plain = Problem::new(net, x.as_ref(), y, Loss::Square, Model::Quadratic, Par::Seq).unwrap();
            plain.with_top(projector, lambda).unwrap()
        }
        let found = steps(&problem::<f64>(&net, &x, &y, &top, LAMBDA), &w, Par::Seq);
        let rounded = steps(&problem::<f32>(&net, &x, &y, &top, LAMBDA), &w, Par::Seq);
        let lambda = [0.0, 0.0, LAMBDA, 0.0];
        let of = Regularizers { cov: &cov, top: &top, net: &net, x: x.as_ref() };
        let want =
            RegularizedLoss::new(of, &y, Loss::Square, lambda, Model::Quadratic, DEFAULT_MEMORY, Par::Seq)
                .unwrap();
        let (mut space, mut gradient, mut at) = (want.workspace(), Mat::zeros(2 * p, d), w.clone());
        for ((value, slope), (rough, rough_slope)) in found.iter().zip(&rounded) {
            let out = gradient.as_mut();
            let want = want.value_and_gradient(at.as_ref(), out, &mut space, Par::Seq).unwrap();
            assert!(
                (value - want.objective).abs() <= 1e-12 * want.objective,
                "{value} for {}",
                want.objective
            );
            assert!(
                want.regularizers[2] > 1e-3 && (rough - want.objective).abs() <= 1e-5 * want.objective,
                "{rough}"
            );
            for c in 0..d {
                let (want, slope, rough) =
                    (gradient.col_as_slice(c), slope.col_as_slice(c), rough_slope.col_as_slice(c));
                assert!(
                    miss(slope, want) <= 1e-12 && miss(rough, want) <= 1e-5,
                    "{:e} {:e}",
                    miss(slope, want),
                    miss(rough, want)
                );
            }
            at -= faer::Scale(0.25) * &gradient;
        }
        assert!(
            steps(&problem::<f32>(&net, &x, &y, &top, LAMBDA), &w, Par::rayon(2)) == rounded,
            "the same bits at any thread count"
        );
        // A step in one go: the coordinates in V follow, and nothing else is different.
        let single = problem::<f32>(&net, &x, &y, &top, LAMBDA);
        let (mut space, mut wt) = (single.workspace(), Mat::from_fn(d, 2 * p, |c, r| w[(r, c)] as f32));
        let two = Par::rayon(2);
        for (value, _) in &rounded {
            let known = space.coordinates().to_vec();
            let found = match known.iter().any(|c| *c != 0.0) {
                false => single.value(wt.transpose(), &mut space, Par::Seq).unwrap(),
                true => single.descend(wt.as_mut().transpose_mut(), 0.25, &mut space, two).unwrap(),
            };
            assert_eq!(found.objective, *value);
            assert_ne!(space.coordinates(), known);
        }
        // λ3 = 0 reports R3 and changes nothing.
        let free = problem::<f64>(&net, &x, &y, &top, 0.0);
        let value = free.value(w.as_ref(), &mut free.workspace(), Par::Seq).unwrap();
        assert!(
            (value.objective + LAMBDA * value.r3 - found[0].0).abs() <= 1e-12 * found[0].0
                && value.objective == value.loss
        );
        let (other, x_other) = (case(n, p + 1, d).0, x.subrows(0, n - 1));
        assert!(TopProjector::<f64>::new(&other, x.as_ref(), &top, Par::Seq).is_err());
        let short = Arc::new(TopProjector::<f64>::new(&net, x_other, &top, Par::Seq).unwrap());
        let plain = Problem::new(&net, x.as_ref(), &y, Loss::Square, Model::Quadratic, Par::Seq).unwrap();
        assert!(plain.with_top(short, LAMBDA).unwrap_err().to_string().contains("the projector of R3"));
    }
}

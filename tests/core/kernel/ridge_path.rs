//! Kernel ridge regression for all decays, against a direct solve and against explicit features.

use escapement::kernel::arc_cosine::{
    first_layer_tangent, first_layer_tangent_matrix, random_features, random_features_matrix, tangent,
    tangent_matrix,
};
use escapement::kernel::ridge_path::RidgePath;
use escapement::training::one_step::{Heads, standard_normal};
use escapement::{Error, activation, seed};
use faer::linalg::solvers::Solve;
use faer::{Mat, Par, Side};

fn inputs(n: usize, d: usize, purpose: &str) -> Mat<f64> {
    let numbers = standard_normal(&mut seed::stream(4, "ridge path", purpose), n * d);
    Mat::from_fn(n, d, |i, c| numbers[i * d + c])
}

#[test]
fn matrices_have_the_kernels_of_their_rows() {
    let mut x = inputs(70, 3, "rows");
    let mut other = inputs(131, 3, "columns");
    for c in 0..3 {
        // The same point, its opposite, a near one, and 0.
        other[(0, c)] = x[(0, c)];
        other[(1, c)] = -2.0 * x[(0, c)];
        other[(2, c)] = x[(0, c)] * (1.0 + 1e-9 * c as f64);
        x[(1, c)] = 0.0;
    }
    for par in [Par::Seq, Par::rayon(0)] {
        let features = random_features_matrix(x.as_ref(), other.as_ref(), par).unwrap();
        let whole = tangent_matrix(x.as_ref(), other.as_ref(), par).unwrap();
        let first = first_layer_tangent_matrix(x.as_ref(), other.as_ref(), par).unwrap();
        for i in 0..70 {
            for j in 0..131 {
                let row = |m: &Mat<f64>, i: usize| (0..3).map(|c| m[(i, c)]).collect::<Vec<f64>>();
                let (a, b) = (row(&x, i), row(&other, j));
                let square = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>();
                // 2(d + 10) roundings of the product of the lengths.
                let slip = 26.0 * f64::EPSILON;
                let size = ((square(&a) / 3.0 + 1.0) * (square(&b) / 3.0 + 1.0)).sqrt();
                assert!((features[(i, j)] - random_features(&a, &b).unwrap()).abs() <= slip * size);
                let size = ((square(&a) + 3.0) * (square(&b) + 3.0)).sqrt();
                assert!((whole[(i, j)] - tangent(&a, &b).unwrap()).abs() <= slip * size);
                let size = (square(&a) * square(&b)).sqrt();
                assert!((first[(i, j)] - first_layer_tangent(&a, &b).unwrap()).abs() <= slip * size);
            }
        }
    }
    let short = inputs(2, 2, "short");
    assert!(matches!(
        random_features_matrix(x.as_ref(), short.as_ref(), Par::Seq),
        Err(Error::Shape { .. })
    ));
}

/// The predictor of features is that of their inner products, for every decay.
#[test]
fn a_kernel_of_features_has_the_predictor_of_the_features() {
    let (n, d, m) = (40, 4, 12);
    let (x, fresh) = (inputs(n, d, "fit"), inputs(25, d, "fresh"));
    let (weights, biases) = (inputs(m, d, "weights"), standard_normal(&mut seed::stream(4, "b", "b"), m));
    let y = standard_normal(&mut seed::stream(4, "ridge path", "labels"), n);
    let labels = standard_normal(&mut seed::stream(4, "ridge path", "fresh labels"), 25);
    let relu = activation::parse("relu").unwrap();
    let layer = |x: &Mat<f64>| {
        let z = x * weights.transpose();
        Mat::from_fn(x.nrows(), m, |i, j| (z[(i, j)] + biases[j]).max(0.0))
    };
    let (phi, at) = (layer(&x), layer(&fresh));
    let kernel = &phi * phi.transpose();
    let path = RidgePath::new(kernel.as_ref(), &y).unwrap();
    let heads = Heads::of(x.as_ref(), &y, weights.as_ref(), &biases, relu.as_ref(), Par::Seq).unwrap();
    let cross = &at * phi.transpose();
    let lambdas = [1e-3, 0.1, 10.0];
    let means = path.mean_squares(cross.as_ref(), &labels, &lambdas).unwrap();
    for (k, lambda) in lambdas.into_iter().enumerate() {
        // (K/n + (λ/2) I) b = y/n, solved directly. The norm of K/n over λ/2 amplifies roundings.
        let half = 0.5 * lambda;
        let shifted = Mat::from_fn(n, n, |i, j| kernel[(i, j)] / n as f64 + if i == j { half } else { 0.0 });
        let b = shifted.llt(Side::Lower).unwrap().solve(Mat::from_fn(n, 1, |i, _| y[i] / n as f64));
        let slip = 64.0 * n as f64 * f64::EPSILON * shifted.norm_l2() / half;
        let coefficients = path.coefficients(lambda).unwrap();
        (0..n).for_each(|i| assert!((coefficients[i] - b[(i, 0)]).abs() <= slip * b.norm_l2()));
        let head = heads.head(lambda).unwrap();
        let mut mean = 0.0;
        for i in 0..25 {
            let value: f64 = (0..m).map(|j| at[(i, j)] * head[j]).sum();
            let kernel: f64 = (0..n).map(|j| cross[(i, j)] * coefficients[j]).sum();
            assert!((value - kernel).abs() <= slip * cross.norm_l2() * b.norm_l2());
            mean += (labels[i] - value).powi(2) / 25.0;
        }
        let size = cross.norm_l2() * b.norm_l2();
        assert!((means[k] - mean).abs() <= slip * (size + mean.sqrt()) * (size + 1.0));
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let kernel = Mat::<f64>::identity(3, 3);
    assert!(matches!(RidgePath::new(kernel.as_ref(), &[1.0, 2.0]), Err(Error::Shape { .. })));
    assert!(matches!(RidgePath::new(kernel.as_ref(), &[1.0, 2.0, f64::NAN]), Err(Error::NotFinite { .. })));
    let path = RidgePath::new(kernel.as_ref(), &[3.0, 0.0, 3.0]).unwrap();
    // K = I: b = (y/n)/(1/n + λ/2).
    assert_eq!(path.coefficients(2.0).unwrap()[1], 0.0);
    assert!((path.coefficients(2.0).unwrap()[0] - 0.75).abs() < 1e-15);
    assert!(matches!(path.coefficients(0.0), Err(Error::Domain { .. })));
    assert!(matches!(path.mean_squares(kernel.as_ref(), &[1.0], &[1.0]), Err(Error::Shape { .. })));
}

//! Identities of the spherical harmonics, values and gradients, and what is expanded in them.

use escapement::Error;
use escapement::sphere::{self, Gegenbauer, HarmonicBasis, ZonalQuadrature, dimension, sqrt_dimension};
use faer::Mat;

const EPS: f64 = f64::EPSILON;

fn stream(purpose: &str) -> escapement::seed::ChaCha20Rng {
    escapement::seed::stream(2206, "tests/suite/sphere", purpose)
}

/// Points and weights on the unit sphere, exact for polynomials of degree up to `degree`: zonal rules, one
/// dimension after another.
fn product_rule(d: usize, degree: usize) -> (Vec<Vec<f64>>, Vec<f64>) {
    if d == 2 {
        let n = degree + 1;
        let angle = |i: usize| std::f64::consts::TAU * (i as f64 + 0.3) / n as f64;
        return ((0..n).map(|i| vec![angle(i).cos(), angle(i).sin()]).collect(), vec![1.0 / n as f64; n]);
    }
    let (below, weights) = product_rule(d - 1, degree);
    let zonal = ZonalQuadrature::new(d, degree / 2 + 1).unwrap();
    let (mut points, mut w) = (Vec::new(), Vec::new());
    for (&z, &v) in zonal.nodes().iter().zip(zonal.weights()) {
        for (y, u) in below.iter().zip(&weights) {
            let mut x: Vec<f64> = y.iter().map(|y| (1.0 - z * z).sqrt() * y).collect();
            x.push(z);
            points.push(x);
            w.push(u * v);
        }
    }
    (points, w)
}

fn matrix(points: &[Vec<f64>]) -> Mat<f64> {
    Mat::from_fn(points.len(), points[0].len(), |r, i| points[r][i])
}

fn values(basis: &HarmonicBasis, x: &Mat<f64>) -> Mat<f64> {
    let mut y = Mat::zeros(x.nrows(), basis.len());
    basis.evaluate(x.as_ref(), y.as_mut()).unwrap();
    y
}

#[test]
fn harmonics_are_orthonormal_under_exact_quadrature() {
    for (d, j) in [(3, 1), (3, 30), (4, 11), (5, 5), (6, 4)] {
        let (points, weights) = product_rule(d, 2 * j);
        let basis = HarmonicBasis::new(d, j).unwrap();
        let y = values(&basis, &matrix(&points));
        let weighted = Mat::from_fn(y.nrows(), y.ncols(), |r, c| weights[r].sqrt() * y[(r, c)]);
        let gram = weighted.transpose() * &weighted - Mat::<f64>::identity(basis.len(), basis.len());
        // d − 1 recurrences of up to j steps, as for the quadrature.
        let allowed = 2.0 * (d as f64 - 1.0) * (8.0 + j as f64) * EPS;
        assert!(gram.norm_max() <= allowed, "d = {d}, J = {j}: {:e}", gram.norm_max());
    }
}

/// Random points, then the poles ±e_i of the first three and the last coordinates.
fn points_with_poles(d: usize, n: usize) -> Mat<f64> {
    let random = sphere::uniform_sphere(&mut stream("points"), n, d, 1.0);
    let poles = [0, 1, 2, d - 1];
    Mat::from_fn(n + 8, d, |r, i| {
        if r < n {
            random[(r, i)]
        } else if poles[(r - n) / 2] == i {
            if r % 2 == 0 { 1.0 } else { -1.0 }
        } else {
            0.0
        }
    })
}

/// Rounding in `Σ_l Y(u)Y(v)/B_j`: (4 + j) steps in each factor, and a cosine off by √d·ε where `P_j'(1)`
/// says what that does.
fn addition_rounding(d: usize, j: usize) -> f64 {
    let slope = (j * (j + d - 2)) as f64 / (d as f64 - 1.0);
    (4.0 * (4.0 + j as f64) + 2.0 * (d as f64).sqrt() * slope) * EPS
}

const SIZES: [(usize, usize, usize); 9] = [
    (3, 2, 30),
    (3, 30, 30),
    (4, 11, 30),
    (4, 30, 4),
    (5, 6, 20),
    (20, 3, 20),
    (100, 1, 20),
    (100, 2, 6),
    (1000, 1, 4),
];

#[test]
fn addition_theorem_with_gradients() {
    for (d, top, n) in SIZES {
        let basis = HarmonicBasis::new(d, top).unwrap();
        let x = points_with_poles(d, n);
        let n = x.nrows();
        let mut y = Mat::zeros(n, basis.len());
        let mut g = vec![Mat::zeros(n, basis.len()); d];
        basis.evaluate_with_gradient(x.as_ref(), y.as_mut(), &mut g).unwrap();
        assert_eq!(y, values(&basis, &x));
        let t = &x * x.transpose();
        let zonal = Gegenbauer::new(d).unwrap();
        for j in 0..=top {
            let level = basis.level(j);
            assert_eq!(level.len() as f64, dimension(d, j));
            assert!(level.clone().all(|l| basis.degree_of(l) == j));
            let b = level.len() as f64;
            let part = y.as_ref().subcols(level.start, level.len());
            let kernel = part * part.transpose();
            let allowed = addition_rounding(d, j);
            for u in 0..n {
                for v in 0..n {
                    let error = (kernel[(u, v)] / b - zonal.value(j, t[(u, v)])).abs();
                    assert!(error <= allowed, "d = {d}, j = {j}: {error:e} above {allowed:e}");
                }
            }
            // Gradients: Σ_l ∂_i Y(u) Y(v) = B P_j'(u·v) (v − (u·v) u)_i, of size up to √(j(j+d−2)) B; |∇|²
            // and tangency.
            let scale = b * (j * (j + d - 2)).max(1) as f64;
            let mut square = vec![0.0; n];
            for i in 0..d {
                let slope = g[i].as_ref().subcols(level.start, level.len());
                let mixed = slope * part.transpose();
                for u in 0..n {
                    square[u] += slope.row(u).squared_norm_l2();
                    for v in 0..n {
                        let want = b * zonal.jet(j, t[(u, v)])[1] * (x[(v, i)] - t[(u, v)] * x[(u, i)]);
                        assert!(
                            (mixed[(u, v)] - want).abs() <= allowed * scale,
                            "d = {d}, j = {j}, component {i}"
                        );
                    }
                }
            }
            for u in 0..n {
                assert!(
                    (square[u] - b * (j * (j + d - 2)) as f64).abs() <= allowed * scale,
                    "d = {d}, j = {j}"
                );
                for l in level.clone() {
                    let radial: f64 = (0..d).map(|i| x[(u, i)] * g[i][(u, l)]).sum();
                    assert!(radial.abs() <= allowed * scale.sqrt());
                }
            }
        }
    }
}

#[test]
fn gradients_are_derivatives() {
    let h = 1e-4_f64;
    for (d, top) in [(3, 6), (4, 5), (7, 3), (100, 2)] {
        let basis = HarmonicBasis::new(d, top).unwrap();
        let x = points_with_poles(d, 3);
        let n = x.nrows();
        let random = sphere::uniform_sphere(&mut stream("directions"), n, d, 1.0);
        // Along the great circle through x towards v, the unit tangent.
        let mut tangent = Mat::zeros(n, d);
        for r in 0..n {
            let along: f64 = (0..d).map(|i| x[(r, i)] * random[(r, i)]).sum();
            let v: Vec<f64> = (0..d).map(|i| random[(r, i)] - along * x[(r, i)]).collect();
            let norm = v.iter().map(|v| v * v).sum::<f64>().sqrt();
            (0..d).for_each(|i| tangent[(r, i)] = v[i] / norm);
        }
        let moved = |h: f64| {
            values(&basis, &Mat::from_fn(n, d, |r, i| h.cos() * x[(r, i)] + h.sin() * tangent[(r, i)]))
        };
        let (plus, minus) = (moved(h), moved(-h));
        let mut y = Mat::zeros(n, basis.len());
        let mut g = vec![Mat::zeros(n, basis.len()); d];
        basis.evaluate_with_gradient(x.as_ref(), y.as_mut(), &mut g).unwrap();
        for l in 0..basis.len() {
            let j = basis.degree_of(l) as f64;
            // |Y| ≤ √B, and on a great circle it is a trigonometric polynomial of degree j: Bernstein bounds
            // its third derivative by j³ √B.
            let size = dimension(d, basis.degree_of(l)).sqrt();
            let allowed = size * (j.powi(3) * h * h / 6.0 + 4.0 * (8.0 + j) * EPS / h);
            for r in 0..n {
                let slope: f64 = (0..d).map(|i| g[i][(r, l)] * tangent[(r, i)]).sum();
                let difference = (plus[(r, l)] - minus[(r, l)]) / (2.0 * h);
                assert!(
                    (slope - difference).abs() <= allowed,
                    "d = {d}, harmonic {l}: {slope} against {difference}"
                );
            }
        }
    }
}

#[test]
fn funk_hecke() {
    let g = |u: f64| (0.7 * u).exp();
    for (d, top, degree) in [(3, 6, 60), (4, 4, 48), (5, 3, 40)] {
        let basis = HarmonicBasis::new(d, top).unwrap();
        let (points, weights) = product_rule(d, degree);
        let eta = sphere::uniform_sphere(&mut stream("eta"), 1, d, 1.0);
        let lambda = sphere::lambda(d, &g, top).unwrap();
        let (y, at_eta) = (values(&basis, &matrix(&points)), values(&basis, &eta));
        for l in 0..basis.len() {
            let mean: f64 = (0..points.len())
                .map(|r| {
                    weights[r]
                        * y[(r, l)]
                        * g((d as f64).sqrt() * (0..d).map(|i| eta[(0, i)] * points[r][i]).sum::<f64>())
                })
                .sum();
            // A sum of thousands of terms of size √B·max g ≤ e^{1.6}·√B: its mean is right to some tens of ε
            // of that.
            let allowed = 64.0 * EPS * 5.0 * dimension(d, basis.degree_of(l)).sqrt();
            assert!(
                (mean - lambda[basis.degree_of(l)] * at_eta[(0, l)]).abs() <= allowed,
                "d = {d}, harmonic {l}"
            );
        }
    }
}

#[test]
fn projection_and_least_squares() {
    for (d, top, n) in [(3, 8, 300), (4, 3, 100), (30, 2, 700)] {
        let basis = HarmonicBasis::new(d, top).unwrap();
        let x = sphere::uniform_sphere(&mut stream("fit"), n, d, 1.0);
        let eta: Vec<f64> =
            sphere::uniform_sphere(&mut stream("eta"), 1, d, 1.0).row(0).iter().copied().collect();
        let zonal = Gegenbauer::new(d).unwrap();
        let cosine = |r: usize| (0..d).map(|i| eta[i] * x[(r, i)]).sum::<f64>();
        for j in 0..=top {
            let c = basis.project_zonal(j, &eta).unwrap();
            let direct: Vec<f64> = (0..n).map(|r| zonal.value(j, cosine(r))).collect();
            let y = values(&basis, &x);
            for r in 0..n {
                let sum: f64 = (0..basis.len()).map(|l| c[l] * y[(r, l)]).sum();
                assert!((sum - direct[r]).abs() <= addition_rounding(d, j));
            }
            let fit = basis.fit(x.as_ref(), &direct).unwrap();
            assert!(fit.condition >= 1.0 && fit.condition < 1e3);
            let allowed = fit.condition * n as f64 * EPS;
            assert!(fit.residual <= allowed + addition_rounding(d, j), "{:e}", fit.residual);
            assert!(
                fit.coefficients
                    .iter()
                    .zip(&c)
                    .all(|(a, b)| (a - b).abs() <= allowed + fit.condition * addition_rounding(d, j))
            );
        }
        // A function of higher degree leaves a residual: no silent success.
        let above: Vec<f64> =
            (0..n).map(|r| sqrt_dimension(d, top + 1) * zonal.value(top + 1, cosine(r))).collect();
        assert!(basis.fit(x.as_ref(), &above).unwrap().residual > 0.1);
    }
}

#[test]
fn bad_points_are_refused() {
    let basis = HarmonicBasis::new(3, 2).unwrap();
    let x = sphere::uniform_sphere(&mut stream("bad"), 12, 3, 1.0);
    let mut y = Mat::zeros(12, basis.len());
    assert!(matches!(basis.evaluate(x.as_ref(), y.as_mut().subcols_mut(0, 8)), Err(Error::Shape { .. })));
    assert!(matches!(basis.evaluate(x.as_ref().subcols(0, 2), y.as_mut()), Err(Error::Shape { .. })));
    let mut off = x.clone();
    off[(5, 1)] += 1e-6;
    assert!(matches!(basis.evaluate(off.as_ref(), y.as_mut()), Err(Error::NotUnit { row: 5, .. })));
    off[(4, 2)] = f64::NAN;
    let refused = basis.evaluate(off.as_ref(), y.as_mut());
    assert!(matches!(refused, Err(Error::NotFinite { row: 4, col: 2, .. })));
    assert!(matches!(
        basis.evaluate_with_gradient(x.as_ref(), y.as_mut(), &mut []),
        Err(Error::Domain { .. })
    ));
    assert!(matches!(basis.project_zonal(3, &[0.0, 0.0, 1.0]), Err(Error::Domain { .. })));
    assert!(matches!(basis.project_zonal(1, &[0.0, 1.0]), Err(Error::Shape { .. })));
    assert!(matches!(basis.fit(x.as_ref().subrows(0, 8), &[0.0; 8]), Err(Error::Domain { .. })));
    assert!(matches!(basis.fit(x.as_ref(), &[0.0; 11]), Err(Error::Domain { .. })));
    // All points on a circle: the harmonics are dependent there.
    let flat = Mat::from_fn(12, 3, |r, i| [(r as f64).cos(), (r as f64).sin(), 0.0][i]);
    assert!(matches!(basis.fit(flat.as_ref(), &[1.0; 12]), Err(Error::Domain { .. })));
    assert!(matches!(HarmonicBasis::new(2, 1), Err(Error::Dimension(2))));
    assert!(matches!(HarmonicBasis::new(1000, 5), Err(Error::Domain { .. })));
    // Any layout of the output, one point included.
    let reference = values(&basis, &x);
    let mut turned = Mat::zeros(basis.len(), 12);
    basis.evaluate(x.as_ref(), turned.as_mut().transpose_mut()).unwrap();
    assert_eq!(turned.transpose(), reference);
    let mut one = Mat::zeros(basis.len(), 1);
    basis.evaluate(x.as_ref().subrows(3, 1), one.as_mut().transpose_mut()).unwrap();
    assert_eq!(one.transpose(), reference.as_ref().subrows(3, 1));
}

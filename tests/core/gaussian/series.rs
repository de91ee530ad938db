//! Polynomials in the Hermite basis: against sums over a grid, and their own definitions.

use super::line::{self, Sum};
use escapement::ball::Ball;
use escapement::gaussian::{
    Exponents, HermiteSeries, Law, MultiIndexModel, Polynomial, symmetric_eigenvalues,
};
use escapement::sphere::ZonalQuadrature;
use escapement::{Error, gaussian::hermite, seed};
use faer::{Mat, mat};
use rand_distr::{Distribution, StandardNormal};

/// All monomials of degree at most p in r variables, with random coefficients.
pub fn random_terms(r: usize, p: u8, purpose: &str) -> Vec<(Exponents, f64)> {
    let mut rng = seed::stream(19, "gaussian", purpose);
    let mut all: Vec<Exponents> = vec![vec![]];
    for _ in 0..r {
        let longer = |e: Exponents| {
            let left = p - e.iter().sum::<u8>();
            (0..=left).map(move |last| e.iter().copied().chain([last]).collect::<Exponents>())
        };
        all = all.into_iter().flat_map(longer).collect();
    }
    let size = |e: &Exponents| f64::from(e.iter().sum::<u8>() + 1).powi(-2);
    all.into_iter().map(|e| (e.clone(), size(&e) * rng_normal(&mut rng))).collect()
}

pub fn rng_normal(rng: &mut seed::ChaCha20Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// The polynomial by its definition.
pub fn value(terms: &[(Exponents, f64)], t: &[f64]) -> f64 {
    let monomial = |e: &Exponents| t.iter().zip(e).map(|(t, &e)| t.powi(e.into())).product::<f64>();
    terms.iter().map(|(e, c)| c * monomial(e)).sum()
}

fn close(ball: Ball, sum: Sum, what: &str) {
    let miss = (ball.value - sum.value).abs();
    assert!(miss <= ball.error + sum.slip(), "{what}: {ball:?} against {}", sum.value);
    assert!(ball.error <= 1e-12, "{what}: {ball:?}");
}

/// E f², C_0, and by Stein's identities C_1, C_2, C_3, against sums over a grid; the symbol is `E f(z + Z)`.
#[test]
fn tensors_are_expectations() {
    for (r, p) in [(1, 6), (2, 5), (3, 3)] {
        let terms = random_terms(r, p, "tensors");
        let f = HermiteSeries::from_monomials(r, &terms).unwrap();
        assert_eq!((f.latent(), f.degree()), (r, usize::from(p)));
        close(f.second_moment(), line::grid(r, &mut |z| value(&terms, z).powi(2)), "E f²");
        close(f.mean(), line::grid(r, &mut |z| value(&terms, z)), "C_0");
        let (slope, h) = (f.gradient_mean(), f.hessian());
        for i in 0..r {
            close(slope[i], line::grid(r, &mut |z| value(&terms, z) * z[i]), "C_1");
            for j in 0..r {
                let delta = f64::from(u8::from(i == j));
                close(h[i][j], line::grid(r, &mut |z| value(&terms, z) * (z[i] * z[j] - delta)), "C_2");
            }
            let third = line::grid(r, &mut |z| value(&terms, z) * hermite::hermite(z[i], 3).value);
            close(f.tensor(&[i, i, i]), third, "C_3");
        }
        let at = [0.4, -1.1, 0.3];
        let moved = line::grid(r, &mut |z| {
            let there: Vec<f64> = z.iter().zip(at).map(|(z, at)| z + at).collect();
            value(&terms, &there)
        });
        let balls: Vec<Ball> = at[..r].iter().map(|&z| Ball::exact(z)).collect();
        close(f.symbol().at(&balls), moved, "the symbol");
        // Back to monomials, and the norms of the tensors by their entries.
        for (exponents, c) in &terms {
            let back = f.monomials().coefficient(exponents);
            assert!(back.contains(*c) && back.error < 1e-12, "{exponents:?}: {back:?} for {c}");
        }
        let squares = |indices: &mut dyn Iterator<Item = Ball>| indices.map(|c| c * c).sum::<Ball>();
        let pairs = squares(&mut h.iter().flatten().copied());
        assert!(pairs.excess(f.tensor_norm_squared(2)) <= 1.0);
        // Parseval: Σ_k ‖C_k‖²/k! = E f².
        let parseval = |k: usize| f.tensor_norm_squared(k) / (1..=k).map(|i| i as f64).product::<f64>();
        assert!((0..=f.degree()).map(parseval).sum::<Ball>().excess(f.second_moment()) <= 1.0);
        // The contraction C_3(I) by its entries.
        for i in 0..r {
            let by_entries: Ball = (0..r).map(|j| f.tensor(&[i, j, j])).sum();
            let unit: Exponents = (0..r).map(|j| u8::from(i == j)).collect();
            assert!(by_entries.excess(f.contraction(1).coefficient(&unit)) <= 1.0);
        }
        assert_eq!(f.tensor(&[0; 40]), Ball::exact(0.0));
    }
}

/// A model is the same function in other coordinates, for directions that are far from orthonormal.
#[test]
fn a_model_is_the_polynomial_of_its_directions() {
    let directions = mat![[1.0, 2.0, 0.0, -1.0], [0.9, 2.1, 0.3, -1.2], [0.0, 0.5, 3.0, 0.1]];
    let terms = random_terms(3, 4, "model");
    let model = MultiIndexModel::new(directions.as_ref(), &terms).unwrap();
    assert_eq!((model.d(), model.series().latent(), model.series().degree()), (4, 3, 4));
    let mut rng = seed::stream(19, "gaussian", "points");
    for _ in 0..5 {
        let x: Vec<f64> = (0..4).map(|_| rng_normal(&mut rng)).collect();
        let t: Vec<f64> = (0..3).map(|i| (0..4).map(|c| directions[(i, c)] * x[c]).sum()).collect();
        let z: Vec<Ball> =
            model.frame().iter().map(|q| q.iter().zip(&x).map(|(&q, &x)| q * x).sum()).collect();
        let f = model.series().monomials().at(&z);
        let exact = value(&terms, &t);
        // The value by definition has some thirty roundings of terms of size up to 100.
        assert!((f.value - exact).abs() <= f.error + 1e-12, "{f:?} for {exact}");
        assert!(f.error < 1e-10, "{f:?}");
        let values = model.values(faer::MatRef::from_row_major_slice(&x, 1, 4)).unwrap();
        assert!((values[0] - exact).abs() <= f.error + 1e-12, "{values:?} for {exact}");
    }
    assert!(matches!(model.values(Mat::zeros(2, 3).as_ref()), Err(Error::Shape { .. })));
    let infinite = Mat::from_fn(1, 4, |_, _| f64::INFINITY);
    assert!(matches!(model.values(infinite.as_ref()), Err(Error::NotFinite { .. })));
    for (i, p) in model.frame().iter().enumerate() {
        for (j, q) in model.frame().iter().enumerate() {
            let inner: Ball = p.iter().zip(q).map(|(&p, &q)| p * q).sum();
            assert!(inner.contains(f64::from(u8::from(i == j))) && inner.error < 1e-12, "{inner:?}");
        }
    }
    // E f² and H in R^d do not depend on the coordinates: by a grid in R^4, for the part of degree 2.
    let low: Vec<(Exponents, f64)> = terms.into_iter().filter(|(e, _)| e.iter().sum::<u8>() <= 2).collect();
    let model = MultiIndexModel::new(directions.as_ref(), &low).unwrap();
    let f = |x: &[f64]| {
        let t: Vec<f64> = (0..3).map(|i| (0..4).map(|c| directions[(i, c)] * x[c]).sum()).collect();
        value(&low, &t)
    };
    let second = line::grid(4, &mut |x| f(x).powi(2));
    let miss = (model.series().second_moment().value - second.value).abs();
    assert!(miss <= model.series().second_moment().error + second.slip());
    let h = model.hessian();
    for (i, j) in [(0, 0), (1, 2), (3, 1)] {
        let delta = f64::from(u8::from(i == j));
        let entry = line::grid(4, &mut |x| f(x) * (x[i] * x[j] - delta));
        assert!((h[i][j].value - entry.value).abs() <= h[i][j].error + entry.slip(), "H[{i}][{j}]");
    }
}

/// Moments on the sphere: of one coordinate by the zonal rule, of two in closed form, at any d.
#[test]
fn moments_of_the_sphere() {
    let power = |e: u8| Polynomial::new(1, [(vec![e], Ball::exact(1.0))]);
    for d in [3, 7, 50] {
        let rule = ZonalQuadrature::new(d, 20).unwrap();
        for e in 0..=12_u8 {
            let mean = power(e).mean(Law::Sphere(d));
            let exact = rule.expect(|z| z.powi(e.into()));
            // The rule has 3e-14 of the root of E z^{2e}.
            let slip = 3e-14 * rule.expect(|z| z.powi(2 * i32::from(e))).sqrt();
            assert!((mean.value - exact).abs() <= mean.error + slip, "d = {d}, degree {e}");
        }
    }
    let mixed = Polynomial::new(2, [(vec![2, 2], Ball::exact(1.0))]);
    for d in [2, 4, 1_000_000_007] {
        let d_float = d as f64;
        assert!(mixed.mean(Law::Sphere(d)).contains(1.0 / (d_float * (d_float + 2.0))));
    }
    for (mean, exact) in [(mixed.mean(Law::Normal), 1.0), (power(6).mean(Law::Normal), 15.0)] {
        assert!(mean.contains(exact) && mean.error <= 1e-14 * exact, "{mean:?} for {exact}");
    }
}

/// Named controls: what is full rank, and how large κ is.
#[test]
fn ranks_and_condition() {
    let unit = |r: usize, i: usize, e: u8| (0..r).map(|j| if i == j { e } else { 0 }).collect::<Exponents>();
    for r in [1, 2, 5] {
        let c = 1.0 / (2.0 * r as f64).sqrt();
        let terms: Vec<_> = (0..r).map(|i| (unit(r, i, 2), c)).collect();
        let iso = HermiteSeries::from_hermite(r, &terms).unwrap();
        iso.require_normalised().unwrap();
        let kappa = iso.kappa().unwrap();
        assert!(kappa.contains(0.5_f64.sqrt()) && kappa.error < 1e-13, "{kappa:?}");
    }
    let deficient = [(vec![2, 0], 0.5), (vec![0, 4], 1.0 / 48.0_f64.sqrt())];
    let deficient = HermiteSeries::from_hermite(2, &deficient).unwrap();
    assert_eq!(deficient.rank().unwrap(), 1);
    deficient.require_normalised().unwrap();
    for error in [deficient.require_full_rank().unwrap_err(), deficient.kappa().unwrap_err()] {
        assert!(
            error.to_string().contains("rank of H = 1") && error.to_string().contains("r = 2"),
            "{error}"
        );
    }
    // In monomials with eight digits, H has the eigenvalue 12·0.14433757 − 2·0.8660254 = 4e-8 instead of 0.
    let written =
        [(vec![2, 0], 0.5), (vec![0, 0], -0.0669873), (vec![0, 4], 0.14433757), (vec![0, 2], -0.8660254)];
    let written = HermiteSeries::from_monomials(2, &written).unwrap();
    written.require_normalised().unwrap();
    assert_eq!(written.rank().unwrap(), 1);
    let he4 = HermiteSeries::from_hermite(1, &[(vec![4], 24.0_f64.powf(-0.5))]).unwrap();
    assert_eq!(he4.rank().unwrap(), 0);
    let twice = HermiteSeries::from_monomials(1, &[(vec![2], 1.0), (vec![0], -1.0)]).unwrap();
    let error = twice.require_normalised().unwrap_err().to_string();
    assert!(error.contains("E f² of the target = 2"), "{error}");
}

/// Eigenvalues lie in their balls: of a rotated diagonal matrix with a double eigenvalue.
#[test]
fn eigenvalues_have_bounds() {
    let q = [[2.0, -1.0, 2.0], [2.0, 2.0, -1.0], [-1.0, 2.0, 2.0]];
    let exact = [-3.0, 9.0, 9.0];
    let entry = |i: usize, j: usize| (0..3).map(|k| q[i][k] * exact[k] * q[j][k]).sum::<f64>() / 9.0;
    let a: Vec<Vec<Ball>> = (0..3).map(|i| (0..3).map(|j| Ball::exact(entry(i, j))).collect()).collect();
    for (ball, exact) in symmetric_eigenvalues(&a).unwrap().iter().zip(exact) {
        assert!(ball.contains(exact) && ball.error < 1e-13, "{ball:?}");
    }
    let bad = vec![vec![Ball::new(f64::INFINITY, 0.0)]];
    assert!(matches!(symmetric_eigenvalues(&bad), Err(Error::Numerical { .. })));
    assert!(matches!(symmetric_eigenvalues(&a[..2]), Err(Error::Shape { .. })));
    assert_eq!(symmetric_eigenvalues(&[]).unwrap(), []);
}

#[test]
fn bad_targets_are_refused_in_a_sentence() {
    let e1 = mat![[1.0, 0.0, 0.0]];
    let square = vec![(vec![2_u8], 1.0)];
    let series = |terms: &[(Exponents, f64)]| HermiteSeries::from_monomials(1, terms).map(|_| ());
    let model = |directions: Mat<f64>, terms: &[(Exponents, f64)]| {
        MultiIndexModel::new(directions.as_ref(), terms).map(|_| ())
    };
    let product = vec![(vec![1_u8, 1], 1.0)];
    let wide = Mat::from_fn(40, 50, |i, j| f64::from(u8::from(i == j)) + 0.01);
    let mut deep = vec![0_u8; 40];
    deep[0] = 8;
    for (result, words) in [
        (series(&[]), "0 terms"),
        (HermiteSeries::from_monomials(0, &square).map(|_| ()), "0 coordinates"),
        (series(&[(vec![17], 1.0)]), "degree is at most 16, because"),
        (series(&[(vec![1, 1], 1.0)]), "needs 1 exponents"),
        (series(&[(vec![2], f64::NAN)]), "must be finite"),
        (model(mat![[1.0, 2.0], [2.0, 4.0]], &product), "the direction = 2 of 2"),
        (model(mat![[1.0, 2.0], [1.0, 2.0 + 1e-9]], &product), "the direction = 2 of 2"),
        (model(mat![[0.0, 0.0], [1.0, 0.0]], &product), "the direction = 1 of 2"),
        (model(mat![[1.0], [2.0]], &product), "the direction = 2 of 2"),
        (model(mat![[f64::INFINITY, 0.0]], &square), "the directions holds inf"),
        (model(mat![[1e300, 0.0]], &square), "nor vanish or overflow"),
        (model(wide, &[(deep, 1.0)]), "orthonormal directions"),
    ] {
        let error = result.unwrap_err().to_string();
        assert!(error.contains(words) && !error.contains('\n'), "{error} lacks {words}");
    }
    assert!(model(e1, &square).is_ok());
}

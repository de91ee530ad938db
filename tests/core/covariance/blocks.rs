//! Identities of Σ, and the false neighbours that each check must refuse.

use crate::data::{self, matrix};
use escapement::activation;
use escapement::covariance::{Covariance, HarmonicMap, Kernel};
use escapement::eigen::{self, Request, Route, RouteChoice};
use escapement::sphere::{FeatureLevels, Truncation, cumulative_dimension, uniform_sphere};
use escapement::{Error, seed};
use faer::{Mat, MatRef, Par};
use proptest::prelude::*;

/// Rounding of a kernel sum of a few hundred terms of size one, in units of the largest entry.
const ROUNDING: f64 = 1e-13;

fn covariance(d: usize, p: usize, name: &str, truncation: Truncation) -> Covariance {
    let w = uniform_sphere(&mut seed::stream(11, "covariance tests", name), p, d, 1.0);
    Covariance::new(w.as_ref(), activation::parse(name).unwrap().as_ref(), truncation).unwrap()
}

fn spectrum(cov: &Covariance, route: Route, request: Request) -> eigen::EigenPairs {
    eigen::solve(cov, &request, RouteChoice::Only(route), eigen::DEFAULT_MEMORY, Par::Seq).unwrap()
}

/// `M` of a kernel between two unit vectors.
fn block(kernel: &Kernel, u: &[f64], v: &[f64]) -> Mat<f64> {
    Mat::from_fn(u.len(), u.len(), |i, j| {
        let identity = if i == j { kernel.f2 } else { 0.0 };
        identity + kernel.e * (u[i] * u[j] + v[i] * v[j]) + kernel.g * u[i] * v[j] + kernel.f3 * v[i] * u[j]
    })
}

/// Each part of the kernel dropped or with its sign changed: none survives the oracle's blocks.
#[test]
fn false_kernels_fail_the_oracle() {
    let oracle = data::json("sigma.json");
    let entry = &oracle[0];
    let all = matrix(&entry["W0"]);
    let d = all.ncols();
    let (u, v): (Vec<f64>, Vec<f64>) = (0..d).map(|i| (all[(0, i)], all[(1, i)])).unzip();
    let t: f64 = u.iter().zip(&v).map(|(a, b)| a * b).sum();
    let sigma = activation::parse(&data::activation(entry)).unwrap();
    let cov =
        Covariance::new(all.subrows(0, all.nrows() / 2), sigma.as_ref(), Truncation::Tail(1e-12)).unwrap();
    let expected = matrix(&entry["block_0_1"]) * faer::Scale(all.nrows() as f64);
    let error = |k: &Kernel| (block(k, &u, &v) - &expected).norm_max() / expected.norm_max();

    let k = cov.profile().at(t);
    assert!(error(&k) <= data::ORACLE);
    for factor in [0.0, -1.0] {
        let rebuilt = |f0, f1, f2, f3| Kernel::from_series(t, f0, f1, f2, f3);
        let neighbours = [
            ("F0", rebuilt(factor * k.f0, k.f1, k.f2, k.f3)),
            ("F1", rebuilt(k.f0, factor * k.f1, k.f2, k.f3)),
            ("F2", rebuilt(k.f0, k.f1, factor * k.f2, k.f3)),
            ("F3", rebuilt(k.f0, k.f1, k.f2, factor * k.f3)),
            ("F2 in M", Kernel { f2: factor * k.f2, ..k }),
            ("F3 in M", Kernel { f3: factor * k.f3, ..k }),
            ("E", Kernel { e: factor * k.e, ..k }),
            ("G", Kernel { g: factor * k.g, ..k }),
        ];
        for (name, neighbour) in neighbours {
            let error = error(&neighbour);
            assert!(error > 1e4 * data::ORACLE, "{name} times {factor} passes with {error:e}");
        }
    }
}

/// A block is `E[σ'(u·x)σ'(v·x)xxᵀ]/m`, symmetric: G = F3, though their series share no term and no single
/// degree has it.
#[test]
fn blocks_are_symmetric_only_in_the_sum_of_degrees() {
    let cov = covariance(5, 8, "tanh:0.5", Truncation::Tail(1e-12));
    let one = cov.degree(3);
    for t in [-1.0, -0.7, 0.0, 0.3, 1.0] {
        let k = cov.profile().at(t);
        assert!((k.g - k.f3).abs() <= 1e-10 * cov.trace(), "t = {t}: G = {:e}, F3 = {:e}", k.g, k.f3);
        let k = one.profile().at(t);
        // At t = 0 an odd degree is symmetric by parity.
        assert!(t == 0.0 || (k.g - k.f3).abs() > 1e-6 * cov.trace(), "t = {t}: degree 3 alone is symmetric");
    }
}

/// A_j or C_j off by one part in a thousand, at any degree that matters, or τ_j of the degree beside.
#[test]
fn false_levels_fail_the_oracle() {
    let oracle = data::json("sigma.json");
    let entry = &oracle[1];
    let all = matrix(&entry["W0"]);
    let weights = all.subrows(0, all.nrows() / 2).to_owned();
    let sigma = activation::parse(&data::activation(entry)).unwrap();
    let levels = FeatureLevels::new(all.ncols(), sigma.as_ref(), Truncation::Tail(1e-12)).unwrap();
    let expected = matrix(&entry["block_0_1"]);
    let passes = |levels: FeatureLevels| {
        let cov = Covariance::from_levels(weights.clone(), levels).unwrap();
        (cov.block(0, 1) - &expected).norm_max() <= data::ORACLE * expected.norm_max()
    };
    assert!(passes(levels.clone()));
    for j in 0..6 {
        let mut scaled = levels.clone();
        scaled.levels[j].a_hat *= 1.001;
        assert!(!passes(scaled), "A_{j} scaled passes");
        if j > 0 {
            let mut scaled = levels.clone();
            scaled.levels[j].c_hat *= 1.001;
            assert!(!passes(scaled), "C_{j} scaled passes");
        }
        let mut shifted = levels.clone();
        (shifted.levels[j].a_hat, shifted.levels[j].c_hat) =
            (levels.levels[j + 1].a_hat, levels.levels[j + 1].c_hat);
        assert!(!passes(shifted), "degree {j} replaced by degree {} passes", j + 1);
    }
}

/// `tr Σ = d·E σ'²` whatever the weights, and the check notices 1/m for 2/m and a τ_j off by a degree.
#[test]
fn trace_identity_and_its_neighbours() {
    for (d, name) in [(3, "sigmoid:1"), (5, "tanh:0.5"), (8, "erf:0.3")] {
        let cov = covariance(d, 7, name, Truncation::default());
        let spectrum = spectrum(&cov, Route::Dense, Request::all());
        let sum: f64 = spectrum.eigenvalues.iter().sum();
        let allowance = cov.truncation_bound() + cov.order() as f64 * spectrum.rounding_bound();
        assert!((sum - cov.trace()).abs() <= allowance, "{sum} against {}", cov.trace());
        assert!((sum / 2.0 - cov.trace()).abs() > allowance, "1/m for 2/m passes");
        let off: f64 = cov.levels().levels.iter().skip(1).map(|l| l.tau).sum();
        assert!((sum - off).abs() > allowance, "τ off by a degree passes");
    }
}

/// Each degree alone is positive semidefinite, of rank at most B(d,j), with trace τ_j.
#[test]
fn every_degree_is_positive_with_its_rank_and_trace() {
    for (d, name) in [(3, "tanh:0.5"), (5, "sigmoid:1")] {
        let cov = covariance(d, 30, name, Truncation::Degree(5));
        for j in 0..=5 {
            let degree = cov.degree(j);
            let values = eigen::full_eigenvalues(degree.assemble().as_ref(), Par::Seq).unwrap();
            let noise = ROUNDING * values[0] * values.len() as f64;
            assert!(values.iter().all(|&l| l >= -noise), "degree {j} has {:e}", values[values.len() - 1]);
            let rank = values.iter().filter(|&&l| l > noise).count();
            let level = &cov.levels().levels[j];
            assert!(rank as f64 <= level.dimension, "degree {j}: rank {rank}");
            let trace: f64 = values.iter().sum::<f64>() * cov.scale();
            assert!((trace - level.tau).abs() <= ROUNDING * cov.trace());
        }
    }
}

#[test]
fn frobenius_norm_is_that_of_the_matrix() {
    let cov = covariance(5, 9, "sigmoid:1", Truncation::default());
    let direct = cov.assemble().norm_l2() * cov.scale();
    assert!((cov.frobenius_norm() - direct).abs() <= ROUNDING * direct);
}

#[test]
fn quadratic_forms_are_those_of_the_blocks() {
    let cov = covariance(4, 6, "tanh:0.5", Truncation::default());
    let w = uniform_sphere(&mut seed::stream(2, "forms", "displacement"), cov.m(), cov.d(), 2.0);
    let (p, d) = (cov.p(), cov.d());
    let sign = |r: usize| if r < p { 1.0 } else { -1.0 };
    let pair = |r: usize, s: usize| -> f64 {
        let b = cov.block(r % p, s % p);
        let sum: f64 = (0..d)
            .flat_map(|i| (0..d).map(move |j| (i, j)))
            .map(|(i, j)| w[(r, i)] * b[(i, j)] * w[(s, j)])
            .sum();
        sign(r) * sign(s) * sum
    };
    let all: f64 = (0..2 * p).flat_map(|r| (0..2 * p).map(move |s| (r, s))).map(|(r, s)| pair(r, s)).sum();
    let form = cov.quadratic_form(w.as_ref(), Par::Seq).unwrap();
    let scale: f64 = (0..2 * p).map(|r| pair(r, r)).sum();
    assert!((form - all).abs() <= ROUNDING * scale, "{form} against {all}");
    for (r, form) in cov.diagonal_forms(w.as_ref()).unwrap().iter().enumerate() {
        assert!((form - pair(r, r)).abs() <= ROUNDING * scale);
    }
}

/// A block of Σ by Monte Carlo over inputs: every entry within five standard errors, which a right formula
/// misses once in 10⁵ runs of this test; the seed is fixed.
#[test]
fn a_block_agrees_with_monte_carlo() {
    let (d, n) = (5, 400_000);
    let cov = covariance(d, 2, "tanh:0.5", Truncation::default());
    let sigma = activation::parse("tanh:0.5").unwrap();
    let x = uniform_sphere(&mut seed::stream(4, "monte carlo", "inputs"), n, d, (d as f64).sqrt());
    let slope = |r: usize, i: usize| sigma.d1((0..d).map(|c| cov.weights()[(r, c)] * x[(i, c)]).sum());
    let (mut sum, mut squares) = (Mat::<f64>::zeros(d, d), Mat::<f64>::zeros(d, d));
    for i in 0..n {
        let s = slope(0, i) * slope(1, i) / cov.m() as f64;
        for a in 0..d {
            for b in 0..d {
                let value = s * x[(i, a)] * x[(i, b)];
                sum[(a, b)] += value;
                squares[(a, b)] += value * value;
            }
        }
    }
    let exact = cov.block(0, 1);
    for a in 0..d {
        for b in 0..d {
            let mean = sum[(a, b)] / n as f64;
            let error = ((squares[(a, b)] / n as f64 - mean * mean) / n as f64).sqrt();
            assert!(
                (mean - exact[(a, b)]).abs() <= 5.0 * error,
                "entry ({a}, {b}): {mean} ± {error} for {}",
                exact[(a, b)]
            );
        }
    }
}

/// The harmonic Gram matrix and the truncated Σ have the same nonzero spectrum, and the projectors on the
/// top agree.
#[test]
fn routes_agree_on_values_and_projectors() {
    for (d, p, name, degree) in [(3, 40, "sigmoid:1", 9), (4, 30, "tanh:0.5", 6), (5, 60, "sigmoid:1", 5)] {
        let cov = covariance(d, p, name, Truncation::Degree(degree));
        let top = cumulative_dimension(d, 1).unwrap();
        let [dense, harmonic, operator] = [Route::Dense, Route::Harmonic, Route::Operator]
            .map(|route| spectrum(&cov, route, Request::top(top)));
        let tolerance = dense.rounding_bound() + operator.residual_max + harmonic.residual_max;
        for other in [&harmonic, &operator] {
            for (a, b) in dense.eigenvalues.iter().zip(&other.eigenvalues) {
                assert!((a - b).abs() <= tolerance, "{}: {b:e} for {a:e}", other.plan.route);
            }
            // Two r-dimensional spaces: ‖P − P'‖_F² = 2(r − ‖QᵀQ'‖_F²).
            let overlap = dense.vectors.as_ref().unwrap().transpose() * other.vectors.as_ref().unwrap();
            let defect = (top as f64 - overlap.norm_l2().powi(2)).abs();
            assert!(defect <= ROUNDING * top as f64, "{}: they differ by {defect:e}", other.plan.route);
            assert!(other.orthonormality <= ROUNDING * 10.0);
        }
        assert_eq!(operator.completeness.certified, top, "{}", operator.completeness.how);
    }
}

/// `Σ_{≤J} = ΨΨᵀ`, entry by entry.
#[test]
fn psi_is_a_square_root_of_sigma() {
    let cov = covariance(4, 12, "erf:0.3", Truncation::Degree(5));
    let psi = HarmonicMap::new(&cov, 5).unwrap().columns(Par::Seq).unwrap();
    let a = cov.assemble();
    assert!((&psi * psi.transpose() - &a).norm_max() <= ROUNDING * a.norm_max());
}

/// The streaming pass gives the same Gram matrix whatever the blocks: p across a block and a batch boundary.
#[test]
fn streaming_gram_equals_the_product() {
    for p in [255, 257, 2_100] {
        let cov = covariance(3, p, "sigmoid:1", Truncation::Degree(3));
        let map = HarmonicMap::new(&cov, 3).unwrap();
        let psi = map.columns(Par::Seq).unwrap();
        let product = psi.transpose() * &psi * faer::Scale(cov.scale());
        assert!((map.gram(Par::Seq).unwrap() - &product).norm_max() <= ROUNDING * product.norm_max());
    }
}

#[test]
fn more_eigenvalues_than_the_rank_is_an_error() {
    let cov = covariance(3, 2, "sigmoid:1", Truncation::default());
    let request = Request::top(7);
    let memory = eigen::DEFAULT_MEMORY;
    let error = eigen::solve(&cov, &request, RouteChoice::Auto, memory, Par::Seq).unwrap_err();
    assert!(error.to_string().contains("pd = 6"), "{error}");
    let pairs = spectrum(&cov, Route::Dense, Request::top(6));
    assert!(matches!(eigen::TopSpace::new(&pairs, 9), Err(Error::Projector { rank: 9, .. })));
}

/// Two equal neurons and their opposite: Ψu/√λ has no direction where λ is rounding, and the dense route
/// takes over.
#[test]
fn vectors_of_a_deficient_sigma_come_from_the_dense_route() {
    let (a, b) = ([1.0, 0.0, 0.0], [0.6, 0.8, 0.0]);
    let w = Mat::from_fn(4, 3, |r, i| [a, a, a.map(|x: f64| -x), b][r][i]);
    let sigma = activation::parse("sigmoid:1").unwrap();
    let cov = Covariance::new(w.as_ref(), sigma.as_ref(), Truncation::default()).unwrap();
    let request = Request::all().with_vectors();
    let refused =
        eigen::solve(&cov, &request, RouteChoice::Only(Route::Harmonic), eigen::DEFAULT_MEMORY, Par::Seq);
    assert!(matches!(refused, Err(Error::Projector { rank: 12, .. })));
    assert!(spectrum(&cov, Route::Dense, request).orthonormality <= ROUNDING);
    let values = spectrum(&cov, Route::Harmonic, Request::all()).eigenvalues;
    assert_eq!(values.len(), 12);
}

#[test]
fn a_size_that_does_not_fit_names_a_route_that_does() {
    let cov = covariance(3, 4_000, "sigmoid:1", Truncation::default());
    let choice = RouteChoice::Only(Route::Dense);
    let error = eigen::solve(&cov, &Request::all(), choice, 1 << 30, Par::Seq).unwrap_err().to_string();
    assert!(error.contains("harmonic route would need"), "{error}");
}

/// A rotation of all the weights turns Σ and leaves its spectrum.
fn rotated(w: MatRef<'_, f64>, seed: u64) -> Mat<f64> {
    let d = w.ncols();
    let q = uniform_sphere(&mut seed::stream(seed, "rotation", "matrix"), d, d, 1.0).qr().compute_Q();
    w * q
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_spectrum_is_invariant_under_rotation(
        (d, p, which) in (3_usize..7, 1_usize..8, 0_usize..3),
        shift in -1.5_f64..1.5,
        root in 0_u64..1_000,
    ) {
        let sigma = activation::parse(&format!("{}:{shift}", ["sigmoid", "tanh", "erf"][which])).unwrap();
        let w = uniform_sphere(&mut seed::stream(root, "rotation", "weights"), p, d, 1.0);
        let [a, b] = [w.clone(), rotated(w.as_ref(), root)].map(|w| {
            let cov = Covariance::new(w.as_ref(), sigma.as_ref(), Truncation::default()).unwrap();
            spectrum(&cov, Route::Dense, Request::all())
        });
        for (x, y) in a.eigenvalues.iter().zip(&b.eigenvalues) {
            prop_assert!((x - y).abs() <= 2.0 * a.rounding_bound() + ROUNDING * a.eigenvalues[0]);
        }
        let negative = a.eigenvalues.iter().any(|&l| l < -a.rounding_bound() - a.truncation_bound);
        prop_assert!(!negative, "Σ has a negative eigenvalue beyond rounding");
    }
}

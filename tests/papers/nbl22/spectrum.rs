//! What the claims on assumptions and spectrum rest on: the mean square of the angle, two routes, ranges of
//! the plans.

use escapement::covariance::{Covariance, HarmonicMap};
use escapement::sphere::{self, Truncation};
use escapement::{activation, seed};
use escapement_verify::claim::{Claim, Tier};
use escapement_verify::papers::nbl22::letters::Letters;
use escapement_verify::papers::nbl22::spectrum::{Spectrum, constants::Constants, solve};
use faer::Par;

/// With one neuron the entries of the Gram matrix between two degrees have the same sum of squares wherever
/// that neuron points.
#[test]
fn mean_square_between_degrees_is_exact() {
    for name in ["sigmoid:1", "tanh:0.5"] {
        for d in [3, 5] {
            let sigma = activation::parse(name).unwrap();
            let w = sphere::uniform_sphere(&mut seed::stream(5, "one neuron", name), 1, d, 1.0);
            let cov = Covariance::new(w.as_ref(), sigma.as_ref(), Truncation::Degree(4)).unwrap();
            let map = HarmonicMap::new(&cov, 4).unwrap();
            let gram = map.gram(Par::Seq).unwrap();
            let levels = &cov.levels().levels;
            for i in 0..=4 {
                for j in 0..i {
                    let (rows, columns) = (map.basis().level(i), map.basis().level(j));
                    let block =
                        gram.as_ref().submatrix(rows.start, columns.start, rows.len(), columns.len());
                    let sum = block.norm_l2().powi(2);
                    let (x, y) = (&levels[i], &levels[j]);
                    let exact = (x.a_hat * y.a_hat).powi(2) + (d as f64 - 1.0) * (x.c_hat * y.c_hat).powi(2);
                    // Entries are products of numbers below the trace, each known to some hundred roundings.
                    let rounding =
                        1e3 * f64::EPSILON * cov.trace() * sum.sqrt().max(f64::EPSILON * cov.trace());
                    assert!(
                        (sum - exact).abs() <= rounding,
                        "{name}, d = {d}, degrees {i} and {j}: {sum} against {exact}"
                    );
                }
            }
        }
    }
}

/// The Gram matrix of the harmonics and the block method on Σ see the same eigenvalues, and the same angles.
#[test]
fn routes_agree_on_eigenvalues_and_angles() {
    for name in ["sigmoid:1", "tanh:0.5"] {
        for k in [1, 2] {
            let w = sphere::uniform_sphere(&mut seed::stream(3, "two routes", name), 200, 3, 1.0);
            let cov = Covariance::new(
                w.as_ref(),
                activation::parse(name).unwrap().as_ref(),
                Truncation::default(),
            )
            .unwrap();
            let n = sphere::cumulative_dimension(3, k).unwrap();
            let a = solve::harmonic(&cov, Some(n), k).unwrap();
            let b = solve::products(&cov, n + 1, Some(n), k).unwrap();
            for i in 0..=n {
                let miss = (a.eigenvalues[i] - b.eigenvalues[i]).abs();
                assert!(miss <= a.rounding + b.rounding, "{name}, k = {k}, eigenvalue {i}: off by {miss}");
            }
            let (x, y) = (a.sine_errors(n), b.sine_errors(n));
            let largest = (a.sines[0] - b.sines[0]).abs();
            assert!(largest <= x.0 + y.0, "{name}, k = {k}: sin² {} and {}", a.sines[0], b.sines[0]);
            let sum = |s: &[f64]| s.iter().sum::<f64>();
            let miss = (sum(&a.sines) - sum(&b.sines)).abs();
            assert!(miss <= x.1 + y.1, "{name}, k = {k}: Σ sin² off by {miss}");
            assert!(
                x.1 + y.1 < 0.05 * sum(&a.sines),
                "{name}, k = {k}: the bounds {} and {} say nothing",
                x.1,
                y.1
            );
            let trace = (a.trace.0 - b.trace.0).abs();
            assert!(trace <= a.trace.1 + b.trace.1, "{name}: traces off by {trace}");
        }
    }
}

/// The first widths of the plans are in range by the conditions themselves, before anything is measured.
#[test]
fn plans_stay_in_range() {
    for tier in [Tier::Quick, Tier::Standard] {
        for cell in Spectrum.plan(tier).iter().filter(|c| c.m() > 0 && c.replicate == 0) {
            let c = Constants::new(cell.d(), cell.k(), &cell.activation).unwrap();
            let degree = if cell.part == "top" { cell.k() } else { 2 * cell.k() };
            let deviation = c.deviation(degree, cell.m() / 2, 0.01).unwrap().1;
            assert!(deviation <= 0.5 && c.ordered(), "{cell}: deviation {deviation}");
            if cell.part == "top" {
                let angle = (c.angle().value / (cell.m() / 2) as f64).sqrt();
                assert!(angle <= 0.5, "{cell}: angle {angle}");
            }
        }
    }
}

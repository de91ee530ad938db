//! The error bounds of a computed top space, against one whose series goes on for many more degrees.

use escapement::construct::{LowDegree, Target, ZonalTerm, w_l};
use escapement::covariance::Covariance;
use escapement::eigen::{TopSpace, full_eigenvalues};
use escapement::sphere::{Truncation, cumulative_dimension, dimension, uniform_sphere};
use escapement::{activation, seed};
use faer::{Mat, Par};

/// The norm of a symmetric matrix.
fn norm(a: &Mat<f64>) -> f64 {
    full_eigenvalues(a.as_ref(), Par::Seq).unwrap().into_iter().fold(0.0, |most, l| most.max(l.abs()))
}

/// `Σ_i f(λ_i) q_i q_iᵀ` over the top space.
fn form(top: &TopSpace, f: impl Fn(f64) -> f64) -> Mat<f64> {
    let q = top.vectors();
    let scaled = Mat::from_fn(q.nrows(), q.ncols(), |i, j| q[(i, j)] * f(top.eigenvalues()[j]));
    &scaled * q.transpose()
}

#[test]
fn the_errors_of_a_top_space_are_within_their_bounds() {
    let (d, p, k) = (5, 60, 1);
    let rng = &mut seed::stream(14, "top space", "directions");
    let sigma = activation::parse("tanh:0.5").unwrap();
    let weights = uniform_sphere(rng, p, d, 1.0);
    let eta = uniform_sphere(rng, k + 1, d, 1.0);
    let low = (0..=k).map(|degree| ZonalTerm {
        degree,
        coefficient: (dimension(d, degree) / (k + 1) as f64).sqrt(),
        eta: eta.row(degree).iter().copied().collect(),
    });
    let target = Target::new(d, k, LowDegree::Zonal(low.collect()), Vec::new()).unwrap();
    let rank = cumulative_dimension(d, k).unwrap();
    let at = |tail: f64| {
        let cov = Covariance::new(weights.as_ref(), sigma.as_ref(), Truncation::Tail(tail)).unwrap();
        let (top, _) = TopSpace::of(&cov, rank, Par::Seq).unwrap();
        let w = w_l(&cov, &top, &target, Par::Seq).unwrap();
        (top, w)
    };
    let (fine, w_fine) = at(1e-12);
    let mut departures = Vec::new();
    for tail in [1e-3, 1e-4, 1e-6] {
        let (top, w) = at(tail);
        let turned = norm(&(form(&top, |_| 1.0) - form(&fine, |_| 1.0)));
        let moved = norm(&(form(&top, |l| l) - form(&fine, |l| l)));
        let solution = (&w - &w_fine).norm_l2();
        for (what, error, bound, without) in [
            ("turn", turned, top.turn(), fine.turn()),
            ("form", moved, top.form_error(), fine.form_error()),
            ("solution", solution, top.solution_error(), fine.solution_error()),
        ] {
            assert!(error <= bound + without, "{what} at tail {tail:e}: {error:e} against {bound:e}");
            // The bounds of the longer series are those of the shorter one with its truncation left out.
            assert!(error > without, "{what} at tail {tail:e}: {error:e} is within {without:e}");
        }
        departures.push(top.departure());
    }
    assert!(departures.is_sorted_by(|a, b| a > b), "{departures:?}");
    assert!(fine.departure() < 1e-11, "{:e}", fine.departure());
}

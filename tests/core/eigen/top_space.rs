//! The error bounds of a computed top space, against one whose series goes on for many more degrees.

use escapement::construct::{LowDegree, Target, ZonalTerm, w_l};
use escapement::covariance::Covariance;
use escapement::eigen::{
    self, EigenPairs, Request, Route, RouteChoice, TopSpace, full_eigen, full_eigenvalues,
};
use escapement::sphere::{Truncation, cumulative_dimension, dimension, uniform_sphere};
use escapement::{activation, seed, tolerance};
use faer::{Mat, Par};
use std::ops::ControlFlow;

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

/// Σ at these sizes.
fn covariance(d: usize, p: usize, activation: &str) -> Covariance {
    let weights = uniform_sphere(&mut seed::stream(15, "top space", "weights"), p, d, 1.0);
    let sigma = activation::parse(activation).unwrap();
    Covariance::new(weights.as_ref(), sigma.as_ref(), Truncation::default()).unwrap()
}

/// The top `rank` of Σ by `solve_top`.
fn top(cov: &Covariance, rank: usize, residual: f64) -> EigenPairs {
    let go_on = &mut |_| ControlFlow::Continue(());
    let pairs = eigen::solve_top(cov, rank, residual, eigen::DEFAULT_MEMORY, Par::Seq, go_on).unwrap();
    assert_eq!(pairs.plan.route, Route::Operator);
    pairs
}

/// The full spectrum of Σ, in its units, with vectors.
struct Truth {
    a: Mat<f64>,
    values: Vec<f64>,
    vectors: Mat<f64>,
}

impl Truth {
    fn of(cov: &Covariance) -> Self {
        let a = cov.assemble();
        let (values, vectors) = full_eigen(a.as_ref(), Par::Seq).unwrap();
        Self {
            values: values.iter().map(|l| l * cov.scale()).collect(),
            a: a * faer::Scale(cov.scale()),
            vectors,
        }
    }

    /// Values and residuals of the pairs, and the angle of their space, are what they say.
    fn check(&self, what: &str, residual: f64, pairs: &EigenPairs) {
        let rounding = pairs.rounding_bound();
        assert!(pairs.residual_max <= residual * self.values[0], "{what}: {:e}", pairs.residual_max);
        for (i, (value, truth)) in pairs.eigenvalues.iter().zip(&self.values).enumerate() {
            let off = (value - truth).abs();
            assert!(off <= pairs.bound(i) + rounding, "{what}: λ_{i} is off by {off:e}");
        }
        let q = pairs.vectors.as_ref().unwrap();
        let aq = &self.a * q;
        for (i, bound) in pairs.residuals.iter().enumerate() {
            let left = (0..q.nrows()).map(|r| (aq[(r, i)] - pairs.eigenvalues[i] * q[(r, i)]).powi(2));
            let left = left.sum::<f64>().sqrt();
            assert!(left <= bound + rounding, "{what}: residual {i} is {left:e}, not {bound:e}");
            let computed = pairs.residual_failure == 0.0;
            assert!(
                !computed || *bound <= left + rounding,
                "{what}: residual {i} is {left:e} not {bound:e}"
            );
        }
        let rank = pairs.eigenvalues.len();
        let gap = self.values[rank - 1] - self.values[rank];
        let turned = self.turned(q);
        let allowed = pairs.solver_error(rank) / (gap - pairs.solver_error(rank)) + 1e-13;
        assert!(turned <= allowed, "{what}: {turned:e} against {allowed:e}");
    }

    /// `‖QQᵀ − Π‖` for the projector Π on as many top eigenvectors.
    fn turned(&self, q: &Mat<f64>) -> f64 {
        let u = self.vectors.subcols(0, q.ncols());
        norm(&(q * q.transpose() - u * u.transpose()))
    }
}

/// The space alone against the one with a pair more: by the matrix itself, the Gram matrix, and in blocks.
#[test]
fn a_space_alone_is_the_same_space() {
    for (d, p, route) in [(3, 40, Route::Dense), (3, 400, Route::Harmonic), (12, 384, Route::Operator)] {
        let weights = uniform_sphere(&mut seed::stream(16, "top space", "weights"), p, d, 1.0);
        let sigma = activation::parse("tanh:0.5").unwrap();
        let cov = Covariance::new(weights.as_ref(), sigma.as_ref(), Truncation::default()).unwrap();
        let rank = cumulative_dimension(d, 1).unwrap();
        let (one_more, known) = TopSpace::of(&cov, rank, Par::Seq).unwrap();
        let (alone, pairs) = TopSpace::alone(&cov, rank, Par::Seq).unwrap();
        assert_eq!((pairs.plan.route, alone.rank()), (route, rank));
        let next = pairs.eigenvalues.get(rank).copied().or(pairs.next).unwrap();
        assert_eq!(pairs.next.is_some(), route == Route::Operator);
        assert!(next >= known.eigenvalues[rank] - known.bound(rank) - pairs.rounding_bound(), "{route}");
        // A space with one vector less would be off by 1.
        let (q, other) = (one_more.vectors(), alone.vectors());
        let rest = other - q * (q.transpose() * other);
        let turned = norm(&(rest.transpose() * &rest)).sqrt();
        let bound = one_more.turn() + alone.turn() + 1e-13;
        assert!(turned <= bound && bound < 1e-5, "{route}: {turned:e} against {bound:e}");
        // A residual of 1e-12 is allowed where the tail of Σ is 1e-9.
        assert!(pairs.residual_max <= 1e-2 * cov.truncation_bound().max(1e-10 * pairs.eigenvalues[0]));
    }
}

/// Every number of a space whose next eigenvalue is only bounded, against the full spectrum.
#[test]
fn powers_find_the_top_space_and_bound_what_is_beyond() {
    for (d, p, k, residual) in [
        (30, 60, 1, 1e-7),
        (30, 60, 1, tolerance::RESIDUAL),
        (40, 60, 1, 1e-8),
        (40, 40, 0, tolerance::RESIDUAL),
        (12, 150, 2, 1e-9),
    ] {
        let cov = covariance(d, p, if k == 0 { "sine:1.3" } else { "sigmoid:1" });
        let rank = cumulative_dimension(d, k).unwrap();
        let (truth, pairs) = (Truth::of(&cov), top(&cov, rank, residual));
        let what = format!("d = {d}, k = {k}, {residual:.0e}");
        let next = pairs.next.unwrap_or_else(|| panic!("{what}: powers gave up"));
        let [last, beyond] = [truth.values[rank - 1], truth.values[rank]];
        assert_eq!((pairs.eigenvalues.len(), pairs.completeness.certified), (rank, rank), "{what}");
        assert!(next >= beyond && next <= 0.5 * last, "{what}: {next:e} for {beyond:e}");
        truth.check(&what, residual, &pairs);
        let space = TopSpace::new(&pairs, rank).unwrap();
        assert!(space.gap() <= last - beyond + pairs.bound(rank - 1), "{what}");
        let turned = truth.turned(pairs.vectors.as_ref().unwrap());
        assert!(turned <= space.turn() + 1e-13, "{what}: {turned:e} against {:e}", space.turn());

        // The same space is what a spectrum of as many eigenvalues is taken from, and of fewer.
        let spectrum = |n: usize| {
            let (request, route) = (Request { tolerance: residual, ..Request::top(n) }, Route::Operator);
            eigen::solve(&cov, &request, RouteChoice::Only(route), eigen::DEFAULT_MEMORY, Par::Seq).unwrap()
        };
        let whole = spectrum(rank);
        assert_eq!(whole.completeness.certified, rank, "{what}: {}", whole.completeness.how);
        assert_eq!(whole.residual_failure > 0.0, k > 0 && rank > 32, "{what}: powers were not taken");
        truth.check(&what, residual, &whole);
        let fewer = spectrum(rank.div_ceil(2));
        assert_eq!(fewer.completeness.certified, rank.div_ceil(2));
        assert_eq!(fewer.eigenvalues, whole.eigenvalues[..rank.div_ceil(2)], "{what}");
    }
}

/// Degrees that are not apart, or a rank within a degree: one pair more is computed, as ever.
#[test]
fn where_powers_gain_too_little_the_pair_beyond_the_gap_is_computed() {
    let cov = covariance(8, 120, "sigmoid:6");
    let rank = cumulative_dimension(8, 2).unwrap();
    let pairs = top(&cov, rank, tolerance::RESIDUAL);
    if let Some(next) = pairs.next {
        assert!(next <= 0.5 * pairs.eigenvalues[rank - 1]);
    } else {
        assert_eq!(pairs.eigenvalues.len(), rank + 1);
    }
    let go_on = &mut |_| ControlFlow::Continue(());
    let within =
        eigen::solve_top(&cov, 3, tolerance::RESIDUAL, eigen::DEFAULT_MEMORY, Par::Seq, go_on).unwrap();
    assert_eq!((within.eigenvalues.len(), within.next), (4, None));
    let values = full_eigenvalues(cov.assemble().as_ref(), Par::Seq).unwrap();
    for (i, value) in within.eigenvalues.iter().enumerate() {
        assert!((value - values[i] * cov.scale()).abs() <= within.bound(i) + within.rounding_bound());
    }
    for bad in [0.0, 1.0, f64::NAN] {
        assert!(eigen::solve_top(&cov, 3, bad, eigen::DEFAULT_MEMORY, Par::Seq, go_on).is_err());
    }
    for rank in [0, cov.order() + 1, usize::MAX] {
        let memory = eigen::DEFAULT_MEMORY;
        let found = eigen::solve_top(&cov, rank, 1e-9, memory, Par::Seq, go_on);
        assert!(found.and_then(|pairs| TopSpace::new(&pairs, rank)).is_err(), "{rank}");
    }
}

#[test]
fn powers_stop_when_they_are_told_to() {
    let cov = covariance(30, 60, "sigmoid:1");
    let values = Truth::of(&cov).values;
    let request = Request::top(31);
    for whole in [false, true] {
        let mut seen = Vec::new();
        let observe = &mut |progress: eigen::Progress| {
            seen.push(progress);
            if seen.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let (memory, par) = (eigen::DEFAULT_MEMORY, Par::Seq);
        let pairs = if whole {
            eigen::solve_observed(&cov, &request, RouteChoice::Only(Route::Operator), memory, par, observe)
        } else {
            eigen::solve_top(&cov, 31, request.tolerance, memory, par, observe)
        };
        let pairs = pairs.unwrap();
        assert!(pairs.stopped && pairs.next.is_none() && pairs.completeness.certified == 0);
        assert_eq!(seen.iter().map(|p| p.products).collect::<Vec<_>>(), [31, 62]);
        assert!(seen[1].residual < seen[0].residual);
        // The pairs so far, each within its residual of an eigenvalue.
        for (i, value) in pairs.eigenvalues.iter().enumerate() {
            let nearest = values.iter().map(|l| (l - value).abs()).fold(f64::INFINITY, f64::min);
            assert!(nearest <= 1.001 * pairs.residuals[i] + 1e-8 * value, "λ_{i} is {nearest:e} away");
        }
    }
    // The last word is that all have converged.
    let mut last = None;
    let observe = &mut |progress| {
        last = Some(progress);
        ControlFlow::Continue(())
    };
    let memory = eigen::DEFAULT_MEMORY;
    let pairs =
        eigen::solve_observed(&cov, &request, RouteChoice::Only(Route::Operator), memory, Par::Seq, observe);
    let (pairs, last) = (pairs.unwrap(), last.unwrap());
    assert_eq!((last.converged, last.products), (31, pairs.products));
    assert!(last.residual <= request.tolerance && !pairs.stopped);
}

//! Descent against closed forms: iterates, noise, the length of a step, every outcome, resumption to the
//! bit, and saddles that hold or let go.

use crate::descent::least::Diagonal;
use escapement::construct::saddle_labels;
use escapement::descent::{
    Descended, DescentOptions, DescentState, Iterate, Landscape, LeastOptions, LossLandscape, Outcome,
    StepSize, descend, least_eigenvalue,
};
use escapement::eigen::SymmetricOperator;
use escapement::{Error, Result, seed, sphere, tolerance};
use faer::{Mat, MatMut, MatRef, Par};
use statrs::distribution::{ChiSquared, ContinuousCDF};
use std::ops::ControlFlow;

use crate::objective::Case;
use escapement::network::Model;
use escapement::objective::{Loss, regularized::Value};

/// `½ Σ_i h_i w_i²` over the entries of a matrix, column by column; an error outside a ball.
struct Bowl {
    h: Vec<f64>,
    columns: usize,
    edge: f64,
}

impl Bowl {
    fn new(h: &[f64]) -> Self {
        Self { h: h.to_vec(), columns: 1, edge: f64::INFINITY }
    }
}

impl Landscape for Bowl {
    fn shape(&self) -> (usize, usize) {
        (self.h.len() / self.columns, self.columns)
    }

    fn value_and_gradient(
        &mut self,
        w: MatRef<'_, f64>,
        mut gradient: MatMut<'_, f64>,
        _: Par,
    ) -> Result<Value> {
        if w.norm_l2() > self.edge {
            return Err(Error::Numerical { what: "the bowl", why: "it has an edge".into() });
        }
        let mut objective = 0.0;
        for (i, h) in self.h.iter().enumerate() {
            let place = (i % w.nrows(), i / w.nrows());
            gradient[place] = h * w[place];
            objective += 0.5 * h * w[place] * w[place];
        }
        Ok(Value { loss: objective, regularizers: [0.0; 4], objective })
    }

    fn hessian(&self, _: MatRef<'_, f64>, _: Par) -> Result<Box<dyn SymmetricOperator + '_>> {
        Ok(Box::new(Diagonal(&self.h)))
    }
}

fn start(n: usize, name: &str) -> Mat<f64> {
    sphere::uniform_sphere(&mut seed::stream(5, "descent", name), 1, n.max(3), (n as f64).sqrt())
        .transpose()
        .subrows(0, n)
        .to_owned()
}

fn run(landscape: &mut dyn Landscape, from: Mat<f64>, options: &DescentOptions) -> Descended {
    let state = DescentState::new(from, options);
    descend(landscape, state, options, &mut |_| ControlFlow::Continue(()), Par::Seq).unwrap()
}

fn fixed(eta: f64, steps: u64) -> DescentOptions {
    DescentOptions {
        step_size: StepSize::Fixed(eta),
        gradient: 0.0,
        max_steps: steps,
        ..DescentOptions::default()
    }
}

#[test]
fn iterates_on_a_quadratic_are_powers() {
    let h = [0.25, 1.0, 1.75, 0.0];
    let from = start(4, "powers");
    let end = run(&mut Bowl::new(&h), from.clone(), &fixed(0.9, 12));
    assert_eq!((end.outcome, end.state.step, end.state.evaluations), (Outcome::Steps, 12, 12));
    for (i, h) in h.iter().enumerate() {
        let expected = (1.0 - 0.9 * h).powi(12) * from[(i, 0)];
        // Two roundings a step.
        assert!((end.state.w[(i, 0)] - expected).abs() <= 24.0 * f64::EPSILON * from[(i, 0)].abs());
    }
}

#[test]
fn noise_has_the_variance_of_the_equation_and_a_stream_of_its_own() {
    // On a landscape all but flat T steps move W by −η Σ_t Ξ_t: a normal matrix of variance η²s²T/(md),
    // where md counts the entries of all columns.
    let (n, steps, eta, s) = (400, 30, 0.5, 0.2);
    let options = DescentOptions { noise: s, seed: 3, ..fixed(eta, steps) };
    for columns in [1, 8] {
        let flat = || Bowl { columns, ..Bowl::new(&vec![1e-100; n]) };
        let from = || Mat::from_fn(n / columns, columns, |r, c| ((3 * r + c) as f64).sin());
        let end = run(&mut flat(), from(), &options);
        assert_eq!(end.outcome, Outcome::Steps);
        let square =
            (&end.state.w - from()).squared_norm_l2() / (eta * eta * s * s * steps as f64 / n as f64);
        let chi = ChiSquared::new(n as f64).unwrap().cdf(square);
        assert!((tolerance::FAILURE..1.0 - tolerance::FAILURE).contains(&chi), "{square} of {n}");
        let other = run(&mut flat(), from(), &DescentOptions { seed: 4, ..options });
        assert_ne!(other.state.w, end.state.w);
    }
}

#[test]
fn backtracking_finds_the_curvature_and_lowers_the_loss_at_every_step() {
    let h: Vec<f64> = (1..=40).map(|i| 0.5 * f64::from(i)).collect();
    for first in [1e3, 1e-3] {
        let options = DescentOptions {
            step_size: StepSize::Backtracking { first },
            gradient: 1e-9,
            max_steps: 5_000,
            ..DescentOptions::default()
        };
        let state = DescentState::new(start(40, "curvature"), &options);
        let (mut before, mut sizes) = (None::<(f64, f64)>, Vec::new());
        let end = descend(
            &mut Bowl::new(&h),
            state,
            &options,
            &mut |at| {
                if let Some((value, square)) = before {
                    // The step taken was the one kept now, or a tenth less; L falls by half of it times
                    // ‖∇L‖², up to the rounding of L.
                    let promised = 0.5 * at.state.step_size / 1.1 * square;
                    assert!(at.value.objective <= value - promised + 1e-14 * value);
                }
                before = Some((at.value.objective, at.gradient_norm.powi(2)));
                sizes.push(at.state.step_size);
                ControlFlow::Continue(())
            },
            Par::Seq,
        )
        .unwrap();
        assert_eq!(end.outcome, Outcome::FirstOrder);
        // Along a step the curvature is between the least and the largest.
        let late = &sizes[sizes.len() / 2..];
        assert!(late.iter().all(|eta| (0.5 / 20.0..1.1 / 0.5).contains(eta)), "{late:?}");
        // A tenth more until it is refused, then half: at most one refusal in seven steps, and the search at
        // the start.
        assert!(end.state.evaluations <= end.state.step * 8 / 7 + 20, "{:?}", end.state);
    }
}

#[test]
fn every_outcome() {
    let h = [1.0, 3.0];
    let from = || start(2, "outcomes");
    // 2/λ_max = 2/3.
    assert_eq!(run(&mut Bowl::new(&h), from(), &fixed(0.7, 10_000)).outcome, Outcome::Diverged);
    assert_eq!(
        run(&mut Bowl::new(&h), from(), &DescentOptions { gradient: 1e-6, ..fixed(0.6, 10_000) }).outcome,
        Outcome::FirstOrder
    );
    let edge = 2.0 * from().norm_l2();
    let ended = run(&mut Bowl { edge, ..Bowl::new(&[-1.0, 1.0]) }, from(), &fixed(0.5, 100));
    assert_eq!(ended.outcome, Outcome::Diverged);
    assert!(ended.state.w.norm_l2() <= edge);
    // Backtracking takes an overflow for a step too long, and creeps up to the edge until nothing is left.
    let options = DescentOptions { gradient: 0.0, ..DescentOptions::default() };
    let crept = run(&mut Bowl { edge, ..Bowl::new(&[-1.0, -1.0]) }, from(), &options);
    assert_eq!(crept.outcome, Outcome::Stagnated);
    // The bottom, with no tolerance: nothing falls any more.
    let options = DescentOptions { gradient: 0.0, patience: 50, ..fixed(0.3, 100_000) };
    let still = run(&mut Bowl::new(&h), from(), &options);
    assert!(still.outcome == Outcome::Stagnated && still.state.step < 2_000, "{still:?}");
    // An overflow at the start is an error, and so is a shape that does not fit.
    let mut off = Bowl { edge: 1.0, ..Bowl::new(&[1.0]) };
    let watch = &mut |_: &Iterate<'_>| ControlFlow::Continue(());
    for from in [Mat::full(1, 1, 2.0), Mat::full(1, 1, f64::NAN), Mat::zeros(2, 1)] {
        assert!(descend(&mut off, DescentState::new(from, &options), &options, watch, Par::Seq).is_err());
    }
}

#[test]
fn options_out_of_their_domain_are_refused() {
    let good = DescentOptions::default();
    let bad = [
        DescentOptions { step_size: StepSize::Fixed(0.0), ..good },
        DescentOptions { step_size: StepSize::Backtracking { first: f64::NAN }, ..good },
        DescentOptions { noise: -1.0, ..good },
        DescentOptions { gradient: -1.0, ..good },
        DescentOptions { curvature: Some(0.0), ..good },
        DescentOptions { curvature: Some(f64::INFINITY), ..good },
        DescentOptions { ceiling: 0.0, ..good },
        DescentOptions { patience: 0, ..good },
    ];
    for options in bad {
        let state = DescentState::new(Mat::zeros(2, 1), &good);
        let found = descend(
            &mut Bowl::new(&[1.0, 1.0]),
            state,
            &options,
            &mut |_| ControlFlow::Continue(()),
            Par::Seq,
        );
        assert!(matches!(found, Err(Error::Domain { .. })), "{options:?}");
    }
}

#[test]
fn a_descent_resumes_to_the_bit_whatever_the_threads() {
    let case = Case::new(70, 40, 3, "resume");
    let objective = case.objective(Loss::PseudoHuber, [0.1, 0.01, 0.1, 1e-4], Model::Network);
    let options = DescentOptions {
        noise: 0.02,
        gradient: 1e-3,
        curvature: Some(1e-3),
        max_steps: 60,
        seed: 9,
        ..DescentOptions::default()
    };
    let from = || DescentState::new(Mat::zeros(80, 3), &options);
    let through = |state, until: u64, par| {
        let watch = &mut |at: &Iterate<'_>| {
            if at.state.step == until { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        descend(&mut LossLandscape::new(&objective), state, &options, watch, par).unwrap()
    };
    let whole = through(from(), u64::MAX, Par::Seq);
    assert_eq!(whole.outcome, Outcome::Steps);
    let mut state = from();
    for until in [0, 1, 17, 44] {
        let part = through(state, until, Par::rayon(2));
        assert_eq!((part.outcome, part.state.step), (Outcome::Interrupted, until));
        state = part.state;
    }
    let rest = through(state, u64::MAX, Par::Seq);
    assert_eq!((rest.state, rest.value), (whole.state, whole.value));
}

#[test]
fn a_threshold_is_decided_on_either_side() {
    let spectrum =
        |n: u32| -> Vec<f64> { (0..n).map(|i| (4.0 * f64::from(i) / f64::from(n)).sqrt() - 0.5).collect() };
    for (n, dense) in [(2_000, 0), (300, 300)] {
        let h = spectrum(n);
        for (threshold, above) in [(-0.6, true), (-0.4, false), (-10.0, true), (1.0, false)] {
            let options = LeastOptions { threshold: Some(threshold), dense, ..LeastOptions::default() };
            let found = least_eigenvalue(&Diagonal(&h), &options, Par::Seq).unwrap();
            assert_eq!(
                (found.lower_bound >= threshold, found.value < threshold),
                (above, !above),
                "{found:?}"
            );
            assert!(found.lower_bound <= -0.5 && found.value >= -0.5 - 1e-12);
        }
    }
    // What is close costs more than what is far, and a budget that does not suffice decides nothing.
    let h = spectrum(2_000);
    let spent = |threshold, max_products| {
        let options =
            LeastOptions { threshold: Some(threshold), dense: 0, max_products, ..LeastOptions::default() };
        least_eigenvalue(&Diagonal(&h), &options, Par::Seq).unwrap()
    };
    assert!(spent(-10.0, 300).products < spent(-0.55, 300).products);
    let short = spent(-0.501, 20);
    assert!(short.lower_bound < -0.501 && short.value > -0.501 && short.products == 20);
}

#[test]
fn a_look_that_decides_nothing_certifies_nothing() {
    let h: Vec<f64> = (0..2_000).map(|i| (f64::from(i) / 500.0).sqrt() - 0.5).collect();
    let least = LeastOptions { dense: 0, max_products: 20, ..LeastOptions::default() };
    let options = DescentOptions { curvature: Some(0.501), least, ..fixed(0.1, 35) };
    let mut looks = Vec::new();
    let state = DescentState::new(Mat::zeros(2_000, 1), &options);
    let watch = &mut |at: &Iterate<'_>| {
        if let Some(found) = at.look {
            assert!(found.value > -0.501 && found.lower_bound < -0.501);
            looks.push(at.state.step);
        }
        ControlFlow::Continue(())
    };
    let end = descend(&mut Bowl::new(&h), state, &options, watch, Par::Seq).unwrap();
    assert_eq!((end.outcome, end.look.map(|(step, _)| step)), (Outcome::Steps, Some(30)));
    // Ten steps between looks, then twice as many.
    assert_eq!(looks, [0, 10, 30]);
}

#[test]
fn a_planted_saddle_holds_without_noise_and_lets_go_with_it() {
    let mut case = Case::new(90, 8, 3, "saddle");
    let rng = &mut seed::stream(5, "descent", "labels");
    case.y = saddle_labels(rng, &case.net, case.x.as_ref()).unwrap();
    assert!(saddle_labels(rng, &case.net, case.x.subrows(0, 24)).is_err());
    for model in [Model::Quadratic, Model::Network] {
        let objective = case.objective(Loss::PseudoHuber, [0.01, 0.01, 0.01, 1e-6], model);
        let options = DescentOptions {
            gradient: 2e-3,
            curvature: Some(5e-3),
            max_steps: 50_000,
            patience: 50_000,
            ..DescentOptions::default()
        };
        let noisy = DescentOptions { noise: 1e-3, ..options };
        let still = DescentOptions { max_steps: 50, ..options };
        let held = run(&mut LossLandscape::new(&objective), Mat::zeros(16, 3), &still);
        assert_eq!(held.outcome, Outcome::Steps);
        assert!(held.gradient_norm < 1e-12 && held.look.as_ref().unwrap().1.value < -5e-3, "{held:?}");
        let freed = run(&mut LossLandscape::new(&objective), Mat::zeros(16, 3), &noisy);
        assert_eq!(freed.outcome, Outcome::SecondOrder, "{:?}", freed.look);
        let (_, least) = freed.look.unwrap();
        assert!(freed.gradient_norm <= 2e-3 && least.lower_bound >= -5e-3);
        assert!(
            freed.value.objective < held.value.objective - 1e-3,
            "{} {}",
            freed.value.objective,
            held.value.objective
        );
    }
}

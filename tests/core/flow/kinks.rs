//! Networks on the parity cube, where neurons slide along kinks as a rule.

use crate::margin::reference::cube;
use escapement::flow::{Accuracy, Flow, Loss, NormOnly, Run};
use escapement::margin::Directions;
use escapement::training::one_step::standard_normal;
use escapement::{Error, seed};
use faer::{Mat, Par};
use std::ops::ControlFlow;

fn weights(m: usize, d: usize) -> Mat<f64> {
    let numbers = standard_normal(&mut seed::stream(7, "cube", "weights"), m * (d + 1));
    Mat::from_fn(m, d + 1, |j, c| numbers[j * (d + 1) + c])
}

/// Runs to the smoothed margin `until`; the second value is the largest fall of Γ̃ in a step once u > 0.
fn run(w: &Mat<f64>, x: &Mat<f64>, y: &[f64], loss: Loss, until: f64, tolerance: f64) -> (Run, f64) {
    let flow = Flow::new(x.as_ref(), y, loss, Par::Seq).unwrap();
    let accuracy = Accuracy { tolerance, ..Accuracy::default() };
    let (mut before, mut fall) = (f64::NEG_INFINITY, 0.0_f64);
    let run = flow
        .run(flow.point(w.as_ref()).unwrap(), f64::INFINITY, accuracy, &mut |point| {
            if point.levels.smoothed > 0.0 {
                fall = fall.max(before - point.smoothed_margin());
                before = point.smoothed_margin();
            }
            if point.levels.smoothed < until { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
        .unwrap();
    (run, fall)
}

/// Γ̃ does not fall, `a² − ‖v‖²` stays, and a finer run passes the same place.
#[test]
fn the_parity_cube() {
    let (x, y) = cube(3, 3.0_f64.sqrt().recip());
    let w = weights(32, 3);
    for loss in [Loss::Exponential, Loss::Logistic] {
        let [(coarse, rise), (fine, slower)] =
            [1e-4, 1e-7].map(|tolerance| run(&w, &x, &y, loss, 30.0, tolerance));
        // Each step errs by the tolerance of ‖W‖, so that Γ̃, which is at most ½, errs by twice that.
        assert!(rise <= 1e-4 && slower <= 1e-7, "{rise} {slower}");
        for (run, tolerance) in [(&coarse, 1e-4), (&fine, 1e-7)] {
            assert!(run.drift <= 2.0 * run.steps as f64 * tolerance, "{} at {tolerance}", run.drift);
        }
        let apart = (coarse.end.smoothed_margin() / fine.end.smoothed_margin() - 1.0).abs();
        assert!(apart <= 2.0 * coarse.steps as f64 * 1e-4, "{apart}");
        // u grows by at least the margin for each unit of path, and Γ is at most ½.
        assert!(fine.end.margin() < 0.5 && fine.end.margin() > fine.end.smoothed_margin());
    }
}

/// With inner weights of fixed directions the margin tends to half of that of a linear program, and never
/// exceeds it; with weights that may turn the flow passes it.
#[test]
fn directions_that_stay_and_directions_that_turn() {
    let (x, y) = cube(3, 3.0_f64.sqrt().recip());
    let m = 16;
    let w = weights(m, 3);
    let norms: Vec<f64> = (0..m).map(|j| w.row(j).subcols(1, 3).norm_l2()).collect();
    let v = Mat::from_fn(m, 3, |j, c| w[(j, c + 1)] / norms[j]);
    let best = Directions::new(v.as_ref(), x.as_ref(), &y, Par::Seq).unwrap().margin().unwrap().margin;
    let (a, r) = (vec![0.3; m], vec![1.0; m]);
    let flow = NormOnly::new(v.as_ref(), x.as_ref(), &y, (&a, &r), Par::Seq).unwrap();
    let accuracy = Accuracy { tolerance: 1e-6, ..Accuracy::default() };
    let end = flow
        .run(flow.start().unwrap(), f64::INFINITY, accuracy, &mut |point| {
            let [low, high] = flow.sandwich(point);
            assert!(
                low <= best.upper() && (point.tau == 0.0 || high >= best.lower()),
                "{low} {high} {best:?}"
            );
            if point.levels.smoothed < 1e4 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
        .unwrap();
    let kept = (m as f64).sqrt() * end.levels.smoothed / end.square;
    assert!(kept <= 0.5 * best.upper() && kept > 0.45 * best.lower(), "{kept} of {best:?}");
    let (turned, _) = run(&w, &x, &y, Loss::Exponential, 100.0, 1e-4);
    assert!(turned.end.smoothed_margin() > 0.5 * best.upper(), "{}", turned.end.smoothed_margin());
}

#[test]
fn bad_input_is_refused() {
    let (x, y) = cube(2, 0.5_f64.sqrt());
    let flow = Flow::new(x.as_ref(), &y, Loss::Exponential, Par::Seq).unwrap();
    assert!(matches!(flow.point(Mat::<f64>::zeros(3, 2).as_ref()), Err(Error::Shape { .. })));
    assert!(Flow::new(x.as_ref(), &[1.0, -1.0, 0.5, 1.0], Loss::Exponential, Par::Seq).is_err());
    let start = flow.point(weights(4, 2).as_ref()).unwrap();
    let rough = Accuracy { tolerance: 1.0, ..Accuracy::default() };
    assert!(matches!(
        flow.run(start.clone(), 1.0, rough, &mut |_| ControlFlow::Continue(())),
        Err(Error::Domain { .. })
    ));
    let few = Accuracy { steps: 3, ..Accuracy::default() };
    let spent = flow.run(start, f64::INFINITY, few, &mut |_| ControlFlow::Continue(()));
    assert!(matches!(spent, Err(Error::Numerical { .. })));
    let v = faer::mat![[1.0, 0.0]];
    let dead = NormOnly::new(v.as_ref(), x.as_ref(), &y, (&[1.0], &[1.0]), Par::Seq);
    assert!(matches!(dead, Err(Error::Domain { .. })));
    let long = faer::mat![[1.0, 1.0]];
    let long = NormOnly::new(long.as_ref(), x.as_ref(), &y, (&[0.0], &[1.0]), Par::Seq);
    assert!(matches!(long, Err(Error::Domain { .. })));
}

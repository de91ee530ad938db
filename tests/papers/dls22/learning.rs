//! Runs of Algorithm 1 and the errors of predictors: held to closed forms, to another route, and to what a
//! false number does to a verdict.

use escapement_verify::judge::{Verdict, judge_bound};
use escapement_verify::papers::dls22::learning::{Run, Streams, Task};
use escapement_verify::papers::dls22::letters::{D, M, N, NOISE, TARGET_SAMPLES};
use escapement_verify::papers::dls22::{absolute, families, theorem_1, theorem_3};
use escapement_verify::{Cell, Claim, Record, Tier};
use faer::{Mat, MatRef, Par};

fn cell(claim: &str, part: &str) -> Cell {
    Cell::new(claim, part).with(D, 5).with(M, 16).with(N, 60)
}

fn streams(cell: &Cell) -> Streams<'_> {
    Streams { cell, seed: 7, name: "test" }
}

/// The errors of f = 0 are moments of the target: means over 4096 inputs against exact numbers.
#[test]
fn the_zero_predictor_has_the_moments_of_the_target() {
    let cell = cell("test", "");
    for name in ["he1", "he2", "mix3"] {
        let f = families::series(name, 1, f64::NAN).unwrap();
        let zero = Task::draw(&f, 2, 0.5, streams(&cell)).unwrap().zero();
        let (interval, exact) = (zero.interval(), absolute::mean_modulus(&f));
        assert!(interval.contains(exact) && interval.error < 0.1, "{name}: {interval:?} for {exact}");
        assert!(zero.absolute().error < 1e-12 && zero.excess(0.0) == zero.absolute());
        // Six standard errors of means whose terms have variances below 60 and below 1.
        assert!((zero.square().value - 1.0).abs() < 6.0 * (60.0 / 4096.0_f64).sqrt(), "{name}");
        let excess = zero.excess(1.0).value - absolute::excess_over(&f, 1.0);
        assert!(excess.abs() < 6.0 / 64.0, "{name}: {excess}");
    }
}

/// Ridge on features is ridge with their inner products as the kernel, by sums of its own.
#[test]
fn a_head_is_kernel_ridge_with_the_products_of_its_features() {
    let cell = cell("test", "");
    let f = families::series("mix3", 1, f64::NAN).unwrap();
    let run = Run::new(&f, 60, streams(&cell)).unwrap();
    for features in [run.learnt.clone().frozen(), run.untrained.frozen()] {
        let phi = |x: MatRef<'_, f64>| {
            Mat::from_fn(x.nrows(), 16, |i, j| {
                let z: f64 = (0..5).map(|c| features.weights[(j, c)] * x[(i, c)]).sum();
                (z + features.biases[j]).max(0.0)
            })
        };
        let kernel =
            |x: MatRef<'_, f64>, other: MatRef<'_, f64>, _: Par| Ok(phi(x) * phi(other).transpose());
        let (direct, dual) = (features.errors(&run.task).unwrap(), run.task.kernel(kernel).unwrap());
        let (direct, dual) = (direct.square().value, dual.square().value);
        // The least decay, 1e-8, leaves half of the digits to the smallest eigenvalues.
        assert!((direct - dual).abs() < 1e-6 * direct, "{direct} for {dual}");
    }
}

/// α and β of a linear target leave nothing to learn, and rows that are projected have r coordinates.
#[test]
fn features_are_what_they_are_called() {
    let cell = cell("test", "");
    let f = families::series("mix3", 1, f64::NAN).unwrap();
    let run = Run::new(&f, 60, streams(&cell)).unwrap();
    let inside = run.learnt.clone().projected(1);
    for (j, c) in (0..16).flat_map(|j| (0..5).map(move |c| (j, c))) {
        let kept = if c == 0 { run.learnt.weights[(j, 0)] } else { 0.0 };
        assert_eq!(inside.weights[(j, c)], kept);
    }
    let frozen = run.learnt.clone().frozen();
    assert!(frozen.alpha == 0.0 && frozen.beta == [0.0; 5] && frozen.weights == run.learnt.weights);
    let again = frozen.centred(&run.task.fit).unwrap();
    assert!(again.alpha == run.learnt.alpha && again.beta == run.learnt.beta);
    let other = again.rebiased(Streams { name: "other", ..streams(&cell) });
    assert!(other.biases.iter().zip(&run.learnt.biases).all(|(a, b)| a != b));
    // Another target has the same inputs and noise, and more samples begin with fewer.
    let noisy = |name: &str, n: usize| {
        let f = families::series(name, 1, f64::NAN).unwrap();
        Task::draw(&f, n, 1.0, streams(&cell)).unwrap().fit
    };
    let (few, many) = (noisy("he1", 10), noisy("he2", 20));
    for i in 0..10 {
        assert_eq!(few.x.row(i), many.x.row(i));
        let z = few.x[(i, 0)];
        let noise = [few.y[i] - z, many.y[i] - (z * z - 1.0) / 2.0_f64.sqrt()];
        assert!((noise[0] - noise[1]).abs() < 1e-14 && (noise[0].abs() - 1.0).abs() < 1e-14);
    }
}

/// With many samples and no noise He_2 is learnt, before the step it is not, and He_4 is not either.
#[test]
fn the_step_is_what_learns() {
    let cell = cell("test", "").with(D, 8).with(M, 64);
    let error = |name: &str| {
        let f = families::series(name, 1, f64::NAN).unwrap();
        let run = Run::new(&f, 2000, streams(&cell)).unwrap();
        let after = run.learnt.errors(&run.task).unwrap().square().value;
        [after, run.untrained.errors(&run.task).unwrap().square().value]
    };
    let ([after, before], [flat, _]) = (error("he2"), error("he4"));
    assert!(after < 0.05 && before > 4.0 * after && flat > 10.0 * after, "{after}, {before}, {flat}");
}

/// Ten times the measured error is refuted by the bound that it was inside.
#[test]
fn a_false_error_is_refuted() {
    let (claim, bounds) = (theorem_1::Theorem1, theorem_1::Theorem1.bounds());
    let cells = claim.plan(Tier::Quick);
    let cell = cells.iter().find(|c| c.part == "beside.mix3").unwrap();
    let record = |factor: f64| {
        let mut measurement = claim.measure(cell, 7).unwrap();
        let error = measurement.quantities.get_mut("absolute_interval").unwrap();
        error.value *= factor;
        Record { source: String::new(), seed: 7, cell: cell.clone(), measurement }
    };
    let bound = bounds.iter().find(|b| b.name == "half-learnt").unwrap();
    let verdict =
        |factor: f64| judge_bound(claim.id(), bound, Tier::Quick, 7, &[record(factor)], &[]).verdict.verdict;
    assert_eq!((verdict(1.0), verdict(10.0)), (Verdict::Holds, Verdict::Refuted));
}

/// What is bad in a cell is an error, and no panic.
#[test]
fn cells_that_cannot_be_learnt_are_refused() {
    let transfer = |part: &str| cell("dls-theorem-3", part).with(TARGET_SAMPLES, 8);
    let refused: [(&dyn Claim, Cell); 5] = [
        (&theorem_1::Theorem1, cell("dls-theorem-1", "samples.he99").with(NOISE, 1.0)),
        (&theorem_1::Theorem1, cell("dls-theorem-1", "samples.he2").with(M, 7)),
        (&theorem_1::Theorem1, cell("dls-theorem-1", "samples.he2").with(N, 1)),
        (&theorem_3::Theorem3, transfer("dimensions.mix3").with(TARGET_SAMPLES, 0)),
        (&theorem_3::Theorem3, transfer("in-vain.deficient").with(D, 1)),
    ];
    for (claim, cell) in refused {
        assert!(claim.measure(&cell, 0).is_err(), "{cell}");
    }
}

//! Trap claims: statements that are false, or data that cannot tell, in forms that have fooled judges. A
//! crate of somebody else could write every one of them, because only the public interface is used. Each
//! must come out as what it is, and none may hang.

use escapement_verify::judge::{BoundVerdict, judge};
use escapement_verify::run::plan::Plan;
use escapement_verify::run::runner::{self, Options, Silent};
use escapement_verify::{
    Bound, Card, Cell, Claim, Measurement, Neighbour, Paper, Parameter, Prediction, Result, Side, Sweep,
    Tier, Verdict,
};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

static TRAPS: Paper = Paper::new("traps", "Claims that must not pass");

type Measure = Arc<dyn Fn(&Cell, f64) -> Measurement + Send + Sync>;

/// One bound over widths 64 to 8192, with six replicates.
struct Trap {
    bound: Bound,
    widths: Vec<usize>,
    replicates: usize,
    measure: Measure,
}

impl Trap {
    fn new(bound: Bound, measure: impl Fn(&Cell, f64) -> Measurement + Send + Sync + 'static) -> Self {
        let widths = (6..=13).map(|i| 1 << i).collect();
        Self { bound, widths, replicates: 6, measure: Arc::new(measure) }
    }
}

impl Claim for Trap {
    fn card(&self) -> Card {
        Card { variables: &["m"], ..Card::new(&TRAPS, "traps/one", "A trap") }
    }

    fn plan(&self, _: Tier) -> Vec<Cell> {
        let cell = |&m: &usize| {
            (0..self.replicates).map(move |r| Cell::new("traps/one", "").with(Parameter::M, m).replicate(r))
        };
        self.widths.iter().flat_map(cell).collect()
    }

    fn predict(&self, _: &Cell) -> Prediction {
        Prediction { flops: 1.0, bytes: 1.0 }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        use rand::Rng;
        let word = cell.stream(seed, "scatter").next_u64() >> 11;
        let noise = word as f64 / (1u64 << 52) as f64 - 1.0;
        Ok((self.measure)(cell, noise).hypothesis("m even", cell.m().is_multiple_of(2), ""))
    }

    fn bounds(&self) -> Vec<Bound> {
        vec![self.bound.clone()]
    }
}

/// Measured and judged as `verify` does it.
fn came_out(trap: &Trap) -> BoundVerdict {
    let claim: &dyn Claim = trap;
    let plan = Plan::new(&[claim], Tier::Quick, 1).unwrap();
    let options = Options { jobs: 1, memory: runner::available_memory(), stop: &AtomicBool::new(false) };
    let run = runner::run(&plan, None, &options, &Silent).unwrap();
    judge(claim, Tier::Quick, 1, &run.records, &run.failures).bounds.remove(0)
}

fn sweep(side: Side) -> Sweep {
    match side {
        Side::Upper => Sweep::upper(Parameter::M, |_| -0.5),
        Side::Lower => Sweep::lower(Parameter::M, |_| -0.5),
        Side::Both => Sweep::both(Parameter::M, |_| -0.5),
    }
}

fn growth(side: Side) -> Bound {
    Bound::growth("rate", "error against m^{-1/2}", "error", "rate", sweep(side))
}

/// error = m^{-1/2}·shape(m) with a scatter of 5 %, and the rate beside it.
fn shaped(shape: impl Fn(f64) -> f64 + Send + Sync + 'static) -> Measure {
    Arc::new(move |cell, noise| {
        let m = cell.m() as f64;
        let error = m.powf(-0.5) * shape(m) * (0.05 * noise).exp();
        Measurement::new().quantity("error", error, 0.0).quantity("rate", m.powf(-0.5), 0.0)
    })
}

fn of_shape(side: Side, shape: impl Fn(f64) -> f64 + Send + Sync + 'static) -> BoundVerdict {
    let measure = shaped(shape);
    came_out(&Trap::new(growth(side), move |cell, noise| measure(cell, noise)))
}

#[test]
fn what_is_true_passes_and_its_power_is_a_number() {
    for side in [Side::Upper, Side::Lower, Side::Both] {
        let found = of_shape(side, |_| 3.0);
        assert_eq!(found.verdict, Verdict::Scales, "{found:?}");
        let least = found.power[0].least.unwrap();
        assert!((0.1..0.25).contains(&least), "{least}");
    }
}

#[test]
fn a_plateau_does_not_pass_for_a_fall() {
    // m^{-1/2} + 0.05: what falls at the beginning stays where it is at the end.
    let found = of_shape(Side::Upper, |m| 1.0 + 0.05 * m.sqrt());
    assert!(found.verdict.fails(), "{found:?}");
    let slight = of_shape(Side::Upper, |m| 1.0 + 0.002 * m.sqrt());
    assert!(!slight.verdict.supports() || slight.exponents[0].ratio.upper < 0.1, "{slight:?}");
}

#[test]
fn a_ratio_that_falls_and_then_grows_does_not_pass() {
    let found = of_shape(Side::Upper, |m| 1.0 / m + (m / 3000.0).powi(2));
    assert!(found.verdict.fails(), "{found:?}");
    let late = of_shape(Side::Upper, |m| (m / 512.0).powf(-0.4).max(1.0) * (m / 2048.0).max(1.0));
    assert!(!late.verdict.supports(), "{late:?}");
}

#[test]
fn a_ratio_that_falls_and_levels_out_is_bounded_and_follows_no_power() {
    // Bent over the last three widths too, and by more than its scatter.
    let bent = |side, copies: bool| {
        came_out(&Trap::new(growth(side), move |cell, noise| {
            let (m, noise) = (cell.m() as f64, if copies { 0.0 } else { 0.002 * noise });
            let error = m.powf(-0.5) * (1.0 + 8192.0 / m) * noise.exp();
            Measurement::new().quantity("error", error, 0.0).quantity("rate", m.powf(-0.5), 0.0)
        }))
    };
    let found = bent(Side::Upper, false);
    assert_eq!(found.verdict, Verdict::Scales, "{found:?}");
    for found in [bent(Side::Both, false), bent(Side::Lower, false), bent(Side::Upper, true)] {
        assert!(!found.verdict.supports(), "{found:?}");
    }
    // Copies of counts, which might have agreed by chance, support nothing either.
    let counts = came_out(&Trap::new(growth(Side::Upper), |cell, _| {
        let m = cell.m() as f64;
        let count = (1e9 * m.powf(-0.5) * (1.0 + 8192.0 / m)).round();
        Measurement::new().quantity("error", count, 0.0).quantity("rate", m.powf(-0.5), 0.0)
    }));
    assert!(!counts.verdict.supports(), "{counts:?}");
}

#[test]
fn an_oscillation_does_not_pass_for_a_power() {
    for side in [Side::Both, Side::Upper, Side::Lower] {
        let found = of_shape(side, |m| (0.8 * (2.2 * m.ln()).sin()).exp());
        assert!(!found.verdict.supports(), "{found:?}");
    }
}

#[test]
fn exp_of_a_squared_logarithm_does_not_pass_for_a_power() {
    // Over the range its local exponent goes through the claimed one.
    let shape = |m: f64| (0.05 * (m / 700.0).ln().powi(2)).exp();
    assert!(!of_shape(Side::Both, shape).verdict.supports());
    let exact = |side, exponent: f64, c: f64| {
        let sweep = match side {
            Side::Upper => Sweep::upper(Parameter::M, move |_| exponent),
            _ => Sweep::both(Parameter::M, move |_| exponent),
        };
        let bound = Bound::asymptotic("exact", "", "exact", sweep);
        came_out(&Trap {
            replicates: 1,
            ..Trap::new(bound, move |cell, _| {
                let m = (cell.m() as f64).ln();
                Measurement::new().quantity("exact", (c * m * m).exp(), 0.0)
            })
        })
    };
    // Between 4096 and 8192 the local exponent is 2·c·8.66.
    for c in [0.01, 0.05, 0.1] {
        for side in [Side::Upper, Side::Both] {
            for off in [-0.05, 0.0, 0.05] {
                let found = exact(side, 2.0 * c * 8.66 + off, c);
                assert!(!found.verdict.supports(), "{c} {side:?} {off}: {found:?}");
            }
        }
    }
}

#[test]
fn zeros_at_either_end_are_evidence() {
    for side in [Side::Lower, Side::Both] {
        for zero in [64, 8192] {
            let found = of_shape(side, move |m| if m == f64::from(zero) { 0.0 } else { 1.0 });
            assert!(!found.verdict.supports(), "{side:?} {zero}");
        }
    }
    let at_the_end = of_shape(Side::Upper, |m| if m > 8000.0 { 0.0 } else { 1.0 });
    assert!(!at_the_end.verdict.supports(), "{at_the_end:?}");
}

#[test]
fn what_is_known_from_below_only_supports_no_upper_bound() {
    let trap = Trap::new(growth(Side::Upper), |cell, noise| {
        let m = cell.m() as f64;
        let error = m.powf(-0.5) * (0.05 * noise).exp();
        let out = Measurement::new().quantity("rate", m.powf(-0.5), 0.0);
        if m > 4000.0 { out.at_least("error", error) } else { out.quantity("error", error, 0.0) }
    });
    assert_eq!(came_out(&trap).verdict, Verdict::Inconclusive);
    let below =
        Bound::inequality("below", "", "error", Side::Upper, "one", Neighbour::rhs("rate", "too small"));
    let of = |value: f64| {
        came_out(&Trap::new(below.clone(), move |_, _| {
            let out = Measurement::new().quantity("one", 1.0, 0.0).quantity("rate", 1e-3, 0.0);
            out.at_least("error", value)
        }))
    };
    assert_eq!((of(0.5).verdict, of(2.0).verdict), (Verdict::Inconclusive, Verdict::Refuted));
}

#[test]
fn copied_replicates_are_one_measurement() {
    let trap = Trap::new(growth(Side::Both), |cell, _| {
        let m = cell.m() as f64;
        let error = m.powf(-0.5) * (1.0 + 0.05 * (7.0 * m.ln()).sin());
        Measurement::new().quantity("error", error, 0.0).quantity("rate", m.powf(-0.5), 0.0)
    });
    let found = came_out(&trap);
    assert_eq!(found.verdict, Verdict::Inconclusive);
    assert!(found.why.unwrap().contains("is a copy"));
}

#[test]
fn the_claim_in_place_of_the_measurement_is_no_evidence() {
    for factor in [1.0, 0.3] {
        let trap = Trap {
            replicates: 1,
            ..Trap::new(growth(Side::Both), move |cell, _| {
                let m = cell.m() as f64;
                Measurement::new().quantity("error", factor * m.powf(-0.5), 0.0).quantity(
                    "rate",
                    m.powf(-0.5),
                    0.0,
                )
            })
        };
        let found = came_out(&trap);
        assert_eq!(found.verdict, Verdict::Inconclusive);
        assert!(found.why.unwrap().contains("that is an identity"));
    }
}

#[test]
fn one_cell_that_dominates_does_not_hide_the_others() {
    // Grows like m^{0.4}, but for one cell at the end that is a thousand times too small.
    let trap = Trap::new(growth(Side::Upper), |cell, noise| {
        let m = cell.m() as f64;
        let odd = if cell.m() == 8192 && cell.replicate == 0 { 1e-3 } else { 1.0 };
        let error = odd * m.powf(-0.1) * (0.05 * noise).exp();
        Measurement::new().quantity("error", error, 0.0).quantity("rate", m.powf(-0.5), 0.0)
    });
    assert!(!came_out(&trap).verdict.supports());
}

#[test]
fn errors_larger_than_values_decide_nothing() {
    for side in [Side::Upper, Side::Lower, Side::Both] {
        let trap = Trap::new(growth(side), |cell, noise| {
            let rate = (cell.m() as f64).powf(-0.5);
            Measurement::new()
                .quantity("error", rate * (0.05 * noise).exp(), 2.0 * rate)
                .quantity("rate", rate, 0.0)
        });
        assert_eq!(came_out(&trap).verdict, Verdict::Inconclusive, "{side:?}");
    }
}

#[test]
fn an_interval_that_contains_both_answers_holds_nothing() {
    let bound =
        Bound::inequality("at most 1", "", "value", Side::Upper, "one", Neighbour::lhs("two", "twice"));
    let of = |value: f64, error: f64| {
        let trap = Trap::new(bound.clone(), move |_, _| {
            let out = Measurement::new().quantity("value", value, error).quantity("one", 1.0, 0.0);
            out.quantity("two", 2.0 * value + 1.0, error)
        });
        came_out(&trap).verdict
    };
    assert_eq!(of(1.1, 0.2), Verdict::Inconclusive);
    assert_eq!(of(0.9, 0.2), Verdict::Inconclusive);
    assert_eq!((of(0.7, 0.2), of(1.3, 0.2)), (Verdict::Holds, Verdict::Refuted));
}

#[test]
fn a_right_side_that_is_not_the_claimed_power_is_not_the_claim() {
    let trap = Trap::new(growth(Side::Upper), |cell, noise| {
        let m = cell.m() as f64;
        let slow = m.powf(-0.07);
        Measurement::new().quantity("error", slow * (0.05 * noise).exp(), 0.0).quantity("rate", slow, 0.0)
    });
    let found = came_out(&trap);
    assert_eq!(found.verdict, Verdict::Inconclusive);
    assert!(found.why.unwrap().contains("the bound is not the claim"));
    let e = &found.exponents[0];
    assert!((e.lhs.value + 0.07).abs() < 0.03 && (e.rhs.value + 0.07).abs() < 1e-12, "{e:?}");
}

#[test]
fn counts_of_any_size_and_probabilities_out_of_range_return() {
    let of = |successes: f64, trials: f64, side, p: f64| {
        let bound = Bound::probability("often", "", "successes", "trials", side, p);
        let trap = Trap {
            widths: vec![64],
            replicates: 1,
            ..Trap::new(bound, move |_, _| {
                Measurement::new().quantity("successes", successes, 0.0).quantity("trials", trials, 0.0)
            })
        };
        came_out(&trap).verdict
    };
    assert_eq!(of(1.0, 1e7, Side::Upper, 1e-3), Verdict::Holds);
    assert_eq!(of(5e8, 1e9, Side::Lower, 0.499), Verdict::Holds);
    assert_eq!(of(5e8, 1e9, Side::Lower, 0.501), Verdict::Refuted);
    assert_eq!(of(5e8, 1e9, Side::Lower, 0.5), Verdict::Inconclusive);
    for (successes, trials) in [(1e17, 1e18), (3.5, 10.0), (11.0, 10.0), (-1.0, 10.0), (0.0, 0.0)] {
        assert_eq!(
            of(successes, trials, Side::Lower, 0.05),
            Verdict::Inconclusive,
            "{successes} of {trials}"
        );
    }
    for p in [f64::NAN, -1.0, 2.0, f64::INFINITY] {
        assert_eq!(of(5.0, 10.0, Side::Lower, p), Verdict::Inconclusive, "{p}");
    }
    assert_eq!(of(5.0, 10.0, Side::Both, 0.5), Verdict::Inconclusive);
}

#[test]
fn exponents_that_are_no_numbers_return() {
    for claimed in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
        for side in [Side::Upper, Side::Lower, Side::Both] {
            let along = Sweep { side, ..Sweep::both(Parameter::M, move |_| claimed) };
            let rate = Bound::growth("rate", "", "error", "rate", along.clone());
            let measure = shaped(|_| 1.0);
            let found = came_out(&Trap::new(rate, move |cell, noise| measure(cell, noise)));
            assert!(!found.verdict.supports(), "{claimed} {side:?}: {found:?}");
            let exact = Bound::asymptotic("exact", "", "error", along);
            let measure = shaped(|_| 1.0);
            let trap = Trap { replicates: 1, ..Trap::new(exact, move |cell, noise| measure(cell, noise)) };
            assert!(!came_out(&trap).verdict.supports(), "{claimed} {side:?}");
        }
    }
}

#[test]
fn a_record_without_hypotheses_is_outside_and_a_bound_without_cells_is_not_measured() {
    let found = of_shape(Side::Both, |_| 1.0);
    assert_eq!((found.verdict, found.cells_inside_hypotheses), (Verdict::Scales, 48));
    let elsewhere = Trap::new(growth(Side::Both).part("elsewhere"), |_, _| Measurement::new());
    assert_eq!(came_out(&elsewhere).verdict, Verdict::NotMeasured);
}

//! A sweep may run over a real parameter: it gets a verdict, limits and an onset like any other.

use escapement_verify::judge::judge_bound;
use escapement_verify::run::plan::Plan;
use escapement_verify::{
    Bound, BoundVerdict, Card, Cell, Claim, Measurement, Paper, Parameter, Prediction, Record, Result,
    Sweep, Tier, Verdict,
};

const MARGIN: Parameter = Parameter::real("gamma", "margin");

static MARGINS: Paper = Paper { letters: &[MARGIN], ..Paper::new("margins", "Claims about a margin") };

/// An error that goes like γ^{−1/2}, and an exact quantity that does from γ = 0.5 on.
struct Margins;

impl Claim for Margins {
    fn card(&self) -> Card {
        Card::new(&MARGINS, "margins/rate", "An error over a margin")
    }

    fn plan(&self, _: Tier) -> Vec<Cell> {
        let values = [0.125, 0.25, 0.375, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0];
        let cell =
            |gamma: f64| (0..3).map(move |r| Cell::new("margins/rate", "").with(MARGIN, gamma).replicate(r));
        values.into_iter().flat_map(cell).collect()
    }

    fn predict(&self, _: &Cell) -> Prediction {
        Prediction { flops: 1.0, bytes: 1.0 }
    }

    fn measure(&self, cell: &Cell, seed: u64) -> Result<Measurement> {
        let gamma = cell.real(MARGIN);
        let scatter = (0.02 * crate::synthetic::noise(cell, seed, "error")).exp();
        Ok(Measurement::new()
            .quantity("error", gamma.powf(-0.5) * scatter, 0.0)
            .quantity("rate", gamma.powf(-0.5), 0.0)
            .quantity("false rate", gamma.powf(-1.0), 0.0)
            .hypothesis("γ > 0", gamma > 0.0, "")
            .quantity("exact", if gamma < 0.5 { gamma } else { 0.5 * (gamma / 0.5).powf(-0.5) }, 0.0))
    }

    fn bounds(&self) -> Vec<Bound> {
        let growth = |name: &str, rhs: &str, exponent: f64| {
            Bound::growth(name, "", "error", rhs, Sweep::both(MARGIN, move |_| exponent))
        };
        vec![
            growth("true", "rate", -0.5),
            growth("false", "false rate", -1.0),
            Bound::asymptotic("onset", "", "exact", Sweep::upper(MARGIN, |_| -0.5))
                .among(|c| c.replicate == 0),
        ]
    }
}

fn judged(name: &str, change: impl Fn(&mut Vec<Record>)) -> BoundVerdict {
    let claim: &dyn Claim = &Margins;
    let plan = Plan::new(&[claim], Tier::Quick, 7).unwrap();
    let record = |cell: &Cell| {
        let measurement = claim.measure(cell, 7).unwrap();
        Record { source: String::new(), seed: 7, cell: cell.clone(), measurement }
    };
    let mut records: Vec<Record> = plan.steps.iter().map(|step| record(&step.cell)).collect();
    change(&mut records);
    let bound = claim.bounds().into_iter().find(|b| b.name == name).unwrap();
    judge_bound(claim.id(), &bound, Tier::Quick, 7, &records, &[]).verdict
}

#[test]
fn a_growth_over_a_real_parameter_is_judged() {
    let found = judged("true", |_| ());
    assert_eq!(found.verdict, Verdict::Scales, "{found:?}");
    let exponent = &found.exponents[0];
    assert_eq!((exponent.parameter.as_str(), exponent.values, exponent.points), ("gamma", 10, 30));
    assert!((exponent.lhs.value + 0.5).abs() < 0.02);
    assert_eq!(judged("false", |_| ()).verdict, Verdict::Refuted, "half a power is seen");
}

#[test]
fn the_onset_of_a_real_parameter_is_real() {
    let found = judged("onset", |_| ());
    assert_eq!((found.verdict, found.onset), (Verdict::Scales, Some(0.5.into())), "{found:?}");
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(json["onset"], 0.5);
}

#[test]
fn a_cell_without_a_positive_value_is_named() {
    let zero = judged("true", |records| records[4].cell = records[4].cell.clone().with(MARGIN, 0.0));
    assert_eq!(zero.verdict, Verdict::Inconclusive);
    let why = zero.why.unwrap();
    assert!(why.contains("gamma is 0.0 on margins/rate,gamma=0.0,replicate=1"), "{why}");
    let absent = judged("onset", |records| records[0].cell = records[0].cell.clone().without(MARGIN));
    assert_eq!(absent.verdict, Verdict::Inconclusive);
    assert!(absent.why.unwrap().contains("the cell margins/rate,replicate=0 has no gamma"));
}

#[test]
fn a_plan_refuses_what_its_paper_does_not_declare() {
    struct Stray;
    impl Claim for Stray {
        fn card(&self) -> Card {
            Card::new(&MARGINS, "margins/stray", "")
        }
        fn plan(&self, _: Tier) -> Vec<Cell> {
            vec![Cell::new("margins/stray", "").with(Parameter::real("theta", "an angle"), 1.0)]
        }
        fn predict(&self, _: &Cell) -> Prediction {
            Prediction::default()
        }
        fn measure(&self, _: &Cell, _: u64) -> Result<Measurement> {
            Ok(Measurement::new())
        }
        fn bounds(&self) -> Vec<Bound> {
            Vec::new()
        }
    }
    let error = Plan::new(&[&Stray], Tier::Quick, 7).err().unwrap().to_string();
    assert!(error.contains("'theta'") && error.contains("d, m, n, gamma"), "{error}");
}

//! Assumption 3 must be refuted where it fails: the sigmoid without a shift.

use escapement_verify::Record;
use escapement_verify::claim::{Claim, Tier};
use escapement_verify::judge::{Verdict, judge_bound};
use escapement_verify::papers::nbl22::assumption_3::Assumption3;
use escapement_verify::papers::nbl22::letters::Letters;

#[test]
fn coefficients_that_vanish_by_parity_are_refuted() {
    let plan = Assumption3.plan(Tier::Quick);
    let bounds = Assumption3.bounds();
    // σ' is even and σ'' odd.
    for (part, parity, vanishes) in
        [("first", 1, true), ("first", 0, false), ("second", 0, true), ("second", 1, false)]
    {
        let cells = plan
            .iter()
            .filter(|c| c.part == part && c.activation == "sigmoid:1" && c.degree() % 2 == parity);
        let records: Vec<Record> = cells
            .map(|cell| {
                let cell = cell.clone().activation("sigmoid");
                let measurement = Assumption3.measure(&cell, 0).unwrap();
                Record { source: String::new(), seed: 0, cell, measurement }
            })
            .collect();
        for name in ["floor", "limit"] {
            let bound = bounds.iter().find(|b| b.name == format!("{part}-{name}")).unwrap();
            let found = judge_bound("assumption-3", bound, Tier::Quick, 0, &records, &[]).verdict;
            let said = format!("{part}-{name}, degrees of parity {parity}: {:?}", found.why);
            assert_eq!(found.verdict == Verdict::Refuted, vanishes, "{said}");
            assert_eq!(found.implied_constant.unwrap() > 0.0, !vanishes, "{said}");
        }
    }
}

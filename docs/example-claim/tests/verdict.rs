//! The verdict, measured afresh and compared with the one that was looked at.

use escapement_verify::judge::{Verdict, judge};
use escapement_verify::run::plan::Plan;
use escapement_verify::run::runner::{self, Options, Silent};
use escapement_verify::{Claim, Tier};
use std::sync::atomic::AtomicBool;
use top_eigenvalue::TopEigenvalue;

#[test]
fn verdict() -> Result<(), Box<dyn std::error::Error>> {
    let claim: &dyn Claim = &TopEigenvalue;
    let plan = Plan::new(&[claim], Tier::Quick, 2206)?;
    let options = Options { jobs: 0, memory: runner::available_memory(), stop: &AtomicBool::new(false) };
    let run = runner::run(&plan, None, &options, &Silent)?;
    let verdict = judge(claim, Tier::Quick, 2206, &run.records, &run.failures);
    let mut seen = Vec::new();
    for b in &verdict.bounds {
        assert_eq!(b.control.verdict, Verdict::Refuted, "{}: {}", b.name, b.control.description);
        let slopes: Vec<String> =
            b.exponents.iter().map(|e| format!("{}: {:.3}", e.group, e.lhs.value)).collect();
        seen.push((
            b.name.clone(),
            b.verdict,
            format!("{:.4}", b.implied_constant.unwrap_or(f64::NAN)),
            slopes,
        ));
    }
    insta::assert_json_snapshot!(seen);
    Ok(())
}

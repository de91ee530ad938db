//! A verdict in a test: the cells of a claim are planned and measured, and the verdict on the records is
//! asserted.
//!
//! ```sh
//! cargo run --release -p escapement-verify --example verdict_in_a_test
//! cargo test -p escapement-verify --example verdict_in_a_test
//! ```

use escapement_verify::judge::judge;
use escapement_verify::run::plan::Plan;
use escapement_verify::run::runner::{self, Options, Silent};
use escapement_verify::{ClaimVerdict, Result, Tier, papers};
use std::sync::atomic::AtomicBool;

/// The verdict on a claim at the quick tier, measured afresh and without a journal.
fn verdict_on(name: &str) -> Result<ClaimVerdict> {
    let registry = papers::standard()?;
    let claim = registry.get(name)?;
    let (tier, seed) = (Tier::Quick, 2206);
    let plan = Plan::new(&[claim], tier, seed)?;
    let options = Options { jobs: 0, memory: runner::available_memory(), stop: &AtomicBool::new(false) };
    let run = runner::run(&plan, None, &options, &Silent)?;
    Ok(judge(claim, tier, seed, &run.records, &run.failures))
}

fn main() -> Result<()> {
    let verdict = verdict_on("assumption-3")?;
    println!("{}: {}", verdict.claim, verdict.verdict);
    for bound in &verdict.bounds {
        println!(
            "  {} {}: {}; its control is {}",
            bound.verdict, bound.name, bound.statement, bound.control.verdict
        );
    }
    Ok(())
}

/// What you would write beside your own code. A control that is not refuted is a check that could not fail.
#[test]
fn assumption_3_scales() -> Result<()> {
    use escapement_verify::Verdict;
    let verdict = verdict_on("nbl22/assumption-3")?;
    assert_eq!(verdict.verdict, Verdict::Scales);
    assert!(verdict.bounds.iter().all(|b| b.control.verdict == Verdict::Refuted));
    main()
}

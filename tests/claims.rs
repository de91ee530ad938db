//! Every claim at the quick tier, measured afresh: one test per claim and bound.
//!
//! A test passes when verdict, constants and exponents equal the snapshot within tolerance, the control is
//! refuted, and a refuted bound has its erratum. `cargo test --test claims lemma-1` runs one claim;
//! `INSTA_UPDATE=always` accepts new numbers.

#[path = "snapshot/mod.rs"]
mod snapshot;

use escapement::tolerance::SNAPSHOT;
use escapement_verify::claim::bound::Kind;
use escapement_verify::judge::falsehood::{self, Outcome};
use escapement_verify::judge::outlier::FALSE;
use escapement_verify::judge::series::Series;
use escapement_verify::judge::{BoundVerdict, ClaimVerdict, Verdict, judge, judge_bound};
use escapement_verify::run::plan::Plan;
use escapement_verify::run::runner::{self, Options, Silent};
use escapement_verify::{Claim, Record, Registry, Side, Tier, papers};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::json;
use snapshot::{close, folder, numbers, settings};
use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The root seed of the snapshots: that of `escapement verify`.
const SEED: u64 = 2206;

/// How many records of a bound are made false, one at a time.
const FALSE_RECORDS: usize = 8;

type Measured = OnceLock<Result<(ClaimVerdict, Vec<Record>), String>>;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let registry: &'static Registry = match papers::standard() {
        Ok(registry) => Box::leak(Box::new(registry)),
        Err(e) => {
            eprintln!("escapement: {e}");
            return ExitCode::FAILURE;
        }
    };
    let mut trials = vec![
        Trial::test("tolerance::bites", tolerance_bites),
        Trial::test("snapshots::no_strays", move || strays(registry)),
        Trial::test("graph::has_one_top_and_no_cycle", move || graph(registry)),
    ];
    for claim in registry.claims() {
        trials.push(Trial::test(format!("{}::is_well_formed", claim.id()), move || {
            well_formed(registry, claim)
        }));
        let measured: Arc<Measured> = Arc::default();
        let of_bounds = measured.clone();
        trials.push(Trial::test(format!("{}::notices_a_false_record", claim.id()), move || {
            let (verdict, records) =
                of_bounds.get_or_init(|| measure(claim)).as_ref().map_err(|e| Failed::from(e.as_str()))?;
            notices(claim, verdict, records)
        }));
        let of_falsehoods = measured.clone();
        trials.push(Trial::test(format!("{}::refutes_planted_falsehoods", claim.id()), move || {
            let (verdict, records) = of_falsehoods
                .get_or_init(|| measure(claim))
                .as_ref()
                .map_err(|e| Failed::from(e.as_str()))?;
            refutes(claim, verdict, records)
        }));
        for bound in claim.bounds() {
            let measured = measured.clone();
            trials.push(Trial::test(format!("{}::{}", claim.id(), bound.name), move || {
                let (verdict, _) = measured
                    .get_or_init(|| measure(claim))
                    .as_ref()
                    .map_err(|e| Failed::from(e.as_str()))?;
                let found = verdict
                    .bounds
                    .iter()
                    .find(|b| b.name == bound.name)
                    .ok_or("the bound has no verdict")?;
                check(claim, found)
            }));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Measures a claim on all cores, without a journal; claims take turns.
fn measure(claim: &dyn Claim) -> Result<(ClaimVerdict, Vec<Record>), String> {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let plan = Plan::new(&[claim], Tier::Quick, SEED).map_err(|e| e.to_string())?;
    let options = Options { jobs: 0, memory: runner::available_memory(), stop: &AtomicBool::new(false) };
    let outcome = runner::run(&plan, None, &options, &Silent).map_err(|e| e.to_string())?;
    Ok((judge(claim, Tier::Quick, SEED, &outcome.records, &outcome.failures), outcome.records))
}

fn check(claim: &dyn Claim, found: &BoundVerdict) -> Result<(), Failed> {
    let evidence = || serde_json::to_string_pretty(found).unwrap_or_default();
    if found.verdict.fails() && found.printed.is_none() {
        return Err(format!("refuted, and no erratum says so: {}", evidence()).into());
    }
    // The quick tier may lack the cells for a verdict; a verdict without power there must never be.
    if found.verdict.supports() && found.control.verdict != Verdict::Refuted {
        return Err(format!("the control is not refuted: {}", evidence()).into());
    }
    let text = serde_json::to_string_pretty(&numbers(found)).map_err(|e| e.to_string())?;
    settings(claim.card().paper.id, &found.statement, SNAPSHOT)
        .bind(|| insta::assert_snapshot!(file_stem(claim.id(), &found.name), text));
    Ok(())
}

/// One ratio times ten, towards the violation: the verdict of the bound turns *refuted* on the cells on
/// which its control says that it would.
fn notices(claim: &dyn Claim, verdict: &ClaimVerdict, records: &[Record]) -> Result<(), Failed> {
    let (mut tried, mut refuted) = (0, 0);
    for bound in claim.bounds() {
        let found =
            verdict.bounds.iter().find(|b| b.name == bound.name).ok_or("the bound has no verdict")?;
        let Some(control) = found.control.one_false.filter(|_| found.verdict.supports()) else {
            continue;
        };
        let (Kind::Identity { lhs: quantity, .. }
        | Kind::Inequality { lhs: quantity, .. }
        | Kind::Growth { lhs: quantity, .. }
        | Kind::Asymptotic { quantity, .. }) = &bound.kind
        else {
            continue;
        };
        let side = bound.kind.side();
        let all = judge_bound(claim.id(), &bound, Tier::Quick, SEED, records, &[]).series;
        let down = |group: &str| side == Side::Lower || group.ends_with("(smallest ratio)");
        let points = |s: &Series| {
            s.points.iter().filter(|p| p.decides).map(|p| (p.cell, down(&s.group))).collect::<Vec<_>>()
        };
        let deciding: Vec<(usize, bool)> = all.iter().filter(|s| s.decides).flat_map(points).collect();
        for &(cell, down) in deciding.iter().step_by(deciding.len().div_ceil(FALSE_RECORDS).max(1)) {
            let mut records = records.to_vec();
            let factor = if down { 1.0 / FALSE } else { FALSE };
            let one = records[cell].measurement.quantities.get_mut(quantity).ok_or("no such quantity")?;
            (one.value, one.error) = (one.value * factor, one.error * factor);
            let came_out = judge_bound(claim.id(), &bound, Tier::Quick, SEED, &records, &[]).verdict;
            tried += 1;
            refuted += usize::from(came_out.verdict.fails());
            if control.noticed == control.of && !came_out.verdict.fails() {
                return Err(format!(
                    "{} is {} with {} times {factor}",
                    bound.name, came_out.verdict, records[cell].cell
                )
                .into());
            }
        }
    }
    if refuted > 0 || tried == 0 {
        Ok(())
    } else {
        Err(format!("none of {tried} false records refutes its bound").into())
    }
}

/// A planted power at or above the stated one is refuted, and what is no measurement supports nothing: a
/// copy of another repetition, or the right side itself.
fn refutes(claim: &dyn Claim, verdict: &ClaimVerdict, records: &[Record]) -> Result<(), Failed> {
    for f in falsehood::plant(claim, Tier::Quick, SEED, records) {
        let bound = verdict.bounds.iter().find(|b| b.name == f.bound).ok_or("the bound has no verdict")?;
        let least = bound.power.first().and_then(|p| p.least).unwrap_or(f64::INFINITY);
        let planted = f.planted.strip_prefix("times ").and_then(|p| p.split('^').nth(1));
        let power: Option<f64> = planted.and_then(|p| p.parse().ok());
        let wanted = match power {
            Some(power) if power.abs() >= least => f.outcome == Outcome::Refuted,
            Some(_) => true,
            None if f.planted.contains("upper half") => least > 1.0 || f.outcome != Outcome::Unnoticed,
            None => f.outcome != Outcome::Unnoticed,
        };
        if !wanted {
            return Err(format!("{}: {} is {:?}, with power {least}", f.bound, f.planted, f.outcome).into());
        }
    }
    Ok(())
}

/// The comparison accepts rounding and nothing more.
fn tolerance_bites() -> Result<(), Failed> {
    fn snapshot(constant: f64, slope: f64, verdict: &str) -> serde_json::Value {
        json!({"implied_constant": constant, "exponents": [{"measured": slope}], "verdict": verdict})
    }
    let reference = snapshot(1e-9, -0.5, "scales");
    let rounding = snapshot(1e-9 * (1.0 + 1e-9), -0.5 + 1e-9, "scales");
    let others = [
        snapshot(1.001e-9, -0.5, "scales"),
        snapshot(1e-9, -0.501, "scales"),
        snapshot(1e-9, -0.5, "holds"),
        json!({}),
        json!(null),
    ];
    if !close(&reference, &rounding, "", SNAPSHOT) {
        return Err("rounding is not accepted".into());
    }
    match others.iter().find(|other| close(&reference, other, "", SNAPSHOT)) {
        Some(other) => Err(format!("{other} passes for {reference}").into()),
        None => Ok(()),
    }
}

/// What a claim says about itself is there, and names what exists.
fn well_formed(registry: &Registry, claim: &dyn Claim) -> Result<(), Failed> {
    let card = claim.card();
    let words = [card.title, card.statement, card.reference, card.hypotheses, card.method, card.refuted_by];
    if words.iter().any(|w| w.trim().is_empty()) {
        return Err(
            "title, statement, reference, hypotheses, method and refuted_by must all be given".into()
        );
    }
    registry.uses(claim).map_err(|e| e.to_string())?;
    let plain = card.plain_statement();
    if plain.contains('\\') || plain.contains("{}") {
        return Err(format!("the statement cannot be read as plain text: {plain}").into());
    }
    let bounds = claim.bounds();
    for erratum in card.errata.iter().copied().chain(bounds.iter().filter_map(|b| b.printed)) {
        card.paper.erratum(erratum).ok_or_else(|| format!("{erratum} is not in the ledger"))?;
    }
    for tier in [Tier::Quick, Tier::Standard, Tier::Paper] {
        let plan = Plan::new(&[claim], tier, SEED).map_err(|e| e.to_string())?;
        let sensible = |s: &escapement_verify::run::plan::Step<'_>| {
            s.prediction.flops > 0.0 && s.prediction.flops.is_finite() && s.prediction.bytes > 0.0
        };
        if let Some(step) = plan.steps.iter().find(|s| !sensible(s)) {
            return Err(format!("{} has no sensible prediction: {:?}", step.cell, step.prediction).into());
        }
        let unseen =
            bounds.iter().find(|b| tier != Tier::Quick && !plan.steps.iter().any(|s| b.selects(&s.cell)));
        if let Some(bound) = unseen {
            return Err(format!("no cell of the {tier} tier is measured for {}", bound.name).into());
        }
    }
    Ok(())
}

/// No claim rests on itself, and on every claim rests one of the claims that nothing of its paper uses: the
/// main theorem of NBL22, or the remark that compares it with kernels; of DLS22 the two theorems on
/// learning, and counting, which stands alone; of T22 four; of BL20 the escape, sample sizes and higher
/// orders; of the others two or three each.
fn graph(registry: &Registry) -> Result<(), Failed> {
    const TOPS: &[&str] = &[
        "theorem-1",
        "remark-1",
        "dls-theorem-1",
        "dls-theorem-3",
        "dls-csq",
        "lr-parity-gap",
        "lr-sgd-perceptron",
        "lr-kkt-escape",
        "lr-neural-collapse",
        "bl-escape",
        "bl-sample-size",
        "bl-higher-order",
        "directions-captured",
        "late-rate",
        "symmetric-fan",
        "invariant-count",
        "degree-parity",
        "sparse-activation",
        "bias-lambda-min",
        "rademacher-sparse",
    ];
    for claim in registry.claims() {
        let above = registry.resting_on(claim.id());
        if let Some(used) =
            claim.card().uses.iter().find(|used| **used == claim.id() || above.contains(used))
        {
            return Err(format!("{} rests on {used}, which rests on it", claim.id()).into());
        }
        if !TOPS.contains(&claim.id()) && !TOPS.iter().any(|top| above.contains(top)) {
            return Err(format!("none of {} rests on {}", TOPS.join(", "), claim.id()).into());
        }
    }
    Ok(())
}

/// No snapshot outlives its bound.
fn strays(registry: &Registry) -> Result<(), Failed> {
    let mut strays = Vec::new();
    for paper in registry.papers() {
        let known: BTreeSet<String> = registry
            .claims()
            .filter(|c| c.card().paper.id == paper.id)
            .flat_map(|c| c.bounds().into_iter().map(|b| file_stem(c.id(), &b.name) + ".snap"))
            .collect();
        let Ok(entries) = std::fs::read_dir(folder(paper.id)) else { continue };
        let names = entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned());
        let stray = |n: &String| n.starts_with("claims__") && n.ends_with(".snap") && !known.contains(n);
        strays.extend(names.filter(stray).map(|name| format!("snapshots/{}/{name}", paper.id)));
    }
    if strays.is_empty() { Ok(()) } else { Err(format!("no bound belongs to {}", strays.join(", ")).into()) }
}

fn file_stem(claim: &str, bound: &str) -> String {
    format!(
        "claims__{claim}__{}",
        bound.replace(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_', "-")
    )
}

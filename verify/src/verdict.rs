//! Verdicts and the evidence they carry; from records to verdicts.

use crate::bound::{Bound, Kind};
use crate::cell::Cell;
use crate::claim::{Claim, Tier};
use crate::errata::ErratumId;
use crate::record::{Quantity, Record};
use crate::{asymptotic, comparison, growth, probability};
use serde::{Deserialize, Serialize};

/// What came out, from best to worst: the verdict of a claim is the worst of its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Two expressions are equal within their certificates.
    Exact,
    /// An inequality held on every cell.
    Holds,
    /// A growth stayed below the slack, with limits.
    Scales,
    /// The records do not decide, or the check had no power.
    Inconclusive,
    /// The statement fails.
    Refuted,
}

impl Verdict {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Holds => "holds",
            Self::Scales => "scales",
            Self::Inconclusive => "inconclusive",
            Self::Refuted => "refuted",
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// Slack on an exponent: a growth *scales* when it is surely below, is *refuted* when it is surely above.
pub const SLACK: f64 = 0.25;

/// How far above the claim a planted violation lies.
pub const PLANTED: f64 = 0.5;

/// One exponent, claimed and measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExponentEvidence {
    /// The swept parameter.
    pub parameter: String,
    /// The exponent that the statement claims.
    pub claimed: f64,
    /// The claimed exponent plus the slope of ln(lhs/rhs); for an asymptotic statement the last local exponent.
    pub measured: f64,
    /// Lower limit on it.
    pub lower: f64,
    /// Upper limit on it.
    pub upper: f64,
    /// The cells it was measured on, e.g. "k=1 R=3 tanh:0.5".
    pub group: String,
    /// How many values of the parameter.
    pub values: usize,
    /// How many points.
    pub points: usize,
    /// p-value of the lack-of-fit test, where there are replicates.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lack_of_fit_p: Option<f64>,
    /// The points lie on a line to rounding: the limits are not statistical.
    pub exact: bool,
    /// First value of the parameter from which an asymptotic statement holds to the end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub onset: Option<usize>,
    /// False for a sweep outside the allowed set, which is reported and decides nothing.
    pub decides: bool,
    /// What this sweep alone says.
    pub verdict: Verdict,
}

/// How much sharper the statement could have been.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Tightness {
    /// In words.
    pub text: String,
    /// By how much the measured exponent is sharper than the claimed one (negative: less sharp), in the least sharp sweep.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub exponent: Option<f64>,
    /// Inequality: the factor by which the right side could be sharper. Growth: largest over smallest ratio.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub constant: Option<f64>,
}

/// The check on the check: something false, evaluated on the same records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// What was planted.
    pub description: String,
    /// What it came out as: *refuted*, or the check had no power.
    pub verdict: Verdict,
}

/// The cell that decided, or came closest to deciding otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Worst {
    /// Its key.
    pub cell: String,
    /// The left side there.
    pub lhs: Quantity,
    /// The right side there.
    pub rhs: Quantity,
    /// Whether it meets all hypotheses of the theorem.
    pub inside_hypotheses: bool,
    /// What to type to measure it again.
    pub command: String,
}

/// What one kind of bound found; [`judge`] adds names.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The verdict, before power is asked for.
    pub verdict: Verdict,
    /// Largest lhs/rhs (smallest for a lower bound), or lhs itself where every rhs is 0.
    pub implied_constant: Option<f64>,
    /// How tight it is.
    pub tightness: Tightness,
    /// Exponents, if any.
    pub exponents: Vec<ExponentEvidence>,
    /// The control.
    pub control: Control,
    /// Distance to the decision: identity, largest difference over certificate; inequality, smallest relative slack;
    /// growth and asymptotic, ¼ minus the worst limit; probability, distance of the limit from p.
    pub margin: Option<f64>,
    /// Index of the worst record, with the two sides there.
    pub worst: Option<(usize, Quantity, Quantity)>,
    /// Why, for *refuted* and *inconclusive*.
    pub why: Option<String>,
}

impl Finding {
    /// *Inconclusive*, with the reason.
    pub fn inconclusive(why: impl Into<String>) -> Self {
        let control = Control { description: "not reached".into(), verdict: Verdict::Inconclusive };
        Self {
            verdict: Verdict::Inconclusive,
            implied_constant: None,
            tightness: Tightness::default(),
            exponents: Vec::new(),
            control,
            margin: None,
            worst: None,
            why: Some(why.into()),
        }
    }
}

/// The verdict on one bound.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoundVerdict {
    /// Its name.
    pub name: String,
    /// "identity", "inequality", "growth", "asymptotic" or "probability".
    pub kind: String,
    /// The assertion.
    pub statement: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Largest lhs/rhs (smallest for a lower bound).
    pub implied_constant: Option<f64>,
    /// How tight it is.
    pub tightness: Tightness,
    /// Exponents with limits.
    pub exponents: Vec<ExponentEvidence>,
    /// Latest onset over the sweeps of an asymptotic statement.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub onset: Option<usize>,
    /// See [`Finding::margin`].
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub margin: Option<f64>,
    /// The control.
    pub control: Control,
    /// Cells it was judged on.
    pub cells: usize,
    /// Those that meet every hypothesis of the theorem.
    pub cells_inside_hypotheses: usize,
    /// The cell that decided.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub worst: Option<Worst>,
    /// Why, for *refuted* and *inconclusive*.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub why: Option<String>,
    /// The erratum, if this is the printed wording: then the verdict is shown and does not count.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub printed: Option<ErratumId>,
}

/// The verdict on the printed wording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AsPrinted {
    /// The worst of the printed bounds.
    pub verdict: Verdict,
    /// The number of the erratum that corrects it.
    pub erratum: ErratumId,
}

/// A cell that could not be measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The cell.
    pub cell: Cell,
    /// What went wrong.
    pub message: String,
}

/// The verdict on a claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClaimVerdict {
    /// Its identifier.
    pub claim: String,
    /// A few words.
    pub title: String,
    /// Where it is made.
    pub reference: String,
    /// The worst verdict of its bounds, printed wording aside.
    pub verdict: Verdict,
    /// Its bounds.
    pub bounds: Vec<BoundVerdict>,
    /// The verdict on the printed wording, where it differs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub as_printed: Option<AsPrinted>,
    /// Cells that could not be measured.
    pub failures: Vec<Failure>,
    /// The tier.
    pub tier: Tier,
    /// The root seed.
    pub seed: u64,
}

/// Judges a claim on the records and failures of its plan.
pub fn judge(claim: &dyn Claim, tier: Tier, seed: u64, records: &[Record], failures: &[Failure]) -> ClaimVerdict {
    let bounds: Vec<BoundVerdict> =
        claim.bounds().iter().map(|b| judge_bound(claim.id(), b, tier, seed, records, failures)).collect();
    let counted = bounds.iter().filter(|b| b.printed.is_none()).map(|b| b.verdict).max();
    let as_printed = bounds
        .iter()
        .filter_map(|b| b.printed.map(|erratum| AsPrinted { verdict: b.verdict, erratum }))
        .max_by_key(|p| p.verdict);
    let failed = if failures.is_empty() { Verdict::Exact } else { Verdict::Inconclusive };
    ClaimVerdict {
        claim: claim.id().to_owned(),
        title: claim.title().to_owned(),
        reference: claim.reference().to_owned(),
        // A claim that asserts nothing is not supported by it.
        verdict: counted.unwrap_or(Verdict::Inconclusive).max(failed),
        bounds,
        as_printed,
        failures: failures.to_vec(),
        tier,
        seed,
    }
}

/// What to type to measure a cell again, by itself and without the journal.
pub fn rerun_command(cell: &Cell, tier: Tier, seed: u64) -> String {
    format!("escapement verify {} --tier {tier} --seed {seed} --cell {cell}", cell.claim)
}

/// Judges one bound.
pub fn judge_bound(claim: &str, bound: &Bound, tier: Tier, seed: u64, records: &[Record], failures: &[Failure]) -> BoundVerdict {
    let records: Vec<&Record> = records.iter().filter(|r| r.cell.claim == claim && bound.selects(&r.cell)).collect();
    let mut found = if records.is_empty() {
        Finding::inconclusive(format!("no cell of the {tier} tier was measured for it"))
    } else {
        match &bound.kind {
            Kind::Identity { lhs, rhs, neighbours } => comparison::identity(lhs, rhs, neighbours, &records),
            Kind::Inequality { lhs, rhs, side, strict, neighbours } => {
                comparison::inequality(lhs, rhs, *side, *strict, neighbours, &records)
            }
            Kind::Growth { lhs, rhs, growth } => growth::judge(lhs, rhs, growth, &records),
            Kind::Asymptotic { quantity, asymptotic } => asymptotic::judge(quantity, asymptotic, &records),
            Kind::Probability { successes, trials, side, probability } => {
                probability::judge(successes, trials, *side, *probability, &records)
            }
        }
    };
    if found.verdict < Verdict::Inconclusive && found.control.verdict != Verdict::Refuted {
        // No power, no support.
        found.verdict = Verdict::Inconclusive;
        found.why = Some(format!(
            "the control came out {} where it must be refuted ({}): the check could not have failed",
            found.control.verdict, found.control.description
        ));
    }
    let mut missing = failures.iter().filter(|f| f.cell.claim == claim && bound.selects(&f.cell));
    if let (Some(first), true) = (missing.next(), found.verdict != Verdict::Refuted) {
        found.verdict = Verdict::Inconclusive;
        let others = missing.count();
        let others = if others == 0 { String::new() } else { format!(" (and {others} more)") };
        found.why = Some(format!("the cell {}{others} could not be measured: {}", first.cell, first.message));
    }
    let worst = found.worst.and_then(|(i, lhs, rhs)| {
        let r = records.get(i)?;
        let command = rerun_command(&r.cell, tier, seed);
        Some(Worst { cell: r.cell.key(), lhs, rhs, inside_hypotheses: r.inside_hypotheses(), command })
    });
    BoundVerdict {
        name: bound.name.clone(),
        kind: bound.kind.name().to_owned(),
        statement: bound.statement.clone(),
        verdict: found.verdict,
        implied_constant: found.implied_constant.filter(|c| c.is_finite()),
        tightness: Tightness { constant: found.tightness.constant.filter(|c| c.is_finite()), ..found.tightness },
        onset: found.exponents.iter().filter_map(|e| e.onset).max(),
        exponents: found.exponents,
        margin: found.margin.filter(|m| m.is_finite()),
        control: found.control,
        cells: records.len(),
        cells_inside_hypotheses: records.iter().filter(|r| r.inside_hypotheses()).count(),
        worst,
        why: found.why,
        printed: bound.printed,
    }
}

/// The two quantities of every record, or the sentence that says which is missing where.
pub(crate) fn pairs(lhs: &str, rhs: &str, records: &[&Record]) -> Result<Vec<(Quantity, Quantity)>, String> {
    records
        .iter()
        .map(|r| {
            let get = |name: &str| r.get(name).ok_or_else(|| format!("the cell {} lacks the quantity '{name}'", r.cell));
            Ok((get(lhs)?, get(rhs)?))
        })
        .collect()
}

/// The fields of a cell that apply, in words: "d=10 k=1 R=3 tanh:0.5".
pub(crate) fn label(cell: &Cell) -> String {
    let mut words = Vec::new();
    if !cell.part.is_empty() {
        words.push(cell.part.clone());
    }
    for (name, value) in [("d", cell.d), ("m", cell.m), ("n", cell.n), ("k", cell.k), ("R", cell.terms), ("degree", cell.degree)]
    {
        if value != 0 {
            words.push(format!("{name}={value}"));
        }
    }
    if !cell.activation.is_empty() {
        words.push(cell.activation.clone());
    }
    words.join(" ")
}

//! Verdicts and the evidence they carry.

use super::exponent::ExponentEvidence;
use super::outlier::Noticed;
use crate::claim::{ErratumId, Failure, Tier, Value};
use escapement::ball::Ball;
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
    /// The statement fails, or one record contradicts the others ([`crate::judge::outlier`]).
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

/// How much sharper the statement could have been.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Tightness {
    /// In words.
    pub text: String,
    /// By how much the measured exponent is sharper than the claimed one (negative: less sharp), in the
    /// least sharp sweep.
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
    /// The false neighbours of an identity or an inequality, one by one.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub neighbours: Vec<Tally>,
    /// A record made false, one at a time; none for a probability, and where the judge was not reached.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub one_false: Option<Noticed>,
}

impl Control {
    /// One without false neighbours.
    pub fn new(description: impl Into<String>, verdict: Verdict) -> Self {
        Self { description: description.into(), verdict, neighbours: Vec::new(), one_false: None }
    }
}

/// How sharp a false neighbour is: one cell that refutes it is enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// What is false about it.
    pub description: String,
    /// On how many cells it was refuted.
    pub refuted: usize,
    /// Of how many.
    pub of: usize,
}

/// The cell that decided, or came closest to deciding otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Worst {
    /// Its key.
    pub cell: String,
    /// The left side there.
    pub lhs: Ball,
    /// The right side there.
    pub rhs: Ball,
    /// Whether it meets all hypotheses of the theorem.
    pub inside_hypotheses: bool,
    /// What to type to measure it again.
    pub command: String,
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
    pub onset: Option<Value>,
    /// Distance to the decision: identity, largest difference over certificate; inequality, smallest
    /// relative slack; growth and asymptotic, ¼ minus the worst limit; probability, distance of the limit
    /// from p.
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

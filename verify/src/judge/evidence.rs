//! The evidence that a verdict carries.

use super::exponent::ExponentEvidence;
use super::outlier::Noticed;
use super::pooled::Pooled;
use super::verdict::{Verdict, word};
use super::violation::{Power, Powers};
use crate::claim::certified::Proved;
use crate::claim::{Check, ErratumId, Failure, Tier, Value};
use escapement::ball::Ball;
use serde::{Deserialize, Serialize};

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

/// On how many cells a bound says no more than what needs no theorem: see [`crate::Bound::trivially`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vacuous {
    /// On so many its right side, times the constant that its sweep needs, is no better than the trivial
    /// value.
    pub cells: usize,
    /// Of so many whose trivial value is known.
    pub of: usize,
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
    /// Whether the paper or only this program could be wrong about it.
    pub check: Check,
    /// Whether it is the statement of the claim itself.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub headline: bool,
    /// The verdict.
    pub verdict: Verdict,
    /// What came out where the verdict is *outside*: the word in brackets.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bracketed: Option<Verdict>,
    /// How far beyond the claim an exponent may be measured, where there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub slack: Option<f64>,
    /// Why the slack is what it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub slack_reason: Option<String>,
    /// What was chosen after seeing data, if anything was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub chosen: Option<String>,
    /// On how many cells it says nothing, where a trivial value is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub vacuous: Option<Vacuous>,
    /// The erratum whose printed wording is vacuous where this bound is supported.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub shows_vacuous: Option<ErratumId>,
    /// Largest lhs/rhs (smallest for a lower bound).
    pub implied_constant: Option<f64>,
    /// How tight it is.
    pub tightness: Tightness,
    /// Exponents with limits, one for each sweep.
    pub exponents: Vec<ExponentEvidence>,
    /// The sweeps of a growth together, on each side that binds.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub pooled: Vec<Pooled>,
    /// Latest onset over the sweeps of an asymptotic statement.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub onset: Option<Value>,
    /// Distance to the decision: identity, largest difference over certificate; inequality, smallest
    /// relative slack; growth and asymptotic, the slack minus the worst limit; probability, distance of
    /// the limit from p.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub margin: Option<f64>,
    /// The control.
    pub control: Control,
    /// The smallest violations that would have been refuted: of a paper check that counts.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub power: Vec<Power>,
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

impl BoundVerdict {
    /// The verdict as it is printed.
    pub fn word(&self) -> String {
        word(self.verdict, self.bracketed)
    }

    /// The erratum whose printed wording it shows to be vacuous, if it does: outside the hypotheses too,
    /// where such a wording is measured.
    pub fn found_vacuous(&self) -> Option<ErratumId> {
        self.shows_vacuous.filter(|_| self.bracketed.unwrap_or(self.verdict).supports())
    }

    /// Whether the verdict on the claim depends on it: a paper check that is not the printed wording.
    pub fn counts(&self) -> bool {
        self.check == Check::Paper && self.printed.is_none()
    }
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
    /// The worst verdict of its paper checks, printed wording and what was not measured or lies outside
    /// the hypotheses aside; *broken* where a code check is.
    pub verdict: Verdict,
    /// What came out where the verdict is *outside*: the word in brackets.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bracketed: Option<Verdict>,
    /// Its bounds.
    pub bounds: Vec<BoundVerdict>,
    /// The smallest violation that would have been refuted, for each variable that the statement names.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub power: Vec<Powers>,
    /// The verdict on the printed wording, where it differs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub as_printed: Option<AsPrinted>,
    /// What is proved of it by certificates, where they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub proved: Vec<Proved>,
    /// Cells that could not be measured.
    pub failures: Vec<Failure>,
    /// The tier.
    pub tier: Tier,
    /// The root seed.
    pub seed: u64,
}

impl ClaimVerdict {
    /// The verdict as it is printed.
    pub fn word(&self) -> String {
        word(self.verdict, self.bracketed)
    }

    /// The bounds that are the statement itself, in its order, as far as they were measured; the first bound
    /// that counts where none is marked.
    pub fn headlines(&self) -> Vec<&BoundVerdict> {
        let measured = || self.bounds.iter().filter(|b| b.counts() && b.verdict != Verdict::NotMeasured);
        let marked: Vec<&BoundVerdict> = measured().filter(|b| b.headline).collect();
        if marked.is_empty() { measured().take(1).collect() } else { marked }
    }
}

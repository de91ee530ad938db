//! The data of a report: everything that the page and the tables show, and what `report.json` holds.
//!
//! Every field is documented in `docs/report-schema.md`; a change that would mislead a reader of the old
//! format needs a new [`SCHEMA`].

mod assemble;
mod provenance;

pub use assemble::{Material, assemble, likely_tier};
pub use provenance::Provenance;

use escapement_verify::claim::{Tier, bound::Side, errata::ErratumId, record::Failure};
use escapement_verify::judge::{AsPrinted, BoundVerdict, Verdict, series::Series};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name and version of the format.
pub const SCHEMA: &str = "escapement-report/1";

/// What every report says of itself.
pub const CAVEAT: &str = "Numbers are evidence at these sizes, not proof.";

/// A report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// What made it.
    pub provenance: Provenance,
    /// The tier whose plan the cells belong to.
    pub tier: Tier,
    /// The root seed.
    pub seed: u64,
    /// What a reader should know before reading: sentences.
    pub notes: Vec<String>,
    /// How many claims have each verdict.
    pub counts: BTreeMap<Verdict, usize>,
    /// The claims, in the order of the registry.
    pub claims: Vec<ClaimReport>,
    /// The papers of the claims.
    pub papers: Vec<PaperEntry>,
    /// Where the statement checked differs from the statement printed.
    pub errata: Vec<ErratumEntry>,
}

/// A paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaperEntry {
    /// What its claims are named by.
    pub id: String,
    /// How it is called in a sentence.
    pub short: String,
    /// Its title.
    pub title: String,
    /// Its BibTeX entry; empty where there is none.
    pub bibtex: String,
}

/// An entry of the errata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErratumEntry {
    /// The paper.
    pub paper: String,
    /// Its number.
    pub id: ErratumId,
    /// Where it is.
    pub place: String,
    /// What is printed.
    pub printed: String,
    /// What is checked here, and why.
    pub checked: String,
}

impl ErratumEntry {
    /// Whether the entry is one of those that the claim names.
    pub fn concerns(&self, claim: &ClaimReport) -> bool {
        claim.paper == self.paper && claim.errata.contains(&self.id)
    }

    /// The place of the entry on a page.
    pub fn anchor(&self) -> String {
        erratum_anchor(&self.paper, self.id)
    }
}

/// The place of an erratum of a paper on a page.
pub fn erratum_anchor(paper: &str, id: ErratumId) -> String {
    format!("erratum-{paper}-{}", id.0)
}

/// Where a record comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Freshness {
    /// Measured by the command that made the report.
    Measured,
    /// Measured by an earlier run of the same sources.
    Reused,
    /// Measured by other sources: what it says of the present ones is hearsay.
    Earlier,
}

impl Freshness {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Reused => "reused",
            Self::Earlier => "earlier",
        }
    }
}

impl std::fmt::Display for Freshness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// A claim, what it says and what came out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimReport {
    /// Its identifier.
    pub id: String,
    /// The paper that states it.
    pub paper: String,
    /// A few words.
    pub title: String,
    /// Where it is made.
    pub reference: String,
    /// The statement, in plain text.
    pub statement: String,
    /// The statement as LaTeX, from which the plain text is made.
    pub formula: String,
    /// Its hypotheses.
    pub hypotheses: String,
    /// How it is measured.
    pub method: String,
    /// What would refute it.
    pub refuted_by: String,
    /// The claims it rests on directly.
    pub uses: Vec<String>,
    /// The claims that rest on it, directly or not.
    pub rests_on_it: Vec<String>,
    /// The refuted claims of this report on which it rests, directly or not.
    pub shaken_by: Vec<String>,
    /// The entries of the errata that concern it.
    pub errata: Vec<ErratumId>,
    /// The verdict: the worst of its bounds, printed wording aside; *inconclusive* at best where cells are
    /// missing.
    pub verdict: Verdict,
    /// The verdict on the printed wording, where it differs.
    pub as_printed: Option<AsPrinted>,
    /// Where its records come from; the least fresh of them, and none where there is no record. Records of
    /// different sources are never mixed.
    pub freshness: Option<Freshness>,
    /// Hash of the sources that measured it.
    pub source: Option<String>,
    /// How many cells.
    pub cells: CellCounts,
    /// How often each hypothesis of the theorem is met.
    pub hypotheses_met: Vec<HypothesisCount>,
    /// What the measuring took.
    pub cost: CostReport,
    /// What to type to measure it again.
    pub command: String,
    /// Its bounds.
    pub bounds: Vec<BoundReport>,
    /// The cells that have a record, in plan order; a point of a series names one by its index here.
    pub records: Vec<CellReport>,
    /// The cells that could not be measured.
    pub failures: Vec<Failure>,
}

/// Cells of the plan, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellCounts {
    /// In the plan of the tier.
    pub planned: usize,
    /// With a record: measured, reused or earlier.
    pub recorded: usize,
    /// Measured by the command that made the report.
    pub measured: usize,
    /// Measured by an earlier run of the same sources.
    pub reused: usize,
    /// Measured by other sources.
    pub earlier: usize,
    /// Tried by the command that made the report, without success.
    pub failed: usize,
    /// Neither recorded nor tried.
    pub missing: usize,
    /// Recorded, and inside every hypothesis of the theorem.
    pub inside_hypotheses: usize,
}

/// A hypothesis, counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HypothesisCount {
    /// Its name.
    pub name: String,
    /// Cells that meet it.
    pub met: usize,
    /// Cells that say whether they do.
    pub cells: usize,
}

/// Cost of the cells of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostReport {
    /// Floating-point operations of all cells.
    pub flops: f64,
    /// Bytes of the hungriest cell.
    pub bytes: f64,
    /// Products with Σ or a Hessian of all cells.
    pub products: f64,
    /// Wall time of the cells, added up as if measured one after the other; none where no sidecar says it of
    /// any.
    pub seconds: Option<f64>,
    /// Cells of which the wall time is known.
    pub timed: usize,
}

/// A cell with a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellReport {
    /// Its key, which `verify --cell` takes.
    pub key: String,
    /// Where its record comes from.
    pub freshness: Freshness,
    /// Whether it meets every hypothesis of the theorem.
    pub inside_hypotheses: bool,
    /// Wall time, where the sidecar says it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seconds: Option<f64>,
}

/// A bound: its verdict, and what that was read off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoundReport {
    /// The verdict with its evidence.
    #[serde(flatten)]
    pub verdict: BoundVerdict,
    /// On which side it binds; none in a report of a version that did not say it.
    #[serde(default)]
    pub side: Option<Side>,
    /// Bound on the distance of the implied constant from the one that exact arithmetic would give on the
    /// same cells.
    pub constant_error: Option<f64>,
    /// Cells of the plan that it speaks of.
    pub planned: usize,
    /// Those that have no record.
    pub missing: usize,
    /// Where its records come from; the least fresh of them.
    pub freshness: Option<Freshness>,
    /// Group by group, what the verdict was read off.
    pub series: Vec<Series>,
}

impl BoundReport {
    /// On which side it binds; both, where the report does not say it.
    pub fn binds(&self) -> Side {
        self.side.unwrap_or(Side::Both)
    }
}

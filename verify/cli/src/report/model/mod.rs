//! The data of a report: everything that the page and the tables show, and what `report.json` holds.
//!
//! Every field is documented in `docs/report-schema.md`; a change that would mislead a reader of the old
//! format needs a new [`SCHEMA`].

mod assemble;
mod provenance;

pub use assemble::{Material, assemble, likely_tier};
pub use provenance::Provenance;

use escapement_verify::claim::certified::Proved;
use escapement_verify::claim::{Tier, errata::ErratumId, record::Failure, side::Side};
use escapement_verify::judge::falsehood::Score;
use escapement_verify::judge::{AsPrinted, BoundVerdict, Powers, Verdict, series::Series};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// The name and version of the format.
pub const SCHEMA: &str = "escapement-report/2";

/// The sentence that ends every summary.
pub const CAVEAT: &str = "Numbers are evidence at these sizes, not proof.";

/// A report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// The program, the machine and the command that made the report.
    pub provenance: Provenance,
    /// The tier whose plan the cells belong to.
    pub tier: Tier,
    /// The root seed.
    pub seed: u64,
    /// Sentences that a reader should know before reading.
    pub notes: Vec<String>,
    /// The number of claims with each verdict.
    pub counts: BTreeMap<Verdict, usize>,
    /// The claims, in the order of the registry.
    pub claims: Vec<ClaimReport>,
    /// The papers of the claims.
    pub papers: Vec<PaperEntry>,
    /// Where the statement checked differs from the statement printed.
    pub errata: Vec<ErratumEntry>,
}

impl Report {
    /// Writes what `report.json` holds to `out`, part by part: beside the report itself, no more than a
    /// number or a string of it is in memory at a time.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, mut out: impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut out, self)?;
        out.write_all(b"\n")
    }
}

/// A paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaperEntry {
    /// The name of the paper in the ids of its claims.
    pub id: String,
    /// The name of the paper in a sentence.
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
    /// The place in the paper.
    pub place: String,
    /// The statement as printed.
    pub printed: String,
    /// The statement that is checked here, and why.
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

/// The origin of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Freshness {
    /// Measured by the command that made the report.
    Measured,
    /// Measured by an earlier run of the same sources.
    Reused,
    /// Measured by other sources, so that it says nothing certain of the present ones.
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
    /// The title.
    pub title: String,
    /// The place in the paper.
    pub reference: String,
    /// The statement, in plain text.
    pub statement: String,
    /// The statement as LaTeX, from which the plain text is made.
    pub formula: String,
    /// Its hypotheses.
    pub hypotheses: String,
    /// The method by which it is measured.
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
    /// What came out where the verdict is *outside*: the word in brackets.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bracketed: Option<Verdict>,
    /// The smallest violation that would have been refuted, for each variable that the statement names.
    #[serde(default)]
    pub power: Vec<Powers>,
    /// Falsehoods planted in its records, one at a time, and how many of them were noticed.
    #[serde(default)]
    pub falsehoods: Score,
    /// The verdict on the printed wording, where it differs.
    pub as_printed: Option<AsPrinted>,
    /// What is proved of it by certificates beside the journal.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub proved: Vec<Proved>,
    /// The origin of its records: that of the least fresh, and none where there is no record. Records of
    /// different sources are never mixed.
    pub freshness: Option<Freshness>,
    /// Hash of the sources that measured it.
    pub source: Option<String>,
    /// The numbers of its cells.
    pub cells: CellCounts,
    /// The number of cells that meet each hypothesis of the theorem.
    pub hypotheses_met: Vec<HypothesisCount>,
    /// The cost of measuring it.
    pub cost: CostReport,
    /// The command that measures it again.
    pub command: String,
    /// Its bounds.
    pub bounds: Vec<BoundReport>,
    /// The cells that have a record, in plan order; a point of a series names one by its index here.
    pub records: Vec<CellReport>,
    /// The cells that could not be measured.
    pub failures: Vec<Failure>,
}

/// The numbers of cells of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellCounts {
    /// Cells in the plan of the tier.
    pub planned: usize,
    /// Cells with a record: measured, reused or earlier.
    pub recorded: usize,
    /// Measured by the command that made the report.
    pub measured: usize,
    /// Measured by an earlier run of the same sources.
    pub reused: usize,
    /// Measured by other sources.
    pub earlier: usize,
    /// Cells that the command which made the report could not measure.
    pub failed: usize,
    /// Cells without a record that nobody tried to measure.
    pub missing: usize,
    /// Cells with a record that meet every hypothesis of the theorem.
    pub inside_hypotheses: usize,
}

/// The number of cells that meet a hypothesis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HypothesisCount {
    /// Its name.
    pub name: String,
    /// Cells that meet the hypothesis.
    pub met: usize,
    /// Cells whose record says whether they meet it.
    pub cells: usize,
}

/// Cost of the cells of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostReport {
    /// Floating-point operations of all cells.
    pub flops: f64,
    /// The memory of the cell that needs most, in bytes.
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
    /// The origin of its record.
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
    /// Cells of the plan that it speaks of and that have no record.
    pub missing: usize,
    /// The origin of its records: that of the least fresh.
    pub freshness: Option<Freshness>,
    /// The series from which the verdict was read off, group by group.
    pub series: Vec<Series>,
}

impl BoundReport {
    /// On which side it binds; both, where the report does not say it.
    pub fn binds(&self) -> Side {
        self.side.unwrap_or(Side::Both)
    }
}

//! From records to the data of a report. Nothing is measured here.

use super::{
    BoundReport, CellCounts, CellReport, ClaimReport, CostReport, ErratumEntry, Freshness, HypothesisCount,
    PaperEntry, Provenance, Report, SCHEMA,
};
use crate::report::command;
use escapement_verify::claim::bound::Bound;
use escapement_verify::claim::cell::Cell;
use escapement_verify::claim::paper::Paper;
use escapement_verify::claim::record::Failure;
use escapement_verify::claim::record::Record;
use escapement_verify::claim::registry::Registry;
use escapement_verify::claim::{Claim, Tier};
use escapement_verify::error::Result;
use escapement_verify::judge::falsehood::{self, Score};
use escapement_verify::judge::{Judged, judge_bounds};
use escapement_verify::run::journal::{Records, RecordsByCell};
use escapement_verify::run::plan::Plan;
use escapement_verify::run::source::source_of;
use escapement_verify::run::timings::Timings;
use escapement_verify::text::plural::{are, count};
use std::collections::{BTreeMap, BTreeSet};

/// The material of a report.
pub struct Material<'a> {
    /// All claims.
    pub registry: &'a Registry,
    /// The claims to report.
    pub claims: Vec<&'a dyn Claim>,
    /// The journal.
    pub records: &'a Records,
    /// Its sidecar.
    pub timings: &'a Timings,
    /// Cells that could not be measured.
    pub failures: &'a [Failure],
    /// Whether the record of this cell was measured by the present command.
    pub measured: &'a dyn Fn(&Cell) -> bool,
    /// The tier.
    pub tier: Tier,
    /// The root seed.
    pub seed: u64,
    /// The journal's name, as given.
    pub journal: String,
    /// The command that makes the report again.
    pub command: String,
    /// The name by which the program was called.
    pub program: String,
}

/// The tier whose plan is nearest to what the journal holds: with the fewest cells that only one of the two
/// has, counting the claims that have any record, and the smaller tier of equals. Of tiers that contain one
/// another it is the largest of whose additional cells most are there.
///
/// # Errors
/// Plans that cannot be made, see [`Plan::new`].
pub fn likely_tier(claims: &[&dyn Claim], records: &Records, seed: u64) -> Result<Tier> {
    let held: BTreeSet<&Cell> = records.iter().filter(|r| r.seed == seed).map(|r| &r.cell).collect();
    let named: BTreeSet<&str> = held.iter().map(|c| c.claim.as_str()).collect();
    let claims: Vec<&dyn Claim> = claims.iter().copied().filter(|c| named.contains(c.id())).collect();
    let mut nearest = (usize::MAX, Tier::Quick);
    for tier in [Tier::Quick, Tier::Standard, Tier::Paper] {
        let plan = Plan::new(&claims, tier, seed)?;
        let shared = plan.steps.iter().filter(|s| held.contains(&s.cell)).count();
        let apart = plan.steps.len() + held.len() - 2 * shared;
        if apart < nearest.0 && shared > 0 {
            nearest = (apart, tier);
        }
    }
    Ok(nearest.1)
}

/// The data of a report.
///
/// # Errors
/// Plans that cannot be made, see [`Plan::new`].
pub fn assemble(material: &Material<'_>) -> Result<Report> {
    let held = RecordsByCell::new(material.records.iter(), material.seed);
    let mut hosts = BTreeSet::new();
    let claims = material
        .claims
        .iter()
        .map(|&c| of_claim(c, material, &held, &mut hosts))
        .collect::<Result<Vec<_>>>()?;
    let mut papers: Vec<&Paper> = Vec::new();
    for paper in material.claims.iter().map(|c| c.card().paper) {
        if !papers.iter().any(|known| known.id == paper.id) {
            papers.push(paper);
        }
    }
    let mut report = Report {
        schema: SCHEMA.to_owned(),
        provenance: Provenance::new(
            material.journal.clone(),
            material.command.clone(),
            hosts.into_iter().collect(),
        ),
        tier: material.tier,
        seed: material.seed,
        notes: Vec::new(),
        counts: BTreeMap::new(),
        claims,
        papers: papers.iter().copied().map(paper).collect(),
        errata: papers.iter().copied().flat_map(entries).collect(),
    };
    mark_shaken(&mut report, material.registry);
    for claim in &report.claims {
        *report.counts.entry(claim.verdict).or_insert(0) += 1;
    }
    report.notes = notes(&report, material);
    Ok(report)
}

fn paper(p: &Paper) -> PaperEntry {
    let [id, short, title, bibtex] = [p.id, p.short, p.title, p.bibtex].map(str::to_owned);
    PaperEntry { id, short, title, bibtex }
}

fn entries(p: &Paper) -> impl Iterator<Item = ErratumEntry> {
    p.errata.iter().map(|e| {
        let [paper, place, printed, checked] = [p.id, e.place, e.printed, e.checked].map(str::to_owned);
        ErratumEntry { paper, id: e.id, place, printed, checked }
    })
}

/// Marks what rests on a refuted claim.
fn mark_shaken(report: &mut Report, registry: &Registry) {
    let refuted: Vec<String> =
        report.claims.iter().filter(|c| c.verdict.fails()).map(|c| c.id.clone()).collect();
    let refuted: Vec<&str> = refuted.iter().map(String::as_str).collect();
    for claim in &mut report.claims {
        claim.shaken_by = registry.shaken_by(&claim.id, &refuted).into_iter().map(str::to_owned).collect();
    }
}

fn notes(report: &Report, material: &Material<'_>) -> Vec<String> {
    let mut notes: Vec<String> = material.records.warnings().to_vec();
    let known: BTreeSet<&str> = material.registry.claims().map(Claim::id).collect();
    let mut gone: BTreeMap<&str, usize> = BTreeMap::new();
    for record in material.records.iter().filter(|r| !known.contains(r.cell.claim.as_str())) {
        *gone.entry(&record.cell.claim).or_insert(0) += 1;
    }
    for (claim, number) in gone {
        notes.push(format!(
            "the journal holds {} of the claim '{claim}', which this version does not have: {}",
            count(number, "record"),
            if number == 1 { "it is left out" } else { "they are left out" }
        ));
    }
    let recorded: usize = report.claims.iter().map(|c| c.cells.recorded).sum();
    let earlier: usize = report.claims.iter().map(|c| c.cells.earlier).sum();
    let missing: usize = report.claims.iter().map(|c| c.cells.missing).sum();
    let planned: usize = report.claims.iter().map(|c| c.cells.planned).sum();
    let (tier, seed) = (report.tier, report.seed);
    if recorded == 0 {
        let seeds: BTreeSet<u64> = material.records.iter().map(|r| r.seed).collect();
        let seeds: Vec<String> = seeds.iter().map(ToString::to_string).collect();
        let others = if seeds.is_empty() {
            String::new()
        } else {
            format!("; it holds other cells, with the seed {}", seeds.join(", "))
        };
        notes.push(format!("the journal holds no record of the {tier} tier with the seed {seed}{others}"));
    } else if earlier == recorded {
        notes.push(
            "every record is of other sources than this program's: the numbers are those of an earlier \
                version"
                .to_owned(),
        );
    } else if earlier > 0 {
        notes.push(format!(
            "{earlier} of {} {} of other sources than this program's, and marked as earlier",
            count(recorded, "record"),
            are(earlier)
        ));
    }
    if missing > 0 {
        notes.push(format!(
            "{missing} of the {} of the {tier} tier {} missing; {} --measure measures {}",
            count(planned, "cell"),
            are(missing),
            material.command,
            if missing == 1 { "it" } else { "them" }
        ));
    }
    notes
}

fn of_claim(
    claim: &dyn Claim,
    material: &Material<'_>,
    held: &RecordsByCell<'_>,
    hosts: &mut BTreeSet<String>,
) -> Result<ClaimReport> {
    let (tier, seed, id) = (material.tier, material.seed, claim.id());
    let plan = Plan::new(&[claim], tier, seed)?;
    let (source, records) = held.of(claim, &plan);
    let records: Vec<Record> = records.into_iter().cloned().collect();
    let failures: Vec<Failure> = material.failures.iter().filter(|f| f.cell.claim == id).cloned().collect();
    let there: BTreeSet<&Cell> =
        records.iter().map(|r| &r.cell).chain(failures.iter().map(|f| &f.cell)).collect();
    let missing: Vec<Cell> =
        plan.steps.iter().map(|s| &s.cell).filter(|c| !there.contains(c)).cloned().collect();
    let (judged, by_bound) = judge_bounds(claim, tier, seed, &records, &failures, &missing);

    let current = source.as_deref() == Some(source_of(claim).as_str());
    let freshness = |r: &Record| match current {
        false => Freshness::Earlier,
        true if (material.measured)(&r.cell) => Freshness::Measured,
        true => Freshness::Reused,
    };
    let (cells, cost) = cells(&records, material, freshness, hosts);
    let count = |f: Freshness| cells.iter().filter(|c| c.freshness == f).count();
    let counts = CellCounts {
        planned: plan.steps.len(),
        recorded: records.len(),
        measured: count(Freshness::Measured),
        reused: count(Freshness::Reused),
        earlier: count(Freshness::Earlier),
        failed: failures.len(),
        missing: missing.len(),
        inside_hypotheses: cells.iter().filter(|c| c.inside_hypotheses).count(),
    };
    let bounds = claim.bounds();
    let of_bound = |(bound, judged): (&Bound, Judged)| {
        let planned = plan.steps.iter().filter(|s| bound.selects(&s.cell)).count();
        let missing = missing.iter().filter(|cell| bound.selects(cell)).count();
        let freshness = records.iter().filter(|r| bound.selects(&r.cell)).map(&freshness).max();
        of_bound(bound, judged, (planned, missing), freshness, &material.program)
    };
    let card = claim.card();
    Ok(ClaimReport {
        id: id.to_owned(),
        paper: card.paper.id.to_owned(),
        title: card.title.to_owned(),
        reference: card.reference.to_owned(),
        statement: card.plain_statement(),
        formula: card.statement.to_owned(),
        hypotheses: card.hypotheses.to_owned(),
        method: card.method.to_owned(),
        refuted_by: card.refuted_by.to_owned(),
        uses: material.registry.uses(claim)?.iter().map(|c| c.id().to_owned()).collect(),
        rests_on_it: material.registry.resting_on(id).into_iter().map(str::to_owned).collect(),
        shaken_by: Vec::new(),
        errata: card.errata.to_vec(),
        verdict: judged.verdict,
        bracketed: judged.bracketed,
        power: judged.power,
        falsehoods: Score::of(&falsehood::plant(claim, tier, seed, &records)),
        as_printed: judged.as_printed,
        proved: Vec::new(),
        freshness: cells.iter().map(|c| c.freshness).max(),
        source,
        cells: counts,
        hypotheses_met: hypotheses(&records),
        cost,
        command: format!("{} verify {id} --tier {tier} --seed {seed}", material.program),
        bounds: bounds.iter().zip(by_bound).map(of_bound).collect(),
        records: cells,
        failures,
    })
}

/// The cells that have a record, and what their measuring took; the machines that measured go to `hosts`.
fn cells(
    records: &[Record],
    material: &Material<'_>,
    freshness: impl Fn(&Record) -> Freshness,
    hosts: &mut BTreeSet<String>,
) -> (Vec<CellReport>, CostReport) {
    let mut cost = CostReport::default();
    let mut cells = Vec::with_capacity(records.len());
    for r in records {
        let timing = material.timings.get(&r.cell, material.seed, &r.source);
        hosts.extend(timing.map(|t| t.host.clone()));
        let measured = &r.measurement.cost;
        cost.flops += measured.flops;
        cost.bytes = cost.bytes.max(measured.bytes);
        cost.products += measured.products;
        if let Some(t) = timing {
            cost.seconds = Some(cost.seconds.unwrap_or(0.0) + t.seconds);
            cost.timed += 1;
        }
        cells.push(CellReport {
            key: r.cell.key(),
            freshness: freshness(r),
            inside_hypotheses: r.inside_hypotheses(),
            seconds: timing.map(|t| t.seconds),
        });
    }
    (cells, cost)
}

/// A bound with its verdict, of whose cells so many are planned and missing.
fn of_bound(
    bound: &Bound,
    judged: Judged,
    (planned, missing): (usize, usize),
    freshness: Option<Freshness>,
    program: &str,
) -> BoundReport {
    let Judged { mut verdict, series, constant_error } = judged;
    if let Some(worst) = &mut verdict.worst {
        worst.command = command::under(program, &worst.command);
    }
    let side = Some(bound.kind.side());
    BoundReport { side, constant_error, planned, missing, freshness, verdict, series }
}

fn hypotheses(records: &[Record]) -> Vec<HypothesisCount> {
    let mut found: Vec<HypothesisCount> = Vec::new();
    for h in records.iter().flat_map(|r| &r.measurement.hypotheses) {
        let at = found.iter().position(|f| f.name == h.name).unwrap_or_else(|| {
            found.push(HypothesisCount { name: h.name.clone(), met: 0, cells: 0 });
            found.len() - 1
        });
        found[at].cells += 1;
        found[at].met += usize::from(h.met);
    }
    found
}

//! From a journal on disk to the data of a report.

use crate::report::model::{Material, Report, assemble, likely_tier};
use crate::terminal::program;
use anyhow::Result;
use escapement_verify::claim::{Claim, Tier, cell::Cell, certified, record::Failure, registry::Registry};
use escapement_verify::run::{journal::Records, timings::Timings};
use std::{collections::BTreeSet, path::Path};

/// The cells that the present command measured, and those that it could not measure.
#[derive(Default)]
pub(super) struct Measured {
    pub cells: BTreeSet<Cell>,
    pub failures: Vec<Failure>,
}

/// The part of a journal to show.
pub(super) struct Wanted<'a> {
    pub claims: Vec<&'a dyn Claim>,
    /// The tier, or the one that the journal seems to hold.
    pub tier: Option<Tier>,
    pub seed: u64,
}

impl Wanted<'_> {
    /// The tier, read off the records where none was asked for.
    ///
    /// # Errors
    /// Plans that cannot be made.
    pub(super) fn tier(&self, records: &Records) -> Result<Tier> {
        Ok(self.tier.map_or_else(|| likely_tier(&self.claims, records, self.seed), Ok)?)
    }
}

/// The report on the journal at `path`, of which `records` were read; `command` makes the words for making
/// it again.
///
/// # Errors
/// Plans that cannot be made.
pub(super) fn report(
    path: &Path,
    records: &Records,
    registry: &Registry,
    wanted: &Wanted<'_>,
    measured: &Measured,
    command: impl FnOnce(Tier) -> String,
) -> Result<Report> {
    let tier = wanted.tier(records)?;
    let mut report = assemble(&Material {
        registry,
        claims: wanted.claims.clone(),
        records,
        timings: &Timings::read(path),
        failures: &measured.failures,
        measured: &|cell| measured.cells.contains(cell),
        tier,
        seed: wanted.seed,
        journal: path.display().to_string(),
        command: command(tier),
        program: program::name(),
    })?;
    // What verify --certified left.
    let found = certified::read(&path.with_file_name(certified::FOLDER), &wanted.claims)?;
    for claim in &mut report.claims {
        let of = found.accepted.iter().filter(|(claims, _)| claims.contains(&claim.id.as_str()));
        claim.proved = of.map(|(_, proved)| proved.clone()).collect();
    }
    report.notes.extend(found.rejected);
    Ok(report)
}

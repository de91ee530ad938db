//! The records that a journal holds of a plan, where runs of several versions lie side by side.

use crate::claim::{Cell, Claim, Record};
use crate::run::plan::{Plan, Step};
use crate::run::source::source_of;
use std::collections::BTreeMap;

/// Records with one seed, by cell.
pub struct RecordsByCell<'a>(BTreeMap<&'a Cell, Vec<&'a Record>>);

impl<'a> RecordsByCell<'a> {
    /// Those of `records` that have this seed.
    pub fn new(records: impl Iterator<Item = &'a Record>, seed: u64) -> Self {
        let mut held: BTreeMap<&Cell, Vec<&Record>> = BTreeMap::new();
        for record in records.filter(|r| r.seed == seed) {
            held.entry(&record.cell).or_default().push(record);
        }
        Self(held)
    }

    /// The records of a claim's plan, and the hash of the sources that measured them: of the present sources
    /// where there is any record, else of those that have most. Sources are never mixed.
    pub fn of(&self, claim: &dyn Claim, plan: &Plan<'_>) -> (Option<String>, Vec<&'a Record>) {
        let of = |step: &Step<'_>| self.0.get(&step.cell).map_or(&[][..], Vec::as_slice);
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for record in plan.steps.iter().flat_map(of) {
            *counts.entry(record.source.as_str()).or_insert(0) += 1;
        }
        let present = source_of(claim);
        let best = if counts.contains_key(present.as_str()) {
            Some(present)
        } else {
            counts.iter().max_by_key(|(_, count)| **count).map(|(source, _)| (*source).to_owned())
        };
        let of_best = |r: &&&Record| best.as_ref().is_some_and(|source| *source == r.source);
        let records = plan.steps.iter().filter_map(|s| of(s).iter().find(of_best).copied()).collect();
        (best, records)
    }
}

//! Verdicts of an experiment, by the rules of claims.

use crate::claim::{Bound, Failure, Record, Tier};
use crate::judge::{AsPrinted, BoundVerdict, ClaimVerdict, Verdict, judge_bound};

/// What the verdicts of an experiment have in common.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// The identifier of the experiment, which is that of its cells.
    pub claim: &'static str,
    /// A few words.
    pub title: String,
    /// Where it is made.
    pub reference: &'static str,
    /// The tier.
    pub tier: Tier,
    /// The first seed.
    pub seed: u64,
    /// What to type for the same runs.
    pub command: String,
}

impl Sheet {
    /// Judges `bounds` on `records` that are means over seeds, and wait for all of them; `unfinished` are
    /// the cells of runs that have not ended, and why they are not judged.
    pub fn judge(
        &self,
        bounds: &[Bound],
        records: &[Record],
        unfinished: impl IntoIterator<Item = Failure>,
    ) -> ClaimVerdict {
        let mut all = self.judge_apart(bounds, records, unfinished);
        if let Some(first) = all.failures.first() {
            for verdict in all.bounds.iter_mut().filter(|verdict| verdict.verdict != Verdict::Refuted) {
                verdict.verdict = Verdict::Inconclusive;
                verdict.why.get_or_insert_with(|| {
                    format!("the run {} has not ended: {}", first.cell, first.message)
                });
            }
        }
        all.verdict = worst(&all.bounds);
        all
    }

    /// The same on records of one run each: a bound waits for its own runs alone.
    pub fn judge_apart(
        &self,
        bounds: &[Bound],
        records: &[Record],
        unfinished: impl IntoIterator<Item = Failure>,
    ) -> ClaimVerdict {
        let failures: Vec<Failure> = unfinished.into_iter().collect();
        // An experiment is its own hypothesis: it ran as the paper, or its authors' program, says.
        let inside = |record: &Record| {
            let mut record = record.clone();
            let measurement = std::mem::take(&mut record.measurement);
            record.measurement =
                measurement.hypothesis("the set-up of the experiment", true, self.command.clone());
            record
        };
        let records: Vec<Record> = records.iter().map(inside).collect();
        let judged = bounds.iter().map(|bound| {
            let judged = judge_bound(self.claim, bound, self.tier, self.seed, &records, &failures);
            let mut verdict = judged.verdict;
            if let Some(worst) = &mut verdict.worst {
                worst.command.clone_from(&self.command);
            }
            verdict
        });
        let bounds: Vec<BoundVerdict> = judged.collect();
        let printed =
            bounds.iter().filter_map(|b| Some(AsPrinted { verdict: b.verdict, erratum: b.printed? }));
        ClaimVerdict {
            claim: self.claim.to_owned(),
            title: self.title.clone(),
            reference: self.reference.to_owned(),
            verdict: worst(&bounds),
            bracketed: None,
            power: Vec::new(),
            as_printed: printed.max_by_key(|printed| printed.verdict),
            bounds,
            proved: Vec::new(),
            failures,
            tier: self.tier,
            seed: self.seed,
        }
    }
}

/// An experiment of which nothing is said is not supported by it; a printed wording that an erratum corrects
/// does not count.
fn worst(bounds: &[BoundVerdict]) -> Verdict {
    bounds.iter().filter(|b| b.counts()).map(|b| b.verdict).max().unwrap_or(Verdict::Inconclusive)
}

//! How far a run has come: cells of every claim, the worst ratio so far, and the time that is left.

use escapement_verify::claim::{bound::Bound, cell::Cell, record::Record};
use escapement_verify::judge::ratio::{Ratio, ratio};
use escapement_verify::run::plan::Plan;
use std::collections::HashMap;

/// Seconds of wall time after which the measured speed weighs as much as the predicted one.
const TRUST: f64 = 2.0;

/// One claim of a run.
pub(super) struct Claim {
    pub id: String,
    pub cells: usize,
    pub done: usize,
    bounds: Vec<Bound>,
    /// The worst ratio of a counted bound, and its name.
    pub worst: Option<(Ratio, String)>,
}

impl Claim {
    /// A claim of which nothing is planned yet.
    pub fn new(id: &str, bounds: Vec<Bound>) -> Self {
        Self { id: id.to_owned(), cells: 0, done: 0, bounds, worst: None }
    }
}

/// The claims of a run, and the time it takes. Times are in seconds; `now` counts from the beginning of the
/// run.
pub(super) struct RunState {
    pub claims: Vec<Claim>,
    /// The place of each claim in `claims`.
    places: HashMap<String, usize>,
    /// The predicted time of each cell that is to be measured.
    predicted: HashMap<Cell, f64>,
    /// When each cell in work was begun.
    running: HashMap<Cell, f64>,
    total: f64,
    finished: f64,
    threads: f64,
}

impl RunState {
    pub fn new(plan: &Plan<'_>, reused: &[&Record], threads: usize) -> Self {
        let (mut claims, mut places) = (Vec::new(), HashMap::new());
        for step in &plan.steps {
            let place = *places.entry(step.claim.id().to_owned()).or_insert_with(|| {
                let bounds = step.claim.bounds().into_iter().filter(|b| b.printed.is_none()).collect();
                claims.push(Claim::new(step.claim.id(), bounds));
                claims.len() - 1
            });
            claims[place].cells += 1;
        }
        let mut predicted: HashMap<Cell, f64> =
            plan.steps.iter().map(|s| (s.cell.clone(), s.seconds.max(1e-6))).collect();
        for record in reused {
            predicted.remove(&record.cell);
        }
        let (total, running, threads) =
            (predicted.values().fold(0.0, |sum, t| sum + t), HashMap::new(), threads as f64);
        let mut new = Self { claims, places, predicted, running, total, finished: 0.0, threads };
        for record in reused {
            new.count(&record.cell, Some(record));
        }
        new
    }

    /// A cell begins; the place of its claim.
    pub fn begin(&mut self, cell: &Cell, now: f64) -> Option<usize> {
        self.running.insert(cell.clone(), now);
        self.places.get(&cell.claim).copied()
    }

    /// A cell ends, with a record or without; the place of its claim.
    pub fn end(&mut self, cell: &Cell, record: Option<&Record>) -> Option<usize> {
        self.running.remove(cell);
        self.finished += self.predicted.get(cell).copied().unwrap_or(0.0);
        self.count(cell, record)
    }

    fn count(&mut self, cell: &Cell, record: Option<&Record>) -> Option<usize> {
        let place = *self.places.get(&cell.claim)?;
        let claim = &mut self.claims[place];
        claim.done += 1;
        for bound in &claim.bounds {
            let Some(found) = record.and_then(|r| ratio(bound, r)) else { continue };
            // What is violated comes before what only has a large constant.
            let worse = |w: &Ratio| (found.violated, found.value) > (w.violated, w.value);
            if claim.worst.as_ref().is_none_or(|(w, _)| worse(w)) {
                claim.worst = Some((found, bound.name.clone()));
            }
        }
        Some(place)
    }

    /// Cells that are done, and all of them.
    pub fn cells(&self) -> (usize, usize) {
        (self.claims.iter().map(|c| c.done).sum(), self.claims.iter().map(|c| c.cells).sum())
    }

    /// Predicted seconds of the work that is done; a cell in work counts as far as it has come.
    fn seconds_done(&self, now: f64) -> f64 {
        let part = |(cell, since): (&Cell, &f64)| {
            (now - since).clamp(0.0, self.predicted.get(cell).copied().unwrap_or(0.0))
        };
        self.finished + self.running.iter().map(part).sum::<f64>()
    }

    /// The part of the work that is done, from 0 to 1, in predicted time.
    pub fn fraction(&self, now: f64) -> f64 {
        if self.total > 0.0 { (self.seconds_done(now) / self.total).clamp(0.0, 1.0) } else { 1.0 }
    }

    /// The time that is left: the predicted time of the rest, at the speed measured so far.
    pub fn seconds_left(&self, now: f64) -> f64 {
        let seconds_done = self.seconds_done(now);
        let speed = (seconds_done + TRUST * self.threads) / (now + TRUST);
        (self.total - seconds_done).max(0.0) / speed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use escapement_verify::claim::errata::ErratumId;
    use escapement_verify::claim::record::Measurement;
    use escapement_verify::claim::{self, Prediction, Tier};
    use escapement_verify::claim::{Neighbour, Side};
    use escapement_verify::{Card, Paper, Parameter};
    use escapement_verify::{Error, Result};

    /// Ten cells of ten seconds; an inequality with a printed wording.
    struct Ten;

    impl claim::Claim for Ten {
        fn card(&self) -> Card {
            static PAPER: Paper = Paper::new("none", "");
            Card::new(&PAPER, "ten", "")
        }
        fn plan(&self, _: Tier) -> Vec<Cell> {
            (1..=10).map(|m| Cell::new("ten", "").with(Parameter::M, m)).collect()
        }
        fn predict(&self, _: &Cell) -> Prediction {
            Prediction { flops: 1e10, bytes: 0.0 }
        }
        fn measure(&self, _: &Cell, _: u64) -> Result<Measurement> {
            Err(Error::Input("nobody measures this".into()))
        }
        fn bounds(&self) -> Vec<Bound> {
            let bound =
                |name| Bound::inequality(name, "", name, Side::Upper, "rhs", Neighbour::rhs("false", ""));
            vec![bound("small"), bound("large").printed(ErratumId(0))]
        }
    }

    fn record(m: usize, small: f64) -> Record {
        let cell = Cell::new("ten", "").with(Parameter::M, m);
        let quantities = Measurement::new()
            .quantity("small", small, 0.0)
            .quantity("large", 9.0, 0.0)
            .quantity("rhs", 1.0, 0.0);
        Record { source: String::new(), seed: 0, cell, measurement: quantities }
    }

    #[test]
    fn the_time_left_follows_the_predicted_time_and_not_the_number_of_cells() {
        let plan = Plan::new(&[&Ten], Tier::Quick, 0).unwrap();
        let first = record(1, 0.5);
        let mut s = RunState::new(&plan, &[&first], 2);
        assert_eq!((s.cells(), s.fraction(0.0)), ((1, 10), 0.0));
        // At first what is predicted counts: 90 seconds on two threads.
        assert!((s.seconds_left(0.0) - 45.0).abs() < 1e-9, "{}", s.seconds_left(0.0));
        // Twice as slow as predicted: ten seconds of each of two cells took twenty.
        for m in [2, 3] {
            s.begin(&record(m, 0.0).cell, 0.0);
        }
        assert!((s.fraction(5.0) - 10.0 / 90.0).abs() < 1e-9, "a cell in work counts as far as it has come");
        assert!(
            (s.fraction(50.0) - 20.0 / 90.0).abs() < 1e-9,
            "but no farther than they were predicted to go"
        );
        for m in [2, 3] {
            s.end(&record(m, 0.0).cell, None);
        }
        let seconds_left = s.seconds_left(20.0);
        assert!((seconds_left - 70.0 / (24.0 / 22.0)).abs() < 1e-9, "{seconds_left}");
        for m in 4..=10 {
            s.end(&record(m, 0.0).cell, None);
        }
        assert_eq!((s.cells(), s.seconds_left(90.0), s.fraction(90.0)), ((10, 10), 0.0, 1.0));
    }

    #[test]
    fn the_worst_ratio_is_that_of_the_counted_bounds() {
        let plan = Plan::new(&[&Ten], Tier::Quick, 0).unwrap();
        let first = record(1, 0.5);
        let mut s = RunState::new(&plan, &[&first], 1);
        let worst =
            |s: &RunState| s.claims[0].worst.clone().map(|(r, name)| (r.value, r.violated, name)).unwrap();
        assert_eq!(worst(&s), (0.5, false, "small".into()));
        for (m, value, expected) in [(2, 0.25, 0.5), (3, 1.5, 1.5), (4, 0.75, 1.5)] {
            let r = record(m, value);
            s.end(&r.cell, Some(&r));
            assert_eq!(worst(&s), (expected, expected > 1.0, "small".into()));
        }
    }
}

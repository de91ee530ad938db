//! How long a flop takes: at first a nanosecond, and then what the sidecar of the journal says of this
//! machine.

use super::journal::host;
use super::timings::Timings;
use crate::claim::Cell;
use std::collections::BTreeMap;

/// Seconds that a flop takes where nothing has been timed yet: the unit in which claims count is the scalar
/// operation of a common core, see [`crate::claim::Prediction::flops`].
pub const NOMINAL: f64 = 1e-9;

/// Timed cells of a part of a claim from which its own rate is taken; fewer are one accident.
const FEWEST: usize = 3;

/// Cells that take less than this are timed by the clock's and the scheduler's whims, and teach nothing.
const SHORTEST: f64 = 1e-3;

/// Seconds for each flop, by claim and part.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rates(BTreeMap<(String, String), f64>);

impl Rates {
    /// The rates at which this machine measured the cells that `timings` knows, of whatever seed and
    /// sources: for each part of a claim the median of seconds over predicted flops. `cells` are cells with
    /// their flops.
    pub fn learnt<'a>(timings: &Timings, cells: impl Iterator<Item = (&'a Cell, f64)>) -> Self {
        let here = host();
        let mut seconds: BTreeMap<&Cell, f64> = BTreeMap::new();
        for (cell, timing) in timings.iter().filter(|(_, t)| t.host == here && t.seconds >= SHORTEST) {
            seconds.insert(cell, timing.seconds);
        }
        let mut ratios: BTreeMap<(String, String), Vec<f64>> = BTreeMap::new();
        for (cell, flops) in cells.filter(|(_, flops)| *flops > 0.0) {
            if let Some(time) = seconds.get(cell) {
                ratios.entry(place(cell)).or_default().push(time / flops);
            }
        }
        ratios.retain(|_, all| all.len() >= FEWEST);
        Self(ratios.into_iter().map(|(place, all)| (place, median(all))).collect())
    }

    /// The seconds that a cell of so many flops is expected to take.
    pub fn seconds(&self, cell: &Cell, flops: f64) -> f64 {
        flops * self.0.get(&place(cell)).copied().unwrap_or(NOMINAL)
    }
}

/// Claim and part.
fn place(cell: &Cell) -> (String, String) {
    (cell.claim.clone(), cell.part.clone())
}

/// The median of some numbers; of an even number the larger of the two in the middle.
fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::parameter::Parameter;

    #[test]
    fn a_rate_is_the_median_of_this_machine_and_nominal_before() {
        let cells: Vec<Cell> = (1..=6).map(|m: usize| Cell::new("c", "p").with(Parameter::M, m)).collect();
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("j.jsonl");
        let line = |cell: &Cell, seconds: f64, host: &str| {
            let cell = serde_json::to_string(cell).unwrap();
            let rest = format!("\"seconds\":{seconds},\"threads\":1,\"host\":\"{host}\"");
            format!("{{\"cell\":{cell},\"seed\":1,\"source\":\"s\",{rest}}}\n")
        };
        let here = host();
        // Three cells at a rate of 2, 3 and 40 nanoseconds; one of another machine, and one too short to
        // teach.
        let flops = 1e7;
        let text =
            [(0, 0.02, &*here), (1, 0.03, &here), (2, 0.4, &here), (3, 9.0, "elsewhere"), (4, 1e-4, &here)]
                .map(|(i, seconds, host)| line(&cells[i], seconds, host))
                .concat();
        std::fs::write(folder.path().join("j.jsonl.meta.jsonl"), text).unwrap();
        let rates = Rates::learnt(&Timings::read(&journal), cells.iter().map(|c| (c, flops)));
        assert!((rates.seconds(&cells[5], flops) - 0.03).abs() < 1e-12);
        let other = cells[5].clone().part("q");
        assert_eq!(rates.seconds(&other, flops), 0.01);
        let two = Rates::learnt(&Timings::read(&journal), cells[..2].iter().map(|c| (c, flops)));
        assert_eq!(two, Rates::default());
    }
}

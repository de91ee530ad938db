//! What is to be said of the claims that the paper draws from Figure 2.
//!
//! Numbers are means over seeds with Student's limits; a single seed has none, and speaks for itself alone.

use super::super::{READING, unfinished};
use super::{Figure2, ID, Sizes, published};
use crate::claim::{Bound, Cell, ErratumId, Measurement, Neighbour, Record, Side};
use crate::figure::{Sheet, limits};
use crate::judge::ClaimVerdict;
use crate::papers::dls22::figures::State;
use crate::papers::dls22::letters::{D, M, N, TARGET_SAMPLES};
use crate::run::source::SOURCE_HASH;

/// A loss is nontrivial where a tenth of E f*² is learnt.
const NONTRIVIAL: f64 = 0.9;

impl Figure2 {
    /// The claims of the figure.
    pub(super) fn verdict(&self, states: &[Option<State>]) -> ClaimVerdict {
        let Sizes { d, m, .. } = self.settings.sizes;
        let sheet = Sheet {
            claim: ID,
            title: "a head on features of another task".to_owned(),
            reference: "DLS22, Figure 2",
            tier: self.settings.tier,
            seed: self.settings.seed,
            command: self.settings.command(ID, &format!("--m {m}")),
        };
        let open = self.settings.all_seeds().zip(states).filter_map(|(seed, state)| {
            let cell = Cell::new(ID, "").with(D, d).with(M, m).replicate(seed as usize);
            unfinished(cell, state.as_ref(), &self.grid())
        });
        let records: Vec<Record> = self.grid().into_iter().flat_map(|n| self.records(states, n)).collect();
        sheet.judge(&bounds(d), &records, open)
    }

    /// What n source samples come to, for each number of target samples.
    fn records(&self, states: &[Option<State>], n: usize) -> Vec<Record> {
        let (Sizes { d, m, .. }, grid) = (self.settings.sizes, self.grid());
        let record = |(place, count): (usize, usize)| {
            let mut found =
                Measurement::new().quantity("nontrivial", NONTRIVIAL, 0.0).quantity("nothing", 0.0, 0.0);
            let mut put = |name: &str, values: &[f64]| {
                if let Some(mean) = limits(values) {
                    found.insert(name, mean.mean, mean.half);
                }
            };
            let of = |n: usize| self.excess(states, n, place);
            put("excess", &of(n));
            put("excess with n = d", &of(d));
            put("excess with the largest n", &of(grid.last().copied().unwrap_or(d)));
            let at = |state: &State, n: usize| Some(state.at(n)?.get(place)?.excess);
            let gain = |state: &Option<State>| {
                let state = state.as_ref()?;
                Some(at(state, n / d)? - at(state, n)?)
            };
            let gain: Vec<f64> = states.iter().filter_map(gain).collect();
            put("gain", &gain);
            put("gain exchanged", &gain.iter().map(|gain| -gain).collect::<Vec<f64>>());
            if let (Some(value), Some(mean)) = (published(d, n, count), limits(&of(n))) {
                // Their seeds scatter as ours do.
                found.insert("published", value, READING + mean.half);
            }
            let cell = Cell::new(ID, "").with(D, d).with(M, m).with(N, n).with(TARGET_SAMPLES, count);
            let cell = cell.activation("relu");
            Record { source: SOURCE_HASH.to_owned(), seed: self.settings.seed, cell, measurement: found }
        };
        self.targets().into_iter().enumerate().map(record).collect()
    }
}

fn bounds(d: usize) -> Vec<Bound> {
    let power = move |k: u32| d.pow(k);
    let target = |cell: &Cell| cell.whole(TARGET_SAMPLES);
    let few = || Neighbour::lhs("excess with n = d", "n = d in its place");
    let many = || Neighbour::lhs("excess with the largest n", "the largest n in its place");
    vec![
        Bound::inequality(
            "from-d-squared",
            "for n ≥ d² the loss is nontrivial even with N = O(1): below 0.9 with N = d",
            "excess",
            Side::Upper,
            "nontrivial",
            few(),
        )
        .strict()
        .among(move |cell| cell.n() >= power(2) && target(cell) == d)
        .printed(ErratumId(18)),
        Bound::inequality(
            "from-d-cubed",
            "for n ≥ d³ the loss is nontrivial with N = d²: below 0.9",
            "excess",
            Side::Upper,
            "nontrivial",
            few(),
        )
        .strict()
        .among(move |cell| cell.n() >= power(3) && target(cell) == power(2))
        .headline(),
        Bound::inequality(
            "not-at-d-squared",
            "with n = d² it is not: at least 0.9 with every N ≤ d²",
            "excess",
            Side::Lower,
            "nontrivial",
            many(),
        )
        .among(move |cell| cell.n() == power(2) && target(cell) <= power(2))
        .headline(),
        Bound::inequality(
            "nothing-from-d",
            "with n ≤ d nothing is learnt with N ≤ d³: at least 0.9",
            "excess",
            Side::Lower,
            "nontrivial",
            many(),
        )
        .among(move |cell| cell.n() <= d && target(cell) <= power(3)),
        Bound::inequality(
            "more-source-samples",
            "from n = d² on, with N ≥ d² the excess falls with each factor d of source samples",
            "gain",
            Side::Lower,
            "nothing",
            Neighbour::lhs("gain exchanged", "the two n exchanged"),
        )
        .strict()
        .among(move |cell| cell.n() >= power(2) && target(cell) >= power(2)),
        Bound::identity(
            "as-published",
            "the excess is the published one, up to reading and scatter",
            "excess",
            "published",
            many(),
        )
        .among(move |cell| published(d, cell.n(), target(cell)).is_some())
        .chosen(
            "the width, which the paper does not state; and, after pilots, biases that are kept, because \
             they reproduce Figure 1",
        ),
    ]
}

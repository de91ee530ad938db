//! What is to be said of the claims that the paper draws from Figure 2.
//!
//! Numbers are means over seeds with Student's limits; a single seed has none, and speaks for itself alone.

use super::super::READING;
use super::{Figure2, ID, Sizes, published};
use crate::claim::{Bound, Cell, ErratumId, Failure, Measurement, Neighbour, Record, Side};
use crate::figure::{Series, Sheet, limits};
use crate::judge::ClaimVerdict;
use crate::papers::dls22::figures::State;
use crate::papers::dls22::letters::{D, M, N, TARGET_SAMPLES};
use crate::run::source::SOURCE_HASH;

/// A loss is nontrivial where a tenth of E f*² is learnt.
const NONTRIVIAL: f64 = 0.9;

impl Figure2 {
    /// The claims of the figure.
    pub(super) fn verdict(&self, states: &[Option<State>], open: Vec<Failure>) -> ClaimVerdict {
        let Sizes { d, m, .. } = self.settings.sizes;
        let sheet = Sheet {
            claim: ID,
            title: "a head on features of another task".to_owned(),
            reference: "DLS22, Figure 2",
            tier: self.settings.tier,
            seed: self.settings.seed,
            command: self.settings.command(ID, &format!("--m {m}")),
        };
        let targets = self.targets();
        let cells = self.sizes(0).into_iter().flat_map(|n| targets.iter().map(move |&count| (n, count)));
        let records: Vec<Record> = cells.map(|(n, count)| self.record(states, n, count)).collect();
        sheet.judge(&bounds(d), &records, open)
    }

    /// What n source and N target samples come to.
    fn record(&self, states: &[Option<State>], n: usize, count: usize) -> Record {
        let Sizes { d, m, .. } = self.settings.sizes;
        let mut found = Measurement::new().quantity("nontrivial", NONTRIVIAL, 0.0);
        let largest = self.sizes(0).last().copied().unwrap_or(n);
        for (name, n) in [("excess", n), ("excess with n = d", d), ("excess with the largest n", largest)] {
            if let Some(mean) = limits(&self.excess(states, n, count)) {
                found.insert(name, mean.mean, mean.half);
            }
        }
        if let (Some(value), Some(mean)) = (published(d, n, count), limits(&self.excess(states, n, count))) {
            // Their seeds scatter as ours do.
            found.insert("published", value, READING + mean.half);
        }
        let cell = Cell::new(ID, "").with(D, d).with(M, m).with(N, n).with(TARGET_SAMPLES, count);
        let (source, cell) = (SOURCE_HASH.to_owned(), cell.activation("relu"));
        Record { source, seed: self.settings.seed, cell, measurement: found }
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
        .among(move |cell| cell.n() >= power(3) && target(cell) == power(2)),
        Bound::inequality(
            "not-at-d-squared",
            "with n = d² it is not: at least 0.9 with every N ≤ d²",
            "excess",
            Side::Lower,
            "nontrivial",
            many(),
        )
        .among(move |cell| cell.n() == power(2) && target(cell) <= power(2)),
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
